//! What can be seen from outside: services, servers and connections, as `ipvsadm -L` shows them.
use alloc::vec::Vec;
use core::net::IpAddr;

use super::config::{DestConfig, ServiceConfig, Virtual};
use super::conn::{ConnProtocol, Flags};
use super::director::Director;
use super::table::Stats;
use crate::model::lvs::Endpoint;
use crate::time::{Instant, Span};

/// One service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServiceView {
    /// Its key.
    pub key: Virtual,
    /// Its settings.
    pub config: ServiceConfig,
    /// Its servers in the kernel's order, the newest first.
    pub dests: Vec<DestView>,
    /// What passed.
    pub stats: Stats,
}

/// One server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DestView {
    /// Its address and port.
    pub key: Endpoint,
    /// Its settings.
    pub config: DestConfig,
    /// Active connections.
    pub active: u32,
    /// Inactive connections.
    pub inactive: u32,
    /// Templates.
    pub persistent: u32,
    /// At its upper threshold.
    pub overload: bool,
    /// What passed.
    pub stats: Stats,
}

/// One connection or template.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ConnView {
    /// The protocol.
    pub protocol: ConnProtocol,
    /// The client.
    pub client: (IpAddr, u16),
    /// The virtual address.
    pub virt: (IpAddr, u16),
    /// The server.
    pub server: (IpAddr, u16),
    /// The name of its state: of TCP, or `UDP`, or `NONE` and `ASSURED` of templates.
    pub state: &'static str,
    /// A template.
    pub template: bool,
    /// What is left of its life.
    pub expires: Span,
}

impl Director {
    /// All services, in the order of their keys.
    pub fn services(&self) -> Vec<ServiceView> {
        let view = |(key, service): (&Virtual, &super::table::Service)| ServiceView {
            key: *key,
            config: service.config,
            dests: service.order.iter().rev().filter_map(|id| self.dest_view(*id)).collect(),
            stats: self.table.stats(service),
        };
        self.table.services().map(view).collect()
    }

    fn dest_view(&self, id: super::sched::DestId) -> Option<DestView> {
        let dest = self.table.dest(id)?;
        let load = self.table.load(id);
        Some(DestView {
            key: dest.key,
            config: dest.config,
            active: load.active,
            inactive: load.total.saturating_sub(load.active),
            persistent: dest.persistent,
            overload: load.overload,
            stats: dest.stats,
        })
    }

    /// All connections and templates, in no order that means anything.
    pub fn connections(&self, now: Instant) -> Vec<ConnView> {
        let state = |conn: &super::conn::Conn| {
            let template = conn.flags.has(Flags::TEMPLATE);
            match conn.key.protocol {
                _ if template && conn.flags.has(Flags::ASSURED) => "ASSURED",
                _ if template => "NONE",
                ConnProtocol::Udp => "UDP",
                _ => conn.state.name(),
            }
        };
        let view = |(_, conn): (super::conn::ConnId, &super::conn::Conn)| ConnView {
            protocol: conn.key.protocol,
            client: (conn.key.client, conn.key.client_port),
            virt: (conn.key.virt, conn.key.virt_port),
            server: (conn.server, conn.server_port),
            state: state(conn),
            template: conn.flags.has(Flags::TEMPLATE),
            expires: conn.expires().since(now),
        };
        self.conns.iter().map(view).collect()
    }
}
