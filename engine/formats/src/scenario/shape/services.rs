//! The shape of services and of the fault that changes them.
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;

use super::super::leaf::{Entries, Kind, Leaf, Unreadable};
use super::super::units::*;
use crate::world::Rcode;

/// One service: exactly one of `http`, `udp`, `tcp`, `smtp` and `dns`.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::scenario) struct ServiceText {
    /// A web server at this port.
    pub(in crate::scenario) http: Option<Number>,
    /// Sends each datagram back that comes to this port.
    pub(in crate::scenario) udp: Option<Number>,
    /// Answers each line that comes over TCP to this port.
    pub(in crate::scenario) tcp: Option<Number>,
    /// The status of HTTP answers; 200 when not given.
    pub(in crate::scenario) status: Option<Number>,
    /// The body of HTTP answers; the node's name when not given.
    pub(in crate::scenario) body: Option<Text>,
    /// Time from a request to its answer; 0s when not given.
    pub(in crate::scenario) delay: Option<Time>,
    /// Answers to some paths that are not like the others.
    pub(in crate::scenario) paths: Option<Entries<PageText>>,
    /// A mail server at this port.
    pub(in crate::scenario) smtp: Option<Number>,
    /// A name server at this UDP port.
    pub(in crate::scenario) dns: Option<Number>,
    /// The first line of a mail server; `220` and the node's name when not given.
    pub(in crate::scenario) greeting: Option<Text>,
    /// What the answers of a name server say; `noerror` when not given.
    pub(in crate::scenario) rcode: Option<Leaf<RcodeKind>>,
}

/// Reads what a name server's answer says.
pub(in crate::scenario) enum RcodeKind {}
impl Kind for RcodeKind {
    type Value = Rcode;
    fn read(text: &str) -> Result<Rcode, Unreadable> {
        pick(text, &Rcode::ALL)
    }
    fn schema() -> Value {
        vocabulary(&Rcode::ALL)
    }
}

/// The answer to one path.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::scenario) struct PageText {
    /// Its status; 200 when not given.
    pub(in crate::scenario) status: Option<Number>,
    /// Its body; the node's name when not given.
    pub(in crate::scenario) body: Option<Text>,
}

/// How the services at a port are from now on: exactly one of the keys besides `node` and `port`.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::scenario) struct ServiceFaultText {
    /// The node.
    pub(in crate::scenario) node: Text,
    /// The port.
    pub(in crate::scenario) port: Number,
    /// The process is gone: connections end, and new ones are refused.
    pub(in crate::scenario) refuse: Option<Flag>,
    /// Packets to it are dropped.
    pub(in crate::scenario) silent: Option<Flag>,
    /// It answers after so long.
    pub(in crate::scenario) slow: Option<Time>,
    /// HTTP answers have this status.
    pub(in crate::scenario) status: Option<Number>,
    /// HTTP answers have this body.
    pub(in crate::scenario) body: Option<Text>,
    /// It is as at the start.
    pub(in crate::scenario) ok: Option<Flag>,
    /// A mail server's first line.
    pub(in crate::scenario) greeting: Option<Text>,
    /// What a name server's answers say.
    pub(in crate::scenario) rcode: Option<Leaf<RcodeKind>>,
}
