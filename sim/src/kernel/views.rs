//! A look at the kernel from outside: what `ip neigh` and `ip -br addr` would show.
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use vrrplab_engine::Instant;
use vrrplab_engine::model::{IfAddr, Mac};
use vrrplab_formats::world::LOOPBACK;

use super::Kernel;

/// What every `lo` has.
const LOCALHOST: [IfAddr; 2] = [
    IfAddr { ip: IpAddr::V4(Ipv4Addr::LOCALHOST), prefix: 8 },
    IfAddr { ip: IpAddr::V6(Ipv6Addr::LOCALHOST), prefix: 128 },
];

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
        let of = |iface: &super::Iface| {
            let (index, name) = (iface.index, iface.name.clone());
            let view = move |(ip, mac, state)| NeighbourView { ip, iface: name.clone(), mac, state };
            self.neighbours.of(now, index).map(view).collect::<Vec<_>>()
        };
        self.ifaces.iter().flat_map(of).collect()
    }

    /// All interfaces with their addresses, in the order of their indexes.
    pub fn link_views(&self) -> Vec<LinkView> {
        let view = |iface: &super::Iface| LinkView {
            name: iface.name.clone(),
            base: iface.base.and_then(|base| self.name(base)).map(str::to_owned),
            state: if iface.up() { "UP" } else { "DOWN" },
            addresses: iface.addresses.clone(),
        };
        let lo = self.ifaces.iter().filter(|iface| iface.index == LOOPBACK).flat_map(|lo| lo.addresses.clone());
        let inner = |name: &str, addresses| LinkView { name: name.to_owned(), base: None, state: "UNKNOWN", addresses };
        let (of_lo, of_tunnel): (Vec<IfAddr>, Vec<IfAddr>) = lo.partition(|_| !self.ipip);
        let lo = inner("lo", LOCALHOST.into_iter().chain(of_lo).collect());
        let others = self.ifaces.iter().filter(|iface| iface.index != LOOPBACK).map(view);
        let tunnel = self.ipip.then(|| inner("tunl0@NONE", of_tunnel));
        [lo].into_iter().chain(others).chain(tunnel).collect()
    }

    /// The address that this host itself would use towards another one.
    pub fn source_for(&self, to: IpAddr) -> Option<IpAddr> {
        self.speaks_to(to)
    }
}
