//! Health checks of real servers as keepalived 2.2.7 makes them, without IO: the clock and the answers come in, probes, table
//! changes and programs go out.
//!
//! `judge` and `judge_answer` decide and know numbers only; `servers` and `reload` carry out what they say. `Checkers` is the
//! whole. Facts: what the real daemon did, kept in `captures/checkers`.
mod checks;
pub mod io;
pub mod judge;
pub mod judge_answer;
mod outcome;
pub mod pattern;
pub mod pool;
pub mod probe;
mod reload;
mod servers;
mod state;
mod warmup;
pub mod words;

use alloc::collections::{BTreeSet, VecDeque};
use alloc::string::String;
use alloc::vec::Vec;
use core::net::IpAddr;

pub use io::{Effect, EffectKind, Input, News, Output, Trace, Votes};
pub use judge_answer::{Answer, Why};
pub use probe::{Ask, Probe};
use state::{Server, Service};
pub use warmup::Warmups;

use crate::model::lvs::{Endpoint, ServiceKey};
use crate::model::track::FileModel;
use crate::model::{NodeModel, lvs};
use crate::rules::Rule;
use crate::time::Instant;

/// Where a checker is: service, server, checker.
type Place = (usize, usize, usize);

/// The checkers of one node.
#[derive(Clone, Debug)]
pub struct Checkers {
    services: Vec<Service>,
    groups: Vec<lvs::ServerGroupModel>,
    warmups: Warmups,
    /// The addresses that this node has.
    here: BTreeSet<IpAddr>,
    /// The `track_file`s, for their names, and the pipes.
    tracked: Vec<FileModel>,
    fifos: Vec<String>,
    /// The numbers in files and the states of sessions, by position.
    files: Vec<(usize, i32)>,
    sessions: Vec<(usize, bool)>,
    jobs: u64,
    timers: u64,
    drawn: u64,
    tracing: bool,
    running: bool,
    table: outcome::Table,
    out: VecDeque<Output>,
}

/// A look at a real server from outside.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServerStatus<'a> {
    /// The name of its virtual server.
    pub service: &'a str,
    /// Its own.
    pub server: &'a str,
    /// Where it is.
    pub endpoint: Endpoint,
    /// All its checkers are content.
    pub alive: bool,
    /// Its weight, if it is alive.
    pub weight: u32,
    /// The quorum of its service is there.
    pub quorum: bool,
}

impl Checkers {
    /// The checkers of this node; they begin with [`Input::Start`].
    pub fn new(model: &NodeModel, warmups: Warmups) -> Checkers {
        let groups = model.server_groups.clone();
        Checkers {
            services: model.servers.iter().map(|server| Service::new(server, &groups, false)).collect(),
            groups,
            warmups,
            here: model.interfaces.iter().flat_map(|i| i.addresses.iter().map(|a| a.ip)).collect(),
            tracked: model.files.clone(),
            fifos: fifos(model),
            files: Vec::new(),
            sessions: Vec::new(),
            jobs: 0,
            timers: 0,
            drawn: 0,
            tracing: true,
            running: false,
            table: outcome::Table::default(),
            out: VecDeque::new(),
        }
    }

    /// Leaves the reasons out, or tells them again.
    pub fn set_tracing(&mut self, on: bool) {
        self.tracing = on;
    }

    /// Takes one input in.
    pub fn handle(&mut self, now: Instant, input: Input<'_>) {
        if !matches!(input, Input::Programmed { .. }) {
            self.settle();
        }
        match input {
            Input::Wake => self.wake(now),
            Input::Start => self.start(now),
            Input::Stop => self.stop(),
            Input::Reload(model) => self.reload(now, model),
            Input::Answered { job, answer } => self.answered(now, job, &answer),
            Input::Address { ip, here } => self.address(ip, here),
            Input::File { item, value } => self.file(item, value),
            Input::Session { item, up } => self.session(item, up),
            Input::Programmed { done } => self.programmed(done),
        }
    }

    /// The next thing to be done or told.
    pub fn poll(&mut self) -> Option<Output> {
        self.out.pop_front()
    }

    /// When to come back with [`Input::Wake`].
    pub fn next_wake(&self) -> Option<Instant> {
        self.next().map(|(at, _, _)| at)
    }

    /// Every real server as it stands.
    pub fn status(&self) -> impl Iterator<Item = ServerStatus<'_>> {
        let of = |service: &'_ Service, server: &'_ Server| (server.alive, server.weight(), service.quorum);
        self.services.iter().flat_map(move |service| {
            service.servers.iter().map(move |server| {
                let (alive, weight, quorum) = of(service, server);
                let (endpoint, name) = (server.model.endpoint, &server.name);
                ServerStatus { service: &service.name, server: name, endpoint, alive, weight, quorum }
            })
        })
    }

    fn start(&mut self, now: Instant) {
        self.running = true;
        for s in 0..self.services.len() {
            self.services[s].suspended = self.is_suspended(s);
            self.start_service(s);
        }
        self.activate(now);
    }

    /// Every checker is told of and gets its first time.
    fn activate(&mut self, now: Instant) {
        let places: Vec<Place> = self.places().collect();
        for (s, r, c) in places {
            match self.services[s].suspended {
                _ if self.check((s, r, c)).model.timing.is_none() => {}
                true => self.tell_server(Rule::CheckSuspended, (s, r), News::Deactivated),
                false => self.tell_server(Rule::CheckActivated, (s, r), News::Activated),
            }
            self.arm_first(now, (s, r, c));
            self.follow((s, r, c));
        }
    }

    fn places(&self) -> impl Iterator<Item = Place> {
        self.services.iter().enumerate().flat_map(|(s, service)| {
            let servers = service.servers.iter().enumerate();
            servers.flat_map(move |(r, server)| (0..server.checks.len()).map(move |c| (s, r, c)))
        })
    }

    /// Whether the checkers of a service pause: it asks for that, and its address is not here. Marks have no address, and no
    /// address is ever a group's.
    fn is_suspended(&self, s: usize) -> bool {
        let model = &self.services[s].model;
        model.ha_suspend
            && match &model.key {
                ServiceKey::Address(endpoint) => !self.here.contains(&endpoint.ip),
                ServiceKey::Mark(..) => false,
                ServiceKey::Group(_) => true,
            }
    }

    fn address(&mut self, ip: IpAddr, here: bool) {
        if here {
            self.here.insert(ip);
        } else {
            self.here.remove(&ip);
        }
        if !self.running {
            return;
        }
        for s in 0..self.services.len() {
            let suspended = self.is_suspended(s);
            if core::mem::replace(&mut self.services[s].suspended, suspended) == suspended {
                continue;
            }
            for r in 0..self.services[s].servers.len() {
                let asks = |check: &&state::Checker| check.model.timing.is_some();
                for _ in 0..self.services[s].servers[r].checks.iter().filter(asks).count() {
                    match suspended {
                        true => self.tell_server(Rule::CheckSuspended, (s, r), News::Suspended),
                        false => self.tell_server(Rule::CheckActivated, (s, r), News::Activated),
                    }
                }
            }
        }
    }

    /// The pipes hear of a server or of a quorum.
    fn write(&mut self, rule: Rule, line: &str) {
        for fifo in self.fifos.clone() {
            self.effect(rule, EffectKind::WriteLine { fifo, line: line.into() });
        }
    }

    fn effect(&mut self, rule: Rule, kind: EffectKind) {
        self.out.push_back(Output::Effect(Effect { rule, kind }));
    }

    fn tell_server(&mut self, rule: Rule, (s, r): (usize, usize), news: News) {
        if self.tracing {
            let service = &self.services[s];
            let (service, server) = (service.name.clone(), service.servers[r].name.clone());
            self.out.push_back(Output::Trace(Trace { rule, service, server, news }));
        }
    }

    fn tell_service(&mut self, rule: Rule, s: usize, news: News) {
        if self.tracing {
            let service = &self.services[s];
            let sorry = service.model.sorry.map(|sorry| words::server(sorry.endpoint, &service.model));
            let service = service.name.clone();
            self.out.push_back(Output::Trace(Trace { rule, service, server: sorry.unwrap_or_default(), news }));
        }
    }
}

/// `notify_fifo`, and `lvs_notify_fifo` behind it.
fn fifos(model: &NodeModel) -> Vec<String> {
    let (all, own) = (&model.globals.fifo, &model.globals.lvs_fifo);
    all.iter().chain(own).map(|fifo| fifo.path.clone()).collect()
}
