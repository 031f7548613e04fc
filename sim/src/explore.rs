//! Failures that nobody scripted: faults drawn from seeds, a calm phase, and the invariants, which must hold then.
//!
//! [`Explorer`] plays seeds, [`Summary`] adds up what they went through, [`shrink`] makes a small scenario of a failure.
mod fingerprint;
mod kind;
mod merge;
mod plan;
mod redrawn;
mod reduce;
mod row;
mod scheduler;
mod shard;
mod shrink;
mod spot;
mod story;
mod strike;
mod summary;
mod trail;
mod words;
mod written;

use std::ops::Range;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering};

use vrrplab_engine::{Instant, Span};
use vrrplab_formats::world::{FabricFault, Fault, Invariant, LinkPlace, Member, TimedFault, World};

use crate::invariant::{Violation, Watch};
use crate::lab::{Lab, Tally};
pub use fingerprint::{file_name, fingerprint};
pub use kind::Kind;
pub use merge::{Merged, merge};
pub(crate) use plan::phases;
pub(crate) use redrawn::fingerprint_of;
pub(crate) use reduce::Case;
pub use row::{Row, Rows};
pub use scheduler::from_environment;
pub use shard::Shard;
pub(crate) use shrink::Thought;
pub use shrink::{Found, Search, shrink};
pub(crate) use spot::{Spot, Target, spots};
pub use strike::Strike;
pub(crate) use strike::{healed, members, quality};
pub use summary::{Failure, Head, Summary, Totals};
use trail::Trail;
pub(crate) use written::time as written_time;

/// What happens within this time after the last fault is no failure yet.
const GRACE: Span = Span::from_secs(1);

/// What is explored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Options {
    /// The most faults of one run.
    pub most: u64,
    /// The scenario's own faults happen too.
    pub own_faults: bool,
    /// The scenario's clients ask; without them runs are many times faster, and `no-black-hole` has nobody to ask.
    pub clients: bool,
}

/// A world that is played with other faults for every seed.
#[derive(Debug)]
pub struct Explorer {
    world: World,
    own: Vec<TimedFault>,
    spots: Vec<spot::Spot>,
    options: Options,
    window: Span,
    identity: u64,
}

impl Explorer {
    /// Explores a world as its scenario has it. Its promises are not judged; violations that it expects are none here.
    pub fn new(world: &World, options: Options) -> Explorer {
        let mut world = world.clone();
        world.expectations.clear();
        world.looks.clear();
        world.invariants.expected.iter_mut().for_each(|expected| expected.window = None);
        if !options.clients {
            remove_clients(&mut world);
        }
        if !options.own_faults {
            world.faults.clear();
        }
        let calm = Watch::new(&world, Lab::new(&world, 0).ports()).calm();
        let (window, rest) = plan::phases(&world, calm);
        world.duration = window + rest;
        world.invariants.judged_from = Some(Instant(0) + window + GRACE);
        let own = std::mem::take(&mut world.faults);
        let text = format!("{} {options:?} {own:?} {world:?}", env!("CARGO_PKG_VERSION"));
        let identity = fingerprint::hash(&text);
        Explorer { spots: spot::spots(&world), own, options, window, identity, world }
    }

    /// The first line of every summary of this world.
    pub fn head(&self, seeds: Range<u64>) -> Head {
        let identity = format!("{:016x}", self.identity);
        let version = env!("CARGO_PKG_VERSION").to_owned();
        Head { version, scenario: self.world.name.clone(), identity, seeds: (seeds.start, seeds.end) }
    }

    /// The faults of a seed.
    pub fn strikes(&self, seed: u64) -> Vec<Strike> {
        plan::strikes(&self.spots, seed, self.options.most, &self.world, self.window)
    }

    /// Plays some seeds of a range. `None`: it was to stop.
    pub fn play(&self, whole: Range<u64>, seeds: Range<u64>, stop: &AtomicBool) -> Option<Summary> {
        self.play_rows(whole, seeds, stop).map(|(summary, _)| summary)
    }

    /// The same, with a row for each seed.
    pub fn play_rows(&self, whole: Range<u64>, seeds: Range<u64>, stop: &AtomicBool) -> Option<(Summary, Vec<Row>)> {
        let mut summary = Summary::of(self.head(whole), (seeds.start, seeds.end));
        let mut rows = Vec::new();
        let mut world = self.world.clone();
        let mut trail = Trail::new();
        for seed in seeds {
            if stop.load(Ordering::Relaxed) {
                return None;
            }
            let strikes = self.strikes(seed);
            world.faults = plan::timeline(&self.own, &strikes);
            trail.begin(&world);
            let played = catch_unwind(AssertUnwindSafe(|| run(&world, seed, &mut trail)));
            let failure = match &played {
                Ok((_, violations)) => first(violations).map(|violation| (fingerprint(violation), violation.text())),
                Err(_) => Some(("the simulator itself failed".to_owned(), "please report it".to_owned())),
            };
            let (failure, what) = failure.unzip();
            let tally = played.map(|(tally, _)| tally).unwrap_or_default();
            let row = Row::of(seed, strikes.len(), tally, trail.run(), failure);
            summary.add(&row, what);
            rows.push(row);
        }
        summary.cover(&trail);
        Some((summary, rows))
    }
}

/// One run, bare but for the invariants.
fn run(world: &World, seed: u64, trail: &mut Trail) -> (Tally, Vec<Violation>) {
    let lab = Lab::new(world, seed);
    let mut watch = Watch::new(world, lab.ports());
    let tally = lab.run(&mut [&mut watch, trail]);
    (tally, watch.judge().violations)
}

/// The violation that a run is remembered for: the first; disagreement in the end only where nothing else tells why.
fn first(violations: &[Violation]) -> Option<&Violation> {
    let unexpected = violations.iter().filter(|violation| !violation.expected);
    unexpected.min_by_key(|violation| violation.finding.invariant == Invariant::Agreement)
}

/// The world without those who ask, and without what happens to them.
pub(crate) fn remove_clients(world: &mut World) {
    world.clients.clear();
    for timed in &mut world.faults {
        if let Fault::Partition { groups, .. } = &mut timed.fault {
            groups.iter_mut().for_each(|group| group.retain(|member| !matches!(member, Member::Client(_))));
        }
    }
    let of_client =
        |fault: &Fault| matches!(fault, Fault::Fabric(FabricFault::Link { link: LinkPlace::Client(_), .. }));
    world.faults.retain(|timed| !of_client(&timed.fault));
    world.invariants.expected.retain(|expected| expected.client.is_none());
}
