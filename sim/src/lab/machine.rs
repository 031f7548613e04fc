//! What strikes the machine under a router: it stands still, its clock changes, its daemon waits, a child dies.
use vrrplab_engine::{Instant, Rule, Span};
use vrrplab_formats::world::{Child, Fault, NodeFault, NodeId, Ppm, StunClock};

use super::queue::Due;
use super::router::Stun;
use super::{Lab, Watchers};
use crate::chance::Chance;
use crate::fabric::{DropReason, PortId};
use crate::moment::Moment;

/// From the death of a child of keepalived to the beginning of the next one; measured for VRRP, taken to be the same for checkers.
const RESPAWN: Span = Span::from_millis(8);

/// Something that a machine does later.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Later {
    /// It goes on.
    Thaws,
    /// Its daemon gets the processor.
    Runs,
    /// The parent starts the next child of this kind.
    Respawns(Child),
}

/// How late a daemon gets the processor.
#[derive(Clone, Debug)]
pub(super) struct Starved {
    late: Span,
    chance: Option<Chance>,
}

fn stream(seed: u64, node: &str) -> Chance {
    Chance::new(seed, &format!("node/{node}/starve"))
}

impl Starved {
    /// Its chance comes from another seed.
    pub(super) fn redraw(&mut self, seed: u64, node: &str) {
        self.chance = self.chance.is_some().then(|| stream(seed, node));
    }

    fn next(&mut self) -> Span {
        match &mut self.chance {
            Some(chance) => Span(chance.below(self.late.0.saturating_add(1))),
            None => self.late,
        }
    }
}

/// How long the parent waits before it starts the next child: nothing after the first death, then 1 s, twice as
/// long each time, at most 60 s. A child that lived for 45 s did not make it shorter.
pub(super) const fn respawn_delay(deaths_before: u32) -> Span {
    match deaths_before {
        0 => Span::ZERO,
        n @ 1..=6 => Span::from_secs(1 << (n - 1)),
        _ => Span::from_secs(60),
    }
}

impl Lab<'_> {
    pub(super) fn node_fault(&mut self, fault: &NodeFault, watchers: Watchers<'_, '_>) {
        let n = fault.node().0;
        match fault {
            NodeFault::Stun { length, clock, ring, .. } => self.stun(n, *length, *clock, *ring),
            // keepalived reads the wall clock once, when it starts; timers of kernels and scripts do not look at it
            NodeFault::ClockStep { .. } => {}
            NodeFault::Drift { ppm, .. } => self.drift(n, *ppm),
            NodeFault::Starve { late, at_random, .. } => self.starve(n, *late, *at_random),
            NodeFault::KillChild { child, .. } => self.kill_child(n, *child, watchers),
        }
    }

    pub(super) fn later(&mut self, n: usize, what: Later, watchers: Watchers<'_, '_>) {
        match what {
            Later::Thaws if self.routers[n].stun.as_ref().is_some_and(|stun| stun.until == self.now) => {
                self.thaw(n, watchers);
            }
            Later::Runs if self.routers[n].turn == Some(self.now) => {
                self.routers[n].turn = None;
                self.go_on(n, watchers);
            }
            Later::Respawns(Child::Vrrp) if self.routers[n].vrrp.respawn == Some(self.now) => {
                self.start_vrrp(n, watchers);
            }
            Later::Respawns(Child::Checkers) if self.routers[n].checkers.respawn == Some(self.now) => {
                self.routers[n].checkers.respawn = None;
                self.start_checkers(n, watchers);
            }
            Later::Thaws | Later::Runs | Later::Respawns(_) => {}
        }
    }

    /// What happens inside of a machine that stands still happens when it goes on.
    pub(super) fn waits_for_thaw(&mut self, position: usize, fault: &Fault) -> bool {
        let inside = match fault {
            Fault::Kill(node)
            | Fault::Stop(node)
            | Fault::Pause(node)
            | Fault::Resume(node)
            | Fault::Start(node)
            | Fault::Reload(node, _)
            | Fault::WriteFile { node, .. }
            | Fault::Script { node, .. }
            | Fault::Processes { node, .. }
            | Fault::Session { node, .. } => *node,
            Fault::NicDown(nic) | Fault::NicUp(nic) => nic.node,
            Fault::Node(fault) if !matches!(fault, NodeFault::Stun { .. }) => fault.node(),
            _ => return false,
        };
        let Some(stun) = &self.routers[inside.0].stun else { return false };
        self.queue.push(stun.until, Due::Fault(position));
        true
    }

    fn stun(&mut self, n: usize, length: Span, clock: StunClock, ring: u32) {
        let until = self.now + length;
        let stops = (clock == StunClock::Stops).then_some(self.now);
        let router = &mut self.routers[n];
        match &mut router.stun {
            Some(stun) => {
                stun.until = stun.until.max(until);
                stun.stops = stun.stops.or(stops);
            }
            None => {
                router.stun = Some(Stun { since: self.now, until, stops, room: ring, ring: Vec::new() });
                self.stunned += 1;
            }
        }
        self.queue.push(until, Due::Later(n, Later::Thaws));
    }

    /// A frame reaches a machine that stands still: its ring keeps it, or it is lost.
    pub(super) fn falls_on_stunned(&mut self, n: usize, to: PortId, frame: &std::rc::Rc<[u8]>) -> Option<DropReason> {
        let stun = self.routers[n].stun.as_mut()?;
        if stun.room == 0 {
            return Some(DropReason::Stunned);
        }
        stun.room -= 1;
        stun.ring.push((to, frame.clone()));
        None
    }

    /// The machine goes on. What its ring has kept is read first, then overdue timers are looked at.
    fn thaw(&mut self, n: usize, watchers: Watchers<'_, '_>) {
        let router = &mut self.routers[n];
        let Some(stun) = router.stun.take() else { return };
        self.stunned -= 1;
        router.programs.delay(self.now.since(stun.since));
        if let Some(from) = stun.stops {
            router.clock.stood_still(from, self.now);
        }
        // a daemon that waits until all has arrived reads before it looks at the clock
        let paused = std::mem::replace(&mut router.paused, true);
        for (port, frame) in stun.ring {
            self.router_hears(n, port, &frame, watchers);
        }
        self.routers[n].paused = paused;
        self.go_on(n, watchers);
        self.wake_router(n, watchers);
    }

    fn drift(&mut self, n: usize, ppm: Ppm) {
        self.routers[n].clock.drift(self.now, ppm);
        self.reschedule_router(n);
    }

    fn starve(&mut self, n: usize, late: Span, at_random: bool) {
        let world = self.world;
        let node = &world.nodes[n].model.name;
        let router = &mut self.routers[n];
        let chance = || stream(router.seed, node);
        router.starved = (late != Span::ZERO).then(|| Starved { late, chance: at_random.then(chance) });
    }

    /// A starved daemon has something to do: it gets the processor later, and finds all that came until then.
    pub(super) fn put_off(&mut self, n: usize) {
        let router = &mut self.routers[n];
        if router.held() {
            return;
        }
        let Some(starved) = &mut router.starved else { return };
        let at: Instant = self.now + starved.next();
        router.turn = Some(at);
        self.queue.push(at, Due::Later(n, Later::Runs));
    }

    /// A child dies, and keepalived's parent starts the next one. One for VRRP removes the addresses that it finds and
    /// begins in BACKUP; one for health checks takes all servers as alive and finds the table as the last one left it.
    fn kill_child(&mut self, n: usize, child: Child, watchers: Watchers<'_, '_>) {
        let name = match child {
            Child::Vrrp if self.routers[n].engine.is_some() => {
                self.end_vrrp(NodeId(n), watchers);
                "VRRP child"
            }
            Child::Checkers if self.has_checkers(n) => {
                self.kill_checkers(n, watchers);
                "child for health checks"
            }
            Child::Vrrp | Child::Checkers => return,
        };
        let router = &mut self.routers[n];
        let life = if child == Child::Vrrp { &mut router.vrrp } else { &mut router.checkers };
        let delay = respawn_delay(life.deaths);
        let at = self.now + delay + RESPAWN;
        (life.deaths, life.respawn) = (life.deaths.saturating_add(1), Some(at));
        let line = format!("parent: the {name} died, the next one starts in {} s", delay.as_micros() / 1_000_000);
        self.show(watchers, &Moment::Told { node: NodeId(n), line: &line, rule: Rule::ChildRespawns });
        self.queue.push(at, Due::Later(n, Later::Respawns(child)));
    }
}

#[cfg(test)]
mod tests;
