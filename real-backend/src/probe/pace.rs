//! How long an attempt may take: each step anew, and all of them together.
use std::time::Duration;

use tokio::time::{Instant, timeout_at};
use vrrplab_engine::Span;
use vrrplab_engine::health::Answer;

/// The whole may take so many times a step. keepalived has no such end: there a server that says a byte a second is asked for
/// ever, and stays what it was.
const MOST_STEPS: u32 = 10;

/// The patience with one attempt, which begins now.
#[derive(Clone, Copy, Debug)]
pub struct Pace {
    step: Duration,
    end: Instant,
}

impl Pace {
    /// `connect_timeout`.
    pub fn new(timeout: Span) -> Pace {
        let step = Duration::from_nanos(timeout.0);
        Pace { step, end: Instant::now() + step.saturating_mul(MOST_STEPS) }
    }

    /// When a step that begins now has taken too long.
    pub fn deadline(&self) -> Instant {
        (Instant::now() + self.step).min(self.end)
    }

    /// Waits for one step.
    pub async fn step<T>(&self, what: impl Future<Output = T>) -> Result<T, Answer> {
        timeout_at(self.deadline(), what).await.map_err(|_| Answer::TimedOut)
    }
}
