//! Two parameters at once: a field for each pair of values, as strong as its outage is long.
use super::chart::{LEFT, RIGHT, TOP, heading, label, told};
use super::svg::{Anchor, Svg, WIDTH};
use super::values::decimal;
use super::{Axis, Curve, Point, Value};

/// With more fields in a row there is no room for numbers.
const NUMBERS: usize = 9;
/// How high a field is.
const HEIGHT: i64 = 240;

/// Draws a grid below `top`; where it ends.
pub(super) fn draw(
    svg: &mut Svg,
    top: i64,
    name: &str,
    (x, y): (&Axis, &Axis),
    curve: &Curve,
    points: &[Option<Point>],
) -> i64 {
    heading(svg, top, name, &format!("{} and {}", x.name, y.name));
    svg.text((120, top + 370), "dim small", Anchor::Start, "p99 of the longest silence of a client, seconds");
    svg.text((120, top + 560), "", Anchor::Start, &format!("{} upwards", label(y)));
    let columns = curve.points.iter().take_while(|values| values.get(1) == curve.points[0].get(1)).count().max(1);
    let rows = curve.points.len() / columns;
    let count = |number: usize| i64::try_from(number).unwrap_or(1);
    let width = (WIDTH - LEFT - RIGHT) / count(columns);
    let most = points.iter().flatten().map(|point| point.p99.0).max().unwrap_or_default().max(1);
    for (position, (values, point)) in curve.points.iter().zip(points).enumerate() {
        let (column, row) = (position % columns, position / columns);
        let corner = (LEFT + width * count(column), top + TOP + HEIGHT * count(rows - 1 - row));
        if column == 0 {
            let value = values.get(1).map_or("", |value| plain(value, y));
            svg.text((LEFT - 60, corner.1 + 160), "dim", Anchor::End, value);
        }
        let Some(point) = point else { continue };
        // the weakest colour is still one: nothing at all is a point that was not played
        let percent = 6 + i64::try_from(u128::from(point.p99.0) * 64 / u128::from(most)).unwrap_or_default();
        let place: Vec<String> =
            curve.axes.iter().zip(values).map(|(axis, value)| format!("{} {}", axis.name, value.text)).collect();
        svg.field(corner, (width - 10, HEIGHT - 10), percent, &told(&place.join(", "), point));
        if columns <= NUMBERS {
            let middle = (corner.0 + width / 2, corner.1 + 160);
            svg.text(middle, "small", Anchor::Middle, &decimal(i128::from(point.p99.0), 1));
        }
    }
    let foot = top + TOP + HEIGHT * count(rows);
    let every = columns.div_ceil(8);
    for (column, values) in curve.points.iter().take(columns).enumerate().step_by(every) {
        let value = values.first().map_or("", |value| plain(value, x));
        svg.text((LEFT + width * count(column) + width / 2, foot + 140), "dim", Anchor::Middle, value);
    }
    svg.text((LEFT + (WIDTH - LEFT - RIGHT) / 2, foot + 330), "", Anchor::Middle, &label(x));
    foot + 500
}

/// A value without the unit, which its axis tells.
fn plain<'v>(value: &'v Value, axis: &Axis) -> &'v str {
    value.text.strip_suffix(&axis.unit).unwrap_or(&value.text)
}

#[cfg(test)]
mod tests {
    use vrrplab_engine::Span;

    use super::super::chart;
    use super::*;
    use crate::sweep::{Vary, combined};

    #[test]
    fn a_grid_is_a_field_for_each_pair() {
        let vary = [Vary::read("advert_int=1,2,3", 3).unwrap(), Vary::read("loss=0,10%", 3).unwrap()];
        let axes = [("advert_int", "s"), ("loss", "%")];
        let axes = axes.map(|(name, unit)| Axis { name: name.into(), unit: unit.into() }).into();
        let curve = Curve { axes, first: 0, points: combined(&vary) };
        let point = |seconds| {
            let length = Span::from_secs(seconds);
            Some(Point { runs: 5, median: length, p99: length, worst: length, seed: 0, not_back: 0 })
        };
        let points: Vec<Option<Point>> = (1..=6).map(point).collect();
        let svg = chart::draw("pair", &[curve], &points);
        assert_eq!(svg.matches("class=\"cell\"").count(), 6);
        assert!(svg.contains(">loss (%) upwards</text>") && svg.contains(">advert_int (s)</text>"), "{svg}");
        // the longest outage has the strongest colour, and stands at the top on the right
        assert!(svg.contains("fill-opacity=\"0.70\"><title>advert_int 3, loss 10%: median 6 s"), "{svg}");
    }
}
