//! IGMP snooping: who has asked for which group, and for how long that counts.
use std::collections::{BTreeMap, BTreeSet};
use std::net::Ipv4Addr;

use vrrplab_engine::Instant;
use vrrplab_engine::model::Mac;
use vrrplab_formats::world::{NetworkId, Snooping};

use super::igmp::{self, Seen};
use super::walk::Hop;
use super::{Fabric, Fate, Place};

/// What a snooping switch knows.
#[derive(Clone, Debug)]
pub(super) struct Snooper {
    setup: Snooping,
    /// When it asks next, while it is a querier.
    pub(super) next_query: Option<Instant>,
    /// When each place was last heard to want a group, by VLAN and group. What has aged out is kept, so that a drop can
    /// say why.
    groups: BTreeMap<(u16, Ipv4Addr), BTreeMap<Place, Instant>>,
}

/// Who gets a frame.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Audience {
    /// All ports.
    All,
    /// The trunks only.
    Trunks,
    /// The trunks, and the ports that want this group.
    Members(Ipv4Addr),
}

/// Whether a port gets a frame to a group.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Membership {
    Member,
    /// It was one, but has not been heard for too long.
    AgedOut,
    Stranger,
}

impl Snooper {
    pub(super) fn new(setup: Snooping) -> Snooper {
        Snooper { setup, next_query: setup.querier.then_some(Instant::ZERO), groups: BTreeMap::new() }
    }

    /// Learns from a frame, and says who gets it. Trunks lead to routers as far as the switch knows: they get everything.
    pub(super) fn audience(&mut self, now: Instant, vlan: u16, came: Option<Place>, frame: &[u8]) -> Audience {
        match igmp::seen(frame) {
            None | Some(Seen::Query) => Audience::All,
            Some(Seen::Report(groups)) => {
                for group in groups {
                    if let Some(place) = came {
                        self.groups.entry((vlan, group)).or_default().insert(place, now);
                    }
                }
                Audience::Trunks
            }
            Some(Seen::Data(group)) if self.setup.floods_link_local && group.octets()[..3] == [224, 0, 0] => {
                Audience::All
            }
            Some(Seen::Data(group)) => Audience::Members(group),
        }
    }

    pub(super) fn membership(&self, now: Instant, vlan: u16, group: Ipv4Addr, place: Place) -> Membership {
        match self.groups.get(&(vlan, group)).and_then(|members| members.get(&place)) {
            None => Membership::Stranger,
            Some(heard) if now.since(*heard) < self.setup.timeout => Membership::Member,
            Some(_) => Membership::AgedOut,
        }
    }

    /// A place is gone.
    pub(super) fn forget(&mut self, place: Place) {
        self.groups.values_mut().for_each(|members| {
            members.remove(&place);
        });
    }
}

/// A question of a switch, and whom it reaches.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Query {
    /// The frame.
    pub frame: Vec<u8>,
    /// What becomes of it.
    pub fates: Vec<Fate>,
}

impl Fabric {
    /// Switches the querier of a switch on or off. One that comes on asks at once.
    pub fn set_querier(&mut self, now: Instant, network: NetworkId, on: bool) {
        if let Some(snooper) = &mut self.switches[network.0].snooper {
            snooper.next_query = on.then_some(now);
        }
    }

    /// The questions that are due, one for each VLAN of the switch.
    pub(super) fn queries(&mut self, now: Instant) -> Vec<Query> {
        let mut queries = Vec::new();
        for position in 0..self.switches.len() {
            let switch = &mut self.switches[position];
            let Some(snooper) = switch.snooper.as_mut() else { continue };
            if snooper.next_query.is_none_or(|at| at > now) {
                continue;
            }
            snooper.next_query = Some(now + snooper.setup.query_interval);
            let vlans: BTreeSet<u16> = switch.ports.iter().map(|port| self.ports[port.0].vlan).collect();
            let mac = Mac([2, 0, 0, 2, 0, u8::try_from(position).unwrap_or(u8::MAX)]);
            for vlan in vlans {
                let (frame, mut fates) = (igmp::query(mac), Vec::new());
                let hop = Hop { switch: position, came: None, at: now, twice: false, lost: None };
                self.walk(now, None, vlan, &frame, hop, &mut fates);
                queries.push(Query { frame, fates });
            }
        }
        queries
    }
}
