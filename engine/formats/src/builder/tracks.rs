//! What an instance tracks: names become positions, absent weights those of what is tracked.
use vrrplab_engine::model::TrackInterface;
use vrrplab_engine::model::track::Tracked;

use super::draft::{Draft, TrackDraft, TracksDraft};
use super::host::Host;
use crate::diagnostics::{Report, Spanned};

/// What is tracked, with positions; what cannot be found, or is tracked twice, is told and left out.
pub(super) struct Found {
    pub(super) interfaces: Vec<TrackInterface>,
    pub(super) scripts: Vec<Tracked>,
    pub(super) files: Vec<Tracked>,
    pub(super) processes: Vec<Tracked>,
    pub(super) bfds: Vec<Tracked>,
}

impl Found {
    /// Looks up every line.
    pub(super) fn new(tracks: &TracksDraft, node: &Draft, host: Host<'_>, report: &mut Report) -> Found {
        let scripts = names(&node.scripts, |s| (&s.name, s.weight, s.reverse));
        let files = names(&node.files, |f| (&f.name, f.weight, f.reverse));
        let processes = names(&node.processes, |p| (&p.name, p.weight, p.reverse));
        let bfds = names(&node.bfds, |b| (&b.name, b.weight, b.reverse));
        Found {
            interfaces: track_interfaces(&tracks.interfaces, host, report),
            scripts: all(&tracks.scripts, &scripts, 253, report),
            files: all(&tracks.files, &files, 254, report),
            processes: all(&tracks.processes, &processes, 254, report),
            bfds: all(&tracks.bfds, &bfds, 253, report),
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
        None => Some(Tracked { item, weight: own_weight, reverse: own_reverse }),
        Some(given) => {
            Some(Tracked { item, weight: weight(given, most, report), reverse: line.reverse.unwrap_or(own_reverse) })
        }
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

fn all(lines: &[TrackDraft], names: &[Named<'_>], most: i64, report: &mut Report) -> Vec<Tracked> {
    let mut list: Vec<Tracked> = Vec::new();
    for line in lines {
        let Some(found) = tracked(line, names, most, report) else { continue };
        if list.iter().any(|t| t.item == found.item) {
            report.warning(&line.name, format!("`{}` is tracked twice", line.name.value), "skipped");
        } else {
            list.push(found);
        }
    }
    list
}

fn track_interfaces(lines: &[TrackDraft], host: Host<'_>, report: &mut Report) -> Vec<TrackInterface> {
    let mut list: Vec<TrackInterface> = Vec::new();
    for line in lines {
        let iface = host.find(&line.name, report);
        let weight = line.weight.as_ref().map_or(0, |given| weight(given, 253, report));
        let Some(iface) = iface else { continue };
        if list.iter().any(|t| t.iface == iface.index) {
            report.warning(&line.name, format!("interface `{}` is tracked twice", line.name.value), "skipped");
        } else {
            list.push(TrackInterface { iface: iface.index, weight, reverse: line.reverse.unwrap_or(false) });
        }
    }
    list
}
