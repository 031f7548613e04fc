//! Routes, address translation and all else that a node's kernel is told: what may be written, and how it is read.
use std::net::IpAddr;

use schemars::JsonSchema;
use serde::Deserialize;
use vrrplab_engine::model::{IfAddr, IfIndex, InterfaceModel};

use super::leaf::Yaml;
use super::reader::Reader;
use super::shape::{InterfaceText, NodeText};
use super::sysctls::index;
use super::units::{Address, Prefixed, Text};
use crate::diagnostics::Spanned;
use crate::world::{KernelSetup, LOOPBACK, NodeId, OneToOne, Route};

/// A route: at least one of `via` and `dev`.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct RouteText {
    /// Where to; 0.0.0.0/0 and ::/0 are everywhere.
    pub(super) to: Prefixed,
    /// The neighbour that knows on.
    pub(super) via: Option<Address>,
    /// The interface; the one that `via` is on when not given.
    pub(super) dev: Option<Text>,
}

/// An address that is another one outside.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NatText {
    /// What the outside sees: an address of the node.
    pub(super) outside: Address,
    /// Who that is.
    pub(super) inside: Address,
}

/// Whether an address lies in a prefix.
pub(super) fn covers(prefix: IfAddr, ip: IpAddr) -> bool {
    let (a, b, width) = match (prefix.ip, ip) {
        (IpAddr::V4(a), IpAddr::V4(b)) => (u128::from(a.to_bits()), u128::from(b.to_bits()), 32_u32),
        (IpAddr::V6(a), IpAddr::V6(b)) => (a.to_bits(), b.to_bits(), 128),
        _ => return false,
    };
    (a ^ b).checked_shr(width.saturating_sub(prefix.prefix.into())).unwrap_or(0) == 0
}

/// The first address of a prefix.
fn network_of(prefix: IfAddr) -> IpAddr {
    let cut = |bits: u128, width: u32| {
        let host = width.saturating_sub(prefix.prefix.into());
        bits.checked_shr(host).and_then(|kept| kept.checked_shl(host)).unwrap_or(0)
    };
    match prefix.ip {
        IpAddr::V4(ip) => IpAddr::V4(u32::try_from(cut(ip.to_bits().into(), 32)).unwrap_or_default().into()),
        IpAddr::V6(ip) => IpAddr::V6(cut(ip.to_bits(), 128).into()),
    }
}

impl Reader<'_> {
    /// A node that runs a daemon.
    pub(super) fn daemon(&mut self, leaf: &Text) -> Option<NodeId> {
        let node = self.node(leaf)?;
        if !self.nodes[node.0].daemon {
            let title = format!("node `{}` runs no daemon", leaf.text.value);
            self.refuse_at(&leaf.text, title, "", "only a node with `keepalived` or `vrrp` has one");
            return None;
        }
        Some(node)
    }

    /// An interface of a node by name.
    pub(super) fn device(&mut self, leaf: &Text, interfaces: &[String]) -> Option<IfIndex> {
        let found = interfaces.iter().position(|known| *known == leaf.text.value);
        if found.is_none() {
            self.unknown(&leaf.text, "interface", interfaces);
        }
        found.map(index)
    }

    /// The addresses on `lo`.
    pub(super) fn loopback(&mut self, name: &Yaml<String>, text: &InterfaceText) -> Vec<IfAddr> {
        if text.network.is_some() || text.mac.is_some() || text.port_security.is_some() || text.duplicate.is_some() {
            let help = "it has addresses and nothing else: `lo: { addresses: [10.0.0.100/32] }`";
            self.refuse_at(name, "`lo` is on no network", "", help);
        }
        let mut addresses = Vec::new();
        for leaf in text.addresses.iter().flatten() {
            let Some(read) = self.read(leaf) else { continue };
            if read.value.prefix != if read.value.ip.is_ipv4() { 32 } else { 128 } {
                let title = "an address on `lo` is there for itself alone";
                self.refuse(read.span, title, "its whole prefix would be this host", "write /32, for IPv6 /128");
                continue;
            }
            addresses.push(read.value);
        }
        addresses
    }

    /// What a node's kernel is told beyond its interfaces.
    pub(super) fn kernel_setup(
        &mut self,
        text: &NodeText,
        models: &[InterfaceModel],
        loopback: Vec<IfAddr>,
    ) -> KernelSetup {
        let names: Vec<String> = models.iter().map(|model| model.name.clone()).collect();
        let routes = text.routes.iter().flatten().filter_map(|route| self.route(route, models)).collect();
        let sysctls = text.sysctls.as_ref().map(|texts| self.sysctls(texts, &names)).unwrap_or_default();
        let firewall = self.firewall(text.firewall.as_deref().unwrap_or_default(), &names);
        let nat = text.nat.iter().flatten().filter_map(|pair| self.pair(pair, models, &loopback)).collect();
        let masquerade = text.masquerade.as_ref().and_then(|name| self.device(name, &names));
        KernelSetup { loopback, ipip: false, routes, sysctls, firewall, nat, masquerade }
    }

    /// A route of a node with these interfaces.
    pub(super) fn route(&mut self, text: &RouteText, models: &[InterfaceModel]) -> Option<Route> {
        let to = self.read(&text.to);
        if let Some(to) = &to {
            self.check_prefix(to);
        }
        if let (None, None) = (&text.via, &text.dev) {
            self.refuse_at(&text.to.text, "a route needs `via` or `dev`", "", "such as `via: 10.0.0.1`");
        }
        let via = self.maybe(&text.via);
        if let (Some(to), Some(via)) = (&to, &via) {
            self.check_via(to.value, via, models, text.dev.is_some());
        }
        let names: Vec<String> = models.iter().map(|model| model.name.clone()).collect();
        let iface = match &text.dev {
            Some(name) => Some(self.device(name, &names)?),
            None => None,
        };
        Some(Route { to: to?.value, via: via.map(|via| via.value), iface })
    }

    fn check_prefix(&mut self, to: &Spanned<IfAddr>) {
        let first = network_of(to.value);
        if first != to.value.ip {
            let title = format!("{} is not the first address of its prefix", to.value.ip);
            self.refuse(to.span.clone(), title, "", &format!("write {first}/{}", to.value.prefix));
        }
    }

    /// With `dev` the gateway is on that link whatever the node's addresses say (`onlink`).
    fn check_via(&mut self, to: IfAddr, via: &Spanned<IpAddr>, models: &[InterfaceModel], onlink: bool) {
        if via.value.is_ipv4() != to.ip.is_ipv4() {
            self.refuse(via.span.clone(), "the gateway is of another family than the destination", "", "");
        } else if !onlink && !models.iter().flat_map(|model| &model.addresses).any(|own| covers(*own, via.value)) {
            let title = format!("the gateway {} is no neighbour of the node", via.value);
            self.refuse(via.span.clone(), title, "", "it lies in no prefix of the node's addresses");
        }
    }

    /// The gateway of a client with this address.
    pub(super) fn gateway(&mut self, text: &Option<Address>, own: Option<IfAddr>) -> Option<IpAddr> {
        let gateway = self.maybe(text)?;
        if own.is_some_and(|own| !covers(own, gateway.value)) {
            let title = format!("the gateway {} is no neighbour of the client", gateway.value);
            self.refuse(gateway.span, title, "", "it lies outside of the client's prefix");
            return None;
        }
        Some(gateway.value)
    }

    pub(super) fn pair(&mut self, text: &NatText, models: &[InterfaceModel], loopback: &[IfAddr]) -> Option<OneToOne> {
        let (outside, inside) = (self.read(&text.outside)?, self.read(&text.inside)?);
        if outside.value.is_ipv6() || inside.value.is_ipv6() {
            self.refuse(outside.span, "only IPv4 addresses are translated", "", "");
            return None;
        }
        let own = models.iter().flat_map(|model| &model.addresses).chain(loopback);
        if !own.into_iter().any(|own| own.ip == outside.value) {
            let title = format!("the node does not have {}", outside.value);
            let help = format!("nobody would answer ARP for it: add {}/32 to its outer interface", outside.value);
            self.refuse(outside.span, title, "", &help);
            return None;
        }
        Some(OneToOne { outside: outside.value, inside: inside.value })
    }
}

/// The index behind the name of an interface or `lo`.
pub(super) fn named(name: &str, interfaces: &[String]) -> Option<IfIndex> {
    let position = interfaces.iter().position(|known| known == name);
    position.map(index).or_else(|| (name == "lo").then_some(LOOPBACK))
}
