//! What one sees of a film, and what each key and the passing of time make of it. No terminal and no clock is known here.
use std::time::Duration;

use super::keys::Key;
use crate::lanes::{Event, Window, concerns, events};
use crate::report::Story;
use crate::report::data::Lane;

/// How fast a film may be, in thousandths of the real speed.
const SPEEDS: [u32; 10] = [10, 50, 100, 250, 500, 1_000, 2_000, 5_000, 10_000, 60_000];
/// The real speed, in that list.
const REAL: usize = 5;
/// Nobody comes closer than this, in nanoseconds.
const CLOSEST: u64 = 2_000;

/// How somebody left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Leave {
    /// With `q`.
    Seen,
    /// With Ctrl-C.
    Interrupted,
}

/// A film, as it is seen now.
#[derive(Clone, Debug)]
pub(super) struct Show<'s> {
    story: &'s Story,
    events: Vec<Event<'s>>,
    /// Positions of the events that are told.
    told: Vec<usize>,
    /// The last of those that the cursor has reached.
    current: Option<usize>,
    cursor: u64,
    window: Window,
    playing: bool,
    speed: usize,
    lane: Option<usize>,
    details: bool,
    help: bool,
    scroll: u16,
    leave: Option<Leave>,
}

impl<'s> Show<'s> {
    /// A film at its beginning, standing still.
    pub fn new(story: &'s Story) -> Show<'s> {
        let mut show = Show {
            story,
            events: events(story),
            told: Vec::new(),
            current: None,
            cursor: 0,
            window: Window::whole(story.end),
            playing: false,
            speed: REAL,
            lane: None,
            details: false,
            help: false,
            scroll: 0,
            leave: None,
        };
        show.tell_again();
        show
    }

    /// A key was pressed.
    pub fn press(&mut self, key: Key) {
        let help = std::mem::take(&mut self.help);
        match key {
            Key::Play => self.play(),
            Key::Next => self.step_to(self.current.map_or(0, |current| current + 1)),
            Key::Previous => self.back(),
            Key::NextChange => self.change(self.current.map_or(0, |current| current + 1)..self.told.len(), false),
            Key::PreviousChange => self.change(0..self.current.unwrap_or(0), true),
            Key::Down => {
                self.choose(Some(self.lane.map_or(0, |lane| lane + 1)).filter(|lane| *lane < self.story.lanes.len()))
            }
            Key::Up => self.choose(self.lane.and_then(|lane| lane.checked_sub(1))),
            Key::Closer => self.zoom(self.window.length() / 2),
            Key::Wider => self.zoom(self.window.length().saturating_mul(2)),
            Key::Whole => self.window = Window::whole(self.story.end),
            Key::Faster => self.speed = (self.speed + 1).min(SPEEDS.len() - 1),
            Key::Slower => self.speed = self.speed.saturating_sub(1),
            Key::First => self.go(0),
            Key::Last => self.go(self.story.end),
            Key::PanelDown => self.scroll = self.scroll.saturating_add(4),
            Key::PanelUp => self.scroll = self.scroll.saturating_sub(4),
            Key::Details => {
                self.details = !self.details;
                self.tell_again();
            }
            Key::Help => self.help = !help,
            Key::Quit if help => {} // it has closed the help
            Key::Quit => self.leave = Some(Leave::Seen),
            Key::Interrupt => self.leave = Some(Leave::Interrupted),
        }
    }

    /// So much real time has passed.
    pub fn pass(&mut self, real: Duration) {
        if !self.playing {
            return;
        }
        let film = real.as_nanos().saturating_mul(u128::from(SPEEDS[self.speed])) / 1_000;
        let cursor = self.cursor.saturating_add(u64::try_from(film).unwrap_or(u64::MAX));
        self.playing = cursor < self.story.end;
        self.set_cursor(cursor);
        self.catch_up();
    }

    fn play(&mut self) {
        if self.cursor >= self.story.end {
            self.go(0);
            self.playing = true;
        } else {
            self.playing = !self.playing;
        }
    }

    fn go(&mut self, at: u64) {
        self.playing = false;
        self.set_cursor(at);
        self.catch_up();
    }

    /// The cursor, within the run and within what is shown.
    fn set_cursor(&mut self, at: u64) {
        self.cursor = at.min(self.story.end);
        if self.cursor < self.window.from || self.cursor > self.window.to {
            self.show_around(self.window.length());
        }
    }

    /// To one of the events that are told, if there is one so late.
    fn step_to(&mut self, position: usize) {
        self.playing = false;
        if let Some(at) = self.told_at(position).map(|event| event.at) {
            self.set_cursor(at);
            self.set_current(Some(position));
        }
    }

    /// To the beginning of the present event, or to the one before.
    fn back(&mut self) {
        let after = self.event().is_some_and(|event| event.at < self.cursor);
        match self.current {
            Some(current) if after => self.step_to(current),
            Some(current) if current > 0 => self.step_to(current - 1),
            _ => self.go(0),
        }
    }

    fn change(&mut self, among: std::ops::Range<usize>, backwards: bool) {
        self.playing = false;
        let mut changes = among.filter(|position| self.told_at(*position).is_some_and(Event::is_change));
        let found = if backwards { changes.next_back() } else { changes.next() };
        if let Some(position) = found {
            self.step_to(position);
        }
    }

    fn choose(&mut self, lane: Option<usize>) {
        self.lane = lane;
        self.tell_again();
    }

    fn zoom(&mut self, length: u64) {
        self.show_around(length.clamp(CLOSEST, self.story.end.max(CLOSEST)));
    }

    /// A window of this length with the cursor in its middle, as far as the run goes.
    fn show_around(&mut self, length: u64) {
        let from = self.cursor.saturating_sub(length / 2).min(self.story.end.saturating_sub(length));
        self.window = Window { from, to: from.saturating_add(length) };
    }

    /// Chooses again which events are told.
    fn tell_again(&mut self) {
        let lane = self.lane();
        let wanted = |event: &Event<'_>| {
            (self.details || !event.detail) && lane.is_none_or(|lane| concerns(event, lane, &self.story.lanes))
        };
        self.told = (0..self.events.len()).filter(|event| wanted(&self.events[*event])).collect();
        self.catch_up();
    }

    /// The present event is the last one that the cursor has reached; at the very beginning there is none yet.
    fn catch_up(&mut self) {
        let reached = self.told.partition_point(|event| self.events[*event].at <= self.cursor);
        self.set_current(if self.cursor == 0 { None } else { reached.checked_sub(1) });
    }

    fn set_current(&mut self, current: Option<usize>) {
        if current != self.current {
            self.scroll = 0;
        }
        self.current = current;
    }

    /// The event that is looked at.
    pub fn event(&self) -> Option<&Event<'s>> {
        self.current.and_then(|current| self.told_at(current))
    }

    fn told_at(&self, position: usize) -> Option<&Event<'s>> {
        self.told.get(position).and_then(|event| self.events.get(*event))
    }

    /// All events that are told, and the position of the present one.
    pub fn told(&self) -> (impl ExactSizeIterator<Item = &Event<'s>>, Option<usize>) {
        (self.told.iter().map(|event| &self.events[*event]), self.current)
    }

    /// All events.
    pub fn events(&self) -> &[Event<'s>] {
        &self.events
    }

    /// The lane that is chosen.
    pub fn lane(&self) -> Option<&'s Lane> {
        self.lane.and_then(|lane| self.story.lanes.get(lane))
    }

    /// Its position.
    pub fn lane_at(&self) -> Option<usize> {
        self.lane
    }

    /// The run.
    pub fn story(&self) -> &'s Story {
        self.story
    }

    /// Where one stands, in nanoseconds.
    pub fn cursor(&self) -> u64 {
        self.cursor
    }

    /// What is shown.
    pub fn window(&self) -> Window {
        self.window
    }

    /// Whether time passes.
    pub fn playing(&self) -> bool {
        self.playing
    }

    /// How fast, in words: `1x`, `0.25x`.
    pub fn speed(&self) -> String {
        let speed = SPEEDS[self.speed];
        let decimals = format!("{:03}", speed % 1_000);
        match decimals.trim_end_matches('0') {
            "" => format!("{}x", speed / 1_000),
            some => format!("{}.{some}x", speed / 1_000),
        }
    }

    /// Whether the help lies over the screen.
    pub fn help(&self) -> bool {
        self.help
    }

    /// So many lines of the event's text are above what is seen.
    pub fn scroll(&self) -> u16 {
        self.scroll
    }

    /// Whether and how somebody wants to leave.
    pub fn leave(&self) -> Option<Leave> {
        self.leave
    }
}
