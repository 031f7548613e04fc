//! `vrrplab print`: a keepalived.conf as it is understood, on standard output.
use std::io;
use std::path::Path;

use vrrplab_formats::diagnostics::Report;
use vrrplab_formats::files::{Disk, Files};
use vrrplab_formats::keepalived;
use vrrplab_formats::lint::Subject;

use super::output::{Exit, say, tell_report};

pub(super) fn print(path: &Path, config_id: Option<&str>) -> io::Result<Exit> {
    let name = path.display().to_string();
    let text = Disk.read(path).map_err(|why| io::Error::other(format!("cannot read {name}: {why}")))?;
    let mut report = Report::default();
    let subject = Subject::of_file(path, &text, config_id, &mut report);
    tell_report(&report);
    let Some(subject) = subject else { return Ok(Exit::BadInput) };
    say(&keepalived::print(&subject.model))?;
    Ok(if report.diagnostics.is_empty() { Exit::Held } else { Exit::Warnings })
}
