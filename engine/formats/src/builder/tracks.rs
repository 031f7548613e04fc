//! What an instance tracks: names become positions, absent weights those of what is tracked.
use vrrplab_engine::model::track::Tracked;
use vrrplab_engine::model::{InstanceModel, InterfaceModel, TrackInterface};

use super::draft::{Draft, TrackDraft, TracksDraft};
use super::find_interface;
use crate::diagnostics::{Report, Spanned};

/// Adds all of these to an instance; what is tracked twice is told and left out.
pub(super) fn add(
    model: &mut InstanceModel,
    tracks: &TracksDraft,
    node: &Draft,
    interfaces: &[InterfaceModel],
    report: &mut Report,
) {
    for line in &tracks.interfaces {
        let Some(one) = track_interface(line, interfaces, report) else { continue };
        if model.track_interfaces.iter().any(|t| t.iface == one.iface) {
            report.warning(&line.name, format!("interface `{}` is tracked twice", line.name.value), "skipped");
        } else {
            model.track_interfaces.push(one);
        }
    }
    let found = Found::new(tracks, node, report);
    extend(&mut model.track_scripts, found.scripts, &tracks.scripts, report);
    extend(&mut model.track_files, found.files, &tracks.files, report);
    extend(&mut model.track_processes, found.processes, &tracks.processes, report);
    extend(&mut model.track_bfds, found.bfds, &tracks.bfds, report);
}

/// What is tracked besides interfaces, with positions; each list in step with its lines.
pub(super) struct Found {
    pub(super) scripts: Vec<Option<Tracked>>,
    pub(super) files: Vec<Option<Tracked>>,
    pub(super) processes: Vec<Option<Tracked>>,
    pub(super) bfds: Vec<Option<Tracked>>,
}

impl Found {
    /// Looks up every line.
    pub(super) fn new(tracks: &TracksDraft, node: &Draft, report: &mut Report) -> Found {
        let scripts = names(&node.scripts, |s| (&s.name, s.weight, s.reverse));
        let files = names(&node.files, |f| (&f.name, f.weight, f.reverse));
        let processes = names(&node.processes, |p| (&p.name, p.weight, p.reverse));
        let bfds = names(&node.bfds, |b| (&b.name, b.weight, b.reverse));
        let mut all = |lines: &[TrackDraft], names: &[Named<'_>], most: i64| {
            lines.iter().map(|line| tracked(line, names, most, report)).collect()
        };
        Found {
            scripts: all(&tracks.scripts, &scripts, 253),
            files: all(&tracks.files, &files, 254),
            processes: all(&tracks.processes, &processes, 254),
            bfds: all(&tracks.bfds, &bfds, 253),
        }
    }
}

/// Name, weight, direction.
type Named<'d> = (&'d str, i16, bool);

fn names<T>(items: &[Spanned<T>], read: fn(&T) -> (&String, i16, bool)) -> Vec<Named<'_>> {
    items.iter().map(|item| read(&item.value)).map(|(name, weight, reverse)| (name.as_str(), weight, reverse)).collect()
}

fn tracked(line: &TrackDraft, names: &[Named<'_>], most: i64, report: &mut Report) -> Option<Tracked> {
    let item = names.iter().position(|(name, ..)| *name == line.name.value)?;
    let (_, own_weight, own_reverse) = names[item];
    match &line.weight {
        None => Some(Tracked { item, weight: own_weight, reverse: own_reverse != line.reverse }),
        Some(given) => Some(Tracked { item, weight: weight(given, most, report), reverse: line.reverse }),
    }
}

/// A weight within its limits; beyond them the limit counts.
fn weight(given: &Spanned<i64>, most: i64, report: &mut Report) -> i16 {
    let weight = given.value.clamp(-most, most);
    if weight != given.value {
        report.warning(given, format!("this weight is out of range, {weight} is used"), format!("-{most} to {most}"));
    }
    i16::try_from(weight).unwrap_or(0)
}

fn extend(list: &mut Vec<Tracked>, found: Vec<Option<Tracked>>, lines: &[TrackDraft], report: &mut Report) {
    for (line, found) in lines.iter().zip(found) {
        let Some(found) = found else { continue };
        if list.iter().any(|t| t.item == found.item) {
            report.warning(&line.name, format!("`{}` is tracked twice", line.name.value), "skipped");
        } else {
            list.push(found);
        }
    }
}

/// One tracked interface, or none after an error.
pub(super) fn track_interface(
    draft: &TrackDraft,
    interfaces: &[InterfaceModel],
    report: &mut Report,
) -> Option<TrackInterface> {
    let iface = find_interface(&draft.name, interfaces, report)?;
    let weight = draft.weight.as_ref().map_or(0, |given| weight(given, 253, report));
    Some(TrackInterface { iface: iface.index, weight, reverse: draft.reverse })
}
