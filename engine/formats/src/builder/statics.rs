//! Static addresses, routes and rules: names become positions.
use vrrplab_engine::model::route::{StaticAddress, Statics, TrackGroup};
use vrrplab_engine::model::{IfAddr, InterfaceModel, Vip};

use super::draft::{InstanceDraft, StaticsDraft};
use super::find_interface;
use super::groups::positions;
use crate::diagnostics::Report;

/// keepalived's interface for static addresses that name none.
const DEFAULT_INTERFACE: &str = "eth0";

/// What is static on this node.
pub(super) fn build(
    draft: &StaticsDraft,
    instances: &[&InstanceDraft],
    interfaces: &[InterfaceModel],
    report: &mut Report,
) -> Statics {
    let mut statics = Statics { routes: draft.routes.clone(), rules: draft.rules.clone(), ..Statics::default() };
    for (line, track_group) in &draft.addresses {
        let dev = line.dev.clone().unwrap_or_else(|| line.addr.with(DEFAULT_INTERFACE.to_owned()));
        let Some(interface) = find_interface(&dev, interfaces, report) else { continue };
        let ip = line.addr.value;
        let width = if ip.is_ipv4() { 32 } else { 128 };
        let prefix = line.prefix.as_ref().and_then(|p| u8::try_from(p.value).ok()).unwrap_or(width);
        let (addr, options) = (IfAddr { ip, prefix }, line.options.clone());
        let address = Vip { addr, iface: interface.index, no_track: line.no_track, options };
        statics.addresses.push(StaticAddress { address, track_group: track_group.clone() });
    }
    let known = positions(instances);
    for (name, members) in &draft.groups {
        let mut found = Vec::new();
        for member in members {
            match known.get(member.value.as_str()) {
                Some(position) => found.push(*position),
                None => {
                    let title = format!("track group `{}` names an unknown instance `{}`", name.value, member.value);
                    report.warning(member, title, "left out of the group");
                }
            }
        }
        statics.groups.push(TrackGroup { name: name.value.clone(), members: found });
    }
    statics
}
