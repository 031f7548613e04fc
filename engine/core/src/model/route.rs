//! Routes and rules of instances, and what is static: it exists from start to stop.
mod spec;

use alloc::string::String;
use alloc::vec::Vec;

use super::Vip;
pub use spec::{Hop, Measure, RouteKind, RouteSpec, RuleDeed, RuleSpec};

/// One route, in the words of `ip route`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RouteModel {
    /// Destination and attributes, word by word.
    pub words: Vec<String>,
    /// `dev`, `oif`: the interface whose loss takes the route away.
    pub device: Option<String>,
    /// `no_track`: that loss is no fault.
    pub no_track: bool,
    /// `track_group`: restored together with these instances; static routes only.
    pub track_group: Option<String>,
    /// What the words mean.
    pub spec: RouteSpec,
}

impl RouteModel {
    /// The words in one line: by it the route is known to a driver.
    pub fn line(&self) -> String {
        self.words.join(" ")
    }
}

/// One policy rule, in the words of `ip rule`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RuleModel {
    /// Selectors and action, word by word.
    pub words: Vec<String>,
    /// `iif`, `oif`, `dev`: the interface whose loss takes the rule away.
    pub device: Option<String>,
    /// `no_track`: that loss is no fault.
    pub no_track: bool,
    /// `track_group`; static rules only.
    pub track_group: Option<String>,
    /// What the words mean.
    pub spec: RuleSpec,
}

impl RuleModel {
    /// The words in one line: by it the rule is known to a driver.
    pub fn line(&self) -> String {
        self.words.join(" ")
    }
}

/// What stands in `static_*` blocks.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Statics {
    /// `static_ipaddress`.
    pub addresses: Vec<StaticAddress>,
    /// `static_routes`.
    pub routes: Vec<RouteModel>,
    /// `static_rules`.
    pub rules: Vec<RuleModel>,
    /// `track_group`.
    pub groups: Vec<TrackGroup>,
}

/// One line of `static_ipaddress`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StaticAddress {
    /// The address, its interface and its options.
    pub address: Vip,
    /// `track_group`.
    pub track_group: Option<String>,
}

/// `track_group`: instances whose interface brings static items back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TrackGroup {
    /// The name after `track_group`.
    pub name: String,
    /// Positions of the instances.
    pub members: Vec<usize>,
}
