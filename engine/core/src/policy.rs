//! Named switches where implementations of VRRP differ; the default is keepalived 2.2.7.

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
}

/// The orders of receive checks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReceiveOrder {
    /// As keepalived 2.2.7 was measured.
    Keepalived227,
    /// RFC 9568 §7.1 for v3 and RFC 3768 §7.1 for v2, strictly.
    Rfc9568,
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
        two_releases_on_fault: true,
        overlapping_scripts: true,
        ignored_advert_extends_startup: true,
        link_delays_are_capped: true,
        grown_group_restarts: true,
        pending_announcements_collapse: true,
        owner_needs_state_master: true,
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
        two_releases_on_fault: false,
        overlapping_scripts: false,
        ignored_advert_extends_startup: false,
        link_delays_are_capped: false,
        grown_group_restarts: false,
        pending_announcements_collapse: false,
        owner_needs_state_master: false,
    };
    /// The names under which scenarios may ask for a policy.
    pub const NAMES: &'static [&'static str] = &["keepalived-2.2.7", "rfc9568"];

    /// The policy with this name, as scenarios write it.
    pub fn named(name: &str) -> Option<Policy> {
        match name {
            "keepalived-2.2.7" => Some(Policy::KEEPALIVED_2_2_7),
            "rfc9568" => Some(Policy::RFC9568),
            _ => None,
        }
    }
}

impl Default for Policy {
    fn default() -> Policy {
        Policy::KEEPALIVED_2_2_7
    }
}
