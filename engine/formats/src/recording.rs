//! Recordings of real routers: the world that was recorded, and what happened in it.
//!
//! A recording is a directory: `case.json`, `run1/timeline.json` and further runs, `spread.json`.
//! `captures/recordings/README.md` describes the files.
mod case;
mod events;
mod faults;
mod files;
mod frames;
mod frr;
mod timeline;

use std::collections::BTreeSet;
use std::path::Path;

use vrrplab_engine::model::IfAddr;
use vrrplab_engine::{Instant, Span, State};

use crate::diagnostics::Report;
use crate::world::World;
pub use case::parse_addr;
pub use events::is_silent;
pub use frames::{FrameSort, RecordedFrame};

/// A recorded experiment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recording {
    /// Name of the case.
    pub name: String,
    /// Which run was chosen, from 1: its start times and fault times are in the world.
    pub run: usize,
    /// What was recorded, ready to be simulated.
    pub world: World,
    /// The changes of state and the moves of virtual addresses in the chosen run, by time.
    pub events: Vec<RecordedEvent>,
    /// What is the same in all runs.
    pub stable: Stability,
    /// The events of every run, the first run first.
    pub all_runs: Vec<Vec<RecordedEvent>>,
    /// The adverts and announcements that nodes sent in every run, by time, the first run first.
    pub all_frames: Vec<Vec<RecordedFrame>>,
    /// Between which times each fault of the world took effect in the chosen run.
    pub windows: Vec<Window>,
    /// The longest time for which the recording machine was seen to stand still in the chosen run.
    pub stall: Span,
}

impl Recording {
    /// The frames of the chosen run.
    pub fn frames(&self) -> &[RecordedFrame] {
        self.all_frames.get(self.run.saturating_sub(1)).map_or(&[], Vec::as_slice)
    }
}

/// When a fault took effect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    /// The time that is simulated.
    pub at: Instant,
    /// Not before this.
    pub from: Instant,
    /// Not after this.
    pub to: Instant,
}

impl Window {
    /// A time that is known.
    pub const fn exactly(at: Instant) -> Window {
        Window { at, from: at, to: at }
    }
}

/// Which kinds of events came in the same order in all runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stability {
    /// Changes of state.
    pub state: bool,
    /// Moves of virtual addresses.
    pub vip: bool,
    /// Adverts.
    pub advert: bool,
    /// Gratuitous ARP.
    pub garp: bool,
    /// Unsolicited neighbour advertisements.
    pub na: bool,
}

impl Stability {
    /// All runs are alike.
    pub const ALL: Stability = Stability { state: true, vip: true, advert: true, garp: true, na: true };
}

/// One thing that a node was seen doing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecordedEvent {
    /// When, after the exec of the first daemon.
    pub at: Instant,
    /// Name of the node.
    pub node: String,
    /// What.
    pub kind: RecordedKind,
}

/// What a node was seen doing.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum RecordedKind {
    /// An instance entered a state.
    State {
        /// Name of the instance.
        instance: String,
        /// The state.
        state: State,
    },
    /// A virtual address was set or removed.
    Vip {
        /// Name of the interface.
        iface: String,
        /// The address.
        addr: IfAddr,
        /// Set, or removed.
        added: bool,
    },
}

impl std::fmt::Display for RecordedKind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            RecordedKind::State { instance, state } => write!(f, "{instance} {}", state.name()),
            RecordedKind::Vip { iface, addr, added } => {
                write!(f, "{}{}/{} {iface}", if *added { '+' } else { '-' }, addr.ip, addr.prefix)
            }
        }
    }
}

/// Reads the recording in `dir` with the inputs of one run (the first when not given).
///
/// There is a recording exactly when the report holds no error.
pub fn load(dir: &Path, run: Option<usize>) -> (Option<Recording>, Report) {
    let mut report = Report::default();
    let recording = read(dir, run.unwrap_or(1), &mut report);
    (recording.filter(|_| !report.is_refused()), report)
}

/// The numbers of the runs in `dir`, from 1. A folder without any still has its first run to complain about.
pub fn runs(dir: &Path) -> Vec<usize> {
    let last = (1..).take_while(|run| dir.join(format!("run{run}/timeline.json")).exists()).last();
    (1..=last.unwrap_or(1)).collect()
}

fn read(dir: &Path, run: usize, report: &mut Report) -> Option<Recording> {
    let (case_text, case) = files::read_json::<case::Case>(&dir.join("case.json"), report)?;
    let timelines = read_timelines(dir, report)?;
    let Some((chosen_text, chosen)) = run.checked_sub(1).and_then(|i| timelines.get(i)) else {
        let title = format!("the recording has no run {run}");
        report.error(&case_text.start(), title, format!("recorded runs: 1 to {}", timelines.len()));
        return None;
    };
    let stable = match dir.join("spread.json") {
        path if path.exists() => files::read_json::<timeline::Spread>(&path, report)?.1.stability(),
        _ => Stability::ALL,
    };
    let mut world = case::world(&case, &case_text, chosen, report);
    let reader = faults::Reader::new(&case, &case_text, chosen, chosen_text, &world.nodes);
    let windows;
    (world.faults, windows) = reader.read(report);
    let (mut all_runs, mut all_frames) = (Vec::new(), Vec::new());
    for (text, timeline) in &timelines {
        all_runs.push(events::recorded(&case, timeline, text, report));
        all_frames.push(frames::recorded(timeline, text, report));
    }
    let events = all_runs.get(run - 1).cloned().unwrap_or_default();
    let (name, stall) = (case.name.clone(), chosen.stall());
    Some(Recording { name, run, world, events, stable, all_runs, all_frames, windows, stall })
}

/// Every `runN/timeline.json`, N from 1 without a gap.
fn read_timelines(dir: &Path, report: &mut Report) -> Option<Vec<(files::Text, timeline::Timeline)>> {
    let mut numbers = BTreeSet::from([1_usize]);
    if let Ok(entries) = std::fs::read_dir(dir) {
        let names = entries.filter_map(|e| e.ok()?.file_name().into_string().ok());
        numbers.extend(names.filter_map(|n| n.strip_prefix("run")?.parse::<usize>().ok()));
    }
    let last = numbers.last().copied().unwrap_or(1);
    (1..=last).map(|n| files::read_json(&dir.join(format!("run{n}")).join("timeline.json"), report)).collect()
}
