//! What many seeds went through, in a few kilobytes: it adds up the same whatever the order and the division.
use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::row::Row;
use super::trail::Trail;

/// So many seeds with the longest outages are kept.
const WORST: usize = 10;

/// What was explored: summaries with equal heads can be merged.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Head {
    /// Version of the program.
    pub version: String,
    /// Name of the scenario.
    pub scenario: String,
    /// Hash of the world and the options.
    pub identity: String,
    /// All seeds, of which a shard plays some: from, to (exclusive).
    pub seeds: (u64, u64),
}

/// Numbers that add up.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Totals {
    /// Seeds played.
    pub runs: u64,
    /// Seeds that failed.
    pub failed: u64,
    /// Faults that were drawn.
    pub faults: u64,
    /// Events of all runs.
    pub events: u64,
    /// Frames sent in all runs.
    pub frames: u64,
    /// A sum over the runs, modulo 2^64, whatever their order.
    pub sum: u64,
}

impl Totals {
    /// Adds the numbers of other runs.
    pub fn add(&mut self, more: Totals) {
        self.runs += more.runs;
        self.failed += more.failed;
        self.faults += more.faults;
        self.events += more.events;
        self.frames += more.frames;
        self.sum = self.sum.wrapping_add(more.sum);
    }
}

/// Failures of one cause.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failure {
    /// Invariant and last rules.
    pub fingerprint: String,
    /// So many seeds failed like this.
    pub count: u64,
    /// The first of them.
    pub first: u64,
    /// What was violated there.
    pub what: String,
}

/// A sum of runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Summary {
    /// What was explored.
    pub head: Head,
    /// Which seeds: from, to (exclusive), in order, none touching the next.
    pub done: Vec<(u64, u64)>,
    /// Numbers.
    pub totals: Totals,
    /// How many runs had a longest outage of less than 2^n ms, and not of less than half of that.
    pub outages: BTreeMap<u32, u64>,
    /// How many runs had so many entries into MASTER.
    pub moves: BTreeMap<u64, u64>,
    /// The longest outages in nanoseconds, each with its seed.
    pub worst: Vec<(u64, u64)>,
    /// Changes of state that were reached, each with its rule.
    pub transitions: BTreeSet<String>,
    /// Rules that were reached.
    pub rules: BTreeSet<String>,
    /// Rules with the fault before them.
    pub pairs: BTreeSet<String>,
    /// Failures by cause.
    pub failures: BTreeMap<String, Failure>,
}

/// A line of a summary's file.
#[derive(Serialize, Deserialize)]
#[serde(tag = "line", rename_all = "snake_case", deny_unknown_fields)]
enum Line {
    Explored { head: Head, done: Vec<(u64, u64)> },
    Totals { totals: Totals },
    Outages { below_2_to_the_ms: Vec<(u32, u64)> },
    Moves { entries_and_runs: Vec<(u64, u64)> },
    Worst { outage_ns_and_seed: Vec<(u64, u64)> },
    Transitions { reached: BTreeSet<String> },
    Rules { reached: BTreeSet<String> },
    Pairs { reached: BTreeSet<String> },
    Failure { failure: Failure },
    End,
}

impl Summary {
    /// Nothing added up yet, for these seeds.
    pub fn of(head: Head, seeds: (u64, u64)) -> Summary {
        Summary {
            head,
            done: if seeds.0 < seeds.1 { vec![seeds] } else { Vec::new() },
            totals: Totals::default(),
            outages: BTreeMap::new(),
            moves: BTreeMap::new(),
            worst: Vec::new(),
            transitions: BTreeSet::new(),
            rules: BTreeSet::new(),
            pairs: BTreeSet::new(),
            failures: BTreeMap::new(),
        }
    }

    /// Adds a seed; `what` was violated in it.
    pub(super) fn add(&mut self, row: &Row, what: Option<String>) {
        self.count(row.totals());
        let bucket = u64::BITS - (row.outage_ns / 1_000_000).leading_zeros();
        *self.outages.entry(bucket).or_default() += 1;
        *self.moves.entry(row.masters).or_default() += 1;
        self.worst.push((row.outage_ns, row.seed));
        self.keep_worst();
        if let (Some(fingerprint), Some(what)) = (row.failure.clone(), what) {
            self.fail(Failure { fingerprint, count: 1, first: row.seed, what });
        }
    }

    pub(super) fn cover(&mut self, trail: &Trail) {
        self.transitions.extend(trail.changes());
        self.rules.extend(trail.rules());
        self.pairs.extend(trail.pairs());
    }

    /// Adds the seeds of another one; no seed may be in both.
    pub fn absorb(&mut self, other: Summary) {
        self.done.extend(other.done);
        self.done.sort_unstable();
        self.done.dedup_by(|next, before| {
            let touches = before.1 == next.0;
            if touches {
                before.1 = next.1;
            }
            touches
        });
        self.count(other.totals);
        other.outages.into_iter().for_each(|(bucket, runs)| *self.outages.entry(bucket).or_default() += runs);
        other.moves.into_iter().for_each(|(moves, runs)| *self.moves.entry(moves).or_default() += runs);
        self.worst.extend(other.worst);
        self.keep_worst();
        self.transitions.extend(other.transitions);
        self.rules.extend(other.rules);
        self.pairs.extend(other.pairs);
        other.failures.into_values().for_each(|failure| self.fail(failure));
    }

    /// All seeds of the head have been played.
    pub fn is_whole(&self) -> bool {
        self.done == [self.head.seeds] || self.head.seeds.0 == self.head.seeds.1
    }

    fn count(&mut self, more: Totals) {
        self.totals.add(more);
    }

    fn keep_worst(&mut self) {
        self.worst.sort_unstable_by_key(|(outage, seed)| (Reverse(*outage), *seed));
        self.worst.truncate(WORST);
    }

    fn fail(&mut self, failure: Failure) {
        match self.failures.get_mut(&failure.fingerprint) {
            Some(known) => {
                known.count += failure.count;
                if failure.first < known.first {
                    (known.first, known.what) = (failure.first, failure.what);
                }
            }
            None => drop(self.failures.insert(failure.fingerprint.clone(), failure)),
        }
    }

    /// The file: JSON, an object a line.
    pub fn print(&self) -> serde_json::Result<String> {
        let lines = [
            Line::Explored { head: self.head.clone(), done: self.done.clone() },
            Line::Totals { totals: self.totals },
            Line::Outages { below_2_to_the_ms: pairs(&self.outages) },
            Line::Moves { entries_and_runs: pairs(&self.moves) },
            Line::Worst { outage_ns_and_seed: self.worst.clone() },
            Line::Transitions { reached: self.transitions.clone() },
            Line::Rules { reached: self.rules.clone() },
            Line::Pairs { reached: self.pairs.clone() },
        ];
        let failures = self.failures.values().map(|failure| Line::Failure { failure: failure.clone() });
        let lines = lines.into_iter().chain(failures).chain([Line::End]);
        lines.map(|line| Ok(serde_json::to_string(&line)? + "\n")).collect()
    }

    /// Reads such a file; why not, in a line.
    pub fn read(text: &str) -> Result<Summary, String> {
        let mut lines = text.lines().enumerate().map(|(at, line)| {
            serde_json::from_str::<Line>(line).map_err(|why| format!("line {}: this is no summary: {why}", at + 1))
        });
        let Some(Line::Explored { head, done }) = lines.next().transpose()? else {
            return Err("this is no summary of an exploration".to_owned());
        };
        let mut summary = Summary { done, ..Summary::of(head, (0, 0)) };
        let mut ended = false;
        for line in lines {
            match line? {
                Line::Explored { .. } => return Err("these are two summaries in one file".to_owned()),
                Line::Totals { totals } => summary.totals = totals,
                Line::Outages { below_2_to_the_ms } => summary.outages = below_2_to_the_ms.into_iter().collect(),
                Line::Moves { entries_and_runs } => summary.moves = entries_and_runs.into_iter().collect(),
                Line::Worst { outage_ns_and_seed } => summary.worst = outage_ns_and_seed,
                Line::Transitions { reached } => summary.transitions = reached,
                Line::Rules { reached } => summary.rules = reached,
                Line::Pairs { reached } => summary.pairs = reached,
                Line::Failure { failure } => summary.fail(failure),
                Line::End => ended = true,
            }
        }
        if ended { Ok(summary) } else { Err("the summary has no end".to_owned()) }
    }
}

fn pairs<K: Copy>(map: &BTreeMap<K, u64>) -> Vec<(K, u64)> {
    map.iter().map(|(key, runs)| (*key, *runs)).collect()
}
