//! Carries decisions out, step by step, in order. It chooses nothing.
use alloc::vec::Vec;
use core::net::IpAddr;

use vrrplab_wire::{Advert, AdvertFrame, add_ah, cover_message_only, gratuitous_arp, multicast_mac, unsolicited_na};

use crate::engine::Engine;
use crate::io::{EffectKind, State, TimerKind, TraceKind};
use crate::model::{AddressFamily, Auth, IfAddr, IfIndex, Mac, Version, standard_group};
use crate::notify::Said;
use crate::policy::V3Checksum;
use crate::rules::Rule;
use crate::time::{Instant, Span};
use crate::vrrp::decide::{Action, Decision};
use crate::vrrp::receive::Heard;

/// A learned interval of zero makes a down timer of zero; a router that waits for its group must not spin on it.
const SHORTEST_DOWN: Span = Span::from_millis(1);

/// An Ethernet header without a tag.
const ETHERNET_HEADER: usize = 14;

impl Engine {
    /// Carries out one decision for one instance. Returns whether its sync group is to follow.
    pub(crate) fn apply(&mut self, now: Instant, i: usize, decision: Decision, heard: Option<&Heard>) -> bool {
        let from = self.instances[i].state;
        self.instances[i].state = decision.next;
        if decision.next != from {
            self.instances[i].wants_master = decision.next == State::Master;
        }
        self.instances[i].announced = 0;
        self.instances[i].started = 0;
        let mut pull = false;
        for action in decision.actions {
            match action {
                Action::PullGroup => pull = true,
                action => self.step(now, i, *action, from, decision, heard),
            }
        }
        pull
    }

    fn step(&mut self, now: Instant, i: usize, action: Action, from: State, decision: Decision, heard: Option<&Heard>) {
        let rule = decision.rule;
        let policy = self.policy;
        match action {
            Action::Enter => {
                self.instances[i].untold = false;
                self.trace(i, rule, TraceKind::Transition { from, to: decision.next });
            }
            Action::SendAdvert => self.send_advert(i, self.instances[i].priority, rule),
            Action::SendRelease => self.send_advert(i, 0, rule),
            Action::TakeAddresses => self.take_addresses(i, rule),
            Action::DropAddresses => self.drop_addresses(i, rule),
            Action::Announce => self.become_announcer(now, i, rule),
            Action::ScheduleAnnounce if policy.announces_once => {}
            Action::ScheduleAnnounce => {
                let (sent, delay) = (self.instances[i].announced, self.instances[i].model.garp.delay);
                self.schedule_announcements(now, i, sent, delay, TimerKind::DelayedAnnounce);
            }
            Action::SkipSequence => self.instances[i].sequence = self.instances[i].sequence.wrapping_add(1),
            Action::AnnounceToLower => self.announce_to_lower(now, i, rule),
            Action::RefreshAnnounce => {
                self.refresh(now, i);
                self.announce_elsewhere(now, i);
            }
            Action::AnnounceSource => self.announce_source(i, rule),
            Action::ArmAdvert => {
                let late = self.instances[i].rearm_lateness(&policy);
                self.arm(now + late, i, self.instances[i].model.advert_int, rule);
            }
            Action::ArmDown => self.arm(self.base(now), i, self.instances[i].down(&policy).max(SHORTEST_DOWN), rule),
            Action::ArmSkew => self.arm(self.base(now), i, self.instances[i].skew(&policy), rule),
            Action::ArmAtOnce => self.arm(self.base(now), i, Span::from_micros(1), rule),
            Action::Disarm => self.deadlines[i] = None,
            Action::LearnInterval => self.learn_interval(i, heard),
            Action::ForgetInterval => self.instances[i].master_interval = self.instances[i].model.advert_int,
            Action::RememberMaster => {
                self.instances[i].master = heard.map(|h| h.from);
                self.instances[i].wants_master = false;
            }
            Action::StartPreemptDelay => self.instances[i].preempt_since = Some(now),
            Action::ClearPreemptDelay => self.instances[i].preempt_since = None,
            Action::ReducePriority => self.reduce_priority(i, rule),
            Action::Notify => self.notify_state(i, rule),
            Action::NotifyLower => self.notify_instance(i, rule, Said::Lower),
            Action::WantMaster => self.instances[i].wants_master = true,
            Action::PullGroup => {}
        }
    }

    fn arm(&mut self, now: Instant, i: usize, span: Span, rule: Rule) {
        let until = now + span;
        self.set_deadline(i, until);
        if rule != Rule::MasterAdvertises {
            self.trace(i, rule, TraceKind::Armed { until });
        }
    }

    fn reduce_priority(&mut self, i: usize, rule: Rule) {
        let from = self.instances[i].priority;
        self.instances[i].owner = false;
        self.instances[i].priority = 254;
        self.trace(i, rule, TraceKind::Priority { from, to: 254 });
    }

    fn learn_interval(&mut self, i: usize, heard: Option<&Heard>) {
        let Some(heard) = heard else { return };
        let from = self.instances[i].master_interval;
        if self.instances[i].model.version == Version::V3 && from != heard.interval {
            self.instances[i].master_interval = heard.interval;
            self.trace(i, Rule::IntervalLearned, TraceKind::Interval { from, to: heard.interval });
        }
    }

    /// One advert event: one frame to the group, or one packet to each peer, all with the same identification.
    pub(crate) fn send_advert(&mut self, i: usize, priority: u8, rule: Rule) {
        let id = self.instances[i].take_ip_id();
        self.instances[i].sequence = self.instances[i].sequence.wrapping_add(1);
        let Some(src) = self.sources[i] else { return };
        let model = &self.instances[i].model;
        let Some(iface) = self.instances[i].advert_iface() else { return };
        let Some(src_mac) = self.mac_of(i, iface) else { return };
        let advert = Advert {
            version: model.version,
            vrid: model.vrid.get(),
            priority,
            interval: interval_field(model.version, model.advert_int),
            addresses: model.vips.iter().map(|vip| vip.addr.ip).collect(),
            auth: match model.auth {
                Auth::None | Auth::Ah(_) => None,
                Auth::Pass(password) => Some(password),
            },
        };
        let family = model.family;
        let message_only = model.version == Version::V3
            && family == AddressFamily::V4
            && self.policy.v3_ipv4_checksum == V3Checksum::MessageOnly;
        let ttl = model.unicast_ttl.unwrap_or(match family {
            AddressFamily::V4 => 255,
            AddressFamily::V6 => self.policy.v6_unicast_hops,
        });
        let header = match model.auth {
            Auth::Ah(key) if model.version == Version::V2 && family == AddressFamily::V4 => Some(key),
            _ => None,
        };
        let (sequence, ttl_counts) = (self.instances[i].sequence, model.unicast_peers.is_empty());
        let build = |dst: IpAddr, dst_mac: Mac, ttl: u8| {
            let mut frame = AdvertFrame { advert: &advert, family, src_mac, dst_mac, src, dst, ttl, id }.emit();
            if message_only {
                cover_message_only(&mut frame);
            }
            if let Some(key) = header {
                add_ah(&mut frame, key, sequence, ttl_counts);
            }
            frame
        };
        if model.unicast_peers.is_empty() {
            let group = standard_group(family);
            let Some(dst_mac) = multicast_mac(group) else { return };
            let bytes = build(group, dst_mac, 255);
            self.effect(rule, EffectKind::SendFrame { iface, bytes });
            return;
        }
        let packets: Vec<Vec<u8>> = model
            .unicast_peers
            .iter()
            .map(|peer| build(peer.ip, Mac([0; 6]), ttl).split_off(ETHERNET_HEADER))
            .collect();
        for bytes in packets {
            self.effect(rule, EffectKind::SendPacket { iface, bytes });
        }
    }

    fn take_addresses(&mut self, i: usize, rule: Rule) {
        self.instances[i].holds = true;
        self.filter(i, true);
        for (iface, addr) in self.addresses_of(i) {
            self.interfaces.add(iface, addr);
            self.effect(rule, EffectKind::ChangeAddress { iface, addr, add: true });
        }
        self.take_routes(i, rule);
    }

    pub(crate) fn drop_addresses(&mut self, i: usize, rule: Rule) {
        if !core::mem::take(&mut self.instances[i].holds) {
            return;
        }
        self.pacing.forget(i);
        self.drop_routes(i, rule);
        for (iface, addr) in self.addresses_of(i) {
            // an address that another instance still holds is the kernel's single copy: keepalived removes it all the same
            if self.interfaces.holds(iface, addr) {
                self.interfaces.remove(iface, addr);
                self.effect(rule, EffectKind::ChangeAddress { iface, addr, add: false });
            }
        }
        self.filter(i, false);
    }

    /// `no_accept`: before addresses are set, what comes to them is dropped; it passes again after they are gone.
    fn filter(&mut self, i: usize, drop: bool) {
        if self.instances[i].model.accept {
            return;
        }
        for (_, addr) in self.addresses_of(i) {
            self.effect(Rule::NoAccept, EffectKind::FilterAddress { ip: addr.ip, drop });
        }
    }

    pub(crate) fn addresses_of(&self, i: usize) -> Vec<(IfIndex, IfAddr)> {
        self.instances[i].addresses()
    }

    fn become_announcer(&mut self, now: Instant, i: usize, rule: Rule) {
        let garp = self.instances[i].model.garp;
        self.instances[i].refresh_from = (garp.refresh > Span::ZERO).then(|| now + garp.refresh);
        self.instances[i].extra_from = self.instances[i].model.garp_extra.map(|extra| now + extra.every);
        let rounds = if self.policy.announces_once { 1 } else { garp.repeat };
        self.announce(i, rounds, rule);
    }

    /// The instance that heard the worse advert first, then the other members of its sync group.
    fn announce_to_lower(&mut self, now: Instant, i: usize, rule: Rule) {
        let others: Vec<usize> = self.peers_of(i).collect();
        for i in core::iter::once(i).chain(others) {
            let garp = self.instances[i].model.garp;
            if garp.lower_prio_repeat > 0 && self.instances[i].holds {
                let before = self.instances[i].announced;
                self.announce(i, garp.lower_prio_repeat, rule);
                let sent = self.instances[i].announced - before;
                self.schedule_announcements(now, i, sent, garp.lower_prio_delay, TimerKind::DelayedLowerPrioAnnounce);
            }
        }
    }

    /// Announcements come again after a delay, which begins when so many first ones have been made.
    fn schedule_announcements(&mut self, now: Instant, i: usize, sent: u64, delay: Span, timer: TimerKind) {
        self.worked = self.worked + self.policy.schedule_lateness + self.policy.announce_lateness.times(sent);
        self.schedule(now + self.worked, i, delay, timer);
    }

    /// keepalived wants an advert later than the time it stored. Its clock has always run on a little by then, so an interval
    /// that is a multiple of the adverts' is kept exactly: equal is later.
    fn refresh(&mut self, now: Instant, i: usize) {
        let garp = self.instances[i].model.garp;
        if self.instances[i].refresh_from.is_some_and(|from| now >= from) {
            self.instances[i].refresh_from = Some(now + garp.refresh);
            self.announce(i, garp.refresh_repeat, Rule::RefreshAnnounce);
        }
    }

    /// A reload forgets when the last refresh was: the next one comes with its advert.
    pub(crate) fn refresh_at_once(&mut self, now: Instant, i: usize) {
        if self.instances[i].model.garp.refresh > Span::ZERO {
            self.instances[i].refresh_from = Some(now);
            self.refresh(now, i);
        }
    }

    /// `garp_extra_if`: the first address of every interface but the instance's own is announced. Without `all` that is
    /// meant for macvlans that carry no adverts; no instance has one.
    fn announce_elsewhere(&mut self, now: Instant, i: usize) {
        let x = &mut self.instances[i];
        let Some(extra) = x.model.garp_extra.filter(|extra| extra.all && extra.every > Span::ZERO) else { return };
        if x.extra_from.is_none_or(|from| now < from) {
            return;
        }
        x.extra_from = Some(now + extra.every);
        let mut done = alloc::vec![x.macvlan.index().unwrap_or(x.model.iface)];
        for (iface, addr) in self.addresses_of(i) {
            if !done.contains(&iface) {
                done.push(iface);
                self.announce_one(i, iface, addr.ip, Rule::ExtraAnnounce);
            }
        }
    }

    /// `rounds` rounds of one announcement for every address, advertised ones first.
    pub(crate) fn announce(&mut self, i: usize, rounds: u32, rule: Rule) {
        if !self.instances[i].holds {
            return;
        }
        let addresses = self.addresses_of(i);
        for _ in 0..rounds {
            for &(iface, addr) in &addresses {
                self.announce_paced(i, iface, addr.ip, rule);
            }
        }
    }

    fn announce_source(&mut self, i: usize, rule: Rule) {
        if let (true, Some(source)) = (self.instances[i].model.is_unicast(), self.sources[i]) {
            self.announce_one(i, self.instances[i].model.iface, source, rule);
        }
    }

    /// The MAC that frames of this virtual router carry on an interface.
    fn mac_of(&self, i: usize, iface: IfIndex) -> Option<Mac> {
        let own = self.interfaces.get(iface)?.mac;
        Some(if self.policy.virtual_mac { self.instances[i].model.virtual_mac() } else { own })
    }

    pub(super) fn announce_one(&mut self, i: usize, iface: IfIndex, ip: IpAddr, rule: Rule) {
        let Some(mac) = self.mac_of(i, iface) else { return };
        let bytes = match ip {
            IpAddr::V4(ip) => gratuitous_arp(mac, ip),
            IpAddr::V6(ip) => unsolicited_na(mac, ip, false),
        };
        self.instances[i].announced += 1;
        self.effect(rule, EffectKind::SendFrame { iface, bytes });
    }
}

/// What the interval field says: seconds in v2, centiseconds in v3.
fn interval_field(version: Version, interval: Span) -> u16 {
    let units = match version {
        Version::V2 => interval.as_micros() / 1_000_000,
        Version::V3 => interval.as_micros() / 10_000,
    };
    u16::try_from(units).unwrap_or(u16::MAX)
}
