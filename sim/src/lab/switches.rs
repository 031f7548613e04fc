//! What switches do by themselves, what faults do to them, and how routers tell them which groups they want.
use std::net::{IpAddr, Ipv4Addr};
use std::rc::Rc;

use vrrplab_engine::Span;
use vrrplab_formats::world::{FabricFault, LinkPlace, Nic, NodeId, World};
use vrrplab_wire::AddressFamily;

use super::queue::{Due, Reached};
use super::{Lab, Watchers};
use crate::chance::Chance;
use crate::fabric::{Fate, PortId, SwitchNews, igmp};
use crate::moment::Moment;

/// The group of VRRP over IPv4.
const VRRP: Ipv4Addr = Ipv4Addr::new(224, 0, 0, 18);
/// A host repeats its first report within this time.
const REPEAT: Span = Span::from_secs(1);

/// Routers' reports of the groups that they want; only where a switch listens to them.
#[derive(Clone)]
pub(super) struct Reports {
    /// One stream for each router; none: no switch snoops.
    chances: Vec<Chance>,
}

impl Reports {
    pub(super) fn new(world: &World, seed: u64) -> Reports {
        let snooped = world.networks.iter().any(|network| network.switch.snooping.is_some());
        let stream = |n: usize| Chance::new(seed, &format!("igmp/node{n}"));
        Reports { chances: (0..world.nodes.len()).filter(|_| snooped).map(stream).collect() }
    }

    /// Whether this frame is a question that routers answer.
    pub(super) fn asks(&self, frame: &[u8]) -> bool {
        !self.chances.is_empty() && igmp::is_query(frame)
    }
}

impl Lab<'_> {
    pub(super) fn fabric_fault(&mut self, fault: &FabricFault, watchers: Watchers<'_, '_>) {
        match fault {
            FabricFault::Link { link, change } => match link {
                LinkPlace::Nic(nic) => self.fabric.set_port_link(self.port(*nic), change),
                LinkPlace::Client(client) => self.fabric.set_port_link(self.clients[client.0].port, change),
                LinkPlace::Network(network) => self.fabric.set_network_link(*network, change),
                LinkPlace::Trunk(trunk) => self.fabric.set_trunk_link(*trunk, change),
            },
            FabricFault::TrunkDown(trunk) => {
                let news = self.fabric.set_trunk(self.now, *trunk, false);
                self.tell_switches(&news, watchers);
            }
            FabricFault::TrunkUp(trunk) => {
                let news = self.fabric.set_trunk(self.now, *trunk, true);
                self.tell_switches(&news, watchers);
            }
            FabricFault::Vlan { nic, vlan } => self.fabric.set_vlan(self.port(*nic), *vlan),
            FabricFault::Querier { network, on } => self.fabric.set_querier(self.now, *network, *on),
            FabricFault::Storm { network, copies, lasts } => {
                self.fabric.storm(*network, *copies, self.now + *lasts);
            }
        }
        self.reschedule_fabric();
    }

    fn tell_switches(&self, news: &[SwitchNews], watchers: Watchers<'_, '_>) {
        for news in news {
            self.show(watchers, &Moment::Switched(*news));
        }
    }

    pub(super) fn reschedule_fabric(&mut self) {
        let Some(at) = self.fabric.next_wake().map(|at| at.max(self.now)) else { return };
        if self.fabric_due.is_none_or(|due| due > at || due < self.now) {
            self.fabric_due = Some(at);
            self.queue.push(at, Due::Fabric);
        }
    }

    pub(super) fn wake_fabric(&mut self, watchers: Watchers<'_, '_>) {
        self.fabric_due = None;
        let (news, queries) = self.fabric.wake(self.now);
        self.tell_switches(&news, watchers);
        for query in queries {
            let frame: Rc<[u8]> = query.frame.into();
            for fate in query.fates {
                match fate {
                    // The switch is no host: its frames come from the port that they leave by.
                    Fate::Deliver { to, at } => {
                        self.queue.push(at, Due::Deliver { from: to, to: Reached::One(to), frame: frame.clone() });
                    }
                    Fate::Drop { to: Some(to), reason } => {
                        self.show(watchers, &Moment::Dropped { from: to, to: Some(to), reason, bytes: &frame });
                    }
                    Fate::Drop { to: None, .. } | Fate::DeliverOther { .. } => {}
                }
            }
        }
        self.reschedule_fabric();
    }

    /// A daemon has opened its sockets: its kernel reports the groups, and once more a little later.
    pub(super) fn join_groups(&mut self, n: usize, watchers: Watchers<'_, '_>) {
        if self.reports.chances.is_empty() {
            return;
        }
        for nic in 0..self.routers[n].ports.len() {
            self.report(Nic { node: NodeId(n), nic }, true, watchers);
            let later = Span(self.reports.chances[n].below(REPEAT.0));
            self.queue.push(self.now + later, Due::Report { node: n, nic, anew: true });
        }
    }

    /// An interface was set up: its switch sees a new link, and its kernel reports the groups again.
    pub(super) fn plugged_in_again(&mut self, nic: Nic, watchers: Watchers<'_, '_>) {
        self.fabric.link_begins(self.now, self.port(nic));
        self.reschedule_fabric();
        if !self.reports.chances.is_empty() {
            self.report(nic, true, watchers);
        }
    }

    /// A switch asks; the kernel answers after a while.
    pub(super) fn answer_query(&mut self, n: usize, port: PortId) {
        let Some(nic) = self.routers[n].ports.iter().position(|own| *own == port) else { return };
        let longest = Span::from_millis(100 * u64::from(igmp::MAX_RESPONSE));
        let later = Span(self.reports.chances[n].below(longest.0));
        self.queue.push(self.now + later, Due::Report { node: n, nic, anew: false });
    }

    /// Sends the report of the groups that the daemon wants on this interface, if any.
    pub(super) fn report(&mut self, nic: Nic, anew: bool, watchers: Watchers<'_, '_>) {
        let router = &self.routers[nic.node.0];
        let interface = &router.model.interfaces[nic.nic];
        if router.crashed || router.engine.is_none() || !router.kernel.link_up(interface.index) {
            return;
        }
        let speaks = router.model.instances.iter().filter(|instance| {
            instance.iface == interface.index && instance.family == AddressFamily::V4 && !instance.is_unicast()
        });
        let mut groups: Vec<Ipv4Addr> = speaks
            .filter_map(|instance| match instance.group {
                None => Some(VRRP),
                Some(IpAddr::V4(group)) => Some(group),
                Some(IpAddr::V6(_)) => None,
            })
            .collect();
        groups.sort_unstable();
        groups.dedup();
        if groups.is_empty() {
            return;
        }
        let source = interface.addresses.iter().find_map(|addr| match addr.ip {
            IpAddr::V4(ip) => Some(ip),
            IpAddr::V6(_) => None,
        });
        let frame = igmp::report(interface.mac, source.unwrap_or(Ipv4Addr::UNSPECIFIED), &groups, anew);
        let port = router.ports[nic.nic];
        self.transmit(port, frame, None, watchers);
    }
}
