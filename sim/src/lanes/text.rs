//! The whole picture as text, for logs: axis, faults, lanes, and what the letters mean.
use std::collections::BTreeSet;

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use super::tale::{Event, events, label};
use super::{Cell, Glyphs, Mark, NOTHING, Window, axis, cells, mark_row, marks};
use crate::report::data::{Lane, Story, Tone};

/// With what it is drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pen {
    /// So many columns.
    pub width: usize,
    /// Letters.
    pub glyphs: Glyphs,
    /// Colours too.
    pub colour: bool,
}

impl Pen {
    /// The same for a picture that begins so many columns to the right.
    pub fn within(self, indent: usize) -> Pen {
        Pen { width: self.width.saturating_sub(indent), ..self }
    }
}

/// So many columns are for time at least.
const LEAST: usize = 10;
/// From this many lanes on, those that are alike are one.
const MANY: usize = 40;

/// The picture of a story.
pub fn text(story: &Story, pen: &Pen) -> String {
    let glyphs = &pen.glyphs;
    let rows = rows(&story.lanes);
    let names = rows.iter().map(|(name, _)| name.width()).chain(["faults".len()]).max().unwrap_or(0);
    let names = names.min(pen.width / 3);
    let width = pen.width.saturating_sub(names + 2).max(LEAST);
    let window = Window::whole(story.end);
    let line = |name: &str, columns: &str| format!("{}  {columns}\n", padded(&cut(name, names, glyphs), names));
    let mut text = String::new();
    let axis = axis(window, width, glyphs);
    text += &line("", &axis.labels);
    text += &line("", &axis.ruler);
    let events = events(story);
    let marks = marks(&events, window, width);
    if !marks.is_empty() {
        text += &line("faults", &painted(&mark_row(&marks, width, |mark| mark.letter), pen));
    }
    let mut shown = Shown::default();
    for (name, lane) in &rows {
        let cells = cells(lane, window, width, glyphs);
        shown.note(lane, &cells);
        text += &line(name, &painted(&cells, pen));
    }
    text += &legend(&shown, pen);
    text += &told(&marks, &events, pen);
    text.lines().map(|line| format!("{}\n", line.trim_end())).collect()
}

/// Names and lanes; where there are many, lanes of the same history stand together.
fn rows(lanes: &[Lane]) -> Vec<(String, &Lane)> {
    let mut rows: Vec<(&Lane, usize)> = Vec::new();
    for lane in lanes {
        let alike = |(other, _): &&mut (&Lane, usize)| other.kind == lane.kind && other.bars == lane.bars;
        match rows.iter_mut().find(alike).filter(|_| lanes.len() > MANY) {
            Some((_, more)) => *more += 1,
            None => rows.push((lane, 0)),
        }
    }
    let name = |(lane, more): (&Lane, usize)| if more > 0 { format!("{} +{more}", label(lane)) } else { label(lane) };
    rows.into_iter().map(|row| (name(row), row.0)).collect()
}

fn painted(cells: &[Cell], pen: &Pen) -> String {
    let end = cells.iter().rposition(|cell| cell.letter != ' ').map_or(0, |last| last + 1);
    let mut text = String::new();
    for run in cells[..end].chunk_by(|one, other| one.tone == other.tone) {
        let letters: String = run.iter().map(|cell| cell.letter).filter(|letter| *letter != NOTHING).collect();
        match paint(run[0].tone) {
            Some(code) if pen.colour && !letters.trim().is_empty() => text += &format!("\x1b[{code}m{letters}\x1b[0m"),
            _ => text += &letters,
        }
    }
    text
}

const fn paint(tone: Tone) -> Option<&'static str> {
    match tone {
        Tone::Master => Some("1;36"),
        Tone::Down | Tone::Bad => Some("31"),
        Tone::Fault | Tone::Warn => Some("33"),
        Tone::Good => Some("32"),
        Tone::Init | Tone::Off => Some("2"),
        Tone::Backup | Tone::Plain | Tone::Holder => None,
    }
}

/// Which letters there were.
#[derive(Default)]
struct Shown {
    tones: Vec<Tone>,
    holders: BTreeSet<char>,
    several_short: bool,
}

impl Shown {
    fn note(&mut self, lane: &Lane, cells: &[Cell]) {
        for cell in cells.iter().filter(|cell| cell.letter != ' ') {
            self.several_short |= cell.letter == '*';
            if lane.kind == "holder" && cell.tone == Tone::Warn {
                self.holders.insert(cell.letter);
            }
            if !self.tones.contains(&cell.tone) {
                self.tones.push(cell.tone);
            }
        }
    }
}

/// What the letters mean, of those that there were.
fn legend(shown: &Shown, pen: &Pen) -> String {
    let known = pen.glyphs.legend().into_iter().filter(|(tone, ..)| shown.tones.contains(tone));
    let mut entries: Vec<String> = known.map(|(_, letters, words)| format!("{letters} {words}")).collect();
    entries.extend(shown.holders.iter().map(|many| format!("{many} hold it at once")));
    if shown.several_short {
        entries.push("* several in one column".to_owned());
    }
    let mut text = String::new();
    let mut used = 0;
    for entry in entries {
        let gap = if used == 0 {
            ""
        } else if used + 3 + entry.width() > pen.width {
            "\n"
        } else {
            "   "
        };
        used = if gap == "\n" { entry.width() } else { used + gap.len() + entry.width() };
        text += &format!("{gap}{entry}");
    }
    if text.is_empty() { text } else { text + "\n" }
}

/// What the marks mean, a line for each fault.
fn told(marks: &[Mark], events: &[Event<'_>], pen: &Pen) -> String {
    let all = || marks.iter().flat_map(|mark| mark.events.iter().map(move |event| (mark.letter, *event)));
    let places: BTreeSet<&str> = all().filter_map(|(_, event)| Some(events.get(event)?.place)).collect();
    let place = places.iter().map(|place| place.width()).max().unwrap_or(0);
    let mut text = String::new();
    for (letter, event) in all() {
        let Some(event) = events.get(event) else { continue };
        let line = format!("{letter}{:>12}  {}  {}", moment(event.at), padded(event.place, place), event.what);
        text += &format!("{}\n", cut(&line, pen.width, &pen.glyphs));
    }
    text
}

/// A moment as the timeline prints it: seconds with microseconds.
pub fn moment(at: u64) -> String {
    crate::observe::words::time(vrrplab_engine::Instant(at))
}

/// What would move a terminal's cursor becomes a question mark: names come from files.
pub fn harmless(letter: char) -> char {
    if letter.is_control() { '?' } else { letter }
}

/// A text and spaces, this wide.
pub fn padded(text: &str, width: usize) -> String {
    format!("{text}{}", " ".repeat(width.saturating_sub(text.width())))
}

/// As much of a text as fits, with a sign that more follows. All of it is [`harmless`].
pub fn cut(text: &str, width: usize, glyphs: &Glyphs) -> String {
    let clean = text.chars().map(harmless);
    if text.width() <= width && !text.contains(char::is_control) {
        return text.to_owned();
    }
    let (mut used, mut fitting, mut whole) = (0, String::new(), true);
    for letter in clean {
        let wide = letter.width().unwrap_or(0);
        if used + wide > width {
            whole = false;
            break;
        }
        used += wide;
        fitting.push(letter);
    }
    while !whole && fitting.width() >= width && fitting.pop().is_some() {}
    if !whole && width > 0 {
        fitting.push(glyphs.more);
    }
    fitting
}
