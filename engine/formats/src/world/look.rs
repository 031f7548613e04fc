//! What is to be looked at during a run, and what a table of virtual servers is promised to hold.
use vrrplab_engine::Instant;
use vrrplab_engine::lvs::Virtual;
use vrrplab_engine::model::lvs::Endpoint;

use super::{Member, NodeId};

/// A look at hosts, at a moment: after everything else that happens then.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Look {
    /// What is looked at.
    pub view: View,
    /// When.
    pub at: Instant,
    /// Whom; every node that has something to show when not given.
    pub host: Option<Member>,
}

/// What can be looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum View {
    /// The table of virtual servers: `ipvsadm -Ln`.
    Ipvs,
    /// The connections of virtual servers: `ipvsadm -Lnc`.
    Conns,
    /// The neighbours: `ip neigh`.
    Arp,
    /// The addresses: `ip -br addr`.
    Addr,
}

impl View {
    /// Every view by its name.
    pub const NAMED: [(&'static str, View); 4] =
        [("ipvs", View::Ipvs), ("conns", View::Conns), ("arp", View::Arp), ("addr", View::Addr)];

    /// The command that would show it.
    pub const fn command(self) -> &'static str {
        match self {
            View::Ipvs => "ipvsadm -Ln",
            View::Conns => "ipvsadm -Lnc",
            View::Arp => "ip neigh",
            View::Addr => "ip -br addr",
        }
    }
}

/// What the table of virtual servers of a node holds at a moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TablePromise {
    /// The node.
    pub node: NodeId,
    /// When.
    pub at: Instant,
    /// The service.
    pub service: Virtual,
    /// All its servers; `None`: there is no such service.
    pub servers: Option<Vec<(Endpoint, ServerPromise)>>,
}

/// What is promised about one server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ServerPromise {
    /// Its weight.
    pub weight: Option<u32>,
    /// Fewest and most active connections.
    pub active: (u32, u32),
    /// Fewest and most inactive connections.
    pub inactive: (u32, u32),
}

impl Default for ServerPromise {
    fn default() -> ServerPromise {
        ServerPromise { weight: None, active: (0, u32::MAX), inactive: (0, u32::MAX) }
    }
}
