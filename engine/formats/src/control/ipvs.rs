//! The table of virtual servers as the kernel shows it, and the real servers as the checkers see them.
use std::net::{IpAddr, Ipv4Addr};

use serde::{Deserialize, Serialize};
use vrrplab_engine::health::ServerStatus;
use vrrplab_engine::lvs::{DestView, ServiceConfig, ServiceView, Virtual};
use vrrplab_engine::model::{AddressFamily, lvs};

use super::Family;

/// Everything that `ipvs` tells.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ipvs {
    /// The kernel's table, whoever has filled it, in the order of `ipvsadm`.
    pub services: Vec<Service>,
    /// The real servers of the configuration, in its order.
    pub checked: Vec<Checked>,
}

/// The difference between the kernel's table and what the checkers want of it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Drift {
    /// The commands of `ipvsadm` that would end it, in this order; none when there is no difference.
    pub commands: Vec<String>,
}

/// A virtual server of the kernel's table.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Service {
    /// What it answers to.
    #[serde(flatten)]
    pub key: Key,
    /// Who chooses a server; absent for a table without a scheduler.
    pub scheduler: Option<String>,
    /// The scheduler's flags, as `ipvsadm` names them: `sh-port`, `mh-fallback`, `flag-1`.
    pub flags: Vec<String>,
    /// For how long clients stay with their server.
    pub persistent_s: Option<u64>,
    /// Clients of one network stay together: the mask (IPv4) or the length of the prefix (IPv6); absent for single addresses.
    pub mask: Option<String>,
    /// Each UDP packet is scheduled by itself.
    pub one_packet: bool,
    /// Its real servers.
    pub servers: Vec<Server>,
}

/// What a virtual server answers to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Key {
    /// An address and port.
    Address {
        /// The protocol.
        protocol: Protocol,
        /// The address.
        address: IpAddr,
        /// The port; 0 is every port.
        port: u16,
    },
    /// Packets with a mark.
    Mark {
        /// The mark.
        fwmark: u32,
        /// Their family.
        family: Family,
    },
}

/// The protocol of a virtual server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Protocol {
    /// TCP.
    Tcp,
    /// UDP.
    Udp,
    /// SCTP.
    Sctp,
}

/// A real server of the kernel's table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Server {
    /// Its address.
    pub address: IpAddr,
    /// Its port.
    pub port: u16,
    /// How packets reach it.
    pub forward: Forward,
    /// Its weight.
    pub weight: u32,
    /// Active connections.
    pub active: u32,
    /// Inactive connections.
    pub inactive: u32,
}

/// How packets reach a real server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Forward {
    /// Address translation.
    Masq,
    /// Direct routing.
    Route,
    /// A tunnel.
    Tunnel,
}

/// A real server of the configuration, whether the table has it or not.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Checked {
    /// The name of its virtual server: `[10.0.0.100]:tcp:80`.
    pub service: String,
    /// Its own.
    pub server: String,
    /// All its checkers are content.
    pub up: bool,
    /// Its weight, if it is up.
    pub weight: u32,
    /// The quorum of its virtual server is there.
    pub quorum: bool,
}

impl From<&[ServiceView]> for Ipvs {
    fn from(views: &[ServiceView]) -> Ipvs {
        let mut sorted: Vec<&ServiceView> = views.iter().collect();
        sorted.sort_by_key(|view| rank(view.key));
        Ipvs { services: sorted.into_iter().map(Service::from).collect(), checked: Vec::new() }
    }
}

/// Marks last; IPv4 first; then by protocol and address.
fn rank(key: Virtual) -> (u32, bool, u8, Option<lvs::Endpoint>) {
    let six = key.family() == AddressFamily::V6;
    match key {
        Virtual::Address(kind, at) => (0, six, kind as u8, Some(at)),
        Virtual::Mark(_, mark) => (mark, six, 0, None),
    }
}

impl From<&ServiceView> for Service {
    fn from(view: &ServiceView) -> Service {
        let config = &view.config;
        let mut dests: Vec<&DestView> = view.dests.iter().collect();
        dests.sort_by_key(|dest| dest.key);
        Service {
            key: Key::from(view.key),
            scheduler: config.scheduler.map(|scheduler| scheduler.name().to_owned()),
            flags: flags(config).into_iter().map(str::to_owned).collect(),
            persistent_s: config.persistence.map(|persistence| persistence.timeout.0 / 1_000_000_000),
            mask: mask(view),
            one_packet: config.one_packet,
            servers: dests.into_iter().map(Server::from).collect(),
        }
    }
}

impl From<Virtual> for Key {
    fn from(key: Virtual) -> Key {
        match key {
            Virtual::Address(kind, lvs::Endpoint { ip, port }) => {
                let protocol = match kind {
                    lvs::Protocol::Tcp => Protocol::Tcp,
                    lvs::Protocol::Udp => Protocol::Udp,
                    lvs::Protocol::Sctp => Protocol::Sctp,
                };
                Key::Address { protocol, address: ip, port }
            }
            Virtual::Mark(family, fwmark) => {
                let family = match family {
                    AddressFamily::V4 => Family::Ipv4,
                    AddressFamily::V6 => Family::Ipv6,
                };
                Key::Mark { fwmark, family }
            }
        }
    }
}

impl From<&DestView> for Server {
    fn from(dest: &DestView) -> Server {
        let forward = match dest.config.forwarding {
            lvs::Forwarding::Nat => Forward::Masq,
            lvs::Forwarding::Dr => Forward::Route,
            lvs::Forwarding::Tun(_) => Forward::Tunnel,
        };
        let lvs::Endpoint { ip: address, port } = dest.key;
        let (active, inactive) = (dest.active, dest.inactive);
        Server { address, port, forward, weight: dest.config.weight, active, inactive }
    }
}

impl From<ServerStatus<'_>> for Checked {
    fn from(status: ServerStatus<'_>) -> Checked {
        Checked {
            service: status.service.to_owned(),
            server: status.server.to_owned(),
            up: status.alive,
            weight: status.weight,
            quorum: status.quorum,
        }
    }
}

/// The scheduler's flags that are set, as `ipvsadm` names them.
pub(crate) fn flags(config: &ServiceConfig) -> Vec<&'static str> {
    let names = match config.scheduler {
        Some(lvs::Scheduler::Sh) => ["sh-fallback", "sh-port", "flag-3"],
        Some(lvs::Scheduler::Mh) => ["mh-fallback", "mh-port", "flag-3"],
        _ => ["flag-1", "flag-2", "flag-3"],
    };
    let set = [config.flags.first, config.flags.second, config.flags.third];
    names.into_iter().zip(set).filter(|(_, set)| *set).map(|(name, _)| name).collect()
}

fn mask(view: &ServiceView) -> Option<String> {
    let six = view.key.family() == AddressFamily::V6;
    match view.config.persistence?.granularity {
        lvs::Granularity::Mask(mask) if !six && mask != u32::MAX => Some(Ipv4Addr::from_bits(mask).to_string()),
        lvs::Granularity::Prefix(prefix) if six && prefix != 128 => Some(prefix.to_string()),
        _ => None,
    }
}
