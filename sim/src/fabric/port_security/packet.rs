//! What port security looks at in a frame.
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use smoltcp::wire::{ArpOperation, ArpPacket, EthernetFrame, EthernetProtocol, Icmpv6Packet};
use smoltcp::wire::{Ipv4Packet, Ipv6Packet};
use vrrplab_engine::model::Mac;
use vrrplab_wire::flow::ICMP;
pub(in crate::fabric) use vrrplab_wire::flow::{ICMPV6 as ICMP6, UDP};

const RARP: u16 = 0x8035;

/// A frame, as far as rules ask for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::fabric) struct Packet {
    pub(in crate::fabric) src: Mac,
    pub(in crate::fabric) dst: Mac,
    pub(in crate::fabric) body: Body,
}

/// What an Ethernet frame carries.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::fabric) enum Body {
    Arp(Arp),
    Rarp,
    Ip(Ip),
    /// Neither, or not to be read.
    Other,
}

/// An ARP packet for IPv4 over Ethernet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::fabric) struct Arp {
    pub(in crate::fabric) request: bool,
    pub(in crate::fabric) sha: Mac,
    pub(in crate::fabric) spa: Ipv4Addr,
    pub(in crate::fabric) tpa: Ipv4Addr,
}

/// An IP packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::fabric) struct Ip {
    pub(in crate::fabric) src: IpAddr,
    pub(in crate::fabric) dst: IpAddr,
    pub(in crate::fabric) hop_limit: u8,
    /// The one after all extension headers.
    pub(in crate::fabric) protocol: u8,
    pub(in crate::fabric) upper: Upper,
}

/// The beginning of what an IP packet carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::fabric) enum Upper {
    /// Source and destination port of TCP, UDP or SCTP.
    Ports(u16, u16),
    /// Type and identifier of ICMP, of either family.
    Icmp(u8, u16),
    /// Neighbour solicitation and advertisement: type, target, and the link-layer address that it tells.
    Neighbour(u8, Ipv6Addr, Option<Mac>),
    /// Nothing that matters.
    Opaque,
}

impl Packet {
    /// Reads a frame; `None` when it is too short to be one.
    pub(in crate::fabric) fn read(frame: &[u8]) -> Option<Packet> {
        let ethernet = EthernetFrame::new_checked(frame).ok()?;
        let payload = ethernet.payload();
        let body = match ethernet.ethertype() {
            EthernetProtocol::Arp => arp(payload).map(Body::Arp),
            EthernetProtocol::Ipv4 => ipv4(payload).map(Body::Ip),
            EthernetProtocol::Ipv6 => ipv6(payload).map(Body::Ip),
            EthernetProtocol::Unknown(RARP) => Some(Body::Rarp),
            EthernetProtocol::Unknown(_) => None,
        };
        Some(Packet {
            src: Mac(ethernet.src_addr().0),
            dst: Mac(ethernet.dst_addr().0),
            body: body.unwrap_or(Body::Other),
        })
    }

    /// To more than one: multicast and broadcast.
    pub(in crate::fabric) fn to_many(&self) -> bool {
        self.dst.0[0] & 1 == 1
    }
}

impl Ip {
    /// The type of an ICMPv6 message.
    pub(in crate::fabric) fn icmp6(&self) -> Option<u8> {
        match self.upper {
            Upper::Icmp(kind, _) | Upper::Neighbour(kind, ..) if self.protocol == ICMP6 => Some(kind),
            _ => None,
        }
    }

    /// UDP between these ports.
    pub(in crate::fabric) fn is_udp(&self, from: u16, to: u16) -> bool {
        self.protocol == UDP && self.upper == Upper::Ports(from, to)
    }

    /// A host that has no address yet asks all for one.
    pub(in crate::fabric) fn asks_for_address(&self) -> bool {
        self.src == IpAddr::V4(Ipv4Addr::UNSPECIFIED)
            && self.dst == IpAddr::V4(Ipv4Addr::BROADCAST)
            && self.is_udp(68, 67)
    }

    /// From no address to a multicast group of the link.
    pub(in crate::fabric) fn is_from_nobody(&self) -> bool {
        let link = matches!(self.dst, IpAddr::V6(dst) if dst.segments()[0] == 0xff02);
        link && self.src == IpAddr::V6(Ipv6Addr::UNSPECIFIED)
    }
}

fn arp(payload: &[u8]) -> Option<Arp> {
    let arp = ArpPacket::new_checked(payload).ok()?;
    let four = |bytes: &[u8]| <[u8; 4]>::try_from(bytes).ok().map(Ipv4Addr::from);
    Some(Arp {
        request: arp.operation() == ArpOperation::Request,
        sha: Mac(arp.source_hardware_addr().try_into().ok()?),
        spa: four(arp.source_protocol_addr())?,
        tpa: four(arp.target_protocol_addr())?,
    })
}

fn ipv4(payload: &[u8]) -> Option<Ip> {
    let ip = Ipv4Packet::new_checked(payload).ok()?;
    let protocol = u8::from(ip.next_header());
    let upper = if ip.frag_offset() == 0 { upper(protocol, ip.payload()) } else { Upper::Opaque };
    let (src, dst) = (ip.src_addr().into(), ip.dst_addr().into());
    Some(Ip { src, dst, hop_limit: ip.hop_limit(), protocol, upper })
}

fn ipv6(payload: &[u8]) -> Option<Ip> {
    let ip = Ipv6Packet::new_checked(payload).ok()?;
    let (mut protocol, mut rest) = (u8::from(ip.next_header()), ip.payload());
    // Hop-by-hop options, routing and destination options: next header, length in eights beyond the first eight.
    while let (0 | 43 | 60, [next, eights, ..]) = (protocol, rest) {
        (protocol, rest) = (*next, rest.get((usize::from(*eights) + 1) * 8..)?);
    }
    let (src, dst) = (ip.src_addr().into(), ip.dst_addr().into());
    Some(Ip { src, dst, hop_limit: ip.hop_limit(), protocol, upper: upper(protocol, rest) })
}

fn upper(protocol: u8, bytes: &[u8]) -> Upper {
    let word = |at: usize| bytes.get(at..at + 2).map(|two| u16::from_be_bytes([two[0], two[1]]));
    let found = match protocol {
        6 | UDP | 132 => word(0).zip(word(2)).map(|(from, to)| Upper::Ports(from, to)),
        ICMP6 if matches!(bytes.first(), Some(135 | 136)) => neighbour(bytes),
        ICMP | ICMP6 => bytes.first().map(|kind| Upper::Icmp(*kind, word(4).unwrap_or(0))),
        _ => None,
    };
    found.unwrap_or(Upper::Opaque)
}

fn neighbour(bytes: &[u8]) -> Option<Upper> {
    let icmp = Icmpv6Packet::new_checked(bytes).ok()?;
    let kind = *bytes.first()?;
    // A solicitation tells its own link-layer address in option 1, an advertisement the target's in option 2.
    let wanted = if kind == 135 { 1 } else { 2 };
    let mut options = bytes.get(24..).unwrap_or_default();
    let mut told = None;
    while let [option, eights, ..] = *options {
        let (this, rest) = options.split_at_checked(usize::from(eights.max(1)) * 8)?;
        if option == wanted {
            told = this.get(2..8).and_then(|six| six.try_into().ok()).map(Mac);
        }
        options = rest;
    }
    Some(Upper::Neighbour(kind, icmp.target_addr(), told))
}
