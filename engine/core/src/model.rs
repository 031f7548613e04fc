//! The one typed configuration model: what a node is told to be, after every text and default has been resolved.
pub mod command;
pub mod globals;
pub mod health;
pub mod lvs;
pub mod route;
pub mod track;
mod vrrp;

use alloc::string::String;
use alloc::vec::Vec;
use core::net::IpAddr;

use crate::policy::Policy;
pub use vrrp::{
    AddressFlag, AddressOptions, Auth, Broadcast, DEFAULT_PRIORITY, Garp, GarpExtra, InstanceModel, IpvlanMode,
    SyncGroupModel, TrackInterface, UnicastChecksum, UnicastPeer, Vip, VmacKind, VmacModel, standard_group,
};
pub use vrrplab_wire::{AddressFamily, Mac, Version};

/// The kernel's interface number (`ip link` index), the key of an interface within one node.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct IfIndex(pub u32);

/// A node: its interfaces as the kernel shows them at start, and the configuration on top of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NodeModel {
    /// The node's name in logs and timelines.
    pub name: String,
    /// Which implementation's behaviour is followed where implementations differ.
    pub policy: Policy,
    /// The interfaces, in index order.
    pub interfaces: Vec<InterfaceModel>,
    /// `global_defs` and what else stands outside of blocks.
    pub globals: globals::Globals,
    /// The virtual routers, in the order of the configuration file.
    pub instances: Vec<InstanceModel>,
    /// The `vrrp_sync_group`s, in the order of the configuration file.
    pub sync_groups: Vec<SyncGroupModel>,
    /// The `vrrp_script`s.
    pub scripts: Vec<track::ScriptModel>,
    /// The `track_file`s.
    pub files: Vec<track::FileModel>,
    /// The `vrrp_track_process`es.
    pub processes: Vec<track::ProcessModel>,
    /// The `bfd_instance`s.
    pub bfds: Vec<track::BfdModel>,
    /// `static_ipaddress`, `static_routes`, `static_rules` and the groups that restore them.
    pub statics: route::Statics,
    /// The `virtual_server_group`s.
    pub server_groups: Vec<lvs::ServerGroupModel>,
    /// The `virtual_server`s.
    pub servers: Vec<lvs::VirtualServerModel>,
}

/// One interface at start.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InterfaceModel {
    /// Kernel index.
    pub index: IfIndex,
    /// Name, such as `eth0`.
    pub name: String,
    /// Hardware address.
    pub mac: Mac,
    /// Fixed addresses in kernel order; the first of a family is its primary.
    pub addresses: Vec<IfAddr>,
    /// Administratively up and with carrier (`IFF_UP` and `IFF_RUNNING`).
    pub up: bool,
}

/// An address with its prefix length.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct IfAddr {
    /// The address.
    pub ip: IpAddr,
    /// Prefix length in bits.
    pub prefix: u8,
}

impl IfAddr {
    /// What an interface with this MAC gives itself where there is IPv6.
    pub const fn link_local(mac: Mac) -> IfAddr {
        IfAddr { ip: IpAddr::V6(mac.link_local()), prefix: 64 }
    }

    /// Whether it is a link-local IPv6 address.
    pub const fn is_link_local(&self) -> bool {
        matches!(self.ip, IpAddr::V6(ip) if ip.is_unicast_link_local())
    }
}

impl NodeModel {
    /// A node with these interfaces that is told nothing yet.
    pub fn new(name: &str, policy: Policy, interfaces: Vec<InterfaceModel>) -> NodeModel {
        NodeModel {
            name: name.into(),
            policy,
            interfaces,
            globals: globals::Globals::default(),
            instances: Vec::new(),
            sync_groups: Vec::new(),
            scripts: Vec::new(),
            files: Vec::new(),
            processes: Vec::new(),
            bfds: Vec::new(),
            statics: route::Statics::default(),
            server_groups: Vec::new(),
            servers: Vec::new(),
        }
    }
    /// The interface with this index.
    pub fn interface(&self, index: IfIndex) -> Option<&InterfaceModel> {
        self.interfaces.iter().find(|i| i.index == index)
    }
    /// The interface with this name.
    pub fn interface_named(&self, name: &str) -> Option<&InterfaceModel> {
        self.interfaces.iter().find(|i| i.name == name)
    }
}
