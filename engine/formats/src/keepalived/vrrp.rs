//! `vrrp_instance` and `vrrp_sync_group`: entries become drafts.
use std::net::IpAddr;

use vrrplab_engine::model::command::{Deleted, Notify, Program};
use vrrplab_engine::model::{GarpExtra, IpvlanMode, Mac, UnicastChecksum, VmacKind, VmacModel};
use vrrplab_engine::time::Span;

use super::addresses;
use super::defaults::Defaults;
use super::entry::{Entry, number, unknown_option, value_of};
use super::globals::whole_seconds_at;
use super::lexer::{Statement, Word};
use super::routes;
use super::settings::deprecated;
use super::trackers::Known;
use crate::builder::{AuthType, InstanceDraft, Spanned, SyncGroupDraft, TrackDraft, TracksDraft, VipDraft, family_of};
use crate::diagnostics::{Keepalived, Report};

/// One `vrrp_instance`.
pub(super) fn instance(entry: &Entry<'_>, defaults: &Defaults, known: &Known, report: &mut Report) -> InstanceDraft {
    let name = entry.text().unwrap_or_else(|| entry.word.clone());
    let mut i = defaults.begin_instance(name);
    let mut bad_vrid = None;
    for line in &entry.entries {
        if line.keyword.word == "virtual_router_id" {
            let vrid = line.int(report);
            bad_vrid = vrid.is_none().then_some(report.diagnostics.len());
            put(&mut i.vrid, vrid);
            continue;
        }
        let taken = identity(&mut i, line, report)
            || timing(&mut i, line, report)
            || announcements(&mut i, line, report)
            || addressing(&mut i, line, report)
            || interfaces(&mut i, line, report)
            || notify(&mut i.notify, line, report);
        if !taken {
            tracks(&mut i.tracks, line, known, report);
        }
    }
    if i.vmac_parts.is_some() && entry.entries.iter().any(|line| matches!(line.keyword.word, "use_vmac" | "use_ipvlan"))
    {
        i.vmac_parts = None;
    }
    if let Some(told) = bad_vrid.and_then(|count| report.diagnostics.get_mut(count - 1)).filter(|_| i.vrid.is_none()) {
        told.keepalived(Keepalived::Refuses(5));
        told.title = format!("the VRID of `{}` must be a number from 1 to 255", i.name.value);
        i.refused = true;
    }
    i
}

/// A value that could be read replaces the one before.
pub(super) fn put<T>(slot: &mut Option<T>, value: Option<T>) {
    if value.is_some() {
        *slot = value;
    }
}

/// Who it is and how it is elected.
fn identity(i: &mut InstanceDraft, line: &Entry<'_>, report: &mut Report) -> bool {
    match line.keyword.word {
        "state" => state(i, line, report),
        "interface" => put(&mut i.interface, line.text()),
        "priority" => put(&mut i.priority, line.any_int(report)),
        "version" => version(i, line, report),
        "nopreempt" => i.preempt = line.flag(false),
        "preempt" => i.preempt = line.flag(true),
        "authentication" => authentication(i, line, report),
        "check_unicast_src" => {
            i.unicast.get_or_insert(line.word.place());
            put(&mut i.check_unicast_src, line.switch(report));
        }
        "skip_check_adv_addr" => {
            // any boolean switches it on
            let said = line.switch(report);
            put(&mut i.skip_check_adv_addr, said.map(|s| s.with(true)));
        }
        "strict_mode" => put(&mut i.strict, line.switch(report)),
        "lower_prio_no_advert" => put(&mut i.lower_prio_no_advert, line.switch(report)),
        "higher_prio_send_advert" => put(&mut i.higher_prio_send_advert, line.switch(report)),
        "debug" => put_number(&mut i.debug, line.int(report)),
        _ => return false,
    }
    true
}

fn put_number<N: TryFrom<i64>>(slot: &mut N, value: Option<Spanned<i64>>) {
    if let Some(value) = value.and_then(|v| N::try_from(v.value).ok()) {
        *slot = value;
    }
}

fn state(i: &mut InstanceDraft, line: &Entry<'_>, report: &mut Report) {
    let Some(given) = line.choice(report) else {
        if let Some(last) = report.diagnostics.last_mut() {
            last.label += "; keepalived takes it as BACKUP";
        }
        return;
    };
    let master = given.value == "MASTER";
    if i.wants_master.as_ref().is_some_and(|s| s.value) && !master {
        report.warning(&given, "`state MASTER` is given already, this line is ignored", "the first one counts");
    } else {
        i.wants_master = Some(given.with(master));
    }
}

fn version(i: &mut InstanceDraft, line: &Entry<'_>, report: &mut Report) {
    let Some(given) = line.int(report) else { return };
    match &i.version {
        Some(first) if first.value != given.value => {
            report.warning(line.word, "`version` is given already, this line is ignored", "the first one counts");
        }
        _ => i.version = Some(given),
    }
}

fn authentication(i: &mut InstanceDraft, block: &Entry<'_>, report: &mut Report) {
    for line in &block.entries {
        match line.keyword.word {
            "auth_type" => {
                let given = line.choice(report);
                let kind = given.map(|g| g.with(if g.value == "AH" { AuthType::Ah } else { AuthType::Pass }));
                put(&mut i.auth_type, kind);
            }
            _ => put(&mut i.auth_pass, line.text()),
        }
    }
    if i.auth_type.is_some() && i.auth_pass.is_none() {
        let title = "`auth_type` without `auth_pass`: nothing is authenticated";
        report.warning(block.word, title, "no password in here");
    } else if i.auth_type.is_none() && i.auth_pass.take().is_some() {
        let title = "`auth_pass` without `auth_type`: nothing is authenticated";
        report.warning(block.word, title, "no type in here").unnoticed();
    }
}

/// When things happen.
fn timing(i: &mut InstanceDraft, line: &Entry<'_>, report: &mut Report) -> bool {
    match line.keyword.word {
        "advert_int" => put(&mut i.advert_int, line.span(report)),
        "preempt_delay" => put(&mut i.preempt_delay, line.span(report)),
        "down_timer_adverts" => put(&mut i.down_timer_adverts, line.int(report)),
        _ => return false,
    }
    true
}

/// How addresses are announced.
fn announcements(i: &mut InstanceDraft, line: &Entry<'_>, report: &mut Report) -> bool {
    match line.keyword.word {
        "garp_master_delay" => put(&mut i.garp_delay, line.span(report)),
        "garp_master_repeat" => put(&mut i.garp_repeat, line.int(report)),
        "garp_master_refresh" => put(&mut i.garp_refresh, whole_seconds_at(line, report)),
        "garp_master_refresh_repeat" => put(&mut i.garp_refresh_repeat, line.int(report)),
        "garp_lower_prio_delay" => put(&mut i.garp_lower_prio_delay, line.span(report)),
        "garp_lower_prio_repeat" => put(&mut i.garp_lower_prio_repeat, line.int(report)),
        "garp_extra_if" | "vmac_garp_intvl" => put(&mut i.garp_extra, garp_extra(line, report)),
        _ => return false,
    }
    true
}

/// `[all] SECONDS`
pub(super) fn garp_extra(line: &Entry<'_>, report: &mut Report) -> Option<Spanned<GarpExtra>> {
    let words = line.arguments();
    let all = words.first().is_some_and(|w| w.value == "all");
    let word = words.get(usize::from(all))?;
    let seconds = number(word, (0, 86_400), "seconds, 0 to 86400", report)?;
    let every = Span::from_secs(u64::try_from(seconds.value).ok()?);
    Some(line.word.with(GarpExtra { all, every }))
}

/// Where adverts go and which addresses there are.
fn addressing(i: &mut InstanceDraft, line: &Entry<'_>, report: &mut Report) -> bool {
    match line.keyword.word {
        "virtual_ipaddress" => i.vips.extend(vips(line, report)),
        "virtual_ipaddress_excluded" => i.excluded_vips.extend(vips(line, report)),
        "virtual_routes" => {
            for read in line.lines.iter().map(|l| routes::route(&l.words, report)) {
                i.devices.extend(read.devices);
                i.routes.extend(read.model);
            }
        }
        "virtual_rules" => {
            for read in line.lines.iter().map(|l| routes::rule(&l.words, false, report)) {
                i.devices.extend(read.devices);
                i.rules.extend(read.model);
            }
        }
        "mcast_src_ip" | "unicast_src_ip" => put(&mut i.source, line.address(report)),
        "track_src_ip" => i.track_source = line.flag(true),
        "mcast_dst_ip" => put(&mut i.group, line.address(report).filter(|a| multicast(a, report))),
        "unicast_peer" => {
            i.unicast.get_or_insert(line.word.place());
            i.unicast_peers.extend(line.lines.iter().filter_map(|l| addresses::peer(&l.words, report)));
        }
        "unicast_ttl" => put(&mut i.unicast_ttl, line.int(report)),
        "unicast_fault_no_peer" => i.fault_without_peers = true,
        "old_unicast_checksum" => {
            let never = line.arguments().first().is_some_and(|w| w.value == "never");
            i.unicast_checksum = if never { UnicastChecksum::Never } else { UnicastChecksum::Old };
        }
        _ => return false,
    }
    let first = [i.vips.first().map(|vip| vip.addr.value), i.source.as_ref().map(|s| s.value)];
    let first = first.into_iter().chain([i.unicast_peers.first().map(|peer| peer.ip.value)]).flatten().next();
    i.family = i.family.or(first.map(family_of));
    true
}

/// Whether this is a group.
pub(super) fn multicast(addr: &Spanned<IpAddr>, report: &mut Report) -> bool {
    let group = addr.value.is_multicast();
    if !group {
        let title = format!("`{}` is not a multicast address", addr.value);
        report.error(addr, title, "the line is ignored").survived();
    }
    group
}

fn vips(block: &Entry<'_>, report: &mut Report) -> Vec<VipDraft> {
    block.lines.iter().filter_map(|l| addresses::vip(&l.words, report)).map(|(vip, _)| vip).collect()
}

/// Which interfaces, and what is done with them.
fn interfaces(i: &mut InstanceDraft, line: &Entry<'_>, report: &mut Report) -> bool {
    match line.keyword.word {
        "dont_track_primary" => i.dont_track_primary = line.flag(true),
        "use_vmac" => vmac(i, line, report),
        "use_ipvlan" => ipvlan(i, line, report),
        "use_vmac_addr" => with_vmac(i, line, |vmac| vmac.for_addresses = true),
        "vmac_xmit_base" => {
            i.vmac_parts = Some(line.word.clone());
            with_vmac(i, line, |vmac| vmac.xmit_base = true);
        }
        "promote_secondaries" => i.promote_secondaries = true,
        "accept" => i.accept = line.flag(true),
        "no_accept" => i.accept = line.flag(false),
        "kernel_rx_buf_size" => put(&mut i.receive_buffer, line.count(report).map(|n| n.value)),
        "lvs_sync_daemon_interface" => {
            deprecated(line, "`lvs_sync_daemon` in `global_defs` has its place", report);
            put(&mut i.lvs_sync_interface, line.text().map(|t| t.value));
        }
        "linkbeat_use_polling" => deprecated(line, "write `linkbeat_interfaces` outside of the instance", report),
        _ => return false,
    }
    true
}

fn with_vmac(i: &mut InstanceDraft, line: &Entry<'_>, change: impl FnOnce(&mut VmacModel)) {
    let none = VmacModel { kind: VmacKind::Absent, name: None, xmit_base: false, for_addresses: false };
    change(&mut i.vmac.get_or_insert_with(|| line.word.with(none)).value);
}

/// `use_vmac [NAME] [MAC]`
fn vmac(i: &mut InstanceDraft, line: &Entry<'_>, report: &mut Report) {
    let (mut name, mut mac) = (None, None);
    for word in line.arguments() {
        if word.value.contains(':') {
            mac = partial_mac(word, report);
        } else {
            name = device_name(word, report);
        }
    }
    let last = i.vrid.as_ref().and_then(|v| u8::try_from(v.value).ok()).unwrap_or(0);
    let mac = mac.map(|(bytes, whole)| {
        Mac(if whole { bytes } else { [bytes[0], bytes[1], bytes[2], bytes[3], bytes[4], last] })
    });
    with_vmac(i, line, |vmac| {
        vmac.kind = VmacKind::Macvlan(mac);
        vmac.name = name;
    });
}

/// The name of an interface that is to be made.
fn device_name(word: &Word, report: &mut Report) -> Option<String> {
    let fits = word.value.len() <= 15;
    if !fits {
        let title = format!("`{}` is too long for an interface", word.value);
        report.error(word, title, "up to 15 characters; another name is used").survived();
    }
    fits.then(|| word.value.clone())
}

/// Five bytes, which the VRID completes, or six.
fn partial_mac(word: &Word, report: &mut Report) -> Option<([u8; 6], bool)> {
    let parts: Option<Vec<u8>> = word.value.split(':').map(|p| u8::from_str_radix(p, 16).ok()).collect();
    let mut bytes = [0; 6];
    match parts {
        Some(parts) if parts.first().is_some_and(|first| first & 1 == 1) => {
            let title = format!("`{}` is a multicast address", word.value);
            report.error(word, title, "ignored").survived();
            None
        }
        Some(parts) if matches!(parts.len(), 5 | 6) => {
            for (to, from) in bytes.iter_mut().zip(&parts) {
                *to = *from;
            }
            Some((bytes, parts.len() == 6))
        }
        _ => {
            let title = format!("`{}` is not a MAC address", word.value);
            report.error(word, title, "five or six bytes").survived();
            None
        }
    }
}

/// `use_ipvlan [NAME] [ADDR] [bridge|private|vepa]`
fn ipvlan(i: &mut InstanceDraft, line: &Entry<'_>, report: &mut Report) {
    let (mut name, mut addr, mut mode) = (None, None, IpvlanMode::Bridge);
    for word in line.arguments() {
        match word.value.as_str() {
            "bridge" => mode = IpvlanMode::Bridge,
            "private" => mode = IpvlanMode::Private,
            "vepa" => mode = IpvlanMode::Vepa,
            text if text.contains(['.', ':']) => addr = addresses::address_with_prefix(word, report),
            _ if name.is_some() => unknown_option(word, "`use_ipvlan`", "bridge, private or vepa", report),
            _ => name = device_name(word, report),
        }
    }
    with_vmac(i, line, |vmac| {
        vmac.kind = VmacKind::Ipvlan { addr, mode };
        vmac.name = name;
    });
}

/// Scripts and mails of an instance or a group: the first line of each kind counts.
fn notify(notify: &mut Notify, line: &Entry<'_>, report: &mut Report) -> bool {
    let slot = match line.keyword.word {
        "notify_master" => &mut notify.master,
        "notify_backup" => &mut notify.backup,
        "notify_fault" => &mut notify.fault,
        "notify_stop" => &mut notify.stop,
        "notify_master_rx_lower_pri" => &mut notify.lower_priority,
        "notify" => &mut notify.any,
        "notify_deleted" => {
            notify.deleted = Some(Deleted { program: line.program(report) });
            return true;
        }
        "smtp_alert" => {
            put(&mut notify.mail, line.switch(report).map(|s| s.value));
            return true;
        }
        "notify_priority_changes" => {
            put(&mut notify.priority_changes, line.switch(report).map(|s| s.value));
            return true;
        }
        _ => return false,
    };
    first_program(slot, line, report);
    true
}

/// The first program counts; another one is told.
pub(super) fn first_program(slot: &mut Option<Program>, line: &Entry<'_>, report: &mut Report) {
    if slot.is_some() {
        let title = format!("`{}` is given already, this line is ignored", line.keyword.word);
        report.warning(line.word, title, "the first one counts");
    } else {
        *slot = line.program(report);
    }
}

/// One `track_*` block; what is not defined before it is told and left out.
fn tracks(tracks: &mut TracksDraft, block: &Entry<'_>, known: &Known, report: &mut Report) {
    let list = match block.keyword.word {
        "track_interface" => &mut tracks.interfaces,
        "track_script" => &mut tracks.scripts,
        "track_file" => &mut tracks.files,
        "track_process" => &mut tracks.processes,
        "track_bfd" => &mut tracks.bfds,
        _ => return,
    };
    for line in &block.lines {
        let tracked = track(line, report).filter(|tracked| known.has(block.keyword.word, &tracked.name, report));
        list.extend(tracked);
    }
}

/// `NAME [weight W [reverse|noreverse]]`; keepalived leaves out a line with anything else.
fn track(line: &Statement, report: &mut Report) -> Option<TrackDraft> {
    let mut tracked = TrackDraft { name: line.words.first()?.clone(), weight: None, reverse: None };
    let mut rest = line.words[1..].iter();
    let mut weighted = false;
    while let Some(option) = rest.next() {
        match option.value.as_str() {
            "weight" => {
                let word = value_of(option, rest.next(), report)?;
                tracked.weight = number(word, (i64::MIN, i64::MAX), "-253 to 253", report);
                weighted = true;
            }
            "reverse" if weighted => tracked.reverse = Some(true),
            "noreverse" if weighted => tracked.reverse = Some(false),
            _ => {
                let help = "one name on a line, with `weight NUMBER` and `reverse` behind it: this one is not tracked";
                unknown_option(option, "a tracked item", help, report);
                return None;
            }
        }
    }
    Some(tracked)
}

/// One `vrrp_sync_group`.
pub(super) fn sync_group(entry: &Entry<'_>, known: &Known, report: &mut Report) -> SyncGroupDraft {
    let mut group = SyncGroupDraft::new(entry.text().unwrap_or_else(|| entry.word.clone()));
    for line in &entry.entries {
        match line.keyword.word {
            "group" => group.members.extend(line.lines.iter().flat_map(|l| l.words.iter().cloned())),
            "sync_group_tracking_weight" => group.tracking_weight = line.flag(true),
            "global_tracking" => {
                deprecated(line, "what the group itself tracks is tracked for all members", report);
                group.tracking_weight = line.flag(true);
            }
            _ => {
                if !notify(&mut group.notify, line, report) {
                    tracks(&mut group.tracks, line, known, report);
                }
            }
        }
    }
    group
}
