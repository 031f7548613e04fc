//! What a test run leaves in files: captures, and a report for programs.
use std::collections::BTreeMap;
use std::io;
use std::path::Path;

use serde::Serialize;

use super::super::output::named;
use super::trial::{Trial, Verdict};
use crate::library::Entry;

/// The folder for captures, in which each scenario has a name of its own.
pub(super) fn prepare(folder: &Path, chosen: &[Entry]) -> io::Result<()> {
    let mut names = BTreeMap::new();
    for entry in chosen {
        if let Some(other) = names.insert(entry.stem(), entry) {
            let (one, two) = (other.path.display(), entry.path.display());
            return Err(io::Error::other(format!("{one} and {two} would write the same capture: test them apart")));
        }
    }
    std::fs::create_dir_all(folder).map_err(|why| named(folder, &why))
}

#[derive(Serialize)]
struct Row<'t> {
    theme: &'t str,
    name: String,
    path: String,
    verdict: &'static str,
    must_fail: bool,
    seed: Option<u64>,
    /// Nanoseconds.
    simulated_ns: Option<u64>,
    expectations: usize,
    held: usize,
    warnings: usize,
    digest: Option<&'t str>,
    failures: Vec<Failure<'t>>,
}

#[derive(Serialize)]
struct Failure<'t> {
    what: &'t str,
    found: &'t str,
}

/// An array of objects, by path.
pub(super) fn json(trials: &[&Trial]) -> io::Result<String> {
    let row = |trial: &&'_ Trial| -> serde_json::Result<String> {
        let failures = trial.failures.iter().map(|f| Failure { what: &f.title, found: &f.found }).collect();
        serde_json::to_string(&Row {
            theme: &trial.entry.theme,
            name: trial.entry.stem(),
            path: trial.entry.path.display().to_string(),
            verdict: match trial.verdict {
                Verdict::Passed => "passed",
                Verdict::Failed => "failed",
                Verdict::Unusable => "unusable",
                Verdict::Crashed => "crashed",
            },
            must_fail: trial.must_fail,
            seed: trial.seed,
            simulated_ns: trial.duration.map(|duration| duration.0),
            expectations: trial.held.1,
            held: trial.held.0,
            warnings: trial.warnings(),
            digest: trial.digest.as_deref(),
            failures,
        })
    };
    let rows = trials.iter().map(row).collect::<Result<Vec<_>, _>>()?;
    Ok(format!("[{}]\n", rows.join(",\n")))
}
