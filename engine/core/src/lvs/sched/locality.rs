//! Locality-based scheduling: an address that was called keeps its server (`lblc`) or its set of servers (`lblcr`).
use alloc::collections::BTreeMap;
use alloc::vec::Vec;
use core::net::IpAddr;

use super::weighted::{least_ratio, weighted_least};
use super::{Ask, DestId, Load, Pool};
use crate::time::{Instant, Span};

const TICK: Span = Span::from_secs(60);
const FULL_EVERY: u32 = 30;
const MANY: usize = 16_384;
const TOO_MANY: usize = 24_576;
const IDLE_WHEN_MANY: Span = Span::from_secs(360);

/// When to look for old entries.
#[derive(Clone, Copy, Debug)]
struct Ticks {
    next: Instant,
    count: u32,
}

impl Ticks {
    const fn new(now: Instant) -> Ticks {
        Ticks { next: Instant(now.0.saturating_add(TICK.0)), count: 0 }
    }

    /// Forgets old entries, if it is time. Of too many, the first in the order of addresses go first.
    fn run<T>(&mut self, now: Instant, map: &mut BTreeMap<IpAddr, T>, expiration: Span, used: impl Fn(&T) -> Instant) {
        while self.next <= now {
            self.next += TICK;
            self.count += 1;
            if self.count >= FULL_EVERY {
                self.count = 0;
                map.retain(|_, entry| now.since(used(entry)) < expiration);
            } else if map.len() > MANY {
                let mut goal = ((map.len() - MANY) * 4 / 3).min(MANY / 2);
                map.retain(|_, entry| {
                    let goes = goal > 0 && now.since(used(entry)) > IDLE_WHEN_MANY;
                    goal -= usize::from(goes);
                    !goes
                });
            }
        }
    }
}

/// A server is overloaded when it has more active connections than weight, while another has less than half.
fn over(pool: Pool, load: &Load) -> bool {
    load.active > load.weight && pool.walk().any(|(_, other)| u64::from(other.active) * 2 < u64::from(other.weight))
}

/// `lblc`: one server for each address.
#[derive(Clone, Debug)]
pub struct Single {
    map: BTreeMap<IpAddr, (DestId, Instant)>,
    ticks: Ticks,
}

impl Single {
    /// Nothing remembered yet.
    pub const fn new(now: Instant) -> Single {
        Single { map: BTreeMap::new(), ticks: Ticks::new(now) }
    }

    /// The address's server while it is there, has weight and is not over; otherwise, from then on, the choice of `wlc`.
    pub fn pick(&mut self, pool: Pool, ask: &Ask) -> Option<DestId> {
        if let Some((id, used)) = self.map.get_mut(&ask.dest) {
            *used = ask.now;
            let load = pool.load(*id);
            if load.available && load.weight > 0 && !over(pool, load) {
                return Some(*id);
            }
        }
        let id = weighted_least(pool)?;
        if self.map.len() < TOO_MANY || self.map.contains_key(&ask.dest) {
            self.map.insert(ask.dest, (id, ask.now));
        }
        Some(id)
    }

    /// When to call `tick`.
    pub const fn next_tick(&self) -> Instant {
        self.ticks.next
    }

    /// Forgets old entries.
    pub fn tick(&mut self, now: Instant, expiration: Span) {
        self.ticks.run(now, &mut self.map, expiration, |(_, used)| *used);
    }

    /// Whether some address has this server.
    pub fn remembers(&self, id: DestId) -> bool {
        self.map.values().any(|(one, _)| *one == id)
    }
}

/// The servers of one address, the newest first.
#[derive(Clone, Debug)]
struct Set {
    members: Vec<DestId>,
    changed: Instant,
    used: Instant,
}

/// `lblcr`: a set of servers for each address.
#[derive(Clone, Debug)]
pub struct Sets {
    map: BTreeMap<IpAddr, Set>,
    ticks: Ticks,
}

impl Sets {
    /// Nothing remembered yet.
    pub const fn new(now: Instant) -> Sets {
        Sets { map: BTreeMap::new(), ticks: Ticks::new(now) }
    }

    /// The least busy of the address's set while it is not over; otherwise the choice of `wlc`, which joins the set. A set that
    /// has not changed for long loses its busiest member.
    pub fn pick(&mut self, pool: Pool, ask: &Ask) -> Option<DestId> {
        if let Some(set) = self.map.get_mut(&ask.dest) {
            set.used = ask.now;
            let candidate = set_least(pool, &set.members);
            if set.members.len() > 1 && ask.now.since(set.changed) > ask.lblcr_expiration {
                if let Some(most) = set_most(pool, &set.members) {
                    set.members.retain(|id| *id != most);
                }
                set.changed = ask.now;
            }
            if let Some(id) = candidate.filter(|id| !over(pool, pool.load(*id))) {
                return Some(id);
            }
            let id = weighted_least(pool)?;
            if !set.members.contains(&id) {
                set.members.insert(0, id);
            }
            set.changed = ask.now;
            return Some(id);
        }
        let id = weighted_least(pool)?;
        if self.map.len() < TOO_MANY {
            self.map.insert(ask.dest, Set { members: alloc::vec![id], changed: ask.now, used: ask.now });
        }
        Some(id)
    }

    /// When to call `tick`.
    pub const fn next_tick(&self) -> Instant {
        self.ticks.next
    }

    /// Forgets old entries.
    pub fn tick(&mut self, now: Instant, expiration: Span) {
        self.ticks.run(now, &mut self.map, expiration, |set| set.used);
    }

    /// Whether some address has this server in its set.
    pub fn remembers(&self, id: DestId) -> bool {
        self.map.values().any(|set| set.members.contains(&id))
    }
}

/// The least overhead for its weight within a set, among those that are still there.
fn set_least(pool: Pool, members: &[DestId]) -> Option<DestId> {
    let there = members.iter().map(|id| (*id, *pool.load(*id))).filter(|(_, load)| load.available);
    least_ratio(there, Load::overhead)
}

/// The most overhead for its weight within a set, the first among equals.
fn set_most(pool: Pool, members: &[DestId]) -> Option<DestId> {
    let mut weighed = members.iter().map(|id| (*id, pool.load(*id))).filter(|(_, load)| load.weight > 0);
    let (mut most, mut load) = weighed.next()?;
    for (id, other) in weighed {
        let (here, there) = (i64::from(other.weight), i64::from(load.weight));
        if load.overhead().wrapping_mul(here) < other.overhead().wrapping_mul(there) {
            (most, load) = (id, other);
        }
    }
    Some(most)
}
