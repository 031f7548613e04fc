//! Commands of the table in words, for the log.
use std::net::IpAddr;

use vrrplab_engine::lvs::{IpvsCommand, Virtual};
use vrrplab_engine::model::lvs::{Endpoint, Protocol};

/// What is to be done.
pub(super) fn command(command: &IpvsCommand) -> String {
    let of = |key: &Virtual, at: &Endpoint| format!("server {} of {}", place(*at), service(*key));
    match command {
        IpvsCommand::AddService(key, _) => format!("add {}", service(*key)),
        IpvsCommand::EditService(key, _) => format!("change {}", service(*key)),
        IpvsCommand::DeleteService(key) => format!("remove {}", service(*key)),
        IpvsCommand::AddDest(key, at, config) => format!("add {}, weight {}", of(key, at), config.weight),
        IpvsCommand::EditDest(key, at, config) => format!("change {}, weight {}", of(key, at), config.weight),
        IpvsCommand::DeleteDest(key, at) => format!("remove {}", of(key, at)),
        IpvsCommand::Flush => "remove everything".to_owned(),
    }
}

fn service(key: Virtual) -> String {
    match key {
        Virtual::Address(protocol, at) => {
            let protocol = match protocol {
                Protocol::Tcp => "tcp",
                Protocol::Udp => "udp",
                Protocol::Sctp => "sctp",
            };
            format!("service {protocol} {}", place(at))
        }
        Virtual::Mark(_, mark) => format!("service of mark {mark}"),
    }
}

fn place(at: Endpoint) -> String {
    match at.ip {
        IpAddr::V4(ip) => format!("{ip}:{}", at.port),
        IpAddr::V6(ip) => format!("[{ip}]:{}", at.port),
    }
}
