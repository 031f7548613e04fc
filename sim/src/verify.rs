//! A simulated run laid beside a recorded one: the same changes in the same order at the same times, or where not.
use std::collections::BTreeSet;
use std::fmt;

use vrrplab_engine::{Instant, Span};
use vrrplab_formats::recording::{RecordedEvent, RecordedKind, Recording};
use vrrplab_formats::world::Fault;

/// How far a simulated event may lie from the recorded one when nothing else is asked for.
pub const TOLERANCE: Span = Span::from_millis(30);

/// States are stamped by the log and addresses by netlink: between the two, an order within this span is no order.
const RACE: Span = Span::from_millis(1);

/// One event, as recorded and as simulated.
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
    /// Both are there, and near enough.
    pub ok: bool,
}

/// The outcome of one comparison.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// Name of the recording.
    pub name: String,
    /// The run that was compared with, from 1.
    pub run: usize,
    /// Every event, by time.
    pub rows: Vec<Row>,
    /// Every row is in order.
    pub agrees: bool,
    /// The largest difference of any event that both have, in microseconds.
    pub worst_us: u64,
}

/// Compares a simulated run with the recording, each event within `tolerance`.
///
/// On every node the changes of state and the moves of virtual addresses must be the recorded ones in the recorded
/// order; only a state and an address that were recorded within a millisecond of each other may change places, because
/// they were stamped by different clocks' readers. Where the recorded runs themselves differ, agreement with any of them will do; a run that began later than
/// the chosen one, whose start times were simulated, may lie off by that much more.
pub fn compare(recording: &Recording, simulated: &[RecordedEvent], tolerance: Span) -> Verdict {
    let simulated = without_wiping(recording, simulated);
    let chosen = lay_beside(recording, recording.run, &recording.events, &simulated, tolerance);
    if chosen.agrees || (recording.stable.state && recording.stable.vip) {
        return chosen;
    }
    let other_runs = (1..).zip(&recording.all_runs).filter(|(run, _)| *run != recording.run);
    let verdicts = other_runs.map(|(run, events)| {
        let allowed = tolerance + later(&recording.events, events);
        lay_beside(recording, run, events, &simulated, allowed)
    });
    verdicts.into_iter().find(|v| v.agrees).unwrap_or(chosen)
}

/// The simulated events without removals of addresses on a node without power: recordings leave those out.
fn without_wiping<'a>(recording: &Recording, simulated: &'a [RecordedEvent]) -> Vec<&'a RecordedEvent> {
    let world = &recording.world;
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

/// How much later than in one run any node did anything for the first time in another, or earlier.
fn later(chosen: &[RecordedEvent], other: &[RecordedEvent]) -> Span {
    let first = |node: &str| other.iter().find(|e| e.node == node);
    let mut seen = BTreeSet::new();
    let firsts = chosen.iter().filter(|e| seen.insert(&e.node));
    let differences = firsts.filter_map(|e| Some(Span(first(&e.node)?.at.0.abs_diff(e.at.0))));
    differences.max().unwrap_or(Span::ZERO)
}

fn lay_beside(
    recording: &Recording,
    run: usize,
    recorded: &[RecordedEvent],
    simulated: &[&RecordedEvent],
    tolerance: Span,
) -> Verdict {
    let nodes: BTreeSet<&str> = recorded.iter().chain(simulated.iter().copied()).map(|e| e.node.as_str()).collect();
    let mut rows = Vec::new();
    for node in nodes {
        let recorded: Vec<&RecordedEvent> = recorded.iter().filter(|e| e.node == node).collect();
        let simulated: Vec<&RecordedEvent> = simulated.iter().copied().filter(|e| e.node == node).collect();
        rows.extend(forgive_races(align(&recorded, &simulated)).into_iter().map(|pair| pair.row(tolerance)));
    }
    rows.sort_by_key(|row| row.recorded.or(row.simulated));
    let agrees = rows.iter().all(|row| row.ok);
    let worst_us = rows.iter().filter_map(|row| row.difference_us).map(i64::unsigned_abs).max().unwrap_or(0);
    Verdict { name: recording.name.clone(), run, rows, agrees, worst_us }
}

/// An event that both have, or only one of them.
#[derive(Clone, Copy)]
enum Pair<'a> {
    Both(&'a RecordedEvent, &'a RecordedEvent),
    Recorded(&'a RecordedEvent),
    Simulated(&'a RecordedEvent),
}

impl Pair<'_> {
    /// Of the other source, and recorded within [`RACE`].
    fn may_change_places_with(&self, event: &RecordedEvent) -> bool {
        let is_state = |e: &RecordedEvent| matches!(e.kind, RecordedKind::State { .. });
        match self {
            Pair::Both(r, _) | Pair::Recorded(r) => {
                is_state(r) != is_state(event) && r.at.0.abs_diff(event.at.0) <= RACE.0
            }
            Pair::Simulated(s) => is_state(s) != is_state(event),
        }
    }

    fn row(self, tolerance: Span) -> Row {
        let (event, recorded, simulated) = match self {
            Pair::Both(r, s) => (r, Some(r.at), Some(s.at)),
            Pair::Recorded(r) => (r, Some(r.at), None),
            Pair::Simulated(s) => (s, None, Some(s.at)),
        };
        let both = recorded.zip(simulated);
        Row {
            node: event.node.clone(),
            what: event.kind.to_string(),
            recorded,
            simulated,
            difference_us: both.map(|(r, s)| microseconds(r, s)),
            ok: both.is_some_and(|(r, s)| r.0.abs_diff(s.0) <= tolerance.0),
        }
    }
}

/// Simulated minus recorded, in whole microseconds.
fn microseconds(recorded: Instant, simulated: Instant) -> i64 {
    let size = i64::try_from(recorded.0.abs_diff(simulated.0) / 1_000).unwrap_or(i64::MAX);
    if simulated < recorded { -size } else { size }
}

/// Pairs equal events of one node without changing either order: as many as possible, and of those ways the one with
/// the smallest differences in time.
fn align<'a>(recorded: &[&'a RecordedEvent], simulated: &[&'a RecordedEvent]) -> Vec<Pair<'a>> {
    // best[r][s]: unpaired events and summed differences of recorded[r..] against simulated[s..].
    let (rows, columns) = (recorded.len(), simulated.len());
    let mut best = vec![vec![(0_usize, 0_u64); columns + 1]; rows + 1];
    let paired = |best: &[Vec<(usize, u64)>], r: usize, s: usize| {
        let (a, b) = (recorded.get(r)?, simulated.get(s)?);
        let (alone, sum) = best[r + 1][s + 1];
        (a.kind == b.kind).then(|| (alone, sum.saturating_add(a.at.0.abs_diff(b.at.0))))
    };
    let alone = |best: &[Vec<(usize, u64)>], r: usize, s: usize| (best[r][s].0 + 1, best[r][s].1);
    for r in (0..=rows).rev() {
        for s in (0..=columns).rev() {
            let choices = [
                paired(&best, r, s),
                (r < rows).then(|| alone(&best, r + 1, s)),
                (s < columns).then(|| alone(&best, r, s + 1)),
            ];
            best[r][s] = choices.into_iter().flatten().min().unwrap_or((0, 0));
        }
    }
    let (mut r, mut s) = (0, 0);
    let mut pairs = Vec::new();
    while r < rows || s < columns {
        let here = best[r][s];
        if paired(&best, r, s) == Some(here) {
            pairs.push(Pair::Both(recorded[r], simulated[s]));
            (r, s) = (r + 1, s + 1);
        } else if r < rows && alone(&best, r + 1, s) == here {
            pairs.push(Pair::Recorded(recorded[r]));
            r += 1;
        } else {
            pairs.push(Pair::Simulated(simulated[s]));
            s += 1;
        }
    }
    pairs
}

/// Pairs an event that seems missing with the same event that seems extra, when nothing but events of the other source,
/// recorded within [`RACE`] of it, lies between their places.
fn forgive_races(mut pairs: Vec<Pair<'_>>) -> Vec<Pair<'_>> {
    let mut at = 0;
    while at < pairs.len() {
        let found = match pairs[at] {
            Pair::Recorded(missing) => (0..pairs.len()).find_map(|other| match pairs[other] {
                Pair::Simulated(extra) if extra.kind == missing.kind => {
                    let between = &pairs[at.min(other) + 1..at.max(other)];
                    between.iter().all(|pair| pair.may_change_places_with(missing)).then_some((other, missing, extra))
                }
                _ => None,
            }),
            _ => None,
        };
        match found {
            Some((other, missing, extra)) => {
                pairs[at] = Pair::Both(missing, extra);
                pairs.remove(other);
                at = 0;
            }
            None => at += 1,
        }
    }
    pairs
}

impl fmt::Display for Verdict {
    /// A table of all events, and one line that sums it up.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let width = |of: fn(&Row) -> &str, least: usize| {
            self.rows.iter().map(|r| of(r).chars().count()).fold(least, usize::max)
        };
        let (nodes, events) = (width(|r| &r.node, 4), width(|r| &r.what, 5));
        writeln!(f, "{} (run {})", self.name, self.run)?;
        let (recorded, simulated, difference) = ("recorded", "simulated", "difference");
        writeln!(f, "  {:nodes$}  {:events$}  {recorded:>12}  {simulated:>12}  {difference:>13}", "node", "event")?;
        for row in &self.rows {
            let time = |at: Option<Instant>| at.map_or("-".to_owned(), shown);
            let difference = match (row.difference_us, row.recorded) {
                (Some(us), _) => {
                    let sign = if us < 0 { '-' } else { '+' };
                    format!("{sign}{}.{:03} ms", us.unsigned_abs() / 1_000, us.unsigned_abs() % 1_000)
                }
                (None, Some(_)) => "missing".to_owned(),
                (None, None) => "extra".to_owned(),
            };
            let (recorded, simulated) = (time(row.recorded), time(row.simulated));
            let mark = if row.ok { "ok" } else { "NOT OK" };
            let (node, what) = (&row.node, &row.what);
            writeln!(f, "  {node:nodes$}  {what:events$}  {recorded:>12}  {simulated:>12}  {difference:>13}  {mark}")?;
        }
        let wrong = self.rows.iter().filter(|r| !r.ok).count();
        let (total, worst) = (self.rows.len(), self.worst_us);
        let verdict = if self.agrees { "agrees" } else { "DIFFERS" };
        writeln!(
            f,
            "{verdict}: {} of {total} events as recorded, worst difference {}.{:03} ms",
            total - wrong,
            worst / 1_000,
            worst % 1_000
        )
    }
}

/// Seconds with microseconds.
fn shown(at: Instant) -> String {
    format!("{}.{:06}", at.0 / 1_000_000_000, at.0 % 1_000_000_000 / 1_000)
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    /// A recording of the repository, with the events of its chosen run as if they had been simulated.
    fn recorded(case: &str, run: usize) -> (Recording, Vec<RecordedEvent>) {
        let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("../captures/recordings").join(case);
        let (recording, report) = vrrplab_formats::recording::load(&dir, Some(run));
        let recording = recording.unwrap_or_else(|| panic!("{report}"));
        let events = recording.events.clone();
        (recording, events)
    }

    fn shift(events: &mut [RecordedEvent], by: Span) {
        events.iter_mut().for_each(|e| e.at += by);
    }

    fn not_ok(verdict: &Verdict) -> Vec<String> {
        verdict.rows.iter().filter(|r| !r.ok).map(|r| format!("{} {}", r.node, r.what)).collect()
    }

    #[test]
    fn a_recording_agrees_with_itself() {
        let (recording, events) = recorded("p28_partition_heal", 1);
        let verdict = compare(&recording, &events, TOLERANCE);
        assert!(verdict.agrees && verdict.worst_us == 0 && verdict.rows.len() == 8, "{verdict}");
    }

    #[test]
    fn thirty_milliseconds_are_near_and_thirty_one_are_not() {
        let (recording, events) = recorded("p28_partition_heal", 1);
        let mut near = events.clone();
        shift(&mut near, TOLERANCE);
        let verdict = compare(&recording, &near, TOLERANCE);
        assert!(verdict.agrees && verdict.worst_us == 30_000, "{verdict}");
        let mut far = events;
        shift(&mut far[2..3], Span::from_millis(31));
        let verdict = compare(&recording, &far, TOLERANCE);
        assert!(!verdict.agrees && verdict.worst_us == 31_000, "{verdict}");
        assert_eq!(not_ok(&verdict), ["n1 VI_1 MASTER"]);
    }

    #[test]
    fn a_missing_event_is_shown_as_missing() {
        let (recording, mut events) = recorded("p28_partition_heal", 1);
        events.remove(2);
        let verdict = compare(&recording, &events, TOLERANCE);
        assert_eq!(not_ok(&verdict), ["n1 VI_1 MASTER"]);
        assert!(!verdict.agrees && verdict.rows.len() == 8 && verdict.rows[2].simulated.is_none(), "{verdict}");
    }

    #[test]
    fn an_extra_event_is_shown_as_extra() {
        let (recording, mut events) = recorded("p28_partition_heal", 1);
        events.push(RecordedEvent { at: Instant(25_000_000_000), ..events[2].clone() });
        let verdict = compare(&recording, &events, TOLERANCE);
        assert_eq!(not_ok(&verdict), ["n1 VI_1 MASTER"]);
        assert!(!verdict.agrees && verdict.rows.len() == 9 && verdict.rows[8].recorded.is_none(), "{verdict}");
    }

    /// Where a node enters MASTER and sets its address, one after the other.
    fn takeover(events: &[RecordedEvent]) -> usize {
        let is_state = |e: &RecordedEvent| matches!(e.kind, RecordedKind::State { .. });
        events.windows(2).position(|w| w[0].node == w[1].node && is_state(&w[0]) && !is_state(&w[1])).unwrap()
    }

    #[test]
    fn a_state_and_an_address_stamped_within_a_millisecond_may_change_places() {
        let (recording, mut events) = recorded("p28_partition_heal", 1);
        let at = takeover(&events);
        events.swap(at, at + 1);
        let verdict = compare(&recording, &events, TOLERANCE);
        assert!(verdict.agrees && verdict.rows.len() == 8, "{verdict}");
    }

    #[test]
    fn the_order_on_a_node_counts_even_within_the_tolerance() {
        let (mut recording, mut events) = recorded("p28_partition_heal", 1);
        let at = takeover(&events);
        recording.events[at + 1].at += Span::from_millis(2);
        events.swap(at, at + 1);
        let verdict = compare(&recording, &events, TOLERANCE);
        assert!(!verdict.agrees && verdict.rows.len() == 9, "{verdict}");
    }

    #[test]
    fn two_states_never_change_places() {
        let (recording, mut events) = recorded("p28_partition_heal", 1);
        let of_n1: Vec<usize> = (0..events.len()).filter(|i| events[*i].node == "n1").collect();
        let (backup, master) = (of_n1[0], of_n1[1]);
        let (first, second) = (events[backup].at, events[master].at);
        events.swap(backup, master);
        (events[backup].at, events[master].at) = (first, second);
        assert!(!compare(&recording, &events, TOLERANCE).agrees);
    }

    #[test]
    fn the_order_between_nodes_does_not_count_within_the_tolerance() {
        let (recording, mut events) = recorded("p03_three_kill9_restart", 1);
        events.sort_by_key(|e| std::cmp::Reverse(e.node.clone()));
        assert!(compare(&recording, &events, TOLERANCE).agrees);
    }

    #[test]
    fn where_the_recorded_runs_differ_any_of_them_will_do() {
        let (recording, _) = recorded("p46_simultaneous_equal", 1);
        assert!(!recording.stable.state && recording.all_runs.len() == 5);
        for (run, events) in (1..).zip(&recording.all_runs) {
            let verdict = compare(&recording, events, TOLERANCE);
            assert!(verdict.agrees, "run {run}\n{verdict}");
        }
        let mut nobody = recording.all_runs[0].clone();
        nobody.retain(|e| e.at < Instant(1_000_000_000));
        assert!(!compare(&recording, &nobody, TOLERANCE).agrees);
        let (mut stable, _) = recorded("p46_simultaneous_equal", 1);
        (stable.stable.state, stable.stable.vip) = (true, true);
        let other = stable.all_runs.iter().find(|run| {
            let same = run.iter().map(|e| (&e.node, &e.kind)).eq(stable.events.iter().map(|e| (&e.node, &e.kind)));
            !same
        });
        let other = other.expect("the race was decided both ways").clone();
        assert!(!compare(&stable, &other, TOLERANCE).agrees);
    }

    #[test]
    fn addresses_that_go_with_the_power_are_not_compared() {
        let (recording, mut events) = recorded("p13_auth_pass_crash", 1);
        let set = events.iter().find(|e| matches!(e.kind, RecordedKind::Vip { added: true, .. })).cloned();
        let RecordedEvent { node, kind: RecordedKind::Vip { iface, addr, .. }, .. } = set.expect("n1 was master")
        else {
            panic!("an address was looked for");
        };
        let restart = recording.world.faults.iter().find(|f| matches!(f.fault, Fault::Start(_))).map(|f| f.at);
        let gone = |at| RecordedEvent {
            at,
            node: node.clone(),
            kind: RecordedKind::Vip { iface: iface.clone(), addr, added: false },
        };
        let before = events.len();
        let place = events.iter().position(|e| Some(e.at) >= restart).expect("n1 comes back");
        events.insert(place, gone(restart.expect("n1 is started again")));
        assert!(compare(&recording, &events, TOLERANCE).agrees);
        events.push(gone(Instant(22_000_000_000)));
        let verdict = compare(&recording, &events, TOLERANCE);
        assert!(!verdict.agrees && verdict.rows.len() == before + 1, "{verdict}");
    }

    #[test]
    fn the_table_tells_what_was_compared() {
        let (recording, mut events) = recorded("p01_basic2", 1);
        events.truncate(3);
        shift(&mut events[2..], Span::from_micros(1_500));
        assert_eq!(
            compare(&recording, &events, TOLERANCE).to_string(),
            "\
p01_basic2 (run 1)
  node  event                         recorded     simulated     difference
  n1    VI_1 BACKUP                   0.009007      0.009007      +0.000 ms  ok
  n2    VI_1 BACKUP                   0.307353      0.307353      +0.000 ms  ok
  n1    VI_1 MASTER                   3.423263      3.424763      +1.500 ms  ok
  n1    +192.168.100.100/24 eth0      3.423337             -        missing  NOT OK
DIFFERS: 3 of 4 events as recorded, worst difference 1.500 ms
"
        );
    }
}
