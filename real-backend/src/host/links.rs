//! Macvlans: made with their settings and sockets, and removed.
use std::io;
use std::time::Duration;

use vrrplab_engine::model::{IfIndex, InstanceModel, InterfaceModel};
use vrrplab_engine::{KernelEvent, LinkChange};

use super::Host;
use crate::door::Door;

/// How often the carrier of a new macvlan is looked for, a millisecond apart.
const LOOKS: u32 = 50;

impl Host {
    /// Makes a macvlan, or takes over one that an earlier run has left, and has the engine hear of it.
    pub(super) fn add_link(&mut self, door: &Door, rule: &str, change: &LinkChange) {
        match self.make_link(door, change) {
            Ok(interface) => {
                let mac = change.mac.to_string();
                tracing::info!(rule, interface = change.name, mac, "macvlan is there");
                self.unread.push_back(KernelEvent::LinkAdded(Box::new(interface)));
            }
            Err(why) => {
                tracing::error!(rule, interface = change.name, %why, "this macvlan cannot be made");
                self.unread.push_back(KernelEvent::LinkRefused { name: change.name.clone() });
            }
        }
    }

    fn make_link(&mut self, door: &Door, change: &LinkChange) -> io::Result<InterfaceModel> {
        let base = self.netlink.table().name(change.base);
        let (index, news) = self.netlink.make_macvlan(&change.name, change.base, change.mac)?;
        self.unread.extend(news);
        let own = |instance: &&InstanceModel| instance.iface == change.base && instance.macvlan() == Some(change.mac);
        let instances: Vec<InstanceModel> = self.model.instances.iter().filter(own).cloned().collect();
        let six = instances.iter().any(|instance| instance.vips.iter().any(|vip| vip.addr.ip.is_ipv6()));
        self.sysctls.prepare_macvlan(&change.name, &base, six);
        if let Err(why) = self.filter.silence(&change.name, true) {
            tracing::warn!(interface = change.name, %why, "nft does not drop the group reports of this macvlan");
        }
        let interface = self.set_up(index, change.base)?;
        for instance in instances.iter().filter(|instance| instance.speaks_on_macvlan()) {
            self.hear(door, instance, index)?;
            self.adverts.join_for(change.base, self.netlink.kernel_index(change.base), six)?;
        }
        self.frames.open(&[(index, self.netlink.kernel_index(index))])?;
        Ok(interface)
    }

    /// The kernel finds the carrier of a macvlan a moment after it is set up: the engine need not see it come.
    fn set_up(&mut self, index: IfIndex, base: IfIndex) -> io::Result<InterfaceModel> {
        let (mut interface, news) = self.netlink.set_up(index)?;
        self.unread.extend(news);
        for _ in 0..LOOKS {
            if interface.up || self.netlink.table().get(base).is_none_or(|base| !base.up) {
                break;
            }
            std::thread::sleep(Duration::from_millis(1));
            let news = self.netlink.news()?;
            self.unread.extend(news);
            interface = self.netlink.table().interface(index).ok_or(io::ErrorKind::NotFound)?;
        }
        Ok(interface)
    }

    /// Removes a macvlan with its sockets.
    pub(super) fn remove_link(&mut self, rule: &str, name: &str) {
        if let Some(index) = self.netlink.table().named(name).map(|link| link.index) {
            self.adverts.close(index);
            self.frames.close(index);
        }
        match self.netlink.remove_link(name) {
            Ok(news) => {
                self.unread.extend(news);
                tracing::info!(rule, interface = name, "macvlan removed");
            }
            Err(why) => tracing::error!(rule, interface = name, %why, "this macvlan cannot be removed"),
        }
        if let Err(why) = self.filter.silence(name, false) {
            tracing::debug!(rule, interface = name, %why, "nft still drops the group reports of this macvlan");
        }
    }
}
