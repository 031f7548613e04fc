//! The timers of the node: one table, one deadline ahead.
use super::Engine;
use crate::io::{TimerKind, Wake};
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
    /// When to call again with [`Input::Wake`], and why.
    pub fn next_wake(&self) -> Option<Wake> {
        let mut next: Option<(Deadline, Wake)> = None;
        for (instance, deadline) in self.deadlines.iter().enumerate() {
            if let Some(deadline) = *deadline
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
        let tracker = self.trackers.next_wake();
        match (next.map(|(_, wake)| wake), tracker) {
            (Some(own), Some(other)) if other.at < own.at => Some(other),
            (own, other) => own.or(other),
        }
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

    pub(super) fn wake(&mut self, now: Instant) {
        while let Some(wake) = self.next_wake().filter(|wake| wake.at <= now && self.running) {
            let i = wake.of;
            match wake.timer {
                TimerKind::Protocol => {
                    self.deadlines[i] = None;
                    self.event(now, i, Event::TimerExpired, None);
                }
                TimerKind::DelayedAnnounce | TimerKind::DelayedLowerPrioAnnounce => self.announce_again(wake),
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
