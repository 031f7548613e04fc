//! `vrrplab check`: configurations of one router or several, read without a scenario.
use std::io;
use std::path::Path;

use serde::Serialize;
use vrrplab_engine::model::AddressFamily;
use vrrplab_formats::diagnostics::{Diagnostic, Report, Severity};
use vrrplab_formats::lint::{self, Finding, Subject, Takeover};

use super::output::{Exit, colour, say, tell};
use super::{CheckArgs, CheckFormat, Deny};

pub(super) fn check(args: &CheckArgs) -> io::Result<Exit> {
    let mut report = Report::default();
    let mut unusable = false;
    let mut subjects = Vec::new();
    for path in &args.files {
        let subject = match std::fs::read_to_string(path) {
            Ok(text) => Subject::read(&path.display().to_string(), &stem(path), &text, &mut report),
            Err(why) => {
                tell(&format!("error: cannot read {}: {why}\n", path.display()));
                None
            }
        };
        unusable |= subject.is_none();
        subjects.extend(subject);
    }
    let findings = lint::check(&subjects);
    let before = report.diagnostics.len();
    for finding in &findings {
        finding.tell(&mut report);
    }
    match args.format {
        CheckFormat::Json => say(&json(&report, before, &findings)?)?,
        CheckFormat::Text => {
            let takeovers = if report.has_errors() { Vec::new() } else { lint::takeovers(&subjects) };
            say(&text(&report, &takeovers))?;
        }
    }
    let (errors, warnings) = (report.has_errors(), report.count(Severity::Warning) > 0);
    Ok(match (unusable, errors || warnings && args.deny == Some(Deny::Warnings), warnings) {
        (true, ..) => Exit::BadInput,
        (_, true, _) => Exit::Failed,
        (_, _, true) => Exit::Warnings,
        _ => Exit::Held,
    })
}

fn stem(path: &Path) -> String {
    path.file_stem().map_or_else(String::new, |stem| stem.to_string_lossy().into_owned())
}

fn text(report: &Report, takeovers: &[Takeover]) -> String {
    let mut text = report.render(colour());
    if !text.is_empty() {
        text.push('\n');
    }
    for takeover in takeovers {
        let family = if takeover.family == AddressFamily::V4 { "IPv4" } else { "IPv6" };
        text += &format!("VRID {} ({family})\n", takeover.vrid);
        for (file, priority) in &takeover.members {
            text += &format!("  priority {priority:3}  {file}\n");
        }
        text += &match (takeover.after_crash, takeover.after_stop) {
            (Some(crash), Some(stop)) => format!("  takeover after a crash: {crash} at most; after a stop: {stop}\n"),
            _ => "  takeover: no other router in these files\n".to_owned(),
        };
    }
    let count = |severity, word: &str| {
        let n = report.count(severity);
        format!("{n} {word}{}", if n == 1 { "" } else { "s" })
    };
    text + &format!("{}, {}\n", count(Severity::Error, "error"), count(Severity::Warning, "warning"))
}

/// One finding, for machines.
#[derive(Serialize)]
struct Row<'r> {
    /// The lint; null where the file itself was found wanting.
    id: Option<&'static str>,
    severity: &'static str,
    file: &'r str,
    line: usize,
    column: usize,
    message: &'r str,
    help: Option<&'r str>,
}

/// All findings: those before `lints` were made while reading, the others stand for `findings` one by one.
fn json(report: &Report, lints: usize, findings: &[Finding]) -> io::Result<String> {
    let rows = report.diagnostics.iter().enumerate().map(|(position, told)| {
        let finding = position.checked_sub(lints).and_then(|at| findings.get(at));
        let (line, column) = place(report, told);
        Row {
            id: finding.map(|f| f.lint.id),
            severity: if told.severity == Severity::Error { "error" } else { "warning" },
            file: &told.file,
            line,
            column,
            message: finding.map_or(&told.title, |f| &f.title),
            help: told.help.as_deref(),
        }
    });
    Ok(serde_json::to_string_pretty(&rows.collect::<Vec<_>>())?)
}

/// Line and column, both from 1, in characters.
fn place(report: &Report, told: &Diagnostic) -> (usize, usize) {
    let text = report.sources.iter().find(|s| s.name == told.file).map_or("", |s| s.text.as_str());
    let before = text.get(..told.span.start).unwrap_or(text);
    let line = before.rsplit('\n').next().unwrap_or("");
    (before.matches('\n').count() + 1, line.chars().count() + 1)
}
