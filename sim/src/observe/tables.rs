//! Tables of hosts and switches as their tools print them: `ipvsadm -Ln`, `ipvsadm -Lnc`, `ip neigh`, `ip -br addr`, `bridge fdb`; and the verdict on
//! promises about them.
use std::fmt::Write as _;
use std::net::IpAddr;

use vrrplab_engine::lvs::conn::ConnProtocol;
use vrrplab_engine::lvs::{ConnView, DestView, ServiceConfig, ServiceView, Virtual};
use vrrplab_engine::model::AddressFamily;
use vrrplab_engine::model::lvs::{Endpoint, Forwarding, Granularity, Protocol, Scheduler, SchedulerFlags};
use vrrplab_formats::world::{ServerPromise, TablePromise};

use crate::fabric::HeardAt;
use crate::kernel::{LinkView, NeighbourView};
use crate::observe::words::{Names, time};
use crate::sight::{Scene, Sight};

/// What the tool prints, every line with its end.
pub fn text(scene: &Scene, names: &Names) -> String {
    match scene {
        Scene::Ipvs(services) => ipvs(services),
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

/// `10.0.0.1:80`, `[fd00::1]:80`.
pub fn place(ip: IpAddr, port: u16) -> String {
    match ip {
        IpAddr::V4(ip) => format!("{ip}:{port}"),
        IpAddr::V6(ip) => format!("[{ip}]:{port}"),
    }
}

fn protocol(protocol: Protocol) -> &'static str {
    match protocol {
        Protocol::Tcp => "TCP",
        Protocol::Udp => "UDP",
        Protocol::Sctp => "SCTP",
    }
}

fn service(key: Virtual) -> String {
    match key {
        Virtual::Address(kind, Endpoint { ip, port }) => format!("{:<4} {}", protocol(kind), place(ip, port)),
        Virtual::Mark(AddressFamily::V4, mark) => format!("FWM  {mark}"),
        Virtual::Mark(AddressFamily::V6, mark) => format!("FWM  {mark} IPv6"),
    }
}

/// The order of ipvsadm: marks last, then by protocol and address.
fn rank(key: Virtual) -> (bool, u8, Option<Endpoint>, u32) {
    match key {
        Virtual::Address(kind, at) => (false, kind as u8, Some(at), 0),
        Virtual::Mark(_, mark) => (true, 0, None, mark),
    }
}

fn flags(config: &ServiceConfig, v6: bool) -> String {
    let mut text = config.scheduler.map_or("none", Scheduler::name).to_owned();
    let names = flag_names(config.scheduler, config.flags);
    if !names.is_empty() {
        let _ = write!(text, " ({})", names.join(","));
    }
    if let Some(persistence) = config.persistence {
        let _ = write!(text, " persistent {}", persistence.timeout.0 / 1_000_000_000);
        let _ = match persistence.granularity {
            Granularity::Mask(mask) if !v6 && mask != u32::MAX => {
                write!(text, " mask {}", std::net::Ipv4Addr::from_bits(mask))
            }
            Granularity::Prefix(prefix) if v6 && prefix != 128 => write!(text, " mask {prefix}"),
            _ => Ok(()),
        };
    }
    if config.one_packet {
        text.push_str(" ops");
    }
    text
}

fn flag_names(scheduler: Option<Scheduler>, flags: SchedulerFlags) -> Vec<&'static str> {
    let names = match scheduler {
        Some(Scheduler::Sh) => ["sh-fallback", "sh-port", "flag-3"],
        Some(Scheduler::Mh) => ["mh-fallback", "mh-port", "flag-3"],
        _ => ["flag-1", "flag-2", "flag-3"],
    };
    let set = [flags.first, flags.second, flags.third];
    names.into_iter().zip(set).filter(|(_, set)| *set).map(|(name, _)| name).collect()
}

fn ipvs(services: &[ServiceView]) -> String {
    let mut text = String::from("IP Virtual Server version 1.2.1 (size=4096)\n");
    text.push_str("Prot LocalAddress:Port Scheduler Flags\n");
    text.push_str("  -> RemoteAddress:Port           Forward Weight ActiveConn InActConn\n");
    let mut sorted: Vec<&ServiceView> = services.iter().collect();
    sorted.sort_by_key(|view| rank(view.key));
    for view in sorted {
        let v6 = view.key.family() == AddressFamily::V6;
        let _ = writeln!(text, "{} {}", service(view.key), flags(&view.config, v6));
        let mut dests: Vec<&DestView> = view.dests.iter().collect();
        dests.sort_by_key(|dest| dest.key);
        for dest in dests {
            let method = match dest.config.forwarding {
                Forwarding::Nat => "Masq",
                Forwarding::Dr => "Route",
                Forwarding::Tun(_) => "Tunnel",
            };
            let at = place(dest.key.ip, dest.key.port);
            let (weight, active, inactive) = (dest.config.weight, dest.active, dest.inactive);
            let _ = writeln!(text, "  -> {at:<28} {method:<7} {weight:<6} {active:<10} {inactive:<10}");
        }
    }
    text
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
