//! What is to be looked at during a run, and what a table of virtual servers is promised to hold.
use vrrplab_engine::Instant;
use vrrplab_engine::lvs::Virtual;
use vrrplab_engine::model::lvs::Endpoint;

use super::{Member, NetworkId, NodeId};

/// A look at hosts or switches, at a moment: after everything else that happens then.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Look {
    /// What is looked at.
    pub view: View,
    /// When.
    pub at: Instant,
    /// At whom; every node, or every switch, that has something to show when not given.
    pub of: Option<Subject>,
}

/// Whom a look is at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Subject {
    /// A host.
    Host(Member),
    /// The switch of a network.
    Switch(NetworkId),
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
    /// Where a switch has heard whom: `bridge fdb show`.
    Fdb,
}

impl View {
    /// Every view by its name.
    pub const NAMED: [(&'static str, View); 5] =
        [("ipvs", View::Ipvs), ("conns", View::Conns), ("arp", View::Arp), ("addr", View::Addr), ("fdb", View::Fdb)];

    /// The command that would show it.
    pub const fn command(self) -> &'static str {
        match self {
            View::Ipvs => "ipvsadm -Ln",
            View::Conns => "ipvsadm -Lnc",
            View::Arp => "ip neigh",
            View::Addr => "ip -br addr",
            View::Fdb => "bridge fdb show",
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
