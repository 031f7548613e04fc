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

#[cfg(test)]
mod tests {
    use vrrplab_engine::Span;
    use vrrplab_engine::model::Mac;
    use vrrplab_formats::world::{Direction, LinkQuality, Member, Network, NetworkId, NodeId};

    use super::*;
    use crate::fabric::PortSetup;

    /// One switch with four ports.
    fn fabric() -> Fabric {
        let link = LinkQuality { delay: Span::ZERO, jitter: Span::ZERO, loss_ppm: 0 };
        let mut fabric = Fabric::new(&[Network { name: "lan".into(), link }], 1);
        for n in 0..4 {
            let (network, owner) = (NetworkId(0), Member::Node(NodeId(n)));
            fabric.add_port(PortSetup { network, owner, mac: Mac([2; 6]), addresses: vec![], security: None });
        }
        fabric
    }

    fn islands(fabric: &Fabric) -> Vec<Vec<usize>> {
        fabric.islands().iter().map(|island| island.iter().map(|port| port.0).collect()).collect()
    }

    #[test]
    fn a_switch_is_one_island_until_somebody_parts_it() {
        let mut fabric = fabric();
        assert_eq!(islands(&fabric), [vec![0, 1, 2, 3]]);
        fabric.partition(NetworkId(0), vec![vec![PortId(0)], vec![PortId(2), PortId(3)]]);
        assert_eq!(islands(&fabric), [vec![0, 1], vec![1, 2, 3]], "a port in no island reaches everyone");
        fabric.partition(NetworkId(0), vec![vec![PortId(2)], vec![PortId(3)]]);
        assert_eq!(islands(&fabric), [vec![0, 1], vec![1, 2], vec![1, 3]]);
        fabric.heal(NetworkId(0));
        assert_eq!(islands(&fabric), [vec![0, 1, 2, 3]]);
    }

    #[test]
    fn a_port_that_is_cut_is_alone_and_one_that_is_down_is_nowhere() {
        let mut fabric = fabric();
        fabric.cut(PortId(1), Direction::FromNode, FrameClass::Vrrp);
        assert_eq!(islands(&fabric), [vec![0, 1, 2, 3]]);
        fabric.cut(PortId(1), Direction::FromNode, FrameClass::All);
        fabric.set_carrier(PortId(3), false);
        assert_eq!(islands(&fabric), [vec![0, 2], vec![1]]);
        fabric.uncut(PortId(1));
        assert_eq!(islands(&fabric), [vec![0, 1, 2]]);
    }
}
