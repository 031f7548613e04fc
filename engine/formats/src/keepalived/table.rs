//! Every keyword that is known, where it may stand and what becomes of it: this table drives the reader.
use std::net::IpAddr;

use vrrplab_engine::time::Span;

use crate::builder::{InstanceDraft, Spanned, SyncGroupDraft};

use super::globals::Globals;

/// The blocks that are told apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Context {
    Root,
    Globals,
    Instance,
    Group,
    Auth,
    Vips,
    ExcludedVips,
    Peers,
    TrackInterface,
    Members,
    /// A block whose inside is not looked at.
    Skipped,
}

/// A field to be filled, with the kind of value it takes.
pub(super) enum Field<T: 'static> {
    Int(fn(&mut T) -> &mut Option<Spanned<i64>>),
    /// As `Int`, but a second line of it is ignored.
    FirstInt(fn(&mut T) -> &mut Option<Spanned<i64>>),
    Seconds(fn(&mut T) -> &mut Option<Spanned<Span>>),
    /// A bare word that means this value.
    Flag(fn(&mut T) -> &mut Option<Spanned<bool>>, bool),
    /// A bare word that means true, or a word with a boolean.
    Switch(fn(&mut T) -> &mut Option<Spanned<bool>>),
    Word(fn(&mut T) -> &mut Option<Spanned<String>>),
    Address(fn(&mut T) -> &mut Option<Spanned<IpAddr>>),
    /// `MASTER` or `BACKUP`.
    State(fn(&mut T) -> &mut Option<Spanned<bool>>),
}

/// What becomes of a keyword.
pub(super) enum Takes {
    /// Opens a block.
    Block(Context),
    /// Opens a block and has a name.
    Named(Context),
    Global(Field<Globals>),
    Instance(Field<InstanceDraft>),
    Group(Field<SyncGroupDraft>),
    AuthType,
    /// Makes no difference to VRRP; a block after it is skipped.
    Harmless,
    /// Would make a difference: accepted with a warning.
    Unmodelled,
    /// Only this value is modelled.
    Only(&'static str),
    /// Another text belongs here.
    Include,
}

/// One row: where, what, how.
pub(super) struct Keyword {
    pub(super) context: Context,
    pub(super) word: &'static str,
    pub(super) takes: Takes,
}

const fn row(context: Context, word: &'static str, takes: Takes) -> Keyword {
    Keyword { context, word, takes }
}
const fn root(word: &'static str, takes: Takes) -> Keyword {
    row(Context::Root, word, takes)
}
const fn global(word: &'static str, field: Field<Globals>) -> Keyword {
    row(Context::Globals, word, Takes::Global(field))
}
const fn instance(word: &'static str, field: Field<InstanceDraft>) -> Keyword {
    row(Context::Instance, word, Takes::Instance(field))
}
const fn block(word: &'static str, inside: Context) -> Keyword {
    row(Context::Instance, word, Takes::Block(inside))
}

/// The rows with something to do.
pub(super) const KEYWORDS: &[Keyword] = &[
    root("global_defs", Takes::Block(Context::Globals)),
    root("vrrp_instance", Takes::Named(Context::Instance)),
    root("vrrp_sync_group", Takes::Named(Context::Group)),
    global("vrrp_version", Field::Int(|g| &mut g.defaults.version)),
    global("vrrp_garp_master_repeat", Field::Int(|g| &mut g.garp_repeat)),
    global("vrrp_garp_master_delay", Field::Seconds(|g| &mut g.garp_delay)),
    global("vrrp_garp_master_refresh", Field::Seconds(|g| &mut g.garp_refresh)),
    global("vrrp_garp_master_refresh_repeat", Field::Int(|g| &mut g.garp_refresh_repeat)),
    global("vrrp_garp_lower_prio_repeat", Field::Int(|g| &mut g.defaults.garp_lower_prio_repeat)),
    global("vrrp_garp_lower_prio_delay", Field::Seconds(|g| &mut g.defaults.garp_lower_prio_delay)),
    global("vrrp_down_timer_adverts", Field::Int(|g| &mut g.down_timer_adverts)),
    global("vrrp_lower_prio_no_advert", Field::Switch(|g| &mut g.defaults.lower_prio_no_advert)),
    global("vrrp_higher_prio_send_advert", Field::Switch(|g| &mut g.defaults.higher_prio_send_advert)),
    global("vrrp_check_unicast_src", Field::Switch(|g| &mut g.defaults.check_unicast_src)),
    global("vrrp_skip_check_adv_addr", Field::Switch(|g| &mut g.skip_check_adv_addr)),
    row(Context::Globals, "vrrp_mcast_group4", Takes::Only("224.0.0.18")),
    row(Context::Globals, "vrrp_mcast_group6", Takes::Only("ff02::12")),
    instance("state", Field::State(|i| &mut i.wants_master)),
    instance("interface", Field::Word(|i| &mut i.interface)),
    instance("virtual_router_id", Field::Int(|i| &mut i.vrid)),
    instance("priority", Field::Int(|i| &mut i.priority)),
    instance("advert_int", Field::Seconds(|i| &mut i.advert_int)),
    instance("version", Field::FirstInt(|i| &mut i.version)),
    instance("nopreempt", Field::Flag(|i| &mut i.preempt, false)),
    instance("preempt", Field::Flag(|i| &mut i.preempt, true)),
    instance("preempt_delay", Field::Seconds(|i| &mut i.preempt_delay)),
    instance("mcast_src_ip", Field::Address(|i| &mut i.source)),
    instance("unicast_src_ip", Field::Address(|i| &mut i.source)),
    instance("unicast_ttl", Field::Int(|i| &mut i.unicast_ttl)),
    instance("check_unicast_src", Field::Switch(|i| &mut i.check_unicast_src)),
    instance("skip_check_adv_addr", Field::Switch(|i| &mut i.skip_check_adv_addr)),
    instance("dont_track_primary", Field::Flag(|i| &mut i.dont_track_primary, true)),
    instance("garp_master_repeat", Field::Int(|i| &mut i.garp_repeat)),
    instance("garp_master_delay", Field::Seconds(|i| &mut i.garp_delay)),
    instance("garp_master_refresh", Field::Seconds(|i| &mut i.garp_refresh)),
    instance("garp_master_refresh_repeat", Field::Int(|i| &mut i.garp_refresh_repeat)),
    instance("garp_lower_prio_repeat", Field::Int(|i| &mut i.garp_lower_prio_repeat)),
    instance("garp_lower_prio_delay", Field::Seconds(|i| &mut i.garp_lower_prio_delay)),
    instance("down_timer_adverts", Field::Int(|i| &mut i.down_timer_adverts)),
    instance("lower_prio_no_advert", Field::Switch(|i| &mut i.lower_prio_no_advert)),
    instance("higher_prio_send_advert", Field::Switch(|i| &mut i.higher_prio_send_advert)),
    block("authentication", Context::Auth),
    block("virtual_ipaddress", Context::Vips),
    block("virtual_ipaddress_excluded", Context::ExcludedVips),
    block("unicast_peer", Context::Peers),
    block("track_interface", Context::TrackInterface),
    row(Context::Auth, "auth_type", Takes::AuthType),
    row(Context::Auth, "auth_pass", Takes::Instance(Field::Word(|i| &mut i.auth_pass))),
    row(Context::Group, "group", Takes::Block(Context::Members)),
    row(Context::Group, "track_interface", Takes::Block(Context::TrackInterface)),
    row(Context::Group, "sync_group_tracking_weight", Takes::Group(Field::Flag(|g| &mut g.tracking_weight, true))),
];

/// Keywords that are only accepted: the block, how, and the words.
const ACCEPTED: &[(Context, Takes, &str)] = &[
    (
        Context::Root,
        Takes::Harmless,
        "virtual_server virtual_server_group SSL bfd_instance snmp_socket use_pid_dir linkbeat_use_polling instance \
         namespace_with_ipsets",
    ),
    (
        Context::Root,
        Takes::Unmodelled,
        "vrrp_script track_file vrrp_track_file vrrp_track_process garp_group track_group static_ipaddress \
         static_routes static_rules linkbeat_interfaces interface_up_down_delays net_namespace",
    ),
    (Context::Root, Takes::Include, INCLUDES),
    (
        Context::Globals,
        Takes::Harmless,
        "router_id notification_email notification_email_from smtp_server smtp_helo_name smtp_connect_timeout \
         smtp_alert smtp_alert_vrrp smtp_alert_checker no_email_faults no_checker_emails process_names process_name \
         vrrp_process_name checker_process_name bfd_process_name startup_script startup_script_timeout \
         shutdown_script shutdown_script_timeout default_interface disable_local_igmp log_unknown_vrids vmac_prefix \
         vmac_addr_prefix vrrp_priority checker_priority bfd_priority vrrp_no_swap checker_no_swap bfd_no_swap \
         vrrp_rt_priority checker_rt_priority bfd_rt_priority vrrp_cpu_affinity checker_cpu_affinity \
         bfd_cpu_affinity vrrp_rlimit_rttime checker_rlimit_rttime bfd_rlimit_rttime max_auto_priority \
         min_auto_priority_delay notify_fifo notify_fifo_script vrrp_notify_fifo vrrp_notify_fifo_script \
         lvs_notify_fifo lvs_notify_fifo_script vrrp_notify_priority_changes fifo_write_vrrp_states_on_reload \
         vrrp_iptables vrrp_ipsets nftables nftables_priority nftables_ifindex nftables_counters nftables_ipvs \
         nftables_ipvs_priority nftables_ipvs_start_fwmark lvs_timeouts lvs_flush lvs_flush_on_stop \
         lvs_flush_onstop lvs_sync_daemon enable_snmp_vrrp enable_snmp_checker enable_snmp_rfc enable_snmp_rfcv2 \
         enable_snmp_rfcv3 enable_snmp_keepalived enable_traps snmp_socket enable_dbus dbus_service_name \
         script_user enable_script_security vrrp_netlink_cmd_rcv_bufs vrrp_netlink_cmd_rcv_bufs_force \
         vrrp_netlink_monitor_rcv_bufs vrrp_netlink_monitor_rcv_bufs_force lvs_netlink_cmd_rcv_bufs \
         lvs_netlink_cmd_rcv_bufs_force lvs_netlink_monitor_rcv_bufs lvs_netlink_monitor_rcv_bufs_force \
         process_monitor_rcv_bufs process_monitor_rcv_bufs_force vrrp_rx_bufs_policy vrrp_rx_bufs_multiplier \
         rs_init_notifies checker_log_all_failures umask random_seed reload_check_config reload_time_file \
         reload_repeat reload_file include_check config_save_dir tmp_config_directory data_use_instance \
         json_version json_dump_file state_dump_file stats_dump_file iproute_usr_dir iproute_etc_dir \
         dbus_no_interface_name use_symlink_paths snmp_vs_stats_update_interval snmp_rs_stats_update_interval \
         lvs_id",
    ),
    (
        Context::Globals,
        Takes::Unmodelled,
        "dynamic_interfaces vrrp_garp_interval vrrp_gna_interval vrrp_min_garp vrrp_garp_extra_if vrrp_strict \
         vrrp_startup_delay v3_checksum_as_v2 vrrp_owner_ignore_adverts",
    ),
    (Context::Globals, Takes::Include, INCLUDES),
    (
        Context::Instance,
        Takes::Harmless,
        "native_ipv6 accept notify notify_master notify_backup notify_fault notify_stop notify_deleted \
         notify_master_rx_lower_pri smtp_alert notify_priority_changes debug kernel_rx_buf_size \
         linkbeat_use_polling lvs_sync_daemon_interface promote_secondaries",
    ),
    (
        Context::Instance,
        Takes::Unmodelled,
        "vrf use_vmac use_vmac_addr vmac_xmit_base use_ipvlan track_src_ip mcast_dst_ip unicast_fault_no_peer \
         old_unicast_checksum virtual_routes virtual_rules no_accept track_script track_file track_process \
         track_bfd strict_mode garp_extra_if vmac_garp_intvl no_virtual_ipaddress v3_checksum_as_v2 \
         owner_ignore_adverts timer_expired_backup thread_timer_expired",
    ),
    (Context::Instance, Takes::Include, INCLUDES),
    (
        Context::Group,
        Takes::Harmless,
        "notify notify_master notify_backup notify_fault notify_stop smtp_alert notify_priority_changes \
         global_tracking",
    ),
    (Context::Group, Takes::Unmodelled, "track_script track_file track_process track_bfd"),
    (Context::Group, Takes::Include, INCLUDES),
];

const INCLUDES: &str = "include includer includem includew includeb includea";

/// What becomes of this word in this block, if it is known there.
pub(super) fn find(context: Context, word: &str) -> Option<&'static Takes> {
    let row = KEYWORDS.iter().find(|k| k.context == context && k.word == word).map(|k| &k.takes);
    row.or_else(|| {
        let mut accepted = ACCEPTED.iter().filter(|(c, _, _)| *c == context);
        accepted.find(|(_, _, words)| words.split(' ').any(|w| w == word)).map(|(_, takes, _)| takes)
    })
}

/// Every word known in this block.
pub(super) fn words(context: Context) -> impl Iterator<Item = &'static str> {
    let rows = KEYWORDS.iter().filter(move |k| k.context == context).map(|k| k.word);
    let accepted = ACCEPTED.iter().filter(move |(c, _, _)| *c == context).flat_map(|(_, _, words)| words.split(' '));
    rows.chain(accepted)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_keyword_is_listed_twice_in_one_block() {
        for context in [Context::Root, Context::Globals, Context::Instance, Context::Group, Context::Auth] {
            let mut all: Vec<_> = words(context).collect();
            let count = all.len();
            all.sort_unstable();
            all.dedup();
            assert_eq!((all.len(), all.contains(&"")), (count, false), "{context:?}");
        }
    }
}
