//! How a frame goes from switch to switch: where each learns, forwards and floods.
use std::collections::VecDeque;

use vrrplab_engine::{Instant, Span};
use vrrplab_formats::world::{Direction, TrunkId};

use super::class::Address;
use super::cloud::Carried;
use super::port_security::Members;
use super::snooping::{Audience, Membership};
use super::{DropReason, Fabric, FabricDrop, Fate, Place, Port, PortId, Switch, class};

/// Two copies of a storm are this far apart.
const APART: u64 = 1_000;

/// A frame as it comes to a switch.
#[derive(Clone, Copy, Debug)]
pub(super) struct Hop {
    pub(super) switch: usize,
    /// Through which port or trunk; `None`: the switch itself made it.
    pub(super) came: Option<Place>,
    pub(super) at: Instant,
    /// It comes twice.
    pub(super) twice: bool,
    /// It does not come at all, for this reason: whoever would have got it is told.
    pub(super) lost: Option<DropReason>,
}

/// A frame on its way.
struct Journey<'a> {
    now: Instant,
    from: Option<PortId>,
    vlan: u16,
    frame: &'a [u8],
    src: Address,
    dst: Address,
}

impl Fabric {
    /// Carries a frame from its first switch to all ports that it reaches. All switches decide at the moment of sending.
    pub(super) fn walk(
        &mut self,
        now: Instant,
        from: Option<PortId>,
        vlan: u16,
        frame: &[u8],
        first: Hop,
        fates: &mut Vec<Fate>,
    ) {
        let (Some(dst), Some(src)) = (class::destination(frame), class::source(frame)) else { return };
        let journey = Journey { now, from, vlan, frame, src, dst };
        let mut ahead = VecDeque::new();
        let flooded = self.forward(&journey, first, &mut ahead, fates);
        if self.trunks.is_empty() {
            return;
        }
        let mut seen = vec![first.switch];
        loop {
            while let Some(hop) = ahead.pop_front() {
                if !seen.contains(&hop.switch) {
                    seen.push(hop.switch);
                    self.forward(&journey, hop, &mut ahead, fates);
                }
            }
            if !flooded {
                return;
            }
            // Whoever would have been reached over a trunk that does not forward.
            let Some(hop) = self.beyond(&journey, &seen) else { return };
            ahead.push_back(hop);
        }
    }

    /// Carries a frame through a cloud, which looks at packets and not at MAC addresses.
    pub(super) fn across(&mut self, now: Instant, from: PortId, frame: &[u8], hop: Hop, fates: &mut Vec<Fate>) {
        let switch = &self.switches[hop.switch];
        let (Some(dst), Some(src)) = (class::destination(frame), class::source(frame)) else { return };
        let Some(carried) = switch.cloud.as_ref().map(|cloud| cloud.carry(from, frame)) else { return };
        match carried {
            Carried::Not(why) => fates.push(Fate::Drop { to: None, reason: DropReason::Cloud(why) }),
            Carried::Answer(home, frame) => {
                let at = hop.at + switch.link.delay;
                fates.push(Fate::DeliverOther { from: home, to: from, at, frame });
            }
            Carried::To(home, other) => {
                let journey = Journey { now, from: Some(from), vlan: 1, frame, src, dst };
                let passage = Passage { switch, members: &self.members, journey: &journey, hop, copies: 0 };
                let first = fates.len();
                passage.arrival(&mut self.ports, home, fates);
                for fate in &mut fates[first..] {
                    if let Fate::Deliver { to, at } = *fate {
                        *fate = Fate::DeliverOther { from, to, at, frame: other.clone() };
                    }
                }
            }
        }
    }

    /// A switch that was not reached because of a trunk.
    fn beyond(&self, journey: &Journey<'_>, seen: &[usize]) -> Option<Hop> {
        self.trunks.iter().enumerate().filter(|(_, trunk)| trunk.carries(journey.vlan)).find_map(|(position, trunk)| {
            let [one, other] = trunk.ends;
            let switch = match (seen.contains(&one), seen.contains(&other)) {
                (true, false) => other,
                (false, true) => one,
                _ => return None,
            };
            let lost = Some(DropReason::Fabric(FabricDrop::Trunk(TrunkId(position), trunk.trouble())));
            Some(Hop { switch, came: Some(Place::Trunk(position)), at: journey.now, twice: false, lost })
        })
    }

    /// What one switch does with a frame. Says whether it flooded it.
    fn forward(&mut self, journey: &Journey<'_>, hop: Hop, ahead: &mut VecDeque<Hop>, fates: &mut Vec<Fate>) -> bool {
        let &Journey { now, vlan, frame, src, dst, .. } = journey;
        let switch = &mut self.switches[hop.switch];
        if let (false, Some(came), None) = (src.is_multicast(), hop.came, hop.lost) {
            switch.table.insert((vlan, src.0), (came, now));
        }
        let known = match switch.table.get(&(vlan, dst.0)) {
            Some(&(place, heard)) if !dst.is_multicast() && now.since(heard) < switch.ageing => Some(place),
            _ => None,
        };
        let audience = match &mut switch.snooper {
            Some(snooper) if dst.is_multicast() => snooper.audience(now, vlan, hop.came, frame),
            _ => Audience::All,
        };
        let copies = match switch.storm {
            Some((copies, until)) if dst.is_multicast() && now < until => copies,
            _ => 0,
        };
        let switch = &self.switches[hop.switch];
        let passage = Passage { switch, members: &self.members, journey, hop, copies };
        match known {
            Some(to) if Some(to) == hop.came => {}
            Some(Place::Port(to)) => passage.arrival(&mut self.ports, to, fates),
            Some(Place::Trunk(trunk)) => ahead.push_back(self.trunks[trunk].cross(trunk, hop, vlan, frame.len())),
            None => {
                passage.flood(&mut self.ports, &audience, fates);
                for trunk in switch.trunks.iter().copied().filter(|trunk| hop.came != Some(Place::Trunk(*trunk))) {
                    if self.trunks[trunk].forwards(vlan) {
                        ahead.push_back(self.trunks[trunk].cross(trunk, hop, vlan, frame.len()));
                    }
                }
            }
        }
        known.is_none()
    }
}

/// A frame on its way from a switch to its ports.
struct Passage<'a> {
    switch: &'a Switch,
    members: &'a Members,
    journey: &'a Journey<'a>,
    hop: Hop,
    copies: u32,
}

impl Passage<'_> {
    /// To all ports of the VLAN that want it, but for its own.
    fn flood(&self, ports: &mut [Port], audience: &Audience, fates: &mut Vec<Fate>) {
        let (now, vlan, from) = (self.journey.now, self.journey.vlan, self.journey.from);
        let group = match audience {
            Audience::All => None,
            Audience::Trunks => return,
            Audience::Members(group) => Some(*group),
        };
        for &to in self.switch.ports.iter().filter(|to| Some(**to) != from) {
            if ports[to.0].vlan != vlan {
                continue;
            }
            let snooped = group.zip(self.switch.snooper.as_ref());
            match snooped.map(|(group, snooper)| snooper.membership(now, vlan, group, Place::Port(to))) {
                None | Some(Membership::Member) => self.arrival(ports, to, fates),
                Some(Membership::AgedOut) => {
                    let reason = DropReason::Fabric(FabricDrop::AgedOut);
                    fates.push(Fate::Drop { to: Some(to), reason });
                }
                Some(Membership::Stranger) => {}
            }
        }
    }

    /// To one receiver.
    fn arrival(&self, ports: &mut [Port], to: PortId, fates: &mut Vec<Fate>) {
        let &Passage { switch, members, journey, hop, copies } = self;
        let frame = journey.frame;
        let receiver = &mut ports[to.0];
        let link = receiver.link.as_deref().unwrap_or(&switch.link);
        let lost = if hop.lost.is_some() {
            hop.lost
        } else if !receiver.carrier {
            Some(DropReason::Down)
        } else if receiver.waits.is_some() {
            Some(DropReason::Fabric(FabricDrop::Waits))
        } else if journey.from.is_some_and(|from| switch.parts(from, to)) {
            Some(DropReason::Partition)
        } else if receiver.cuts(Direction::ToNode, frame) {
            Some(DropReason::Cut)
        } else if receiver.down.loses(link) {
            Some(DropReason::Loss)
        } else {
            None
        };
        if let Some(reason) = lost {
            fates.push(Fate::Drop { to: Some(to), reason });
            return;
        }
        let crossed = match receiver.down.cross(link, hop.at, frame.len()) {
            Ok(crossed) => crossed,
            Err(why) => {
                fates.push(Fate::Drop { to: Some(to), reason: DropReason::Fabric(FabricDrop::Link(why)) });
                return;
            }
        };
        let mut at = crossed.at;
        if let Some(refusal) = receiver.guard.as_mut().and_then(|guard| guard.reaches(at, frame, members)) {
            fates.push(Fate::Drop { to: Some(to), reason: DropReason::Refused(refusal) });
            return;
        }
        if link.jitter != Span::ZERO
            && !crossed.held
            && let Some(from) = journey.from
        {
            let last = receiver.last.entry(from).or_default();
            at = at.max(*last);
            *last = at;
        }
        fates.push(Fate::Deliver { to, at });
        let more = u64::from(crossed.twice) + u64::from(hop.twice) + u64::from(copies);
        for copy in 1..=more {
            fates.push(Fate::Deliver { to, at: Instant(at.0 + copy * APART) });
        }
    }
}
