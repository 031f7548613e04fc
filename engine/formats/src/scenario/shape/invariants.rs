//! The shape of what is said about invariants.
use schemars::JsonSchema;
use serde::Deserialize;

use super::super::leaf::{Leaf, Placed};
use super::super::units::*;

/// The invariants: `off`, or how long a breach may last.
#[derive(Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(in crate::scenario) struct InvariantsText {
    /// At most one master for each VRID in a connected part.
    pub(in crate::scenario) one_master: Option<Placed<SwitchKind, AllowText>>,
    /// A virtual address is answered for from one place.
    pub(in crate::scenario) one_answer: Option<Placed<SwitchKind, AllowText>>,
    /// The virtual addresses are where the master is.
    pub(in crate::scenario) vip_at_master: Option<Placed<SwitchKind, AllowText>>,
    /// Adverts are accepted by the peers that they reach.
    pub(in crate::scenario) adverts_accepted: Option<Placed<SwitchKind, AllowText>>,
    /// After the last fault there is calm; `allow` is how long that may take.
    pub(in crate::scenario) agreement: Option<Placed<SwitchKind, AllowText>>,
    /// Clients are answered while a master is connected with them.
    pub(in crate::scenario) no_black_hole: Option<Placed<SwitchKind, AllowText>>,
    /// Mastership does not move again and again.
    pub(in crate::scenario) no_flapping: Option<Placed<SwitchKind, FlappingText>>,
    /// The kernel's table of virtual servers is the one that the checkers believe in: on or off.
    pub(in crate::scenario) table_as_wanted: Option<Leaf<SwitchKind>>,
    /// Breaches before this moment do not count, and those that last begin anew then; 0s when not given.
    pub(in crate::scenario) judged_from: Option<Time>,
}

/// How long a breach may last.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::scenario) struct AllowText {
    /// So long.
    pub(in crate::scenario) allow: Time,
}

/// How often mastership may move.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::scenario) struct FlappingText {
    /// So often; 6 when not given.
    pub(in crate::scenario) moves: Option<Number>,
    /// In so much time; 60s when not given.
    pub(in crate::scenario) within: Option<Time>,
}

/// A violation that must come.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::scenario) struct ExpectedText {
    /// Which invariant is broken.
    pub(in crate::scenario) invariant: InvariantWord,
    /// Two times: found from the first, up to but not including the second.
    pub(in crate::scenario) between: Option<Vec<Time>>,
    /// A node that has part in it.
    pub(in crate::scenario) node: Option<Text>,
    /// An instance that has part in it.
    pub(in crate::scenario) instance: Option<Text>,
    /// The client that suffers.
    pub(in crate::scenario) client: Option<Text>,
}
