//! The frames that a kernel reads and writes itself: ARP, ND, and the envelope of IP packets.
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use smoltcp::phy::ChecksumCapabilities;
use smoltcp::wire::{ArpOperation, ArpPacket, ArpRepr, EthernetAddress, EthernetFrame, EthernetProtocol, EthernetRepr};
use smoltcp::wire::{Icmpv6Message, Icmpv6Packet, Icmpv6Repr, IpProtocol, Ipv4Packet, Ipv6Packet, Ipv6Repr};
use smoltcp::wire::{NdiscNeighborFlags, NdiscRepr, RawHardwareAddress};
use vrrplab_engine::model::Mac;

pub(super) use vrrplab_wire::envelope::PROTOCOL_VRRP as VRRP;
pub(super) use vrrplab_wire::flow::ICMPV6;

const ALL_NODES: Ipv6Addr = Ipv6Addr::new(0xff02, 0, 0, 0, 0, 0, 0, 1);

/// A frame for this host, read.
pub(super) enum Heard<'a> {
    Arp(Arp),
    Solicit(Solicit),
    Advert(Advert),
    Ip(&'a [u8]),
}

/// An ARP request or reply.
pub(super) struct Arp {
    pub(super) request: bool,
    pub(super) sender: Ipv4Addr,
    pub(super) mac: Mac,
    pub(super) target: Ipv4Addr,
    pub(super) target_mac: Mac,
}

/// A neighbour solicitation.
pub(super) struct Solicit {
    pub(super) from: Ipv6Addr,
    pub(super) target: IpAddr,
    pub(super) mac: Option<Mac>,
    /// The Ethernet source, where the answer goes when no option names another.
    ethernet: Mac,
    target6: Ipv6Addr,
    multicast: bool,
}

/// A neighbour advertisement with the target's hardware address.
pub(super) struct Advert {
    pub(super) target: IpAddr,
    pub(super) mac: Mac,
    pub(super) solicited: bool,
    pub(super) overrides: bool,
}

/// Of an IP packet.
pub(super) struct Header {
    pub(super) src: IpAddr,
    pub(super) dst: IpAddr,
    pub(super) protocol: u8,
}

/// Whether the frame's destination is exactly this.
pub(super) fn is_to(frame: &[u8], mac: Mac) -> bool {
    frame.get(..6) == Some(&mac.0)
}

/// Whether the frame's source is exactly this.
pub(super) fn is_from(frame: &[u8], mac: Mac) -> bool {
    frame.get(6..12) == Some(&mac.0)
}

/// Reads a frame; `None` when it is broken, not for this MAC, or of no interest.
pub(super) fn parse(frame: &[u8], own: Mac) -> Option<Heard<'_>> {
    let ethernet = EthernetFrame::new_checked(frame).ok()?;
    if !(ethernet.dst_addr().is_multicast() || ethernet.dst_addr().is_broadcast() || is_to(frame, own)) {
        return None;
    }
    match ethernet.ethertype() {
        EthernetProtocol::Arp => {
            let arp = ArpRepr::parse(&ArpPacket::new_checked(ethernet.payload()).ok()?).ok()?;
            let ArpRepr::EthernetIpv4 {
                operation,
                source_hardware_addr: mac,
                source_protocol_addr: sender,
                target_hardware_addr: target_mac,
                target_protocol_addr: target,
            } = arp
            else {
                return None;
            };
            let request = match operation {
                ArpOperation::Request => true,
                ArpOperation::Reply => false,
                ArpOperation::Unknown(_) => return None,
            };
            Some(Heard::Arp(Arp { request, sender, mac: Mac(mac.0), target, target_mac: Mac(target_mac.0) }))
        }
        EthernetProtocol::Ipv4 => {
            let ip = Ipv4Packet::new_checked(ethernet.payload()).ok()?;
            // Short frames carry padding behind the packet.
            let packet = ethernet.payload().get(..usize::from(ip.total_len()))?;
            ip.verify_checksum().then_some(())?;
            Some(Heard::Ip(packet))
        }
        EthernetProtocol::Ipv6 => {
            let ip = Ipv6Packet::new_checked(ethernet.payload()).ok()?;
            let packet = ethernet.payload().get(..ip.total_len())?;
            if ip.next_header() == IpProtocol::Icmpv6
                && let Ok(icmp) = Icmpv6Packet::new_checked(ip.payload())
                && is_discovery(icmp.msg_type())
            {
                return discovery(&ip, Mac(ethernet.src_addr().0));
            }
            Some(Heard::Ip(packet))
        }
        EthernetProtocol::Unknown(_) => None,
    }
}

fn is_discovery(message: Icmpv6Message) -> bool {
    matches!(
        message,
        Icmpv6Message::NeighborSolicit
            | Icmpv6Message::NeighborAdvert
            | Icmpv6Message::RouterSolicit
            | Icmpv6Message::RouterAdvert
            | Icmpv6Message::Redirect
    )
}

fn discovery<'a>(ip: &Ipv6Packet<&'a [u8]>, ethernet: Mac) -> Option<Heard<'a>> {
    let (src, dst) = (ip.src_addr(), ip.dst_addr());
    let icmp = Icmpv6Packet::new_checked(ip.payload()).ok()?;
    let repr = Icmpv6Repr::parse(&src, &dst, &icmp, &ChecksumCapabilities::default()).ok()?;
    let mac = |raw: RawHardwareAddress| raw.as_bytes().try_into().ok().map(Mac);
    if ip.hop_limit() != 255 {
        return None;
    }
    match repr {
        Icmpv6Repr::Ndisc(NdiscRepr::NeighborSolicit { target_addr, lladdr }) => Some(Heard::Solicit(Solicit {
            from: src,
            target: target_addr.into(),
            mac: lladdr.and_then(mac),
            ethernet,
            target6: target_addr,
            multicast: dst.is_multicast(),
        })),
        Icmpv6Repr::Ndisc(NdiscRepr::NeighborAdvert { flags, target_addr, lladdr }) => Some(Heard::Advert(Advert {
            target: target_addr.into(),
            mac: lladdr.and_then(mac)?,
            solicited: flags.contains(NdiscNeighborFlags::SOLICITED),
            overrides: flags.contains(NdiscNeighborFlags::OVERRIDE),
        })),
        _ => None,
    }
}

/// The header of an IP packet.
pub(super) fn header(packet: &[u8]) -> Option<Header> {
    match packet.first()? >> 4 {
        4 => {
            let ip = Ipv4Packet::new_checked(packet).ok()?;
            Some(Header { src: ip.src_addr().into(), dst: ip.dst_addr().into(), protocol: ip.next_header().into() })
        }
        6 => {
            let ip = Ipv6Packet::new_checked(packet).ok()?;
            Some(Header { src: ip.src_addr().into(), dst: ip.dst_addr().into(), protocol: ip.next_header().into() })
        }
        _ => None,
    }
}

/// The MAC address of a multicast group or of the limited broadcast.
pub(super) fn group_mac(ip: IpAddr) -> Option<Mac> {
    match ip {
        IpAddr::V4(ip) if ip.is_broadcast() => Some(Mac([0xff; 6])),
        IpAddr::V4(ip) if ip.is_multicast() => {
            let [_, b, c, d] = ip.octets();
            Some(Mac([1, 0, 0x5e, b & 0x7f, c, d]))
        }
        IpAddr::V6(ip) if ip.is_multicast() => Some(group6(ip)),
        _ => None,
    }
}

fn group6(ip: Ipv6Addr) -> Mac {
    let o = ip.octets();
    Mac([0x33, 0x33, o[12], o[13], o[14], o[15]])
}

/// Whether two addresses share so many bits.
pub(super) fn same_prefix(a: IpAddr, b: IpAddr, prefix: u8) -> bool {
    let (a, b, width) = match (a, b) {
        (IpAddr::V4(a), IpAddr::V4(b)) => (u128::from(a.to_bits()), u128::from(b.to_bits()), 32_u32),
        (IpAddr::V6(a), IpAddr::V6(b)) => (a.to_bits(), b.to_bits(), 128),
        _ => return false,
    };
    (a ^ b).checked_shr(width.saturating_sub(prefix.into())).unwrap_or(0) == 0
}

fn envelope(src: Mac, dst: Mac, ethertype: EthernetProtocol, len: usize) -> Vec<u8> {
    let mut bytes = vec![0; 14 + len];
    let repr = EthernetRepr { src_addr: EthernetAddress(src.0), dst_addr: EthernetAddress(dst.0), ethertype };
    repr.emit(&mut EthernetFrame::new_unchecked(&mut bytes));
    bytes
}

/// An IP packet in its Ethernet frame.
pub(super) fn ethernet(src: Mac, dst: Mac, packet: &[u8]) -> Vec<u8> {
    let v6 = packet.first().is_some_and(|b| b >> 4 == 6);
    let ethertype = if v6 { EthernetProtocol::Ipv6 } else { EthernetProtocol::Ipv4 };
    let mut bytes = envelope(src, dst, ethertype, packet.len());
    bytes[14..].copy_from_slice(packet);
    bytes
}

fn arp(to: Mac, operation: ArpOperation, own: (Mac, Ipv4Addr), target: (Mac, Ipv4Addr)) -> Vec<u8> {
    let mut bytes = envelope(own.0, to, EthernetProtocol::Arp, 28);
    let repr = ArpRepr::EthernetIpv4 {
        operation,
        source_hardware_addr: EthernetAddress(own.0.0),
        source_protocol_addr: own.1,
        target_hardware_addr: EthernetAddress(target.0.0),
        target_protocol_addr: target.1,
    };
    repr.emit(&mut ArpPacket::new_unchecked(&mut bytes[14..]));
    bytes
}

/// The answer to a request for one of our addresses.
pub(super) fn arp_reply(own: Mac, to: &Arp) -> Vec<u8> {
    arp(to.mac, ArpOperation::Reply, (own, to.target), (to.mac, to.sender))
}

/// A question for a neighbour: to everyone, or to the MAC where it was last known.
pub(super) fn question(own: Mac, speaker: IpAddr, target: IpAddr, known: Option<Mac>) -> Option<Vec<u8>> {
    match (speaker, target) {
        (IpAddr::V4(speaker), IpAddr::V4(target)) => {
            let to = known.unwrap_or(Mac([0xff; 6]));
            Some(arp(to, ArpOperation::Request, (own, speaker), (Mac([0; 6]), target)))
        }
        (IpAddr::V6(speaker), IpAddr::V6(target)) => {
            let o = target.octets();
            let group = Ipv6Addr::from([0xff, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0xff, o[13], o[14], o[15]]);
            let (dst, to) = known.map_or((group, group6(group)), |mac| (target, mac));
            let lladdr = Some(RawHardwareAddress::from_bytes(&own.0));
            Some(nd(own, to, speaker, dst, NdiscRepr::NeighborSolicit { target_addr: target, lladdr }))
        }
        _ => None,
    }
}

/// The answer to a solicitation for one of our addresses.
pub(super) fn advertisement(own: Mac, to: &Solicit) -> Vec<u8> {
    let probe = to.from.is_unspecified();
    let mut flags = NdiscNeighborFlags::empty();
    flags.set(NdiscNeighborFlags::SOLICITED, !probe);
    flags.set(NdiscNeighborFlags::OVERRIDE, to.multicast);
    let lladdr = Some(RawHardwareAddress::from_bytes(&own.0));
    let repr = NdiscRepr::NeighborAdvert { flags, target_addr: to.target6, lladdr };
    let (dst, mac) = if probe { (ALL_NODES, group6(ALL_NODES)) } else { (to.from, to.mac.unwrap_or(to.ethernet)) };
    nd(own, mac, to.target6, dst, repr)
}

fn nd(own: Mac, to: Mac, src: Ipv6Addr, dst: Ipv6Addr, repr: NdiscRepr<'_>) -> Vec<u8> {
    let icmp = Icmpv6Repr::Ndisc(repr);
    let ip = Ipv6Repr {
        src_addr: src,
        dst_addr: dst,
        next_header: IpProtocol::Icmpv6,
        payload_len: icmp.buffer_len(),
        hop_limit: 255,
    };
    let mut bytes = envelope(own, to, EthernetProtocol::Ipv6, 40 + icmp.buffer_len());
    ip.emit(&mut Ipv6Packet::new_unchecked(&mut bytes[14..]));
    icmp.emit(&src, &dst, &mut Icmpv6Packet::new_unchecked(&mut bytes[54..]), &ChecksumCapabilities::default());
    bytes
}
