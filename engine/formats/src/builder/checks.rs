//! What keepalived looks at when an instance is complete: it complains, changes the instance, and goes on.
use std::collections::BTreeSet;

use vrrplab_engine::model::{AddressFamily, InstanceModel, InterfaceModel, VmacKind};

use super::draft::{InstanceDraft, Spanned};
use super::host::Host;
use crate::diagnostics::Report;

/// The most addresses of one advert.
const MOST_ADDRESSES: usize = 255;

/// Changes the instance as keepalived does, and tells each change.
pub(super) fn apply(
    model: &mut InstanceModel,
    draft: &InstanceDraft,
    host: Host<'_>,
    own: &InterfaceModel,
    report: &mut Report,
) {
    too_many_addresses(model, draft, report);
    own_interface(model, draft, host, own, report);
    if let Some(at) = draft.unicast.as_ref().filter(|_| draft.unicast_peers.is_empty() && draft.unicast_ttl.is_none()) {
        let title = format!("`{}` has no unicast peers: its adverts are multicast", draft.name.value);
        report.warning(at, title, "unicast needs a peer").help("name the peers, or remove the line");
    }
    for device in &draft.devices {
        host.find(device, report);
    }
    vmac(model, draft, host, report);
}

fn too_many_addresses(model: &mut InstanceModel, draft: &InstanceDraft, report: &mut Report) {
    if model.vips.len() > MOST_ADDRESSES {
        let at = draft.vips.get(MOST_ADDRESSES).map_or_else(|| draft.name.place(), |vip| vip.addr.place());
        let title = format!("an advert has room for {MOST_ADDRESSES} addresses only");
        report.warning(&at, title, "from here on addresses are set, but not advertised");
        let rest = model.vips.split_off(MOST_ADDRESSES);
        model.excluded_vips.extend(rest);
    }
}

/// The own interface is tracked anyhow, and the owner of an address has no weights.
fn own_interface(
    model: &mut InstanceModel,
    draft: &InstanceDraft,
    host: Host<'_>,
    own: &InterfaceModel,
    report: &mut Report,
) {
    let owner = model.is_owner();
    let mut keep = |name: &Spanned<String>, weight: i16| {
        let why = match (name.value == own.name, owner && weight != 0) {
            (true, _) => "the instance's own interface is tracked without a line, this one is ignored",
            (false, true) => "priority 255 never changes: an interface with a weight is not tracked",
            (false, false) => return true,
        };
        report.warning(name, why, "ignored");
        false
    };
    let name = |line: &Spanned<String>| host.interfaces.iter().find(|i| i.name == line.value).map(|i| i.index);
    model.track_interfaces.retain(|tracked| {
        let line = draft.tracks.interfaces.iter().find(|line| name(&line.name) == Some(tracked.iface));
        line.is_none_or(|line| keep(&line.name, tracked.weight))
    });
}

/// Names and sources of the interfaces that an instance makes for itself.
fn vmac(model: &mut InstanceModel, draft: &InstanceDraft, host: Host<'_>, report: &mut Report) {
    let (Some(vmac), Some(at)) = (&mut model.vmac, &draft.vmac) else { return };
    if let Some(name) = vmac.name.take_if(|name| host.interfaces.iter().any(|i| i.name == *name)) {
        let title = format!("there is an interface `{name}` already, another name is used");
        report.warning(at, title, "this makes an interface");
    }
    let sourceless = matches!(vmac.kind, VmacKind::Ipvlan { addr: None, .. }) && draft.source.is_none();
    if sourceless && model.family == AddressFamily::V4 {
        report
            .warning(at, "an ipvlan needs a source address: the instance stays in FAULT", "no address here")
            .help("write `use_ipvlan NAME ADDR`, or `mcast_src_ip`");
    }
    if let Some(alone) = &draft.vmac_parts {
        let title = format!("`{}` does nothing without `use_vmac`", alone.value);
        report.warning(alone, title, "ignored");
        model.vmac = None;
    }
}

/// Two instances cannot make interfaces of one name: the second one gets another.
pub(super) fn names_of_vmacs(drafts: &[&InstanceDraft], built: &mut [Option<InstanceModel>], report: &mut Report) {
    let mut taken: BTreeSet<String> = BTreeSet::new();
    for (draft, model) in drafts.iter().zip(built) {
        let (Some(vmac), Some(at)) = (model.as_mut().and_then(|m| m.vmac.as_mut()), &draft.vmac) else { continue };
        match vmac.name.take_if(|name| taken.contains(name)) {
            Some(name) => {
                let title = format!("another instance makes an interface `{name}` already, another name is used");
                report.warning(at, title, "this makes an interface");
            }
            None => taken.extend(vmac.name.clone()),
        }
    }
}
