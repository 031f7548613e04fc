//! How long the command has been at it, for its progress and for `--for`. Nothing that is found depends on it, only how much.
#![expect(
    clippy::disallowed_methods,
    reason = "the patience of a person is real time; it ends the exploration and decides nothing in it"
)]
use std::time::{Duration, Instant};

/// When the command began.
#[derive(Clone, Copy, Debug)]
pub(in crate::cli) struct Clock(Instant);

impl Clock {
    /// Now.
    pub(in crate::cli) fn start() -> Clock {
        Clock(Instant::now())
    }

    /// Since then.
    pub(in crate::cli) fn passed(self) -> Duration {
        self.0.elapsed()
    }
}
