//! Strict mode: what RFC 5798 does not have is taken out of an instance.
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
        model.version = Version::V3;
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
