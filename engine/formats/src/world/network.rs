//! The network of a world: segments, the quality of their links, and the ports that hosts are plugged into.
use std::net::IpAddr;

use vrrplab_engine::Span;
use vrrplab_engine::model::{IfAddr, Mac};

use super::{Cloud, NetworkId};

/// One broadcast segment: a switch, and the quality of every link to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Network {
    /// Name.
    pub name: String,
    /// Quality of the links.
    pub link: LinkQuality,
    /// What it is instead of a switch, if it is none.
    pub cloud: Option<Cloud>,
}

impl Network {
    /// A switch.
    pub fn switch(name: &str, link: LinkQuality) -> Network {
        Network { name: name.to_owned(), link, cloud: None }
    }
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

/// Where an interface is plugged in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Port {
    /// The segment.
    pub network: NetworkId,
    /// OpenStack port security, when on.
    pub security: Option<PortSecurity>,
    /// Addresses that a cloud leads here at the start, besides the fixed ones.
    pub assigned: Vec<IpAddr>,
}

impl Port {
    /// Plugged into this segment, and nothing else.
    pub fn on(network: NetworkId) -> Port {
        Port { network, security: None, assigned: Vec::new() }
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
