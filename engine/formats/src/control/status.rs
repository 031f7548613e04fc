//! The state of a daemon as it is told to operators: instances, groups, what is tracked, and the counters of RFC 8347.
use std::collections::BTreeMap;
use std::net::IpAddr;

use serde::{Deserialize, Serialize};

/// Everything that `status` tells.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Status {
    /// The daemon itself.
    pub daemon: Daemon,
    /// The virtual routers, in the order of the configuration.
    pub instances: Vec<Instance>,
    /// The sync groups, in the order of the configuration.
    pub sync_groups: Vec<SyncGroup>,
    /// What arrived for no virtual router.
    pub statistics: GlobalStatistics,
}

/// The daemon.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Daemon {
    /// Its version.
    pub version: String,
    /// Its process.
    pub pid: u32,
    /// The configuration that it reads.
    pub config: String,
    /// For how long it has run.
    pub uptime_ms: u64,
    /// How often the configuration was read again and taken.
    pub reloads: u64,
    /// How often it was read again and refused.
    pub reloads_refused: u64,
}

/// The family of virtual addresses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Family {
    /// IPv4.
    Ipv4,
    /// IPv6.
    Ipv6,
}

impl Family {
    /// As it is written.
    pub const fn name(self) -> &'static str {
        match self {
            Family::Ipv4 => "ipv4",
            Family::Ipv6 => "ipv6",
        }
    }
}

/// One virtual router.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Instance {
    /// The name after `vrrp_instance`.
    pub name: String,
    /// The interface that it is configured on.
    pub interface: String,
    /// `virtual_router_id`.
    pub vrid: u8,
    /// Family of its addresses.
    pub family: Family,
    /// Version of VRRP: 2 or 3.
    pub version: u8,
    /// `INIT`, `BACKUP`, `MASTER` or `FAULT`.
    pub state: String,
    /// Since when, in milliseconds since 1970.
    pub since_unix_ms: u64,
    /// For how long.
    pub state_for_ms: u64,
    /// The rule of the last change of state.
    pub rule: Option<String>,
    /// `priority` of the configuration.
    pub priority: u8,
    /// What trackers have made of it.
    pub effective_priority: u8,
    /// It owns its addresses (priority 255).
    pub owner: bool,
    /// Where its own adverts come from.
    pub source: Option<IpAddr>,
    /// The master of which it heard last; none for one that is master itself or has heard nothing.
    pub master: Option<IpAddr>,
    /// Why it became master the last time.
    pub new_master_reason: MasterReason,
    /// The interval of its own adverts.
    pub advert_interval_ms: u64,
    /// The interval of the master's.
    pub master_interval_ms: u64,
    /// After so long without an advert a backup becomes master.
    pub master_down_us: u64,
    /// The part of it that depends on the priority.
    pub skew_us: u64,
    /// Its timer (advert or master down) expires in so long.
    pub timer_in_ms: Option<u64>,
    /// Its virtual addresses.
    pub addresses: Vec<Address>,
    /// What it tracks.
    pub tracked: Vec<Tracked>,
    /// The sync group that it is in.
    pub sync_group: Option<String>,
    /// Its counters.
    pub statistics: Statistics,
    /// Packets of it that were refused, by rule.
    pub refused: BTreeMap<String, u64>,
}

/// A virtual address.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Address {
    /// The address.
    pub address: IpAddr,
    /// The length of its prefix.
    pub prefix: u8,
    /// The interface that it belongs to; absent while that is missing.
    pub interface: Option<String>,
    /// It is in the adverts (not `virtual_ipaddress_excluded`).
    pub advertised: bool,
    /// The instance has set it.
    pub set: bool,
}

/// Kinds of things that are tracked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum TrackedKind {
    /// `track_interface`.
    Interface,
    /// `track_script`.
    Script,
    /// `track_file`.
    File,
    /// `track_process`.
    Process,
    /// `track_bfd`.
    Bfd,
}

impl TrackedKind {
    /// As it is written.
    pub const fn name(self) -> &'static str {
        match self {
            TrackedKind::Interface => "interface",
            TrackedKind::Script => "script",
            TrackedKind::File => "file",
            TrackedKind::Process => "process",
            TrackedKind::Bfd => "bfd",
        }
    }
}

/// One thing that is tracked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tracked {
    /// What it is.
    pub kind: TrackedKind,
    /// Its name.
    pub name: String,
    /// Its weight; zero means that its failure is a fault.
    pub weight: i16,
    /// It counts the other way round.
    pub reverse: bool,
    /// `good`, `bad`, `unknown`, or the number in a file.
    pub standing: String,
}

/// A sync group.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SyncGroup {
    /// The name after `vrrp_sync_group`.
    pub name: String,
    /// The state that it was last said to be in.
    pub state: String,
    /// Its instances.
    pub members: Vec<String>,
}

/// Why a router became master (`new-master-reason` of RFC 8347).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum MasterReason {
    /// It never did.
    #[default]
    NotMaster,
    /// Its priority was the higher one: it owns the addresses, or the master has released them.
    Priority,
    /// It has preempted the master.
    Preempted,
    /// The master fell silent.
    NoResponse,
}

impl MasterReason {
    /// As it is written.
    pub const fn name(self) -> &'static str {
        match self {
            MasterReason::NotMaster => "not-master",
            MasterReason::Priority => "priority",
            MasterReason::Preempted => "preempted",
            MasterReason::NoResponse => "no-response",
        }
    }
}

/// The counters of one virtual router, named as in RFC 8347.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Statistics {
    /// Became master so often.
    pub master_transitions: u64,
    /// Adverts that were taken, answered or ignored, but not refused.
    pub advert_rcvd: u64,
    /// Adverts sent; to several unicast peers each one counts.
    pub advert_sent: u64,
    /// Refused: another interval than the own one.
    pub interval_errors: u64,
    /// Adverts with priority 0 received.
    pub priority_zero_pkts_rcvd: u64,
    /// Adverts with priority 0 sent.
    pub priority_zero_pkts_sent: u64,
    /// Refused: another type than ADVERTISEMENT.
    pub invalid_type_pkts_rcvd: u64,
    /// Refused: another list or number of addresses.
    pub address_list_errors: u64,
    /// Refused: the length.
    pub packet_length_errors: u64,
    /// Refused: the checksum (RFC 8347 counts these four for the whole node only).
    pub checksum_errors: u64,
    /// Refused: the version.
    pub version_errors: u64,
    /// Refused: the TTL or hop limit.
    pub ip_ttl_errors: u64,
    /// Refused: the authentication (keepalived's number; RFC 8347 has none).
    pub authentication_errors: u64,
}

/// The counters of the whole node, named as in RFC 8347.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct GlobalStatistics {
    /// Packets with a wrong checksum.
    pub checksum_errors: u64,
    /// Packets of another version.
    pub version_errors: u64,
    /// Packets of a virtual router that is not configured here, or is not taking part.
    pub vrid_errors: u64,
    /// Packets with another TTL than 255.
    pub ip_ttl_errors: u64,
}

/// Everything that `stats` tells.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stats {
    /// The daemon itself.
    pub daemon: Daemon,
    /// What its process uses.
    pub usage: Usage,
    /// What arrived for no virtual router, or was refused by one.
    pub statistics: GlobalStatistics,
    /// The counters of each virtual router, in the order of the configuration.
    pub instances: Vec<StatsOf>,
}

/// The counters of one virtual router.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StatsOf {
    /// Its name.
    pub name: String,
    /// Its counters.
    pub statistics: Statistics,
    /// Packets of it that were refused, by rule.
    pub refused: BTreeMap<String, u64>,
}

/// What a process uses.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Usage {
    /// Processor time, user and system.
    pub cpu_us: u64,
    /// Resident memory.
    pub resident_bytes: u64,
    /// Open descriptors.
    pub open_descriptors: u64,
    /// When it started, in milliseconds since 1970.
    pub started_unix_ms: u64,
}

impl Status {
    /// The counters alone.
    pub fn stats(self, usage: Usage) -> Stats {
        let of = |i: Instance| StatsOf { name: i.name, statistics: i.statistics, refused: i.refused };
        let instances = self.instances.into_iter().map(of).collect();
        Stats { daemon: self.daemon, usage, statistics: self.statistics, instances }
    }
}
