//! Link-local addresses: where IPv6 is used in a scenario, each interface of a node has the one that Linux gives it.
use vrrplab_engine::model::IfAddr;

use crate::world::{Fault, Node, TimedFault};

/// Gives each interface its EUI-64 link-local address, behind those that the scenario names, unless it names one of its own;
/// nothing where there is no IPv6 address, fixed or virtual.
pub(super) fn give(nodes: &mut [Node], faults: &mut [TimedFault]) {
    let fixed = |node: &Node| node.model.interfaces.iter().flat_map(|i| &i.addresses).any(|addr| addr.ip.is_ipv6());
    let virtual_ =
        |node: &Node| node.model.instances.iter().flat_map(|i| i.all_vips()).any(|vip| vip.addr.ip.is_ipv6());
    if !nodes.iter().any(|node| fixed(node) || virtual_(node)) {
        return;
    }
    let reloaded = faults.iter_mut().filter_map(|timed| match &mut timed.fault {
        Fault::Reload(_, model) => Some(&mut **model),
        _ => None,
    });
    let models = nodes.iter_mut().map(|node| &mut node.model).chain(reloaded);
    for interface in models.flat_map(|model| &mut model.interfaces) {
        if !interface.addresses.iter().any(IfAddr::is_link_local) {
            interface.addresses.push(IfAddr::link_local(interface.mac));
        }
    }
}
