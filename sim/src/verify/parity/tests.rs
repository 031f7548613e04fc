//! A switch-over as two daemons played it, beside the simulator: the table, and what counts as a difference.
use std::path::Path;

use vrrplab_engine::model::IfAddr;
use vrrplab_engine::{Instant, Span, State};
use vrrplab_formats::recording::{RecordedEvent, RecordedKind};
use vrrplab_formats::scenario::{self, Disk};

use super::super::compare::{Mark, Row};
use super::super::{FaultTime, Verdict};
use super::{Client, Comparison, Execution};
use crate::replay::as_written;

const END: Instant = Instant(20_000_000_000);

fn ms(ms: u64) -> Instant {
    Instant(ms * 1_000_000)
}

fn state(node: &str, state: State, at: u64) -> RecordedEvent {
    let kind = RecordedKind::State { instance: "VI_1".to_owned(), state };
    RecordedEvent { at: ms(at), node: node.to_owned(), kind }
}

/// r1 is stopped at 10 s: r2 waits for its skew.
fn foreseen() -> Vec<RecordedEvent> {
    vec![
        state("r1", State::Backup, 0),
        state("r2", State::Backup, 0),
        state("r1", State::Master, 3_609),
        state("r2", State::Master, 10_609),
    ]
}

/// An event as measured, so many microseconds off its prediction.
fn row(event: &RecordedEvent, at_us: u64, off_us: i64) -> Row {
    let mark = if off_us.abs() > 50_000 { Mark::TooFar } else { Mark::Agrees };
    Row {
        node: event.node.clone(),
        what: event.kind.to_string(),
        recorded: Some(Instant(at_us * 1_000)),
        simulated: Some(event.at),
        difference_us: Some(-off_us),
        fields: Vec::new(),
        mark,
    }
}

fn execution(by: &str, events: Vec<Row>, outage: u64) -> Execution {
    let verdict = Verdict {
        name: "switch-over".to_owned(),
        run: 1,
        against: 1,
        faults: FaultTime::Likely,
        events,
        frames: Vec::new(),
        beyond: 0,
        uncounted: false,
    };
    Execution { by: by.to_owned(), verdict, silences: vec![Span::from_millis(outage)], late: Span::from_micros(1_234) }
}

/// All events, each so late.
fn late_by(off_us: i64) -> Vec<Row> {
    let late = |event: &RecordedEvent| row(event, event.at.0 / 1_000 + off_us.unsigned_abs(), off_us);
    foreseen().iter().map(late).collect()
}

fn compared(executions: Vec<Execution>) -> Comparison {
    let every = Span::from_millis(100);
    let clients = vec![Client { name: "c1".to_owned(), every, longest: Span::from_millis(700) }];
    Comparison::of("switch-over", &foreseen(), clients, executions, Span::from_millis(50), END)
}

#[test]
fn three_executions_stand_in_one_table() {
    let comparison =
        compared(vec![execution("vrrplabd", late_by(420), 705), execution("keepalived", late_by(9_310), 694)]);
    assert!(comparison.agrees());
    insta::assert_snapshot!(comparison.to_string());
}

#[test]
fn what_comes_too_late_or_not_at_all_or_unforeseen_is_a_difference() {
    let mut slow = late_by(420);
    slow[3] = row(&foreseen()[3], 10_700_000, 91_000);
    let mut odd = late_by(300);
    odd.remove(2);
    odd.push(row(&state("r2", State::Fault, 12_000), 12_000_000, 0));
    let comparison = compared(vec![execution("vrrplabd", slow, 705), execution("keepalived", odd, 9_000)]);
    assert!(!comparison.agrees());
    insta::assert_snapshot!(comparison.to_string());
}

#[test]
fn another_order_is_a_difference_even_within_the_tolerance() {
    let (first, second) = (state("r1", State::Backup, 5_000), state("r1", State::Fault, 5_001));
    let wanted = [first.clone(), second.clone()];
    let turned = vec![row(&second, 5_000_000, -1_000), row(&first, 5_001_000, 1_000)];
    let executions = vec![execution("vrrplabd", turned, 0)];
    let comparison = Comparison::of("turned", &wanted, Vec::new(), executions, Span::from_millis(50), END);
    let marks: Vec<Mark> = comparison.lines.iter().map(super::Line::mark).collect();
    assert_eq!(marks, [Mark::Missing, Mark::Agrees, Mark::Extra]);
    assert!(!comparison.agrees());
}

/// Addresses are stamped by netlink and states by the log: a microsecond decides which comes first. (As the sync group of
/// `seed-sync-group` gave up its address: twice the same words, of which only the nearer one is meant.)
#[test]
fn what_real_time_decides_may_come_in_either_order() {
    let address = |at: u64| {
        let kind = RecordedKind::Vip {
            addr: IfAddr { ip: [10, 0, 0, 1].into(), prefix: 32 },
            iface: "eth0".to_owned(),
            added: false,
        };
        RecordedEvent { at: ms(at), node: "r1".to_owned(), kind }
    };
    let wanted = [address(5_000), state("r1", State::Fault, 5_000), address(9_000), state("r1", State::Backup, 9_000)];
    let either = |row: Row| Row { mark: Mark::EitherOrder, ..row };
    let turned = |early: fn(Row) -> Row, late: fn(Row) -> Row| {
        let rows = vec![
            row(&wanted[1], 5_000_300, 300),
            early(row(&wanted[0], 5_000_301, 301)),
            row(&wanted[3], 9_000_300, 300),
            late(row(&wanted[2], 9_000_301, 301)),
        ];
        let executions = vec![execution("vrrplabd", rows, 0)];
        let comparison = Comparison::of("turned", &wanted, Vec::new(), executions, Span::from_millis(50), END);
        comparison.lines.iter().map(super::Line::mark).collect::<Vec<_>>()
    };
    let (ok, turn) = (Mark::Agrees, Mark::EitherOrder);
    assert_eq!(turned(either, either), [turn, ok, turn, ok]);
    assert_eq!(
        turned(either, |row| row),
        [turn, ok, Mark::Missing, ok, Mark::Extra],
        "what the verdict grants, no more"
    );
}

#[test]
fn what_comes_in_the_last_moment_is_no_difference_where_it_is_not_seen() {
    let wanted = [state("r1", State::Backup, 0), state("r1", State::Master, 19_500)];
    let executions = vec![execution("vrrplabd", vec![row(&wanted[0], 100, 100)], 0)];
    let comparison = Comparison::of("late", &wanted, Vec::new(), executions, Span::from_millis(50), END);
    assert!(comparison.agrees());
    assert_eq!(comparison.lines[1].mark(), Mark::AtTheEnd);
}

#[test]
fn a_client_is_known_no_better_than_its_requests() {
    let outage = |ms: u64| compared(vec![execution("vrrplabd", late_by(0), ms)]).agrees();
    assert_eq!([549, 550, 850, 851].map(outage), [false, true, true, false], "700 ms, a ping every 100 ms, 50 ms");
}

#[test]
fn an_outage_is_not_compared_when_real_time_has_told_another_story() {
    let mut late = late_by(0);
    // The kernel told of the lost link 700 ms late: what follows is as predicted from then on.
    late[3] = row(&foreseen()[3], 11_309_000, 0);
    let comparison = compared(vec![execution("vrrplabd", late, 1_400)]);
    assert!(comparison.agrees());
    assert!(comparison.to_string().contains("ok, time not compared (a ping every 100 ms)"), "{comparison}");
}

#[test]
fn machines_read_the_same() {
    let json = compared(vec![execution("vrrplabd", late_by(420), 705)]).to_json();
    assert_eq!(json["agrees"], true);
    assert_eq!(json["events"][3]["measured"]["vrrplabd"]["off_us"], 420);
    assert_eq!(json["clients"][0]["longest_measured_us"]["vrrplabd"], 705_000);
}

/// The power of r1 fails at 8 s, and with it goes its address: whoever looks at r1 does not see that, whatever moment the fault had in
/// a recording.
#[test]
fn a_node_without_power_does_not_say_that_its_addresses_are_gone() {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/../scenarios/basics/master-crash.yaml");
    let (world, _, _) = scenario::load_written(Path::new(file), &Disk);
    let world = world.unwrap();
    let (written, _) = as_written(&world);
    let removals = |events: &[RecordedEvent]| -> Vec<(String, u64)> {
        let gone = events.iter().filter(|event| matches!(event.kind, RecordedKind::Vip { added: false, .. }));
        gone.map(|event| (event.node.clone(), event.at.0 / 1_000_000)).collect()
    };
    assert_eq!(removals(&written), [("r1".to_owned(), 8_000), ("r2".to_owned(), 17_414)]);
    assert_eq!(removals(&super::foreseen(&world, &written, Instant(0))), [("r2".to_owned(), 17_414)]);
}
