//! What a table of virtual servers is told: keys, settings, commands, and the errors of wrong ones.
use core::net::IpAddr;

use crate::model::AddressFamily;
use crate::model::lvs::{Endpoint, Forwarding, Granularity, Persistence, Protocol, Scheduler, SchedulerFlags, Tunnel};

/// The key of a service.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Virtual {
    /// An address and port of one protocol; port 0 is every port and needs persistence.
    Address(Protocol, Endpoint),
    /// Packets of one family with this mark.
    Mark(AddressFamily, u32),
}

impl Virtual {
    /// The family of its clients.
    pub const fn family(self) -> AddressFamily {
        match self {
            Virtual::Address(_, Endpoint { ip: IpAddr::V4(_), .. }) => AddressFamily::V4,
            Virtual::Address(_, Endpoint { ip: IpAddr::V6(_), .. }) => AddressFamily::V6,
            Virtual::Mark(family, _) => family,
        }
    }
    /// Its port; 0 for marks.
    pub const fn port(self) -> u16 {
        match self {
            Virtual::Address(_, endpoint) => endpoint.port,
            Virtual::Mark(..) => 0,
        }
    }
}

/// The settings of a service.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ServiceConfig {
    /// Who chooses; none picks nobody.
    pub scheduler: Option<Scheduler>,
    /// What `sh` and `mh` read.
    pub flags: SchedulerFlags,
    /// Each UDP packet is scheduled by itself.
    pub one_packet: bool,
    /// Clients stay with their server.
    pub persistence: Option<Persistence>,
}

/// The settings of a real server within a service.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DestConfig {
    /// How packets reach it.
    pub forwarding: Forwarding,
    /// 0 takes no new connections.
    pub weight: u32,
    /// Overloaded at so many connections; 0 is never.
    pub upper: u32,
    /// No longer overloaded below so many; 0 is three quarters of `upper`.
    pub lower: u32,
}

impl Default for DestConfig {
    fn default() -> DestConfig {
        DestConfig { forwarding: Forwarding::Nat, weight: 1, upper: 0, lower: 0 }
    }
}

/// One change of the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IpvsCommand {
    /// A new service without servers.
    AddService(Virtual, ServiceConfig),
    /// Other settings for a service; the same scheduler keeps its state.
    EditService(Virtual, ServiceConfig),
    /// The service and its servers go; connections stay.
    DeleteService(Virtual),
    /// A new server, first in the list.
    AddDest(Virtual, Endpoint, DestConfig),
    /// Other settings for a server, which keeps its place.
    EditDest(Virtual, Endpoint, DestConfig),
    /// The server goes; its connections stay.
    DeleteDest(Virtual, Endpoint),
    /// Everything goes.
    Flush,
}

impl IpvsCommand {
    /// Whether the table is as this command wants it although the kernel says this error: what is to be added is there already,
    /// what is to be deleted is not there.
    pub const fn is_met_despite(&self, errno: i32) -> bool {
        match self {
            IpvsCommand::AddService(..) | IpvsCommand::AddDest(..) => errno == LvsError::Exists.errno(),
            IpvsCommand::DeleteService(..) | IpvsCommand::DeleteDest(..) => {
                errno == LvsError::NoSuchDest.errno() || errno == LvsError::NoSuchService.errno()
            }
            IpvsCommand::EditService(..) | IpvsCommand::EditDest(..) | IpvsCommand::Flush => false,
        }
    }
}

/// Why the table refuses a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LvsError {
    /// There is such a service or server already.
    Exists,
    /// No such server to edit or delete.
    NoSuchDest,
    /// No such service.
    NoSuchService,
    /// A weight or threshold out of range, or the lower threshold above the upper.
    Range,
    /// An address, prefix, tunnel port, threshold or mix of families that cannot be.
    Invalid,
}

impl LvsError {
    /// The kernel's number for it.
    pub const fn errno(self) -> i32 {
        match self {
            LvsError::Exists => 17,
            LvsError::NoSuchDest => 2,
            LvsError::NoSuchService => 3,
            LvsError::Range => 34,
            LvsError::Invalid => 22,
        }
    }
}

/// The largest weight and threshold.
const INT_MAX: u32 = i32::MAX as u32;

/// Checks the settings of a service.
pub(crate) fn check_service(key: Virtual, config: &ServiceConfig) -> Result<(), LvsError> {
    let granularity = config.persistence.map(|p| p.granularity);
    match (key.family(), granularity) {
        (_, None) | (AddressFamily::V4, Some(Granularity::Mask(_))) => Ok(()),
        (AddressFamily::V6, Some(Granularity::Prefix(1..=128))) => Ok(()),
        _ => Err(LvsError::Invalid),
    }
}

/// Checks the settings of a server.
pub(crate) fn check_dest(key: Virtual, dest: Endpoint, config: &DestConfig) -> Result<(), LvsError> {
    if config.weight > INT_MAX || config.lower > config.upper {
        return Err(LvsError::Range);
    }
    let nowhere = match dest.ip {
        IpAddr::V4(ip) => ip.is_unspecified() || ip.is_broadcast() || ip.is_multicast(),
        IpAddr::V6(ip) => ip.is_unspecified() || ip.is_multicast(),
    };
    let same_family = dest.ip.is_ipv4() == (key.family() == AddressFamily::V4);
    let tunnel = matches!(config.forwarding, Forwarding::Tun(_));
    let no_gue_port = matches!(config.forwarding, Forwarding::Tun(Tunnel::Gue(0, _)));
    if config.upper > INT_MAX || nowhere || no_gue_port || !(same_family || tunnel) {
        return Err(LvsError::Invalid);
    }
    Ok(())
}
