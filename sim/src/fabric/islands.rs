//! Who can talk to whom at this moment: the islands into which cuts and partitions break the switches.
use std::collections::BTreeMap;

use vrrplab_formats::world::FrameClass;

use super::{Fabric, PortId};

impl Fabric {
    /// Groups of ports that can exchange ordinary broadcast frames both ways at this moment, each sorted, in order of
    /// their first port.
    ///
    /// A port that nothing passes in one direction at least (no carrier, a cut of all frames) is alone. A port that a
    /// partition leaves everywhere is in the group of every island. Loss, port security and cuts of one class of
    /// frames do not count.
    pub fn islands(&self) -> Vec<Vec<PortId>> {
        let mut domains: BTreeMap<usize, Vec<PortId>> = BTreeMap::new();
        let mut groups = Vec::new();
        for (position, port) in self.ports.iter().enumerate() {
            match port.carrier && !port.cuts.iter().any(|(_, class)| *class == FrameClass::All) {
                true => domains.entry(port.network).or_default().push(PortId(position)),
                false => groups.push(vec![PortId(position)]),
            }
        }
        for (network, ports) in domains {
            groups.extend(self.switches[network].partitions.iter().fold(vec![ports], split));
        }
        groups.sort();
        groups
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
