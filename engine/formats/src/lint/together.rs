//! What the routers of one VRID say to each other.
use std::net::IpAddr;

use vrrplab_engine::model::{InstanceModel, Version};

use super::table::{
    ADVERT_INT, ADVERT_INT_V3, AUTH, EQUAL, OWNERS, STATE_MASTER, UNICAST_MIXED, UNICAST_PEERS, VERSION, VIPS, WEIGHT,
};
use super::{Finding, Member};

/// Each member against those before it, then each against all.
pub(super) fn check(members: &[Member<'_>]) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (position, one) in members.iter().enumerate() {
        if let Some(first) = members[..position].first() {
            findings.extend(differences(first, one));
        }
        findings.extend(members[..position].iter().find_map(|earlier| same_priority(earlier, one)));
        let others = || members.iter().enumerate().filter(|(at, _)| *at != position).map(|(_, other)| other);
        findings.extend(others().filter_map(|other| left_out(one, other)));
        findings.extend(others().find_map(|other| state_master(one, other)));
        let best_other = others().map(|other| most(other.model)).max();
        findings.extend(best_other.and_then(|best| weight(one, best)));
    }
    findings
}

/// What keeps two routers from hearing each other; the first reason hides those that come later.
fn differences(first: &Member<'_>, one: &Member<'_>) -> Option<Finding> {
    let (theirs, ours) = (first.model, one.model);
    let who = format!("VRID {}: {}", ours.vrid, first.subject.file);
    if theirs.is_unicast() != ours.is_unicast() {
        let kind = if theirs.is_unicast() { "unicast peers" } else { "multicast" };
        let at = one.draft.unicast_peers.first().map(|p| &p.ip);
        return Some(one.finding(&UNICAST_MIXED, at, format!("{who} uses {kind}, this router does not")));
    }
    if theirs.version != ours.version {
        let number = |v| if v == Version::V2 { 2 } else { 3 };
        let (theirs, ours) = (number(theirs.version), number(ours.version));
        let title = format!("{who} speaks VRRPv{theirs}, this router VRRPv{ours}");
        return Some(one.finding(&VERSION, one.draft.version.as_ref(), title));
    }
    if theirs.auth != ours.auth {
        let title = format!("{who} has another authentication");
        return Some(one.finding(&AUTH, one.draft.auth_pass.as_ref(), title));
    }
    if theirs.advert_int != ours.advert_int {
        let lint = if ours.version == Version::V2 { &ADVERT_INT } else { &ADVERT_INT_V3 };
        let title = format!("{who} has advert interval {}, this router {}", theirs.advert_int, ours.advert_int);
        return Some(one.finding(lint, one.draft.advert_int.as_ref(), title));
    }
    let addresses = |m: &InstanceModel| {
        let mut all: Vec<IpAddr> = m.vips.iter().map(|v| v.addr.ip).collect();
        all.sort();
        all
    };
    let (theirs, ours) = (addresses(theirs), addresses(ours));
    if theirs != ours {
        let list = |all: &[IpAddr]| all.iter().map(IpAddr::to_string).collect::<Vec<_>>().join(", ");
        let title = format!("{who} has the addresses {}, this router {}", list(&theirs), list(&ours));
        return Some(one.finding(&VIPS, one.draft.vips.first().map(|v| &v.addr), title));
    }
    None
}

fn same_priority(earlier: &Member<'_>, one: &Member<'_>) -> Option<Finding> {
    let (vrid, priority) = (one.model.vrid, one.model.priority);
    let lint = if one.model.is_owner() { &OWNERS } else { &EQUAL };
    let title = format!("VRID {vrid}: {} has priority {priority} too", earlier.subject.file);
    (earlier.model.priority == priority).then(|| one.finding(lint, one.draft.priority.as_ref(), title))
}

/// A unicast router that does not send to another whose address is known.
fn left_out(one: &Member<'_>, other: &Member<'_>) -> Option<Finding> {
    let source = other.model.source?;
    let both = one.model.is_unicast() && other.model.is_unicast();
    let title = format!("VRID {}: {source} ({}) is not among the peers", one.model.vrid, other.subject.file);
    let at = one.draft.unicast_peers.first().map(|p| &p.ip);
    (both && one.model.peer(source).is_none()).then(|| one.finding(&UNICAST_PEERS, at, title))
}

fn state_master(one: &Member<'_>, other: &Member<'_>) -> Option<Finding> {
    let better = other.model.priority;
    let title = format!("VRID {}: {} has priority {better}, which is higher", one.model.vrid, other.subject.file);
    (one.model.wants_master && better > one.model.priority)
        .then(|| one.finding(&STATE_MASTER, one.draft.wants_master.as_ref(), title))
}

/// The priority with nothing lost.
pub(super) fn most(model: &InstanceModel) -> i32 {
    let base = i32::from(model.priority.get());
    if model.is_owner() {
        return base;
    }
    let gains = model.track_interfaces.iter().map(|t| if t.reverse { 0 } else { i32::from(t.weight.max(0)) });
    (base + gains.sum::<i32>()).clamp(1, 254)
}

/// A weight whose loss leaves the best router the best.
fn weight(one: &Member<'_>, best_other: i32) -> Option<Finding> {
    let full = most(one.model);
    if full <= best_other || one.model.is_owner() {
        return None;
    }
    let lines = one.draft.tracks.interfaces.iter();
    let (weight, at) = lines.filter(|t| t.reverse != Some(true)).find_map(|line| {
        let at = line.weight.as_ref()?;
        let kept = one.model.track_interfaces.iter().any(|t| i64::from(t.weight) == at.value);
        (kept && at.value != 0).then_some((i32::try_from(at.value).ok()?, at))
    })?;
    let left = (full - weight.abs()).max(1);
    let title = format!("without this interface the priority is {left}; the next best router has {best_other}");
    (left > best_other).then(|| one.finding(&WEIGHT, Some(at), title))
}
