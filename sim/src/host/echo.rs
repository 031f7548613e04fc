//! ICMP echo: the packets of a ping.
use std::net::IpAddr;

use smoltcp::phy::ChecksumCapabilities;
use smoltcp::wire::{Icmpv4Packet, Icmpv4Repr, Icmpv6Packet, Icmpv6Repr, IpProtocol, IpRepr, Ipv4Packet, Ipv6Packet};

const IDENT: u16 = 1;

/// The echo request with this number, as an IP packet; `None` when the addresses are of two families.
pub(super) fn request(src: IpAddr, dst: IpAddr, number: u64) -> Option<Vec<u8>> {
    let data = number.to_be_bytes();
    let [.., high, low] = data;
    let seq_no = u16::from_be_bytes([high, low]);
    let checks = ChecksumCapabilities::default();
    match (src, dst) {
        (IpAddr::V4(_), IpAddr::V4(_)) => {
            let echo = Icmpv4Repr::EchoRequest { ident: IDENT, seq_no, data: &data };
            let mut bytes = envelope(src, dst, IpProtocol::Icmp, echo.buffer_len());
            echo.emit(&mut Icmpv4Packet::new_unchecked(&mut bytes[20..]), &checks);
            Some(bytes)
        }
        (IpAddr::V6(from), IpAddr::V6(to)) => {
            let echo = Icmpv6Repr::EchoRequest { ident: IDENT, seq_no, data: &data };
            let mut bytes = envelope(src, dst, IpProtocol::Icmpv6, echo.buffer_len());
            echo.emit(&from, &to, &mut Icmpv6Packet::new_unchecked(&mut bytes[40..]), &checks);
            Some(bytes)
        }
        _ => None,
    }
}

fn envelope(src: IpAddr, dst: IpAddr, protocol: IpProtocol, len: usize) -> Vec<u8> {
    let ip = IpRepr::new(src.into(), dst.into(), protocol, len, 64);
    let mut bytes = vec![0; ip.buffer_len()];
    ip.emit(&mut bytes, &ChecksumCapabilities::default());
    bytes
}

/// The number of the request that this packet answers, and who answers.
pub(super) fn reply(packet: &[u8]) -> Option<(IpAddr, u64)> {
    let checks = ChecksumCapabilities::default();
    match packet.first()? >> 4 {
        4 => {
            let ip = Ipv4Packet::new_checked(packet).ok()?;
            if ip.next_header() != IpProtocol::Icmp {
                return None;
            }
            match Icmpv4Repr::parse(&Icmpv4Packet::new_checked(ip.payload()).ok()?, &checks).ok()? {
                Icmpv4Repr::EchoReply { ident: IDENT, data, .. } => Some((ip.src_addr().into(), number(data)?)),
                _ => None,
            }
        }
        6 => {
            let ip = Ipv6Packet::new_checked(packet).ok()?;
            if ip.next_header() != IpProtocol::Icmpv6 {
                return None;
            }
            let (src, dst) = (ip.src_addr(), ip.dst_addr());
            match Icmpv6Repr::parse(&src, &dst, &Icmpv6Packet::new_checked(ip.payload()).ok()?, &checks).ok()? {
                Icmpv6Repr::EchoReply { ident: IDENT, data, .. } => Some((src.into(), number(data)?)),
                _ => None,
            }
        }
        _ => None,
    }
}

fn number(data: &[u8]) -> Option<u64> {
    data.try_into().ok().map(u64::from_be_bytes)
}
