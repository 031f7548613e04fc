//! The way of a packet out of a host: from a local socket, or on from another host, to a neighbour.
use std::net::IpAddr;

use vrrplab_engine::Instant;
use vrrplab_engine::lvs::{Arrival, Hook};
use vrrplab_formats::world::{Chain, LOOPBACK};

use super::firewall::{Packet, Through, passes};
use super::frames::{self, Header};
use super::routes::Way;
use super::{Iface, Kernel, KernelOut};

impl Kernel {
    /// A local socket sends an IP packet. What has no route, or is for this host itself, is dropped.
    pub fn send_ip(&mut self, now: Instant, packet: Vec<u8>, out: &mut Vec<KernelOut>) {
        if let Some(packet) = self.ipvs_hook(now, Arrival { hook: Hook::LocalOut, mark: 0 }, packet, out) {
            self.send_past_ipvs(now, packet, out);
        }
    }

    /// The same, behind the hook of IPVS.
    pub(super) fn send_past_ipvs(&mut self, now: Instant, packet: Vec<u8>, out: &mut Vec<KernelOut>) {
        let Some(header) = frames::header(&packet) else {
            return;
        };
        if self.holds(header.dst) || self.filtered.contains(&header.src) {
            return;
        }
        if let Some(dst) = frames::group_mac(header.dst) {
            let from = self.ifaces.iter().find(|i| i.up() && i.index != LOOPBACK && i.has(header.src));
            let leaves = |from: &&Iface| Through { came: None, leaves: Some(from.index) };
            let asked = Packet { header: &header, bytes: &packet };
            if let Some(from) = from.filter(|from| passes(&self.rules, Chain::Out, asked, leaves(from))) {
                let frame = frames::ethernet(from.mac, dst, &packet);
                out.push(KernelOut::Transmit { iface: from.index, frame });
            }
            return;
        }
        let Some(way) = self.way(header.dst) else { return };
        let through = Through { came: None, leaves: Some(way.iface) };
        if passes(&self.rules, Chain::Out, Packet { header: &header, bytes: &packet }, through) {
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
        let (source, speaker) = (here.source(), self.asks_as(here, way.neighbour, header.src));
        self.neighbours.send(now, source, way.neighbour, packet, speaker, out);
    }

    /// In whose name an interface asks for a neighbour, for a packet with this source (`arp_announce`).
    fn asks_as(&self, here: &Iface, neighbour: IpAddr, src: IpAddr) -> Option<IpAddr> {
        let near = || here.addresses.iter().any(|a| a.ip == src && frames::same_prefix(src, neighbour, a.prefix));
        let own = self.holds(src)
            && match self.settings.of(here.index).arp_announce {
                0 => true,
                1 => near(),
                _ => src.is_ipv6(),
            };
        if own { Some(src) } else { here.speaker(neighbour) }
    }
}
