//! What a text says about a node, before names are looked up and defaults filled in: the input of the builder.
use std::net::IpAddr;

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
    /// VRRPv2 password as written.
    pub auth_pass: Option<Spanned<String>>,
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
    /// Tracked interfaces.
    pub track_interfaces: Vec<TrackInterfaceDraft>,
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
            auth_pass: None,
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
            track_interfaces: Vec::new(),
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
}

/// One tracked interface as written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TrackInterfaceDraft {
    /// Interface name.
    pub name: Spanned<String>,
    /// Weight; absent means 0: its loss is a fault.
    pub weight: Option<Spanned<i64>>,
    /// `reverse`.
    pub reverse: bool,
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
    /// Interfaces tracked for all members.
    pub track_interfaces: Vec<TrackInterfaceDraft>,
}

impl SyncGroupDraft {
    /// A group without members yet.
    pub fn new(name: Spanned<String>) -> SyncGroupDraft {
        SyncGroupDraft { name, members: Vec::new(), tracking_weight: None, track_interfaces: Vec::new() }
    }
}
