//! What faults cost: silence of clients, time with two masters and with none, and whether service comes back.
use std::collections::BTreeMap;

use vrrplab_engine::model::AddressFamily;
use vrrplab_engine::{Instant, Span, State, TraceKind};
use vrrplab_formats::world::{NodeId, World, joined};

use crate::moment::{Moment, Observer};

/// When what nobody waits for comes.
pub(super) const NEVER: Instant = Instant(u64::MAX);

/// What some faults cost.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Measure {
    /// The longest time between two answers of a client that lost requests.
    pub outage: Span,
    /// The longest time with two masters or more.
    pub double: Span,
    /// The longest time without a master.
    pub masterless: Span,
    /// Every client was served again while the faults lasted; nothing where they did not last.
    pub survived: Option<bool>,
    /// How long after the last fault was over every client was served; nothing where that did not come.
    pub back: Option<Span>,
}

#[derive(Clone, Debug, Default)]
struct Asked {
    answered: Option<(u64, Instant)>,
    lost: Option<u64>,
    /// Requests were lost since the first fault.
    hurt: bool,
    longest: Span,
    /// When it was served again for the last time.
    recovered: Option<Instant>,
}

impl Asked {
    fn served(&self) -> bool {
        match (self.answered, self.lost) {
            (Some((answered, _)), Some(lost)) => answered > lost,
            (answered, _) => answered.is_some(),
        }
    }
}

#[derive(Clone, Debug, Default)]
struct Group {
    masters: usize,
    had_one: bool,
    none_since: Option<Instant>,
    two_since: Option<Instant>,
    masterless: Span,
    double: Span,
}

impl Group {
    fn become_so_many(&mut self, masters: usize, at: Instant, from: Instant) {
        self.had_one |= masters > 0;
        self.masters = masters;
        Group::turn(&mut self.none_since, &mut self.masterless, self.had_one && masters == 0, at, from);
        Group::turn(&mut self.two_since, &mut self.double, masters > 1, at, from);
    }

    fn turn(since: &mut Option<Instant>, longest: &mut Span, on: bool, at: Instant, from: Instant) {
        if on {
            since.get_or_insert(at);
        } else if let Some(begin) = since.take() {
            *longest = (*longest).max(at.since(begin.max(from).min(at)));
        }
    }
}

/// Measures a run.
#[derive(Clone, Debug)]
pub(super) struct Meter {
    from: Instant,
    over: Instant,
    /// Answers from this moment on, before the faults are over, mean that a client is served while they last.
    late: Instant,
    clients: Vec<Asked>,
    /// Whether all clients were served when the last fault ended.
    at_end: Option<bool>,
    /// By node and name of the instance: its group, and whether it is master.
    seats: BTreeMap<NodeId, Vec<(String, usize, bool)>>,
    groups: Vec<Group>,
}

impl Meter {
    /// At the beginning of a world: nothing that comes is taken for the cost of a fault.
    pub(super) fn new(world: &World) -> Meter {
        let trunks = world.trunks.iter().map(|trunk| trunk.between.map(|end| end.0));
        let segments = joined(world.networks.len(), trunks);
        let mut keys = Vec::new();
        let mut seats: BTreeMap<NodeId, Vec<(String, usize, bool)>> = BTreeMap::new();
        for (n, node) in world.nodes.iter().enumerate() {
            for instance in &node.model.instances {
                let nic = node.model.interfaces.iter().position(|interface| interface.index == instance.iface);
                let Some(port) = nic.and_then(|nic| node.ports.get(nic)) else { continue };
                let key = (segments[port.network.0], instance.vrid, instance.family == AddressFamily::V6);
                let group = keys.iter().position(|known| *known == key).unwrap_or_else(|| {
                    keys.push(key);
                    keys.len() - 1
                });
                seats.entry(NodeId(n)).or_default().push((instance.name.clone(), group, false));
            }
        }
        let groups = vec![Group::default(); keys.len()];
        let (from, over, late) = (NEVER, NEVER, NEVER);
        Meter { from, over, late, clients: vec![Asked::default(); world.clients.len()], at_end: None, seats, groups }
    }

    /// The same, as far as it has come; it measures from this moment on, which is still to come.
    pub(super) fn from(&self, from: Instant) -> Meter {
        Meter { from, ..self.clone() }
    }

    /// All faults are over at this moment, and there is calm for so long after it.
    pub(super) fn until(self, over: Instant, hold: Span) -> Meter {
        let late = Instant(over.0.saturating_sub(hold.0 / 3)).max(self.from);
        Meter { over, late, ..self }
    }

    /// What came out. `lasting`: the faults lasted long enough for service to come back.
    pub(super) fn measure(&self, lasting: bool) -> Measure {
        let outages = self.clients.iter().filter(|client| client.hurt).map(|client| client.longest);
        let back = if self.known().all(Asked::served) {
            let late = self.clients.iter().filter_map(|client| client.recovered);
            Some(late.map(|at| Span(at.0.saturating_sub(self.over.0))).max().unwrap_or_default())
        } else {
            None
        };
        Measure {
            outage: outages.max().unwrap_or_default(),
            double: self.groups.iter().map(|group| group.double).max().unwrap_or_default(),
            masterless: self.groups.iter().map(|group| group.masterless).max().unwrap_or_default(),
            survived: self.at_end.filter(|_| lasting),
            back,
        }
    }

    /// The clients that were answered at all.
    fn known(&self) -> impl Iterator<Item = &Asked> {
        self.clients.iter().filter(|client| client.answered.is_some())
    }

    fn seat(&mut self, at: Instant, node: NodeId, instance: Option<&str>, master: bool) {
        let Some(seats) = self.seats.get_mut(&node) else { return };
        for (name, group, was) in seats {
            if instance.is_some_and(|instance| instance != name) || *was == master {
                continue;
            }
            *was = master;
            let group = &mut self.groups[*group];
            let masters = if master { group.masters + 1 } else { group.masters.saturating_sub(1) };
            group.become_so_many(masters, at, self.from);
        }
    }

    fn answered(&mut self, at: Instant, client: usize, request: u64) {
        let (from, client) = (self.from, &mut self.clients[client]);
        if at >= from
            && let Some((_, last)) = client.answered
        {
            client.longest = client.longest.max(at.since(last));
        }
        let was = client.served();
        if client.answered.is_none_or(|(known, _)| known < request) {
            client.answered = Some((request, at));
        }
        if !was && client.served() {
            client.recovered = Some(at);
        }
    }
}

impl Observer for Meter {
    fn see(&mut self, at: Instant, moment: &Moment<'_>) {
        if self.at_end.is_none() && at >= self.over {
            let late = self.late;
            let served = self.known().all(|client| client.answered.is_some_and(|(_, at)| at >= late));
            self.at_end = Some(served);
        }
        match *moment {
            Moment::Decided { node, instance, trace } => {
                if let TraceKind::Transition { to, .. } = trace.kind {
                    self.seat(at, node, Some(instance), to == State::Master);
                }
            }
            Moment::Gone(node) => self.seat(at, node, None, false),
            Moment::Answered { client, request, .. } => self.answered(at, client.0, request),
            Moment::Lost { client, request, .. } => {
                let (from, client) = (self.from, &mut self.clients[client.0]);
                client.lost = client.lost.max(Some(request));
                client.hurt |= at >= from;
            }
            _ => {}
        }
    }

    fn finish(&mut self, at: Instant) {
        for client in &mut self.clients {
            if let (false, Some((_, last))) = (client.served(), client.answered) {
                client.longest = client.longest.max(at.since(last));
            }
        }
        let from = self.from;
        for group in &mut self.groups {
            Group::turn(&mut group.none_since, &mut group.masterless, false, at, from);
            Group::turn(&mut group.two_since, &mut group.double, false, at, from);
        }
    }
}
