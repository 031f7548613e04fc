//! The control planes of clouds: programs ask them to move addresses, and that takes its time.
use std::net::IpAddr;

use vrrplab_engine::Span;
use vrrplab_formats::world::{Cloud, CloudFault, Network, Nic, NodeId};

use super::queue::Due;
use super::{Lab, Watchers};
use crate::moment::{Moment, Move};

/// How a network's control plane answers.
#[derive(Clone)]
pub(super) struct ControlPlane {
    takes: Span,
    refuses: bool,
}

impl ControlPlane {
    /// That of a network; a switch has none that anybody calls.
    pub fn new(network: &Network) -> ControlPlane {
        ControlPlane {
            takes: network.cloud.as_ref().map_or(Span::ZERO, |cloud: &Cloud| cloud.move_takes),
            refuses: false,
        }
    }
}

impl Lab<'_> {
    /// A program of a node is run: perhaps it asks the cloud for addresses.
    pub(super) fn call_cloud(&mut self, n: usize, words: &[String], watchers: Watchers<'_, '_>) {
        let node = &self.world.nodes[n];
        for call in node.cloud_calls.iter().filter(|call| words.starts_with(&call.run)) {
            let nic = Nic { node: NodeId(n), nic: call.nic };
            let Some(port) = node.ports.get(call.nic) else { continue };
            let ControlPlane { takes, refuses } = self.clouds[port.network.0];
            for &address in &call.assign {
                let step = if refuses { Move::Refused } else { Move::Asked };
                self.show(watchers, &Moment::CloudMove { nic, address, step });
                if !refuses {
                    self.queue.push(self.now + takes, Due::Assign { nic, address });
                }
            }
        }
    }

    /// An address is led to an interface from now on.
    pub(super) fn assign(&mut self, nic: Nic, address: IpAddr, watchers: Watchers<'_, '_>) {
        self.fabric.assign(address, self.port(nic));
        self.show(watchers, &Moment::CloudMove { nic, address, step: Move::Done });
    }

    pub(super) fn cloud_fault(&mut self, fault: &CloudFault, watchers: Watchers<'_, '_>) {
        match *fault {
            CloudFault::Assign { nic, address } => self.assign(nic, address, watchers),
            CloudFault::MovesTake { network, takes } => self.clouds[network.0].takes = takes,
            CloudFault::Refuses { network, refuses } => self.clouds[network.0].refuses = refuses,
        }
    }
}
