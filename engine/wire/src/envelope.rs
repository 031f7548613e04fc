//! What surrounds a VRRP message on the wire: Ethernet, IP and perhaps an authentication header.

use core::net::IpAddr;

use crate::ah::AhView;
use crate::{Mac, link};

/// The IP protocol number of VRRP.
pub const PROTOCOL_VRRP: u8 = 112;
/// The IP protocol number of the authentication header.
pub const PROTOCOL_AH: u8 = 51;

/// Ethernet (optional one 802.1Q tag) and IP around a VRRP message. Lenient: it says what is there and judges nothing.
/// IPv6 extension headers other than the authentication header are not walked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Envelope<'a> {
    /// Ethernet source.
    pub src_mac: Mac,
    /// Ethernet destination.
    pub dst_mac: Mac,
    /// The VLAN number of the 802.1Q tag, if there is one.
    pub vlan: Option<u16>,
    /// IP source.
    pub src: IpAddr,
    /// IP destination.
    pub dst: IpAddr,
    /// TTL or hop limit.
    pub ttl: u8,
    /// The whole TOS or traffic class byte.
    pub tos: u8,
    /// IPv4 identification; 0 for IPv6.
    pub id: u16,
    /// The length of the IP packet as its header claims (IPv6: 40 + payload length).
    pub total_len: usize,
    /// The bytes of the IP packet really present (the frame after its link header), padding included.
    pub received_len: usize,
    /// The header is sane: the claimed length fits the bytes; for IPv4 also the header length and checksum.
    pub header_ok: bool,
    /// An IPv4 fragment, the first one included.
    pub fragment: bool,
    /// The protocol number in the IP header: 112, or 51 with an authentication header.
    pub protocol: u8,
    /// An authentication header is present.
    pub ah: bool,
    /// That header, where it is whole (IPv4).
    pub authentication: Option<AhView<'a>>,
    /// The VRRP bytes: after the IP header (and the authentication header), cut at the claimed or received end.
    pub payload: &'a [u8],
}

impl Envelope<'_> {
    /// Read a frame; `None` when it carries no VRRP at all or is too short for its headers.
    pub fn parse(frame: &[u8]) -> Option<Envelope<'_>> {
        let link = link::split(frame)?;
        let ip = link::ip(&link)?;
        let (ah, payload) = match ip.protocol {
            PROTOCOL_VRRP => (false, ip.payload),
            PROTOCOL_AH => (true, after_ah(ip.payload)?),
            _ => return None,
        };
        Some(Envelope {
            src_mac: link.src,
            dst_mac: link.dst,
            vlan: link.vlan,
            src: ip.src,
            dst: ip.dst,
            ttl: ip.ttl,
            tos: ip.tos,
            id: ip.id,
            total_len: ip.total_len,
            received_len: ip.received_len,
            header_ok: ip.header_ok,
            fragment: ip.fragment,
            protocol: ip.protocol,
            ah,
            authentication: if ah { AhView::new(ip.packet) } else { None },
            payload,
        })
    }
}

/// The bytes behind an authentication header that announces VRRP; empty when the header claims more than is there.
fn after_ah(bytes: &[u8]) -> Option<&[u8]> {
    let [next_header, words, ..] = *bytes else { return None };
    (next_header == PROTOCOL_VRRP).then(|| bytes.get((usize::from(words) + 2) * 4..).unwrap_or_default())
}

/// Whether [`Envelope::parse`] would find anything: a cheap early filter that looks at a handful of bytes.
pub fn is_vrrp(frame: &[u8]) -> bool {
    let at = |i: usize| frame.get(i).copied();
    let pair = |i: usize| Some(u16::from_be_bytes([at(i)?, at(i + 1)?]));
    let (ethertype, ip) = match pair(12) {
        Some(0x8100) => (pair(16), 18),
        other => (other, 14),
    };
    let (version, protocol, header) = match ethertype {
        Some(link::IPV4) => (4, at(ip + 9), 20),
        Some(link::IPV6) => (6, at(ip + 6), 40),
        _ => return false,
    };
    match protocol {
        Some(PROTOCOL_VRRP) => frame.len() >= ip + header && at(ip).is_some_and(|byte| byte >> 4 == version),
        Some(PROTOCOL_AH) => Envelope::parse(frame).is_some(),
        _ => false,
    }
}
