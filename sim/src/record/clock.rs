//! The machine's clocks. A recording is made of real time; the simulator gets its time as an argument.
#![expect(
    clippy::disallowed_types,
    clippy::disallowed_methods,
    reason = "a recording is a measurement, so the real clock is read"
)]
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// Nanoseconds since 1970, the clock that the kernel stamps frames and messages with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Epoch(pub u64);

/// The real clock beside one that nobody sets: how far the two move apart tells whether the real one was set.
#[derive(Clone, Copy, Debug)]
pub struct Pair(Epoch, Instant);

impl Pair {
    /// Now.
    pub fn now() -> Pair {
        Pair(Epoch::now(), Instant::now())
    }

    /// By how many nanoseconds the real clock has gained on the other since then.
    pub fn gained(self) -> i128 {
        let real = i128::from(Epoch::now().0) - i128::from(self.0.0);
        real - i128::try_from(self.1.elapsed().as_nanos()).unwrap_or(i128::MAX)
    }
}

impl Epoch {
    /// Now.
    pub fn now() -> Epoch {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Epoch(u64::try_from(since.as_nanos()).unwrap_or(u64::MAX))
    }

    /// From now to then; nothing when it is over.
    pub fn wait(self) -> Duration {
        Duration::from_nanos(self.0.saturating_sub(Epoch::now().0))
    }

    /// So much later.
    pub fn plus(self, ns: u64) -> Epoch {
        Epoch(self.0.saturating_add(ns))
    }
}
