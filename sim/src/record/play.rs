//! One run: everything is set up, each step is done at its time, and what was seen is collected.
use std::fs::{self, File};
use std::path::PathBuf;
use std::process::{Child, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::Duration;

use nix::sys::signal::Signal;
use vrrplab_engine::Instant;
use vrrplab_formats::world::{Nic, NodeId};

use super::clients::{Pinged, Pinging};
use super::clock::{Epoch, Pair};
use super::daemon::{self, Daemon, Opinion};
use super::files;
use super::logs::{Line, LogSocket};
use super::nets::{Nets, ip};
use super::plan::Plan;
use super::probe::{Hurry, Lateness, Probe};
use super::program::Program;
use super::steps::Action;
use super::tools::{Tools, run, urgent, uses_nft};
use super::wire::{Captures, Port};
use super::wiring::{self, Cuts};

/// From the end of all preparations to the first start.
const LEAD_NS: u64 = 300_000_000;
/// How long captures and monitors are left to finish.
const TAIL: Duration = Duration::from_millis(300);

/// Everything that one run left behind.
#[derive(Debug)]
pub struct Run {
    /// The exec of the first daemon.
    pub start: Epoch,
    /// The end of the observation.
    pub end: Epoch,
    /// Every start of a daemon, in order of time.
    pub starts: Vec<Started>,
    /// Every step with the time when it was begun and done.
    pub steps: Vec<(Epoch, Epoch)>,
    /// What a step's cut or partition had dropped when it ended.
    pub dropped: Vec<Option<Vec<String>>>,
    /// Rules of cuts and partitions that are in force at the end, with what they dropped.
    pub dropping: Vec<String>,
    /// What the daemon's check says of each node's file.
    pub opinions: Vec<Opinion>,
    /// What the notify scripts of each node wrote into /run/notify.log.
    pub notified: Vec<String>,
    /// How late a real-time timer was.
    pub late: Lateness,
    /// By how many nanoseconds the real clock gained on the other.
    pub clock_gained: i128,
    /// Ticks that the machine's host took for others.
    pub stolen: u64,
    /// The log of each node.
    pub logs: Vec<Vec<Line>>,
    /// What the monitor of each node printed.
    pub monitors: Vec<String>,
    /// What went through the ports.
    pub ports: Vec<Port>,
    /// `ip -o address` and `ip -o link` of each node at the end.
    pub finally: Vec<(String, String)>,
    /// Whether the node's last daemon runs at the end.
    pub alive: Vec<bool>,
    /// What the clients printed.
    pub pinged: Vec<Pinged>,
}

/// One start of a daemon.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Started {
    /// The node.
    pub node: usize,
    /// Which start of this node, from 1.
    pub n: usize,
    /// When it was due.
    pub due: Instant,
    /// When it was let go.
    pub exec: Epoch,
    /// How it ended; `None`: it runs.
    pub exit_code: Option<i32>,
}

/// What is due at some time.
#[derive(Clone, Copy, Debug)]
enum Due {
    /// The first start of a node.
    First(usize),
    /// A step of the plan.
    Step(usize),
    /// The first request of a client.
    Client(usize),
}

/// What is told while a run goes on: seconds played.
pub type Progress<'p> = &'p dyn Fn(u64);

/// Plays the plan once. A message from `interrupt` ends it early, with everything removed.
pub fn play(plan: &Plan, tools: &Tools, interrupt: &Receiver<()>, progress: Progress<'_>) -> Result<Run, String> {
    let nets = Nets::build(plan, &tools.program)?;
    let mut stage = Stage::prepare(plan, tools, &nets)?;
    let mut agenda: Vec<(Instant, Due)> = Vec::new();
    let first = plan.nodes.iter().enumerate().filter_map(|(id, node)| Some((node.start?, Due::First(id))));
    agenda.extend(first);
    agenda.extend(plan.steps.iter().enumerate().map(|(n, step)| (step.at, Due::Step(n))));
    agenda.extend(plan.clients.iter().enumerate().map(|(id, client)| (client.from, Due::Client(id))));
    agenda.sort_by_key(|(at, _)| *at);
    let hurry = Hurry::begin(tools);
    let base = Epoch::now().plus(LEAD_NS);
    let watch = Watch { probe: Probe::start(tools), clock: Pair::now(), stolen: stolen_ticks() };
    let mut steps = vec![(base, base); plan.steps.len()];
    let mut dropped = vec![None; plan.steps.len()];
    for (at, due) in agenda {
        sleep_until(base.plus(at.0), base, interrupt, progress)?;
        match due {
            Due::First(node) => stage.start(node, at)?,
            Due::Client(id) => stage.pinging.push(Pinging::start(plan, id, &nets, tools)?),
            Due::Step(n) => {
                dropped[n] = wiring::counted(&plan.steps[n].action, plan, &nets, &stage.cuts);
                let begun = Epoch::now();
                stage.act(&plan.steps[n].action, at)?;
                steps[n] = (begun, Epoch::now());
            }
        }
    }
    sleep_until(base.plus(plan.duration.0), base, interrupt, progress)?;
    drop(hurry);
    stage.finish(watch, steps, dropped)
}

/// What is measured of the machine while it plays.
struct Watch {
    probe: Probe,
    clock: Pair,
    stolen: u64,
}

/// Ticks since the machine started that its host took for others.
fn stolen_ticks() -> u64 {
    let stat = fs::read_to_string("/proc/stat").unwrap_or_default();
    let steal = stat.lines().next().and_then(|line| line.split_whitespace().nth(8));
    steal.and_then(|ticks| ticks.parse().ok()).unwrap_or(0)
}

/// Waits, in pieces of a second so that progress can be told.
fn sleep_until(then: Epoch, base: Epoch, interrupt: &Receiver<()>, progress: Progress<'_>) -> Result<(), String> {
    loop {
        let left = then.wait();
        let wait = left.min(Duration::from_secs(1));
        match interrupt.recv_timeout(wait) {
            Err(RecvTimeoutError::Timeout) => {}
            Ok(()) | Err(RecvTimeoutError::Disconnected) => return Err("interrupted".to_owned()),
        }
        progress(Epoch::now().0.saturating_sub(base.0) / 1_000_000_000);
        if left == wait {
            return Ok(());
        }
    }
}

/// A monitor of one node's addresses and links.
struct Monitor {
    child: Child,
    file: PathBuf,
}

impl Drop for Monitor {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Everything that runs.
struct Stage<'a> {
    plan: &'a Plan,
    nets: &'a Nets,
    program: &'a Program,
    captures: Captures,
    monitors: Vec<Monitor>,
    logs: Vec<LogSocket>,
    /// Daemons that wait for their start, by node, the next one last.
    waiting: Vec<Vec<Daemon>>,
    opinions: Vec<Opinion>,
    /// Daemons that were started: position in `starts`, and the daemon.
    started: Vec<(Started, Daemon)>,
    cuts: Cuts,
    /// Clients, in the order of their starts.
    pinging: Vec<Pinging>,
}

impl<'a> Stage<'a> {
    fn prepare(plan: &'a Plan, tools: &'a Tools, nets: &'a Nets) -> Result<Stage<'a>, String> {
        if uses_nft(plan) {
            wiring::try_nft(nets, 0)?;
        }
        let (mut logs, mut monitors, mut waiting, mut opinions) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        for (id, node) in plan.nodes.iter().enumerate() {
            let folder = nets.folder(id);
            for part in ["etc", "run"] {
                let part = folder.join(part);
                fs::create_dir_all(&part).map_err(|why| format!("{}: {why}", part.display()))?;
            }
            write_conf(nets, id, &node.conf)?;
            node.files.iter().try_for_each(|(path, content)| files::make(&folder, path, content))?;
            opinions.push(daemon::test(&nets.node(id), &folder, &tools.program)?);
            logs.push(LogSocket::open(&folder.join("run/log")).map_err(|why| format!("{}: {why}", node.name))?);
            monitors.push(Monitor::start(nets, id, tools)?);
            let later = plan.steps.iter().filter(|s| s.action == Action::Start(NodeId(id))).count();
            let prepare = || Daemon::prepare(&nets.node(id), &node.name, &folder, tools);
            let ready: Result<Vec<_>, _> = (0..later + usize::from(node.start.is_some())).map(|_| prepare()).collect();
            waiting.push(ready?);
        }
        let captures = Captures::start(plan, nets, tools)?;
        let (started, cuts, pinging, program) = (Vec::new(), Cuts::new(), Vec::new(), &tools.program);
        let mut stage =
            Stage { plan, nets, program, captures, monitors, logs, waiting, opinions, started, cuts, pinging };
        plan.before.iter().try_for_each(|action| wiring::apply(action, plan, nets, &mut stage.cuts))?;
        Ok(stage)
    }

    fn start(&mut self, node: usize, due: Instant) -> Result<(), String> {
        let mut daemon = self.waiting[node].pop().ok_or("a daemon was started once too often")?;
        let exec = daemon.go()?;
        let n = 1 + self.started.iter().filter(|(s, _)| s.node == node).count();
        self.started.push((Started { node, n, due, exec, exit_code: None }, daemon));
        Ok(())
    }

    /// The node's latest daemon.
    fn daemon(&mut self, node: NodeId) -> Option<&mut Daemon> {
        self.started.iter_mut().rev().find(|(s, _)| s.node == node.0).map(|(_, daemon)| daemon)
    }

    fn both(&mut self, node: NodeId, signal: Signal) {
        if let Some(daemon) = self.daemon(node) {
            daemon.signal_both(signal);
        }
    }

    fn parent(&mut self, node: NodeId, signal: Signal) {
        if let Some(daemon) = self.daemon(node) {
            daemon.signal_parent(signal);
        }
    }

    fn act(&mut self, action: &Action, at: Instant) -> Result<(), String> {
        match action {
            Action::Start(node) => self.start(node.0, at)?,
            Action::Kill(node) => self.kill(*node),
            Action::Crash(node) => self.crash(*node)?,
            Action::Stop(node) => self.parent(*node, Signal::SIGTERM),
            Action::Pause(node) => self.both(*node, Signal::SIGSTOP),
            Action::Resume(node) => self.both(*node, Signal::SIGCONT),
            Action::Reload(node, conf) => {
                write_conf(self.nets, node.0, conf)?;
                self.parent(*node, Signal::SIGHUP);
            }
            Action::Write(node, path, content) => files::write(&self.nets.folder(node.0), path, content)?,
            wiring => wiring::apply(wiring, self.plan, self.nets, &mut self.cuts)?,
        }
        Ok(())
    }

    fn kill(&mut self, node: NodeId) {
        if let Some(daemon) = self.daemon(node) {
            daemon.kill_both();
        }
    }

    /// Daemon, links, then the addresses that the next boot would not have.
    fn crash(&mut self, node: NodeId) -> Result<(), String> {
        self.kill(node);
        for nic in 0..self.plan.nodes[node.0].nics.len() {
            wiring::set_port(self.plan, self.nets, Nic { node, nic }, false)?;
        }
        for (nic, addr) in self.plan.nodes[node.0].vips() {
            // An address that the node does not hold is no address to remove.
            let _ = ip(&self.nets.node(node.0), &format!("addr del {}/{} dev {nic}", addr.ip, addr.prefix));
        }
        Ok(())
    }

    fn finish(
        mut self,
        watch: Watch,
        steps: Vec<(Epoch, Epoch)>,
        dropped: Vec<Option<Vec<String>>>,
    ) -> Result<Run, String> {
        let end = Epoch::now();
        let (clock_gained, stolen) = (watch.clock.gained(), stolen_ticks().saturating_sub(watch.stolen));
        let late = watch.probe.finish();
        let show = |id: usize, what: &str| run("ip", &["-n", &self.nets.node(id), "-o", what, "show"]);
        let mut finally = Vec::new();
        for id in 0..self.plan.nodes.len() {
            finally.push((show(id, "address")?, show(id, "link")?));
        }
        let mut starts = Vec::new();
        let mut alive = vec![false; self.plan.nodes.len()];
        for (started, daemon) in &mut self.started {
            started.exit_code = daemon.exit_code();
            alive[started.node] = started.exit_code.is_none();
            starts.push(started.clone());
        }
        std::thread::sleep(TAIL);
        let pinged = self.pinging.into_iter().map(|pinging| pinging.finish(end)).collect();
        let ports = self.captures.finish()?;
        let said = |(id, syslog)| self.program.said(syslog, &self.nets.folder(id));
        let logs = self.logs.into_iter().enumerate().map(said).collect();
        let mut monitors = Vec::new();
        for monitor in self.monitors {
            monitors.push(monitor.finish()?);
        }
        let notes = (0..self.plan.nodes.len()).map(|id| self.nets.folder(id).join("run/notify.log"));
        let notified = notes.map(|file| fs::read_to_string(file).unwrap_or_default()).collect();
        let dropping = if uses_nft(self.plan) { wiring::in_force(self.plan, self.nets) } else { Vec::new() };
        let start = starts.iter().map(|s| s.exec).min().ok_or("no daemon was started")?;
        Ok(Run {
            start,
            end,
            starts,
            steps,
            dropped,
            dropping,
            opinions: self.opinions,
            notified,
            late,
            clock_gained,
            stolen,
            logs,
            monitors,
            ports,
            finally,
            alive,
            pinged,
        })
    }
}

impl Monitor {
    fn start(nets: &Nets, id: usize, tools: &Tools) -> Result<Monitor, String> {
        let file = nets.folder(id).join("monitor");
        let out = File::create(&file).map_err(|why| format!("{}: {why}", file.display()))?;
        let mut command = urgent(tools, "52", "ip");
        command.args(["-n", &nets.node(id), "-ts", "-o", "monitor", "address", "link"]).env("TZ", "UTC");
        command.stdin(Stdio::null()).stdout(out).stderr(Stdio::null());
        std::os::unix::process::CommandExt::process_group(&mut command, 0);
        let child = command.spawn().map_err(|why| format!("ip monitor: {why}"))?;
        Ok(Monitor { child, file })
    }

    fn finish(mut self) -> Result<String, String> {
        let _ = self.child.kill();
        self.child.wait().map_err(|why| format!("ip monitor: {why}"))?;
        fs::read_to_string(&self.file).map_err(|why| format!("{}: {why}", self.file.display()))
    }
}

fn write_conf(nets: &Nets, id: usize, conf: &str) -> Result<(), String> {
    let file = nets.folder(id).join("etc/keepalived.conf");
    fs::write(&file, conf).map_err(|why| format!("{}: {why}", file.display()))
}
