//! A queue of moments. Entries whose moment moved later stay where they are and are looked at again when they come up.
use alloc::collections::BinaryHeap;
use core::cmp::Reverse;

use crate::time::Instant;

/// The queue: the earliest moment first, the lower slot among equals.
#[derive(Clone, Debug, Default)]
pub(super) struct Timers(BinaryHeap<Reverse<(Instant, u32)>>);

impl Timers {
    /// Room for so many.
    pub fn with_capacity(entries: usize) -> Timers {
        Timers(BinaryHeap::with_capacity(entries))
    }
    /// Bytes in memory.
    pub fn memory(&self) -> usize {
        self.0.capacity() * size_of::<Reverse<(Instant, u32)>>()
    }
    /// One more.
    pub fn push(&mut self, at: Instant, slot: u32) {
        self.0.push(Reverse((at, slot)));
    }
    /// The earliest, if it is not after `now`.
    pub fn pop_until(&mut self, now: Instant) -> Option<(Instant, u32)> {
        let Reverse((at, _)) = *self.0.peek()?;
        if at > now {
            return None;
        }
        self.0.pop().map(|Reverse(first)| first)
    }
    /// The earliest.
    pub fn first(&self) -> Option<Instant> {
        self.0.peek().map(|Reverse((at, _))| *at)
    }
}
