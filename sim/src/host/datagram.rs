//! UDP: numbered questions of clients, and what a server sends back.
use std::net::IpAddr;

use smoltcp::phy::ChecksumCapabilities;
use smoltcp::wire::{IpAddress, IpProtocol, IpRepr, Ipv4Packet, Ipv6Packet, UdpPacket, UdpRepr};

/// A datagram, read.
pub(super) struct Datagram<'a> {
    pub(super) src: (IpAddr, u16),
    pub(super) dst: (IpAddr, u16),
    pub(super) payload: &'a [u8],
}

/// A datagram as an IP packet; `None` when the addresses are of two families.
pub(super) fn packet(src: (IpAddr, u16), dst: (IpAddr, u16), payload: &[u8]) -> Option<Vec<u8>> {
    if src.0.is_ipv4() != dst.0.is_ipv4() {
        return None;
    }
    let (from, to): (IpAddress, IpAddress) = (src.0.into(), dst.0.into());
    let udp = UdpRepr { src_port: src.1, dst_port: dst.1 };
    let ip = IpRepr::new(from, to, IpProtocol::Udp, udp.header_len() + payload.len(), 64);
    let mut bytes = vec![0; ip.buffer_len()];
    let checks = ChecksumCapabilities::default();
    ip.emit(&mut bytes, &checks);
    let mut packet = UdpPacket::new_unchecked(&mut bytes[ip.header_len()..]);
    udp.emit(&mut packet, &from, &to, payload.len(), |room| room.copy_from_slice(payload), &checks);
    Some(bytes)
}

/// Reads an IP packet with a whole datagram in it.
pub(super) fn read(packet: &[u8]) -> Option<Datagram<'_>> {
    let (src, dst, payload): (IpAddr, IpAddr, _) = match packet.first()? >> 4 {
        4 => {
            let ip = Ipv4Packet::new_checked(packet).ok().filter(|ip| ip.next_header() == IpProtocol::Udp)?;
            (ip.src_addr().into(), ip.dst_addr().into(), ip.payload())
        }
        6 => {
            let ip = Ipv6Packet::new_checked(packet).ok().filter(|ip| ip.next_header() == IpProtocol::Udp)?;
            (ip.src_addr().into(), ip.dst_addr().into(), ip.payload())
        }
        _ => return None,
    };
    let udp = UdpPacket::new_checked(payload).ok()?;
    let repr = UdpRepr::parse(&udp, &src.into(), &dst.into(), &ChecksumCapabilities::default()).ok()?;
    let data = payload.get(8..usize::from(udp.len()))?;
    Some(Datagram { src: (src, repr.src_port), dst: (dst, repr.dst_port), payload: data })
}
