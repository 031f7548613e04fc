//! Rows of a verdict: pairs judged by order and time.
use std::collections::BTreeSet;

use vrrplab_engine::{Instant, Span};
use vrrplab_formats::recording::{RecordedEvent, RecordedFrame, RecordedKind};
use vrrplab_formats::world::{Fault, World};

use super::align::{Pair, Timed, align};

/// States are stamped by the log and addresses by netlink: between the two, an order within this span is no order. Nor is
/// the order of timers that expire within one wake-up.
pub(super) const RACE: Span = Span::from_millis(1);

/// Adverts come again and again: two that lie further apart are two, not one that is late.
const SAME_FRAME: Span = Span::from_millis(50);

/// What became of one event or frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Mark {
    /// Both have it, near enough.
    Agrees,
    /// Both have it; real time decided in which order, within a millisecond.
    EitherOrder,
    /// Recorded late, by no more than the recording machine was seen to stand still in that run.
    Stalled,
    /// Both have it; its time differs between the recorded runs and is not compared.
    NoTime,
    /// The observation ended at this very moment.
    AtTheEnd,
    /// Too far away in time.
    TooFar,
    /// Both have it, in another order.
    OutOfOrder,
    /// Both have it, and it says something else.
    Fields,
    /// Only the recording has it.
    Missing,
    /// Only the simulator has it.
    Extra,
}

impl Mark {
    /// Whether this is agreement.
    pub fn ok(self) -> bool {
        self < Mark::TooFar
    }

    /// In the words of the table.
    pub fn words(self) -> &'static str {
        match self {
            Mark::Agrees => "ok",
            Mark::EitherOrder => "ok, either order",
            Mark::Stalled => "ok, the machine stood still",
            Mark::NoTime => "ok, time not compared",
            Mark::AtTheEnd => "ok, at the end",
            Mark::TooFar => "NOT OK: time",
            Mark::OutOfOrder => "NOT OK: out of order",
            Mark::Fields => "NOT OK: fields",
            Mark::Missing => "NOT OK: missing",
            Mark::Extra => "NOT OK: extra",
        }
    }
}

/// One field that differs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldDifference {
    /// Its name.
    pub field: &'static str,
    /// As recorded; `None`: it has none.
    pub recorded: Option<String>,
    /// As simulated.
    pub simulated: Option<String>,
}

/// One event or frame, as recorded and as simulated.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// The node.
    pub node: String,
    /// The event.
    pub what: String,
    /// When it was recorded; `None`: only the simulator has it.
    pub recorded: Option<Instant>,
    /// When it was simulated; `None`: only the recording has it.
    pub simulated: Option<Instant>,
    /// Simulated minus recorded, in microseconds.
    pub difference_us: Option<i64>,
    /// Fields of a frame that differ.
    pub fields: Vec<FieldDifference>,
    /// What became of it.
    pub mark: Mark,
}

/// How far apart in time things may lie.
#[derive(Clone, Copy, Debug)]
pub(super) struct Limits {
    /// Early or late.
    pub tolerance: Span,
    /// How much more a recorded event may be late.
    pub stall: Span,
    /// The end of the observation.
    pub end: Instant,
}

impl Limits {
    /// The verdict on two times.
    pub fn judge(&self, recorded: Instant, simulated: Instant) -> Mark {
        let late = recorded > simulated;
        match recorded.0.abs_diff(simulated.0) {
            apart if apart <= self.tolerance.0 => Mark::Agrees,
            apart if late && apart <= self.tolerance.0 + self.stall.0 => Mark::Stalled,
            _ => Mark::TooFar,
        }
    }

    /// The verdict on what only one has.
    pub fn judge_alone(&self, at: Instant, mark: Mark) -> Mark {
        if at + self.tolerance + RACE >= self.end { Mark::AtTheEnd } else { mark }
    }
}

impl Timed for RecordedEvent {
    fn at(&self) -> Instant {
        self.at
    }
    fn is(&self, other: &RecordedEvent) -> bool {
        self.kind == other.kind
    }
}

impl Timed for RecordedFrame {
    fn at(&self) -> Instant {
        self.at
    }
    fn is(&self, other: &RecordedFrame) -> bool {
        let near = self.at.0.abs_diff(other.at.0) <= SAME_FRAME.0;
        near && self.iface == other.iface && self.sort == other.sort
    }
}

/// What a row says of one thing.
pub(super) trait Told: Timed {
    fn node(&self) -> &str;
    fn what(&self) -> String;
}

impl Told for RecordedEvent {
    fn node(&self) -> &str {
        &self.node
    }
    fn what(&self) -> String {
        self.kind.to_string()
    }
}

impl Told for RecordedFrame {
    fn node(&self) -> &str {
        &self.node
    }
    fn what(&self) -> String {
        format!("{} {}", self.iface, self.sort)
    }
}

/// The row of a pair by its times alone.
pub(super) fn row<T: Told>(pair: &Pair<'_, T>, limits: &Limits) -> Row {
    let (thing, recorded, simulated) = match *pair {
        Pair::Both(r, s) => (r, Some(r.at()), Some(s.at())),
        Pair::Recorded(r) => (r, Some(r.at()), None),
        Pair::Simulated(s) => (s, None, Some(s.at())),
    };
    let mark = match (recorded, simulated) {
        (Some(r), Some(s)) => limits.judge(r, s),
        (Some(r), None) => limits.judge_alone(r, Mark::Missing),
        _ => limits.judge_alone(thing.at(), Mark::Extra),
    };
    let difference_us = recorded.zip(simulated).map(|(r, s)| microseconds(r, s));
    let (node, what) = (thing.node().to_owned(), thing.what());
    Row { node, what, recorded, simulated, difference_us, fields: Vec::new(), mark }
}

/// Simulated minus recorded, in whole microseconds.
fn microseconds(recorded: Instant, simulated: Instant) -> i64 {
    let size = i64::try_from(recorded.0.abs_diff(simulated.0) / 1_000).unwrap_or(i64::MAX);
    if simulated < recorded { -size } else { size }
}

/// The things of one node, recorded and simulated.
type OfNode<'a, T> = (Vec<&'a T>, Vec<&'a T>);

/// The things of each node, recorded and simulated.
pub(super) fn by_node<'a, T: Told>(recorded: &[&'a T], simulated: &[&'a T]) -> Vec<OfNode<'a, T>> {
    let nodes: BTreeSet<&str> = recorded.iter().chain(simulated).map(|thing| thing.node()).collect();
    let of = |things: &[&'a T], node: &str| things.iter().copied().filter(|thing| thing.node() == node).collect();
    nodes.into_iter().map(|node| (of(recorded, node), of(simulated, node))).collect()
}

/// Changes of state and moves of addresses, node by node: the recorded ones in the recorded order.
pub(super) fn events(recorded: &[RecordedEvent], simulated: &[&RecordedEvent], limits: &Limits) -> Vec<Row> {
    let mut rows = Vec::new();
    let recorded: Vec<&RecordedEvent> = recorded.iter().collect();
    for (recorded, simulated) in by_node(&recorded, simulated) {
        let races = |moved: &RecordedEvent, between: &Pair<'_, RecordedEvent>| stamped_apart(between, moved);
        rows.extend(settle(align(&recorded, &simulated), limits, races).into_iter().map(|(_, row)| row));
    }
    rows
}

/// Whether the thing between is of the other source, and was recorded within [`RACE`].
fn stamped_apart(between: &Pair<'_, RecordedEvent>, moved: &RecordedEvent) -> bool {
    let is_state = |e: &RecordedEvent| matches!(e.kind, RecordedKind::State { .. });
    match between {
        Pair::Both(r, _) | Pair::Recorded(r) => is_state(r) != is_state(moved) && r.at.0.abs_diff(moved.at.0) <= RACE.0,
        Pair::Simulated(s) => is_state(s) != is_state(moved),
    }
}

/// A pair, and where in each sequence its things stand.
struct Placed<'a, T> {
    pair: Pair<'a, T>,
    recorded: Option<usize>,
    simulated: Option<usize>,
    mark: Mark,
}

/// The pairs, each with its places.
fn placed<'a, T>(pairs: Vec<Pair<'a, T>>) -> Vec<Placed<'a, T>> {
    let (mut recorded, mut simulated) = (0.., 0..);
    let places = pairs.into_iter().map(|pair| {
        let (of_recorded, of_simulated) = match pair {
            Pair::Both(..) => (recorded.next(), simulated.next()),
            Pair::Recorded(_) => (recorded.next(), None),
            Pair::Simulated(_) => (None, simulated.next()),
        };
        Placed { pair, recorded: of_recorded, simulated: of_simulated, mark: Mark::Agrees }
    });
    places.collect()
}

/// Rows of aligned pairs. Something that seems missing here and extra there is one thing out of order, or in either
/// order where `races` holds for everything that comes before it in one sequence and after it in the other.
pub(super) fn settle<'a, T: Told>(
    pairs: Vec<Pair<'a, T>>,
    limits: &Limits,
    races: impl Fn(&T, &Pair<'_, T>) -> bool,
) -> Vec<(Pair<'a, T>, Row)> {
    let mut all = placed(pairs);
    let mut at = 0;
    while at < all.len() {
        let Some((other, missing, extra)) = moved(&all, at, limits) else {
            at += 1;
            continue;
        };
        let (recorded, simulated) = (all[at].recorded, all[other].simulated);
        let passed = all[at.min(other) + 1..at.max(other)].iter().filter(|thing| {
            let (of_recorded, of_simulated) = places(&all, thing);
            let same_side = (of_recorded < recorded) == (of_simulated < simulated);
            of_recorded.is_none() || of_simulated.is_none() || !same_side
        });
        let race = passed.map(|thing| &thing.pair).all(|pair| races(missing, pair));
        let mark = if race { Mark::EitherOrder } else { Mark::OutOfOrder };
        all[at] = Placed { pair: Pair::Both(missing, extra), recorded, simulated, mark };
        all.remove(other);
        at = 0;
    }
    let rows = all.into_iter().map(|Placed { pair, mark, .. }| {
        let row = row(&pair, limits);
        (pair, Row { mark: row.mark.max(mark), ..row })
    });
    rows.collect()
}

/// What seems missing here, and where it seems extra.
fn moved<'a, T: Told>(all: &[Placed<'a, T>], at: usize, limits: &Limits) -> Option<(usize, &'a T, &'a T)> {
    let Pair::Recorded(missing) = all[at].pair else { return None };
    all.iter().enumerate().find_map(|(other, thing)| match thing.pair {
        Pair::Simulated(extra) if extra.is(missing) && near(missing, extra, limits) => Some((other, missing, extra)),
        _ => None,
    })
}

/// Where a thing stands in both sequences, even if it seems missing here and extra there.
fn places<T: Told>(all: &[Placed<'_, T>], thing: &Placed<'_, T>) -> (Option<usize>, Option<usize>) {
    let twin = |of: &T| {
        all.iter().find(|other| match (&other.pair, &thing.pair) {
            (Pair::Simulated(other), Pair::Recorded(_)) | (Pair::Recorded(other), Pair::Simulated(_)) => other.is(of),
            _ => false,
        })
    };
    match thing.pair {
        Pair::Both(..) => (thing.recorded, thing.simulated),
        Pair::Recorded(of) => (thing.recorded, twin(of).and_then(|twin| twin.simulated)),
        Pair::Simulated(of) => (twin(of).and_then(|twin| twin.recorded), thing.simulated),
    }
}

fn near<T: Told>(recorded: &T, simulated: &T, limits: &Limits) -> bool {
    limits.judge(recorded.at(), simulated.at()).ok()
}

/// The events of this world without removals of addresses on a node without power: recordings leave those out.
pub(crate) fn without_wiping<'a>(world: &World, simulated: &'a [RecordedEvent]) -> Vec<&'a RecordedEvent> {
    let without_power = |event: &RecordedEvent| {
        let powered = world.faults.iter().filter_map(|f| match f.fault {
            Fault::Crash(node) if f.at <= event.at => Some((node, false)),
            Fault::Start(node) if f.at < event.at => Some((node, true)),
            _ => None,
        });
        let mut of_node = powered.filter(|(node, _)| world.nodes[node.0].model.name == event.node);
        matches!(of_node.next_back(), Some((_, false)))
    };
    let removal = |event: &RecordedEvent| matches!(event.kind, RecordedKind::Vip { added: false, .. });
    simulated.iter().filter(|e| !(removal(e) && without_power(e))).collect()
}
