//! The routing table: by which interface and which neighbour an address is reached.
use std::net::IpAddr;

use vrrplab_engine::model::IfIndex;
use vrrplab_engine::model::route::{RouteKind, RouteSpec};
use vrrplab_formats::world::{LOOPBACK, Route};

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
    /// The way with the longest prefix around this address, the first one among equals; an interface's own prefix comes
    /// before a route. An interface that is down has no ways.
    pub(super) fn way(&self, to: IpAddr) -> Option<Way> {
        let mut best = self.on_link(to);
        for route in &self.routes {
            let longer = best.is_none_or(|(prefix, _)| route.to.prefix > prefix);
            if longer && frames::same_prefix(route.to.ip, to, route.to.prefix) {
                best = self.through(route, to).map(|way| (route.to.prefix, way)).or(best);
            }
        }
        best.map(|(_, way)| way)
    }

    /// The interface with the longest prefix around this address, and how long that is.
    fn on_link(&self, to: IpAddr) -> Option<(u8, Way)> {
        let mut best: Option<(u8, Way)> = None;
        for iface in self.ifaces.iter().filter(|i| i.up() && i.index != LOOPBACK) {
            for addr in iface.addresses.iter().filter(|a| frames::same_prefix(a.ip, to, a.prefix)) {
                if best.is_none_or(|(prefix, _)| addr.prefix > prefix) {
                    best = Some((addr.prefix, Way { iface: iface.index, neighbour: to }));
                }
            }
        }
        best
    }

    fn through(&self, route: &Route, to: IpAddr) -> Option<Way> {
        let neighbour = route.via.unwrap_or(to);
        let iface = match route.iface {
            Some(iface) => iface,
            None => self.on_link(neighbour)?.1.iface,
        };
        self.link_up(iface).then_some(Way { iface, neighbour })
    }

    /// A route of a virtual router, before others to the same prefix; or no more. There is one table, and one way to a
    /// destination: of several hops it is the first, and routes of other tables and kinds change nothing.
    pub fn change_virtual_route(&mut self, spec: &RouteSpec, add: bool) {
        let Some(hop) = spec.hops.first().filter(|_| spec.is_in_main() && spec.kind == RouteKind::Unicast) else {
            return;
        };
        let named = |name: &String| self.ifaces.iter().find(|i| i.name == *name).map(|i| i.index);
        let route = Route { to: spec.to, via: hop.via, iface: hop.device.as_ref().and_then(named) };
        if route.via.is_none() && route.iface.is_none() {
            return;
        }
        self.routes.retain(|known| *known != route);
        if add {
            self.routes.insert(0, route);
        }
    }

    /// `ip route replace`: a route to this prefix, instead of any other.
    pub fn set_route(&mut self, route: Route) {
        self.remove_route(route);
        self.routes.push(route);
    }

    /// `ip route del`: no route to this prefix.
    pub fn remove_route(&mut self, route: Route) {
        self.routes.retain(|known| known.to != route.to);
    }

    /// The address with which this host speaks to another one, if it has a way there.
    pub(super) fn speaks_to(&self, to: IpAddr) -> Option<IpAddr> {
        let way = self.way(to)?;
        self.iface(way.iface)?.speaker(way.neighbour)
    }
}
