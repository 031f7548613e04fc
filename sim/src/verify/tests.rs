//! Each kind of disagreement is found, and nothing else is.
use std::path::Path;

use vrrplab_formats::recording::{FrameSort, RecordedKind};
use vrrplab_formats::world::Fault;

use super::*;

/// A recording of the repository, with its chosen run as if it had been simulated. Its machine never stood still.
struct Played {
    recording: Recording,
    events: Vec<RecordedEvent>,
    frames: Vec<RecordedFrame>,
}

fn recorded(case: &str, run: usize) -> Played {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("../captures/recordings").join(case);
    let (recording, report) = vrrplab_formats::recording::load(&dir, Some(run));
    let recording = recording.unwrap_or_else(|| panic!("{report}"));
    let recording = Recording { stall: Span::ZERO, ..recording };
    Played { events: recording.events.clone(), frames: recording.frames().to_vec(), recording }
}

impl Played {
    fn verdict(&self) -> Verdict {
        compare(&self.recording, Simulated { events: &self.events, frames: &self.frames }, TOLERANCE)
    }

    /// What does not agree, in words.
    fn wrong(&self) -> Vec<String> {
        let verdict = self.verdict();
        let wrong = verdict.rows().filter(|row| !row.mark.ok());
        wrong.map(|row| format!("{} {}: {}", row.node, row.what, row.mark.words())).collect()
    }

    /// The first frame of this kind.
    fn first(&mut self, sort: fn(FrameSort) -> bool) -> &mut RecordedFrame {
        self.frames.iter_mut().find(|frame| sort(frame.sort)).expect("a frame of this kind")
    }

    /// Where a node enters MASTER and sets its address, one after the other.
    fn takeover(&self) -> usize {
        let is_state = |e: &RecordedEvent| matches!(e.kind, RecordedKind::State { .. });
        self.events.windows(2).position(|w| w[0].node == w[1].node && is_state(&w[0]) && !is_state(&w[1])).unwrap()
    }
}

fn is_advert(sort: FrameSort) -> bool {
    matches!(sort, FrameSort::Advert { .. })
}

fn is_garp(sort: FrameSort) -> bool {
    matches!(sort, FrameSort::Garp(_))
}

fn is_na(sort: FrameSort) -> bool {
    matches!(sort, FrameSort::Na(_))
}

#[test]
fn a_recording_agrees_with_itself() {
    let played = recorded("p28_partition_heal", 1);
    let verdict = played.verdict();
    assert!(verdict.agrees() && verdict.worst_us() == 0 && verdict.worst_frame_us() == 0, "{verdict}");
    assert_eq!((verdict.events.len(), verdict.frames_equal(), verdict.frames_compared()), (8, 61, 61));
    assert_eq!(verdict.remarks(), [""; 0]);
}

#[test]
fn five_milliseconds_are_near_and_six_are_not() {
    let mut played = recorded("p28_partition_heal", 1);
    for event in &mut played.events {
        event.at += TOLERANCE;
    }
    assert_eq!((played.wrong(), played.verdict().worst_us()), (vec![], 5_000));
    played.events[2].at += Span::from_millis(1);
    assert_eq!((played.wrong(), played.verdict().worst_us()), (vec!["n1 VI_1 MASTER: NOT OK: time".to_owned()], 6_000));
    let mut played = recorded("p28_partition_heal", 1);
    played.first(is_advert).at += Span::from_millis(6);
    assert_eq!(played.wrong(), ["n1 eth0 advert of VRID 51: NOT OK: time"]);
}

#[test]
fn what_was_recorded_late_while_the_machine_stood_still_is_marked() {
    let mut played = recorded("p28_partition_heal", 1);
    played.events[2].at = Instant(played.events[2].at.0 - 8_000_000);
    assert_eq!(played.wrong(), ["n1 VI_1 MASTER: NOT OK: time"]);
    played.recording.stall = Span::from_millis(3);
    assert_eq!(played.wrong(), [""; 0]);
    assert_eq!(played.verdict().remarks(), ["1 late while the recording machine stood still"]);
    // an early one has no such excuse
    played.events[2].at += Span::from_millis(16);
    assert_eq!(played.wrong(), ["n1 VI_1 MASTER: NOT OK: time"]);
}

#[test]
fn missing_and_extra_events_are_found() {
    let mut played = recorded("p28_partition_heal", 1);
    let gone = played.events.remove(2);
    assert_eq!(played.wrong(), ["n1 VI_1 MASTER: NOT OK: missing"]);
    played.events.insert(2, gone.clone());
    played.events.push(RecordedEvent { at: Instant(25_000_000_000), ..gone });
    assert_eq!(played.wrong(), ["n1 VI_1 MASTER: NOT OK: extra"]);
}

#[test]
fn a_state_and_an_address_stamped_within_a_millisecond_may_change_places() {
    let mut played = recorded("p28_partition_heal", 1);
    let at = played.takeover();
    played.events.swap(at, at + 1);
    assert_eq!(played.wrong(), [""; 0]);
    assert_eq!(played.verdict().remarks(), ["1 within a millisecond of another: either order"]);
    played.recording.all_runs[0][at + 1].at += Span::from_millis(2);
    assert_eq!(played.wrong(), ["n1 +192.168.100.100/24 eth0: NOT OK: out of order"]);
}

#[test]
fn two_states_never_change_places() {
    let mut played = recorded("p28_partition_heal", 1);
    let of_n1: Vec<usize> = (0..played.events.len()).filter(|i| played.events[*i].node == "n1").collect();
    let (backup, master) = (of_n1[0], of_n1[1]);
    let (first, second) = (played.events[backup].at, played.events[master].at);
    played.events.swap(backup, master);
    (played.events[backup].at, played.events[master].at) = (first, second);
    let wrong = played.wrong();
    assert!(!wrong.is_empty() && wrong.iter().all(|row| row.starts_with("n1 ")), "{wrong:?}");
    assert!(wrong.iter().any(|row| row.starts_with("n1 VI_1 MASTER: NOT OK")), "{wrong:?}");
}

#[test]
fn the_order_between_nodes_does_not_count() {
    let mut played = recorded("p03_three_kill9_restart", 1);
    played.events.sort_by_key(|e| std::cmp::Reverse(e.node.clone()));
    assert_eq!(played.wrong(), [""; 0]);
}

#[test]
fn every_field_of_every_kind_of_frame_counts() {
    for (case, sort) in [
        ("p28_partition_heal", is_advert as fn(FrameSort) -> bool),
        ("p13_auth_pass_crash", is_advert),
        ("p16_v3_ipv4_sigterm", is_advert),
        ("p28_partition_heal", is_garp),
        ("p17_v3_ipv6", is_na),
    ] {
        let names: Vec<&'static str> = recorded(case, 1).first(sort).fields.keys().copied().collect();
        assert!(names.len() >= 5, "{case}: {names:?}");
        for name in names {
            let mut played = recorded(case, 1);
            played.first(sort).fields.insert(name, "other".to_owned());
            let verdict = played.verdict();
            let differing: Vec<_> = verdict.frames.iter().flat_map(|row| &row.fields).map(|d| d.field).collect();
            assert_eq!((differing, verdict.agrees()), (vec![name], false), "{case} {name}");
            assert_eq!(verdict.frames_equal() + 1, verdict.frames_compared());
            played.first(sort).fields.remove(name);
            assert!(!played.verdict().agrees(), "{case}: {name} is missing");
        }
    }
}

#[test]
fn missing_extra_and_late_frames_are_found() {
    let garp = "n1 eth0 gratuitous ARP 192.168.100.100";
    let mut played = recorded("p28_partition_heal", 1);
    let position = played.frames.iter().position(|frame| is_garp(frame.sort)).unwrap();
    let gone = played.frames.remove(position);
    assert_eq!(played.wrong(), [format!("{garp}: NOT OK: missing")]);
    played.frames.extend([gone.clone(), gone]);
    played.frames.sort_by_key(|frame| frame.at);
    assert_eq!(played.wrong(), [format!("{garp}: NOT OK: extra")]);
    let mut played = recorded("p28_partition_heal", 1);
    played.frames[8].at += Span::from_millis(7);
    assert_eq!(played.wrong(), ["n1 eth0 advert of VRID 51: NOT OK: time"]);
    played.frames[8].at += Span::from_millis(70);
    let advert = "n1 eth0 advert of VRID 51: NOT OK";
    assert_eq!(played.wrong(), [format!("{advert}: missing"), format!("{advert}: extra")]);
}

#[test]
fn a_router_announces_after_its_advert_and_not_before() {
    let mut played = recorded("p28_partition_heal", 1);
    assert!(is_advert(played.frames[0].sort) && is_garp(played.frames[1].sort));
    let (advert, garp) = (played.frames[0].at, played.frames[1].at);
    played.frames.swap(0, 1);
    (played.frames[0].at, played.frames[1].at) = (advert, garp);
    assert_eq!(played.wrong(), ["n1 eth0 advert of VRID 51: NOT OK: out of order"]);
}

#[test]
fn of_adverts_in_lockstep_only_what_all_runs_share_is_compared() {
    let mut played = recorded("p15_auth_mismatch", 1);
    assert!(!played.recording.stable.advert && played.recording.stable.state);
    let of_n1 = |run: &Vec<RecordedFrame>| run.iter().filter(|f| f.node == "n1" && is_advert(f.sort)).count();
    let (fewest, most) = (
        played.recording.all_frames.iter().map(of_n1).min().unwrap(),
        played.recording.all_frames.iter().map(of_n1).max().unwrap(),
    );
    let mut adverts: Vec<RecordedFrame> =
        played.frames.iter().filter(|f| f.node == "n1" && is_advert(f.sort)).cloned().collect();
    played.frames.retain(|f| !(f.node == "n1" && is_advert(f.sort)));
    let others = played.frames.clone();
    let with = |adverts: &[RecordedFrame]| Played {
        frames: others.iter().chain(adverts).cloned().collect(),
        ..recorded("p15_auth_mismatch", 1)
    };
    assert_eq!(with(&adverts[..fewest]).wrong(), [""; 0]);
    assert_eq!(with(&adverts[..fewest - 1]).wrong(), ["n1 eth0 advert of VRID 51: NOT OK: missing"]);
    while adverts.len() <= most {
        adverts.push(adverts[0].clone());
    }
    assert_eq!(with(&adverts).wrong(), ["n1 eth0 advert of VRID 51: NOT OK: extra"]);
    adverts.truncate(fewest);
    adverts[1].at += Span::from_millis(400);
    assert_eq!(with(&adverts).wrong(), [""; 0], "times are not compared");
    adverts[1].fields.insert("prio", "1".to_owned());
    assert_eq!(with(&adverts).wrong(), ["n1 eth0 advert of VRID 51: NOT OK: fields"]);
    adverts[0].at += Span::from_millis(400);
    assert!(!with(&adverts).verdict().agrees(), "the first is a takeover");
}

#[test]
fn where_the_recorded_runs_differ_any_of_them_will_do() {
    let mut played = recorded("p46_simultaneous_equal", 1);
    assert!(!played.recording.stable.state && played.recording.all_runs.len() == 5);
    for run in 1..=5 {
        (played.events, played.frames) =
            (played.recording.all_runs[run - 1].clone(), played.recording.all_frames[run - 1].clone());
        let verdict = played.verdict();
        assert!(verdict.agrees(), "run {run}\n{verdict}");
        assert_eq!(verdict.word(), if verdict.against == 1 { "agrees" } else { "either order" });
        // its states with the frames of a run that went otherwise are no run
        let same = |other: &Vec<RecordedEvent>| other.iter().map(|e| &e.kind).eq(played.events.iter().map(|e| &e.kind));
        let other = played.recording.all_runs.iter().position(|other| !same(other)).expect("decided both ways");
        played.frames = played.recording.all_frames[other].clone();
        assert!(!played.verdict().agrees());
    }
    played.events.retain(|e| e.at < Instant(1_000_000_000));
    assert!(!played.verdict().agrees());
}

#[test]
fn addresses_that_go_with_the_power_are_not_compared() {
    let mut played = recorded("p13_auth_pass_crash", 1);
    let set = played.events.iter().find(|e| matches!(e.kind, RecordedKind::Vip { added: true, .. })).cloned();
    let Some(RecordedEvent { node, kind: RecordedKind::Vip { iface, addr, .. }, .. }) = set else {
        panic!("n1 was master");
    };
    let restart = played.recording.world.faults.iter().find(|f| matches!(f.fault, Fault::Start(_))).map(|f| f.at);
    let gone = |at| RecordedEvent {
        at,
        node: node.clone(),
        kind: RecordedKind::Vip { iface: iface.clone(), addr, added: false },
    };
    let place = played.events.iter().position(|e| Some(e.at) >= restart).expect("n1 comes back");
    played.events.insert(place, gone(restart.expect("n1 is started again")));
    assert_eq!(played.wrong(), [""; 0]);
    played.events.push(gone(Instant(22_000_000_000)));
    assert_eq!(played.wrong(), ["n1 -192.168.100.100/24 eth0: NOT OK: extra"]);
}

#[test]
fn the_table_tells_what_was_compared() {
    let mut played = recorded("p01_basic2", 1);
    played.events.truncate(3);
    played.events[2].at += Span::from_micros(1_500);
    played.first(is_garp).fields.insert("op", "reply".to_owned());
    assert_eq!(
        played.verdict().to_string(),
        "\
p01_basic2 (run 1)
  node  event                         recorded     simulated     difference
  n1    VI_1 BACKUP                   0.009007      0.009007      +0.000 ms  ok
  n2    VI_1 BACKUP                   0.307353      0.307353      +0.000 ms  ok
  n1    VI_1 MASTER                   3.423263      3.424763      +1.500 ms  ok
  n1    +192.168.100.100/24 eth0      3.423337             -              -  NOT OK: missing
  node  frame                                    recorded     simulated     difference
  n1    eth0 gratuitous ARP 192.168.100.100      3.423370      3.423370      +0.000 ms  NOT OK: fields
          op: recorded request, simulated reply
  9 of 9 adverts equal in every field
  9 of 10 gratuitous ARP equal in every field
DIFFERS: 3 of 4 events as recorded, worst difference 1.500 ms; 18 of 19 frames equal, worst difference 0.000 ms
"
    );
    let json = played.verdict().to_json();
    assert_eq!(json.pointer("/events/3/verdict").and_then(|v| v.as_str()), Some("missing"));
    assert_eq!(json.pointer("/frames/1/fields/op/simulated").and_then(|v| v.as_str()), Some("reply"));
}
