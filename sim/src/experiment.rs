//! One run with everything that watches it: timeline, capture, states, clients, promises, digest.
use std::io;

use vrrplab_engine::Instant;
use vrrplab_formats::world::World;

use crate::invariant::{Objections, Watch};
use crate::lab::{Lab, Tally};
use crate::moment::Observer;
use crate::observe::{
    Capture, Difference, Digest, Judgement, Line, Outages, Promises, States, Timeline, first_difference, json,
};
use crate::report::Book;

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
        self.judgements.iter().all(|judgement| judgement.held) && self.objections.held()
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

/// Plays a world whose chance is another after a moment.
pub fn redrawn(world: &World, seed: u64, (at, other): (Instant, u64)) -> io::Result<Outcome> {
    let mut lab = Lab::new(world, seed);
    lab.redraw_after(at, other);
    play_all(lab, world, false, None, |_, _| Ok(()))
}

fn play_all(
    mut lab: Lab<'_>,
    world: &World,
    capture: bool,
    mut book: Option<&mut Book>,
    mut tell: impl FnMut(&Timeline, &[Line]) -> io::Result<()>,
) -> io::Result<Outcome> {
    let mut timeline = Timeline::new(world, lab.ports());
    let mut states = States::new(world);
    let mut outages = Outages::new(world);
    let mut promises = Promises::new(world, lab.ports());
    let mut watch = Watch::new(world, lab.ports());
    let mut digest = Digest::only();
    let mut pcapng = capture.then(|| Capture::new(lab.ports(), world));
    loop {
        let mut watchers: Vec<&mut dyn Observer> =
            vec![&mut timeline, &mut states, &mut outages, &mut promises, &mut watch, &mut digest];
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
