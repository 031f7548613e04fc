//! `docs/fidelity.md`: a row for each recording, and what is not predicted.
use std::fmt::Write;

use super::Summary;

/// The page for these recordings.
pub fn document(summaries: &[Summary]) -> String {
    let mut page = String::new();
    for s in summaries {
        let _ = writeln!(page, "{s}");
    }
    page
}
