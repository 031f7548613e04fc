//! `virtual_server_group`, `virtual_server`, `SSL` and `garp_group`: entries become models.
mod finish;
mod group;
mod method;
mod real;
mod service;

use std::collections::{BTreeMap, BTreeSet};

use vrrplab_engine::model::globals::{GarpGroup, Globals, Ssl};
use vrrplab_engine::model::lvs::{Protocol, ServiceKey};

use super::entry::Entry;
use super::trackers::Known;
use super::vrrp::put;
use crate::builder::Draft;
use crate::diagnostics::Report;

/// What is defined so far, for those who ask whether something is.
#[derive(Default)]
pub(super) struct Seen {
    pub(super) known: Known,
    /// Position of the first `virtual_server_group` of each name.
    groups: BTreeMap<String, usize>,
    servers: BTreeSet<(ServiceKey, Option<Protocol>)>,
    /// Interfaces in a `garp_group`.
    garp_interfaces: BTreeSet<String>,
}

/// Reads the groups: virtual servers may name a group that comes after them.
pub(super) fn groups(draft: &mut Draft, entries: &[Entry<'_>], seen: &mut Seen, report: &mut Report) {
    for entry in entries.iter().filter(|entry| entry.keyword.word == "virtual_server_group") {
        let Some(group) = group::read(entry, &seen.groups, report) else { continue };
        seen.groups.entry(group.value.name.clone()).or_insert(draft.server_groups.len());
        draft.server_groups.push(group);
    }
}

/// Reads one block, if it is one of these.
pub(super) fn read(draft: &mut Draft, entry: &Entry<'_>, seen: &mut Seen, report: &mut Report) -> bool {
    match entry.keyword.word {
        "virtual_server_group" => {}
        "virtual_server" => {
            let server = service::read(entry, draft, seen, report);
            if let Some(server) = &server
                && !seen.servers.insert((server.value.key.clone(), server.value.protocol))
            {
                let title = "there is such a virtual server already";
                report.warning(server, title, "the kernel's table holds one of them").unnoticed();
            }
            draft.servers.extend(server);
        }
        "SSL" => ssl(&mut draft.globals, entry, report),
        "garp_group" => garp_group(&mut draft.globals, entry, seen, report),
        _ => return false,
    }
    true
}

/// Certificates of `SSL_GET`; the last block counts.
fn ssl(globals: &mut Globals, entry: &Entry<'_>, report: &mut Report) {
    let mut ssl = Ssl::default();
    for line in &entry.entries {
        let slot = match line.keyword.word {
            "password" => &mut ssl.password,
            "ca" => &mut ssl.authorities,
            "certificate" => &mut ssl.certificate,
            _ => &mut ssl.key,
        };
        put(slot, line.text().map(|text| text.value));
    }
    if globals.ssl.replace(ssl).is_some() {
        report.warning(entry.word, "a second `SSL` replaces the first one", "this one counts");
    }
}

/// Interfaces that share a gap between announcements.
fn garp_group(globals: &mut Globals, entry: &Entry<'_>, seen: &mut Seen, report: &mut Report) {
    let (mut group, mut own) = (GarpGroup::default(), BTreeSet::new());
    for line in &entry.entries {
        let names = match line.keyword.word {
            "garp_interval" => {
                put(&mut group.arp_interval, line.span(report).map(|s| s.value));
                continue;
            }
            "gna_interval" => {
                put(&mut group.na_interval, line.span(report).map(|s| s.value));
                continue;
            }
            "interface" => line.text().into_iter().collect::<Vec<_>>(),
            _ => line.lines.iter().flat_map(|l| l.words.iter().cloned()).collect(),
        };
        for name in names {
            if seen.garp_interfaces.contains(&name.value) || own.contains(&name.value) {
                let title = format!("`{}` is in a `garp_group` already", name.value);
                report.warning(&name, title, "left out");
            } else {
                own.insert(name.value.clone());
                group.interfaces.push(name.value);
            }
        }
    }
    if group.arp_interval.is_none() && group.na_interval.is_none() {
        let label = "neither `garp_interval` nor `gna_interval`";
        report.warning(entry.word, "this `garp_group` has no gap and is left out", label);
        return;
    }
    seen.garp_interfaces.append(&mut own);
    globals.garp_groups.push(group);
}
