//! What is told of the event at the cursor: its words, its rule with the source, its causes, and how the chosen lane stands.
use ratatui::style::{Modifier, Style};
use ratatui::text::{Line, Span};
use vrrplab_engine::Span as Length;

use super::show::Show;
use crate::lanes::{bar_at, label, moment};
use crate::observe::words::span;
use crate::report::data::{Cause, Tone};

/// Causes of causes are told so deep.
const DEEPEST: usize = 12;

/// The lines, as long as they may be.
pub(super) fn lines(show: &Show<'_>) -> Vec<Line<'static>> {
    let mut lines = standing(show);
    let Some(event) = show.event() else {
        lines.push(Line::from("Nothing has happened yet: space plays, right goes to the first event."));
        return lines;
    };
    let since = show.cursor().saturating_sub(event.at);
    let ago = if since > 0 { format!(", {} ago", span(Length(since))) } else { String::new() };
    let names = [event.place, event.subject].map(clean).join(" ");
    lines.push(Line::from(format!("{}{ago}  {}", moment(event.at), names.trim_end())));
    lines.push(strong(&clean(event.what)));
    if let Some((id, sentence, source)) = event.rule {
        lines.extend([Line::default(), pair("rule", id), Line::from(sentence), pair("source", source)]);
    }
    if let Some(change) = event.change.and_then(|change| show.story().changes.get(change)) {
        lines.extend([Line::default(), Line::from(clean(&change.what))]);
        because(change, show, 1, &mut lines);
    }
    lines
}

/// How the chosen lane stands at the cursor.
fn standing(show: &Show<'_>) -> Vec<Line<'static>> {
    let Some(lane) = show.lane() else { return Vec::new() };
    let bars = bar_at(lane, show.cursor().min(show.story().end.saturating_sub(1)));
    let mut lines = vec![strong(&label(lane))];
    for (from, to, words, tone) in &bars {
        let words = if *tone == Tone::Holder { format!("held by {words}") } else { words.clone() };
        let (from_to, length) = (format!("{} to {}", moment(*from), moment(*to)), span(Length(to - from)));
        lines.push(Line::from(format!("{}, {from_to} ({length})", clean(&words))));
    }
    if bars.is_empty() {
        lines.push(Line::from(if lane.kind == "holder" { "held by nobody" } else { "nothing" }));
    }
    lines.push(Line::default());
    lines
}

fn because(of: &Cause, show: &Show<'_>, depth: usize, lines: &mut Vec<Line<'static>>) {
    if depth > DEEPEST {
        return;
    }
    for cause in &of.because {
        let rule = usize::try_from(cause.rule).ok().and_then(|rule| show.story().rules.get(rule));
        let rule = rule.map(|(id, ..)| format!("  [{id}]")).unwrap_or_default();
        let indent = "  ".repeat(depth);
        lines.push(Line::from(format!("{indent}{} {}{rule}", moment(cause.at), clean(&cause.what))));
        because(cause, show, depth + 1, lines);
    }
}

fn strong(text: &str) -> Line<'static> {
    Line::from(Span::styled(text.to_owned(), Style::new().add_modifier(Modifier::BOLD)))
}

fn pair(name: &str, value: &str) -> Line<'static> {
    Line::from(vec![Span::from(format!("{name} ")), Span::styled(value.to_owned(), Style::new().add_modifier(Modifier::BOLD))])
}

/// Names come from files: what would move the cursor becomes a question mark.
fn clean(text: &str) -> String {
    text.chars().map(|letter| if letter.is_control() { '?' } else { letter }).collect()
}
