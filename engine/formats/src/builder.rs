//! The one way from what a text says to the model: names become indexes, absent fields get their defaults.
mod checks;
mod draft;
mod groups;
mod host;
mod instance;
mod statics;
mod strict;
mod tracks;
mod vrids;
mod weights;

use std::collections::BTreeSet;
use std::net::IpAddr;

use vrrplab_engine::model::{AddressFamily, InstanceModel, InterfaceModel, NodeModel};
use vrrplab_engine::policy::Policy;

use crate::diagnostics::Report;
pub use draft::{
    AuthType, DefaultsDraft, Draft, InstanceDraft, PeerDraft, Spanned, StaticsDraft, SyncGroupDraft, TrackDraft,
    TracksDraft, VipDraft,
};
use host::Host;
use tracks::Names;
use vrids::Users;

/// Makes the model of one node. Every problem goes to the report; where keepalived would not run there is no model.
pub fn build_node(
    name: &str,
    policy: Policy,
    interfaces: Vec<InterfaceModel>,
    draft: &Draft,
    report: &mut Report,
) -> Option<NodeModel> {
    let refusals_before = report.refusals();
    let (mut kept, mut taken): (Vec<&InstanceDraft>, BTreeSet<&str>) = Default::default();
    for instance in &draft.instances {
        if !taken.insert(&instance.name.value) {
            let title = format!("a second instance named `{}` is skipped", instance.name.value);
            report.warning(&instance.name, title, "this name is taken");
        } else {
            kept.push(instance);
        }
    }
    let host = Host { interfaces: &interfaces, dynamic: draft.globals.dynamic_interfaces };
    let names = Names::new(draft);
    let built = kept.iter().map(|d| instance::build(d, draft, &names, host, report)).collect::<Vec<_>>();
    let waits = |model: &Option<InstanceModel>| host.dynamic && model.is_none();
    let absent: BTreeSet<&str> =
        kept.iter().zip(&built).filter(|(_, m)| waits(m)).map(|(d, _)| d.name.value.as_str()).collect();
    let (kept, mut built): (Vec<_>, Vec<_>) = kept.into_iter().zip(built).filter(|(_, m)| !waits(m)).unzip();
    checks::names_of_vmacs(&kept, &mut built, report);
    refuse_shared_vrids(&kept, &built, &interfaces, report);
    let sync_groups = groups::build(draft, &names, &kept, &mut built, absent, host, report);
    let statics = statics::build(draft, &kept, host, report);
    if report.refusals() > refusals_before {
        return None;
    }
    let instances = built.into_iter().collect::<Option<Vec<_>>>()?;
    Some(NodeModel {
        globals: draft.globals.clone(),
        instances,
        sync_groups,
        scripts: values(&draft.scripts),
        files: values(&draft.files),
        processes: values(&draft.processes),
        bfds: values(&draft.bfds),
        statics,
        server_groups: values(&draft.server_groups),
        servers: values(&draft.servers),
        ..NodeModel::new(name, policy, interfaces)
    })
}

/// The values without their places.
fn values<T: Clone>(items: &[Spanned<T>]) -> Vec<T> {
    items.iter().map(|item| item.value.clone()).collect()
}

/// Two instances of one family cannot share a VRID on one interface, unless one is unicast and the other is not, or their
/// peers differ: keepalived refuses the whole file.
fn refuse_shared_vrids(
    drafts: &[&InstanceDraft],
    built: &[Option<InstanceModel>],
    interfaces: &[InterfaceModel],
    report: &mut Report,
) {
    let known: Vec<_> = drafts.iter().zip(built).filter_map(|(d, m)| Some((d, m.as_ref()?))).collect();
    let mut users = Users::default();
    for (position, (draft, model)) in known.iter().enumerate() {
        let Some((_, earlier)) = users.add(position, model).and_then(|first| known.get(first)) else { continue };
        let iface = interfaces.iter().find(|i| i.index == model.iface).map_or("?", |i| i.name.as_str());
        let title =
            format!("`{}` and `{}` both use VRID {} on interface {iface}", earlier.name, model.name, model.vrid);
        let at = draft.vrid.as_ref().map_or_else(|| draft.name.place(), Spanned::place);
        report
            .error(&at, title, format!("`{}` has it already", earlier.name))
            .help("keepalived refuses such a file and exits; give each instance on an interface its own VRID");
    }
}

/// The family of an address.
pub(crate) fn family_of(addr: IpAddr) -> AddressFamily {
    if addr.is_ipv4() { AddressFamily::V4 } else { AddressFamily::V6 }
}
