//! Cisco IOS `standby` lines (HSRP) turned into keepalived.conf: every line is translated, translated with its
//! difference stated, or refused with the reason.
mod names;
mod read;
mod write;

use crate::diagnostics::{Report, Severity};

/// The keepalived.conf that does what these IOS lines ask for. Differences are warnings in the report and comments in
/// the text; a line that cannot be translated is an error, and then there is no text.
pub fn import(file_name: &str, text: &str, report: &mut Report) -> Option<String> {
    let before = report.count(Severity::Error);
    let file = report.add_source(file_name, text);
    let config = read::read(&file, text, report);
    let written = write::write(&file, text, &config, report);
    (report.count(Severity::Error) == before).then_some(written)
}
