//! ICMP and ICMPv6 errors: made for a packet that cannot go on, and read for what they quote.
use alloc::vec::Vec;
use core::net::IpAddr;

use crate::flow::{Flow, ICMP, ICMPV6, add_words, fold, pseudo_sum};
use crate::rewrite::checksum_v4;

/// Why a packet cannot go on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unreachable {
    /// Nobody answers on that port: 3/3, for IPv6 1/4.
    Port,
    /// TTL or hop limit ran out: 11/0, for IPv6 3/0.
    TimeExceeded,
    /// Larger than the path: 3/4, for IPv6 2/0, with the size that fits.
    TooBig(u16),
    /// Another type and code.
    Other(u8, u8),
}

/// An ICMP error, and the packet that it quotes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Quote {
    /// Where the ICMP header begins.
    pub icmp: usize,
    /// Where the quoted packet begins.
    pub inner: usize,
    /// What the quoted packet was.
    pub flow: Flow,
}

/// Reads what an ICMP error quotes. None for other ICMP (echo and the like) and when too little is quoted.
pub fn quoted(packet: &[u8], flow: &Flow) -> Option<Quote> {
    let kind = *packet.get(flow.transport)?;
    let is_error = match flow.protocol {
        ICMP => matches!(kind, 3 | 4 | 11),
        ICMPV6 => kind < 128 && kind != 0,
        _ => false,
    };
    let inner = flow.transport + 8;
    if !is_error || flow.later_fragment {
        return None;
    }
    Some(Quote { icmp: flow.transport, inner, flow: Flow::read(packet.get(inner..)?)? })
}

/// Writes the checksum of the ICMP message that begins at `icmp` up to the packet's end.
pub fn finish(packet: &mut [u8], icmp: usize) {
    packet[icmp + 2..icmp + 4].fill(0);
    let v6 = packet[0] >> 4 == 6;
    let start = match Flow::read(packet) {
        Some(flow) if v6 => pseudo_sum(flow.source, flow.dest, ICMPV6, packet.len() - icmp),
        _ => 0,
    };
    let sum = fold(add_words(start, &packet[icmp..]));
    packet[icmp + 2..icmp + 4].copy_from_slice(&sum.to_be_bytes());
}

/// The error about `packet`, from `from` to its sender, quoting as much as Linux does (576 bytes in all, 1280 for IPv6).
pub fn error(packet: &[u8], why: Unreachable, from: IpAddr) -> Option<Vec<u8>> {
    let flow = Flow::read(packet)?;
    let (header, limit, kind, code) = match (from, why) {
        (IpAddr::V4(_), Unreachable::Port) => (20, 576, 3, 3),
        (IpAddr::V4(_), Unreachable::TimeExceeded) => (20, 576, 11, 0),
        (IpAddr::V4(_), Unreachable::TooBig(_)) => (20, 576, 3, 4),
        (IpAddr::V4(_), Unreachable::Other(kind, code)) => (20, 576, kind, code),
        (IpAddr::V6(_), Unreachable::Other(kind, code)) => (40, 1280, kind, code),
        (IpAddr::V6(_), Unreachable::Port) => (40, 1280, 1, 4),
        (IpAddr::V6(_), Unreachable::TimeExceeded) => (40, 1280, 3, 0),
        (IpAddr::V6(_), Unreachable::TooBig(_)) => (40, 1280, 2, 0),
    };
    let quote = &packet[..packet.len().min(limit - header - 8)];
    let mut out = alloc::vec![0; header + 8];
    out.extend_from_slice(quote);
    let total = out.len();
    match (from, flow.source) {
        (IpAddr::V4(from), IpAddr::V4(to)) => {
            out[0] = 0x45;
            out[1] = packet[1] & 0x1e | 0xc0;
            out[2..4].copy_from_slice(&(total as u16).to_be_bytes());
            out[8] = 64;
            out[9] = ICMP;
            out[12..16].copy_from_slice(&from.octets());
            out[16..20].copy_from_slice(&to.octets());
            checksum_v4(&mut out);
        }
        (IpAddr::V6(from), IpAddr::V6(to)) => {
            out[0] = 0x60;
            out[4..6].copy_from_slice(&((total - header) as u16).to_be_bytes());
            out[6] = ICMPV6;
            out[7] = 64;
            out[8..24].copy_from_slice(&from.octets());
            out[24..40].copy_from_slice(&to.octets());
        }
        _ => return None,
    }
    out[header] = kind;
    out[header + 1] = code;
    if let Unreachable::TooBig(mtu) = why {
        out[header + 6..header + 8].copy_from_slice(&mtu.to_be_bytes());
    }
    finish(&mut out, header);
    Some(out)
}
