//! `--lanes`: the picture of time as text, as wide as the reader's terminal.
use clap::Args;

use super::output::colour;
use super::surroundings;
use crate::lanes::{Glyphs, Pen};

/// How wide the picture is where nobody says.
const WIDTH: u16 = 80;

/// `--lanes` and what belongs to it.
#[derive(Debug, Args)]
pub struct LanesArgs {
    /// Draw who was master when, who held the addresses and what clients got, as text; `test` does so for what fails
    #[arg(long)]
    pub lanes: bool,
    /// How many columns --lanes has; COLUMNS, those of the terminal, or 80 when not given
    #[arg(long, value_name = "N", requires = "lanes", value_parser = clap::value_parser!(u16).range(40..=1000))]
    pub width: Option<u16>,
    /// Draw with ASCII only, as is done where the locale is not UTF-8
    #[arg(long)]
    pub ascii: bool,
}

impl LanesArgs {
    /// With what to draw.
    pub(super) fn pen(&self) -> Pen {
        let columns = self.width.map(usize::from).or_else(surroundings::columns);
        let glyphs = if self.ascii || !surroundings::unicode() { Glyphs::ASCII } else { Glyphs::UNICODE };
        Pen { width: columns.unwrap_or(usize::from(WIDTH)), glyphs, colour: colour() }
    }
}
