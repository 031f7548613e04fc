//! One recorded run: the checkers with its configuration, a world with its events, and a clock.
use std::collections::BTreeMap;

use vrrplab_engine::Exit;
use vrrplab_engine::health::{Answer, Checkers, EffectKind, Input, Output, Probe, Warmups};
use vrrplab_engine::io::Job;
use vrrplab_engine::lvs::{Director, Virtual};
use vrrplab_engine::model::NodeModel;
use vrrplab_engine::model::lvs::{Forwarding, Protocol};
use vrrplab_engine::policy::Policy;
use vrrplab_engine::time::{Instant, Span};
use vrrplab_formats::builder::build_node;
use vrrplab_formats::diagnostics::Report;
use vrrplab_formats::keepalived::parse;

use super::world::World;

/// How slow the recorded machine may have been: how much later than due an attempt ended, and whether first attempts came
/// when they were due or later, while it was busy. What a probe finds that falls next to an event depends on it.
#[derive(Clone, Copy, Debug)]
pub struct Pace {
    /// So much later than due.
    attempt: Span,
    /// First attempts came when the first results say.
    busy_start: bool,
}

impl Pace {
    /// All that were tried.
    pub fn all() -> impl Iterator<Item = Pace> {
        let of = |ms| [false, true].map(|busy_start| Pace { attempt: Span::from_millis(ms), busy_start });
        [12, 8, 16, 4, 20, 24].into_iter().flat_map(of)
    }
}

/// How much longer a program takes than any other attempt.
const PROGRAM: Span = Span::from_millis(48);
/// How much later than due the first attempts may have been, while the recorded machine was busy.
const BUSY: Span = Span::from_millis(500);

type Table = BTreeMap<String, Vec<String>>;

/// What came out.
pub struct Replay {
    pub lines: Vec<(f64, String)>,
    tables: Vec<(f64, Table)>,
    world: World,
    checkers: Option<Checkers>,
    director: Director,
    pending: Vec<Pending>,
    attempt: Span,
}

/// An attempt under way.
struct Pending {
    at: Instant,
    started: Instant,
    job: Job,
    probe: Probe,
    cancelled: bool,
}

enum Step<'a> {
    Start(Box<NodeModel>, Vec<Span>),
    Event(&'a str),
}

fn instant(seconds: f64) -> Instant {
    Instant((seconds * 1e6).round() as u64 * 1000)
}

fn seconds(at: Instant) -> f64 {
    at.0 as f64 / 1e9
}

fn model(config: &str) -> NodeModel {
    let mut report = Report::default();
    let draft = parse("keepalived.conf", config, &mut report);
    build_node("lb", Policy::default(), Vec::new(), &draft, &mut report).unwrap_or_else(|| panic!("{report}"))
}

/// How long each checker of a run waited for its first attempt: the seed of the recorded daemon is not ours.
fn waits(model: &NodeModel, logs: &[(f64, String)], pace: Pace) -> Vec<Span> {
    let mut waits = Vec::new();
    for server in model.servers.iter().flat_map(|service| &service.real_servers) {
        for timing in server.checks.iter().filter_map(|check| check.timing) {
            let name = format!("[{}]:", server.endpoint.ip);
            let mut own = logs.iter().filter(|(_, line)| line.contains(&name)).map(|(t, _)| instant(*t));
            let (begin, result) = (own.next().unwrap_or_default(), own.next().unwrap_or_default());
            // A first result that took retries says nothing.
            let least = Span::from_secs(1);
            let measured = (result.since(begin) - pace.attempt).max(least);
            let told = timing.warmup > Span::ZERO || (pace.busy_start && measured <= least + BUSY);
            waits.push(if told { measured } else { least });
        }
    }
    waits
}

impl Replay {
    pub fn run(config: &str, logs: &[(f64, String)], events: &[(f64, String)], pace: Pace) -> Replay {
        let mut steps: Vec<(f64, Step<'_>)> = events.iter().map(|(t, text)| (*t, Step::Event(text))).collect();
        for (at, _) in logs.iter().enumerate().filter(|(_, (_, line))| line.starts_with("Initializing ipvs")) {
            let rest = &logs[at..];
            let first = rest.iter().find(|(_, line)| line.starts_with("Activating")).map_or(rest[0].0, |x| x.0);
            let model = model(config);
            let waits = waits(&model, rest, pace);
            steps.push((first, Step::Start(Box::new(model), waits)));
        }
        steps.sort_by(|a, b| a.0.total_cmp(&b.0));
        let director = Director::new(0, 64);
        let (lines, tables, pending) = (Vec::new(), Vec::new(), Vec::new());
        let mut replay =
            Replay { lines, tables, world: World::new(), checkers: None, director, pending, attempt: pace.attempt };
        for (t, step) in steps {
            replay.until(instant(t));
            replay.step(instant(t), step);
        }
        replay
    }

    fn step(&mut self, now: Instant, step: Step<'_>) {
        match step {
            Step::Start(model, waits) => {
                self.checkers = Some(Checkers::new(&model, Warmups::Known(waits)));
                self.handle(now, Input::Start);
            }
            Step::Event(text) if text.starts_with("SIGTERM") => self.handle(now, Input::Stop),
            Step::Event(text) if text.starts_with("SIGKILL") => {
                self.checkers = None;
                self.pending.clear();
            }
            Step::Event(text) => self.world.event(text),
        }
    }

    /// Lets everything happen that is due before this moment.
    fn until(&mut self, end: Instant) {
        loop {
            let wake = self.checkers.as_ref().and_then(Checkers::next_wake);
            let answer = self.pending.iter().map(|pending| pending.at).min();
            let Some(now) = wake.into_iter().chain(answer).min().filter(|now| *now < end) else { return };
            match self.pending.iter().position(|pending| pending.at == now) {
                Some(position) => self.answer(now, position),
                None => self.handle(now, Input::Wake),
            }
        }
    }

    /// A moment at which an attempt may be answered: it is, or it goes on until the next one, or it has timed out.
    fn answer(&mut self, now: Instant, position: usize) {
        let pending = &mut self.pending[position];
        let timeout =
            pending.probe.connection.as_ref().map(|connection| pending.started + connection.timeout + self.attempt);
        let answer = match timeout {
            _ if pending.cancelled => Some(Answer::Exited(Exit::Signal(15))),
            Some(timeout) if timeout <= now => Some(Answer::TimedOut),
            _ => self.world.answer(&pending.probe),
        };
        let Some(answer) = answer else {
            // A lost SYN is repeated after 1 s, and after 2 s more; nothing else is.
            let repeats = if self.world.loses_syns(&pending.probe) { &[1, 3][..] } else { &[] };
            let next = repeats.iter().map(|s| pending.started + Span::from_secs(*s)).find(|at| *at > now);
            let never = Instant(u64::MAX - 1);
            pending.at = next.into_iter().chain(timeout).min().unwrap_or(never);
            return;
        };
        let job = self.pending.remove(position).job;
        self.handle(now, Input::Answered { job, answer });
    }

    fn handle(&mut self, now: Instant, input: Input<'_>) {
        let Some(checkers) = &mut self.checkers else { return };
        checkers.handle(now, input);
        let mut changed = false;
        while let Some(output) = checkers.poll() {
            match output {
                Output::Trace(trace) => self.lines.extend(trace.line().map(|line| (seconds(now), line))),
                Output::Effect(effect) => match effect.kind {
                    EffectKind::StartProbe { job, probe } => {
                        let soon = if probe.connection.is_none() { self.attempt + PROGRAM } else { self.attempt };
                        let probe = *probe;
                        self.pending.push(Pending { at: now + soon, started: now, job, probe, cancelled: false });
                    }
                    EffectKind::Cancel { job, answer, .. } => {
                        self.pending.retain(|pending| answer || pending.job != job);
                        if let Some(pending) = self.pending.iter_mut().find(|pending| pending.job == job) {
                            (pending.cancelled, pending.at) = (true, now + self.attempt);
                        }
                    }
                    EffectKind::ProgramIpvs(command) => {
                        changed = true;
                        // What is there already is no error for keepalived after a crash.
                        let _ = self.director.apply(now, &command);
                    }
                    EffectKind::RunScript(_) | EffectKind::WriteLine { .. } | EffectKind::Mail(_) => {}
                },
            }
        }
        if changed {
            self.tables.push((seconds(now), self.table()));
        }
    }

    fn table(&self) -> Table {
        let services = self.director.services();
        let of = |service: &vrrplab_engine::lvs::ServiceView| {
            let key = match service.key {
                Virtual::Address(Protocol::Tcp | Protocol::Udp | Protocol::Sctp, to) => {
                    format!("{}:{}", to.ip, to.port)
                }
                Virtual::Mark(_, mark) => mark.to_string(),
            };
            let forwarding = |forwarding: Forwarding| match forwarding {
                Forwarding::Nat => "Masq",
                Forwarding::Dr => "Route",
                Forwarding::Tun(_) => "Tunnel",
            };
            let servers = service.dests.iter().map(|dest| {
                let (to, config) = (dest.key, dest.config);
                format!("{}:{} {} {}", to.ip, to.port, forwarding(config.forwarding), config.weight)
            });
            let mut servers: Vec<String> = servers.collect();
            servers.sort();
            (key, servers)
        };
        services.iter().map(of).collect()
    }

    /// Compares the tables that were seen with those that came out, one after the other.
    pub fn compare_tables(&self, wanted: &[(f64, Table)]) -> (usize, Vec<String>) {
        let mut found: Vec<&(f64, Table)> = self.tables.iter().collect();
        found.dedup_by(|a, b| a.1 == b.1);
        let mut wanted: Vec<&(f64, Table)> = wanted.iter().collect();
        wanted.dedup_by(|a, b| a.1 == b.1);
        let (mut equal, mut differing, mut at) = (0, Vec::new(), 0);
        for (t, table) in wanted {
            // Two changes within one look are seen as one.
            match found[at..].iter().position(|(_, other)| other == table) {
                Some(skipped) if (found[at + skipped].0 - t).abs() < super::SPREAD + 0.3 => {
                    at += skipped + 1;
                    equal += 1;
                }
                _ => differing.push(format!("{t:.3}: no such table came out: {table:?}")),
            }
        }
        (equal, differing)
    }
}
