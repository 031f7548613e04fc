//! Security groups: which rule lets a packet pass, and who counts as a member of a group.
use std::collections::BTreeMap;

use vrrplab_engine::model::IfAddr;
use vrrplab_formats::world::{GroupRule, Remote, SecurityGroup};

use super::packet::{Ip, Upper};
use super::sources::covers;

/// The addresses of the members of every group: with their allowed pairs, and the fixed ones alone.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in crate::fabric) struct Members {
    with_pairs: BTreeMap<String, Vec<IfAddr>>,
    fixed: BTreeMap<String, Vec<IfAddr>>,
}

impl Members {
    /// These addresses join a group.
    pub(super) fn join(&mut self, group: &str, with_pairs: bool, addresses: impl Iterator<Item = IfAddr>) {
        let sets = if with_pairs { &mut self.with_pairs } else { &mut self.fixed };
        sets.entry(group.to_owned()).or_default().extend(addresses);
    }

    fn of(&self, group: &str, with_pairs: bool) -> &[IfAddr] {
        let sets = if with_pairs { &self.with_pairs } else { &self.fixed };
        sets.get(group).map_or(&[], Vec::as_slice)
    }
}

/// Whether a rule lets this packet pass.
pub(super) fn pass(groups: &[SecurityGroup], ingress: bool, ip: &Ip, members: &Members, with_pairs: bool) -> bool {
    let rules = groups.iter().flat_map(|group| &group.rules);
    rules.filter(|rule| rule.ingress == ingress).any(|rule| fits(rule, ip, members, with_pairs))
}

fn fits(rule: &GroupRule, ip: &Ip, members: &Members, with_pairs: bool) -> bool {
    let other = if rule.ingress { ip.src } else { ip.dst };
    let port = |(first, last)| matches!(ip.upper, Upper::Ports(_, to) if (first..=last).contains(&to));
    rule.v6 == ip.src.is_ipv6()
        && rule.protocol.is_none_or(|protocol| protocol == ip.protocol)
        && rule.ports.is_none_or(port)
        && match &rule.remote {
            Remote::Any => true,
            Remote::Prefix(range) => covers(range, other),
            Remote::Group(name) => members.of(name, with_pairs).iter().any(|range| covers(range, other)),
        }
}
