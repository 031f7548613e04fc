//! `adverts-accepted`: adverts that arrive and are refused.
use std::collections::BTreeMap;
use std::net::IpAddr;

use vrrplab_engine::{Instant, Rule, Span};
use vrrplab_formats::world::{Invariant, Invariants, NodeId};

use super::scene::Scene;
use super::violation::{Finding, Parties};
use crate::observe::words::time;

/// Who refuses whom, and why.
type Quarrel = (NodeId, String, Rule, IpAddr);

/// The watch over receive checks.
#[derive(Clone, Debug, Default)]
pub struct Adverts {
    /// Since when; `true`: it has been told.
    quarrels: BTreeMap<Quarrel, (Instant, bool)>,
}

/// Refusals that say nothing about the advert: it is the router's own, of nobody here, damaged on its way, or the
/// receiver owns the addresses and listens to nobody.
const fn is_nobodys_fault(rule: Rule) -> bool {
    matches!(
        rule,
        Rule::ReceiveOwnPacket
            | Rule::ReceiveVrid
            | Rule::ReceiveNotVrrp
            | Rule::ReceiveOwner
            | Rule::ReceiveIpHeader
            | Rule::ReceiveIpFragment
    )
}

impl Adverts {
    /// All counts from now on.
    pub fn begin_anew(&mut self) {
        self.quarrels.clear();
    }

    /// An instance refuses an advert.
    pub fn refused(
        &mut self,
        at: Instant,
        (node, instance, rule, from): (NodeId, &str, Rule, IpAddr),
        scene: &Scene,
        limits: &Invariants,
    ) -> Option<Finding> {
        if is_nobodys_fault(rule) || !limits.watches(Invariant::AdvertsAccepted) {
            return None;
        }
        let seat = scene.seats.iter().find(|seat| seat.node == node && seat.instance == instance)?;
        let (since, told) = self.quarrels.entry((node, instance.to_owned(), rule, from)).or_insert((at, false));
        let allow = limits.allow.get(&Invariant::AdvertsAccepted).copied().unwrap_or(Span::ZERO);
        if *told || at.since(*since) < allow {
            return None;
        }
        *told = true;
        let sender = scene.node_at(from);
        let name = sender.map_or(String::new(), |sender| format!(" ({})", scene.names.node(sender)));
        let receiver = scene.names.node(node);
        let what =
            format!("{receiver} {instance} has refused adverts of {from}{name} since {} [{}]", time(*since), rule.id());
        let mut parties = Parties::group(scene, seat.group, |one| one == node || Some(one) == sender);
        parties.nodes.insert(node);
        Some(Finding { invariant: Invariant::AdvertsAccepted, at, since: *since, parties, what })
    }
}
