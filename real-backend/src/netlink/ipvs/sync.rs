//! The two sync daemons of the kernel: one tells other directors of connections, one hears of theirs.
use std::net::IpAddr;

use super::attribute::Writer;
use super::command::top;

/// The attributes of a sync daemon.
mod daemon {
    pub const STATE: u16 = 1;
    pub const INTERFACE: u16 = 2;
    pub const ID: u16 = 3;
    pub const MOST_BYTES: u16 = 4;
    pub const GROUP: u16 = 5;
    pub const GROUP6: u16 = 6;
    pub const PORT: u16 = 7;
    pub const TTL: u16 = 8;
}

/// Which of the two.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SyncRole {
    /// It tells.
    Master,
    /// It hears.
    Backup,
}

impl SyncRole {
    /// Both.
    pub const ALL: [SyncRole; 2] = [SyncRole::Master, SyncRole::Backup];

    /// Its name.
    pub const fn name(self) -> &'static str {
        match self {
            SyncRole::Master => "master",
            SyncRole::Backup => "backup",
        }
    }

    const fn number(self) -> u32 {
        match self {
            SyncRole::Master => 1,
            SyncRole::Backup => 2,
        }
    }
}

/// How it talks. What is not given is the kernel's choice.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SyncDaemon {
    /// By this interface.
    pub interface: String,
    /// Only those of one number talk with each other.
    pub id: u8,
    /// The largest datagram.
    pub most_bytes: Option<u16>,
    /// To this group.
    pub group: Option<IpAddr>,
    /// To this port.
    pub port: Option<u16>,
    /// So far.
    pub ttl: Option<u8>,
}

pub(super) fn start(role: SyncRole, wanted: &SyncDaemon) -> Vec<u8> {
    let mut inner = name(role, wanted);
    if let Some(most) = wanted.most_bytes {
        inner = inner.u16(daemon::MOST_BYTES, most);
    }
    inner = match wanted.group {
        Some(IpAddr::V4(group)) => inner.bytes(daemon::GROUP, &group.octets()),
        Some(IpAddr::V6(group)) => inner.bytes(daemon::GROUP6, &group.octets()),
        None => inner,
    };
    if let Some(port) = wanted.port {
        inner = inner.u16(daemon::PORT, port); // alone among ports in the order of the host
    }
    if let Some(ttl) = wanted.ttl {
        inner = inner.u8(daemon::TTL, ttl);
    }
    Writer::new().nest(top::DAEMON, inner).finish()
}

pub(super) fn stop(role: SyncRole, wanted: &SyncDaemon) -> Vec<u8> {
    Writer::new().nest(top::DAEMON, name(role, wanted)).finish()
}

fn name(role: SyncRole, wanted: &SyncDaemon) -> Writer {
    Writer::new()
        .u32(daemon::STATE, role.number())
        .text(daemon::INTERFACE, &wanted.interface)
        .u32(daemon::ID, u32::from(wanted.id))
}
