//! What a text says about a node, before names are looked up and defaults filled in: the input of the builder.
use std::net::IpAddr;

use vrrplab_engine::model::command::Notify;
use vrrplab_engine::model::globals::Globals;
use vrrplab_engine::model::lvs::{ServerGroupModel, VirtualServerModel};
use vrrplab_engine::model::route::{RouteModel, RuleModel};
use vrrplab_engine::model::track::{BfdModel, FileModel, ProcessModel, ScriptModel};
use vrrplab_engine::model::{AddressFamily, AddressOptions, GarpExtra, UnicastChecksum, VmacModel};
use vrrplab_engine::time::Span;

pub use crate::diagnostics::Spanned;

/// One node's VRRP configuration as written. Absent fields get their defaults from the builder.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Draft {
    /// Defaults of the whole node for what instances leave open.
    pub defaults: DefaultsDraft,
    /// The instances, in order.
    pub instances: Vec<InstanceDraft>,
    /// The sync groups, in order.
    pub sync_groups: Vec<SyncGroupDraft>,
    /// What needs no further resolution.
    pub globals: Globals,
    /// `vrrp_script`s, in order.
    pub scripts: Vec<Spanned<ScriptModel>>,
    /// `track_file`s, in order.
    pub files: Vec<Spanned<FileModel>>,
    /// `vrrp_track_process`es, in order.
    pub processes: Vec<Spanned<ProcessModel>>,
    /// `bfd_instance`s, in order.
    pub bfds: Vec<Spanned<BfdModel>>,
    /// What is static.
    pub statics: StaticsDraft,
    /// `virtual_server_group`s, in order.
    pub server_groups: Vec<Spanned<ServerGroupModel>>,
    /// `virtual_server`s, in order.
    pub servers: Vec<Spanned<VirtualServerModel>>,
}

/// What stands in `static_*` blocks, before names are looked up.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StaticsDraft {
    /// Addresses, each with its group.
    pub addresses: Vec<(VipDraft, Option<String>)>,
    /// Routes.
    pub routes: Vec<RouteModel>,
    /// Rules.
    pub rules: Vec<RuleModel>,
    /// Groups: name and members.
    pub groups: Vec<(Spanned<String>, Vec<Spanned<String>>)>,
    /// Interfaces that routes, rules and `garp_group` name: they must exist.
    pub devices: Vec<Spanned<String>>,
    /// Interfaces whose links are delayed or polled.
    pub links: Vec<Spanned<String>>,
}

/// Node-wide defaults (`global_defs`).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DefaultsDraft {
    /// `vrrp_version`.
    pub version: Option<Spanned<i64>>,
    /// `vrrp_garp_lower_prio_repeat`.
    pub garp_lower_prio_repeat: Option<Spanned<i64>>,
    /// `vrrp_garp_lower_prio_delay`.
    pub garp_lower_prio_delay: Option<Spanned<Span>>,
    /// `vrrp_lower_prio_no_advert`.
    pub lower_prio_no_advert: Option<Spanned<bool>>,
    /// `vrrp_higher_prio_send_advert`.
    pub higher_prio_send_advert: Option<Spanned<bool>>,
    /// `vrrp_check_unicast_src`.
    pub check_unicast_src: Option<Spanned<bool>>,
    /// `vrrp_strict`.
    pub strict: Option<Spanned<bool>>,
    /// `vrrp_mcast_group4`.
    pub group4: Option<Spanned<IpAddr>>,
    /// `vrrp_mcast_group6`.
    pub group6: Option<Spanned<IpAddr>>,
    /// `vrrp_garp_interval`.
    pub arp_interval: Option<Spanned<Span>>,
    /// `vrrp_gna_interval`.
    pub na_interval: Option<Spanned<Span>>,
    /// `vrrp_garp_extra_if`.
    pub garp_extra: Option<Spanned<GarpExtra>>,
    /// `default_interface`.
    pub interface: Option<Spanned<String>>,
}

/// One virtual router as written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InstanceDraft {
    /// Its name.
    pub name: Spanned<String>,
    /// A line of it could not be read and was reported: a missing required field is no news then.
    pub refused: bool,
    /// Interface name.
    pub interface: Option<Spanned<String>>,
    /// Virtual router id, not yet checked.
    pub vrid: Option<Spanned<i64>>,
    /// 2 or 3, not yet checked.
    pub version: Option<Spanned<i64>>,
    /// Priority, not yet checked.
    pub priority: Option<Spanned<i64>>,
    /// `state`: true for MASTER.
    pub wants_master: Option<Spanned<bool>>,
    /// Advert interval as written, not yet rounded.
    pub advert_int: Option<Spanned<Span>>,
    /// Whether a better backup takes over.
    pub preempt: Option<Spanned<bool>>,
    /// How long it waits before that.
    pub preempt_delay: Option<Spanned<Span>>,
    /// `auth_type`.
    pub auth_type: Option<Spanned<AuthType>>,
    /// VRRPv2 password as written.
    pub auth_pass: Option<Spanned<String>>,
    /// The family of the first address, source or peer.
    pub family: Option<AddressFamily>,
    /// A line that makes sense with peers only.
    pub unicast: Option<Spanned<()>>,
    /// Interfaces that routes and rules name.
    pub devices: Vec<Spanned<String>>,
    /// Advertised addresses.
    pub vips: Vec<VipDraft>,
    /// Addresses set but not advertised.
    pub excluded_vips: Vec<VipDraft>,
    /// Unicast peers; empty means multicast.
    pub unicast_peers: Vec<PeerDraft>,
    /// Source address of adverts.
    pub source: Option<Spanned<IpAddr>>,
    /// TTL of unicast adverts.
    pub unicast_ttl: Option<Spanned<i64>>,
    /// `garp_master_repeat`.
    pub garp_repeat: Option<Spanned<i64>>,
    /// `garp_master_delay`.
    pub garp_delay: Option<Spanned<Span>>,
    /// `garp_master_refresh`.
    pub garp_refresh: Option<Spanned<Span>>,
    /// `garp_master_refresh_repeat`.
    pub garp_refresh_repeat: Option<Spanned<i64>>,
    /// `garp_lower_prio_repeat`.
    pub garp_lower_prio_repeat: Option<Spanned<i64>>,
    /// `garp_lower_prio_delay`.
    pub garp_lower_prio_delay: Option<Spanned<Span>>,
    /// Missed adverts until takeover.
    pub down_timer_adverts: Option<Spanned<i64>>,
    /// `lower_prio_no_advert`.
    pub lower_prio_no_advert: Option<Spanned<bool>>,
    /// `higher_prio_send_advert`.
    pub higher_prio_send_advert: Option<Spanned<bool>>,
    /// `skip_check_adv_addr`.
    pub skip_check_adv_addr: Option<Spanned<bool>>,
    /// `check_unicast_src`.
    pub check_unicast_src: Option<Spanned<bool>>,
    /// `dont_track_primary`.
    pub dont_track_primary: Option<Spanned<bool>>,
    /// What is tracked.
    pub tracks: TracksDraft,
    /// `strict_mode`.
    pub strict: Option<Spanned<bool>>,
    /// `accept`, `no_accept`.
    pub accept: Option<Spanned<bool>>,
    /// `use_vmac`, `use_ipvlan` and what goes with them.
    pub vmac: Option<Spanned<VmacModel>>,
    /// `vmac_xmit_base` or `use_vmac_addr` without an interface of its own.
    pub vmac_parts: Option<Spanned<String>>,
    /// `promote_secondaries`.
    pub promote_secondaries: bool,
    /// `mcast_dst_ip`.
    pub group: Option<Spanned<IpAddr>>,
    /// `track_src_ip`.
    pub track_source: Option<Spanned<bool>>,
    /// `unicast_fault_no_peer`.
    pub fault_without_peers: bool,
    /// `old_unicast_checksum`.
    pub unicast_checksum: UnicastChecksum,
    /// `garp_extra_if`.
    pub garp_extra: Option<Spanned<GarpExtra>>,
    /// `virtual_routes`.
    pub routes: Vec<RouteModel>,
    /// `virtual_rules`.
    pub rules: Vec<RuleModel>,
    /// Scripts and mails.
    pub notify: Notify,
    /// `debug`.
    pub debug: u8,
    /// `kernel_rx_buf_size`.
    pub receive_buffer: Option<u32>,
    /// `lvs_sync_daemon_interface`.
    pub lvs_sync_interface: Option<String>,
}

/// `auth_type`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AuthType {
    /// A password.
    Pass,
    /// The header of RFC 2402.
    Ah,
}

impl InstanceDraft {
    /// An instance about which nothing but the name is known yet.
    pub fn new(name: Spanned<String>) -> InstanceDraft {
        InstanceDraft {
            name,
            refused: false,
            interface: None,
            vrid: None,
            version: None,
            priority: None,
            wants_master: None,
            advert_int: None,
            preempt: None,
            preempt_delay: None,
            auth_type: None,
            auth_pass: None,
            family: None,
            unicast: None,
            devices: Vec::new(),
            vips: Vec::new(),
            excluded_vips: Vec::new(),
            unicast_peers: Vec::new(),
            source: None,
            unicast_ttl: None,
            garp_repeat: None,
            garp_delay: None,
            garp_refresh: None,
            garp_refresh_repeat: None,
            garp_lower_prio_repeat: None,
            garp_lower_prio_delay: None,
            down_timer_adverts: None,
            lower_prio_no_advert: None,
            higher_prio_send_advert: None,
            skip_check_adv_addr: None,
            check_unicast_src: None,
            dont_track_primary: None,
            tracks: TracksDraft::default(),
            strict: None,
            accept: None,
            vmac: None,
            vmac_parts: None,
            promote_secondaries: false,
            group: None,
            track_source: None,
            fault_without_peers: false,
            unicast_checksum: UnicastChecksum::default(),
            garp_extra: None,
            routes: Vec::new(),
            rules: Vec::new(),
            notify: Notify::default(),
            debug: 0,
            receive_buffer: None,
            lvs_sync_interface: None,
        }
    }
}

/// One unicast peer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PeerDraft {
    /// Its address.
    pub ip: Spanned<IpAddr>,
    /// The lowest TTL accepted.
    pub min_ttl: Option<Spanned<i64>>,
    /// The highest TTL accepted.
    pub max_ttl: Option<Spanned<i64>>,
}

/// One virtual address as written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VipDraft {
    /// The address.
    pub addr: Spanned<IpAddr>,
    /// Prefix length; absent means a host address.
    pub prefix: Option<Spanned<i64>>,
    /// Interface name; absent means the instance's.
    pub dev: Option<Spanned<String>>,
    /// `no_track`.
    pub no_track: bool,
    /// The other words.
    pub options: AddressOptions,
}

/// What instances and groups keep an eye on.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TracksDraft {
    /// `track_interface`.
    pub interfaces: Vec<TrackDraft>,
    /// `track_script`.
    pub scripts: Vec<TrackDraft>,
    /// `track_file`.
    pub files: Vec<TrackDraft>,
    /// `track_process`.
    pub processes: Vec<TrackDraft>,
    /// `track_bfd`.
    pub bfds: Vec<TrackDraft>,
}

/// One line of a `track_*` block.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TrackDraft {
    /// What is tracked.
    pub name: Spanned<String>,
    /// Weight; absent means the one of what is tracked, 0 for an interface.
    pub weight: Option<Spanned<i64>>,
    /// `reverse`, `noreverse`; absent means as what is tracked says.
    pub reverse: Option<bool>,
}

/// One sync group as written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SyncGroupDraft {
    /// Its name.
    pub name: Spanned<String>,
    /// Instance names.
    pub members: Vec<Spanned<String>>,
    /// `sync_group_tracking_weight`: members keep the weights of what they track.
    pub tracking_weight: Option<Spanned<bool>>,
    /// What is tracked for all members.
    pub tracks: TracksDraft,
    /// Scripts and mails.
    pub notify: Notify,
}

impl SyncGroupDraft {
    /// A group without members yet.
    pub fn new(name: Spanned<String>) -> SyncGroupDraft {
        SyncGroupDraft {
            name,
            members: Vec::new(),
            tracking_weight: None,
            tracks: TracksDraft::default(),
            notify: Notify::default(),
        }
    }
}
