//! One lane as columns: which stretch of time each column stands for, and what it shows.
//!
//! A stretch ends in the column whose edge is nearest, so that neighbours leave no gap. One that is too short for a column of its
//! own still gets one, painted over the others: nothing that lasted is invisible.
use std::collections::BTreeMap;
use std::ops::Range;

use unicode_width::UnicodeWidthChar;

use super::glyphs::{Glyphs, letter};
use super::text::harmless;
use crate::report::data::{Lane, Tone};

/// Behind a letter that is two columns wide there is a column with nothing to print.
pub const NOTHING: char = '\0';

/// Several short stretches in one column.
const SEVERAL: char = '*';

/// One column of a lane.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cell {
    /// What is printed.
    pub letter: char,
    /// Its colour, which says nothing that the letter does not.
    pub tone: Tone,
}

impl Cell {
    const BLANK: Cell = Cell { letter: ' ', tone: Tone::Plain };
}

/// The stretch of time that is shown, in nanoseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    /// From.
    pub from: u64,
    /// To; later than `from`.
    pub to: u64,
}

impl Window {
    /// From the beginning to this end.
    pub fn whole(end: u64) -> Window {
        Window { from: 0, to: end.max(1) }
    }

    /// How long it is.
    pub fn length(self) -> u64 {
        self.to.saturating_sub(self.from).max(1)
    }

    /// The column of a moment: where a stretch would begin that begins then.
    pub fn column(self, at: u64, width: usize) -> usize {
        self.edge(at, width).min(width.saturating_sub(1))
    }

    /// The edge between columns that is nearest to a moment.
    fn edge(self, at: u64, width: usize) -> usize {
        let (offset, length) = (u128::from(at.clamp(self.from, self.to) - self.from), u128::from(self.length()));
        usize::try_from((offset * width as u128 + length / 2) / length).unwrap_or(width)
    }

    /// The columns of a stretch of time: none when it is not shown, empty when it is shorter than a column.
    fn columns(self, from: u64, to: u64, width: usize) -> Option<Range<usize>> {
        if from >= to || to <= self.from || from >= self.to || width == 0 {
            return None;
        }
        let (first, end) = (self.edge(from, width), self.edge(to, width));
        let short = self.column(from.max(self.from), width);
        Some(if first < end { first..end } else { short..short })
    }
}

/// A lane as so many columns.
pub fn cells(lane: &Lane, window: Window, width: usize, glyphs: &Glyphs) -> Vec<Cell> {
    match lane.kind {
        "holder" => holders(lane, window, width, glyphs),
        _ => stretches(lane, window, width, glyphs),
    }
}

/// States, and answers: later stretches lie over earlier ones.
fn stretches(lane: &Lane, window: Window, width: usize, glyphs: &Glyphs) -> Vec<Cell> {
    let mut row = vec![Cell::BLANK; width];
    let mut short: BTreeMap<usize, Cell> = BTreeMap::new();
    for (from, to, _, tone) in &lane.bars {
        let Some(columns) = window.columns(*from, *to, width) else { continue };
        let fill = glyphs.fill(*tone);
        let first = Cell { letter: letter(*tone).unwrap_or(fill), tone: *tone };
        if columns.is_empty() {
            let many = Cell { letter: SEVERAL, tone: *tone };
            short
                .entry(columns.start)
                .and_modify(|cell| *cell = if cell.tone == *tone { first } else { many })
                .or_insert(first);
        }
        for (position, cell) in row[columns].iter_mut().enumerate() {
            *cell = if position == 0 { first } else { Cell { letter: fill, tone: *tone } };
        }
    }
    for (column, cell) in short {
        row[column] = cell;
    }
    row
}

/// Who holds an address: a name where it is one host, a number where there are several.
fn holders(lane: &Lane, window: Window, width: usize, glyphs: &Glyphs) -> Vec<Cell> {
    let mut holding: Vec<Vec<&str>> = vec![Vec::new(); width];
    let mut short: Vec<(usize, &str)> = Vec::new();
    for (from, to, name, _) in &lane.bars {
        let Some(columns) = window.columns(*from, *to, width) else { continue };
        if columns.is_empty() {
            short.push((columns.start, name));
        }
        holding[columns].iter_mut().filter(|names| !names.contains(&name.as_str())).for_each(|names| names.push(name));
    }
    let mut row = Vec::with_capacity(width);
    for run in holding.chunk_by(|one, other| one == other) {
        match run[0][..] {
            [] => row.resize(row.len() + run.len(), Cell::BLANK),
            [name] => named(&mut row, name, run.len(), glyphs),
            ref many => {
                let letter = u32::try_from(many.len()).ok().and_then(|many| char::from_digit(many, 10)).unwrap_or('+');
                row.resize(row.len() + run.len(), Cell { letter, tone: Tone::Warn });
            }
        }
    }
    for (column, name) in short {
        let free = row[column] == Cell::BLANK;
        let first = name.chars().next().filter(|letter| letter.width() == Some(1) && free);
        row[column] = Cell { letter: first.unwrap_or(SEVERAL), tone: Tone::Holder };
    }
    row
}

/// A name, and a line to its end.
fn named(row: &mut Vec<Cell>, name: &str, columns: usize, glyphs: &Glyphs) {
    let end = row.len() + columns;
    let cell = |letter| Cell { letter, tone: Tone::Holder };
    for letter in name.chars().map(harmless) {
        match letter.width() {
            Some(1) if row.len() < end => row.push(cell(letter)),
            Some(2) if row.len() + 1 < end => row.extend([cell(letter), cell(NOTHING)]),
            _ => break,
        }
    }
    row.resize(end, cell(glyphs.fill(Tone::Holder)));
}
