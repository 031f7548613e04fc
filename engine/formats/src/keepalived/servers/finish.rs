//! The end of a `virtual_server`: absent values get their defaults, and what does not fit together is told.
use std::collections::BTreeSet;

use vrrplab_engine::Span;
use vrrplab_engine::model::AddressFamily;
use vrrplab_engine::model::lvs::{
    Endpoint, Forwarding, Granularity, GroupMember, Persistence, Protocol, RealServerModel, Scheduler, ServiceKey,
    SorryServer, VirtualServerModel,
};

use super::real::Real;
use super::service::{Service, Sorry, family_of};
use crate::builder::Spanned;
use crate::diagnostics::Report;

/// `persistence_timeout` without a value.
pub(super) const PERSISTENCE: Span = Span::from_secs(360);

/// The model, or none where keepalived leaves the service out.
pub(super) fn finish(mut s: Service, report: &mut Report) -> Option<Spanned<VirtualServerModel>> {
    let name = s.name.clone();
    if s.reals.is_empty() {
        report.error(&name, "this virtual server has no real servers", "it is ignored").survived();
        return None;
    }
    if let ServiceKey::Mark(_, family) = &mut s.key {
        *family = s.family.unwrap_or(AddressFamily::V4);
    }
    let protocol = protocol(&s, report);
    let persistence = persistence(&s, report);
    let (scheduler, forwarding) = methods(&s, report);
    let one_packet = one_packet(&s, protocol, report);
    let ha_suspend = ha_suspend(&s, report);
    let sorry = s.sorry.take().and_then(|sorry| sorry_server(sorry, &s, forwarding, report));
    let (mut servers, mut taken): (Vec<RealServerModel>, BTreeSet<Endpoint>) = Default::default();
    for real in std::mem::take(&mut s.reals) {
        let at = real.name.clone();
        let mut model = real_server(real, &s, forwarding);
        if taken.contains(&model.endpoint) {
            report.warning(&at, "this real server is there already", "the second one is left out");
            continue;
        }
        model.endpoint.port = port(&at, &model, &s, report);
        taken.insert(model.endpoint);
        servers.push(model);
    }
    let (quorum, hysteresis) = quorum(&s, &servers, report);
    Some(name.with(VirtualServerModel {
        key: s.key,
        protocol,
        scheduler,
        flags: s.flags,
        hashed: s.hashed,
        one_packet,
        forwarding,
        persistence,
        persistence_engine: s.engine,
        ha_suspend,
        alpha: s.common.alpha.unwrap_or(false),
        omega: s.omega,
        quorum,
        hysteresis,
        quorum_up: s.quorum_up,
        quorum_down: s.quorum_down,
        virtual_host: s.common.virtual_host,
        snmp_name: s.common.snmp_name,
        mail: s.common.mail,
        sorry,
        real_servers: servers,
    }))
}

/// Whether marks alone decide.
fn only_marks(s: &Service) -> bool {
    let mark = |member: &GroupMember| matches!(member, GroupMember::Mark(..));
    matches!(s.key, ServiceKey::Mark(..)) || (!s.members.is_empty() && s.members.iter().all(mark))
}

fn protocol(s: &Service, report: &mut Report) -> Option<Protocol> {
    match (&s.protocol, only_marks(s)) {
        (Some(given), true) => {
            report.warning(given, "marks have no protocol, the line is ignored", "the mark alone decides");
            None
        }
        (None, true) => None,
        (Some(given), false) => Some(given.value),
        (None, false) => {
            report
                .warning(&s.name, "this virtual server has no protocol, UDP is used", "no `protocol` in its block")
                .help("write `protocol TCP`, `UDP` or `SCTP`");
            Some(Protocol::Udp)
        }
    }
}

fn persistence(s: &Service, report: &mut Report) -> Option<Persistence> {
    let every_port = match s.key {
        ServiceKey::Address(endpoint) => endpoint.port == 0,
        ServiceKey::Mark(..) => false,
        ServiceKey::Group(_) => {
            s.members.iter().any(|m| matches!(m, GroupMember::Addresses { first, .. } if first.port == 0))
        }
    };
    let mut timeout = s.persistence;
    if timeout.is_none() && every_port {
        let title = "a virtual server for every port must be persistent, 360 seconds are used";
        report.warning(&s.name, title, "no port, and no `persistence_timeout`");
        timeout = Some(PERSISTENCE);
    }
    let v6 = match s.members.first() {
        Some(GroupMember::Addresses { first, .. }) => first.ip.is_ipv6(),
        Some(GroupMember::Mark(_, family)) => *family == Some(AddressFamily::V6),
        None => s.family == Some(AddressFamily::V6),
    };
    let whole = if v6 { Granularity::Prefix(128) } else { Granularity::Mask(u32::MAX) };
    timeout.map(|timeout| Persistence { timeout, granularity: s.granularity.unwrap_or(whole) })
}

fn methods(s: &Service, report: &mut Report) -> (Scheduler, Forwarding) {
    if s.scheduler.is_none() {
        report.warning(&s.name, "this virtual server has no scheduler, wlc is used", "no `lb_algo` in its block");
    }
    if s.forwarding.is_none() && s.reals.iter().any(|real| real.forwarding.is_none()) {
        report.warning(
            &s.name,
            "this virtual server has no forwarding method, NAT is used",
            "no `lb_kind` in its block",
        );
    }
    (s.scheduler.unwrap_or_default(), s.forwarding.unwrap_or_default())
}

fn one_packet(s: &Service, protocol: Option<Protocol>, report: &mut Report) -> bool {
    let Some(at) = &s.one_packet else { return false };
    let fits = matches!(protocol, None | Some(Protocol::Udp));
    if !fits {
        report.warning(at, "`ops` needs UDP and is ignored", "single packets of UDP only");
    }
    fits
}

fn ha_suspend(s: &Service, report: &mut Report) -> bool {
    let Some(at) = &s.ha_suspend else { return false };
    let mark = matches!(s.key, ServiceKey::Mark(..));
    if mark {
        report.warning(at, "`ha_suspend` does not go with a mark and is ignored", "a mark has no address");
    }
    !mark
}

fn sorry_server(sorry: Sorry, s: &Service, forwarding: Forwarding, report: &mut Report) -> Option<SorryServer> {
    let tunnel = matches!(sorry.forwarding.unwrap_or(forwarding), Forwarding::Tun(_));
    if s.family.is_some_and(|family| family != family_of(sorry.endpoint.ip)) && !tunnel {
        let title = "this address is not of the family of the service";
        report.error(&sorry.name, title, "the sorry server is ignored").survived();
        return None;
    }
    let forwarding = sorry.forwarding.unwrap_or(forwarding);
    let mut endpoint = sorry.endpoint;
    if let (ServiceKey::Address(service), false) = (&s.key, forwarding == Forwarding::Nat)
        && endpoint.port != 0
        && endpoint.port != service.port
    {
        let title = format!("only NAT changes the port, the sorry server gets port {}", service.port);
        report.warning(&sorry.name, title, "another port than the service's");
        endpoint.port = service.port;
    }
    Some(SorryServer { endpoint, forwarding, inhibit: sorry.inhibit })
}

fn real_server(real: Real, s: &Service, forwarding: Forwarding) -> RealServerModel {
    let own = real.common.clone();
    let common = real.common.or(&s.common);
    RealServerModel {
        endpoint: real.endpoint,
        weight: real.weight.unwrap_or(s.weight),
        forwarding: real.forwarding.unwrap_or(forwarding),
        upper_threshold: real.upper_threshold,
        lower_threshold: real.lower_threshold,
        inhibit_on_failure: common.inhibit.unwrap_or(false),
        alpha: common.alpha.unwrap_or(false),
        notify_up: real.notify_up,
        notify_down: real.notify_down,
        checks: real.checks.into_iter().map(|check| check.finish(&common, &s.common)).collect(),
        virtual_host: common.virtual_host,
        snmp_name: own.snmp_name,
        mail: own.mail,
    }
}

/// The port of a real server: without NAT it is the service's.
fn port(at: &Spanned<String>, real: &RealServerModel, s: &Service, report: &mut Report) -> u16 {
    let given = real.endpoint.port;
    if given == 0 || real.forwarding == Forwarding::Nat {
        return given;
    }
    match s.key {
        ServiceKey::Address(service) if service.port != given => {
            let title = format!("only NAT changes the port, the real server gets port {}", service.port);
            report.warning(at, title, "another port than the service's");
            service.port
        }
        ServiceKey::Mark(..) => {
            report.warning(at, "only NAT changes the port of what a mark selects, it is cleared", "a port");
            0
        }
        ServiceKey::Group(_) => {
            let other = |m: &GroupMember| matches!(m, GroupMember::Addresses { first, .. } if first.port != given);
            if s.members.iter().any(other) {
                report.warning(at, "only NAT changes the port", "another port than the group's");
            }
            given
        }
        ServiceKey::Address(_) => given,
    }
}

/// The quorum is at most all weight, hysteresis less than the quorum.
fn quorum(s: &Service, servers: &[RealServerModel], report: &mut Report) -> (u32, u32) {
    let all: u64 = servers.iter().map(|server| u64::from(server.weight)).sum();
    let all = u32::try_from(all).unwrap_or(u32::MAX);
    let at = |given: &Option<Spanned<u32>>| given.as_ref().map_or_else(|| s.name.place(), Spanned::place);
    let mut quorum = s.quorum.as_ref().map_or(1, |q| q.value);
    if quorum > all {
        let title = format!("a quorum of {quorum} can never be reached, {all} is used");
        report.warning(&at(&s.quorum), title, format!("the weights of the real servers make {all}"));
        quorum = all;
    }
    let mut hysteresis = s.hysteresis.as_ref().map_or(0, |h| h.value);
    if hysteresis >= quorum {
        let used = quorum.wrapping_sub(1);
        let title = format!("the hysteresis must be less than the quorum of {quorum}, {used} is used");
        report.warning(&at(&s.hysteresis), title, format!("{hysteresis}"));
        hysteresis = used;
    }
    (quorum, hysteresis)
}
