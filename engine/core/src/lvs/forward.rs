//! Packets on their way out: to the server by NAT, direct routing or tunnel, and answers back to the client.
use alloc::vec::Vec;
use core::net::IpAddr;

use super::conn::{ConnId, Method};
use super::director::{Director, DropReason, Paths, Verdict};
use super::sched::golden;
use crate::model::lvs::{Endpoint, Forwarding, Protocol, Tunnel, TunnelChecksum};
use crate::time::Instant;
use vrrplab_wire::flow::{Flow, RST};
use vrrplab_wire::icmp::{Unreachable, error};
use vrrplab_wire::rewrite::{End, Wrap, decrement_ttl, dont_fragment, encapsulate, header_length, set_end, ttl};

impl Director {
    /// Sends a client's packet to the server of its connection.
    pub(super) fn forward(&mut self, id: ConnId, paths: &dyn Paths, flow: &Flow, packet: &mut Vec<u8>) -> Verdict {
        let Some(conn) = self.conns.get(id) else { return Verdict::Drop(DropReason::NoServer) };
        let (server, port, method) = (conn.server, conn.server_port, conn.method);
        let tunnel = conn.dest.and_then(|dest| self.table.dest(dest)).map(|dest| dest.config.forwarding);
        if paths.is_local(server) {
            if method == Method::Nat {
                set_end(packet, flow, End::Dest, server, port);
            }
            return Verdict::Deliver;
        }
        let wrap = match (method, tunnel) {
            (Method::Tun, Some(Forwarding::Tun(tunnel))) => Some(wrapping(tunnel, flow)),
            (Method::Tun, _) => Some(Wrap::Ip),
            _ => None,
        };
        if let Err(verdict) = fits(packet, flow, server, wrap, paths) {
            return verdict;
        }
        if method == Method::Nat {
            set_end(packet, flow, End::Dest, server, port);
        }
        decrement_ttl(packet);
        if let Some(wrap) = wrap {
            let whole = self.sysctl.pmtu_disc && flow.source.is_ipv4() && dont_fragment(packet);
            self.packet_id = self.packet_id.wrapping_add(1);
            encapsulate(packet, paths.source(server), server, wrap, whole, self.packet_id);
        }
        Verdict::Forward(server)
    }

    /// Gives an answer the face of the virtual address.
    pub(super) fn answer(&mut self, now: Instant, id: ConnId, flow: &Flow, packet: &mut [u8]) -> Verdict {
        let Some(conn) = self.conns.get(id) else { return Verdict::Accept };
        let (key, dest, method) = (conn.key, conn.dest, conn.method);
        if method == Method::Nat {
            set_end(packet, flow, End::Source, key.virt, key.virt_port);
        }
        let length = packet.len() as u64;
        if let Some(dest) = dest {
            self.table.count(dest, |stats| {
                stats.packets_out += 1;
                stats.bytes_out += length;
            });
        }
        self.advance(id, flow, true);
        self.conns.restart(id, now);
        Verdict::Answer
    }

    /// A packet that is no known answer. With `nat_icmp_send` a NAT server learns that its client is gone.
    pub(super) fn stray_answer(&self, protocol: Protocol, flow: &Flow, packet: &[u8]) -> Verdict {
        let server = Endpoint { ip: flow.source, port: flow.source_port };
        if !self.sysctl.nat_icmp_send || flow.has(RST) || !self.table.has_nat_server(protocol, &server) {
            return Verdict::Accept;
        }
        let told = error(packet, Unreachable::Port, flow.dest);
        told.map_or(Verdict::Drop(DropReason::NoServer), Verdict::Refuse)
    }
}

/// Whether a packet has the time to live and the size for its way; otherwise its sender is told.
fn fits(packet: &[u8], flow: &Flow, server: IpAddr, wrap: Option<Wrap>, paths: &dyn Paths) -> Result<(), Verdict> {
    let tell = |why| {
        let told = error(packet, why, flow.dest);
        told.map_or(Verdict::Drop(DropReason::NoServer), Verdict::Refuse)
    };
    if ttl(packet) <= 1 {
        return Err(tell(Unreachable::TimeExceeded));
    }
    let overhead = wrap.map_or(0, |wrap| header_length(server) + wrap.length());
    let room = usize::from(paths.mtu(server)).saturating_sub(overhead);
    if packet.len() > room && dont_fragment(packet) {
        return Err(tell(Unreachable::TooBig(room as u16)));
    }
    Ok(())
}

/// The wrapping of a tunnel; the source port of GUE spreads flows over the local port range.
fn wrapping(tunnel: Tunnel, flow: &Flow) -> Wrap {
    match tunnel {
        Tunnel::Ipip => Wrap::Ip,
        Tunnel::Gue(dest_port, sum) => {
            let mixed = super::sched::address_bits(flow.source) ^ u32::from(flow.source_port) << 16;
            Wrap::Gue { source_port: 32_768 + golden(mixed) as u16, dest_port, checksum: sum != TunnelChecksum::None }
        }
        Tunnel::Gre(sum) => Wrap::Gre { checksum: sum != TunnelChecksum::None },
    }
}
