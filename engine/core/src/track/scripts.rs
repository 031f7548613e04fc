//! `vrrp_script`: when a script runs, when it has run too long, and what its end means.
use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;

use super::Trackers;
use super::judge::{Standing, Tally};
use super::watch::Process;
use crate::engine::Engine;
use crate::io::{EffectKind, Exit, Finished, Job, News, TraceKind};
use crate::model::track::ScriptModel;
use crate::rules::Rule;
use crate::time::{Instant, Span};

/// A script that does not end on SIGTERM gets SIGKILL after this.
const PATIENCE: Span = Span::from_secs(2);

/// One script and its runs.
#[derive(Clone, Debug)]
pub(super) struct Script {
    model: ScriptModel,
    /// An instance tracks it; otherwise it never runs.
    tracked: bool,
    tally: Tally,
    /// The status with which it ended last.
    last_status: i32,
    /// When it runs next.
    due: Option<Instant>,
    /// What has not ended.
    running: Vec<Run>,
}

/// One run that has not ended.
#[derive(Clone, Copy, Debug)]
struct Run {
    job: Job,
    /// When the next signal is sent.
    overdue: Option<Instant>,
    /// It was asked to end.
    cancelled: bool,
}

impl Script {
    pub fn new(model: ScriptModel, tracked: bool) -> Script {
        Script { model, tracked, tally: Tally::NEW, last_status: 0, due: None, running: Vec::new() }
    }
    pub fn name(&self) -> &str {
        &self.model.name
    }
    pub fn standing(&self) -> Standing {
        self.tally.standing
    }
    pub fn due(&self) -> Option<Instant> {
        self.due
    }
    pub fn overdue(&self) -> Option<Instant> {
        self.running.iter().filter_map(|run| run.overdue).min()
    }
}

impl Trackers {
    /// Takes over what a configuration before this one had found out; tells which scripts count as well or as failed.
    pub fn inherit(&mut self, old: Trackers) -> Vec<(String, bool)> {
        let mut considered = Vec::new();
        for script in &mut self.scripts {
            let Some(before) = old.scripts.iter().find(|s| s.model.name == script.model.name) else { continue };
            script.tally = Tally { standing: before.tally.standing, against: 0 };
            script.last_status = before.last_status;
            if script.tracked && before.tally.standing != Standing::Unknown {
                considered.push((script.model.name.clone(), before.tally.standing == Standing::Good));
            }
        }
        for session in &mut self.bfds {
            session.up = old.bfds.iter().any(|s| s.model.name == session.model.name && s.up);
        }
        for process in &mut self.processes {
            process.inherit(old.processes.iter());
        }
        self.contents = old.contents;
        self.jobs = old.jobs;
        considered
    }
}

impl Engine {
    /// Every tracked script runs for the first time.
    pub(crate) fn start_scripts(&mut self, now: Instant) {
        for s in 0..self.trackers.scripts.len() {
            if self.trackers.scripts[s].tracked {
                self.run_script(now, s, Rule::ScriptRuns);
                self.trackers.scripts[s].due = Some(now + self.trackers.scripts[s].model.interval);
            }
        }
    }

    /// The daemon ends, or reads its configuration again: nobody waits for scripts any more.
    pub(crate) fn cancel_scripts(&mut self) {
        self.trackers.processes.iter_mut().for_each(Process::rest);
        for s in 0..self.trackers.scripts.len() {
            self.trackers.scripts[s].due = None;
            for run in core::mem::take(&mut self.trackers.scripts[s].running) {
                self.effect(Rule::ScriptRuns, EffectKind::Cancel { job: run.job, force: false });
            }
        }
    }

    /// The interval has passed since the last start.
    pub(crate) fn script_due(&mut self, now: Instant, s: usize) {
        let interval = self.trackers.scripts[s].model.interval;
        let due = self.trackers.scripts[s].due.unwrap_or(now);
        self.trackers.scripts[s].due = Some(if due + interval > now { due + interval } else { now + interval });
        if self.trackers.scripts[s].running.is_empty() {
            return self.run_script(now, s, Rule::ScriptRuns);
        }
        self.script_news(s, Rule::ScriptOverlaps, News::StillRunning);
        if self.policy.overlapping_scripts {
            self.run_script(now, s, Rule::ScriptOverlaps);
        }
    }

    fn run_script(&mut self, now: Instant, s: usize, rule: Rule) {
        self.trackers.jobs += 1;
        let job = Job(self.trackers.jobs);
        let script = &mut self.trackers.scripts[s];
        let overdue = Some(now + script.model.timeout);
        script.running.push(Run { job, overdue, cancelled: false });
        let program = Box::new(script.model.program.clone());
        self.effect(rule, EffectKind::RunScript { job, program });
    }

    /// A run takes too long: SIGTERM, and when that does not help, SIGKILL.
    pub(crate) fn script_overdue(&mut self, now: Instant, s: usize) {
        let runs = &mut self.trackers.scripts[s].running;
        let Some(run) = runs.iter_mut().find(|run| run.overdue.is_some_and(|at| at <= now)) else { return };
        let force = run.cancelled;
        run.cancelled = true;
        run.overdue = (!force).then_some(now + PATIENCE);
        let job = run.job;
        self.effect(Rule::ScriptTimeout, EffectKind::Cancel { job, force });
    }

    /// A script has ended. Ends of runs that nobody waits for are nothing.
    pub(crate) fn script_finished(&mut self, now: Instant, finished: Finished) {
        let place = self.trackers.scripts.iter().enumerate().find_map(|(s, script)| {
            script.running.iter().position(|run| run.job == finished.job).map(|position| (s, position))
        });
        let Some((s, position)) = place else { return };
        let script = &mut self.trackers.scripts[s];
        let run = script.running.remove(position);
        let timed_out = run.cancelled && matches!(finished.outcome, Exit::Signal(_));
        let good = finished.outcome == Exit::Status(0);
        let before = script.tally.standing;
        script.tally = script.tally.after(good, script.model.rise, script.model.fall);
        let status = match finished.outcome {
            Exit::Status(status) => status,
            Exit::Signal(_) => script.last_status,
        };
        let other = core::mem::replace(&mut script.last_status, status) != status;
        if script.tally.standing == before {
            if other {
                self.script_news(s, Rule::ScriptJudged, News::NowReturning(status));
            }
            return;
        }
        let (rule, news) = match good {
            true => (Rule::ScriptJudged, News::Succeeded),
            false if timed_out => (Rule::ScriptTimeout, News::TimedOut),
            false => (Rule::ScriptJudged, News::Failed(finished.outcome)),
        };
        self.script_news(s, rule, news);
        self.follow(now);
    }

    fn script_news(&mut self, s: usize, rule: Rule, news: News) {
        let name = self.trackers.scripts[s].model.name.clone();
        self.trace_node(rule, || TraceKind::Tracked { name, news });
    }
}
