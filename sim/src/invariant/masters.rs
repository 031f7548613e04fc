//! `one-master`, `vip-at-master` and `no-flapping`: what the states of the instances say.
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::net::IpAddr;

use vrrplab_engine::{Instant, Span, State};
use vrrplab_formats::world::{Invariant, Invariants, Member, NodeId};

use super::lasting::Lasting;
use super::scene::{Group, Scene, Seat};
use super::violation::{Finding, Parties};
use crate::observe::words::{count, span, time};

/// Two masters that are connected with each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Pair {
    group: Group,
    nodes: (NodeId, NodeId),
}

/// An address that is where it should not be, or is not where it should.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Misplaced {
    group: Group,
    node: NodeId,
    ip: IpAddr,
    missing: bool,
}

/// The watch over states.
#[derive(Clone, Debug, Default)]
pub struct Masters {
    pairs: Lasting<Pair>,
    misplaced: Lasting<Misplaced>,
    moves: BTreeMap<Group, VecDeque<Instant>>,
    flapping: BTreeSet<Group>,
}

impl Masters {
    /// The next moment at which something is overdue.
    pub fn next(&self) -> Option<Instant> {
        [self.pairs.next(), self.misplaced.next()].into_iter().flatten().min()
    }

    /// All counts from this moment on.
    pub fn begin_anew(&mut self, at: Instant) {
        self.pairs.begin_anew(at);
        self.misplaced.begin_anew(at);
        self.moves.clear();
        self.flapping.clear();
    }

    /// Looks at a group after a change of state, address or connection.
    pub fn look(&mut self, at: Instant, group: Group, scene: &Scene, limits: &Invariants) {
        if limits.watches(Invariant::OneMaster) {
            self.look_for_pairs(at, group, scene, limits);
        }
        if limits.watches(Invariant::VipAtMaster) {
            self.look_for_addresses(at, group, scene, limits);
        }
    }

    fn look_for_pairs(&mut self, at: Instant, group: Group, scene: &Scene, limits: &Invariants) {
        let masters: Vec<&Seat> =
            scene.members(group).map(|(_, seat)| seat).filter(|seat| seat.state == Some(State::Master)).collect();
        let mut found = BTreeSet::new();
        for (position, a) in masters.iter().enumerate() {
            for b in &masters[position + 1..] {
                if a.node != b.node && scene.connected(a.port, b.port) {
                    found.insert(Pair { group, nodes: (a.node, b.node) });
                }
            }
        }
        let allow = allowed(Invariant::OneMaster, group, scene, limits);
        let known: Vec<Pair> = self.pairs.keys().filter(|pair| pair.group == group).collect();
        for pair in known.into_iter().filter(|pair| !found.contains(pair)) {
            self.pairs.set(pair, false, at, allow);
        }
        for pair in found {
            self.pairs.set(pair, true, at, allow);
        }
    }

    fn look_for_addresses(&mut self, at: Instant, group: Group, scene: &Scene, limits: &Invariants) {
        let allow = allowed(Invariant::VipAtMaster, group, scene, limits);
        let mut found = BTreeSet::new();
        for (_, seat) in scene.members(group) {
            for (ip, _) in &seat.vips {
                if scene.is_fixed(Member::Node(seat.node), *ip) {
                    continue;
                }
                let (held, master) = (scene.holds(seat.node, *ip), seat.state == Some(State::Master));
                // several instances of a node may share an address
                if held != master && !(held && has_master(seat.node, *ip, scene)) {
                    found.insert(Misplaced { group, node: seat.node, ip: *ip, missing: master });
                }
            }
        }
        let known: Vec<Misplaced> = self.misplaced.keys().filter(|one| one.group == group).collect();
        for one in known.into_iter().filter(|one| !found.contains(one)) {
            self.misplaced.set(one, false, at, allow);
        }
        for one in found {
            self.misplaced.set(one, true, at, allow);
        }
    }

    /// An instance became master.
    pub fn moved(&mut self, at: Instant, group: Group, scene: &Scene, limits: &Invariants) -> Option<Finding> {
        if !limits.watches(Invariant::NoFlapping) {
            return None;
        }
        let moves = self.moves.entry(group).or_default();
        moves.push_back(at);
        while moves.front().is_some_and(|first| at.since(*first) > limits.within) {
            moves.pop_front();
        }
        if moves.len() <= limits.moves {
            self.flapping.remove(&group);
            return None;
        }
        if !self.flapping.insert(group) {
            return None;
        }
        let since = moves.front().copied().unwrap_or(at);
        let (name, moves) = (scene.group_name(group), count(u64::try_from(moves.len()).unwrap_or(u64::MAX), "time"));
        let limit = format!("{} within {} are allowed", limits.moves, span(limits.within));
        let what = format!("mastership of {name} moved {moves} since {}; {limit}", time(since));
        let parties = Parties::group(scene, group, |_| true);
        Some(Finding { invariant: Invariant::NoFlapping, at, since, parties, what })
    }

    /// What is overdue.
    pub fn overdue(&mut self, at: Instant, scene: &Scene) -> Vec<Finding> {
        let mut findings: Vec<Finding> = Vec::new();
        let mut by_group: BTreeMap<Group, (BTreeSet<NodeId>, Instant, Instant)> = BTreeMap::new();
        for late in self.pairs.overdue(at) {
            let (nodes, since, limit) =
                by_group.entry(late.key.group).or_insert((BTreeSet::new(), late.since, late.limit));
            nodes.extend([late.key.nodes.0, late.key.nodes.1]);
            (*since, *limit) = ((*since).min(late.since), (*limit).min(late.limit));
        }
        for (group, (nodes, since, limit)) in by_group {
            let names: Vec<&str> = nodes.iter().map(|node| scene.names.node(*node)).collect();
            let what = format!(
                "{} has had {} masters that are connected since {}: {} (allowed: {})",
                scene.group_name(group),
                names.len(),
                time(since),
                names.join(", "),
                span(limit.since(since))
            );
            let parties = Parties::group(scene, group, |node| nodes.contains(&node));
            findings.push(Finding { invariant: Invariant::OneMaster, at: limit, since, parties, what });
        }
        for late in self.misplaced.overdue(at) {
            let Misplaced { group, node, ip, missing } = late.key;
            let name = scene.names.node(node);
            let what = if missing {
                format!("{name} has been MASTER without {ip} since {}", time(late.since))
            } else {
                format!("{name} has held {ip} without being MASTER since {}", time(late.since))
            };
            let parties = Parties::group(scene, group, |one| one == node);
            findings.push(Finding {
                invariant: Invariant::VipAtMaster,
                at: late.limit,
                since: late.since,
                parties,
                what,
            });
        }
        findings
    }
}

/// Some instance with this address is master on the node.
fn has_master(node: NodeId, ip: IpAddr, scene: &Scene) -> bool {
    let here = scene.seats.iter().filter(|seat| seat.node == node && seat.state == Some(State::Master));
    here.flat_map(|seat| &seat.vips).any(|(vip, _)| *vip == ip)
}

/// What the scenario allows, or what the protocol needs.
pub fn allowed(invariant: Invariant, group: Group, scene: &Scene, limits: &Invariants) -> Span {
    limits.allow.get(&invariant).copied().unwrap_or_else(|| scene.allowance(group))
}
