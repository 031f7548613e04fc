//! A simulated run laid beside a recorded one: the same changes in the same order at the same times and the same frames,
//! field by field, or where not.
mod align;
mod compare;
mod document;
mod frames;
pub mod parity;
mod report;
mod summary;
#[cfg(test)]
mod tests;

use std::collections::BTreeSet;

pub(crate) use compare::without_wiping;
pub use compare::{FieldDifference, Mark, Row};
pub use document::document;
pub use summary::Summary;
use vrrplab_engine::{Instant, Span};
use vrrplab_formats::recording::{RecordedEvent, RecordedFrame, Recording};

use compare::Limits;

/// How far a simulated event may lie from the recorded one when nothing else is asked for. What a timer of keepalived
/// causes was measured 0.1 to 0.4 ms late, and what follows from it within a millisecond.
pub const TOLERANCE: Span = Span::from_millis(5);

/// What was simulated.
#[derive(Clone, Copy, Debug)]
pub struct Simulated<'a> {
    /// Changes of state and moves of addresses.
    pub events: &'a [RecordedEvent],
    /// Adverts and announcements.
    pub frames: &'a [RecordedFrame],
}

/// When in its window each fault was simulated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FaultTime {
    /// Where the recording suggests.
    Likely,
    /// At the start.
    Earliest,
    /// At the end.
    Latest,
}

/// The outcome of one comparison.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// Name of the recording.
    pub name: String,
    /// The run whose inputs were simulated, from 1.
    pub run: usize,
    /// The run whose outcome was compared: another one only where the runs themselves differ.
    pub against: usize,
    /// When faults were simulated.
    pub faults: FaultTime,
    /// Every event, by time.
    pub events: Vec<Row>,
    /// Every frame compared, by time.
    pub frames: Vec<Row>,
    /// Frames not compared: the runs differ in how many there are.
    pub beyond: usize,
    /// Some node's IPv4 identifications were not compared.
    pub uncounted: bool,
}

impl Row {
    /// Whether a frame says the same in every field.
    pub fn is_equal(&self) -> bool {
        self.recorded.is_some() && self.simulated.is_some() && self.fields.is_empty()
    }
}

impl Verdict {
    /// Whether every event and frame does.
    pub fn agrees(&self) -> bool {
        self.rows().all(|row| row.mark.ok())
    }

    /// The largest difference of any event that both have, in microseconds.
    pub fn worst_us(&self) -> u64 {
        worst(&self.events)
    }

    /// The largest difference of any frame whose time is compared, in microseconds.
    pub fn worst_frame_us(&self) -> u64 {
        worst(&self.frames)
    }

    /// How many frames are equal in every field.
    pub fn frames_equal(&self) -> usize {
        self.frames.iter().filter(|row| row.is_equal()).count()
    }

    /// How many frames were compared; those at the very end of the observation, which only one has, were not.
    pub fn frames_compared(&self) -> usize {
        self.frames.iter().filter(|row| row.mark != Mark::AtTheEnd).count()
    }

    /// How many events and frames have this mark.
    pub fn count(&self, mark: Mark) -> usize {
        self.rows().filter(|row| row.mark == mark).count()
    }

    fn rows(&self) -> impl Iterator<Item = &Row> {
        self.events.iter().chain(&self.frames)
    }
}

fn worst(rows: &[Row]) -> u64 {
    let timed = rows.iter().filter(|row| row.mark != Mark::NoTime).filter_map(|row| row.difference_us);
    timed.map(i64::unsigned_abs).max().unwrap_or(0)
}

/// Compares a simulated run with the recording, each event and frame within `tolerance`.
///
/// On every node the changes of state, the moves of virtual addresses and the frames must be the recorded ones in the
/// recorded order. What real time decides within a millisecond may change places, and is marked. A recorded event may be
/// later by as much as the recording machine was seen to stand still in that run, at most by twice the tolerance, and is
/// marked. Where the recorded runs
/// reach different states, agreement with any of them will do; a run that began later than the chosen one, whose start
/// times were simulated, may lie off by that much more.
pub fn compare(recording: &Recording, simulated: Simulated<'_>, tolerance: Span) -> Verdict {
    let chosen = lay_beside(recording, recording.run, simulated, tolerance);
    if chosen.agrees() || (recording.stable.state && recording.stable.vip) {
        return chosen;
    }
    let other_runs = (1..).zip(&recording.all_runs).filter(|(run, _)| *run != recording.run);
    let mut verdicts = other_runs.map(|(run, events)| {
        let allowed = tolerance + later(&recording.events, events);
        lay_beside(recording, run, simulated, allowed)
    });
    verdicts.find(Verdict::agrees).unwrap_or(chosen)
}

/// How much later than in one run any node did anything for the first time in another, or earlier.
fn later(chosen: &[RecordedEvent], other: &[RecordedEvent]) -> Span {
    let first = |node: &str| other.iter().find(|e| e.node == node);
    let mut seen = BTreeSet::new();
    let firsts = chosen.iter().filter(|e| seen.insert(&e.node));
    let differences = firsts.filter_map(|e| Some(Span(first(&e.node)?.at.0.abs_diff(e.at.0))));
    differences.max().unwrap_or(Span::ZERO)
}

fn lay_beside(recording: &Recording, against: usize, simulated: Simulated<'_>, tolerance: Span) -> Verdict {
    let stall = recording.stall.min(tolerance.times(2));
    let limits = Limits { tolerance, stall, end: Instant::ZERO + recording.world.duration };
    let of_run = |run: usize| run.checked_sub(1);
    let events = of_run(against).and_then(|i| recording.all_runs.get(i)).map_or(&[][..], Vec::as_slice);
    let frames = of_run(against).and_then(|i| recording.all_frames.get(i)).map_or(&[][..], Vec::as_slice);
    let wanted = compare::without_wiping(&recording.world, simulated.events);
    let mut events = compare::events(events, &wanted, &limits);
    // where states differ between runs, frames are those of the run that is compared
    let shared = recording.stable.state;
    let mut compared = frames::frames(recording, frames, simulated.frames, &limits, shared);
    for rows in [&mut events, &mut compared.rows] {
        rows.sort_by_key(|row| row.recorded.or(row.simulated));
    }
    let uncounted = recording.world.nodes.iter().any(|node| !node.model.policy.counts_adverts);
    Verdict {
        name: recording.name.clone(),
        run: recording.run,
        against,
        faults: FaultTime::Likely,
        events,
        frames: compared.rows,
        beyond: compared.beyond,
        uncounted,
    }
}
