//! What a line of a route or of a rule means to the kernel.
use alloc::string::String;
use alloc::vec::Vec;
use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::super::{AddressFamily, IfAddr};

/// The protocol that keepalived's routes and rules carry.
const KEEPALIVED: u8 = 18;
/// The table where most routes are.
const MAIN: u32 = 254;

/// A route as the kernel is told of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RouteSpec {
    /// What happens to a packet.
    pub kind: RouteKind,
    /// IPv4 or IPv6.
    pub family: AddressFamily,
    /// The destination; a prefix of no bits is the default route.
    pub to: IfAddr,
    /// `src`: the source address of what the host itself sends.
    pub source: Option<IpAddr>,
    /// The ways: one, or several of `nexthop`.
    pub hops: Vec<Hop>,
    /// `table`.
    pub table: u32,
    /// `metric`; the kernel's own where absent.
    pub metric: Option<u32>,
    /// `tos`.
    pub tos: u8,
    /// `scope`.
    pub scope: u8,
    /// `protocol`.
    pub protocol: u8,
    /// `realms`, the one of the destination.
    pub realm: Option<u16>,
    /// `pref`, as router advertisements have it; IPv6 only.
    pub preference: Option<u8>,
    /// `mtu` and its like.
    pub measures: Vec<(Measure, u32)>,
    /// Those whose word is followed by `lock`.
    pub locked: Vec<Measure>,
    /// `append`: behind routes of the same destination instead of before them.
    pub append: bool,
    /// Words that are not carried out.
    pub undone: Vec<String>,
}

/// What happens to a packet that a route fits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RouteKind {
    /// It goes the way.
    Unicast,
    /// It is for this host.
    Local,
    /// It is a broadcast.
    Broadcast,
    /// It is for one of several hosts.
    Anycast,
    /// It is a multicast.
    Multicast,
    /// It vanishes.
    Blackhole,
    /// It vanishes, and its sender is told that the destination cannot be reached.
    Unreachable,
    /// It vanishes, and its sender is told that this is forbidden.
    Prohibit,
    /// The next rule is asked.
    Throw,
}

/// One way.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Hop {
    /// `via`.
    pub via: Option<IpAddr>,
    /// `dev`.
    pub device: Option<String>,
    /// `onlink`: the neighbour is there, whatever addresses say.
    pub onlink: bool,
    /// `weight`, 1 to 256; one where absent.
    pub weight: Option<u16>,
}

/// What TCP and fragmentation are told about a way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Measure {
    /// `mtu`, bytes.
    Mtu,
    /// `advmss`, bytes.
    AdvertisedSegment,
    /// `window`, bytes.
    Window,
    /// `rtt`, eighths of a millisecond.
    RoundTrip,
    /// `rttvar`, quarters of a millisecond.
    RoundTripVariance,
    /// `ssthresh`, segments.
    SlowStart,
    /// `cwnd`, segments.
    Congestion,
    /// `initcwnd`, segments.
    FirstCongestion,
    /// `initrwnd`, segments.
    FirstReceive,
    /// `reordering`, segments.
    Reordering,
    /// `hoplimit`.
    HopLimit,
    /// `rto_min`, milliseconds.
    ShortestRetransmission,
    /// `quickack`, 0 or 1.
    QuickAck,
    /// `fastopen_no_cookie`, 0 or 1.
    FastOpenWithoutCookie,
}

/// A policy rule as the kernel is told of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RuleSpec {
    /// IPv4 or IPv6.
    pub family: AddressFamily,
    /// `not`: it fits all other packets.
    pub inverted: bool,
    /// `from`.
    pub from: Option<IfAddr>,
    /// `to`.
    pub to: Option<IfAddr>,
    /// `iif`.
    pub comes_in: Option<String>,
    /// `oif`.
    pub goes_out: Option<String>,
    /// `tos`.
    pub tos: u8,
    /// `fwmark`, and its mask where it has one.
    pub mark: Option<(u32, Option<u32>)>,
    /// `priority`.
    pub priority: u32,
    /// What is done.
    pub deed: RuleDeed,
    /// `suppress_prefixlength`.
    pub suppress_prefix: Option<u32>,
    /// `suppress_ifgroup`, a number.
    pub suppress_group: Option<u32>,
    /// `ipproto`.
    pub ip_protocol: Option<u8>,
    /// `sport`, first and last.
    pub source_ports: Option<(u16, u16)>,
    /// `dport`, first and last.
    pub ports: Option<(u16, u16)>,
    /// `uidrange`, first and last.
    pub users: Option<(u32, u32)>,
    /// `tun_id`.
    pub tunnel: Option<u64>,
    /// `realms`, the one of the destination.
    pub realm: Option<u16>,
    /// `protocol`.
    pub protocol: u8,
    /// Words that are not carried out.
    pub undone: Vec<String>,
}

/// What a rule does with a packet that it fits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RuleDeed {
    /// It looks into this table.
    Table(u32),
    /// It looks into the table of the packet's VRF.
    Vrf,
    /// It goes on with the rule of this priority.
    Goto(u32),
    /// Nothing.
    Nothing,
    /// The packet vanishes.
    Blackhole,
    /// The packet vanishes, and its sender is told that the destination cannot be reached.
    Unreachable,
    /// The packet vanishes, and its sender is told that this is forbidden.
    Prohibit,
}

impl RouteSpec {
    /// The default route of a family, without a way.
    pub fn new(family: AddressFamily) -> RouteSpec {
        RouteSpec {
            kind: RouteKind::Unicast,
            family,
            to: everywhere(family),
            source: None,
            hops: Vec::new(),
            table: MAIN,
            metric: None,
            tos: 0,
            scope: 0,
            protocol: KEEPALIVED,
            realm: None,
            preference: None,
            measures: Vec::new(),
            locked: Vec::new(),
            append: false,
            undone: Vec::new(),
        }
    }

    /// It is in the table that is asked for packets of which no rule says anything else.
    pub fn is_in_main(&self) -> bool {
        self.table == MAIN
    }
}

impl RuleSpec {
    /// A rule for all packets of a family.
    pub fn new(family: AddressFamily, deed: RuleDeed, priority: u32) -> RuleSpec {
        RuleSpec {
            family,
            inverted: false,
            from: None,
            to: None,
            comes_in: None,
            goes_out: None,
            tos: 0,
            mark: None,
            priority,
            deed,
            suppress_prefix: None,
            suppress_group: None,
            ip_protocol: None,
            source_ports: None,
            ports: None,
            users: None,
            tunnel: None,
            realm: None,
            protocol: KEEPALIVED,
            undone: Vec::new(),
        }
    }

    /// The interfaces that it names.
    pub fn devices(&self) -> impl Iterator<Item = &str> {
        self.comes_in.iter().chain(&self.goes_out).map(String::as_str)
    }
}

fn everywhere(family: AddressFamily) -> IfAddr {
    let ip = match family {
        AddressFamily::V4 => IpAddr::V4(Ipv4Addr::UNSPECIFIED),
        AddressFamily::V6 => IpAddr::V6(Ipv6Addr::UNSPECIFIED),
    };
    IfAddr { ip, prefix: 0 }
}
