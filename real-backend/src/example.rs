//! What the tests of this crate share: a router with an address, and one instance.
use std::num::NonZeroU8;

use vrrplab_engine::model::{IfAddr, IfIndex, InstanceModel, InterfaceModel, Mac, NodeModel, Vip};
use vrrplab_engine::policy::Policy;

/// The only interface.
pub const ETH0: IfIndex = IfIndex(2);

/// An address of a network of 256.
pub fn addr(text: &str) -> IfAddr {
    IfAddr { ip: text.parse().unwrap(), prefix: 24 }
}

/// `r1`, 10.0.0.1 at eth0, with `VI_1`: virtual router 51, 10.0.0.100. More is set as the test wants it.
pub fn router(set: impl FnOnce(&mut InstanceModel)) -> NodeModel {
    let interface = InterfaceModel {
        index: ETH0,
        name: "eth0".into(),
        mac: Mac([2, 0, 0, 0, 0, 1]),
        addresses: vec![addr("10.0.0.1")],
        up: true,
    };
    let mut instance = InstanceModel::new("VI_1", ETH0, NonZeroU8::new(51).unwrap());
    instance.vips = vec![Vip::new(addr("10.0.0.100"), ETH0)];
    set(&mut instance);
    let mut model = NodeModel::new("r1", Policy::default(), vec![interface]);
    model.instances.push(instance);
    model
}
