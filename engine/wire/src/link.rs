//! The Ethernet layer, with at most one 802.1Q tag, and the plain IP header facts that every reader here starts from.

use core::net::{IpAddr, Ipv6Addr};

use smoltcp::wire::{ETHERNET_HEADER_LEN, EthernetFrame, IPV4_HEADER_LEN, IPV6_HEADER_LEN, Ipv4Packet, Ipv6Packet};

use crate::Mac;

/// IPv4 over Ethernet.
pub(crate) const IPV4: u16 = 0x0800;
/// ARP over Ethernet.
pub(crate) const ARP: u16 = 0x0806;
/// IPv6 over Ethernet.
pub(crate) const IPV6: u16 = 0x86dd;
const VLAN: u16 = 0x8100;

/// A frame with its link header taken off.
#[derive(Clone, Copy)]
pub(crate) struct Link<'a> {
    pub src: Mac,
    pub dst: Mac,
    pub vlan: Option<u16>,
    pub ethertype: u16,
    pub payload: &'a [u8],
}

/// Take the link header off; `None` when it is not all there.
pub(crate) fn split(frame: &[u8]) -> Option<Link<'_>> {
    let header = EthernetFrame::new_checked(frame).ok()?;
    let (src, dst) = (Mac(header.src_addr().0), Mac(header.dst_addr().0));
    let ethertype = u16::from(header.ethertype());
    let payload = frame.get(ETHERNET_HEADER_LEN..)?;
    if ethertype != VLAN {
        return Some(Link { src, dst, vlan: None, ethertype, payload });
    }
    let (tag, payload) = payload.split_at_checked(4)?;
    let tag = <[u8; 4]>::try_from(tag).ok()?;
    let vlan = u16::from_be_bytes([tag[0], tag[1]]) & 0x0fff;
    Some(Link { src, dst, vlan: Some(vlan), ethertype: u16::from_be_bytes([tag[2], tag[3]]), payload })
}

/// What an IP header says, believed as far as the bytes go.
#[derive(Clone, Copy)]
pub(crate) struct Ip<'a> {
    pub src: IpAddr,
    pub dst: IpAddr,
    pub ttl: u8,
    pub tos: u8,
    pub id: u16,
    pub total_len: usize,
    pub received_len: usize,
    pub header_ok: bool,
    /// More fragments follow, or this is not the first one.
    pub fragment: bool,
    /// Not the first fragment: the payload does not start with a header.
    pub later_fragment: bool,
    pub protocol: u8,
    /// The packet, cut at its claimed or received end.
    pub(crate) packet: &'a [u8],
    /// After the IP header, cut at the claimed end.
    pub payload: &'a [u8],
}

/// Read the IP header of a frame; `None` when it is not IP or the fixed header is cut.
pub(crate) fn ip<'a>(link: &Link<'a>) -> Option<Ip<'a>> {
    match link.ethertype {
        IPV4 => ipv4(link.payload),
        IPV6 => ipv6(link.payload),
        _ => None,
    }
}

fn ipv4(bytes: &[u8]) -> Option<Ip<'_>> {
    if bytes.len() < IPV4_HEADER_LEN {
        return None;
    }
    let packet = Ipv4Packet::new_unchecked(bytes);
    if packet.version() != 4 {
        return None;
    }
    let (header_len, total_len) = (usize::from(packet.header_len()), usize::from(packet.total_len()));
    let sane = (IPV4_HEADER_LEN..=bytes.len()).contains(&header_len)
        && (header_len..=bytes.len()).contains(&total_len)
        && packet.verify_checksum();
    let later_fragment = packet.frag_offset() != 0;
    Some(Ip {
        src: IpAddr::V4(packet.src_addr()),
        dst: IpAddr::V4(packet.dst_addr()),
        ttl: packet.hop_limit(),
        tos: (packet.dscp() << 2) | packet.ecn(),
        id: packet.ident(),
        total_len,
        received_len: bytes.len(),
        header_ok: sane,
        fragment: packet.more_frags() || later_fragment,
        later_fragment,
        protocol: u8::from(packet.next_header()),
        packet: bytes.get(..total_len.min(bytes.len())).unwrap_or_default(),
        payload: bytes.get(header_len.max(IPV4_HEADER_LEN)..total_len.min(bytes.len())).unwrap_or_default(),
    })
}

fn ipv6(bytes: &[u8]) -> Option<Ip<'_>> {
    if bytes.len() < IPV6_HEADER_LEN {
        return None;
    }
    let packet = Ipv6Packet::new_unchecked(bytes);
    if packet.version() != 6 {
        return None;
    }
    let total_len = IPV6_HEADER_LEN + usize::from(packet.payload_len());
    Some(Ip {
        src: IpAddr::V6(packet.src_addr()),
        dst: IpAddr::V6(packet.dst_addr()),
        ttl: packet.hop_limit(),
        tos: packet.traffic_class(),
        id: 0,
        total_len,
        received_len: bytes.len(),
        header_ok: total_len <= bytes.len(),
        fragment: false,
        later_fragment: false,
        protocol: u8::from(packet.next_header()),
        packet: bytes.get(..total_len.min(bytes.len())).unwrap_or_default(),
        payload: bytes.get(IPV6_HEADER_LEN..total_len.min(bytes.len())).unwrap_or_default(),
    })
}

/// The addresses of an IPv6 packet.
pub(crate) fn v6_addresses(ip: &Ip<'_>) -> Option<(Ipv6Addr, Ipv6Addr)> {
    match (ip.src, ip.dst) {
        (IpAddr::V6(src), IpAddr::V6(dst)) => Some((src, dst)),
        _ => None,
    }
}
