//! Commands of the engine as requests to the kernel. The numbers are those of the kernel's interface.
use vrrplab_engine::lvs::{DestConfig, IpvsCommand, ServiceConfig, Virtual};
use vrrplab_engine::model::AddressFamily;
use vrrplab_engine::model::globals::LvsTimeouts;
use vrrplab_engine::model::lvs::{Endpoint, Forwarding, Granularity, Protocol, Tunnel, TunnelChecksum};

use super::attribute::Writer;
use super::message::Verb;

/// The attributes of a message.
pub(super) mod top {
    pub const SERVICE: u16 = 1;
    pub const DEST: u16 = 2;
    pub const DAEMON: u16 = 3;
    pub const TIMEOUT_TCP: u16 = 4;
    pub const TIMEOUT_TCP_FIN: u16 = 5;
    pub const TIMEOUT_UDP: u16 = 6;
}

/// The attributes of a service.
pub(super) mod service {
    pub const FAMILY: u16 = 1;
    pub const PROTOCOL: u16 = 2;
    pub const ADDRESS: u16 = 3;
    pub const PORT: u16 = 4;
    pub const MARK: u16 = 5;
    pub const SCHEDULER: u16 = 6;
    pub const FLAGS: u16 = 7;
    pub const TIMEOUT: u16 = 8;
    pub const NETMASK: u16 = 9;
    pub const STATS64: u16 = 12;
}

/// The attributes of a server.
pub(super) mod dest {
    pub const ADDRESS: u16 = 1;
    pub const PORT: u16 = 2;
    pub const METHOD: u16 = 3;
    pub const WEIGHT: u16 = 4;
    pub const UPPER: u16 = 5;
    pub const LOWER: u16 = 6;
    pub const ACTIVE: u16 = 7;
    pub const INACTIVE: u16 = 8;
    pub const PERSISTENT: u16 = 9;
    pub const FAMILY: u16 = 11;
    pub const STATS64: u16 = 12;
    pub const TUNNEL: u16 = 13;
    pub const TUNNEL_PORT: u16 = 14;
    pub const TUNNEL_FLAGS: u16 = 15;
}

/// The flags of a service.
pub(super) mod flag {
    pub const PERSISTENT: u32 = 1;
    pub const ONE_PACKET: u32 = 4;
    pub const FIRST: u32 = 8;
    pub const SECOND: u32 = 0x10;
    pub const THIRD: u32 = 0x20;
}

/// How packets reach a server.
pub(super) mod method {
    pub const NAT: u32 = 0;
    pub const LOCAL: u32 = 1;
    pub const TUN: u32 = 2;
    pub const DR: u32 = 3;
}

/// The number of IPv4.
pub(super) const INET: u16 = 2;
/// The number of IPv6.
pub(super) const INET6: u16 = 10;
/// A scheduler that never picks anybody.
const NO_SCHEDULER: &str = "none";
/// Every IPv4 client is its own.
const WHOLE_ADDRESS: u32 = u32::MAX;
/// Every IPv6 client is its own.
const WHOLE_PREFIX: u8 = 128;

/// The request for one command.
pub(super) fn request(command: &IpvsCommand) -> (Verb, Vec<u8>) {
    match command {
        IpvsCommand::AddService(key, config) => (Verb::NewService, whole_service(*key, config).finish()),
        IpvsCommand::EditService(key, config) => (Verb::SetService, whole_service(*key, config).finish()),
        IpvsCommand::DeleteService(key) => (Verb::DelService, self::key(*key)),
        IpvsCommand::AddDest(key, at, config) => (Verb::NewDest, with_dest(*key, whole_dest(*at, config))),
        IpvsCommand::EditDest(key, at, config) => (Verb::SetDest, with_dest(*key, whole_dest(*at, config))),
        IpvsCommand::DeleteDest(key, at) => (Verb::DelDest, with_dest(*key, place(*at))),
        IpvsCommand::Flush => (Verb::Flush, Vec::new()),
    }
}

/// The attributes that name a service.
pub(super) fn key(key: Virtual) -> Vec<u8> {
    Writer::new().nest(top::SERVICE, name(key)).finish()
}

/// The attributes of `SetConfig`. Zero leaves a timeout as it is.
pub(super) fn timeouts(timeouts: LvsTimeouts) -> Vec<u8> {
    Writer::new()
        .u32(top::TIMEOUT_TCP, timeouts.tcp.unwrap_or(0))
        .u32(top::TIMEOUT_TCP_FIN, timeouts.tcp_fin.unwrap_or(0))
        .u32(top::TIMEOUT_UDP, timeouts.udp.unwrap_or(0))
        .finish()
}

/// The number of a protocol.
pub(super) const fn number(protocol: Protocol) -> u16 {
    match protocol {
        Protocol::Tcp => 6,
        Protocol::Udp => 17,
        Protocol::Sctp => 132,
    }
}

fn name(key: Virtual) -> Writer {
    let family = |family| if family == AddressFamily::V4 { INET } else { INET6 };
    let start = Writer::new().u16(service::FAMILY, family(key.family()));
    match key {
        Virtual::Address(protocol, at) => {
            start.u16(service::PROTOCOL, number(protocol)).address(service::ADDRESS, at.ip).port(service::PORT, at.port)
        }
        Virtual::Mark(_, mark) => start.u32(service::MARK, mark),
    }
}

fn whole_service(key: Virtual, config: &ServiceConfig) -> Writer {
    let scheduler = config.scheduler.map_or(NO_SCHEDULER, |scheduler| scheduler.name());
    let timeout = config.persistence.map_or(0, |kept| kept.timeout.as_micros() / 1_000_000);
    let flags: Vec<u8> = [flags(config), u32::MAX].into_iter().flat_map(u32::to_ne_bytes).collect();
    let inner = name(key)
        .text(service::SCHEDULER, scheduler)
        .bytes(service::FLAGS, &flags)
        .u32(service::TIMEOUT, u32::try_from(timeout).unwrap_or(u32::MAX));
    let granularity = config.persistence.map(|kept| kept.granularity).unwrap_or(match key.family() {
        AddressFamily::V4 => Granularity::Mask(WHOLE_ADDRESS),
        AddressFamily::V6 => Granularity::Prefix(WHOLE_PREFIX),
    });
    let inner = match granularity {
        Granularity::Mask(mask) => inner.bytes(service::NETMASK, &mask.to_be_bytes()),
        Granularity::Prefix(length) => inner.u32(service::NETMASK, u32::from(length)),
    };
    Writer::new().nest(top::SERVICE, inner)
}

fn flags(config: &ServiceConfig) -> u32 {
    let set = [
        (config.persistence.is_some(), flag::PERSISTENT),
        (config.one_packet, flag::ONE_PACKET),
        (config.flags.first, flag::FIRST),
        (config.flags.second, flag::SECOND),
        (config.flags.third, flag::THIRD),
    ];
    set.into_iter().filter(|(set, _)| *set).fold(0, |all, (_, bit)| all | bit)
}

fn with_dest(key: Virtual, dest: Writer) -> Vec<u8> {
    Writer::new().nest(top::SERVICE, name(key)).nest(top::DEST, dest).finish()
}

/// The attributes that name a server.
fn place(at: Endpoint) -> Writer {
    let family = if at.ip.is_ipv4() { INET } else { INET6 };
    Writer::new().u16(dest::FAMILY, family).address(dest::ADDRESS, at.ip).port(dest::PORT, at.port)
}

fn whole_dest(at: Endpoint, config: &DestConfig) -> Writer {
    let how = match config.forwarding {
        Forwarding::Nat => method::NAT,
        Forwarding::Dr => method::DR,
        Forwarding::Tun(_) => method::TUN,
    };
    let start = place(at)
        .u32(dest::METHOD, how)
        .u32(dest::WEIGHT, config.weight)
        .u32(dest::UPPER, config.upper)
        .u32(dest::LOWER, config.lower);
    let Forwarding::Tun(tunnel) = config.forwarding else { return start };
    let (kind, port, checksum) = match tunnel {
        Tunnel::Ipip => (0, 0, TunnelChecksum::None),
        Tunnel::Gue(port, checksum) => (1, port, checksum),
        Tunnel::Gre(checksum) => (2, 0, checksum),
    };
    let checksum = match checksum {
        TunnelChecksum::None => 0,
        TunnelChecksum::Csum => 1,
        TunnelChecksum::RemCsum => 2,
    };
    start.u8(dest::TUNNEL, kind).port(dest::TUNNEL_PORT, port).u16(dest::TUNNEL_FLAGS, checksum)
}
