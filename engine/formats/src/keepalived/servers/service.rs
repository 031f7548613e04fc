//! `virtual_server`: what its lines say, before defaults are filled in.
use std::net::{IpAddr, Ipv4Addr};

use vrrplab_engine::Span;
use vrrplab_engine::model::AddressFamily;
use vrrplab_engine::model::command::Program;
use vrrplab_engine::model::lvs::{
    Endpoint, Forwarding, Granularity, GroupMember, Protocol, Scheduler, SchedulerFlags, ServiceKey, VirtualServerModel,
};

use super::super::checkers::Common;
use super::super::entry::{Entry, number};
use super::super::lexer::Word;
use super::super::vrrp::{first_program, put};
use super::{Seen, finish, group, method, real};
use crate::builder::{Draft, Spanned};
use crate::diagnostics::{CRASH, Keepalived, Place, Report, nearest};

/// One virtual server as written.
pub(super) struct Service {
    pub(super) name: Word,
    pub(super) key: ServiceKey,
    pub(super) family: Option<AddressFamily>,
    /// The members of its group.
    pub(super) members: Vec<GroupMember>,
    pub(super) protocol: Option<Spanned<Protocol>>,
    pub(super) scheduler: Option<Scheduler>,
    pub(super) flags: SchedulerFlags,
    pub(super) hashed: bool,
    pub(super) one_packet: Option<Place>,
    pub(super) forwarding: Option<Forwarding>,
    pub(super) persistence: Option<Span>,
    pub(super) granularity: Option<Granularity>,
    pub(super) engine: Option<String>,
    pub(super) common: Common,
    pub(super) weight: u32,
    pub(super) ha_suspend: Option<Place>,
    pub(super) omega: bool,
    pub(super) quorum: Option<Spanned<u32>>,
    pub(super) hysteresis: Option<Spanned<u32>>,
    pub(super) quorum_up: Option<Program>,
    pub(super) quorum_down: Option<Program>,
    pub(super) sorry: Option<Sorry>,
    pub(super) reals: Vec<real::Real>,
}

/// A sorry server as written.
pub(super) struct Sorry {
    pub(super) name: Word,
    pub(super) endpoint: Endpoint,
    pub(super) forwarding: Option<Forwarding>,
    pub(super) inhibit: bool,
}

/// One `virtual_server`, or none where keepalived ignores it.
pub(super) fn read(
    entry: &Entry<'_>,
    draft: &Draft,
    seen: &Seen,
    report: &mut Report,
) -> Option<Spanned<VirtualServerModel>> {
    let (name, key) = key(entry, seen, report)?;
    let mut service = Service::new(name, key, draft);
    for line in &entry.entries {
        let taken = service.common.take(line, report)
            || service.balancing(line, report)
            || service.flag(line, report)
            || service.availability(line, report);
        if !taken && line.keyword.word == "real_server" {
            let server = real::read(line, &mut service, draft, report);
            service.reals.extend(server);
        }
    }
    finish::finish(service, report)
}

/// `ADDR [PORT] | fwmark N | group NAME`
fn key(entry: &Entry<'_>, seen: &Seen, report: &mut Report) -> Option<(Word, ServiceKey)> {
    let [first, rest @ ..] = entry.arguments() else { return None };
    let kind = first.value.as_str();
    if !matches!(kind, "group" | "fwmark") {
        let endpoint = endpoint(first, rest.first(), "virtual server", report)?;
        return Some((first.clone(), ServiceKey::Address(endpoint)));
    }
    let Some(word) = rest.first() else {
        let title = format!("`virtual_server {kind}` needs a {}", if kind == "group" { "name" } else { "number" });
        report.error(first, title, "keepalived 2.2.7 crashes here").keepalived(Keepalived::Refuses(CRASH));
        return None;
    };
    if kind == "fwmark" {
        let mark = number(word, (0, u32::MAX.into()), "a mark, 1 to 4294967295", report)?;
        if mark.value == 0 {
            let title = "mark 0 is no mark, the virtual server is ignored";
            report.error(word, title, "packets without a mark have this one").survived();
            return None;
        }
        let key = ServiceKey::Mark(u32::try_from(mark.value).ok()?, AddressFamily::V4);
        return Some((word.clone(), key));
    }
    let position = seen.groups.get(&word.value).copied();
    if position.is_none() {
        let title = format!("there is no virtual server group `{}`", word.value);
        let near = report.advises().then(|| nearest(&word.value, seen.groups.keys().map(String::as_str)));
        let found = report.error(word, title, "the virtual server is ignored").unnoticed();
        if let Some(near) = near.flatten() {
            found.help(format!("did you mean `{near}`?"));
        }
    }
    Some((word.clone(), ServiceKey::Group(position?)))
}

/// `ADDR [PORT]`; whose address it is, is told where it cannot be read.
pub(super) fn endpoint(addr: &Word, port: Option<&Word>, what: &str, report: &mut Report) -> Option<Endpoint> {
    let Ok(ip) = addr.value.parse::<IpAddr>() else {
        let title = format!("`{}` is not an IP address", addr.value);
        report.error(addr, title, format!("the {what} is ignored")).survived();
        return None;
    };
    let port = match port {
        None => 0,
        Some(word) => group::port(word, report)?,
    };
    Some(Endpoint { ip, port })
}

/// The family of an address.
pub(super) fn family_of(ip: IpAddr) -> AddressFamily {
    if ip.is_ipv4() { AddressFamily::V4 } else { AddressFamily::V6 }
}

impl Service {
    fn new(name: Word, key: ServiceKey, draft: &Draft) -> Service {
        let members = match key {
            ServiceKey::Group(position) => draft.server_groups[position].value.members.clone(),
            _ => Vec::new(),
        };
        let family = match key {
            ServiceKey::Address(endpoint) => Some(family_of(endpoint.ip)),
            _ => None,
        };
        Service {
            name,
            key,
            family,
            members,
            protocol: None,
            scheduler: None,
            flags: SchedulerFlags::default(),
            hashed: false,
            one_packet: None,
            forwarding: None,
            persistence: None,
            granularity: None,
            engine: None,
            common: Common::default(),
            weight: 1,
            ha_suspend: None,
            omega: false,
            quorum: None,
            hysteresis: None,
            quorum_up: None,
            quorum_down: None,
            sorry: None,
            reals: Vec::new(),
        }
    }

    /// How connections are spread.
    fn balancing(&mut self, line: &Entry<'_>, report: &mut Report) -> bool {
        match line.keyword.word {
            "lb_algo" | "lvs_sched" => {
                let named = line.choice(report).map(|choice| choice.value);
                put(&mut self.scheduler, named.and_then(|name| Scheduler::ALL.into_iter().find(|s| s.name() == name)));
            }
            "lb_kind" | "lvs_method" => put(&mut self.forwarding, method::read(line, report)),
            "protocol" => put(&mut self.protocol, protocol(line, report)),
            "ip_family" => self.ip_family(line, report),
            "persistence_timeout" => put(&mut self.persistence, persistence(line, report)),
            "persistence_granularity" => {
                let given = self.granularity(line, report);
                put(&mut self.granularity, given);
            }
            "persistence_engine" => put(&mut self.engine, line.text().map(|t| t.value)),
            "weight" => self.weight = line.count(report).map_or(self.weight, |n| n.value),
            _ => return false,
        }
        true
    }

    fn ip_family(&mut self, line: &Entry<'_>, report: &mut Report) {
        let Some(word) = line.arguments().first() else { return };
        let Some(family) = group::family(word, report) else { return };
        match self.family {
            Some(known) if known != family => {
                report.error(word, "this is not the family of the service", "the line is ignored").survived();
            }
            _ => self.family = Some(family),
        }
    }

    /// A netmask for IPv4, a prefix length for IPv6.
    fn granularity(&self, line: &Entry<'_>, report: &mut Report) -> Option<Granularity> {
        let word = line.arguments().first()?;
        if self.family == Some(AddressFamily::V6) {
            let length = number(word, (1, 128), "a prefix length, 1 to 128", report)?;
            return Some(Granularity::Prefix(u8::try_from(length.value).ok()?));
        }
        if let Ok(mask) = word.value.parse::<Ipv4Addr>() {
            return Some(Granularity::Mask(mask.to_bits()));
        }
        let Ok(bits) = word.value.parse::<u32>() else {
            report.error(word, format!("`{}` is not a netmask", word.value), "such as 255.255.255.0").survived();
            return None;
        };
        let mask = Ipv4Addr::from_bits(bits);
        report
            .warning(word, format!("`{bits}` is read as the netmask {mask}"), "not a prefix length")
            .help("write a netmask such as 255.255.255.0")
            .unnoticed();
        Some(Granularity::Mask(bits))
    }

    /// Words that stand alone; those of schedulers count for a scheduler that hashes, named before them.
    fn flag(&mut self, line: &Entry<'_>, report: &mut Report) -> bool {
        let word = line.keyword.word;
        match word {
            "flag-1" => self.flags.first = true,
            "flag-2" => self.flags.second = true,
            "flag-3" => self.flags.third = true,
            "ops" => self.one_packet = Some(line.word.place()),
            "omega" => self.omega = true,
            "ha_suspend" => self.ha_suspend = Some(line.word.place()),
            "hashed" | "sh-port" | "sh-fallback" | "mh-port" | "mh-fallback" => {
                if !matches!(self.scheduler, Some(Scheduler::Sh | Scheduler::Mh)) {
                    report
                        .warning(line.word, format!("`{word}` is ignored"), "no `lb_algo sh` or `lb_algo mh` before it")
                        .help("put it after `lb_algo`");
                    return true;
                }
                match word {
                    "hashed" => self.hashed = true,
                    "sh-port" | "mh-port" => self.flags.second = true,
                    _ => self.flags.first = true,
                }
            }
            _ => return false,
        }
        true
    }

    /// Quorum, and who stands in.
    fn availability(&mut self, line: &Entry<'_>, report: &mut Report) -> bool {
        match line.keyword.word {
            "quorum" => put(&mut self.quorum, line.count(report)),
            "hysteresis" => put(&mut self.hysteresis, line.count(report)),
            "quorum_up" => first_program(&mut self.quorum_up, line, report),
            "quorum_down" => first_program(&mut self.quorum_down, line, report),
            "sorry_server" => {
                let [addr, rest @ ..] = line.arguments() else { return true };
                if let Some(endpoint) = endpoint(addr, rest.first(), "sorry server", report) {
                    self.sorry = Some(Sorry { name: addr.clone(), endpoint, forwarding: None, inhibit: false });
                }
            }
            word @ ("sorry_server_inhibit" | "sorry_server_lvs_method") => {
                let Some(sorry) = &mut self.sorry else {
                    let title = format!("`{word}` without a `sorry_server` before it is ignored");
                    report.warning(line.word, title, "there is no sorry server yet");
                    return true;
                };
                match word {
                    "sorry_server_inhibit" => sorry.inhibit = true,
                    _ => put(&mut sorry.forwarding, method::read(line, report)),
                }
            }
            _ => return false,
        }
        true
    }
}

/// A protocol in any case.
fn protocol(line: &Entry<'_>, report: &mut Report) -> Option<Spanned<Protocol>> {
    let word = line.arguments().first()?;
    let all = [("TCP", Protocol::Tcp), ("UDP", Protocol::Udp), ("SCTP", Protocol::Sctp)];
    let found = all.into_iter().find(|(name, _)| name.eq_ignore_ascii_case(&word.value));
    if found.is_none() {
        let title = format!("there is no protocol `{}`", word.value);
        report.error(word, title, "TCP, UDP or SCTP; the line is ignored").survived();
    }
    found.map(|(_, protocol)| word.with(protocol))
}

/// `[SECONDS]`; 360 where nothing is said.
fn persistence(line: &Entry<'_>, report: &mut Report) -> Option<Span> {
    let Some(word) = line.arguments().first() else { return Some(finish::PERSISTENCE) };
    let seconds = number(word, (1, 2_678_400), "seconds, 1 to 2678400", report)?;
    Some(Span::from_secs(u64::try_from(seconds.value).ok()?))
}
