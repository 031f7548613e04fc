//! Macvlans that a daemon asks for, and links that come and go.
use vrrplab_engine::model::{IfAddr, IfIndex, InterfaceModel};
use vrrplab_engine::{KernelEvent, LinkChange};
use vrrplab_formats::world::NodeId;

use super::{Lab, Watchers};
use crate::moment::Moment;

impl Lab<'_> {
    /// Makes or removes a macvlan, and has the daemon read what became of it.
    pub(super) fn change_link(&mut self, n: usize, link: &LinkChange, watchers: Watchers<'_, '_>) {
        if !link.add {
            return self.remove_link(n, &link.name, watchers);
        }
        let kernel = &mut self.routers[n].kernel;
        let known = kernel.macvlans().contains(&link.name);
        let Some(index) = kernel.add_macvlan(&link.name, link.base, link.mac) else {
            self.routers[n].unread.push_back(KernelEvent::LinkRefused { name: link.name.clone() });
            return;
        };
        let interface = InterfaceModel {
            index,
            name: link.name.clone(),
            mac: link.mac,
            addresses: kernel.addresses(index).to_vec(),
            up: kernel.link_up(index),
        };
        self.routers[n].unread.push_back(KernelEvent::LinkAdded(Box::new(interface)));
        if !known {
            self.show_link(n, &link.name, index, true, watchers);
        }
    }

    /// A macvlan goes, and its addresses with it.
    pub(super) fn remove_link(&mut self, n: usize, name: &str, watchers: Watchers<'_, '_>) {
        let kernel = &self.routers[n].kernel;
        let Some(index) = kernel.index(name) else { return };
        let gone: Vec<IfAddr> = kernel.addresses(index).to_vec();
        for addr in gone {
            self.show_address(n, index, addr, false, watchers);
        }
        self.show_link(n, name, index, false, watchers);
        self.routers[n].kernel.remove_macvlan(name);
    }

    fn show_link(&self, n: usize, iface: &str, index: IfIndex, added: bool, watchers: Watchers<'_, '_>) {
        let Some(mac) = self.routers[n].kernel.mac(index) else { return };
        self.show(watchers, &Moment::Link { node: NodeId(n), iface, mac, added });
    }

    /// Tells the daemon of every link that is not as it was `before`.
    pub(super) fn follow_links(&mut self, n: usize, before: &[(IfIndex, bool)], watchers: Watchers<'_, '_>) {
        for (iface, up) in self.routers[n].kernel.links() {
            if before.contains(&(iface, !up)) {
                self.tell_kernel(n, KernelEvent::Link { iface, up }, watchers);
            }
        }
    }
}
