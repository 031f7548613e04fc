//! What is remembered of one instance between two changes of its state.
use std::net::IpAddr;

use vrrplab_engine::model::{AddressFamily, InstanceModel, NodeModel};
use vrrplab_engine::{Instant, Rule, State};
use vrrplab_formats::world::{NetworkId, NodeId};

use super::cause::Cause;
use crate::fabric::{DropReason, PortId};

/// The timer as it was set last.
#[derive(Clone, Debug)]
pub(super) struct Armed {
    pub at: Instant,
    pub until: Instant,
    /// An advert set it, and not the router by itself.
    pub by_advert: bool,
    pub because: Cause,
}

impl Armed {
    /// What set it, in a few words.
    pub fn set_by(&self) -> &str {
        if self.by_advert { &self.because.what } else { "the router itself" }
    }
}

/// The last advert that was heard.
#[derive(Clone, Copy, Debug)]
pub(super) struct Heard {
    pub at: Instant,
    pub from: IpAddr,
    pub priority: u8,
    pub rule: Rule,
}

/// How often something happened.
#[derive(Clone, Copy, Debug)]
pub(super) struct Run {
    pub count: u64,
    pub first: Instant,
    pub last: Instant,
}

impl Run {
    fn once(at: Instant) -> Run {
        Run { count: 1, first: at, last: at }
    }

    fn again(&mut self, at: Instant) {
        self.count += 1;
        self.last = at;
    }
}

/// Adverts that were lost on their way.
#[derive(Clone, Copy, Debug)]
pub(super) struct Loss {
    pub from: PortId,
    /// The port of the receiver; `None`: they never left the sender's.
    pub at: Option<PortId>,
    pub reason: DropReason,
    pub run: Run,
}

/// Adverts that arrived and did not set the timer.
#[derive(Clone, Copy, Debug)]
pub(super) struct Unheeded {
    pub from: IpAddr,
    /// `None`: refused unread.
    pub priority: Option<u8>,
    pub rule: Rule,
    pub run: Run,
}

/// The virtual router that it is part of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Group {
    pub network: NetworkId,
    vrid: u8,
    v6: bool,
}

impl Group {
    /// The adverts of this VRID and family are its own.
    pub fn is(self, vrid: u8, v6: bool) -> bool {
        (self.vrid, self.v6) == (vrid, v6)
    }
}

/// One instance of one node.
#[derive(Clone, Debug)]
pub(super) struct Seat {
    pub node: NodeId,
    pub instance: String,
    pub group: Group,
    /// The fixed addresses of its node.
    pub addresses: Vec<IpAddr>,
    pub state: Option<State>,
    pub armed: Option<Armed>,
    pub heard: Option<Heard>,
    /// Since the timer was set.
    pub losses: Vec<Loss>,
    /// Since the timer was set.
    pub unheeded: Vec<Unheeded>,
    /// Changes of its priority.
    pub news: Vec<Cause>,
    /// What was last found of what its node tracks.
    pub tracked: Option<Cause>,
}

/// The instances of a node, nothing known of them yet.
pub(super) fn seats(node: NodeId, model: &NodeModel, segments: &[NetworkId]) -> Vec<Seat> {
    let addresses: Vec<IpAddr> =
        model.interfaces.iter().flat_map(|interface| &interface.addresses).map(|addr| addr.ip).collect();
    let group = |instance: &InstanceModel| {
        let nic = model.interfaces.iter().position(|interface| interface.index == instance.iface)?;
        let network = *segments.get(nic)?;
        Some(Group { network, vrid: instance.vrid.get(), v6: instance.family == AddressFamily::V6 })
    };
    let seat = |(instance, group): (&InstanceModel, Group)| Seat {
        node,
        instance: instance.name.clone(),
        group,
        addresses: addresses.clone(),
        state: None,
        armed: None,
        heard: None,
        losses: Vec::new(),
        unheeded: Vec::new(),
        news: Vec::new(),
        tracked: None,
    };
    model.instances.iter().filter_map(|instance| Some((instance, group(instance)?))).map(seat).collect()
}

/// The instances of a new configuration; what is known of those that stay is kept.
pub(super) fn again(node: NodeId, model: &NodeModel, segments: &[NetworkId], old: &[Seat]) -> Vec<Seat> {
    let keep = |new: Seat| {
        let before = old.iter().find(|before| before.instance == new.instance).cloned();
        before.map_or_else(|| new.clone(), |before| Seat { group: new.group, ..before })
    };
    seats(node, model, segments).into_iter().map(keep).collect()
}

impl Seat {
    /// An advert was taken or ignored; if it sets the timer, that is told next.
    pub fn heard(&mut self, at: Instant, from: IpAddr, priority: u8, rule: Rule) {
        self.heard = Some(Heard { at, from, priority, rule });
        if matches!(rule, Rule::BackupDiscardsLower | Rule::BackupPreemptDelayOver) {
            self.unheeded(at, from, Some(priority), rule);
        }
    }

    pub fn unheeded(&mut self, at: Instant, from: IpAddr, priority: Option<u8>, rule: Rule) {
        let same = |one: &&mut Unheeded| (one.from, one.priority, one.rule) == (from, priority, rule);
        match self.unheeded.iter_mut().find(same) {
            Some(one) => one.run.again(at),
            None => self.unheeded.push(Unheeded { from, priority, rule, run: Run::once(at) }),
        }
    }

    pub fn lost(&mut self, when: Instant, from: PortId, at: Option<PortId>, reason: DropReason) {
        let same = |one: &&mut Loss| (one.from, one.at, one.reason) == (from, at, reason);
        match self.losses.iter_mut().find(same) {
            Some(one) => one.run.again(when),
            None => self.losses.push(Loss { from, at, reason, run: Run::once(when) }),
        }
    }

    pub fn arm(&mut self, armed: Armed) {
        self.armed = Some(armed);
        self.losses.clear();
        self.unheeded.clear();
    }

    /// The daemon is gone, and what it knew.
    pub fn forget(&mut self) {
        (self.armed, self.heard, self.tracked) = (None, None, None);
        self.losses.clear();
        self.unheeded.clear();
        self.news.clear();
    }
}
