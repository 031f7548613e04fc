//! Small captures made by hand: each finding once as it should be found, and once where it must not be.
mod tape;

use std::net::IpAddr;

use vrrplab_wire::Version;

use super::{Go, Kind, Report, read};
use tape::{Speaks, Tape, VIP};

fn report(tape: &Tape) -> Report {
    let (analysis, trouble) = read(tape.bytes().as_slice(), &mut |_, _| Go::On);
    assert!(trouble.is_none(), "{trouble:?}");
    analysis.report()
}

/// The names of all findings.
fn found(tape: &Tape) -> Vec<&'static str> {
    report(tape).findings.iter().map(|finding| finding.kind.id()).collect()
}

#[track_caller]
fn finds(tape: &Tape, kind: Kind) {
    let found = found(tape);
    assert!(found.contains(&kind.id()), "{found:?}");
}

#[track_caller]
fn finds_not(tape: &Tape, kind: Kind) {
    let found = found(tape);
    assert!(!found.contains(&kind.id()), "{}", report(tape).text());
}

/// r1 is master for 10 s, says goodbye at 10 s; r2 takes over after its skew time and goes on for 10 s.
fn orderly() -> Tape {
    let (r1, r2) = (Speaks::new(1, 150), Speaks::new(2, 100));
    let mut tape = Tape::default();
    tape.announce(0, &r1);
    tape.master(&r1, 0, 9_000);
    tape.advert(10_000, &Speaks { priority: 0, ..r1.clone() });
    tape.master(&r2, 10_609, 20_609);
    tape.announce(10_610, &r2);
    tape
}

/// Both are master from 5 s to 12 s.
fn both(r1: &Speaks, r2: &Speaks) -> Tape {
    let mut tape = Tape::default();
    tape.master(r1, 0, 20_000);
    tape.master(r2, 5_500, 12_500);
    tape
}

#[test]
fn an_orderly_takeover_has_nothing_to_be_said_about() {
    let report = report(&orderly());
    assert!(report.findings.is_empty(), "{}", report.text());
    let [router] = &report.routers[..] else { panic!("{}", report.text()) };
    assert_eq!((router.vrid, router.addresses.as_slice()), (51, [IpAddr::from(VIP)].as_slice()));
    let told: Vec<_> = router.masters.iter().map(|m| (m.from.as_str(), m.to.as_str(), m.how.as_str(), m.end)).collect();
    assert_eq!(
        told,
        [
            ("0.000000", "10.000000", "the first in this capture", "released"),
            ("10.609000", "20.609000", "0.609 s after 192.0.2.1 gave up", "open"),
        ]
    );
}

#[test]
fn the_page_for_people_is_the_kept_one() {
    let (r1, r2) = (Speaks::new(1, 150), Speaks { password: Some(*b"other\0\0\0"), ..Speaks::new(2, 100) });
    let mut tape = both(&Speaks { password: Some(*b"secret\0\0"), ..r1 }, &r2);
    tape.announce(5_501, &r2);
    insta::assert_snapshot!(report(&tape).text());
}

#[test]
fn two_masters_are_found_when_both_go_on() {
    let (r1, r2) = (Speaks::new(1, 150), Speaks::new(2, 100));
    finds(&both(&r1, &r2), Kind::DoubleMaster);
    finds_not(&orderly(), Kind::DoubleMaster);
    // a better one that preempts is heard beside the worse one for no longer than a moment
    let mut preempts = Tape::default();
    preempts.master(&r2, 0, 10_000);
    preempts.master(&r1, 10_400, 20_400);
    finds_not(&preempts, Kind::DoubleMaster);
}

#[test]
fn two_clusters_with_one_number_are_found_unless_their_networks_are_two() {
    let r1 = Speaks::new(1, 150);
    let stranger = Speaks { addresses: vec![[192, 0, 2, 200].into()], ..Speaks::new(9, 150) };
    finds(&both(&r1, &stranger), Kind::VridClash);
    finds_not(&both(&r1, &Speaks { vrid: 52, ..stranger.clone() }), Kind::VridClash);
    finds_not(&both(&r1, &Speaks { vlan: Some(20), ..stranger }), Kind::VridClash);
}

#[test]
fn passwords_intervals_versions_addresses_and_ways_must_agree() {
    let r1 = Speaks { password: Some(*b"secret\0\0"), ..Speaks::new(1, 150) };
    let like = |change: &dyn Fn(&mut Speaks)| {
        let mut r2 = Speaks { priority: 100, ..Speaks { host: 2, ..r1.clone() } };
        change(&mut r2);
        both(&r1, &r2)
    };
    let all = [
        Kind::AuthMismatch,
        Kind::IntervalMismatch,
        Kind::VersionMismatch,
        Kind::AddressMismatch,
        Kind::DeliveryMismatch,
    ];
    for kind in all {
        finds_not(&like(&|_| {}), kind);
    }
    finds(&like(&|r2| r2.password = None), Kind::AuthMismatch);
    finds(&like(&|r2| r2.password = Some(*b"other\0\0\0")), Kind::AuthMismatch);
    finds(&like(&|r2| r2.interval = 2), Kind::IntervalMismatch);
    finds(&like(&|r2| (r2.version, r2.interval) = (Version::V3, 100)), Kind::VersionMismatch);
    finds(&like(&|r2| r2.addresses.push([192, 0, 2, 101].into())), Kind::AddressMismatch);
    finds(&like(&|r2| r2.to = Some([192, 0, 2, 1].into())), Kind::DeliveryMismatch);
}

#[test]
fn two_ways_to_sum_version_3_are_told_apart_from_damage() {
    let r1 = Speaks { version: Version::V3, interval: 100, ..Speaks::new(1, 150) };
    let r2 = Speaks { plain_sum: true, ..Speaks { host: 2, ..r1.clone() } };
    let tape = both(&r1, &r2);
    finds(&tape, Kind::ChecksumDiffers);
    finds_not(&tape, Kind::BadChecksum);
    finds_not(&both(&r2, &Speaks { host: 3, ..r2.clone() }), Kind::ChecksumDiffers);
}

#[test]
fn damage_is_found_and_makes_nobody_a_master() {
    let r1 = Speaks::new(1, 150);
    let mut tape = orderly();
    let damage = |change: &dyn Fn(&mut Vec<u8>)| {
        let mut frame = r1.frame(7);
        change(&mut frame);
        frame
    };
    tape.frame(3_500, &damage(&|frame| frame[14 + 20 + 6] ^= 1));
    finds(&tape, Kind::BadChecksum);
    assert_eq!(report(&tape).routers[0].masters.len(), 2);
    finds_not(&orderly(), Kind::BadChecksum);
    let mut tape = orderly();
    // the sum of the message leaves nothing else to object to than its type
    tape.frame(
        3_500,
        &damage(&|frame| (frame[14 + 20], frame[14 + 20 + 6]) = (0x22, frame[14 + 20 + 6].wrapping_sub(1))),
    );
    finds(&tape, Kind::Malformed);
    finds_not(&orderly(), Kind::Malformed);
}

#[test]
fn a_ttl_that_was_counted_down_is_found_for_the_group_only() {
    let r1 = Speaks { ttl: 254, ..Speaks::new(1, 150) };
    let tape = |speaks: &Speaks| {
        let mut tape = Tape::default();
        tape.master(speaks, 0, 5_000);
        tape
    };
    finds(&tape(&r1), Kind::BadTtl);
    finds_not(&tape(&Speaks { to: Some([198, 51, 100, 1].into()), ..r1 }), Kind::BadTtl);
    finds_not(&tape(&Speaks::new(1, 150)), Kind::BadTtl);
}

#[test]
fn four_moves_within_a_minute_are_too_many() {
    let (r1, r2) = (Speaks::new(1, 150), Speaks::new(2, 100));
    let moves = |apart: u64| {
        let mut tape = Tape::default();
        for n in 0..5 {
            let who = if n % 2 == 0 { &r1 } else { &r2 };
            tape.master(who, n * apart, (n + 1) * apart - 1_000);
            tape.advert((n + 1) * apart - 500, &Speaks { priority: 0, ..who.clone() });
        }
        tape
    };
    finds(&moves(10_000), Kind::Flapping);
    finds_not(&moves(30_000), Kind::Flapping);
}

#[test]
fn a_takeover_without_announcement_is_found_if_arp_was_captured() {
    let (r1, r2) = (Speaks::new(1, 150), Speaks::new(2, 100));
    let silent = |arp: bool| {
        let mut tape = Tape::default();
        if arp {
            tape.announce(0, &r1);
        }
        tape.master(&r1, 0, 5_000);
        tape.master(&r2, 8_609, 20_000);
        tape
    };
    finds(&silent(true), Kind::MissingAnnouncement);
    finds_not(&silent(false), Kind::MissingAnnouncement);
    finds_not(&orderly(), Kind::MissingAnnouncement);
}

#[test]
fn a_stranger_that_answers_for_the_address_is_found() {
    let mut tape = orderly();
    tape.announce(5_000, &Speaks::new(66, 0));
    finds(&tape, Kind::TwoMacs);
    finds_not(&orderly(), Kind::TwoMacs);
    // the old master still answers, five seconds after it said goodbye
    let mut tape = orderly();
    tape.announce(15_000, &Speaks::new(1, 0));
    finds(&tape, Kind::TwoMacs);
    // it may do so for a moment
    let mut tape = orderly();
    tape.announce(10_700, &Speaks::new(1, 0));
    finds_not(&tape, Kind::TwoMacs);
}

#[test]
fn missing_and_late_adverts_are_told_apart() {
    let r1 = Speaks::new(1, 150);
    let after = |gap: u64| {
        let mut tape = Tape::default();
        tape.master(&r1, 0, 5_000);
        tape.master(&r1, 5_000 + gap, 10_000 + gap);
        tape
    };
    assert_eq!(found(&after(2_000)), ["advert-gap"]);
    assert_eq!(found(&after(1_400)), ["advert-jitter"]);
    assert_eq!(found(&after(1_200)), [""; 0]);
    assert_eq!(found(&after(9_000)), ["no-master"]);
    assert_eq!(report(&after(3_000)).routers[0].routers[0].missing, 2);
}

#[test]
fn a_common_address_in_two_vlans_is_found() {
    let (r1, r2) = (Speaks { vlan: Some(10), ..Speaks::new(1, 150) }, Speaks::new(2, 100));
    let tape = both(&r1, &Speaks { vlan: Some(20), ..r2.clone() });
    finds(&tape, Kind::VlanMismatch);
    assert!(report(&tape).text().contains("192.0.2.1 is heard in VLAN 10, 192.0.2.2 in VLAN 20"));
    finds_not(&both(&r1, &Speaks { vlan: Some(10), ..r2 }), Kind::VlanMismatch);
}

#[test]
fn what_was_cut_short_is_counted_and_not_judged() {
    let mut tape = Tape::default();
    let frame = Speaks { addresses: vec![VIP.into(), [192, 0, 2, 101].into()], ..Speaks::new(1, 150) }.frame(1);
    for n in 0..3 {
        tape.cut(n * 1_000, &frame, 48);
    }
    let report = report(&tape);
    assert!(report.findings.is_empty() && report.notes[0].contains("3 packets"), "{}", report.text());
    assert_eq!(report.routers[0].masters.len(), 1);
}

#[test]
fn every_finding_is_in_the_documentation() {
    let page = include_str!("../../../docs/analyze.md");
    for kind in Kind::ALL {
        assert!(page.contains(&format!("`{}`", kind.id())), "{}", kind.id());
    }
}
