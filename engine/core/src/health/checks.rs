//! One checker at a time: when it asks, what its answer means, and when it asks again.
use alloc::boxed::Box;

use super::judge::{Next, Outcome, attempt, file_adds};
use super::judge_answer::{Answer, Asked, Judgement, Why, judge};
use super::mail::Turn;
use super::probe::probe;
use super::state::{Checker, Run};
use super::words::CheckName;
use super::{Checkers, EffectKind, News, Place};
use crate::io::{Exit, Job};
use crate::model::health::CheckKind;
use crate::rules::Rule;
use crate::time::{Instant, Span};

/// A program that does not end on SIGTERM gets SIGKILL after this.
const PATIENCE: Span = Span::from_secs(2);

/// The two timers of a checker.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Timer {
    /// The next attempt.
    Ask,
    /// The program has run for too long.
    Overdue,
}

impl Checkers {
    pub(super) fn check(&self, (s, r, c): Place) -> &Checker {
        &self.services[s].servers[r].checks[c]
    }

    pub(super) fn check_mut(&mut self, (s, r, c): Place) -> &mut Checker {
        &mut self.services[s].servers[r].checks[c]
    }

    /// The next timer; of those at one instant the one that was set first.
    pub(super) fn next(&self) -> Option<(Instant, Place, Timer)> {
        let timers = self.places().flat_map(|place| {
            let check = self.check(place);
            let overdue = check.run.and_then(|run| run.overdue);
            [(check.due, Timer::Ask), (overdue, Timer::Overdue)].map(|(at, timer)| at.map(|at| (at, place, timer)))
        });
        timers.flatten().min_by_key(|(at, _, _)| *at).map(|((at, _), place, timer)| (at, place, timer))
    }

    pub(super) fn wake(&mut self, now: Instant) {
        while let Some((_, place, timer)) = self.next().filter(|(at, _, _)| *at <= now) {
            match timer {
                Timer::Ask => self.ask(now, place),
                Timer::Overdue => self.overdue(now, place),
            }
        }
    }

    fn arm(&mut self, place: Place, at: Instant) {
        self.timers += 1;
        self.check_mut(place).due = Some((at, self.timers));
    }

    /// The first attempt after a start or reload.
    pub(super) fn arm_first(&mut self, now: Instant, place: Place) {
        let Some(timing) = self.check(place).model.timing else { return };
        let wait = self.warmups.of(self.drawn, timing.warmup);
        self.drawn += 1;
        self.arm(place, now + wait);
    }

    fn asked(&self, place: Place, job: u64) -> Asked {
        Asked { page: self.check(place).tally.page, id: self.warmups.question(job) }
    }

    fn ask(&mut self, now: Instant, place: Place) {
        self.check_mut(place).due = None;
        if self.services[place.0].suspended {
            let wait = self.check(place).model.timing.map_or(Span::ZERO, |timing| timing.delay_loop);
            return self.arm(place, now + wait);
        }
        self.jobs += 1;
        let asked = self.asked(place, self.jobs);
        let server = &self.services[place.0].servers[place.1];
        let host = server.model.virtual_host.as_deref();
        let Some(probe) = probe(&server.checks[place.2].model, host, asked) else { return };
        let job = Job(self.jobs);
        self.timers += 1;
        let overdue = self.check(place).patience().map(|patience| (now + patience, self.timers));
        self.check_mut(place).run = Some(Run { job, started: now, overdue, cancelled: false });
        self.effect(Rule::CheckRuns, EffectKind::StartProbe { job, probe: Box::new(probe) });
    }

    /// A program takes too long: SIGTERM, and when that does not help, SIGKILL.
    fn overdue(&mut self, now: Instant, place: Place) {
        self.timers += 1;
        let again = (now + PATIENCE, self.timers);
        let Some(run) = &mut self.check_mut(place).run else { return };
        let (job, force) = (run.job, run.cancelled);
        run.cancelled = true;
        run.overdue = (!force).then_some(again);
        self.effect(Rule::CheckTimeout, EffectKind::Cancel { job, force, answer: true });
    }

    /// Nobody waits for the attempts that are under way any more.
    pub(super) fn cancel_all(&mut self, rule: Rule) {
        let places: alloc::vec::Vec<Place> = self.places().collect();
        for place in places {
            self.cancel(rule, place);
        }
    }

    fn cancel(&mut self, rule: Rule, place: Place) {
        let check = self.check_mut(place);
        check.due = None;
        if let Some(run) = check.run.take() {
            self.effect(rule, EffectKind::Cancel { job: run.job, force: false, answer: false });
        }
    }

    /// An answer came. Answers that nobody waits for are nothing.
    pub(super) fn answered(&mut self, now: Instant, job: Job, answer: &Answer) {
        let waits = |place: &Place| self.check(*place).run.is_some_and(|run| run.job == job);
        let Some(place) = self.places().find(waits) else { return };
        let Some(run) = self.check(place).run else { return };
        if *answer == Answer::NotAsked {
            return self.not_asked(now, place);
        }
        let judgement = match answer {
            Answer::Exited(Exit::Signal(_)) if run.cancelled => Judgement::Bad(Why::TimedOut),
            _ => judge(&self.check(place).model.kind, self.asked(place, job.0), answer, vrrplab_wire::md5),
        };
        if judgement == Judgement::Ignored {
            return;
        }
        self.check_mut(place).run = None;
        let next = self.result(place, judgement);
        let since = if matches!(self.check(place).model.kind, CheckKind::Misc(_)) { run.started } else { now };
        let Some(timing) = self.check(place).model.timing else { return };
        let wait = match next {
            Next::Loop => timing.delay_loop,
            Next::Retry => timing.delay_before_retry,
            Next::Longer => timing.delay_loop.max(timing.delay_before_retry),
            Next::Now => Span::ZERO,
        };
        self.arm(place, (since + wait).max(now));
    }

    /// That nobody was asked says nothing of the server: the next attempt is as far away as after a good one.
    fn not_asked(&mut self, now: Instant, place: Place) {
        self.check_mut(place).run = None;
        let wait = self.check(place).model.timing.map_or(Span::ZERO, |timing| timing.delay_loop);
        self.arm(place, now + wait);
    }

    /// Whether an answer to this attempt is still wanted. After one that was to another question it is.
    pub fn waits_for(&self, job: Job) -> bool {
        self.places().any(|place| self.check(place).run.is_some_and(|run| run.job == job))
    }

    /// Carries out what an attempt means.
    fn result(&mut self, place: Place, judgement: Judgement) -> Next {
        let at = (place.0, place.1);
        let (good, why) = match judgement {
            Judgement::Bad(why) => (false, why),
            _ => (true, Why::Nothing),
        };
        let check = self.check(place);
        let (before, name) = (check.tally, CheckName::of(&check.model, &self.tracked, &self.bfds));
        let (tally, next, outcome) = attempt(before, good, check.limits());
        if judgement == Judgement::Unjudged {
            self.tell_server(Rule::CheckUnjudged, at, News::Unjudged);
        }
        if good {
            self.weigh(place, judgement);
        }
        match outcome {
            Outcome::Same => {}
            Outcome::Tried => self.tell_server(Rule::CheckRetries, at, News::Tried(name, why)),
            Outcome::PageWell => self.page_well(place, before.page),
            Outcome::Content => {
                if !before.up {
                    self.page_well(place, before.page);
                }
                self.tell_server(Rule::CheckContent, at, News::Content(name));
            }
            Outcome::Failed(_) if matches!(name, CheckName::Misc(_)) => {
                // It alone says its retries even where it had none yet.
                let retries = self.check(place).limits().retry;
                self.tell_server(Rule::CheckFails, at, News::Failed(name, why, retries));
            }
            Outcome::Failed(retries) => self.tell_server(Rule::CheckFails, at, News::Failed(name, why, retries)),
        }
        let first = !before.ran;
        let turn = Turn { was_up: before.up, was_alive: self.services[place.0].servers[place.1].alive, up: tally.up };
        self.check_mut(place).tally = tally;
        self.checker_turned(place, before.up, first && matches!(outcome, Outcome::Failed(_)));
        match outcome {
            Outcome::Content => self.mail_afterwards(Rule::CheckContent, place, turn, why),
            Outcome::Failed(_) => self.mail_afterwards(Rule::CheckFails, place, turn, why),
            Outcome::Same | Outcome::Tried | Outcome::PageWell => {}
        }
        next
    }

    fn page_well(&mut self, place: Place, page: usize) {
        let CheckKind::Http(http) = &self.check(place).model.kind else { return };
        let Some(url) = http.urls.get(page) else { return };
        let (path, digest) = (url.path.clone(), url.digest.is_some());
        self.tell_server(Rule::CheckPageWell, (place.0, place.1), News::PageWell { path, digest });
    }

    /// `misc_dynamic`: the exit status is a wish for the weight of the server.
    fn weigh(&mut self, place: Place, judgement: Judgement) {
        let CheckKind::Misc(misc) = &self.check(place).model.kind else { return };
        if misc.dynamic {
            let configured = i64::from(self.services[place.0].servers[place.1].model.weight);
            let adds = if let Judgement::Weighs(weight) = judgement { i64::from(weight) - configured } else { 0 };
            self.set_adds(place, adds);
        }
    }

    pub(super) fn file(&mut self, item: usize, value: i32) {
        self.files.retain(|(known, _)| *known != item);
        self.files.push((item, value));
        self.follow_all(|kind| matches!(kind, CheckKind::File(file) if file.file == item));
    }

    pub(super) fn session(&mut self, item: usize, up: bool) {
        self.sessions.retain(|(known, _)| *known != item);
        self.sessions.push((item, up));
        self.follow_all(|kind| matches!(kind, CheckKind::Bfd(session) if *session == item));
    }

    fn follow_all(&mut self, whom: impl Fn(&CheckKind) -> bool) {
        let concerned = |place: &Place| self.running && whom(&self.check(*place).model.kind);
        let places: alloc::vec::Vec<Place> = self.places().filter(concerned).collect();
        for place in places {
            self.follow(place);
        }
    }

    /// A checker that asks nobody looks at what is known of its file or session.
    pub(super) fn follow(&mut self, place: Place) {
        if self.waits_in_line(place) {
            return;
        }
        let known = |(item, _): &&(usize, i32), wanted: usize| *item == wanted;
        match &self.check(place).model.kind {
            CheckKind::File(file) => {
                let (factor, reverse) = (file.weight, file.reverse);
                let Some((_, value)) = self.files.iter().find(|f| known(f, file.file)).copied() else { return };
                let adds = file_adds(value, factor, reverse);
                self.set_adds(place, adds.unwrap_or(0));
                self.turn(place, adds.is_some(), Rule::CheckFile, Why::File(value));
            }
            CheckKind::Bfd(item) => {
                let Some((_, up)) = self.sessions.iter().find(|(known, _)| known == item).copied() else { return };
                self.turn(place, up, Rule::CheckSession, Why::Session);
            }
            _ => {}
        }
    }

    fn turn(&mut self, place: Place, up: bool, rule: Rule, why: Why) {
        let name = CheckName::of(&self.check(place).model, &self.tracked, &self.bfds);
        let check = self.check_mut(place);
        let before = check.tally;
        check.tally.up = up;
        check.tally.ran = true;
        if before.up != up {
            let news = if up { News::Content(name) } else { News::Failed(name, why, 0) };
            self.tell_server(rule, (place.0, place.1), news);
        }
        let turn = Turn { was_up: before.up, was_alive: self.services[place.0].servers[place.1].alive, up };
        self.checker_turned(place, before.up, false);
        self.mail_afterwards(rule, place, turn, why);
    }
}
