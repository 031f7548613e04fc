//! The addresses, ports and flags of one IP packet, as a load balancer or a filter reads them.
use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Protocol number of ICMP.
pub const ICMP: u8 = 1;
/// Protocol number of IP in IP.
pub const IPIP: u8 = 4;
/// Protocol number of TCP.
pub const TCP: u8 = 6;
/// Protocol number of UDP.
pub const UDP: u8 = 17;
/// Protocol number of ICMPv6.
pub const ICMPV6: u8 = 58;

/// TCP flag FIN.
pub const FIN: u8 = 0x01;
/// TCP flag SYN.
pub const SYN: u8 = 0x02;
/// TCP flag RST.
pub const RST: u8 = 0x04;
/// TCP flag ACK.
pub const ACK: u8 = 0x10;

/// What can be told from the headers of one packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Flow {
    /// Who sent it.
    pub source: IpAddr,
    /// Who shall have it.
    pub dest: IpAddr,
    /// The transport protocol, behind all IPv6 extension headers.
    pub protocol: u8,
    /// Source port of TCP and UDP, otherwise 0.
    pub source_port: u16,
    /// Destination port of TCP and UDP, otherwise 0.
    pub dest_port: u16,
    /// TCP flags; 0 when there are none or they are cut off.
    pub tcp_flags: u8,
    /// Where the transport header begins.
    pub transport: usize,
    /// It is a later fragment: there is no transport header.
    pub later_fragment: bool,
}

fn be16(bytes: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_be_bytes([*bytes.get(at)?, *bytes.get(at + 1)?]))
}

fn v4(bytes: &[u8], at: usize) -> Option<Ipv4Addr> {
    let octets: [u8; 4] = bytes.get(at..at + 4)?.try_into().ok()?;
    Some(octets.into())
}

fn v6(bytes: &[u8], at: usize) -> Option<Ipv6Addr> {
    let octets: [u8; 16] = bytes.get(at..at + 16)?.try_into().ok()?;
    Some(octets.into())
}

impl Flow {
    /// Reads a packet, or the beginning of one as ICMP errors quote it. None when it is no IP or too short for its addresses.
    pub fn read(packet: &[u8]) -> Option<Flow> {
        match packet.first()? >> 4 {
            4 => Flow::read_v4(packet),
            6 => Flow::read_v6(packet),
            _ => None,
        }
    }

    fn read_v4(packet: &[u8]) -> Option<Flow> {
        let transport = usize::from(packet[0] & 15) * 4;
        if transport < 20 || packet.len() < transport {
            return None;
        }
        let later = be16(packet, 6)? & 0x1fff != 0;
        Flow::with_ports(packet, v4(packet, 12)?.into(), v4(packet, 16)?.into(), packet[9], transport, later)
    }

    fn read_v6(packet: &[u8]) -> Option<Flow> {
        let (source, dest) = (v6(packet, 8)?, v6(packet, 24)?);
        let (mut next, mut at, mut later) = (packet[6], 40, false);
        while !later {
            match next {
                0 | 43 | 60 => {
                    let length = (usize::from(*packet.get(at + 1)?) + 1) * 8;
                    next = packet[at];
                    at += length;
                }
                44 => {
                    later = be16(packet, at + 2)? & 0xfff8 != 0;
                    next = packet[at];
                    at += 8;
                }
                _ => break,
            }
        }
        Flow::with_ports(packet, source.into(), dest.into(), next, at, later)
    }

    fn with_ports(p: &[u8], source: IpAddr, dest: IpAddr, protocol: u8, transport: usize, later: bool) -> Option<Flow> {
        let mut flow = Flow {
            source,
            dest,
            protocol,
            source_port: 0,
            dest_port: 0,
            tcp_flags: 0,
            transport,
            later_fragment: later,
        };
        if !later && matches!(protocol, TCP | UDP) {
            flow.source_port = be16(p, transport)?;
            flow.dest_port = be16(p, transport + 2)?;
            if protocol == TCP {
                flow.tcp_flags = p.get(transport + 13).copied().unwrap_or(0);
            }
        }
        Some(flow)
    }

    /// Whether `flag` (or one of several) is set.
    pub const fn has(&self, flag: u8) -> bool {
        self.tcp_flags & flag != 0
    }
}

/// `sum` with the 16-bit words of `bytes` added; an odd last byte counts as a high byte.
pub fn add_words(mut sum: u32, bytes: &[u8]) -> u32 {
    let mut words = bytes.chunks_exact(2);
    for word in words.by_ref() {
        sum += u32::from(u16::from_be_bytes([word[0], word[1]]));
        sum = (sum & 0xffff) + (sum >> 16);
    }
    if let [last] = words.remainder() {
        sum += u32::from(*last) << 8;
    }
    (sum & 0xffff) + (sum >> 16)
}

/// The Internet checksum over a sum of words.
pub const fn fold(sum: u32) -> u16 {
    let once = (sum & 0xffff) + (sum >> 16);
    !((once + (once >> 16)) as u16)
}

/// The sum of the pseudo header before a transport checksum.
pub fn pseudo_sum(source: IpAddr, dest: IpAddr, protocol: u8, length: usize) -> u32 {
    let sum = match (source, dest) {
        (IpAddr::V4(a), IpAddr::V4(b)) => add_words(add_words(0, &a.octets()), &b.octets()),
        (IpAddr::V6(a), IpAddr::V6(b)) => add_words(add_words(0, &a.octets()), &b.octets()),
        _ => 0,
    };
    add_words(sum, &[0, protocol, (length >> 8) as u8, length as u8])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ports_behind_extension_headers_are_found() {
        let mut packet = [0u8; 40 + 8 + 8];
        packet[0] = 0x60;
        packet[6] = 60; // destination options, 8 bytes
        packet[23] = 1;
        packet[39] = 2;
        packet[40] = UDP;
        packet[48..52].copy_from_slice(&[0x30, 0x39, 0, 53]);
        let flow = Flow::read(&packet).unwrap();
        assert_eq!((flow.protocol, flow.source_port, flow.dest_port, flow.transport), (UDP, 12345, 53, 48));
    }

    #[test]
    fn short_bytes_are_no_packet() {
        for length in 0..24 {
            let mut packet = vec_of(length);
            if let Some(first) = packet.first_mut() {
                *first = 0x45;
            }
            if packet.len() > 9 {
                packet[9] = TCP;
            }
            assert_eq!(Flow::read(&packet), None, "{length}");
        }
    }

    fn vec_of(length: usize) -> alloc::vec::Vec<u8> {
        alloc::vec![0; length]
    }
}
