//! `table-as-wanted`: the kernel's table of virtual servers and what the checkers believe in.
use std::collections::BTreeMap;

use vrrplab_engine::Instant;
use vrrplab_engine::lvs::{IpvsCommand, LvsError};
use vrrplab_formats::ipvsadm;
use vrrplab_formats::world::{Invariant, Invariants, NodeId};

use super::scene::Scene;
use super::violation::{Finding, Parties};
use crate::observe::checkers::refusal;

/// So many commands are told; of the others, how many there are.
const TOLD: usize = 3;

/// The watch over tables.
#[derive(Clone, Debug, Default)]
pub struct Tables {
    /// What is known to be missing, by node.
    missing: BTreeMap<NodeId, Vec<IpvsCommand>>,
    /// The first refusals of the kernel since all was well.
    refused: BTreeMap<NodeId, Vec<String>>,
}

impl Tables {
    /// All counts from now on.
    pub fn begin_anew(&mut self) {
        self.missing.clear();
    }

    /// The kernel has refused a command: the likely cause of what is found next.
    pub fn refused(&mut self, node: NodeId, command: &IpvsCommand, why: LvsError) {
        let known = self.refused.entry(node).or_default();
        if known.len() < TOLD {
            known.push(format!("{} ({})", ipvsadm::command(command), refusal(why)));
        }
    }

    /// All commands of a moment are carried out; this is still missing. It is told once, and again when it is something else.
    pub fn settled(
        &mut self,
        at: Instant,
        (node, drift): (NodeId, &[IpvsCommand]),
        scene: &Scene,
        limits: &Invariants,
    ) -> Option<Finding> {
        if drift.is_empty() {
            self.missing.remove(&node);
            self.refused.remove(&node);
            return None;
        }
        if !limits.watches(Invariant::TableAsWanted) || self.missing.get(&node).is_some_and(|known| known == drift) {
            return None;
        }
        self.missing.insert(node, drift.to_vec());
        let mut commands: Vec<String> = drift.iter().take(TOLD).map(ipvsadm::command).collect();
        if drift.len() > TOLD {
            commands.push(format!("and {} more", drift.len() - TOLD));
        }
        let causes = match self.refused.get(&node) {
            Some(refused) => format!("; the kernel has refused: {}", refused.join(", ")),
            None => String::new(),
        };
        let name = scene.names.node(node);
        let what =
            format!("the table of {name} is not what its checkers want, it lacks: {}{causes}", commands.join(", "));
        let parties = Parties { nodes: [node].into(), ..Parties::default() };
        Some(Finding { invariant: Invariant::TableAsWanted, at, since: at, parties, what })
    }
}
