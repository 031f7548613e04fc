//! The blocks of a file, in their order, become a draft.
use std::collections::BTreeSet;

use super::addresses;
use super::defaults::Defaults;
use super::entry::Entry;
use super::globals::{global_defs, link_delays, setting};
use super::routes;
use super::servers::{self, Seen};
use super::trackers::{self, Known, is_new};
use super::vrrp;
use crate::builder::{Draft, Spanned};
use crate::diagnostics::Report;

/// Reads the entries of one file.
pub(super) fn draft(entries: &[Entry<'_>], report: &mut Report) -> Draft {
    let mut draft = Draft::default();
    let mut defaults = Defaults::default();
    let mut seen = Seen::default();
    servers::groups(&mut draft, entries, &mut seen, report);
    for entry in entries {
        match entry.keyword.word {
            "global_defs" => {
                late_globals(&draft, entry, report);
                global_defs(entry, &mut defaults, &mut draft.globals, report);
            }
            "vrrp_instance" => {
                let instance = vrrp::instance(entry, &defaults, &seen.known, report);
                draft.instances.push(instance);
            }
            "vrrp_sync_group" => {
                let group = vrrp::sync_group(entry, &seen.known, report);
                draft.sync_groups.push(group);
            }
            _ => {
                let taken = tracked(&mut draft, entry, &mut seen.known, report)
                    || statics(&mut draft, entry, report)
                    || servers::read(&mut draft, entry, &mut seen, report);
                if !taken {
                    draft.globals.surroundings.push(setting(entry, report));
                }
            }
        }
    }
    draft.defaults = defaults.at_the_end();
    draft
}

fn late_globals(draft: &Draft, entry: &Entry<'_>, report: &mut Report) {
    if !draft.instances.is_empty() {
        let title = "`global_defs` comes after an instance";
        report
            .warning(entry.word, title, "earlier instances do not see it all")
            .help("an instance copies GARP and other defaults where it begins: put `global_defs` first")
            .unnoticed();
    }
}

/// Adds what could be read, unless the name is taken.
fn add<T>(
    list: &mut Vec<Spanned<T>>,
    taken: &mut BTreeSet<String>,
    name: fn(&T) -> &str,
    new: Option<Spanned<T>>,
    report: &mut Report,
) {
    let Some(new) = new else { return };
    if is_new(&new.with(name(&new.value).to_owned()), taken, report) {
        list.push(new);
    }
}

fn tracked(draft: &mut Draft, entry: &Entry<'_>, known: &mut Known, report: &mut Report) -> bool {
    match entry.keyword.word {
        "vrrp_script" => {
            let script = trackers::script(entry, report);
            add(&mut draft.scripts, &mut known.scripts, |s| s.name.as_str(), script, report);
        }
        "track_file" | "vrrp_track_file" => {
            let file = trackers::file(entry, report);
            add(&mut draft.files, &mut known.files, |f| f.name.as_str(), file, report);
        }
        "vrrp_track_process" => {
            let process = trackers::process(entry, report);
            add(&mut draft.processes, &mut known.processes, |p| p.name.as_str(), process, report);
        }
        "bfd_instance" => {
            let bfd = trackers::bfd(entry, report);
            add(&mut draft.bfds, &mut known.bfds, |b| b.name.as_str(), bfd, report);
        }
        _ => return false,
    }
    true
}

fn statics(draft: &mut Draft, entry: &Entry<'_>, report: &mut Report) -> bool {
    let statics = &mut draft.statics;
    let lines = entry.lines.iter().map(|line| line.words.as_slice());
    match entry.keyword.word {
        "static_ipaddress" => statics.addresses.extend(lines.filter_map(|line| addresses::vip(line, report))),
        "static_routes" => statics.routes.extend(lines.map(routes::route)),
        "static_rules" => statics.rules.extend(lines.map(routes::rule)),
        "track_group" => {
            let members = entry.entries.iter().flat_map(|group| &group.lines);
            let members = members.flat_map(|line| line.words.iter().cloned()).collect();
            statics.groups.extend(entry.text().map(|name| (name, members)));
        }
        "interface_up_down_delays" => draft.globals.link_delays.extend(link_delays(entry, report)),
        _ => return false,
    }
    true
}
