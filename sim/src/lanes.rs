//! The picture of time in letters: the lanes of a report's story, for a log or a terminal.
//!
//! What is shown is the data that a page shows ([`Story`](crate::report::Story)), made once: here it only becomes columns of letters.
//! Nothing needs a colour to be understood.
mod axis;
mod glyphs;
mod marks;
mod row;
mod tale;
#[cfg(test)]
mod tests;
mod text;

pub use axis::{Axis, axis};
pub use glyphs::Glyphs;
pub use marks::{Mark, mark_row, marks};
pub use row::{Cell, NOTHING, Window, cells};
pub use tale::{Event, bar_at, concerns, events, label};
pub use text::{Pen, cut, harmless, moment, padded, text};
