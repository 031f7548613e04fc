//! Sync groups: member names become positions, and what a group tracks is tracked by each member.
use std::collections::{BTreeMap, BTreeSet};

use vrrplab_engine::model::track::Tracked;
use vrrplab_engine::model::{InstanceModel, SyncGroupModel};

use super::draft::{Draft, InstanceDraft, Spanned, SyncGroupDraft, TrackDraft};
use super::host::Host;
use super::tracks::{Found, Names};
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
        let found = Found::new(&group.tracks, names, host, report);
        let tracking_weight = group.tracking_weight.as_ref().is_some_and(|t| t.value);
        for &member in &members {
            let Some(model) = &mut built[member] else { continue };
            if !tracking_weight {
                drop_weights(kept[member], model, name, report);
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

/// In a group, weights of interfaces count as 0, weighted scripts, processes and sessions go, files of the default weight
/// count as 0: unless the group keeps weights.
fn drop_weights(draft: &InstanceDraft, model: &mut InstanceModel, group: &str, report: &mut Report) {
    let weighted = model.track_interfaces.iter_mut().filter(|t| t.weight != 0);
    let places = draft.tracks.interfaces.iter().filter_map(|t| t.weight.as_ref()).filter(|w| w.value != 0);
    for (tracked, at) in weighted.zip(places.map(Spanned::place)) {
        tracked.weight = 0;
        let title = format!("in sync group `{group}` the weight of a tracked interface counts as 0");
        report
            .warning(&at, title, "the loss of this interface is a fault of the whole group")
            .help("`sync_group_tracking_weight` in the group keeps weights");
    }
    drop_weighted(&mut model.track_scripts, &draft.tracks.scripts, group, report);
    drop_weighted(&mut model.track_processes, &draft.tracks.processes, group, report);
    drop_weighted(&mut model.track_bfds, &draft.tracks.bfds, group, report);
    for file in model.track_files.iter_mut().filter(|t| t.weight == 1) {
        file.weight = 0;
    }
}

fn drop_weighted(tracked: &mut Vec<Tracked>, lines: &[TrackDraft], group: &str, report: &mut Report) {
    let before = tracked.len();
    tracked.retain(|t| t.weight == 0);
    if let Some(line) = lines.first().filter(|_| tracked.len() < before) {
        let title = format!("in sync group `{group}` what its members track with a weight is left out");
        report
            .warning(&line.name, title, "it changes nothing")
            .help("`sync_group_tracking_weight` in the group keeps it; or let the group track it");
    }
}
