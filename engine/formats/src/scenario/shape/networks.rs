//! The shape of networks: switches, links, trunks, how hosts are attached, and the faults of all these.
use schemars::JsonSchema;
use serde::Deserialize;

use super::super::clouds::{CloudKind, CloudText};
use super::super::leaf::{Placed, Yaml};
use super::super::units::*;

/// Everything that describes the quality of a link.
#[derive(Default)]
pub(in crate::scenario) struct LinkKeys<'a> {
    pub(in crate::scenario) delay: Option<&'a Time>,
    pub(in crate::scenario) jitter: Option<&'a Time>,
    pub(in crate::scenario) loss: Option<&'a Percent>,
    pub(in crate::scenario) burst: Option<&'a Number>,
    pub(in crate::scenario) duplicate: Option<&'a Percent>,
    pub(in crate::scenario) reorder: Option<&'a Percent>,
    pub(in crate::scenario) reorder_delay: Option<&'a Time>,
    pub(in crate::scenario) corrupt: Option<&'a Percent>,
    pub(in crate::scenario) bandwidth: Option<&'a Bandwidth>,
    pub(in crate::scenario) queue: Option<&'a Number>,
}

impl<'a> LinkKeys<'a> {
    /// The first that is given.
    pub(in crate::scenario) fn first(&self) -> Option<&'a Yaml<String>> {
        let times = [self.delay, self.jitter, self.reorder_delay].map(|leaf| leaf.map(|leaf| &leaf.text));
        let shares = [self.loss, self.duplicate, self.reorder, self.corrupt].map(|leaf| leaf.map(|leaf| &leaf.text));
        let numbers = [self.burst, self.queue].map(|leaf| leaf.map(|leaf| &leaf.text));
        let bandwidth = [self.bandwidth.map(|leaf| &leaf.text)];
        times.into_iter().chain(shares).chain(numbers).chain(bandwidth).flatten().next()
    }
}

/// A mapping with keys of its own and those of a link.
macro_rules! with_link_keys {
    ($(#[$about:meta])* $name:ident { $($(#[$doc:meta])* $key:ident: $kind:ty,)* }) => {
        $(#[$about])*
        #[derive(Deserialize, JsonSchema)]
        #[serde(deny_unknown_fields)]
        pub(in crate::scenario) struct $name {
            $($(#[$doc])* pub(in crate::scenario) $key: $kind,)*
            /// Delay of one crossing, host to switch or back; 50us when not given.
            pub(in crate::scenario) delay: Option<Time>,
            /// Added at random, up to this.
            pub(in crate::scenario) jitter: Option<Time>,
            /// Chance of loss on one crossing.
            pub(in crate::scenario) loss: Option<Percent>,
            /// Frames are lost in runs of this mean length; 1 when not given: each by itself.
            pub(in crate::scenario) burst: Option<Number>,
            /// Chance that a frame comes twice.
            pub(in crate::scenario) duplicate: Option<Percent>,
            /// Chance that a frame is held back for `reorder_delay`, so that later ones overtake it.
            pub(in crate::scenario) reorder: Option<Percent>,
            /// How long a frame is held back; 10ms when not given.
            pub(in crate::scenario) reorder_delay: Option<Time>,
            /// Chance that a bit flips, and the receiver drops the frame.
            pub(in crate::scenario) corrupt: Option<Percent>,
            /// Bits a second, such as `100Mbit`; without limit when not given.
            pub(in crate::scenario) bandwidth: Option<Bandwidth>,
            /// With a bandwidth: so many frames may wait; 1000 when not given.
            pub(in crate::scenario) queue: Option<Number>,
        }

        impl $name {
            /// The keys of its link.
            pub(in crate::scenario) fn link(&self) -> LinkKeys<'_> {
                LinkKeys {
                    delay: self.delay.as_ref(),
                    jitter: self.jitter.as_ref(),
                    loss: self.loss.as_ref(),
                    burst: self.burst.as_ref(),
                    duplicate: self.duplicate.as_ref(),
                    reorder: self.reorder.as_ref(),
                    reorder_delay: self.reorder_delay.as_ref(),
                    corrupt: self.corrupt.as_ref(),
                    bandwidth: self.bandwidth.as_ref(),
                    queue: self.queue.as_ref(),
                }
            }
        }
    };
}

with_link_keys! {
    /// One segment: a switch, and the links of its hosts.
    NetworkText {
        /// A cloud instead of a switch: aws, gcp or azure; or openstack: a switch with port security at every node.
        cloud: Option<Placed<CloudKind, CloudText>>,
        /// How long the switch remembers where it heard a MAC address; 300s when not given.
        ageing: Option<Time>,
        /// Spanning tree; off when not given: ports forward at once.
        stp: Option<Placed<TreeModeKind, TreeText>>,
        /// IPv4 multicast goes to those only that asked for it; off when not given.
        igmp_snooping: Option<Placed<FlagKind, SnoopingText>>,
    }
}

with_link_keys! {
    /// The link of one host.
    LinkText {}
}

with_link_keys! {
    /// A link between two switches.
    TrunkText {
        /// Its name.
        name: Text,
        /// The two networks.
        between: Vec<Text>,
        /// The VLANs that cross it; all when not given.
        vlans: Option<Vec<Number>>,
    }
}

with_link_keys! {
    /// A link from now on: that of a node, of a client, of a trunk, or all of a network that have no quality of their own.
    SetLinkText {
        /// The node.
        node: Option<Text>,
        /// Its interface; may be left out when it has just one.
        interface: Option<Text>,
        /// The client.
        client: Option<Text>,
        /// The network.
        network: Option<Text>,
        /// The trunk.
        trunk: Option<Text>,
    }
}

/// The spanning tree of a switch.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::scenario) struct TreeText {
    /// Which protocol; off when not given.
    pub(in crate::scenario) mode: Option<TreeModeWord>,
    /// How long a port listens, and then learns; 15s when not given.
    pub(in crate::scenario) forward_delay: Option<Time>,
    /// The lowest is the root; 32768 when not given. Among equals the first name is.
    pub(in crate::scenario) priority: Option<Number>,
}

/// IGMP snooping of a switch.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::scenario) struct SnoopingText {
    /// Whether the switch asks who listens; false when not given.
    pub(in crate::scenario) querier: Option<Flag>,
    /// How often it asks; 125s when not given.
    pub(in crate::scenario) query_interval: Option<Time>,
    /// A member that was not heard for so long is none any more; 260s when not given.
    pub(in crate::scenario) timeout: Option<Time>,
    /// Whether groups in 224.0.0.0/24 go everywhere; true when not given.
    pub(in crate::scenario) floods_link_local: Option<Flag>,
}

/// The querier of a switch from now on.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::scenario) struct QuerierText {
    /// The network.
    pub(in crate::scenario) network: Text,
    /// On or off.
    pub(in crate::scenario) on: Flag,
}

/// The access VLAN of a port from now on.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::scenario) struct SetVlanText {
    /// The node.
    pub(in crate::scenario) node: Text,
    /// Its interface; may be left out when it has just one.
    pub(in crate::scenario) interface: Option<Text>,
    /// The VLAN.
    pub(in crate::scenario) vlan: Number,
}

/// A storm.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::scenario) struct StormText {
    /// The network.
    pub(in crate::scenario) network: Text,
    /// How many times more each broadcast and multicast frame comes, up to 1000.
    pub(in crate::scenario) copies: Number,
    /// How long it lasts.
    #[serde(rename = "for")]
    pub(in crate::scenario) lasts: Time,
}
