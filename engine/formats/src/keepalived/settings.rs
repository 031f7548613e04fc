//! Global settings that are kept as they stand: what keepalived complains about is told.
use vrrplab_engine::model::globals::Setting;

use super::entry::{Entry, number, unknown_option};
use super::lexer::Word;
use super::table::Takes;
use crate::diagnostics::Report;

/// The longest name of a process.
const LONGEST_NAME: usize = 15;

/// A line that is checked against the table and kept.
pub(super) fn setting(line: &Entry<'_>, report: &mut Report) -> Setting {
    match line.keyword.takes {
        Takes::Int(..) => drop(line.int(report)),
        Takes::Switch => drop(line.switch(report)),
        Takes::Seconds(..) | Takes::Millis(..) => drop(line.span(report)),
        Takes::OneOf(_) => drop(line.choice(report)),
        Takes::Address => drop(line.address(report)),
        _ => words(line, report),
    }
    let texts = |words: &[Word]| words.iter().map(|w| w.value.clone()).collect();
    Setting {
        keyword: line.keyword.word.to_owned(),
        words: texts(line.arguments()),
        lines: line.lines.iter().map(|l| texts(&l.words)).collect(),
    }
}

/// Checks the words that the table cannot describe.
fn words(line: &Entry<'_>, report: &mut Report) {
    let first = line.arguments().first();
    match line.keyword.word {
        "vrrp_cpu_affinity" | "checker_cpu_affinity" | "bfd_cpu_affinity" => {
            for word in line.arguments() {
                drop(number(word, (0, 4095), "the number of a processor", report));
            }
        }
        "process_name" | "vrrp_process_name" | "checker_process_name" | "bfd_process_name" => {
            if let Some(word) = first.filter(|w| w.value.len() > LONGEST_NAME) {
                let title = format!("`{}` is too long, it is cut", word.value);
                report.warning(word, title, format!("up to {LONGEST_NAME} characters"));
            }
        }
        "vrrp_iptables" => {
            report
                .warning(line.word, "`vrrp_iptables` is not known to keepalived as Debian builds it", "ignored")
                .help("write `nftables`");
        }
        "max_auto_priority" => {
            drop(first.and_then(|word| number(word, (-1, 99), "-1 to 99", report)));
        }
        "vrrp_rx_bufs_policy" => {
            if let Some(word) = first.filter(|w| !matches!(w.value.as_str(), "MTU" | "ADVERT")) {
                drop(number(word, (1, i64::from(u32::MAX)), "MTU, ADVERT or a number of bytes", report));
            }
        }
        "umask" => line.arguments().iter().for_each(|word| mode(word, report)),
        "include_check" => line.arguments().iter().for_each(|word| check(word, report)),
        _ => {}
    }
}

fn mode(word: &Word, report: &mut Report) {
    let digits = word.value.starts_with(|c: char| c.is_ascii_digit());
    if digits && !u16::from_str_radix(&word.value, 8).is_ok_and(|mode| mode <= 0o777) {
        report.error(word, format!("`{}` is no mode of a file", word.value), "octal, 0 to 0777").survived();
    }
}

fn check(word: &Word, report: &mut Report) {
    let kind = word.value.trim_start_matches(['+', '-']);
    if !matches!(kind, "readable" | "match" | "wildcard_match" | "brace_match") {
        unknown_option(word, "`include_check`", "readable, match, wildcard_match or brace_match", report);
    }
}

/// `dynamic_interfaces [allow_if_changes]`
pub(super) fn dynamic_interfaces(line: &Entry<'_>, report: &mut Report) {
    if let Some(word) = line.arguments().first().filter(|w| w.value != "allow_if_changes") {
        unknown_option(word, "`dynamic_interfaces`", "`allow_if_changes` or nothing", report);
    }
}

/// A keyword that keepalived still understands, with a complaint.
pub(super) fn deprecated(line: &Entry<'_>, instead: &str, report: &mut Report) {
    let title = format!("`{}` is deprecated here", line.keyword.word);
    report.warning(line.word, title, "understood, with a complaint").help(instead);
}
