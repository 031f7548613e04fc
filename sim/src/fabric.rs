//! Switches, ports and links. A switch does not know VRRP.
use std::collections::BTreeMap;

use vrrplab_engine::model::{IfAddr, Mac};
use vrrplab_engine::{Instant, Span};
use vrrplab_formats::world::{Direction, FrameClass, LinkQuality, Member, Network, NetworkId, PortSecurity};

use crate::chance::Chance;

mod class;
mod islands;
pub mod port_security;
#[cfg(test)]
mod tests;

use port_security::{Guard, Members, Refusal};

/// How long a switch remembers where a MAC address was last heard.
pub const MAC_AGEING: Span = Span::from_secs(300);

/// A port of a switch, and the host's interface plugged into it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct PortId(pub usize);

/// Why a frame did not arrive.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum DropReason {
    /// The port, or the interface behind it, is down.
    Down,
    /// A scripted cut.
    Cut,
    /// A scripted partition.
    Partition,
    /// Lost by chance.
    Loss,
    /// Port security or a security group.
    Refused(Refusal),
}

/// What a port is, when it is added.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PortSetup {
    /// The switch.
    pub network: NetworkId,
    /// The host behind it.
    pub owner: Member,
    /// The port's own MAC: that of the interface plugged in.
    pub mac: Mac,
    /// The fixed addresses that the cloud knows of.
    pub addresses: Vec<IfAddr>,
    /// Port security, when on.
    pub security: Option<PortSecurity>,
}

/// What becomes of a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It arrives.
    Deliver {
        /// Where.
        to: PortId,
        /// When.
        at: Instant,
    },
    /// It does not.
    Drop {
        /// For whom; `None`: it never got past its sender's port, and nobody got it.
        to: Option<PortId>,
        /// Why.
        reason: DropReason,
    },
}

/// All switches with their ports and links.
#[derive(Clone, Debug)]
pub struct Fabric {
    seed: u64,
    switches: Vec<Switch>,
    ports: Vec<Port>,
    /// Who is in which security group.
    members: Members,
}

#[derive(Clone, Debug)]
struct Switch {
    name: String,
    link: LinkQuality,
    ports: Vec<PortId>,
    table: BTreeMap<Mac, (PortId, Instant)>,
    /// Each scripted partition: the island of every port that is in one.
    partitions: Vec<BTreeMap<PortId, usize>>,
    /// Ports for which the switch answers ARP.
    proxied: Vec<PortId>,
}

#[derive(Clone, Debug)]
struct Port {
    network: usize,
    owner: Member,
    mac: Mac,
    addresses: Vec<IfAddr>,
    guard: Option<Box<Guard>>,
    carrier: bool,
    cuts: Vec<(Direction, FrameClass)>,
    up: Chance,
    down: Chance,
    /// With jitter: the last arrival from each sender, which no later frame may overtake.
    last: BTreeMap<PortId, Instant>,
}

impl Port {
    fn cuts(&self, way: Direction, frame: &[u8]) -> bool {
        self.cuts.iter().any(|&(d, class)| (d == way || d == Direction::Both) && class::matches(class, frame))
    }
}

impl Switch {
    fn parts(&self, a: PortId, b: PortId) -> bool {
        self.partitions.iter().any(|islands| match (islands.get(&a), islands.get(&b)) {
            (Some(left), Some(right)) => left != right,
            _ => false,
        })
    }
}

impl Fabric {
    /// One switch for each network, without ports.
    pub fn new(networks: &[Network], seed: u64) -> Fabric {
        let switch = |network: &Network| Switch {
            name: network.name.clone(),
            link: network.link,
            ports: Vec::new(),
            table: BTreeMap::new(),
            partitions: Vec::new(),
            proxied: Vec::new(),
        };
        let switches = networks.iter().map(switch).collect();
        Fabric { seed, switches, ports: Vec::new(), members: Members::default() }
    }

    /// Plugs an interface in, with carrier. Ids count from zero in this order.
    ///
    /// # Panics
    /// When the network is not one of those given to [`Fabric::new`].
    pub fn add_port(&mut self, setup: PortSetup) -> PortId {
        let id = PortId(self.ports.len());
        let switch = &mut self.switches[setup.network.0];
        let owner = match setup.owner {
            Member::Node(node) => format!("node{}", node.0),
            Member::Client(client) => format!("client{}", client.0),
        };
        let nth = switch.ports.iter().filter(|p| self.ports[p.0].owner == setup.owner).count();
        let stream = |way| Chance::new(self.seed, &format!("link/{}/{owner}/{nth}/{way}", switch.name));
        let port = Port {
            network: setup.network.0,
            owner: setup.owner,
            guard: None,
            mac: setup.mac,
            addresses: setup.addresses,
            carrier: true,
            cuts: Vec::new(),
            up: stream("up"),
            down: stream("down"),
            last: BTreeMap::new(),
        };
        switch.ports.push(id);
        self.ports.push(port);
        if setup.security.is_some() {
            self.set_security(id, setup.security);
        }
        id
    }

    /// Carries a frame: appends what becomes of it to `fates`, by port id.
    ///
    /// The switch learns the source address, forwards to the one port where the destination was last heard, and
    /// floods what is unknown, multicast or broadcast.
    pub fn send(&mut self, now: Instant, from: PortId, frame: &[u8], fates: &mut Vec<Fate>) {
        let (Some(dst), Some(src)) = (class::destination(frame), class::source(frame)) else {
            return;
        };
        let sender = &mut self.ports[from.0];
        let switch = &mut self.switches[sender.network];
        let stopped = if !sender.carrier {
            Some(DropReason::Down)
        } else if sender.cuts(Direction::FromNode, frame) {
            Some(DropReason::Cut)
        } else if sender.up.ppm(switch.link.loss_ppm) {
            Some(DropReason::Loss)
        } else {
            let refused = sender.guard.as_mut().and_then(|guard| guard.leaves(now, frame, &self.members));
            refused.map(DropReason::Refused)
        };
        if let Some(reason) = stopped {
            fates.push(Fate::Drop { to: None, reason });
            return;
        }
        for &answered in switch.proxied.iter().filter(|port| **port != from) {
            let swallowed = self.ports[answered.0].guard.as_ref().and_then(|guard| guard.swallows(frame));
            if let Some(refusal) = swallowed {
                fates.push(Fate::Drop { to: None, reason: DropReason::Refused(refusal) });
                return;
            }
        }
        let sender = &mut self.ports[from.0];
        let at_switch = now + crossing(&switch.link, &mut sender.up);
        if !src.is_multicast() {
            switch.table.insert(src.0, (from, now));
        }
        let known = match switch.table.get(&dst.0) {
            Some(&(port, heard)) if !dst.is_multicast() && now.since(heard) < MAC_AGEING => Some(port),
            _ => None,
        };
        let passage = Passage { switch, members: &self.members, left: at_switch, from, frame };
        match known {
            Some(to) if to == from => {}
            Some(to) => fates.push(passage.arrival(&mut self.ports, to)),
            None => {
                for &to in switch.ports.iter().filter(|to| **to != from) {
                    fates.push(passage.arrival(&mut self.ports, to));
                }
            }
        }
    }

    /// The link of a port comes or goes. A port that goes down forgets the MAC addresses heard there.
    pub fn set_carrier(&mut self, port: PortId, up: bool) {
        let it = &mut self.ports[port.0];
        it.carrier = up;
        if !up {
            self.switches[it.network].table.retain(|_, (at, _)| *at != port);
        }
    }
    /// Whether the link of a port is up.
    pub fn carrier(&self, port: PortId) -> bool {
        self.ports[port.0].carrier
    }
    /// Drops frames of this class at this port, on top of what is dropped already.
    pub fn cut(&mut self, port: PortId, direction: Direction, frames: FrameClass) {
        self.ports[port.0].cuts.push((direction, frames));
    }
    /// Mends all cuts of this port.
    pub fn uncut(&mut self, port: PortId) {
        self.ports[port.0].cuts.clear();
    }
    /// Splits a switch into islands, on top of what is split already; a port in no island reaches everyone.
    pub fn partition(&mut self, network: NetworkId, islands: Vec<Vec<PortId>>) {
        let numbered = islands.into_iter().enumerate();
        let map = numbered.flat_map(|(n, island)| island.into_iter().map(move |port| (port, n))).collect();
        self.switches[network.0].partitions.push(map);
    }
    /// Ends all partitions of a switch.
    pub fn heal(&mut self, network: NetworkId) {
        self.switches[network.0].partitions.clear();
    }
    /// Switches port security on, changes it, or switches it off.
    pub fn set_security(&mut self, port: PortId, security: Option<PortSecurity>) {
        let it = &mut self.ports[port.0];
        let before = it.guard.take().map(|guard| *guard);
        it.guard = security.map(|security| Box::new(Guard::new(it.mac, &it.addresses, security, before)));
        self.switches[it.network].proxied.retain(|proxied| *proxied != port);
        if it.guard.as_ref().is_some_and(|guard| guard.has_proxy()) {
            self.switches[it.network].proxied.push(port);
        }
        self.members = Members::default();
        for guard in self.ports.iter().filter_map(|port| port.guard.as_ref()) {
            guard.join(&mut self.members);
        }
    }
}

/// The time of one crossing of a link.
fn crossing(link: &LinkQuality, chance: &mut Chance) -> Span {
    match link.jitter {
        Span::ZERO => link.delay,
        jitter => link.delay + Span(chance.below(jitter.0.saturating_add(1))),
    }
}

/// A frame on its way from the switch.
struct Passage<'a> {
    switch: &'a Switch,
    members: &'a Members,
    left: Instant,
    from: PortId,
    frame: &'a [u8],
}

impl Passage<'_> {
    /// To one receiver.
    fn arrival(&self, ports: &mut [Port], to: PortId) -> Fate {
        let &Passage { switch, members, left, from, frame } = self;
        let receiver = &mut ports[to.0];
        let lost = if !receiver.carrier {
            Some(DropReason::Down)
        } else if switch.parts(from, to) {
            Some(DropReason::Partition)
        } else if receiver.cuts(Direction::ToNode, frame) {
            Some(DropReason::Cut)
        } else if receiver.down.ppm(switch.link.loss_ppm) {
            Some(DropReason::Loss)
        } else {
            None
        };
        if let Some(reason) = lost {
            return Fate::Drop { to: Some(to), reason };
        }
        let mut at = left + crossing(&switch.link, &mut receiver.down);
        if let Some(refusal) = receiver.guard.as_mut().and_then(|guard| guard.reaches(at, frame, members)) {
            return Fate::Drop { to: Some(to), reason: DropReason::Refused(refusal) };
        }
        if switch.link.jitter != Span::ZERO {
            let last = receiver.last.entry(from).or_default();
            at = at.max(*last);
            *last = at;
        }
        Fate::Deliver { to, at }
    }
}
