//! One scenario, played and judged.
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};

use vrrplab_engine::Span;
use vrrplab_formats::diagnostics::{Report, Severity};
use vrrplab_formats::scenario::{self, Disk};
use vrrplab_formats::world::World;

use super::super::output::{Exit, write_whole};
use super::super::run::kept_text;
use super::snapshot;
use crate::experiment::{self, Outcome};
use crate::lanes::{self, Pen};
use crate::library::Entry;
use crate::observe::words::time;
use crate::report::of_run;

/// How scenarios are to be played.
pub(super) struct Plan<'p> {
    /// Instead of each scenario's own.
    pub(super) seed: Option<u64>,
    /// Captures are wanted.
    pub(super) capture: bool,
    /// With what the lanes of those that fail are drawn, if they are wanted.
    pub(super) lanes: Option<Pen>,
    /// A scenario without a kept timeline fails.
    pub(super) snapshots: bool,
    /// Runs end here without a result.
    pub(super) stop: &'p AtomicBool,
}

/// What became of a scenario.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// All as it should be.
    Passed,
    /// A promise was broken, or the timeline is another.
    Failed,
    /// It could not be read.
    Unusable,
    /// The simulator itself gave up.
    Crashed,
}

/// A promise that was not kept, or another reason to fail.
#[derive(Debug)]
pub(super) struct Failure {
    /// What it is about, in one line, with its place.
    pub(super) title: String,
    /// What was found instead; lines.
    pub(super) found: String,
}

/// What is to be told about one scenario.
pub(super) struct Trial {
    /// Which one.
    pub(super) entry: Entry,
    /// How it ended.
    pub(super) verdict: Verdict,
    /// Why.
    pub(super) failures: Vec<Failure>,
    /// Who was master when, of one that failed, where that is wanted.
    pub(super) lanes: Option<String>,
    /// It had to fail.
    pub(super) must_fail: bool,
    /// What was found while reading it.
    pub(super) report: Report,
    /// Simulated time.
    pub(super) duration: Option<Span>,
    /// Root of its chance.
    pub(super) seed: Option<u64>,
    /// Kept promises, and all.
    pub(super) held: (usize, usize),
    /// Digest of the run.
    pub(super) digest: Option<String>,
    /// Its capture, when one was wanted.
    pub(super) pcapng: Option<Vec<u8>>,
    /// The timeline to be kept, where it is not the kept one.
    timeline: Option<(PathBuf, String)>,
    /// The timeline was written.
    pub(super) written: bool,
}

impl Trial {
    fn of(entry: &Entry, report: Report) -> Trial {
        Trial {
            entry: entry.clone(),
            verdict: Verdict::Passed,
            failures: Vec::new(),
            lanes: None,
            must_fail: false,
            report,
            duration: None,
            seed: None,
            held: (0, 0),
            digest: None,
            pcapng: None,
            timeline: None,
            written: false,
        }
    }

    pub(super) fn passed(&self) -> bool {
        self.verdict == Verdict::Passed
    }

    pub(super) fn warnings(&self) -> usize {
        self.report.count(Severity::Warning)
    }

    pub(super) fn exit(&self) -> Exit {
        match self.verdict {
            Verdict::Unusable => Exit::BadInput,
            Verdict::Failed | Verdict::Crashed => Exit::Failed,
            Verdict::Passed if self.warnings() > 0 => Exit::Warnings,
            Verdict::Passed => Exit::Held,
        }
    }

    fn fail(&mut self, title: String, found: String) {
        self.verdict = Verdict::Failed;
        self.failures.push(Failure { title, found });
    }

    /// Writes the timeline where it is not the kept one, unless promises were broken.
    pub(super) fn keep_timeline(&mut self) -> io::Result<()> {
        let promises_hold = self.must_fail || self.held.0 == self.held.1;
        let Some((path, text)) = self.timeline.take().filter(|_| promises_hold) else { return Ok(()) };
        write_whole(&path, text.as_bytes())?;
        self.written = true;
        self.failures.retain(|failure| !failure.title.starts_with(snapshot::TITLE));
        if self.verdict == Verdict::Failed && self.failures.is_empty() {
            self.verdict = Verdict::Passed;
        }
        Ok(())
    }
}

/// Reads and plays a scenario; none when it was interrupted.
pub(super) fn play(entry: &Entry, plan: &Plan<'_>) -> Option<Trial> {
    match catch_unwind(AssertUnwindSafe(|| read_and_play(entry, plan))) {
        Ok(trial) => trial,
        Err(panic) => {
            let words = panic.downcast_ref::<&str>().map(|words| (*words).to_owned());
            let words = words.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_default();
            let mut trial = Trial::of(entry, Report::default());
            trial.fail("the simulator itself failed; please report it".to_owned(), words);
            trial.verdict = Verdict::Crashed;
            Some(trial)
        }
    }
}

fn read_and_play(entry: &Entry, plan: &Plan<'_>) -> Option<Trial> {
    let (world, report) = scenario::load(&entry.path, &Disk);
    let mut trial = Trial::of(entry, report);
    let Some(mut world) = world else {
        trial.fail(format!("{} cannot be used", entry.path.display()), trial.report.render(false));
        trial.verdict = Verdict::Unusable;
        return Some(trial);
    };
    let own = world.seed;
    world.seed = plan.seed.unwrap_or(own);
    let tell = |_: &_, _: &[_]| match plan.stop.load(Ordering::Relaxed) {
        true => Err(io::ErrorKind::Interrupted.into()),
        false => Ok(()),
    };
    let (outcome, book) = match plan.lanes {
        Some(_) => {
            experiment::play_for_report(&world, world.seed, plan.capture, tell).map(|(o, book)| (o, Some(book))).ok()?
        }
        None => (experiment::play(&world, world.seed, plan.capture, tell).ok()?, None),
    };
    trial.judge(&world, &outcome);
    if world.seed == own {
        trial.compare(&world, &outcome, plan);
    }
    if let (Some(pen), Some(book), false) = (&plan.lanes, book, trial.passed()) {
        trial.lanes = Some(lanes::text(&of_run(&world, &outcome, book, String::new()), pen));
    }
    trial.pcapng = outcome.pcapng;
    Some(trial)
}

impl Trial {
    fn judge(&mut self, world: &World, outcome: &Outcome) {
        self.duration = Some(world.duration);
        self.seed = Some(world.seed);
        self.digest = Some(outcome.digest.hex());
        self.must_fail = world.must_fail;
        self.held = (outcome.judgements.iter().filter(|j| j.held).count(), outcome.judgements.len());
        if world.must_fail {
            if outcome.held() {
                let title = "it must fail, but every promise was kept".to_owned();
                self.fail(title, "see `must_fail` in the scenario".to_owned());
            }
            return;
        }
        for broken in outcome.judgements.iter().filter(|judgement| !judgement.held) {
            let title = format!("{}:{}: {}", broken.place.file, broken.place.line, broken.text);
            self.fail(title, format!("found {}", broken.found));
        }
        for violation in outcome.objections.violations.iter().filter(|violation| !violation.expected) {
            let finding = &violation.finding;
            let title = format!("invariant {} violated at {}", finding.invariant.id(), time(finding.at));
            self.fail(title, finding.what.clone());
        }
        for missing in outcome.objections.expected.iter().filter(|expected| expected.found.is_none()) {
            let title = format!("{}:{}: {}", missing.place.file, missing.place.line, missing.text);
            self.fail(title, "this violation was expected and did not come".to_owned());
        }
    }

    fn compare(&mut self, world: &World, outcome: &Outcome, plan: &Plan<'_>) {
        let path = self.entry.path.with_extension("snap");
        let made = kept_text(world, outcome);
        let kept = std::fs::read_to_string(&path).ok();
        match kept.as_deref().map(|kept| snapshot::difference(kept, &made)) {
            Some(None) => return,
            Some(Some(difference)) => self.fail(format!("{} {}", snapshot::TITLE, path.display()), difference),
            None if plan.snapshots && !self.must_fail => {
                let hint = "`--update-snapshots` writes it".to_owned();
                self.fail(format!("{} {}, which is missing", snapshot::TITLE, path.display()), hint);
            }
            None if self.must_fail => return,
            None => {}
        }
        let about = world.about.lines().next().unwrap_or("");
        self.timeline = Some((path, snapshot::compose(kept.as_deref(), about, &made)));
    }
}
