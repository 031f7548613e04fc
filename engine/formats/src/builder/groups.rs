//! Sync groups: member names become positions, and what a group tracks is tracked by each member.
use std::collections::{BTreeMap, BTreeSet};

use vrrplab_engine::model::{InstanceModel, SyncGroupModel};

use super::draft::{Draft, InstanceDraft, SyncGroupDraft};
use super::host::Host;
use super::tracks::{Found, Names};
use super::weights;
use crate::diagnostics::{Report, nearest};

/// The groups that keep at least one member. Members' weights change as grouping demands.
pub(super) fn build(
    draft: &Draft,
    names: &Names<'_>,
    kept: &[&InstanceDraft],
    built: &mut [Option<InstanceModel>],
    absent: BTreeSet<&str>,
    host: Host<'_>,
    report: &mut Report,
) -> Vec<SyncGroupModel> {
    let mut groups: Vec<SyncGroupModel> = Vec::new();
    let mut taken = BTreeSet::new();
    let mut instances = Instances { positions: positions(kept), groups: BTreeMap::new(), absent };
    for group in &draft.sync_groups {
        let name = &group.name.value;
        if taken.contains(name) {
            report.warning(&group.name, format!("a second sync group named `{name}` is skipped"), "this name is taken");
            continue;
        }
        let members = members(group, &instances, report);
        match members.as_slice() {
            [] => {
                report.warning(&group.name, format!("sync group `{name}` has no members and is dropped"), "");
                continue;
            }
            [_] => {
                report.warning(
                    &group.name,
                    format!("sync group `{name}` has one member only"),
                    "nothing to keep in step",
                );
            }
            _ => {}
        }
        let mut found = Found::new(&group.tracks, names, host, report);
        if members.iter().any(|&member| built[member].as_ref().is_some_and(InstanceModel::is_owner)) {
            weights::clear(&mut found, group, report);
        }
        let tracking_weight = group.tracking_weight.as_ref().is_some_and(|t| t.value);
        for &member in &members {
            let Some(model) = &mut built[member] else { continue };
            if !tracking_weight {
                weights::leave_out_of_group(model, kept[member], name, report);
            }
            model.track_interfaces.extend(&found.interfaces);
            model.track_scripts.extend(&found.scripts);
            model.track_files.extend(&found.files);
            model.track_processes.extend(&found.processes);
            model.track_bfds.extend(&found.bfds);
        }
        taken.insert(name);
        instances.groups.extend(members.iter().map(|member| (*member, name.as_str())));
        let notify = group.notify.clone();
        groups.push(SyncGroupModel { tracking_weight, notify, ..SyncGroupModel::new(name, members) });
    }
    groups
}

/// The instances by name, the groups that they are in, and those whose interfaces are still missing.
struct Instances<'d> {
    positions: BTreeMap<&'d str, usize>,
    groups: BTreeMap<usize, &'d str>,
    absent: BTreeSet<&'d str>,
}

/// Where the instance of each name is.
pub(super) fn positions<'d>(kept: &[&'d InstanceDraft]) -> BTreeMap<&'d str, usize> {
    kept.iter().enumerate().map(|(position, draft)| (draft.name.value.as_str(), position)).collect()
}

/// Positions of the members; names that cannot be used are reported and left out.
fn members(group: &SyncGroupDraft, instances: &Instances<'_>, report: &mut Report) -> Vec<usize> {
    let (mut members, mut listed): (Vec<usize>, BTreeSet<usize>) = Default::default();
    for member in group.members.iter().filter(|member| !instances.absent.contains(member.value.as_str())) {
        let Some(&position) = instances.positions.get(member.value.as_str()) else {
            let title = format!("sync group `{}` names an unknown instance `{}`", group.name.value, member.value);
            let near = report.advises().then(|| nearest(&member.value, instances.positions.keys().copied()));
            let found = report.warning(member, title, "left out of the group");
            if let Some(near) = near.flatten() {
                found.help(format!("did you mean `{near}`?"));
            }
            continue;
        };
        if listed.contains(&position) {
            report.warning(member, format!("`{}` is listed twice", member.value), "left out");
        } else if let Some(other) = instances.groups.get(&position) {
            let title = format!("`{}` is already a member of sync group `{other}`", member.value);
            report.warning(member, title, "left out of this group");
        } else {
            listed.insert(position);
            members.push(position);
        }
    }
    members
}
