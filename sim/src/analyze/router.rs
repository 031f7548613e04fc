//! Routers that belong together: a virtual router, and how it passed from one to the other.
use std::collections::BTreeSet;
use std::net::IpAddr;

use vrrplab_engine::{Instant, Span};

use super::speaker::{End, Reign, Speaker};

/// Whether two routers of one VRID can be one virtual router: they are heard at the same place, or have an address in
/// common.
pub(super) fn are_related(one: &Speaker, other: &Speaker) -> bool {
    one.vrid == other.vrid
        && one.ip.is_ipv4() == other.ip.is_ipv4()
        && (!one.places.is_disjoint(&other.places) || !one.addresses.is_disjoint(&other.addresses))
}

/// A virtual router.
#[derive(Debug)]
pub(super) struct Router<'a> {
    /// Its routers with their numbers, in the order of their addresses.
    pub members: Vec<(usize, &'a Speaker)>,
}

/// How somebody became master.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum How {
    /// It is the first one in the capture.
    First,
    /// Another one gave up, so long ago.
    AfterRelease(usize, Span),
    /// Another one fell silent, so long ago.
    AfterSilence(usize, Span),
    /// It has a better priority than another one.
    Preempts(usize),
    /// Another one is master, too.
    Beside(usize),
    /// It is heard again, after so long a silence in which nobody was master.
    Again(Span),
}

/// Somebody becomes master.
#[derive(Clone, Copy, Debug)]
pub(super) struct Change<'a> {
    pub who: usize,
    pub reign: &'a Reign,
    pub how: How,
}

/// Two masters at a time.
#[derive(Clone, Copy, Debug)]
pub(super) struct Double {
    /// Who was master before.
    pub old: usize,
    /// Who became master beside it.
    pub new: usize,
    pub from: Instant,
    pub to: Instant,
    /// The first advert of the newer, the last that both were heard with.
    pub packets: [u64; 3],
}

/// Puts routers together.
pub(super) fn group(speakers: &[Speaker]) -> Vec<Router<'_>> {
    let mut order: Vec<usize> = (0..speakers.len()).collect();
    order.sort_by_key(|number| (speakers[*number].vrid, speakers[*number].ip));
    let mut routers: Vec<Router<'_>> = Vec::new();
    for number in order {
        let speaker = &speakers[number];
        let mut own = Router { members: vec![(number, speaker)] };
        // the ones that it belongs to become one with it
        for position in (0..routers.len()).rev() {
            if routers[position].members[0].1.vrid != speaker.vrid {
                break;
            }
            if routers[position].members.iter().any(|(_, other)| are_related(speaker, other)) {
                let other = routers.remove(position);
                own.members.extend(other.members);
            }
        }
        own.members.sort_by_key(|(_, speaker)| speaker.ip);
        routers.push(own);
    }
    routers
}

impl<'a> Router<'a> {
    /// All addresses that are advertised.
    pub fn addresses(&self) -> BTreeSet<IpAddr> {
        self.members.iter().flat_map(|(_, speaker)| &speaker.addresses).copied().collect()
    }

    /// All times as master, in their order.
    pub fn reigns(&self) -> Vec<(usize, &'a Reign)> {
        let mut all: Vec<(usize, &Reign)> =
            self.members.iter().flat_map(|(n, speaker)| speaker.reigns.iter().map(|reign| (*n, reign))).collect();
        all.sort_by_key(|(_, reign)| (reign.from, reign.first));
        all
    }

    /// How mastership moved.
    pub fn changes(&self) -> Vec<Change<'a>> {
        let mut changes: Vec<Change<'a>> = Vec::new();
        for (who, reign) in self.reigns() {
            let how = how(who, reign, &changes);
            changes.push(Change { who, reign, how });
        }
        changes
    }

    /// When two were master: each was heard at least twice while the other was.
    pub fn doubles(&self) -> Vec<Double> {
        let mut doubles = Vec::new();
        let mut open: Vec<(usize, &Reign)> = Vec::new();
        for (new, reign) in self.reigns() {
            open.retain(|(_, old)| old.to > reign.from);
            for (old, other) in open.iter().filter(|(old, _)| *old != new) {
                let to = other.to.min(reign.to);
                let long = Span(other.interval.0.min(reign.interval.0));
                if to.since(reign.from) > long && doubles.len() < 4_096 {
                    let packets = [reign.first, other.last.min(reign.last), other.last.max(reign.last)];
                    doubles.push(Double { old: *old, new, from: reign.from, to, packets });
                }
            }
            open.push((new, reign));
        }
        doubles
    }
}

/// How many changes back somebody is looked for who is master still, or was last.
const BACK: usize = 64;

fn how(who: usize, reign: &Reign, before: &[Change<'_>]) -> How {
    let recent = || before.iter().rev().take(BACK);
    let beside = recent().find(|change| {
        let (old, overlap) = (change.reign, change.reign.to.min(reign.to).since(reign.from));
        change.who != who && overlap > Span(old.interval.0.min(reign.interval.0))
    });
    if let Some(change) = beside {
        return How::Beside(change.who);
    }
    let last = recent().max_by_key(|change| change.reign.to.min(reign.from));
    let Some(Change { who: other, reign: old, .. }) = last else { return How::First };
    let ago = reign.from.since(old.to);
    match old.end {
        End::Released if old.to <= reign.from => How::AfterRelease(*other, ago),
        _ if *other == who => How::Again(ago),
        _ if ago.0 > old.interval.0.saturating_mul(3) / 2 => How::AfterSilence(*other, ago),
        _ => How::Preempts(*other),
    }
}
