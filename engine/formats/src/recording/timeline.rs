//! `timeline.json` and `spread.json` as they are written.
use serde::Deserialize;
use serde_json::{Map, Value};
use vrrplab_engine::{Instant, Span};

use super::Stability;
use super::files::Millis;

/// One recorded run.
#[derive(Debug, Deserialize)]
pub(super) struct Timeline {
    pub(super) starts: Vec<Start>,
    #[serde(default)]
    pub(super) faults: Vec<Injected>,
    pub(super) events: Vec<Event>,
    #[serde(default)]
    jitter_probe_ms: Probe,
}

/// How late a timer was that measured the machine while it recorded.
#[derive(Debug, Default, Deserialize)]
struct Probe {
    #[serde(default)]
    max: Millis,
}

/// One start of a daemon.
#[derive(Debug, Deserialize)]
pub(super) struct Start {
    pub(super) node: String,
    pub(super) n: usize,
    exec_ms: Option<Millis>,
    first_state_ms: Option<Millis>,
}

/// A fault as it was carried out.
#[derive(Debug, Deserialize)]
pub(super) struct Injected {
    #[serde(rename = "type")]
    pub(super) kind: String,
    pub(super) t_ms: Millis,
    pub(super) done_ms: Option<Millis>,
}

/// One line of the record; most fields belong to few kinds.
#[derive(Debug, Deserialize)]
pub(super) struct Event {
    pub(super) t_ms: Millis,
    #[serde(default)]
    pub(super) node: Option<String>,
    pub(super) event: String,
    #[serde(default)]
    pub(super) instance: Option<String>,
    #[serde(default)]
    pub(super) state: Option<String>,
    #[serde(default)]
    pub(super) early: Value,
    #[serde(default)]
    pub(super) nic: Option<String>,
    #[serde(default)]
    pub(super) ip: Option<String>,
    #[serde(default)]
    pub(super) dst: Option<String>,
    #[serde(default)]
    pub(super) up: Option<bool>,
    #[serde(default)]
    pub(super) carrier: Option<bool>,
    /// Nodes for frames; other kinds of events have a number here.
    #[serde(default)]
    to: Value,
    /// What a frame says.
    #[serde(flatten)]
    pub(super) rest: Map<String, Value>,
}

impl Timeline {
    /// When the n-th daemon of the node (from 1) entered its first state, if it ever did; a FAULT that it began with counts.
    pub(super) fn started(&self, node: &str, n: usize) -> Option<Instant> {
        let start = |n: usize| self.starts.iter().find(|s| s.node == node && s.n == n);
        let exec = |start: &Start| start.exec_ms.as_ref().map(|ms| ms.0);
        let (begun, ended) = (start(n).and_then(exec), start(n + 1).and_then(exec));
        let early = self.events.iter().filter(|e| e.is_of(node) && e.event == "state" && e.is_early()).map(Event::at);
        let early = early.filter(|at| begun.is_some_and(|begun| *at >= begun) && ended.is_none_or(|end| *at < end));
        early.chain(start(n)?.first_state_ms.as_ref().map(|ms| ms.0)).min()
    }

    /// The longest time for which the machine stood still.
    pub(super) fn stall(&self) -> Span {
        Span(self.jitter_probe_ms.max.0.0)
    }
}

impl Event {
    pub(super) fn at(&self) -> Instant {
        self.t_ms.0
    }
    pub(super) fn is_of(&self, node: &str) -> bool {
        self.node.as_deref() == Some(node)
    }
    pub(super) fn is_early(&self) -> bool {
        !matches!(self.early, Value::Null | Value::Bool(false))
    }
    /// Whether it is the first state after a start or a reload.
    pub(super) fn is_init(&self) -> bool {
        self.rest.get("init").is_some_and(|init| init == &Value::Bool(true))
    }
    /// The nodes that a frame was delivered to.
    pub(super) fn delivered_to(&self) -> impl Iterator<Item = &str> {
        self.to.as_array().into_iter().flatten().filter_map(Value::as_str)
    }
}

/// The comparison of the runs.
#[derive(Debug, Deserialize)]
pub(super) struct Spread {
    #[serde(default)]
    stable: Stable,
}

#[derive(Debug, Default, Deserialize)]
struct Stable {
    state: Option<bool>,
    vip: Option<bool>,
    advert_tx: Option<bool>,
    garp_tx: Option<bool>,
    na_tx: Option<bool>,
}

impl Spread {
    pub(super) fn stability(&self) -> Stability {
        let Stable { state, vip, advert_tx, garp_tx, na_tx } = self.stable;
        let is = |kind: Option<bool>| kind.unwrap_or(true);
        Stability { state: is(state), vip: is(vip), advert: is(advert_tx), garp: is(garp_tx), na: is(na_tx) }
    }
}
