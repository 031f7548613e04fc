//! `vrrplab import`: other people's configurations as keepalived.conf, on standard output.
use std::fs;
use std::io;
use std::path::Path;

use vrrplab_formats::diagnostics::{Report, Severity};
use vrrplab_formats::standby;

use super::output::{Exit, say, tell_report};

pub(super) fn standby(path: &Path) -> io::Result<Exit> {
    let name = path.display().to_string();
    let text = fs::read_to_string(path).map_err(|e| io::Error::other(format!("{name}: {e}")))?;
    let mut report = Report::default();
    let written = standby::import(&name, &text, &mut report);
    tell_report(&report);
    let Some(written) = written else { return Ok(Exit::BadInput) };
    say(&written)?;
    Ok(if report.count(Severity::Warning) > 0 { Exit::Warnings } else { Exit::Held })
}
