//! The event queue: simulated time advances only by popping it; ties go by order of insertion.
use std::cmp::{Ordering, Reverse};
use std::collections::BinaryHeap;
use std::collections::binary_heap::PeekMut;
use std::net::IpAddr;
use std::rc::Rc;

use vrrplab_engine::Instant;
use vrrplab_formats::world::{Member, Nic, NodeId};

use super::machine::Later;
use crate::fabric::PortId;

/// Who gets a frame at one instant.
#[derive(Clone, Debug)]
pub(super) enum Reached {
    One(PortId),
    Many(Rc<[PortId]>),
}

impl Reached {
    pub fn ports(&self) -> &[PortId] {
        match self {
            Reached::One(port) => std::slice::from_ref(port),
            Reached::Many(ports) => ports,
        }
    }
}

impl From<&[PortId]> for Reached {
    fn from(ports: &[PortId]) -> Reached {
        match *ports {
            [port] => Reached::One(port),
            _ => Reached::Many(ports.into()),
        }
    }
}

/// Something that is due.
#[derive(Clone, Debug)]
pub(super) enum Due {
    /// A frame reaches these ports at the same instant.
    Deliver { from: PortId, to: Reached, frame: Rc<[u8]> },
    /// A host wanted to be woken.
    Wake(Member),
    /// The scripted fault at this position.
    Fault(usize),
    /// A daemon starts as the scenario says.
    Start(usize),
    /// A cloud has moved an address.
    Assign { nic: Nic, address: IpAddr },
    /// The look at this position.
    Look(usize),
    /// A switch has something to do.
    Fabric,
    /// A router's kernel reports the groups that are wanted.
    Report { node: usize, nic: usize, anew: bool },
    /// The machine under this router does something.
    Later(usize, Later),
    /// A frame reaches one port, now or up to so many steps later.
    Held { from: PortId, to: PortId, frame: Rc<[u8]>, left: u32 },
    /// All chance is drawn from this seed from now on.
    Redraw(u64),
}

/// When an entry is due; among equal instants, the place taken earlier comes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Place {
    pub at: Instant,
    order: u64,
}

impl Place {
    /// Both as one number, which is compared without a branch.
    #[inline]
    fn rank(self) -> u128 {
        (u128::from(self.at.0) << 64) | u128::from(self.order)
    }
}

impl PartialOrd for Place {
    #[inline]
    fn partial_cmp(&self, other: &Place) -> Option<Ordering> {
        Some(self.cmp(other))
    }

    #[inline]
    fn lt(&self, other: &Place) -> bool {
        self.rank() < other.rank()
    }

    #[inline]
    fn le(&self, other: &Place) -> bool {
        self.rank() <= other.rank()
    }
}
impl Ord for Place {
    #[inline]
    fn cmp(&self, other: &Place) -> Ordering {
        self.rank().cmp(&other.rank())
    }
}

/// What the heap moves about is small: where something stands, not what it is.
#[derive(Clone, Copy)]
struct Entry {
    place: Place,
    what: What,
}

#[derive(Clone, Copy)]
enum What {
    /// The wake-up of this router, which most entries are.
    Router(u32),
    /// At this position of what is kept.
    Kept(u32),
    /// The next arrival of the frame at this position.
    Arrival(u32),
}

/// Places that are taken come behind this many, which are given by number.
const FIRST: u64 = 1 << 32;

/// A frame on its way to many, at many instants: one entry of the heap, which moves on from arrival to arrival.
#[derive(Clone)]
struct Spread {
    from: PortId,
    frame: Rc<[u8]>,
    /// The last one first.
    arrivals: Vec<(Place, Reached)>,
}

impl PartialEq for Entry {
    fn eq(&self, other: &Entry) -> bool {
        self.place == other.place
    }
}
impl Eq for Entry {}
impl PartialOrd for Entry {
    fn partial_cmp(&self, other: &Entry) -> Option<Ordering> {
        Some(self.cmp(other))
    }

    // the heap asks by this
    #[inline]
    fn le(&self, other: &Entry) -> bool {
        other.place <= self.place
    }
}
impl Ord for Entry {
    /// The earliest entry is the greatest: the heap pops it first.
    fn cmp(&self, other: &Entry) -> Ordering {
        other.place.cmp(&self.place)
    }
}

/// The queue.
#[derive(Clone, Default)]
pub(super) struct Queue {
    heap: BinaryHeap<Entry>,
    kept: Shelf<Due>,
    spreads: Shelf<Spread>,
    taken: u64,
}

impl Queue {
    pub fn push(&mut self, at: Instant, due: Due) {
        let place = self.take_place(at);
        self.put(place, due);
    }

    /// Before everything else of this moment, in this order, whenever it comes into the queue.
    pub fn push_first(&mut self, at: Instant, order: usize, due: Due) {
        let first = u64::try_from(order).map_or(FIRST, |order| order.min(FIRST));
        self.put(Place { at, order: first }, due);
    }

    /// Behind everything else of this moment, in this order.
    pub fn push_last(&mut self, at: Instant, order: usize, due: Due) {
        let last = u64::MAX / 2 + u64::try_from(order).unwrap_or(0);
        self.put(Place { at, order: last }, due);
    }

    /// A place to which something may be [`Queue::put`] later, but before its turn comes.
    pub fn take_place(&mut self, at: Instant) -> Place {
        self.taken += 1;
        Place { at, order: FIRST + self.taken }
    }

    pub fn put(&mut self, place: Place, due: Due) {
        let router = match due {
            Due::Wake(Member::Node(NodeId(n))) => u32::try_from(n).ok(),
            _ => None,
        };
        let what = router.map_or_else(|| What::Kept(self.kept.keep(due)), What::Router);
        self.heap.push(Entry { place, what });
    }

    /// A frame reaches these at these places. The list is empty then.
    pub fn spread(&mut self, from: PortId, frame: &Rc<[u8]>, arrivals: &mut Vec<(Place, Reached)>) {
        if arrivals.len() < 2 {
            for (place, to) in arrivals.drain(..) {
                self.put(place, Due::Deliver { from, to, frame: Rc::clone(frame) });
            }
            return;
        }
        arrivals.sort_unstable_by_key(|arrival| Reverse(arrival.0));
        let place = arrivals[arrivals.len() - 1].0;
        let spread = Spread { from, frame: Rc::clone(frame), arrivals: arrivals.split_off(0) };
        let what = What::Arrival(self.spreads.keep(spread));
        self.heap.push(Entry { place, what });
    }

    /// All entries but the wake-ups of routers, in no order.
    pub fn all(&self) -> impl Iterator<Item = (Place, Due)> {
        self.heap.iter().flat_map(|entry| match entry.what {
            What::Router(_) => Vec::new(),
            What::Kept(position) => self.kept.get(position).map(|due| (entry.place, due.clone())).into_iter().collect(),
            What::Arrival(position) => self.spreads.get(position).map_or_else(Vec::new, Spread::all),
        })
    }

    /// The router whose turn is first of all, until then.
    #[inline]
    pub fn first_router(&self, end: Instant) -> Option<(Place, usize)> {
        let first = self.heap.peek()?;
        match first.what {
            What::Router(n) if first.place.at <= end => Some((first.place, n as usize)),
            _ => None,
        }
    }

    /// The first turn of all moves back to this place.
    #[inline]
    pub fn move_first(&mut self, to: Place) {
        if let Some(mut first) = self.heap.peek_mut() {
            first.place = to;
        }
    }

    pub fn pop_until(&mut self, end: Instant) -> Option<(Place, Due)> {
        let mut first = self.heap.peek_mut()?;
        let Entry { place, what } = *first;
        if place.at > end {
            return None;
        }
        let due = match what {
            What::Router(n) => Due::Wake(Member::Node(NodeId(n as usize))),
            What::Kept(position) => self.kept.take(position)?,
            What::Arrival(position) => {
                let spread = self.spreads.get_mut(position)?;
                let (_, to) = spread.arrivals.pop()?;
                let due = Due::Deliver { from: spread.from, to, frame: Rc::clone(&spread.frame) };
                if let Some((next, _)) = spread.arrivals.last() {
                    first.place = *next;
                    return Some((place, due));
                }
                self.spreads.take(position);
                due
            }
        };
        PeekMut::pop(first);
        Some((place, due))
    }
}

impl Spread {
    fn all(&self) -> Vec<(Place, Due)> {
        let due = |to: &Reached| Due::Deliver { from: self.from, to: to.clone(), frame: Rc::clone(&self.frame) };
        self.arrivals.iter().map(|(place, to)| (*place, due(to))).collect()
    }
}

/// Things at positions that are used again.
#[derive(Clone)]
struct Shelf<T> {
    things: Vec<Option<T>>,
    /// Positions with nothing in them.
    free: Vec<u32>,
}

impl<T> Default for Shelf<T> {
    fn default() -> Shelf<T> {
        Shelf { things: Vec::new(), free: Vec::new() }
    }
}

impl<T> Shelf<T> {
    fn keep(&mut self, thing: T) -> u32 {
        if let Some(position) = self.free.pop() {
            self.things[position as usize] = Some(thing);
            return position;
        }
        self.things.push(Some(thing));
        u32::try_from(self.things.len() - 1).expect("fewer than 2^32 things are due at once")
    }

    fn get(&self, position: u32) -> Option<&T> {
        self.things.get(position as usize)?.as_ref()
    }

    fn get_mut(&mut self, position: u32) -> Option<&mut T> {
        self.things.get_mut(position as usize)?.as_mut()
    }

    fn take(&mut self, position: u32) -> Option<T> {
        let thing = self.things.get_mut(position as usize)?.take()?;
        self.free.push(position);
        Some(thing)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn drained(mut queue: Queue) -> Vec<String> {
        std::iter::from_fn(|| queue.pop_until(Instant(9))).map(|(at, due)| format!("{}:{due:?}", at.at.0)).collect()
    }

    #[test]
    fn ties_go_by_order_of_insertion() {
        let mut queue = Queue::default();
        queue.push(Instant(5), Due::Fault(0));
        queue.push(Instant(3), Due::Fault(1));
        queue.push(Instant(5), Due::Fault(2));
        assert_eq!(drained(queue), ["3:Fault(1)", "5:Fault(0)", "5:Fault(2)"]);
    }

    #[test]
    fn what_is_first_of_its_moment_is_so_however_late_it_comes() {
        let mut queue = Queue::default();
        queue.push(Instant(5), Due::Fault(7));
        queue.push_last(Instant(5), 0, Due::Fault(8));
        queue.push_first(Instant(5), 1, Due::Fault(1));
        queue.push_first(Instant(5), 0, Due::Fault(0));
        assert_eq!(drained(queue), ["5:Fault(0)", "5:Fault(1)", "5:Fault(7)", "5:Fault(8)"]);
    }

    #[test]
    fn a_router_that_is_first_moves_on_without_leaving_the_queue() {
        let mut queue = Queue::default();
        queue.push(Instant(3), Due::Wake(Member::Node(NodeId(7))));
        queue.push(Instant(5), Due::Fault(0));
        assert_eq!(queue.first_router(Instant(2)), None, "its turn has not come");
        let (first, n) = queue.first_router(Instant(3)).expect("it is first");
        assert_eq!((first.at, n), (Instant(3), 7));
        let later = queue.take_place(Instant(5));
        queue.move_first(later);
        assert_eq!(queue.first_router(Instant(9)), None, "the fault of that instant came into the queue before");
        assert_eq!(drained(queue), ["5:Fault(0)", "5:Wake(Node(NodeId(7)))"]);
    }

    #[test]
    fn a_place_is_kept_for_who_comes_late() {
        let mut queue = Queue::default();
        let place = queue.take_place(Instant(5));
        queue.push(Instant(5), Due::Fault(0));
        queue.put(place, Due::Fault(1));
        assert_eq!(drained(queue), ["5:Fault(1)", "5:Fault(0)"]);
    }

    #[test]
    fn a_frame_that_reaches_many_keeps_the_place_of_each_arrival() {
        let mut queue = Queue::default();
        let frame: Rc<[u8]> = Rc::from([7]);
        let mut arrivals = Vec::new();
        for (at, port) in [(5, 0), (3, 1), (4, 2), (3, 3)] {
            arrivals.push((queue.take_place(Instant(at)), Reached::One(PortId(port))));
        }
        queue.push(Instant(4), Due::Fault(0));
        queue.spread(PortId(9), &frame, &mut arrivals);
        assert!(arrivals.is_empty());
        assert_eq!(queue.all().count(), 5);
        let mut order = Vec::new();
        while let Some((place, due)) = queue.pop_until(Instant(9)) {
            let to = if let Due::Deliver { to, .. } = &due { to.ports().to_vec() } else { Vec::new() };
            order.push((place.at.0, to));
        }
        let at = |at, port| (at, vec![PortId(port)]);
        assert_eq!(order, [at(3, 1), at(3, 3), at(4, 2), (4, vec![]), at(5, 0)]);
        assert_eq!(queue.all().count(), 0);
    }

    #[test]
    fn nothing_beyond_the_end_is_popped() {
        let mut queue = Queue::default();
        queue.push(Instant(5), Due::Fault(0));
        assert!(queue.pop_until(Instant(4)).is_none());
        assert!(queue.pop_until(Instant(5)).is_some());
    }
}
