//! ICMP errors about balanced connections: led to the server, or back to the client with the virtual address in them.
use alloc::vec::Vec;

use super::conn::{ConnId, Method};
use super::director::{Arrival, Director, DropReason, Hook, Paths, Verdict, conn_protocol, request_key};
use vrrplab_wire::flow::{Flow, ICMP, IPIP, TCP, UDP};
use vrrplab_wire::icmp::{Quote, Unreachable, error, finish, quoted};
use vrrplab_wire::rewrite::{End, decrement_ttl, set_end};

impl Director {
    /// An ICMP packet. All but errors about known connections goes on as it is.
    pub(super) fn icmp_error(
        &mut self,
        arrival: Arrival,
        paths: &dyn Paths,
        flow: &Flow,
        packet: &mut Vec<u8>,
    ) -> Verdict {
        let Some(quote) = quoted(packet, flow) else { return Verdict::Accept };
        if quote.flow.later_fragment {
            return Verdict::Accept;
        }
        if quote.flow.protocol == IPIP && flow.protocol == ICMP && paths.is_local(quote.flow.source) {
            return self.about_own_tunnel(&quote, packet);
        }
        if !matches!(quote.flow.protocol, TCP | UDP) {
            return Verdict::Accept;
        }
        let about_request = self.conns.find_answer(
            conn_protocol(&quote.flow),
            (quote.flow.source, quote.flow.source_port),
            (quote.flow.dest, quote.flow.dest_port),
        );
        if let Some(id) = about_request {
            return self.lead_back(id, flow, &quote, packet);
        }
        match (self.conns.find(&request_key(&quote.flow, true), false), arrival.hook) {
            (None, _) => Verdict::Accept,
            (Some(_), Hook::LocalIn | Hook::LocalOut) if self.replication.ignores_requests(&self.sysctl) => {
                Verdict::Accept
            }
            (Some(id), _) => self.lead_on(id, paths, flow, &quote, packet),
        }
    }

    /// An error of the server's side about a forwarded request: it speaks as the virtual address now.
    fn lead_back(&mut self, id: ConnId, flow: &Flow, quote: &Quote, packet: &mut [u8]) -> Verdict {
        let Some(conn) = self.conns.get(id) else { return Verdict::Accept };
        if conn.method == Method::Nat {
            set_end(packet, flow, End::Source, conn.key.virt, 0);
            let (virt, port) = (conn.key.virt, conn.key.virt_port);
            set_end(ports_only(packet, quote), &quote.flow, End::Dest, virt, port);
            finish(packet, quote.icmp);
        }
        Verdict::Answer
    }

    /// An error about an answer: it goes to the server that sent the answer.
    fn lead_on(&mut self, id: ConnId, paths: &dyn Paths, flow: &Flow, quote: &Quote, packet: &mut Vec<u8>) -> Verdict {
        let Some(conn) = self.conns.get(id) else { return Verdict::Accept };
        let (server, port, method) = (conn.server, conn.server_port, conn.method);
        if method != Method::Nat {
            return self.forward(id, paths, flow, packet);
        }
        set_end(packet, flow, End::Dest, server, 0);
        set_end(ports_only(packet, quote), &quote.flow, End::Source, server, port);
        finish(packet, quote.icmp);
        if paths.is_local(server) {
            return Verdict::Deliver;
        }
        decrement_ttl(packet);
        Verdict::Forward(server)
    }

    /// A router could not pass on a tunnel packet of ours: its client is told, with what remains of the path's size.
    fn about_own_tunnel(&self, quote: &Quote, packet: &[u8]) -> Verdict {
        let Some(inner) = packet.get(quote.inner + quote.flow.transport..) else { return Verdict::Accept };
        let Some(request) = Flow::read(inner) else { return Verdict::Accept };
        if self.conns.find(&request_key(&request, false), false).is_none() {
            return Verdict::Accept;
        }
        let (kind, code) = (packet[quote.icmp], packet[quote.icmp + 1]);
        let size = u16::from_be_bytes([packet[quote.icmp + 6], packet[quote.icmp + 7]]);
        let why = match (kind, code) {
            (3, 4) => Unreachable::TooBig(size.saturating_sub(20)),
            _ => Unreachable::Other(kind, code),
        };
        error(inner, why, request.dest).map_or(Verdict::Drop(DropReason::NoServer), Verdict::Refuse)
    }
}

/// The quoted packet up to its ports: its transport checksum stays as it was.
fn ports_only<'a>(packet: &'a mut [u8], quote: &Quote) -> &'a mut [u8] {
    let end = (quote.inner + quote.flow.transport + 4).min(packet.len());
    &mut packet[quote.inner..end]
}
