//! Where a world can be struck: every kind of fault at every place that it makes sense at, each with its own chance.
use vrrplab_engine::model::{IfAddr, IfIndex};
use vrrplab_formats::world::{ClientId, Fault, LinkPlace, NetworkId, Nic, Node, NodeId, TrunkId, World};

use super::kind::Kind;

/// A kind of fault at a place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Spot {
    /// What happens.
    pub kind: Kind,
    /// The label of its chance: kind and names, never positions, so that it stays when others go.
    pub label: String,
    /// Where.
    pub target: Target,
}

/// What a fault strikes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// A node, or its daemon.
    Node(NodeId),
    /// An instance of a node, by position.
    Instance(NodeId, usize),
    /// An interface.
    Nic(Nic),
    /// A link, or the links of a network.
    Link(LinkPlace),
    /// A network.
    Network(NetworkId),
    /// A link between switches.
    Trunk(TrunkId),
    /// A virtual address.
    Address(NodeId, IfIndex, IfAddr),
    /// Something tracked, by position in its list.
    Tracked(NodeId, usize),
    /// The services at a port.
    Service(NodeId, u16),
}

const LINK_KINDS: [Kind; 6] = [Kind::Loss, Kind::Delay, Kind::Jitter, Kind::Duplicate, Kind::Reorder, Kind::Corrupt];

/// Every spot of a world, in an order of its own.
pub fn spots(world: &World) -> Vec<Spot> {
    let mut spots = Spots { world, found: Vec::new() };
    for n in 0..world.nodes.len() {
        spots.node(NodeId(n));
    }
    for (c, client) in world.clients.iter().enumerate() {
        spots.link(&client.name, LinkPlace::Client(ClientId(c)));
    }
    for n in 0..world.networks.len() {
        spots.network(NetworkId(n));
    }
    for (t, trunk) in world.trunks.iter().enumerate() {
        spots.add(Kind::TrunkDown, &trunk.name, Target::Trunk(TrunkId(t)));
        spots.link(&trunk.name, LinkPlace::Trunk(TrunkId(t)));
    }
    spots.found
}

struct Spots<'w> {
    world: &'w World,
    found: Vec<Spot>,
}

impl Spots<'_> {
    fn add(&mut self, kind: Kind, place: &str, target: Target) {
        self.found.push(Spot { kind, label: format!("explore/{}/{place}", kind.id()), target });
    }

    fn link(&mut self, place: &str, link: LinkPlace) {
        for kind in LINK_KINDS {
            self.add(kind, place, Target::Link(link));
        }
    }

    fn node(&mut self, id: NodeId) {
        let world = self.world;
        let node = &world.nodes[id.0];
        let name = &node.model.name;
        self.add(Kind::Crash, name, Target::Node(id));
        self.add(Kind::Stun, name, Target::Node(id));
        if node.daemon && node.start.is_some() {
            self.daemon(id, node);
        }
        for (nic, interface) in node.model.interfaces.iter().enumerate().take(node.ports.len()) {
            let (place, nic) = (format!("{name}/{}", interface.name), Nic { node: id, nic });
            for kind in [Kind::PortDown, Kind::NicDown, Kind::Cut, Kind::CutSome, Kind::Recreated] {
                self.add(kind, &place, Target::Nic(nic));
            }
            if world.networks[node.ports[nic.nic].network.0].cloud.is_none() {
                self.add(Kind::Vlan, &place, Target::Nic(nic));
            }
            self.link(&place, LinkPlace::Nic(nic));
        }
        for service in &node.services {
            self.add(Kind::Service, &format!("{name}/{}", service.port), Target::Service(id, service.port));
        }
    }

    fn daemon(&mut self, id: NodeId, node: &Node) {
        let (name, model) = (&node.model.name, &node.model);
        for kind in [Kind::Kill, Kind::Stop, Kind::Pause, Kind::Starve, Kind::Drift, Kind::ClockStep, Kind::KillChild] {
            self.add(kind, name, Target::Node(id));
        }
        let reloaded = self.world.faults.iter().any(|own| matches!(&own.fault, Fault::Reload(of, _) if *of == id));
        for (position, instance) in model.instances.iter().enumerate() {
            let place = format!("{name}/{}", instance.name);
            if !reloaded && instance.priority.get() < 255 {
                self.add(Kind::Priority, &place, Target::Instance(id, position));
            }
            let known = |iface| model.interfaces.iter().any(|interface| interface.index == iface);
            for vip in instance.all_vips().filter(|vip| known(vip.iface)) {
                let place = format!("{place}/{}", vip.addr.ip);
                self.add(Kind::VipRemoved, &place, Target::Address(id, vip.iface, vip.addr));
            }
        }
        for (position, script) in model.scripts.iter().enumerate() {
            self.add(Kind::ScriptFails, &format!("{name}/{}", script.name), Target::Tracked(id, position));
            self.add(Kind::ScriptHangs, &format!("{name}/{}", script.name), Target::Tracked(id, position));
        }
        for (position, process) in model.processes.iter().enumerate() {
            self.add(Kind::Processes, &format!("{name}/{}", process.name), Target::Tracked(id, position));
        }
        for (position, session) in model.bfds.iter().enumerate() {
            self.add(Kind::Session, &format!("{name}/{}", session.name), Target::Tracked(id, position));
        }
    }

    fn network(&mut self, id: NetworkId) {
        let network = &self.world.networks[id.0];
        if network.cloud.is_none() {
            self.add(Kind::Partition, &network.name, Target::Network(id));
            self.add(Kind::Storm, &network.name, Target::Network(id));
        }
        if network.switch.snooping.is_some_and(|snooping| snooping.querier) {
            self.add(Kind::Querier, &network.name, Target::Network(id));
        }
        self.link(&network.name, LinkPlace::Network(id));
    }
}
