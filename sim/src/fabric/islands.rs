//! Who can talk to whom at this moment: the islands into which cuts and partitions break the switches.
use std::collections::BTreeMap;

use vrrplab_formats::world::{FrameClass, joined};

use super::{Fabric, PortId};

impl Fabric {
    /// Groups of ports that can exchange ordinary broadcast frames both ways at this moment, each sorted, in order of
    /// their first port.
    ///
    /// A port that nothing passes in one direction at least (no carrier, not yet let by the spanning tree, a cut of all
    /// frames) is alone. A port that a
    /// partition leaves everywhere is in the group of every island. Loss, port security and cuts of one class of
    /// frames do not count.
    pub fn islands(&self) -> Vec<Vec<PortId>> {
        let mut domains: BTreeMap<(u16, usize), Vec<PortId>> = BTreeMap::new();
        let mut joined: BTreeMap<u16, Vec<usize>> = BTreeMap::new();
        let mut groups = Vec::new();
        for (position, port) in self.ports.iter().enumerate() {
            let cut = port.cuts.iter().any(|(_, class)| *class == FrameClass::All);
            if !port.carrier || port.waits.is_some() || cut {
                groups.push(vec![PortId(position)]);
                continue;
            }
            let first = joined.entry(port.vlan).or_insert_with(|| self.joined(port.vlan))[port.network];
            domains.entry((port.vlan, first)).or_default().push(PortId(position));
        }
        for ports in domains.into_values() {
            groups.extend(self.switches.iter().flat_map(|switch| &switch.partitions).fold(vec![ports], split));
        }
        groups.sort();
        groups
    }

    /// For every switch, the first of those that it exchanges frames of this VLAN with.
    fn joined(&self, vlan: u16) -> Vec<usize> {
        let forwarding = self.trunks.iter().filter(|trunk| trunk.forwards(vlan));
        joined(self.switches.len(), forwarding.map(|trunk| trunk.ends))
    }
}

/// Breaks every group into the islands of one more partition. What one island has and another has too is left away.
fn split(groups: Vec<Vec<PortId>>, islands: &BTreeMap<PortId, usize>) -> Vec<Vec<PortId>> {
    let mut found: Vec<Vec<PortId>> = Vec::new();
    for group in groups {
        let mut named: Vec<usize> = group.iter().filter_map(|port| islands.get(port).copied()).collect();
        named.sort_unstable();
        named.dedup();
        if named.is_empty() {
            found.push(group);
            continue;
        }
        for island in named {
            let stays = |port: &&PortId| islands.get(port).is_none_or(|at| *at == island);
            found.push(group.iter().filter(stays).copied().collect());
        }
    }
    let all = found.clone();
    let within = |group: &Vec<PortId>| {
        all.iter().any(|other| other.len() > group.len() && group.iter().all(|port| other.contains(port)))
    };
    found.retain(|group| !within(group));
    found.sort();
    found.dedup();
    found
}
