//! From the configuration of a virtual server to the commands that the kernel's table understands. The one place of health
//! checking that knows these commands; of LVS it knows nothing else.
use alloc::vec::Vec;
use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};

pub use crate::lvs::config::{DestConfig, IpvsCommand, ServiceConfig, Virtual};
pub use crate::lvs::diff::Wanted;
use crate::model::lvs::{
    Endpoint, Forwarding, GroupMember, Protocol, RealServerModel, ServerGroupModel, ServiceKey, SorryServer,
    VirtualServerModel,
};
use crate::model::{AddressFamily, lvs};

/// The services of the kernel that one virtual server stands for: one, or one for each member of its group.
pub fn targets(server: &VirtualServerModel, groups: &[ServerGroupModel]) -> Vec<Virtual> {
    let protocol = server.protocol.unwrap_or(Protocol::Udp);
    match &server.key {
        ServiceKey::Address(endpoint) => Vec::from([Virtual::Address(protocol, *endpoint)]),
        ServiceKey::Mark(mark, family) => Vec::from([Virtual::Mark(*family, *mark)]),
        ServiceKey::Group(group) => {
            let members = groups.get(*group).map_or(&[][..], |group| &group.members);
            members.iter().flat_map(|member| expand(*member, protocol)).collect()
        }
    }
}

fn expand(member: GroupMember, protocol: Protocol) -> Vec<Virtual> {
    match member {
        GroupMember::Mark(mark, family) => Vec::from([Virtual::Mark(family.unwrap_or(AddressFamily::V4), mark)]),
        GroupMember::Addresses { first, more } => {
            let nth = |n: u32| Endpoint { ip: plus(first.ip, n), port: first.port };
            (0..=more).map(|n| Virtual::Address(protocol, nth(n))).collect()
        }
    }
}

fn plus(ip: IpAddr, n: u32) -> IpAddr {
    match ip {
        IpAddr::V4(ip) => IpAddr::V4(Ipv4Addr::from_bits(ip.to_bits().wrapping_add(n))),
        IpAddr::V6(ip) => IpAddr::V6(Ipv6Addr::from_bits(ip.to_bits().wrapping_add(u128::from(n)))),
    }
}

/// The settings of its services.
pub fn service_config(server: &VirtualServerModel) -> ServiceConfig {
    ServiceConfig {
        scheduler: Some(server.scheduler),
        flags: server.flags,
        one_packet: server.one_packet,
        persistence: server.persistence,
    }
}

/// A real server or sorry server as the table shall hold it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry {
    endpoint: Endpoint,
    config: DestConfig,
}

impl Entry {
    /// A real server with this weight.
    pub fn of(server: &RealServerModel, weight: u32) -> Entry {
        let (upper, lower) = (server.upper_threshold, server.lower_threshold);
        Entry { endpoint: server.endpoint, config: DestConfig { forwarding: server.forwarding, weight, upper, lower } }
    }

    /// A sorry server with this weight.
    pub fn sorry(server: &SorryServer, weight: u32) -> Entry {
        let config = DestConfig { forwarding: server.forwarding, weight, upper: 0, lower: 0 };
        Entry { endpoint: server.endpoint, config }
    }

    /// What a service holds of it.
    pub fn held_by(self, service: Virtual) -> (Endpoint, DestConfig) {
        (self.within(service), self.config)
    }

    /// Its port in a service: the service's where it has none of its own or where nothing is rewritten; marks have none then.
    fn within(self, service: Virtual) -> Endpoint {
        let rewritten = matches!(self.config.forwarding, Forwarding::Nat);
        let port = match service {
            Virtual::Mark(..) if !rewritten => 0,
            Virtual::Address(_, lvs::Endpoint { port, .. }) if !rewritten || self.endpoint.port == 0 => port,
            _ => self.endpoint.port,
        };
        Endpoint { ip: self.endpoint.ip, port }
    }
}

/// One wish for the entry of a server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wish {
    /// It is to be there.
    Add,
    /// It is to be otherwise.
    Edit,
    /// It is to go.
    Delete,
}

/// The command for one service.
pub fn command(wish: Wish, service: Virtual, entry: Entry) -> IpvsCommand {
    let place = entry.within(service);
    match wish {
        Wish::Add => IpvsCommand::AddDest(service, place, entry.config),
        Wish::Edit => IpvsCommand::EditDest(service, place, entry.config),
        Wish::Delete => IpvsCommand::DeleteDest(service, place),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SERVICE: Virtual = Virtual::Address(Protocol::Tcp, at(8080));

    const fn at(port: u16) -> Endpoint {
        Endpoint { ip: IpAddr::V4(Ipv4Addr::new(10, 0, 0, 1)), port }
    }

    fn port_within(service: Virtual, port: u16, forwarding: Forwarding) -> u16 {
        let config = DestConfig { forwarding, ..DestConfig::default() };
        Entry { endpoint: at(port), config }.within(service).port
    }

    #[test]
    fn a_server_has_a_port_of_its_own_only_where_packets_are_rewritten() {
        let tunnel = Forwarding::Tun(lvs::Tunnel::Ipip);
        assert_eq!(port_within(SERVICE, 80, Forwarding::Nat), 80);
        assert_eq!(port_within(SERVICE, 0, Forwarding::Nat), 8080);
        assert_eq!(port_within(SERVICE, 80, Forwarding::Dr), 8080, "as keepalived has it for members of groups");
        assert_eq!(port_within(SERVICE, 80, tunnel), 8080);
        let mark = Virtual::Mark(AddressFamily::V4, 5);
        assert_eq!(port_within(mark, 80, Forwarding::Nat), 80);
        assert_eq!(port_within(mark, 80, Forwarding::Dr), 0);
    }
}
