//! What every reader of scenarios produces: a world with its nodes, clients, faults and promises, all names resolved.
//!
//! Scenario YAML and recordings of real routers both end here; the simulator starts here. No text, no default and no
//! unknown name lies beyond this type.
use std::net::IpAddr;

use vrrplab_engine::model::{IfAddr, Mac, NodeModel};
use vrrplab_engine::{Instant, Span, State};

/// A whole experiment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct World {
    /// Name, the file's stem where not given.
    pub name: String,
    /// What it shows, for people.
    pub about: String,
    /// Root of all chance.
    pub seed: u64,
    /// When it ends.
    pub duration: Span,
    /// The broadcast segments (one switch each).
    pub networks: Vec<Network>,
    /// The routers.
    pub nodes: Vec<Node>,
    /// The hosts that ask for something.
    pub clients: Vec<Client>,
    /// The faults, in order of time.
    pub faults: Vec<TimedFault>,
    /// The promises, in file order.
    pub expectations: Vec<Expectation>,
}

/// Position in [`World::networks`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct NetworkId(pub usize);
/// Position in [`World::nodes`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct NodeId(pub usize);
/// Position in [`World::clients`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ClientId(pub usize);

/// One broadcast segment: a switch, and the quality of every link to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Network {
    /// Name.
    pub name: String,
    /// Quality of the links.
    pub link: LinkQuality,
}

/// How a link treats frames.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LinkQuality {
    /// Fixed delay of one crossing (host to switch, or switch to host).
    pub delay: Span,
    /// Added delay, uniform from zero to this.
    pub jitter: Span,
    /// Chance that a frame is lost on one crossing, in millionths.
    pub loss_ppm: u32,
}

/// One router.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Node {
    /// Its configuration; `model.interfaces[i]` is plugged in by `ports[i]`.
    pub model: NodeModel,
    /// Where its interfaces are plugged in.
    pub ports: Vec<Port>,
    /// When the daemon enters its first state; `None`: only by a `Start` fault.
    pub start: Option<Instant>,
    /// Whether the node answers HTTP on port 80 of every address that it holds.
    pub http: bool,
    /// Its files, path and content: those that are tracked, and shell scripts.
    pub files: Vec<(String, String)>,
}

/// Where an interface is plugged in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Port {
    /// The segment.
    pub network: NetworkId,
    /// OpenStack port security, when on.
    pub security: Option<PortSecurity>,
}

/// OpenStack port security: only the port's own addresses and the allowed pairs may be used as a source.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PortSecurity {
    /// Which of Neutron's drivers enforces it.
    pub driver: Driver,
    /// `allowed_address_pairs`, beyond the port's own MAC and fixed addresses.
    pub allowed_address_pairs: Vec<AddressPair>,
    /// Its security groups; `None`: not looked at, everything passes them.
    pub groups: Option<Vec<SecurityGroup>>,
}

/// What enforces port security on the compute host.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Driver {
    /// iptables on a bridge of each port, and the agent's tables behind it.
    IptablesHybrid,
    /// OpenFlow rules of the Open vSwitch agent.
    #[default]
    OpenVswitch,
    /// OVN before 26.03.
    Ovn,
    /// OVN from 26.03 on, whose ports know virtual routers' MACs (`VRRPv3`).
    OvnVrrp,
}

/// A security group: whatever no rule lets pass is dropped.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SecurityGroup {
    /// Its name.
    pub name: String,
    /// What passes.
    pub rules: Vec<GroupRule>,
}

/// One rule of a security group: everything that it says must be so for a packet to pass.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GroupRule {
    /// Towards the port.
    pub ingress: bool,
    /// IPv6, or IPv4.
    pub v6: bool,
    /// The IP protocol; any when not given.
    pub protocol: Option<u8>,
    /// First and last destination port of TCP and UDP, both included.
    pub ports: Option<(u16, u16)>,
    /// Who is at the other end.
    pub remote: Remote,
}

/// The other end of what a security group lets pass.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Remote {
    /// Anyone.
    Any,
    /// These addresses.
    Prefix(IfAddr),
    /// The addresses of the ports that are in this group.
    Group(String),
}

/// One allowed address pair.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AddressPair {
    /// Address or prefix.
    pub ip: IfAddr,
    /// MAC; the port's own when not given.
    pub mac: Option<Mac>,
}

/// A host that asks for something at a rate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Client {
    /// Name.
    pub name: String,
    /// Its segment.
    pub network: NetworkId,
    /// Its hardware address.
    pub mac: Mac,
    /// Its address and prefix.
    pub addr: IfAddr,
    /// What it does.
    pub ask: Ask,
    /// Time between requests.
    pub every: Span,
    /// A request without an answer after this long is lost.
    pub timeout: Span,
    /// First request.
    pub from: Instant,
}

/// What a client asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ask {
    /// ICMP echo.
    Ping(IpAddr),
    /// HTTP GET over a new TCP connection each time.
    Http(IpAddr, u16),
}

/// A fault and its moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TimedFault {
    /// When.
    pub at: Instant,
    /// What.
    pub fault: Fault,
}

/// One interface of one node, by positions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Nic {
    /// The node.
    pub node: NodeId,
    /// Position in its `model.interfaces` and `ports`.
    pub nic: usize,
}

/// A host on a segment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Member {
    /// A router.
    Node(NodeId),
    /// A client.
    Client(ClientId),
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
}

/// What a simulated program does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Behaviour {
    /// It ends at once with this status.
    Exits(i32),
    /// It does not end by itself.
    Hangs,
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
    /// What a client saw.
    Outage {
        /// The client.
        client: ClientId,
        /// Fewest lost requests.
        lost_at_least: u64,
        /// Most lost requests.
        lost_at_most: u64,
        /// The longest time between two answers in a row lies at or above this.
        longest_at_least: Span,
        /// ... and at or below this.
        longest_at_most: Span,
    },
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
