//! What one file says about itself.
use vrrplab_engine::time::Span;

use super::table::{FAULTS_ALL, PREEMPT_DELAY, SAME_VIP, SYNC_PRIORITIES, UNWATCHED};
use super::{Finding, Member, Subject};
use crate::builder::VipDraft;

pub(super) fn check(subject: &Subject) -> Vec<Finding> {
    let members: Vec<Member<'_>> = subject.instances().collect();
    let mut findings = same_vips(&members);
    findings.extend(members.iter().flat_map(interfaces));
    findings.extend(members.iter().filter_map(preempt_delay));
    findings.extend(groups(subject));
    findings
}

fn vips<'m>(member: &Member<'m>) -> impl Iterator<Item = &'m VipDraft> + use<'m> {
    member.draft.vips.iter().chain(&member.draft.excluded_vips)
}

fn same_vips(members: &[Member<'_>]) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (position, member) in members.iter().enumerate() {
        for vip in vips(member) {
            let ip = vip.addr.value;
            let earlier = members[..position].iter().find(|m| vips(m).any(|other| other.addr.value == ip));
            if let Some(earlier) = earlier {
                let title = format!("`{}` and `{}` both carry {ip}", earlier.model.name, member.model.name);
                findings.push(Finding::new(&SAME_VIP, &vip.addr, title));
            }
        }
    }
    findings
}

/// Addresses on interfaces that nobody watches, or whose loss takes more away than is expected.
fn interfaces(member: &Member<'_>) -> Vec<Finding> {
    let own = member.interface_name();
    let mut findings = Vec::new();
    let mut named: Vec<&str> = Vec::new();
    for vip in vips(member) {
        let dev = vip.dev.as_ref().map_or(own, |d| d.value.as_str());
        let index = member.subject.model.interface_named(dev).map(|i| i.index);
        let asked_for = member.model.track_interfaces.iter().any(|t| Some(t.iface) == index);
        let by_address = || member.model.all_vips().any(|v| Some(v.iface) == index && !v.no_track);
        let watched = asked_for || !member.model.dont_track_primary && (dev == own || by_address());
        let at = vip.dev.as_ref().map_or_else(|| vip.addr.place(), |d| d.place());
        if named.contains(&dev) {
            continue;
        }
        let name = &member.model.name;
        if !watched {
            let title = format!("`{name}` does not watch {dev}, which has {}", vip.addr.value);
            findings.push(Finding::new(&UNWATCHED, &at, title));
            named.push(dev);
        } else if dev != own && !asked_for {
            let title = format!(
                "{dev} is in no `track_interface`, yet its cable takes all addresses of `{name}` away, those on {own} too"
            );
            findings.push(Finding::new(&FAULTS_ALL, &at, title));
            named.push(dev);
        }
    }
    findings
}

/// keepalived complains of a delay beside `state MASTER` only when it is not 0; the reader has told that already.
fn preempt_delay(member: &Member<'_>) -> Option<Finding> {
    let given = member.draft.preempt_delay.as_ref().filter(|delay| delay.value == Span::ZERO)?;
    let title = format!("`state MASTER` cancels the `preempt_delay` of `{}`", member.model.name);
    member.model.wants_master.then(|| Finding::new(&PREEMPT_DELAY, given, title))
}

fn groups(subject: &Subject) -> Vec<Finding> {
    let mut findings = Vec::new();
    for group in &subject.model.sync_groups {
        let models: Vec<_> = group.members.iter().filter_map(|m| subject.model.instances.get(*m)).collect();
        let Some((first, rest)) = models.split_first() else { continue };
        let Some(other) = rest.iter().find(|m| m.priority != first.priority) else { continue };
        let title = format!(
            "in sync group `{}`, `{}` has priority {} and `{}` has {}",
            group.name, first.name, first.priority, other.name, other.priority
        );
        if let Some(at) = subject.draft.sync_groups.iter().find(|g| g.name.value == group.name) {
            findings.push(Finding::new(&SYNC_PRIORITIES, &at.name, title));
        }
    }
    findings
}
