//! The one typed configuration model: what a node is told to be, after every text and default has been resolved.
use alloc::string::String;
use alloc::vec::Vec;
use core::net::IpAddr;
use core::num::NonZeroU8;

use crate::policy::Policy;
use crate::time::Span;
pub use vrrplab_wire::{AddressFamily, Mac, Version};

/// The kernel's interface number (`ip link` index), the key of an interface within one node.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct IfIndex(pub u32);

/// A node: its interfaces as the kernel shows them at start, and the VRRP configuration on top of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NodeModel {
    /// The node's name in logs and timelines.
    pub name: String,
    /// Which implementation's behaviour is followed where implementations differ.
    pub policy: Policy,
    /// The interfaces, in index order.
    pub interfaces: Vec<InterfaceModel>,
    /// The virtual routers, in the order of the configuration file.
    pub instances: Vec<InstanceModel>,
    /// The `vrrp_sync_group`s, in the order of the configuration file.
    pub sync_groups: Vec<SyncGroupModel>,
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

/// One `vrrp_instance`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InstanceModel {
    /// The name after `vrrp_instance`.
    pub name: String,
    /// `interface`: where adverts are sent and heard.
    pub iface: IfIndex,
    /// `virtual_router_id`.
    pub vrid: NonZeroU8,
    /// `version`.
    pub version: Version,
    /// Family of the virtual addresses.
    pub family: AddressFamily,
    /// `priority`; 255 is the owner.
    pub priority: NonZeroU8,
    /// `state MASTER` (it matters for priority 255 only).
    pub wants_master: bool,
    /// `advert_int`, resolved: whole seconds for v2, 10 ms steps for v3.
    pub advert_int: Span,
    /// `nopreempt` absent.
    pub preempt: bool,
    /// `preempt_delay`.
    pub preempt_delay: Span,
    /// `authentication` (v2 only).
    pub auth: Auth,
    /// `virtual_ipaddress`, in order: these are advertised.
    pub vips: Vec<Vip>,
    /// `virtual_ipaddress_excluded`, in order: set and announced, never advertised.
    pub excluded_vips: Vec<Vip>,
    /// `unicast_peer`; empty means multicast.
    pub unicast_peers: Vec<UnicastPeer>,
    /// `unicast_src_ip` / `mcast_src_ip`.
    pub source: Option<IpAddr>,
    /// `unicast_ttl` where given with peers.
    pub unicast_ttl: Option<u8>,
    /// Announcement bursts.
    pub garp: Garp,
    /// `down_timer_adverts`.
    pub down_timer_adverts: u8,
    /// `lower_prio_no_advert`: a master does not answer a worse advert with one of its own.
    pub lower_prio_no_advert: bool,
    /// `higher_prio_send_advert`: one more advert before yielding.
    pub higher_prio_send_advert: bool,
    /// `skip_check_adv_addr`.
    pub skip_check_adv_addr: bool,
    /// `check_unicast_src`.
    pub check_unicast_src: bool,
    /// `dont_track_primary`: the own interface's link does not matter.
    pub dont_track_primary: bool,
    /// `track_interface`.
    pub track_interfaces: Vec<TrackInterface>,
}

/// One virtual address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Vip {
    /// Address and prefix (default /32 and /128).
    pub addr: IfAddr,
    /// `dev`, resolved; the instance's interface when not given.
    pub iface: IfIndex,
    /// The interface's link is not tracked on account of this address.
    pub no_track: bool,
}

/// One line of `unicast_peer`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UnicastPeer {
    /// Its address.
    pub ip: IpAddr,
    /// `min_ttl` and `max_ttl`: the TTLs accepted from it; not looked at when neither is given.
    pub ttl: Option<(u8, u8)>,
}

impl From<IpAddr> for UnicastPeer {
    /// A peer whose TTL is not looked at.
    fn from(ip: IpAddr) -> UnicastPeer {
        UnicastPeer { ip, ttl: None }
    }
}

/// VRRPv2 authentication.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Auth {
    /// None.
    None,
    /// `auth_type PASS`: eight bytes, zero padded.
    Pass([u8; 8]),
}

/// GARP and unsolicited NA bursts of one instance.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Garp {
    /// `garp_master_repeat`: rounds at once.
    pub repeat: u32,
    /// `garp_master_delay`: the second burst; zero means none.
    pub delay: Span,
    /// `garp_master_refresh`; zero means off.
    pub refresh: Span,
    /// `garp_master_refresh_repeat`.
    pub refresh_repeat: u32,
    /// `garp_lower_prio_repeat`.
    pub lower_prio_repeat: u32,
    /// `garp_lower_prio_delay`.
    pub lower_prio_delay: Span,
}

impl Default for Garp {
    /// keepalived's defaults: five rounds, five more after five seconds, no refresh.
    fn default() -> Garp {
        Garp {
            repeat: 5,
            delay: Span::from_secs(5),
            refresh: Span::ZERO,
            refresh_repeat: 1,
            lower_prio_repeat: 5,
            lower_prio_delay: Span::from_secs(5),
        }
    }
}

/// One line of `track_interface`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TrackInterface {
    /// The interface watched.
    pub iface: IfIndex,
    /// `weight`; zero means that its loss is a fault.
    pub weight: i16,
    /// `reverse`.
    pub reverse: bool,
}

/// One `vrrp_sync_group`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SyncGroupModel {
    /// The name after `vrrp_sync_group`.
    pub name: String,
    /// Positions of the members in [`NodeModel::instances`], in list order.
    pub members: Vec<usize>,
}

/// keepalived's priority where none is given (RFC 9568 §5.2.4 has the same).
pub const DEFAULT_PRIORITY: NonZeroU8 = NonZeroU8::new(100).unwrap();

impl NodeModel {
    /// The interface with this index.
    pub fn interface(&self, index: IfIndex) -> Option<&InterfaceModel> {
        self.interfaces.iter().find(|i| i.index == index)
    }
    /// The interface with this name.
    pub fn interface_named(&self, name: &str) -> Option<&InterfaceModel> {
        self.interfaces.iter().find(|i| i.name == name)
    }
}

impl InstanceModel {
    /// A v2 instance over IPv4 with keepalived's defaults: priority 100, adverts every second, no address yet.
    pub fn new(name: &str, iface: IfIndex, vrid: NonZeroU8) -> InstanceModel {
        InstanceModel {
            name: name.into(),
            iface,
            vrid,
            version: Version::V2,
            family: AddressFamily::V4,
            priority: DEFAULT_PRIORITY,
            wants_master: false,
            advert_int: Span::from_secs(1),
            preempt: true,
            preempt_delay: Span::ZERO,
            auth: Auth::None,
            vips: Vec::new(),
            excluded_vips: Vec::new(),
            unicast_peers: Vec::new(),
            source: None,
            unicast_ttl: None,
            garp: Garp::default(),
            down_timer_adverts: 3,
            lower_prio_no_advert: false,
            higher_prio_send_advert: false,
            skip_check_adv_addr: false,
            check_unicast_src: false,
            dont_track_primary: false,
            track_interfaces: Vec::new(),
        }
    }
    /// Priority 255 owns the addresses.
    pub fn is_owner(&self) -> bool {
        self.priority.get() == 255
    }
    /// Whether adverts go to a list of peers.
    pub fn is_unicast(&self) -> bool {
        !self.unicast_peers.is_empty()
    }
    /// The peer with this address.
    pub fn peer(&self, ip: IpAddr) -> Option<&UnicastPeer> {
        self.unicast_peers.iter().find(|peer| peer.ip == ip)
    }
    /// Whether the source of an advert must be a peer: asked for, or implied by a TTL range.
    pub fn checks_peers(&self) -> bool {
        self.check_unicast_src || self.unicast_peers.iter().any(|peer| peer.ttl.is_some())
    }
    /// Every address to be set, advertised ones first.
    pub fn all_vips(&self) -> impl Iterator<Item = &Vip> {
        self.vips.iter().chain(&self.excluded_vips)
    }
}
