//! The memory of one virtual router between two inputs.
use alloc::string::String;
use alloc::vec::Vec;
use core::net::IpAddr;

use crate::io::State;
use crate::model::{AddressFamily, IfAddr, IfIndex, InstanceModel, Vip};
use crate::policy::{Policy, SkewUnit};
use crate::time::{Instant, Span};
use crate::vrrp::decide::Preemption;
use crate::vrrp::skew;

/// The macvlan of an instance (`use_vmac`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Macvlan {
    /// There is none, or not yet.
    #[default]
    Absent,
    /// The kernel was asked for it.
    Awaited,
    /// It has this index.
    There(IfIndex),
    /// The kernel cannot make it.
    Refused,
    /// It was removed by another's hand.
    Lost,
}

impl Macvlan {
    pub fn index(self) -> Option<IfIndex> {
        match self {
            Macvlan::There(index) => Some(index),
            Macvlan::Absent | Macvlan::Awaited | Macvlan::Refused | Macvlan::Lost => None,
        }
    }
}

/// One virtual router at work.
#[derive(Clone, Debug)]
pub(crate) struct Instance {
    pub model: InstanceModel,
    pub state: State,
    /// The member of a sync group wants to be master.
    pub wants_master: bool,
    /// Effective priority, after trackers.
    pub priority: u8,
    /// Base priority 255, unless another owner was met.
    pub owner: bool,
    /// The interval of the current master; the own one until another is learned.
    pub master_interval: Span,
    /// Who the master is.
    pub master: Option<IpAddr>,
    /// The sequence number of the last authentication header sent or accepted: keepalived has one counter for both.
    pub sequence: u32,
    /// IPv4 identification of the next advert.
    pub ip_id: u16,
    /// The virtual addresses are set.
    pub holds: bool,
    /// When `preempt_delay` began.
    pub preempt_since: Option<Instant>,
    /// The next advert from this time on refreshes the announcements.
    pub refresh_from: Option<Instant>,
    /// The next advert from this time on comes with announcements on further interfaces (`garp_extra_if`).
    pub extra_from: Option<Instant>,
    /// The own faults (not those of the sync group), with what is still waited for.
    pub faults: usize,
    /// Announcements sent in the course of the present decision.
    pub announced: u64,
    /// Scripts started in the course of it.
    pub started: u64,
    /// Unweighted scripts without a first result.
    pub waits: usize,
    /// Its macvlan began without a link-local address below: one that comes later does not count.
    pub sourceless: bool,
    /// No state has been told yet since the start.
    pub untold: bool,
    /// The state that the last mail has told, since the start or a reload.
    pub mailed: Option<State>,
    /// The interface of its own.
    pub macvlan: Macvlan,
    /// Lines of the virtual routes that are set.
    pub set_routes: Vec<String>,
    /// Lines of the virtual rules that are set.
    pub set_rules: Vec<String>,
}

impl Instance {
    pub fn new(model: InstanceModel) -> Instance {
        Instance {
            state: State::Init,
            wants_master: false,
            priority: model.priority.get(),
            owner: model.is_owner(),
            master_interval: model.advert_int,
            master: None,
            sequence: 0,
            ip_id: 1,
            holds: false,
            preempt_since: None,
            refresh_from: None,
            extra_from: None,
            faults: 0,
            announced: 0,
            started: 0,
            waits: 0,
            sourceless: false,
            untold: true,
            mailed: None,
            macvlan: Macvlan::Absent,
            set_routes: Vec::new(),
            set_rules: Vec::new(),
            model,
        }
    }

    /// Whether the address that it speaks from is looked for at starts and reloads only.
    pub fn misses_late_source(&self, policy: &Policy) -> bool {
        policy.macvlan_misses_late_source && self.model.family == AddressFamily::V6 && self.model.macvlan().is_some()
    }

    /// Where adverts are sent and heard; nowhere while the macvlan is missing.
    pub fn advert_iface(&self) -> Option<IfIndex> {
        if self.model.speaks_on_macvlan() { self.macvlan.index() } else { Some(self.model.iface) }
    }

    /// Where a virtual address lives; nowhere while the macvlan is missing.
    pub fn place_of(&self, vip: &Vip) -> Option<IfIndex> {
        if self.model.is_on_macvlan(vip) { self.macvlan.index() } else { Some(vip.iface) }
    }

    /// Every address to be set, and where.
    pub fn addresses(&self) -> Vec<(IfIndex, IfAddr)> {
        self.model.all_vips().filter_map(|vip| Some((self.place_of(vip)?, vip.addr))).collect()
    }

    pub fn skew(&self, policy: &Policy) -> Span {
        skew::skew(self.model.version, self.timing_priority(policy), self.master_interval, policy.skew_unit)
    }

    pub fn down(&self, policy: &Policy) -> Span {
        let adverts = self.model.down_timer_adverts;
        let priority = self.timing_priority(policy);
        skew::down(self.model.version, priority, self.master_interval, adverts, policy.skew_unit)
    }

    /// The priority that timers are made of.
    fn timing_priority(&self, policy: &Policy) -> u8 {
        match policy.skew_unit {
            SkewUnit::Centiseconds => self.model.priority.get(),
            SkewUnit::Microseconds | SkewUnit::Exact => self.priority,
        }
    }

    /// How late the advert timer is re-armed after the work of the present decision.
    pub fn rearm_lateness(&self, policy: &Policy) -> Span {
        policy.rearm_lateness
            + policy.announce_lateness.times(self.announced)
            + policy.fork_lateness.times(self.started)
    }

    /// Where `preempt` and `preempt_delay` stand.
    pub fn preemption(&self, now: Instant) -> Preemption {
        if !self.model.preempt {
            return Preemption::Never;
        }
        match self.preempt_since {
            _ if self.model.preempt_delay == Span::ZERO => Preemption::AtOnce,
            None => Preemption::DelayToStart,
            Some(since) if now.since(since) < self.model.preempt_delay => Preemption::DelayRunning,
            Some(_) => Preemption::DelayOver,
        }
    }

    /// The identification for the next advert; 0 is skipped.
    pub fn take_ip_id(&mut self) -> u16 {
        let id = self.ip_id;
        self.ip_id = if id == u16::MAX { 1 } else { id + 1 };
        id
    }
}
