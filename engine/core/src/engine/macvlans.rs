//! The macvlans of virtual routers (`use_vmac`): made at the start and by reloads, removed at the end.
use alloc::boxed::Box;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use super::Engine;
use crate::io::{EffectKind, LinkChange};
use crate::model::{AddressFamily, IfAddr, IfIndex, InterfaceModel, Mac};
use crate::rules::Rule;
use crate::vrrp::instance::{Instance, Macvlan};

impl Engine {
    /// Asks the kernel for the macvlans that are not there yet.
    pub(crate) fn make_macvlans(&mut self) {
        self.make_macvlans_where(|x| matches!(x.macvlan, Macvlan::Absent | Macvlan::Refused | Macvlan::Lost));
    }

    fn make_macvlans_where(&mut self, wanted: impl Fn(&Instance) -> bool) {
        let names = names(&self.instances, self.globals.vmac_prefix());
        for (i, name) in names.into_iter().enumerate() {
            let x = &mut self.instances[i];
            let (Some(name), Some(mac)) = (name, x.model.macvlan()) else { continue };
            if wanted(x) {
                x.macvlan = Macvlan::Awaited;
                let change = LinkChange { name, base: x.model.iface, mac, add: true };
                self.effect(Rule::Macvlan, EffectKind::ChangeLink(Box::new(change)));
            }
        }
    }

    /// Has the kernel remove the macvlan of an instance.
    pub(crate) fn remove_macvlan(&mut self, i: usize) {
        let x = &mut self.instances[i];
        let macvlan = core::mem::take(&mut x.macvlan);
        let base = x.model.iface;
        let Some(own) = macvlan.index().and_then(|index| self.interfaces.get(index)) else { return };
        let (index, change) = (own.index, LinkChange { name: own.name.clone(), base, mac: own.mac, add: false });
        self.interfaces.forget(index);
        self.effect(Rule::Macvlan, EffectKind::ChangeLink(Box::new(change)));
    }

    /// A macvlan is there: what an earlier run left on it goes. Addresses whose time came before it did are set now.
    pub(super) fn macvlan_added(&mut self, interface: InterfaceModel) {
        let Some(i) = self.awaiting(&interface.name) else { return };
        let (index, found) = (interface.index, interface.addresses.clone());
        self.interfaces.insert(interface);
        self.instances[i].macvlan = Macvlan::There(index);
        self.effect(Rule::Macvlan, EffectKind::PromoteSecondaries { iface: index });
        let here = |(iface, addr)| (iface == index).then_some(addr);
        let wanted: Vec<IfAddr> = self.addresses_of(i).into_iter().filter_map(here).collect();
        let holds = self.instances[i].holds;
        for addr in wanted {
            if found.contains(&addr) && !holds {
                self.interfaces.remove(index, addr);
                self.effect(Rule::StartLeftover, EffectKind::ChangeAddress { iface: index, addr, add: false });
            } else if !found.contains(&addr) && holds {
                self.interfaces.add(index, addr);
                self.effect(Rule::Macvlan, EffectKind::ChangeAddress { iface: index, addr, add: true });
            }
        }
        if holds {
            self.announce(i, self.instances[i].model.garp.repeat, Rule::Macvlan);
        }
    }

    /// Without its macvlan an instance cannot take part.
    pub(super) fn macvlan_refused(&mut self, name: &str) {
        if let Some(i) = self.awaiting(name) {
            self.instances[i].macvlan = Macvlan::Refused;
        }
    }

    /// An interface was removed. A macvlan is made again, at once where there is an interface below it; those above an interface
    /// that only has another name go.
    pub(super) fn link_gone(&mut self, iface: IfIndex) {
        for i in 0..self.instances.len() {
            let x = &self.instances[i];
            if x.macvlan == Macvlan::There(iface) {
                let base = x.model.iface;
                self.instances[i].macvlan = Macvlan::Lost;
                self.interfaces.forget(iface);
                self.make_again_above(base, self.interfaces.is_up(base));
            } else if x.model.iface == iface && matches!(x.macvlan, Macvlan::There(_) | Macvlan::Awaited) {
                self.remove_macvlan(i);
                self.instances[i].macvlan = Macvlan::Lost;
            }
        }
    }

    /// An interface was made again, or has another MAC.
    pub(super) fn link_is(&mut self, iface: IfIndex, mac: Mac) {
        self.interfaces.set_mac(iface, mac);
        self.make_again_above(iface, true);
    }

    /// Where an interface is there, the macvlans above it that were lost are made again.
    pub(super) fn make_again_above(&mut self, iface: IfIndex, there: bool) {
        if there && self.is_running() {
            self.make_macvlans_where(|x| {
                x.model.iface == iface && matches!(x.macvlan, Macvlan::Lost | Macvlan::Refused)
            });
        }
    }

    /// The macvlan could not be made, or is down.
    pub(super) fn lacks_macvlan(&self, i: usize) -> bool {
        let x = &self.instances[i];
        match x.macvlan {
            Macvlan::Refused => true,
            Macvlan::Lost => !x.model.dont_track_primary,
            Macvlan::There(index) => !x.model.dont_track_primary && !self.interfaces.is_up(index),
            Macvlan::Absent | Macvlan::Awaited => false,
        }
    }

    fn awaiting(&self, name: &str) -> Option<usize> {
        let names = names(&self.instances, self.globals.vmac_prefix());
        let awaited = |i: &usize| self.instances[*i].macvlan == Macvlan::Awaited;
        (0..names.len()).filter(awaited).find(|i| names[*i].as_deref() == Some(name))
    }
}

/// The name of each instance's macvlan, in keepalived's way: `vrrp.VRID`, for IPv6 `vrrp6.VRID` where that is taken, and
/// then `vrrp1.VRID`, `vrrp2.VRID` and so on.
fn names(instances: &[Instance], prefix: &str) -> Vec<Option<String>> {
    let given = |x: &Instance| x.model.vmac.as_ref().and_then(|vmac| vmac.name.clone());
    let mut taken: Vec<String> = instances.iter().filter(|x| x.model.macvlan().is_some()).filter_map(given).collect();
    let mut name = |x: &Instance| {
        x.model.macvlan()?;
        if let Some(given) = given(x) {
            return Some(given);
        }
        let vrid = x.model.vrid;
        let six = (x.model.family == AddressFamily::V6).then(|| format!("{prefix}6.{vrid}"));
        let numbered = (1_usize..).map(|n| format!("{prefix}{n}.{vrid}"));
        let mut names = core::iter::once(format!("{prefix}.{vrid}")).chain(six).chain(numbered);
        let free = names.find(|name| !taken.contains(name))?;
        taken.push(free.clone());
        Some(free)
    };
    instances.iter().map(&mut name).collect()
}
