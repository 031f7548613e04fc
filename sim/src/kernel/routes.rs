//! The routing table: by which interface and which neighbour an address is reached.
use std::net::IpAddr;

use vrrplab_engine::model::IfIndex;

use super::{Kernel, frames};

/// Where a packet goes next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Way {
    /// By this interface.
    pub(super) iface: IfIndex,
    /// To this neighbour.
    pub(super) neighbour: IpAddr,
}

impl Kernel {
    /// The way with the longest prefix around this address, the first one among equals.
    pub(super) fn way(&self, to: IpAddr) -> Option<Way> {
        let mut best: Option<(u8, Way)> = None;
        for iface in self.ifaces.iter().filter(|i| i.up()) {
            for addr in iface.addresses.iter().filter(|a| frames::same_prefix(a.ip, to, a.prefix)) {
                if best.is_none_or(|(prefix, _)| addr.prefix > prefix) {
                    best = Some((addr.prefix, Way { iface: iface.index, neighbour: to }));
                }
            }
        }
        best.map(|(_, way)| way)
    }
}
