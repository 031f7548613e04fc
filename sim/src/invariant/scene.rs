//! What all invariants know: who is in which state, who holds what, who is connected with whom, what happened last.
use std::collections::{BTreeSet, VecDeque};
use std::net::IpAddr;

use vrrplab_engine::model::{AddressFamily, InstanceModel, NodeModel};
use vrrplab_engine::vrrp::skew;
use vrrplab_engine::{Instant, Rule, Span, State, Trace, TraceKind};
use vrrplab_formats::world::{Fault, LinkQuality, Member, NetworkId, NodeId, World, joined};

use crate::fabric::PortId;
use crate::moment::{Moment, PortInfo};
use crate::observe::words::{Names, time};

/// So many of the last causes are told.
const CAUSES: usize = 6;

/// A virtual router as the network sees it: all instances of one VRID on one segment, or on several that trunks join.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Group {
    /// The segment.
    pub network: NetworkId,
    /// The VRID.
    pub vrid: u8,
    /// IPv6: its VRIDs are numbered apart.
    pub v6: bool,
}

/// One instance of one node.
#[derive(Clone, Debug)]
pub struct Seat {
    /// Whose.
    pub node: NodeId,
    /// Its name.
    pub instance: String,
    /// What it is part of.
    pub group: Group,
    /// Where it speaks.
    pub port: PortId,
    /// Its addresses, and the ports that they are on.
    pub vips: Vec<(IpAddr, PortId)>,
    /// Its state; `None` while no daemon runs.
    pub state: Option<State>,
    /// Since when, and by which rule.
    pub since: (Instant, Option<Rule>),
    /// The last advert heard.
    pub heard: Option<(Instant, IpAddr, u8)>,
    /// The longest that its down timer can be.
    down: Span,
    /// What may pass besides before it takes part.
    delay: Span,
}

/// The common knowledge.
#[derive(Clone, Debug)]
pub struct Scene {
    /// Names for messages.
    pub names: Names,
    /// Every instance.
    pub seats: Vec<Seat>,
    /// The segment of each port: its network, or the first of those that trunks join with it.
    networks: Vec<NetworkId>,
    /// The first port of each node.
    first_ports: Vec<usize>,
    /// Two crossings there and two back, at worst, by segment.
    crossings: Vec<Span>,
    islands: Vec<Vec<PortId>>,
    fixed: BTreeSet<(Member, IpAddr)>,
    loopback: BTreeSet<(Member, IpAddr)>,
    holds: BTreeSet<(NodeId, IpAddr)>,
    causes: VecDeque<(Instant, String)>,
}

impl Scene {
    /// A world before its start.
    pub fn new(world: &World, ports: &[PortInfo]) -> Scene {
        let (mut networks, mut first_ports) = (Vec::new(), Vec::new());
        for node in &world.nodes {
            first_ports.push(networks.len());
            networks.extend(node.ports.iter().map(|port| port.network));
        }
        networks.extend(world.clients.iter().map(|client| client.network));
        let trunks = world.trunks.iter().map(|trunk| trunk.between.map(|end| end.0));
        let joined: Vec<NetworkId> = joined(world.networks.len(), trunks).into_iter().map(NetworkId).collect();
        for network in &mut networks {
            *network = joined[network.0];
        }
        let mut scene = Scene {
            names: Names::new(world, ports),
            seats: Vec::new(),
            crossings: crossings(world, &joined),
            networks,
            first_ports,
            islands: Vec::new(),
            fixed: fixed(world),
            loopback: loopback(world),
            holds: BTreeSet::new(),
            causes: VecDeque::new(),
        };
        for (n, node) in world.nodes.iter().enumerate() {
            scene.seat(NodeId(n), &node.model);
        }
        scene
    }

    /// Gives the instances of a configuration their seats; what is known of an instance stays known.
    fn seat(&mut self, node: NodeId, model: &NodeModel) {
        let (old, others) = std::mem::take(&mut self.seats).into_iter().partition(|seat: &Seat| seat.node == node);
        self.seats = others;
        for instance in &model.instances {
            let Some(mut seat) = self.new_seat(node, model, instance) else { continue };
            if let Some(before) = old.iter().find(|before: &&Seat| before.instance == seat.instance) {
                (seat.state, seat.since, seat.heard) = (before.state, before.since, before.heard);
            }
            self.seats.push(seat);
        }
        self.seats.sort_by_key(|seat| seat.node);
    }

    fn new_seat(&self, node: NodeId, model: &NodeModel, instance: &InstanceModel) -> Option<Seat> {
        let port = |index| {
            let nic = model.interfaces.iter().position(|interface| interface.index == index)?;
            Some(PortId(self.first_ports.get(node.0)? + nic))
        };
        let own = port(instance.iface)?;
        let group =
            Group { network: self.network(own)?, vrid: instance.vrid.get(), v6: instance.family == AddressFamily::V6 };
        let slowest = |script: &vrrplab_engine::model::track::ScriptModel| {
            (script.interval + script.timeout).times(u64::from(script.rise.max(script.fall)))
        };
        let scripts = model.scripts.iter().map(slowest).max().unwrap_or_default();
        let unit = model.policy.skew_unit;
        Some(Seat {
            node,
            instance: instance.name.clone(),
            group,
            port: own,
            vips: instance.all_vips().filter_map(|vip| Some((vip.addr.ip, port(vip.iface)?))).collect(),
            state: None,
            since: (Instant::ZERO, None),
            heard: None,
            down: skew::down(instance.version, 1, instance.advert_int, instance.down_timer_adverts, unit),
            delay: instance.preempt_delay + model.globals.startup_delay + scripts,
        })
    }

    /// The segment of a port.
    pub fn network(&self, port: PortId) -> Option<NetworkId> {
        self.networks.get(port.0).copied()
    }

    /// The instances of a group.
    pub fn members(&self, group: Group) -> impl Iterator<Item = (usize, &Seat)> {
        self.seats.iter().enumerate().filter(move |(_, seat)| seat.group == group)
    }

    /// All groups, each once.
    pub fn groups(&self) -> BTreeSet<Group> {
        self.seats.iter().map(|seat| seat.group).collect()
    }

    /// How long the protocol may take in a group: the longest down timer of its members, and two crossings each way.
    pub fn allowance(&self, group: Group) -> Span {
        let down = self.members(group).map(|(_, seat)| seat.down).max().unwrap_or_default();
        down + self.crossings.get(group.network.0).copied().unwrap_or_default()
    }

    /// How long a group may take until all is calm: every down timer twice, and what delays it.
    pub fn calm(&self, group: Group) -> Span {
        let delay = self.members(group).map(|(_, seat)| seat.delay).max().unwrap_or_default();
        self.allowance(group).times(2) + delay
    }

    /// Whether frames go from one port to the other and back.
    pub fn connected(&self, a: PortId, b: PortId) -> bool {
        self.islands.iter().any(|island| island.contains(&a) && island.contains(&b))
    }

    /// The islands at this moment.
    pub fn islands(&self) -> &[Vec<PortId>] {
        &self.islands
    }

    /// Whether a node has a virtual address set.
    pub fn holds(&self, node: NodeId, ip: IpAddr) -> bool {
        self.holds.contains(&(node, ip))
    }

    /// Whether an address is one that a host has for ever.
    pub fn is_fixed(&self, member: Member, ip: IpAddr) -> bool {
        self.fixed.contains(&(member, ip))
    }

    /// Whether a host has an address on `lo`.
    pub fn is_on_loopback(&self, member: Member, ip: IpAddr) -> bool {
        self.loopback.contains(&(member, ip))
    }

    /// The node with this fixed address.
    pub fn node_at(&self, ip: IpAddr) -> Option<NodeId> {
        self.fixed.iter().find_map(|(member, fixed)| match member {
            Member::Node(node) if *fixed == ip => Some(*node),
            _ => None,
        })
    }

    /// Takes note of a moment.
    pub fn see(&mut self, at: Instant, moment: &Moment<'_>) {
        match *moment {
            Moment::Decided { node, instance, trace } => self.decided(at, node, instance, trace),
            Moment::Address { node, addr, added, .. } if !self.is_fixed(Member::Node(node), addr.ip) => {
                if added {
                    self.holds.insert((node, addr.ip))
                } else {
                    self.holds.remove(&(node, addr.ip))
                };
            }
            Moment::Gone(node) => {
                for seat in self.seats.iter_mut().filter(|seat| seat.node == node) {
                    (seat.state, seat.since, seat.heard) = (None, (at, None), None);
                }
                self.cause(at, format!("{}: daemon gone", self.names.node(node)));
            }
            Moment::Fault(fault) => {
                if let Fault::Reload(node, model) = fault {
                    self.seat(*node, model);
                }
                self.cause(at, self.names.fault(fault));
            }
            Moment::Islands(islands) => self.islands = islands.to_vec(),
            _ => {}
        }
    }

    fn decided(&mut self, at: Instant, node: NodeId, instance: &str, trace: &Trace) {
        let seat = self.seats.iter_mut().find(|seat| seat.node == node && seat.instance == instance);
        match trace.kind {
            TraceKind::Transition { from, to } => {
                if let Some(seat) = seat {
                    (seat.state, seat.since) = (Some(to), (at, Some(trace.rule)));
                }
                let (name, rule) = (self.names.node(node), trace.rule.id());
                self.cause(at, format!("{name} {instance}: {} -> {} [{rule}]", from.name(), to.name()));
            }
            TraceKind::Heard { from, priority, .. } => {
                if let Some(seat) = seat {
                    seat.heard = Some((at, from, priority));
                }
            }
            TraceKind::Priority { from, to } => {
                let (name, rule) = (self.names.node(node), trace.rule.id());
                self.cause(at, format!("{name} {instance}: priority {from} -> {to} [{rule}]"));
            }
            _ => {}
        }
    }

    fn cause(&mut self, at: Instant, words: String) {
        if self.causes.len() == CAUSES {
            self.causes.pop_front();
        }
        self.causes.push_back((at, words));
    }

    /// The last causes, oldest first.
    pub fn causes(&self) -> Vec<String> {
        self.causes.iter().map(|(at, words)| format!("{} {words}", time(*at))).collect()
    }

    /// What one instance believes, in one line.
    pub fn view(&self, seat: &Seat) -> String {
        let state = seat.state.map_or("not running", State::name);
        let rule = seat.since.1.map(|rule| format!(" [{}]", rule.id())).unwrap_or_default();
        let held: Vec<String> =
            seat.vips.iter().filter(|(ip, _)| self.holds(seat.node, *ip)).map(|(ip, _)| ip.to_string()).collect();
        let holds = if held.is_empty() { "holds no address".into() } else { format!("holds {}", held.join(", ")) };
        let heard = match seat.heard {
            Some((at, from, priority)) => format!("last heard priority {priority} of {from} at {}", time(at)),
            None => "has heard no advert".into(),
        };
        let node = self.names.node(seat.node);
        format!("{node} {}: {state} since {}{rule}, {holds}, {heard}", seat.instance, time(seat.since.0))
    }

    /// `vrid 51 on lan`.
    pub fn group_name(&self, group: Group) -> String {
        let family = if group.v6 { " (IPv6)" } else { "" };
        format!("vrid {}{family} on {}", group.vrid, self.names.network(group.network))
    }
}

/// Two crossings there and two back, at worst, and all trunks there and back, by segment.
fn crossings(world: &World, joined: &[NetworkId]) -> Vec<Span> {
    let worst = |link: LinkQuality| link.delay + link.jitter;
    let ports = world.nodes.iter().flat_map(|node| &node.ports);
    let own = ports.filter_map(|port| Some((joined[port.network.0], worst(port.attachment.link?))));
    let common = world.networks.iter().zip(joined).map(|(network, at)| (*at, worst(network.link)));
    let links: Vec<(NetworkId, Span)> = own.chain(common).collect();
    let trunk = |at: NetworkId| {
        let trunks = world.trunks.iter().filter(|trunk| joined[trunk.between[0].0] == at);
        trunks.fold(Span::ZERO, |sum, trunk| sum + worst(trunk.link).times(2))
    };
    let longest = |at: NetworkId| links.iter().filter(|(of, _)| *of == at).map(|(_, span)| *span).max();
    (0..world.networks.len()).map(NetworkId).map(|at| longest(at).unwrap_or_default().times(4) + trunk(at)).collect()
}

fn fixed(world: &World) -> BTreeSet<(Member, IpAddr)> {
    let mut fixed = BTreeSet::new();
    for (n, node) in world.nodes.iter().enumerate() {
        let addresses = node.model.interfaces.iter().flat_map(|interface| &interface.addresses);
        fixed.extend(addresses.map(|addr| (Member::Node(NodeId(n)), addr.ip)));
    }
    for (c, client) in world.clients.iter().enumerate() {
        fixed.insert((Member::Client(vrrplab_formats::world::ClientId(c)), client.addr.ip));
    }
    fixed
}

fn loopback(world: &World) -> BTreeSet<(Member, IpAddr)> {
    let nodes = world.nodes.iter().enumerate();
    nodes.flat_map(|(n, node)| node.kernel.loopback.iter().map(move |own| (Member::Node(NodeId(n)), own.ip))).collect()
}
