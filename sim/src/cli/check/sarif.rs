//! Findings as SARIF 2.1.0 (OASIS), which code hosts and editors read.
use std::io;

use serde_json::{Value, json};
use vrrplab_formats::diagnostics::Severity;
use vrrplab_formats::lint;

use super::{Told, place};

/// The id of what was found while reading: such findings are not lints.
const READING: &str = "keepalived-conf";

pub(super) fn print(told: &Told) -> io::Result<String> {
    let rule = |id: &str, sentence: &str, follows: &str, fix: Option<&str>| {
        json!({
            "id": id,
            "shortDescription": { "text": sentence },
            "fullDescription": { "text": follows },
            "help": { "text": fix.unwrap_or(follows) },
        })
    };
    let reading = rule(READING, "keepalived would not take the file as it is written", "see the message", None);
    let lints = lint::ALL.iter().map(|l| rule(l.id, l.sentence, l.consequence, l.fix));
    let rules: Vec<Value> = std::iter::once(reading).chain(lints).collect();
    let results: Vec<Value> = told
        .rows()
        .map(|(diagnostic, finding)| {
            let (line, column) = place(&told.report, diagnostic);
            let mut text = finding.map_or(&diagnostic.title, |f| &f.title).clone();
            for more in [Some(diagnostic.label.as_str()), diagnostic.help.as_deref()].into_iter().flatten() {
                if !more.is_empty() {
                    text += &format!("; {more}");
                }
            }
            json!({
                "ruleId": finding.map_or(READING, |f| f.lint.id),
                "level": match diagnostic.severity {
                    Severity::Error => "error",
                    Severity::Warning => "warning",
                    Severity::Note => "note",
                },
                "message": { "text": text },
                "locations": [{ "physicalLocation": {
                    "artifactLocation": { "uri": diagnostic.file },
                    "region": { "startLine": line, "startColumn": column },
                } }],
            })
        })
        .collect();
    let driver = json!({ "name": "vrrplab", "version": env!("CARGO_PKG_VERSION"), "rules": rules });
    let page = json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{ "tool": { "driver": driver }, "results": results }],
    });
    Ok(serde_json::to_string_pretty(&page)?)
}
