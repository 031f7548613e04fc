//! The shape of promises.
use schemars::JsonSchema;
use serde::Deserialize;

use super::super::units::*;

/// What may be promised.
#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(in crate::scenario) enum PromiseText {
    /// The instance is in this state on the node, all the time.
    State(StateText),
    /// The same with state MASTER.
    Master(MasterText),
    /// A state is entered.
    Enters(EntersText),
    /// How long, in total, there are two or more masters.
    TwoMasters(TwoMastersText),
    /// What a client saw.
    Client(Box<ClientSawText>),
    /// How many frames of a kind are seen.
    Frames(FramesText),
    /// What a table of virtual servers holds.
    Ipvs(super::TableText),
    /// Which connections of virtual servers there are: `ipvsadm -Lnc`.
    Conns(super::ConnsText),
    /// Which neighbours a host knows: `ip neigh`.
    Arp(super::HostTableText),
    /// Which addresses a host has: `ip -br addr`.
    Addr(super::HostTableText),
    /// Where a switch has heard whom: `bridge fdb show`.
    Fdb(super::FdbText),
}

/// A state over a stretch of time.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::scenario) struct StateText {
    /// The instance.
    pub(in crate::scenario) instance: Text,
    /// The node.
    pub(in crate::scenario) node: Text,
    /// The state.
    pub(in crate::scenario) is: StateWord,
    /// 0s when not given.
    pub(in crate::scenario) from: Option<Time>,
    /// The end of the scenario when not given.
    pub(in crate::scenario) to: Option<Time>,
    /// Tolerance at both ends.
    pub(in crate::scenario) within: Option<Time>,
}

/// A mastership over a stretch of time.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::scenario) struct MasterText {
    /// The instance.
    pub(in crate::scenario) instance: Text,
    /// The node.
    pub(in crate::scenario) node: Text,
    /// 0s when not given.
    pub(in crate::scenario) from: Option<Time>,
    /// The end of the scenario when not given.
    pub(in crate::scenario) to: Option<Time>,
    /// Tolerance at both ends.
    pub(in crate::scenario) within: Option<Time>,
}

/// The entry into a state: either `between`, or `at` give or take `within`.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::scenario) struct EntersText {
    /// The instance.
    pub(in crate::scenario) instance: Text,
    /// The node.
    pub(in crate::scenario) node: Text,
    /// The state.
    pub(in crate::scenario) state: StateWord,
    /// Two times: from the first, up to but not including the second.
    pub(in crate::scenario) between: Option<Vec<Time>>,
    /// The moment.
    pub(in crate::scenario) at: Option<Time>,
    /// Tolerance around `at`, both ends included; 0s when not given.
    pub(in crate::scenario) within: Option<Time>,
}

/// Time with two masters.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::scenario) struct TwoMastersText {
    /// The instance.
    pub(in crate::scenario) instance: Text,
    /// At least this long.
    pub(in crate::scenario) at_least: Option<Time>,
    /// At most this long.
    pub(in crate::scenario) at_most: Option<Time>,
}

/// What a client saw.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::scenario) struct ClientSawText {
    /// The client, or the block of clients.
    pub(in crate::scenario) name: Text,
    /// Fewest lost requests.
    pub(in crate::scenario) lost_at_least: Option<Number>,
    /// Most lost requests.
    pub(in crate::scenario) lost_at_most: Option<Number>,
    /// The longest time between two answers is at least this.
    pub(in crate::scenario) longest_outage_at_least: Option<Time>,
    /// ... and at most this.
    pub(in crate::scenario) longest_outage_at_most: Option<Time>,
    /// Fewest connections that were reset.
    pub(in crate::scenario) resets_at_least: Option<Number>,
    /// Most connections that were reset.
    pub(in crate::scenario) resets_at_most: Option<Number>,
    /// Most answers that were late.
    pub(in crate::scenario) late_at_most: Option<Number>,
    /// Every request that is asked from this moment on is answered.
    pub(in crate::scenario) back_by: Option<Time>,
}

/// A count of frames.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::scenario) struct FramesText {
    /// The kind.
    pub(in crate::scenario) kind: FrameKindWord,
    /// Sent by this node.
    pub(in crate::scenario) from: Option<Text>,
    /// Delivered to this node or client.
    pub(in crate::scenario) to: Option<Text>,
    /// Two times; the whole scenario when not given.
    pub(in crate::scenario) between: Option<Vec<Time>>,
    /// Fewest.
    pub(in crate::scenario) at_least: Option<Number>,
    /// Most.
    pub(in crate::scenario) at_most: Option<Number>,
}
