//! Tables of hosts and switches as their tools print them: `ipvsadm -Ln`, `ipvsadm -Lnc`, `ip neigh`, `ip -br addr`, `bridge fdb`;
//! and the verdict on promises about them.
mod lines;

use std::fmt::Write as _;

use vrrplab_engine::lvs::conn::ConnProtocol;
use vrrplab_engine::lvs::{ConnView, DestView, ServiceView};
use vrrplab_formats::ipvsadm::{self, place};
use vrrplab_formats::world::{ServerPromise, TablePromise};

use crate::fabric::HeardAt;
use crate::kernel::{LinkView, NeighbourView};
use crate::observe::words::{Names, time};
use crate::sight::{Scene, Sight};

pub use lines::judge_lines;

/// What the tool prints, every line with its end.
pub fn text(scene: &Scene, names: &Names) -> String {
    match scene {
        // the size of the kernel's table of connections, unless it is told otherwise
        Scene::Ipvs(services) => {
            format!("IP Virtual Server version 1.2.1 (size=4096)\n{}", ipvsadm::table(&services.as_slice().into()))
        }
        Scene::Conns(conns) => connections(conns),
        Scene::Arp(neighbours) => neighbours.iter().map(neighbour).collect(),
        Scene::Addr(links) => links.iter().map(link).collect(),
        Scene::Fdb(heard) => heard.iter().map(|heard| heard_at(heard, names)).collect(),
    }
}

/// A line of a switch's table.
fn heard_at(heard: &HeardAt, names: &Names) -> String {
    let place = match heard.place {
        Ok(port) => names.port(port).to_owned(),
        Err(trunk) => names.trunk(trunk).to_owned(),
    };
    let seconds = heard.age.0 / 1_000_000_000;
    format!("{} dev {place} vlan {} used {seconds}\n", heard.mac, heard.vlan)
}

/// The command and what it prints, if somebody asked to see it.
pub fn shown(sight: &Sight, names: &Names) -> Option<String> {
    let printed = || format!("{}\n{}", sight.scene.view().command(), text(&sight.scene, names));
    sight.shown.then(|| printed().trim_end_matches('\n').to_owned())
}

fn connections(conns: &[ConnView]) -> String {
    let mut text = String::from("IPVS connection entries\n");
    text.push_str("pro expire state       source             virtual            destination\n");
    let mut sorted: Vec<&ConnView> = conns.iter().collect();
    sorted.sort_by_key(|conn| (conn.client, conn.virt, conn.server, conn.template));
    for conn in sorted {
        let kind = match conn.protocol {
            ConnProtocol::Ip => "IP",
            ConnProtocol::Tcp => "TCP",
            ConnProtocol::Udp => "UDP",
        };
        let seconds = conn.expires.0 / 1_000_000_000;
        let at = |(ip, port)| place(ip, port);
        let (client, virt, server) = (at(conn.client), at(conn.virt), at(conn.server));
        let (minutes, seconds) = (seconds / 60, seconds % 60);
        let _ =
            writeln!(text, "{kind:<3} {minutes:02}:{seconds:02}  {:<11} {client:<18} {virt:<18} {server}", conn.state);
    }
    text
}

fn neighbour(view: &NeighbourView) -> String {
    let mac = view.mac.map(|mac| format!("lladdr {mac} ")).unwrap_or_default();
    format!("{} dev {} {mac}{}\n", view.ip, view.iface, view.state)
}

fn link(view: &LinkView) -> String {
    let name = view.base.as_ref().map_or_else(|| view.name.clone(), |base| format!("{}@{base}", view.name));
    let addresses: String = view.addresses.iter().map(|a| format!("{}/{} ", a.ip, a.prefix)).collect();
    format!("{name:<16} {:<14} {addresses}\n", view.state)
}

/// Judges a promise by the table of its moment, and says what was there.
pub fn judge(promise: &TablePromise, name: &str, services: Option<&[ServiceView]>) -> (bool, String) {
    let at = time(promise.at);
    let Some(services) = services else { return (false, format!("{name} had no tables at {at}")) };
    let Some(found) = services.iter().find(|view| view.key == promise.service) else {
        return (promise.servers.is_none(), format!("{name} had no such virtual server at {at}"));
    };
    let held = promise.servers.as_ref().is_some_and(|wanted| {
        wanted.len() == found.dests.len()
            && wanted.iter().all(|(key, server)| found.dests.iter().any(|dest| dest.key == *key && is(dest, server)))
    });
    let mut dests: Vec<&DestView> = found.dests.iter().collect();
    dests.sort_by_key(|dest| dest.key);
    let server = |dest: &&DestView| {
        let (at, weight) = (place(dest.key.ip, dest.key.port), dest.config.weight);
        format!("{at} with weight {weight}, {} active, {} inactive", dest.active, dest.inactive)
    };
    let servers: Vec<String> = dests.iter().map(server).collect();
    let servers = if servers.is_empty() { "no servers".to_owned() } else { servers.join("; ") };
    (held, format!("{name} had at {at}: {servers}"))
}

fn is(dest: &DestView, promise: &ServerPromise) -> bool {
    let within = |(least, most): (u32, u32), number: u32| (least..=most).contains(&number);
    promise.weight.is_none_or(|weight| weight == dest.config.weight)
        && within(promise.active, dest.active)
        && within(promise.inactive, dest.inactive)
}

#[cfg(test)]
mod tests;
