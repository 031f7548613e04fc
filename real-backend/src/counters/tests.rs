//! A day of one virtual router, counted.
use std::net::{IpAddr, Ipv4Addr};
use std::num::NonZeroU8;

use vrrplab_engine::model::Auth;
use vrrplab_engine::{Command, EffectKind, Engine, Input, Output};

use super::*;
use crate::example::{ETH0, router};
use crate::plan::{Act, Step, plan};

fn at(now: u64) -> Moment {
    Moment { now: Instant(now), unix_ms: 1_700_000_000_000 }
}

fn model(auth: Auth) -> NodeModel {
    router(|instance| instance.auth = auth)
}

/// An engine and its counters, from the start on.
fn node(auth: Auth) -> (Engine, Counters) {
    let model = model(auth);
    let mut counters = Counters::default();
    counters.settle(at(0), &model);
    (Engine::new(model), counters)
}

/// Something happens, and all that follows is counted.
fn happens(engine: &mut Engine, counters: &mut Counters, now: Instant, input: Input<'_>) {
    engine.handle(now, input);
    let outputs: Vec<Output<EffectKind, Trace>> = std::iter::from_fn(|| engine.poll()).collect();
    for step in plan(outputs) {
        match step {
            Step::Say(trace) => counters.decided(at(now.0), &trace),
            Step::Do(_, Act::Packet { iface, bytes }) => counters.sent([Some(iface), None], &bytes),
            Step::Do(..) => {}
        }
    }
    if let Some(rule) = engine.take_unseen() {
        counters.unseen(rule);
    }
}

/// Time passes, with all timers on the way.
fn until(engine: &mut Engine, counters: &mut Counters, end: Instant) {
    while let Some(wake) = engine.next_wake().filter(|wake| wake.at <= end) {
        happens(engine, counters, wake.at, Input::Wake);
    }
}

#[test]
fn a_router_that_hears_nothing_becomes_master_and_sends_one_advert_a_second() {
    for auth in [Auth::None, Auth::Ah(*b"secret12")] {
        let (mut engine, mut counters) = node(auth);
        happens(&mut engine, &mut counters, Instant(0), Input::Operator(Command::Start));
        // 3 s and the skew of priority 100, 609.375 ms; then an advert at once and after each second
        until(&mut engine, &mut counters, Instant(7_000_000_000));
        let tally = counters.of(0).unwrap();
        assert_eq!((tally.statistics.advert_sent, tally.statistics.master_transitions), (4, 1));
        assert_eq!((tally.rule, tally.reason), (Some(Rule::BackupTimerExpired), MasterReason::NoResponse));
        assert_eq!(tally.since.now.0 / 1_000_000, 3_609);
        happens(&mut engine, &mut counters, Instant(7_000_000_000), Input::Operator(Command::Stop));
        let tally = counters.of(0).unwrap();
        assert_eq!((tally.statistics.advert_sent, tally.statistics.priority_zero_pkts_sent), (5, 1));
    }
}

fn heard(rule: Rule, priority: u8) -> Trace {
    let from = IpAddr::V4(Ipv4Addr::LOCALHOST);
    Trace { instance: Some(0), rule, kind: TraceKind::Heard { from, priority, state: State::Backup } }
}

#[test]
fn why_it_became_master_follows_from_what_it_heard_last() {
    let enters = |rule| {
        let kind = TraceKind::Transition { from: State::Backup, to: State::Master };
        Trace { instance: Some(0), rule, kind }
    };
    let stories: [(&[Rule], Rule, MasterReason); 5] = [
        (&[Rule::BackupHearsMaster], Rule::BackupTimerExpired, MasterReason::NoResponse),
        (&[], Rule::BackupTimerExpired, MasterReason::NoResponse),
        (&[Rule::BackupHearsMaster, Rule::BackupHearsRelease], Rule::BackupTimerExpired, MasterReason::Priority),
        (&[Rule::BackupDiscardsLower], Rule::BackupTimerExpired, MasterReason::Preempted),
        (&[], Rule::StartOwner, MasterReason::Priority),
    ];
    for (words, rule, expected) in stories {
        let (_, mut counters) = node(Auth::None);
        assert_eq!(counters.of(0).unwrap().reason, MasterReason::NotMaster);
        for word in words {
            counters.decided(at(1), &heard(*word, 100));
        }
        counters.decided(at(2), &enters(rule));
        let tally = counters.of(0).unwrap();
        assert_eq!(tally.reason, expected, "{words:?}, then {rule}");
        assert_eq!(tally.statistics.advert_rcvd, words.len() as u64);
    }
}

#[test]
fn each_refusal_has_its_counter() {
    let (_, mut counters) = node(Auth::None);
    let from = IpAddr::V4(Ipv4Addr::LOCALHOST);
    let rules = Rule::ALL.iter().copied().filter(|rule| rule.id().starts_with("receive-"));
    for rule in rules {
        counters.decided(at(1), &Trace { instance: Some(0), rule, kind: TraceKind::Refused { from } });
    }
    counters.unseen(Rule::ReceiveVrid);
    counters.unseen(Rule::ReceiveChecksum);
    let tally = counters.of(0).unwrap();
    let expected = Statistics {
        interval_errors: 2,
        invalid_type_pkts_rcvd: 1,
        address_list_errors: 4,
        packet_length_errors: 1,
        checksum_errors: 1,
        version_errors: 1,
        ip_ttl_errors: 1,
        authentication_errors: 4,
        ..Statistics::default()
    };
    assert_eq!(tally.statistics, expected);
    assert_eq!(tally.refused[&Rule::ReceiveOwner], 1, "what has no counter of its own is counted by rule");
    let node = GlobalStatistics { checksum_errors: 2, version_errors: 1, vrid_errors: 2, ip_ttl_errors: 1 };
    assert_eq!(counters.node, node);
}

#[test]
fn a_frame_for_another_virtual_router_is_counted_for_the_node() {
    let (mut engine, mut counters) = node(Auth::None);
    let (mut other, mut uncounted) = node(Auth::None);
    happens(&mut engine, &mut counters, Instant(0), Input::Operator(Command::Start));
    happens(&mut other, &mut uncounted, Instant(0), Input::Operator(Command::Start));
    other.handle(Instant(4_000_000_000), Input::Wake);
    let frame = std::iter::from_fn(|| other.poll()).find_map(|output| match output {
        Output::Effect(effect) => match effect.kind {
            EffectKind::SendFrame { bytes, .. } => Some(bytes),
            _ => None,
        },
        Output::Trace(_) => None,
    });
    let mut frame = frame.unwrap();
    // From 10.0.0.2 (its header checksum falls by 1 as the address rises by 1), VRID 52.
    frame[29] = 2;
    let sum = u16::from_be_bytes([frame[24], frame[25]]) - 1;
    frame[24..26].copy_from_slice(&sum.to_be_bytes());
    frame[35] = 52;
    happens(&mut engine, &mut counters, Instant(1), Input::Frame { iface: ETH0, bytes: &frame });
    assert_eq!(counters.node, GlobalStatistics { vrid_errors: 1, ..GlobalStatistics::default() });
    happens(&mut engine, &mut counters, Instant(2), Input::Wake);
    assert_eq!(counters.node.vrid_errors, 1, "it is counted once");
}

#[test]
fn a_reload_keeps_what_is_the_same_virtual_router() {
    let (_, mut counters) = node(Auth::None);
    counters.decided(at(1), &heard(Rule::BackupHearsMaster, 0));
    let mut changed = model(Auth::None);
    changed.instances[0].priority = NonZeroU8::new(200).unwrap();
    let mut second = changed.instances[0].clone();
    (second.name, second.vrid) = ("VI_2".into(), NonZeroU8::new(52).unwrap());
    changed.instances.insert(0, second);
    counters.settle(at(9), &changed);
    assert_eq!(counters.of(0).unwrap().statistics.advert_rcvd, 0);
    assert_eq!(counters.of(0).unwrap().since.now, Instant(9));
    assert_eq!(counters.of(1).unwrap().statistics.priority_zero_pkts_rcvd, 1);
    changed.instances[1].vrid = NonZeroU8::new(53).unwrap();
    counters.settle(at(10), &changed);
    assert_eq!(counters.of(1).unwrap().statistics.advert_rcvd, 0, "another VRID is another virtual router");
}
