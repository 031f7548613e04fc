//! Why a frame did not arrive.
use vrrplab_formats::world::TrunkId;

use super::cloud::NotCarried;
use super::port_security::Refusal;

/// Why a frame did not arrive.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum DropReason {
    /// The port, or the interface behind it, is down.
    Down,
    /// A scripted cut.
    Cut,
    /// A scripted partition.
    Partition,
    /// Lost by chance.
    Loss,
    /// Port security or a security group.
    Refused(Refusal),
    /// A switch or a link.
    Fabric(FabricDrop),
    /// The machine of the receiver stands still.
    Stunned,
    /// A cloud does not carry it.
    Cloud(NotCarried),
}

/// Why a switch or a link dropped a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum FabricDrop {
    /// The spanning tree does not let the port forward yet.
    Waits,
    /// IGMP snooping: the port wanted the group, but was not heard for too long.
    AgedOut,
    /// The link of the port.
    Link(LinkDrop),
    /// A trunk on the way.
    Trunk(TrunkId, Trouble),
}

/// Why a link dropped a frame, but for loss.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum LinkDrop {
    /// A bit has flipped, and the check sequence is wrong.
    Corrupt,
    /// Too many frames wait for the link.
    Queue,
}

/// Why a frame does not cross a trunk.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Trouble {
    /// It has failed.
    Down,
    /// The spanning tree does not let it forward.
    Blocked,
    /// Lost by chance.
    Loss,
    /// Corrupt, or too many.
    Link(LinkDrop),
}
