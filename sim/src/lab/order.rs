//! What a world leaves open: which of the events of one instant comes first, and how long an advert is under way. Whoever
//! wants to decide that takes an [`Offer`] instead of a step.
use std::fmt::Write;
use std::rc::Rc;

use vrrplab_engine::{Engine, Instant, Span, State};
use vrrplab_formats::world::{Member, NodeId};
use vrrplab_wire::is_vrrp;

use super::queue::{Due, Place};
use super::roster::Turn;
use super::{Lab, Watchers};

/// The events of the next instant, and what may be done with them.
#[derive(Debug)]
pub struct Offer {
    at: Instant,
    items: Vec<(Place, Due)>,
    choices: Vec<Choice>,
}

/// One thing that may come next.
#[derive(Clone, Copy, Debug)]
enum Choice {
    /// The event at this position happens.
    Do(usize),
    /// The frame at this position is under way for a step longer.
    Wait(usize),
}

impl Offer {
    /// When.
    pub fn at(&self) -> Instant {
        self.at
    }

    /// Whether this choice keeps an advert under way.
    pub fn holds_back(&self, choice: usize) -> bool {
        matches!(self.choices.get(choice), Some(Choice::Wait(_)))
    }

    /// How many choices there are: at least one. The first is what a run without choices does.
    pub fn count(&self) -> usize {
        self.choices.len()
    }
}

impl Lab<'_> {
    /// The next instant's events. Each advert may be late by so many steps. `None`: the end has come; a step tells the
    /// observers.
    pub fn offer(&mut self, slack: u32) -> Option<Offer> {
        let mut items = Vec::new();
        let (place, due) = self.queue.pop_until(self.end)?;
        let at = place.at;
        split(&mut items, place, due, slack);
        while let Some((place, due)) = self.queue.pop_until(at) {
            split(&mut items, place, due, slack);
        }
        // the parts of a frame that reaches several hosts have one place
        items.sort_by_key(|(place, due)| (*place, receiver(due)));
        let choices = self.choices(&items);
        Some(Offer { at, items, choices })
    }

    fn choices(&self, items: &[(Place, Due)]) -> Vec<Choice> {
        let free = |position: &usize| !follows(&items[..*position], &items[*position].1);
        let free: Vec<usize> = (0..items.len()).filter(free).collect();
        if let Some(silent) = free.iter().find(|position| self.is_silent(&items[**position])) {
            return vec![Choice::Do(*silent)];
        }
        let waits = |position: &&usize| matches!(items[**position].1, Due::Held { left: 1.., .. });
        let late = free.iter().filter(waits).map(|position| Choice::Wait(*position));
        free.iter().map(|position| Choice::Do(*position)).chain(late).collect()
    }

    /// What comes in any order and changes nothing for VRRP.
    fn is_silent(&self, (place, due): &(Place, Due)) -> bool {
        match due {
            Due::Held { frame, .. } => !is_vrrp(frame),
            Due::Wake(Member::Node(NodeId(n))) => self.routers.due(*n, *place) != Turn::Now,
            Due::Fabric | Due::Report { .. } => true,
            _ => false,
        }
    }

    /// Lets one of the choices come true.
    pub fn take(&mut self, offer: Offer, choice: usize, step: Span, watchers: Watchers<'_, '_>) {
        let Offer { at, mut items, choices } = offer;
        self.now = at;
        let chosen = choices.get(choice).copied().unwrap_or(choices[0]);
        let (Choice::Do(position) | Choice::Wait(position)) = chosen;
        let (place, due) = items.remove(position);
        for (place, due) in items {
            self.queue.put(place, due);
        }
        match (chosen, due) {
            (Choice::Wait(_), Due::Held { from, to, frame, left }) => {
                self.queue.push(at + step, Due::Held { from, to, frame, left: left.saturating_sub(1) });
            }
            (_, due) => self.happen(place, due, watchers),
        }
    }

    /// A choice in words.
    pub fn describe(&self, offer: &Offer, choice: usize) -> String {
        let Some(chosen) = offer.choices.get(choice) else { return String::new() };
        let (Choice::Do(position) | Choice::Wait(position)) = *chosen;
        let host = |port: crate::fabric::PortId| self.ports[port.0].label.clone();
        match (&offer.items[position].1, chosen) {
            (Due::Held { from, to, .. }, Choice::Do(_)) => {
                format!("the advert of {} reaches {}", host(*from), host(*to))
            }
            (Due::Held { from, to, .. }, Choice::Wait(_)) => {
                format!("the advert of {} to {} is under way for longer", host(*from), host(*to))
            }
            (Due::Wake(Member::Node(NodeId(n))), _) => format!("the timer of {}", self.world.nodes[*n].model.name),
            (Due::Start(n), _) => format!("the start of {}", self.world.nodes[*n].model.name),
            (Due::Fault(position), _) => format!("fault {} of the timeline", position + 1),
            (Due::Later(n, _), _) => format!("the machine of {}", self.world.nodes[*n].model.name),
            _ => "something else".to_owned(),
        }
    }

    /// All that decides what comes, as a number: engines, addresses, what is under way, the time.
    pub fn state(&self, offer: &Offer) -> u64 {
        let mut text = Hashed::new();
        let _ = write!(text, "{:?}", offer.at);
        for (n, router) in self.routers.iter().enumerate() {
            let due = self.routers.scheduled(n);
            let life = (router.crashed, router.paused, router.held(), router.waiting.len(), router.unread.len(), due);
            let told = (&router.processes, &router.sessions, router.virtual_addresses());
            let _ = write!(text, "{life:?} {told:?} {:?}", router.engine);
        }
        // equal whatever the order in which it was made
        let ahead = offer.items.iter().cloned().chain(self.queue.all());
        let mut ahead: Vec<u64> = ahead.filter_map(|(place, due)| entry(place, &due)).collect();
        ahead.sort_unstable();
        let _ = write!(text, "{ahead:?}");
        text.0
    }

    /// The instances that are MASTER: node and position.
    pub fn masters(&self) -> impl Iterator<Item = (NodeId, usize)> {
        self.routers.iter().enumerate().flat_map(|(n, router)| {
            let masters = router.engine.iter().flat_map(Engine::status).enumerate();
            masters.filter(|(_, status)| status.state == State::Master).map(move |(i, _)| (NodeId(n), i))
        })
    }
}

/// A number for a text, without the text: FNV-1a.
#[derive(Clone, Copy, Debug)]
pub struct Hashed(pub u64);

impl Hashed {
    /// Of nothing.
    pub const fn new() -> Hashed {
        Hashed(0xcbf2_9ce4_8422_2325)
    }
}

impl Default for Hashed {
    fn default() -> Hashed {
        Hashed::new()
    }
}

impl Write for Hashed {
    fn write_str(&mut self, text: &str) -> std::fmt::Result {
        for byte in text.bytes() {
            self.0 = (self.0 ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3);
        }
        Ok(())
    }
}

/// An entry that is ahead. A router's wake-up is in its own state, and may be in the queue more than once.
fn entry(place: Place, due: &Due) -> Option<u64> {
    if matches!(due, Due::Wake(Member::Node(_)) | Due::Look(_)) {
        return None;
    }
    let mut text = Hashed::new();
    let _ = write!(text, "{:?} {due:?}", place.at);
    Some(text.0)
}

/// A frame for several hosts reaches each by itself.
fn split(items: &mut Vec<(Place, Due)>, place: Place, due: Due, slack: u32) {
    let Due::Deliver { from, to, frame } = due else { return items.push((place, due)) };
    let left = if is_vrrp(&frame) { slack } else { 0 };
    items.extend(to.ports().iter().map(|to| (place, Due::Held { from, to: *to, frame: Rc::clone(&frame), left })));
}

fn receiver(due: &Due) -> usize {
    if let Due::Held { to, .. } = due { to.0 } else { 0 }
}

/// Whether something before it has to come first: frames from one host to another keep their order, as faults do; a look
/// comes last.
fn follows(before: &[(Place, Due)], due: &Due) -> bool {
    match due {
        Due::Held { from, to, .. } => {
            before.iter().any(|(_, other)| matches!(other, Due::Held { from: a, to: b, .. } if (a, b) == (from, to)))
        }
        Due::Fault(_) => before.iter().any(|(_, other)| matches!(other, Due::Fault(_))),
        Due::Look(_) => !before.is_empty(),
        _ => false,
    }
}
