//! Virtual routers and sync groups: `vrrp_instance` and `vrrp_sync_group`.
use alloc::string::String;
use alloc::vec::Vec;
use core::net::IpAddr;
use core::num::NonZeroU8;

use vrrplab_wire::{GROUP_V4, GROUP_V6};

use super::command::Notify;
use super::route::{RouteModel, RuleModel};
use super::track::Tracked;
use super::{AddressFamily, IfAddr, IfIndex, Mac, Version};
use crate::time::Span;

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
    /// `track_script`: positions in [`super::NodeModel::scripts`].
    pub track_scripts: Vec<Tracked>,
    /// `track_file`: positions in [`super::NodeModel::files`].
    pub track_files: Vec<Tracked>,
    /// `track_process`: positions in [`super::NodeModel::processes`].
    pub track_processes: Vec<Tracked>,
    /// `track_bfd`: positions in [`super::NodeModel::bfds`].
    pub track_bfds: Vec<Tracked>,
    /// `strict_mode`, `vrrp_strict`: what the standard does not have is switched off.
    pub strict: bool,
    /// `accept`: packets to the virtual addresses are let in although the node does not own them.
    pub accept: bool,
    /// `use_vmac` or `use_ipvlan`.
    pub vmac: Option<VmacModel>,
    /// `promote_secondaries`.
    pub promote_secondaries: bool,
    /// `mcast_dst_ip`, or the node's group where that is not the standard's.
    pub group: Option<IpAddr>,
    /// `track_src_ip`: the loss of the source address is a fault.
    pub track_source: bool,
    /// `unicast_fault_no_peer`: without a peer the instance is in FAULT.
    pub fault_without_peers: bool,
    /// `old_unicast_checksum`.
    pub unicast_checksum: UnicastChecksum,
    /// `garp_extra_if`: interfaces that get announcements too, and how often.
    pub garp_extra: Option<GarpExtra>,
    /// `virtual_routes`.
    pub routes: Vec<RouteModel>,
    /// `virtual_rules`.
    pub rules: Vec<RuleModel>,
    /// Scripts and mails on changes of state.
    pub notify: Notify,
    /// `debug`, 0 to 4.
    pub debug: u8,
    /// `kernel_rx_buf_size`, bytes.
    pub receive_buffer: Option<u32>,
    /// `lvs_sync_daemon_interface` (deprecated).
    pub lvs_sync_interface: Option<String>,
}

/// `use_vmac` and `use_ipvlan`: adverts and addresses on an interface of the instance's own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VmacModel {
    /// Which kind of interface.
    pub kind: VmacKind,
    /// Its name; `vrrp.VRID` where absent.
    pub name: Option<String>,
    /// `vmac_xmit_base`: adverts leave by the interface below.
    pub xmit_base: bool,
    /// `use_vmac_addr`: virtual addresses of other interfaces get such an interface too.
    pub for_addresses: bool,
}

/// What the interface of an instance is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum VmacKind {
    /// It has none: neither `use_vmac` nor `use_ipvlan` is given.
    Absent,
    /// A macvlan with the virtual router's MAC, or with this one.
    Macvlan(Option<Mac>),
    /// An ipvlan with this address and mode.
    Ipvlan {
        /// The source address of adverts.
        addr: Option<IfAddr>,
        /// `bridge`, `private` or `vepa`.
        mode: IpvlanMode,
    },
}

/// How ipvlans on one interface see each other.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum IpvlanMode {
    /// They do.
    #[default]
    Bridge,
    /// They do not.
    Private,
    /// By way of the switch.
    Vepa,
}

/// Which checksum VRRPv3 adverts to unicast peers carry over IPv4 (`old_unicast_checksum`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum UnicastChecksum {
    /// As the peers are found to do.
    #[default]
    Either,
    /// The one of keepalived 1.3 and older.
    Old,
    /// Never the old one.
    Never,
}

/// `garp_extra_if`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GarpExtra {
    /// Every interface of the VMACs' parents, not only those in use.
    pub all: bool,
    /// How often.
    pub every: Span,
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
    /// What else the kernel is told about it.
    pub options: AddressOptions,
}

/// What an address line may say besides address, interface and tracking.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AddressOptions {
    /// `brd`.
    pub broadcast: Option<Broadcast>,
    /// `scope`, as its number.
    pub scope: Option<u8>,
    /// `label`.
    pub label: Option<String>,
    /// `peer`.
    pub peer: Option<IfAddr>,
    /// `home`, `-nodad`, `mngtmpaddr`, `noprefixroute`, `autojoin`, `use_vmac`, as they were written.
    pub flags: Vec<AddressFlag>,
    /// `preferred_lft` in seconds; `u32::MAX` is forever.
    pub preferred_lft: Option<u32>,
}

/// `brd`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Broadcast {
    /// `+`: host bits all one.
    Ones,
    /// `-`: host bits all zero.
    Zeros,
    /// This address.
    Address(IpAddr),
}

/// A word of an address line that stands alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum AddressFlag {
    /// `home`.
    Home,
    /// `-nodad`: duplicate address detection is done after all.
    Dad,
    /// `mngtmpaddr`.
    ManageTemporary,
    /// `noprefixroute`.
    NoPrefixRoute,
    /// `autojoin`.
    AutoJoin,
    /// `use_vmac`.
    UseVmac,
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
    /// `auth_type AH`: an authentication header, keyed with eight bytes, zero padded.
    Ah([u8; 8]),
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
    /// `vrrp_garp_interval`: the gap between two ARP announcements on one interface.
    pub arp_interval: Span,
    /// `vrrp_gna_interval`: the gap between two neighbour advertisements.
    pub na_interval: Span,
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
            arp_interval: Span::ZERO,
            na_interval: Span::ZERO,
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
    /// Positions of the members in [`super::NodeModel::instances`], in list order.
    pub members: Vec<usize>,
    /// `sync_group_tracking_weight`: members keep the weights of what they track.
    pub tracking_weight: bool,
    /// Scripts and mails on changes of state.
    pub notify: Notify,
}

/// The group that adverts go to (RFC 9568 §5.1.1.2, §5.1.2.2).
pub const fn standard_group(family: AddressFamily) -> IpAddr {
    match family {
        AddressFamily::V4 => IpAddr::V4(GROUP_V4),
        AddressFamily::V6 => IpAddr::V6(GROUP_V6),
    }
}

/// keepalived's priority where none is given (RFC 9568 §5.2.4 has the same).
pub const DEFAULT_PRIORITY: NonZeroU8 = NonZeroU8::new(100).unwrap();

impl Vip {
    /// An address whose interface is tracked, without further options.
    pub fn new(addr: IfAddr, iface: IfIndex) -> Vip {
        Vip { addr, iface, no_track: false, options: AddressOptions::default() }
    }
}

impl SyncGroupModel {
    /// A group that tells nobody anything.
    pub fn new(name: &str, members: Vec<usize>) -> SyncGroupModel {
        SyncGroupModel { name: name.into(), members, tracking_weight: false, notify: Notify::default() }
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
            track_scripts: Vec::new(),
            track_files: Vec::new(),
            track_processes: Vec::new(),
            track_bfds: Vec::new(),
            strict: false,
            accept: true,
            vmac: None,
            promote_secondaries: false,
            group: None,
            track_source: false,
            fault_without_peers: false,
            unicast_checksum: UnicastChecksum::Either,
            garp_extra: None,
            routes: Vec::new(),
            rules: Vec::new(),
            notify: Notify::default(),
            debug: 0,
            receive_buffer: None,
            lvs_sync_interface: None,
        }
    }
    /// Priority 255 owns the addresses.
    pub fn is_owner(&self) -> bool {
        self.priority.get() == 255
    }
    /// The MAC that RFC 9568 §7.3 gives to this virtual router.
    pub fn virtual_mac(&self) -> Mac {
        let family = match self.family {
            AddressFamily::V4 => 1,
            AddressFamily::V6 => 2,
        };
        Mac([0, 0, 0x5e, 0, family, self.vrid.get()])
    }
    /// The MAC of the macvlan that `use_vmac` asks for: the given one, or the virtual router's.
    pub fn macvlan(&self) -> Option<Mac> {
        match self.vmac.as_ref()?.kind {
            VmacKind::Macvlan(given) => Some(given.unwrap_or_else(|| self.virtual_mac())),
            VmacKind::Ipvlan { .. } | VmacKind::Absent => None,
        }
    }
    /// Whether adverts are sent and heard on the macvlan itself. With `vmac_xmit_base` it is the interface below, and
    /// with peers too.
    pub fn speaks_on_macvlan(&self) -> bool {
        self.macvlan().is_some() && !self.is_unicast() && self.vmac.as_ref().is_some_and(|vmac| !vmac.xmit_base)
    }
    /// Whether a virtual address lives on the macvlan: it has the instance's family, and no other interface is named.
    pub fn is_on_macvlan(&self, vip: &Vip) -> bool {
        let same_family = vip.addr.ip.is_ipv4() == (self.family == AddressFamily::V4);
        self.macvlan().is_some() && same_family && vip.iface == self.iface
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
