//! What is promised about a client, or about a block of clients together.
use vrrplab_engine::{Instant, Span};

use super::ClientId;

/// The bounds of what a client saw. Of a block of clients, lost requests, resets and late answers are summed up, the
/// longest outage is that of the worst, and all of them must be back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClientPromise {
    /// The client, or the first of the block.
    pub first: ClientId,
    /// How many clients in a row.
    pub count: usize,
    /// The name that was promised about.
    pub name: String,
    /// Fewest and most lost requests.
    pub lost: (u64, u64),
    /// The shortest and the longest that the longest time between two answers in a row may be.
    pub longest: (Span, Span),
    /// Fewest and most connections that were reset.
    pub resets: (u64, u64),
    /// Most late answers.
    pub late_at_most: u64,
    /// Every request that is asked from this moment on is answered.
    pub back_by: Option<Instant>,
}
