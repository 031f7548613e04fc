//! Rogues: hosts that listen, and send what faults make them send.
use std::rc::Rc;

use vrrplab_engine::Instant;
use vrrplab_formats::world::{Fault, Forgery, Member, NodeId, Pace, Rogue, RogueFault, RogueId, World};
use vrrplab_wire::is_vrrp;

use super::queue::Due;
use super::{Lab, Watchers, forger};
use crate::fabric::{PortId, PortSetup};

/// Something that a rogue is at.
#[derive(Clone)]
struct Deed<'w> {
    sends: &'w Forgery,
    pace: Pace,
    /// When its next frame goes out.
    next: Instant,
    /// How many have gone out.
    sent: u64,
}

/// A rogue at its port.
#[derive(Clone)]
pub(super) struct RogueSeat<'w> {
    port: PortId,
    /// Whose adverts it keeps, to send them again later.
    listens_to: Vec<NodeId>,
    heard: Vec<(NodeId, Rc<[u8]>)>,
    deeds: Vec<Deed<'w>>,
}

impl<'w> RogueSeat<'w> {
    pub fn new(id: RogueId, port: PortId, world: &World) -> RogueSeat<'w> {
        let replays = world.faults.iter().filter_map(|timed| match &timed.fault {
            Fault::Rogue(RogueFault { rogue, sends: Forgery::Replay { of }, .. }) if *rogue == id => Some(*of),
            _ => None,
        });
        RogueSeat { port, listens_to: replays.collect(), heard: Vec::new(), deeds: Vec::new() }
    }

    /// The frame that a deed sends next; nothing when none was heard.
    fn frame(&self, deed: &Deed<'_>) -> Option<Vec<u8>> {
        match deed.sends {
            Forgery::Advert(advert) => Some(forger::advert(advert, deed.sent)),
            Forgery::Announce { ip, mac } => Some(forger::announcement(*ip, *mac)),
            Forgery::Replay { of } => {
                let heard: Vec<&Rc<[u8]>> =
                    self.heard.iter().filter(|(from, _)| from == of).map(|(_, frame)| frame).collect();
                let turn = deed.sent.checked_rem(heard.len() as u64)?;
                heard.get(usize::try_from(turn).ok()?).map(|frame| frame.to_vec())
            }
        }
    }
}

impl<'w> Lab<'w> {
    /// A rogue begins something.
    pub(super) fn rogue_fault(&mut self, fault: &'w RogueFault) {
        let RogueId(r) = fault.rogue;
        self.rogues[r].deeds.push(Deed { sends: &fault.sends, pace: fault.pace, next: self.now, sent: 0 });
        self.queue.push(self.now, Due::Wake(Member::Rogue(fault.rogue)));
    }

    /// A rogue keeps the adverts that it wants to send again.
    pub(super) fn rogue_hears(&mut self, r: usize, from: PortId, frame: &Rc<[u8]>) {
        let Member::Node(sender) = self.ports[from.0].owner else { return };
        let rogue = &mut self.rogues[r];
        if rogue.listens_to.contains(&sender) && is_vrrp(frame) {
            rogue.heard.push((sender, frame.clone()));
        }
    }

    /// Sends what is due at a rogue, in the order in which it began.
    pub(super) fn wake_rogue(&mut self, r: usize, watchers: Watchers<'_, '_>) {
        let mut frames = Vec::new();
        let mut deeds = std::mem::take(&mut self.rogues[r].deeds);
        for deed in deeds.iter_mut().filter(|deed| deed.next == self.now) {
            frames.extend(self.rogues[r].frame(deed));
            deed.sent += 1;
            deed.next = self.now + deed.pace.every;
            if deed.pace.count.is_none_or(|count| deed.sent < count) {
                self.queue.push(deed.next, Due::Wake(Member::Rogue(RogueId(r))));
            }
        }
        deeds.retain(|deed| deed.pace.count.is_none_or(|count| deed.sent < count));
        self.rogues[r].deeds = deeds;
        for frame in frames {
            self.transmit(self.rogues[r].port, frame, None, watchers);
        }
    }
}

/// The port of a rogue.
pub(super) fn port(rogue: &Rogue, owner: Member) -> PortSetup {
    let security = rogue.security.clone();
    PortSetup { security, ..PortSetup::new(rogue.network, owner, rogue.mac, vec![rogue.addr]) }
}
