//! Changes to an IP packet on its way: addresses and ports, TTL, wrapping, with the checksums kept right.
use alloc::vec::Vec;
use core::net::IpAddr;

use crate::flow::{Flow, TCP, UDP, add_words, fold, pseudo_sum};

/// Which end of the packet is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// Source address and port.
    Source,
    /// Destination address and port.
    Dest,
}

/// What stands between the outer and the inner IP header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wrap {
    /// Nothing: IP in IP.
    Ip,
    /// UDP with the four bytes of GUE.
    Gue {
        /// UDP source port.
        source_port: u16,
        /// UDP destination port.
        dest_port: u16,
        /// With a UDP checksum.
        checksum: bool,
    },
    /// GRE.
    Gre {
        /// With the GRE checksum.
        checksum: bool,
    },
}

impl Wrap {
    /// Bytes between the two IP headers.
    pub const fn length(self) -> usize {
        match self {
            Wrap::Ip => 0,
            Wrap::Gue { .. } => 12,
            Wrap::Gre { checksum: false } => 4,
            Wrap::Gre { checksum: true } => 8,
        }
    }
}

/// Length of an IP header without options or extensions.
pub const fn header_length(ip: IpAddr) -> usize {
    if ip.is_ipv4() { 20 } else { 40 }
}

fn put16(packet: &mut [u8], at: usize, value: u16) {
    packet[at..at + 2].copy_from_slice(&value.to_be_bytes());
}

fn get16(packet: &[u8], at: usize) -> u16 {
    u16::from_be_bytes([packet[at], packet[at + 1]])
}

/// A checksum after words that were in the sum as `old` are now `new` (RFC 1624).
pub fn update(checksum: u16, old: &[u8], new: &[u8]) -> u16 {
    let mut sum = u32::from(!checksum);
    for word in old.chunks_exact(2) {
        sum += u32::from(!u16::from_be_bytes([word[0], word[1]]));
    }
    fold(add_words((sum & 0xffff) + (sum >> 16), new))
}

/// The checksum of an IPv4 header, written into it.
pub fn checksum_v4(packet: &mut [u8]) {
    let length = usize::from(packet[0] & 15) * 4;
    put16(packet, 10, 0);
    let sum = fold(add_words(0, &packet[..length]));
    put16(packet, 10, sum);
}

/// TTL or hop limit.
pub fn ttl(packet: &[u8]) -> u8 {
    if packet[0] >> 4 == 4 { packet[8] } else { packet[7] }
}

/// TTL or hop limit one less. The packet has one to give.
pub fn decrement_ttl(packet: &mut [u8]) {
    if packet[0] >> 4 == 4 {
        let old = [packet[8], packet[9]];
        packet[8] -= 1;
        let sum = update(get16(packet, 10), &old, &[packet[8], packet[9]]);
        put16(packet, 10, sum);
    } else {
        packet[7] -= 1;
    }
}

/// May not be fragmented on its way: DF, and always for IPv6.
pub fn dont_fragment(packet: &[u8]) -> bool {
    packet[0] >> 4 == 6 || packet[6] & 0x40 != 0
}

/// Gives one end of a packet another address and port. The transport checksum follows incrementally (none stays none), as does
/// the one of IPv4. A header that is cut off, as in quotes, stays as it is. `flow` is the packet's; `ip` is of its family.
pub fn set_end(packet: &mut [u8], flow: &Flow, end: End, ip: IpAddr, port: u16) {
    let four = [0u8; 4];
    let mut old_ip = [0u8; 16];
    let (at, length) = match (flow.source.is_ipv4(), end) {
        (true, End::Source) => (12, 4),
        (true, End::Dest) => (16, 4),
        (false, End::Source) => (8, 16),
        (false, End::Dest) => (24, 16),
    };
    old_ip[..length].copy_from_slice(&packet[at..at + length]);
    let mut new_ip = [0u8; 16];
    match ip {
        IpAddr::V4(ip) => new_ip[..4].copy_from_slice(&ip.octets()),
        IpAddr::V6(ip) => new_ip.copy_from_slice(&ip.octets()),
    }
    packet[at..at + length].copy_from_slice(&new_ip[..length]);
    if length == four.len() {
        let sum = update(get16(packet, 10), &old_ip[..4], &new_ip[..4]);
        put16(packet, 10, sum);
    }
    if flow.later_fragment || !matches!(flow.protocol, TCP | UDP) {
        return;
    }
    let port_at = flow.transport + if end == End::Source { 0 } else { 2 };
    let old_port = [packet[port_at], packet[port_at + 1]];
    put16(packet, port_at, port);
    let sum_at = flow.transport + if flow.protocol == TCP { 16 } else { 6 };
    if packet.len() < sum_at + 2 {
        return;
    }
    let old_sum = get16(packet, sum_at);
    if flow.protocol == UDP && old_sum == 0 {
        return;
    }
    let sum = update(old_sum, &old_ip[..length], &new_ip[..length]);
    let sum = update(sum, &old_port, &port.to_be_bytes());
    put16(packet, sum_at, if flow.protocol == UDP && sum == 0 { 0xffff } else { sum });
}

fn traffic_class(packet: &[u8]) -> u8 {
    if packet[0] >> 4 == 4 { packet[1] } else { packet[0] << 4 | packet[1] >> 4 }
}

/// DSCP as inside; ECN as inside, but CE becomes ECT(0).
fn outer_class(inner: u8) -> u8 {
    if inner & 3 == 3 { inner & 0xfc | 2 } else { inner }
}

/// Wraps a packet for `dest`: outer TTL as inside, DSCP and ECN copied. `dont_fragment` is for an outer IPv4 header, `id` for
/// one that may be fragmented.
pub fn encapsulate(packet: &mut Vec<u8>, source: IpAddr, dest: IpAddr, wrap: Wrap, dont_fragment: bool, id: u16) {
    let (class, hops, inner_v4) = (outer_class(traffic_class(packet)), ttl(packet), packet[0] >> 4 == 4);
    let inner_protocol = if inner_v4 { 4 } else { 41 };
    let outer = header_length(dest);
    let inner_length = packet.len();
    let between = wrap.length();
    packet.splice(0..0, core::iter::repeat_n(0, outer + between));
    let protocol = match wrap {
        Wrap::Ip => inner_protocol,
        Wrap::Gue { .. } => UDP,
        Wrap::Gre { .. } => 47,
    };
    match dest {
        IpAddr::V4(to) => {
            packet[0] = 0x45;
            packet[1] = class;
            put16(packet, 2, (outer + between + inner_length) as u16);
            put16(packet, 4, if dont_fragment { 0 } else { id });
            packet[6] = if dont_fragment { 0x40 } else { 0 };
            packet[8] = hops;
            packet[9] = protocol;
            if let IpAddr::V4(from) = source {
                packet[12..16].copy_from_slice(&from.octets());
            }
            packet[16..20].copy_from_slice(&to.octets());
            checksum_v4(packet);
        }
        IpAddr::V6(to) => {
            packet[0] = 0x60 | class >> 4;
            packet[1] = class << 4;
            put16(packet, 4, (between + inner_length) as u16);
            packet[6] = protocol;
            packet[7] = hops;
            if let IpAddr::V6(from) = source {
                packet[8..24].copy_from_slice(&from.octets());
            }
            packet[24..40].copy_from_slice(&to.octets());
        }
    }
    match wrap {
        Wrap::Ip => {}
        Wrap::Gue { source_port, dest_port, checksum } => {
            put16(packet, outer, source_port);
            put16(packet, outer + 2, dest_port);
            put16(packet, outer + 4, (between + inner_length) as u16);
            packet[outer + 9] = inner_protocol;
            if checksum {
                let pseudo = pseudo_sum(source, dest, UDP, between + inner_length);
                let sum = fold(add_words(pseudo, &packet[outer..]));
                put16(packet, outer + 6, if sum == 0 { 0xffff } else { sum });
            }
        }
        Wrap::Gre { checksum } => {
            put16(packet, outer + 2, if inner_v4 { 0x0800 } else { 0x86dd });
            if checksum {
                packet[outer] = 0x80;
                let sum = fold(add_words(0, &packet[outer..]));
                put16(packet, outer + 4, sum);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// A UDP packet over IPv4 with right checksums.
    fn datagram(source: [u8; 4], dest: [u8; 4], ports: [u16; 2], data: &[u8]) -> Vec<u8> {
        let mut packet = alloc::vec![0x45, 0, 0, 0, 0, 0, 0x40, 0, 64, UDP, 0, 0];
        packet.extend(source);
        packet.extend(dest);
        for word in [ports[0], ports[1], 8 + data.len() as u16, 0] {
            packet.extend(word.to_be_bytes());
        }
        packet.extend(data);
        let total = packet.len() as u16;
        put16(&mut packet, 2, total);
        checksum_v4(&mut packet);
        let sum = fold(add_words(pseudo_sum(source.into(), dest.into(), UDP, 8 + data.len()), &packet[20..]));
        put16(&mut packet, 26, if sum == 0 { 0xffff } else { sum });
        packet
    }

    proptest! {
        #[test]
        fn an_incremental_checksum_is_the_full_one(
            from in any::<[u8; 4]>(), to in any::<[u8; 4]>(), other in any::<[u8; 4]>(),
            ports in any::<[u16; 2]>(), port in any::<u16>(), data in proptest::collection::vec(any::<u8>(), 0..40)
        ) {
            let mut packet = datagram(from, to, ports, &data);
            let flow = Flow::read(&packet).unwrap();
            set_end(&mut packet, &flow, End::Dest, other.into(), port);
            prop_assert_eq!(&packet, &datagram(from, other, [ports[0], port], &data));
            let flow = Flow::read(&packet).unwrap();
            set_end(&mut packet, &flow, End::Dest, to.into(), ports[1]);
            prop_assert_eq!(packet, datagram(from, to, ports, &data));
        }
    }

    #[test]
    fn no_udp_checksum_stays_none() {
        let mut packet = datagram([10, 0, 0, 1], [10, 0, 0, 2], [1, 2], b"x");
        put16(&mut packet, 26, 0);
        let flow = Flow::read(&packet).unwrap();
        set_end(&mut packet, &flow, End::Source, [10, 0, 0, 3].into(), 9);
        assert_eq!((get16(&packet, 20), get16(&packet, 26)), (9, 0));
    }

    #[test]
    fn an_ipv6_packet_in_an_ipv4_tunnel_has_protocol_41() {
        let mut packet = alloc::vec![0x60, 0, 0, 0, 0, 0, 59, 64];
        packet.extend([0; 32]);
        encapsulate(&mut packet, [10, 0, 0, 1].into(), [10, 0, 0, 2].into(), Wrap::Ip, false, 77);
        assert_eq!((packet.len(), packet[9], get16(&packet, 2), get16(&packet, 4)), (60, 41, 60, 77));
        assert_eq!(fold(add_words(0, &packet[..20])), 0);
    }
}
