//! `vrrp_garp_interval` and `vrrp_gna_interval`: announcements on one interface, and on the macvlans above it, keep their distance.
use alloc::vec::Vec;
use core::net::IpAddr;

use crate::engine::Engine;
use crate::io::{TimerKind, Wake};
use crate::model::IfIndex;
use crate::rules::Rule;
use crate::time::{Instant, Span};

/// Announcements that were made and those that wait.
#[derive(Clone, Debug, Default)]
pub(crate) struct Pacing {
    /// Where announcements keep their distance, one entry for each interface and family.
    lanes: Vec<Lane>,
    /// What waits.
    pending: Vec<Pending>,
}

#[derive(Clone, Copy, Debug)]
struct Lane {
    base: IfIndex,
    v4: bool,
    /// The next announcement may go now.
    free_at: Instant,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Pending {
    instance: usize,
    iface: IfIndex,
    /// The interface itself, or the one below a macvlan.
    base: IfIndex,
    ip: IpAddr,
}

impl Pending {
    fn is_in(&self, lane: &Lane) -> bool {
        self.base == lane.base && self.ip.is_ipv4() == lane.v4
    }
}

impl Pacing {
    /// An instance is no master any more: what waits of it is not sent.
    pub fn forget(&mut self, instance: usize) {
        self.pending.retain(|pending| pending.instance != instance);
    }

    /// Nothing waits.
    pub fn is_idle(&self) -> bool {
        self.pending.is_empty()
    }

    pub fn next_wake(&self) -> Option<Wake> {
        let busy = self.lanes.iter().enumerate().filter(|(_, lane)| self.pending.iter().any(|p| p.is_in(lane)));
        busy.map(|(of, lane)| Wake { at: lane.free_at, of, timer: TimerKind::Pace }).min_by_key(|wake| wake.at)
    }

    fn lane(&mut self, base: IfIndex, v4: bool) -> &mut Lane {
        let found = self.lanes.iter().position(|lane| lane.base == base && lane.v4 == v4);
        let position = found.unwrap_or_else(|| {
            self.lanes.push(Lane { base, v4, free_at: Instant::ZERO });
            self.lanes.len() - 1
        });
        &mut self.lanes[position]
    }
}

impl Engine {
    fn gap(&self, i: usize, ip: IpAddr) -> Span {
        let garp = self.instances[i].model.garp;
        if ip.is_ipv4() { garp.arp_interval } else { garp.na_interval }
    }

    /// Announces an address now, or notes that it waits.
    pub(super) fn announce_paced(&mut self, i: usize, iface: IfIndex, ip: IpAddr, rule: Rule) {
        let gap = self.gap(i, ip);
        if gap == Span::ZERO {
            return self.announce_one(i, iface, ip, rule);
        }
        let now = self.now;
        let x = &self.instances[i];
        let base = if x.macvlan.index() == Some(iface) { x.model.iface } else { iface };
        let lane = self.pacing.lane(base, ip.is_ipv4());
        if lane.free_at <= now {
            lane.free_at = now + gap;
            return self.announce_one(i, iface, ip, rule);
        }
        let pending = Pending { instance: i, iface, base, ip };
        if !(self.policy.pending_announcements_collapse && self.pacing.pending.contains(&pending)) {
            self.pacing.pending.push(pending);
        }
    }

    /// The gap has passed: the first address that waits, in the order of the configuration.
    pub(crate) fn announce_pending(&mut self, now: Instant, lane: usize) {
        let here = self.pacing.lanes[lane];
        let waiting = self.pacing.pending.iter().enumerate().filter(|(_, pending)| pending.is_in(&here));
        let place = |p: &Pending| self.addresses_of(p.instance).iter().position(|(_, addr)| addr.ip == p.ip);
        let first = waiting.min_by_key(|(_, p)| (p.instance, place(p))).map(|(position, _)| position);
        let Some(position) = first else { return };
        let pending = self.pacing.pending.remove(position);
        self.pacing.lanes[lane].free_at = now + self.gap(pending.instance, pending.ip);
        self.announce_one(pending.instance, pending.iface, pending.ip, Rule::PacedAnnounce);
    }
}
