//! keepalived's second process, in the same loop: health checks of real servers, and the kernel's table of virtual servers.
//!
//! `Checkers` says which probe to make and what becomes of the table; here that is done, and what comes back is told to it.
mod follow;
mod judge;
mod show;
mod takeover;
mod words;

use std::collections::BTreeSet;
use std::net::IpAddr;

use vrrplab_engine::health::{Answer, Ask, EffectKind, Input, Output, Probe, Trace};
use vrrplab_engine::lvs::IpvsCommand;
use vrrplab_engine::lvs::diff::Wanted;
use vrrplab_engine::model::NodeModel;
use vrrplab_engine::model::globals::{FlushOnStop, LvsTimeouts};
use vrrplab_engine::track::judge::number;
use vrrplab_engine::{Finished, Instant, Job, KernelEvent, Notice, Rule};
use vrrplab_formats::flight::Configuration;

use crate::plan::Act;
use crate::probe::Prober;
use crate::recorder::{RecordedCheckers, Tape};
use crate::system::{Servers, System};
use follow::Syncing;
use judge::Judge;

/// Numbers of programs that checkers have started are told from those of VRRP by this bit.
const OF_CHECKERS: u64 = 1 << 63;

/// Health checks and the table. Where there is nothing to balance, all of it is absent.
pub(super) struct Balancing<S: System> {
    checkers: Option<RecordedCheckers>,
    /// What they are recorded on.
    tape: Option<Tape>,
    ipvs: Option<S::Servers>,
    syncing: Option<Syncing>,
    /// The addresses of this host that the checkers know of; only kept where a service pauses without its address.
    here: Option<BTreeSet<IpAddr>>,
    /// The timeouts of connections, before others were set.
    timeouts_before: Option<LvsTimeouts>,
    /// The paths of tracked files.
    files: Vec<String>,
    /// Whether the table is what the checkers want.
    judge: Judge,
    /// What the checkers ask by sockets.
    pub prober: Prober<S::Sockets>,
}

impl<S: System> Balancing<S> {
    /// Nothing to balance; probes will use these sockets.
    pub fn new(sockets: S::Sockets) -> Balancing<S> {
        Balancing {
            checkers: None,
            tape: None,
            ipvs: None,
            syncing: None,
            here: None,
            timeouts_before: None,
            files: Vec::new(),
            judge: Judge::default(),
            prober: Prober::new(sockets),
        }
    }

    /// From now on what the checkers are told is written down.
    pub fn record(&mut self, tape: Option<Tape>) {
        self.tape = tape;
    }

    /// The daemon has begun: what the configuration wants is put into the table, and the checks begin.
    pub fn start(&mut self, model: &NodeModel, hands: &mut S) {
        self.syncing = Syncing::of(model);
        self.begin(model, None, hands);
    }

    fn begin(&mut self, model: &NodeModel, from: Option<&Configuration>, hands: &mut S) {
        if !self.open(model, hands) {
            return;
        }
        self.set_timeouts(model);
        if model.servers.is_empty() {
            return;
        }
        if model.globals.lvs_flush {
            self.program(Rule::ServersStart, &IpvsCommand::Flush);
        }
        self.note(model, hands);
        self.judge.begin();
        let now = hands.now();
        let mut checkers = RecordedCheckers::new(now, model, now.0, from, self.tape.clone());
        for event in hands.file_contents() {
            for (item, value) in self.numbers(&event) {
                checkers.handle(hands.now(), Input::File { item, value }, None);
            }
        }
        checkers.handle(hands.now(), Input::Start, None);
        let outputs = begun(&mut checkers, hands.now());
        self.checkers = Some(checkers);
        self.fill(&outputs);
        for output in outputs {
            match output {
                Output::Effect(effect) if matches!(effect.kind, EffectKind::ProgramIpvs(_)) => {}
                output => self.carry_out_one(output, hands),
            }
        }
        self.carry_out(hands);
        self.judge_table(hands.now());
    }

    /// SIGHUP.
    pub fn reload(&mut self, model: &NodeModel, from: &Configuration, hands: &mut S) {
        self.replace_syncing(model);
        if self.checkers.is_none() {
            return self.begin(model, Some(from), hands);
        }
        self.set_timeouts(model);
        self.note(model, hands);
        self.tell_of(Input::Reload(model), Some(from), hands);
        self.judge_table(hands.now());
    }

    /// SIGTERM: what the table holds of the configuration goes.
    pub fn stop(&mut self, model: &NodeModel, hands: &mut S) {
        self.tell(Input::Stop, hands);
        if self.checkers.is_some() {
            self.judge_table(hands.now());
        }
        self.checkers = None;
        self.prober.forget();
        if model.globals.lvs_flush_on_stop == Some(FlushOnStop::Everything) {
            self.program(Rule::ServersStop, &IpvsCommand::Flush);
        }
        self.restore_timeouts();
    }

    /// When it has something to do.
    pub fn next_wake(&self) -> Option<Instant> {
        self.checkers.as_ref().and_then(|checkers| checkers.next_wake())
    }

    /// The deadline has come.
    pub fn be_in_time(&mut self, hands: &mut S) {
        if self.next_wake().is_some_and(|at| at <= hands.now()) {
            self.tell(Input::Wake, hands);
            self.judge_table_in_time(hands.now());
        }
    }

    /// A program has ended; whether it was one of the checkers'.
    pub fn ended(&mut self, finished: &Finished, hands: &mut S) -> bool {
        let own = finished.job.0 & OF_CHECKERS != 0;
        if own {
            let job = Job(finished.job.0 & !OF_CHECKERS);
            self.tell(Input::Answered { job, answer: Answer::Exited(finished.outcome) }, hands);
        }
        own
    }

    /// Something came back from a probe. A datagram that was to another question leaves its attempt under way.
    pub fn answered(&mut self, job: Job, answer: Answer, hands: &mut S) {
        self.tell(Input::Answered { job, answer }, hands);
        self.judge_table_in_time(hands.now());
        if !self.checkers.as_ref().is_some_and(|checkers| checkers.waits_for(job)) {
            self.prober.cancel(job);
        }
    }

    /// What the kernel says of files also concerns servers.
    pub fn hear(&mut self, event: &KernelEvent, hands: &mut S) {
        for (item, value) in self.numbers(event) {
            self.tell(Input::File { item, value }, hands);
        }
    }

    /// Every server goes to the log.
    pub fn say_status(&self) {
        for server in self.checkers.iter().flat_map(|checkers| checkers.status()) {
            let state = if server.alive { "up" } else { "down" };
            let (service, name, weight) = (server.service, server.server, server.weight);
            tracing::info!(service, server = name, state, weight, "{name} of {service}: {state}, weight {weight}");
        }
    }

    fn open(&mut self, model: &NodeModel, hands: &mut S) -> bool {
        let wanted = !model.servers.is_empty() || self.syncing.is_some();
        if wanted && self.ipvs.is_none() {
            tracing::info!("Initializing ipvs");
            match hands.servers() {
                Ok(ipvs) => self.ipvs = Some(ipvs),
                Err(why) => tracing::error!(
                    %why,
                    "IPVS: Can't initialize ipvs: {why}. No virtual server works and none is checked; VRRP goes on"
                ),
            }
        }
        wanted && self.ipvs.is_some()
    }

    fn set_timeouts(&mut self, model: &NodeModel) {
        let timeouts = model.globals.lvs_timeouts;
        let given = [timeouts.tcp, timeouts.tcp_fin, timeouts.udp].iter().any(Option::is_some);
        let Some(ipvs) = self.ipvs.as_mut().filter(|_| given) else { return };
        if self.timeouts_before.is_none() {
            self.timeouts_before = ipvs.timeouts().ok();
        }
        if let Err(why) = ipvs.set_timeouts(timeouts) {
            tracing::error!(%why, "lvs_timeouts: the kernel refuses them");
        }
    }

    /// At the end they are what they were.
    fn restore_timeouts(&mut self) {
        if let (Some(ipvs), Some(before)) = (&mut self.ipvs, self.timeouts_before.take())
            && let Err(why) = ipvs.set_timeouts(before)
        {
            tracing::error!(%why, "lvs_timeouts: those of before cannot be set again");
        }
    }

    /// Keeps what is asked for later.
    fn note(&mut self, model: &NodeModel, hands: &S) {
        let pauses = model.servers.iter().any(|server| server.ha_suspend);
        self.here = pauses.then(|| self.here.take().unwrap_or_else(|| follow::addresses(hands)));
        self.files = model.files.iter().map(|file| file.path.clone()).collect();
    }

    /// The tracked files of which this event tells, and the numbers in them.
    fn numbers(&self, event: &KernelEvent) -> Vec<(usize, i32)> {
        let KernelEvent::FileContent { path, bytes } = event else { return Vec::new() };
        let tracked = self.files.iter().enumerate().filter(|(_, known)| *known == path);
        tracked.map(|(item, _)| (item, number(bytes))).collect()
    }

    /// At the start: the table becomes what the checkers want of it, whatever an earlier run has left of these services.
    fn fill(&mut self, outputs: &[Output]) {
        let commands: Vec<IpvsCommand> = outputs.iter().filter_map(command).collect();
        let found = self.ipvs.as_mut().map_or(Ok(Vec::new()), Servers::services);
        let present: Vec<Wanted> = match found {
            Ok(found) => found.iter().map(Wanted::from).collect(),
            Err(why) => {
                tracing::warn!(%why, "IPVS does not show what it holds");
                Vec::new()
            }
        };
        for command in takeover::commands(&present, &commands) {
            self.program(Rule::ServersStart, &command);
        }
    }

    /// The checkers hear how the command came out that they wait for. Who carries out what they wanted goes on with what they
    /// want then: a long row of commands makes no deep stack.
    fn tell_outcome(&mut self, command: &IpvsCommand, done: bool, now: Instant) {
        if let Some(checkers) = self.checkers.as_mut().filter(|checkers| checkers.awaits(command)) {
            checkers.handle(now, Input::Programmed { done }, None);
        }
    }

    /// Something happened to the checkers, if they run.
    fn tell(&mut self, input: Input<'_>, hands: &mut S) {
        self.tell_of(input, None, hands);
    }

    /// The same; a reload is recorded as what it was read from.
    fn tell_of(&mut self, input: Input<'_>, from: Option<&Configuration>, hands: &mut S) {
        if let Some(checkers) = &mut self.checkers {
            checkers.handle(hands.now(), input, from);
            self.carry_out(hands);
        }
    }

    fn carry_out(&mut self, hands: &mut S) {
        while let Some(output) = self.checkers.as_mut().and_then(RecordedCheckers::poll) {
            self.carry_out_one(output, hands);
        }
    }

    fn carry_out_one(&mut self, output: Output, hands: &mut S) {
        let effect = match output {
            Output::Trace(told) => return say(&told),
            Output::Effect(effect) => effect,
        };
        let rule = effect.rule;
        let act = match effect.kind {
            EffectKind::ProgramIpvs(command) => {
                let done = self.program(rule, &command);
                return self.tell_outcome(&command, done, hands.now());
            }
            EffectKind::StartProbe { job, probe } => return self.start_probe(rule, job, *probe, hands),
            EffectKind::Cancel { job, force, .. } => {
                self.prober.cancel(job);
                Act::Cancel { job: Job(job.0 | OF_CHECKERS), force }
            }
            EffectKind::RunScript(program) => {
                Act::Tell(Box::new(Notice::Script { program: *program, arguments: Vec::new() }))
            }
            EffectKind::WriteLine { fifo, line } => Act::Tell(Box::new(Notice::Line { fifo, line })),
            EffectKind::Mail(letter) => Act::Tell(Box::new(Notice::Mail(*letter))),
        };
        hands.perform(rule, act);
    }

    fn start_probe(&mut self, rule: Rule, job: Job, probe: Probe, hands: &mut S) {
        match (probe.ask, probe.connection) {
            (Ask::Run(program), _) => {
                let run = Act::Run(Job(job.0 | OF_CHECKERS), Box::new(program));
                hands.perform(rule, run);
            }
            (ask, Some(connection)) => self.prober.begin(job, connection, ask),
            (_, None) => tracing::error!(rule = rule.id(), "a check without a target"), // the reader makes none
        }
    }

    /// Changes the table; what the kernel refuses is said. Whether the table is now as was wanted.
    fn program(&mut self, rule: Rule, command: &IpvsCommand) -> bool {
        let Some(ipvs) = &mut self.ipvs else { return true };
        self.judge.changed = true;
        let rule = rule.id();
        match ipvs.apply(command) {
            Ok(()) => {
                tracing::debug!(rule, "IPVS: {}", words::command(command));
                true
            }
            Err(why) => {
                tracing::error!(rule, %why, "IPVS: {}: {why}", words::command(command));
                why.raw_os_error().is_some_and(|errno| command.is_met_despite(errno))
            }
        }
    }
}

/// What checkers want that have just begun. Of that the table is made as a whole: nothing in it is refused one by one.
fn begun(checkers: &mut RecordedCheckers, now: Instant) -> Vec<Output> {
    let mut outputs: Vec<Output> = std::iter::from_fn(|| checkers.poll()).collect();
    while outputs.iter().rev().find_map(command).is_some_and(|command| checkers.awaits(&command)) {
        checkers.handle(now, Input::Programmed { done: true }, None);
        outputs.extend(std::iter::from_fn(|| checkers.poll()));
    }
    outputs
}

fn command(output: &Output) -> Option<IpvsCommand> {
    match output {
        Output::Effect(effect) => match &effect.kind {
            EffectKind::ProgramIpvs(command) => Some(*command),
            _ => None,
        },
        Output::Trace(_) => None,
    }
}

/// Says a reason in keepalived's words, where they are known.
fn say(told: &Trace) {
    let (rule, service, server) = (told.rule.id(), &told.service, &told.server);
    match told.line() {
        Some(line) => tracing::info!(rule, service, server, "{line}"),
        None => tracing::debug!(rule, service, server, "{server} of {service}: {}", told.rule.sentence()),
    }
}
