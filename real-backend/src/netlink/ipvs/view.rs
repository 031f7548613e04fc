//! What the kernel shows of its table, as the engine shows its own.
use std::net::IpAddr;

use vrrplab_engine::Span;
use vrrplab_engine::lvs::table::Stats;
use vrrplab_engine::lvs::{DestConfig, DestView, ServiceConfig, ServiceView, Virtual};
use vrrplab_engine::model::AddressFamily;
use vrrplab_engine::model::globals::LvsTimeouts;
use vrrplab_engine::model::lvs::{
    Endpoint, Forwarding, Granularity, Persistence, Protocol, Scheduler, SchedulerFlags, Tunnel, TunnelChecksum,
};

use super::attribute::Reader;
use super::command::{INET6, dest as of_dest, flag, method, number, service as of_service, top};
use super::message::{Generic, Verb};

/// A service, without its servers.
pub(super) fn service(shown: &Generic) -> Option<ServiceView> {
    let inner = part(shown, Verb::NewService, top::SERVICE)?;
    let key = key(inner)?;
    let scheduler = inner.text(of_service::SCHEDULER)?;
    let flags = u32::from_ne_bytes(inner.find(of_service::FLAGS)?.get(..4)?.try_into().ok()?);
    let config = ServiceConfig {
        scheduler: Scheduler::ALL.into_iter().find(|known| known.name() == scheduler),
        flags: SchedulerFlags {
            first: flags & flag::FIRST != 0,
            second: flags & flag::SECOND != 0,
            third: flags & flag::THIRD != 0,
        },
        one_packet: flags & flag::ONE_PACKET != 0,
        persistence: if flags & flag::PERSISTENT != 0 { Some(persistence(inner, key)?) } else { None },
    };
    Some(ServiceView { key, config, dests: Vec::new(), stats: stats(inner, of_service::STATS64) })
}

/// A server of this service. The kernel does not show whether it is overloaded.
pub(super) fn dest(service: Virtual, shown: &Generic) -> Option<DestView> {
    let inner = part(shown, Verb::NewDest, top::DEST)?;
    let six = match inner.u16(of_dest::FAMILY) {
        Some(family) => family == INET6,
        None => service.family() == AddressFamily::V6,
    };
    let key = Endpoint { ip: inner.address(of_dest::ADDRESS, six)?, port: inner.port(of_dest::PORT)? };
    let config = DestConfig {
        forwarding: forwarding(inner)?,
        weight: inner.u32(of_dest::WEIGHT)?,
        upper: inner.u32(of_dest::UPPER).unwrap_or(0),
        lower: inner.u32(of_dest::LOWER).unwrap_or(0),
    };
    Some(DestView {
        key,
        config,
        active: inner.u32(of_dest::ACTIVE).unwrap_or(0),
        inactive: inner.u32(of_dest::INACTIVE).unwrap_or(0),
        persistent: inner.u32(of_dest::PERSISTENT).unwrap_or(0),
        overload: false,
        stats: stats(inner, of_dest::STATS64),
    })
}

/// The timeouts of connections, in seconds.
pub(super) fn timeouts(shown: &Generic) -> Option<LvsTimeouts> {
    let told = Reader(&shown.attributes);
    let own = shown.command == Verb::SetConfig as u8;
    own.then(|| LvsTimeouts {
        tcp: told.u32(top::TIMEOUT_TCP),
        tcp_fin: told.u32(top::TIMEOUT_TCP_FIN),
        udp: told.u32(top::TIMEOUT_UDP),
    })
}

fn part(shown: &Generic, verb: Verb, kind: u16) -> Option<Reader<'_>> {
    (shown.command == verb as u8).then_some(())?;
    Reader(&shown.attributes).nested(kind)
}

fn key(inner: Reader<'_>) -> Option<Virtual> {
    let six = inner.u16(of_service::FAMILY)? == INET6;
    if let Some(mark) = inner.u32(of_service::MARK) {
        return Some(Virtual::Mark(if six { AddressFamily::V6 } else { AddressFamily::V4 }, mark));
    }
    let told = inner.u16(of_service::PROTOCOL)?;
    let protocol = [Protocol::Tcp, Protocol::Udp, Protocol::Sctp].into_iter().find(|known| number(*known) == told)?;
    let ip: IpAddr = inner.address(of_service::ADDRESS, six)?;
    Some(Virtual::Address(protocol, Endpoint { ip, port: inner.port(of_service::PORT)? }))
}

fn persistence(inner: Reader<'_>, key: Virtual) -> Option<Persistence> {
    let netmask: [u8; 4] = inner.find(of_service::NETMASK)?.try_into().ok()?;
    let granularity = match key.family() {
        AddressFamily::V4 => Granularity::Mask(u32::from_be_bytes(netmask)),
        AddressFamily::V6 => Granularity::Prefix(u8::try_from(u32::from_ne_bytes(netmask)).ok()?),
    };
    Some(Persistence { timeout: Span::from_secs(u64::from(inner.u32(of_service::TIMEOUT)?)), granularity })
}

fn forwarding(inner: Reader<'_>) -> Option<Forwarding> {
    let checksum = match inner.u16(of_dest::TUNNEL_FLAGS) {
        Some(1) => TunnelChecksum::Csum,
        Some(2) => TunnelChecksum::RemCsum,
        _ => TunnelChecksum::None,
    };
    Some(match inner.u32(of_dest::METHOD)? {
        method::NAT => Forwarding::Nat,
        method::DR | method::LOCAL => Forwarding::Dr, // a server of this host takes packets as they are
        method::TUN => Forwarding::Tun(match inner.u8(of_dest::TUNNEL) {
            Some(1) => Tunnel::Gue(inner.port(of_dest::TUNNEL_PORT)?, checksum),
            Some(2) => Tunnel::Gre(checksum),
            _ => Tunnel::Ipip,
        }),
        _ => return None,
    })
}

/// The counters; all zero where this kernel has only the narrow ones.
fn stats(inner: Reader<'_>, kind: u16) -> Stats {
    let Some(counters) = inner.nested(kind) else { return Stats::default() };
    let count = |nth| counters.u64(nth).unwrap_or(0);
    Stats { conns: count(1), packets_in: count(2), packets_out: count(3), bytes_in: count(4), bytes_out: count(5) }
}
