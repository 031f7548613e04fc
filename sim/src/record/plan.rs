//! What of a world can be played with a real keepalived, and how: nodes, configurations, and the steps in order of time.
use std::collections::{BTreeMap, BTreeSet};

use vrrplab_engine::model::{IfAddr, Mac, NodeModel};
use vrrplab_engine::{Instant, Policy, Span};
use vrrplab_formats::keepalived::print;
use vrrplab_formats::scenario::WrittenConf;
use vrrplab_formats::world::{
    Attachment, Fault, KernelSetup, Member, Network, Nic, Node, NodeClock, NodeId, SwitchSetup, World,
};

use super::clients::PlanClient;
use super::files;
use super::refusal::Refusal;
use super::steps::{Action, Order, Step};

/// A link delay or jitter up to this is played as none: namespaces are faster, and no timer of VRRP is that short.
const NO_DELAY: Span = Span::from_millis(1);

/// How long before a crashed node's daemon starts its switch ports come back.
const POWER_BEFORE_START: Span = Span::from_millis(500);

/// A world that can be played.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    /// Name of the recording.
    pub name: String,
    /// What it shows, and what was left out.
    pub description: String,
    /// The first start, in the scenario's time: all times of the plan are after it.
    pub zero: Instant,
    /// How long it is observed, from the first start.
    pub duration: Span,
    /// IPv6 is used.
    pub ipv6: bool,
    /// Names of the switches.
    pub switches: Vec<String>,
    /// The nodes.
    pub nodes: Vec<PlanNode>,
    /// The clients that are played.
    pub clients: Vec<PlanClient>,
    /// What is done before the first start.
    pub before: Vec<Action>,
    /// What is done, by time after the first start.
    pub steps: Vec<Step>,
}

/// One node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlanNode {
    /// Name, also its host name.
    pub name: String,
    /// Its interfaces, by kernel index from 2.
    pub nics: Vec<PlanNic>,
    /// When its daemon is started, after the first start of all; `None`: only by a step.
    pub start: Option<Instant>,
    /// Its keepalived.conf at start.
    pub conf: String,
    /// Its files at start: path and content.
    pub files: Vec<(String, String)>,
    /// All instances that it has at any time.
    pub instances: Vec<PlanInstance>,
}

/// One interface.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlanNic {
    /// Name.
    pub name: String,
    /// Hardware address.
    pub mac: Mac,
    /// Position of its switch.
    pub switch: usize,
    /// Fixed addresses, without the link-local one that every interface has.
    pub addrs: Vec<IfAddr>,
}

/// What is needed of a virtual router to tell whose frame or address was seen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlanInstance {
    /// Name.
    pub name: String,
    /// Its interface.
    pub nic: String,
    /// Its number.
    pub vrid: u8,
    /// IPv6.
    pub v6: bool,
    /// Its virtual addresses and their interfaces.
    pub vips: Vec<(String, IfAddr)>,
}

impl PlanNode {
    /// Whether the address is one of the interface's fixed ones.
    pub fn is_fixed(&self, nic: &str, addr: IfAddr) -> bool {
        let nic = self.nics.iter().find(|n| n.name == nic);
        nic.is_some_and(|n| n.addrs.contains(&addr) || addr == IfAddr::link_local(n.mac))
    }

    /// The virtual addresses of all configurations, with their interfaces.
    pub fn vips(&self) -> BTreeSet<(String, IfAddr)> {
        self.instances.iter().flat_map(|i| i.vips.iter().cloned()).collect()
    }
}

/// Makes the plan of a world, or says everything that cannot be played.
pub fn plan(world: &World, confs: &[WrittenConf]) -> Result<Plan, Vec<Refusal>> {
    let mut refused = Vec::new();
    world.networks.iter().for_each(|network| check_network(network, &mut refused));
    check_wiring(world, &mut refused);
    for node in &world.nodes {
        check_model(&node.model, &mut refused);
        check_node(node, &mut refused);
    }
    let rogue = |name: &str| Refusal::key(&["rogues", name], format!("{name}: rogues cannot be played"));
    refused.extend(world.rogues.iter().map(|r| rogue(&r.name)));
    let starts = world.nodes.iter().filter_map(|n| n.start);
    let later = world.faults.iter().filter(|f| matches!(f.fault, Fault::Start(_))).map(|f| f.at);
    let Some(first) = starts.chain(later).min() else {
        refused.push(Refusal::key(&["nodes"], "no daemon is ever started"));
        return Err(refused);
    };
    let (mut before, mut steps) = (Vec::new(), Vec::new());
    let mut order = Order::new(world);
    for timed in &world.faults {
        let conf = |model: &NodeModel| conf_text(model, confs);
        for (at, action) in order.actions(timed, POWER_BEFORE_START, &conf, &mut refused) {
            if at <= first && action.is_wiring() {
                before.push(action);
            } else {
                steps.push(Step { at: Instant(at.0.saturating_sub(first.0)), action });
            }
        }
    }
    steps.sort_by_key(|s| s.at);
    let mut nodes = Vec::new();
    for (id, node) in world.nodes.iter().enumerate() {
        let conf = conf_text(&node.model, confs);
        let asked = |why: String| Refusal::key(&["nodes", &node.model.name, "keepalived"], why);
        refused.extend(check_conf(&node.model.name, &conf).into_iter().map(asked));
        files::check(world, NodeId(id), &mut refused);
        let start = node.start.map(|at| Instant(at.0 - first.0));
        let instances = instances(world, NodeId(id));
        let nics = node.model.interfaces.iter().zip(&node.ports);
        let nics = nics.map(|(i, port)| PlanNic {
            name: i.name.clone(),
            mac: i.mac,
            switch: port.network.0,
            addrs: i.addresses.iter().copied().filter(|a| *a != IfAddr::link_local(i.mac)).collect(),
        });
        let (name, files) = (node.model.name.clone(), node.files.clone());
        nodes.push(PlanNode { name, nics: nics.collect(), start, conf, files, instances });
    }
    if !refused.is_empty() {
        return Err(refused);
    }
    let nics = nodes.iter().flat_map(|n| &n.nics).flat_map(|n| &n.addrs).map(|a| a.ip);
    let vips = nodes.iter().flat_map(|n| &n.instances).flat_map(|i| &i.vips).map(|(_, a)| a.ip);
    Ok(Plan {
        name: world.name.clone(),
        description: description(world),
        zero: first,
        duration: Span(world.duration.0.saturating_sub(first.0)),
        ipv6: nics.chain(vips).any(|ip| ip.is_ipv6()),
        switches: world.networks.iter().map(|n| n.name.clone()).collect(),
        nodes,
        clients: Vec::new(),
        before,
        steps,
    })
}

/// The text that the model was read from; a text that reads as the model when the scenario itself says it.
fn conf_text(model: &NodeModel, confs: &[WrittenConf]) -> String {
    confs.iter().find(|c| c.model == *model).map_or_else(|| print(model), |c| c.text.clone())
}

fn description(world: &World) -> String {
    let mut words = vec![world.about.trim().to_owned()];
    if !world.clients.is_empty() || world.nodes.iter().any(|n| !n.services.is_empty()) {
        words.push("Recorded without the clients and HTTP servers of the scenario.".to_owned());
    }
    words.retain(|w| !w.is_empty());
    words.join(" ")
}

/// Every instance that the node has at its start or after a reload.
fn instances(world: &World, id: NodeId) -> Vec<PlanInstance> {
    let reloaded = world.faults.iter().filter_map(|f| match &f.fault {
        Fault::Reload(node, model) if *node == id => Some(model.as_ref()),
        _ => None,
    });
    let mut all: BTreeMap<&str, PlanInstance> = BTreeMap::new();
    let mut names = Vec::new();
    for model in std::iter::once(&world.nodes[id.0].model).chain(reloaded) {
        let nic = |index| model.interface(index).map(|i| i.name.clone()).unwrap_or_default();
        for i in &model.instances {
            if !names.contains(&i.name.as_str()) {
                names.push(i.name.as_str());
            }
            let known = all.entry(&i.name).or_insert_with(|| PlanInstance {
                name: i.name.clone(),
                nic: nic(i.iface),
                vrid: i.vrid.get(),
                v6: i.family == vrrplab_wire::AddressFamily::V6,
                vips: Vec::new(),
            });
            for vip in i.vips.iter().chain(&i.excluded_vips) {
                let vip = (nic(vip.iface), vip.addr);
                if !known.vips.contains(&vip) {
                    known.vips.push(vip);
                }
            }
        }
    }
    names.into_iter().filter_map(|name| all.remove(name)).collect()
}

fn check_network(network: &Network, refused: &mut Vec<Refusal>) {
    let Network { name, link, switch, cloud } = network;
    let mut refuse = |key: &str, why: String| {
        refused.push(Refusal::key(&["networks", name, key], format!("network {name}: {why}")));
    };
    if cloud.is_some() {
        refuse("cloud", "a cloud cannot be played".to_owned());
    }
    if link.is_special() {
        refuse("", "what its links do to frames cannot be played".to_owned());
    }
    if *switch != SwitchSetup::default() {
        refuse("", "a spanning tree, snooping and ageing cannot be played".to_owned());
    }
    if link.loss_ppm > 0 {
        refuse("loss", "loss cannot be played".to_owned());
    }
    for (key, span) in [("delay", link.delay), ("jitter", link.jitter)] {
        if span > NO_DELAY {
            refuse(key, format!("a {key} of {span} cannot be played (up to {NO_DELAY} none is)"));
        }
    }
}

/// Trunks, VLANs and links of their own.
fn check_wiring(world: &World, refused: &mut Vec<Refusal>) {
    let trunk = |name: &str| Refusal::key(&["trunks"], format!("trunk {name}: trunks cannot be played"));
    refused.extend(world.trunks.iter().map(|t| trunk(&t.name)));
    for node in &world.nodes {
        let name = node.model.name.as_str();
        let nics = node.model.interfaces.iter().zip(&node.ports);
        if let Some((nic, _)) = nics.into_iter().find(|(_, port)| port.attachment != Attachment::default()) {
            let why = format!("{name}: VLANs, portfast and links of their own cannot be played");
            refused.push(Refusal::key(&["nodes", name, "interfaces", &nic.name, "link"], why));
        }
    }
}

/// What belongs to a host and not to its daemon.
fn check_node(node: &Node, refused: &mut Vec<Refusal>) {
    let name = node.model.name.as_str();
    let mut refuse = |way: &[&str], why: &str| refused.push(Refusal::key(way, format!("{name}: {why}")));
    if !node.daemon || node.kernel != KernelSetup::default() {
        refuse(&["nodes", name], "hosts without a daemon and set-up kernels cannot be played");
    }
    let secured = node.model.interfaces.iter().zip(&node.ports).find(|(_, port)| port.security.is_some());
    if let Some((nic, _)) = secured {
        refuse(&["nodes", name, "interfaces", &nic.name, "port_security"], "port security cannot be played");
    }
    if node.clock != NodeClock::default() {
        refuse(&["nodes", name, "clock"], "a clock of its own cannot be played");
    }
}

fn check_model(model: &NodeModel, refused: &mut Vec<Refusal>) {
    let name = model.name.as_str();
    let mut refuse = |way: &[&str], why: String| refused.push(Refusal::key(way, format!("{name}: {why}")));
    let plain = |c: char| c.is_ascii_alphanumeric() || "._-".contains(c);
    if name.len() > 60 || !name.chars().all(plain) || name.starts_with(['.', '-']) {
        refuse(&["nodes", name], "not a host name (letters, digits, `.`, `_` and `-`)".to_owned());
    }
    if model.policy != Policy::KEEPALIVED_2_2_7 {
        let why = "only the policy keepalived-2.2.7 can be played, by a daemon that follows it";
        refuse(&["policy"], why.to_owned());
    }
    for i in &model.interfaces {
        let way = ["nodes", name, "interfaces", &i.name];
        if i.name.len() > 15 || i.name == "lo" || !i.name.chars().all(plain) {
            refuse(&way, format!("Linux takes no interface called {}", i.name));
        }
        if !i.up {
            refuse(&way, format!("{} is down from the start", i.name));
        }
    }
}

/// Lines that mean something else, or nothing, when the recording is read again.
pub(super) fn check_conf(node: &str, conf: &str) -> Vec<String> {
    let lines = (1..).zip(conf.lines()).map(|(number, line)| (number, line.trim_start()));
    let odd = lines.filter(|(_, line)| line.starts_with("include") || line.starts_with('@'));
    let why = |(number, line): (usize, &str)| {
        format!("{node}: keepalived.conf line {number}: `{line}` cannot be recorded, write it out")
    };
    odd.map(why).collect()
}

/// The nodes among the members.
pub(super) fn nodes_of(members: &[Member]) -> Vec<NodeId> {
    let node = |m: &Member| match m {
        Member::Node(node) => Some(*node),
        Member::Client(_) | Member::Rogue(_) => None,
    };
    members.iter().filter_map(node).collect()
}

/// The name of an interface.
pub(super) fn nic_name(nodes: &[PlanNode], nic: Nic) -> (&str, &str) {
    let node = &nodes[nic.node.0];
    (&node.name, &node.nics[nic.nic].name)
}
