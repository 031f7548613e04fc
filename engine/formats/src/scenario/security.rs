//! Port security and security groups of a scenario: what may be written, and how it is read.
use schemars::JsonSchema;
use serde::Deserialize;

use super::leaf::{Entries, Placed, Short};
use super::reader::Reader;
use super::units::{DriverWord, Ethertype, Flag, FlagKind, Hardware, IngressWord, PairAddress, Ports, Protocol, Text};
use crate::world::{AddressPair, Fault, GroupRule, PortSecurity, Remote, SecurityGroup};

/// A security group.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct GroupText {
    /// What may pass; the rest is dropped.
    pub(super) rules: Option<Vec<RuleText>>,
    /// Whether the two rules that let everything out, which Neutron gives each new group, are there; true when not given.
    pub(super) default_egress: Option<Flag>,
}

/// One rule of a security group.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct RuleText {
    /// `ingress` (towards the port) or `egress`.
    pub(super) direction: IngressWord,
    /// `IPv4` or `IPv6`; IPv4 when not given.
    pub(super) ethertype: Option<Ethertype>,
    /// The IP protocol by name or number; any when not given.
    pub(super) protocol: Option<Protocol>,
    /// Destination port of TCP or UDP, or the first and the last one.
    pub(super) ports: Option<Ports>,
    /// Address or prefix at the other end.
    pub(super) remote_ip: Option<PairAddress>,
    /// A security group: the other end is an address of one of its ports.
    pub(super) remote_group: Option<Text>,
}

/// Port security with allowed pairs.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct SecurityText {
    /// What enforces it; openvswitch when not given.
    pub(super) driver: Option<DriverWord>,
    /// What may be used as a source besides the port's own addresses.
    pub(super) allowed_address_pairs: Option<Vec<PairText>>,
    /// The port's security groups; when not given, groups are not looked at and everything passes them.
    pub(super) security_groups: Option<Vec<Text>>,
}

/// New port security of one port.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct SetSecurityText {
    /// The node.
    pub(super) node: Text,
    /// Its interface; may be left out when it has just one.
    pub(super) interface: Option<Text>,
    /// On or off; on when not given.
    pub(super) enabled: Option<Flag>,
    /// What may be used as a source besides the port's own addresses.
    pub(super) allowed_address_pairs: Option<Vec<PairText>>,
    /// What enforces it; as at the start when not given.
    pub(super) driver: Option<DriverWord>,
    /// The port's security groups; as at the start when not given.
    pub(super) security_groups: Option<Vec<Text>>,
}

/// One allowed address pair.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct PairText {
    /// Address or prefix.
    pub(super) ip: PairAddress,
    /// The port's own when not given.
    pub(super) mac: Option<Hardware>,
}

impl Reader<'_> {
    /// All security groups; rules may name any of them.
    pub(super) fn read_groups(&mut self, texts: &Entries<GroupText>) {
        let names: Vec<String> = texts.0.iter().map(|(name, _)| name.value.clone()).collect();
        for (name, text) in &texts.0 {
            let mut rules = Vec::new();
            if self.or(&text.default_egress, true) {
                let out = |v6| GroupRule { ingress: false, v6, protocol: None, ports: None, remote: Remote::Any };
                rules.extend([out(false), out(true)]);
            }
            for rule in text.rules.iter().flatten() {
                rules.extend(self.rule(rule, &names));
            }
            self.groups.push(SecurityGroup { name: name.value.clone(), rules });
        }
    }

    fn rule(&mut self, text: &RuleText, groups: &[String]) -> Option<GroupRule> {
        let ingress = self.read(&text.direction);
        let v6 = self.or(&text.ethertype, false);
        // As in Neutron, the ICMP of an IPv6 rule is that of IPv6.
        let protocol = match self.or(&text.protocol, None) {
            Some(1) if v6 => Some(58),
            other => other,
        };
        let ports = self.maybe(&text.ports);
        if let Some(ports) = ports.as_ref().filter(|_| !matches!(protocol, Some(6 | 17 | 132))) {
            self.refuse(ports.span.clone(), "only tcp, udp and sctp have ports", "", "add `protocol: tcp`");
        }
        let (prefix, group) = (self.maybe(&text.remote_ip), self.maybe(&text.remote_group));
        if let (Some(_), Some(group)) = (&prefix, &group) {
            self.refuse(group.span.clone(), "a rule has one remote", "one of two", "leave `remote_ip` out");
        }
        if let Some(leaf) = text.remote_group.as_ref().filter(|leaf| !groups.contains(&leaf.text.value)) {
            self.unknown(&leaf.text, "security group", groups);
        }
        if let Some(prefix) = prefix.as_ref().filter(|prefix| prefix.value.ip.is_ipv6() != v6) {
            let help = format!("the rule is for IPv{}", if v6 { 6 } else { 4 });
            self.refuse(prefix.span.clone(), "the remote address is of the other family", "", &help);
        }
        let remote = match (prefix, group) {
            (Some(prefix), _) => Remote::Prefix(prefix.value),
            (None, Some(group)) => Remote::Group(group.value),
            (None, None) => Remote::Any,
        };
        Some(GroupRule { ingress: ingress?.value, v6, protocol, ports: ports.map(|p| p.value), remote })
    }

    /// Port security as written at an interface.
    pub(super) fn security(&mut self, text: &Placed<FlagKind, SecurityText>) -> Option<PortSecurity> {
        match &text.0.value {
            Short::Word(word, _) => {
                let on = self.placed_word::<FlagKind, _>(word, &text.0)?;
                on.value.then(PortSecurity::default)
            }
            Short::Long(long) => Some(PortSecurity {
                driver: self.or(&long.driver, Default::default()),
                allowed_address_pairs: self.pairs(long.allowed_address_pairs.as_deref()),
                groups: long.security_groups.as_deref().map(|names| self.groups_of(names)),
            }),
        }
    }

    /// Port security as a fault changes it. What is left out stays as the interface has it, but for the pairs.
    pub(super) fn set_security(&mut self, text: &SetSecurityText) -> Option<Fault> {
        let nic = self.nic(&text.node, &text.interface);
        let enabled = self.or(&text.enabled, true);
        let allowed_address_pairs = self.pairs(text.allowed_address_pairs.as_deref());
        if let (false, Some(flag)) = (enabled || allowed_address_pairs.is_empty(), &text.enabled) {
            self.refuse_at(&flag.text, "port security that is off allows everything", "", "leave the pairs out");
        }
        let driver = self.maybe(&text.driver).map(|driver| driver.value);
        let groups = text.security_groups.as_deref().map(|names| self.groups_of(names));
        let nic = nic?;
        let before = self.nodes.get(nic.node.0).and_then(|node| node.ports.get(nic.nic)?.security.clone());
        let before = before.unwrap_or_default();
        let security = PortSecurity {
            driver: driver.unwrap_or(before.driver),
            allowed_address_pairs,
            groups: groups.or(before.groups),
        };
        Some(Fault::SetPortSecurity(nic, enabled.then_some(security)))
    }

    fn groups_of(&mut self, names: &[Text]) -> Vec<SecurityGroup> {
        let mut found = Vec::new();
        for name in names {
            match self.groups.iter().find(|group| group.name == name.text.value) {
                Some(group) => found.push(group.clone()),
                None => {
                    let known: Vec<String> = self.groups.iter().map(|group| group.name.clone()).collect();
                    self.unknown(&name.text, "security group", &known);
                }
            }
        }
        found
    }

    fn pairs(&mut self, text: Option<&[PairText]>) -> Vec<AddressPair> {
        let mut pairs = Vec::new();
        for pair in text.into_iter().flatten() {
            let (ip, mac) = (self.read(&pair.ip), self.maybe(&pair.mac));
            pairs.extend(ip.map(|ip| AddressPair { ip: ip.value, mac: mac.map(|m| m.value) }));
        }
        pairs
    }
}
