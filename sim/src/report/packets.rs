//! What was sent during a run, and what became of it: whom it reached, where it was dropped and why.
use std::collections::{BTreeMap, VecDeque};
use std::net::IpAddr;

use vrrplab_engine::model::{AddressFamily, InstanceModel};
use vrrplab_engine::{Instant, Rule, Span};
use vrrplab_formats::world::{FrameKind, Member, World};
use vrrplab_wire::Envelope;

use super::data::FRAME_BYTES;
use super::strings::Pool;
use crate::fabric::{DropReason, PortId};
use crate::moment::{Moment, PortInfo};
use crate::observe::classify::classify;

/// No frame is on its way for longer than this.
const FLIGHT: Span = Span::from_secs(5);

/// One frame that was sent.
#[derive(Clone, Debug)]
pub(super) struct Packet {
    pub at: Instant,
    pub from: PortId,
    /// Position among the different frames.
    pub frame: usize,
    pub length: usize,
    pub kind: u8,
    /// Position among the seats: whose advert it is.
    pub seat: Option<usize>,
    pub rule: Option<Rule>,
    pub reached: Vec<usize>,
    /// Until the first port was reached.
    pub delay: Span,
    pub dropped: Vec<(Option<PortId>, DropReason)>,
}

/// An instance, known by what its adverts tell.
#[derive(Clone, Debug)]
struct Seat {
    owner: Member,
    iface: String,
    vrid: u8,
    family: AddressFamily,
}

/// Collects packets.
#[derive(Debug)]
pub(super) struct Flights {
    ports: Vec<PortInfo>,
    seats: Vec<Seat>,
    pub packets: Vec<Packet>,
    pub frames: Pool<Vec<u8>>,
    /// Packets that may still arrive or be dropped, by sender.
    flying: BTreeMap<PortId, VecDeque<usize>>,
}

impl Flights {
    /// Nothing sent yet.
    pub fn new(world: &World, ports: &[PortInfo]) -> Flights {
        let mut seats = Vec::new();
        for (n, node) in world.nodes.iter().enumerate() {
            let owner = Member::Node(vrrplab_formats::world::NodeId(n));
            seats.extend(node.model.instances.iter().map(|instance: &InstanceModel| Seat {
                owner,
                iface: node.model.interface(instance.iface).map(|i| i.name.clone()).unwrap_or_default(),
                vrid: instance.vrid.get(),
                family: instance.family,
            }));
        }
        Flights { ports: ports.to_vec(), seats, packets: Vec::new(), frames: Pool::default(), flying: BTreeMap::new() }
    }

    /// Sees a moment; the position of the packet that it is about.
    pub fn see(&mut self, at: Instant, moment: &Moment<'_>) -> Option<usize> {
        match *moment {
            Moment::Sent { port, bytes, rule } => Some(self.sent(at, port, bytes, rule)),
            Moment::Delivered { from, to, bytes } => {
                let packet = self.flight(from, bytes, |packet| !packet.reached.contains(&to.0))?;
                let sent = &mut self.packets[packet];
                if sent.reached.is_empty() {
                    sent.delay = at.since(sent.at);
                }
                sent.reached.push(to.0);
                Some(packet)
            }
            Moment::Dropped { from, to, reason, bytes } => {
                let packet = self.flight(from, bytes, |packet| !packet.dropped.iter().any(|(of, _)| *of == to))?;
                self.packets[packet].dropped.push((to, reason));
                Some(packet)
            }
            _ => None,
        }
    }

    fn sent(&mut self, at: Instant, port: PortId, bytes: &[u8], rule: Option<Rule>) -> usize {
        let kind = match classify(bytes) {
            Some(FrameKind::Advert) => 1,
            Some(FrameKind::Release) => 2,
            Some(FrameKind::GratuitousArp | FrameKind::NeighbourAdvert) => 3,
            None => 0,
        };
        let position = self.packets.len();
        let flying = self.flying.entry(port).or_default();
        while flying.front().is_some_and(|first| at.since(self.packets[*first].at) > FLIGHT) {
            flying.pop_front();
        }
        flying.push_back(position);
        let kept = &bytes[..bytes.len().min(FRAME_BYTES)];
        self.packets.push(Packet {
            at,
            from: port,
            frame: self.frames.position(kept),
            length: bytes.len(),
            kind,
            seat: self.seat(port, bytes),
            rule,
            reached: Vec::new(),
            delay: Span::ZERO,
            dropped: Vec::new(),
        });
        position
    }

    /// The packet of these bytes whose fate is still open.
    fn flight(&mut self, from: PortId, bytes: &[u8], open: impl Fn(&Packet) -> bool) -> Option<usize> {
        let frame = self.frames.position(&bytes[..bytes.len().min(FRAME_BYTES)]);
        let flying = self.flying.get(&from)?;
        flying.iter().copied().find(|position| self.packets[*position].frame == frame && open(&self.packets[*position]))
    }

    fn seat(&self, port: PortId, bytes: &[u8]) -> Option<usize> {
        let info = self.ports.get(port.0)?;
        let envelope = Envelope::parse(bytes)?;
        let vrid = *envelope.payload.get(1)?;
        let family = if matches!(envelope.src, IpAddr::V6(_)) { AddressFamily::V6 } else { AddressFamily::V4 };
        let is = |seat: &&Seat| seat.owner == info.owner && seat.vrid == vrid && seat.family == family;
        let iface = info.label.rsplit_once(':').map_or("", |(_, iface)| iface);
        let here = self.seats.iter().position(|seat| is(&seat) && seat.iface == iface);
        here.or_else(|| self.seats.iter().position(|seat| is(&seat)))
    }
}
