//! The kernel of a host as it is set up: routes, sysctls, packet filter, address translation; and what changes them.
use std::net::IpAddr;

use vrrplab_engine::model::{IfAddr, IfIndex};

use super::{Nic, NodeId};

/// The index of `lo`.
pub const LOOPBACK: IfIndex = IfIndex(1);

/// How the kernel of a host is set up, beyond its interfaces. The default is a host that was told nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct KernelSetup {
    /// Addresses on `lo`, each for itself alone.
    pub loopback: Vec<IfAddr>,
    /// It takes IP packets out of IP packets for itself (`tunl0`, whose addresses are among those of `lo` here).
    pub ipip: bool,
    /// Routes besides those of the interfaces' own prefixes.
    pub routes: Vec<Route>,
    /// Sysctls; a later one wins.
    pub sysctls: Vec<Sysctl>,
    /// The packet filter: the first rule that matches decides, and what none matches passes.
    pub firewall: Vec<FirewallRule>,
    /// Addresses that are translated one to one.
    pub nat: Vec<OneToOne>,
    /// What is forwarded out of this interface takes the interface's own address.
    pub masquerade: Option<IfIndex>,
}

/// A route: at least one of `via` and `iface` is given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Route {
    /// Where to.
    pub to: IfAddr,
    /// The neighbour that knows on; `None`: everyone there is a neighbour.
    pub via: Option<IpAddr>,
    /// By which interface; `None`: the one that `via` is on.
    pub iface: Option<IfIndex>,
}

/// One sysctl and its value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sysctl {
    /// Which.
    pub key: SysctlKey,
    /// Of this interface; `None`: of all.
    pub iface: Option<IfIndex>,
    /// Its value.
    pub value: u8,
}

/// The sysctls that a simulated kernel knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SysctlKey {
    /// `net.ipv4.ip_forward`.
    Forward,
    /// `net.ipv6.conf.all.forwarding`.
    Forward6,
    /// For whose addresses ARP is answered.
    ArpIgnore,
    /// In whose name ARP asks.
    ArpAnnounce,
    /// Whether an announcement makes a new neighbour.
    ArpAccept,
    /// Whether the way back decides if a packet is heard.
    RpFilter,
    /// Whether packets from own addresses are heard.
    AcceptLocal,
    /// Whether a secondary address takes the place of the primary one.
    PromoteSecondaries,
}

/// One rule of a packet filter: everything that it says must be so.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FirewallRule {
    /// Which packets it looks at.
    pub chain: Chain,
    /// The IP protocol.
    pub protocol: Option<u8>,
    /// Who sent it.
    pub source: Option<IfAddr>,
    /// Who shall have it.
    pub destination: Option<IfAddr>,
    /// By which interface it came or leaves.
    pub iface: Option<IfIndex>,
    /// To a group or to everyone, or not.
    pub multicast: Option<bool>,
    /// The packet passes, or is dropped.
    pub accept: bool,
    /// The TCP or UDP port that it is for.
    pub port: Option<u16>,
    /// The packet gets this mark, before anybody decides whether it passes; this rule decides nothing then.
    pub mark: Option<u32>,
}

impl FirewallRule {
    /// Drops every packet that this chain looks at.
    pub const fn drops_all(chain: Chain) -> FirewallRule {
        FirewallRule {
            chain,
            protocol: None,
            source: None,
            destination: None,
            iface: None,
            multicast: None,
            accept: false,
            port: None,
            mark: None,
        }
    }
}

/// Which packets a rule looks at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Chain {
    /// What is for the host itself.
    In,
    /// What the host itself sends.
    Out,
    /// What it passes on.
    Forward,
}

/// An address that is another one outside.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OneToOne {
    /// What the outside sees.
    pub outside: IpAddr,
    /// Who that is.
    pub inside: IpAddr,
}

/// What is changed in the kernel of a node, by hand or by the kernel itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KernelFault {
    /// The packet filter has these rules from now on.
    Firewall {
        /// Where.
        node: NodeId,
        /// All of its rules.
        rules: Vec<FirewallRule>,
    },
    /// These addresses are translated from now on, instead of those before; what is under way goes on as it began.
    Nat {
        /// Where.
        node: NodeId,
        /// All of them.
        pairs: Vec<OneToOne>,
    },
    /// `ip address add` or `del`.
    Address {
        /// Where.
        node: NodeId,
        /// On which interface.
        iface: IfIndex,
        /// Which address.
        addr: IfAddr,
        /// Set it, or remove it.
        add: bool,
    },
    /// The kernel refuses to set an address, or does so no more.
    RefuseAddress {
        /// Where.
        node: NodeId,
        /// Which address, on any interface.
        ip: IpAddr,
        /// Refused, or not.
        refused: bool,
    },
    /// `ip route replace` or `del`.
    Route {
        /// Where.
        node: NodeId,
        /// The route; when it goes, only its prefix matters.
        route: Route,
        /// It is there from now on, or gone.
        present: bool,
    },
    /// Sysctls are set.
    Sysctl {
        /// Where.
        node: NodeId,
        /// Which, and to what.
        settings: Vec<Sysctl>,
    },
    /// The device vanishes and comes back up at once, without its addresses.
    NicRecreated(Nic),
}

impl KernelFault {
    /// Whose kernel it is.
    pub fn node(&self) -> NodeId {
        match self {
            KernelFault::Firewall { node, .. }
            | KernelFault::Nat { node, .. }
            | KernelFault::Address { node, .. }
            | KernelFault::RefuseAddress { node, .. }
            | KernelFault::Route { node, .. }
            | KernelFault::Sysctl { node, .. } => *node,
            KernelFault::NicRecreated(nic) => nic.node,
        }
    }
}
