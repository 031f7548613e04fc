//! A look at the kernel from outside: what `ip neigh` and `ip -br addr` would show.
use std::net::IpAddr;

use vrrplab_engine::Instant;
use vrrplab_engine::model::{IfAddr, Mac};

use super::Kernel;

/// One neighbour.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NeighbourView {
    /// Who.
    pub ip: IpAddr,
    /// On which interface.
    pub iface: String,
    /// Where, as far as is known.
    pub mac: Option<Mac>,
    /// The name of its state.
    pub state: &'static str,
}

/// One interface.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LinkView {
    /// Its name.
    pub name: String,
    /// The interface below, when this is a macvlan.
    pub base: Option<String>,
    /// Up, down, or unknown.
    pub state: &'static str,
    /// Its addresses in kernel order.
    pub addresses: Vec<IfAddr>,
}

impl Kernel {
    /// All neighbours, by interface and address.
    pub fn neighbour_views(&self, now: Instant) -> Vec<NeighbourView> {
        let view = |(iface, ip, mac, state)| NeighbourView {
            ip,
            iface: self.name(iface).unwrap_or_default().to_owned(),
            mac,
            state,
        };
        self.neighbours.states(now).map(view).collect()
    }

    /// All interfaces with their addresses, in the order of their indexes.
    pub fn link_views(&self) -> Vec<LinkView> {
        let view = |iface: &super::Iface| LinkView {
            name: iface.name.clone(),
            base: iface.base.and_then(|base| self.name(base)).map(str::to_owned),
            state: if iface.up() { "UP" } else { "DOWN" },
            addresses: iface.addresses.clone(),
        };
        self.ifaces.iter().map(view).collect()
    }

    /// The address that this host itself would use towards another one.
    pub fn source_for(&self, to: IpAddr) -> Option<IpAddr> {
        let way = self.way(to)?;
        self.iface(way.iface)?.speaker(way.neighbour)
    }
}
