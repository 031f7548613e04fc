//! The shape of promises about virtual servers.
use schemars::JsonSchema;
use serde::Deserialize;

use super::super::leaf::{Entries, Placed};
use super::super::units::*;

/// What the table of virtual servers holds at a moment: exactly one of `servers` and `absent`.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::scenario) struct TableText {
    /// The node.
    pub(in crate::scenario) node: Text,
    /// When.
    pub(in crate::scenario) at: Time,
    /// The service, such as "tcp 10.0.0.100:80" or "fwmark 3".
    pub(in crate::scenario) service: Service,
    /// All its servers by address and port: the weight, or more.
    pub(in crate::scenario) servers: Option<Entries<Placed<NumberKind, ServerText>>>,
    /// There is no such service.
    pub(in crate::scenario) absent: Option<Flag>,
}

/// What is promised about one server.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::scenario) struct ServerText {
    /// Its weight.
    pub(in crate::scenario) weight: Option<Number>,
    /// So many active connections.
    pub(in crate::scenario) active: Option<Number>,
    /// Fewest active connections.
    pub(in crate::scenario) active_at_least: Option<Number>,
    /// Most active connections.
    pub(in crate::scenario) active_at_most: Option<Number>,
    /// So many inactive connections.
    pub(in crate::scenario) inactive: Option<Number>,
    /// Fewest inactive connections.
    pub(in crate::scenario) inactive_at_least: Option<Number>,
    /// Most inactive connections.
    pub(in crate::scenario) inactive_at_most: Option<Number>,
}
