//! Questions for addresses, ARP and neighbour discovery: who answers, and what is learnt from them.
use vrrplab_engine::Instant;
use vrrplab_engine::model::IfAddr;

use super::frames::{self, Advert, Arp, Solicit};
use super::neighbours::{Source, Told};
use super::{Kernel, KernelOut};

impl Kernel {
    /// An ARP packet came in by this interface. Linux routes a question before it answers: whose address cannot be there,
    /// above all an own one that another host announces, is not answered. Nobody's may, who asks if an address is free.
    pub(super) fn arp(&mut self, now: Instant, via: Source, arp: &Arp, direct: bool, out: &mut Vec<KernelOut>) {
        let routed = || arp.sender.is_unspecified() || !self.cannot_come_from(via.iface, arp.sender.into());
        if arp.request && self.holds(arp.target.into()) && routed() {
            self.answer_arp(now, via, arp, out);
        } else if !self.holds(arp.sender.into()) {
            let accepted = self.accepts_arp(via, arp);
            self.neighbours.told(now, via, &Told::by_arp(arp, direct, accepted), out);
        }
    }

    /// Whether an announcement may make a new neighbour (`arp_accept`).
    fn accepts_arp(&self, via: Source, arp: &Arp) -> bool {
        let near = |own: &IfAddr| frames::same_prefix(own.ip, arp.sender.into(), own.prefix);
        match self.settings.of(via.iface).arp_accept {
            0 => false,
            1 => true,
            _ => self.iface(via.iface).is_some_and(|here| here.addresses.iter().any(near)),
        }
    }

    fn answer_arp(&mut self, now: Instant, via: Source, arp: &Arp, out: &mut Vec<KernelOut>) {
        let target = arp.target.into();
        let Some(here) = self.iface(via.iface) else { return };
        let near = |own: &&IfAddr| frames::same_prefix(own.ip, arp.sender.into(), own.prefix);
        let own = here.addresses.iter().find(|a| a.ip == target);
        let answers = match self.settings.of(via.iface).arp_ignore.max(u8::from(here.own_only)) {
            0 => true,
            1 => own.is_some(),
            _ => own.is_some_and(|own| arp.sender.is_unspecified() || near(&own)),
        };
        if !answers {
            return;
        }
        let frame = frames::arp_reply(here.mac_of(target), arp);
        out.push(KernelOut::Transmit { iface: via.iface, frame });
        if !arp.sender.is_unspecified() && !self.holds(arp.sender.into()) {
            self.neighbours.told(now, via, &Told::asked_us(arp.sender.into(), arp.mac), out);
        }
    }

    /// A neighbour solicitation came in by this interface.
    pub(super) fn solicited(&mut self, now: Instant, via: Source, ns: &Solicit, out: &mut Vec<KernelOut>) {
        let Some(here) = self.iface(via.iface).filter(|here| here.has(ns.target)) else { return };
        let frame = frames::advertisement(here.mac_of(ns.target), ns);
        out.push(KernelOut::Transmit { iface: via.iface, frame });
        if let Some(theirs) = ns.mac.filter(|_| !ns.from.is_unspecified()) {
            self.neighbours.told(now, via, &Told::asked_us(ns.from.into(), theirs), out);
        }
    }

    /// A neighbour advertisement came in by this interface.
    pub(super) fn advertised(&mut self, now: Instant, via: Source, na: &Advert, out: &mut Vec<KernelOut>) {
        if !self.holds(na.target) {
            self.neighbours.told(now, via, &Told::by_advert(na), out);
        }
    }
}
