//! A film without a terminal: each key on the state, and whole screens on ratatui's test backend.
use std::time::Duration;

use insta::assert_snapshot;
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::crossterm::event::{Event, KeyCode, KeyEvent, KeyEventKind, KeyModifiers};
use ratatui::style::Modifier;
use vrrplab_formats::world::{Fault, NodeId, TimedFault, World};

use super::draw::draw;
use super::keys::{HELP, Key, read};
use super::show::{Leave, Show};
use crate::experiment::play_for_report;
use crate::lanes::{Glyphs, Pen};
use crate::observe::stage::{self, ms};
use crate::report::{Story, of_run};

const PEN: Pen = Pen { width: 80, glyphs: Glyphs::UNICODE, colour: false };

/// Ten seconds of r1 and r2: both time out at 3.609375 s, and r1 steps back at once; r2 is MASTER until it loses its power at
/// 6 s, r1 from 9.218750 s on.
fn story() -> Story {
    let crash = TimedFault { at: ms(6_000), fault: Fault::Crash(NodeId(1)) };
    let world = World { faults: vec![crash], ..stage::world() };
    let (outcome, book) = play_for_report(&world, world.seed, false, |_, _| Ok(())).unwrap();
    of_run(&world, &outcome, book, String::new())
}

fn pressed<'s>(story: &'s Story, keys: &[Key]) -> Show<'s> {
    let mut show = Show::new(story);
    keys.iter().for_each(|key| show.press(*key));
    show
}

/// What stands at the cursor: the moment in nanoseconds, whose, and what.
fn at(show: &Show<'_>) -> (u64, String) {
    let event = show.event().map_or_else(|| "nothing".to_owned(), |event| format!("{} {}", event.place, event.what));
    (show.cursor(), event)
}

fn screen(show: &Show<'_>, pen: &Pen, (width, height): (u16, u16)) -> Terminal<TestBackend> {
    let mut terminal = Terminal::new(TestBackend::new(width, height)).unwrap();
    terminal.draw(|frame| draw(frame, show, pen)).unwrap();
    terminal
}

fn seen(show: &Show<'_>, size: (u16, u16)) -> String {
    screen(show, &PEN, size).backend().to_string()
}

const SECOND: u64 = 1_000_000_000;

#[test]
fn a_film_begins_at_the_beginning_and_stands_still() {
    let story = story();
    let mut show = Show::new(&story);
    show.pass(Duration::from_secs(5));
    assert_eq!(at(&show), (0, "nothing".to_owned()));
    assert!(!show.playing());
}

#[test]
fn played_at_its_real_speed_a_second_is_a_second_and_the_end_is_the_end() {
    let story = story();
    let mut show = pressed(&story, &[Key::Play]);
    show.pass(Duration::from_millis(6_500));
    assert_eq!(at(&show).0, 6 * SECOND + SECOND / 2);
    show.pass(Duration::from_secs(60));
    assert_eq!((show.cursor(), show.playing()), (10 * SECOND, false));
    show.press(Key::Play);
    assert_eq!((show.cursor(), show.playing()), (0, true), "it begins again");
}

#[test]
fn a_pause_holds_the_time() {
    let story = story();
    let mut show = pressed(&story, &[Key::Play]);
    show.pass(Duration::from_secs(2));
    show.press(Key::Play);
    show.pass(Duration::from_secs(2));
    assert_eq!(show.cursor(), 2 * SECOND);
}

#[test]
fn speeds_go_from_a_hundredth_to_sixty_times() {
    let story = story();
    let mut show = Show::new(&story);
    let mut speeds = vec![show.speed()];
    for key in [[Key::Slower; 6], [Key::Faster; 6], [Key::Faster; 6]].concat() {
        show.press(key);
        speeds.push(show.speed());
    }
    let expected = "1x 0.5x 0.25x 0.1x 0.05x 0.01x 0.01x 0.05x 0.1x 0.25x 0.5x 1x 2x 5x 10x 60x 60x 60x 60x";
    assert_eq!(speeds.join(" "), expected);
    let mut slow = pressed(&story, &[Key::Slower, Key::Slower, Key::Play]);
    slow.pass(Duration::from_secs(4));
    assert_eq!(slow.cursor(), SECOND, "a quarter");
}

#[test]
fn changes_of_state_are_a_key_apart() {
    let story = story();
    let change = |keys: &[Key]| at(&pressed(&story, keys));
    let next = Key::NextChange;
    assert_eq!(change(&[next]), (0, "r1 INIT -> BACKUP".to_owned()));
    assert_eq!(change(&[next, next]), (0, "r2 INIT -> BACKUP".to_owned()));
    assert_eq!(change(&[next; 3]), (3_609_375_000, "r1 BACKUP -> MASTER".to_owned()));
    assert_eq!(change(&[next; 4]), (3_609_375_000, "r2 BACKUP -> MASTER".to_owned()));
    assert_eq!(change(&[next; 5]), (3_609_375_000, "r1 MASTER -> BACKUP".to_owned()));
    assert_eq!(change(&[next; 6]), (6 * SECOND, "r2 daemon gone".to_owned()));
    let last = (9_218_750_000, "r1 BACKUP -> MASTER".to_owned());
    assert_eq!(change(&[next; 7]), last);
    assert_eq!(change(&[next; 9]), last, "there is no other");
    assert_eq!(change(&[Key::Last, Key::PreviousChange]), last);
    assert_eq!(
        change(&[Key::Last, Key::PreviousChange, Key::PreviousChange]),
        (6 * SECOND, "r2 daemon gone".to_owned())
    );
}

#[test]
fn steps_go_through_the_events_of_one_instant_one_by_one() {
    let story = story();
    let mut show = pressed(&story, &[Key::NextChange; 4]);
    show.press(Key::Next);
    assert_eq!(at(&show), (3_609_375_000, "r2 sets 10.0.0.100/24".to_owned()));
    show.press(Key::Next);
    assert_eq!(at(&show).1, "r2 announces 10.0.0.100 (5 frames)");
    show.press(Key::Previous);
    show.press(Key::Previous);
    assert_eq!(at(&show).1, "r2 BACKUP -> MASTER");
}

#[test]
fn between_two_events_a_step_back_leads_to_the_one_that_is_told() {
    let story = story();
    let mut show = pressed(&story, &[Key::Play]);
    show.pass(Duration::from_millis(9_700));
    let told = at(&show).1;
    show.press(Key::Previous);
    assert!(show.cursor() < 9_700_000_000);
    assert_eq!((at(&show).1, show.playing()), (told, false));
}

#[test]
fn a_lane_that_is_chosen_tells_its_own_events_only() {
    let story = story();
    let mut show = pressed(&story, &[Key::Down, Key::Last]);
    assert_eq!(show.lane().map(|lane| lane.name.as_str()), Some("r1"));
    assert!(show.told().0.all(|event| event.place == "r1"));
    show.press(Key::PreviousChange);
    assert_eq!(at(&show), (9_218_750_000, "r1 BACKUP -> MASTER".to_owned()));
    show.press(Key::PreviousChange);
    assert_eq!(at(&show), (3_609_375_000, "r1 MASTER -> BACKUP".to_owned()));
    show.press(Key::Down);
    show.press(Key::Down);
    assert!(show.told().0.all(|event| event.what.contains("10.0.0.100/24")), "the address");
    show.press(Key::Down);
    assert_eq!(show.lane().map(|lane| lane.name.as_str()), Some("c1"));
    show.press(Key::Down);
    assert_eq!(show.lane(), None, "after the last lane all are told again");
}

#[test]
fn details_are_told_where_they_are_wanted() {
    let story = story();
    let mut show = Show::new(&story);
    let few = show.told().0.len();
    show.press(Key::Details);
    assert!(show.told().0.len() > few);
    show.press(Key::Details);
    assert_eq!(show.told().0.len(), few);
}

#[test]
fn zoom_keeps_the_cursor_in_sight_and_ends_at_the_whole_and_at_microseconds() {
    let story = story();
    let mut show = pressed(&story, &[Key::NextChange, Key::NextChange, Key::NextChange, Key::Closer]);
    // 5 s around 3.609375 s
    assert_eq!((show.window().from, show.window().to), (1_109_375_000, 6_109_375_000));
    for _ in 0..40 {
        show.press(Key::Closer);
    }
    assert_eq!(show.window().length(), 2_000);
    for _ in 0..3 {
        show.press(Key::NextChange);
    }
    assert_eq!(show.cursor(), 6 * SECOND);
    assert!((show.window().from..=show.window().to).contains(&(6 * SECOND)), "it follows");
    for _ in 0..40 {
        show.press(Key::Wider);
    }
    assert_eq!((show.window().from, show.window().to), (0, 10 * SECOND));
    show.press(Key::Closer);
    show.press(Key::Whole);
    assert_eq!((show.window().from, show.window().to), (0, 10 * SECOND));
}

#[test]
fn q_closes_the_help_first_and_ctrl_c_leaves_at_once() {
    let story = story();
    assert_eq!(pressed(&story, &[Key::Quit]).leave(), Some(Leave::Seen));
    let helped = pressed(&story, &[Key::Help, Key::Quit]);
    assert_eq!((helped.leave(), helped.help()), (None, false));
    assert_eq!(pressed(&story, &[Key::Help, Key::Interrupt]).leave(), Some(Leave::Interrupted));
}

#[test]
fn keys_mean_what_the_help_says() {
    let key = |code, modifiers| read(&Event::Key(KeyEvent::new(code, modifiers)));
    let plain = |code| key(code, KeyModifiers::NONE);
    assert_eq!(plain(KeyCode::Char(' ')), Some(Key::Play));
    assert_eq!(plain(KeyCode::Right), Some(Key::Next));
    assert_eq!(plain(KeyCode::Char('h')), Some(Key::Previous));
    assert_eq!(plain(KeyCode::Char('n')), Some(Key::NextChange));
    assert_eq!(plain(KeyCode::BackTab), Some(Key::PreviousChange));
    assert_eq!(key(KeyCode::Char('c'), KeyModifiers::CONTROL), Some(Key::Interrupt));
    assert_eq!(key(KeyCode::Char('q'), KeyModifiers::CONTROL), None);
    assert_eq!(plain(KeyCode::Char('c')), None);
    assert_eq!(read(&Event::Resize(10, 10)), None);
    let released = KeyEvent { kind: KeyEventKind::Release, ..KeyEvent::from(KeyCode::Char('q')) };
    assert_eq!(read(&Event::Key(released)), None);
    assert!(HELP.iter().all(|(keys, what)| !keys.is_empty() && !what.is_empty()));
}

#[test]
fn the_beginning_as_it_is_seen() {
    assert_snapshot!(seen(&Show::new(&story()), (80, 20)));
}

#[test]
fn a_takeover_with_its_causes_as_it_is_seen() {
    assert_snapshot!(seen(&pressed(&story(), &[Key::NextChange; 7]), (110, 30)));
}

#[test]
fn one_node_from_near_as_it_is_seen() {
    let keys = [Key::Down, Key::Down, Key::NextChange, Key::NextChange, Key::Closer, Key::Closer, Key::Closer];
    assert_snapshot!(seen(&pressed(&story(), &keys), (80, 24)));
}

#[test]
fn the_help_as_it_is_seen() {
    assert_snapshot!(seen(&pressed(&story(), &[Key::Help]), (80, 24)));
}

#[test]
fn a_narrow_terminal_without_unicode_as_it_is_seen() {
    let pen = Pen { glyphs: Glyphs::ASCII, ..PEN };
    let screen = screen(&pressed(&story(), &[Key::NextChange; 3]), &pen, (50, 20)).backend().to_string();
    assert!(screen.is_ascii());
    assert_snapshot!(screen);
}

#[test]
fn the_cursor_stands_out_in_every_lane_with_and_without_colour() {
    let story = story();
    let show = pressed(&story, &[Key::NextChange; 3]);
    for colour in [false, true] {
        let terminal = screen(&show, &Pen { colour, ..PEN }, (80, 24));
        let buffer = terminal.backend().buffer();
        // names are 10 wide, so time begins in column 14 and has 66; 3.609375 s of 10 s is column 24 of them
        for row in 3..8 {
            let reversed = |x| buffer[(x, row)].modifier.contains(Modifier::REVERSED);
            assert_eq!((14..80).filter(|x| reversed(*x)).collect::<Vec<u16>>(), [38], "row {row}");
        }
        let colours = buffer.content().iter().any(|cell| cell.fg != ratatui::style::Color::Reset);
        assert_eq!(colours, colour);
    }
}

#[test]
fn a_terminal_of_any_size_is_drawn_in() {
    let story = story();
    let all = [
        Key::Next,
        Key::Down,
        Key::Down,
        Key::Closer,
        Key::NextChange,
        Key::PanelDown,
        Key::PanelDown,
        Key::Help,
        Key::Whole,
        Key::Details,
        Key::Last,
        Key::Previous,
        Key::Up,
        Key::Wider,
        Key::PreviousChange,
        Key::First,
    ];
    for size in [(1, 1), (3, 2), (10, 5), (40, 8), (69, 9), (71, 40), (300, 100), (20, 200)] {
        let mut show = Show::new(&story);
        for key in all {
            show.press(key);
            screen(&show, &PEN, size);
        }
    }
}

#[test]
fn a_run_in_which_nothing_happens_is_a_film_too() {
    let mut story = story();
    story.lanes.clear();
    story.events = crate::report::data::Events::default();
    let mut show = Show::new(&story);
    for key in
        [Key::Next, Key::Previous, Key::NextChange, Key::PreviousChange, Key::Down, Key::Up, Key::Last, Key::Play]
    {
        show.press(key);
        screen(&show, &PEN, (80, 24));
    }
    assert!(show.playing());
}
