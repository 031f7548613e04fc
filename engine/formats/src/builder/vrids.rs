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
    any: BTreeMap<Place, usize>,
    multicast: BTreeMap<Place, usize>,
    /// Unicast instances by their peers.
    unicast: BTreeMap<(Place, IpAddr), usize>,
}

impl Users {
    /// Counts one more; the answer is the first one that it clashes with. Unicast instances without a common peer do not.
    pub(super) fn add(&mut self, position: usize, model: &InstanceModel) -> Option<usize> {
        let place = (model.iface, model.vrid, model.family);
        let peers = model.unicast_peers.iter().map(|peer| (place, peer.ip));
        let clash = match model.is_unicast() {
            true => {
                let common = peers.clone().filter_map(|peer| self.unicast.get(&peer));
                common.chain(self.multicast.get(&place)).min().copied()
            }
            false => self.any.get(&place).copied(),
        };
        self.any.entry(place).or_insert(position);
        if !model.is_unicast() {
            self.multicast.entry(place).or_insert(position);
        }
        for peer in peers {
            self.unicast.entry(peer).or_insert(position);
        }
        clash
    }
}
