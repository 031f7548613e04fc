//! Curves as pictures: for one parameter lines of median, p99 and worst; for two a field of colours.
use super::heat;
use super::svg::{Anchor, Svg, WIDTH, round_step};
use super::values::decimal;
use super::{Axis, Curve, Point};
use crate::observe::words::{span, time};
use crate::turning::{Sample, steepest};

/// Where the field of a chart begins and how large it is, in tenths of a pixel.
pub(super) const LEFT: i64 = 520;
pub(super) const RIGHT: i64 = 150;
pub(super) const TOP: i64 = 640;
pub(super) const FIELD: i64 = 1_700;
/// Below a field: marks and the name of the axis, and room before the next chart.
pub(super) const BELOW: i64 = 560;

/// All curves, one below the other. A point that was not played is left out.
pub fn draw(name: &str, curves: &[Curve], points: &[Option<Point>]) -> String {
    let mut svg = Svg::default();
    let mut top = 0;
    for curve in curves {
        let own = &points[curve.first..curve.first + curve.points.len()];
        top = match &curve.axes[..] {
            [x, y] => heat::draw(&mut svg, top, name, (x, y), curve, own),
            _ => panel(&mut svg, top, name, curve, own),
        };
    }
    svg.file(top, &format!("{name}: what clients notice"))
}

/// The share of failures by the moment until which a run kept its own chance.
pub fn rise(name: &str, seed: u64, samples: &[Sample], redraws: u64) -> String {
    let mut svg = Svg::default();
    svg.text((120, 200), "title", Anchor::Start, &format!("{name}: when seed {seed} failed"));
    svg.text((120, 370), "dim small", Anchor::Start, "failures of 100 runs with other chance after this moment");
    let (top, foot, width) = (480, 480 + FIELD, WIDTH - LEFT - RIGHT);
    for share in (0..=100).step_by(25) {
        let at = foot - FIELD * share / 100;
        svg.line((LEFT, at), (WIDTH - RIGHT, at), if share == 0 { "axis" } else { "grid" });
        svg.text((LEFT - 60, at + 40), "dim", Anchor::End, &share.to_string());
    }
    let end = samples.last().map_or(0, |last| i128::from(last.at.0));
    let x = |at: i128| LEFT + part(width, at, end);
    let step = round_step(end, 6);
    for mark in 0..=end / step {
        svg.line((x(mark * step), foot), (x(mark * step), foot + 50), "axis");
        svg.text((x(mark * step), foot + 180), "dim", Anchor::Middle, &decimal(mark * step, 9));
    }
    svg.text((LEFT + width / 2, foot + 360), "", Anchor::Middle, "own chance until (s)");
    if let Some((_, to)) = steepest(samples) {
        svg.line((x(i128::from(to.at.0)), top), (x(i128::from(to.at.0)), foot), "curve three");
    }
    let y = |failed: u64| foot - part(FIELD, i128::from(failed), i128::from(redraws));
    let line: Vec<(i64, i64)> = samples.iter().map(|one| (x(i128::from(one.at.0)), y(one.failed))).collect();
    svg.curve(&line, "curve one");
    for (at, sample) in line.iter().zip(samples) {
        svg.dot(*at, "dot one", &format!("until {} s: {} of {redraws} fail", time(sample.at), sample.failed));
    }
    svg.file(foot + 500, &format!("{name}: when seed {seed} failed"))
}

/// The heading of a chart.
pub(super) fn heading(svg: &mut Svg, top: i64, name: &str, by: &str) {
    svg.text((120, top + 200), "title", Anchor::Start, &format!("{name}: outage by {by}"));
}

/// `advert_int (s)`.
pub(super) fn label(axis: &Axis) -> String {
    if axis.unit.is_empty() { axis.name.clone() } else { format!("{} ({})", axis.name, axis.unit) }
}

/// A share of a length, both whole numbers.
fn part(length: i64, of: i128, whole: i128) -> i64 {
    i64::try_from(i128::from(length) * of / whole.max(1)).unwrap_or_default()
}

fn panel(svg: &mut Svg, top: i64, name: &str, curve: &Curve, points: &[Option<Point>]) -> i64 {
    let Some(axis) = curve.axes.first() else { return top };
    heading(svg, top, name, &axis.name);
    svg.text((120, top + 370), "dim small", Anchor::Start, "longest silence of a client in a run, seconds");
    let (foot, width) = (top + TOP + FIELD, WIDTH - LEFT - RIGHT);
    let numbers = curve.points.iter().filter_map(|values| values.first()).map(|value| value.number);
    let (least, most) = (numbers.clone().min().unwrap_or_default(), numbers.max().unwrap_or_default());
    let worst = points.iter().flatten().map(|point| i128::from(point.worst.0)).max().unwrap_or_default();
    let step = round_step(worst.max(1_000_000), 5);
    let ceiling = step * ((worst + step - 1) / step).max(1);
    let x = |number: i128| LEFT + if most == least { width / 2 } else { part(width, number - least, most - least) };
    let y = |length: i128| foot - part(FIELD, length, ceiling);
    for mark in 0..=ceiling / step {
        let at = y(mark * step);
        svg.line((LEFT, at), (WIDTH - RIGHT, at), if mark == 0 { "axis" } else { "grid" });
        svg.text((LEFT - 60, at + 40), "dim", Anchor::End, &decimal(mark * step, 9));
    }
    let step = round_step(most - least, 5);
    let first = least.div_euclid(step) + i128::from(least.rem_euclid(step) != 0);
    for mark in first..=most.div_euclid(step) {
        let at = x(mark * step);
        svg.line((at, foot), (at, foot + 50), "axis");
        svg.text((at, foot + 180), "dim", Anchor::Middle, &decimal(mark * step, 9));
    }
    svg.text((LEFT + width / 2, foot + 360), "", Anchor::Middle, &label(axis));
    legend(svg, top + 530);
    let played: Vec<(i64, &Point, &str)> = curve
        .points
        .iter()
        .zip(points)
        .filter_map(|(values, point)| {
            let value = values.first()?;
            Some((x(value.number), point.as_ref()?, value.text.as_str()))
        })
        .collect();
    for (class, of) in SERIES {
        let line: Vec<(i64, i64)> = played.iter().map(|(at, point, _)| (*at, y(i128::from(of(point).0)))).collect();
        svg.curve(&line, &format!("curve {class}"));
        for ((at, height), (_, point, text)) in line.iter().zip(&played) {
            svg.dot((*at, *height), &format!("dot {class}"), &told(&format!("{} {text}", axis.name), point));
        }
    }
    foot + BELOW
}

type Series = (&'static str, fn(&Point) -> vrrplab_engine::Span);

/// From above, so that the median lies on top of all.
const SERIES: [Series; 3] = [("three", |point| point.worst), ("two", |point| point.p99), ("one", |point| point.median)];

fn legend(svg: &mut Svg, y: i64) {
    for (at, class, words) in [(LEFT, "one", "median"), (1_500, "two", "p99"), (2_700, "three", "worst")] {
        svg.line((at, y), (at + 250, y), &format!("curve {class}"));
        svg.text((at + 310, y + 40), "", Anchor::Start, words);
    }
}

/// A point in words.
pub(super) fn told(place: &str, point: &Point) -> String {
    let [median, p99, worst] = [point.median, point.p99, point.worst].map(span);
    format!("{place}: median {median}, p99 {p99}, worst {worst} (seed {})", point.seed)
}

#[cfg(test)]
mod tests {
    use vrrplab_engine::Span;

    use super::*;
    use crate::sweep::Vary;

    fn point(millis: u64) -> Point {
        let [median, p99, worst] = [1, 2, 3].map(|times| Span::from_millis(millis * times));
        Point { runs: 10, median, p99, worst, seed: 4, not_back: 0 }
    }

    #[test]
    fn a_chart_has_axes_with_units_and_three_lines() {
        let vary = Vary::read("advert_int=1.0..3.0", 5).unwrap();
        let points = vary.values.iter().map(|value| vec![value.clone()]).collect();
        let axes = vec![Axis { name: "advert_int".into(), unit: "s".into() }];
        let curve = Curve { axes, first: 0, points };
        let mut played: Vec<Option<Point>> = [1_000, 1_500, 2_000, 2_500, 3_000].map(|ms| Some(point(ms))).into();
        let svg = draw("pair", std::slice::from_ref(&curve), &played);
        assert_eq!(svg.matches("<polyline").count(), 3);
        assert_eq!(svg.matches("<circle").count(), 15);
        assert!(svg.contains(">advert_int (s)</text>") && svg.contains(">pair: outage by advert_int</text>"), "{svg}");
        assert!(svg.contains("prefers-color-scheme: dark") && svg.contains("viewBox=\"0 0 400 290\""), "{svg}");
        // 1.0 at the left edge, 3.0 at the right one; 9 s of 10 s is one tenth below the top of the field
        assert!(svg.contains("<circle cx=\"52\"") && svg.contains("<circle cx=\"385\" cy=\"81\""), "{svg}");
        played[2] = None;
        assert_eq!(draw("pair", &[curve], &played).matches("<circle").count(), 12);
    }
}
