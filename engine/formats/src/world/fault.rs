//! What can go wrong in a world, and what mends it.
use vrrplab_engine::model::NodeModel;
use vrrplab_engine::{Instant, Span};

use super::{
    ClientId, CloudFault, KernelFault, LinkChange, Member, NetworkId, Nic, NodeFault, NodeId, PortSecurity, RogueFault,
    ServiceFault, TrunkId,
};

/// A fault and its moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TimedFault {
    /// When.
    pub at: Instant,
    /// What.
    pub fault: Fault,
}

/// What can go wrong, and what mends it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// Frames at this port are dropped; the node keeps its carrier. A later cut of the same port adds to it.
    Cut {
        /// Which port.
        nic: Nic,
        /// Which way.
        direction: Direction,
        /// Which frames.
        frames: FrameClass,
    },
    /// All cuts of this port are mended.
    Uncut(Nic),
    /// The switch side goes down: the node sees its carrier go.
    PortDown(Nic),
    /// The switch side comes back.
    PortUp(Nic),
    /// `ip link set down` on the node.
    NicDown(Nic),
    /// `ip link set up` on the node.
    NicUp(Nic),
    /// Frames between members of different groups are dropped; members in no group reach everyone.
    Partition {
        /// On which segment.
        network: NetworkId,
        /// The islands.
        groups: Vec<Vec<Member>>,
    },
    /// All partitions of the segment end.
    Heal(NetworkId),
    /// Power loss: the daemon dies, its switch ports go down, its virtual addresses are gone at the next start.
    Crash(NodeId),
    /// SIGKILL of the daemon: nothing is said, and the addresses stay configured.
    Kill(NodeId),
    /// SIGTERM.
    Stop(NodeId),
    /// SIGSTOP of the daemon; the kernel goes on answering.
    Pause(NodeId),
    /// SIGCONT.
    Resume(NodeId),
    /// The daemon is started (again); a crashed node's ports come back up.
    Start(NodeId),
    /// SIGHUP with a new configuration.
    Reload(NodeId, Box<NodeModel>),
    /// Port security is switched on, changed or off.
    SetPortSecurity(Nic, Option<PortSecurity>),
    /// A file is written, or deleted.
    WriteFile {
        /// Where.
        node: NodeId,
        /// Its path.
        path: String,
        /// What it holds from now on; `None`: it is gone.
        content: Option<String>,
    },
    /// A `vrrp_script` behaves like this from its next run on.
    Script {
        /// Where.
        node: NodeId,
        /// The name after `vrrp_script`.
        name: String,
        /// What it does.
        does: Behaviour,
    },
    /// So many processes match a `vrrp_track_process` (before: as many as its quorum).
    Processes {
        /// Where.
        node: NodeId,
        /// The name after `vrrp_track_process`.
        name: String,
        /// How many.
        count: u32,
    },
    /// A BFD session goes down or comes up (before: up).
    Session {
        /// Where.
        node: NodeId,
        /// The name after `bfd_instance`.
        name: String,
        /// It is up.
        up: bool,
    },
    /// Something about a cloud.
    Cloud(CloudFault),
    /// Something in the kernel of a node is changed.
    Kernel(KernelFault),
    /// Services of a node change.
    Service(ServiceFault),
    /// Something with the machine under a router.
    Node(NodeFault),
    /// A rogue begins to send.
    Rogue(RogueFault),
    /// Something happens to switches and links.
    Fabric(FabricFault),
}

/// What can happen to switches and links.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FabricFault {
    /// A link has another quality from now on.
    Link {
        /// Which.
        link: LinkPlace,
        /// What changes.
        change: LinkChange,
    },
    /// A trunk fails.
    TrunkDown(TrunkId),
    /// A trunk is back.
    TrunkUp(TrunkId),
    /// The IGMP querier of a switch is switched on or off.
    Querier {
        /// Which switch.
        network: NetworkId,
        /// On.
        on: bool,
    },
    /// The access VLAN of a port is another one from now on.
    Vlan {
        /// Whose port.
        nic: Nic,
        /// Which VLAN.
        vlan: u16,
    },
    /// Every broadcast and multicast frame comes more often than it should.
    Storm {
        /// On which switch.
        network: NetworkId,
        /// So many times more.
        copies: u32,
        /// For this long.
        lasts: Span,
    },
}

/// A link, or the links of a switch that have no quality of their own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LinkPlace {
    /// That of a node's interface.
    Nic(Nic),
    /// That of a client.
    Client(ClientId),
    /// Those of a switch.
    Network(NetworkId),
    /// A trunk.
    Trunk(TrunkId),
}

/// What a simulated program does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Behaviour {
    /// It ends at once with this status.
    Exits(i32),
    /// It does not end by itself.
    Hangs,
    /// It ends with this status, so long after its start.
    ExitsAfter(i32, Span),
}

/// Which way frames of a port are dropped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// Both ways.
    Both,
    /// What the node sends.
    FromNode,
    /// What the node would hear.
    ToNode,
}

/// Which frames a cut drops.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FrameClass {
    /// All.
    All,
    /// Multicast, but not broadcast.
    Multicast,
    /// IP protocol 112.
    Vrrp,
    /// ARP.
    Arp,
}
