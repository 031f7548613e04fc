//! Somebody who asks, where a scenario has nobody: a ping of the first virtual address of each network.
use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use vrrplab_engine::model::IfAddr;
use vrrplab_formats::outline::Outline;
use vrrplab_formats::world::World;

use crate::explore::Case;

/// Adds a client to every network that has a virtual address and room for one; their names.
pub(crate) fn add(case: &mut Case, world: &World) -> Vec<String> {
    let mut taken = taken(world);
    let (mut names, mut clients) = (Vec::new(), Vec::new());
    for (n, network) in world.networks.iter().enumerate() {
        let Some((asks, own)) = pair(n, world, &taken) else { continue };
        taken.insert(own.ip);
        let name = format!("asks-{}", network.name);
        let client = [
            ("network", network.name.clone()),
            ("address", format!("{}/{}", own.ip, own.prefix)),
            ("ping", asks.to_string()),
            ("every", "100ms".to_owned()),
            ("timeout", "300ms".to_owned()),
        ];
        clients.push((name.clone(), Outline::map(client.map(|(key, value)| (key, Outline::word(value))))));
        names.push(name);
    }
    if !clients.is_empty() {
        case.file.set("clients", Outline::Map(clients));
    }
    names
}

fn taken(world: &World) -> BTreeSet<IpAddr> {
    let models = || world.nodes.iter().map(|node| &node.model);
    let fixed = models().flat_map(|model| &model.interfaces).flat_map(|interface| &interface.addresses);
    let virtual_ones = models().flat_map(|model| &model.instances).flat_map(|instance| instance.all_vips());
    let rogues = world.rogues.iter().map(|rogue| rogue.addr.ip);
    fixed.map(|addr| addr.ip).chain(virtual_ones.map(|vip| vip.addr.ip)).chain(rogues).collect()
}

/// The first virtual address of a network that somebody in it can ask, and an address to ask from.
fn pair(network: usize, world: &World, taken: &BTreeSet<IpAddr>) -> Option<(IpAddr, IfAddr)> {
    for node in &world.nodes {
        for vip in node.model.instances.iter().flat_map(|instance| instance.all_vips()) {
            let position = node.model.interfaces.iter().position(|interface| interface.index == vip.iface);
            let Some((interface, port)) =
                position.and_then(|nic| Some((&node.model.interfaces[nic], node.ports.get(nic)?)))
            else {
                continue;
            };
            if port.network.0 != network {
                continue;
            }
            let around = interface.addresses.iter().copied().filter(|addr| holds(addr, vip.addr.ip));
            let own = around.chain([vip.addr]).find_map(|addr| free(IfAddr { ip: vip.addr.ip, ..addr }, taken));
            if let Some(own) = own {
                return Some((vip.addr.ip, own));
            }
        }
    }
    None
}

fn holds(subnet: &IfAddr, ip: IpAddr) -> bool {
    match (subnet.ip, ip) {
        (IpAddr::V4(one), IpAddr::V4(other)) => {
            let mask = u32::MAX.checked_shl(32 - u32::from(subnet.prefix)).unwrap_or(0);
            one.to_bits() & mask == other.to_bits() & mask
        }
        (IpAddr::V6(one), IpAddr::V6(other)) => {
            let mask = u128::MAX.checked_shl(128 - u32::from(subnet.prefix)).unwrap_or(0);
            one.to_bits() & mask == other.to_bits() & mask
        }
        _ => false,
    }
}

/// A free address of this subnet, from its end.
fn free(subnet: IfAddr, taken: &BTreeSet<IpAddr>) -> Option<IfAddr> {
    let size = if subnet.ip.is_ipv4() { 32 } else { 128 };
    let room = size - u32::from(subnet.prefix);
    if room < 2 {
        return None;
    }
    let last = (1_u32 << room.min(8)) - 2;
    let found = (1..=last).rev().map(|host| match subnet.ip {
        IpAddr::V4(ip) => {
            let low = (1_u32 << room.min(8)) - 1;
            IpAddr::V4(Ipv4Addr::from_bits(ip.to_bits() & !low | host))
        }
        IpAddr::V6(ip) => {
            let low = (1_u128 << room.min(8)) - 1;
            IpAddr::V6(Ipv6Addr::from_bits(ip.to_bits() & !low | u128::from(host)))
        }
    });
    let ip = found.into_iter().find(|ip| !taken.contains(ip))?;
    Some(IfAddr { ip, prefix: subnet.prefix })
}
