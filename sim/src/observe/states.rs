//! Who was in which state, and who held which virtual address, as intervals of time.
use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use vrrplab_engine::{Instant, Span, State, TraceKind};
use vrrplab_formats::world::{Fault, NodeId, World};

use crate::moment::{Moment, Observer};

/// A stretch of time in one state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Interval {
    /// From, inclusive.
    pub from: Instant,
    /// To, exclusive.
    pub to: Instant,
    /// The state; `None` while no daemon runs.
    pub state: Option<State>,
}

/// A stretch of time with two or more masters of one instance.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Double {
    /// From, inclusive.
    pub from: Instant,
    /// To, exclusive.
    pub to: Instant,
    /// The masters.
    pub masters: Vec<NodeId>,
}

/// A stretch of time in which a node had a virtual address set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Held {
    /// The address.
    pub ip: IpAddr,
    /// The node.
    pub node: NodeId,
    /// From, inclusive.
    pub from: Instant,
    /// To, exclusive.
    pub to: Instant,
}

/// The history of all states.
#[derive(Clone, Debug)]
pub struct States {
    /// By instance name and node: when which state began. The first step is `(0, None)`.
    histories: BTreeMap<String, BTreeMap<NodeId, Vec<Step>>>,
    fixed: BTreeSet<(NodeId, IpAddr)>,
    holding: BTreeMap<(IpAddr, NodeId), Instant>,
    held: Vec<Held>,
    now: Instant,
}

type Step = (Instant, Option<State>);

impl States {
    /// Every instance of the world, in no state yet.
    pub fn new(world: &World) -> States {
        let mut histories: BTreeMap<String, BTreeMap<NodeId, Vec<Step>>> = BTreeMap::new();
        let mut fixed = BTreeSet::new();
        for (id, node) in world.nodes.iter().enumerate().map(|(id, node)| (NodeId(id), node)) {
            for instance in &node.model.instances {
                histories.entry(instance.name.clone()).or_default().insert(id, vec![(Instant::ZERO, None)]);
            }
            let addresses = node.model.interfaces.iter().flat_map(|i| &i.addresses);
            fixed.extend(addresses.map(|addr| (id, addr.ip)));
        }
        States { histories, fixed, holding: BTreeMap::new(), held: Vec::new(), now: Instant::ZERO }
    }

    /// The names of all instances.
    pub fn instances(&self) -> impl Iterator<Item = &str> {
        self.histories.keys().map(String::as_str)
    }

    /// The nodes that have (or had) an instance.
    pub fn nodes(&self, instance: &str) -> impl Iterator<Item = NodeId> {
        self.histories.get(instance).into_iter().flat_map(|nodes| nodes.keys().copied())
    }

    /// The changes of state: when, and to what.
    pub fn entries(&self, node: NodeId, instance: &str) -> &[(Instant, Option<State>)] {
        let steps = self.histories.get(instance).and_then(|nodes| nodes.get(&node));
        steps.and_then(|steps| steps.get(1..)).unwrap_or(&[])
    }

    /// The states one after the other, without gaps from zero to the last moment; those that lasted no time are left
    /// out. Empty for an instance that the node does not have.
    pub fn intervals(&self, node: NodeId, instance: &str) -> Vec<Interval> {
        let Some(steps) = self.histories.get(instance).and_then(|nodes| nodes.get(&node)) else {
            return Vec::new();
        };
        let ends = steps.iter().skip(1).map(|step| step.0).chain([self.now]);
        let all = steps.iter().zip(ends).map(|(&(from, state), to)| Interval { from, to, state });
        all.filter(|interval| interval.from < interval.to).collect()
    }

    /// When an instance had two or more masters.
    pub fn doubles(&self, instance: &str) -> Vec<Double> {
        let mut turns: BTreeMap<Instant, Vec<(NodeId, bool)>> = BTreeMap::new();
        for node in self.nodes(instance) {
            let masters = self.intervals(node, instance).into_iter().filter(|i| i.state == Some(State::Master));
            for interval in masters {
                turns.entry(interval.from).or_default().push((node, true));
                turns.entry(interval.to).or_default().push((node, false));
            }
        }
        let mut masters = BTreeSet::new();
        let mut doubles: Vec<Double> = Vec::new();
        let mut since = Instant::ZERO;
        for (at, turns) in turns {
            if masters.len() > 1 {
                doubles.push(Double { from: since, to: at, masters: masters.iter().copied().collect() });
            }
            // The end of a node's interval stands before the beginning of its next one.
            for (node, begins) in turns {
                if begins {
                    masters.insert(node)
                } else {
                    masters.remove(&node)
                };
            }
            since = at;
        }
        doubles
    }

    /// How long an instance had two or more masters.
    pub fn double_total(&self, instance: &str) -> Span {
        self.doubles(instance).iter().fold(Span::ZERO, |total, double| total + double.to.since(double.from))
    }

    /// Who held which virtual address, in order of address, then of time.
    pub fn holders(&self) -> Vec<Held> {
        let open = self.holding.iter().map(|(&(ip, node), &from)| Held { ip, node, from, to: self.now });
        let mut all: Vec<Held> = self.held.iter().copied().chain(open).collect();
        all.sort_by_key(|held| (held.ip, held.from, held.node));
        all
    }

    /// The last moment seen.
    pub fn now(&self) -> Instant {
        self.now
    }

    fn release(&mut self, at: Instant, ip: IpAddr, node: NodeId) {
        if let Some(from) = self.holding.remove(&(ip, node)) {
            self.held.push(Held { ip, node, from, to: at });
        }
    }
}

impl Observer for States {
    fn see(&mut self, at: Instant, moment: &Moment<'_>) {
        self.now = at;
        match *moment {
            Moment::Decided { node, instance, trace } => {
                let TraceKind::Transition { to, .. } = trace.kind else { return };
                if !self.histories.contains_key(instance) {
                    self.histories.insert(instance.into(), BTreeMap::new());
                }
                if let Some(nodes) = self.histories.get_mut(instance) {
                    nodes.entry(node).or_insert_with(|| vec![(Instant::ZERO, None)]).push((at, Some(to)));
                }
            }
            Moment::Gone(node) => {
                for steps in self.histories.values_mut().filter_map(|nodes| nodes.get_mut(&node)) {
                    if steps.last().is_some_and(|last| last.1.is_some()) {
                        steps.push((at, None));
                    }
                }
            }
            Moment::Address { node, addr, added, .. } if !self.fixed.contains(&(node, addr.ip)) => {
                if added {
                    self.holding.entry((addr.ip, node)).or_insert(at);
                } else {
                    self.release(at, addr.ip, node);
                }
            }
            Moment::Fault(Fault::Crash(crashed)) => {
                let lost: Vec<IpAddr> = self.holding.keys().filter(|key| key.1 == *crashed).map(|key| key.0).collect();
                for ip in lost {
                    self.release(at, ip, *crashed);
                }
            }
            _ => {}
        }
    }

    fn finish(&mut self, at: Instant) {
        self.now = at;
    }
}

#[cfg(test)]
mod tests {
    use State::{Backup, Init, Master};
    use vrrplab_engine::model::IfIndex;

    use super::*;
    use crate::observe::stage::{self, ms, transition};

    fn address(states: &mut States, at: Instant, node: usize, ip: &str, added: bool) {
        let addr = stage::addr(ip, 24);
        states.see(at, &Moment::Address { node: NodeId(node), iface: "eth0", index: IfIndex(2), addr, added });
    }

    #[test]
    fn a_dead_daemon_is_in_no_state() {
        let mut states = States::new(&stage::world());
        transition(&mut states, ms(0), 0, (Init, Backup));
        transition(&mut states, ms(3_600), 0, (Backup, Master));
        states.see(ms(5_000), &Moment::Gone(NodeId(0)));
        states.see(ms(5_000), &Moment::Gone(NodeId(1)));
        states.finish(ms(10_000));
        let interval = |from, to, state| Interval { from: ms(from), to: ms(to), state };
        let expected =
            [interval(0, 3_600, Some(Backup)), interval(3_600, 5_000, Some(Master)), interval(5_000, 10_000, None)];
        assert_eq!(states.intervals(NodeId(0), "VI_1"), expected);
        assert_eq!(states.intervals(NodeId(1), "VI_1"), [interval(0, 10_000, None)]);
        assert_eq!(states.intervals(NodeId(1), "VI_2"), []);
        assert_eq!(states.entries(NodeId(0), "VI_1").len(), 3);
    }

    #[test]
    fn two_masters_are_measured_and_a_hand_over_in_no_time_is_none() {
        let mut states = States::new(&stage::world());
        transition(&mut states, ms(1_000), 0, (Backup, Master));
        transition(&mut states, ms(2_000), 1, (Backup, Master));
        transition(&mut states, ms(2_500), 0, (Master, Backup));
        transition(&mut states, ms(4_000), 0, (Backup, Master));
        transition(&mut states, ms(4_000), 1, (Master, Backup));
        transition(&mut states, ms(9_000), 1, (Backup, Master));
        states.finish(ms(10_000));
        let masters = vec![NodeId(0), NodeId(1)];
        let expected = [
            Double { from: ms(2_000), to: ms(2_500), masters: masters.clone() },
            Double { from: ms(9_000), to: ms(10_000), masters },
        ];
        assert_eq!(states.doubles("VI_1"), expected);
        assert_eq!(states.double_total("VI_1"), Span::from_millis(1_500));
        assert_eq!(states.double_total("VI_2"), Span::ZERO);
    }

    #[test]
    fn addresses_are_held_until_removed_or_until_the_power_goes() {
        let mut states = States::new(&stage::world());
        address(&mut states, ms(0), 0, "10.0.0.1", true);
        address(&mut states, ms(1_000), 0, "10.0.0.100", true);
        address(&mut states, ms(2_000), 0, "10.0.0.100", false);
        address(&mut states, ms(2_000), 1, "10.0.0.100", true);
        states.see(ms(3_000), &Moment::Gone(NodeId(1)));
        states.see(ms(4_000), &Moment::Fault(&Fault::Crash(NodeId(1))));
        address(&mut states, ms(4_500), 0, "10.0.0.100", true);
        states.finish(ms(5_000));
        let held =
            |node, from, to| Held { ip: IpAddr::from([10, 0, 0, 100]), node: NodeId(node), from: ms(from), to: ms(to) };
        assert_eq!(states.holders(), [held(0, 1_000, 2_000), held(1, 2_000, 4_000), held(0, 4_500, 5_000)]);
    }
}
