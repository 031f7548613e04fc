//! Findings as JSON: one object, its arrays in the order of the files and lines.
use std::io;

use serde::Serialize;
use vrrplab_engine::model::AddressFamily;

use super::{Told, place};

#[derive(Serialize)]
struct Page<'t> {
    findings: Vec<Row<'t>>,
    keepalived: Vec<Verdict<'t>>,
    takeovers: Vec<Takeover<'t>>,
}

/// One finding.
#[derive(Serialize)]
struct Row<'t> {
    /// The lint; null where the file itself was found wanting.
    id: Option<&'static str>,
    severity: &'static str,
    file: &'t str,
    line: usize,
    column: usize,
    message: &'t str,
    help: Option<&'t str>,
}

#[derive(Serialize)]
struct Verdict<'t> {
    file: &'t str,
    exit: u8,
    runs: bool,
}

#[derive(Serialize)]
struct Takeover<'t> {
    vrid: u8,
    family: &'static str,
    members: Vec<Member<'t>>,
    /// Seconds; null without another router.
    after_crash: Option<String>,
    after_stop: Option<String>,
}

#[derive(Serialize)]
struct Member<'t> {
    file: &'t str,
    priority: u8,
}

pub(super) fn print(told: &Told) -> io::Result<String> {
    let findings = told.rows().map(|(diagnostic, finding)| {
        let (line, column) = place(&told.report, diagnostic);
        Row {
            id: finding.map(|f| f.lint.id),
            severity: diagnostic.severity.word(),
            file: &diagnostic.file,
            line,
            column,
            message: finding.map_or(&diagnostic.title, |f| &f.title),
            help: diagnostic.help.as_deref(),
        }
    });
    let seconds = |span: vrrplab_engine::Span| {
        let micros = span.as_micros();
        format!("{}.{:06}", micros / 1_000_000, micros % 1_000_000)
    };
    let takeovers = told.takeovers.iter().map(|t| Takeover {
        vrid: t.vrid,
        family: if t.family == AddressFamily::V4 { "IPv4" } else { "IPv6" },
        members: t.members.iter().map(|(file, priority)| Member { file, priority: *priority }).collect(),
        after_crash: t.after_crash.map(seconds),
        after_stop: t.after_stop.map(seconds),
    });
    let verdicts = told.verdicts.iter().map(|v| Verdict { file: &v.file, exit: v.exit, runs: v.runs });
    let page = Page { findings: findings.collect(), keepalived: verdicts.collect(), takeovers: takeovers.collect() };
    Ok(serde_json::to_string_pretty(&page)?)
}
