//! A router and its daemon: what it hears, what the engine asks for, when it wakes, how it starts.
use std::rc::Rc;

use vrrplab_engine::model::{IfAddr, IfIndex, Mac};
use vrrplab_engine::{Command, Effect, EffectKind, Engine, Input, Instant, KernelEvent, Output, TraceKind};
use vrrplab_formats::world::{Member, NodeId};
use vrrplab_wire::is_vrrp;

use super::queue::{Due, Place};
use super::roster::{Saying, Turn};
use super::router::Waiting;
use super::{Lab, Watchers};
use crate::fabric::PortId;
use crate::kernel::KernelOut;
use crate::moment::Moment;

impl Lab<'_> {
    pub(super) fn router_hears(&mut self, n: usize, port: PortId, frame: &Rc<[u8]>, watchers: Watchers<'_, '_>) {
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

    /// The shortest way of an advert: what this port said before has told this router nothing new. `false`: nothing has
    /// happened.
    #[inline]
    pub(super) fn repeats(&mut self, n: usize, saying: Saying, to: PortId) -> bool {
        let heard = self.routers.hears_again(n, saying, to, self.now, |at| self.queue.take_place(at));
        if let Some(Some(place)) = heard {
            self.queue.put(place, Due::Wake(Member::Node(NodeId(n))));
        }
        heard.is_some()
    }

    /// The short way of an advert to a group that tells a router nothing new. `false`: nothing has happened.
    pub(super) fn router_hears_again(&mut self, n: usize, port: PortId, frame: &[u8], saying: Option<Saying>) -> bool {
        let router = &mut self.routers[n];
        let group = frame.first().is_some_and(|first| first & 1 == 1);
        let Some(iface) = router.iface_of(port).filter(|_| group) else { return false };
        let Some(at) = router.hears_again(self.now, iface, frame) else { return false };
        self.schedule_router(n, at);
        if let Some(saying) = saying {
            self.routers.expect(n, saying, port, self.now);
        }
        true
    }

    /// A frame with a VRRP packet: on its way to another host, or for whoever hears them here.
    fn advert_comes(&mut self, n: usize, iface: IfIndex, frame: &Rc<[u8]>, watchers: Watchers<'_, '_>) {
        let kernel = &mut self.routers[n].kernel;
        if kernel.passes_on(frame) {
            let mut out = Vec::new();
            kernel.receive(self.now, iface, frame, &mut out);
            return self.router_out(n, out, watchers);
        }
        if !kernel.has_macvlans(iface) {
            return self.daemon_hears(n, iface, frame, watchers);
        }
        for iface in kernel.hearers(iface, frame) {
            self.daemon_hears(n, iface, frame, watchers);
        }
    }

    pub(super) fn daemon_hears(&mut self, n: usize, iface: IfIndex, frame: &Rc<[u8]>, watchers: Watchers<'_, '_>) {
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
    pub(super) fn carry_out(&mut self, n: usize, watchers: Watchers<'_, '_>) {
        self.carry_out_all(n, watchers);
        // in the order in which the kernel told it
        while let Some(event) = self.routers[n].unread.pop_front() {
            self.routers[n].tell(self.now, Input::Kernel(event));
            self.carry_out_all(n, watchers);
        }
        self.follow_vrrp(n, watchers);
    }

    pub(super) fn carry_out_all(&mut self, n: usize, watchers: Watchers<'_, '_>) {
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

    pub(super) fn carry_out_one(&mut self, n: usize, effect: Effect, watchers: Watchers<'_, '_>) {
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
                    self.routers[n].unread.push_back(KernelEvent::AddressRemoved { iface, addr: *gone });
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
            EffectKind::ChangeRoute { route, add } => self.routers[n].kernel.change_virtual_route(&route.spec, add),
            // the simulated kernel has one table, which no rule leads around
            EffectKind::ChangeRule { .. } => {}
        }
    }

    pub(super) fn show_address(
        &mut self,
        n: usize,
        index: IfIndex,
        addr: IfAddr,
        added: bool,
        watchers: Watchers<'_, '_>,
    ) {
        if let Some(balancing) = &mut self.routers[n].balancing {
            balancing.address(addr.ip, added);
        }
        let iface = self.routers[n].kernel.name(index).unwrap_or_default();
        self.show(watchers, &Moment::Address { node: NodeId(n), iface, index, addr, added });
    }

    /// What a router's kernel wants to send, and what it hands to its services.
    pub(super) fn router_out(&mut self, n: usize, out: Vec<KernelOut>, watchers: Watchers<'_, '_>) {
        let (mut served, mut probed) = (false, false);
        for out in out {
            match out {
                KernelOut::Transmit { iface, frame } => {
                    let router = &self.routers[n];
                    if let (true, Some(port)) = (router.kernel.link_up(iface), router.port_of(iface)) {
                        self.transmit(port, frame, None, watchers);
                    }
                }
                KernelOut::Ended(end) => self.show(watchers, &Moment::Ended { node: NodeId(n), end }),
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
    pub(super) fn serve(&mut self, n: usize, watchers: Watchers<'_, '_>) {
        let mut packets = Vec::new();
        self.routers[n].responder.wake(self.now, &mut packets);
        for packet in packets {
            let mut out = Vec::new();
            self.routers[n].kernel.send_ip(self.now, packet, &mut out);
            self.router_out(n, out, watchers);
        }
        self.reschedule_router(n);
    }

    /// Whether a router is to be woken at this turn.
    pub(super) fn turn_of_router(&mut self, n: usize, place: Place) -> bool {
        let due = self.routers.take(n, place);
        if let Turn::Later(later) = due {
            self.queue.put(later, Due::Wake(Member::Node(NodeId(n))));
        }
        due == Turn::Now
    }

    pub(super) fn wake_router(&mut self, n: usize, watchers: Watchers<'_, '_>) {
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

    pub(super) fn reschedule_router(&mut self, n: usize) {
        if let Some(at) = self.routers[n].next_wake(self.now) {
            self.schedule_router(n, at);
        }
    }

    fn schedule_router(&mut self, n: usize, at: Instant) {
        let wanted = self.routers.schedule(n, at.max(self.now), |at| self.queue.take_place(at));
        if let Some(place) = wanted {
            self.queue.put(place, Due::Wake(Member::Node(NodeId(n))));
        }
    }

    pub(super) fn start(&mut self, n: usize, watchers: Watchers<'_, '_>) {
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
        router.checkers.respawn = None;
        self.start_vrrp(n, watchers);
        self.start_checkers(n, watchers);
    }

    /// keepalived's VRRP child begins, with what it finds in the kernel.
    pub(super) fn start_vrrp(&mut self, n: usize, watchers: Watchers<'_, '_>) {
        let router = &mut self.routers[n];
        router.vrrp.respawn = None;
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
    }

    /// Tells the daemon what its kernel saw; a paused one finds it later.
    pub(super) fn tell_kernel(&mut self, n: usize, event: KernelEvent, watchers: Watchers<'_, '_>) {
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
