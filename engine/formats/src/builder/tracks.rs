//! What an instance tracks: names become positions, absent weights those of what is tracked.
use std::collections::{BTreeMap, BTreeSet};

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
    pub(super) fn new(tracks: &TracksDraft, names: &Names<'_>, host: Host<'_>, report: &mut Report) -> Found {
        Found {
            interfaces: track_interfaces(&tracks.interfaces, host, report),
            scripts: all(&tracks.scripts, &names.scripts, 253, report),
            files: all(&tracks.files, &names.files, 254, report),
            processes: all(&tracks.processes, &names.processes, 254, report),
            bfds: all(&tracks.bfds, &names.bfds, 253, report),
        }
    }
}

/// What can be tracked on a node, by name.
pub(super) struct Names<'d> {
    scripts: Named<'d>,
    files: Named<'d>,
    processes: Named<'d>,
    bfds: Named<'d>,
}

impl<'d> Names<'d> {
    /// What this draft defines.
    pub(super) fn new(node: &'d Draft) -> Names<'d> {
        Names {
            scripts: named(&node.scripts, |s| (&s.name, s.weight, s.reverse)),
            files: named(&node.files, |f| (&f.name, f.weight, f.reverse)),
            processes: named(&node.processes, |p| (&p.name, p.weight, p.reverse)),
            bfds: named(&node.bfds, |b| (&b.name, b.weight, b.reverse)),
        }
    }
}

/// Position, weight, direction; the first of a name counts.
type Named<'d> = BTreeMap<&'d str, (usize, i16, bool)>;

fn named<T>(items: &[Spanned<T>], read: fn(&T) -> (&String, i16, bool)) -> Named<'_> {
    let mut named = Named::new();
    for (position, item) in items.iter().enumerate() {
        let (name, weight, reverse) = read(&item.value);
        named.entry(name).or_insert((position, weight, reverse));
    }
    named
}

fn tracked(line: &TrackDraft, names: &Named<'_>, most: i64, report: &mut Report) -> Option<Tracked> {
    let &(item, own_weight, own_reverse) = names.get(line.name.value.as_str())?;
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

fn all(lines: &[TrackDraft], names: &Named<'_>, most: i64, report: &mut Report) -> Vec<Tracked> {
    let (mut list, mut items): (Vec<Tracked>, BTreeSet<usize>) = Default::default();
    for line in lines {
        let Some(found) = tracked(line, names, most, report) else { continue };
        if !items.insert(found.item) {
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
