//! Faults as a scenario writes them: the other direction of reading.
use vrrplab_engine::Span;
use vrrplab_formats::outline::Outline;
use vrrplab_formats::world::{
    Behaviour, Child, Direction, FabricFault, Fault, FrameClass, KernelFault, LinkChange, LinkPlace, Member, Nic,
    NodeFault, NodeId, ServiceChange, ServiceFault, StunClock, World,
};

/// A time with the largest unit in which it is whole.
pub fn time(span: Span) -> String {
    let units = [("s", 1_000_000_000), ("ms", 1_000_000), ("us", 1_000)];
    match units.into_iter().find(|(_, scale)| span.0.is_multiple_of(*scale)) {
        Some((unit, scale)) => format!("{}{unit}", span.0 / scale),
        None => format!("{}ns", span.0),
    }
}

/// An item of a timeline.
pub fn item(at: Span, fault: Outline) -> Outline {
    Outline::map([("at", Outline::word(time(at))), ("do", fault)])
}

/// What stands behind `do:`; `None` for faults that are never drawn.
pub fn fault(fault: &Fault, world: &World) -> Option<Outline> {
    let names = Names(world);
    let node = |key: &str, id: NodeId| Some(Outline::map([(key, names.node(id))]));
    let port = |key: &str, nic: Nic| Some(Outline::map([(key, names.port(nic, []))]));
    match fault {
        Fault::Crash(id) => node("crash", *id),
        Fault::Kill(id) => node("kill", *id),
        Fault::Stop(id) => node("stop", *id),
        Fault::Pause(id) => node("pause", *id),
        Fault::Resume(id) => node("resume", *id),
        Fault::Start(id) => node("start", *id),
        Fault::Uncut(nic) => port("uncut", *nic),
        Fault::PortDown(nic) => port("port_down", *nic),
        Fault::PortUp(nic) => port("port_up", *nic),
        Fault::NicDown(nic) => port("nic_down", *nic),
        Fault::NicUp(nic) => port("nic_up", *nic),
        Fault::Cut { nic, direction, frames } => {
            let [direction, frames] = [way(*direction), class(*frames)].map(Outline::word);
            Some(Outline::map([("cut", names.port(*nic, [("direction", direction), ("frames", frames)]))]))
        }
        Fault::Partition { network, groups } => {
            let group = |group: &Vec<Member>| Outline::List(group.iter().map(|one| names.member(*one)).collect());
            let groups = Outline::List(groups.iter().map(group).collect());
            let islands = Outline::map([("network", names.network(network.0)), ("groups", groups)]);
            Some(Outline::map([("partition", islands)]))
        }
        Fault::Heal(network) => Some(Outline::map([("heal", names.network(network.0))])),
        Fault::Reload(id, model) => {
            let own = &world.nodes[id.0].model.instances;
            let pairs = own.iter().zip(&model.instances);
            let pairs = pairs.map(|(_, now)| (now.name.clone(), Outline::word(now.priority.to_string())));
            let new = [("node", names.node(*id)), ("priority", Outline::Map(pairs.collect()))];
            Some(Outline::map([("reload", Outline::map(new))]))
        }
        Fault::Script { node, name, does } => script(&names, *node, name, *does),
        Fault::Processes { node, name, count } => {
            let count = Outline::word(count.to_string());
            let what = [("node", names.node(*node)), ("name", Outline::word(name)), ("count", count)];
            Some(Outline::map([("process", Outline::map(what))]))
        }
        Fault::Session { node, name, up } => {
            let up = Outline::word(up.to_string());
            let what = [("node", names.node(*node)), ("name", Outline::word(name)), ("up", up)];
            Some(Outline::map([("bfd", Outline::map(what))]))
        }
        Fault::Kernel(fault) => kernel(&names, fault),
        Fault::Service(fault) => Some(service(&names, fault)),
        Fault::Node(fault) => Some(machine(&names, fault)),
        Fault::Fabric(fault) => Some(fabric(&names, fault)),
        Fault::SetPortSecurity(..) | Fault::WriteFile { .. } | Fault::Cloud(_) | Fault::Rogue(_) => None,
    }
}

struct Names<'w>(&'w World);

impl Names<'_> {
    fn node(&self, id: NodeId) -> Outline {
        Outline::word(&self.0.nodes[id.0].model.name)
    }

    fn network(&self, position: usize) -> Outline {
        Outline::word(&self.0.networks[position].name)
    }

    fn member(&self, member: Member) -> Outline {
        Outline::word(match member {
            Member::Node(id) => &self.0.nodes[id.0].model.name,
            Member::Client(id) => &self.0.clients[id.0].name,
            Member::Rogue(id) => &self.0.rogues[id.0].name,
        })
    }

    fn port<const N: usize>(&self, nic: Nic, more: [(&str, Outline); N]) -> Outline {
        let interface = &self.0.nodes[nic.node.0].model.interfaces[nic.nic].name;
        let mut port = Outline::map([("node", self.node(nic.node)), ("interface", Outline::word(interface))]);
        for (key, value) in more {
            port.set(key, value);
        }
        port
    }
}

const fn way(direction: Direction) -> &'static str {
    match direction {
        Direction::Both => "both",
        Direction::FromNode => "from_node",
        Direction::ToNode => "to_node",
    }
}

const fn class(frames: FrameClass) -> &'static str {
    match frames {
        FrameClass::All => "all",
        FrameClass::Multicast => "multicast",
        FrameClass::Vrrp => "vrrp",
        FrameClass::Arp => "arp",
    }
}

fn script(names: &Names<'_>, node: NodeId, name: &str, does: Behaviour) -> Option<Outline> {
    let mut what = Outline::map([("node", names.node(node)), ("name", Outline::word(name))]);
    match does {
        Behaviour::Exits(status) => what.set("exits", Outline::word(status.to_string())),
        Behaviour::Hangs => what.set("hangs", Outline::word("true")),
        Behaviour::ExitsAfter(..) => return None,
    }
    Some(Outline::map([("script", what)]))
}

fn kernel(names: &Names<'_>, fault: &KernelFault) -> Option<Outline> {
    match fault {
        KernelFault::NicRecreated(nic) => Some(Outline::map([("nic_recreated", names.port(*nic, []))])),
        KernelFault::Address { node, iface, addr, add } => {
            let interfaces = &names.0.nodes[node.0].model.interfaces;
            let name = &interfaces.iter().find(|interface| interface.index == *iface)?.name;
            let key = if *add { "add" } else { "remove" };
            let addr = Outline::word(format!("{}/{}", addr.ip, addr.prefix));
            let what = [("node", names.node(*node)), ("interface", Outline::word(name)), (key, addr)];
            Some(Outline::map([("address", Outline::map(what))]))
        }
        _ => None,
    }
}

fn service(names: &Names<'_>, fault: &ServiceFault) -> Outline {
    let (key, value) = match &fault.change {
        ServiceChange::Refuse => ("refuse", "true".to_owned()),
        ServiceChange::Silent => ("silent", "true".to_owned()),
        ServiceChange::Slow(slow) => ("slow", time(*slow)),
        ServiceChange::Status(status) => ("status", status.to_string()),
        ServiceChange::Body(body) => ("body", body.clone()),
        ServiceChange::Ok => ("ok", "true".to_owned()),
        ServiceChange::Greeting(line) => ("greeting", line.clone()),
        ServiceChange::Rcode(rcode) => ("rcode", rcode.name().to_owned()),
    };
    let port = Outline::word(fault.port.to_string());
    let what = [("node", names.node(fault.node)), ("port", port), (key, Outline::word(value))];
    Outline::map([("service", Outline::map(what))])
}

fn machine(names: &Names<'_>, fault: &NodeFault) -> Outline {
    let node = ("node", names.node(fault.node()));
    match fault {
        NodeFault::Stun { length, clock, ring, .. } => {
            let clock = if *clock == StunClock::Runs { "runs" } else { "stops" };
            let (lasts, ring) = (Outline::word(time(*length)), Outline::word(ring.to_string()));
            let what = [node, ("for", lasts), ("clock", Outline::word(clock)), ("ring", ring)];
            Outline::map([("stun", Outline::map(what))])
        }
        NodeFault::ClockStep { by, .. } => {
            let (sign, size) = (if by.0 < 0 { "-" } else { "+" }, time(Span(by.0.unsigned_abs())));
            Outline::map([("clock_step", Outline::map([node, ("by", Outline::word(format!("{sign}{size}")))]))])
        }
        NodeFault::Drift { ppm, .. } => {
            Outline::map([("drift", Outline::map([node, ("by", Outline::word(format!("{}ppm", ppm.0)))]))])
        }
        NodeFault::Starve { late, at_random, .. } => {
            let (late, at_random) = (Outline::word(time(*late)), Outline::word(at_random.to_string()));
            Outline::map([("starve", Outline::map([node, ("late", late), ("at_random", at_random)]))])
        }
        NodeFault::KillChild { child, .. } => {
            let child = Outline::word(if *child == Child::Vrrp { "vrrp" } else { "checkers" });
            Outline::map([("kill_child", Outline::map([node, ("child", child)]))])
        }
    }
}

fn fabric(names: &Names<'_>, fault: &FabricFault) -> Outline {
    let network = |id: usize| ("network", names.network(id));
    let trunk = |id: usize| Outline::word(&names.0.trunks[id].name);
    match fault {
        FabricFault::Link { link, change } => {
            let mut what = match link {
                LinkPlace::Nic(nic) => names.port(*nic, []),
                LinkPlace::Client(id) => Outline::map([("client", names.member(Member::Client(*id)))]),
                LinkPlace::Network(id) => Outline::map([network(id.0)]),
                LinkPlace::Trunk(id) => Outline::map([("trunk", trunk(id.0))]),
            };
            for (key, value) in qualities(change) {
                what.set(key, Outline::word(value));
            }
            Outline::map([("link", what)])
        }
        FabricFault::TrunkDown(id) => Outline::map([("trunk_down", trunk(id.0))]),
        FabricFault::TrunkUp(id) => Outline::map([("trunk_up", trunk(id.0))]),
        FabricFault::Querier { network: id, on } => {
            Outline::map([("querier", Outline::map([network(id.0), ("on", Outline::word(on.to_string()))]))])
        }
        FabricFault::Vlan { nic, vlan } => {
            Outline::map([("vlan", names.port(*nic, [("vlan", Outline::word(vlan.to_string()))]))])
        }
        FabricFault::Storm { network: id, copies, lasts } => {
            let (copies, lasts) = (Outline::word(copies.to_string()), Outline::word(time(*lasts)));
            Outline::map([("storm", Outline::map([network(id.0), ("copies", copies), ("for", lasts)]))])
        }
    }
}

/// The keys of a link that change.
fn qualities(change: &LinkChange) -> impl Iterator<Item = (&'static str, String)> {
    let percent = |ppm: u32| format!("{}.{:04}%", ppm / 10_000, ppm % 10_000).replace(".0000%", "%");
    let times = [("delay", change.delay), ("jitter", change.jitter), ("reorder_delay", change.reorder_delay)];
    let shares = [
        ("loss", change.loss_ppm),
        ("duplicate", change.duplicate_ppm),
        ("reorder", change.reorder_ppm),
        ("corrupt", change.corrupt_ppm),
    ];
    let numbers = [("burst", change.burst), ("queue", change.queue)];
    let times = times.into_iter().filter_map(|(key, value)| Some((key, time(value?))));
    let shares = shares.into_iter().filter_map(move |(key, value)| Some((key, percent(value?))));
    let numbers = numbers.into_iter().filter_map(|(key, value)| Some((key, value?.to_string())));
    let bandwidth = change.bandwidth.map(|bits| ("bandwidth", format!("{bits}bit")));
    times.chain(shares).chain(numbers).chain(bandwidth)
}
