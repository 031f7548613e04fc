//! What a scenario promises about its run.
use vrrplab_engine::{Instant, Span, State};

use super::{ClientPromise, Member, NodeId, TablePromise, ViewPromise};

/// Where a promise stands in the scenario file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Place {
    /// The file as the user named it.
    pub file: String,
    /// 1-based.
    pub line: usize,
}

/// One `expect:` line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Expectation {
    /// Where it was written.
    pub place: Place,
    /// Its own words, as written (one line).
    pub text: String,
    /// What is promised.
    pub promise: Promise,
}

/// A stretch of time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    /// From, inclusive.
    pub from: Instant,
    /// To, exclusive.
    pub to: Instant,
}

/// What may be promised.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Promise {
    /// In the whole window, the instance (by name) is in this state on the node, give or take `within` at both ends.
    State {
        /// Instance name.
        instance: String,
        /// The node.
        node: NodeId,
        /// The state.
        state: State,
        /// When.
        window: Window,
        /// Tolerance at both ends of the window.
        within: Span,
    },
    /// A state is entered between these times.
    Enters {
        /// Instance name.
        instance: String,
        /// The node.
        node: NodeId,
        /// The state.
        state: State,
        /// Between these times.
        window: Window,
    },
    /// How long, in total, the instance has two or more masters.
    TwoMasters {
        /// Instance name.
        instance: String,
        /// At least this long.
        at_least: Span,
        /// At most this long.
        at_most: Span,
    },
    /// What a client, or a block of clients, saw.
    Client(ClientPromise),
    /// How many frames of a kind are seen on the wire.
    Frames {
        /// The kind.
        kind: FrameKind,
        /// Sent by this node, if given.
        from: Option<NodeId>,
        /// Delivered to this host, if given; otherwise sending is enough.
        to: Option<Member>,
        /// When.
        window: Window,
        /// Fewest.
        at_least: u64,
        /// Most.
        at_most: u64,
    },
    /// What a table of virtual servers holds.
    Table(TablePromise),
    /// What another view prints.
    View(ViewPromise),
}

/// What a frame is, for promises about frames.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FrameKind {
    /// A VRRP advert with any priority but zero.
    Advert,
    /// A VRRP advert with priority zero.
    Release,
    /// A gratuitous ARP.
    GratuitousArp,
    /// An unsolicited neighbour advertisement.
    NeighbourAdvert,
}
