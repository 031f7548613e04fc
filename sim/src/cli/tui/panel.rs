//! What is told of the event at the cursor: its words, its rule with the source, its causes, and how the chosen lane stands.
use ratatui::style::{Modifier, Style};
use ratatui::text::Line;
use unicode_width::UnicodeWidthStr;
use vrrplab_engine::Span as Length;

use super::show::Show;
use crate::lanes::{bar_at, harmless, label, moment};
use crate::observe::words::span;
use crate::report::data::{Cause, Tone};

/// Causes of causes are told so deep.
const DEEPEST: usize = 12;
/// How much further a cause of a cause stands to the right, and lines after the first.
const STEP: usize = 2;

/// A paragraph: how far it stands to the right, and whether it is strong.
struct Text {
    words: String,
    indent: usize,
    strong: bool,
}

impl Text {
    fn plain(words: impl Into<String>) -> Text {
        Text { words: words.into(), indent: 0, strong: false }
    }

    fn strong(words: impl Into<String>) -> Text {
        Text { strong: true, ..Text::plain(words) }
    }
}

/// The lines, this wide.
pub(super) fn lines(show: &Show<'_>, width: usize) -> Vec<Line<'static>> {
    let mut texts = standing(show);
    texts.extend(event(show));
    let line = |text: &Text, line: String| {
        let style = if text.strong { Style::new().add_modifier(Modifier::BOLD) } else { Style::new() };
        Line::from(line).style(style)
    };
    texts.iter().flat_map(|text| wrapped(text, width).into_iter().map(|words| line(text, words))).collect()
}

fn event(show: &Show<'_>) -> Vec<Text> {
    let Some(event) = show.event() else {
        return vec![Text::plain("Nothing has happened yet: space plays, the right arrow goes to the first event.")];
    };
    let since = show.cursor().saturating_sub(event.at);
    let ago = if since > 0 { format!(", {} ago", span(Length(since))) } else { String::new() };
    let names = format!("{} {}", event.place, event.subject);
    let mut texts =
        vec![Text::plain(format!("{}{ago}  {}", moment(event.at), names.trim_end())), Text::strong(event.what)];
    if let Some((id, sentence, source)) = event.rule {
        texts.extend([
            Text::plain(""),
            Text::strong(id),
            Text::plain(sentence),
            Text::plain(format!("source: {source}")),
        ]);
    }
    if let Some(change) = event.change.and_then(|change| show.story().changes.get(change)) {
        texts.extend([Text::plain(""), Text::plain(change.what.as_str())]);
        because(change, show, 1, &mut texts);
    }
    texts
}

/// How the chosen lane stands at the cursor.
fn standing(show: &Show<'_>) -> Vec<Text> {
    let Some(lane) = show.lane() else { return Vec::new() };
    let bars = bar_at(lane, show.cursor().min(show.story().end.saturating_sub(1)));
    let mut texts = vec![Text::strong(label(lane))];
    for (from, to, words, tone) in &bars {
        let words = if *tone == Tone::Holder { format!("held by {words}") } else { words.clone() };
        let (from_to, length) =
            (format!("{} to {}", moment(*from), moment(*to)), span(Length(to.saturating_sub(*from))));
        texts.push(Text::plain(format!("{words}, {from_to} ({length})")));
    }
    if bars.is_empty() {
        texts.push(Text::plain(if lane.kind == "holder" { "held by nobody" } else { "nothing yet" }));
    }
    texts.push(Text::plain(""));
    texts
}

fn because(of: &Cause, show: &Show<'_>, depth: usize, texts: &mut Vec<Text>) {
    if depth > DEEPEST {
        return;
    }
    for cause in &of.because {
        let rule = usize::try_from(cause.rule).ok().and_then(|rule| show.story().rules.get(rule));
        let rule = rule.map(|(id, ..)| format!("  [{id}]")).unwrap_or_default();
        let words = format!("{} {}{rule}", moment(cause.at), cause.what);
        texts.push(Text { indent: depth * STEP, ..Text::plain(words) });
        because(cause, show, depth + 1, texts);
    }
}

/// Whole words in lines; those after the first stand a little to the right.
fn wrapped(text: &Text, width: usize) -> Vec<String> {
    let clean: String = text.words.chars().map(harmless).collect();
    let mut lines = Vec::new();
    let mut line = " ".repeat(text.indent.min(width / 2));
    let further = text.indent.min(width / 2) + if text.indent > 0 { STEP } else { 0 };
    let mut empty = true;
    for word in clean.split(' ') {
        if !empty && line.width() + 1 + word.width() > width {
            lines.push(std::mem::replace(&mut line, " ".repeat(further)));
            empty = true;
        }
        line += if empty { "" } else { " " };
        line += word;
        empty = false;
    }
    lines.push(line);
    lines
}
