//! Who uses a VRID already: two instances that would hear each other cannot share one.
use std::collections::BTreeMap;
use std::net::IpAddr;
use std::num::NonZeroU8;

use vrrplab_engine::model::{AddressFamily, IfIndex, InstanceModel};

/// Where a VRID is used, and for which family.
type Place = (IfIndex, NonZeroU8, AddressFamily);

/// Positions of the first instances at each place.
#[derive(Default)]
pub(super) struct Users {
    multicast: BTreeMap<Place, usize>,
    /// Unicast instances by their peers.
    unicast: BTreeMap<(Place, IpAddr), usize>,
}

impl Users {
    /// Counts one more; the answer is the first one that it clashes with. Unicast and multicast instances do not clash,
    /// nor do unicast instances without a common peer.
    pub(super) fn add(&mut self, position: usize, model: &InstanceModel) -> Option<usize> {
        let place = (model.iface, model.vrid, model.family);
        if !model.is_unicast() {
            let first = *self.multicast.entry(place).or_insert(position);
            return (first != position).then_some(first);
        }
        let peers = model.unicast_peers.iter().map(|peer| (place, peer.ip));
        let clash = peers.clone().filter_map(|peer| self.unicast.get(&peer)).min().copied();
        for peer in peers {
            self.unicast.entry(peer).or_insert(position);
        }
        clash
    }
}
