//! Named switches where implementations of VRRP differ; the default is keepalived 2.2.7.
use crate::time::Span;

/// The behaviours in which keepalived 2.2.7 and the standards differ. Each field names one departure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Policy {
    /// Which receive checks are made, in which order (`vrrp/receive.rs` holds the lists).
    pub receive: ReceiveOrder,
    /// What the checksum of a v3 message over IPv4 covers, sent and received.
    pub v3_ipv4_checksum: V3Checksum,
    /// An advert that lacks an own virtual address is refused (a choice that RFC 9568 §7.1 leaves open).
    pub strict_address_list: bool,
    /// An address owner ignores every advert (a choice that RFC 9568 §7.1 leaves open).
    pub owner_ignores_adverts: bool,
    /// How skew times are rounded.
    pub skew_unit: SkewUnit,
    /// A master's advert timer restarts on any packet of its VRID, valid or not.
    pub any_packet_rearms_master: bool,
    /// A v2 master answers a worse advert at once; RFC 3768 has it discarded.
    pub v2_answers_worse: bool,
    /// A v3 master answers a worse advert at once (RFC 9568 §6.4.3); FRR leaves it unanswered.
    pub v3_answers_worse: bool,
    /// A master announces its addresses when it hears a worse advert, answered or not.
    pub announces_to_worse: bool,
    /// A master that goes to FAULT sends priority 0 twice.
    pub two_releases_on_fault: bool,
    /// A script that is still running when it is due again gets a second copy beside it.
    pub overlapping_scripts: bool,
    /// During `vrrp_startup_delay`, an advert that is ignored puts the takeover off further.
    pub ignored_advert_extends_startup: bool,
    /// The delays of `interface_up_down_delays` never exceed `down_timer_adverts` less one intervals.
    pub link_delays_are_capped: bool,
    /// A sync group that gains a member by a reload gives up its addresses without a release.
    pub grown_group_restarts: bool,
    /// Announcements that must wait for `vrrp_garp_interval` are remembered once for each address, not counted.
    pub pending_announcements_collapse: bool,
    /// Priority 255 becomes master at once only with `state MASTER`.
    pub owner_needs_state_master: bool,
    /// A macvlan for IPv6 whose interface has no link-local address at a start or reload lacks it until the next one.
    pub macvlan_misses_late_source: bool,
    /// How late a master re-arms its advert timer: after the work, so that the period is longer than the interval.
    /// Timers that lead to a takeover do not drift.
    pub rearm_lateness: Span,
    /// How much later it does so for each announcement that was a part of the work.
    pub announce_lateness: Span,
    /// How much later for each script that was started as a part of the work.
    pub fork_lateness: Span,
    /// How late it schedules what is announced again after a delay, besides for each announcement.
    pub schedule_lateness: Span,
    /// Adverts and announcements carry the virtual router's MAC (RFC 9568 §7.3), which sits on an interface of its own.
    pub virtual_mac: bool,
    /// A new master announces its addresses once, whatever is configured.
    pub announces_once: bool,
    /// The hop limit of IPv6 adverts to single peers, when `unicast_ttl` is not set.
    pub v6_unicast_hops: u8,
    /// Adverts are numbered from 1 in the IPv4 identification; otherwise a kernel chooses it and nobody can predict it.
    pub counts_adverts: bool,
}

/// The orders of receive checks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReceiveOrder {
    /// As keepalived 2.2.7 was measured.
    Keepalived227,
    /// RFC 9568 §7.1 for v3 and RFC 3768 §7.1 for v2, strictly.
    Rfc9568,
    /// As FRR 8.4.4 was measured.
    Frr844,
}

/// What the checksum of VRRPv3 over IPv4 covers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum V3Checksum {
    /// The message alone (RFC 9568 §5.2.8).
    MessageOnly,
    /// A pseudo header with the true destination, and the message (RFC 5798 as keepalived reads it).
    PseudoHeader,
    /// Either is accepted; the pseudo header is sent.
    Either,
    /// Pseudo header, and for unicast also one with the multicast group as destination (keepalived 1.3.6 and older).
    PseudoHeaderOldUnicast,
}

/// How skew times are rounded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SkewUnit {
    /// Truncated to microseconds, v3 in whole units of 10 ms (keepalived).
    Microseconds,
    /// Exact to the nanosecond (RFC 9568 §6.1).
    Exact,
    /// Truncated to 10 ms, of the configured priority whatever the effective one is (FRR).
    Centiseconds,
}

impl Policy {
    /// What most of our users run.
    pub const KEEPALIVED_2_2_7: Policy = Policy {
        receive: ReceiveOrder::Keepalived227,
        v3_ipv4_checksum: V3Checksum::PseudoHeaderOldUnicast,
        strict_address_list: true,
        owner_ignores_adverts: false,
        skew_unit: SkewUnit::Microseconds,
        any_packet_rearms_master: true,
        v2_answers_worse: true,
        v3_answers_worse: true,
        announces_to_worse: true,
        two_releases_on_fault: true,
        overlapping_scripts: true,
        ignored_advert_extends_startup: true,
        link_delays_are_capped: true,
        grown_group_restarts: true,
        pending_announcements_collapse: true,
        owner_needs_state_master: true,
        macvlan_misses_late_source: true,
        rearm_lateness: Span::ZERO,
        announce_lateness: Span::ZERO,
        fork_lateness: Span::ZERO,
        schedule_lateness: Span::ZERO,
        virtual_mac: false,
        announces_once: false,
        v6_unicast_hops: 64,
        counts_adverts: true,
    };
    /// The standard, word by word.
    pub const RFC9568: Policy = Policy {
        receive: ReceiveOrder::Rfc9568,
        v3_ipv4_checksum: V3Checksum::MessageOnly,
        strict_address_list: false,
        owner_ignores_adverts: true,
        skew_unit: SkewUnit::Exact,
        any_packet_rearms_master: false,
        v2_answers_worse: false,
        v3_answers_worse: true,
        announces_to_worse: false,
        two_releases_on_fault: false,
        overlapping_scripts: false,
        ignored_advert_extends_startup: false,
        link_delays_are_capped: false,
        grown_group_restarts: false,
        pending_announcements_collapse: false,
        owner_needs_state_master: false,
        macvlan_misses_late_source: false,
        rearm_lateness: Span::ZERO,
        announce_lateness: Span::ZERO,
        fork_lateness: Span::ZERO,
        schedule_lateness: Span::ZERO,
        virtual_mac: false,
        announces_once: false,
        v6_unicast_hops: 255,
        counts_adverts: true,
    };
    /// vrrpd of FRR 8.4.4, which keepalived has to live with in mixed networks.
    pub const FRR: Policy = Policy {
        receive: ReceiveOrder::Frr844,
        v3_ipv4_checksum: V3Checksum::PseudoHeader,
        skew_unit: SkewUnit::Centiseconds,
        v3_answers_worse: false,
        virtual_mac: true,
        announces_once: true,
        counts_adverts: false,
        ..Policy::RFC9568
    };
    /// How late keepalived 2.2.7 was measured to re-arm the advert timer: the median of 2300 periods without
    /// announcements (FRR's is alike).
    pub const MEASURED_REARM: Span = Span::from_micros(140);
    /// How much each announcement was measured to add (medians: 0.31 ms with 5 of them, 0.97 ms with 60).
    pub const MEASURED_ANNOUNCE: Span = Span::from_micros(15);
    /// How much each script that had to be started was measured to add (0.2 to 0.5 ms with 4 of them).
    pub const MEASURED_FORK: Span = Span::from_micros(300);
    /// How late a new master was measured to schedule its second announcements (0.28 to 0.35 ms with 5 of the first, 1.0 ms with 55).
    pub const MEASURED_SCHEDULE: Span = Span::from_micros(230);

    /// Every policy with the names under which scenarios may ask for it.
    pub const NAMED: &'static [(&'static str, Policy)] = &[
        ("keepalived-2.2.7", Policy::KEEPALIVED_2_2_7),
        ("keepalived", Policy::KEEPALIVED_2_2_7),
        ("rfc9568", Policy::RFC9568),
        ("frr-8.4.4", Policy::FRR),
        ("frr", Policy::FRR),
    ];

    /// The policy with this name, as scenarios write it.
    pub fn named(name: &str) -> Option<Policy> {
        Policy::NAMED.iter().find(|(known, _)| *known == name).map(|(_, policy)| *policy)
    }

    /// The same with real time's drift of adverts, for comparisons with recordings.
    pub const fn as_measured(self) -> Policy {
        Policy {
            rearm_lateness: Policy::MEASURED_REARM,
            announce_lateness: Policy::MEASURED_ANNOUNCE,
            fork_lateness: Policy::MEASURED_FORK,
            schedule_lateness: Policy::MEASURED_SCHEDULE,
            ..self
        }
    }
}

impl Default for Policy {
    fn default() -> Policy {
        Policy::KEEPALIVED_2_2_7
    }
}
