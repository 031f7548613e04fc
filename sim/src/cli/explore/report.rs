//! What an exploration found, for people.
use std::fmt::Write as _;

use vrrplab_engine::Span;

use crate::explore::Summary;
use crate::observe::words::{count, span};

/// Causes that are told in full; more are counted.
const TOLD: usize = 20;

/// All but the failures. The same seeds give the same words.
pub(in crate::cli) fn overview(summary: &Summary) -> String {
    let (head, totals) = (&summary.head, &summary.totals);
    let mut text = format!(
        "{}: {} of seeds {}..{}, {}, {} sent\n",
        head.scenario,
        count(totals.runs, "run"),
        head.seeds.0,
        head.seeds.1,
        count(totals.faults, "fault"),
        count(totals.frames, "frame"),
    );
    let _ = writeln!(
        text,
        "reached: {}, {}, {} of a rule and the fault before it",
        count(as_u64(summary.transitions.len()), "change") + " of state",
        count(as_u64(summary.rules.len()), "rule"),
        count(as_u64(summary.pairs.len()), "pair"),
    );
    if let Some((outage, seed)) = summary.worst.first().filter(|(outage, _)| *outage > 0) {
        let _ = writeln!(text, "longest outage of a client, faults and all: {} (seed {seed})", span(Span(*outage)));
    }
    text
}

/// One paragraph for each cause, with what `more` has to add by fingerprint.
pub(in crate::cli) fn failures(summary: &Summary, more: impl Fn(&str) -> String) -> String {
    let mut causes: Vec<_> = summary.failures.values().collect();
    causes.sort_by_key(|failure| (std::cmp::Reverse(failure.count), failure.first));
    let mut text = String::new();
    for failure in causes.iter().take(TOLD) {
        let (cause, seeds) = (&failure.fingerprint, count(failure.count, "seed"));
        let _ = writeln!(text, "FAIL {cause}\n     {seeds}, first {}", failure.first);
        for line in failure.what.lines().take(1) {
            let _ = writeln!(text, "     {}", line.trim());
        }
        text += &more(cause);
    }
    if causes.len() > TOLD {
        let _ = writeln!(text, "... and {}", count(as_u64(causes.len() - TOLD), "other cause"));
    }
    let (totals, causes) = (&summary.totals, count(as_u64(causes.len()), "cause"));
    let _ = write!(text, "{}: {} of {} failed, ", summary.head.scenario, totals.failed, count(totals.runs, "run"));
    let _ = writeln!(text, "{causes}, sum {:016x}", totals.sum);
    text
}

fn as_u64(number: usize) -> u64 {
    u64::try_from(number).unwrap_or(u64::MAX)
}
