//! The page of a test run: one row for each scenario, and what went wrong.
use super::super::page;
use super::trial::{Trial, Verdict as Ended};
use crate::observe::words::span;
use crate::report::data::{Row, Tone};
use crate::report::{Page, Sheet, Verdict};

/// The page.
pub(super) fn of(trials: &[&Trial], repeat: String) -> Page {
    let bad: Vec<&&Trial> = trials.iter().filter(|trial| !trial.passed()).collect();
    let rows = trials.iter().map(|trial| row(trial));
    let all = Sheet {
        title: "Scenarios".into(),
        note: String::new(),
        columns: vec![
            ("verdict", false),
            ("theme", false),
            ("scenario", false),
            ("expectations", true),
            ("simulated", true),
            ("seed", true),
            ("digest", false),
        ],
        rows: rows.collect(),
    };
    let failures = bad.iter().flat_map(|trial| {
        let told = trial.failures.iter();
        told.map(|failure| Row::new(Tone::Bad, [trial.entry.label(), failure.title.clone(), failure.found.clone()]))
    });
    let failed = Sheet {
        title: "Failures".into(),
        note: String::new(),
        columns: vec![("scenario", false), ("what", false), ("found", false)],
        rows: failures.collect(),
    };
    let words = format!("{} passed, {} failed", trials.len() - bad.len(), bad.len());
    let title = format!("{} scenarios", trials.len());
    let sheets = [failed, all].into_iter().filter(|sheet| !sheet.rows.is_empty()).collect();
    Page { sheets, ..Page::new("test", title, Verdict::of(bad.is_empty(), words), repeat) }
}

fn row(trial: &Trial) -> Row {
    let (tone, word) = match trial.verdict {
        Ended::Passed if trial.must_fail => (Tone::Good, "failed, as it must"),
        Ended::Passed => (Tone::Good, "passed"),
        Ended::Failed => (Tone::Bad, "failed"),
        Ended::Unusable => (Tone::Bad, "unusable"),
        Ended::Crashed => (Tone::Bad, "crashed"),
    };
    let cells = [
        word.to_owned(),
        trial.entry.theme.clone(),
        page::file(&trial.entry.path),
        format!("{} of {}", trial.held.0, trial.held.1),
        trial.duration.map(span).unwrap_or_default(),
        trial.seed.map(|seed| seed.to_string()).unwrap_or_default(),
        trial.digest.clone().unwrap_or_default(),
    ];
    Row::new(tone, cells)
}
