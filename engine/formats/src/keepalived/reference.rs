//! The table of keywords as text: one keyword for a terminal, all of them as a page.
use std::fmt::Write;

use super::table::{Keyword, SECTIONS, Section, Takes, places_of};

/// What is known about one keyword, in every block that has it; none where nobody knows it.
pub fn explain(word: &str) -> Option<String> {
    let places = places_of(word);
    let told: Vec<String> = places.iter().map(|(section, keyword)| one(section, keyword)).collect();
    (!told.is_empty()).then(|| told.join("\n\n"))
}

/// Every keyword there is, each once.
pub fn words() -> Vec<&'static str> {
    let mut words: Vec<&str> = SECTIONS.iter().flat_map(|section| section.all()).map(|k| k.word).collect();
    words.sort_unstable();
    words.dedup();
    words
}

fn one(section: &Section, keyword: &Keyword) -> String {
    let mut text = format!("{}\n  in: {}\n  takes: {}", keyword.word, section.header, keyword.takes);
    if !keyword.default.is_empty() {
        let _ = write!(text, "\n  without it: {}", keyword.default);
    }
    let _ = write!(text, "\n  here: {}\n  {}", keyword.status.words(), keyword.why);
    text
}

/// docs/keepalived-conf.md.
pub fn markdown() -> String {
    let mut page = String::from(HEAD);
    for section in SECTIONS {
        let _ = write!(page, "\n## `{}`\n\n", section.header);
        page.push_str("| keyword | takes | without it | here | |\n|---|---|---|---|---|\n");
        for keyword in section.all() {
            let cells = [
                format!("`{}`", keyword.word),
                takes(keyword.takes),
                keyword.default.to_owned(),
                keyword.status.words().to_owned(),
                keyword.why.to_owned(),
            ];
            let _ = writeln!(page, "| {} |", cells.map(|cell| cell.replace('|', "\\|")).join(" | "));
        }
    }
    page
}

/// What follows a keyword; a block has a heading of its own.
fn takes(takes: Takes) -> String {
    match takes {
        Takes::Nothing => String::new(),
        other => other.to_string(),
    }
}

const HEAD: &str = "# keepalived.conf

Every keyword of keepalived 2.2.7 as Debian 12 builds it, and the newer ones that it would not know. This page is made from
the table that the reader itself goes by; `vrrplab explain keyword NAME` tells the same in a terminal.

- *modelled*: it changes what a simulated node does.
- *accepted, without effect here*: it is read, checked and kept; nothing that is simulated depends on it.
- *accepted, not modelled yet*: it would make a difference; a warning says so.
- *refused*: 2.2.7 takes it for an unknown keyword, says so and goes on without the line; so does vrrplab.

Mistakes are told as what their author meant and read as keepalived reads them: a value out of range leaves the default, an
unknown keyword is skipped, a `}` that is missing makes the lines that follow part of the open block. `vrrplab check` says
with what `keepalived -t` would exit, and whether the daemon would run.
";
