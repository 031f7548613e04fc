//! The timers of the node: one table, one deadline ahead.
use super::Engine;
use crate::io::{State, TimerKind, TraceKind, Wake};
use crate::rules::Rule;
use crate::time::{Instant, Span};
use crate::vrrp::decide::Event;

/// When a protocol timer expires, and when it was armed among the others.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Deadline {
    pub at: Instant,
    pub(super) order: u64,
}

impl Engine {
    /// When to call again with [`crate::Input::Wake`], and why.
    pub fn next_wake(&self) -> Option<Wake> {
        self.earliest(None)
    }

    /// The same, as if the protocol timer of this instance were not armed.
    pub(super) fn next_wake_but(&self, i: usize) -> Option<Instant> {
        self.earliest(Some(i)).map(|wake| wake.at)
    }

    #[inline]
    fn earliest(&self, but: Option<usize>) -> Option<Wake> {
        let mut next: Option<(Deadline, Wake)> = None;
        for (instance, deadline) in self.deadlines.iter().enumerate() {
            if let Some(deadline) = *deadline
                && but != Some(instance)
                && next.is_none_or(|(earliest, _)| deadline < earliest)
            {
                next = Some((deadline, Wake { at: deadline.at, of: instance, timer: TimerKind::Protocol }));
            }
        }
        for &(at, instance, timer) in &self.delayed {
            let deadline = Deadline { at, order: u64::MAX };
            if next.is_none_or(|(earliest, _)| deadline < earliest) {
                next = Some((deadline, Wake { at, of: instance, timer }));
            }
        }
        let own = next.map(|(_, wake)| wake);
        if self.links.is_empty() && self.trackers.is_idle() && self.pacing.is_idle() {
            return own; // nearly always
        }
        let links = self.links.iter().enumerate().map(|(of, l)| Wake { at: l.at, of, timer: TimerKind::LinkDelay });
        let others = [self.trackers.next_wake(), self.pacing.next_wake()].into_iter().flatten();
        // among equal times the first one wins
        own.into_iter().chain(others).chain(links).min_by_key(|wake| wake.at)
    }

    /// Arms the protocol timer of an instance.
    pub(crate) fn set_deadline(&mut self, i: usize, at: Instant) {
        self.armings += 1;
        self.deadlines[i] = Some(Deadline { at, order: self.armings });
    }

    pub(crate) fn schedule(&mut self, now: Instant, i: usize, delay: Span, timer: TimerKind) {
        if delay > Span::ZERO {
            self.delayed.push((now + delay, i, timer));
        }
    }

    /// From when a timer counts: while the start is delayed, from the end of the delay.
    pub(crate) fn base(&self, now: Instant) -> Instant {
        self.delayed_until.map_or(now, |until| until.max(now))
    }

    /// `vrrp_startup_delay`: an advert that a backup ignores has its remaining time counted from the end of the delay.
    pub(super) fn put_off(&mut self, now: Instant, i: usize, event: Event) {
        let ignored = matches!(event, Event::Advert(_) | Event::Refused) && self.instances[i].state == State::Backup;
        if !(ignored && self.base(now) > now && self.policy.ignored_advert_extends_startup) {
            return;
        }
        if let Some(deadline) = self.deadlines[i] {
            let until = self.base(now) + deadline.at.since(now);
            self.set_deadline(i, until);
            self.trace(i, Rule::StartupDelay, TraceKind::Armed { until });
        }
    }

    pub(super) fn wake(&mut self, now: Instant) {
        while let Some(wake) = self.next_wake().filter(|wake| wake.at <= now && self.running) {
            let i = wake.of;
            if !matches!(wake.timer, TimerKind::Protocol) {
                self.again.forget();
            }
            match wake.timer {
                TimerKind::Protocol => {
                    self.deadlines[i] = None;
                    self.event(now, i, Event::TimerExpired, None);
                }
                TimerKind::DelayedAnnounce | TimerKind::DelayedLowerPrioAnnounce => self.announce_again(wake),
                TimerKind::Pace => self.announce_pending(now, i),
                TimerKind::LinkDelay => self.link_settled(now, i),
                TimerKind::ScriptRun => self.script_due(now, i),
                TimerKind::ScriptTimeout => self.script_overdue(now, i),
                TimerKind::ProcessDelay => self.processes_settled(now, i),
            }
        }
    }

    fn announce_again(&mut self, wake: Wake) {
        if let Some(found) = self.delayed.iter().position(|d| *d == (wake.at, wake.of, wake.timer)) {
            self.delayed.remove(found);
        }
        let garp = self.instances[wake.of].model.garp;
        let (rounds, rule) = match wake.timer {
            TimerKind::DelayedLowerPrioAnnounce => (garp.lower_prio_repeat, Rule::DelayedLowerPrioAnnounce),
            _ => (garp.repeat, Rule::DelayedAnnounce),
        };
        self.announce(wake.of, rounds, rule);
    }
}
