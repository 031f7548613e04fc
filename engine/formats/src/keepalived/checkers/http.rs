//! `HTTP_GET`, `SSL_GET` and their pages.
use vrrplab_engine::health::pattern::{Pattern, PatternError};
use vrrplab_engine::model::health::{CheckKind, HttpCheck, HttpVersion, RegexCheck, UrlCheck};

use super::super::entry::{Entry, number};
use super::super::lexer::Word;
use super::super::vrrp::put;
use super::Common;
use crate::diagnostics::{CRASH, Keepalived, Report, Spanned};

/// The check; without a page there is none.
pub(super) fn read(
    block: &Entry<'_>,
    lines: &[&Entry<'_>],
    common: &mut Common,
    report: &mut Report,
) -> Option<CheckKind> {
    let mut http = HttpCheck {
        tls: block.keyword.word == "SSL_GET",
        version: HttpVersion::default(),
        sni: false,
        fast_recovery: false,
        tls_compliant: false,
        virtual_host: None,
        urls: Vec::new(),
    };
    for line in lines {
        match line.keyword.word {
            "url" => http.urls.extend(url(line, report)),
            "http_protocol" => {
                let version = line.choice(report).map(|choice| match choice.value {
                    "1.0" => HttpVersion::V1_0,
                    "1.1" => HttpVersion::V1_1,
                    _ => HttpVersion::V1_0Close,
                });
                http.version = version.unwrap_or(http.version);
            }
            "enable_sni" => http.sni = line.switch(report).map_or(http.sni, |s| s.value),
            "fast_recovery" => http.fast_recovery = line.switch(report).map_or(http.fast_recovery, |s| s.value),
            _ => {
                report.warning(line.word, "`nb_get_retry` is deprecated", "write `retry`");
                put(&mut common.retry, line.count(report).map(|n| n.value));
            }
        }
    }
    if http.urls.is_empty() {
        let title = format!("`{}` has no `url` that can be used", block.keyword.word);
        report
            .error(block.word, title, "keepalived 2.2.7 crashes here")
            .help("add `url { path / }`")
            .keepalived(Keepalived::Refuses(CRASH));
        return None;
    }
    Some(CheckKind::Http(http))
}

/// One page; without a path there is none.
fn url(block: &Entry<'_>, report: &mut Report) -> Option<UrlCheck> {
    let mut url = UrlCheck { path: String::new(), digest: None, status: Vec::new(), virtual_host: None, regex: None };
    let mut regex = RegexCheck {
        pattern: String::new(),
        must_not_match: false,
        options: Vec::new(),
        min_offset: 0,
        max_offset: 0,
        stack: None,
    };
    let (mut path, mut pattern, mut option) = (None, None, None);
    for line in &block.entries {
        match line.keyword.word {
            "path" => put(&mut path, line.text().map(|t| t.value)),
            "digest" => digest(&mut url.digest, line, report),
            "status_code" => url.status.extend(line.arguments().iter().filter_map(|word| status(word, report))),
            "virtualhost" => put(&mut url.virtual_host, line.text().map(|t| t.value)),
            "regex" => put(&mut pattern, line.text()),
            _ => {
                option.get_or_insert(line.word);
                regex_option(&mut regex, line, report);
            }
        }
    }
    match (pattern, option) {
        (Some(pattern), _) => url.regex = expression(&pattern, regex, report),
        (None, Some(option)) => {
            let title = format!("`{}` without `regex` means nothing", option.value);
            report.warning(option, title, "there is no expression").unnoticed();
        }
        (None, None) => {}
    }
    let Some(path) = path else {
        report.error(block.word, "this `url` has no `path`", "it is ignored").survived();
        return None;
    };
    url.path = path;
    Some(url)
}

/// The expression, if keepalived keeps it. `keepalived -t` says nothing of these; the daemon logs them.
fn expression(pattern: &Spanned<String>, mut regex: RegexCheck, report: &mut Report) -> Option<RegexCheck> {
    regex.pattern.clone_from(&pattern.value);
    if regex.max_offset > 0 && regex.min_offset > regex.max_offset {
        let title = "a match cannot begin between these offsets, they are ignored";
        report.warning(pattern, title, "`regex_min_offset` is above `regex_max_offset`").unnoticed();
        (regex.min_offset, regex.max_offset) = (0, 0);
    }
    if let Some(word) = regex.options.iter().find(|word| !Pattern::is_option(word)) {
        let title = format!("`{word}` is no option of a regex, it is ignored");
        report.warning(pattern, title, "see `regex_options`").unnoticed();
    }
    match Pattern::read(&regex) {
        Ok(_) => Some(regex),
        Err(PatternError::Unknown(what)) => {
            let title = format!("`{what}` of PCRE2 is not simulated: the page counts as good");
            report.warning(pattern, title, "keepalived can read this").unnoticed();
            Some(regex)
        }
        Err(PatternError::Invalid(why)) => {
            let title = "this is no regular expression, the page is checked without it";
            report.error(pattern, title, why).unnoticed();
            None
        }
    }
}

fn regex_option(regex: &mut RegexCheck, line: &Entry<'_>, report: &mut Report) {
    let words = line.arguments();
    match line.keyword.word {
        "regex_no_match" => regex.must_not_match = true,
        "regex_options" => regex.options.extend(words.iter().map(|w| w.value.clone())),
        "regex_min_offset" => {
            regex.min_offset = line.count(report).map_or(regex.min_offset, |n| u64::from(n.value));
        }
        "regex_max_offset" => {
            regex.max_offset = line.count(report).map_or(regex.max_offset, |n| u64::from(n.value));
        }
        _ => {
            let mut bytes = |position: usize| {
                let word = words.get(position)?;
                u64::try_from(number(word, (1, u32::MAX.into()), "bytes", report)?.value).ok()
            };
            regex.stack = bytes(0).zip(bytes(1)).or(regex.stack);
        }
    }
}

/// 32 hexadecimal digits; the first one counts.
fn digest(slot: &mut Option<String>, line: &Entry<'_>, report: &mut Report) {
    let Some(word) = line.text() else { return };
    let hex = word.value.bytes().all(|b| b.is_ascii_hexdigit());
    if word.value.len() != 32 || !hex {
        let label = format!("32 hexadecimal digits, not {}", word.value.len());
        let label = if hex { label } else { "32 hexadecimal digits".to_owned() };
        report.error(&word, "this is not an MD5 digest, the line is ignored", label).survived();
    } else if slot.is_some() {
        report.warning(&word, "`digest` is given already, this line is ignored", "the first one counts");
    } else {
        *slot = Some(word.value);
    }
}

/// `CODE` or `FROM-TO`, from 100 to 599.
fn status(word: &Word, report: &mut Report) -> Option<(u16, u16)> {
    let (from, to) = word.value.split_once('-').unwrap_or((&word.value, &word.value));
    let code = |text: &str| text.parse::<u16>().ok().filter(|code| (100..=599).contains(code));
    let range = code(from).zip(code(to)).filter(|(from, to)| from <= to);
    if range.is_none() {
        let title = format!("`{}` is not a status code", word.value);
        report.error(word, title, "100 to 599, or a range of them").survived();
    }
    range
}
