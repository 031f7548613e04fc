//! The one clock of the daemon: CLOCK_MONOTONIC, which no one can set. The time of day is for people, reports and recordings.
use nix::time::{ClockId, clock_gettime};
use vrrplab_engine::Instant;

use crate::counters::Moment;

/// Nanoseconds since the kernel's zero. A kernel without this clock does not run Rust programs.
pub fn now() -> Instant {
    clock_gettime(ClockId::CLOCK_MONOTONIC).map_or(Instant::ZERO, |time| {
        let seconds = u64::try_from(time.tv_sec()).unwrap_or(0);
        let nanos = u64::try_from(time.tv_nsec()).unwrap_or(0);
        Instant(seconds.saturating_mul(1_000_000_000).saturating_add(nanos))
    })
}

/// Nanoseconds since 1970, as the host believes. Nothing is decided by it.
pub fn wall() -> u64 {
    clock_gettime(ClockId::CLOCK_REALTIME).map_or(0, |time| {
        let seconds = u64::try_from(time.tv_sec()).unwrap_or(0);
        seconds.saturating_mul(1_000_000_000).saturating_add(u64::try_from(time.tv_nsec()).unwrap_or(0))
    })
}

/// Milliseconds since 1970, for people and their tools.
pub fn unix_ms() -> u64 {
    wall() / 1_000_000
}

/// Both.
pub fn moment() -> Moment {
    Moment { now: now(), unix_ms: unix_ms() }
}

#[cfg(test)]
mod tests {
    use super::now;

    #[test]
    fn it_never_goes_back() {
        let before = now();
        assert!(before.0 > 0 && now() >= before);
    }
}
