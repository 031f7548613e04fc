//! A closer look at the node from outside: what an operator wants to know of instances, trackers and sync groups.
use alloc::vec::Vec;
use core::net::IpAddr;

use super::Engine;
use crate::io::State;
use crate::model::{IfAddr, IfIndex, InstanceModel};
use crate::time::{Instant, Span};
use crate::track::judge::Standing;

/// What is known of one virtual router besides its [`crate::InstanceStatus`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InstanceView<'a> {
    /// Its configuration.
    pub model: &'a InstanceModel,
    /// Its state.
    pub state: State,
    /// Its effective priority.
    pub priority: u8,
    /// It owns its addresses, and has met no other owner.
    pub owner: bool,
    /// Where its adverts come from.
    pub source: Option<IpAddr>,
    /// The master that it heard last.
    pub master: Option<IpAddr>,
    /// The interval of the master; its own one until another is learned.
    pub master_interval: Span,
    /// The master down interval.
    pub down: Span,
    /// The part of it that depends on the priority.
    pub skew: Span,
    /// When its timer expires.
    pub deadline: Option<Instant>,
    /// It has set its addresses.
    pub holds: bool,
    /// Its addresses, advertised ones first, and where they belong; nowhere while a macvlan is missing.
    pub addresses: Vec<(Option<IfIndex>, IfAddr)>,
}

/// One thing that an instance tracks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TrackedView<'a> {
    /// What it is.
    pub what: Tracked<'a>,
    /// Its weight for this instance.
    pub weight: i16,
    /// It counts the other way round.
    pub reverse: bool,
}

/// Kinds of things that are tracked, and how they stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tracked<'a> {
    /// An interface, and whether it is up.
    Interface(IfIndex, bool),
    /// A script.
    Script(&'a str, Standing),
    /// A file and its number.
    File(&'a str, i32),
    /// Processes, and whether enough run.
    Process(&'a str, bool),
    /// A BFD session, and whether it is up.
    Session(&'a str, bool),
}

/// One sync group.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GroupView<'a> {
    /// Its name.
    pub name: &'a str,
    /// The state that it was last said to be in.
    pub state: State,
    /// Positions of its members.
    pub members: &'a [usize],
}

impl Engine {
    /// All that is known of the instances, in configuration order.
    pub fn views(&self) -> impl Iterator<Item = InstanceView<'_>> {
        self.instances.iter().enumerate().map(|(i, x)| InstanceView {
            model: &x.model,
            state: x.state,
            priority: x.priority,
            owner: x.owner,
            source: self.sources[i],
            master: x.master.filter(|_| x.state == State::Backup),
            master_interval: x.master_interval,
            down: x.down(&self.policy),
            skew: x.skew(&self.policy),
            deadline: self.deadlines[i].map(|deadline| deadline.at),
            holds: x.holds,
            addresses: x.model.all_vips().map(|vip| (x.place_of(vip), vip.addr)).collect(),
        })
    }

    /// What the instance at this position tracks, and how that stands.
    pub fn tracked(&self, position: usize) -> Vec<TrackedView<'_>> {
        let Some(x) = self.instances.get(position) else { return Vec::new() };
        let interfaces = x.model.track_interfaces.iter().map(|t| TrackedView {
            what: Tracked::Interface(t.iface, self.interfaces.is_up(t.iface)),
            weight: t.weight,
            reverse: t.reverse,
        });
        interfaces.chain(self.trackers.views(&x.model)).collect()
    }

    /// The sync groups, in configuration order.
    pub fn sync_groups(&self) -> impl Iterator<Item = GroupView<'_>> {
        let all = self.groups.iter().zip(&self.group_states);
        all.map(|(group, state)| GroupView { name: &group.name, state: *state, members: &group.members })
    }
}
