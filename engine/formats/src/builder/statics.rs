//! Static addresses, routes and rules: names become positions.
use vrrplab_engine::model::route::{StaticAddress, Statics, TrackGroup};
use vrrplab_engine::model::{IfAddr, Vip};

use super::draft::{Draft, InstanceDraft};
use super::groups::positions;
use super::host::Host;
use crate::diagnostics::{Keepalived, Report};

/// keepalived's interface for static addresses that name none.
const DEFAULT_INTERFACE: &str = "eth0";

/// What is static on this node.
pub(super) fn build(node: &Draft, instances: &[&InstanceDraft], host: Host<'_>, report: &mut Report) -> Statics {
    let draft = &node.statics;
    let mut statics = Statics { routes: draft.routes.clone(), rules: draft.rules.clone(), ..Statics::default() };
    for (line, track_group) in &draft.addresses {
        let default = || node.defaults.interface.as_ref().map_or(DEFAULT_INTERFACE, |default| default.value.as_str());
        let found = match &line.dev {
            Some(dev) => host.find(dev, report),
            None => host.find_or(&line.addr.with(default().to_owned()), Keepalived::Refuses(4), report),
        };
        let Some(interface) = found else { continue };
        let ip = line.addr.value;
        let width = if ip.is_ipv4() { 32 } else { 128 };
        let prefix = line.prefix.as_ref().and_then(|p| u8::try_from(p.value).ok()).unwrap_or(width);
        let (addr, options) = (IfAddr { ip, prefix }, line.options.clone());
        let address = Vip { addr, iface: interface.index, no_track: line.no_track, options };
        statics.addresses.push(StaticAddress { address, track_group: track_group.clone() });
    }
    for device in &draft.devices {
        host.find(device, report);
    }
    for link in &draft.links {
        host.find_or(link, Keepalived::Complains(4), report);
    }
    let known = positions(instances);
    for (name, members) in &draft.groups {
        let mut found = Vec::new();
        for member in members {
            match known.get(member.value.as_str()) {
                Some(position) => found.push(*position),
                None => {
                    let title = format!("track group `{}` names an unknown instance `{}`", name.value, member.value);
                    report.warning(member, title, "left out of the group").unnoticed();
                }
            }
        }
        statics.groups.push(TrackGroup { name: name.value.clone(), members: found });
    }
    statics
}
