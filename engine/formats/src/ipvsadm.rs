//! The table of virtual servers as `ipvsadm -Ln` prints it, and its changes as commands.
mod command;

use std::fmt::Write as _;
use std::net::IpAddr;

pub use command::command;

use crate::control::{Family, Forward, Ipvs, Key, Protocol, Service};

/// The heads of the columns, and the table; without ipvsadm's first line, which tells of the kernel's version.
pub fn table(ipvs: &Ipvs) -> String {
    let mut text = String::from("Prot LocalAddress:Port Scheduler Flags\n");
    text.push_str("  -> RemoteAddress:Port           Forward Weight ActiveConn InActConn\n");
    for service in &ipvs.services {
        let _ = writeln!(text, "{} {}", key(service.key), settings(service));
        for server in &service.servers {
            let at = place(server.address, server.port);
            let method = match server.forward {
                Forward::Masq => "Masq",
                Forward::Route => "Route",
                Forward::Tunnel => "Tunnel",
            };
            let (weight, active, inactive) = (server.weight, server.active, server.inactive);
            let _ = writeln!(text, "  -> {at:<28} {method:<7} {weight:<6} {active:<10} {inactive:<10}");
        }
    }
    text
}

/// `10.0.0.1:80`, `[fd00::1]:80`.
pub fn place(ip: IpAddr, port: u16) -> String {
    match ip {
        IpAddr::V4(ip) => format!("{ip}:{port}"),
        IpAddr::V6(ip) => format!("[{ip}]:{port}"),
    }
}

fn key(key: Key) -> String {
    match key {
        Key::Address { protocol, address, port } => {
            let protocol = match protocol {
                Protocol::Tcp => "TCP",
                Protocol::Udp => "UDP",
                Protocol::Sctp => "SCTP",
            };
            format!("{protocol:<4} {}", place(address, port))
        }
        Key::Mark { fwmark, family: Family::Ipv4 } => format!("FWM  {fwmark}"),
        Key::Mark { fwmark, family: Family::Ipv6 } => format!("FWM  {fwmark} IPv6"),
    }
}

fn settings(service: &Service) -> String {
    let mut text = service.scheduler.clone().unwrap_or_else(|| "none".to_owned());
    if !service.flags.is_empty() {
        let _ = write!(text, " ({})", service.flags.join(","));
    }
    if let Some(seconds) = service.persistent_s {
        let _ = write!(text, " persistent {seconds}");
    }
    if let Some(mask) = &service.mask {
        let _ = write!(text, " mask {mask}");
    }
    if service.one_packet {
        text.push_str(" ops");
    }
    text
}
