//! What is remembered of virtual servers, real servers and checkers between two inputs.
use alloc::string::String;
use alloc::vec::Vec;

use super::judge::{Habit, Limits, Quorum, Tally, weight};
use super::pool::{ServiceConfig, Virtual, service_config, targets};
use super::words;
use crate::io::Job;
use crate::model::health::{Check, CheckKind};
use crate::model::lvs::{RealServerModel, ServerGroupModel, VirtualServerModel};
use crate::time::{Instant, Span};

/// A virtual server. (Its servers are beside its model, not in it.)
#[derive(Clone, Debug)]
pub(super) struct Service {
    pub model: VirtualServerModel,
    pub name: String,
    pub targets: Vec<Virtual>,
    pub config: ServiceConfig,
    pub servers: Vec<Server>,
    /// The quorum is there.
    pub quorum: bool,
    /// The sorry server answers.
    pub sorry: bool,
    /// Its checkers pause.
    pub suspended: bool,
}

/// A real server.
#[derive(Clone, Debug)]
pub(super) struct Server {
    pub model: RealServerModel,
    pub name: String,
    pub checks: Vec<Checker>,
    pub alive: bool,
    /// It is in the kernel's table.
    pub present: bool,
}

/// A checker.
#[derive(Clone, Debug)]
pub(super) struct Checker {
    pub model: Check,
    pub tally: Tally,
    /// What it adds to the weight of its server.
    pub adds: i64,
    /// When it asks next, and how many timers were set before this one.
    pub due: Option<(Instant, u64)>,
    pub run: Option<Run>,
}

/// An attempt under way.
#[derive(Clone, Copy, Debug)]
pub(super) struct Run {
    pub job: Job,
    pub started: Instant,
    /// When the next signal is sent to the program.
    pub overdue: Option<(Instant, u64)>,
    /// The program was asked to end.
    pub cancelled: bool,
}

impl Service {
    pub fn new(model: &VirtualServerModel, groups: &[ServerGroupModel], patient: bool) -> Service {
        let server = |server: &RealServerModel| Server::new(server, model, patient);
        Service {
            name: words::service(model, groups),
            targets: targets(model, groups),
            config: service_config(model),
            servers: model.real_servers.iter().map(server).collect(),
            quorum: false,
            sorry: false,
            suspended: false,
            model: model.clone(),
        }
    }

    /// The quorum that counts.
    pub fn limits(&self) -> Quorum {
        let configured = self.servers.iter().map(|server| server.model.weight);
        Quorum::new(self.model.quorum, self.model.hysteresis, configured)
    }

    /// The weight that is alive.
    pub fn alive(&self) -> u64 {
        self.servers.iter().filter(|server| server.alive).map(|server| u64::from(server.weight())).sum()
    }
}

impl Server {
    pub fn new(model: &RealServerModel, of: &VirtualServerModel, patient: bool) -> Server {
        let checks: Vec<Checker> = model.checks.iter().map(|check| Checker::new(check, patient)).collect();
        Server { name: words::server(model.endpoint, of), checks, model: model.clone(), alive: false, present: false }
    }

    pub fn weight(&self) -> u32 {
        weight(self.model.weight, self.checks.iter().map(|check| check.adds))
    }

    /// So many of its checkers have failed.
    pub fn failed(&self) -> usize {
        self.checks.iter().filter(|check| !check.tally.up).count()
    }
}

impl Checker {
    pub fn new(model: &Check, patient: bool) -> Checker {
        let retry = model.timing.map_or(0, |timing| timing.retry);
        let patient = patient || matches!(model.kind, CheckKind::Smtp(_));
        let tally = Tally::new(model.alpha, retry, patient);
        Checker { model: model.clone(), tally, adds: 0, due: None, run: None }
    }

    pub fn limits(&self) -> Limits {
        let retry = self.model.timing.map_or(0, |timing| timing.retry);
        let (habit, pages, fast) = match &self.model.kind {
            CheckKind::Tcp | CheckKind::Smtp(_) => (Habit::Always, 1, false),
            CheckKind::Http(http) => (Habit::Pages, http.urls.len(), http.fast_recovery),
            _ => (Habit::WhileUp, 1, false),
        };
        Limits { habit, retry, pages, fast }
    }

    /// When its program has run for too long.
    pub fn patience(&self) -> Option<Span> {
        match &self.model.kind {
            CheckKind::Misc(misc) => Some(misc.timeout),
            _ => None,
        }
    }
}
