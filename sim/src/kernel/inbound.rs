//! The way of a frame into a host: read, and its packet given to a local socket, sent on to another host, or dropped.
//!
//! The hooks of netfilter have their places here and in `outbound.rs`: what comes before routing is in
//! [`Kernel::inbound`], what is for this host itself in [`Kernel::input`], what goes on in [`Kernel::forward`].
use std::net::IpAddr;

use vrrplab_engine::Instant;
use vrrplab_engine::lvs::Hook;
use vrrplab_engine::model::IfIndex;

use super::frames::{self, Header, Heard};
use super::{Kernel, KernelOut};

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
    pub(super) fn inbound(&mut self, now: Instant, came: Came, packet: Vec<u8>, out: &mut Vec<KernelOut>) {
        let Some(header) = frames::header(&packet) else { return };
        if self.is_martian(&header) {
            return;
        }
        if self.hears_sync(now, came.iface, &packet) {
            return;
        }
        if self.holds(header.dst) {
            self.input(now, came, &header, packet, out);
        } else if came.direct && self.forwards(header.dst) {
            self.forward(now, came, &header, packet, out);
        }
    }

    /// A packet for this host itself.
    pub(super) fn input(
        &mut self,
        now: Instant,
        _came: Came,
        header: &Header,
        packet: Vec<u8>,
        out: &mut Vec<KernelOut>,
    ) {
        if header.protocol == frames::VRRP || self.filtered.contains(&header.dst) {
            return;
        }
        if let Some(packet) = self.ipvs_hook(now, Hook::LocalIn, packet, out) {
            out.push(KernelOut::Local { packet });
        }
    }

    /// A packet for someone else.
    pub(super) fn forward(
        &mut self,
        now: Instant,
        _came: Came,
        header: &Header,
        packet: Vec<u8>,
        out: &mut Vec<KernelOut>,
    ) {
        let Some(way) = self.way(header.dst) else { return };
        let Some(packet) = self.ipvs_hook(now, Hook::Forward, packet, out) else { return };
        let Some(header) = frames::header(&packet) else { return };
        self.route_out(now, way, &header, packet, out);
    }

    /// Whether packets for others are sent on.
    fn forwards(&self, _to: IpAddr) -> bool {
        false
    }

    /// A packet from one of our own addresses comes from nowhere.
    fn is_martian(&self, header: &Header) -> bool {
        self.holds(header.src)
    }
}
