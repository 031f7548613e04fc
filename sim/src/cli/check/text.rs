//! Findings for people: the lines themselves, what keepalived would say, and how long a takeover lasts.
use vrrplab_engine::model::AddressFamily;
use vrrplab_formats::diagnostics::Severity;

use super::super::output::colour;
use super::Told;

pub(super) fn print(told: &Told) -> String {
    let mut text = told.report.render(colour());
    if !text.is_empty() {
        text.push('\n');
    }
    for verdict in told.verdicts.iter().filter(|v| v.exit != 0) {
        let daemon = if verdict.runs { "the daemon would run all the same" } else { "the daemon would not run" };
        text += &format!("{}: keepalived -t would exit with {}; {daemon}\n", verdict.file, verdict.exit);
    }
    for takeover in &told.takeovers {
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
        let n = told.report.count(severity);
        format!("{n} {word}{}", if n == 1 { "" } else { "s" })
    };
    text + &format!("{}, {}\n", count(Severity::Error, "error"), count(Severity::Warning, "warning"))
}
