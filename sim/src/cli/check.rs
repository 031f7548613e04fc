//! `vrrplab check`: configurations of one router or several, read without a scenario.
mod github;
mod json;
mod sarif;
mod text;

use std::io;

use vrrplab_formats::diagnostics::{Diagnostic, Report, Severity};
use vrrplab_formats::files::{Disk, Files};
use vrrplab_formats::lint::{self, Finding, Subject, Takeover};

use super::output::{Exit, say, tell};
use super::{CheckArgs, CheckFormat, Deny};

/// Everything there is to tell.
struct Told {
    report: Report,
    /// So many of the report's findings were made while reading; each of the others stands for one of `findings`.
    read: usize,
    findings: Vec<Finding>,
    takeovers: Vec<Takeover>,
    verdicts: Vec<Verdict>,
}

/// What keepalived would say of one file.
struct Verdict {
    file: String,
    /// What `keepalived -t` would exit with.
    exit: u8,
    /// Whether the daemon would run with it.
    runs: bool,
}

impl Told {
    /// Each finding with the lint that made it.
    fn rows(&self) -> impl Iterator<Item = (&Diagnostic, Option<&Finding>)> {
        let finding = |position: usize| position.checked_sub(self.read).and_then(|at| self.findings.get(at));
        self.report.diagnostics.iter().enumerate().map(move |(position, told)| (told, finding(position)))
    }
}

pub(super) fn check(args: &CheckArgs) -> io::Result<Exit> {
    let mut report = Report::default();
    let mut unusable = false;
    let (mut subjects, mut verdicts) = (Vec::new(), Vec::new());
    for path in &args.files {
        match Disk.read(path) {
            Ok(text) => {
                let mut own = Report::default();
                let subject = Subject::of_file(path, &text, args.config_id.as_deref(), &mut own);
                let (exit, runs) = (own.keepalived_exit(), !own.is_refused());
                verdicts.push(Verdict { file: path.display().to_string(), exit, runs });
                report.merge(own);
                unusable |= subject.is_none();
                subjects.extend(subject);
            }
            Err(why) => {
                tell(&format!("error: cannot read {}: {why}\n", path.display()));
                unusable = true;
            }
        }
    }
    let told = weigh(report, &subjects, verdicts);
    say(&match args.format {
        CheckFormat::Text => text::print(&told),
        CheckFormat::Json => json::print(&told)?,
        CheckFormat::Sarif => sarif::print(&told)?,
        CheckFormat::Github => github::print(&told),
    })?;
    let denied = told.report.count(Severity::Warning) > 0 && args.deny == Some(Deny::Warnings);
    Ok(match (unusable, told.report.has_errors() || denied) {
        (true, _) => Exit::BadInput,
        (_, true) => Exit::Failed,
        _ => Exit::Held,
    })
}

/// Looks for what files say without being wrong.
fn weigh(mut report: Report, subjects: &[Subject], verdicts: Vec<Verdict>) -> Told {
    let findings = lint::check(subjects);
    let read = report.diagnostics.len();
    for finding in &findings {
        finding.tell(&mut report);
    }
    let apart = findings.iter().any(|finding| finding.lint.severity == Severity::Error);
    let takeovers = if report.is_refused() || apart { Vec::new() } else { lint::takeovers(subjects) };
    Told { report, read, findings, takeovers, verdicts }
}

/// Line and column, both from 1, in characters: those of the beginning where the text is not at hand.
fn place(report: &Report, told: &Diagnostic) -> (usize, usize) {
    report.position(told).unwrap_or((1, 1))
}
