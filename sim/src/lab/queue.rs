//! The event queue: simulated time advances only by popping it; ties go by order of insertion.
use std::cmp::Ordering;
use std::collections::BinaryHeap;
use std::rc::Rc;

use vrrplab_engine::Instant;
use vrrplab_formats::world::Member;

use crate::fabric::PortId;

/// Something that is due.
#[derive(Clone, Debug)]
pub(super) enum Due {
    /// A frame reaches these ports at the same instant.
    Deliver { from: PortId, to: Vec<PortId>, frame: Rc<[u8]> },
    /// A host wanted to be woken.
    Wake(Member),
    /// The scripted fault at this position.
    Fault(usize),
    /// A daemon starts as the scenario says.
    Start(usize),
}

struct Entry {
    at: Instant,
    order: u64,
    due: Due,
}

impl PartialEq for Entry {
    fn eq(&self, other: &Entry) -> bool {
        self.order == other.order
    }
}
impl Eq for Entry {}
impl PartialOrd for Entry {
    fn partial_cmp(&self, other: &Entry) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}
impl Ord for Entry {
    /// The earliest entry is the greatest: the heap pops it first.
    fn cmp(&self, other: &Entry) -> Ordering {
        (other.at, other.order).cmp(&(self.at, self.order))
    }
}

/// The queue.
#[derive(Default)]
pub(super) struct Queue {
    heap: BinaryHeap<Entry>,
    pushed: u64,
}

impl Queue {
    pub fn push(&mut self, at: Instant, due: Due) {
        self.pushed += 1;
        self.heap.push(Entry { at, order: self.pushed, due });
    }

    pub fn pop_until(&mut self, end: Instant) -> Option<(Instant, Due)> {
        if self.heap.peek()?.at > end {
            return None;
        }
        self.heap.pop().map(|entry| (entry.at, entry.due))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ties_go_by_order_of_insertion() {
        let mut queue = Queue::default();
        queue.push(Instant(5), Due::Fault(0));
        queue.push(Instant(3), Due::Fault(1));
        queue.push(Instant(5), Due::Fault(2));
        let order: Vec<String> =
            std::iter::from_fn(|| queue.pop_until(Instant(9))).map(|(at, due)| format!("{}:{due:?}", at.0)).collect();
        assert_eq!(order, ["3:Fault(1)", "5:Fault(0)", "5:Fault(2)"]);
    }

    #[test]
    fn nothing_beyond_the_end_is_popped() {
        let mut queue = Queue::default();
        queue.push(Instant(5), Due::Fault(0));
        assert!(queue.pop_until(Instant(4)).is_none());
        assert!(queue.pop_until(Instant(5)).is_some());
    }
}
