//! Faults in a node's kernel: what may be written, and how it is read.
use schemars::JsonSchema;
use serde::Deserialize;
use vrrplab_engine::model::InterfaceModel;

use super::firewall::FirewallText;
use super::reader::Reader;
use super::routing::NatText;
use super::routing::{RouteText, named};
use super::units::{Address, Flag, Number, Prefixed, Text};
use crate::world::{KernelFault, NodeId};

/// New rules of a packet filter.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct SetFirewallText {
    /// The node.
    pub(super) node: Text,
    /// All rules; none: everything passes.
    pub(super) rules: Vec<FirewallText>,
}

/// New translations of addresses.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct SetNatText {
    /// The node.
    pub(super) node: Text,
    /// All pairs; none: nothing is translated but what is masqueraded.
    pub(super) pairs: Vec<NatText>,
}

/// An address that comes or goes: exactly one of `add` and `remove`.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct SetAddressText {
    /// The node.
    pub(super) node: Text,
    /// Its interface, or `lo`; may be left out when it has just one.
    pub(super) interface: Option<Text>,
    /// This one is set.
    pub(super) add: Option<Prefixed>,
    /// This one is removed.
    pub(super) remove: Option<Prefixed>,
}

/// An address that cannot be set.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct RefuseText {
    /// The node.
    pub(super) node: Text,
    /// The address, on any interface.
    pub(super) address: Address,
    /// Refused from now on, or no more; true when not given.
    pub(super) on: Option<Flag>,
}

/// A route that comes, changes or goes.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct SetRouteText {
    /// The node.
    pub(super) node: Text,
    /// Where to.
    pub(super) to: Prefixed,
    /// The neighbour that knows on.
    pub(super) via: Option<Address>,
    /// The interface.
    pub(super) dev: Option<Text>,
    /// The route goes.
    pub(super) remove: Option<Flag>,
}

/// A sysctl that is set.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct SetSysctlText {
    /// The node.
    pub(super) node: Text,
    /// Its name.
    pub(super) name: Text,
    /// Its value.
    pub(super) value: Number,
}

impl Reader<'_> {
    fn interfaces_of(&self, node: NodeId) -> Vec<String> {
        self.nodes[node.0].interfaces.clone()
    }

    fn models_of(&self, node: NodeId) -> Option<Vec<InterfaceModel>> {
        self.nodes[node.0].model.as_ref().map(|model| model.interfaces.clone())
    }

    pub(super) fn set_firewall(&mut self, text: &SetFirewallText) -> Option<KernelFault> {
        let node = self.node(&text.node)?;
        let names = self.interfaces_of(node);
        Some(KernelFault::Firewall { node, rules: self.firewall(&text.rules, &names) })
    }

    pub(super) fn set_nat(&mut self, text: &SetNatText) -> Option<KernelFault> {
        let node = self.node(&text.node)?;
        let so_far = &self.nodes[node.0];
        let (interfaces, loopback) = (so_far.model.as_ref()?.interfaces.clone(), so_far.kernel.loopback.clone());
        let pairs = text.pairs.iter().filter_map(|pair| self.pair(pair, &interfaces, &loopback)).collect();
        Some(KernelFault::Nat { node, pairs })
    }

    pub(super) fn set_address(&mut self, text: &SetAddressText) -> Option<KernelFault> {
        let node = self.node(&text.node)?;
        let mut names = self.interfaces_of(node);
        let iface = match &text.interface {
            Some(name) => named(&name.text.value, &names),
            None if names.len() == 1 => named(&names[0], &names),
            None => None,
        };
        if iface.is_none() {
            names.push("lo".to_owned());
            self.unknown(&text.interface.as_ref().unwrap_or(&text.node).text, "interface: which of", &names);
        }
        let (add, remove) = (self.maybe(&text.add), self.maybe(&text.remove));
        if text.add.is_some() == text.remove.is_some() {
            let help = "give exactly one of `add: ADDRESS` and `remove: ADDRESS`";
            self.refuse_at(&text.node.text, "it is not clear what happens to which address", "", help);
            return None;
        }
        let (addr, add) = (add.as_ref().or(remove.as_ref())?.value, add.is_some());
        Some(KernelFault::Address { node, iface: iface?, addr, add })
    }

    pub(super) fn refuse_address(&mut self, text: &RefuseText) -> Option<KernelFault> {
        let node = self.node(&text.node);
        let ip = self.read(&text.address).map(|ip| ip.value);
        let refused = self.or(&text.on, true);
        Some(KernelFault::RefuseAddress { node: node?, ip: ip?, refused })
    }

    pub(super) fn set_route(&mut self, text: &SetRouteText) -> Option<KernelFault> {
        let node = self.node(&text.node)?;
        let gone = self.or(&text.remove, false);
        let models = self.models_of(node)?;
        if gone {
            if text.via.is_some() || text.dev.is_some() {
                self.refuse_at(&text.to.text, "a route that goes needs `to` only", "", "leave `via` and `dev` out");
            }
            let to = self.read(&text.to)?.value;
            return Some(KernelFault::Route {
                node,
                route: crate::world::Route { to, via: None, iface: None },
                present: false,
            });
        }
        let leaf = |of: &Prefixed| Prefixed::new(of.text.clone());
        let route = RouteText {
            to: leaf(&text.to),
            via: text.via.as_ref().map(|via| Address::new(via.text.clone())),
            dev: text.dev.as_ref().map(|dev| Text::new(dev.text.clone())),
        };
        Some(KernelFault::Route { node, route: self.route(&route, &models)?, present: true })
    }

    pub(super) fn set_sysctl(&mut self, text: &SetSysctlText) -> Option<KernelFault> {
        let node = self.node(&text.node)?;
        let names = self.interfaces_of(node);
        let settings = self.sysctl(&text.name.text, &text.value, &names);
        (!settings.is_empty()).then_some(KernelFault::Sysctl { node, settings })
    }
}
