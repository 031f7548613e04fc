//! Weights that keepalived leaves out: those of what members of a sync group track, and those of what an address owner tracks.
use vrrplab_engine::model::InstanceModel;
use vrrplab_engine::model::track::Tracked;

use super::draft::{InstanceDraft, SyncGroupDraft, TrackDraft, TracksDraft};
use super::tracks::Found;
use crate::diagnostics::Report;

/// The weight of a tracked file that has none.
const OF_A_FILE: i16 = 1;

/// In a group that does not keep weights, weighted scripts, processes, sessions and files of its members go, files of the
/// default weight count as 0. keepalived says of weights of interfaces too that it ignores them, and counts them all the same.
pub(super) fn leave_out_of_group(model: &mut InstanceModel, draft: &InstanceDraft, group: &str, report: &mut Report) {
    for weight in draft.tracks.interfaces.iter().filter_map(|t| t.weight.as_ref()).filter(|w| w.value != 0) {
        let title =
            format!("in sync group `{group}` keepalived says that it ignores the weight of a tracked interface");
        report
            .warning(&weight.place(), title, "it counts all the same")
            .help("`sync_group_tracking_weight` in the group keeps weights without a word");
    }
    leave_out(
        model,
        draft,
        &format!("in sync group `{group}` what its members track with a weight is left out"),
        "`sync_group_tracking_weight` in the group keeps it; or let the group track it",
        report,
    );
}

/// Priority 255 never changes: what an owner tracks with a weight goes, files of the default weight count as 0.
pub(super) fn leave_out_of_owner(model: &mut InstanceModel, draft: &InstanceDraft, report: &mut Report) {
    if model.is_owner() {
        let title = "with priority 255 what is tracked with a weight is left out";
        leave_out(model, draft, title, "give it the weight 0, or the instance a priority below 255", report);
    }
}

fn leave_out(model: &mut InstanceModel, draft: &InstanceDraft, title: &str, help: &str, report: &mut Report) {
    model.track_files.iter_mut().filter(|file| file.weight == OF_A_FILE).for_each(|file| file.weight = 0);
    let lists = [&mut model.track_scripts, &mut model.track_files, &mut model.track_processes, &mut model.track_bfds];
    for (tracked, lines) in lists.into_iter().zip(lines(&draft.tracks)) {
        let before = tracked.len();
        tracked.retain(|t| t.weight == 0);
        if let Some(line) = lines.first().filter(|_| tracked.len() < before) {
            report.warning(&line.name, title, "it changes nothing").help(help);
        }
    }
}

/// A group with an owner among its members has no weights: what fails is a fault.
pub(super) fn clear(found: &mut Found, group: &SyncGroupDraft, report: &mut Report) {
    let lists = [&mut found.scripts, &mut found.files, &mut found.processes, &mut found.bfds];
    for (tracked, lines) in lists.into_iter().zip(lines(&group.tracks)) {
        let weighted: Vec<&mut Tracked> = tracked.iter_mut().filter(|t| t.weight != 0).collect();
        if let Some(line) = lines.first().filter(|_| !weighted.is_empty()) {
            let title = format!("in sync group `{}` a member has priority 255: weights count as 0", group.name.value);
            report
                .warning(&line.name, title, "its failure is a fault of the whole group")
                .help("give the member a priority below 255");
        }
        weighted.into_iter().for_each(|tracked| tracked.weight = 0);
    }
}

/// What is written of scripts, files, processes and sessions.
fn lines(tracks: &TracksDraft) -> [&[TrackDraft]; 4] {
    [&tracks.scripts, &tracks.files, &tracks.processes, &tracks.bfds]
}
