//! `global_defs`: what instances copy, what the node keeps.
use std::net::IpAddr;

use vrrplab_engine::Span;
use vrrplab_engine::model::command::RunAs;
use vrrplab_engine::model::globals::{Fifo, FlushOnStop, Globals, Hook, LinkDelay, LvsTimeouts, Mail, SyncDaemon};

use super::defaults::Defaults;
use super::entry::{Entry, address, number, span_of, unknown_option, value_of};
use super::settings::{dynamic_interfaces, setting};
use super::trackers::run_as;
use super::vrrp::{garp_extra, multicast, put};
use crate::builder::Spanned;
use crate::diagnostics::Report;

/// Reads one `global_defs`; later lines replace earlier ones.
pub(super) fn global_defs(block: &Entry<'_>, defaults: &mut Defaults, globals: &mut Globals, report: &mut Report) {
    for line in &block.entries {
        let taken = instance_defaults(defaults, line, report)
            || mail(&mut globals.mail, line, report)
            || node(globals, line, report)
            || programs(globals, line, report)
            || lvs(globals, line, report);
        if !taken {
            globals.surroundings.push(setting(line, report));
        }
    }
}

fn instance_defaults(d: &mut Defaults, line: &Entry<'_>, report: &mut Report) -> bool {
    match line.keyword.word {
        "vrrp_version" => put(&mut d.at_end.version, line.int(report)),
        "vrrp_garp_master_delay" => put(&mut d.garp_delay, line.span(report)),
        "vrrp_garp_master_repeat" => put(&mut d.garp_repeat, line.int(report)),
        "vrrp_garp_master_refresh" => put(&mut d.garp_refresh, whole_seconds_at(line, report)),
        "vrrp_garp_master_refresh_repeat" => put(&mut d.garp_refresh_repeat, line.int(report)),
        "vrrp_garp_lower_prio_delay" => put(&mut d.at_end.garp_lower_prio_delay, line.span(report)),
        "vrrp_garp_lower_prio_repeat" => put(&mut d.at_end.garp_lower_prio_repeat, line.int(report)),
        "vrrp_garp_interval" => put(&mut d.at_end.arp_interval, line.span(report)),
        "vrrp_gna_interval" => put(&mut d.at_end.na_interval, line.span(report)),
        "vrrp_garp_extra_if" => put(&mut d.at_end.garp_extra, garp_extra(line, report)),
        "vrrp_down_timer_adverts" => put(&mut d.down_timer_adverts, line.int(report)),
        "vrrp_lower_prio_no_advert" => put(&mut d.at_end.lower_prio_no_advert, line.switch(report)),
        "vrrp_higher_prio_send_advert" => put(&mut d.at_end.higher_prio_send_advert, line.switch(report)),
        "vrrp_check_unicast_src" => d.at_end.check_unicast_src = line.flag(true),
        "vrrp_skip_check_adv_addr" => put(&mut d.skip_check_adv_addr, line.switch(report).map(|s| s.with(true))),
        "vrrp_strict" => d.at_end.strict = line.flag(true),
        "vrrp_mcast_group4" => put(&mut d.at_end.group4, line.address(report).filter(|a| of_family(a, true, report))),
        "vrrp_mcast_group6" => put(&mut d.at_end.group6, line.address(report).filter(|a| of_family(a, false, report))),
        "default_interface" => {
            put(&mut d.at_end.interface, line.text());
            return false;
        }
        _ => return false,
    }
    true
}

fn node(g: &mut Globals, line: &Entry<'_>, report: &mut Report) -> bool {
    match line.keyword.word {
        "router_id" => put(&mut g.router_id, line.text().map(|t| t.value)),
        "vrrp_startup_delay" => g.startup_delay = line.span(report).map_or(g.startup_delay, |s| s.value),
        "dynamic_interfaces" => {
            dynamic_interfaces(line, report);
            g.dynamic_interfaces = true;
        }
        "log_unknown_vrids" => g.log_unknown_vrids = true,
        "vrrp_notify_priority_changes" => g.priority_changes = switch(line, g.priority_changes, report),
        "fifo_write_vrrp_states_on_reload" => g.states_on_reload = true,
        _ => return false,
    }
    true
}

fn switch(line: &Entry<'_>, otherwise: bool, report: &mut Report) -> bool {
    line.switch(report).map_or(otherwise, |s| s.value)
}

fn mail(m: &mut Mail, line: &Entry<'_>, report: &mut Report) -> bool {
    match line.keyword.word {
        "notification_email" => m.to.extend(line.lines.iter().flat_map(|l| l.words.iter().map(|w| w.value.clone()))),
        "notification_email_from" => put(&mut m.from, line.text().map(|t| t.value)),
        "smtp_server" => put(&mut m.server, server(line, report)),
        "smtp_helo_name" => put(&mut m.helo, line.text().map(|t| t.value)),
        "smtp_connect_timeout" => put(&mut m.timeout, whole_seconds(line, report)),
        "smtp_alert" => put(&mut m.everything, line.switch(report).map(|s| s.value)),
        "smtp_alert_vrrp" => put(&mut m.vrrp, line.switch(report).map(|s| s.value)),
        "smtp_alert_checker" => put(&mut m.checkers, line.switch(report).map(|s| s.value)),
        "no_email_faults" => m.no_faults = true,
        "no_checker_emails" => m.servers_only = switch(line, m.servers_only, report),
        _ => return false,
    }
    true
}

/// A multicast group of the family that the keyword names.
fn of_family(group: &Spanned<IpAddr>, ipv4: bool, report: &mut Report) -> bool {
    let right = group.value.is_ipv4() == ipv4;
    if !right {
        let family = if ipv4 { "IPv4" } else { "IPv6" };
        report.error(group, format!("`{}` is not an {family} address", group.value), "the line is ignored").survived();
    }
    right && multicast(group, report)
}

/// Seconds without decimals, and where they stand.
pub(super) fn whole_seconds_at(line: &Entry<'_>, report: &mut Report) -> Option<Spanned<Span>> {
    line.count(report).map(|n| n.with(Span::from_secs(u64::from(n.value))))
}

fn whole_seconds(line: &Entry<'_>, report: &mut Report) -> Option<Span> {
    line.count(report).map(|n| Span::from_secs(u64::from(n.value)))
}

/// `HOST [PORT]`
fn server(line: &Entry<'_>, report: &mut Report) -> Option<(String, u16)> {
    let host = line.text()?.value;
    let port = match line.arguments().get(1) {
        None => 25,
        Some(word) => narrow(number(word, (1, 65_535), "a port, 1 to 65535", report))?,
    };
    Some((host, port))
}

fn narrow<N: TryFrom<i64>>(value: Option<Spanned<i64>>) -> Option<N> {
    value.and_then(|v| N::try_from(v.value).ok())
}

fn programs(g: &mut Globals, line: &Entry<'_>, report: &mut Report) -> bool {
    match line.keyword.word {
        "notify_fifo" => fifo(&mut g.fifo, line),
        "vrrp_notify_fifo" => fifo(&mut g.vrrp_fifo, line),
        "lvs_notify_fifo" => fifo(&mut g.lvs_fifo, line),
        "notify_fifo_script" => reader(&mut g.fifo, line, report),
        "vrrp_notify_fifo_script" => reader(&mut g.vrrp_fifo, line, report),
        "lvs_notify_fifo_script" => reader(&mut g.lvs_fifo, line, report),
        "script_user" => put(&mut g.script_user, run_as(line)),
        "enable_script_security" => g.script_security = true,
        "startup_script" => g.startup = line.program(report).map(|program| Hook { program, timeout: None }),
        "shutdown_script" => g.shutdown = line.program(report).map(|program| Hook { program, timeout: None }),
        "startup_script_timeout" => timeout(&mut g.startup, line, report),
        "shutdown_script_timeout" => timeout(&mut g.shutdown, line, report),
        _ => return false,
    }
    true
}

fn fifo(slot: &mut Option<Fifo>, line: &Entry<'_>) {
    let mut words = line.arguments().iter().map(|w| w.value.clone());
    let Some(path) = words.next() else { return };
    let owner = words.next().map(|user| RunAs { user, group: words.next() });
    *slot = Some(Fifo { path, owner, reader: None });
}

fn reader(slot: &mut Option<Fifo>, line: &Entry<'_>, report: &mut Report) {
    match slot {
        Some(fifo) => fifo.reader = line.program(report),
        None => {
            report.warning(line.word, "there is no FIFO yet for this script", "ignored").unnoticed();
        }
    }
}

fn timeout(slot: &mut Option<Hook>, line: &Entry<'_>, report: &mut Report) {
    let given = whole_seconds(line, report);
    match slot {
        Some(hook) => put(&mut hook.timeout, given),
        None => {
            report.warning(line.word, "there is no script yet for this timeout", "ignored").unnoticed();
        }
    }
}

fn lvs(g: &mut Globals, line: &Entry<'_>, report: &mut Report) -> bool {
    match line.keyword.word {
        "lvs_timeouts" => timeouts(&mut g.lvs_timeouts, line, report),
        "lvs_flush" => g.lvs_flush = true,
        "lvs_flush_on_stop" => {
            let services = line.arguments().first().is_some_and(|w| w.value == "VS");
            g.lvs_flush_on_stop = Some(if services { FlushOnStop::Services } else { FlushOnStop::Everything });
        }
        "lvs_sync_daemon" => put(&mut g.sync_daemon, sync_daemon(line, report)),
        _ => return false,
    }
    true
}

/// `[tcp N] [tcpfin N] [udp N]`
fn timeouts(timeouts: &mut LvsTimeouts, line: &Entry<'_>, report: &mut Report) {
    let mut rest = line.arguments().iter();
    while let Some(option) = rest.next() {
        let slot = match option.value.as_str() {
            "tcp" => &mut timeouts.tcp,
            "tcpfin" => &mut timeouts.tcp_fin,
            "udp" => &mut timeouts.udp,
            _ => return unknown_option(option, "`lvs_timeouts`", "tcp, tcpfin or udp with seconds", report),
        };
        let limits = (0, 2_678_400);
        let value = value_of(option, rest.next(), report).and_then(|w| number(w, limits, "0 to 2678400 s", report));
        put(slot, narrow(value));
    }
}

/// `IF [INSTANCE] [id N] [maxlen N] [port N] [ttl N] [group ADDR]`
fn sync_daemon(line: &Entry<'_>, report: &mut Report) -> Option<SyncDaemon> {
    let mut rest = line.arguments().iter();
    let interface = rest.next()?.value.clone();
    let mut daemon =
        SyncDaemon { interface, instance: None, id: None, most_bytes: None, port: None, ttl: None, group: None };
    while let Some(option) = rest.next() {
        let mut value = |most: i64, report: &mut Report| {
            let word = value_of(option, rest.next(), report)?;
            number(word, (0, most), &format!("0 to {most}"), report)
        };
        match option.value.as_str() {
            "inst" => daemon.instance = rest.next().map(|w| w.value.clone()),
            "id" => daemon.id = narrow(value(255, report)),
            "maxlen" => daemon.most_bytes = narrow(value(65_507, report)),
            "port" => daemon.port = narrow(value(65_535, report)),
            "ttl" => daemon.ttl = narrow(value(255, report)),
            "group" => daemon.group = rest.next().and_then(|w| address(w, report)).map(|a| a.value),
            name => daemon.instance = Some(name.to_owned()),
        }
    }
    Some(daemon)
}

/// `IF DOWN [UP]`, one a line.
pub(super) fn link_delays(block: &Entry<'_>, report: &mut Report) -> Vec<LinkDelay> {
    let mut delays = Vec::new();
    for line in &block.lines {
        let Some(interface) = line.words.first() else { continue };
        let mut seconds = |position: usize| {
            let word = line.words.get(position)?;
            Some(span_of(word, (0, 255_000_000, 6), "seconds, 0 to 255", report)?.value)
        };
        let down = seconds(1);
        let up = seconds(2).or(down);
        if let (Some(down), Some(up)) = (down, up) {
            delays.push(LinkDelay { interface: interface.value.clone(), down, up });
        }
    }
    delays
}
