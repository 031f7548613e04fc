//! Named switches where implementations of VRRP differ; the default is keepalived 2.2.7.

/// The behaviours in which keepalived 2.2.7 and the standards differ. Each field names one departure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Policy {
    /// Which receive checks are made, in which order (`vrrp/receive.rs` holds the lists).
    pub receive: ReceiveOrder,
    /// A master's advert timer restarts on any packet of its VRID, valid or not.
    pub any_packet_rearms_master: bool,
    /// A v2 master answers a worse advert at once; RFC 3768 has it discarded.
    pub v2_answers_worse: bool,
    /// A master that goes to FAULT sends priority 0 twice.
    pub two_releases_on_fault: bool,
    /// A v2 advert carries its interval rounded to seconds and the skew ignores it; v3 skew counts whole 10 ms units.
    pub owner_starts_as_master_only_by_state: bool,
}

/// The orders of receive checks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReceiveOrder {
    /// As keepalived 2.2.7 was measured.
    Keepalived227,
    /// RFC 9568 §7.1 for v3 and RFC 3768 §7.1 for v2, strictly.
    Rfc9568,
}

impl Policy {
    /// What most of our users run.
    pub const KEEPALIVED_2_2_7: Policy = Policy {
        receive: ReceiveOrder::Keepalived227,
        any_packet_rearms_master: true,
        v2_answers_worse: true,
        two_releases_on_fault: true,
        owner_starts_as_master_only_by_state: true,
    };
    /// The standard, word by word.
    pub const RFC9568: Policy = Policy {
        receive: ReceiveOrder::Rfc9568,
        any_packet_rearms_master: false,
        v2_answers_worse: false,
        two_releases_on_fault: false,
        owner_starts_as_master_only_by_state: false,
    };

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
