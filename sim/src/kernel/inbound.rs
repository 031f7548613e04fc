//! The way of a frame into a host: read, and its packet given to a local socket, sent on to another host, or dropped.
//!
//! The hooks of netfilter have their places here and in `outbound.rs`: what comes before routing is in
//! [`Kernel::inbound`], what is for this host itself in [`Kernel::input`], what goes on in [`Kernel::forward`].
use std::net::IpAddr;

use vrrplab_engine::Instant;
use vrrplab_engine::lvs::{Arrival, Hook};
use vrrplab_engine::model::IfIndex;
use vrrplab_formats::world::Chain;
use vrrplab_wire::flow::IPIP;
use vrrplab_wire::icmp::Unreachable;
use vrrplab_wire::rewrite;

use super::firewall::{Packet, Through, mark, passes};
use super::frames::{self, Header, Heard};
use super::routes::Way;
use super::{Kernel, KernelOut, errors};

/// What every link carries.
pub(super) const MTU: usize = 1500;

/// How a packet came in.
#[derive(Clone, Copy, Debug)]
pub(super) struct Came {
    /// By this interface.
    pub(super) iface: IfIndex,
    /// To this host's own MAC, not to everyone or a group.
    pub(super) direct: bool,
}

impl Kernel {
    /// A frame arrived. Packets of IP protocol 112 for this host are left to whoever reads frames.
    pub fn receive(&mut self, now: Instant, iface: IfIndex, frame: &[u8], out: &mut Vec<KernelOut>) {
        if !self.has_macvlans(iface) {
            return self.receive_on(now, iface, frame, out);
        }
        for iface in self.hearers(iface, frame) {
            self.receive_on(now, iface, frame, out);
        }
    }

    fn receive_on(&mut self, now: Instant, iface: IfIndex, frame: &[u8], out: &mut Vec<KernelOut>) {
        let Some(here) = self.iface(iface).filter(|i| i.up()) else {
            return;
        };
        let via = here.source();
        let Some(heard) = frames::parse(frame, here.hears_as(frame)) else {
            return;
        };
        match heard {
            Heard::Arp(arp) => self.arp(now, via, &arp, frames::is_to(frame, via.mac), out),
            Heard::Solicit(ns) => self.solicited(now, via, &ns, out),
            Heard::Advert(na) => self.advertised(now, via, &na, out),
            Heard::Ip(packet) => {
                let direct = frame.first().is_some_and(|first| first & 1 == 0);
                self.inbound(now, Came { iface, direct }, packet.to_vec(), out);
            }
        }
    }

    /// An IP packet came in: the decision where it goes.
    pub(super) fn inbound(&mut self, now: Instant, came: Came, mut packet: Vec<u8>, out: &mut Vec<KernelOut>) {
        let Some(mut header) = frames::header(&packet) else { return };
        if self.cannot_come_from(came.iface, header.src) {
            return;
        }
        if self.hears_sync(now, came.iface, &packet) {
            return;
        }
        if !self.nat.is_off() && came.direct {
            self.nat.before_routing(now, &mut packet);
            let Some(translated) = frames::header(&packet) else { return };
            header = translated;
        }
        if self.holds(header.dst) {
            self.input(now, came, &header, packet, out);
        } else if came.direct && self.forwards(header.src, header.dst) {
            self.forward(now, came, &header, packet, out);
        }
    }

    /// A packet for this host itself.
    pub(super) fn input(
        &mut self,
        now: Instant,
        came: Came,
        header: &Header,
        packet: Vec<u8>,
        out: &mut Vec<KernelOut>,
    ) {
        let through = Through { came: Some(came.iface), leaves: None };
        let asked = Packet { header, bytes: &packet };
        let filtered = self.filtered.contains(&header.dst) || !passes(&self.rules, Chain::In, asked, through);
        if header.protocol == frames::VRRP || filtered {
            return;
        }
        if self.ipip && header.protocol == IPIP {
            let inner = packet.get(usize::from(packet[0] & 15) * 4..).unwrap_or_default().to_vec();
            return self.inbound(now, came, inner, out);
        }
        let arrival = Arrival { hook: Hook::LocalIn, mark: mark(&self.rules, asked, through) };
        if let Some(packet) = self.ipvs_hook(now, arrival, packet, out) {
            out.push(KernelOut::Local { packet });
        }
    }

    /// A packet for someone else.
    pub(super) fn forward(
        &mut self,
        now: Instant,
        came: Came,
        header: &Header,
        mut packet: Vec<u8>,
        out: &mut Vec<KernelOut>,
    ) {
        let Some(way) = self.way(header.dst) else {
            return self.tell_sender(now, &packet, errors::no_route(header.dst), out);
        };
        if rewrite::ttl(&packet) <= 1 {
            return self.tell_sender(now, &packet, Unreachable::TimeExceeded, out);
        }
        if packet.len() > MTU && rewrite::dont_fragment(&packet) {
            return self.tell_sender(now, &packet, Unreachable::TooBig(1500), out);
        }
        rewrite::decrement_ttl(&mut packet);
        let through = Through { came: Some(came.iface), leaves: Some(way.iface) };
        if !passes(&self.rules, Chain::Forward, Packet { header, bytes: &packet }, through) {
            return;
        }
        if let Some(packet) = self.ipvs_hook(now, Arrival { hook: Hook::Forward, mark: 0 }, packet, out) {
            self.leave(now, way, packet, out);
        }
    }

    /// Behind the forward hook: translation, and out.
    fn leave(&mut self, now: Instant, way: Way, mut packet: Vec<u8>, out: &mut Vec<KernelOut>) {
        if self.nat.is_off() {
            if let Some(header) = frames::header(&packet) {
                self.route_out(now, way, &header, packet, out);
            }
            return;
        }
        if let Some(here) = self.ifaces.iter().find(|i| i.index == way.iface) {
            let own = here.speaker(way.neighbour);
            self.nat.after_routing(now, way.iface, &|ip| here.has(ip), own, &mut packet);
        }
        if let Some(header) = frames::header(&packet) {
            self.route_out(now, way, &header, packet, out);
        }
    }

    /// Whether packets between these two are sent on.
    fn forwards(&self, from: IpAddr, to: IpAddr) -> bool {
        match (from, to) {
            (IpAddr::V6(from), IpAddr::V6(to)) => {
                self.settings.forward6
                    && !from.is_unicast_link_local()
                    && !to.is_unicast_link_local()
                    && !to.is_multicast()
            }
            (_, IpAddr::V4(to)) => self.settings.forward && !to.is_multicast() && !to.is_broadcast(),
            _ => false,
        }
    }

    /// Whether a frame is not for this host, but to be sent on by it.
    pub fn passes_on(&self, frame: &[u8]) -> bool {
        if !self.settings.forward && !self.settings.forward6 || frame.first().is_none_or(|first| first & 1 == 1) {
            return false;
        }
        let header = frame.get(14..).and_then(frames::header);
        header.is_some_and(|header| self.forwards(header.src, header.dst) && !self.holds(header.dst))
    }

    /// Whether nothing that came in by this interface can be from this address: an own one, a group, nobody, or one to which
    /// the way back leads elsewhere. keepalived sets `accept_local` on the
    /// macvlans that it makes.
    pub(super) fn cannot_come_from(&self, iface: IfIndex, src: IpAddr) -> bool {
        let settings = self.settings.of(iface);
        if self.holds(src) {
            return !settings.accepts_local() && self.base_of(iface) == iface;
        }
        match src {
            IpAddr::V6(src) => src.is_multicast(),
            IpAddr::V4(src) => {
                let nowhere = src.is_multicast() || src.is_broadcast() || src.is_loopback() || src.is_unspecified();
                let back = || self.way(src.into()).map(|way| way.iface);
                nowhere
                    || match settings.rp_filter {
                        0 => false,
                        1 => back() != Some(iface),
                        _ => back().is_none(),
                    }
            }
        }
    }
}
