//! The shape of a scenario file: what may be written where. Reading, schema and list of known keys all come from here.
use schemars::JsonSchema;
use serde::Deserialize;

use super::leaf::{Entries, Placed};
use super::security::{GroupText, SecurityText, SetSecurityText};
use super::units::*;

/// A whole scenario.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(title = "vrrplab scenario")]
pub(super) struct ScenarioText {
    /// Name; the file's stem when not given.
    pub(super) name: Option<Text>,
    /// What it shows, for people.
    pub(super) about: Option<Text>,
    /// Root of all chance; 1 when not given.
    pub(super) seed: Option<Number>,
    /// When it ends.
    pub(super) duration: Time,
    /// Whose behaviour is followed; keepalived-2.2.7 when not given.
    pub(super) policy: Option<PolicyName>,
    /// The broadcast segments.
    pub(super) networks: Entries<Option<NetworkText>>,
    /// The security groups that ports may be in.
    #[serde(default)]
    pub(super) security_groups: Entries<GroupText>,
    /// The routers.
    pub(super) nodes: Entries<NodeText>,
    /// The hosts that ask for something.
    #[serde(default)]
    pub(super) clients: Entries<ClientText>,
    /// The faults.
    pub(super) timeline: Option<Vec<MomentText>>,
    /// The promises.
    pub(super) expect: Option<Vec<PromiseText>>,
}

/// One segment.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NetworkText {
    /// Delay of one crossing, host to switch or back; 50us when not given.
    pub(super) delay: Option<Time>,
    /// Added at random, up to this.
    pub(super) jitter: Option<Time>,
    /// Chance of loss on one crossing.
    pub(super) loss: Option<Percent>,
}

/// One router.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NodeText {
    /// Its interfaces; the order gives their kernel indexes.
    pub(super) interfaces: Entries<InterfaceText>,
    /// A keepalived.conf: path relative to this file, or the text itself when it has more than one line.
    pub(super) keepalived: Option<Text>,
    /// Virtual routers, written here.
    pub(super) vrrp: Option<Vec<InstanceText>>,
    /// Sync groups over `vrrp`: names of their instances.
    pub(super) sync_groups: Option<Entries<Vec<Text>>>,
    /// Overrides the scenario's policy.
    pub(super) policy: Option<PolicyName>,
    /// When the daemon starts; 0s when not given; `never`: only by a `start` fault.
    pub(super) start: Option<Start>,
    /// Answers HTTP on port 80 of every address that it holds.
    pub(super) http: Option<Flag>,
    /// Files beside the configuration, path and content: what is tracked, and shell scripts.
    pub(super) files: Option<Entries<Text>>,
}

/// One interface.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct InterfaceText {
    /// The segment that it is plugged into.
    pub(super) network: Text,
    /// Fixed addresses; the first of a family is the primary.
    pub(super) addresses: Option<Vec<Prefixed>>,
    /// Hardware address; 02:00:00:00:<node>:<interface> when not given.
    pub(super) mac: Option<Hardware>,
    /// OpenStack port security; off when not given.
    pub(super) port_security: Option<Placed<FlagKind, SecurityText>>,
}

/// One virtual router.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct InstanceText {
    /// Its name.
    pub(super) instance: Text,
    /// Where adverts are sent and heard.
    pub(super) interface: Option<Text>,
    /// Virtual router id, 1 to 255.
    pub(super) vrid: Option<Number>,
    /// 2 or 3.
    pub(super) version: Option<Number>,
    /// 1 to 255.
    pub(super) priority: Option<Number>,
    /// MASTER or BACKUP.
    pub(super) state: Option<Wanted>,
    /// Time between adverts.
    pub(super) advert_int: Option<Time>,
    /// Whether it takes over from a worse master.
    pub(super) preempt: Option<Flag>,
    /// How long it waits before that.
    pub(super) preempt_delay: Option<Time>,
    /// VRRPv2 password.
    pub(super) auth_pass: Option<Text>,
    /// Advertised addresses.
    pub(super) vips: Option<Vec<Placed<MaybePrefixedKind, VipText>>>,
    /// Addresses that are set but not advertised.
    pub(super) excluded_vips: Option<Vec<Placed<MaybePrefixedKind, VipText>>>,
    /// Peers; multicast when not given.
    pub(super) unicast_peers: Option<Vec<Address>>,
    /// Source address of adverts.
    pub(super) source: Option<Address>,
    /// TTL of unicast adverts.
    pub(super) unicast_ttl: Option<Number>,
    /// Announcements per address when master.
    pub(super) garp_master_repeat: Option<Number>,
    /// Time to the second burst of announcements; 0s: none.
    pub(super) garp_master_delay: Option<Time>,
    /// Time between repeated announcements; 0s: none.
    pub(super) garp_master_refresh: Option<Time>,
    /// Announcements per repetition.
    pub(super) garp_master_refresh_repeat: Option<Number>,
    /// Announcements after a worse advert.
    pub(super) garp_lower_prio_repeat: Option<Number>,
    /// Time to the second burst after a worse advert.
    pub(super) garp_lower_prio_delay: Option<Time>,
    /// Missed adverts until takeover.
    pub(super) down_timer_adverts: Option<Number>,
    /// A master does not answer a worse advert.
    pub(super) lower_prio_no_advert: Option<Flag>,
    /// One more advert before yielding.
    pub(super) higher_prio_send_advert: Option<Flag>,
    /// The address list of later adverts of the same master is not compared.
    pub(super) skip_check_adv_addr: Option<Flag>,
    /// Unicast adverts of strangers are dropped.
    pub(super) check_unicast_src: Option<Flag>,
    /// The own interface's link does not matter.
    pub(super) dont_track_primary: Option<Flag>,
    /// Interfaces whose loss is a fault, or costs weight.
    pub(super) track_interfaces: Option<Vec<Placed<TextKind, TrackText>>>,
}

/// A virtual address with options.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct VipText {
    /// The address.
    pub(super) address: MaybePrefixed,
    /// Its interface; the instance's when not given.
    pub(super) dev: Option<Text>,
    /// The interface's link does not matter on its account.
    pub(super) no_track: Option<Flag>,
}

/// A tracked interface with options.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct TrackText {
    /// Its name.
    pub(super) interface: Text,
    /// Priority gained or lost; 0: its loss is a fault.
    pub(super) weight: Option<Number>,
    /// Down counts as up.
    pub(super) reverse: Option<Flag>,
}

/// One client: exactly one of `ping` and `http`.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ClientText {
    /// Its segment.
    pub(super) network: Text,
    /// Its address.
    pub(super) address: Prefixed,
    /// Hardware address; 02:00:00:01:00:<client> when not given.
    pub(super) mac: Option<Hardware>,
    /// Sends ICMP echo requests there.
    pub(super) ping: Option<Address>,
    /// Sends HTTP requests there; port 80 when not given.
    pub(super) http: Option<Target>,
    /// Time between requests; 1s when not given.
    pub(super) every: Option<Time>,
    /// A request without an answer after this long is lost; 1s when not given.
    pub(super) timeout: Option<Time>,
    /// First request; 0s when not given.
    pub(super) from: Option<Time>,
}

/// A fault and its moment.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct MomentText {
    /// When.
    pub(super) at: Time,
    /// What.
    #[serde(rename = "do")]
    pub(super) fault: FaultText,
}

/// What can go wrong, and what mends it.
#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum FaultText {
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
}

/// A file from now on.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct FileText {
    /// The node.
    pub(super) node: Text,
    /// Its path.
    pub(super) path: Text,
    /// What it holds; left out, the file is deleted.
    pub(super) content: Option<Text>,
}

/// What a script does from now on: `exits` or `hangs`.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ScriptText {
    /// The node.
    pub(super) node: Text,
    /// The name after `vrrp_script`.
    pub(super) name: Text,
    /// It ends with this status; 0 is success.
    pub(super) exits: Option<Number>,
    /// It does not end by itself.
    pub(super) hangs: Option<Flag>,
}

/// How many processes run from now on.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ProcessText {
    /// The node.
    pub(super) node: Text,
    /// The name after `vrrp_track_process`.
    pub(super) name: Text,
    /// So many.
    pub(super) count: Number,
}

/// How a BFD session is from now on.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct SessionText {
    /// The node.
    pub(super) node: Text,
    /// The name after `bfd_instance`.
    pub(super) name: Text,
    /// It is up.
    pub(super) up: Flag,
}

/// One port.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NicText {
    /// The node.
    pub(super) node: Text,
    /// Its interface; may be left out when it has just one.
    pub(super) interface: Option<Text>,
}

/// A cut of one port.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct CutText {
    /// The node.
    pub(super) node: Text,
    /// Its interface; may be left out when it has just one.
    pub(super) interface: Option<Text>,
    /// Which way; both when not given.
    pub(super) direction: Option<DirectionWord>,
    /// Which frames; all when not given.
    pub(super) frames: Option<FrameClassWord>,
}

/// Islands of one network.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct PartitionText {
    /// The network.
    pub(super) network: Text,
    /// Nodes and clients; those in no group reach everyone.
    pub(super) groups: Vec<Vec<Text>>,
}

/// A new configuration: exactly one of `keepalived`, `vrrp` and `priority`.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ReloadText {
    /// The node.
    pub(super) node: Text,
    /// A keepalived.conf: path relative to this file, or the text itself when it has more than one line.
    pub(super) keepalived: Option<Text>,
    /// Virtual routers, written here.
    pub(super) vrrp: Option<Vec<InstanceText>>,
    /// Sync groups over `vrrp`.
    pub(super) sync_groups: Option<Entries<Vec<Text>>>,
    /// The configuration in force, with these priorities by instance.
    pub(super) priority: Option<Entries<Number>>,
}

/// What may be promised.
#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum PromiseText {
    /// The instance is in this state on the node, all the time.
    State(StateText),
    /// The same with state MASTER.
    Master(MasterText),
    /// A state is entered.
    Enters(EntersText),
    /// How long, in total, there are two or more masters.
    TwoMasters(TwoMastersText),
    /// What a client saw.
    Client(ClientSawText),
    /// How many frames of a kind are seen.
    Frames(FramesText),
}

/// A state over a stretch of time.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct StateText {
    /// The instance.
    pub(super) instance: Text,
    /// The node.
    pub(super) node: Text,
    /// The state.
    pub(super) is: StateWord,
    /// 0s when not given.
    pub(super) from: Option<Time>,
    /// The end of the scenario when not given.
    pub(super) to: Option<Time>,
    /// Tolerance at both ends.
    pub(super) within: Option<Time>,
}

/// A mastership over a stretch of time.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct MasterText {
    /// The instance.
    pub(super) instance: Text,
    /// The node.
    pub(super) node: Text,
    /// 0s when not given.
    pub(super) from: Option<Time>,
    /// The end of the scenario when not given.
    pub(super) to: Option<Time>,
    /// Tolerance at both ends.
    pub(super) within: Option<Time>,
}

/// The entry into a state: either `between`, or `at` give or take `within`.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct EntersText {
    /// The instance.
    pub(super) instance: Text,
    /// The node.
    pub(super) node: Text,
    /// The state.
    pub(super) state: StateWord,
    /// Two times: from the first, up to but not including the second.
    pub(super) between: Option<Vec<Time>>,
    /// The moment.
    pub(super) at: Option<Time>,
    /// Tolerance around `at`, both ends included; 0s when not given.
    pub(super) within: Option<Time>,
}

/// Time with two masters.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct TwoMastersText {
    /// The instance.
    pub(super) instance: Text,
    /// At least this long.
    pub(super) at_least: Option<Time>,
    /// At most this long.
    pub(super) at_most: Option<Time>,
}

/// What a client saw.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ClientSawText {
    /// The client.
    pub(super) name: Text,
    /// Fewest lost requests.
    pub(super) lost_at_least: Option<Number>,
    /// Most lost requests.
    pub(super) lost_at_most: Option<Number>,
    /// The longest time between two answers is at least this.
    pub(super) longest_outage_at_least: Option<Time>,
    /// ... and at most this.
    pub(super) longest_outage_at_most: Option<Time>,
}

/// A count of frames.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct FramesText {
    /// The kind.
    pub(super) kind: FrameKindWord,
    /// Sent by this node.
    pub(super) from: Option<Text>,
    /// Delivered to this node or client.
    pub(super) to: Option<Text>,
    /// Two times; the whole scenario when not given.
    pub(super) between: Option<Vec<Time>>,
    /// Fewest.
    pub(super) at_least: Option<Number>,
    /// Most.
    pub(super) at_most: Option<Number>,
}
