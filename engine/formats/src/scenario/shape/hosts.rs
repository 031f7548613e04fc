//! The shape of nodes and clients.
use schemars::JsonSchema;
use serde::Deserialize;

use super::super::clouds::CloudCallText;
use super::super::firewall::FirewallText;
use super::super::leaf::{Entries, Placed};
use super::super::machine::ClockText;
use super::super::routing::{NatText, RouteText};
use super::super::security::SecurityText;
use super::super::units::*;
use super::{InstanceText, LinkText, ServiceText};

/// One router.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::scenario) struct NodeText {
    /// Its interfaces; the order gives their kernel indexes.
    pub(in crate::scenario) interfaces: Entries<InterfaceText>,
    /// A keepalived.conf: path relative to this file, or the text itself when it has more than one line.
    pub(in crate::scenario) keepalived: Option<Text>,
    /// Virtual routers, written here.
    pub(in crate::scenario) vrrp: Option<Vec<InstanceText>>,
    /// Sync groups over `vrrp`: names of their instances.
    pub(in crate::scenario) sync_groups: Option<Entries<Vec<Text>>>,
    /// Overrides the scenario's policy.
    pub(in crate::scenario) policy: Option<PolicyName>,
    /// When the daemon starts; 0s when not given; `never`: only by a `start` fault.
    pub(in crate::scenario) start: Option<Start>,
    /// Answers HTTP on port 80 of every address that it holds, with its name.
    pub(in crate::scenario) http: Option<Flag>,
    /// What answers on every address that it holds.
    pub(in crate::scenario) services: Option<Vec<ServiceText>>,
    /// So many nodes like this: `{n}` and `{1..4}` are filled in, addresses count up.
    pub(in crate::scenario) count: Option<Number>,
    /// Files beside the configuration, path and content: what is tracked, and shell scripts.
    pub(in crate::scenario) files: Option<Entries<Text>>,
    /// What its programs ask of the cloud when they run.
    pub(in crate::scenario) cloud_calls: Option<Vec<CloudCallText>>,
    /// Routes besides those of its interfaces.
    pub(in crate::scenario) routes: Option<Vec<RouteText>>,
    /// Sysctls by name, such as `net.ipv4.ip_forward`.
    pub(in crate::scenario) sysctls: Option<Entries<Number>>,
    /// Its packet filter: the first rule that matches decides.
    pub(in crate::scenario) firewall: Option<Vec<FirewallText>>,
    /// Addresses that are others outside.
    pub(in crate::scenario) nat: Option<Vec<NatText>>,
    /// What is forwarded out of this interface takes the interface's own address.
    pub(in crate::scenario) masquerade: Option<Text>,
    /// The clock that its timers run by; the world's own when not given.
    pub(in crate::scenario) clock: Option<ClockText>,
}

/// One interface.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::scenario) struct InterfaceText {
    /// The segment that it is plugged into; `lo` has none, all others have one.
    pub(in crate::scenario) network: Option<Text>,
    /// Fixed addresses; the first of a family is the primary.
    pub(in crate::scenario) addresses: Option<Vec<Prefixed>>,
    /// Hardware address; 02:00:00:00:<node>:<interface> when not given.
    pub(in crate::scenario) mac: Option<Hardware>,
    /// OpenStack port security; off when not given.
    pub(in crate::scenario) port_security: Option<Placed<FlagKind, SecurityText>>,
    /// Addresses that a cloud leads here at the start, besides the fixed ones.
    pub(in crate::scenario) assigned: Option<Vec<Address>>,
    /// Its addresses may be those of others.
    pub(in crate::scenario) duplicate: Option<Flag>,
    /// Access VLAN; 1 when not given.
    pub(in crate::scenario) vlan: Option<Number>,
    /// Whether its port forwards at once, whatever the spanning tree; false when not given.
    pub(in crate::scenario) portfast: Option<Flag>,
    /// Quality of its link; what is left out is as the network has it.
    pub(in crate::scenario) link: Option<LinkText>,
}

/// One client: exactly one of `ping`, `http`, `udp` and `hold`.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::scenario) struct ClientText {
    /// Its segment.
    pub(in crate::scenario) network: Text,
    /// Its address.
    pub(in crate::scenario) address: Prefixed,
    /// Hardware address; 02:00:00:01:00:<client> when not given.
    pub(in crate::scenario) mac: Option<Hardware>,
    /// Sends ICMP echo requests there.
    pub(in crate::scenario) ping: Option<Address>,
    /// Sends HTTP requests there; port 80 when not given.
    pub(in crate::scenario) http: Option<Target>,
    /// Sends numbered datagrams there.
    pub(in crate::scenario) udp: Option<Endpoint>,
    /// Keeps one TCP connection there open, and sends numbered lines.
    pub(in crate::scenario) hold: Option<Endpoint>,
    /// Time between requests; 1s when not given.
    pub(in crate::scenario) every: Option<Time>,
    /// A request without an answer after this long is lost; 1s when not given.
    pub(in crate::scenario) timeout: Option<Time>,
    /// First request; 0s when not given.
    pub(in crate::scenario) from: Option<Time>,
    /// An answer that took longer is late; none is when not given.
    pub(in crate::scenario) late_after: Option<Time>,
    /// So many clients like this, reported as one: `{n}` and `{1..4}` are filled in, addresses count up, and their requests are spread
    /// over `every`.
    pub(in crate::scenario) count: Option<Number>,
    /// Who knows the way to other segments.
    pub(in crate::scenario) gateway: Option<Address>,
    /// Its address may be that of another.
    pub(in crate::scenario) duplicate: Option<Flag>,
    /// Access VLAN; 1 when not given.
    pub(in crate::scenario) vlan: Option<Number>,
    /// Whether its port forwards at once, whatever the spanning tree; false when not given.
    pub(in crate::scenario) portfast: Option<Flag>,
    /// Quality of its link; what is left out is as the network has it.
    pub(in crate::scenario) link: Option<LinkText>,
}
