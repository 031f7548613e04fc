//! Shows the observers who is connected with whom.
use vrrplab_formats::world::{Member, NodeId};

use super::{Lab, Watchers};
use crate::fabric::PortId;
use crate::moment::Moment;

impl Lab<'_> {
    /// Shows the islands of connected ports, when somebody watches and they are not as they were shown last.
    pub(super) fn show_islands(&mut self, watchers: Watchers<'_, '_>) {
        if watchers.is_empty() {
            return;
        }
        let mut islands = self.fabric.islands();
        for island in &mut islands {
            island.retain(|port| self.is_connected(*port));
        }
        islands.retain(|island| !island.is_empty());
        if self.islands.as_ref() == Some(&islands) {
            return;
        }
        self.show(watchers, &Moment::Islands(&islands));
        self.islands = Some(islands);
    }

    /// A router has set its interface up, has power and does not stand still.
    fn is_connected(&self, port: PortId) -> bool {
        let Member::Node(NodeId(n)) = self.ports[port.0].owner else { return true };
        let router = &self.routers[n];
        !router.crashed
            && router.stun.is_none()
            && router.iface_of(port).is_some_and(|iface| router.kernel.link_up(iface))
    }
}
