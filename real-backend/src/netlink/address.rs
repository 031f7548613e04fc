//! A virtual address in the kernel's words.
use std::net::{IpAddr, Ipv4Addr};

use netlink_packet_route::AddressFamily;
use netlink_packet_route::address::{
    AddressAttribute, AddressFlags, AddressHeaderFlags, AddressMessage, AddressScope, CacheInfo,
};
use vrrplab_engine::model::{AddressFlag, AddressOptions, Broadcast, IfAddr};

const FOREVER: u32 = u32::MAX;

/// What the kernel is told to remove an address: no more than which one it is, for one whose label or flags are other than
/// said would stay.
pub(super) fn removal(index: u32, addr: IfAddr, options: &AddressOptions) -> AddressMessage {
    let mut message = message(index, addr, options);
    message.attributes.retain(|told| matches!(told, AddressAttribute::Local(_) | AddressAttribute::Address(_)));
    message
}

/// What the kernel is told to add an address.
pub(super) fn message(index: u32, addr: IfAddr, options: &AddressOptions) -> AddressMessage {
    let mut message = AddressMessage::default();
    message.header.family = if addr.ip.is_ipv4() { AddressFamily::Inet } else { AddressFamily::Inet6 };
    message.header.index = index;
    message.header.scope = AddressScope::from(options.scope.unwrap_or(0));
    message.header.prefix_len = options.peer.map_or(addr.prefix, |peer| peer.prefix);
    message.attributes.push(AddressAttribute::Local(addr.ip));
    message.attributes.push(AddressAttribute::Address(options.peer.map_or(addr.ip, |peer| peer.ip)));
    if let IpAddr::V4(ip) = addr.ip {
        message.attributes.extend(broadcast(ip, addr.prefix, options).map(AddressAttribute::Broadcast));
        message.attributes.extend(options.label.clone().map(AddressAttribute::Label));
    }
    let flags = flags(addr, options);
    if !flags.is_empty() {
        // the low byte stands in the header too, for kernels that look there
        message.header.flags = AddressHeaderFlags::from_bits_retain(flags.bits().to_le_bytes()[0]);
        message.attributes.push(AddressAttribute::Flags(flags));
    }
    if let Some(preferred) = preferred(addr, options) {
        let mut lifetime = CacheInfo::default();
        (lifetime.ifa_preferred, lifetime.ifa_valid) = (preferred, FOREVER);
        message.attributes.push(AddressAttribute::CacheInfo(lifetime));
    }
    message
}

fn broadcast(ip: Ipv4Addr, prefix: u8, options: &AddressOptions) -> Option<Ipv4Addr> {
    let host = u32::MAX.checked_shr(u32::from(prefix)).unwrap_or(0);
    match options.broadcast? {
        Broadcast::Ones => Some(Ipv4Addr::from_bits(ip.to_bits() | host)),
        Broadcast::Zeros => Some(Ipv4Addr::from_bits(ip.to_bits() & !host)),
        Broadcast::Address(IpAddr::V4(given)) => Some(given),
        Broadcast::Address(IpAddr::V6(_)) => None,
    }
}

/// An IPv6 address is used at once, without asking whether another has it: the master that stops has it still.
fn flags(addr: IfAddr, options: &AddressOptions) -> AddressFlags {
    let has = |flag| options.flags.contains(&flag);
    let mut flags = AddressFlags::empty();
    flags.set(AddressFlags::Nodad, addr.ip.is_ipv6() && !has(AddressFlag::Dad));
    flags.set(AddressFlags::Homeaddress, has(AddressFlag::Home));
    flags.set(AddressFlags::Managetempaddr, has(AddressFlag::ManageTemporary));
    flags.set(AddressFlags::Noprefixroute, has(AddressFlag::NoPrefixRoute));
    flags.set(AddressFlags::Mcautojoin, has(AddressFlag::AutoJoin));
    flags
}

/// An IPv6 address of 128 bits is no source address by itself: it is deprecated from the first moment.
fn preferred(addr: IfAddr, options: &AddressOptions) -> Option<u32> {
    options.preferred_lft.or((addr.ip.is_ipv6() && addr.prefix == 128).then_some(0))
}

#[cfg(test)]
mod tests {
    use std::net::Ipv6Addr;

    use super::*;

    fn v4(options: &AddressOptions) -> AddressMessage {
        let addr = IfAddr { ip: IpAddr::V4(Ipv4Addr::new(10, 0, 0, 100)), prefix: 24 };
        message(2, addr, options)
    }

    #[test]
    fn an_ipv4_address_says_no_more_than_it_is_told_to() {
        let message = v4(&AddressOptions::default());
        let ip = IpAddr::V4(Ipv4Addr::new(10, 0, 0, 100));
        assert_eq!(message.attributes, [AddressAttribute::Local(ip), AddressAttribute::Address(ip)]);
        assert_eq!((message.header.prefix_len, message.header.index), (24, 2));
        assert_eq!(message.header.scope, AddressScope::Universe);
    }

    #[test]
    fn broadcast_label_scope_and_flags_are_handed_on() {
        let options = AddressOptions {
            broadcast: Some(Broadcast::Ones),
            scope: Some(253),
            label: Some("eth0:vip".into()),
            flags: vec![AddressFlag::NoPrefixRoute],
            ..AddressOptions::default()
        };
        let message = v4(&options);
        assert_eq!(message.header.scope, AddressScope::Link);
        for expected in [
            AddressAttribute::Broadcast(Ipv4Addr::new(10, 0, 0, 255)),
            AddressAttribute::Label("eth0:vip".into()),
            AddressAttribute::Flags(AddressFlags::Noprefixroute),
        ] {
            assert!(message.attributes.contains(&expected), "{expected:?} in {message:?}");
        }
    }

    #[test]
    fn to_be_removed_an_address_is_named_and_nothing_else() {
        let options = AddressOptions {
            broadcast: Some(Broadcast::Ones),
            label: Some("eth0:vip".into()),
            flags: vec![AddressFlag::NoPrefixRoute],
            ..AddressOptions::default()
        };
        let addr = IfAddr { ip: IpAddr::V4(Ipv4Addr::new(10, 0, 0, 100)), prefix: 24 };
        let told = removal(2, addr, &options);
        assert_eq!(told.attributes, [AddressAttribute::Local(addr.ip), AddressAttribute::Address(addr.ip)]);
    }

    #[test]
    fn an_ipv6_address_is_not_checked_for_others_and_a_host_address_is_deprecated() {
        let addr = IfAddr { ip: IpAddr::V6(Ipv6Addr::LOCALHOST), prefix: 128 };
        let told = message(2, addr, &AddressOptions::default());
        assert!(told.attributes.contains(&AddressAttribute::Flags(AddressFlags::Nodad)));
        assert_eq!(told.header.flags, AddressHeaderFlags::Nodad);
        let lifetime = told.attributes.iter().find_map(|a| match a {
            AddressAttribute::CacheInfo(info) => Some((info.ifa_preferred, info.ifa_valid)),
            _ => None,
        });
        assert_eq!(lifetime, Some((0, FOREVER)));
        let checked = AddressOptions { flags: vec![AddressFlag::Dad], ..AddressOptions::default() };
        let told = message(2, IfAddr { prefix: 64, ..addr }, &checked);
        assert_eq!(told.attributes.len(), 2, "{told:?}");
    }
}
