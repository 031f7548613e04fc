//! Carries scripted faults out, each as the real thing would happen to the node.
use vrrplab_engine::model::{IfIndex, NodeModel};
use vrrplab_engine::{Command, Input, KernelEvent};
use vrrplab_formats::world::{Fault, Member, Nic, NodeId};

use super::balancing::is_of_vrrp;
use super::router::{ChildLife, Waiting};
use super::{Lab, Watchers};
use crate::fabric::PortId;
use crate::moment::Moment;

impl Lab<'_> {
    pub(super) fn fault(&mut self, position: usize, watchers: Watchers<'_, '_>) {
        let fault = &self.faults[position].fault;
        if self.stunned > 0 && self.waits_for_thaw(position, fault) {
            return;
        }
        self.show(watchers, &Moment::Fault(fault));
        match fault {
            Fault::Cut { nic, direction, frames } => self.fabric.cut(self.port(*nic), *direction, *frames),
            Fault::Uncut(nic) => self.fabric.uncut(self.port(*nic)),
            Fault::PortDown(nic) => self.set_carrier(nic.node.0, nic.nic, false, watchers),
            Fault::PortUp(nic) => self.set_carrier(nic.node.0, nic.nic, true, watchers),
            Fault::NicDown(nic) => self.set_admin(*nic, false, watchers),
            Fault::NicUp(nic) => self.set_admin(*nic, true, watchers),
            Fault::Partition { network, groups } => {
                let islands = groups.iter().map(|group| self.ports_of(group)).collect();
                self.fabric.partition(*network, islands);
            }
            Fault::Heal(network) => self.fabric.heal(*network),
            Fault::Crash(node) => self.crash(*node, watchers),
            Fault::Kill(node) => self.kill(*node, watchers),
            Fault::Stop(node) => self.stop(*node, watchers),
            Fault::Pause(node) => self.routers[node.0].paused = true,
            Fault::Resume(node) => self.resume(node.0, watchers),
            Fault::Start(node) => self.start(node.0, watchers),
            Fault::Reload(node, model) => self.reload(node.0, model, watchers),
            Fault::WriteFile { node, path, content } => self.write_file(node.0, path, content.as_deref(), watchers),
            Fault::Script { node, name, does } => self.tell_script(node.0, name, *does),
            Fault::Processes { node, name, count } => self.count_processes(node.0, name, *count, watchers),
            Fault::Session { node, name, up } => self.set_session(node.0, name, *up, watchers),
            Fault::Cloud(fault) => self.cloud_fault(fault, watchers),
            Fault::Service(fault) => self.change_service(fault, watchers),
            Fault::SetPortSecurity(nic, security) => self.fabric.set_security(self.port(*nic), security.clone()),
            Fault::Kernel(fault) => self.kernel_fault(fault, watchers),
            Fault::Fabric(fault) => self.fabric_fault(fault, watchers),
            Fault::Node(fault) => self.node_fault(fault, watchers),
            Fault::Rogue(fault) => self.rogue_fault(fault),
        }
    }

    pub(super) fn port(&self, nic: Nic) -> PortId {
        self.routers[nic.node.0].ports[nic.nic]
    }

    fn ports_of(&self, group: &[Member]) -> Vec<PortId> {
        let owns = |(position, info): (usize, &crate::moment::PortInfo)| {
            group.contains(&info.owner).then_some(PortId(position))
        };
        self.ports.iter().enumerate().filter_map(owns).collect()
    }

    pub(super) fn set_carrier(&mut self, n: usize, nic: usize, up: bool, watchers: Watchers<'_, '_>) {
        let iface = self.routers[n].model.interfaces[nic].index;
        let before = self.routers[n].kernel.links();
        self.fabric.set_carrier(self.now, self.routers[n].ports[nic], up);
        self.reschedule_fabric();
        self.routers[n].kernel.set_carrier(iface, up);
        self.follow_links(n, &before, watchers);
        self.regain_link_local(n, iface, watchers);
    }

    /// Whoever is told hears of the link first, then of its IPv6 addresses: they go with it, and the link-local one comes back.
    fn set_admin(&mut self, nic: Nic, up: bool, watchers: Watchers<'_, '_>) {
        let n = nic.node.0;
        let iface = self.routers[n].model.interfaces[nic.nic].index;
        let kernel = &mut self.routers[n].kernel;
        let (before, gone) = (kernel.links(), if up { Vec::new() } else { kernel.remove_v6_addresses(iface) });
        kernel.set_admin(iface, up);
        for addr in &gone {
            self.show_address(n, iface, *addr, false, watchers);
        }
        self.follow_links(n, &before, watchers);
        for addr in gone {
            self.tell_kernel(n, KernelEvent::AddressRemoved { iface, addr }, watchers);
        }
        self.regain_link_local(n, iface, watchers);
        if up {
            self.plugged_in_again(nic, watchers);
        }
    }

    pub(super) fn regain_link_local(&mut self, n: usize, iface: IfIndex, watchers: Watchers<'_, '_>) {
        if let Some(addr) = self.routers[n].kernel.regain_link_local(iface) {
            self.show_address(n, iface, addr, true, watchers);
            self.tell_kernel(n, KernelEvent::AddressAdded { iface, addr }, watchers);
        }
    }

    /// Power loss: ports down, daemon and virtual addresses gone.
    fn crash(&mut self, node: NodeId, watchers: Watchers<'_, '_>) {
        let n = node.0;
        self.crash_ipvs(n);
        self.kill(node, watchers);
        self.routers[n].crashed = true;
        self.routers[n].responder.power_loss();
        if self.routers[n].stun.take().is_some() {
            self.stunned -= 1;
        }
        for position in 0..self.routers[n].ports.len() {
            self.set_carrier(n, position, false, watchers);
        }
        for (iface, addr) in self.routers[n].virtual_addresses() {
            let Ok(gone) = self.routers[n].kernel.remove_address(iface, addr) else { continue };
            for gone in gone.into_iter().chain([addr]) {
                self.show_address(n, iface, gone, false, watchers);
            }
        }
        for name in self.routers[n].kernel.macvlans() {
            self.remove_link(n, &name, watchers);
        }
    }

    pub(super) fn kill(&mut self, node: NodeId, watchers: Watchers<'_, '_>) {
        let router = &mut self.routers[node.0];
        let lived = router.engine.is_some() || router.vrrp.respawn.is_some();
        (router.vrrp, router.checkers) = (ChildLife::default(), ChildLife::default());
        router.programs.forget(|_| true);
        self.end_vrrp(node, watchers);
        if lived {
            self.kill_checkers(node.0, watchers);
        }
    }

    /// keepalived's child for VRRP is no more.
    pub(super) fn end_vrrp(&mut self, node: NodeId, watchers: Watchers<'_, '_>) {
        let router = &mut self.routers[node.0];
        router.waiting.clear();
        router.programs.forget(is_of_vrrp);
        (router.paused, router.turn) = (false, None);
        if router.engine.take().is_some() {
            self.show(watchers, &Moment::Gone(node));
        }
    }

    fn stop(&mut self, node: NodeId, watchers: Watchers<'_, '_>) {
        if self.routers[node.0].engine.is_some() {
            self.routers[node.0].tell(self.now, Input::Operator(Command::Stop));
            self.carry_out(node.0, watchers);
            self.stop_checkers(node.0, watchers);
        }
        self.kill(node, watchers);
    }

    fn resume(&mut self, n: usize, watchers: Watchers<'_, '_>) {
        self.routers[n].paused = false;
        self.go_on(n, watchers);
    }

    /// The daemon goes on, if nothing holds it: first it reads what came meanwhile, then it looks at its clock.
    pub(super) fn go_on(&mut self, n: usize, watchers: Watchers<'_, '_>) {
        if self.routers[n].held() || self.routers[n].engine.is_none() {
            return;
        }
        for waiting in std::mem::take(&mut self.routers[n].waiting) {
            let input = match &waiting {
                Waiting::Frame { iface, frame } => Input::Frame { iface: *iface, bytes: frame },
                Waiting::Kernel(event) => Input::Kernel(event.clone()),
                Waiting::Finished(finished) => Input::Finished(*finished),
            };
            self.routers[n].tell(self.now, input);
            self.carry_out(n, watchers);
            self.resume_checkers(n, watchers);
        }
        self.routers[n].tell(self.now, Input::Wake);
        self.carry_out(n, watchers);
    }

    fn reload(&mut self, n: usize, config: &NodeModel, watchers: Watchers<'_, '_>) {
        let router = &mut self.routers[n];
        let model = router.model_now(config);
        router.model = config.clone();
        let surroundings = router.surroundings(config);
        if router.engine.is_some() {
            // files are known by their path, so those that the new configuration adds can be told before it
            for event in surroundings.into_iter().filter(|event| matches!(event, KernelEvent::FileContent { .. })) {
                router.tell(self.now, Input::Kernel(event));
            }
            router.tell(self.now, Input::Operator(Command::Reload(Box::new(model))));
            self.carry_out(n, watchers);
            self.reload_checkers(n, config, watchers);
        }
    }
}
