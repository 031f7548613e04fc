//! Keywords of virtual routers and sync groups.
use super::{Block, Keyword, LONGEST, Section, Takes, U32, kept, modelled, not_yet, refused};

const ADDRESS: &str = "ADDR[/LEN] [brd ADDR|+|-] [dev IF] [scope SCOPE] [label LABEL] [peer ADDR] [home] [-nodad] \
                       [mngtmpaddr] [noprefixroute] [autojoin] [no_track] [preferred_lft SECONDS|forever] [use_vmac]";
const ROUTE: &str = "DESTINATION [via ADDR] [dev IF] [attributes of ip route] [no_track]";
const RULE: &str = "[not] [from ADDR] [to ADDR] [selectors and action of ip rule] [no_track]";
const TRACKED: &str = "NAME [weight WEIGHT [reverse|noreverse]]";

/// `notify*` of instances and groups.
#[rustfmt::skip]
const NOTIFY: [Keyword; 6] = [
    modelled("notify_master", Takes::Program, "", "runs on becoming MASTER"),
    modelled("notify_backup", Takes::Program, "", "runs on becoming BACKUP"),
    modelled("notify_fault", Takes::Program, "", "runs on entering FAULT"),
    modelled("notify_stop", Takes::Program, "", "runs when the daemon stops"),
    modelled("notify", Takes::Program, "", "runs on every change, with type, name, state and priority"),
    modelled("smtp_alert", Takes::Switch, "as in `global_defs`", "a mail for every change"),
];

/// `vrrp_instance`
#[rustfmt::skip]
pub(super) static INSTANCE: Section = Section {
    block: Block::Instance,
    header: "vrrp_instance NAME { }",
    keywords: &[
        modelled("state", Takes::OneOf(&["MASTER", "BACKUP"]), "by priority", "matters for priority 255; MASTER cancels nopreempt and preempt_delay"),
        modelled("interface", Takes::Word("IF"), "", "where adverts are sent and heard; required, except with unicast_src_ip and peers"),
        modelled("virtual_router_id", Takes::Int(1, 255), "", "the VRID; required"),
        modelled("priority", Takes::Int(1, 255), "100, or 255 with `state MASTER`", "the highest wins; 255 owns the addresses"),
        modelled("advert_int", Takes::Seconds(10_000, 255_000_000), "1", "version 2 counts whole seconds, version 3 hundredths up to 40.95 s"),
        modelled("version", Takes::Int(2, 3), "vrrp_version; 3 for IPv6", "the version of VRRP; the first line counts"),
        modelled("nopreempt", Takes::Nothing, "preempt", "a better backup does not take over while a master lives"),
        modelled("preempt", Takes::Nothing, "preempt", "undoes nopreempt"),
        modelled("preempt_delay", Takes::Seconds(0, 1_000_000_000), "0", "how long a better backup waits before it takes over"),
        modelled("down_timer_adverts", Takes::Int(1, 100), "3", "so many missed adverts make a master dead"),
        modelled("mcast_src_ip", Takes::Address, "first address of the interface", "source address of adverts"),
        modelled("unicast_src_ip", Takes::Address, "first address of the interface", "source address of adverts"),
        modelled("track_src_ip", Takes::Nothing, "off", "the loss of the source address is a fault"),
        kept("mcast_dst_ip", Takes::Address, "vrrp_mcast_group4, vrrp_mcast_group6", "the group that adverts are sent to; another than the standard one is not modelled yet"),
        modelled("unicast_peer", Takes::Lines("ADDR [min_ttl N] [max_ttl N]"), "multicast", "adverts go to each of these instead"),
        modelled("unicast_ttl", Takes::Int(0, 255), "255 for IPv4, 64 for IPv6", "TTL of adverts to peers"),
        modelled("check_unicast_src", Takes::Switch, "vrrp_check_unicast_src", "adverts must come from a peer"),
        modelled("unicast_fault_no_peer", Takes::Nothing, "off", "an instance without peers is in FAULT"),
        modelled("old_unicast_checksum", Takes::Words(0, 1, "[never]"), "either", "the version 3 checksum of keepalived 1.3 and older"),
        modelled("authentication", Takes::Block(Block::Authentication), "none", "version 2 only"),
        modelled("virtual_ipaddress", Takes::Lines(ADDRESS), "", "the addresses that are advertised, of one family"),
        modelled("virtual_ipaddress_excluded", Takes::Lines(ADDRESS), "", "addresses that are set but not advertised"),
        modelled("virtual_routes", Takes::Lines(ROUTE), "", "routes that come after the addresses and go before them; the simulated kernel has one table, and of several hops it takes the first"),
        modelled("virtual_rules", Takes::Lines(RULE), "", "rules that come after the routes and go before them; the simulated kernel asks none, but their interfaces are tracked"),
        modelled("track_interface", Takes::Lines(TRACKED), "", "without weight the loss of one is a fault"),
        modelled("track_script", Takes::Lines(TRACKED), "", "scripts whose outcome changes the priority, or is a fault"),
        modelled("track_file", Takes::Lines(TRACKED), "", "files whose number changes the priority, or is a fault"),
        modelled("track_process", Takes::Lines(TRACKED), "", "processes whose quorum changes the priority, or whose lack is a fault"),
        modelled("track_bfd", Takes::Lines(TRACKED), "", "BFD sessions whose state changes the priority, or is a fault"),
        modelled("dont_track_primary", Takes::Nothing, "off", "the link of the own interface does not matter"),
        modelled("skip_check_adv_addr", Takes::Switch, "vrrp_skip_check_adv_addr", "adverts of the known master are not checked for their addresses"),
        modelled("strict_mode", Takes::Switch, "vrrp_strict", "what RFC 5798 does not have is switched off"),
        modelled("garp_master_delay", Takes::Seconds(0, LONGEST), "vrrp_garp_master_delay", "the second burst of announcements comes so much later"),
        modelled("garp_master_repeat", Takes::Int(1, U32), "vrrp_garp_master_repeat", "announcements of each address in a burst"),
        modelled("garp_master_refresh", Takes::Int(0, U32), "vrrp_garp_master_refresh", "a master announces again this often; 0 is never"),
        modelled("garp_master_refresh_repeat", Takes::Int(1, U32), "vrrp_garp_master_refresh_repeat", "announcements of each address then"),
        modelled("garp_lower_prio_delay", Takes::Seconds(0, LONGEST), "vrrp_garp_lower_prio_delay", "the second burst after a worse advert comes so much later"),
        modelled("garp_lower_prio_repeat", Takes::Int(0, U32), "vrrp_garp_lower_prio_repeat", "announcements of each address after a worse advert"),
        modelled("garp_extra_if", Takes::Words(1, 2, "[all] SECONDS"), "vrrp_garp_extra_if", "a master announces on its further interfaces this often; without `all` only on VMACs of single addresses"),
        modelled("lower_prio_no_advert", Takes::Switch, "vrrp_lower_prio_no_advert", "a worse advert is not answered at once"),
        modelled("higher_prio_send_advert", Takes::Switch, "vrrp_higher_prio_send_advert", "a master that yields sends one more advert"),
        modelled("use_vmac", Takes::Words(0, 3, "[NAME] [MAC]"), "off", "adverts and addresses on a macvlan with the virtual MAC"),
        not_yet("use_vmac_addr", Takes::Nothing, "off", "addresses of other interfaces get macvlans too"),
        modelled("vmac_xmit_base", Takes::Nothing, "off", "adverts leave by the interface below the VMAC"),
        not_yet("use_ipvlan", Takes::Words(0, 4, "[NAME] [ADDR] [bridge|private|vepa]"), "off", "adverts and addresses on an ipvlan"),
        modelled("promote_secondaries", Takes::Nothing, "off", "the removal of a primary address leaves its secondaries"),
        modelled("accept", Takes::Nothing, "accept, except in strict mode", "packets to the virtual addresses are let in"),
        modelled("no_accept", Takes::Nothing, "accept, except in strict mode", "packets to virtual addresses that are not owned are dropped"),
        kept("native_ipv6", Takes::Nothing, "off", "the family is told by the first address"),
        kept("vrf", Takes::Word("IF"), "", "unicast without an interface only"),
        modelled("notify_deleted", Takes::Words(0, usize::MAX, "[PROGRAM]"), "notify_fault", "runs when a reload drops the instance"),
        modelled("notify_master_rx_lower_pri", Takes::Program, "", "runs on each worse advert heard as MASTER"),
        modelled("notify_priority_changes", Takes::Switch, "vrrp_notify_priority_changes", "the FIFOs hear of changes of priority"),
        kept("debug", Takes::Int(0, 4), "0", "keepalived's own debugging"),
        kept("kernel_rx_buf_size", Takes::Int(1, U32), "the system's", "receive buffer of the socket in bytes"),
        kept("lvs_sync_daemon_interface", Takes::Word("IF"), "", "deprecated: lvs_sync_daemon in global_defs"),
        kept("linkbeat_use_polling", Takes::Nothing, "off", "deprecated: links are told by the kernel"),
        modelled("vmac_garp_intvl", Takes::Words(1, 2, "[all] SECONDS"), "", "deprecated: garp_extra_if"),
        refused("no_virtual_ipaddress", Takes::Nothing, "known from 2.3.4 on"),
        refused("v3_checksum_as_v2", Takes::Switch, "known from 2.3.4 on"),
        refused("owner_ignore_adverts", Takes::Switch, "known from 2.3.4 on"),
        refused("timer_expired_backup", Takes::Words(0, 1, "[1..254]"), "known from 2.2.8 on"),
        refused("thread_timer_expired", Takes::Words(0, 1, "[1..254]"), "known from 2.2.8 on"),
        refused("auth_hmac", Takes::Lines("KEYWORD VALUE"), "known from 2.4 on"),
    ],
    shared: &NOTIFY,
};

/// `authentication`
#[rustfmt::skip]
pub(super) static AUTHENTICATION: Section = Section {
    block: Block::Authentication,
    header: "authentication { }",
    keywords: &[
        modelled("auth_type", Takes::OneOf(&["PASS", "AH"]), "", "a password in clear text, or the header of RFC 2402"),
        modelled("auth_pass", Takes::Word("PASSWORD"), "", "the first 8 bytes count"),
    ],
    shared: &[],
};

/// `vrrp_sync_group`
#[rustfmt::skip]
pub(super) static SYNC_GROUP: Section = Section {
    block: Block::SyncGroup,
    header: "vrrp_sync_group NAME { }",
    keywords: &[
        modelled("group", Takes::Lines("INSTANCE"), "", "the members: they change their state together"),
        modelled("track_interface", Takes::Lines(TRACKED), "", "tracked for all members"),
        modelled("track_script", Takes::Lines(TRACKED), "", "tracked for all members"),
        modelled("track_file", Takes::Lines(TRACKED), "", "tracked for all members"),
        modelled("track_process", Takes::Lines(TRACKED), "", "tracked for all members"),
        modelled("track_bfd", Takes::Lines(TRACKED), "", "tracked for all members"),
        modelled("sync_group_tracking_weight", Takes::Nothing, "off", "members keep the weights of what they track"),
        kept("global_tracking", Takes::Nothing, "off", "deprecated: sync_group_tracking_weight"),
        modelled("notify_priority_changes", Takes::Switch, "vrrp_notify_priority_changes", "the FIFOs hear of changes of priority"),
    ],
    shared: &NOTIFY,
};
