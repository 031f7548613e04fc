//! The rows of the picture of time: the states of each instance, who holds which address, what clients get.
use std::collections::BTreeMap;
use std::net::IpAddr;

use vrrplab_engine::State;
use vrrplab_formats::world::{ClientId, Member, NodeId, World};

use super::data::{Lane, Tone};
use super::site::{Site, asks};
use super::strings::signed;
use crate::experiment::Outcome;

/// A stretch of time of a lane.
type Bar = (u64, u64, String, Tone);

/// All lanes, and which of them belongs to each instance, in the order of nodes and their instances.
pub(super) fn lanes(world: &World, outcome: &Outcome, site: &Site) -> (Vec<Lane>, Vec<Option<usize>>) {
    let (mut lanes, mut seats) = (Vec::new(), BTreeMap::new());
    for instance in outcome.states.instances() {
        for node in outcome.states.nodes(instance) {
            let intervals = outcome.states.intervals(node, instance);
            let bars = intervals.iter().map(|interval| {
                let (word, tone) = state(interval.state);
                (interval.from.0, interval.to.0, word.to_owned(), tone)
            });
            seats.insert((node, instance.to_owned()), lanes.len());
            let host = site.host(Member::Node(node));
            lanes.push(lane(site, host, instance.to_owned(), "state", bars.collect()));
        }
    }
    lanes.extend(holders(world, outcome));
    lanes.extend(clients(world, outcome, site));
    let instances = world
        .nodes
        .iter()
        .enumerate()
        .flat_map(|(n, node)| node.model.instances.iter().map(move |instance| (NodeId(n), instance.name.clone())));
    let seats = instances.map(|seat| seats.get(&seat).copied()).collect();
    (lanes, seats)
}

fn lane(site: &Site, host: usize, part: String, kind: &'static str, bars: Vec<Bar>) -> Lane {
    let name = site.hosts.get(host).map(|host| host.name.clone()).unwrap_or_default();
    Lane { name, part, kind, host: signed(host), bars }
}

fn state(state: Option<State>) -> (&'static str, Tone) {
    let tone = match state {
        Some(State::Master) => Tone::Master,
        Some(State::Backup) => Tone::Backup,
        Some(State::Fault) => Tone::Down,
        Some(State::Init) => Tone::Init,
        None => Tone::Off,
    };
    (state.map_or("off", State::name), tone)
}

/// One lane for each virtual address; those that were always held together share one.
fn holders(world: &World, outcome: &Outcome) -> Vec<Lane> {
    let vips = world.nodes.iter().flat_map(|node| &node.model.instances).flat_map(|instance| instance.all_vips());
    let mut histories: BTreeMap<IpAddr, Vec<Bar>> = vips.map(|vip| (vip.addr.ip, Vec::new())).collect();
    for held in outcome.states.holders() {
        if let (Some(history), Some(node)) = (histories.get_mut(&held.ip), world.nodes.get(held.node.0)) {
            history.push((held.from.0, held.to.0, node.model.name.clone(), Tone::Holder));
        }
    }
    let mut together: Vec<(Vec<IpAddr>, Vec<Bar>)> = Vec::new();
    for (ip, mut bars) in histories {
        bars.sort_by(|one, other| (one.0, &one.2).cmp(&(other.0, &other.2)));
        match together.iter_mut().find(|(_, known)| *known == bars) {
            Some((ips, _)) => ips.push(ip),
            None => together.push((vec![ip], bars)),
        }
    }
    let lane = |(ips, bars): (Vec<IpAddr>, Vec<Bar>)| {
        let more = ips.len() - 1;
        let part = if more > 0 { format!("and {more} more: who holds them") } else { "who holds it".to_owned() };
        Lane { name: ips[0].to_string(), part, kind: "holder", host: -1, bars }
    };
    together.into_iter().map(lane).collect()
}

/// One lane for each client or block: answered, or not.
fn clients(world: &World, outcome: &Outcome, site: &Site) -> Vec<Lane> {
    let mut lanes: Vec<(usize, Lane)> = Vec::new();
    for (c, client) in world.clients.iter().enumerate() {
        let host = site.host(Member::Client(ClientId(c)));
        let Some(view) = outcome.outages.client(ClientId(c)) else { continue };
        let end = world.duration.0;
        let gaps = view
            .gaps
            .iter()
            .map(|gap| (gap.from.0, gap.back.map_or(end, |back| back.0), format!("{} lost", gap.lost), Tone::Bad));
        match lanes.iter_mut().find(|(known, _)| *known == host) {
            Some((_, lane)) => lane.bars.extend(gaps),
            None => {
                let mut lane = lane(site, host, asks(client), "client", Vec::new());
                lane.bars.push((client.from.0, end, "answered".to_owned(), Tone::Good));
                lane.bars.extend(gaps);
                lanes.push((host, lane));
            }
        }
    }
    lanes.into_iter().map(|(_, lane)| joined(lane)).collect()
}

/// Outages of several clients that overlap become one.
fn joined(mut lane: Lane) -> Lane {
    let mut gaps = lane.bars.split_off(1);
    gaps.sort_by_key(|gap| (gap.0, gap.1));
    for gap in gaps {
        match lane.bars[1..].last_mut() {
            Some(last) if gap.0 < last.1 => {
                last.1 = last.1.max(gap.1);
                last.2 = "lost".to_owned();
            }
            _ => lane.bars.push(gap),
        }
    }
    lane
}
