//! Switches, ports and links. A switch does not know VRRP.
use std::collections::BTreeMap;

use vrrplab_engine::model::{IfAddr, Mac};
use vrrplab_engine::{Instant, Span};
use vrrplab_formats::world::{Direction, FrameClass, LinkQuality, Member, Network, NetworkId, PortSecurity};

use crate::chance::Chance;

mod class;
mod guard;
#[cfg(test)]
mod tests;

use guard::Guard;

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
    /// Port security: the source MAC is not the port's own nor allowed.
    SpoofedMac,
    /// Port security: the source IP address is not the port's own nor allowed.
    SpoofedIp,
    /// Port security: the ARP sender (address or MAC) is not the port's own nor allowed.
    SpoofedArp,
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
}

#[derive(Clone, Debug)]
struct Switch {
    name: String,
    link: LinkQuality,
    ports: Vec<PortId>,
    table: BTreeMap<Mac, (PortId, Instant)>,
    /// Each scripted partition: the island of every port that is in one.
    partitions: Vec<BTreeMap<PortId, usize>>,
}

#[derive(Clone, Debug)]
struct Port {
    network: usize,
    owner: Member,
    mac: Mac,
    addresses: Vec<IfAddr>,
    guard: Option<Guard>,
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
        };
        Fabric { seed, switches: networks.iter().map(switch).collect(), ports: Vec::new() }
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
            guard: setup.security.map(|security| Guard::new(setup.mac, &setup.addresses, &security)),
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
            sender.guard.as_ref().and_then(|guard| guard.refuses(frame))
        };
        if let Some(reason) = stopped {
            fates.push(Fate::Drop { to: None, reason });
            return;
        }
        let at_switch = now + crossing(&switch.link, &mut sender.up);
        if !src.is_multicast() {
            switch.table.insert(src.0, (from, now));
        }
        let known = match switch.table.get(&dst.0) {
            Some(&(port, heard)) if !dst.is_multicast() && now.since(heard) < MAC_AGEING => Some(port),
            _ => None,
        };
        match known {
            Some(to) if to == from => {}
            Some(to) => fates.push(arrival(&mut self.ports, switch, at_switch, from, to, frame)),
            None => {
                for &to in switch.ports.iter().filter(|to| **to != from) {
                    fates.push(arrival(&mut self.ports, switch, at_switch, from, to, frame));
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
        it.guard = security.map(|security| Guard::new(it.mac, &it.addresses, &security));
    }
}

/// The time of one crossing of a link.
fn crossing(link: &LinkQuality, chance: &mut Chance) -> Span {
    match link.jitter {
        Span::ZERO => link.delay,
        jitter => link.delay + Span(chance.below(jitter.0.saturating_add(1))),
    }
}

/// From the switch to one receiver.
fn arrival(ports: &mut [Port], switch: &Switch, left: Instant, from: PortId, to: PortId, frame: &[u8]) -> Fate {
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
    if switch.link.jitter != Span::ZERO {
        let last = receiver.last.entry(from).or_default();
        at = at.max(*last);
        *last = at;
    }
    Fate::Deliver { to, at }
}
