//! What happened, out of the columns of a story: one value for each event, and which lanes it concerns.
use super::text::harmless;
use crate::report::data::{Lane, Story, Tone};

/// Something that happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Event<'s> {
    /// When, in nanoseconds.
    pub at: u64,
    /// The host or segment.
    pub place: &'s str,
    /// The instance or interface, or nothing.
    pub subject: &'s str,
    /// What.
    pub what: &'s str,
    /// The rule behind it: id, sentence, source.
    pub rule: Option<(&'static str, &'static str, &'static str)>,
    /// For who wants to know everything.
    pub detail: bool,
    /// Good or bad.
    pub tone: Tone,
    /// `state`, `fault`, `client`, ...
    pub kind: &'static str,
    /// Position of its causes in the story's changes.
    pub change: Option<usize>,
}

impl Event<'_> {
    /// Whether something was broken or mended, or found to be wrong.
    pub fn is_fault(&self) -> bool {
        !self.detail && matches!(self.kind, "fault" | "finding")
    }

    /// Whether an instance changed its state.
    pub fn is_change(&self) -> bool {
        self.kind == "state"
    }
}

/// All events of a story, in order.
pub fn events(story: &Story) -> Vec<Event<'_>> {
    let columns = &story.events;
    let mut now = 0_u64;
    let text = |column: &[usize], position: usize| {
        column.get(position).and_then(|text| story.strings.get(*text)).map_or("", String::as_str)
    };
    let entry = |column: &[i64], position: usize| column.get(position).and_then(|at| usize::try_from(*at).ok());
    let code = |column: &[u8], position: usize| column.get(position).copied().map_or(0, usize::from);
    let event = |(position, since): (usize, &u64)| {
        now = now.saturating_add(*since);
        Event {
            at: now,
            place: text(&columns.place, position),
            subject: text(&columns.subject, position),
            what: text(&columns.what, position),
            rule: entry(&columns.rule, position).and_then(|rule| story.rules.get(rule).copied()),
            detail: code(&columns.detail, position) != 0,
            tone: columns.tones.get(code(&columns.tone, position)).copied().unwrap_or(Tone::Plain),
            kind: columns.kinds.get(code(&columns.kind, position)).copied().unwrap_or(""),
            change: entry(&columns.change, position).filter(|change| *change < story.changes.len()),
        }
    };
    columns.at.iter().enumerate().map(event).collect()
}

/// Whether an event is told when one looks at a lane only: what happens to its host, but not to another instance there.
pub fn concerns(event: &Event<'_>, lane: &Lane, all: &[Lane]) -> bool {
    match lane.kind {
        "holder" => event.kind == "address" && event.what.contains(&format!("{}/", lane.name)),
        _ => {
            let own = event.subject == lane.part || event.subject.is_empty();
            let of_another = |other: &Lane| other.name == lane.name && other.part == event.subject;
            event.place == lane.name && (own || !all.iter().any(of_another))
        }
    }
}

/// How a lane is called.
pub fn label(lane: &Lane) -> String {
    let part = match lane.kind {
        "holder" => lane.part.split_once(':').map_or("", |(more, _)| more),
        "client" => "",
        _ => &lane.part,
    };
    let label = format!("{} {part}", lane.name);
    label.trim_end().chars().map(harmless).collect()
}

/// The stretches of a lane that cover a moment; only holders of addresses have several.
pub fn bar_at(lane: &Lane, at: u64) -> Vec<&(u64, u64, String, Tone)> {
    let covers = |bar: &&(u64, u64, String, Tone)| bar.0 <= at && at < bar.1;
    match lane.kind {
        "holder" => lane.bars.iter().filter(covers).collect(),
        _ => lane.bars.iter().rev().find(covers).into_iter().collect(),
    }
}
