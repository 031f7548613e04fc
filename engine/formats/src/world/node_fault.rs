//! What can go wrong with the machine under a router: its clock, its share of the processor, its processes.
use vrrplab_engine::Span;

use super::NodeId;

/// The clock that the timers of a node run by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct NodeClock {
    /// What it says when the world begins.
    pub offset: Span,
    /// How much faster than the world it runs, in millionths.
    pub drift: Ppm,
}

/// Millionths, either way.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Ppm(pub i32);

/// Nanoseconds, forwards or backwards.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct SignedSpan(pub i64);

/// What can go wrong with the machine under a router.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NodeFault {
    /// The whole machine stands still, its kernel included: a virtual machine that is paused or moved to another host.
    Stun {
        /// Which one.
        node: NodeId,
        /// How long.
        length: Span,
        /// Whether its clock has gone on when it goes on.
        clock: StunClock,
        /// So many frames that arrive meanwhile are kept, and read when it goes on; the others are lost.
        ring: u32,
    },
    /// The wall clock is set. Timers run by the monotonic clock, which is not.
    ClockStep {
        /// Which node.
        node: NodeId,
        /// By how much.
        by: SignedSpan,
    },
    /// From now on the clock is so much faster than the world.
    Drift {
        /// Which node.
        node: NodeId,
        /// How much.
        ppm: Ppm,
    },
    /// The daemon waits for the processor: whatever wakes it, it runs so much later, and finds what came meanwhile.
    Starve {
        /// Which node.
        node: NodeId,
        /// How late; zero: in time again.
        late: Span,
        /// Each time anything from nothing to `late`.
        at_random: bool,
    },
    /// SIGKILL of a child of keepalived; its parent starts another one.
    KillChild {
        /// Which node.
        node: NodeId,
        /// Which child.
        child: Child,
    },
}

impl NodeFault {
    /// The node that it strikes.
    pub const fn node(&self) -> NodeId {
        match self {
            NodeFault::Stun { node, .. }
            | NodeFault::ClockStep { node, .. }
            | NodeFault::Drift { node, .. }
            | NodeFault::Starve { node, .. }
            | NodeFault::KillChild { node, .. } => *node,
        }
    }
}

/// What the monotonic clock of a machine does while it stands still.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StunClock {
    /// It goes on: afterwards, timers are overdue.
    Runs,
    /// It stands still too: afterwards, timers are late by the pause.
    Stops,
}

/// A child of keepalived's parent process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Child {
    /// VRRP.
    Vrrp,
    /// Health checks of virtual servers.
    Checkers,
}
