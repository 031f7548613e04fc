//! Findings as a page shows them: file, line and column, what is wrong, what to do.
use serde::Serialize;
use vrrplab_formats::diagnostics::{Diagnostic, Report};

/// A finding.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Told {
    severity: &'static str,
    file: String,
    /// From 1; 0 when the text is not at hand.
    line: usize,
    /// In characters, from 1.
    column: usize,
    title: String,
    label: String,
    help: String,
}

/// The findings of a report, by file and place.
pub(crate) fn all(report: &Report) -> Vec<Told> {
    let told = |found: &Diagnostic| {
        let (line, column) = report.position(found).unwrap_or((0, 0));
        Told {
            severity: found.severity.word(),
            file: found.file.clone(),
            line,
            column,
            title: found.title.clone(),
            label: found.label.clone(),
            help: found.help.clone().unwrap_or_default(),
        }
    };
    report.sorted().into_iter().map(told).collect()
}
