//! The way of a packet out of a host: from a local socket, or on from another host, to a neighbour.
use vrrplab_engine::Instant;

use super::frames::{self, Header};
use super::routes::Way;
use super::{Kernel, KernelOut};

impl Kernel {
    /// A local socket sends an IP packet. What has no route, or is for this host itself, is dropped.
    pub fn send_ip(&mut self, now: Instant, packet: Vec<u8>, out: &mut Vec<KernelOut>) {
        let Some(header) = frames::header(&packet) else {
            return;
        };
        if self.holds(header.dst) || self.filtered.contains(&header.src) {
            return;
        }
        if let Some(dst) = frames::group_mac(header.dst) {
            let from = self.ifaces.iter().find(|i| i.up() && i.has(header.src));
            if let Some(from) = from {
                let frame = frames::ethernet(from.mac, dst, &packet);
                out.push(KernelOut::Transmit { iface: from.index, frame });
            }
            return;
        }
        if let Some(way) = self.way(header.dst) {
            self.route_out(now, way, &header, packet, out);
        }
    }

    /// Sends a packet this way, whoever made it.
    pub(super) fn route_out(
        &mut self,
        now: Instant,
        way: Way,
        header: &Header,
        packet: Vec<u8>,
        out: &mut Vec<KernelOut>,
    ) {
        let Some(here) = self.iface(way.iface) else { return };
        // arp_announce=0: the question is asked in the name of the packet's own source.
        let speaker = if self.holds(header.src) { Some(header.src) } else { here.speaker(way.neighbour) };
        let source = here.source();
        self.neighbours.send(now, source, way.neighbour, packet, speaker, out);
    }
}
