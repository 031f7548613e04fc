//! One keyword of a file with what follows it, and the values that can be had from it.
use std::net::IpAddr;

use vrrplab_engine::model::command::{Program, RunAs};
use vrrplab_engine::time::Span;

use super::lexer::{Statement, Word};
use super::shell;
use super::table::{Keyword, Takes};
use crate::builder::Spanned;
use crate::diagnostics::{Diagnostic, Report};

/// A keyword, its words, and what its block holds.
#[derive(Debug)]
pub(super) struct Entry<'t> {
    pub(super) keyword: &'static Keyword,
    pub(super) word: &'t Word,
    pub(super) statement: &'t Statement,
    pub(super) entries: Vec<Entry<'t>>,
    pub(super) lines: Vec<&'t Statement>,
}

/// A weight and its direction.
pub(super) struct Weight {
    pub(super) value: Spanned<i64>,
    pub(super) reverse: bool,
}

impl<'t> Entry<'t> {
    /// The words after the keyword.
    pub(super) fn arguments(&self) -> &'t [Word] {
        &self.statement.words[1..]
    }

    /// The first word after the keyword, as it stands.
    pub(super) fn text(&self) -> Option<Spanned<String>> {
        self.arguments().first().cloned()
    }

    /// The keyword itself, as something that is said.
    pub(super) fn flag(&self, value: bool) -> Option<Spanned<bool>> {
        Some(self.word.with(value))
    }

    /// A boolean; true where nothing follows.
    pub(super) fn switch(&self, report: &mut Report) -> Option<Spanned<bool>> {
        let Some(word) = self.arguments().first() else { return self.flag(true) };
        match word.value.as_str() {
            "true" | "on" | "yes" => Some(word.with(true)),
            "false" | "off" | "no" => Some(word.with(false)),
            other => {
                let title = format!("`{other}` is neither true nor false");
                let told = report.error(word, title, "true, on, yes, false, off or no").survived();
                if self.keyword.word == "alpha" {
                    told.unnoticed();
                }
                None
            }
        }
    }

    /// A whole number within the limits of the table.
    pub(super) fn int(&self, report: &mut Report) -> Option<Spanned<i64>> {
        let Takes::Int(least, most) = self.keyword.takes else { return None };
        number(self.arguments().first()?, (least, most), &self.keyword.takes.to_string(), report)
    }

    /// A whole number, whatever the limits: the one who uses it knows what to do beyond them.
    pub(super) fn any_int(&self, report: &mut Report) -> Option<Spanned<i64>> {
        number(self.arguments().first()?, (i64::MIN, i64::MAX), &self.keyword.takes.to_string(), report)
    }

    /// The same where it fits an unsigned number.
    pub(super) fn count(&self, report: &mut Report) -> Option<Spanned<u32>> {
        let value = self.int(report)?;
        u32::try_from(value.value).ok().map(|n| value.with(n))
    }

    /// Seconds, or milliseconds, within the limits of the table.
    pub(super) fn span(&self, report: &mut Report) -> Option<Spanned<Span>> {
        let (least, most, decimals) = match self.keyword.takes {
            Takes::Seconds(least, most) => (least, most, 6),
            Takes::Millis(least, most) => (least, most, 3),
            _ => return None,
        };
        span_of(self.arguments().first()?, (least, most, decimals), &self.keyword.takes.to_string(), report)
    }

    /// One of the words that the table lists.
    pub(super) fn choice(&self, report: &mut Report) -> Option<Spanned<&'static str>> {
        let Takes::OneOf(words) = self.keyword.takes else { return None };
        let word = self.arguments().first()?;
        let found = words.iter().find(|w| **w == word.value);
        if found.is_none() {
            let title = format!("`{}` is not a value of `{}`", word.value, self.keyword.word);
            let told = report.error(word, title, format!("one of {}", words.join(", "))).survived();
            if let Some(near) = words.iter().find(|w| w.eq_ignore_ascii_case(&word.value)) {
                told.help(format!("case matters: write `{near}`"));
            }
        }
        found.map(|w| word.with(*w))
    }

    /// An IP address without a prefix length.
    pub(super) fn address(&self, report: &mut Report) -> Option<Spanned<IpAddr>> {
        address(self.arguments().first()?, report)
    }

    /// A weight, with `reverse` or without.
    pub(super) fn weight(&self, report: &mut Report) -> Option<Weight> {
        let Takes::Weight(most) = self.keyword.takes else { return None };
        let value = number(self.arguments().first()?, (-most, most), &format!("-{most} to {most}"), report)?;
        Some(self.directed(value, report))
    }

    /// The same where keepalived complains about a weight beyond the limits and uses it.
    pub(super) fn weight_beyond(&self, report: &mut Report) -> Option<Weight> {
        let Takes::Weight(most) = self.keyword.takes else { return None };
        let limits = format!("-{most} to {most}");
        let value = number(self.arguments().first()?, (i64::MIN, i64::MAX), &limits, report)?;
        if !(-most..=most).contains(&value.value) {
            report
                .error(&value, format!("`{}` is out of range, it is used all the same", value.value), limits)
                .survived();
        }
        Some(self.directed(value, report))
    }

    fn directed(&self, value: Spanned<i64>, report: &mut Report) -> Weight {
        let reverse = match self.arguments().get(1) {
            None => false,
            Some(word) if word.value == "reverse" => true,
            Some(word) => {
                unknown_option(word, "a weight", "only `reverse` may follow a weight", report);
                false
            }
        };
        Weight { value, reverse }
    }

    /// A program with its arguments, and the user who runs it.
    pub(super) fn program(&self, report: &mut Report) -> Option<Program> {
        let words = match &self.statement.raw {
            None => self.arguments().iter().map(|w| w.value.clone()).collect(),
            Some(raw) => {
                let text = raw.strip_prefix(self.keyword.word).unwrap_or(raw);
                let (words, closed) = shell::split(text);
                if !closed {
                    report.error(self.word, "this program has a quote that is never closed", "in this line").survived();
                }
                words
            }
        };
        program(words)
    }
}

/// A program where one string, or the first word, is the command; what follows a quoted command is user and group.
fn program(words: Vec<String>) -> Option<Program> {
    let mut words = words.into_iter();
    let first = words.next()?;
    if first.contains(char::is_whitespace) {
        let (command, _) = shell::split(&first);
        let user = words.next().map(|user| RunAs { user, group: words.next() });
        return Some(Program { words: command, user });
    }
    Some(Program { words: std::iter::once(first).chain(words).collect(), user: None })
}

/// A decimal whole number within limits.
pub(super) fn number(
    word: &Word,
    (least, most): (i64, i64),
    expected: &str,
    report: &mut Report,
) -> Option<Spanned<i64>> {
    let Ok(value) = word.value.parse::<i64>() else {
        report.error(word, format!("`{}` is not a whole number", word.value), expected).survived();
        return None;
    };
    if !(least..=most).contains(&value) {
        out_of_range(word, expected, report);
        return None;
    }
    Some(word.with(value))
}

/// Seconds (six decimals) or milliseconds (three) within limits, which are in microseconds.
pub(super) fn span_of(
    word: &Word,
    (least, most, decimals): (u64, u64, usize),
    expected: &str,
    report: &mut Report,
) -> Option<Spanned<Span>> {
    let Some(micros) = micros(&word.value, decimals) else {
        let unit = if decimals == 6 { "seconds" } else { "milliseconds" };
        let title = format!("`{}` is not a number of {unit}", word.value);
        report.error(word, title, format!("digits, and up to {decimals} decimals")).survived();
        return None;
    };
    if !(least..=most).contains(&micros) {
        out_of_range(word, expected, report);
        return None;
    }
    Some(word.with(Span::from_micros(micros)))
}

fn out_of_range<'r>(word: &Word, expected: &str, report: &'r mut Report) -> &'r mut Diagnostic {
    let title = format!("`{}` is out of range, the line is ignored", word.value);
    report.error(word, title, expected).survived()
}

/// An address without a prefix length.
pub(super) fn address(word: &Word, report: &mut Report) -> Option<Spanned<IpAddr>> {
    let value = word.value.parse().ok();
    if value.is_none() {
        report.error(word, format!("`{}` is not an IP address", word.value), "the line is ignored").survived();
    }
    value.map(|v| word.with(v))
}

/// A word that means nothing where it stands.
pub(super) fn unknown_option(word: &Word, what: &str, help: &str, report: &mut Report) {
    report.error(word, format!("`{}` is not an option of {what}", word.value), "not known here").help(help).survived();
}

/// The word after an option.
pub(super) fn value_of<'a>(option: &Word, value: Option<&'a Word>, report: &mut Report) -> Option<&'a Word> {
    if value.is_none() {
        report.error(option, format!("`{}` needs a value", option.value), "nothing follows").survived();
    }
    value
}

/// Microseconds in a decimal number with so many decimals to the microsecond.
fn micros(text: &str, most_decimals: usize) -> Option<u64> {
    let (whole, decimals) = text.split_once('.').unwrap_or((text, ""));
    let digits = |s: &str| s.bytes().all(|b| b.is_ascii_digit());
    if (whole.is_empty() && decimals.is_empty()) || decimals.len() > most_decimals {
        return None;
    }
    if !digits(whole) || !digits(decimals) {
        return None;
    }
    let whole: u64 = if whole.is_empty() { 0 } else { whole.parse().ok().filter(|n| *n <= u64::from(u32::MAX))? };
    let fraction: u64 = format!("{decimals:0<most_decimals$}").parse().ok()?;
    Some(whole * 10_u64.pow(u32::try_from(most_decimals).ok()?) + fraction)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seconds_are_read_to_the_microsecond() {
        let read = ["1", "0.1", ".5", "2.", "1.000001", "4294.999999"].map(|text| micros(text, 6));
        assert_eq!(read, [1_000_000, 100_000, 500_000, 2_000_000, 1_000_001, 4_294_999_999].map(Some));
        assert_eq!(["", ".", "-1", "1e3", "1.2.3", "1.0000001"].map(|text| micros(text, 6)), [None; 6]);
        assert_eq!((micros("10", 3), micros("0.25", 3)), (Some(10_000), Some(250)));
    }

    #[test]
    fn a_quoted_command_may_be_followed_by_its_user() {
        let words = |all: &[&str]| program(all.iter().map(|w| (*w).to_owned()).collect()).unwrap();
        let plain = words(&["/bin/check", "-x", "1"]);
        assert_eq!((plain.words, plain.user), (["/bin/check", "-x", "1"].map(str::to_owned).to_vec(), None));
        let quoted = words(&["/bin/check -x '1 2'", "nobody", "nogroup"]);
        assert_eq!(quoted.words, ["/bin/check", "-x", "1 2"]);
        assert_eq!(quoted.user, Some(RunAs { user: "nobody".to_owned(), group: Some("nogroup".to_owned()) }));
    }
}
