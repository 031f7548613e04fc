//! The blocks of a file, in their order, become a draft.
use std::collections::BTreeSet;

use vrrplab_engine::model::route::{RouteModel, RuleModel};

use super::addresses;
use super::defaults::Defaults;
use super::entry::{Entry, unknown_option};
use super::globals::{global_defs, link_delays};
use super::lexer::Word;
use super::routes;
use super::servers::{self, Seen};
use super::settings::setting;
use super::table::Takes;
use super::trackers::{self, Known, taken_already};
use super::vrrp;
use crate::builder::{Draft, Spanned, StaticsDraft};
use crate::diagnostics::{Diagnostic, Keepalived, Report};

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
    if let Some(script) = first_script(entries).filter(|_| !draft.globals.script_security) {
        report
            .warning(script, "scripts run without `enable_script_security`", "this is a script")
            .help("`keepalived -t` calls it a security violation: put `enable_script_security` into `global_defs`")
            .keepalived(Keepalived::Complains(6));
    }
    draft
}

/// The first line of all that names a program to run.
fn first_script<'t>(entries: &[Entry<'t>]) -> Option<&'t Word> {
    entries.iter().find_map(|entry| match entry.keyword.takes {
        Takes::Program => Some(entry.word),
        _ => first_script(&entry.entries),
    })
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

/// Adds what could be read, unless the name is taken: that is told.
fn add<'r, T>(
    list: &mut Vec<Spanned<T>>,
    taken: &mut BTreeSet<String>,
    name: fn(&T) -> &str,
    new: Option<Spanned<T>>,
    report: &'r mut Report,
) -> Option<&'r mut Diagnostic> {
    let new = new?;
    let told = taken_already(&new.with(name(&new.value).to_owned()), taken, report);
    if told.is_none() {
        list.push(new);
    }
    told
}

fn tracked(draft: &mut Draft, entry: &Entry<'_>, known: &mut Known, report: &mut Report) -> bool {
    match entry.keyword.word {
        "vrrp_script" => {
            let script = trackers::script(entry, report);
            if let Some(told) = add(&mut draft.scripts, &mut known.scripts, |s| s.name.as_str(), script, report) {
                told.unnoticed();
            }
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
            let bfd = trackers::bfd(entry, report).filter(|new| known.is_new_neighbour(new, report));
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
        "static_ipaddress" => {
            for (vip, group) in lines.filter_map(|line| addresses::vip(line, report)).collect::<Vec<_>>() {
                let group = known_group(statics, group, report);
                statics.addresses.push((vip, group));
            }
        }
        "static_routes" => {
            for line in lines {
                let read = routes::route(line, report);
                statics.devices.extend(read.devices);
                let track_group = known_group(statics, read.track_group, report);
                statics.routes.extend(read.model.map(|route| RouteModel { track_group, ..route }));
            }
        }
        "static_rules" => {
            for line in lines {
                let read = routes::rule(line, true, report);
                statics.devices.extend(read.devices);
                let track_group = known_group(statics, read.track_group, report);
                statics.rules.extend(read.model.map(|rule| RuleModel { track_group, ..rule }));
            }
        }
        "track_group" => {
            let members = entry.entries.iter().flat_map(|group| &group.lines);
            let members = members.flat_map(|line| line.words.iter().cloned()).collect();
            statics.groups.extend(entry.text().map(|name| (name, members)));
        }
        "interface_up_down_delays" => {
            statics.links.extend(lines.filter_map(<[Word]>::first).cloned());
            draft.globals.link_delays.extend(link_delays(entry, report));
        }
        _ => {
            interfaces(statics, entry, report);
            return false;
        }
    }
    true
}

/// Names of interfaces in blocks that others read.
fn interfaces(statics: &mut StaticsDraft, entry: &Entry<'_>, report: &mut Report) {
    match entry.keyword.word {
        "linkbeat_interfaces" => {
            for line in &entry.lines {
                statics.links.extend(line.words.first().cloned());
                let kind = line.words.get(1).filter(|w| !matches!(w.value.as_str(), "MII" | "ETHTOOL" | "IOCTL"));
                if let Some(word) = kind {
                    unknown_option(word, "`linkbeat_interfaces`", "MII, ETHTOOL or IOCTL", report);
                }
            }
        }
        "garp_group" => {
            for line in entry.entries.iter().filter(|line| line.keyword.word.starts_with("interface")) {
                statics
                    .devices
                    .extend(line.arguments().iter().chain(line.lines.iter().flat_map(|l| &l.words)).cloned());
            }
        }
        _ => {}
    }
}

/// The name of a track group, if it is defined so far.
fn known_group(statics: &StaticsDraft, group: Option<Word>, report: &mut Report) -> Option<String> {
    let group = group?;
    let known = statics.groups.iter().any(|(name, _)| name.value == group.value);
    if !known {
        let title = format!("`{}` is not defined before this `track_group`", group.value);
        report.error(&group, title, "left out").survived();
    }
    known.then_some(group.value)
}
