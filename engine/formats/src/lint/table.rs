//! Every lint there is: what it means, what follows, and what to do about it.
use super::Lint;
use crate::diagnostics::Severity::{Error, Note, Warning};

/// Two instances of one file carry the same address.
pub static SAME_VIP: Lint = Lint {
    id: "same-vip-in-two-instances",
    severity: Warning,
    sentence: "two instances of one node carry the same virtual address",
    consequence: "the one that leaves MASTER removes the address, whether or not the other still needs it",
    fix: Some("give each address to one instance"),
};
/// An address on an interface whose link does not matter to its instance.
pub static UNWATCHED: Lint = Lint {
    id: "vip-interface-unwatched",
    severity: Warning,
    sentence: "a virtual address lies on an interface that nobody watches",
    consequence: "when its cable is pulled the node stays MASTER, and nobody reaches the address",
    fix: Some("remove `dont_track_primary` or `no_track`, or name the interface in `track_interface`"),
};
/// An address on a second interface: its loss is a fault of the whole instance.
pub static FAULTS_ALL: Lint = Lint {
    id: "vip-interface-faults-all",
    severity: Warning,
    sentence: "one instance has addresses on several interfaces",
    consequence: "any one cable takes all addresses of the instance away: the interface of each address is tracked",
    fix: Some("one instance for each interface keeps them apart; `no_track` on an address stops the tracking"),
};
/// Members of a sync group are not equally good.
pub static SYNC_PRIORITIES: Lint = Lint {
    id: "sync-group-priorities-differ",
    severity: Warning,
    sentence: "the members of a sync group have different priorities",
    consequence: "elections may end differently for each member, while the group wants them all in one state",
    fix: Some("give all members of the group one priority on this node"),
};
/// `state MASTER` where the priority says otherwise.
pub static STATE_MASTER: Lint = Lint {
    id: "state-master-misunderstood",
    severity: Warning,
    sentence: "`state MASTER` stands where another router has the higher priority",
    consequence: "the priority decides; below 255 `state MASTER` only cancels `nopreempt` and `preempt_delay`",
    fix: Some("write `state BACKUP` here, or raise the priority"),
};
/// A delay that `state MASTER` cancels.
pub static PREEMPT_DELAY: Lint = Lint {
    id: "preempt-delay-cancelled",
    severity: Note,
    sentence: "`preempt_delay` stands beside `state MASTER`",
    consequence: "`state MASTER` cancels it, whatever its value",
    fix: Some("write `state BACKUP`, or remove the line"),
};
/// A weight that never hands over.
pub static WEIGHT: Lint = Lint {
    id: "weight-cannot-change-order",
    severity: Warning,
    sentence: "the weight of a tracked interface is too small to change who is MASTER",
    consequence: "the best router stays MASTER although it has lost the interface",
    fix: Some("make the weight larger than the distance to the next priority, or leave it out: a loss is a fault then"),
};
/// A script that notices later than a takeover would take.
pub static SLOW_SCRIPT: Lint = Lint {
    id: "track-script-slower-than-failover",
    severity: Warning,
    sentence: "a tracked script notices a failure later than a dead node would be replaced",
    consequence: "the service is down for longer than if the whole node had died",
    fix: Some("a shorter `interval` and `timeout`, or a smaller `fall`"),
};
/// A script where others may put another one.
pub static LOOSE_SCRIPT: Lint = Lint {
    id: "script-path-not-secure",
    severity: Warning,
    sentence: "a script lies where users other than root may write",
    consequence: "with `enable_script_security` keepalived refuses to run it; without, whoever writes there is root",
    fix: Some("put it into a folder of root, such as /etc/keepalived or /usr/local/libexec, with its whole path"),
};
/// More weight is asked for than there is.
pub static QUORUM: Lint = Lint {
    id: "quorum-unreachable",
    severity: Warning,
    sentence: "a virtual server asks for more weight than its real servers have together",
    consequence: "the quorum is never gained: only the sorry server is used, and `quorum_up` never runs",
    fix: Some("a `quorum` (with `hysteresis`) that the weights can reach"),
};
/// A dead server is noticed later than a dead director.
pub static SLOW_CHECK: Lint = Lint {
    id: "health-check-slower-than-failover",
    severity: Note,
    sentence: "a dead real server is noticed later than a dead director",
    consequence: "until then every client that is sent there waits in vain",
    fix: Some("a shorter `delay_loop` and `connect_timeout`, or fewer retries"),
};
/// Nobody looks whether the servers live.
pub static UNCHECKED: Lint = Lint {
    id: "real-server-unchecked",
    severity: Warning,
    sentence: "a real server has no health check",
    consequence: "it gets connections whether it lives or not",
    fix: Some("a checker, such as `TCP_CHECK { }`"),
};
/// Direct routing needs silent servers.
pub static DR_ARP: Lint = Lint {
    id: "dr-needs-arp-guard",
    severity: Note,
    sentence: "with direct routing every real server has the virtual address, and must not answer ARP for it",
    consequence: "a real server that answers takes all the traffic past the director",
    fix: Some("on the real servers: the address on lo with /32, net.ipv4.conf.all.arp_ignore=1 and arp_announce=2"),
};
/// v2 routers with different intervals.
pub static ADVERT_INT: Lint = Lint {
    id: "advert-int-differs",
    severity: Error,
    sentence: "VRRPv2 routers of one VRID have different advert intervals",
    consequence: "each refuses the adverts of the other: both become MASTER",
    fix: Some("write the same `advert_int` on all of them"),
};
/// v3 routers with different intervals.
pub static ADVERT_INT_V3: Lint = Lint {
    id: "advert-int-differs-v3",
    severity: Warning,
    sentence: "VRRPv3 routers of one VRID have different advert intervals",
    consequence: "a backup learns the interval of its master, so takeover times change with whoever is MASTER",
    fix: Some("write the same `advert_int` on all of them"),
};
/// Passwords differ.
pub static AUTH: Lint = Lint {
    id: "auth-differs",
    severity: Error,
    sentence: "routers of one VRID have different authentication",
    consequence: "each refuses the adverts of the other: both become MASTER",
    fix: Some("the same `authentication` on all of them; only the first 8 bytes of `auth_pass` count"),
};
/// Versions differ.
pub static VERSION: Lint = Lint {
    id: "version-differs",
    severity: Error,
    sentence: "routers of one VRID speak different versions of VRRP",
    consequence: "each refuses the adverts of the other: both become MASTER",
    fix: Some("the same `version` (or `vrrp_version`) on all of them"),
};
/// Addresses differ.
pub static VIPS: Lint = Lint {
    id: "vips-differ",
    severity: Error,
    sentence: "routers of one VRID have different virtual addresses",
    consequence: "adverts that lack an own address are refused: both become MASTER",
    fix: Some(
        "the same `virtual_ipaddress` on all of them; changing ones belong in `virtual_ipaddress_excluded`. Routers \
         that have nothing to do with each other need VRIDs of their own on one network",
    ),
};
/// Multicast on one side only.
pub static UNICAST_MIXED: Lint = Lint {
    id: "multicast-meets-unicast",
    severity: Error,
    sentence: "one router of a VRID sends by multicast and another to unicast peers",
    consequence: "each refuses the adverts of the other: both become MASTER",
    fix: Some("write `unicast_peer` on all of them or on none"),
};
/// A router that is not told to one of its peers.
pub static UNICAST_PEERS: Lint = Lint {
    id: "unicast-peers-not-mutual",
    severity: Error,
    sentence: "a router does not send its adverts to another router of its VRID",
    consequence: "the one left out never hears it and becomes MASTER as well",
    fix: Some("list the source address of every other router in `unicast_peer`"),
};
/// Two owners.
pub static OWNERS: Lint = Lint {
    id: "two-owners",
    severity: Error,
    sentence: "two routers of one VRID have priority 255",
    consequence: "both start as MASTER",
    fix: Some("only one may own the addresses; give the others less than 255"),
};
/// The same priority twice.
pub static EQUAL: Lint = Lint {
    id: "priorities-equal",
    severity: Warning,
    sentence: "two routers of one VRID have the same priority",
    consequence: "whoever starts first is MASTER; only two masters at once are settled by the higher address",
    fix: Some("give each router its own priority"),
};

/// All of them: those about one file first.
pub static ALL: &[&Lint] = &[
    &SAME_VIP,
    &UNWATCHED,
    &FAULTS_ALL,
    &SYNC_PRIORITIES,
    &STATE_MASTER,
    &PREEMPT_DELAY,
    &WEIGHT,
    &SLOW_SCRIPT,
    &LOOSE_SCRIPT,
    &QUORUM,
    &SLOW_CHECK,
    &UNCHECKED,
    &DR_ARP,
    &ADVERT_INT,
    &ADVERT_INT_V3,
    &AUTH,
    &VERSION,
    &VIPS,
    &UNICAST_MIXED,
    &UNICAST_PEERS,
    &OWNERS,
    &EQUAL,
];
