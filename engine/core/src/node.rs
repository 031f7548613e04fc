//! What the node knows of its own interfaces: links and addresses, as the kernel reports them.
use alloc::vec::Vec;
use core::net::IpAddr;

use crate::model::{AddressFamily, IfAddr, IfIndex, InstanceModel, InterfaceModel, Mac, NodeModel, TrackInterface};

/// The interfaces of the node.
#[derive(Clone, Debug)]
pub(crate) struct Interfaces {
    all: Vec<InterfaceModel>,
}

impl Interfaces {
    pub fn new(model: &NodeModel) -> Interfaces {
        Interfaces { all: model.interfaces.clone() }
    }

    pub fn get(&self, index: IfIndex) -> Option<&InterfaceModel> {
        self.all.iter().find(|i| i.index == index)
    }

    /// The interface is there, as the kernel says.
    pub fn insert(&mut self, interface: InterfaceModel) {
        self.forget(interface.index);
        self.all.push(interface);
    }

    /// The interface is gone.
    pub fn forget(&mut self, index: IfIndex) {
        self.all.retain(|i| i.index != index);
    }

    pub fn is_up(&self, index: IfIndex) -> bool {
        self.get(index).is_some_and(|i| i.up)
    }

    /// An interface of this name is there and up.
    pub fn is_named_up(&self, name: &str) -> bool {
        self.all.iter().any(|i| i.up && i.name == name)
    }

    pub fn set_up(&mut self, index: IfIndex, up: bool) {
        if let Some(interface) = self.all.iter_mut().find(|i| i.index == index) {
            interface.up = up;
        }
    }

    /// The interface has this MAC now.
    pub fn set_mac(&mut self, index: IfIndex, mac: Mac) {
        if let Some(interface) = self.all.iter_mut().find(|i| i.index == index) {
            interface.mac = mac;
        }
    }

    pub fn add(&mut self, index: IfIndex, addr: IfAddr) {
        if let Some(interface) = self.all.iter_mut().find(|i| i.index == index)
            && !interface.addresses.contains(&addr)
        {
            interface.addresses.push(addr);
        }
    }

    pub fn remove(&mut self, index: IfIndex, addr: IfAddr) {
        if let Some(interface) = self.all.iter_mut().find(|i| i.index == index) {
            interface.addresses.retain(|a| *a != addr);
        }
    }

    pub fn holds(&self, index: IfIndex, addr: IfAddr) -> bool {
        self.get(index).is_some_and(|i| i.addresses.contains(&addr))
    }

    /// Whether the node itself has this address on any interface.
    pub fn is_own(&self, ip: IpAddr) -> bool {
        self.all.iter().any(|i| i.addresses.iter().any(|a| a.ip == ip))
    }

    /// The address that adverts of this instance come from: the configured one, or the first of the family on the
    /// interface that is no virtual address (link-local for IPv6).
    pub fn source_of<V: Iterator<Item = IpAddr>>(
        &self,
        model: &InstanceModel,
        virtual_addresses: impl Fn() -> V,
    ) -> Option<IpAddr> {
        if model.source.is_some() {
            return model.source;
        }
        let is_vip = |ip: IpAddr| virtual_addresses().any(|vip| vip == ip);
        let addresses = &self.get(model.iface)?.addresses;
        addresses.iter().map(|a| a.ip).find(|ip| fits(*ip, model.family) && !is_vip(*ip))
    }

    /// How many of the things that this instance needs are missing.
    pub fn faults_of(&self, model: &InstanceModel, has_source: bool) -> usize {
        let mut watched: Vec<IfIndex> = Vec::new();
        if !model.dont_track_primary {
            watched.push(model.iface);
            watched.extend(model.all_vips().filter(|vip| !vip.no_track).map(|vip| vip.iface));
            watched.extend(self.devices_of(model));
            watched.sort_unstable();
            watched.dedup();
        }
        let own = watched.iter().filter(|index| !self.is_up(**index)).count();
        let tracked =
            model.track_interfaces.iter().filter(|t| t.weight == 0 && self.is_up(t.iface) == t.reverse).count();
        let lost = model.track_source && model.source.is_some_and(|source| !self.is_own(source));
        let alone = model.fault_without_peers && model.unicast_peers.is_empty();
        own + tracked + usize::from(!has_source) + usize::from(lost) + usize::from(alone)
    }

    /// The interfaces of routes and rules that are watched.
    fn devices_of<'a>(&'a self, model: &'a InstanceModel) -> impl Iterator<Item = IfIndex> + 'a {
        let routes = model.routes.iter().filter(|route| !route.no_track).filter_map(|route| route.device.as_deref());
        let rules = model.rules.iter().filter(|rule| !rule.no_track).flat_map(|rule| rule.spec.devices());
        routes.chain(rules).filter_map(|name| self.all.iter().find(|i| i.name == name)).map(|i| i.index)
    }

    /// What the weights of tracked interfaces add to the priority, in sum.
    pub fn weights_of(&self, model: &InstanceModel) -> i32 {
        let weight = |track: &TrackInterface| {
            let counts = if track.weight > 0 { self.is_up(track.iface) } else { !self.is_up(track.iface) };
            let weight = if track.reverse { -i32::from(track.weight) } else { i32::from(track.weight) };
            if counts { weight } else { 0 }
        };
        model.track_interfaces.iter().map(weight).sum()
    }
}

fn fits(ip: IpAddr, family: AddressFamily) -> bool {
    match (ip, family) {
        (IpAddr::V4(_), AddressFamily::V4) => true,
        (IpAddr::V6(ip), AddressFamily::V6) => ip.is_unicast_link_local(),
        _ => false,
    }
}
