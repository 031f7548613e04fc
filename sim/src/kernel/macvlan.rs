//! Macvlans in private mode: interfaces with a MAC of their own above another one.
use vrrplab_engine::model::{IfIndex, Mac};

use super::{Iface, Kernel, frames};

impl Kernel {
    /// Makes a macvlan, up at once. One that is there already with this base and MAC is left as it is. `None`: there is
    /// no such base, or the name is another interface's.
    ///
    /// From then on both answer ARP for their own addresses only.
    pub fn add_macvlan(&mut self, name: &str, base: IfIndex, mac: Mac) -> Option<IfIndex> {
        if let Some(known) = self.ifaces.iter().find(|i| i.name == name) {
            return (known.base == Some(base) && known.mac == mac).then_some(known.index);
        }
        let below = self.iface_mut(base).filter(|i| i.base.is_none())?;
        below.own_only = true;
        let carrier = below.up();
        let index = IfIndex(self.last_index + 1);
        self.last_index = index.0;
        let above = Iface::new(index, name.to_owned(), mac);
        self.ifaces.push(Iface { carrier, base: Some(base), own_only: true, ..above });
        Some(index)
    }

    /// Removes a macvlan, and with it its addresses.
    pub fn remove_macvlan(&mut self, name: &str) {
        let Some(at) = self.ifaces.iter().position(|i| i.name == name && i.base.is_some()) else { return };
        let gone = self.ifaces.remove(at);
        self.neighbours.forget(gone.index);
        if let Some(base) = gone.base.filter(|base| !self.has_macvlans(*base))
            && let Some(below) = self.iface_mut(base)
        {
            below.own_only = false;
        }
    }

    /// The names of all macvlans.
    pub fn macvlans(&self) -> Vec<String> {
        self.ifaces.iter().filter(|i| i.base.is_some()).map(|i| i.name.clone()).collect()
    }

    /// The names of the macvlans above an interface.
    pub fn macvlans_above(&self, base: IfIndex) -> Vec<String> {
        self.ifaces.iter().filter(|i| i.base == Some(base)).map(|i| i.name.clone()).collect()
    }

    /// The index of an interface.
    pub fn index(&self, name: &str) -> Option<IfIndex> {
        self.ifaces.iter().find(|i| i.name == name).map(|i| i.index)
    }

    /// The interface whose port frames of this one take: the one below a macvlan, else itself.
    pub fn base_of(&self, iface: IfIndex) -> IfIndex {
        self.iface(iface).and_then(|i| i.base).unwrap_or(iface)
    }

    /// Every interface, and whether its link is up.
    pub fn links(&self) -> Vec<(IfIndex, bool)> {
        self.ifaces.iter().map(|i| (i.index, i.up())).collect()
    }

    /// Whether there are macvlans above an interface.
    pub fn has_macvlans(&self, iface: IfIndex) -> bool {
        self.ifaces.iter().any(|i| i.base == Some(iface))
    }

    /// Who hears a frame that came in by an interface: a unicast frame the macvlan with its MAC, else the interface; any
    /// other frame all of them. But what comes from the MAC of a macvlan here is heard by that macvlan alone: Linux takes
    /// it for the reflection of a frame that the macvlan sent.
    pub fn hearers(&self, iface: IfIndex, frame: &[u8]) -> Vec<IfIndex> {
        let above = || self.ifaces.iter().filter(move |i| i.base == Some(iface) && i.admin);
        let group = frame.first().is_some_and(|first| first & 1 == 1);
        let own = if group {
            above().find(|i| frames::is_from(frame, i.mac))
        } else {
            above().find(|i| frames::is_to(frame, i.mac))
        };
        match own {
            Some(own) => vec![own.index],
            None if group => core::iter::once(iface).chain(above().map(|i| i.index)).collect(),
            None => vec![iface],
        }
    }

    /// The link of an interface may have changed: macvlans above follow it, and what is down forgets its neighbours.
    pub(super) fn link_moved(&mut self, iface: IfIndex) {
        let up = self.link_up(iface);
        for above in self.ifaces.iter_mut().filter(|i| i.base == Some(iface)) {
            above.carrier = up;
        }
        let down: Vec<IfIndex> = self.ifaces.iter().filter(|i| !i.up()).map(|i| i.index).collect();
        for index in down {
            self.neighbours.forget(index);
        }
    }
}
