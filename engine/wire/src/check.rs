//! What a careful neighbour believes: the validity checks of ARP (RFC 826, RFC 1812), neighbour and router
//! advertisements (RFC 4861), each with the reason of a refusal.

use core::net::{Ipv4Addr, Ipv6Addr};

use smoltcp::wire::{
    ArpPacket, EthernetAddress, Icmpv6Message, Icmpv6Packet, IpProtocol, NdiscNeighborFlags, checksum,
};

use crate::flow::ICMPV6;
use crate::{Mac, link};

const SOURCE_LINK_LAYER: u8 = 1;
const TARGET_LINK_LAYER: u8 = 2;

/// The content of an ARP packet for Ethernet and IPv4.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ArpFacts {
    /// 1 is a request, 2 a reply.
    pub operation: u16,
    /// Sender hardware address.
    pub sender_mac: Mac,
    /// Sender address.
    pub sender_ip: Ipv4Addr,
    /// Target hardware address.
    pub target_mac: Mac,
    /// Target address.
    pub target_ip: Ipv4Addr,
}

/// The content of a neighbour advertisement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NaFacts {
    /// IPv6 source.
    pub src: Ipv6Addr,
    /// IPv6 destination.
    pub dst: Ipv6Addr,
    /// The sender is a router.
    pub router: bool,
    /// An answer to a solicitation.
    pub solicited: bool,
    /// A known link-layer address is to be replaced.
    pub override_: bool,
    /// The address spoken about.
    pub target: Ipv6Addr,
    /// Its link-layer address, if the option is there.
    pub target_mac: Option<Mac>,
}

/// The content of a router advertisement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RaFacts {
    /// IPv6 source: the router.
    pub src: Ipv6Addr,
    /// The hop limit that hosts should use; 0 is unspecified.
    pub cur_hop_limit: u8,
    /// Seconds for which it is a default router.
    pub router_lifetime: u16,
    /// Its link-layer address, if the option is there.
    pub source_mac: Option<Mac>,
}

/// Check an ARP frame; the reason is one of `not-arp`, `arp-len`, `arp-htype`, `arp-ptype`, `arp-sha`.
pub fn check_arp(frame: &[u8]) -> Result<ArpFacts, &'static str> {
    let facts = read_arp(frame)?;
    if EthernetAddress(facts.sender_mac.0).is_multicast() {
        return Err("arp-sha");
    }
    Ok(facts)
}

/// An ARP frame of the right form, whatever its addresses.
pub(crate) fn read_arp(frame: &[u8]) -> Result<ArpFacts, &'static str> {
    let link = link::split(frame).filter(|link| link.ethertype == link::ARP).ok_or("not-arp")?;
    if link.payload.len() < 8 {
        return Err("arp-len");
    }
    let packet = ArpPacket::new_unchecked(link.payload);
    if u16::from(packet.hardware_type()) != 1 {
        return Err("arp-htype");
    }
    if u16::from(packet.protocol_type()) != link::IPV4 {
        return Err("arp-ptype");
    }
    if (packet.hardware_len(), packet.protocol_len()) != (6, 4) || packet.check_len().is_err() {
        return Err("arp-len");
    }
    let mac = |bytes: &[u8]| bytes.try_into().map(Mac).map_err(|_| "arp-len");
    let ip = |bytes: &[u8]| <[u8; 4]>::try_from(bytes).map(Ipv4Addr::from).map_err(|_| "arp-len");
    Ok(ArpFacts {
        operation: u16::from(packet.operation()),
        sender_mac: mac(packet.source_hardware_addr())?,
        sender_ip: ip(packet.source_protocol_addr())?,
        target_mac: mac(packet.target_hardware_addr())?,
        target_ip: ip(packet.target_protocol_addr())?,
    })
}

/// Check a neighbour advertisement; the reason is one of `not-na`, `ip-header`, `nd-hop-limit`, `nd-checksum`,
/// `nd-code`, `nd-length`, `nd-target`, `nd-solicited`, `nd-option`.
pub fn check_na(frame: &[u8]) -> Result<NaFacts, &'static str> {
    let message = neighbour_discovery(frame, Icmpv6Message::NeighborAdvert, "not-na")?;
    message.judge(24)?;
    let packet = Icmpv6Packet::new_unchecked(message.bytes);
    let target = packet.target_addr();
    if target.is_multicast() {
        return Err("nd-target");
    }
    let flags = packet.neighbor_flags();
    let solicited = flags.contains(NdiscNeighborFlags::SOLICITED);
    if solicited && message.dst.is_multicast() {
        return Err("nd-solicited");
    }
    Ok(NaFacts {
        src: message.src,
        dst: message.dst,
        router: flags.contains(NdiscNeighborFlags::ROUTER),
        solicited,
        override_: flags.contains(NdiscNeighborFlags::OVERRIDE),
        target,
        target_mac: message.link_layer_option(24, TARGET_LINK_LAYER)?,
    })
}

/// Check a router advertisement; the reason is one of `not-ra`, `ip-header`, `nd-source`, `nd-hop-limit`, `nd-checksum`,
/// `nd-code`, `nd-length`, `nd-option`.
pub fn check_ra(frame: &[u8]) -> Result<RaFacts, &'static str> {
    let message = neighbour_discovery(frame, Icmpv6Message::RouterAdvert, "not-ra")?;
    if !message.src.is_unicast_link_local() {
        return Err("nd-source");
    }
    message.judge(16)?;
    let packet = Icmpv6Packet::new_unchecked(message.bytes);
    Ok(RaFacts {
        src: message.src,
        cur_hop_limit: packet.current_hop_limit(),
        router_lifetime: u16::try_from(packet.router_lifetime().secs()).unwrap_or(u16::MAX),
        source_mac: message.link_layer_option(16, SOURCE_LINK_LAYER)?,
    })
}

/// An ICMPv6 message that is not yet judged.
struct Discovery<'a> {
    src: Ipv6Addr,
    dst: Ipv6Addr,
    hop_limit: u8,
    bytes: &'a [u8],
}

/// Find the message of one kind in a frame; `otherwise` is the reason when the frame carries something else.
fn neighbour_discovery<'a>(
    frame: &'a [u8],
    kind: Icmpv6Message,
    otherwise: &'static str,
) -> Result<Discovery<'a>, &'static str> {
    let link = link::split(frame).ok_or(otherwise)?;
    let ip = link::ip(&link).filter(|ip| ip.protocol == ICMPV6).ok_or(otherwise)?;
    let (src, dst) = link::v6_addresses(&ip).ok_or(otherwise)?;
    if ip.payload.first().copied() != Some(u8::from(kind)) {
        return Err(otherwise);
    }
    if !ip.header_ok {
        return Err("ip-header");
    }
    Ok(Discovery { src, dst, hop_limit: ip.ttl, bytes: ip.payload })
}

impl Discovery<'_> {
    /// The checks that all neighbour discovery messages share, in the order of the RFC.
    fn judge(&self, shortest: usize) -> Result<(), &'static str> {
        if self.hop_limit != 255 {
            return Err("nd-hop-limit");
        }
        let length = u32::try_from(self.bytes.len()).map_err(|_| "nd-length")?;
        let pseudo = checksum::pseudo_header_v6(&self.src, &self.dst, IpProtocol::Icmpv6, length);
        if checksum::combine(&[pseudo, checksum::data(self.bytes)]) != !0 {
            return Err("nd-checksum");
        }
        match self.bytes.get(1) {
            Some(0) | None => {}
            Some(_) => return Err("nd-code"),
        }
        if self.bytes.len() < shortest { Err("nd-length") } else { Ok(()) }
    }

    /// Walk all options from `start`; the first link-layer address of the wanted kind is the result.
    fn link_layer_option(&self, start: usize, wanted: u8) -> Result<Option<Mac>, &'static str> {
        let mut rest = self.bytes.get(start..).unwrap_or_default();
        let mut found = None;
        while !rest.is_empty() {
            let &[kind, units, ..] = rest else { return Err("nd-option") };
            if units == 0 {
                return Err("nd-option");
            }
            let (option, behind) = rest.split_at_checked(usize::from(units) * 8).ok_or("nd-option")?;
            if kind == wanted && found.is_none() {
                found = option.get(2..).and_then(|bytes| bytes.first_chunk()).copied().map(Mac);
            }
            rest = behind;
        }
        Ok(found)
    }
}
