//! The file around the data: one template with the page's styles and program in it, so that nothing is loaded from anywhere.
use minijinja::{AutoEscape, Environment, context};

use super::data::Page;

const TEMPLATE: &str = include_str!("page/page.html");
const STYLE: [&str; 3] =
    [include_str!("page/colours.css"), include_str!("page/layout.css"), include_str!("page/print.css")];
const PROGRAM: [&str; 10] = [
    include_str!("page/data.js"),
    include_str!("page/frame.js"),
    include_str!("page/words.js"),
    include_str!("page/topology.js"),
    include_str!("page/lanes.js"),
    include_str!("page/paint.js"),
    include_str!("page/list.js"),
    include_str!("page/detail.js"),
    include_str!("page/sheets.js"),
    include_str!("page/page.js"),
];

/// The styles of a page.
pub fn style() -> String {
    STYLE.concat()
}

/// The program of a page: it makes `Report`, whose `show(page, element)` draws.
pub fn program() -> String {
    PROGRAM.concat()
}

/// The page as one HTML file. The same page is the same bytes.
pub fn html(page: &Page) -> Result<String, minijinja::Error> {
    let mut environment = Environment::new();
    environment.set_auto_escape_callback(|_| AutoEscape::Html);
    environment.add_template("page", TEMPLATE)?;
    let data = serde_json::to_string(page)
        .map_err(|why| minijinja::Error::new(minijinja::ErrorKind::BadSerialization, why.to_string()))?;
    environment.get_template("page")?.render(context! {
        title => page.title.clone(),
        about => page.about.clone(),
        verdict => page.verdict.text.clone(),
        repeat => page.repeat.clone(),
        style => style(),
        program => program(),
        data => harmless(&data),
    })
}

/// JSON that means the same and cannot end the element that it stands in.
pub fn harmless(json: &str) -> String {
    let mut text = String::with_capacity(json.len() + json.len() / 64);
    for letter in json.chars() {
        match letter {
            '<' => text.push_str("\\u003c"),
            '>' => text.push_str("\\u003e"),
            '&' => text.push_str("\\u0026"),
            '\u{2028}' => text.push_str("\\u2028"),
            '\u{2029}' => text.push_str("\\u2029"),
            other => text.push(other),
        }
    }
    text
}
