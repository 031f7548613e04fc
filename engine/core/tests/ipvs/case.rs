//! The case files: reading them, and what they call things.
use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};

use serde_json::Value;
use vrrplab_engine::Span;
use vrrplab_engine::lvs::{DestConfig, ServiceConfig, Virtual};
use vrrplab_engine::model::AddressFamily;
use vrrplab_engine::model::lvs::{
    Endpoint, Forwarding, Granularity, Persistence, Protocol, Scheduler, SchedulerFlags, Tunnel, TunnelChecksum,
};

/// One server as a case names it.
#[derive(Clone, Debug)]
pub struct Server {
    pub endpoint: Endpoint,
    /// The port that the case gave, where ipvsadm took another.
    pub given_port: u16,
    pub config: DestConfig,
}

pub fn text<'a>(value: &'a Value, key: &str) -> &'a str {
    value.get(key).and_then(Value::as_str).unwrap_or("")
}

pub fn number(value: &Value, key: &str) -> Option<u64> {
    value.get(key).and_then(Value::as_u64)
}

pub fn address(value: &Value, key: &str) -> Option<IpAddr> {
    value.get(key).and_then(Value::as_str).map(|ip| ip.trim_matches(['[', ']']).parse().unwrap())
}

pub fn socket(value: &Value, key: &str) -> SocketAddr {
    text(value, key).parse().unwrap_or_else(|_| panic!("{key} of {value}"))
}

/// All case files of a folder, by name.
pub fn files(folder: &Path) -> Vec<(PathBuf, Vec<Value>)> {
    let entries = std::fs::read_dir(folder).unwrap_or_else(|e| panic!("{}: {e}", folder.display()));
    let mut paths: Vec<PathBuf> = entries.map(|e| e.unwrap().path()).collect();
    paths.retain(|path| path.extension().is_some_and(|e| e == "json"));
    paths.sort();
    let read = |path: PathBuf| {
        let mut value: Value = serde_json::from_str(&std::fs::read_to_string(&path).unwrap()).unwrap();
        match value.get_mut("cases").map(Value::take) {
            Some(Value::Array(cases)) => (path, cases),
            _ => (path, Vec::new()),
        }
    };
    paths.into_iter().map(read).filter(|(_, cases)| !cases.is_empty()).collect()
}

pub fn scheduler(name: &str) -> Option<Scheduler> {
    Scheduler::ALL.into_iter().find(|one| one.name() == name)
}

pub fn service(case: &Value) -> (Virtual, ServiceConfig) {
    let service = &case["service"];
    let vip = address(service, "vip");
    let matched = text(service, "match").split('/').next().and_then(|ip| ip.parse::<IpAddr>().ok());
    let ipv6 = vip.or(matched).is_some_and(|ip| ip.is_ipv6());
    let key = match number(service, "fwmark") {
        Some(mark) => Virtual::Mark(if ipv6 { AddressFamily::V6 } else { AddressFamily::V4 }, mark as u32),
        None => {
            let protocol = if text(service, "proto") == "udp" { Protocol::Udp } else { Protocol::Tcp };
            let port = number(service, "vport").unwrap() as u16;
            Virtual::Address(protocol, Endpoint { ip: vip.unwrap(), port })
        }
    };
    let flags = text(service, "sched_flags");
    let has = |names: [&str; 3]| flags.split(',').any(|flag| names.contains(&flag));
    let persistence = number(service, "persistent")
        .map(|seconds| Persistence { timeout: Span::from_secs(seconds), granularity: granularity(service, ipv6) });
    let config = ServiceConfig {
        scheduler: scheduler(text(service, "scheduler")),
        flags: SchedulerFlags {
            first: has(["sh-fallback", "mh-fallback", "flag-1"]),
            second: has(["sh-port", "mh-port", "flag-2"]),
            third: has(["flag-3", "", ""]) && flags.contains("flag-3"),
        },
        one_packet: service["ops"].as_bool().unwrap_or(false),
        persistence,
    };
    (key, config)
}

fn granularity(service: &Value, ipv6: bool) -> Granularity {
    let given = &service["netmask"];
    let prefix = given.as_u64().or_else(|| given.as_str().and_then(|text| text.parse().ok()));
    match (ipv6, prefix, given.as_str()) {
        (true, prefix, _) => Granularity::Prefix(prefix.unwrap_or(128) as u8),
        (false, Some(prefix), _) => Granularity::Mask(u32::MAX.checked_shl(32 - prefix as u32).unwrap_or(0)),
        (false, None, Some(mask)) => Granularity::Mask(u32::from(mask.parse::<std::net::Ipv4Addr>().unwrap())),
        (false, None, None) => Granularity::Mask(u32::MAX),
    }
}

/// The settings that `value` gives, on top of what the server had. ipvsadm gives DR and TUN servers the service's port.
pub fn server(value: &Value, before: Option<&Server>, key: &Virtual) -> Server {
    let mut server = before.cloned().unwrap_or_else(|| Server {
        endpoint: Endpoint { ip: address(value, "addr").unwrap(), port: 0 },
        given_port: 0,
        config: DestConfig::default(),
    });
    match text(value, "fwd") {
        "" => {}
        "nat" => server.config.forwarding = Forwarding::Nat,
        "dr" => server.config.forwarding = Forwarding::Dr,
        "tun" => server.config.forwarding = Forwarding::Tun(tunnel(value)),
        other => panic!("forwarding {other}"),
    }
    if let Some(port) = number(value, "port") {
        server.endpoint.port = port as u16;
        server.given_port = port as u16;
    }
    if server.config.forwarding != Forwarding::Nat && before.is_none() {
        server.endpoint.port = key.port();
    }
    let set = |to: &mut u32, name: &str| {
        if let Some(n) = number(value, name) {
            *to = n as u32;
        }
    };
    set(&mut server.config.weight, "weight");
    set(&mut server.config.upper, "u");
    set(&mut server.config.lower, "l");
    server
}

fn tunnel(value: &Value) -> Tunnel {
    let sum = match text(value, "tun_flags") {
        "csum" => TunnelChecksum::Csum,
        "remcsum" => TunnelChecksum::RemCsum,
        _ => TunnelChecksum::None,
    };
    match text(value, "tun_type") {
        "gue" => Tunnel::Gue(number(value, "tun_port").unwrap_or(0) as u16, sum),
        "gre" => Tunnel::Gre(sum),
        _ => Tunnel::Ipip,
    }
}

/// The servers of a case by name, and the names in the order in which they were added.
pub fn servers(case: &Value, key: &Virtual) -> (Vec<String>, BTreeMap<String, Server>) {
    let list = case["servers"].as_array().unwrap();
    let names = list.iter().map(|value| text(value, "name").to_string()).collect();
    (names, list.iter().map(|value| (text(value, "name").to_string(), server(value, None, key))).collect())
}
