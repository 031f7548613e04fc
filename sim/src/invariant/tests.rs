//! Invariants on a hand-made stage: r1 and r2 (VI_1, vrid 51, 10.0.0.100) and the client c1 on one segment.
//!
//! The longest down timer of VI_1 is 3 s + 255/256 s = 3.996093 s; links take no time.
use State::{Backup, Master};
use vrrplab_engine::lvs::{IpvsCommand, LvsError, Virtual};
use vrrplab_engine::model::{AddressFamily, IfIndex};
use vrrplab_engine::{Rule, Span};
use vrrplab_formats::world::{ClientId, ExpectedViolation, Invariant, Place, TimedFault, Window};

use super::*;
use crate::fabric::PortId;
use crate::observe::stage::{self, decided, ms, transition};

const DOWN_MS: u64 = 3_996;

/// A world that ends before agreement is judged, unless it is made longer.
fn watch(world: &World) -> Watch {
    let mut watch = Watch::new(world, &stage::ports());
    islands(&mut watch, 0, &[&[0, 1, 2]]);
    watch
}

fn islands(watch: &mut Watch, at: u64, parts: &[&[usize]]) {
    let parts: Vec<Vec<PortId>> = parts.iter().map(|part| part.iter().copied().map(PortId).collect()).collect();
    watch.see(ms(at), &Moment::Islands(&parts));
}

fn address(watch: &mut Watch, at: u64, node: usize, added: bool) {
    let addr = stage::addr("10.0.0.100", 24);
    watch.see(ms(at), &Moment::Address { node: NodeId(node), iface: "eth0", index: IfIndex(2), addr, added });
}

/// A node becomes master and takes the address.
fn takes_over(watch: &mut Watch, at: u64, node: usize) {
    transition(watch, ms(at), node, (Backup, Master));
    address(watch, at, node, true);
}

fn steps_back(watch: &mut Watch, at: u64, node: usize) {
    transition(watch, ms(at), node, (Master, Backup));
    address(watch, at, node, false);
}

/// A gratuitous ARP for the address from a port, with a MAC ending in this byte.
fn announces(watch: &mut Watch, at: u64, port: usize, mac: u8) {
    let mut frame = stage::garp([10, 0, 0, 100]);
    frame[27] = mac;
    watch.see(ms(at), &Moment::Delivered { from: PortId(port), to: PortId(2), bytes: &frame });
}

fn lost(watch: &mut Watch, at: u64, request: u64, asked: u64) {
    watch.see(ms(at), &Moment::Lost { client: ClientId(0), request, asked: ms(asked) });
}

fn only(off: &[Invariant]) -> World {
    let mut world = stage::world();
    world.invariants.off.extend(Invariant::ALL.iter().filter(|one| !off.contains(one)));
    world
}

fn ends(mut watch: Watch, at: u64) -> Vec<(Invariant, u64, String)> {
    watch.finish(ms(at));
    let found = watch.judge().violations;
    found.into_iter().map(|v| (v.finding.invariant, v.finding.at.0 / 1_000_000, v.finding.what)).collect()
}

#[test]
fn two_masters_may_meet_for_one_down_timer() {
    let world = only(&[Invariant::OneMaster]);
    let play = |until: u64| {
        let mut watch = watch(&world);
        takes_over(&mut watch, 1_000, 0);
        takes_over(&mut watch, 2_000, 1);
        steps_back(&mut watch, until, 1);
        ends(watch, 9_000)
    };
    assert_eq!(play(2_000 + DOWN_MS), []);
    let words = "vrid 51 on lan has had 2 masters that are connected since 2.000000: r1, r2 (allowed: 3.996093 s)";
    assert_eq!(play(2_000 + DOWN_MS + 1), [(Invariant::OneMaster, 5_996, words.to_owned())]);
}

#[test]
fn masters_that_do_not_hear_each_other_are_counted_from_the_moment_when_they_do() {
    let world = only(&[Invariant::OneMaster]);
    let mut watch = watch(&world);
    islands(&mut watch, 500, &[&[0], &[1, 2]]);
    takes_over(&mut watch, 1_000, 0);
    takes_over(&mut watch, 2_000, 1);
    islands(&mut watch, 7_000, &[&[0, 1, 2]]);
    let found = ends(watch, 20_000);
    assert_eq!(found.iter().map(|f| (f.0, f.1)).collect::<Vec<_>>(), [(Invariant::OneMaster, 7_000 + DOWN_MS)]);
}

#[test]
fn an_address_without_its_master_and_a_master_without_its_address_are_told() {
    let world = only(&[Invariant::VipAtMaster]);
    let mut watch = watch(&world);
    takes_over(&mut watch, 1_000, 0);
    watch.see(ms(2_000), &Moment::Gone(NodeId(0)));
    transition(&mut watch, ms(3_000), 1, (Backup, Master));
    let found = ends(watch, 9_000);
    let words = [
        "r1 has held 10.0.0.100 without being MASTER since 2.000000",
        "r2 has been MASTER without 10.0.0.100 since 3.000000",
    ];
    let expected =
        [2_000, 3_000].iter().zip(words).map(|(at, what)| (Invariant::VipAtMaster, at + DOWN_MS, what.to_owned()));
    assert_eq!(found, expected.collect::<Vec<_>>());
}

#[test]
fn an_address_is_answered_for_from_one_place_and_a_hand_over_is_none_too_many() {
    let world = only(&[Invariant::OneAnswer]);
    let mut watch = watch(&world);
    takes_over(&mut watch, 1_000, 0);
    announces(&mut watch, 1_000, 0, 1);
    // The hand-over: r1's last answer is still on its way when it steps back.
    steps_back(&mut watch, 3_000, 0);
    takes_over(&mut watch, 3_000, 1);
    announces(&mut watch, 3_000, 1, 2);
    announces(&mut watch, 3_001, 0, 1);
    watch.see(ms(9_000), &Moment::Asked { client: ClientId(0), request: 0 });
    assert_eq!(watch.violations, []);
    // r1 holds it again beside r2, and says so.
    address(&mut watch, 10_000, 0, true);
    announces(&mut watch, 10_500, 0, 1);
    let words = "10.0.0.100 on lan has been answered for from 2 places since 10.500000: r1:eth0 (52:54:00:00:00:01), \
                 r2:eth0 (52:54:00:00:00:02) (allowed: 3.996093 s)";
    assert_eq!(ends(watch, 20_000), [(Invariant::OneAnswer, 10_500 + DOWN_MS, words.to_owned())]);
}

#[test]
fn a_host_that_claims_what_it_does_not_have_is_believed_until_the_owner_speaks() {
    let world = only(&[Invariant::OneAnswer]);
    let play = |answer: u64| {
        let mut watch = watch(&world);
        takes_over(&mut watch, 1_000, 0);
        announces(&mut watch, 1_000, 0, 1);
        announces(&mut watch, 2_000, 2, 9);
        announces(&mut watch, answer, 0, 1);
        ends(watch, 20_000).len()
    };
    assert_eq!((play(3_000), play(7_000)), (0, 1));
}

#[test]
fn a_refused_advert_is_told_once_for_each_pair_and_reason() {
    let world = only(&[Invariant::AdvertsAccepted]);
    let mut watch = watch(&world);
    let refused = |watch: &mut Watch, at, rule| {
        let trace = Trace { instance: Some(0), rule, kind: TraceKind::Refused { from: [10, 0, 0, 1].into() } };
        watch.see(ms(at), &Moment::Decided { node: NodeId(1), instance: "VI_1", trace: &trace });
    };
    refused(&mut watch, 1_000, Rule::ReceiveAuthFailure);
    refused(&mut watch, 2_000, Rule::ReceiveAuthFailure);
    refused(&mut watch, 3_000, Rule::ReceiveOwnPacket);
    decided(&mut watch, ms(4_000), 1, TraceKind::Priority { from: 1, to: 2 });
    let words = "r2 VI_1 has refused adverts of 10.0.0.1 (r1) since 1.000000 [receive-auth-failure]";
    assert_eq!(ends(watch, 9_000), [(Invariant::AdvertsAccepted, 1_000, words.to_owned())]);
}

#[test]
fn after_the_last_fault_there_is_one_master_and_peace() {
    let mut world = only(&[Invariant::Agreement]);
    let fault = vrrplab_formats::world::Fault::Resume(NodeId(0));
    world.faults = vec![TimedFault { at: ms(1_000), fault }];
    world.invariants.allow.insert(Invariant::Agreement, Span::from_secs(4));
    let play = |moves: &[(u64, usize)], end| {
        let mut watch = watch(&world);
        for &(at, node) in moves {
            takes_over(&mut watch, at, node);
        }
        ends(watch, end).into_iter().map(|found| found.2).collect::<Vec<_>>()
    };
    assert_eq!(play(&[(2_000, 0)], 9_000), Vec::<String>::new());
    assert_eq!(play(&[(2_000, 0), (3_000, 1)], 5_000), Vec::<String>::new(), "too early to judge");
    let two = "vrid 51 on lan ends with 2 masters among r1, r2, which are connected";
    assert_eq!(play(&[(2_000, 0), (3_000, 1)], 9_000), [two]);
    let late =
        "vrid 51 on lan still changed at 6.000000; nothing was done since 1.000000, and calm was due at 5.000000";
    assert_eq!(play(&[(2_000, 0), (6_000, 0)], 9_000), [late]);
}

#[test]
fn a_client_that_nobody_answers_objects_while_a_master_is_connected_with_it() {
    let world = only(&[Invariant::NoBlackHole]);
    let mut watch = watch(&world);
    lost(&mut watch, 1_000, 0, 500);
    takes_over(&mut watch, 3_000, 0);
    // Since 3 s there is somebody who should answer; a late loss of an older request changes nothing.
    lost(&mut watch, 3_100, 1, 600);
    watch.see(ms(4_000), &Moment::Answered { client: ClientId(0), request: 9, asked: ms(3_999) });
    lost(&mut watch, 4_100, 2, 700);
    lost(&mut watch, 5_000, 10, 4_500);
    let words = "c1 has had no answer from 10.0.0.100 since 4.500000, although r1 is MASTER and connected with it (allowed: 5 s)";
    assert_eq!(ends(watch, 20_000), [(Invariant::NoBlackHole, 9_500, words.to_owned())]);
}

#[test]
fn the_seventh_move_in_a_minute_is_one_too_many() {
    let world = only(&[Invariant::NoFlapping]);
    let play = |every: u64| {
        let mut watch = watch(&world);
        for n in 1..=7 {
            takes_over(&mut watch, n * every, usize::from(n % 2 == 0));
        }
        ends(watch, 200_000)
    };
    let words = "mastership of vrid 51 on lan moved 7 times since 10.000000; 6 within 60 s are allowed";
    assert_eq!(play(10_000), [(Invariant::NoFlapping, 70_000, words.to_owned())]);
    assert_eq!(play(10_001), []);
}

#[test]
fn a_table_that_is_not_what_its_checkers_want_is_told_once_with_what_the_kernel_had_refused() {
    let service = |mark| Virtual::Mark(AddressFamily::V4, mark);
    let (add, gone) = (IpvsCommand::AddService(service(1), Default::default()), IpvsCommand::DeleteService(service(2)));
    let play = |world: &World| {
        let mut watch = watch(world);
        let refused = Moment::Balanced {
            node: NodeId(0),
            command: &add,
            refused: Some(LvsError::Exists),
            rule: Rule::ServersStart,
        };
        watch.see(ms(1_000), &refused);
        for (at, drift) in [(1_000, &[gone][..]), (2_000, &[gone][..]), (3_000, &[][..]), (4_000, &[gone, add][..])] {
            watch.see(ms(at), &Moment::Settled { node: NodeId(0), drift });
        }
        ends(watch, 9_000)
    };
    let words = "the table of r1 is not what its checkers want, it lacks: ipvsadm -D -f 2";
    let first = format!("{words}; the kernel has refused: ipvsadm -A -f 1 -s none (it is there already (errno 17))");
    let second = format!("{words}, ipvsadm -A -f 1 -s none");
    let expected = [(Invariant::TableAsWanted, 1_000, first), (Invariant::TableAsWanted, 4_000, second)];
    assert_eq!(play(&only(&[Invariant::TableAsWanted])), expected);
    assert_eq!(play(&only(&[])), [], "it can be switched off");
}

#[test]
fn an_expected_violation_is_well_and_one_that_does_not_come_is_not() {
    let mut world = only(&[Invariant::OneMaster]);
    let expected = |node, window: Option<(u64, u64)>| ExpectedViolation {
        place: Place { file: "stage.yaml".into(), line: 7 },
        text: "invariant: one-master".into(),
        invariant: Invariant::OneMaster,
        window: window.map(|(from, to)| Window { from: ms(from), to: ms(to) }),
        node: Some(NodeId(node)),
        instance: Some("VI_1".into()),
        client: None,
    };
    let mut play = |wanted| {
        world.invariants.expected = vec![wanted];
        let mut watch = watch(&world);
        takes_over(&mut watch, 1_000, 0);
        takes_over(&mut watch, 2_000, 1);
        watch.finish(ms(9_000));
        let objections = watch.judge();
        (objections.held(), objections.summary())
    };
    let found = "vrid 51 on lan has had 2 masters that are connected since 2.000000: r1, r2 (allowed: 3.996093 s)";
    let ok = format!("ok   violation expected: invariant: one-master\n     5.996093: {found}\n");
    assert_eq!(play(expected(1, Some((5_000, 6_000)))), (true, ok));
    let fails = format!(
        "FAIL violation expected: invariant: one-master\n     stage.yaml:7: there was none\n\
         FAIL invariant one-master violated at 5.996093: {found}\n     \
         view:  r1 VI_1: MASTER since 1.000000 [start-backup], holds 10.0.0.100, has heard no advert\n     \
         view:  r2 VI_1: MASTER since 2.000000 [start-backup], holds 10.0.0.100, has heard no advert\n     \
         cause: 1.000000 r1 VI_1: BACKUP -> MASTER [start-backup]\n     \
         cause: 2.000000 r2 VI_1: BACKUP -> MASTER [start-backup]\n"
    );
    assert_eq!(play(expected(1, Some((6_000, 7_000)))), (false, fails));
}
