//! The shape of a scenario file: what may be written where. Reading, schema and list of known keys all come from here.
mod balancing;
mod faults;
mod hosts;
mod invariants;
mod networks;
mod promises;
mod services;
mod views;
mod vrrp;

use schemars::JsonSchema;
use serde::Deserialize;

use super::leaf::Entries;
use super::rogues::RogueText;
use super::security::GroupText;
use super::units::*;
pub(super) use balancing::*;
pub(super) use faults::*;
pub(super) use hosts::*;
pub(super) use invariants::*;
pub(super) use networks::*;
pub(super) use promises::*;
pub(super) use services::*;
pub(super) use views::*;
pub(super) use vrrp::*;

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
    /// Links between the switches of networks.
    pub(super) trunks: Option<Vec<TrunkText>>,
    /// The security groups that ports may be in.
    #[serde(default)]
    pub(super) security_groups: Entries<GroupText>,
    /// The routers.
    pub(super) nodes: Entries<NodeText>,
    /// The hosts that ask for something.
    #[serde(default)]
    pub(super) clients: Entries<ClientText>,
    /// The hosts that belong to no cluster and send what others never said.
    #[serde(default)]
    pub(super) rogues: Entries<RogueText>,
    /// The faults.
    pub(super) timeline: Option<Vec<MomentText>>,
    /// The promises.
    pub(super) expect: Option<Vec<PromiseText>>,
    /// Tables that the timeline shows: `VIEW@TIME`, or `VIEW@TIME:HOST`.
    pub(super) show: Option<Vec<LookWord>>,
    /// A promise must be broken: `vrrplab test` counts the scenario as failed when all of them hold.
    pub(super) must_fail: Option<Flag>,
    /// What is watched in every run, where it shall be watched otherwise or not at all.
    pub(super) invariants: Option<InvariantsText>,
    /// The violations of invariants that must come; others must not.
    pub(super) expect_violation: Option<Vec<ExpectedText>>,
}
