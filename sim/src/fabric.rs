//! Switches, ports, links and trunks. A switch does not know VRRP.
use std::collections::BTreeMap;
use std::net::IpAddr;

use vrrplab_engine::model::{IfAddr, Mac};
use vrrplab_engine::{Instant, Span};
use vrrplab_formats::world::{
    Attachment, Direction, FrameClass, LinkChange, LinkQuality, Member, Network, NetworkId, PortSecurity, SpanningTree,
    TreeMode, Trunk, TrunkId,
};

mod class;
pub mod cloud;
mod flood;
pub mod igmp;
mod islands;
mod lane;
pub mod port_security;
mod reason;
mod snooping;
#[cfg(test)]
mod tests;
mod tree;
mod trunk;
mod walk;

use cloud::Mapping;
use lane::Lane;
use port_security::{Guard, Members};
use snooping::Snooper;
use trunk::Line;
use walk::Hop;

pub use reason::{DropReason, FabricDrop, LinkDrop, Trouble};
pub use snooping::Query;

/// A port of a switch, and the host's interface plugged into it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct PortId(pub usize);

/// What a switch did by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SwitchNews {
    /// A port has waited long enough.
    PortForwards(PortId),
    /// A trunk forwards from now on.
    TrunkForwards(TrunkId),
    /// A trunk has come into the tree and will forward at this time.
    TrunkWaits(TrunkId, Instant),
    /// A trunk is not needed any more.
    TrunkBlocked(TrunkId),
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
    /// Addresses that a cloud leads here besides.
    pub assigned: Vec<IpAddr>,
    /// How it is attached.
    pub attachment: Attachment,
}

impl PortSetup {
    /// A port with nothing but a host behind it.
    pub fn new(network: NetworkId, owner: Member, mac: Mac, addresses: Vec<IfAddr>) -> PortSetup {
        let attachment = Attachment::default();
        PortSetup { network, owner, mac, addresses, security: None, assigned: Vec::new(), attachment }
    }
}

/// A line of a switch's table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HeardAt {
    /// The VLAN.
    pub vlan: u16,
    /// Who.
    pub mac: Mac,
    /// At which port, or over which trunk.
    pub place: Result<PortId, TrunkId>,
    /// How long ago.
    pub age: Span,
}

/// What becomes of a frame.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It arrives.
    Deliver {
        /// Where.
        to: PortId,
        /// When.
        at: Instant,
    },
    /// Another frame arrives for it: the same packet with other MAC addresses, or an answer of the network itself.
    DeliverOther {
        /// In whose name.
        from: PortId,
        /// Where.
        to: PortId,
        /// When.
        at: Instant,
        /// What.
        frame: Vec<u8>,
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
    trunks: Vec<Line>,
    ports: Vec<Port>,
    /// Who is in which security group.
    members: Members,
    /// The short way from each port.
    floods: Vec<flood::Kept>,
}

/// Where a switch hears and reaches hosts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Place {
    Port(PortId),
    Trunk(usize),
}

#[derive(Clone, Debug)]
struct Switch {
    name: String,
    link: LinkQuality,
    ageing: Span,
    tree: SpanningTree,
    snooper: Option<Box<Snooper>>,
    ports: Vec<PortId>,
    trunks: Vec<usize>,
    /// Where each MAC was last heard, by VLAN.
    table: BTreeMap<(u16, Mac), (Place, Instant)>,
    /// Each scripted partition: the island of every port that is in one.
    partitions: Vec<BTreeMap<PortId, usize>>,
    /// Ports for which the switch answers ARP.
    proxied: Vec<PortId>,
    /// How many more of each frame to many come, and until when.
    storm: Option<(u32, Instant)>,
    /// It is no switch.
    cloud: Option<Mapping>,
}

#[derive(Clone, Debug)]
struct Port {
    network: usize,
    owner: Member,
    mac: Mac,
    addresses: Vec<IfAddr>,
    guard: Option<Box<Guard>>,
    carrier: bool,
    vlan: u16,
    portfast: bool,
    /// The spanning tree lets it forward at this time.
    waits: Option<Instant>,
    /// The quality of its link, when it is not the network's.
    link: Option<Box<LinkQuality>>,
    cuts: Vec<(Direction, FrameClass)>,
    /// The label of its streams of chance.
    label: String,
    up: Lane,
    down: Lane,
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

    /// Forgets what was heard there.
    fn forget(&mut self, place: Place) {
        self.table.retain(|_, (at, _)| *at != place);
        if let Some(snooper) = &mut self.snooper {
            snooper.forget(place);
        }
    }
}

impl Fabric {
    /// One switch for each network, without ports, joined by trunks. The spanning tree has settled.
    pub fn new(networks: &[Network], trunks: &[Trunk], seed: u64) -> Fabric {
        let switch = |(position, network): (usize, &Network)| {
            let ends = |(trunk, of): (usize, &Trunk)| of.between.contains(&NetworkId(position)).then_some(trunk);
            Switch {
                name: network.name.clone(),
                link: network.link,
                ageing: network.switch.ageing,
                tree: network.switch.stp,
                snooper: network.switch.snooping.map(|setup| Box::new(Snooper::new(setup))),
                ports: Vec::new(),
                trunks: trunks.iter().enumerate().filter_map(ends).collect(),
                table: BTreeMap::new(),
                partitions: Vec::new(),
                proxied: Vec::new(),
                storm: None,
                cloud: network.cloud.clone().map(Mapping::new),
            }
        };
        let switches = networks.iter().enumerate().map(switch).collect();
        let trunks = trunks.iter().map(|trunk| Line::new(trunk, seed)).collect();
        let mut fabric =
            Fabric { seed, switches, trunks, ports: Vec::new(), members: Members::default(), floods: Vec::new() };
        fabric.settle();
        fabric
    }

    /// Plugs an interface in, with carrier. Ids count from zero in this order.
    ///
    /// # Panics
    /// When the network is not one of those given to [`Fabric::new`].
    pub fn add_port(&mut self, setup: PortSetup) -> PortId {
        self.changed();
        let id = PortId(self.ports.len());
        let switch = &mut self.switches[setup.network.0];
        let owner = match setup.owner {
            Member::Node(node) => format!("node{}", node.0),
            Member::Client(client) => format!("client{}", client.0),
            Member::Rogue(rogue) => format!("rogue{}", rogue.0),
        };
        let nth = switch.ports.iter().filter(|p| self.ports[p.0].owner == setup.owner).count();
        if let Some(cloud) = &mut switch.cloud {
            cloud.add(id, setup.mac, setup.addresses.iter().map(|a| a.ip).chain(setup.assigned));
        }
        let label = format!("link/{}/{owner}/{nth}", switch.name);
        let link = setup.attachment.link.unwrap_or(switch.link);
        let port = Port {
            network: setup.network.0,
            owner: setup.owner,
            guard: None,
            mac: setup.mac,
            addresses: setup.addresses,
            carrier: true,
            vlan: setup.attachment.vlan,
            portfast: setup.attachment.portfast,
            waits: None,
            link: setup.attachment.link.map(Box::new),
            cuts: Vec::new(),
            up: Lane::new(self.seed, &format!("{label}/up"), &link),
            down: Lane::new(self.seed, &format!("{label}/down"), &link),
            label,
            last: BTreeMap::new(),
        };
        switch.ports.push(id);
        self.ports.push(port);
        if setup.security.is_some() {
            self.set_security(id, setup.security);
        }
        id
    }

    /// Carries a frame: appends what becomes of it to `fates`, switch by switch and by port id.
    ///
    /// Every switch on the way learns the source address, forwards to the one port or trunk where the destination was
    /// last heard, and floods what is unknown, multicast or broadcast.
    pub fn send(&mut self, now: Instant, from: PortId, frame: &[u8], fates: &mut Vec<Fate>) {
        if class::destination(frame).is_none() {
            return;
        }
        let sender = &mut self.ports[from.0];
        let network = sender.network;
        let switch = &self.switches[network];
        let link = sender.link.as_deref().unwrap_or(&switch.link);
        let stopped = if !sender.carrier {
            Some(DropReason::Down)
        } else if sender.waits.is_some() {
            Some(DropReason::Fabric(FabricDrop::Waits))
        } else if sender.cuts(Direction::FromNode, frame) {
            Some(DropReason::Cut)
        } else if sender.up.loses(link) {
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
        let (vlan, link) = (sender.vlan, sender.link.as_deref().unwrap_or(&switch.link));
        match sender.up.cross(link, now, frame.len()) {
            Ok(crossed) => {
                let came = Some(Place::Port(from));
                let hop = Hop { switch: network, came, at: crossed.at, twice: crossed.twice, lost: None };
                if self.switches[network].cloud.is_some() {
                    self.across(now, from, frame, hop, fates);
                } else {
                    self.walk(now, Some(from), vlan, frame, hop, fates);
                }
            }
            Err(why) => {
                fates.push(Fate::Drop { to: None, reason: DropReason::Fabric(FabricDrop::Link(why)) });
            }
        }
    }

    /// The link of a port comes or goes. A port that goes down forgets the MAC addresses heard there; one that comes up
    /// waits for the spanning tree, when there is one.
    pub fn set_carrier(&mut self, now: Instant, port: PortId, up: bool) {
        self.changed();
        let it = &mut self.ports[port.0];
        if it.carrier == up {
            return;
        }
        it.carrier = up;
        it.waits = None;
        if up {
            self.link_begins(now, port);
        } else {
            self.switches[it.network].forget(Place::Port(port));
        }
    }

    /// A link of a port has come up: it waits for the spanning tree, when there is one.
    pub fn link_begins(&mut self, now: Instant, port: PortId) {
        self.changed();
        let it = &mut self.ports[port.0];
        let tree = self.switches[it.network].tree;
        if it.carrier && tree.mode != TreeMode::Off && !it.portfast {
            it.waits = Some(now + tree.forward_delay + tree.forward_delay);
        }
    }

    /// When a switch has something to do by itself.
    pub fn next_wake(&self) -> Option<Instant> {
        let ports = self.ports.iter().filter_map(|port| port.waits);
        let trunks = self.trunks.iter().filter_map(|trunk| trunk.waits);
        let queries = self.switches.iter().filter_map(|switch| switch.snooper.as_ref()?.next_query);
        ports.chain(trunks).chain(queries).min()
    }

    /// Lets the switches do what is due: ports and trunks begin to forward, queriers ask.
    pub fn wake(&mut self, now: Instant) -> (Vec<SwitchNews>, Vec<Query>) {
        self.changed();
        let due = |waits: &mut Option<Instant>| waits.take_if(|at| *at <= now).is_some();
        let mut news = Vec::new();
        for (position, port) in self.ports.iter_mut().enumerate() {
            if due(&mut port.waits) {
                news.push(SwitchNews::PortForwards(PortId(position)));
            }
        }
        for (position, trunk) in self.trunks.iter_mut().enumerate() {
            if due(&mut trunk.waits) && trunk.in_tree && trunk.up {
                news.push(SwitchNews::TrunkForwards(TrunkId(position)));
            }
        }
        if news.iter().any(|news| matches!(news, SwitchNews::TrunkForwards(_))) {
            self.topology_changed();
        }
        (news, self.queries(now))
    }

    /// The link of one port has another quality from now on.
    pub fn set_port_link(&mut self, port: PortId, change: &LinkChange) {
        let it = &mut self.ports[port.0];
        let before = it.link.as_deref().copied().unwrap_or(self.switches[it.network].link);
        it.link = Some(Box::new(change.of(before)));
        self.prepare(port);
    }

    /// The links of a switch that have no quality of their own have another one from now on.
    pub fn set_network_link(&mut self, network: NetworkId, change: &LinkChange) {
        let switch = &mut self.switches[network.0];
        switch.link = change.of(switch.link);
        for port in switch.ports.clone() {
            self.prepare(port);
        }
    }

    fn prepare(&mut self, port: PortId) {
        self.changed();
        let it = &mut self.ports[port.0];
        let link = it.link.as_deref().copied().unwrap_or(self.switches[it.network].link);
        it.up.prepare(self.seed, &format!("{}/up", it.label), &link);
        it.down.prepare(self.seed, &format!("{}/down", it.label), &link);
    }

    /// All chance comes from another seed from now on.
    pub fn redraw(&mut self, seed: u64) {
        self.seed = seed;
        for port in &mut self.ports {
            port.up.redraw(seed, &format!("{}/up", port.label));
            port.down.redraw(seed, &format!("{}/down", port.label));
        }
        self.trunks.iter_mut().for_each(|trunk| trunk.redraw(seed));
    }

    /// The access VLAN of a port is another one; the switch forgets whom it has heard there.
    pub fn set_vlan(&mut self, port: PortId, vlan: u16) {
        self.changed();
        let it = &mut self.ports[port.0];
        it.vlan = vlan;
        self.switches[it.network].forget(Place::Port(port));
    }

    /// A trunk has another quality from now on.
    pub fn set_trunk_link(&mut self, trunk: TrunkId, change: &LinkChange) {
        self.trunks[trunk.0].change(self.seed, change);
    }

    /// Every frame to many that this switch passes on comes so many times more, until then.
    pub fn storm(&mut self, network: NetworkId, copies: u32, until: Instant) {
        self.changed();
        self.switches[network.0].storm = Some((copies, until));
    }

    /// Where a switch has heard whom and does not yet count it as forgotten, by VLAN and address.
    pub fn table(&self, now: Instant, network: NetworkId) -> Vec<HeardAt> {
        let switch = &self.switches[network.0];
        let heard = |(&(vlan, mac), &(place, at)): (&(u16, Mac), &(Place, Instant))| {
            let place = match place {
                Place::Port(port) => Ok(port),
                Place::Trunk(trunk) => Err(TrunkId(trunk)),
            };
            let age = now.since(at);
            (age < switch.ageing).then_some(HeardAt { vlan, mac, place, age })
        };
        switch.table.iter().filter_map(heard).collect()
    }

    /// Whether the link of a port is up.
    pub fn carrier(&self, port: PortId) -> bool {
        self.ports[port.0].carrier
    }
    /// Drops frames of this class at this port, on top of what is dropped already.
    pub fn cut(&mut self, port: PortId, direction: Direction, frames: FrameClass) {
        self.changed();
        self.ports[port.0].cuts.push((direction, frames));
    }
    /// Mends all cuts of this port.
    pub fn uncut(&mut self, port: PortId) {
        self.changed();
        self.ports[port.0].cuts.clear();
    }
    /// Splits a switch into islands, on top of what is split already; a port in no island reaches everyone.
    pub fn partition(&mut self, network: NetworkId, islands: Vec<Vec<PortId>>) {
        self.changed();
        let numbered = islands.into_iter().enumerate();
        let map = numbered.flat_map(|(n, island)| island.into_iter().map(move |port| (port, n))).collect();
        self.switches[network.0].partitions.push(map);
    }
    /// Ends all partitions of a switch.
    pub fn heal(&mut self, network: NetworkId) {
        self.changed();
        self.switches[network.0].partitions.clear();
    }
    /// A cloud leads an address to another port of its network from now on. A switch knows nothing of that.
    pub fn assign(&mut self, address: IpAddr, port: PortId) {
        if let Some(cloud) = &mut self.switches[self.ports[port.0].network].cloud {
            cloud.assign(address, port);
        }
    }
    /// Switches port security on, changes it, or switches it off.
    pub fn set_security(&mut self, port: PortId, security: Option<PortSecurity>) {
        self.changed();
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
