//! A causal chain: what happened, by which rule, and because of what; as text and as JSON.
use serde::Serialize;
use vrrplab_engine::{Instant, Rule, State};
use vrrplab_formats::world::NodeId;

use crate::observe::words::{Names, time};

/// So deep are causes of causes told.
const DEPTH: usize = 4;

/// One link of a chain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cause {
    /// When it happened, or began.
    pub at: Instant,
    /// What happened.
    pub what: String,
    /// The rule that decided, when a router did.
    pub rule: Option<Rule>,
    /// Why.
    pub because: Vec<Cause>,
}

/// A change of state of one instance, with its causes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// The node.
    pub node: NodeId,
    /// The name of the instance.
    pub instance: String,
    /// The state before; `None`: no daemon ran.
    pub from: Option<State>,
    /// The state after; `None`: no daemon runs.
    pub to: Option<State>,
    /// What happened, and why.
    pub cause: Cause,
}

#[derive(Serialize)]
struct Link<'a> {
    at_ns: u64,
    what: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    rule: Option<&'static str>,
    because: Vec<Link<'a>>,
}

/// A change for machines.
#[derive(Serialize)]
pub struct ChangeJson<'a> {
    node: &'a str,
    instance: &'a str,
    from: Option<&'static str>,
    to: Option<&'static str>,
    #[serde(flatten)]
    cause: Link<'a>,
}

impl Cause {
    /// Something without further causes.
    pub fn new(at: Instant, what: impl Into<String>, rule: Option<Rule>) -> Cause {
        Cause { at, what: what.into(), rule, because: Vec::new() }
    }

    /// The same because of these.
    pub fn because(mut self, causes: Vec<Cause>) -> Cause {
        self.because = causes;
        self
    }

    /// The same without what lies too deep.
    pub fn pruned(mut self) -> Cause {
        self.prune(DEPTH);
        self
    }

    fn prune(&mut self, depth: usize) {
        match depth.checked_sub(1) {
            None => self.because.clear(),
            Some(depth) => self.because.iter_mut().for_each(|cause| cause.prune(depth)),
        }
    }

    fn link(&self) -> Link<'_> {
        Link {
            at_ns: self.at.0,
            what: &self.what,
            rule: self.rule.map(Rule::id),
            because: self.because.iter().map(Cause::link).collect(),
        }
    }

    fn write(&self, depth: usize, text: &mut String) {
        let rule = self.rule.map(|rule| format!(" [{}]", rule.id())).unwrap_or_default();
        let indent = "    ".repeat(depth);
        *text += &format!("{indent}{:>12}  {}{rule}\n", time(self.at), self.what);
        for cause in &self.because {
            cause.write(depth + 1, text);
        }
    }
}

impl Change {
    /// When.
    pub fn at(&self) -> Instant {
        self.cause.at
    }

    /// Mastership is won or lost by it.
    pub fn moves_mastership(&self) -> bool {
        [self.from, self.to].contains(&Some(State::Master))
    }

    /// The chain for people: each cause below what it caused.
    pub fn text(&self) -> String {
        let mut text = String::new();
        self.cause.write(0, &mut text);
        text
    }

    /// The chain for machines.
    pub fn json<'a>(&'a self, names: &'a Names) -> ChangeJson<'a> {
        ChangeJson {
            node: names.node(self.node),
            instance: &self.instance,
            from: self.from.map(State::name),
            to: self.to.map(State::name),
            cause: self.cause.link(),
        }
    }
}
