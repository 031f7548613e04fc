//! What is to be looked at during a run, and what is promised to be seen then.
use std::fmt;

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

    /// Whether a line that it prints is one of the heads above the table.
    pub fn heads(self, line: &str) -> bool {
        let first = line.split_whitespace().next();
        match self {
            View::Ipvs => matches!(first, Some("IP" | "Prot")) || line.contains("RemoteAddress:Port"),
            View::Conns => matches!(first, Some("IPVS" | "pro")),
            View::Arp | View::Addr | View::Fdb => false,
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

/// What a view of a host or switch prints at a moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ViewPromise {
    /// The view.
    pub view: View,
    /// Of whom.
    pub of: Subject,
    /// When.
    pub at: Instant,
    /// Its lines.
    pub lines: LinesPromise,
}

/// What is promised about the lines of a table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LinesPromise {
    /// These lines in any order, and no others.
    All(Vec<LinePattern>),
    /// Some of its lines.
    Some {
        /// For each of these there is a line with its words.
        has: Vec<LinePattern>,
        /// For none of these there is one.
        lacks: Vec<LinePattern>,
    },
}

/// The words of a line, or some of them; `None` stands for any one word.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LinePattern(pub Vec<Option<String>>);

impl LinePattern {
    /// Whether this is the whole line.
    pub fn is(&self, line: &str) -> bool {
        let words: Vec<&str> = line.split_whitespace().collect();
        words.len() == self.0.len() && self.0.iter().zip(words).all(|(wanted, word)| fits(wanted, word))
    }

    /// Whether the line has these words in this order, perhaps with others between them.
    pub fn is_within(&self, line: &str) -> bool {
        let mut words = line.split_whitespace();
        self.0.iter().all(|wanted| words.any(|word| fits(wanted, word)))
    }
}

fn fits(wanted: &Option<String>, word: &str) -> bool {
    wanted.as_ref().is_none_or(|wanted| wanted == word)
}

impl fmt::Display for LinePattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let words: Vec<&str> = self.0.iter().map(|word| word.as_deref().unwrap_or("*")).collect();
        f.write_str(&words.join(" "))
    }
}
