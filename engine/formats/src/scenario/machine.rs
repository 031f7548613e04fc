//! The machine under a router, as written: its clock, and the faults that strike it.
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};
use vrrplab_engine::Span;

use super::leaf::{Kind, Leaf, Unreadable};
use super::reader::Reader;
use super::units::{Flag, Number, Text, Time, decimal, percent, pick, time, vocabulary};
use crate::world::{Child, NodeClock, NodeFault, Ppm, SignedSpan, StunClock};

/// No clock runs at less than a tenth of the world's speed, or at more than ten times.
const MOST_PPM: i32 = 900_000;

/// Reads [`Drift`].
pub(super) enum DriftKind {}
/// How much faster a clock runs; slower with a minus sign.
pub(super) type Drift = Leaf<DriftKind>;

impl Kind for DriftKind {
    type Value = Ppm;
    fn read(text: &str) -> Result<Ppm, Unreadable> {
        let (minus, number) = sign(text);
        let parts = number.strip_suffix("ppm").and_then(|number| decimal(number.trim_end(), 1));
        let parts = parts.or_else(|| percent(number).ok().map(u64::from));
        let parts = parts.and_then(|parts| i32::try_from(parts).ok()).filter(|parts| *parts <= MOST_PPM);
        let bad = || Unreadable::new(format!("`{text}` is no drift"), "write `50ppm`, `-50ppm` or `1%`, at most 90%");
        parts.map(|parts| Ppm(if minus { -parts } else { parts })).ok_or_else(bad)
    }
    fn schema() -> Value {
        json!({ "type": "string", "pattern": r"^[+-]?[0-9]+(\.[0-9]+)? ?(ppm|%)$" })
    }
}

/// Reads [`SignedTime`].
pub(super) enum SignedTimeKind {}
/// A length of time, forwards or backwards.
pub(super) type SignedTime = Leaf<SignedTimeKind>;

impl Kind for SignedTimeKind {
    type Value = SignedSpan;
    fn read(text: &str) -> Result<SignedSpan, Unreadable> {
        let (minus, length) = sign(text);
        let bad = |_| Unreadable::new(format!("`{text}` is too long"), "at most about 292 years");
        let length = i64::try_from(time(length)?.0).map_err(bad)?;
        Ok(SignedSpan(if minus { -length } else { length }))
    }
    fn schema() -> Value {
        json!({ "type": "string", "pattern": r"^[+-]?[0-9]+(\.[0-9]+)? ?(ns|us|ms|s|m)$" })
    }
}

fn sign(text: &str) -> (bool, &str) {
    match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    }
}

const STUN_CLOCKS: [(&str, StunClock); 2] = [("runs", StunClock::Runs), ("stops", StunClock::Stops)];
const CHILDREN: [(&str, Child); 2] = [("vrrp", Child::Vrrp), ("checkers", Child::Checkers)];

/// Reads [`StunClockWord`].
pub(super) enum StunClockKind {}
/// What the clock of a machine does while it stands still.
pub(super) type StunClockWord = Leaf<StunClockKind>;

impl Kind for StunClockKind {
    type Value = StunClock;
    fn read(text: &str) -> Result<StunClock, Unreadable> {
        pick(text, &STUN_CLOCKS)
    }
    fn schema() -> Value {
        vocabulary(&STUN_CLOCKS)
    }
}

/// Reads [`ChildWord`].
pub(super) enum ChildKind {}
/// A child of keepalived's parent process.
pub(super) type ChildWord = Leaf<ChildKind>;

impl Kind for ChildKind {
    type Value = Child;
    fn read(text: &str) -> Result<Child, Unreadable> {
        pick(text, &CHILDREN)
    }
    fn schema() -> Value {
        vocabulary(&CHILDREN)
    }
}

/// The clock of a node.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ClockText {
    /// What it says when the scenario begins; 0s when not given. Nothing depends on it.
    offset: Option<Time>,
    /// How much faster than the world it runs, such as `50ppm`, `-50ppm` or `1%`.
    drift: Option<Drift>,
}

/// A machine that stands still.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct StunText {
    /// The node.
    node: Text,
    /// How long.
    #[serde(rename = "for")]
    length: Time,
    /// Whether its clock `runs` meanwhile, or `stops`.
    clock: StunClockWord,
    /// So many frames that arrive meanwhile are kept and read afterwards; 0 when not given: all are lost.
    ring: Option<Number>,
}

/// A wall clock that is set.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ClockStepText {
    /// The node.
    node: Text,
    /// By how much, such as `+3600s` or `-3600s`.
    by: SignedTime,
}

/// A clock that runs at another speed from now on.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct DriftText {
    /// The node.
    node: Text,
    /// How much faster than the world, such as `50ppm`, `-50ppm` or `1%`.
    by: Drift,
}

/// A daemon that waits for the processor.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct StarveText {
    /// The node.
    node: Text,
    /// So much later it runs whenever something wakes it; `0s` ends it.
    late: Time,
    /// Each time anything from nothing to `late`.
    at_random: Option<Flag>,
}

/// A child process that dies.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct KillChildText {
    /// The node.
    node: Text,
    /// Which one.
    child: ChildWord,
}

impl Reader<'_> {
    /// The clock as written at a node.
    pub(super) fn clock(&mut self, text: Option<&ClockText>) -> NodeClock {
        let Some(text) = text else { return NodeClock::default() };
        NodeClock { offset: self.or(&text.offset, Span::ZERO), drift: self.or(&text.drift, Ppm::default()) }
    }

    /// A machine that stands still.
    pub(super) fn stun(&mut self, text: &StunText) -> Option<NodeFault> {
        let node = self.node(&text.node);
        let length = self.read(&text.length);
        if length.as_ref().is_some_and(|length| length.value == Span::ZERO) {
            self.refuse_at(&text.length.text, "a machine stands still for some time", "", "for instance 5s");
        }
        let clock = self.read(&text.clock);
        let ring = match self.maybe(&text.ring) {
            None => 0,
            Some(ring) => u32::try_from(ring.value).unwrap_or_else(|_| {
                self.refuse(ring.span, "that is no number of frames", "", "0 or more; virtio has 256 by default");
                0
            }),
        };
        Some(NodeFault::Stun { node: node?, length: length?.value, clock: clock?.value, ring })
    }

    /// A wall clock that is set.
    pub(super) fn clock_step(&mut self, text: &ClockStepText) -> Option<NodeFault> {
        let (node, by) = (self.node(&text.node), self.read(&text.by));
        Some(NodeFault::ClockStep { node: node?, by: by?.value })
    }

    /// A clock that runs at another speed.
    pub(super) fn drift(&mut self, text: &DriftText) -> Option<NodeFault> {
        let (node, by) = (self.node(&text.node), self.read(&text.by));
        Some(NodeFault::Drift { node: node?, ppm: by?.value })
    }

    /// A daemon that waits for the processor.
    pub(super) fn starve(&mut self, text: &StarveText) -> Option<NodeFault> {
        let (node, late) = (self.node(&text.node), self.read(&text.late));
        let at_random = self.or(&text.at_random, false);
        Some(NodeFault::Starve { node: node?, late: late?.value, at_random })
    }

    /// A child process that dies.
    pub(super) fn kill_child(&mut self, text: &KillChildText) -> Option<NodeFault> {
        let (node, child) = (self.node(&text.node), self.read(&text.child));
        Some(NodeFault::KillChild { node: node?, child: child?.value })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn drifts_are_millionths_either_way() {
        for (text, ppm) in [("50ppm", 50), ("-50 ppm", -50), ("1%", 10_000), ("-0.5%", -5_000), ("+90%", 900_000)] {
            assert_eq!(DriftKind::read(text), Ok(Ppm(ppm)), "{text}");
        }
        for bad in ["50", "1.5ppm", "91%", "-900001ppm", "--1ppm", "ppm"] {
            assert!(DriftKind::read(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn clocks_are_set_either_way() {
        for (text, ns) in [("+3600s", 3_600_000_000_000), ("-1.5ms", -1_500_000), ("2m", 120_000_000_000)] {
            assert_eq!(SignedTimeKind::read(text), Ok(SignedSpan(ns)), "{text}");
        }
        assert!(SignedTimeKind::read("+3600").is_err());
        assert!(SignedTimeKind::read("300000000m").is_err());
    }
}
