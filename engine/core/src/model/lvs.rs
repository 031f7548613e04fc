//! Virtual servers and their real servers.
use alloc::string::String;
use alloc::vec::Vec;
use core::net::IpAddr;

use super::AddressFamily;
use super::command::Program;
use super::health::Check;
use crate::time::Span;

/// An address with a port; port 0 is every port.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Endpoint {
    /// The address.
    pub ip: IpAddr,
    /// The port.
    pub port: u16,
}

/// `virtual_server_group`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServerGroupModel {
    /// The name after `virtual_server_group`.
    pub name: String,
    /// Its lines.
    pub members: Vec<GroupMember>,
}

/// One line of a `virtual_server_group`. Addresses are a range in the last number, or a whole network.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GroupMember {
    /// `IP[-last|/mask] [PORT]`: this address and so many more after it.
    Addresses {
        /// The first address, and the port.
        first: Endpoint,
        /// How many more.
        more: u32,
    },
    /// `fwmark n [inet|inet6]`.
    Mark(u32, Option<AddressFamily>),
}

/// What a virtual server answers for.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ServiceKey {
    /// `virtual_server IP [PORT]`.
    Address(Endpoint),
    /// `virtual_server fwmark n`.
    Mark(u32, AddressFamily),
    /// `virtual_server group NAME`: position of the group.
    Group(usize),
}

/// One `virtual_server`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VirtualServerModel {
    /// What it answers for.
    pub key: ServiceKey,
    /// `protocol`; none where marks decide.
    pub protocol: Option<Protocol>,
    /// `lb_algo`.
    pub scheduler: Scheduler,
    /// `sh-port`, `sh-fallback`, `mh-port`, `mh-fallback`, `flag-1` to `flag-3`.
    pub flags: SchedulerFlags,
    /// `hashed`: a flag that the kernel sets itself.
    pub hashed: bool,
    /// `ops`: the scheduler is asked for each UDP packet.
    pub one_packet: bool,
    /// `lb_kind` for servers that say nothing.
    pub forwarding: Forwarding,
    /// `persistence_timeout`.
    pub persistence: Option<Persistence>,
    /// `persistence_engine`.
    pub persistence_engine: Option<String>,
    /// `ha_suspend`: no checks while the address is not here.
    pub ha_suspend: bool,
    /// `alpha`: servers that say nothing begin as failed.
    pub alpha: bool,
    /// `omega`: the `notify_down` and `quorum_down` programs run at stop.
    pub omega: bool,
    /// `quorum`: so much weight must be alive.
    pub quorum: u32,
    /// `hysteresis`: gained at quorum plus this, lost at quorum minus this.
    pub hysteresis: u32,
    /// `quorum_up`.
    pub quorum_up: Option<Program>,
    /// `quorum_down`.
    pub quorum_down: Option<Program>,
    /// `virtualhost`.
    pub virtual_host: Option<String>,
    /// `snmp_name`.
    pub snmp_name: Option<String>,
    /// `smtp_alert`, where it is said.
    pub mail: Option<bool>,
    /// `sorry_server`.
    pub sorry: Option<SorryServer>,
    /// The real servers, in the order of the file (the kernel keeps them the other way round).
    pub real_servers: Vec<RealServerModel>,
}

/// `sorry_server`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SorryServer {
    /// Where it is.
    pub endpoint: Endpoint,
    /// `sorry_server_lvs_method`, or the service's.
    pub forwarding: Forwarding,
    /// `sorry_server_inhibit`: weight 0 instead of removal.
    pub inhibit: bool,
}

/// One `real_server`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RealServerModel {
    /// Where it is; port 0 is the port of the service.
    pub endpoint: Endpoint,
    /// `weight`, or the service's.
    pub weight: u32,
    /// `lvs_method`, or the service's.
    pub forwarding: Forwarding,
    /// `uthreshold`; 0 is off.
    pub upper_threshold: u32,
    /// `lthreshold`; 0 is off.
    pub lower_threshold: u32,
    /// `inhibit_on_failure`, or the service's: weight 0 instead of removal.
    pub inhibit_on_failure: bool,
    /// `alpha`, or the service's.
    pub alpha: bool,
    /// `notify_up`.
    pub notify_up: Option<Program>,
    /// `notify_down`.
    pub notify_down: Option<Program>,
    /// `virtualhost`, or the service's.
    pub virtual_host: Option<String>,
    /// `snmp_name`.
    pub snmp_name: Option<String>,
    /// `smtp_alert`, where it is said.
    pub mail: Option<bool>,
    /// Its checkers; it is alive while all of them are content.
    pub checks: Vec<Check>,
}

/// Transport protocols that IPVS balances.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Protocol {
    /// TCP.
    Tcp,
    /// UDP.
    Udp,
    /// SCTP.
    Sctp,
}

/// `lb_algo`, `lvs_sched`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Scheduler {
    /// Round robin.
    Rr,
    /// Weighted round robin.
    Wrr,
    /// Least connections.
    Lc,
    /// Weighted least connections.
    #[default]
    Wlc,
    /// Locality-based least connections.
    Lblc,
    /// Locality-based least connections with replication.
    Lblcr,
    /// Source hashing.
    Sh,
    /// Maglev hashing.
    Mh,
    /// Destination hashing.
    Dh,
    /// Weighted failover.
    Fo,
    /// Weighted overflow.
    Ovf,
    /// Shortest expected delay.
    Sed,
    /// Never queue.
    Nq,
    /// The less busy of two random choices.
    Twos,
}

impl Scheduler {
    /// Every scheduler.
    pub const ALL: [Scheduler; 14] = [
        Scheduler::Rr,
        Scheduler::Wrr,
        Scheduler::Lc,
        Scheduler::Wlc,
        Scheduler::Lblc,
        Scheduler::Lblcr,
        Scheduler::Sh,
        Scheduler::Mh,
        Scheduler::Dh,
        Scheduler::Fo,
        Scheduler::Ovf,
        Scheduler::Sed,
        Scheduler::Nq,
        Scheduler::Twos,
    ];

    /// The kernel's name for it.
    pub const fn name(self) -> &'static str {
        match self {
            Scheduler::Rr => "rr",
            Scheduler::Wrr => "wrr",
            Scheduler::Lc => "lc",
            Scheduler::Wlc => "wlc",
            Scheduler::Lblc => "lblc",
            Scheduler::Lblcr => "lblcr",
            Scheduler::Sh => "sh",
            Scheduler::Mh => "mh",
            Scheduler::Dh => "dh",
            Scheduler::Fo => "fo",
            Scheduler::Ovf => "ovf",
            Scheduler::Sed => "sed",
            Scheduler::Nq => "nq",
            Scheduler::Twos => "twos",
        }
    }
}

/// The three flags that schedulers read: `sh` and `mh` take the first as fallback and the second as port.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SchedulerFlags {
    /// `flag-1`, `sh-fallback`, `mh-fallback`.
    pub first: bool,
    /// `flag-2`, `sh-port`, `mh-port`.
    pub second: bool,
    /// `flag-3`.
    pub third: bool,
}

/// `lb_kind`, `lvs_method`: how a packet reaches the real server.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Forwarding {
    /// The destination is rewritten, and the answers on their way back.
    #[default]
    Nat,
    /// The packet goes to the server's MAC as it is.
    Dr,
    /// The packet is wrapped.
    Tun(Tunnel),
}

/// `lb_kind TUN type …`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Tunnel {
    /// IP in IP.
    #[default]
    Ipip,
    /// Generic UDP encapsulation to this port.
    Gue(u16, TunnelChecksum),
    /// GRE.
    Gre(TunnelChecksum),
}

/// `nocsum`, `csum`, `remcsum`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum TunnelChecksum {
    /// None.
    #[default]
    None,
    /// Computed.
    Csum,
    /// Left to the receiver.
    RemCsum,
}

/// Connections of one client stay with one server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Persistence {
    /// For how long after the last new connection.
    pub timeout: Span,
    /// `persistence_granularity`: prefix length (IPv6) or mask (IPv4) that makes clients one.
    pub granularity: Granularity,
}

/// Which clients are one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Granularity {
    /// The same bits under this IPv4 mask.
    Mask(u32),
    /// The same IPv6 prefix of this length.
    Prefix(u8),
}
