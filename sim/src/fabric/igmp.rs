//! IGMP as hosts and switches speak it: version 3 reports and queries, and what a switch reads out of any version.
use std::net::Ipv4Addr;

use smoltcp::wire::{EthernetFrame, EthernetProtocol, IpProtocol, Ipv4Packet};
use vrrplab_engine::model::Mac;

const QUERY: u8 = 0x11;
const REPORT_1: u8 = 0x12;
const REPORT_2: u8 = 0x16;
const REPORT_3: u8 = 0x22;
/// Record types of a version 3 report: everything is wanted, and everything is wanted from now on.
const IS_EXCLUDE: u8 = 2;
const TO_EXCLUDE: u8 = 4;
/// Where version 3 reports go.
const ROUTERS: Ipv4Addr = Ipv4Addr::new(224, 0, 0, 22);
/// Where general queries go.
const EVERYONE: Ipv4Addr = Ipv4Addr::new(224, 0, 0, 1);

/// How long a host may take to answer a query, in tenths of a second.
pub const MAX_RESPONSE: u8 = 100;

/// What a switch sees in a frame to an IPv4 group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Seen {
    /// A question for members.
    Query,
    /// Somebody wants these groups.
    Report(Vec<Ipv4Addr>),
    /// Anything else, to this group.
    Data(Ipv4Addr),
}

/// Reads a frame to an IPv4 group; others are none of snooping's business.
pub(super) fn seen(frame: &[u8]) -> Option<Seen> {
    let ethernet = EthernetFrame::new_checked(frame).ok()?;
    let ip = match ethernet.ethertype() {
        EthernetProtocol::Ipv4 => Ipv4Packet::new_checked(ethernet.payload()).ok()?,
        _ => return None,
    };
    let group = ip.dst_addr();
    if !group.is_multicast() {
        return None;
    }
    let data = Some(Seen::Data(group));
    if ip.next_header() != IpProtocol::Igmp {
        return data;
    }
    match ip.payload() {
        [QUERY, ..] => Some(Seen::Query),
        [REPORT_1 | REPORT_2, _, _, _, a, b, c, d, ..] => Some(Seen::Report(vec![Ipv4Addr::new(*a, *b, *c, *d)])),
        [REPORT_3, _, _, _, _, _, high, low, records @ ..] => {
            Some(Seen::Report(wanted(u16::from_be_bytes([*high, *low]), records)))
        }
        _ => data,
    }
}

/// The groups that the records of a version 3 report ask for.
fn wanted(count: u16, mut records: &[u8]) -> Vec<Ipv4Addr> {
    let mut groups = Vec::new();
    for _ in 0..count {
        let [kind, auxiliary, high, low, a, b, c, d, rest @ ..] = records else { break };
        if matches!(*kind, IS_EXCLUDE | TO_EXCLUDE) {
            groups.push(Ipv4Addr::new(*a, *b, *c, *d));
        }
        let skipped = 4 * (usize::from(u16::from_be_bytes([*high, *low])) + usize::from(*auxiliary));
        records = rest.get(skipped..).unwrap_or_default();
    }
    groups
}

/// Whether this is a query.
pub fn is_query(frame: &[u8]) -> bool {
    frame.first().is_some_and(|first| first & 1 == 1) && seen(frame) == Some(Seen::Query)
}

/// A host's report: it wants these groups, `anew` or as before.
pub fn report(mac: Mac, source: Ipv4Addr, groups: &[Ipv4Addr], anew: bool) -> Vec<u8> {
    let mut body = vec![REPORT_3, 0, 0, 0, 0, 0, 0, u8::try_from(groups.len()).unwrap_or(u8::MAX)];
    for group in groups.iter().take(usize::from(u8::MAX)) {
        body.extend([if anew { TO_EXCLUDE } else { IS_EXCLUDE }, 0, 0, 0]);
        body.extend(group.octets());
    }
    packet(mac, source, ROUTERS, body)
}

/// A switch's question for all members of all groups.
pub(super) fn query(mac: Mac) -> Vec<u8> {
    let body = vec![QUERY, MAX_RESPONSE, 0, 0, 0, 0, 0, 0, 2, 125, 0, 0];
    packet(mac, Ipv4Addr::UNSPECIFIED, EVERYONE, body)
}

/// A packet with TTL 1 and the router alert option.
fn packet(mac: Mac, source: Ipv4Addr, group: Ipv4Addr, mut body: Vec<u8>) -> Vec<u8> {
    let sum = checksum(&body).to_be_bytes();
    body[2..4].copy_from_slice(&sum);
    let length = u16::try_from(24 + body.len()).unwrap_or(u16::MAX).to_be_bytes();
    let mut header = vec![0x46, 0xc0, length[0], length[1], 0, 0, 0x40, 0, 1, 2, 0, 0];
    header.extend(source.octets());
    header.extend(group.octets());
    header.extend([0x94, 4, 0, 0]);
    let sum = checksum(&header).to_be_bytes();
    header[10..12].copy_from_slice(&sum);
    let [_, b, c, d] = group.octets();
    let mut frame = vec![1, 0, 0x5e, b & 0x7f, c, d];
    frame.extend(mac.0);
    frame.extend([8, 0]);
    frame.extend(header);
    frame.extend(body);
    frame
}

/// The Internet checksum.
fn checksum(bytes: &[u8]) -> u16 {
    let mut sum: u32 =
        bytes.chunks(2).map(|pair| u32::from(pair[0]) << 8 | u32::from(*pair.get(1).unwrap_or(&0))).sum();
    while sum > 0xffff {
        sum = (sum & 0xffff) + (sum >> 16);
    }
    !u16::try_from(sum).unwrap_or(u16::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    const VRRP: Ipv4Addr = Ipv4Addr::new(224, 0, 0, 18);

    #[test]
    fn what_is_written_is_read() {
        let report = report(Mac([2, 0, 0, 0, 1, 1]), Ipv4Addr::new(10, 0, 0, 1), &[VRRP, EVERYONE], true);
        assert_eq!(seen(&report), Some(Seen::Report(vec![VRRP, EVERYONE])));
        assert_eq!(checksum(&report[14..38]), 0);
        assert_eq!(checksum(&report[38..]), 0);
        let query = query(Mac([2, 0, 0, 0, 1, 1]));
        assert!(is_query(&query) && !is_query(&report));
        assert_eq!(checksum(&query[38..]), 0);
    }
}
