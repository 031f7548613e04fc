//! Why an instance changed its state: what armed its timer, what did not arrive since, what struck whom.
mod cause;
mod seat;

use vrrplab_engine::{Instant, Rule, State, Trace, TraceKind};
use vrrplab_formats::world::{Fault, Member, NetworkId, Node, NodeId, World};
use vrrplab_wire::Envelope;
use vrrplab_wire::envelope::PROTOCOL_VRRP;

use crate::fabric::{DropReason, PortId};
use crate::moment::{Moment, Observer, PortInfo};
use crate::observe::words::{self, Names, count, drop_reason, span, time};
use seat::{Armed, Loss, Seat, Unheeded};

pub use cause::{Cause, Change, ChangeJson};

/// A fault that was.
#[derive(Clone, Debug)]
struct Struck {
    /// The host or segment.
    whom: String,
    /// Its daemon got another configuration.
    reload: bool,
    cause: Cause,
}

/// Keeps, for every instance, what led to its last changes.
#[derive(Debug)]
pub struct Why {
    names: Names,
    /// The segments of each node's interfaces.
    segments: Vec<Vec<NetworkId>>,
    /// The segment of each port.
    networks: Vec<NetworkId>,
    seats: Vec<Seat>,
    faults: Vec<Struck>,
    changes: Vec<Change>,
}

impl Why {
    /// Every instance of a world.
    pub fn new(world: &World, ports: &[PortInfo]) -> Why {
        let of_node = |node: &Node| node.ports.iter().map(|port| port.network).collect();
        let segments: Vec<Vec<NetworkId>> = world.nodes.iter().map(of_node).collect();
        let clients = world.clients.iter().map(|client| client.network);
        let seats = world.nodes.iter().zip(&segments).enumerate();
        Why {
            names: Names::new(world, ports),
            seats: seats.flat_map(|(n, (node, segments))| seat::seats(NodeId(n), &node.model, segments)).collect(),
            networks: segments.iter().flatten().copied().chain(clients).collect(),
            segments,
            faults: Vec::new(),
            changes: Vec::new(),
        }
    }

    /// Every change of state, in order.
    pub fn changes(&self) -> &[Change] {
        &self.changes
    }

    /// The names of the world.
    pub fn names(&self) -> &Names {
        &self.names
    }

    fn decided(&mut self, at: Instant, node: NodeId, instance: &str, trace: &Trace) {
        let Some(position) = self.seats.iter().position(|seat| seat.node == node && seat.instance == instance) else {
            if let TraceKind::Tracked { name, news } = &trace.kind {
                self.news(at, node, words::news(name, *news), trace.rule);
            }
            return;
        };
        match &trace.kind {
            TraceKind::Transition { from, to } => {
                let cause = self.transition(at, position, (*from, *to), trace.rule);
                self.change(position, Some(*to), cause);
            }
            TraceKind::Heard { from, priority, .. } => {
                self.seats[position].heard(at, *from, *priority, trace.rule);
            }
            TraceKind::Refused { from } => self.seats[position].unheeded(at, *from, None, trace.rule),
            TraceKind::Armed { until } => {
                let (by_advert, because) = self.armed_by(at, position, trace.rule);
                self.seats[position].arm(Armed { at, until: *until, by_advert, because });
            }
            TraceKind::Priority { from, to } => {
                let what = format!("{} {instance}: priority {from} -> {to}", self.names.node(node));
                let recent = self.recent(at, node);
                self.seats[position].news.push(Cause::new(at, what, Some(trace.rule)).because(recent));
            }
            TraceKind::Tracked { name, news } => self.news(at, node, words::news(name, *news), trace.rule),
            TraceKind::Interval { .. } => {}
        }
    }

    /// Something that is tracked was found well or not: all instances of the node may care.
    fn news(&mut self, at: Instant, node: NodeId, words: String, rule: Rule) {
        let strikes = self.strikes(at, node);
        let cause = Cause::new(at, format!("{}: {words}", self.names.node(node)), Some(rule)).because(strikes);
        for seat in self.seats.iter_mut().filter(|seat| seat.node == node) {
            seat.tracked = Some(cause.clone());
        }
    }

    fn change(&mut self, position: usize, to: Option<State>, cause: Cause) {
        let seat = &mut self.seats[position];
        let from = std::mem::replace(&mut seat.state, to);
        self.changes.push(Change { node: seat.node, instance: seat.instance.clone(), from, to, cause: cause.pruned() });
    }

    /// What set a timer, and whether that was an advert.
    fn armed_by(&self, at: Instant, position: usize, rule: Rule) -> (bool, Cause) {
        let seat = &self.seats[position];
        match seat.heard {
            Some(heard) if heard.at == at && heard.rule == rule => {
                let sender = self.sender(heard.from);
                let (what, because) = match heard.priority {
                    0 => (format!("the release (priority 0) of {sender}"), self.last_change_of(heard.from, seat)),
                    priority => (format!("the advert of {sender} with priority {priority}"), Vec::new()),
                };
                (true, Cause::new(at, what, Some(rule)).because(because))
            }
            _ => (false, Cause::new(at, rule.sentence(), Some(rule)).because(self.strikes(at, seat.node))),
        }
    }

    /// The name of the node with this address, or the address.
    fn sender(&self, ip: std::net::IpAddr) -> String {
        let seat = self.seats.iter().find(|seat| seat.addresses.contains(&ip));
        seat.map_or_else(|| ip.to_string(), |seat| self.names.node(seat.node).to_owned())
    }

    /// How the sender of something came into its state.
    fn last_change_of(&self, ip: std::net::IpAddr, hearer: &Seat) -> Vec<Cause> {
        let sender = self.seats.iter().find(|seat| seat.addresses.contains(&ip) && seat.group == hearer.group);
        let change = sender.and_then(|sender| {
            self.changes.iter().rev().find(|change| change.node == sender.node && change.instance == sender.instance)
        });
        change.map(|change| change.cause.clone()).into_iter().collect()
    }

    /// The faults that struck a node, at this instant.
    fn strikes(&self, at: Instant, node: NodeId) -> Vec<Cause> {
        let name = self.names.node(node);
        let here = self.faults.iter().filter(|struck| struck.cause.at == at && struck.whom == name);
        here.map(|struck| struck.cause.clone()).collect()
    }

    /// What was found or done on a node at this instant.
    fn recent(&self, at: Instant, node: NodeId) -> Vec<Cause> {
        let tracked = self.seats.iter().find(|seat| seat.node == node).and_then(|seat| seat.tracked.clone());
        let found: Vec<Cause> = tracked.filter(|cause| cause.at == at).into_iter().collect();
        if found.is_empty() { self.strikes(at, node) } else { found }
    }

    /// The faults after a moment, whomever they struck, but those that are told already.
    fn faults_since(&self, since: Instant, told: &[Cause]) -> Vec<Cause> {
        let fresh = self.faults.iter().filter(|struck| struck.cause.at > since);
        fresh.map(|struck| struck.cause.clone()).filter(|cause| !told.iter().any(|t| tells(t, cause))).collect()
    }

    fn transition(&self, at: Instant, position: usize, (from, to): (State, State), rule: Rule) -> Cause {
        let seat = &self.seats[position];
        let who = format!("{} {}", self.names.node(seat.node), seat.instance);
        match (rule, &seat.armed) {
            (Rule::BackupTimerExpired, Some(armed)) => {
                let (state, length, since) = (to.name(), span(at.since(armed.at)), time(armed.at));
                let set = if armed.by_advert {
                    format!("last set at {since} by {}", armed.because.what)
                } else {
                    format!("running since {since}")
                };
                let what = format!("{who} became {state} because its down timer of {length}, {set}, expired");
                Cause::new(at, what, Some(rule)).because(self.why_expired(position, armed))
            }
            (Rule::MasterHearsHigher | Rule::MasterHearsEqualHigherAddress, _) => {
                let heard = seat.heard.filter(|heard| heard.at == at);
                let by = heard.map_or_else(
                    || "a better advert".into(),
                    |heard| format!("the advert of {} with priority {}", self.sender(heard.from), heard.priority),
                );
                let what = format!("{who} stepped back to {} because it heard {by}", to.name());
                Cause::new(at, what, Some(rule)).because(self.why_not_before(position))
            }
            _ => {
                let mut because = self.recent(at, seat.node);
                let others = self.changes.iter().filter(|c| c.node == seat.node && c.at() == at);
                because.extend(others.filter(|c| c.instance != seat.instance).map(|c| c.cause.clone()));
                Cause::new(at, format!("{who}: {} -> {}", from.name(), to.name()), Some(rule)).because(because)
            }
        }
    }

    fn why_expired(&self, position: usize, armed: &Armed) -> Vec<Cause> {
        let seat = &self.seats[position];
        let mut causes = vec![Cause {
            what: format!("the timer was set by {}, to expire at {}", armed.set_by(), time(armed.until)),
            ..armed.because.clone()
        }];
        causes.extend(self.losses(seat));
        causes.extend(self.unheeded(seat));
        causes.extend(seat.news.iter().filter(|news| news.at > armed.at).cloned());
        for other in self.seats.iter().filter(|other| other.group == seat.group && other.node != seat.node) {
            let left = |change: &&Change| change.node == other.node && change.instance == other.instance;
            let change = self.changes.iter().rev().find(left);
            let left = change.filter(|change| change.from == Some(State::Master) && change.at() > armed.at);
            causes.extend(left.map(|change| change.cause.clone()));
        }
        let faults = self.faults_since(armed.at, &causes);
        causes.extend(faults);
        causes
    }

    /// Why a master hears now whom it had not heard.
    fn why_not_before(&self, position: usize) -> Vec<Cause> {
        let seat = &self.seats[position];
        let since = seat.armed.as_ref().map_or(Instant::ZERO, |armed| armed.at);
        let mut causes = self.losses(seat);
        let rival = seat.heard.map(|heard| self.last_change_of(heard.from, seat)).unwrap_or_default();
        causes.extend(rival.into_iter().filter(|cause| cause.at > since));
        let faults = self.faults_since(since, &causes);
        causes.extend(faults);
        causes
    }

    /// The adverts that did not arrive.
    fn losses(&self, seat: &Seat) -> Vec<Cause> {
        let told = |loss: &Loss| {
            let sender = self.names.host(loss.from);
            let adverts = count(loss.run.count, "advert");
            let port = self.names.port(loss.at.unwrap_or(loss.from));
            let until =
                if loss.run.count > 1 { format!(", the last at {}", time(loss.run.last)) } else { String::new() };
            let reason = drop_reason(loss.reason);
            let what = format!("{adverts} of {sender} did not arrive: dropped at port {port}: {reason}{until}");
            Cause::new(loss.run.first, what, None)
        };
        seat.losses.iter().map(told).collect()
    }

    /// The adverts that arrived and did not count.
    fn unheeded(&self, seat: &Seat) -> Vec<Cause> {
        let told = |one: &Unheeded| {
            let adverts = count(one.run.count, "advert");
            let sender = self.sender(one.from);
            let what = match one.priority {
                Some(priority) => format!("{adverts} of {sender} with priority {priority} did not count"),
                None => format!("{adverts} of {sender} refused"),
            };
            let priority = self.seats.iter().find(|s| s.group == seat.group && s.addresses.contains(&one.from));
            let because = priority.map(|sender| self.why_low(sender)).unwrap_or_default();
            Cause::new(one.run.first, what, Some(one.rule)).because(because)
        };
        seat.unheeded.iter().map(told).collect()
    }

    /// The last change of a router's priority, by what it tracks or by a reload.
    fn why_low(&self, seat: &Seat) -> Vec<Cause> {
        let name = self.names.node(seat.node);
        let reload = self.faults.iter().rev().find(|struck| struck.whom == name && struck.reload);
        let newest = seat.news.last().into_iter().chain(reload.map(|struck| &struck.cause));
        newest.max_by_key(|cause| cause.at).cloned().into_iter().collect()
    }

    fn dropped(&mut self, at: Instant, from: PortId, to: Option<PortId>, reason: DropReason, bytes: &[u8]) {
        let Some(envelope) = Envelope::parse(bytes).filter(|envelope| envelope.protocol == PROTOCOL_VRRP) else {
            return;
        };
        let Some(vrid) = envelope.payload.get(1).copied() else { return };
        let (sender, network) = (self.names.owner(from), self.networks.get(from.0).copied());
        let receiver = to.and_then(|to| self.names.owner(to));
        for seat in &mut self.seats {
            let meant = to.is_none() || receiver == Some(Member::Node(seat.node));
            let own = sender == Some(Member::Node(seat.node));
            if meant && !own && network == Some(seat.group.network) && seat.group.is(vrid, envelope.src.is_ipv6()) {
                seat.lost(at, from, to, reason);
            }
        }
    }

    fn gone(&mut self, at: Instant, node: NodeId) {
        for position in 0..self.seats.len() {
            if self.seats[position].node != node || self.seats[position].state.is_none() {
                continue;
            }
            let seat = &self.seats[position];
            let state = seat.state.map_or("", State::name);
            let what = format!("{} {} was {state}, and its daemon is gone", self.names.node(node), seat.instance);
            let cause = Cause::new(at, what, None).because(self.strikes(at, node));
            self.change(position, None, cause);
            self.seats[position].forget();
        }
    }

    fn fault(&mut self, at: Instant, fault: &Fault) {
        let whom = self.names.struck(fault).to_owned();
        let reload = matches!(fault, Fault::Reload(..));
        self.faults.push(Struck { whom, reload, cause: Cause::new(at, self.names.fault(fault), None) });
        if let Fault::Reload(node, model) = fault {
            let (old, others): (Vec<Seat>, Vec<Seat>) =
                std::mem::take(&mut self.seats).into_iter().partition(|seat| seat.node == *node);
            self.seats = others;
            let segments = self.segments.get(node.0).map_or(&[][..], Vec::as_slice);
            self.seats.extend(seat::again(*node, model, segments, &old));
            self.seats.sort_by_key(|seat| seat.node);
        }
    }
}

/// A cause or one of its own is this one.
fn tells(cause: &Cause, this: &Cause) -> bool {
    (cause.at, &cause.what) == (this.at, &this.what) || cause.because.iter().any(|cause| tells(cause, this))
}

impl Observer for Why {
    fn see(&mut self, at: Instant, moment: &Moment<'_>) {
        match *moment {
            Moment::Decided { node, instance, trace } => self.decided(at, node, instance, trace),
            Moment::Dropped { from, to, reason, bytes } => self.dropped(at, from, to, reason, bytes),
            Moment::Gone(node) => self.gone(at, node),
            Moment::Fault(fault) => self.fault(at, fault),
            _ => {}
        }
    }

    fn finish(&mut self, _at: Instant) {}
}
