//! A line for each seed, for whoever wants to ask more than a summary tells: JSON, in the order of seeds.
use std::ops::Range;

use serde::{Deserialize, Serialize};

use super::summary::{Summary, Totals};
use super::trail::Run;
use crate::lab::Tally;

/// What one seed went through.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Row {
    /// The seed.
    pub seed: u64,
    /// Faults that were drawn.
    pub faults: u64,
    /// Events of the run.
    pub events: u64,
    /// Frames sent.
    pub sent: u64,
    /// Frames that reached a host.
    pub delivered: u64,
    /// Entries into MASTER.
    pub masters: u64,
    /// The longest time for which a client got no answer.
    pub outage_ns: u64,
    /// A hash of the run.
    #[serde(with = "digits")]
    pub sum: u64,
    /// Invariant and last rules of its failure.
    pub failure: Option<String>,
}

impl Row {
    pub(super) fn of(seed: u64, strikes: usize, tally: Tally, run: &Run, failure: Option<String>) -> Row {
        let mut sum = run.sum;
        for word in [seed, tally.events, tally.sent, tally.delivered, run.outage.0, u64::from(failure.is_some())] {
            sum = (sum ^ word).wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(29);
        }
        let Tally { events, sent, delivered } = tally;
        let faults = u64::try_from(strikes).unwrap_or(u64::MAX);
        Row { seed, faults, events, sent, delivered, masters: run.moves, outage_ns: run.outage.0, sum, failure }
    }

    /// What it adds to a summary.
    pub(super) fn totals(&self) -> Totals {
        let failed = u64::from(self.failure.is_some());
        Totals { runs: 1, failed, faults: self.faults, events: self.events, frames: self.sent, sum: self.sum }
    }

    /// Its line.
    pub fn line(&self) -> serde_json::Result<String> {
        Ok(serde_json::to_string(self)? + "\n")
    }
}

/// Sixteen digits, which no reader rounds.
mod digits {
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    pub(super) fn serialize<S: Serializer>(sum: &u64, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(&format_args!("{sum:016x}"))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<u64, D::Error> {
        u64::from_str_radix(&String::deserialize(from)?, 16).map_err(D::Error::custom)
    }
}

/// Reads rows one after the other, and holds them against the summary of the same seeds.
#[derive(Debug)]
pub struct Rows {
    seeds: Range<u64>,
    expected: Totals,
    totals: Totals,
}

impl Rows {
    /// The rows of the whole of these seeds.
    pub fn of(summary: &Summary, seeds: Range<u64>) -> Rows {
        Rows { seeds, expected: summary.totals, totals: Totals::default() }
    }

    /// The next row. The error is for people.
    pub fn read(&mut self, line: &str) -> Result<Row, String> {
        let row: Row = serde_json::from_str(line).map_err(|why| format!("this is no row of a seed: {why}"))?;
        match self.seeds.next() {
            Some(seed) if seed == row.seed => {}
            Some(seed) => return Err(format!("a row of seed {} where that of {seed} belongs", row.seed)),
            None => return Err(format!("a row of seed {}, beyond the last", row.seed)),
        }
        self.totals.add(row.totals());
        Ok(row)
    }

    /// All rows were there, and they are those of the summary. The error is for people.
    pub fn end(mut self) -> Result<(), String> {
        if let Some(seed) = self.seeds.next() {
            return Err(format!("no row of seed {seed}"));
        }
        if self.totals == self.expected { Ok(()) } else { Err("the rows are not those of the summary".to_owned()) }
    }
}
