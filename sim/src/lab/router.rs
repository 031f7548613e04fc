//! One simulated router: a daemon (the engine) above a simulated kernel, and what dies when either dies.
use std::collections::VecDeque;
use std::rc::Rc;

use vrrplab_engine::model::{IfAddr, IfIndex, NodeModel};
use vrrplab_engine::{Engine, Finished, Input, Instant, KernelEvent};
use vrrplab_formats::world::Node;

use super::balancing::Balancing;
use super::clock::Clock;
use super::machine::Starved;
use crate::fabric::PortId;
use crate::host::{Programs, Responder};
use crate::kernel::{IfaceSetup, Kernel};

/// What a paused daemon finds in its sockets when it goes on.
#[derive(Clone)]
pub(super) enum Waiting {
    Frame { iface: IfIndex, frame: Rc<[u8]> },
    Kernel(KernelEvent),
    Finished(Finished),
}

/// A machine that stands still.
#[derive(Clone)]
pub(super) struct Stun {
    pub since: Instant,
    pub until: Instant,
    /// Since when its clock stands still too.
    pub stops: Option<Instant>,
    /// So many frames more are kept.
    pub room: u32,
    pub ring: Vec<(PortId, Rc<[u8]>)>,
}

/// What keepalived's parent knows of one of its children.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct ChildLife {
    /// When the parent starts the next one.
    pub respawn: Option<Instant>,
    /// How many have died.
    pub deaths: u32,
}

/// One router.
#[derive(Clone)]
pub(super) struct Router {
    /// The configuration that the next start reads.
    pub model: NodeModel,
    /// The daemon, while it lives.
    pub engine: Option<Engine>,
    /// SIGSTOP.
    pub paused: bool,
    pub waiting: Vec<Waiting>,
    /// What the kernel did besides what the daemon asked for, before the daemon has read it.
    pub unread: VecDeque<KernelEvent>,
    /// Power loss; the next start brings the ports back.
    pub crashed: bool,
    pub kernel: Kernel,
    /// Whether there is a daemon to be started.
    pub daemon: bool,
    pub responder: Responder,
    pub programs: Programs,
    /// The checkers and their probes, where there are virtual servers.
    pub balancing: Option<Box<Balancing>>,
    /// How many processes of a tracked name run, where a fault has said so.
    pub processes: Vec<(String, u32)>,
    /// Which BFD sessions are up, where a fault has said so.
    pub sessions: Vec<(String, bool)>,
    pub ports: Vec<PortId>,
    /// When the services have something to do.
    pub services_due: Option<Instant>,
    /// When anything but the timers of VRRP has something to do, as of the last look.
    pub others_due: Option<Instant>,
    /// What the timers of the daemon run by.
    pub clock: Clock,
    /// The whole machine stands still.
    pub stun: Option<Stun>,
    /// How late the daemon gets the processor, when it does not get it at once.
    pub starved: Option<Starved>,
    /// When a daemon that has something to do gets the processor.
    pub turn: Option<Instant>,
    /// keepalived's child for VRRP.
    pub vrrp: ChildLife,
    /// Its child for health checks.
    pub checkers: ChildLife,
    pub seed: u64,
}

impl Router {
    pub fn new(node: &Node, ports: Vec<PortId>, seed: u64) -> Router {
        let model = node.model.clone();
        let interfaces = model
            .interfaces
            .iter()
            .map(|i| IfaceSetup { index: i.index, name: i.name.clone(), mac: i.mac, addresses: i.addresses.clone() })
            .collect();
        let responder = Responder::new(&model.name, &node.services, seed);
        Router {
            kernel: Kernel::new(interfaces).configured(&node.kernel),
            daemon: node.daemon,
            model,
            engine: None,
            paused: false,
            waiting: Vec::new(),
            unread: VecDeque::new(),
            crashed: false,
            responder,
            programs: Programs::new(&node.files),
            processes: Vec::new(),
            sessions: Vec::new(),
            ports,
            balancing: None,
            services_due: None,
            others_due: None,
            clock: Clock::new(node.clock),
            stun: None,
            starved: None,
            turn: None,
            vrrp: ChildLife::default(),
            checkers: ChildLife::default(),
            seed,
        }
    }

    /// The daemon does not run, whatever there is to do.
    pub fn held(&self) -> bool {
        self.paused || self.stun.is_some() || self.turn.is_some()
    }

    /// Whether what comes now has to wait.
    pub fn is_late(&self) -> bool {
        self.held() || self.starved.is_some()
    }

    /// Hands something to the daemon, if it lives, at the time of its own clock.
    pub fn tell(&mut self, now: Instant, input: Input<'_>) {
        if let Some(engine) = &mut self.engine {
            engine.handle(self.clock.says(now), input);
        }
    }

    /// When the daemon wants to be woken, in the world's time.
    pub fn daemon_due(&self) -> Option<Instant> {
        let wake = self.engine.as_ref().and_then(Engine::next_wake)?;
        Some(self.clock.when(wake.at))
    }

    /// Virtual routers that have a MAC of their own keep their addresses on a macvlan.
    pub fn lend_virtual_macs(&mut self) {
        if !self.model.policy.virtual_mac {
            return;
        }
        for instance in &self.model.instances {
            for vip in instance.all_vips() {
                self.kernel.lend_mac(vip.iface, vip.addr.ip, instance.virtual_mac());
            }
        }
    }

    pub fn iface_of(&self, port: PortId) -> Option<IfIndex> {
        let position = self.ports.iter().position(|p| *p == port)?;
        self.model.interfaces.get(position).map(|i| i.index)
    }

    pub fn port_of(&self, iface: IfIndex) -> Option<PortId> {
        let base = self.kernel.base_of(iface);
        let position = self.model.interfaces.iter().position(|i| i.index == base)?;
        self.ports.get(position).copied()
    }

    /// The configuration with the interfaces as the kernel has them at this moment.
    pub fn model_now(&self, config: &NodeModel) -> NodeModel {
        let mut model = config.clone();
        for interface in &mut model.interfaces {
            interface.addresses = self.kernel.addresses(interface.index).to_vec();
            interface.up = self.kernel.link_up(interface.index);
        }
        model
    }

    /// Addresses on the interfaces that are not fixed ones.
    pub fn virtual_addresses(&self) -> Vec<(IfIndex, IfAddr)> {
        let mut found = Vec::new();
        for interface in &self.model.interfaces {
            for addr in self.kernel.addresses(interface.index) {
                if !interface.addresses.contains(addr) {
                    found.push((interface.index, *addr));
                }
            }
        }
        found
    }

    /// The earliest wish of daemon, kernel and services.
    pub fn next_wake(&mut self, now: Instant) -> Option<Instant> {
        if self.stun.is_some() {
            return None;
        }
        self.services_due = self.responder.next_wake(now);
        let engine = if self.held() { None } else { self.daemon_due() };
        let balancing =
            self.balancing.as_ref().and_then(|balancing| balancing.next_wake(now, self.held(), &self.clock));
        let others = [self.kernel.next_wake(), self.services_due, self.programs.next_wake(), balancing];
        self.others_due = others.into_iter().flatten().min();
        earlier(engine, self.others_due)
    }

    /// The short way of an advert that says the same as the one before: when the daemon, or anything else here, has
    /// something to do then. `None`: the frame has to take the long way.
    pub fn hears_again(&mut self, now: Instant, iface: IfIndex, frame: &[u8]) -> Option<Instant> {
        if self.crashed || self.is_late() || !self.kernel.lets_group_in(iface) {
            return None;
        }
        let engine = self.engine.as_mut()?;
        if !engine.hear_again(self.clock.says(now), iface, frame) {
            return None;
        }
        let due = engine.next_wake().map(|wake| self.clock.when(wake.at));
        earlier(due, self.others_due)
    }

    /// What a daemon with this configuration finds when it looks at files, processes and sessions. What no fault has
    /// touched is well.
    pub fn surroundings(&self, config: &NodeModel) -> Vec<KernelEvent> {
        let content = |path: &String| self.programs.content(path).map(|text| (path.clone(), text.into()));
        let found = config.files.iter().filter_map(|file| content(&file.path));
        let files = found.map(|(path, bytes)| KernelEvent::FileContent { path, bytes });
        let processes = config.processes.iter().enumerate().map(|(item, process)| {
            let told = self.processes.iter().find(|(name, _)| *name == process.name);
            KernelEvent::ProcessCount { item, count: told.map_or(process.quorum, |(_, count)| *count) }
        });
        let sessions = config.bfds.iter().enumerate().map(|(item, bfd)| {
            let told = self.sessions.iter().find(|(name, _)| *name == bfd.name);
            KernelEvent::BfdSession { item, up: told.is_none_or(|(_, up)| *up) }
        });
        files.chain(processes).chain(sessions).collect()
    }
}

fn earlier(one: Option<Instant>, other: Option<Instant>) -> Option<Instant> {
    match (one, other) {
        (Some(one), Some(other)) => Some(one.min(other)),
        (one, other) => one.or(other),
    }
}
