//! Interfaces for a configuration that comes without a machine: one for each name that it uses.
use std::net::{Ipv4Addr, Ipv6Addr};

use vrrplab_engine::model::{IfAddr, IfIndex, InterfaceModel, Mac};

use crate::builder::Draft;

/// One interface for each name in the draft, in order of appearance: up, and with an address of each family.
pub fn interfaces_named_in(draft: &Draft) -> Vec<InterfaceModel> {
    let of_instances = draft.instances.iter().flat_map(|instance| {
        let vips = instance.vips.iter().chain(&instance.excluded_vips);
        let tracked = instance.tracks.interfaces.iter().map(|t| &t.name);
        instance.interface.iter().chain(vips.filter_map(|vip| vip.dev.as_ref())).chain(tracked)
    });
    let of_groups = draft.sync_groups.iter().flat_map(|group| group.tracks.interfaces.iter().map(|t| &t.name));
    let of_routes = draft.instances.iter().flat_map(|instance| &instance.devices);
    let fixed = &draft.statics;
    let of_addresses = fixed.addresses.iter().filter_map(|(line, _)| line.dev.as_ref());
    let of_statics = draft.defaults.interface.iter().chain(of_addresses).chain(&fixed.devices).chain(&fixed.links);
    let mut found: Vec<InterfaceModel> = Vec::new();
    let mut index = 2;
    for name in of_instances.chain(of_groups).chain(of_routes).chain(of_statics) {
        if !found.iter().any(|i| i.name == name.value) {
            found.push(interface(&name.value, index));
            index += 1;
        }
    }
    found
}

fn interface(name: &str, index: u32) -> InterfaceModel {
    let [_, _, high, low] = index.to_be_bytes();
    let v4 = IfAddr { ip: Ipv4Addr::new(10, high, low, 1).into(), prefix: 24 };
    let last = u16::from_be_bytes([high, low]);
    let v6 = IfAddr { ip: Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0, last).into(), prefix: 64 };
    InterfaceModel {
        index: IfIndex(index),
        name: name.to_owned(),
        mac: Mac([2, 0, 0, 0, high, low]),
        addresses: vec![v4, v6],
        up: true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnostics::Report;

    #[test]
    fn every_name_becomes_one_interface_in_order_of_appearance() {
        let text = "vrrp_instance A {\n interface lan\n track_interface {\n wan\n lan\n }\n virtual_ipaddress {\n \
                    10.9.0.1 dev dmz\n 10.9.0.2 dev lan\n }\n}\n";
        let draft = crate::keepalived::parse("a.conf", text, &mut Report::default());
        let found = interfaces_named_in(&draft);
        let found: Vec<(u32, &str)> = found.iter().map(|i| (i.index.0, i.name.as_str())).collect();
        assert_eq!(found, [(2, "lan"), (3, "dmz"), (4, "wan")]);
    }
}
