//! Persistence: a template leads all connections of one client, or of one network of clients, to the same server.
use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::config::Virtual;
use super::conn::{ConnId, ConnKey, ConnProtocol, Flags};
use super::director::{Director, conn_protocol};
use super::sched::DestId;
use crate::model::AddressFamily;
use crate::model::lvs::{Granularity, Persistence};
use crate::time::Instant;
use vrrplab_wire::flow::Flow;

/// FTP talks over several ports, so its template has none.
const FTP: u16 = 21;
/// The port of a template that leads nowhere any more.
const NOWHERE: u16 = 65_535;

impl Director {
    /// A new connection of a persistent service: where the template leads, otherwise where the scheduler says.
    pub(super) fn persistent(
        &mut self,
        now: Instant,
        service: Virtual,
        persistence: Persistence,
        mark: u32,
        flow: &Flow,
    ) -> Option<ConnId> {
        let key = template_key(&service, &persistence, flow);
        let own_port = service.port() != 0 && flow.dest_port == service.port();
        let (template, dest) = match self.valid_template(&key) {
            Some(found) => found,
            None => {
                let dest = self.pick(now, &service, flow)?;
                let port = if own_port && service.port() != FTP { self.table.dest(dest)?.key.port } else { 0 };
                let id = self.insert(key, dest, port, Flags::TEMPLATE, mark)?;
                self.conns.get_mut(id)?.set_timeout(persistence.timeout);
                (id, dest)
            }
        };
        let port = match self.table.dest(dest)?.key.port {
            port if port != 0 && flow.dest_port == service.port() => port,
            _ => flow.dest_port,
        };
        let id = self.connect(&service, dest, port, mark, flow)?;
        self.conns.get_mut(id)?.control = Some(template);
        self.conns.get_mut(template)?.controls += 1;
        self.conns.restart(template, now);
        Some(id)
    }

    /// The template with this key, if its server may still be used. One that leads nowhere is renamed and left to its timer.
    fn valid_template(&mut self, key: &ConnKey) -> Option<(ConnId, DestId)> {
        let id = self.conns.find(key, true)?;
        let dest = self.conns.get(id)?.dest;
        let valid = dest.filter(|dest| {
            let load = self.table.load(*dest);
            load.available && !(self.sysctl.expire_quiescent_template && load.weight == 0)
        });
        if valid.is_none() {
            self.conns.rename(id, ConnKey { client_port: 0, virt_port: NOWHERE, ..*key });
            self.conns.get_mut(id)?.server_port = NOWHERE;
        }
        valid.map(|dest| (id, dest))
    }
}

fn template_key(service: &Virtual, persistence: &Persistence, flow: &Flow) -> ConnKey {
    let client = masked(flow.source, persistence.granularity);
    let key = ConnKey { protocol: conn_protocol(flow), client, client_port: 0, virt: flow.dest, virt_port: 0 };
    match service {
        Virtual::Mark(family, mark) => {
            ConnKey { protocol: ConnProtocol::Ip, virt: mark_address(*family, *mark), ..key }
        }
        Virtual::Address(_, endpoint) if endpoint.port == flow.dest_port && endpoint.port != FTP => {
            ConnKey { virt_port: endpoint.port, ..key }
        }
        Virtual::Address(..) => key,
    }
}

/// A mark in the place of an address.
fn mark_address(family: AddressFamily, mark: u32) -> IpAddr {
    match family {
        AddressFamily::V4 => Ipv4Addr::from(mark).into(),
        AddressFamily::V6 => Ipv6Addr::from(u128::from(mark) << 96).into(),
    }
}

fn masked(ip: IpAddr, granularity: Granularity) -> IpAddr {
    match (ip, granularity) {
        (IpAddr::V4(ip), Granularity::Mask(mask)) => Ipv4Addr::from(u32::from(ip) & mask).into(),
        (IpAddr::V6(ip), Granularity::Prefix(length)) => {
            let mask = u128::MAX.checked_shl(128 - u32::from(length.min(128))).unwrap_or(0);
            Ipv6Addr::from(u128::from(ip) & mask).into()
        }
        (ip, _) => ip,
    }
}
