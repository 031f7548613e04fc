//! Just enough of SVG for charts: shapes at tenths of a pixel, words, and one style for light and dark pages.

/// How wide a picture is, in tenths of a pixel: it can be read at 400 pixels.
pub(super) const WIDTH: i64 = 4_000;

const STYLE: &str = "\
svg { --page: #ffffff; --ink: #1f2328; --dim: #59636e; --grid: #d1d9e0; --one: #0969da; --two: #9a6700; --three: #cf222e }
@media (prefers-color-scheme: dark) {
svg { --page: #0d1117; --ink: #f0f6fc; --dim: #9198a1; --grid: #3d444d; --one: #58a6ff; --two: #e3b341; --three: #ff7b72 } }
text { font: 12px system-ui, sans-serif; fill: var(--ink) }
.title { font-size: 14px; font-weight: 600 } .dim { fill: var(--dim) } .small { font-size: 10px }
.page { fill: var(--page) } .grid { stroke: var(--grid) } .axis { stroke: var(--dim) }
.curve { fill: none; stroke-width: 2 } .one { stroke: var(--one) } .two { stroke: var(--two); stroke-dasharray: 6 3 }
.three { stroke: var(--three); stroke-dasharray: 2 3 } .dot { stroke-dasharray: none; fill: var(--page) }
.cell { fill: var(--three) }
";

/// A picture in the making.
#[derive(Default)]
pub(super) struct Svg {
    body: String,
}

/// Where words stand to their point.
#[derive(Clone, Copy)]
pub(super) enum Anchor {
    Start,
    Middle,
    End,
}

impl Svg {
    /// Words.
    pub(super) fn text(&mut self, at: (i64, i64), class: &str, anchor: Anchor, words: &str) {
        let anchor = match anchor {
            Anchor::Start => "start",
            Anchor::Middle => "middle",
            Anchor::End => "end",
        };
        let (x, y) = (tenths(at.0), tenths(at.1));
        let words = escaped(words);
        self.body += &format!("<text x=\"{x}\" y=\"{y}\" class=\"{class}\" text-anchor=\"{anchor}\">{words}</text>\n");
    }

    /// A straight line.
    pub(super) fn line(&mut self, from: (i64, i64), to: (i64, i64), class: &str) {
        let [x1, y1, x2, y2] = [from.0, from.1, to.0, to.1].map(tenths);
        self.body += &format!("<line x1=\"{x1}\" y1=\"{y1}\" x2=\"{x2}\" y2=\"{y2}\" class=\"{class}\"/>\n");
    }

    /// A line through points.
    pub(super) fn curve(&mut self, points: &[(i64, i64)], class: &str) {
        let points: Vec<String> = points.iter().map(|(x, y)| format!("{},{}", tenths(*x), tenths(*y))).collect();
        self.body += &format!("<polyline points=\"{}\" class=\"{class}\"/>\n", points.join(" "));
    }

    /// A dot that tells more when it is pointed at.
    pub(super) fn dot(&mut self, at: (i64, i64), class: &str, told: &str) {
        let (x, y, told) = (tenths(at.0), tenths(at.1), escaped(told));
        self.body +=
            &format!("<circle cx=\"{x}\" cy=\"{y}\" r=\"2.5\" class=\"{class}\"><title>{told}</title></circle>\n");
    }

    /// A filled field, as strong as so many parts of a hundred, that tells more when it is pointed at.
    pub(super) fn field(&mut self, at: (i64, i64), size: (i64, i64), percent: i64, told: &str) {
        let [x, y, width, height] = [at.0, at.1, size.0, size.1].map(tenths);
        let (strength, told) = (format!("{}.{:02}", percent / 100, percent % 100), escaped(told));
        self.body += &format!(
            "<rect x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{height}\" class=\"cell\" fill-opacity=\"{strength}\">\
             <title>{told}</title></rect>\n"
        );
    }

    /// The file.
    pub(super) fn file(&self, height: i64, title: &str) -> String {
        let (width, height, title) = (tenths(WIDTH), tenths(height), escaped(title));
        let body = &self.body;
        format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" role=\"img\">\n<title>{title}</title>\n\
             <style>\n{STYLE}</style>\n<rect width=\"{width}\" height=\"{height}\" class=\"page\"/>\n{body}</svg>\n"
        )
    }
}

fn tenths(length: i64) -> String {
    let (sign, size) = (if length < 0 { "-" } else { "" }, length.unsigned_abs());
    match size % 10 {
        0 => format!("{sign}{}", size / 10),
        part => format!("{sign}{}.{part}", size / 10),
    }
}

fn escaped(words: &str) -> String {
    words.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

/// The distance of round marks, so that there are no more than `most` up to `length`: 1, 2 or 5 and zeros.
pub(super) fn round_step(length: i128, most: i128) -> i128 {
    let mut step = 1;
    for grow in [2, 5, 10].iter().cycle() {
        if length <= step * most {
            break;
        }
        // 1 to 2, 2 to 5, 5 to 10
        step = if *grow == 5 { step * 5 / 2 } else { step * 2 };
    }
    step
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_are_round_and_few() {
        let steps = [5, 6, 11, 26, 51, 1_000_000_001].map(|length| round_step(length, 5));
        assert_eq!(steps, [1, 2, 5, 10, 20, 500_000_000]);
    }

    #[test]
    fn lengths_are_exact_and_words_are_escaped() {
        assert_eq!([0, 5, 120, 123, -7].map(tenths), ["0", "0.5", "12", "12.3", "-0.7"]);
        let mut svg = Svg::default();
        svg.text((10, 25), "dim", Anchor::End, "a < b & c");
        assert_eq!(svg.body, "<text x=\"1\" y=\"2.5\" class=\"dim\" text-anchor=\"end\">a &lt; b &amp; c</text>\n");
    }
}
