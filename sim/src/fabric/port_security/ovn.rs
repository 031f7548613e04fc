//! The `ovn` drivers: port security and ACLs of a logical switch port.
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use vrrplab_engine::model::{IfAddr, Mac};

use super::packet::{Arp, Body, Ip, Packet, Upper};
use super::sources::{Entry, Sources, broadcast, covers, link_local};
use super::{Step, Why};

/// From the host, OVN before 26.03.
pub(super) fn egress(port: &Sources, packet: &Packet) -> Step {
    leave(port, packet, false)
}

/// From the host, with entries that let the port's MAC announce the MAC of a virtual router.
pub(super) fn egress_vrrp(port: &Sources, packet: &Packet) -> Step {
    leave(port, packet, true)
}

fn leave(port: &Sources, packet: &Packet, vrrp: bool) -> Step {
    let of_src = || port.entries.iter().filter(|entry| entry.mac == packet.src);
    let refuse = |why, rule| Step::refuse(if of_src().next().is_some() { why } else { Why::SpoofedMac }, rule);
    let bare = || of_src().any(|entry| entry.v4.is_empty() && entry.v6.is_empty());
    match &packet.body {
        Body::Arp(arp) => match tells(port, packet.src, vrrp, |entry, of| speaks(entry, of, arp)) {
            true => Step::Accept,
            false => refuse(Why::SpoofedArp, "OVN-E7"),
        },
        Body::Rarp | Body::Other if bare() => Step::Accept,
        Body::Rarp | Body::Other => refuse(Why::Kind, "OVN-E6"),
        Body::Ip(ip) => {
            if !bare() && !of_src().any(|entry| sends(entry, ip)) {
                return refuse(Why::SpoofedIp, "OVN-E6");
            }
            let rule = match ip.upper {
                Upper::Neighbour(135, ..) => "OVN-E8",
                Upper::Neighbour(..) => "OVN-E9",
                _ if discovery(ip) => return Step::Accept,
                _ => return Step::Ask,
            };
            let honest = ip.hop_limit == 255 && tells(port, packet.src, vrrp, |entry, of| neighbour(entry, of, ip));
            if honest { Step::Accept } else { refuse(Why::SpoofedNeighbour, rule) }
        }
    }
}

/// An entry of the frame's source MAC, or with `VRRPv3` an entry of a virtual MAC used by the port's own, agrees.
fn tells(port: &Sources, src: Mac, vrrp: bool, agrees: impl Fn(&Entry, Of) -> bool) -> bool {
    port.entries.iter().any(|entry| {
        (entry.mac == src && agrees(entry, Of::Itself))
            || (vrrp && src == port.mac && entry.mac != port.mac && agrees(entry, Of::Virtual))
    })
}

/// Whose entry it is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Of {
    /// That of the MAC that sends.
    Itself,
    /// That of a virtual router behind the port's own MAC.
    Virtual,
}

/// The sender of an ARP packet is the entry's; without IPv4 addresses it may use any.
fn speaks(entry: &Entry, _: Of, arp: &Arp) -> bool {
    arp.sha == entry.mac && (entry.v4.is_empty() || within(&entry.v4, arp.spa.into()))
}

/// The source address of an IP packet is the entry's, or the host has none yet.
fn sends(entry: &Entry, ip: &Ip) -> bool {
    match ip.src {
        IpAddr::V4(_) => !entry.v4.is_empty() && (within(&entry.v4, ip.src) || ip.asks_for_address()),
        IpAddr::V6(_) if entry.v6.is_empty() => false,
        IpAddr::V6(_) => {
            within(&entry.v6, ip.src)
                || ip.src == link_local(entry.mac)
                || (ip.is_from_nobody() && matches!(ip.icmp6(), Some(131 | 135 | 143)))
        }
    }
}

/// The link-layer address and the target of neighbour discovery are the entry's.
fn neighbour(entry: &Entry, of: Of, ip: &Ip) -> bool {
    let Upper::Neighbour(kind, target, told) = ip.upper else { return false };
    // Of the virtual MACs only those of IPv6 may be told.
    let own = |mac| mac == entry.mac && (of == Of::Itself || matches!(mac, Mac([0, 0, 0x5e, 0, 2, _])));
    let target = IpAddr::V6(target);
    let known = || entry.v6.is_empty() || within(&entry.v6, target) || target == link_local(entry.mac);
    told.is_none_or(own) && (kind == 135 || known())
}

fn within(ranges: &[IfAddr], ip: IpAddr) -> bool {
    ranges.iter().any(|range| covers(range, ip))
}

/// Neighbour, router and multicast listener discovery meets no ACL.
fn discovery(ip: &Ip) -> bool {
    matches!(ip.icmp6(), Some(130..=136 | 143))
}

/// To the host: a frame for one host must be for this one, MAC and address.
pub(super) fn ingress(port: &Sources, packet: &Packet) -> Step {
    if !packet.to_many() {
        if !port.knows(packet.dst) {
            return Step::refuse(Why::NotAddressee, "OVN-I1");
        }
        if let Body::Ip(ip) = &packet.body
            && !port.entries.iter().any(|entry| entry.mac == packet.dst && takes(port, entry, ip.dst))
        {
            return Step::refuse(Why::NotAddressee, "OVN-I2");
        }
    }
    match &packet.body {
        Body::Ip(ip) if !discovery(ip) => Step::Ask,
        _ => Step::Accept,
    }
}

fn takes(port: &Sources, entry: &Entry, dst: IpAddr) -> bool {
    if entry.v4.is_empty() && entry.v6.is_empty() {
        return true;
    }
    match dst {
        IpAddr::V4(to) => {
            let all =
                to == Ipv4Addr::BROADCAST || to.is_multicast() || port.fixed.iter().any(|a| broadcast(a) == Some(to));
            !entry.v4.is_empty() && (all || within(&entry.v4, dst))
        }
        IpAddr::V6(to) => {
            !entry.v6.is_empty()
                && (Ipv6Addr::is_multicast(&to) || dst == link_local(entry.mac) || within(&entry.v6, dst))
        }
    }
}
