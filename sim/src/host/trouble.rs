//! What can go wrong with a request besides silence, and the ICMP errors that say so.
use std::net::IpAddr;

use smoltcp::phy::ChecksumCapabilities;
use smoltcp::wire::{
    Icmpv4DstUnreachable, Icmpv4Message, Icmpv4Packet, Icmpv6DstUnreachable, Icmpv6Message, Icmpv6Packet,
};
use smoltcp::wire::{IpProtocol, Ipv4Packet, Ipv6Packet};

/// Something that a client was told, or had to do, instead of getting an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Trouble {
    /// Nobody serves this port: a reset in answer to an opening, or ICMP port unreachable.
    Refused,
    /// A reset on an open connection.
    Reset,
    /// The other side closed a connection without the answer.
    Closed,
    /// ICMP destination unreachable, of any kind but port unreachable.
    Unreachable,
    /// A long-lived connection was given up because a request on it ran out of time.
    GivenUp,
    /// An answer, but not a good one: an HTTP status that is not 200.
    Wrong,
}

/// The packet of ours that an ICMP error is about.
#[derive(Clone)]
pub(super) struct Complaint {
    /// The error says that nobody serves the port.
    pub(super) port: bool,
    /// Where our packet was going.
    pub(super) dst: IpAddr,
    /// Its protocol.
    pub(super) protocol: IpProtocol,
    /// What is left of its payload; at least eight bytes.
    pub(super) payload: Vec<u8>,
}

impl Complaint {
    /// A 16-bit word of the payload.
    pub(super) fn word(&self, at: usize) -> Option<u16> {
        Some(u16::from_be_bytes(self.payload.get(at..at + 2)?.try_into().ok()?))
    }

    /// What the error is for the client.
    pub(super) fn trouble(&self) -> Trouble {
        if self.port { Trouble::Refused } else { Trouble::Unreachable }
    }
}

/// Reads an ICMP destination unreachable; `None` when the packet is anything else.
pub(super) fn complaint(packet: &[u8]) -> Option<Complaint> {
    let checks = ChecksumCapabilities::default();
    let (port, about) = match packet.first()? >> 4 {
        4 => {
            let ip = Ipv4Packet::new_checked(packet).ok().filter(|ip| ip.next_header() == IpProtocol::Icmp)?;
            let icmp = Icmpv4Packet::new_checked(ip.payload()).ok()?;
            if icmp.msg_type() != Icmpv4Message::DstUnreachable || (checks.icmpv4.rx() && !icmp.verify_checksum()) {
                return None;
            }
            (icmp.msg_code() == u8::from(Icmpv4DstUnreachable::PortUnreachable), ip.payload().get(8..)?)
        }
        6 => {
            let ip = Ipv6Packet::new_checked(packet).ok().filter(|ip| ip.next_header() == IpProtocol::Icmpv6)?;
            let icmp = Icmpv6Packet::new_checked(ip.payload()).ok()?;
            let whole = icmp.verify_checksum(&ip.src_addr(), &ip.dst_addr());
            if icmp.msg_type() != Icmpv6Message::DstUnreachable || !whole {
                return None;
            }
            (icmp.msg_code() == u8::from(Icmpv6DstUnreachable::PortUnreachable), ip.payload().get(8..)?)
        }
        _ => return None,
    };
    let (dst, protocol, payload): (IpAddr, _, _) = match about.first()? >> 4 {
        4 => {
            let ip = Ipv4Packet::new_unchecked(about.get(..20).map(|_| about)?);
            (ip.dst_addr().into(), ip.next_header(), about.get(usize::from(ip.header_len())..)?)
        }
        6 => {
            let ip = Ipv6Packet::new_unchecked(about.get(..40).map(|_| about)?);
            (ip.dst_addr().into(), ip.next_header(), about.get(40..)?)
        }
        _ => return None,
    };
    Some(Complaint { port, dst, protocol, payload: payload.get(..8).map(|_| payload.to_vec())? })
}
