//! A breach of an invariant: when, what, who believed what, and what had happened.
use std::collections::BTreeSet;

use vrrplab_engine::{Instant, Rule, State};
use vrrplab_formats::world::{ClientId, ExpectedViolation, Invariant, NodeId, Place};

use super::scene::{Group, Scene};
use crate::observe::words::time;

/// Who has part in a breach.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Parties {
    /// The virtual router, when it is about one: the views of all its instances are shown.
    pub group: Option<Group>,
    /// The nodes.
    pub nodes: BTreeSet<NodeId>,
    /// The names of the instances.
    pub instances: BTreeSet<String>,
    /// The client that suffers.
    pub client: Option<ClientId>,
}

impl Parties {
    /// The instances of a group on these nodes.
    pub fn group(scene: &Scene, group: Group, on: impl Fn(NodeId) -> bool) -> Parties {
        let mut parties = Parties { group: Some(group), ..Parties::default() };
        for (_, seat) in scene.members(group).filter(|(_, seat)| on(seat.node)) {
            parties.nodes.insert(seat.node);
            parties.instances.insert(seat.instance.clone());
        }
        parties
    }
}

/// What a watch has found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// Which invariant is broken.
    pub invariant: Invariant,
    /// From when on it is.
    pub at: Instant,
    /// When that which breaks it began.
    pub since: Instant,
    /// Who has part in it.
    pub parties: Parties,
    /// One sentence.
    pub what: String,
}

/// A finding with what the nodes believed then.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// What was found.
    pub finding: Finding,
    /// What each instance of the virtual router believed.
    pub views: Vec<String>,
    /// What had happened last.
    pub causes: Vec<String>,
    /// By which rules they were in their states; of a refused advert, the rule that refused it.
    pub rules: BTreeSet<(Option<State>, Rule)>,
    /// Some `expect_violation` speaks of it.
    pub expected: bool,
}

impl Violation {
    /// Whether it is the one that was expected.
    fn is(&self, expected: &ExpectedViolation) -> bool {
        let Finding { invariant, at, parties, .. } = &self.finding;
        *invariant == expected.invariant
            && expected.window.is_none_or(|window| window.from <= *at && *at < window.to)
            && expected.node.is_none_or(|node| parties.nodes.contains(&node))
            && expected.instance.as_ref().is_none_or(|instance| parties.instances.contains(instance))
            && expected.client.is_none_or(|client| parties.client == Some(client))
    }

    /// Several lines for people.
    pub fn text(&self) -> String {
        let Finding { invariant, at, what, .. } = &self.finding;
        let mut text = format!("{} violated at {}: {what}", invariant.id(), time(*at));
        for view in &self.views {
            text += &format!("\n     view:  {view}");
        }
        for cause in &self.causes {
            text += &format!("\n     cause: {cause}");
        }
        text
    }
}

/// The verdict on one expected violation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Expected {
    /// Where it was written.
    pub place: Place,
    /// Its own words.
    pub text: String,
    /// What was found: the first one, in one line.
    pub found: Option<String>,
}

/// All that the invariants have to say on a run.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Objections {
    /// Every violation, in order of time.
    pub violations: Vec<Violation>,
    /// The verdicts on the expected ones, in file order.
    pub expected: Vec<Expected>,
}

impl Objections {
    /// Holds what was found against what was expected.
    pub fn new(mut violations: Vec<Violation>, expected: &[ExpectedViolation]) -> Objections {
        violations.sort_by_key(|violation| (violation.finding.at, violation.finding.invariant));
        let mut verdicts = Vec::new();
        for wanted in expected {
            let mut found = None;
            for violation in violations.iter_mut().filter(|violation| violation.is(wanted)) {
                violation.expected = true;
                found.get_or_insert_with(|| format!("{}: {}", time(violation.finding.at), violation.finding.what));
            }
            verdicts.push(Expected { place: wanted.place.clone(), text: wanted.text.clone(), found });
        }
        Objections { violations, expected: verdicts }
    }

    /// Nothing unexpected was violated, and everything expected was.
    pub fn held(&self) -> bool {
        self.violations.iter().all(|violation| violation.expected) && self.expected.iter().all(|e| e.found.is_some())
    }

    /// Lines for the summary; none when nothing was violated or expected.
    pub fn summary(&self) -> String {
        let mut text = String::new();
        for expected in &self.expected {
            text += &match &expected.found {
                Some(found) => format!("ok   violation expected: {}\n     {found}\n", expected.text),
                None => {
                    let place = &expected.place;
                    let words = &expected.text;
                    format!("FAIL violation expected: {words}\n     {}:{}: there was none\n", place.file, place.line)
                }
            };
        }
        for violation in self.violations.iter().filter(|violation| !violation.expected) {
            text += &format!("FAIL invariant {}\n", violation.text());
        }
        text
    }
}
