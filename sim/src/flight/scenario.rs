//! Writes the story of a recording as a scenario: the node with its configuration, its peers as their adverts describe
//! them, what went wrong, and the node's changes of state as promises.
use std::fmt::Write as _;
use std::net::IpAddr;

use vrrplab_engine::model::{IfAddr, InstanceModel, InterfaceModel, Mac, NodeModel, UnicastPeer, Vip};
use vrrplab_engine::{Instant, Span};
use vrrplab_formats::keepalived::print;
use vrrplab_formats::world::Invariant;

use super::story::{Blow, Heard, Peer, Story, Turn, quoted};

/// The scenario as YAML. `name` is what it calls itself.
pub fn yaml(name: &str, story: &Story) -> String {
    let end = story.end + Span::from_secs(2);
    let seconds = end.0.div_ceil(1_000_000_000);
    let mut text = format!(
        "# Made from a flight recording of {}, whose daemon starts at {}s here. The peers are guessed from their adverts:\n\
         # when they came, fell silent or said goodbye; between two adverts nothing is known of them.\n\
         name: {}\nabout: What a flight recording of {} tells.\nduration: {seconds}s\nnetworks:\n",
        comment(&story.model.name),
        story.begins(),
        quoted(name),
        comment(&story.model.name),
    );
    for interface in wired(&story.model) {
        let _ = writeln!(text, "  {}: {{}}", quoted(&interface.name));
    }
    text += "nodes:\n";
    own_node(&mut text, story);
    for peer in story.peers.values().filter(|peer| !peer.first.is_empty()) {
        let name = peer_name(story, peer);
        let model = model_of(story, peer);
        node(&mut text, &name, &model, peer.turns().first().map(|(at, _)| *at));
    }
    left_out(&mut text, story);
    timeline(&mut text, story);
    promises(&mut text, story);
    text
}

fn own_node(text: &mut String, story: &Story) {
    node(text, &story.model.name, &without_servers(&story.model), Some(story.begins()));
    if !story.files.is_empty() {
        *text += "    files:\n";
        for (path, content) in &story.files {
            let _ = writeln!(text, "      {}: {}", quoted(path), quoted(content));
        }
    }
}

fn node(text: &mut String, name: &str, model: &NodeModel, start: Option<Instant>) {
    let _ = writeln!(text, "  {}:\n    start: {}s\n    interfaces:", quoted(name), start.unwrap_or_default());
    for interface in wired(model) {
        let addresses = interface.addresses.iter().filter(|addr| !is_vip(model, addr.ip));
        let addresses: Vec<String> = addresses.map(|addr| quoted(&format!("{}/{}", addr.ip, addr.prefix))).collect();
        let mac = if interface.mac.0 == [0; 6] { String::new() } else { format!(", mac: \"{}\"", interface.mac) };
        let (name, addresses) = (quoted(&interface.name), addresses.join(", "));
        let _ = writeln!(text, "      {name}: {{ network: {name}, addresses: [{addresses}]{mac} }}");
    }
    *text += "    keepalived: |\n";
    for line in print(model).lines() {
        let _ = writeln!(text, "      {line}");
    }
}

/// Virtual servers are left out: their real servers are not in the scenario.
fn without_servers(model: &NodeModel) -> NodeModel {
    NodeModel { servers: Vec::new(), server_groups: Vec::new(), ..model.clone() }
}

/// What is left out of a node with virtual servers, and what became of them.
fn left_out(text: &mut String, story: &Story) {
    let services = story.model.servers.len();
    if services == 0 {
        return;
    }
    let servers: usize = story.model.servers.iter().map(|server| server.real_servers.len()).sum();
    let _ = writeln!(
        text,
        "# Left out: {services} virtual_server with {servers} real_server in all, and their checks. What their checkers told:"
    );
    for (at, line) in &story.checked {
        let _ = writeln!(text, "#   {at}s {}", comment(line));
    }
}

fn timeline(text: &mut String, story: &Story) {
    let own = quoted(&story.model.name);
    let mut faults: Vec<(Instant, String)> = Vec::new();
    for interface in wired(&story.model).filter(|interface| !interface.up) {
        let name = quoted(&interface.name);
        faults.push((Instant::ZERO, format!("{{ port_down: {{ node: {own}, interface: {name} }} }}")));
    }
    // what a scenario has running until it is told otherwise, and a daemon until it has seen it does not
    for process in &story.model.processes {
        let name = quoted(&process.name);
        faults.push((Instant::ZERO, format!("{{ process: {{ node: {own}, name: {name}, count: 0 }} }}")));
    }
    for session in &story.model.bfds {
        let name = quoted(&session.name);
        faults.push((Instant::ZERO, format!("{{ bfd: {{ node: {own}, name: {name}, up: false }} }}")));
    }
    for (at, blow) in &story.blows {
        let fault = match blow {
            Blow::Own("stop", _) => format!("{{ stop: {own} }}"),
            Blow::Own(kind, rest) => format!("{{ {kind}: {{ node: {own}, {rest} }} }}"),
            Blow::Reload(model) => {
                format!("{{ reload: {{ node: {own}, keepalived: {} }} }}", quoted(&print(&without_servers(model))))
            }
        };
        faults.push((*at, fault));
    }
    for peer in story.peers.values().filter(|peer| !peer.first.is_empty()) {
        faults.extend(peer_faults(peer, &peer_name(story, peer)));
    }
    faults.sort_by_key(|(at, _)| *at);
    *text += if faults.is_empty() { "timeline: []\n" } else { "timeline:\n" };
    for (at, fault) in faults {
        let _ = writeln!(text, "  - {{ at: {at}s, do: {fault} }}");
    }
}

/// What happens to a peer of this name after its first start, as faults.
pub(crate) fn peer_faults(peer: &Peer, name: &str) -> Vec<(Instant, String)> {
    let name = quoted(name);
    let fault = |(at, turn)| {
        let fault = match turn {
            Turn::Start => format!("{{ start: {name} }}"),
            Turn::Stop => format!("{{ stop: {name} }}"),
            Turn::Crash => format!("{{ crash: {name} }}"),
            Turn::Cut => format!("{{ cut: {{ node: {name} }} }}"),
            Turn::Uncut => format!("{{ uncut: {{ node: {name} }} }}"),
            Turn::Priority(priority) => {
                let all = peer.first.keys().map(|instance| format!("{}: {priority}", quoted(instance)));
                let all: Vec<String> = all.collect();
                format!("{{ reload: {{ node: {name}, priority: {{ {} }} }} }}", all.join(", "))
            }
        };
        (at, fault)
    };
    peer.turns().into_iter().skip(1).map(fault).collect()
}

fn promises(text: &mut String, story: &Story) {
    *text += if story.entered.is_empty() { "expect: []\n" } else { "expect:\n" };
    let node = quoted(&story.model.name);
    for entered in &story.entered {
        let (instance, state) = (quoted(&entered.instance), entered.state.name());
        let within = Instant(entered.within.0);
        let _ = writeln!(
            text,
            "  - {{ enters: {{ instance: {instance}, node: {node}, state: {state}, at: {}s, within: {within}s }} }}",
            entered.at
        );
    }
    *text +=
        "# What went wrong there is no promise broken here: delete this to have invariants watched.\ninvariants:\n";
    for invariant in Invariant::ALL {
        let _ = writeln!(text, "  {}: off", invariant.id());
    }
}

/// The interfaces that have a cable: loopback and tunnels have none.
fn wired(model: &NodeModel) -> impl Iterator<Item = &InterfaceModel> {
    model
        .interfaces
        .iter()
        .filter(|interface| !["lo", "tunl0", "ip6tnl0", "sit0", "gre0"].contains(&interface.name.as_str()))
}

fn is_vip(model: &NodeModel, ip: IpAddr) -> bool {
    model.instances.iter().flat_map(InstanceModel::all_vips).any(|vip| vip.addr.ip == ip)
}

fn peer_name(story: &Story, peer: &Peer) -> String {
    if story.model.name == peer.name { format!("{}-other", peer.name) } else { peer.name.clone() }
}

/// A configuration that would send these adverts: the own one, with what is heard to be different.
fn model_of(story: &Story, peer: &Peer) -> NodeModel {
    let own = &story.model;
    let mut interface = own.interface(peer.iface).cloned().unwrap_or_else(|| InterfaceModel {
        index: peer.iface,
        name: "eth0".into(),
        mac: Mac([0; 6]),
        addresses: Vec::new(),
        up: true,
    });
    let own_address = interface.addresses.iter().map(|addr| addr.ip).find(|ip| ip.is_ipv4() == peer.ip.is_ipv4());
    let prefix = interface.addresses.iter().find(|addr| addr.ip.is_ipv4() == peer.ip.is_ipv4());
    let prefix = prefix.map_or(if peer.ip.is_ipv4() { 24 } else { 64 }, |addr| addr.prefix);
    interface.addresses = vec![IfAddr { ip: peer.ip, prefix }];
    interface.mac = peer.mac.unwrap_or(Mac([0; 6]));
    let heard = own.instances.iter().filter_map(|own| Some((own, peer.first.get(&own.name)?)));
    let instances = heard.map(|(own, heard)| instance_of(own, heard, own_address)).collect();
    let mut model = NodeModel::new(&peer.name, own.policy, vec![interface]);
    model.instances = instances;
    model
}

fn instance_of(own: &InstanceModel, heard: &Heard, own_address: Option<IpAddr>) -> InstanceModel {
    let mut instance = InstanceModel::new(&own.name, own.iface, own.vrid);
    instance.version = heard.version;
    instance.family = own.family;
    instance.priority = std::num::NonZeroU8::new(heard.priority).unwrap_or(own.priority);
    instance.wants_master = heard.priority == 255;
    instance.advert_int = heard.interval;
    instance.auth = heard.auth;
    instance.down_timer_adverts = own.down_timer_adverts;
    instance.vmac = own.vmac.clone();
    let vip = |ip: &IpAddr| {
        let known = own.vips.iter().find(|vip| vip.addr.ip == *ip);
        let prefix = if ip.is_ipv4() { 32 } else { 128 };
        known.cloned().unwrap_or_else(|| Vip::new(IfAddr { ip: *ip, prefix }, own.iface))
    };
    instance.vips = heard.addresses.iter().map(vip).collect();
    if own.is_unicast() {
        let to = own.source.or(own_address);
        instance.unicast_peers = to.map(UnicastPeer::from).into_iter().collect();
    }
    instance
}

/// A name within a comment.
fn comment(name: &str) -> String {
    name.chars().filter(|letter| !letter.is_control()).collect()
}
