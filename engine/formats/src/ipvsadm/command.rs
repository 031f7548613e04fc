//! Changes of the table as commands of `ipvsadm`.
use std::fmt::Write as _;

use vrrplab_engine::lvs::{DestConfig, IpvsCommand, ServiceConfig, Virtual};
use vrrplab_engine::model::AddressFamily;
use vrrplab_engine::model::lvs::{Endpoint, Forwarding, Granularity, Protocol, Scheduler};

use super::place;
use crate::control::flags;

/// A change of the table, as a command of `ipvsadm`.
pub fn command(command: &IpvsCommand) -> String {
    match command {
        IpvsCommand::AddService(key, config) => format!("ipvsadm -A {}{}", of(*key), settings(config)),
        IpvsCommand::EditService(key, config) => format!("ipvsadm -E {}{}", of(*key), settings(config)),
        IpvsCommand::DeleteService(key) => format!("ipvsadm -D {}", of(*key)),
        IpvsCommand::AddDest(key, dest, config) => format!("ipvsadm -a {}{}", of(*key), server(dest, config)),
        IpvsCommand::EditDest(key, dest, config) => format!("ipvsadm -e {}{}", of(*key), server(dest, config)),
        IpvsCommand::DeleteDest(key, dest) => format!("ipvsadm -d {} -r {}", of(*key), place(dest.ip, dest.port)),
        IpvsCommand::Flush => "ipvsadm -C".into(),
    }
}

fn of(key: Virtual) -> String {
    match key {
        Virtual::Address(protocol, Endpoint { ip, port }) => {
            let option = match protocol {
                Protocol::Tcp => "-t",
                Protocol::Udp => "-u",
                Protocol::Sctp => "--sctp-service",
            };
            format!("{option} {}", place(ip, port))
        }
        Virtual::Mark(AddressFamily::V4, mark) => format!("-f {mark}"),
        Virtual::Mark(AddressFamily::V6, mark) => format!("-f {mark} -6"),
    }
}

fn settings(config: &ServiceConfig) -> String {
    let mut text = format!(" -s {}", config.scheduler.map_or("none", Scheduler::name));
    let flags = flags(config);
    if !flags.is_empty() {
        let _ = write!(text, " -b {}", flags.join(","));
    }
    if let Some(persistence) = config.persistence {
        let _ = write!(text, " -p {}", persistence.timeout.0 / 1_000_000_000);
        let _ = match persistence.granularity {
            Granularity::Mask(u32::MAX) | Granularity::Prefix(128) => Ok(()),
            Granularity::Mask(mask) => write!(text, " -M {}", std::net::Ipv4Addr::from_bits(mask)),
            Granularity::Prefix(prefix) => write!(text, " -M {prefix}"),
        };
    }
    if config.one_packet {
        text.push_str(" -o");
    }
    text
}

fn server(dest: &Endpoint, config: &DestConfig) -> String {
    let method = match config.forwarding {
        Forwarding::Nat => "-m",
        Forwarding::Dr => "-g",
        Forwarding::Tun(_) => "-i",
    };
    let mut text = format!(" -r {} {method} -w {}", place(dest.ip, dest.port), config.weight);
    if config.upper > 0 {
        let _ = write!(text, " -x {} -y {}", config.upper, config.lower);
    }
    text
}

#[cfg(test)]
mod tests {
    use vrrplab_engine::model::lvs::SchedulerFlags;

    use super::*;

    #[test]
    fn settings_are_told_by_their_options() {
        let key = Virtual::Mark(AddressFamily::V6, 7);
        let flags = SchedulerFlags { first: true, second: true, third: false };
        let config = ServiceConfig { scheduler: Some(Scheduler::Sh), flags, ..ServiceConfig::default() };
        assert_eq!(command(&IpvsCommand::AddService(key, config)), "ipvsadm -A -f 7 -6 -s sh -b sh-fallback,sh-port");
        let at = Endpoint { ip: "fd00::1".parse().unwrap(), port: 80 };
        let dest = DestConfig { forwarding: Forwarding::Dr, weight: 3, upper: 9, lower: 5 };
        assert_eq!(
            command(&IpvsCommand::EditDest(key, at, dest)),
            "ipvsadm -e -f 7 -6 -r [fd00::1]:80 -g -w 3 -x 9 -y 5"
        );
        assert_eq!(command(&IpvsCommand::DeleteDest(key, at)), "ipvsadm -d -f 7 -6 -r [fd00::1]:80");
    }
}
