//! Findings as a page shows them: file, line and column, what is wrong, what to do.
use serde::Serialize;
use vrrplab_formats::diagnostics::{Report, Severity};

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
    let mut sorted: Vec<_> = report.diagnostics.iter().collect();
    sorted.sort_by(|a, b| (&a.file, a.span.start, a.severity).cmp(&(&b.file, b.span.start, b.severity)));
    let told = sorted.into_iter().map(|found| {
        let source = report.sources.iter().find(|source| source.name == found.file);
        let (line, column) = source.map_or((0, 0), |source| place(&source.text, found.span.start));
        Told {
            severity: match found.severity {
                Severity::Error => "error",
                Severity::Warning => "warning",
                Severity::Note => "note",
            },
            file: found.file.clone(),
            line,
            column,
            title: found.title.clone(),
            label: found.label.clone(),
            help: found.help.clone().unwrap_or_default(),
        }
    });
    told.collect()
}

/// The line and column of a byte, from 1.
fn place(text: &str, at: usize) -> (usize, usize) {
    let before: String = text.char_indices().take_while(|(start, _)| *start < at).map(|(_, letter)| letter).collect();
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
    (line, column)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_count_lines_and_characters() {
        let text = "one\n둘 two\n";
        assert_eq!([0, 2, 4, 8, 99].map(|at| place(text, at)), [(1, 1), (1, 3), (2, 1), (2, 3), (3, 1)]);
    }
}
