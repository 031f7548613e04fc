//! keepalived's second process: the checkers of a router, between its sockets, its programs and the kernel's table.
use std::collections::BTreeSet;
use std::net::IpAddr;

use vrrplab_engine::health::{Answer, Ask, Checkers, EffectKind, Input, Output, Probe, Warmups};
use vrrplab_engine::lvs::diff::{Wanted, drift};
use vrrplab_engine::lvs::{IpvsCommand, LvsError, Timeouts, Virtual};
use vrrplab_engine::model::NodeModel;
use vrrplab_engine::model::globals::{LvsTimeouts, SyncDaemon};
use vrrplab_engine::track::judge::number;
use vrrplab_engine::{Engine, Exit, Instant, Job, Rule, Span, State};
use vrrplab_formats::world::NodeId;

use super::clock::Clock;
use super::{Lab, Watchers};
use crate::chance::Chance;
use crate::host::{End, Prober};
use crate::kernel::{KernelOut, SyncLink, SyncRole};
use crate::moment::Moment;

/// Numbers of programs that checkers have started are told from those of VRRP by this bit.
const OF_CHECKERS: u64 = 1 << 63;

/// Whether a program was started by VRRP.
pub(super) const fn is_of_vrrp(number: u64) -> bool {
    number & OF_CHECKERS == 0
}

/// The second process of a router's daemon.
#[derive(Clone)]
pub(super) struct Balancing {
    /// It, while it lives.
    checkers: Option<Checkers>,
    pub(super) prober: Prober,
    /// What a paused daemon finds when it goes on.
    waiting: Vec<(Job, Answer)>,
    /// Addresses that came or went, before the daemon has read of them.
    unread: Vec<(IpAddr, bool)>,
    /// How often it has begun.
    starts: u64,
    /// What the kernel's sync daemons do, when they run.
    role: Option<SyncRole>,
    /// The services that this run of the checkers has wanted in the table.
    claimed: BTreeSet<Virtual>,
}

impl Balancing {
    /// None where there is nothing to balance.
    pub fn new(model: &NodeModel, seed: u64) -> Option<Box<Balancing>> {
        (!model.servers.is_empty() || model.globals.sync_daemon.is_some()).then(|| {
            Box::new(Balancing {
                checkers: None,
                prober: Prober::new(&model.name, seed),
                waiting: Vec::new(),
                unread: Vec::new(),
                starts: 0,
                role: None,
                claimed: BTreeSet::new(),
            })
        })
    }

    /// When it has something to do.
    pub fn next_wake(&self, now: Instant, paused: bool, clock: &Clock) -> Option<Instant> {
        let soon = Instant(now.0.saturating_add(1));
        let deadline = self.deadline(paused, clock).map(|at| at.max(soon));
        self.checkers_due(paused, clock).into_iter().chain(deadline).chain(self.prober.next_wake(now, paused)).min()
    }

    /// When the checkers want to be woken, in the world's time. A paused daemon is not.
    fn checkers_due(&self, paused: bool, clock: &Clock) -> Option<Instant> {
        let wake = self.checkers.as_ref().filter(|_| !paused).and_then(Checkers::next_wake);
        wake.map(|at| clock.when(at))
    }

    /// When the next probe is given up, in the world's time. A paused daemon gives up nothing.
    fn deadline(&self, paused: bool, clock: &Clock) -> Option<Instant> {
        self.prober.next_deadline().filter(|_| !paused).map(|at| clock.when(at))
    }

    /// An address came or went.
    pub fn address(&mut self, ip: IpAddr, here: bool) {
        self.unread.push((ip, here));
    }
}

impl Lab<'_> {
    /// The daemon has begun: its second process does too, if there is anything to balance.
    pub(super) fn start_checkers(&mut self, n: usize, watchers: Watchers<'_, '_>) {
        let (now, seed) = (self.now, self.seed);
        let router = &mut self.routers[n];
        if router.balancing.is_none() {
            router.balancing = Balancing::new(&router.model, seed);
            if let Some(balancing) = &mut router.balancing {
                balancing.prober.keep_diary(self.forkable);
            }
        }
        let Some(balancing) = &mut router.balancing else { return };
        let name = &router.model.name;
        router.kernel.load_ipvs(Chance::new(seed, &format!("ipvs/{name}")).bits());
        balancing.unread.clear();
        balancing.claimed.clear();
        let globals = &router.model.globals;
        router.kernel.set_ipvs_timeouts(timeouts(globals.lvs_timeouts));
        let flush = globals.lvs_flush;
        let now = router.clock.says(now);
        let mut checkers = None;
        if !router.model.servers.is_empty() {
            let label = format!("warmup/{name}/{}", balancing.starts);
            balancing.starts += 1;
            let mut new =
                Checkers::new(&router.model_now(&router.model), Warmups::Seed(Chance::new(seed, &label).bits()));
            new.set_tracing(!watchers.is_empty());
            new.set_told(true);
            for (item, file) in router.model.files.iter().enumerate() {
                if let Some(content) = router.programs.content(&file.path) {
                    new.handle(now, Input::File { item, value: number(content.as_bytes()) });
                }
            }
            for (item, bfd) in router.model.bfds.iter().enumerate() {
                let told = router.sessions.iter().find(|(known, _)| *known == bfd.name);
                new.handle(now, Input::Session { item, up: told.is_none_or(|(_, up)| *up) });
            }
            new.handle(now, Input::Start);
            checkers = Some(new);
        }
        if let Some(balancing) = &mut self.routers[n].balancing {
            balancing.checkers = checkers;
        }
        if flush {
            self.program(n, &IpvsCommand::Flush, Rule::ServersStart, watchers);
        }
        self.follow_sync(n);
        self.checkers_out(n, watchers);
    }

    /// SIGTERM: what the table holds of the configuration goes.
    pub(super) fn stop_checkers(&mut self, n: usize, watchers: Watchers<'_, '_>) {
        let flush = self.routers[n].model.globals.lvs_flush_on_stop.is_some();
        self.tell_checkers(n, Input::Stop, watchers);
        if flush {
            self.program(n, &IpvsCommand::Flush, Rule::ServersStop, watchers);
        }
        let router = &mut self.routers[n];
        if let Some(balancing) = &mut router.balancing {
            balancing.role = None;
            router.kernel.sync_ipvs(None);
        }
    }

    /// The process is gone; the kernel closes what it had open and keeps its tables.
    pub(super) fn kill_checkers(&mut self, n: usize, watchers: Watchers<'_, '_>) {
        let now = self.now;
        let Some(balancing) = &mut self.routers[n].balancing else { return };
        balancing.checkers = None;
        balancing.waiting.clear();
        balancing.unread.clear();
        balancing.prober.forget(now);
        self.routers[n].programs.forget(|number| !is_of_vrrp(number));
        self.probe(n, watchers);
    }

    /// Whether there is a child for health checks.
    pub(super) fn has_checkers(&self, n: usize) -> bool {
        self.routers[n].balancing.as_ref().is_some_and(|balancing| balancing.checkers.is_some())
    }

    /// Power loss: no tables are left, and nothing is said to anyone.
    pub(super) fn crash_ipvs(&mut self, n: usize) {
        let router = &mut self.routers[n];
        let seed = Chance::new(self.seed, &format!("ipvs/{}", router.model.name)).bits();
        router.kernel.clear_ipvs(seed);
        if let Some(balancing) = &mut router.balancing {
            balancing.role = None;
            balancing.prober = Prober::new(&router.model.name, self.seed);
        }
    }

    /// SIGHUP.
    pub(super) fn reload_checkers(&mut self, n: usize, config: &NodeModel, watchers: Watchers<'_, '_>) {
        self.routers[n].kernel.set_ipvs_timeouts(timeouts(config.globals.lvs_timeouts));
        let begun = self.routers[n].balancing.as_ref().is_some_and(|b| b.checkers.is_some());
        match (begun, config.servers.is_empty()) {
            (false, true) => {}
            (false, false) => self.start_checkers(n, watchers),
            (true, _) => self.tell_checkers(n, Input::Reload(config), watchers),
        }
    }

    /// The paused daemon goes on: it reads what came, then looks at its clock.
    pub(super) fn resume_checkers(&mut self, n: usize, watchers: Watchers<'_, '_>) {
        let Some(balancing) = &mut self.routers[n].balancing else { return };
        for (job, answer) in std::mem::take(&mut balancing.waiting) {
            self.tell_checkers(n, Input::Answered { job, answer }, watchers);
        }
        self.probe(n, watchers);
        self.tell_checkers(n, Input::Wake, watchers);
    }

    /// Time has come for checkers, their connections, or both.
    pub(super) fn wake_checkers(&mut self, n: usize, watchers: Watchers<'_, '_>) {
        let (now, paused) = (self.now, self.routers[n].paused);
        let Some(balancing) = &self.routers[n].balancing else { return };
        let kernel = balancing.prober.next_wake(Instant(now.0.saturating_sub(1)), paused);
        let deadline = balancing.deadline(paused, &self.routers[n].clock);
        if kernel.into_iter().chain(deadline).any(|at| at <= now) {
            self.probe(n, watchers);
        }
        let Some(balancing) = &self.routers[n].balancing else { return };
        if balancing.checkers_due(paused, &self.routers[n].clock).is_some_and(|at| at <= now) {
            self.tell_checkers(n, Input::Wake, watchers);
        }
    }

    /// Packets of probes leave, answers are read.
    pub(super) fn probe(&mut self, n: usize, watchers: Watchers<'_, '_>) {
        let (now, paused) = (self.now, self.routers[n].paused);
        let says = self.routers[n].clock.says(now);
        let Some(balancing) = &mut self.routers[n].balancing else { return };
        let mut packets = Vec::new();
        balancing.prober.poll(now, &mut packets);
        if !paused {
            balancing.prober.advance(now, says);
            balancing.prober.poll(now, &mut packets);
        }
        for packet in packets {
            let mut out: Vec<KernelOut> = Vec::new();
            self.routers[n].kernel.send_ip(now, packet, &mut out);
            self.router_out(n, out, watchers);
        }
        while let Some((job, answer)) = self.routers[n].balancing.as_mut().and_then(|b| b.prober.answer()) {
            let job = Job(job);
            self.tell_checkers(n, Input::Answered { job, answer }, watchers);
            // after an answer to another question the right one is still waited for
            let Some(balancing) = &mut self.routers[n].balancing else { break };
            if !balancing.checkers.as_ref().is_some_and(|checkers| checkers.waits_for(job)) {
                balancing.prober.cancel(now, job.0);
            }
        }
        self.reschedule_router(n);
    }

    /// A program has ended: whether it was one of the checkers'.
    pub(super) fn checker_ended(&mut self, n: usize, number: u64, end: End, watchers: Watchers<'_, '_>) -> bool {
        if number & OF_CHECKERS == 0 {
            return false;
        }
        let job = Job(number & !OF_CHECKERS);
        let answer = Answer::Exited(match end {
            End::Status(status) => Exit::Status(status),
            End::Signal(signal) => Exit::Signal(signal),
        });
        let router = &mut self.routers[n];
        match &mut router.balancing {
            Some(balancing) if router.paused => balancing.waiting.push((job, answer)),
            _ => self.tell_checkers(n, Input::Answered { job, answer }, watchers),
        }
        true
    }

    /// A file was written or deleted: perhaps one that is tracked.
    pub(super) fn checkers_read(&mut self, n: usize, path: &str, content: Option<&str>, watchers: Watchers<'_, '_>) {
        let tracked = self.routers[n].model.files.iter().enumerate();
        let items: Vec<usize> = tracked.filter(|(_, file)| file.path == path).map(|(item, _)| item).collect();
        for item in items {
            let value = number(content.unwrap_or_default().as_bytes());
            self.tell_checkers(n, Input::File { item, value }, watchers);
        }
    }

    /// Something happened to the checkers, if they run.
    pub(super) fn tell_checkers(&mut self, n: usize, input: Input<'_>, watchers: Watchers<'_, '_>) {
        let now = self.routers[n].clock.says(self.now);
        let checkers = self.routers[n].balancing.as_mut().and_then(|balancing| balancing.checkers.as_mut());
        if let Some(checkers) = checkers {
            checkers.handle(now, input);
            self.checkers_out(n, watchers);
        }
    }

    /// Tells the checkers which addresses came and went, and the sync daemons which way to talk.
    pub(super) fn follow_vrrp(&mut self, n: usize, watchers: Watchers<'_, '_>) {
        let Some(balancing) = &mut self.routers[n].balancing else { return };
        for (ip, here) in std::mem::take(&mut balancing.unread) {
            self.tell_checkers(n, Input::Address { ip, here }, watchers);
        }
        self.follow_sync(n);
    }

    /// The instance of `lvs_sync_daemon` decides which of the kernel's sync daemons runs.
    fn follow_sync(&mut self, n: usize) {
        let router = &mut self.routers[n];
        let Some(daemon) = &router.model.globals.sync_daemon else { return };
        let (Some(engine), Some(balancing)) = (&router.engine, &mut router.balancing) else { return };
        let wanted = role(daemon, engine);
        if balancing.role == Some(wanted) {
            return;
        }
        balancing.role = Some(wanted);
        let vrid = |name: &String| router.model.instances.iter().find(|i| i.name == *name).map(|i| i.vrid.get());
        let id = daemon.id.or_else(|| daemon.instance.as_ref().and_then(vrid)).unwrap_or(0);
        let Some(iface) = router.model.interfaces.iter().find(|i| i.name == daemon.interface).map(|i| i.index) else {
            return;
        };
        let mut link = SyncLink::new(iface, id);
        link.port = daemon.port.unwrap_or(link.port);
        link.ttl = daemon.ttl.unwrap_or(link.ttl);
        if let Some(IpAddr::V4(group)) = daemon.group {
            link.group = group;
        }
        router.kernel.sync_ipvs(Some((link, wanted)));
    }

    fn checkers_out(&mut self, n: usize, watchers: Watchers<'_, '_>) {
        let next = |lab: &mut Self| lab.routers[n].balancing.as_mut()?.checkers.as_mut()?.poll();
        let mut changed = false;
        while let Some(output) = next(self) {
            changed |= matches!(&output, Output::Effect(effect) if matches!(effect.kind, EffectKind::ProgramIpvs(_)));
            match output {
                Output::Trace(trace) => self.show(watchers, &Moment::Checked { node: NodeId(n), trace: &trace }),
                Output::Effect(effect) => self.checkers_effect(n, effect.rule, effect.kind, watchers),
            }
        }
        if changed && !watchers.is_empty() {
            self.settled(n, watchers);
        }
        self.reschedule_router(n);
    }

    /// Shows what the table still lacks of what the checkers want.
    fn settled(&mut self, n: usize, watchers: Watchers<'_, '_>) {
        let router = &mut self.routers[n];
        let (Some(balancing), Some(director)) = (&mut router.balancing, router.kernel.director()) else { return };
        let Some(checkers) = &balancing.checkers else { return };
        let wanted = checkers.wanted();
        let present: Vec<Wanted> = director.services().iter().map(Wanted::from).collect();
        let drift = drift(&present, &wanted, &balancing.claimed);
        balancing.claimed.extend(wanted.iter().map(|one| one.key));
        self.show(watchers, &Moment::Settled { node: NodeId(n), drift: &drift });
    }

    fn checkers_effect(&mut self, n: usize, rule: Rule, kind: EffectKind, watchers: Watchers<'_, '_>) {
        let (node, now) = (NodeId(n), self.now);
        match kind {
            EffectKind::StartProbe { job, probe } => self.start_probe(n, job, &probe, rule, watchers),
            EffectKind::Cancel { job, force, .. } => {
                self.cancel_program(n, Job(job.0 | OF_CHECKERS), force);
                if let Some(balancing) = &mut self.routers[n].balancing {
                    balancing.prober.cancel(now, job.0);
                }
            }
            EffectKind::ProgramIpvs(command) => self.program(n, &command, rule, watchers),
            EffectKind::RunScript(program) => {
                self.show(watchers, &Moment::Ran { node, words: &program.words, rule });
                for (path, content) in self.routers[n].programs.writes(&program.words) {
                    self.write_file(n, &path, content.as_deref(), watchers);
                }
            }
            EffectKind::WriteLine { fifo, line } => {
                self.show(watchers, &Moment::Told { node, line: &format!("{fifo}: {line}"), rule });
            }
            EffectKind::Mail(letter) => self.mail(n, &letter, rule, watchers),
        }
    }

    fn start_probe(&mut self, n: usize, job: Job, probe: &Probe, rule: Rule, watchers: Watchers<'_, '_>) {
        if let Ask::Run(program) = &probe.ask {
            return self.run_program(n, Job(job.0 | OF_CHECKERS), program, rule, watchers);
        }
        let (now, router) = (self.now, &mut self.routers[n]);
        let says = router.clock.says(now);
        let (Some(balancing), Some(connection)) = (&mut router.balancing, &probe.connection) else { return };
        let own = connection.from.or_else(|| router.kernel.source_for(connection.to.ip));
        balancing.prober.start(says, job.0, connection, &probe.ask, own);
        self.send_probes(n, watchers);
    }

    /// What a new probe says first.
    fn send_probes(&mut self, n: usize, watchers: Watchers<'_, '_>) {
        let (now, mut packets) = (self.now, Vec::new());
        if let Some(balancing) = &mut self.routers[n].balancing {
            balancing.prober.poll(now, &mut packets);
        }
        for packet in packets {
            let mut out: Vec<KernelOut> = Vec::new();
            self.routers[n].kernel.send_ip(now, packet, &mut out);
            self.router_out(n, out, watchers);
        }
    }

    /// Changes the kernel's table. That something is there already, or is gone already, is as well. Who waits for it hears of
    /// it at once, and what is wanted then comes out behind the rest: a long row of commands makes no deep stack.
    fn program(&mut self, n: usize, command: &IpvsCommand, rule: Rule, watchers: Watchers<'_, '_>) {
        let refused: Option<LvsError> = self.routers[n].kernel.program_ipvs(self.now, command).err();
        self.show(watchers, &Moment::Balanced { node: NodeId(n), command, refused, rule });
        let router = &mut self.routers[n];
        let checkers = router.balancing.as_mut().and_then(|balancing| balancing.checkers.as_mut());
        if let Some(checkers) = checkers.filter(|checkers| checkers.awaits(command)) {
            let done = refused.is_none_or(|why| command.is_met_despite(why.errno()));
            checkers.handle(router.clock.says(self.now), Input::Programmed { done });
        }
    }
}

/// What the sync daemons do in this state of the instance; without an instance, both.
fn role(daemon: &SyncDaemon, engine: &Engine) -> SyncRole {
    let Some(name) = &daemon.instance else { return SyncRole::Both };
    let master = engine.status().any(|instance| instance.name == name && instance.state == State::Master);
    if master { SyncRole::Master } else { SyncRole::Backup }
}

fn timeouts(wanted: LvsTimeouts) -> Timeouts {
    let kernel = Timeouts::default();
    let seconds =
        |wanted: Option<u32>, other| wanted.filter(|s| *s > 0).map_or(other, |s| Span::from_secs(u64::from(s)));
    Timeouts {
        tcp: seconds(wanted.tcp, kernel.tcp),
        tcp_fin: seconds(wanted.tcp_fin, kernel.tcp_fin),
        udp: seconds(wanted.udp, kernel.udp),
    }
}
