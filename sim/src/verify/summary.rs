//! All runs of a recording in one line, and everything in JSON for machines.
use std::fmt;

use serde::Serialize;
use serde_json::{Value, json};

use super::compare::Row;
use super::report::milliseconds;
use super::{Mark, Verdict};

/// All runs of one recording.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Summary {
    /// Name of the recording.
    pub name: String,
    /// How many runs were replayed.
    pub runs: usize,
    /// `agrees`, `either order` or `DIFFERS`: the worst of the runs.
    pub verdict: &'static str,
    /// Changes of state and moves of addresses, of all runs.
    pub events: usize,
    /// The largest difference of an event in any run, in microseconds.
    pub worst_us: u64,
    /// Frames equal in every field, of all runs.
    pub frames_equal: usize,
    /// Frames compared.
    pub frames: usize,
    /// The largest difference of a frame in any run, in microseconds.
    pub worst_frame_us: u64,
    /// Frames not compared, because the runs differ.
    pub frames_not_compared: usize,
    /// What was compared less strictly, and why.
    pub remarks: Vec<String>,
}

impl Summary {
    /// The summary of these runs of one recording.
    pub fn of(verdicts: &[Verdict]) -> Summary {
        let worst = verdicts.iter().map(Verdict::word).max_by_key(|word| severity(word)).unwrap_or("agrees");
        let total = |of: fn(&Verdict) -> usize| verdicts.iter().map(of).sum();
        Summary {
            name: verdicts.first().map(|v| v.name.clone()).unwrap_or_default(),
            runs: verdicts.len(),
            verdict: worst,
            events: total(|v| v.events.len()),
            worst_us: verdicts.iter().map(Verdict::worst_us).max().unwrap_or(0),
            frames_equal: total(Verdict::frames_equal),
            frames: total(Verdict::frames_compared),
            worst_frame_us: verdicts.iter().map(Verdict::worst_frame_us).max().unwrap_or(0),
            frames_not_compared: total(|v| v.beyond),
            remarks: remarks(verdicts),
        }
    }

    /// Whether every run agrees.
    pub fn agrees(&self) -> bool {
        self.verdict != "DIFFERS"
    }
}

fn severity(word: &str) -> usize {
    ["agrees", "either order", "DIFFERS"].iter().position(|known| *known == word).unwrap_or(0)
}

/// Each remark once, with the runs that it is about where it is not about all.
fn remarks(verdicts: &[Verdict]) -> Vec<String> {
    let mut all: Vec<(String, Vec<usize>)> = Vec::new();
    for verdict in verdicts {
        for remark in verdict.remarks() {
            match all.iter_mut().find(|(known, _)| *known == remark) {
                Some((_, runs)) => runs.push(verdict.run),
                None => all.push((remark, vec![verdict.run])),
            }
        }
    }
    let told = all.into_iter().map(|(remark, runs)| {
        let numbers: Vec<String> = runs.iter().map(usize::to_string).collect();
        if runs.len() == verdicts.len() { remark } else { format!("run {}: {remark}", numbers.join(", ")) }
    });
    told.collect()
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Summary { name, runs, verdict, events, frames_equal, frames, .. } = self;
        write!(
            f,
            "{name:34} {verdict:12} {runs} runs, {events:3} events, worst {:>9}, {frames_equal:4} of {frames:4} frames equal",
            milliseconds(self.worst_us)
        )?;
        if !self.remarks.is_empty() {
            write!(f, " ({})", self.remarks.join("; "))?;
        }
        Ok(())
    }
}

impl Verdict {
    /// Everything, for machines.
    pub fn to_json(&self) -> Value {
        json!({
            "name": self.name,
            "run": self.run,
            "verdict": self.word(),
            "compared_with_run": self.against,
            "worst_us": self.worst_us(),
            "worst_frame_us": self.worst_frame_us(),
            "frames_equal": self.frames_equal(),
            "frames_not_compared": self.beyond,
            "remarks": self.remarks(),
            "events": self.events.iter().map(row).collect::<Vec<_>>(),
            "frames": self.frames.iter().map(row).collect::<Vec<_>>(),
        })
    }
}

fn row(row: &Row) -> Value {
    let us = |at: Option<vrrplab_engine::Instant>| at.map(|at| at.0 / 1_000);
    let fields =
        row.fields.iter().map(|d| (d.field.to_owned(), json!({ "recorded": d.recorded, "simulated": d.simulated })));
    json!({
        "node": row.node,
        "what": row.what,
        "recorded_us": us(row.recorded),
        "simulated_us": us(row.simulated),
        "difference_us": row.difference_us,
        "verdict": word(row.mark),
        "fields": fields.collect::<serde_json::Map<_, _>>(),
    })
}

fn word(mark: Mark) -> &'static str {
    match mark {
        Mark::Agrees => "agrees",
        Mark::EitherOrder => "either-order",
        Mark::Stalled => "stalled",
        Mark::NoTime => "time-not-compared",
        Mark::AtTheEnd => "at-the-end",
        Mark::TooFar => "too-far",
        Mark::OutOfOrder => "out-of-order",
        Mark::Fields => "fields-differ",
        Mark::Missing => "missing",
        Mark::Extra => "extra",
    }
}
