//! ICMP errors: what a host tells the sender of a packet that cannot go on.
use std::net::IpAddr;

use vrrplab_engine::Instant;
use vrrplab_wire::flow::{Flow, ICMP, ICMPV6};
use vrrplab_wire::icmp::{self, Unreachable};

use super::{Kernel, KernelOut, frames};

/// There is no way to that network.
pub(super) fn no_route(to: IpAddr) -> Unreachable {
    if to.is_ipv4() { Unreachable::Other(3, 0) } else { Unreachable::Other(1, 0) }
}

/// The host does not answer ARP or neighbour discovery.
fn no_neighbour(to: IpAddr) -> Unreachable {
    if to.is_ipv4() { Unreachable::Other(3, 1) } else { Unreachable::Other(1, 3) }
}

fn is_error(packet: &[u8], flow: &Flow) -> bool {
    let kind = packet.get(flow.transport).copied();
    match flow.protocol {
        ICMP => matches!(kind, None | Some(3..=5 | 11 | 12)),
        ICMPV6 => kind.is_none_or(|kind| kind < 128),
        _ => false,
    }
}

/// Whether a packet tells of another one that did not arrive.
pub fn is_icmp_error(packet: &[u8]) -> bool {
    Flow::read(packet).is_some_and(|flow| is_error(packet, &flow))
}

/// Nobody is told about an ICMP error, a packet to a group or from nobody, and a later fragment.
fn may_be_told(packet: &[u8], flow: &Flow) -> bool {
    let group = |ip: IpAddr| frames::group_mac(ip).is_some();
    !is_error(packet, flow)
        && !flow.later_fragment
        && !flow.source.is_unspecified()
        && !group(flow.source)
        && !group(flow.dest)
}

impl Kernel {
    /// Tells the sender of a packet why it does not go on. The sender may be a socket of this host.
    pub(super) fn tell_sender(&mut self, now: Instant, packet: &[u8], why: Unreachable, out: &mut Vec<KernelOut>) {
        let Some(flow) = Flow::read(packet).filter(|flow| may_be_told(packet, flow)) else { return };
        let own = self.holds(flow.source);
        let from = if own { Some(flow.source) } else { self.speaks_to(flow.source) };
        let Some(error) = from.and_then(|from| icmp::error(packet, why, from)) else { return };
        if own {
            out.push(KernelOut::Local { packet: error });
        } else {
            self.send_ip(now, error, out);
        }
    }

    /// Packets waited for a neighbour that did not answer.
    pub(super) fn unanswered(&mut self, now: Instant, packets: Vec<Vec<u8>>, out: &mut Vec<KernelOut>) {
        for packet in packets {
            if let Some(header) = frames::header(&packet) {
                self.tell_sender(now, &packet, no_neighbour(header.dst), out);
            }
        }
    }
}
