//! Faults in the kernel of a node, and what its daemon hears of them.
use vrrplab_engine::KernelEvent;
use vrrplab_engine::model::{IfAddr, IfIndex};
use vrrplab_formats::world::{KernelFault, Nic};

use super::{Lab, Watchers};

impl Lab<'_> {
    pub(super) fn kernel_fault(&mut self, fault: &KernelFault, watchers: Watchers<'_, '_>) {
        let n = fault.node().0;
        let kernel = &mut self.routers[n].kernel;
        match fault {
            KernelFault::Nat { pairs, .. } => kernel.set_nat(pairs),
            KernelFault::Firewall { rules, .. } => kernel.set_firewall(rules),
            KernelFault::Address { iface, addr, add, .. } => self.change_address(n, *iface, *addr, *add, watchers),
            KernelFault::RefuseAddress { ip, refused, .. } => kernel.refuse(*ip, *refused),
            KernelFault::Route { route, present: true, .. } => kernel.set_route(*route),
            KernelFault::Route { route, present: false, .. } => kernel.remove_route(*route),
            KernelFault::Sysctl { settings, .. } => settings.iter().for_each(|sysctl| kernel.set_sysctl(*sysctl)),
            KernelFault::NicRecreated(nic) => self.recreate(*nic, watchers),
        }
    }

    /// Somebody sets or removes an address by hand. What cannot be done changes nothing.
    fn change_address(&mut self, n: usize, iface: IfIndex, addr: IfAddr, add: bool, watchers: Watchers<'_, '_>) {
        let kernel = &mut self.routers[n].kernel;
        if add {
            if kernel.add_address(iface, addr).is_ok() {
                self.show_address(n, iface, addr, true, watchers);
                self.tell_kernel(n, KernelEvent::AddressAdded { iface, addr }, watchers);
            }
            return;
        }
        let Ok(gone) = kernel.remove_address(iface, addr) else { return };
        // What goes with a primary address is told before it.
        let all: Vec<IfAddr> = gone.into_iter().chain([addr]).collect();
        for addr in &all {
            self.show_address(n, iface, *addr, false, watchers);
        }
        for addr in all {
            self.tell_kernel(n, KernelEvent::AddressRemoved { iface, addr }, watchers);
        }
    }

    /// The device goes, and its link and addresses with it; another one of its name comes at once.
    fn recreate(&mut self, nic: Nic, watchers: Watchers<'_, '_>) {
        let n = nic.node.0;
        let iface = self.routers[n].model.interfaces[nic.nic].index;
        let links = self.routers[n].kernel.links();
        let above = self.routers[n].kernel.macvlans_above(iface);
        let lost: Vec<IfIndex> = above.iter().filter_map(|name| self.routers[n].kernel.index(name)).collect();
        for name in above {
            self.remove_link(n, &name, watchers);
        }
        let mut gone = self.routers[n].kernel.remove_v6_addresses(iface);
        gone.extend(self.routers[n].kernel.remove_addresses(iface));
        self.routers[n].kernel.set_admin(iface, false);
        for addr in &gone {
            self.show_address(n, iface, *addr, false, watchers);
        }
        self.follow_links(n, &links, watchers);
        for addr in gone {
            self.tell_kernel(n, KernelEvent::AddressRemoved { iface, addr }, watchers);
        }
        for gone in lost.into_iter().chain([iface]) {
            self.tell_kernel(n, KernelEvent::LinkGone { iface: gone }, watchers);
        }
        if let Some(mac) = self.routers[n].kernel.mac(iface) {
            self.tell_kernel(n, KernelEvent::LinkIs { iface, mac }, watchers);
        }
        let links = self.routers[n].kernel.links();
        self.routers[n].kernel.set_admin(iface, true);
        self.follow_links(n, &links, watchers);
        self.regain_link_local(n, iface, watchers);
    }

    /// A node that comes up has its fixed addresses.
    pub(super) fn set_fixed_addresses(&mut self, n: usize, watchers: Watchers<'_, '_>) {
        let interfaces = self.routers[n].model.interfaces.clone();
        for interface in interfaces {
            for addr in interface.addresses {
                if self.routers[n].kernel.add_address(interface.index, addr).is_ok() {
                    self.show_address(n, interface.index, addr, true, watchers);
                }
            }
        }
    }
}
