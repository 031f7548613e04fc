//! What came out of a run, whatever its times: the states that each instance went through, and who was MASTER at once.
use std::collections::{BTreeMap, BTreeSet};

use vrrplab_engine::model::AddressFamily;
use vrrplab_engine::{Instant, State, TraceKind};
use vrrplab_formats::world::{NodeId, World};

use crate::invariant::Group;
use crate::moment::{Moment, Observer};

/// What came out of a run.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Outcome {
    /// The states of each instance, such as `r1 VI_1: BACKUP MASTER`.
    pub states: Vec<String>,
    /// The virtual routers that had two masters at once, if only for an instant, such as `VRID 51 on lan`.
    pub double: Vec<String>,
    /// The invariants that were violated.
    pub broken: Vec<String>,
}

/// The story of a run so far.
#[derive(Clone)]
pub(super) struct Story {
    nodes: Vec<String>,
    networks: Vec<String>,
    groups: BTreeMap<(NodeId, usize), Group>,
    paths: BTreeMap<(NodeId, String), Vec<State>>,
    double: BTreeSet<Group>,
}

/// What has happened, and no names: it is part of a run's state.
impl std::fmt::Debug for Story {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:?} {:?}", self.paths, self.double)
    }
}

impl Story {
    pub(super) fn new(world: &World) -> Story {
        let mut groups = BTreeMap::new();
        for (n, node) in world.nodes.iter().enumerate() {
            for (i, instance) in node.model.instances.iter().enumerate() {
                let nic = node.model.interfaces.iter().position(|interface| interface.index == instance.iface);
                let Some(port) = nic.and_then(|nic| node.ports.get(nic)) else { continue };
                let v6 = instance.family == AddressFamily::V6;
                groups.insert((NodeId(n), i), Group { network: port.network, vrid: instance.vrid.get(), v6 });
            }
        }
        Story {
            nodes: world.nodes.iter().map(|node| node.model.name.clone()).collect(),
            networks: world.networks.iter().map(|network| network.name.clone()).collect(),
            groups,
            paths: BTreeMap::new(),
            double: BTreeSet::new(),
        }
    }

    /// Who is MASTER now.
    pub(super) fn look(&mut self, masters: impl Iterator<Item = (NodeId, usize)>) {
        let mut seen = BTreeSet::new();
        for group in masters.filter_map(|master| self.groups.get(&master).copied()) {
            if !seen.insert(group) {
                self.double.insert(group);
            }
        }
    }

    pub(super) fn outcome(&self, broken: impl Iterator<Item = &'static str>) -> Outcome {
        let states = self.paths.iter().map(|((node, instance), states)| {
            let states: Vec<&str> = states.iter().map(|state| state.name()).collect();
            format!("{} {instance}: {}", self.nodes[node.0], states.join(" "))
        });
        let double = self.double.iter().map(|group| {
            let family = if group.v6 { "IPv6 " } else { "" };
            format!("{family}VRID {} on {}", group.vrid, self.networks[group.network.0])
        });
        let broken: BTreeSet<&str> = broken.collect();
        Outcome {
            states: states.collect(),
            double: double.collect(),
            broken: broken.into_iter().map(str::to_owned).collect(),
        }
    }
}

impl Observer for Story {
    fn see(&mut self, _at: Instant, moment: &Moment<'_>) {
        if let Moment::Decided { node, instance, trace } = moment
            && let TraceKind::Transition { to, .. } = trace.kind
        {
            self.paths.entry((*node, (*instance).to_owned())).or_default().push(to);
        }
    }

    fn finish(&mut self, _at: Instant) {}
}
