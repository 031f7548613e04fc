//! One run with everything that watches it: timeline, capture, states, clients, promises, digest.
use std::io;

use vrrplab_engine::Instant;
use vrrplab_formats::world::World;

use crate::invariant::{Objections, Watch};
use crate::lab::{Lab, Tally};
use crate::moment::{Observer, PortInfo};
use crate::observe::{
    Capture, Difference, Digest, Judgement, Line, Outages, Promises, States, Timeline, first_difference, json,
};
use crate::report::Book;

/// What decides whether a run holds.
#[derive(Clone, Debug)]
pub struct Judges {
    states: States,
    outages: Outages,
    promises: Promises,
    watch: Watch,
}

impl Judges {
    /// Those of a world.
    pub fn new(world: &World, ports: &[PortInfo]) -> Judges {
        Judges {
            states: States::new(world),
            outages: Outages::new(world),
            promises: Promises::new(world, ports),
            watch: Watch::new(world, ports),
        }
    }

    /// They watch a run.
    pub fn watchers(&mut self) -> [&mut dyn Observer; 4] {
        [&mut self.states, &mut self.outages, &mut self.promises, &mut self.watch]
    }

    /// Whether the run held; see [`Outcome::held`].
    pub fn held(self) -> bool {
        held(&self.promises.judge(&self.states, &self.outages), &self.watch.judge())
    }
}

fn held(judgements: &[Judgement], objections: &Objections) -> bool {
    judgements.iter().all(|judgement| judgement.held) && objections.held()
}

/// What a run left behind.
#[derive(Debug)]
pub struct Outcome {
    /// The story.
    pub timeline: Timeline,
    /// Who was in which state when.
    pub states: States,
    /// What clients got.
    pub outages: Outages,
    /// The verdicts on the promises.
    pub judgements: Vec<Judgement>,
    /// What the invariants object to, and whether that was expected.
    pub objections: Objections,
    /// The digest of every moment.
    pub digest: Digest,
    /// The capture, if one was asked for.
    pub pcapng: Option<Vec<u8>>,
    /// What it cost.
    pub tally: Tally,
}

impl Outcome {
    /// Whether every promise was kept, and no invariant was violated but those that were expected to be.
    pub fn held(&self) -> bool {
        held(&self.judgements, &self.objections)
    }

    /// The report for machines.
    pub fn json(&self, world: &World) -> serde_json::Result<String> {
        let report = json::Report {
            world,
            timeline: &self.timeline,
            states: &self.states,
            outages: &self.outages,
            judgements: &self.judgements,
            objections: &self.objections,
            digest: &self.digest,
        };
        report.to_json()
    }
}

/// Plays a world. `tell` gets the lines of the timeline as they come, and may end the run with an error.
pub fn play(
    world: &World,
    seed: u64,
    capture: bool,
    tell: impl FnMut(&Timeline, &[Line]) -> io::Result<()>,
) -> io::Result<Outcome> {
    play_all(Lab::new(world, seed), world, capture, None, tell)
}

/// The same, with the book that a report is made of.
pub fn play_for_report(
    world: &World,
    seed: u64,
    capture: bool,
    tell: impl FnMut(&Timeline, &[Line]) -> io::Result<()>,
) -> io::Result<(Outcome, Book)> {
    let lab = Lab::new(world, seed);
    let mut book = Book::new(world, lab.ports());
    let outcome = play_all(lab, world, capture, Some(&mut book), tell)?;
    Ok((outcome, book))
}

/// Whether a world holds whose chance is another after a moment, for each of these. The time until then passes once.
pub fn redrawn(world: &World, seed: u64, at: Instant, others: impl Iterator<Item = u64>) -> Vec<bool> {
    let mut lab = Lab::forkable(world, seed);
    let mut judges = Judges::new(world, lab.ports());
    lab.run_through(at, &mut judges.watchers());
    let held = |other: u64| {
        let fork = lab.fork(&world.faults, Instant::ZERO + world.duration);
        let mut fork = fork.expect("a forkable world is forked with the faults that it has");
        let mut judges = judges.clone();
        fork.redraw_after(at, other);
        fork.run(&mut judges.watchers());
        judges.held()
    };
    others.map(held).collect()
}

fn play_all(
    mut lab: Lab<'_>,
    world: &World,
    capture: bool,
    mut book: Option<&mut Book>,
    mut tell: impl FnMut(&Timeline, &[Line]) -> io::Result<()>,
) -> io::Result<Outcome> {
    let mut timeline = Timeline::new(world, lab.ports());
    let mut judges = Judges::new(world, lab.ports());
    let mut digest = Digest::only();
    let mut pcapng = capture.then(|| Capture::new(lab.ports(), world));
    loop {
        let mut watchers: Vec<&mut dyn Observer> = vec![&mut timeline];
        watchers.extend(judges.watchers());
        watchers.push(&mut digest);
        if let Some(pcapng) = &mut pcapng {
            watchers.push(pcapng);
        }
        if let Some(book) = book.as_deref_mut() {
            watchers.push(book);
        }
        let more = lab.step(&mut watchers);
        let lines = timeline.take_lines();
        if !lines.is_empty() {
            tell(&timeline, &lines)?;
        }
        if !more {
            break;
        }
    }
    let Judges { states, outages, promises, watch } = judges;
    let judgements = promises.judge(&states, &outages);
    let pcapng = pcapng.map(Capture::into_bytes);
    let (objections, tally) = (watch.judge(), lab.tally());
    Ok(Outcome { timeline, states, outages, judgements, objections, digest, pcapng, tally })
}

/// Plays a world twice, every moment kept with all its bytes, and looks for the first that differs.
pub fn difference_of_two_runs(world: &World, seed: u64) -> Option<Difference> {
    let keep = || {
        let lab = Lab::new(world, seed);
        let mut digest = Digest::with_events(world, lab.ports());
        lab.run(&mut [&mut digest]);
        digest
    };
    let (first, second) = (keep(), keep());
    first_difference(first.events(), second.events())
}
