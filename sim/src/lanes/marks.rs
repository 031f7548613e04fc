//! Faults as marks above the lanes: a letter for each column in which something was broken or mended.
use super::row::{Cell, Window};
use super::tale::Event;
use crate::report::data::Tone;

/// The letters of marks, in their order; there are no more.
const LETTERS: &str = "123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";

/// What was broken or mended in one column.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mark {
    /// Its letter.
    pub letter: char,
    /// Where.
    pub column: usize,
    /// Positions of the events.
    pub events: Vec<usize>,
}

/// The marks of a window, from left to right.
pub fn marks(events: &[Event], window: Window, width: usize) -> Vec<Mark> {
    let mut marks: Vec<Mark> = Vec::new();
    let mut letters = LETTERS.chars();
    for (position, event) in events.iter().enumerate() {
        if !event.is_fault() || event.at < window.from || event.at >= window.to || width == 0 {
            continue;
        }
        let column = window.column(event.at, width);
        match marks.last_mut() {
            Some(mark) if mark.column == column => mark.events.push(position),
            _ => marks.push(Mark { letter: letters.next().unwrap_or('*'), column, events: vec![position] }),
        }
    }
    marks
}

/// Marks as a row of their own, with a letter for each.
pub fn mark_row(marks: &[Mark], width: usize, letter: impl Fn(&Mark) -> char) -> Vec<Cell> {
    let mut row = vec![Cell { letter: ' ', tone: Tone::Fault }; width];
    for mark in marks {
        row[mark.column].letter = letter(mark);
    }
    row
}
