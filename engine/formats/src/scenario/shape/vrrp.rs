//! The shape of virtual routers that are written in the scenario itself.
use schemars::JsonSchema;
use serde::Deserialize;

use super::super::leaf::Placed;
use super::super::units::*;

/// One virtual router.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::scenario) struct InstanceText {
    /// Its name; keepalived's `vrrp_instance`.
    pub(in crate::scenario) instance: Text,
    /// Where adverts are sent and heard.
    pub(in crate::scenario) interface: Option<Text>,
    /// Virtual router id, 1 to 255; keepalived's `virtual_router_id`.
    pub(in crate::scenario) vrid: Option<Number>,
    /// 2 or 3.
    pub(in crate::scenario) version: Option<Number>,
    /// 1 to 255.
    pub(in crate::scenario) priority: Option<Number>,
    /// MASTER or BACKUP.
    pub(in crate::scenario) state: Option<Wanted>,
    /// Time between adverts.
    pub(in crate::scenario) advert_int: Option<Time>,
    /// Whether it takes over from a worse master; `false` is keepalived's `nopreempt`.
    pub(in crate::scenario) preempt: Option<Flag>,
    /// How long it waits before that.
    pub(in crate::scenario) preempt_delay: Option<Time>,
    /// VRRPv2 password.
    pub(in crate::scenario) auth_pass: Option<Text>,
    /// Advertised addresses; keepalived's `virtual_ipaddress`.
    pub(in crate::scenario) vips: Option<Vec<Placed<MaybePrefixedKind, VipText>>>,
    /// Addresses that are set but not advertised; keepalived's `virtual_ipaddress_excluded`.
    pub(in crate::scenario) excluded_vips: Option<Vec<Placed<MaybePrefixedKind, VipText>>>,
    /// Peers, keepalived's `unicast_peer`; multicast when not given.
    pub(in crate::scenario) unicast_peers: Option<Vec<Address>>,
    /// Source address of adverts; keepalived's `unicast_src_ip` and `mcast_src_ip`.
    pub(in crate::scenario) source: Option<Address>,
    /// TTL of unicast adverts.
    pub(in crate::scenario) unicast_ttl: Option<Number>,
    /// Announcements per address when master.
    pub(in crate::scenario) garp_master_repeat: Option<Number>,
    /// Time to the second burst of announcements; 0s: none.
    pub(in crate::scenario) garp_master_delay: Option<Time>,
    /// Time between repeated announcements; 0s: none.
    pub(in crate::scenario) garp_master_refresh: Option<Time>,
    /// Announcements per repetition.
    pub(in crate::scenario) garp_master_refresh_repeat: Option<Number>,
    /// Announcements after a worse advert.
    pub(in crate::scenario) garp_lower_prio_repeat: Option<Number>,
    /// Time to the second burst after a worse advert.
    pub(in crate::scenario) garp_lower_prio_delay: Option<Time>,
    /// Missed adverts until takeover.
    pub(in crate::scenario) down_timer_adverts: Option<Number>,
    /// A master does not answer a worse advert.
    pub(in crate::scenario) lower_prio_no_advert: Option<Flag>,
    /// One more advert before yielding.
    pub(in crate::scenario) higher_prio_send_advert: Option<Flag>,
    /// The address list of later adverts of the same master is not compared.
    pub(in crate::scenario) skip_check_adv_addr: Option<Flag>,
    /// Unicast adverts of strangers are dropped.
    pub(in crate::scenario) check_unicast_src: Option<Flag>,
    /// The own interface's link does not matter.
    pub(in crate::scenario) dont_track_primary: Option<Flag>,
    /// Interfaces whose loss is a fault, or costs weight; keepalived's `track_interface`.
    pub(in crate::scenario) track_interfaces: Option<Vec<Placed<TextKind, TrackText>>>,
}

/// A virtual address with options.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::scenario) struct VipText {
    /// The address.
    pub(in crate::scenario) address: MaybePrefixed,
    /// Its interface; the instance's when not given.
    pub(in crate::scenario) dev: Option<Text>,
    /// The interface's link does not matter on its account.
    pub(in crate::scenario) no_track: Option<Flag>,
}

/// A tracked interface with options.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::scenario) struct TrackText {
    /// Its name.
    pub(in crate::scenario) interface: Text,
    /// Priority gained or lost; 0: its loss is a fault.
    pub(in crate::scenario) weight: Option<Number>,
    /// Down counts as up.
    pub(in crate::scenario) reverse: Option<Flag>,
}
