//! Strict mode: what RFC 5798 does not have is taken out of an instance.
use std::net::IpAddr;

use vrrplab_engine::Span;
use vrrplab_engine::model::{AddressFamily, Auth, InstanceModel, Version};

use super::draft::{InstanceDraft, Spanned};
use crate::diagnostics::Report;

/// Changes the instance as `vrrp_strict` and `strict_mode` do, and tells each change.
pub(super) fn apply(model: &mut InstanceModel, draft: &InstanceDraft, report: &mut Report) {
    let owner = model.is_owner();
    let mut tell = |at: Option<&Spanned<()>>, what: &str| {
        let place = at.cloned().unwrap_or_else(|| draft.name.place());
        report.warning(&place, format!("strict mode: {what}"), "not in RFC 5798");
    };
    if model.auth != Auth::None {
        model.auth = Auth::None;
        tell(draft.auth_pass.as_ref().map(Spanned::place).as_ref(), "authentication is left out");
    }
    if model.wants_master != owner {
        model.wants_master = owner;
        let state = if owner { "MASTER" } else { "BACKUP" };
        tell(draft.wants_master.as_ref().map(Spanned::place).as_ref(), &format!("the state becomes {state}"));
    }
    if model.family == AddressFamily::V6 {
        let local = |ip: IpAddr| matches!(ip, IpAddr::V6(ip) if ip.is_unicast_link_local());
        if let Some(first) = draft.vips.first().filter(|vip| !local(vip.addr.value)) {
            tell(Some(&first.addr.place()), "the first IPv6 address should be link-local");
        }
    }
    if draft.accept.as_ref().is_some_and(|accept| accept.value) && model.version == Version::V2 {
        tell(draft.accept.as_ref().map(Spanned::place).as_ref(), "version 2 has no `accept`, it is left out");
        model.accept = owner;
    }
    let repeat = draft.garp_lower_prio_repeat.as_ref().filter(|repeat| repeat.value != 0);
    if let Some(repeat) = repeat {
        tell(Some(&repeat.place()), "a worse advert is not answered by announcements");
    }
    if let Some(no) = draft.lower_prio_no_advert.as_ref().filter(|no| !no.value) {
        tell(Some(&no.place()), "a worse advert is not answered at once");
    }
    if let Some(yes) = draft.higher_prio_send_advert.as_ref().filter(|yes| yes.value) {
        tell(Some(&yes.place()), "a master that yields is silent at once");
    }
    if model.preempt_delay > Span::ZERO {
        model.preempt_delay = Span::ZERO;
        tell(draft.preempt_delay.as_ref().map(Spanned::place).as_ref(), "`preempt_delay` is left out");
    }
    if model.down_timer_adverts != 3 {
        model.down_timer_adverts = 3;
        tell(draft.down_timer_adverts.as_ref().map(Spanned::place).as_ref(), "`down_timer_adverts` becomes 3");
    }
    if let Some(vmac) = model.vmac.as_mut().filter(|vmac| vmac.xmit_base) {
        vmac.xmit_base = false;
        tell(draft.vmac.as_ref().map(Spanned::place).as_ref(), "`vmac_xmit_base` is left out");
    }
    model.garp.lower_prio_delay = Span::ZERO;
    model.garp.lower_prio_repeat = 0;
    model.lower_prio_no_advert = true;
    model.higher_prio_send_advert = false;
    if draft.accept.is_none() {
        model.accept = owner;
    }
}
