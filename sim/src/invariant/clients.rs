//! `no-black-hole`: clients that nobody answers although a master of their address is connected with them.
use std::net::IpAddr;

use vrrplab_engine::{Instant, Span, State};
use vrrplab_formats::world::{ClientId, Invariant, Invariants, NodeId, World};

use super::lasting::Lasting;
use super::scene::{Group, Scene};
use super::violation::{Finding, Parties};
use crate::fabric::PortId;
use crate::observe::words::{span, time};

/// So long may a client go unanswered, if the scenario does not say otherwise.
pub const PATIENCE: Span = Span::from_secs(5);

#[derive(Clone, Debug)]
struct Seen {
    port: PortId,
    target: IpAddr,
    /// When the first request was asked that was lost after the last answer.
    failing: Option<Instant>,
    /// When the last answered request was asked.
    answered: Option<Instant>,
    /// The master that is connected with it, and since when there is one.
    master: Option<(NodeId, Group, Instant)>,
}

/// The watch over clients.
#[derive(Clone, Debug)]
pub struct Clients {
    seen: Vec<Seen>,
    dark: Lasting<ClientId>,
}

impl Clients {
    /// The clients of a world; their ports come after those of its nodes.
    pub fn new(world: &World) -> Clients {
        let first = world.nodes.iter().map(|node| node.ports.len()).sum::<usize>();
        let seen = world.clients.iter().enumerate().map(|(position, client)| Seen {
            port: PortId(first + position),
            target: client.ask.target(),
            failing: None,
            answered: None,
            master: None,
        });
        Clients { seen: seen.collect(), dark: Lasting::default() }
    }

    /// The next moment at which something is overdue.
    pub fn next(&self) -> Option<Instant> {
        self.dark.next()
    }

    /// All counts from this moment on.
    pub fn begin_anew(&mut self, at: Instant) {
        self.dark.begin_anew(at);
    }

    /// Masters or connections have changed.
    pub fn look(&mut self, at: Instant, scene: &Scene, limits: &Invariants) {
        for position in 0..self.seen.len() {
            let seen = &mut self.seen[position];
            let master = scene.seats.iter().filter(|seat| seat.state == Some(State::Master)).find(|seat| {
                seat.vips.iter().any(|(ip, port)| *ip == seen.target && scene.connected(*port, seen.port))
            });
            let since = seen.master.map_or(at, |(_, _, since)| since);
            seen.master = master.map(|seat| (seat.node, seat.group, since));
            self.weigh(ClientId(position), limits);
        }
    }

    /// A request was answered.
    pub fn answered(&mut self, client: ClientId, asked: Instant, limits: &Invariants) {
        let Some(seen) = self.seen.get_mut(client.0) else { return };
        seen.answered = seen.answered.max(Some(asked));
        if seen.failing.take().is_some() {
            self.weigh(client, limits);
        }
    }

    /// A request was lost.
    pub fn lost(&mut self, client: ClientId, asked: Instant, limits: &Invariants) {
        let Some(seen) = self.seen.get_mut(client.0) else { return };
        if seen.failing.is_none() && seen.answered.is_none_or(|answered| answered < asked) {
            seen.failing = Some(asked);
            self.weigh(client, limits);
        }
    }

    fn weigh(&mut self, client: ClientId, limits: &Invariants) {
        let Some(seen) = self.seen.get(client.0) else { return };
        let since = seen.failing.zip(seen.master).map(|(failing, (_, _, since))| failing.max(since));
        let allow = limits.allow.get(&Invariant::NoBlackHole).copied().unwrap_or(PATIENCE);
        self.dark.set(client, since.is_some(), since.unwrap_or_default(), allow);
    }

    /// What is overdue.
    pub fn overdue(&mut self, at: Instant, scene: &Scene) -> Vec<Finding> {
        let mut findings = Vec::new();
        for late in self.dark.overdue(at) {
            let Some(seen) = self.seen.get(late.key.0) else { continue };
            let Some((node, group, _)) = seen.master else { continue };
            let what = format!(
                "{} has had no answer from {} since {}, although {} is MASTER and connected with it (allowed: {})",
                scene.names.client(late.key),
                seen.target,
                time(late.since),
                scene.names.node(node),
                span(late.limit.since(late.since))
            );
            let mut parties = Parties::group(scene, group, |one| one == node);
            parties.client = Some(late.key);
            let (at, since) = (late.limit, late.since);
            findings.push(Finding { invariant: Invariant::NoBlackHole, at, since, parties, what });
        }
        findings
    }
}
