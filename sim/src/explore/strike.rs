//! One drawn fault: when, for how long, what breaks, and what mends it.
use std::num::NonZeroU8;

use vrrplab_engine::{Instant, Span};
use vrrplab_formats::world::{
    Behaviour, Child, ClientId, Direction, FabricFault, Fault, FrameClass, KernelFault, LinkChange, LinkPlace,
    LinkQuality, Member, NetworkId, Nic, NodeFault, NodeId, Ppm, ServiceChange, ServiceFault, SignedSpan, StunClock,
    World,
};

use super::kind::Kind;
use super::spot::{Spot, Target};
use crate::chance::Chance;

/// A fault that ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Strike {
    /// What kind it is of.
    pub kind: Kind,
    /// When it begins.
    pub at: Instant,
    /// How long it lasts; nothing when it is over at once.
    pub lasts: Span,
    /// What happens.
    pub begin: Fault,
    /// What mends it, where it does not end by itself.
    pub end: Option<Fault>,
}

impl Strike {
    /// When it is over.
    pub fn is_over(&self) -> Instant {
        self.at + self.lasts
    }

    /// It lasts this long instead.
    pub fn last(&mut self, lasts: Span) {
        self.lasts = lasts;
        match &mut self.begin {
            Fault::Node(NodeFault::Stun { length, .. }) => *length = lasts,
            Fault::Fabric(FabricFault::Storm { lasts: length, .. }) => *length = lasts,
            _ => {}
        }
    }

    /// What happens, and when.
    pub fn faults(&self) -> impl Iterator<Item = (Instant, &Fault)> {
        let end = self.end.as_ref().map(|end| (self.is_over(), end));
        [(self.at, &self.begin)].into_iter().chain(end)
    }
}

/// From the shortest to the longest of each scale of durations, in milliseconds.
const SCALES: [(u64, u64); 4] = [(10, 100), (100, 1_000), (1_000, 5_000), (5_000, 20_000)];

/// Draws a fault for a spot, to be over by the end of `window`.
pub fn draw(spot: &Spot, seed: u64, chance: &mut Chance, world: &World, window: Span) -> Option<Strike> {
    let fine = if chance.below(2) == 0 { 0 } else { chance.below(1_000) };
    let at = Instant(0) + Span::from_millis(chance.below(window.0 / 1_000_000)) + Span::from_micros(fine);
    let (least, most) = SCALES[usize::try_from(chance.below(4)).unwrap_or_default()];
    let lasts = Span::from_millis(least + chance.below(most - least)).min(Span(window.0.saturating_sub(at.0)));
    let (begin, end) = match &spot.target {
        Target::Node(node) => of_node(spot.kind, *node, chance, world)?,
        Target::Instance(node, position) => of_priority(*node, *position, chance, world)?,
        Target::Nic(nic) => of_nic(spot.kind, *nic, chance, world)?,
        Target::Link(link) => of_link(spot.kind, *link, chance, world)?,
        Target::Network(network) => of_network(spot, *network, seed, chance, world)?,
        Target::Trunk(trunk) => {
            (Fault::Fabric(FabricFault::TrunkDown(*trunk)), Some(Fault::Fabric(FabricFault::TrunkUp(*trunk))))
        }
        Target::Address(node, iface, addr) => {
            (Fault::Kernel(KernelFault::Address { node: *node, iface: *iface, addr: *addr, add: false }), None)
        }
        Target::Tracked(node, position) => of_tracked(spot.kind, *node, *position, world)?,
        Target::Service(node, port) => of_service(*node, *port, chance),
    };
    let at_once = matches!(spot.kind, Kind::ClockStep | Kind::KillChild | Kind::Recreated | Kind::VipRemoved);
    let mut strike = Strike { kind: spot.kind, at, lasts: Span::ZERO, begin, end };
    if !at_once {
        strike.last(lasts.max(Span::from_micros(1)));
    }
    Some(strike)
}

type Pair = (Fault, Option<Fault>);

fn of_node(kind: Kind, node: NodeId, chance: &mut Chance, world: &World) -> Option<Pair> {
    let of = |fault| Some((Fault::Node(fault), None));
    Some(match kind {
        Kind::Crash => (Fault::Crash(node), Some(Fault::Start(node))),
        Kind::Kill => (Fault::Kill(node), Some(Fault::Start(node))),
        Kind::Stop => (Fault::Stop(node), Some(Fault::Start(node))),
        Kind::Pause => (Fault::Pause(node), Some(Fault::Resume(node))),
        Kind::Stun => {
            let clock = if chance.below(2) == 0 { StunClock::Runs } else { StunClock::Stops };
            let ring = if chance.below(2) == 0 { 0 } else { 256 };
            return of(NodeFault::Stun { node, length: Span::ZERO, clock, ring });
        }
        Kind::ClockStep => {
            let by = i64::try_from(chance.below(7_200)).unwrap_or_default() - 3_600;
            return of(NodeFault::ClockStep { node, by: SignedSpan(by * 1_000_000_000) });
        }
        Kind::KillChild => return of(NodeFault::KillChild { node, child: Child::Vrrp }),
        Kind::Starve => {
            let scale = [100, 1_000, 4_000][chance.below(3) as usize];
            let late = Span::from_millis(1 + chance.below(scale));
            let at_random = chance.below(2) == 0;
            let in_time = NodeFault::Starve { node, late: Span::ZERO, at_random: false };
            (Fault::Node(NodeFault::Starve { node, late, at_random }), Some(Fault::Node(in_time)))
        }
        Kind::Drift => {
            let ppm = i32::try_from(chance.below(400_000)).unwrap_or_default() - 200_000;
            let own = world.nodes[node.0].clock.drift;
            let drift = |ppm| Fault::Node(NodeFault::Drift { node, ppm });
            (drift(Ppm(ppm)), Some(drift(own)))
        }
        _ => return None,
    })
}

fn of_priority(node: NodeId, position: usize, chance: &mut Chance, world: &World) -> Option<Pair> {
    let own = &world.nodes[node.0].model;
    let mut other = own.clone();
    let drawn = u8::try_from(1 + chance.below(254)).ok().and_then(NonZeroU8::new)?;
    other.instances.get_mut(position)?.priority = drawn;
    Some((Fault::Reload(node, Box::new(other)), Some(Fault::Reload(node, Box::new(own.clone())))))
}

fn of_nic(kind: Kind, nic: Nic, chance: &mut Chance, world: &World) -> Option<Pair> {
    let directions = [Direction::Both, Direction::FromNode, Direction::ToNode];
    let classes = [FrameClass::Vrrp, FrameClass::Multicast, FrameClass::Arp];
    Some(match kind {
        Kind::PortDown => (Fault::PortDown(nic), Some(Fault::PortUp(nic))),
        Kind::NicDown => (Fault::NicDown(nic), Some(Fault::NicUp(nic))),
        Kind::Cut | Kind::CutSome => {
            let direction = directions[chance.below(3) as usize];
            let some = classes[chance.below(3) as usize];
            let frames = if kind == Kind::Cut { FrameClass::All } else { some };
            (Fault::Cut { nic, direction, frames }, Some(Fault::Uncut(nic)))
        }
        Kind::Vlan => {
            let own = world.nodes[nic.node.0].ports[nic.nic].attachment.vlan;
            let put = |vlan| Fault::Fabric(FabricFault::Vlan { nic, vlan });
            (put(if own == 4000 { 4001 } else { 4000 }), Some(put(own)))
        }
        Kind::Recreated => (Fault::Kernel(KernelFault::NicRecreated(nic)), None),
        _ => return None,
    })
}

fn of_link(kind: Kind, link: LinkPlace, chance: &mut Chance, world: &World) -> Option<Pair> {
    let own = quality(link, world);
    let share = 10_000 * (1 + u32::try_from(chance.below(100)).unwrap_or_default());
    let scale = [10, 500, 3_000][chance.below(3) as usize];
    let slow = Span::from_millis(1 + chance.below(scale));
    let begin = match kind {
        Kind::Loss => LinkChange { loss_ppm: Some(share), ..LinkChange::default() },
        Kind::Delay => LinkChange { delay: Some(slow), ..LinkChange::default() },
        Kind::Jitter => LinkChange { jitter: Some(slow), ..LinkChange::default() },
        Kind::Duplicate => LinkChange { duplicate_ppm: Some(share), ..LinkChange::default() },
        Kind::Reorder => LinkChange { reorder_ppm: Some(share), reorder_delay: Some(slow), ..LinkChange::default() },
        Kind::Corrupt => LinkChange { corrupt_ppm: Some(share), ..LinkChange::default() },
        _ => return None,
    };
    let put = |change| Fault::Fabric(FabricFault::Link { link, change });
    Some((put(begin), Some(put(mended(own)))))
}

/// All that can be drawn is as it was. A link that changes while its network's links are bad keeps what it has of that.
const fn mended(own: LinkQuality) -> LinkChange {
    LinkChange {
        delay: Some(own.delay),
        jitter: Some(own.jitter),
        loss_ppm: Some(own.loss_ppm),
        duplicate_ppm: Some(own.duplicate_ppm),
        reorder_ppm: Some(own.reorder_ppm),
        reorder_delay: Some(own.reorder_delay),
        corrupt_ppm: Some(own.corrupt_ppm),
        burst: None,
        bandwidth: None,
        queue: None,
    }
}

/// What is mended of a change when the rest was never broken.
pub(super) fn mended_only(begin: LinkChange, end: LinkChange) -> LinkChange {
    LinkChange {
        delay: begin.delay.and(end.delay),
        jitter: begin.jitter.and(end.jitter),
        loss_ppm: begin.loss_ppm.and(end.loss_ppm),
        duplicate_ppm: begin.duplicate_ppm.and(end.duplicate_ppm),
        reorder_ppm: begin.reorder_ppm.and(end.reorder_ppm),
        reorder_delay: begin.reorder_delay.and(end.reorder_delay),
        corrupt_ppm: begin.corrupt_ppm.and(end.corrupt_ppm),
        ..end
    }
}

/// The end of a change of a link: what it broke is as it was.
pub(crate) fn healed(begin: LinkChange, own: LinkQuality) -> LinkChange {
    mended_only(begin, mended(own))
}

/// What a link is like when nothing is wrong.
pub(crate) fn quality(link: LinkPlace, world: &World) -> LinkQuality {
    let of = |network: NetworkId, own: Option<LinkQuality>| own.unwrap_or(world.networks[network.0].link);
    match link {
        LinkPlace::Nic(nic) => {
            let port = &world.nodes[nic.node.0].ports[nic.nic];
            of(port.network, port.attachment.link)
        }
        LinkPlace::Client(client) => of(world.clients[client.0].network, world.clients[client.0].attachment.link),
        LinkPlace::Network(network) => of(network, None),
        LinkPlace::Trunk(trunk) => world.trunks[trunk.0].link,
    }
}

fn of_network(spot: &Spot, network: NetworkId, seed: u64, chance: &mut Chance, world: &World) -> Option<Pair> {
    Some(match spot.kind {
        Kind::Partition => {
            let turn = chance.bits();
            let mut groups = vec![Vec::new(), Vec::new()];
            for (member, name) in members(network, world) {
                // each host draws for itself, so that the others stay where they are when one goes
                let mut own = Chance::new(seed ^ turn, &format!("{}/{name}", spot.label));
                groups[own.below(2) as usize].push(member);
            }
            if groups.iter().any(Vec::is_empty) {
                return None;
            }
            (Fault::Partition { network, groups }, Some(Fault::Heal(network)))
        }
        Kind::Storm => {
            let copies = 1 + u32::try_from(chance.below(20)).unwrap_or_default();
            (Fault::Fabric(FabricFault::Storm { network, copies, lasts: Span::ZERO }), None)
        }
        Kind::Querier => {
            let put = |on| Fault::Fabric(FabricFault::Querier { network, on });
            (put(false), Some(put(true)))
        }
        _ => return None,
    })
}

/// The hosts of a network.
pub(crate) fn members(network: NetworkId, world: &World) -> impl Iterator<Item = (Member, &str)> {
    let on = move |node: &vrrplab_formats::world::Node| node.ports.iter().any(|port| port.network == network);
    let nodes = world.nodes.iter().enumerate().filter(move |(_, node)| on(node));
    let clients = world.clients.iter().enumerate().filter(move |(_, client)| client.network == network);
    let nodes = nodes.map(|(n, node)| (Member::Node(NodeId(n)), node.model.name.as_str()));
    nodes.chain(clients.map(|(c, client)| (Member::Client(ClientId(c)), client.name.as_str())))
}

fn of_tracked(kind: Kind, node: NodeId, position: usize, world: &World) -> Option<Pair> {
    let model = &world.nodes[node.0].model;
    let script = |does| {
        let name = model.scripts.get(position)?.name.clone();
        Some(Fault::Script { node, name, does })
    };
    Some(match kind {
        Kind::ScriptFails => (script(Behaviour::Exits(1))?, script(Behaviour::Exits(0))),
        Kind::ScriptHangs => (script(Behaviour::Hangs)?, script(Behaviour::Exits(0))),
        Kind::Processes => {
            let process = model.processes.get(position)?;
            let count = |count| Fault::Processes { node, name: process.name.clone(), count };
            (count(0), Some(count(process.quorum)))
        }
        Kind::Session => {
            let name = &model.bfds.get(position)?.name;
            let put = |up| Fault::Session { node, name: name.clone(), up };
            (put(false), Some(put(true)))
        }
        _ => return None,
    })
}

fn of_service(node: NodeId, port: u16, chance: &mut Chance) -> Pair {
    let slow = ServiceChange::Slow(Span::from_millis(1 + chance.below(3_000)));
    let changes = [ServiceChange::Refuse, ServiceChange::Silent, slow];
    let put = |change| Fault::Service(ServiceFault { node, port, change });
    (put(changes[chance.below(3) as usize].clone()), Some(put(ServiceChange::Ok)))
}
