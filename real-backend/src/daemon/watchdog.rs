//! Tells the service manager that the loop is alive. Only the loop does, so one that hangs is noticed.
use std::time::Duration;

use vrrplab_engine::{Instant, Span};

use super::notify_manager;

/// When it is told next.
#[derive(Debug, Default)]
pub(super) struct Watchdog {
    due: Option<(Instant, Span)>,
}

impl Watchdog {
    /// What the service manager asks for; nothing where it does not.
    pub fn new(now: Instant) -> Watchdog {
        Watchdog::of(sd_notify::watchdog_enabled(), now)
    }

    /// Twice in the time after which it would give us up.
    fn of(limit: Option<Duration>, now: Instant) -> Watchdog {
        let half = limit.and_then(|limit| u64::try_from(limit.as_micros() / 2).ok()).filter(|half| *half > 0);
        Watchdog { due: half.map(|half| (now, Span::from_micros(half))) }
    }

    /// When the loop must come by.
    pub fn next_wake(&self) -> Option<Instant> {
        self.due.map(|(at, _)| at)
    }

    /// The loop comes by.
    pub fn be_in_time(&mut self, now: Instant) {
        if self.is_due(now) {
            notify_manager(&[sd_notify::NotifyState::Watchdog]);
        }
    }

    fn is_due(&mut self, now: Instant) -> bool {
        match &mut self.due {
            Some((at, every)) if *at <= now => {
                *at = now + *every;
                true
            }
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(millis: u64) -> Instant {
        Instant(0) + Span::from_millis(millis)
    }

    #[test]
    fn it_is_told_at_once_and_then_twice_in_the_time_of_the_manager() {
        let mut watchdog = Watchdog::of(Some(Duration::from_secs(30)), at(1000));
        assert!(watchdog.is_due(at(1000)));
        assert_eq!(watchdog.next_wake(), Some(at(16_000)));
        assert!(!watchdog.is_due(at(15_999)));
        assert!(watchdog.is_due(at(16_100)), "a loop that was late for a moment");
        assert_eq!(watchdog.next_wake(), Some(at(31_100)));
    }

    #[test]
    fn where_nobody_asks_the_loop_is_not_woken() {
        let mut nobody = Watchdog::of(None, at(0));
        assert_eq!(nobody.next_wake(), None);
        assert!(!nobody.is_due(at(1_000_000)));
        assert_eq!(Watchdog::of(Some(Duration::from_micros(1)), at(0)).next_wake(), None);
    }
}
