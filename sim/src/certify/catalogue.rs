//! Everything that can break in a world: each kind of fault at each place, in each of its ways.
use std::num::NonZeroU8;

use vrrplab_engine::{Instant, Span};
use vrrplab_formats::world::{
    Behaviour, Child, Direction, FabricFault, Fault, FrameClass, KernelFault, LinkChange, LinkPlace, Member, NetworkId,
    Nic, NodeFault, NodeId, Ppm, ServiceChange, ServiceFault, SignedSpan, StunClock, World,
};

use crate::explore::{Kind, Spot, Strike, Target, healed, members, quality, spots};

/// One way in which one place breaks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Candidate {
    /// Its kind.
    pub kind: Kind,
    /// Where, by names.
    pub place: String,
    /// What happens there, in a few words.
    pub what: String,
    /// It is over as soon as it has happened.
    pub at_once: bool,
    /// Candidates of the same kind at the same place have the same number.
    pub spot: usize,
    begin: Fault,
    end: Option<Fault>,
}

impl Candidate {
    /// The fault at a moment.
    pub fn strike(&self, at: Instant, lasts: Span) -> Strike {
        let (begin, end) = (self.begin.clone(), self.end.clone());
        let mut strike = Strike { kind: self.kind, at, lasts: Span::ZERO, begin, end };
        if !self.at_once {
            strike.last(lasts);
        }
        strike
    }
}

type Way = (String, Fault, Option<Fault>);

/// All of a world, in an order of its own. What happens to the cables of clients is nobody's but theirs.
pub fn candidates(world: &World) -> Vec<Candidate> {
    let mut all = Vec::new();
    for (position, spot) in spots(world).into_iter().enumerate() {
        if matches!(spot.target, Target::Link(LinkPlace::Client(_))) {
            continue;
        }
        let place = spot.label.splitn(3, '/').nth(2).unwrap_or(&spot.label).to_owned();
        let at_once = matches!(spot.kind, Kind::ClockStep | Kind::KillChild | Kind::Recreated | Kind::VipRemoved);
        for (what, begin, end) in ways(&spot, world) {
            let (kind, place) = (spot.kind, place.clone());
            all.push(Candidate { kind, place, what, at_once, spot: position, begin, end });
        }
    }
    all
}

fn ways(spot: &Spot, world: &World) -> Vec<Way> {
    match &spot.target {
        Target::Node(node) => of_node(spot.kind, *node, world),
        Target::Instance(node, position) => of_priority(*node, *position, world),
        Target::Nic(nic) => of_nic(spot.kind, *nic, world),
        Target::Link(link) => of_link(spot.kind, *link, world),
        Target::Network(network) => of_network(spot.kind, *network, world),
        Target::Trunk(trunk) => {
            let [down, up] = [FabricFault::TrunkDown(*trunk), FabricFault::TrunkUp(*trunk)].map(Fault::Fabric);
            vec![("down".to_owned(), down, Some(up))]
        }
        Target::Address(node, iface, addr) => {
            let gone = KernelFault::Address { node: *node, iface: *iface, addr: *addr, add: false };
            vec![("removed by hand".to_owned(), Fault::Kernel(gone), None)]
        }
        Target::Tracked(node, position) => of_tracked(spot.kind, *node, *position, world),
        Target::Service(node, port) => of_service(*node, *port),
    }
}

fn one(what: &str, begin: Fault, end: Option<Fault>) -> Vec<Way> {
    vec![(what.to_owned(), begin, end)]
}

fn of_node(kind: Kind, node: NodeId, world: &World) -> Vec<Way> {
    match kind {
        Kind::Crash => one("loses power", Fault::Crash(node), Some(Fault::Start(node))),
        Kind::Kill => one("daemon killed", Fault::Kill(node), Some(Fault::Start(node))),
        Kind::Stop => one("daemon stopped", Fault::Stop(node), Some(Fault::Start(node))),
        Kind::Pause => one("daemon paused", Fault::Pause(node), Some(Fault::Resume(node))),
        Kind::KillChild => {
            one("VRRP process killed", Fault::Node(NodeFault::KillChild { node, child: Child::Vrrp }), None)
        }
        Kind::Stun => {
            let stun = |clock| Fault::Node(NodeFault::Stun { node, length: Span::ZERO, clock, ring: 256 });
            vec![
                ("stands still, clock runs".to_owned(), stun(StunClock::Runs), None),
                ("stands still with its clock".to_owned(), stun(StunClock::Stops), None),
            ]
        }
        Kind::Starve => {
            let late = |late| Fault::Node(NodeFault::Starve { node, late, at_random: false });
            one("daemon gets the processor 1 s late", late(Span::from_secs(1)), Some(late(Span::ZERO)))
        }
        Kind::Drift => {
            let own = world.nodes[node.0].clock.drift;
            let drift = |ppm| Fault::Node(NodeFault::Drift { node, ppm });
            let way = |what: &str, ppm| (what.to_owned(), drift(Ppm(ppm)), Some(drift(own)));
            vec![way("clock 20 % too fast", 200_000), way("clock 20 % too slow", -200_000)]
        }
        Kind::ClockStep => {
            let step = |hours: i64| NodeFault::ClockStep { node, by: SignedSpan(hours * 3_600_000_000_000) };
            let way = |what: &str, hours| (what.to_owned(), Fault::Node(step(hours)), None);
            vec![way("clock set 1 h ahead", 1), way("clock set 1 h back", -1)]
        }
        _ => Vec::new(),
    }
}

fn of_priority(node: NodeId, position: usize, world: &World) -> Vec<Way> {
    let own = &world.nodes[node.0].model;
    let mut ways = Vec::new();
    for priority in [1_u8, 254] {
        let mut other = own.clone();
        let (Some(instance), Some(priority)) = (other.instances.get_mut(position), NonZeroU8::new(priority)) else {
            continue;
        };
        if instance.priority == priority {
            continue;
        }
        instance.priority = priority;
        let (begin, end) = (Fault::Reload(node, Box::new(other)), Fault::Reload(node, Box::new(own.clone())));
        ways.push((format!("reloaded with priority {priority}"), begin, Some(end)));
    }
    ways
}

fn of_nic(kind: Kind, nic: Nic, world: &World) -> Vec<Way> {
    let directions = [(Direction::Both, ""), (Direction::FromNode, ", outbound"), (Direction::ToNode, ", inbound")];
    let cut = |frames, what: &str, way: &str, direction| {
        (format!("{what}{way}"), Fault::Cut { nic, direction, frames }, Some(Fault::Uncut(nic)))
    };
    match kind {
        Kind::PortDown => one("switch port down", Fault::PortDown(nic), Some(Fault::PortUp(nic))),
        Kind::NicDown => one("set down", Fault::NicDown(nic), Some(Fault::NicUp(nic))),
        Kind::Recreated => one("vanishes and comes back", Fault::Kernel(KernelFault::NicRecreated(nic)), None),
        Kind::Cut => directions.map(|(direction, way)| cut(FrameClass::All, "cut", way, direction)).into(),
        Kind::CutSome => {
            let mut ways: Vec<Way> =
                directions.map(|(direction, way)| cut(FrameClass::Vrrp, "VRRP dropped", way, direction)).into();
            ways.push(cut(FrameClass::Multicast, "multicast dropped", "", Direction::Both));
            ways.push(cut(FrameClass::Arp, "ARP dropped", "", Direction::Both));
            ways
        }
        Kind::Vlan => {
            let own = world.nodes[nic.node.0].ports[nic.nic].attachment.vlan;
            let put = |vlan| Fault::Fabric(FabricFault::Vlan { nic, vlan });
            one("in another VLAN", put(if own == 4000 { 4001 } else { 4000 }), Some(put(own)))
        }
        _ => Vec::new(),
    }
}

fn of_link(kind: Kind, link: LinkPlace, world: &World) -> Vec<Way> {
    let nothing = LinkChange::default();
    let (what, begin) = match kind {
        Kind::Loss => ("loses 20 %", LinkChange { loss_ppm: Some(200_000), ..nothing }),
        Kind::Delay => ("50 ms slower", LinkChange { delay: Some(Span::from_millis(50)), ..nothing }),
        Kind::Jitter => ("up to 50 ms of jitter", LinkChange { jitter: Some(Span::from_millis(50)), ..nothing }),
        Kind::Duplicate => ("sends all twice", LinkChange { duplicate_ppm: Some(1_000_000), ..nothing }),
        Kind::Reorder => {
            let late = Some(Span::from_millis(10));
            ("reorders 20 %", LinkChange { reorder_ppm: Some(200_000), reorder_delay: late, ..nothing })
        }
        Kind::Corrupt => ("corrupts 5 %", LinkChange { corrupt_ppm: Some(50_000), ..nothing }),
        _ => return Vec::new(),
    };
    let put = |change| Fault::Fabric(FabricFault::Link { link, change });
    one(what, put(begin), Some(put(healed(begin, quality(link, world)))))
}

fn of_network(kind: Kind, network: NetworkId, world: &World) -> Vec<Way> {
    match kind {
        Kind::Partition => {
            let all: Vec<(Member, &str)> = members(network, world).collect();
            let routers = all.iter().filter(|(member, _)| is_router(*member, world));
            let alone = routers.filter_map(|(router, name)| {
                let others: Vec<Member> = all.iter().map(|(one, _)| *one).filter(|one| one != router).collect();
                let groups = vec![vec![*router], others];
                let split = Fault::Partition { network, groups };
                (all.len() > 1).then(|| (format!("split, {name} alone"), split, Some(Fault::Heal(network))))
            });
            alone.collect()
        }
        Kind::Storm => {
            let storm = FabricFault::Storm { network, copies: 10, lasts: Span::ZERO };
            one("storm, all broadcasts 10 times", Fault::Fabric(storm), None)
        }
        Kind::Querier => {
            let put = |on| Fault::Fabric(FabricFault::Querier { network, on });
            one("IGMP querier off", put(false), Some(put(true)))
        }
        _ => Vec::new(),
    }
}

fn is_router(member: Member, world: &World) -> bool {
    matches!(member, Member::Node(node) if !world.nodes[node.0].model.instances.is_empty())
}

fn of_tracked(kind: Kind, node: NodeId, position: usize, world: &World) -> Vec<Way> {
    let model = &world.nodes[node.0].model;
    let script = |what: &str, does| {
        let Some(found) = model.scripts.get(position) else { return Vec::new() };
        let put = |does| Fault::Script { node, name: found.name.clone(), does };
        one(what, put(does), Some(put(Behaviour::Exits(0))))
    };
    match kind {
        Kind::ScriptFails => script("fails", Behaviour::Exits(1)),
        Kind::ScriptHangs => script("hangs", Behaviour::Hangs),
        Kind::Processes => model.processes.get(position).map_or_else(Vec::new, |process| {
            let count = |count| Fault::Processes { node, name: process.name.clone(), count };
            one("processes gone", count(0), Some(count(process.quorum)))
        }),
        Kind::Session => model.bfds.get(position).map_or_else(Vec::new, |session| {
            let put = |up| Fault::Session { node, name: session.name.clone(), up };
            one("BFD session down", put(false), Some(put(true)))
        }),
        _ => Vec::new(),
    }
}

fn of_service(node: NodeId, port: u16) -> Vec<Way> {
    let put = |change| Fault::Service(ServiceFault { node, port, change });
    let way = |what: &str, change| (format!("service {what}"), put(change), Some(put(ServiceChange::Ok)));
    vec![
        way("refuses", ServiceChange::Refuse),
        way("is silent", ServiceChange::Silent),
        way("answers after 3 s", ServiceChange::Slow(Span::from_secs(3))),
    ]
}
