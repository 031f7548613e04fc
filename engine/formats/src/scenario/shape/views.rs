//! The shape of promises about what views print.
use schemars::JsonSchema;
use serde::Deserialize;

use super::super::units::*;

/// The connections of a director at a moment: either `table`, or `has`, `lacks` or both.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::scenario) struct ConnsText {
    /// The node.
    pub(in crate::scenario) node: Text,
    /// When.
    pub(in crate::scenario) at: Time,
    /// All lines as the view prints them, in any order; `*` is any one word.
    pub(in crate::scenario) table: Option<Text>,
    /// For each of these there is a line with its words, in this order.
    pub(in crate::scenario) has: Option<Vec<Text>>,
    /// For none of these there is one.
    pub(in crate::scenario) lacks: Option<Vec<Text>>,
}

/// A table of a host at a moment: either `table`, or `has`, `lacks` or both.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::scenario) struct HostTableText {
    /// The node or client.
    pub(in crate::scenario) host: Text,
    /// When.
    pub(in crate::scenario) at: Time,
    /// All lines as the view prints them, in any order; `*` is any one word.
    pub(in crate::scenario) table: Option<Text>,
    /// For each of these there is a line with its words, in this order.
    pub(in crate::scenario) has: Option<Vec<Text>>,
    /// For none of these there is one.
    pub(in crate::scenario) lacks: Option<Vec<Text>>,
}

/// The table of a switch at a moment: either `table`, or `has`, `lacks` or both.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::scenario) struct FdbText {
    /// The network.
    pub(in crate::scenario) network: Text,
    /// When.
    pub(in crate::scenario) at: Time,
    /// All lines as the view prints them, in any order; `*` is any one word.
    pub(in crate::scenario) table: Option<Text>,
    /// For each of these there is a line with its words, in this order.
    pub(in crate::scenario) has: Option<Vec<Text>>,
    /// For none of these there is one.
    pub(in crate::scenario) lacks: Option<Vec<Text>>,
}
