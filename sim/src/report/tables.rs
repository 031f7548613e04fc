//! Pages that are tables: recordings compared, and many seeds explored.
use vrrplab_engine::Span;

use super::data::{Page, Row, Sheet, Tone, Verdict};
use crate::explore::Summary as Explored;
use crate::observe::words::{count, span};
use crate::verify::{Mark, Summary, Verdict as Compared};

/// So many rows of a run that differs are told.
const MOST: usize = 200;

fn milliseconds(us: u64) -> String {
    format!("{}.{:03} ms", us / 1_000, us % 1_000)
}

fn as_u64(number: usize) -> u64 {
    u64::try_from(number).unwrap_or(u64::MAX)
}

/// Recordings held against the simulator.
pub fn of_verify(recordings: &[Vec<Compared>], repeat: String) -> Page {
    let summaries: Vec<Summary> = recordings.iter().map(|verdicts| Summary::of(verdicts)).collect();
    let good = summaries.iter().filter(|summary| summary.agrees()).count();
    let rows = summaries.iter().map(|summary| {
        let tone = if summary.agrees() { Tone::Good } else { Tone::Bad };
        let cells = [
            summary.verdict.to_owned(),
            summary.name.clone(),
            summary.runs.to_string(),
            summary.events.to_string(),
            milliseconds(summary.worst_us),
            format!("{} of {}", summary.frames_equal, summary.frames),
            milliseconds(summary.worst_frame_us),
            summary.remarks.join("\n"),
        ];
        Row::new(tone, cells)
    });
    let sheet = Sheet {
        title: "Recordings".into(),
        note: "What real daemons did, and how far the simulator is from it.".into(),
        columns: vec![
            ("verdict", false),
            ("recording", false),
            ("runs", true),
            ("events", true),
            ("worst event", true),
            ("frames equal", true),
            ("worst frame", true),
            ("remarks", false),
        ],
        rows: rows.collect(),
    };
    let words = format!("{good} of {} agree", count(as_u64(summaries.len()), "recording"));
    let differ = recordings.iter().flatten().filter(|verdict| !verdict.agrees());
    let title = match &summaries[..] {
        [one] => one.name.clone(),
        many => format!("{} recordings", many.len()),
    };
    let sheets = std::iter::once(sheet).chain(differ.map(run)).collect();
    Page { sheets, ..Page::new("verify", title, Verdict::of(good == summaries.len(), words), repeat) }
}

/// One run that differs, event by event.
fn run(verdict: &Compared) -> Sheet {
    let rows = verdict.events.iter().take(MOST).map(|row| {
        let fine = matches!(row.mark, Mark::Agrees | Mark::EitherOrder | Mark::Stalled | Mark::NoTime | Mark::AtTheEnd);
        let time = |at: Option<vrrplab_engine::Instant>| at.map_or_else(|| "-".to_owned(), crate::observe::words::time);
        let (tone, word) = if fine { (Tone::Good, "agrees") } else { (Tone::Bad, "differs") };
        Row::new(tone, [word, &row.node, &row.what, &time(row.recorded), &time(row.simulated)])
    });
    Sheet {
        title: format!("{}, run {}", verdict.name, verdict.run),
        note: verdict.remarks().join("; "),
        columns: vec![("verdict", false), ("node", false), ("what", false), ("recorded", true), ("simulated", true)],
        rows: rows.collect(),
    }
}

/// What many seeds went through.
pub fn of_explore(summary: &Explored, repeat: String) -> Page {
    let totals = &summary.totals;
    let mut failures: Vec<_> = summary.failures.values().collect();
    failures.sort_by_key(|failure| (std::cmp::Reverse(failure.count), failure.first));
    let causes = failures.iter().map(|failure| {
        let cells =
            [failure.fingerprint.clone(), failure.count.to_string(), failure.first.to_string(), failure.what.clone()];
        Row::new(Tone::Bad, cells)
    });
    let failed = Sheet {
        title: "Failures by cause".into(),
        note: "Each cause with its first seed.".into(),
        columns: vec![("cause", false), ("seeds", true), ("first seed", true), ("what", false)],
        rows: causes.collect(),
    };
    let worst =
        summary.worst.iter().map(|(outage, seed)| Row::new(Tone::Plain, [span(Span(*outage)), seed.to_string()]));
    let worst = Sheet {
        title: "Longest outages".into(),
        note: "Of a client, faults and all.".into(),
        columns: vec![("outage", true), ("seed", true)],
        rows: worst.collect(),
    };
    let outages = summary.outages.iter().map(|(power, runs)| {
        let below = 1_u64
            .checked_shl(*power)
            .map_or_else(|| "longer".to_owned(), |ms| format!("less than {}", span(Span::from_millis(ms))));
        Row::new(Tone::Plain, [below, runs.to_string()])
    });
    let outages = Sheet {
        title: "Outages".into(),
        note: "How many runs had a longest outage of about this.".into(),
        columns: vec![("longest outage", false), ("runs", true)],
        rows: outages.collect(),
    };
    let facts = vec![
        ("runs".to_owned(), totals.runs.to_string()),
        ("faults".to_owned(), totals.faults.to_string()),
        ("frames".to_owned(), totals.frames.to_string()),
        ("rules reached".to_owned(), summary.rules.len().to_string()),
        ("changes of state reached".to_owned(), summary.transitions.len().to_string()),
        ("sum".to_owned(), format!("{:016x}", totals.sum)),
    ];
    let words = format!("{} of {} failed", totals.failed, count(totals.runs, "run"));
    let sheets = [failed, worst, outages].into_iter().filter(|sheet| !sheet.rows.is_empty()).collect();
    let (verdict, scenario) = (Verdict::of(totals.failed == 0, words), summary.head.scenario.clone());
    Page { facts, sheets, ..Page::new("explore", scenario, verdict, repeat) }
}
