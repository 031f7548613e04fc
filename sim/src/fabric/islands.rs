//! Who can reach whom: the ports of each switch that exchange ordinary broadcast frames both ways.
use vrrplab_formats::world::FrameClass;

use super::{Fabric, PortId};

impl Fabric {
    /// The islands, by lowest port: every port that has its carrier is in one at least. A port that a partition leaves
    /// free is on several. Chance, port security and cuts of some frames only do not count.
    pub fn islands(&self) -> Vec<Vec<PortId>> {
        let mut islands = Vec::new();
        for switch in &self.switches {
            let up: Vec<PortId> = switch.ports.iter().copied().filter(|port| self.ports[port.0].carrier).collect();
            let (cut, whole): (Vec<PortId>, Vec<PortId>) = up.into_iter().partition(|port| self.is_cut(*port));
            islands.extend(cut.into_iter().map(|port| vec![port]));
            if switch.partitions.is_empty() {
                islands.extend((!whole.is_empty()).then_some(whole));
                continue;
            }
            let mut left = whole.clone();
            while let Some(first) = left.first().copied() {
                let mut island = vec![first];
                for port in whole.iter().copied().filter(|port| *port != first) {
                    if island.iter().all(|member| !switch.parts(*member, port)) {
                        island.push(port);
                    }
                }
                left.retain(|port| !island.contains(port));
                island.sort();
                islands.push(island);
            }
        }
        islands.sort();
        islands
    }

    fn is_cut(&self, port: PortId) -> bool {
        self.ports[port.0].cuts.iter().any(|(_, class)| *class == FrameClass::All)
    }
}
