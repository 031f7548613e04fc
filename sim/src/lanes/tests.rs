//! The picture in letters, worked out by hand: what each column shows, and that nothing that happened is invisible.
use std::net::IpAddr;

use vrrplab_formats::world::{Fault, NodeId, TimedFault, World};

use super::*;
use crate::experiment::play_for_report;
use crate::observe::stage::{self, ms};
use crate::report::data::{Lane, Tone};
use crate::report::{Story, of_run};

const ASCII: Pen = Pen { width: 60, glyphs: Glyphs::ASCII, colour: false };

/// Ten seconds of r1 and r2, both of priority 100: r2 has the higher address and loses its power at 6 s.
fn world() -> World {
    let crash = TimedFault { at: ms(6_000), fault: Fault::Crash(NodeId(1)) };
    World { faults: vec![crash], ..stage::world() }
}

fn story(world: &World) -> Story {
    let (outcome, book) = play_for_report(world, world.seed, false, |_, _| Ok(())).unwrap();
    of_run(world, &outcome, book, String::new())
}

fn lane(kind: &'static str, bars: &[(u64, u64, &str, Tone)]) -> Lane {
    let bars = bars.iter().map(|(from, to, word, tone)| (*from, *to, (*word).to_owned(), *tone)).collect();
    Lane { name: "x".into(), part: String::new(), kind, host: 0, bars }
}

fn drawn(lane: &Lane, window: Window, width: usize) -> String {
    cells(lane, window, width, &Glyphs::ASCII).iter().map(|cell| cell.letter).collect()
}

/// Names take 10 columns and a gap of 2: a column of the other 48 is 10 s / 48 = 208 ms. Both time out at 3.609 s (17.3 -> column
/// 17); r1 steps back in the same instant. r2 is gone at 6 s (28.8 -> 29); after its last advert of 5.609 s and 3.609 s more, r1
/// is MASTER at 9.219 s (44.25 -> 44). The client is lost until 3.7 s (17.8 -> 18), and from 6 s until 9.3 s (44.6 -> 45).
#[test]
fn a_run_is_drawn_column_by_column() {
    let expected = "            0s        2s       4s        6s       8s
            |---------|--------|---------|--------|---------
faults                                   1
r1 VI_1     B----------------B--------------------------M###
r2 VI_1     B----------------M###########...................
10.0.0.100                   r2==========               r1==
c1          xxxxxxxxxxxxxxxxxx___________xxxxxxxxxxxxxxxx___
M# MASTER   B- BACKUP   . no daemon   _ answered   x lost
1    6.000000  r2  power loss of r2
";
    assert_eq!(text(&story(&world()), &ASCII), expected);
}

#[test]
fn the_same_with_lines_and_blocks_where_there_are_more_letters() {
    let text = text(&story(&world()), &Pen { glyphs: Glyphs::UNICODE, ..ASCII });
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines[4], "r2 VI_1     B────────────────M███████████···················");
    assert_eq!(lines[5], "10.0.0.100                   r2══════════               r1══");
    assert_eq!(lines[7], "M█ MASTER   B─ BACKUP   · no daemon   ▁ answered   × lost");
}

#[test]
fn colours_change_no_letter() {
    let story = story(&world());
    let coloured = text(&story, &Pen { colour: true, ..ASCII });
    let mut plain = String::new();
    for (position, part) in coloured.split('\x1b').enumerate() {
        plain += if position == 0 { part } else { part.split_once('m').unwrap().1 };
    }
    assert!(coloured.contains("\x1b[1;36mM####"), "{coloured}");
    assert_eq!(plain, text(&story, &ASCII));
}

#[test]
fn no_line_is_wider_than_it_may_be() {
    for width in 40..130 {
        let text = text(&story(&world()), &Pen { width, ..ASCII });
        assert!(text.lines().all(|line| line.len() <= width), "{width}:\n{text}");
    }
}

#[test]
fn a_state_that_is_shorter_than_a_column_still_has_one() {
    use Tone::{Backup, Down, Master};
    let window = Window { from: 0, to: 100 };
    let brief = lane("state", &[(0, 50, "BACKUP", Backup), (50, 51, "FAULT", Down), (51, 100, "BACKUP", Backup)]);
    assert_eq!(drawn(&brief, window, 10), "B----F----");
    let twice = lane(
        "state",
        &[(0, 50, "BACKUP", Backup), (50, 51, "FAULT", Down), (51, 52, "MASTER", Master), (52, 100, "BACKUP", Backup)],
    );
    assert_eq!(drawn(&twice, window, 10), "B----*----");
    // from 48 to 53 each of them has columns of its own
    assert_eq!(drawn(&twice, Window { from: 48, to: 53 }, 10), "B---F-M#B-".replace("F-", "Fx"));
}

#[test]
fn an_address_has_the_name_of_its_holder_or_the_number_of_its_holders() {
    use Tone::Holder;
    let window = Window { from: 0, to: 100 };
    let handed_over = lane("holder", &[(10, 50, "r1", Holder), (50, 100, "r2", Holder)]);
    assert_eq!(drawn(&handed_over, window, 20), "  r1======r2========");
    let by_two = lane("holder", &[(0, 60, "r1", Holder), (40, 100, "r2", Holder)]);
    assert_eq!(drawn(&by_two, window, 20), "r1======2222r2======");
    let briefly = lane("holder", &[(0, 40, "r1", Holder), (70, 71, "r2", Holder), (20, 21, "r2", Holder)]);
    assert_eq!(drawn(&briefly, window, 10), "r1*=   r  ");
    let wide = lane("holder", &[(0, 50, "서울", Holder)]);
    assert_eq!(drawn(&wide, window, 10), "서\0울\0=     ");
}

#[test]
fn ticks_are_at_round_moments_and_labels_do_not_touch() {
    const SECOND: u64 = 1_000_000_000;
    let ticks = |from, to, width| {
        let axis = axis(Window { from, to }, width, &Glyphs::ASCII);
        (axis.labels, axis.ruler)
    };
    let expected = ("0s        10s       20s".to_owned(), "|---------|---------|---------".to_owned());
    assert_eq!(ticks(0, 30 * SECOND, 30), expected);
    // 80 us from 3.6093 s on, a tick each 20 us
    let labels = "3.60930s      3.60932s      3.60934s      3.60936s".to_owned();
    let ruler = "|-------------|-------------|-------------|-------------".to_owned();
    assert_eq!(ticks(3_609_300_000, 3_609_380_000, 56), (labels, ruler));
    assert_eq!(ticks(0, 1, 0), (String::new(), String::new()));
}

#[test]
fn faults_of_one_column_share_a_mark_and_have_lines_of_their_own() {
    let faults = [(6_000, 1), (6_010, 0), (8_000, 1)];
    let fault = |(at, node)| TimedFault { at: ms(at), fault: Fault::Crash(NodeId(node)) };
    let text = text(&story(&World { faults: faults.map(fault).to_vec(), ..world() }), &ASCII);
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines[2], "faults                                   1        2");
    let told = [
        "1    6.000000  r2  power loss of r2",
        "1    6.010000  r1  power loss of r1",
        "2    8.000000  r2  power loss of r2",
    ];
    assert_eq!(lines[lines.len() - 3..], told);
}

#[test]
fn many_lanes_that_are_alike_are_one() {
    let mut world = world();
    let client = world.clients[0].clone();
    world.clients = (0..60_u8)
        .map(|n| {
            let mut client = client.clone();
            client.name = format!("c{n}");
            client.mac.0[5] = 10 + n;
            client.addr.ip = IpAddr::from([10, 0, 0, 10 + n]);
            client
        })
        .collect();
    let text = text(&story(&world), &ASCII);
    assert_eq!(text.matches("\nc").count(), 1, "{text}");
    assert!(text.contains("\nc0 +59  "), "{text}");
}

#[test]
fn hostile_names_move_no_cursor() {
    let mut world = world();
    world.nodes[0].model.name = "\x1b[2Jr1\r\n".into();
    world.clients[0].name = "c\x07".into();
    let text = text(&story(&world), &ASCII);
    assert!(!text.contains(['\x1b', '\r', '\x07']), "{text:?}");
}

#[test]
fn what_is_too_long_is_cut_with_a_sign() {
    let cut = |text, width| cut(text, width, &Glyphs::UNICODE);
    assert_eq!(cut("power loss", 10), "power loss");
    assert_eq!(cut("power loss", 8), "power l…");
    assert_eq!(cut("주소 서울", 6), "주소 …");
    assert_eq!(cut("power", 0), "");
    assert_eq!(cut("a\nb", 3), "a?b");
}

#[test]
fn events_come_out_of_their_columns_as_they_went_in() {
    let story = story(&world());
    let events = events(&story);
    let changes: Vec<(u64, &str, &str)> =
        events.iter().filter(|event| event.is_change()).map(|event| (event.at, event.place, event.what)).collect();
    assert_eq!(changes[3], (3_609_375_000, "r2", "BACKUP -> MASTER"));
    let rule = events.iter().find(|event| event.what == "BACKUP -> MASTER").and_then(|event| event.rule).unwrap();
    assert_eq!(rule.0, "backup-timer-expired");
    let of_r1: Vec<&str> = events
        .iter()
        .filter(|event| !event.detail && concerns(event, &story.lanes[0], &story.lanes))
        .map(|event| event.place)
        .collect();
    assert!(!of_r1.is_empty() && of_r1.iter().all(|place| *place == "r1"), "{of_r1:?}");
}
