//! The laboratory: builds a world, lets its time pass, shows every moment to the observers.
mod balancing;
mod clients;
mod clock;
mod clouds;
mod faults;
mod forger;
mod islands;
mod kernel_faults;
mod links;
mod looks;
mod machine;
mod programs;
mod queue;
mod rogues;
mod router;
mod services;
mod switches;

use std::rc::Rc;

use vrrplab_engine::model::{IfAddr, IfIndex, Mac};
use vrrplab_engine::{Command, Effect, EffectKind, Engine, Input, Instant, KernelEvent, Output, Rule, TraceKind};
use vrrplab_formats::world::{ClientId, Member, Nic, NodeId, RogueId, World};
use vrrplab_wire::is_vrrp;

use crate::fabric::{Fabric, Fate, PortId, PortSetup};
use crate::kernel::KernelOut;
use crate::moment::{Moment, Observer, PortInfo};
use clients::Seat;
use clouds::ControlPlane;
use queue::{Due, Place, Queue};
use rogues::RogueSeat;
use router::{Router, Waiting};
use switches::Reports;

/// What a run cost.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Events taken from the queue.
    pub events: u64,
    /// Frames sent by hosts.
    pub sent: u64,
    /// Frames that reached a host.
    pub delivered: u64,
}

/// A world in motion.
pub struct Lab<'w> {
    world: &'w World,
    now: Instant,
    end: Instant,
    queue: Queue,
    fabric: Fabric,
    ports: Vec<PortInfo>,
    routers: Vec<Router>,
    clients: Vec<Seat>,
    clouds: Vec<ControlPlane>,
    rogues: Vec<RogueSeat<'w>>,
    /// How many machines stand still.
    stunned: usize,
    fates: Vec<Fate>,
    glances: Vec<looks::Glance>,
    seed: u64,
    /// The islands as they were shown last.
    islands: Option<Vec<Vec<PortId>>>,
    tally: Tally,
    /// When the switches are woken.
    fabric_due: Option<Instant>,
    reports: Reports,
}

/// The observers of a run.
pub type Watchers<'a, 'b> = &'a mut [&'b mut dyn Observer];

impl<'w> Lab<'w> {
    /// Builds the world. `seed` overrides the scenario's own.
    pub fn new(world: &'w World, seed: u64) -> Lab<'w> {
        let mut fabric = Fabric::new(&world.networks, &world.trunks, seed);
        let mut ports = Vec::new();
        let mut routers = Vec::new();
        for (n, node) in world.nodes.iter().enumerate() {
            let owner = Member::Node(NodeId(n));
            let mut own = Vec::new();
            for (interface, port) in node.model.interfaces.iter().zip(&node.ports) {
                own.push(fabric.add_port(PortSetup {
                    network: port.network,
                    owner,
                    mac: interface.mac,
                    addresses: interface.addresses.clone(),
                    security: port.security.clone(),
                    assigned: port.assigned.clone(),
                    attachment: port.attachment,
                }));
                let addresses: Vec<String> = interface.addresses.iter().map(|a| a.ip.to_string()).collect();
                ports.push(PortInfo {
                    owner,
                    label: format!("{}:{}", node.model.name, interface.name),
                    description: format!("{} {}", interface.mac, addresses.join(" ")),
                });
            }
            routers.push(Router::new(node, own, seed));
        }
        let mut clients = Vec::new();
        for (c, client) in world.clients.iter().enumerate() {
            let owner = Member::Client(ClientId(c));
            let port = fabric.add_port(clients::port(client, owner));
            ports.push(PortInfo {
                owner,
                label: format!("{}:eth0", client.name),
                description: format!("{} {}", client.mac, client.addr.ip),
            });
            clients.push(Seat::new(client, port, seed));
        }
        let mut rogues = Vec::new();
        for (r, rogue) in world.rogues.iter().enumerate() {
            let owner = Member::Rogue(RogueId(r));
            let port = fabric.add_port(rogues::port(rogue, owner));
            ports.push(PortInfo {
                owner,
                label: format!("{}:eth0", rogue.name),
                description: format!("{} {}", rogue.mac, rogue.addr.ip),
            });
            rogues.push(RogueSeat::new(RogueId(r), port, world));
        }
        let mut lab = Lab {
            world,
            now: Instant::ZERO,
            end: Instant::ZERO + world.duration,
            queue: Queue::default(),
            fabric,
            ports,
            routers,
            clients,
            clouds: world.networks.iter().map(ControlPlane::new).collect(),
            rogues,
            stunned: 0,
            fates: Vec::new(),
            glances: looks::all(world),
            seed,
            islands: None,
            tally: Tally::default(),
            fabric_due: None,
            reports: Reports::new(world, seed),
        };
        lab.fill_queue();
        lab
    }

    fn fill_queue(&mut self) {
        for (position, fault) in self.world.faults.iter().enumerate() {
            self.queue.push(fault.at, Due::Fault(position));
        }
        for (n, node) in self.world.nodes.iter().enumerate() {
            if let Some(start) = node.start {
                self.queue.push(start, Due::Start(n));
            }
        }
        for c in 0..self.clients.len() {
            self.reschedule_client(c);
        }
        looks::fill(&self.glances, &mut self.queue);
        self.reschedule_fabric();
    }

    /// Every port, in order of [`PortId`].
    pub fn ports(&self) -> &[PortInfo] {
        &self.ports
    }

    /// What the run has cost so far.
    pub fn tally(&self) -> Tally {
        self.tally
    }

    /// How far time has come.
    pub fn now(&self) -> Instant {
        self.now
    }

    /// Lets all time pass.
    pub fn run(mut self, watchers: Watchers<'_, '_>) -> Tally {
        while self.step(watchers) {}
        self.tally
    }

    /// The next event. `false`: the end has come, and the observers have been told.
    pub fn step(&mut self, watchers: Watchers<'_, '_>) -> bool {
        let Some((place, due)) = self.queue.pop_until(self.end) else {
            self.now = self.end;
            for watcher in watchers.iter_mut() {
                watcher.finish(self.end);
            }
            return false;
        };
        self.now = place.at;
        if let Due::Look(position) = due {
            self.look(position, watchers);
            return true;
        }
        self.tally.events += 1;
        match due {
            Due::Look(_) => {}
            Due::Deliver { from, to, frame } => {
                for port in to {
                    self.deliver(from, port, &frame, watchers);
                }
            }
            Due::Wake(Member::Node(NodeId(n))) => {
                if self.turn_of_router(n, place) {
                    self.wake_router(n, watchers);
                }
            }
            Due::Wake(Member::Client(ClientId(c))) => self.wake_client(c, watchers),
            Due::Wake(Member::Rogue(RogueId(r))) => self.wake_rogue(r, watchers),
            Due::Fault(position) => {
                self.fault(position, watchers);
                self.show_islands(watchers);
            }
            Due::Start(n) => self.start(n, watchers),
            Due::Assign { nic, address } => self.assign(nic, address, watchers),
            Due::Fabric => {
                self.wake_fabric(watchers);
                self.show_islands(watchers);
            }
            Due::Report { node, nic, anew } => self.report(Nic { node: NodeId(node), nic }, anew, watchers),
            Due::Later(n, what) => {
                self.later(n, what, watchers);
                self.show_islands(watchers);
            }
        }
        true
    }

    fn show(&self, watchers: Watchers<'_, '_>, moment: &Moment<'_>) {
        for watcher in watchers.iter_mut() {
            watcher.see(self.now, moment);
        }
    }

    /// A host puts a frame on its port.
    fn transmit(&mut self, port: PortId, frame: Vec<u8>, rule: Option<Rule>, watchers: Watchers<'_, '_>) {
        self.tally.sent += 1;
        self.show(watchers, &Moment::Sent { port, bytes: &frame, rule });
        let mut fates = std::mem::take(&mut self.fates);
        fates.clear();
        self.fabric.send(self.now, port, &frame, &mut fates);
        let frame: Rc<[u8]> = frame.into();
        let mut batch: Option<(Instant, Vec<PortId>)> = None;
        for fate in &fates {
            match *fate {
                Fate::DeliverOther { from, to, at, ref frame } => {
                    let frame = frame.as_slice().into();
                    self.queue.push(at, Due::Deliver { from, to: vec![to], frame });
                }
                Fate::Deliver { to, at } => match &mut batch {
                    Some((when, ports)) if *when == at => ports.push(to),
                    batch => {
                        if let Some((when, ports)) = batch.replace((at, vec![to])) {
                            self.queue.push(when, Due::Deliver { from: port, to: ports, frame: frame.clone() });
                        }
                    }
                },
                Fate::Drop { to, reason } => {
                    self.show(watchers, &Moment::Dropped { from: port, to, reason, bytes: &frame });
                }
            }
        }
        if let Some((when, ports)) = batch {
            self.queue.push(when, Due::Deliver { from: port, to: ports, frame });
        }
        self.fates = fates;
    }

    fn deliver(&mut self, from: PortId, to: PortId, frame: &Rc<[u8]>, watchers: Watchers<'_, '_>) {
        if !self.fabric.carrier(to) {
            let reason = crate::fabric::DropReason::Down;
            self.show(watchers, &Moment::Dropped { from, to: Some(to), reason, bytes: frame });
            return;
        }
        if self.stunned > 0
            && let Member::Node(NodeId(n)) = self.ports[to.0].owner
            && self.routers[n].stun.is_some()
        {
            if let Some(reason) = self.falls_on_stunned(n, to, frame) {
                self.show(watchers, &Moment::Dropped { from, to: Some(to), reason, bytes: frame });
            }
            return;
        }
        self.tally.delivered += 1;
        self.show(watchers, &Moment::Delivered { from, to, bytes: frame });
        match self.ports[to.0].owner {
            Member::Node(NodeId(n)) => self.router_hears(n, to, frame, watchers),
            Member::Client(ClientId(c)) => self.client_hears(c, frame, watchers),
            Member::Rogue(RogueId(r)) => self.rogue_hears(r, from, frame),
        }
    }

    fn router_hears(&mut self, n: usize, port: PortId, frame: &Rc<[u8]>, watchers: Watchers<'_, '_>) {
        let router = &mut self.routers[n];
        if router.crashed {
            return;
        }
        let Some(iface) = router.iface_of(port) else { return };
        if !is_vrrp(frame) {
            if self.reports.asks(frame) {
                self.answer_query(n, port);
            }
            let router = &mut self.routers[n];
            let mut out = Vec::new();
            router.kernel.receive(self.now, iface, frame, &mut out);
            self.router_out(n, out, watchers);
            return;
        }
        self.advert_comes(n, iface, frame, watchers);
    }

    fn daemon_hears(&mut self, n: usize, iface: IfIndex, frame: &Rc<[u8]>, watchers: Watchers<'_, '_>) {
        let router = &mut self.routers[n];
        let kernel = &router.kernel;
        if !kernel.link_up(iface) || !is_for(frame, kernel.mac(iface)) || !kernel.admits(iface, frame) {
            return;
        }
        if router.engine.is_none() {
            return;
        }
        if router.is_late() {
            router.waiting.push(Waiting::Frame { iface, frame: frame.clone() });
            return self.put_off(n);
        }
        router.tell(self.now, Input::Frame { iface, bytes: frame });
        self.carry_out(n, watchers);
    }

    /// Carries out what the engine of a router asks for, and tells it what that did besides.
    fn carry_out(&mut self, n: usize, watchers: Watchers<'_, '_>) {
        self.carry_out_all(n, watchers);
        while !self.routers[n].unread.is_empty() {
            // in the order in which the kernel told it
            let event = self.routers[n].unread.remove(0);
            self.routers[n].tell(self.now, Input::Kernel(event));
            self.carry_out_all(n, watchers);
        }
        self.follow_vrrp(n, watchers);
    }

    fn carry_out_all(&mut self, n: usize, watchers: Watchers<'_, '_>) {
        while let Some(output) = self.routers[n].engine.as_mut().and_then(Engine::poll) {
            match output {
                Output::Effect(effect) => self.carry_out_one(n, effect, watchers),
                Output::Trace(mut trace) => {
                    if let TraceKind::Armed { until } = &mut trace.kind {
                        *until = self.routers[n].clock.when(*until);
                    }
                    let engine = self.routers[n].engine.as_ref();
                    let instance = engine.zip(trace.instance).map_or("", |(engine, i)| engine.instance_name(i));
                    self.show(watchers, &Moment::Decided { node: NodeId(n), instance, trace: &trace });
                }
            }
        }
        self.reschedule_router(n);
    }

    fn carry_out_one(&mut self, n: usize, effect: Effect, watchers: Watchers<'_, '_>) {
        match effect.kind {
            EffectKind::SendFrame { iface, bytes } => {
                let router = &self.routers[n];
                let sent = router.kernel.link_up(iface) && router.kernel.emits(iface, &bytes);
                if let (true, Some(port)) = (sent, router.port_of(iface)) {
                    self.transmit(port, bytes, Some(effect.rule), watchers);
                }
            }
            EffectKind::SendPacket { iface: _, bytes } => {
                let mut out = Vec::new();
                self.routers[n].kernel.send_ip(self.now, bytes, &mut out);
                self.router_out(n, out, watchers);
            }
            EffectKind::ChangeAddress { iface, addr, add } => {
                let kernel = &mut self.routers[n].kernel;
                let done = if add {
                    kernel.add_address(iface, addr).map(|()| vec![])
                } else {
                    kernel.remove_address(iface, addr)
                };
                for gone in done.iter().flatten() {
                    self.show_address(n, iface, *gone, false, watchers);
                    self.routers[n].unread.push(KernelEvent::AddressRemoved { iface, addr: *gone });
                }
                if done.is_ok() {
                    self.show_address(n, iface, addr, add, watchers);
                }
            }
            EffectKind::ChangeLink(link) => self.change_link(n, &link, watchers),
            EffectKind::FilterAddress { ip, drop } => self.routers[n].kernel.filter(ip, drop),
            EffectKind::PromoteSecondaries { iface } => self.routers[n].kernel.promote_secondaries(iface),
            EffectKind::RunScript { job, program } => self.run_program(n, job, &program, effect.rule, watchers),
            EffectKind::Cancel { job, force } => self.cancel_program(n, job, force),
            EffectKind::WriteFile { path, value } => {
                self.routers[n].programs.write(&path, Some(&format!("{value}\n")));
            }
            EffectKind::Notify(notice) => self.notify(n, &notice, effect.rule, watchers),
        }
    }

    fn show_address(&mut self, n: usize, index: IfIndex, addr: IfAddr, added: bool, watchers: Watchers<'_, '_>) {
        if let Some(balancing) = &mut self.routers[n].balancing {
            balancing.address(addr.ip, added);
        }
        let iface = self.routers[n].kernel.name(index).unwrap_or_default();
        self.show(watchers, &Moment::Address { node: NodeId(n), iface, index, addr, added });
    }

    /// What a router's kernel wants to send, and what it hands to its services.
    fn router_out(&mut self, n: usize, out: Vec<KernelOut>, watchers: Watchers<'_, '_>) {
        let (mut served, mut probed) = (false, false);
        for out in out {
            match out {
                KernelOut::Transmit { iface, frame } => {
                    let router = &self.routers[n];
                    if let (true, Some(port)) = (router.kernel.link_up(iface), router.port_of(iface)) {
                        self.transmit(port, frame, None, watchers);
                    }
                }
                KernelOut::Local { packet } => {
                    let router = &mut self.routers[n];
                    match router.balancing.as_mut().filter(|balancing| balancing.prober.wants(&packet)) {
                        Some(balancing) => {
                            balancing.prober.receive(&packet);
                            probed = true;
                        }
                        None => {
                            router.responder.receive(self.now, &packet);
                            served = true;
                        }
                    }
                }
            }
        }
        if probed {
            self.probe(n, watchers);
        }
        if served {
            self.serve(n, watchers);
        } else {
            self.reschedule_router(n);
        }
    }

    /// Lets the services of a router answer.
    fn serve(&mut self, n: usize, watchers: Watchers<'_, '_>) {
        let mut packets = Vec::new();
        self.routers[n].responder.wake(self.now, &mut packets);
        for packet in packets {
            let mut out = Vec::new();
            self.routers[n].kernel.send_ip(self.now, packet, &mut out);
            self.router_out(n, out, watchers);
        }
        self.reschedule_router(n);
    }

    /// Whether a router is to be woken at this turn. The wake-up may have been put off since it was queued: a backup
    /// puts its off at every advert, and the queue need not hear of each.
    fn turn_of_router(&mut self, n: usize, place: Place) -> bool {
        let router = &mut self.routers[n];
        if router.queued != Some(place) {
            return false;
        }
        router.queued = router.scheduled.filter(|scheduled| *scheduled != place);
        if let Some(later) = router.queued {
            self.queue.put(later, Due::Wake(Member::Node(NodeId(n))));
            return false;
        }
        router.scheduled.take().is_some()
    }

    fn wake_router(&mut self, n: usize, watchers: Watchers<'_, '_>) {
        let router = &mut self.routers[n];
        if !router.held() && router.daemon_due().is_some_and(|at| at <= self.now) {
            if router.starved.is_some() {
                self.put_off(n);
            } else {
                router.tell(self.now, Input::Wake);
                self.carry_out(n, watchers);
            }
        }
        if self.routers[n].crashed || self.routers[n].stun.is_some() {
            return;
        }
        if self.routers[n].kernel.next_wake().is_some_and(|at| at <= self.now) {
            let mut out = Vec::new();
            self.routers[n].kernel.wake(self.now, &mut out);
            self.router_out(n, out, watchers);
        }
        if self.routers[n].services_due.is_some_and(|at| at <= self.now) {
            self.serve(n, watchers);
        }
        self.programs_end(n, watchers);
        self.wake_checkers(n, watchers);
        self.reschedule_router(n);
    }

    fn reschedule_router(&mut self, n: usize) {
        let router = &mut self.routers[n];
        let Some(at) = router.next_wake(self.now).map(|at| at.max(self.now)) else { return };
        if router.scheduled.is_some_and(|scheduled| scheduled.at == at) {
            return;
        }
        let place = self.queue.take_place(at);
        router.scheduled = Some(place);
        if router.queued.is_none_or(|queued| place < queued) {
            router.queued = Some(place);
            self.queue.put(place, Due::Wake(Member::Node(NodeId(n))));
        }
    }

    fn start(&mut self, n: usize, watchers: Watchers<'_, '_>) {
        if self.routers[n].engine.is_some() {
            return;
        }
        if std::mem::take(&mut self.routers[n].crashed) {
            for position in 0..self.routers[n].ports.len() {
                self.set_carrier(n, position, true, watchers);
            }
            self.set_fixed_addresses(n, watchers);
        }
        if self.islands.is_none() {
            self.show_islands(watchers);
        }
        let router = &mut self.routers[n];
        if !router.daemon {
            return;
        }
        router.paused = false;
        router.respawn = None;
        router.lend_virtual_macs();
        let mut engine = Engine::new(router.model_now(&router.model));
        engine.set_tracing(!watchers.is_empty());
        for event in router.surroundings(&router.model) {
            engine.handle(router.clock.says(self.now), Input::Kernel(event));
        }
        router.engine = Some(engine);
        router.tell(self.now, Input::Operator(Command::Start));
        self.join_groups(n, watchers);
        self.carry_out(n, watchers);
        self.start_checkers(n, watchers);
    }

    /// Tells the daemon what its kernel saw; a paused one finds it later.
    fn tell_kernel(&mut self, n: usize, event: KernelEvent, watchers: Watchers<'_, '_>) {
        let router = &mut self.routers[n];
        if router.engine.is_some() && router.is_late() {
            router.waiting.push(Waiting::Kernel(event));
            self.put_off(n);
        } else if router.engine.is_some() {
            router.tell(self.now, Input::Kernel(event));
            self.carry_out(n, watchers);
        }
    }
}

/// Multicast, or addressed to this MAC.
fn is_for(frame: &[u8], mac: Option<Mac>) -> bool {
    frame.first().is_some_and(|first| first & 1 == 1) || mac.is_some_and(|mac| frame.starts_with(&mac.0))
}
