//! A stage for checkers: models with few words, a clock, and what comes out as lines.
use std::net::{IpAddr, Ipv4Addr};

use vrrplab_engine::health::pool::{IpvsCommand, Virtual};
use vrrplab_engine::health::{Answer, Checkers, EffectKind, Input, Output, Warmups};
use vrrplab_engine::io::Job;
use vrrplab_engine::model::NodeModel;
use vrrplab_engine::model::command::Program;
use vrrplab_engine::model::health::{Check, CheckKind, Connection, Timing};
use vrrplab_engine::model::lvs::*;
use vrrplab_engine::{Instant, Policy, Span};

pub fn at(last: u8) -> Endpoint {
    Endpoint { ip: IpAddr::V4(Ipv4Addr::new(10, 0, 0, last)), port: 80 }
}

pub fn vip() -> IpAddr {
    IpAddr::V4(Ipv4Addr::new(10, 99, 0, 1))
}

pub fn program(word: &str) -> Program {
    Program { words: vec![word.into()], user: None }
}

/// A check of server `last`: loop 5 s, so many retries 3 s apart, no warmup.
pub fn check(last: u8, kind: CheckKind, retry: u32) -> Check {
    let [delay_loop, delay_before_retry, timeout] = [5, 3, 1].map(Span::from_secs);
    let timing = Some(Timing { delay_loop, warmup: Span::ZERO, retry, delay_before_retry });
    let timing = timing.filter(|_| !matches!(kind, CheckKind::File(_) | CheckKind::Bfd(_)));
    let connection = Connection { to: at(last), from: None, from_port: 0, interface: None, mark: 0, timeout };
    let connection = (!matches!(kind, CheckKind::Misc(_))).then_some(connection);
    Check { timing, alpha: false, log_all_failures: None, connection, kind }
}

/// A real server with programs for both turns.
pub fn server(last: u8, weight: u32, checks: Vec<Check>) -> RealServerModel {
    RealServerModel {
        endpoint: at(last),
        weight,
        forwarding: Forwarding::Nat,
        upper_threshold: 0,
        lower_threshold: 0,
        inhibit_on_failure: false,
        alpha: checks.iter().any(|check| check.alpha),
        notify_up: Some(program(&format!("up{last}"))),
        notify_down: Some(program(&format!("down{last}"))),
        virtual_host: None,
        snmp_name: None,
        mail: None,
        checks,
    }
}

/// A server with one TCP check.
pub fn tcp(last: u8, weight: u32, retry: u32) -> RealServerModel {
    server(last, weight, vec![check(last, CheckKind::Tcp, retry)])
}

pub fn service(real_servers: Vec<RealServerModel>) -> VirtualServerModel {
    VirtualServerModel {
        key: ServiceKey::Address(Endpoint { ip: vip(), port: 80 }),
        protocol: Some(Protocol::Tcp),
        scheduler: Scheduler::Wrr,
        flags: SchedulerFlags::default(),
        hashed: false,
        one_packet: false,
        forwarding: Forwarding::Nat,
        persistence: None,
        persistence_engine: None,
        ha_suspend: false,
        alpha: false,
        omega: false,
        quorum: 1,
        hysteresis: 0,
        quorum_up: Some(program("quorum_up")),
        quorum_down: Some(program("quorum_down")),
        virtual_host: None,
        snmp_name: None,
        mail: None,
        sorry: None,
        real_servers,
    }
}

pub fn sorry(last: u8, inhibit: bool) -> Option<SorryServer> {
    Some(SorryServer { endpoint: at(last), forwarding: Forwarding::Nat, inhibit })
}

pub fn node(servers: Vec<VirtualServerModel>) -> NodeModel {
    NodeModel { servers, ..NodeModel::new("lb", Policy::default(), Vec::new()) }
}

pub fn ms(n: u64) -> Instant {
    Instant::ZERO + Span::from_millis(n)
}

/// Checkers with a clock.
pub struct Stage {
    pub checkers: Checkers,
    pub now: Instant,
    /// Attempts that wait for an answer: the number, and the last number of the address they go to (0: a program).
    pub waiting: Vec<(Job, u8)>,
    pub commands: Vec<IpvsCommand>,
    /// The table refuses commands about servers (`Some`): those of which the last number of the service is in it.
    pub refuses: Option<Vec<u8>>,
}

impl Stage {
    pub fn new(servers: Vec<VirtualServerModel>) -> Stage {
        Stage::of(&node(servers))
    }

    pub fn of(model: &NodeModel) -> Stage {
        let checkers = Checkers::new(model, Warmups::Known(Vec::new()));
        Stage { checkers, now: Instant::ZERO, waiting: Vec::new(), commands: Vec::new(), refuses: None }
    }

    /// Started, and past the first attempts, which were answered so.
    pub fn running(servers: Vec<VirtualServerModel>, answer: &Answer) -> Stage {
        let mut stage = Stage::new(servers);
        stage.give(Input::Start);
        stage.until(1000, |_| Some(answer.clone()));
        stage
    }

    /// One input now; what came out.
    pub fn give(&mut self, input: Input<'_>) -> Vec<String> {
        self.checkers.handle(self.now, input);
        let mut lines = Vec::new();
        while let Some(output) = self.checkers.poll() {
            if let Output::Effect(effect) = &output
                && let EffectKind::ProgramIpvs(command) = &effect.kind
                && self.checkers.awaits(command)
            {
                let done = !self.refused(command);
                self.checkers.handle(self.now, Input::Programmed { done });
            }
            let (rule, what) = match output {
                Output::Trace(trace) => (trace.rule, trace.line().unwrap_or_else(|| format!("{:?}", trace.news))),
                Output::Effect(effect) => (effect.rule, self.effect(effect.kind)),
            };
            lines.push(format!("{} {rule}: {what}", self.now));
        }
        lines
    }

    /// From now on the table tells how commands come out, and refuses those about servers of these services.
    pub fn refuse(&mut self, services: &[u8]) {
        self.checkers.set_told(true);
        self.refuses = Some(services.to_vec());
    }

    fn refused(&self, command: &IpvsCommand) -> bool {
        let (IpvsCommand::AddDest(of, ..) | IpvsCommand::EditDest(of, ..) | IpvsCommand::DeleteDest(of, _)) = command
        else {
            return false;
        };
        let Virtual::Address(_, Endpoint { ip: IpAddr::V4(ip), .. }) = of else { return false };
        self.refuses.iter().flatten().any(|last| *last == ip.octets()[3])
    }

    fn effect(&mut self, kind: EffectKind) -> String {
        match kind {
            EffectKind::StartProbe { job, probe } => {
                let to = probe.connection.map(|connection| connection.to.ip);
                let last = if let Some(IpAddr::V4(ip)) = to { ip.octets()[3] } else { 0 };
                self.waiting.push((job, last));
                format!("ask {last}")
            }
            EffectKind::Cancel { force, answer, job } => {
                self.waiting.retain(|(waiting, _)| answer || *waiting != job);
                String::from(if force { "SIGKILL" } else { "cancel" })
            }
            EffectKind::WriteLine { fifo, line } => format!("{fifo} hears {line}"),
            EffectKind::RunScript(program) => format!("run {}", program.words[0]),
            EffectKind::ProgramIpvs(command) => {
                self.commands.push(command);
                match command {
                    IpvsCommand::AddService(..) => "table: add service".into(),
                    IpvsCommand::EditService(..) => "table: edit service".into(),
                    IpvsCommand::DeleteService(_) => "table: delete service".into(),
                    IpvsCommand::AddDest(_, to, config) => format!("table: add {} weight {}", to.ip, config.weight),
                    IpvsCommand::EditDest(_, to, config) => format!("table: edit {} weight {}", to.ip, config.weight),
                    IpvsCommand::DeleteDest(_, to) => format!("table: delete {}", to.ip),
                    IpvsCommand::Flush => "table: flush".into(),
                }
            }
        }
    }

    /// Lets time pass until `end`, in milliseconds. Each attempt is answered at once by what `answer` says for the last
    /// number of its address, or waits.
    pub fn until(&mut self, end: u64, answer: impl Fn(u8) -> Option<Answer>) -> Vec<String> {
        let mut lines = Vec::new();
        while let Some(wake) = self.checkers.next_wake().filter(|wake| *wake <= ms(end)) {
            assert!(wake >= self.now, "a deadline in the past");
            self.now = wake;
            lines.extend(self.give(Input::Wake));
            while let Some(place) = self.waiting.iter().position(|(_, last)| answer(*last).is_some()) {
                let (job, last) = self.waiting.remove(place);
                let answer = answer(last).unwrap();
                lines.extend(self.give(Input::Answered { job, answer }));
            }
        }
        self.now = ms(end);
        lines
    }

    /// The same with one answer for all; the attempts themselves are not shown.
    pub fn all(&mut self, end: u64, answer: &Answer) -> Vec<String> {
        let mut lines = self.until(end, |_| Some(answer.clone()));
        lines.retain(|line| !line.contains(": ask "));
        lines
    }
}
