//! `agreement`: once nothing disturbs any more, each connected part has one master and keeps it.
use std::collections::BTreeMap;

use vrrplab_engine::{Instant, Span, State};
use vrrplab_formats::world::{FabricFault, Fault, Invariant, Invariants, NodeFault, RogueFault, TimedFault, World};

use super::scene::{Group, Scene, Seat};
use super::violation::{Finding, Parties};
use crate::observe::words::time;

/// The watch over the end of a run.
#[derive(Clone, Debug)]
pub struct Agreement {
    /// The last fault or start has ended, or the last change of who is connected came.
    disturbed: Instant,
    /// The last change of state, by group.
    changed: BTreeMap<Group, Instant>,
}

impl Agreement {
    /// The faults and starts of a world.
    pub fn new(world: &World) -> Agreement {
        let starts = world.nodes.iter().filter_map(|node| node.start);
        let mut agreement = Agreement { disturbed: starts.max().unwrap_or_default(), changed: BTreeMap::new() };
        agreement.expect(&world.faults);
        agreement
    }

    /// These faults come too.
    pub fn expect(&mut self, faults: &[TimedFault]) {
        let over = |timed: &TimedFault| lasts(&timed.fault).map_or(Instant(u64::MAX), |span| timed.at + span);
        self.disturbed = faults.iter().map(over).fold(self.disturbed, Instant::max);
    }

    /// Others are connected than before.
    pub fn reconnected(&mut self, at: Instant) {
        self.disturbed = self.disturbed.max(at);
    }

    /// An instance has changed its state.
    pub fn changed(&mut self, at: Instant, group: Group) {
        self.changed.insert(group, at);
    }

    /// The verdict; none about a group that has had no time to calm down.
    pub fn judge(&self, end: Instant, scene: &Scene, limits: &Invariants) -> Vec<Finding> {
        let mut findings = Vec::new();
        if !limits.watches(Invariant::Agreement) {
            return findings;
        }
        for group in scene.groups() {
            let allow = limits.allow.get(&Invariant::Agreement).copied().unwrap_or_else(|| scene.calm(group));
            if end.since(self.disturbed) <= allow {
                continue;
            }
            let calm = self.disturbed + allow;
            let find = |what: String| {
                let parties = Parties::group(scene, group, |_| true);
                let (at, since) = (calm, self.disturbed);
                Finding { invariant: Invariant::Agreement, at, since, parties, what }
            };
            let name = scene.group_name(group);
            if let Some(changed) = self.changed.get(&group).filter(|changed| **changed > calm) {
                findings.push(find(format!(
                    "{name} still changed at {}; nothing was done since {}, and calm was due at {}",
                    time(*changed),
                    time(self.disturbed),
                    time(calm)
                )));
            } else {
                findings.extend(disagreement(group, scene).map(|words| find(format!("{name} {words}"))));
            }
        }
        findings
    }
}

/// How long a fault goes on disturbing by itself; `None`: for ever.
fn lasts(fault: &Fault) -> Option<Span> {
    match fault {
        Fault::Node(NodeFault::Stun { length: lasts, .. }) | Fault::Fabric(FabricFault::Storm { lasts, .. }) => {
            Some(*lasts)
        }
        Fault::Rogue(RogueFault { pace, .. }) => pace.count.map(|count| pace.every.times(count.saturating_sub(1))),
        _ => Some(Span::ZERO),
    }
}

/// A connected part without exactly one master, in words.
fn disagreement(group: Group, scene: &Scene) -> Option<String> {
    for island in scene.islands() {
        let takes_part =
            |seat: &&Seat| island.contains(&seat.port) && matches!(seat.state, Some(State::Backup | State::Master));
        let part: Vec<&Seat> = scene.members(group).map(|(_, seat)| seat).filter(takes_part).collect();
        let masters = part.iter().filter(|seat| seat.state == Some(State::Master)).count();
        if part.is_empty() || masters == 1 {
            continue;
        }
        let names: Vec<&str> = part.iter().map(|seat| scene.names.node(seat.node)).collect();
        let number = if masters == 0 { "no master".to_owned() } else { format!("{masters} masters") };
        return Some(format!("ends with {number} among {}, which are connected", names.join(", ")));
    }
    None
}
