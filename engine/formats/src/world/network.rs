//! The network of a world: switches, links and trunks, and the ports that hosts are plugged into.
use std::net::IpAddr;

use vrrplab_engine::Span;
use vrrplab_engine::model::{IfAddr, Mac};

use super::{Cloud, NetworkId};

/// One broadcast segment: a switch, and the quality of every link to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Network {
    /// Name.
    pub name: String,
    /// Quality of the links that have none of their own.
    pub link: LinkQuality,
    /// What the switch does besides forwarding.
    pub switch: SwitchSetup,
    /// What it is instead of a switch, if it is none.
    pub cloud: Option<Cloud>,
}

impl Network {
    /// A switch that floods multicast and knows no spanning tree.
    pub fn new(name: impl Into<String>, link: LinkQuality) -> Network {
        Network { name: name.into(), link, switch: SwitchSetup::default(), cloud: None }
    }
}

/// How a link treats frames, on each crossing in one direction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LinkQuality {
    /// Fixed delay of one crossing (host to switch, or switch to host).
    pub delay: Span,
    /// Added delay, uniform from zero to this.
    pub jitter: Span,
    /// Chance that a frame is lost on one crossing, in millionths.
    pub loss_ppm: u32,
    /// Mean length of a run of lost frames; up to 1: every frame is lost or not by itself.
    pub burst: u32,
    /// Chance that a frame comes twice.
    pub duplicate_ppm: u32,
    /// Chance that a frame is held back, so that later ones overtake it.
    pub reorder_ppm: u32,
    /// How long it is held back.
    pub reorder_delay: Span,
    /// Chance that a bit flips; the receiver drops the frame, as its check sequence is wrong.
    pub corrupt_ppm: u32,
    /// Bits a second; 0: without limit.
    pub bandwidth: u64,
    /// With a bandwidth: so many frames wait or are on their way, and any more are dropped.
    pub queue: u32,
}

impl LinkQuality {
    /// 50 us for a crossing, and nothing wrong.
    pub const CLEAN: LinkQuality = LinkQuality {
        delay: Span::from_micros(50),
        jitter: Span::ZERO,
        loss_ppm: 0,
        burst: 1,
        duplicate_ppm: 0,
        reorder_ppm: 0,
        reorder_delay: Span::from_millis(10),
        corrupt_ppm: 0,
        bandwidth: 0,
        queue: 1_000,
    };

    /// A delay and nothing else.
    pub const fn after(delay: Span) -> LinkQuality {
        LinkQuality { delay, ..LinkQuality::CLEAN }
    }

    /// Whether it does more than delay, jitter and independent loss.
    pub const fn is_special(&self) -> bool {
        (self.burst > 1 && self.loss_ppm > 0)
            || self.duplicate_ppm > 0
            || self.reorder_ppm > 0
            || self.corrupt_ppm > 0
            || self.bandwidth > 0
    }
}

impl Default for LinkQuality {
    fn default() -> LinkQuality {
        LinkQuality::CLEAN
    }
}

/// New values for some qualities of a link; the others stay.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LinkChange {
    /// Fixed delay.
    pub delay: Option<Span>,
    /// Added delay at most.
    pub jitter: Option<Span>,
    /// Loss.
    pub loss_ppm: Option<u32>,
    /// Mean length of a run of lost frames.
    pub burst: Option<u32>,
    /// Frames that come twice.
    pub duplicate_ppm: Option<u32>,
    /// Frames that are held back.
    pub reorder_ppm: Option<u32>,
    /// How long.
    pub reorder_delay: Option<Span>,
    /// Frames that are spoilt.
    pub corrupt_ppm: Option<u32>,
    /// Bits a second; 0: without limit.
    pub bandwidth: Option<u64>,
    /// Frames that may wait.
    pub queue: Option<u32>,
}

impl LinkChange {
    /// The quality after this change.
    pub fn of(&self, before: LinkQuality) -> LinkQuality {
        LinkQuality {
            delay: self.delay.unwrap_or(before.delay),
            jitter: self.jitter.unwrap_or(before.jitter),
            loss_ppm: self.loss_ppm.unwrap_or(before.loss_ppm),
            burst: self.burst.unwrap_or(before.burst),
            duplicate_ppm: self.duplicate_ppm.unwrap_or(before.duplicate_ppm),
            reorder_ppm: self.reorder_ppm.unwrap_or(before.reorder_ppm),
            reorder_delay: self.reorder_delay.unwrap_or(before.reorder_delay),
            corrupt_ppm: self.corrupt_ppm.unwrap_or(before.corrupt_ppm),
            bandwidth: self.bandwidth.unwrap_or(before.bandwidth),
            queue: self.queue.unwrap_or(before.queue),
        }
    }
}

/// What a switch does besides forwarding.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SwitchSetup {
    /// How long it remembers where a MAC address was last heard.
    pub ageing: Span,
    /// Its spanning tree.
    pub stp: SpanningTree,
    /// IGMP snooping, when on.
    pub snooping: Option<Snooping>,
}

impl Default for SwitchSetup {
    fn default() -> SwitchSetup {
        SwitchSetup { ageing: Span::from_secs(300), stp: SpanningTree::default(), snooping: None }
    }
}

/// The spanning tree of a switch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SpanningTree {
    /// Which protocol.
    pub mode: TreeMode,
    /// How long a port listens, and then learns, before it forwards.
    pub forward_delay: Span,
    /// The lowest becomes the root; among equals the first name.
    pub priority: u16,
}

impl Default for SpanningTree {
    fn default() -> SpanningTree {
        SpanningTree { mode: TreeMode::Off, forward_delay: Span::from_secs(15), priority: 32_768 }
    }
}

/// Which protocol keeps switches free of loops.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum TreeMode {
    /// None: ports forward at once.
    #[default]
    Off,
    /// 802.1D: whatever begins to forward waits.
    Stp,
    /// 802.1w: trunks between two such switches begin at once, ports to hosts wait unless they are edges.
    Rstp,
}

/// A switch that forwards IPv4 multicast to those that have asked for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Snooping {
    /// The switch asks who listens.
    pub querier: bool,
    /// How often.
    pub query_interval: Span,
    /// A port from which no report came for this long is no member any more.
    pub timeout: Span,
    /// Groups in 224.0.0.0/24 go everywhere, as RFC 4541 has it.
    pub floods_link_local: bool,
}

impl Default for Snooping {
    fn default() -> Snooping {
        Snooping {
            querier: false,
            query_interval: Span::from_secs(125),
            timeout: Span::from_secs(260),
            floods_link_local: true,
        }
    }
}

/// A link between two switches.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trunk {
    /// Name.
    pub name: String,
    /// The switches.
    pub between: [NetworkId; 2],
    /// The VLANs that cross it; none given: all.
    pub vlans: Vec<u16>,
    /// Its quality.
    pub link: LinkQuality,
}

/// For every one of so many switches, the first of those that are joined with it, pair by pair.
pub fn joined(switches: usize, pairs: impl Iterator<Item = [usize; 2]>) -> Vec<usize> {
    let mut first: Vec<usize> = (0..switches).collect();
    for pair in pairs {
        let [one, other] = pair.map(|end| first[end]);
        first.iter_mut().filter(|at| **at == one.max(other)).for_each(|at| *at = one.min(other));
    }
    first
}

impl Trunk {
    /// Whether frames of this VLAN cross it.
    pub fn carries(&self, vlan: u16) -> bool {
        self.vlans.is_empty() || self.vlans.contains(&vlan)
    }
}

/// How a host is attached to its switch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Attachment {
    /// The access VLAN. Hosts see frames without tags.
    pub vlan: u16,
    /// The port forwards as soon as it has carrier, whatever the spanning tree.
    pub portfast: bool,
    /// Quality of this link, when it is not the network's.
    pub link: Option<LinkQuality>,
}

impl Default for Attachment {
    fn default() -> Attachment {
        Attachment { vlan: 1, portfast: false, link: None }
    }
}

/// Where an interface is plugged in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Port {
    /// The segment.
    pub network: NetworkId,
    /// OpenStack port security, when on.
    pub security: Option<PortSecurity>,
    /// Addresses that a cloud leads here at the start, besides the fixed ones.
    pub assigned: Vec<IpAddr>,
    /// How it is attached.
    pub attachment: Attachment,
}

impl Port {
    /// Plugged into this segment, and nothing else.
    pub fn on(network: NetworkId) -> Port {
        Port { network, security: None, assigned: Vec::new(), attachment: Attachment::default() }
    }
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
