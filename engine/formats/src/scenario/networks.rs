//! Reads networks: switches, links, trunks, how hosts are attached, and the faults of all these.
use vrrplab_engine::Span;

use super::leaf::{Placed, Short, Yaml};
use super::reader::Reader;
use super::shape::{
    LinkKeys, LinkText, NetworkText, SetLinkText, SetVlanText, SnoopingText, StormText, TreeText, TrunkText,
};
use super::units::{FlagKind, Number, Text, Time, TreeModeKind};
use crate::world::{
    Attachment, FabricFault, Fault, LinkChange, LinkPlace, LinkQuality, Network, NetworkId, Snooping, SpanningTree,
    SwitchSetup, TreeMode, Trunk, TrunkId, joined,
};

/// More copies of one frame help nobody.
const MOST_COPIES: u64 = 1_000;

impl Reader<'_> {
    /// One network.
    pub(super) fn read_network(&mut self, name: &Yaml<String>, text: Option<&NetworkText>) {
        let mut network = Network::new(&name.value, LinkQuality::CLEAN);
        let (cloud, security) = self.cloud(text.and_then(|text| text.cloud.as_ref()));
        network.cloud = cloud;
        self.default_security.push(security);
        if let Some(text) = text {
            network.link = self.link_change(&text.link()).of(network.link);
            if let (Some(written), true) = (&text.cloud, network.cloud.is_some())
                && (text.ageing.is_some() || text.stp.is_some() || text.igmp_snooping.is_some())
            {
                let title = format!("network `{}` is a cloud and no switch", name.value);
                self.refuse_at(&written.0, title, "", "leave `ageing`, `stp` and `igmp_snooping` out");
            }
            let ageing = self.positive(text.ageing.as_ref()).unwrap_or(network.switch.ageing);
            let stp = text.stp.as_ref().and_then(|stp| self.tree(stp)).unwrap_or_default();
            let snooping = text.igmp_snooping.as_ref().and_then(|snooping| self.snooping(snooping));
            network.switch = SwitchSetup { ageing, stp, snooping };
        }
        self.networks.push(network);
    }

    /// A length of time that is not zero.
    fn positive(&mut self, leaf: Option<&Time>) -> Option<Span> {
        let read = self.read(leaf?)?;
        if read.value == Span::ZERO {
            self.refuse(read.span, "this time must not be zero", "", "for instance 15s");
            return None;
        }
        Some(read.value)
    }

    /// A whole number between these.
    fn ranged(&mut self, leaf: Option<&Number>, what: &str, least: u64, most: u64) -> Option<u64> {
        let read = self.read(leaf?)?;
        let value = u64::try_from(read.value).ok().filter(|value| (least..=most).contains(value));
        if value.is_none() {
            self.refuse(read.span, format!("{} is no {what}", read.value), "", &format!("from {least} to {most}"));
        }
        value
    }

    fn vlan(&mut self, leaf: &Number) -> Option<u16> {
        self.ranged(Some(leaf), "VLAN", 1, 4_094).and_then(|vlan| u16::try_from(vlan).ok())
    }

    fn link_change(&mut self, keys: &LinkKeys<'_>) -> LinkChange {
        let small = |value: Option<u64>| value.and_then(|value| u32::try_from(value).ok());
        LinkChange {
            delay: keys.delay.and_then(|leaf| self.read(leaf)).map(|read| read.value),
            jitter: keys.jitter.and_then(|leaf| self.read(leaf)).map(|read| read.value),
            loss_ppm: keys.loss.and_then(|leaf| self.read(leaf)).map(|read| read.value),
            burst: small(self.ranged(keys.burst, "mean length of a run of lost frames", 1, 1_000_000)),
            duplicate_ppm: keys.duplicate.and_then(|leaf| self.read(leaf)).map(|read| read.value),
            reorder_ppm: keys.reorder.and_then(|leaf| self.read(leaf)).map(|read| read.value),
            reorder_delay: self.positive(keys.reorder_delay),
            corrupt_ppm: keys.corrupt.and_then(|leaf| self.read(leaf)).map(|read| read.value),
            bandwidth: keys.bandwidth.and_then(|leaf| self.read(leaf)).map(|read| read.value),
            queue: small(self.ranged(keys.queue, "length of a queue", 1, 1_000_000)),
        }
    }

    fn tree(&mut self, text: &Placed<TreeModeKind, TreeText>) -> Option<SpanningTree> {
        let default = SpanningTree::default();
        match &text.0.value {
            Short::Word(word, _) => {
                let mode = self.placed_word::<TreeModeKind, _>(word, &text.0)?.value;
                Some(SpanningTree { mode, ..default })
            }
            Short::Long(long) => {
                let priority = self.ranged(long.priority.as_ref(), "priority of a switch", 0, 65_535);
                Some(SpanningTree {
                    mode: self.or(&long.mode, default.mode),
                    forward_delay: self.positive(long.forward_delay.as_ref()).unwrap_or(default.forward_delay),
                    priority: priority.and_then(|p| u16::try_from(p).ok()).unwrap_or(default.priority),
                })
            }
        }
    }

    fn snooping(&mut self, text: &Placed<FlagKind, SnoopingText>) -> Option<Snooping> {
        let default = Snooping::default();
        match &text.0.value {
            Short::Word(word, _) => self.placed_word::<FlagKind, _>(word, &text.0)?.value.then_some(default),
            Short::Long(long) => Some(Snooping {
                querier: self.or(&long.querier, default.querier),
                query_interval: self.positive(long.query_interval.as_ref()).unwrap_or(default.query_interval),
                timeout: self.positive(long.timeout.as_ref()).unwrap_or(default.timeout),
                floods_link_local: self.or(&long.floods_link_local, default.floods_link_local),
            }),
        }
    }

    /// How a host is attached to its switch.
    pub(super) fn attachment(
        &mut self,
        network: Option<NetworkId>,
        vlan: &Option<Number>,
        portfast: &Option<super::units::Flag>,
        link: Option<&LinkText>,
    ) -> Attachment {
        let vlan = vlan.as_ref().and_then(|vlan| self.vlan(vlan)).unwrap_or(1);
        let portfast = self.or(portfast, false);
        let link = link.map(|link| {
            let common = network.map_or(LinkQuality::CLEAN, |network| self.networks[network.0].link);
            self.link_change(&link.link()).of(common)
        });
        Attachment { vlan, portfast, link }
    }

    /// All trunks. What would be a loop without a spanning tree is refused.
    pub(super) fn read_trunks(&mut self, texts: &[TrunkText]) {
        for text in texts {
            let ends: Vec<Option<NetworkId>> = text.between.iter().map(|name| self.network(name)).collect();
            let vlans = text.vlans.iter().flatten().filter_map(|vlan| self.vlan(vlan)).collect();
            let link = self.link_change(&text.link()).of(LinkQuality::CLEAN);
            let name = text.name.text.value.clone();
            if self.trunks.iter().any(|trunk| trunk.name == name) {
                self.refuse_at(&text.name.text, format!("there are two trunks `{name}`"), "second one", "");
            }
            let between = match ends[..] {
                [Some(one), Some(other)] if one != other => [one, other],
                [_, _] if ends.contains(&None) => continue,
                _ => {
                    let title = format!("trunk `{name}` must join two networks");
                    self.refuse_at(&text.name.text, title, "", "such as `between: [sw1, sw2]`");
                    continue;
                }
            };
            let trunk = Trunk { name, between, vlans, link };
            if self.closes_a_loop(&trunk) {
                let title = format!("trunk `{}` closes a loop, in which broadcasts would circle for ever", trunk.name);
                let help =
                    "give all switches of the loop `stp: rstp` or `stp: stp`; the fault `storm` shows what a loop does";
                self.refuse_at(&text.name.text, title, "one too many", help);
            }
            self.trunks.push(trunk);
        }
    }

    /// Whether frames of one VLAN could circle with this trunk. Switches with a spanning tree count as one, as the tree
    /// blocks what is too much between them.
    fn closes_a_loop(&self, last: &Trunk) -> bool {
        let guarded = |trunk: &Trunk| trunk.between.iter().all(|n| self.networks[n.0].switch.stp.mode != TreeMode::Off);
        if guarded(last) {
            return false;
        }
        let others = || self.trunks.iter().filter(|trunk| !guarded(trunk));
        let mut shared: Vec<Option<u16>> = last.vlans.iter().map(|vlan| Some(*vlan)).collect();
        if shared.is_empty() {
            shared.push(None);
            shared.extend(others().flat_map(|trunk| &trunk.vlans).map(|vlan| Some(*vlan)));
        }
        shared.into_iter().any(|vlan| {
            let carries = |trunk: &&Trunk| vlan.map_or(trunk.vlans.is_empty(), |vlan| trunk.carries(vlan));
            let trunks = self.trunks.iter().filter(|trunk| guarded(trunk)).chain(others().filter(carries));
            let first = joined(self.networks.len(), trunks.map(|trunk| trunk.between.map(|end| end.0)));
            let [one, other] = last.between.map(|end| first[end.0]);
            one == other
        })
    }

    /// The trunk of this name.
    pub(super) fn trunk(&mut self, leaf: &Text) -> Option<TrunkId> {
        let found = self.trunks.iter().position(|trunk| trunk.name == leaf.text.value);
        if found.is_none() {
            let known: Vec<String> = self.trunks.iter().map(|trunk| trunk.name.clone()).collect();
            self.unknown(&leaf.text, "trunk", &known);
        }
        found.map(TrunkId)
    }

    /// A link gets another quality.
    pub(super) fn set_link(&mut self, text: &SetLinkText) -> Option<Fault> {
        let change = self.link_change(&text.link());
        let named = [&text.node, &text.client, &text.network, &text.trunk];
        let mut named = named.into_iter().flatten();
        let (first, second) = (named.next(), named.next());
        if let Some(second) = second {
            self.refuse_at(&second.text, "a fault changes one link", "second one", "write a second `link`");
        }
        let Some(first) = first else {
            let help = "name a `node`, a `client`, a `network` or a `trunk`";
            let at = text.interface.as_ref().map(|leaf| &leaf.text).or_else(|| text.link().first());
            let at = at.map_or(0..0, |at| self.range(&at.referenced));
            self.refuse(at, "it is not clear which link changes", "", help);
            return None;
        };
        if change == LinkChange::default() {
            self.refuse_at(
                &first.text,
                "nothing changes about this link",
                "",
                "give `delay`, `loss` or another quality",
            );
        }
        let link = if let Some(node) = &text.node {
            LinkPlace::Nic(self.nic(node, &text.interface)?)
        } else if let Some(client) = &text.client {
            LinkPlace::Client(self.one_client(client)?)
        } else if let Some(network) = &text.network {
            LinkPlace::Network(self.network(network)?)
        } else {
            LinkPlace::Trunk(self.trunk(first)?)
        };
        Some(Fault::Fabric(FabricFault::Link { link, change }))
    }

    /// A port is in another VLAN.
    pub(super) fn set_vlan(&mut self, text: &SetVlanText) -> Option<Fault> {
        let nic = self.nic(&text.node, &text.interface);
        let vlan = self.vlan(&text.vlan);
        Some(Fault::Fabric(FabricFault::Vlan { nic: nic?, vlan: vlan? }))
    }

    /// The querier of a switch comes or goes.
    pub(super) fn set_querier(&mut self, network: &Text, on: &super::units::Flag) -> Option<Fault> {
        let id = self.network(network)?;
        if self.networks[id.0].switch.snooping.is_none() {
            let title = format!("network `{}` has no IGMP snooping", network.text.value);
            self.refuse_at(&network.text, title, "", "give it `igmp_snooping: true`");
        }
        let on = self.read(on)?.value;
        Some(Fault::Fabric(FabricFault::Querier { network: id, on }))
    }

    /// A storm of broadcasts.
    pub(super) fn storm(&mut self, text: &StormText) -> Option<Fault> {
        let network = self.network(&text.network);
        let copies = self.ranged(Some(&text.copies), "number of copies", 1, MOST_COPIES);
        let lasts = self.positive(Some(&text.lasts));
        let copies = u32::try_from(copies?).ok()?;
        Some(Fault::Fabric(FabricFault::Storm { network: network?, copies, lasts: lasts? }))
    }
}
