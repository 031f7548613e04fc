//! The loop: something happens, the engine is asked, what it wants is done, and the next deadline is waited for.
mod balancing;
mod desk;
mod happening;
mod watchdog;

use std::io;

use tokio::task::JoinSet;
use vrrplab_engine::model::{IfIndex, NodeModel};
use vrrplab_engine::{Command, Finished, Input, Instant, KernelEvent, Output, Rule, Span};
use vrrplab_formats::control::Reloaded;
use vrrplab_formats::flight::Configuration;

use crate::config::Source;
use crate::counters::Counters;
use crate::door::{Knock, MOST_KNOCKS};
use crate::log::Log;
use crate::netlink::Netlink;
use crate::plan::{Act, Step, plan};
use crate::privilege::Privileges;
use crate::recorder::{RecordedEngine, Recorder};
use crate::script::{Ended, hook, security};
use crate::system::linux::Linux;
use crate::system::{System, Word};
use crate::watch::processes;
use balancing::Balancing;
use desk::Desk;
use happening::Happening;
use watchdog::Watchdog;

/// So many packets of one socket are read before others have their turn.
const PACKETS_AT_ONCE: usize = 64;
/// How long the scripts of the end may take.
const LAST_WORDS: Span = Span::from_secs(1);

/// The daemon at work.
pub struct Daemon<S: System = Linux> {
    engine: RecordedEngine,
    balancing: Balancing<S>,
    system: S,
    log: Log,
    source: Source,
    /// What was counted last, of each `vrrp_track_process`.
    counts: Vec<u32>,
    model: NodeModel,
    counting: JoinSet<Vec<u32>>,
    count_at: Option<Instant>,
    /// When the end comes, scripts or no scripts.
    end_at: Option<Instant>,
    counters: Counters,
    desk: Desk,
    /// The instances before the last reload: those that it removed are told by their positions there.
    names_before: Vec<String>,
    watchdog: Watchdog,
    privileges: Privileges,
}

impl Daemon {
    /// Opens everything on this host and starts the engine. It must be called inside of a runtime.
    pub fn start(source: Source, netlink: Netlink, model: NodeModel, recorder: Option<Recorder>) -> io::Result<Daemon> {
        Ok(Daemon::start_on(Linux::open(netlink, model.clone())?, source, model, recorder))
    }
}

impl<S: System> Daemon<S> {
    /// Starts the engine on a system that is open for this configuration.
    pub fn start_on(system: S, source: Source, model: NodeModel, recorder: Option<Recorder>) -> Daemon<S> {
        let mut daemon = Daemon {
            engine: RecordedEngine::new(model.clone(), recorder),
            balancing: Balancing::new(system.sockets()),
            watchdog: Watchdog::new(system.now()),
            system,
            log: Log::default(),
            source,
            counts: vec![0; model.processes.len()],
            count_at: None,
            model,
            counting: JoinSet::new(),
            end_at: None,
            counters: Counters::default(),
            desk: Desk::default(),
            names_before: Vec::new(),
            privileges: Privileges::default(),
        };
        daemon.begin_to_count();
        for event in daemon.system.file_contents() {
            daemon.engine.handle(daemon.system.now(), Input::Kernel(event));
        }
        daemon.look_at_processes(processes::count(&daemon.model.processes));
        daemon.balancing.record(daemon.engine.tape());
        daemon.balancing.start(&daemon.model, &mut daemon.system);
        daemon.tell(Input::Operator(Command::Start));
        daemon
    }

    /// What was given up before: configurations that need it are refused from now on.
    pub fn has_reduced(&mut self, privileges: Privileges) {
        self.privileges = privileges;
    }

    /// Works until the end. Even when the system fails it, it says goodbye and leaves nothing behind.
    pub async fn run(mut self) -> io::Result<()> {
        let done = self.work().await;
        if done.is_err() {
            self.stop();
        }
        self.system.close();
        self.engine.close();
        if let Some(shutdown) = &self.model.globals.shutdown {
            hook::run("shutdown script", shutdown, &self.model.globals);
        }
        done
    }

    async fn work(&mut self) -> io::Result<()> {
        let mut busy = false;
        while !self.is_over() {
            let deadline = self.deadline();
            self.system.arm(deadline)?;
            self.engine.hand_over();
            if busy {
                tokio::task::yield_now().await; // the runtime looks for signals and children
            }
            let (prober, desk) = (&mut self.balancing.prober, &mut self.desk);
            match happening::next(&mut self.system, &mut self.counting, prober, desk, busy).await? {
                Happening::Knock => busy = self.answer()?,
                Happening::Word(word) => self.obey(word),
                Happening::Ended(Ended::Job(finished)) => self.ended(finished),
                Happening::Ended(Ended::Other) => {}
                Happening::Counted(counts) => self.look_at_processes(counts),
                Happening::Asked(ask) => self.answer_operator(ask),
                Happening::Answered(job, answer) => self.balancing.answered(job, answer, &mut self.system),
            }
            self.be_in_time();
        }
        Ok(())
    }

    fn deadline(&self) -> Option<Instant> {
        let engine = self.engine.next_wake().map(|wake| wake.at);
        let own = [self.count_at, self.end_at, self.watchdog.next_wake()];
        [engine, self.balancing.next_wake()].into_iter().chain(own).flatten().min()
    }

    fn is_over(&self) -> bool {
        self.end_at.is_some_and(|end| self.system.is_idle() || self.system.now() >= end)
    }

    /// Serves all who knock; whether something is left.
    fn answer(&mut self) -> io::Result<bool> {
        let knocks = self.system.knocks()?;
        let mut left = knocks.len() == MOST_KNOCKS;
        for knock in knocks {
            match knock {
                Knock::Adverts(socket) => left |= !self.listen(socket),
                Knock::Monitor => self.hear_kernel(),
                Knock::Files => self.look_at_files(),
                Knock::Deadline => self.be_in_time(),
            }
        }
        Ok(left)
    }

    /// Reads what has come to a socket; whether that was all.
    fn listen(&mut self, socket: u32) -> bool {
        for _ in 0..PACKETS_AT_ONCE {
            match self.system.hear(socket) {
                Ok(Some((iface, bytes))) => {
                    self.tell(Input::Frame { iface, bytes: &bytes });
                    if let Some(rule) = self.engine.take_unseen() {
                        self.counters.unseen(rule);
                    }
                }
                Ok(None) => return true,
                Err(why) => {
                    tracing::debug!(%why, "a socket says"); // as when its interface goes down
                    return true;
                }
            }
        }
        false
    }

    fn hear_kernel(&mut self) {
        if let Err(why) = self.system.look_at_links() {
            tracing::error!(%why, "the kernel does not tell what has changed");
        }
        self.carry_out();
        self.balancing.follow(&self.engine, &mut self.system);
    }

    fn look_at_files(&mut self) {
        match self.system.changed_files() {
            Ok(changed) => {
                for (path, bytes) in changed {
                    self.tell(Input::Kernel(KernelEvent::FileContent { path, bytes }));
                }
            }
            Err(why) => tracing::error!(%why, "the kernel does not tell which files have changed"),
        }
    }

    /// What the clock asks for.
    fn be_in_time(&mut self) {
        let at = self.system.now();
        self.watchdog.be_in_time(at);
        if self.engine.next_wake().is_some_and(|wake| wake.at <= at) {
            self.tell(Input::Wake);
        }
        self.balancing.be_in_time(&mut self.system);
        if self.count_at.is_some_and(|due| due <= at) {
            self.count_at = None;
            let models = self.model.processes.clone();
            self.counting.spawn_blocking(move || processes::count(&models));
        }
    }

    fn look_at_processes(&mut self, counts: Vec<u32>) {
        if self.model.processes.is_empty() || counts.len() != self.model.processes.len() {
            return;
        }
        let before = std::mem::replace(&mut self.counts, counts.clone());
        for (item, (count, before)) in counts.into_iter().zip(before).enumerate() {
            if count != before {
                self.tell(Input::Kernel(KernelEvent::ProcessCount { item, count }));
            }
        }
        self.count_at = Some(self.system.now() + processes::EVERY);
    }

    fn tell(&mut self, input: Input<'_>) {
        if let Input::Kernel(event) = &input {
            self.balancing.hear(event, &mut self.system);
        }
        self.engine.handle(self.system.now(), input);
        self.carry_out();
        self.balancing.follow(&self.engine, &mut self.system);
    }

    fn ended(&mut self, finished: Finished) {
        if !self.balancing.ended(&finished, &mut self.system) {
            self.tell(Input::Finished(finished));
        }
    }

    /// Says goodbye. The sync daemon ends in the role that it has: no instance that stops makes a backup of it.
    fn stop(&mut self) {
        self.balancing.stop_syncing();
        self.tell(Input::Operator(Command::Stop));
        self.balancing.stop(&self.model, &mut self.system);
    }

    /// Does all that the engine wants, and tells it what the kernel said meanwhile, until both are silent.
    fn carry_out(&mut self) {
        loop {
            let outputs: Vec<Output> = std::iter::from_fn(|| self.engine.poll()).collect();
            for step in plan(outputs) {
                match step {
                    Step::Do(rule, act) => {
                        if let Act::Packet { iface, bytes } = &act {
                            let link = self.system.table().get(*iface);
                            let base = link.filter(|link| link.is_macvlan).and_then(|link| link.base).map(IfIndex);
                            self.counters.sent([Some(*iface), base], bytes);
                        }
                        self.system.perform(rule, act);
                    }
                    Step::Say(trace) => {
                        let instance = trace.instance.map(|i| match trace.rule {
                            Rule::ReloadRemoved => self.names_before.get(i).map_or("", String::as_str),
                            _ => self.engine.instance_name(i),
                        });
                        let moment = self.system.moment();
                        self.counters.decided(moment, &trace);
                        self.desk.tell(moment.unix_ms, instance, &trace);
                        self.log.say(moment.now, instance.unwrap_or(""), &trace);
                    }
                }
            }
            let Some(event) = self.system.next_event() else { return };
            self.say_link(&event);
            self.system.prepare(&event);
            self.engine.handle(self.system.now(), Input::Kernel(event));
        }
    }

    fn say_link(&self, event: &KernelEvent) {
        let known = |iface: &IfIndex| self.model.interfaces.iter().find(|known| known.index == *iface);
        match event {
            KernelEvent::Link { iface, up } if self.system.table().get(*iface).is_some() => {
                let interface = self.system.table().name(*iface);
                tracing::info!(interface, "Netlink reports {interface} {}", if *up { "up" } else { "down" });
            }
            KernelEvent::LinkGone { iface } => {
                if let Some(interface) = known(iface).map(|known| &known.name) {
                    tracing::info!(interface, "Interface {interface} is gone");
                }
            }
            KernelEvent::LinkIs { iface, mac } => {
                if let Some(interface) = known(iface).map(|known| &known.name) {
                    tracing::info!(interface, "Interface {interface} has the MAC {mac}");
                }
            }
            _ => {}
        }
    }

    fn obey(&mut self, word: Word) {
        match word {
            Word::Stop if self.end_at.is_some() => {}
            Word::Stop => {
                tracing::info!("Stopping");
                notify_manager(&[sd_notify::NotifyState::Stopping]);
                self.stop();
                self.count_at = None;
                self.end_at = Some(self.system.now() + LAST_WORDS);
            }
            Word::Reload => {
                let _ = self.reload(); // what is to be said is in the log
            }
            Word::Status => self.say_status(),
        }
    }

    /// Reads the configuration again. One that cannot be used changes nothing.
    fn reload(&mut self) -> Result<Reloaded, String> {
        let (mut model, mut configuration, mut warnings) = self.read_again().inspect_err(|why| {
            self.desk.reloads_refused += 1;
            tracing::error!("reload: {}", why.lines().next().unwrap_or(""));
        })?;
        let whole = model.clone();
        for told in security::prune(&mut model) {
            tracing::warn!("{told}");
            warnings.push(told);
        }
        configuration.note_untracked(&whole, &model);
        tracing::info!("Reloading");
        self.desk.reloads += 1;
        if let Err(why) = self.system.reload(model.clone()) {
            tracing::error!(%why, "reload: not everything can be opened");
            warnings.push(format!("not everything can be opened: {why}"));
        }
        for event in self.system.file_contents() {
            self.tell(Input::Kernel(event));
        }
        let before = std::mem::replace(&mut self.model, model.clone());
        self.names_before = before.instances.into_iter().map(|instance| instance.name).collect();
        self.counters.settle(self.system.moment(), &self.model);
        self.balancing.reload(&self.model, &configuration, &mut self.system);
        self.engine.is_reloaded_from(configuration);
        self.tell(Input::Operator(Command::Reload(Box::new(model))));
        self.counts = vec![0; self.model.processes.len()];
        self.look_at_processes(processes::count(&self.model.processes));
        Ok(Reloaded { instances: self.model.instances.len(), warnings })
    }

    /// The configuration as it is now, and what is to be said about it.
    fn read_again(&self) -> Result<(NodeModel, Configuration, Vec<String>), String> {
        let read = self.source.read(self.system.table().interfaces());
        let read = read.map_err(|why| format!("the configuration cannot be read, the old one stays: {why}"))?;
        let told = if read.report.diagnostics.is_empty() { String::new() } else { read.report.render(false) };
        if !told.is_empty() {
            eprintln!("{told}");
        }
        match read.model {
            Some(model) => {
                if let Some(why) = self.privileges.refuse(&model, &read.configuration) {
                    return Err(format!("the configuration needs a restart, the old one stays: {why}"));
                }
                let warnings = Some(told).filter(|told| !told.is_empty());
                Ok((model, read.configuration, warnings.into_iter().collect()))
            }
            None => Err(format!("the configuration is refused, the old one stays\n{told}")),
        }
    }

    fn say_status(&self) {
        for status in self.engine.status() {
            let (instance, state) = (status.name, status.state.name());
            let (priority, holds) = (status.priority, status.holds_addresses);
            tracing::info!(instance, state, priority, holds, "({instance}) {state}, priority {priority}");
        }
        self.balancing.say_status();
    }
}

/// Tells systemd, where it has started us.
pub fn notify_manager(states: &[sd_notify::NotifyState<'_>]) {
    if let Err(why) = sd_notify::notify(states) {
        tracing::debug!(%why, "the service manager does not listen");
    }
}
