//! What one message of the kernel says, in our words.
use std::net::IpAddr;

use netlink_packet_route::address::{AddressAttribute, AddressFlags, AddressMessage};
use netlink_packet_route::link::{InfoKind, LinkAttribute, LinkFlags, LinkInfo, LinkMessage};
use netlink_packet_route::{AddressFamily, RouteNetlinkMessage};
use vrrplab_engine::model::{IfAddr, IfIndex, Mac};

use super::table::LinkEntry;

/// One change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum News {
    /// A link is so now.
    Link(LinkEntry),
    /// A link is gone.
    LinkGone(IfIndex),
    /// An address is there.
    Address(IfIndex, IfAddr),
    /// An address is gone.
    AddressGone(IfIndex, IfAddr),
}

/// What a message says, if it concerns links or usable addresses.
pub(super) fn of(message: &RouteNetlinkMessage) -> Option<News> {
    match message {
        RouteNetlinkMessage::NewLink(link) if is_of_a_link(link) => Some(News::Link(entry(link))),
        RouteNetlinkMessage::DelLink(link) if is_of_a_link(link) => Some(News::LinkGone(IfIndex(link.header.index))),
        RouteNetlinkMessage::NewAddress(message) if is_usable(message) => {
            Some(News::Address(IfIndex(message.header.index), address(message)?))
        }
        RouteNetlinkMessage::DelAddress(message) => {
            Some(News::AddressGone(IfIndex(message.header.index), address(message)?))
        }
        _ => None,
    }
}

/// Bridges tell of their ports in messages of the same type: a port that leaves is no link that is gone.
fn is_of_a_link(link: &LinkMessage) -> bool {
    link.header.interface_family == AddressFamily::Unspec
}

fn entry(link: &LinkMessage) -> LinkEntry {
    let mut entry = LinkEntry {
        index: IfIndex(link.header.index),
        kernel: link.header.index,
        name: None,
        mac: None,
        base: None,
        is_macvlan: false,
        up: link.header.flags.contains(LinkFlags::Up | LinkFlags::Running),
        addresses: Vec::new(),
    };
    for attribute in &link.attributes {
        match attribute {
            LinkAttribute::IfName(name) => entry.name = Some(name.clone()),
            LinkAttribute::Address(mac) => entry.mac = <[u8; 6]>::try_from(mac.as_slice()).ok().map(Mac),
            LinkAttribute::Link(base) => entry.base = Some(*base),
            LinkAttribute::LinkInfo(parts) => entry.is_macvlan = parts.contains(&LinkInfo::Kind(InfoKind::MacVlan)),
            _ => {}
        }
    }
    entry
}

/// An IPv6 address that is still being checked, or was found to be another's, is not used.
fn is_usable(message: &AddressMessage) -> bool {
    let mut flags = AddressFlags::from_bits_retain(u32::from(message.header.flags.bits()));
    for attribute in &message.attributes {
        if let AddressAttribute::Flags(all) = attribute {
            flags = *all;
        }
    }
    let unusable = flags.intersects(AddressFlags::Tentative | AddressFlags::Dadfailed);
    !unusable || flags.contains(AddressFlags::Optimistic)
}

/// The own address: where there is a peer, that is the local one.
fn address(message: &AddressMessage) -> Option<IfAddr> {
    let (mut local, mut other) = (None, None);
    for attribute in &message.attributes {
        match attribute {
            AddressAttribute::Local(ip) => local = Some(*ip),
            AddressAttribute::Address(ip) => other = Some(*ip),
            _ => {}
        }
    }
    let ip: IpAddr = local.or(other)?;
    Some(IfAddr { ip, prefix: message.header.prefix_len })
}

#[cfg(test)]
mod tests {
    use std::net::{Ipv4Addr, Ipv6Addr};

    use super::*;

    fn link(family: AddressFamily, flags: LinkFlags) -> LinkMessage {
        let mut link = LinkMessage::default();
        link.header.interface_family = family;
        link.header.index = 7;
        link.header.flags = flags;
        link.attributes = vec![LinkAttribute::IfName("eth0".into()), LinkAttribute::Address(vec![2, 0, 0, 0, 0, 1])];
        link
    }

    fn address_of(ip: IpAddr, flags: AddressFlags) -> AddressMessage {
        let mut message = AddressMessage::default();
        (message.header.index, message.header.prefix_len) = (7, 24);
        message.attributes = vec![AddressAttribute::Address(ip), AddressAttribute::Flags(flags)];
        message
    }

    #[test]
    fn a_link_is_up_when_it_is_set_up_and_has_carrier() {
        let both = LinkFlags::Up | LinkFlags::Running;
        for (flags, up) in [(both, true), (LinkFlags::Up, false), (LinkFlags::Running, false)] {
            let message = RouteNetlinkMessage::NewLink(link(AddressFamily::Unspec, flags));
            let Some(News::Link(entry)) = of(&message) else { panic!("{message:?}") };
            assert_eq!((entry.up, entry.name.as_deref(), entry.index), (up, Some("eth0"), IfIndex(7)));
            assert_eq!(entry.mac, Some(Mac([2, 0, 0, 0, 0, 1])));
        }
    }

    #[test]
    fn a_port_that_leaves_its_bridge_is_no_link_that_is_gone() {
        let port = link(AddressFamily::Bridge, LinkFlags::empty());
        assert_eq!(of(&RouteNetlinkMessage::DelLink(port.clone())), None);
        assert_eq!(of(&RouteNetlinkMessage::NewLink(port)), None);
        let link = link(AddressFamily::Unspec, LinkFlags::empty());
        assert_eq!(of(&RouteNetlinkMessage::DelLink(link)), Some(News::LinkGone(IfIndex(7))));
    }

    #[test]
    fn addresses_count_once_they_may_be_used() {
        let ip = IpAddr::V6(Ipv6Addr::LOCALHOST);
        let addr = IfAddr { ip, prefix: 24 };
        let new = |flags| of(&RouteNetlinkMessage::NewAddress(address_of(ip, flags)));
        assert_eq!(new(AddressFlags::Permanent), Some(News::Address(IfIndex(7), addr)));
        assert_eq!(new(AddressFlags::Tentative), None);
        assert_eq!(new(AddressFlags::Tentative | AddressFlags::Optimistic), Some(News::Address(IfIndex(7), addr)));
        assert_eq!(new(AddressFlags::Dadfailed), None);
        let gone = of(&RouteNetlinkMessage::DelAddress(address_of(ip, AddressFlags::Tentative)));
        assert_eq!(gone, Some(News::AddressGone(IfIndex(7), addr)));
    }

    #[test]
    fn with_a_peer_the_own_address_is_the_local_one() {
        let (own, peer) = (IpAddr::V4(Ipv4Addr::new(10, 0, 0, 1)), IpAddr::V4(Ipv4Addr::new(10, 0, 0, 2)));
        let mut message = address_of(peer, AddressFlags::Permanent);
        message.attributes.push(AddressAttribute::Local(own));
        let news = of(&RouteNetlinkMessage::NewAddress(message));
        assert_eq!(news, Some(News::Address(IfIndex(7), IfAddr { ip: own, prefix: 24 })));
    }
}
