//! The shape of the timeline: what can go wrong, and what mends it.
use schemars::JsonSchema;
use serde::Deserialize;

use super::super::clouds::CloudFaultText;
use super::super::kernel_faults::*;
use super::super::leaf::Entries;
use super::super::machine::{ClockStepText, DriftText, KillChildText, StarveText, StunText};
use super::super::rogues::{ForgeText, GarpText, ReplayText};
use super::super::security::SetSecurityText;
use super::super::units::*;
use super::{InstanceText, QuerierText, ServiceFaultText, SetLinkText, SetVlanText, StormText};

/// A fault and its moment.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::scenario) struct MomentText {
    /// When.
    pub(in crate::scenario) at: Time,
    /// What.
    #[serde(rename = "do")]
    pub(in crate::scenario) fault: FaultText,
}

/// What can go wrong, and what mends it.
#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(in crate::scenario) enum FaultText {
    /// Frames at a port are dropped; the node keeps its carrier.
    Cut(CutText),
    /// All cuts of the port are mended.
    Uncut(NicText),
    /// The switch side goes down: the node loses its carrier.
    PortDown(NicText),
    /// The switch side comes back.
    PortUp(NicText),
    /// `ip link set down` on the node.
    NicDown(NicText),
    /// `ip link set up` on the node.
    NicUp(NicText),
    /// Frames between hosts of different groups are dropped.
    Partition(PartitionText),
    /// All partitions of this network end.
    Heal(Text),
    /// Power loss.
    Crash(Text),
    /// SIGKILL of the daemon: addresses stay.
    Kill(Text),
    /// SIGTERM of the daemon.
    Stop(Text),
    /// SIGSTOP of the daemon.
    Pause(Text),
    /// SIGCONT of the daemon.
    Resume(Text),
    /// The daemon is started (again).
    Start(Text),
    /// SIGHUP with a new configuration.
    Reload(Box<ReloadText>),
    /// Port security is switched on, changed or off.
    PortSecurity(SetSecurityText),
    /// A file is written or deleted.
    File(FileText),
    /// A `vrrp_script` behaves differently from its next run on.
    Script(ScriptText),
    /// Processes of a `vrrp_track_process` come or go.
    Process(ProcessText),
    /// A BFD session comes up or goes down.
    Bfd(SessionText),
    /// A cloud moves an address by hand, gets slower, or refuses calls.
    Cloud(CloudFaultText),
    /// The packet filter of a node has these rules from now on.
    Firewall(SetFirewallText),
    /// These addresses are translated from now on.
    Nat(SetNatText),
    /// `ip address add` or `del`.
    Address(SetAddressText),
    /// The kernel refuses to set an address, or does so no more.
    RefuseAddress(RefuseText),
    /// `ip route replace` or `del`.
    Route(SetRouteText),
    /// A sysctl is set.
    Sysctl(SetSysctlText),
    /// The device vanishes and comes back up at once, without its addresses.
    NicRecreated(NicText),
    /// Services of a node change.
    Service(Box<ServiceFaultText>),
    /// A link has another quality from now on; what is left out stays.
    Link(Box<SetLinkText>),
    /// A trunk fails.
    TrunkDown(Text),
    /// A trunk is back.
    TrunkUp(Text),
    /// The IGMP querier of a switch is switched on or off.
    Querier(QuerierText),
    /// A port is in another VLAN from now on.
    Vlan(SetVlanText),
    /// Broadcasts and multicasts come more than once for a while.
    Storm(StormText),
    /// The whole machine stands still for a while (a paused virtual machine).
    Stun(StunText),
    /// The wall clock is set.
    ClockStep(ClockStepText),
    /// The clock runs at another speed from now on.
    Drift(DriftText),
    /// The daemon waits for the processor.
    Starve(StarveText),
    /// A child process of keepalived dies.
    KillChild(KillChildText),
    /// A rogue sends adverts of its own making.
    Forge(Box<ForgeText>),
    /// A rogue sends adverts that it has heard.
    Replay(ReplayText),
    /// A rogue announces an address.
    Garp(GarpText),
}

/// A file from now on.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::scenario) struct FileText {
    /// The node.
    pub(in crate::scenario) node: Text,
    /// Its path.
    pub(in crate::scenario) path: Text,
    /// What it holds; left out, the file is deleted.
    pub(in crate::scenario) content: Option<Text>,
}

/// What a script does from now on: `exits` or `hangs`.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::scenario) struct ScriptText {
    /// The node.
    pub(in crate::scenario) node: Text,
    /// The name after `vrrp_script`.
    pub(in crate::scenario) name: Text,
    /// It ends with this status; 0 is success.
    pub(in crate::scenario) exits: Option<Number>,
    /// It ends so long after its start; at once when not given.
    pub(in crate::scenario) after: Option<Time>,
    /// It does not end by itself.
    pub(in crate::scenario) hangs: Option<Flag>,
}

/// How many processes run from now on.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::scenario) struct ProcessText {
    /// The node.
    pub(in crate::scenario) node: Text,
    /// The name after `vrrp_track_process`.
    pub(in crate::scenario) name: Text,
    /// So many.
    pub(in crate::scenario) count: Number,
}

/// How a BFD session is from now on.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::scenario) struct SessionText {
    /// The node.
    pub(in crate::scenario) node: Text,
    /// The name after `bfd_instance`.
    pub(in crate::scenario) name: Text,
    /// It is up.
    pub(in crate::scenario) up: Flag,
}

/// One port.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::scenario) struct NicText {
    /// The node.
    pub(in crate::scenario) node: Text,
    /// Its interface; may be left out when it has just one.
    pub(in crate::scenario) interface: Option<Text>,
}

/// A cut of one port.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::scenario) struct CutText {
    /// The node.
    pub(in crate::scenario) node: Text,
    /// Its interface; may be left out when it has just one.
    pub(in crate::scenario) interface: Option<Text>,
    /// Which way; both when not given.
    pub(in crate::scenario) direction: Option<DirectionWord>,
    /// Which frames; all when not given.
    pub(in crate::scenario) frames: Option<FrameClassWord>,
}

/// Islands of one network.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::scenario) struct PartitionText {
    /// The network.
    pub(in crate::scenario) network: Text,
    /// Nodes and clients; those in no group reach everyone.
    pub(in crate::scenario) groups: Vec<Vec<Text>>,
}

/// A new configuration: exactly one of `keepalived`, `vrrp` and `priority`.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::scenario) struct ReloadText {
    /// The node.
    pub(in crate::scenario) node: Text,
    /// A keepalived.conf: path relative to this file, or the text itself when it has more than one line.
    pub(in crate::scenario) keepalived: Option<Text>,
    /// Virtual routers, written here.
    pub(in crate::scenario) vrrp: Option<Vec<InstanceText>>,
    /// Sync groups over `vrrp`.
    pub(in crate::scenario) sync_groups: Option<Entries<Vec<Text>>>,
    /// The configuration in force, with these priorities by instance.
    pub(in crate::scenario) priority: Option<Entries<Number>>,
}
