//! The checkers that are not HTTP: mail, names, programs, datagrams, files, sessions.
use vrrplab_engine::Span;
use vrrplab_engine::model::health::{CheckKind, DnsCheck, DnsType, FileCheck, MiscCheck, UdpCheck, UdpReply};

use super::super::entry::Entry;
use super::super::lexer::Word;
use super::super::trackers::run_as;
use super::super::vrrp::put;
use super::CheckDraft;
use crate::builder::Draft;
use crate::diagnostics::{Report, nearest};

/// `SMTP_CHECK`; a `host` block says where it connects to.
pub(super) fn smtp(lines: &[&Entry<'_>], check: &mut CheckDraft, report: &mut Report) -> CheckKind {
    let mut name = "smtpchecker.keepalived.org".to_owned();
    for line in lines {
        if line.keyword.word == "helo_name" {
            name = line.text().map_or(name, |t| t.value);
        } else {
            for inner in &line.entries {
                check.shared(inner, report);
            }
        }
    }
    CheckKind::Smtp(name)
}

/// `DNS_CHECK`; the case of the type does not matter.
pub(super) fn dns(lines: &[&Entry<'_>], report: &mut Report) -> CheckKind {
    let mut dns = DnsCheck { kind: DnsType::default(), name: ".".to_owned() };
    for line in lines {
        let Some(word) = line.text() else { continue };
        if line.keyword.word == "name" {
            if word.value.trim_end_matches('.').split('.').any(str::is_empty) && word.value != "." {
                let title = format!("`{}` has an empty part, the line is ignored", word.value);
                report.error(&word, title, "two dots in a row").survived();
                continue;
            }
            dns.name = word.value;
        } else if let Some(kind) = DnsType::ALL.into_iter().find(|kind| kind.name().eq_ignore_ascii_case(&word.value)) {
            dns.kind = kind;
        } else {
            let title = format!("there is no type of record `{}` here, the line is ignored", word.value);
            let all: Vec<_> = DnsType::ALL.iter().map(|kind| kind.name()).collect();
            report.error(&word, title, format!("one of {}", all.join(", "))).survived();
        }
    }
    CheckKind::Dns(dns)
}

/// `MISC_CHECK`; without a program there is none.
pub(super) fn misc(
    block: &Entry<'_>,
    lines: &[&Entry<'_>],
    timeout: &mut Option<Span>,
    report: &mut Report,
) -> Option<CheckKind> {
    let (mut program, mut user, mut dynamic) = (None, None, false);
    for line in lines {
        match line.keyword.word {
            "misc_path" => put(&mut program, line.program(report)),
            "misc_timeout" => put(timeout, line.count(report).map(|n| Span::from_secs(u64::from(n.value)))),
            "misc_dynamic" => dynamic = line.switch(report).map_or(dynamic, |s| s.value),
            _ => put(&mut user, run_as(line)),
        }
    }
    let Some(mut program) = program else {
        report.error(block.word, "`MISC_CHECK` has no `misc_path`", "it is ignored").survived();
        return None;
    };
    program.user = user.or(program.user);
    Some(CheckKind::Misc(MiscCheck { program, timeout: Span::ZERO, dynamic }))
}

/// `UDP_CHECK`
pub(super) fn udp(lines: &[&Entry<'_>], report: &mut Report) -> CheckKind {
    let (mut payload, mut pattern, mut min, mut max) = (None, None, 0, 255);
    let mut length = None;
    for line in lines {
        match line.keyword.word {
            "payload" => {
                let bytes = line.text().and_then(|word| hex(&word, false, report));
                put(&mut payload, bytes.map(|all| all.into_iter().map(|(byte, _)| byte).collect::<Vec<u8>>()));
            }
            "require_reply" => match line.text() {
                None => pattern = Some(Vec::new()),
                Some(word) => put(&mut pattern, hex(&word, true, report)),
            },
            word => {
                let slot = if word == "min_reply_length" { &mut min } else { &mut max };
                *slot = line.int(report).and_then(|n| u16::try_from(n.value).ok()).unwrap_or(*slot);
                length = Some(line.word);
            }
        }
    }
    if let Some(at) = length {
        if pattern.is_none() {
            let title = format!("`{}` without `require_reply` means nothing", at.value);
            report.warning(at, title, "no answer is required").unnoticed();
        } else if min > max {
            let title = format!("an answer of {min} bytes at least and {max} at most can never come");
            report.warning(at, title, "this check always fails");
        }
    }
    let reply = pattern.map(|pattern| UdpReply { pattern, min_length: min, max_length: max });
    CheckKind::Udp(UdpCheck { payload: payload.unwrap_or_default(), reply })
}

/// Bytes in hexadecimal digits, blanks between them allowed; each with the bits that count, `x` stands for any digit.
fn hex(word: &Word, wildcards: bool, report: &mut Report) -> Option<Vec<(u8, u8)>> {
    let digit = |c: char| match c.to_digit(16).and_then(|d| u8::try_from(d).ok()) {
        Some(digit) => Some((digit, 0xf)),
        None => (wildcards && c.eq_ignore_ascii_case(&'x')).then_some((0, 0)),
    };
    let mut bytes = Vec::new();
    for part in word.value.split_whitespace() {
        let digits: Option<Vec<(u8, u8)>> = part.chars().map(digit).collect();
        let Some(digits) = digits else {
            let title = format!("`{}` is not a row of hexadecimal digits", word.value);
            report.error(word, title, "the line is ignored").survived();
            return None;
        };
        bytes.extend(digits.chunks(2).map(|pair| match *pair {
            [high, low] => (high.0 << 4 | low.0, high.1 << 4 | low.1),
            _ => (pair[0].0, 0xf0 | pair[0].1),
        }));
    }
    Some(bytes)
}

/// `FILE_CHECK`; the file must be defined before.
pub(super) fn file(block: &Entry<'_>, lines: &[&Entry<'_>], draft: &Draft, report: &mut Report) -> Option<CheckKind> {
    let (mut file, mut weight) = (None, None);
    for line in lines {
        match line.keyword.word {
            "track_file" => {
                let Some(name) = line.text() else { continue };
                let found = draft.files.iter().position(|f| f.value.name == name.value);
                if found.is_none() {
                    undefined(&name, "track_file", draft.files.iter().map(|f| f.value.name.as_str()), report);
                }
                file = found.or(file);
            }
            _ => put(&mut weight, line.weight(report)),
        }
    }
    let Some(file) = file else {
        report.error(block.word, "`FILE_CHECK` has no `track_file`", "it is ignored").survived();
        return None;
    };
    let of_file = &draft.files[file].value;
    let (weight, reverse) = match weight {
        Some(given) => (i32::try_from(given.value.value).unwrap_or(0), given.reverse),
        None => (i32::from(of_file.weight), of_file.reverse),
    };
    Some(CheckKind::File(FileCheck { file, weight, reverse }))
}

/// `BFD_CHECK`; the session must be defined before, and be there for checkers.
pub(super) fn bfd(block: &Entry<'_>, lines: &[&Entry<'_>], draft: &Draft, report: &mut Report) -> Option<CheckKind> {
    let Some(name) = lines.iter().rev().find_map(|line| line.text()) else {
        report.error(block.word, "`BFD_CHECK` has no `name`", "it is ignored").survived();
        return None;
    };
    let usable = draft.bfds.iter().position(|b| b.value.name == name.value && b.value.for_checkers);
    if usable.is_none() {
        let names = draft.bfds.iter().filter(|b| b.value.for_checkers).map(|b| b.value.name.as_str());
        undefined(&name, "bfd_instance", names, report);
    }
    usable.map(CheckKind::Bfd)
}

fn undefined<'n>(name: &Word, what: &str, names: impl Iterator<Item = &'n str>, report: &mut Report) {
    let title = format!("no `{what}` of the name `{}` that checkers may follow stands before this", name.value);
    let found = report.error(name, title, "the check is left out").survived();
    if let Some(near) = nearest(&name.value, names) {
        found.help(format!("did you mean `{near}`?"));
    }
}
