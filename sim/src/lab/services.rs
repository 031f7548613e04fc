//! Services of nodes: they answer, and scenarios change them.
use vrrplab_formats::world::ServiceFault;

use super::{Lab, Watchers};

impl Lab<'_> {
    /// Services of a node change; what that makes them say is said at once.
    pub(super) fn change_service(&mut self, fault: &ServiceFault, watchers: Watchers<'_, '_>) {
        let n = fault.node.0;
        self.routers[n].responder.change(fault.port, &fault.change);
        if !self.routers[n].crashed {
            self.serve(n, watchers);
        }
    }
}
