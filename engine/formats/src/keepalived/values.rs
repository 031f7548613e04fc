//! The values that keywords take: whole numbers, seconds with decimals, booleans, addresses.
use std::net::IpAddr;

use vrrplab_engine::time::Span;

use super::lexer::Word;
use super::table::Field;
use crate::builder::Spanned;
use crate::diagnostics::Report;

/// Fills one field from a line; false when the line cannot be used.
pub(super) fn fill<T>(field: &Field<T>, target: &mut T, line: &[Word], report: &mut Report) -> bool {
    let (Some(keyword), argument) = (line.first(), line.get(1)) else { return false };
    match (field, argument) {
        (Field::Flag(get, value), _) => {
            *get(target) = Some(keyword.with(*value));
            tail(line, 1, report);
            return true;
        }
        (Field::Switch(get), None) => {
            *get(target) = Some(keyword.with(true));
            return true;
        }
        _ => {}
    }
    let Some(argument) = argument else {
        report.error(keyword, format!("`{}` needs a value", keyword.value), "nothing follows");
        return false;
    };
    tail(line, 2, report);
    match field {
        Field::Int(get) => put(get(target), integer(argument, report)),
        Field::FirstInt(get) => match get(target) {
            Some(first) if Some(first.value) != argument.value.parse().ok() => {
                let title = format!("`{}` is given already, this line is ignored", keyword.value);
                report.warning(keyword, title, "the first one counts");
                true
            }
            slot => put(slot, integer(argument, report)),
        },
        Field::Seconds(get) => put(get(target), seconds(argument, report)),
        Field::Switch(get) => put(get(target), boolean(argument, report)),
        Field::Word(get) => put(get(target), Some(argument.clone())),
        Field::Address(get) => put(get(target), address(argument, report)),
        Field::State(get) => state(get(target), argument, report),
        Field::Flag(..) => true,
    }
}

fn put<T>(slot: &mut Option<Spanned<T>>, value: Option<Spanned<T>>) -> bool {
    let usable = value.is_some();
    if usable {
        *slot = value;
    }
    usable
}

/// Warns about words beyond the `used` ones: keepalived takes one keyword per line.
pub(super) fn tail(line: &[Word], used: usize, report: &mut Report) {
    if let (Some(first), Some(last)) = (line.get(used), line.last()) {
        let rest = Spanned::new((), first.file.clone(), first.span.start..last.span.end);
        report
            .warning(&rest, "the rest of this line is ignored", "not read")
            .help("keepalived reads one keyword per line");
    }
}

fn state(slot: &mut Option<Spanned<bool>>, word: &Word, report: &mut Report) -> bool {
    let master = match word.value.as_str() {
        "MASTER" => true,
        "BACKUP" => false,
        other => {
            let help = match other.to_ascii_uppercase().as_str() {
                upper @ ("MASTER" | "BACKUP") => format!("case matters: write `{upper}`"),
                _ => "keepalived would take it as BACKUP".to_owned(),
            };
            report.error(word, format!("there is no state `{other}`"), "MASTER or BACKUP").help(help);
            return false;
        }
    };
    if slot.as_ref().is_some_and(|s| s.value) && !master {
        report.warning(word, "`state MASTER` is given already, this line is ignored", "the first one counts");
    } else {
        *slot = Some(word.with(master));
    }
    true
}

/// A decimal whole number.
pub(super) fn integer(word: &Word, report: &mut Report) -> Option<Spanned<i64>> {
    let value = word.value.parse().ok();
    if value.is_none() {
        report.error(word, format!("`{}` is not a whole number", word.value), "decimal digits only");
    }
    value.map(|v| word.with(v))
}

fn boolean(word: &Word, report: &mut Report) -> Option<Spanned<bool>> {
    match word.value.as_str() {
        "true" | "on" | "yes" => Some(word.with(true)),
        "false" | "off" | "no" => Some(word.with(false)),
        other => {
            report.error(word, format!("`{other}` is neither true nor false"), "true, on, yes, false, off or no");
            None
        }
    }
}

/// An address without a prefix length.
pub(super) fn address(word: &Word, report: &mut Report) -> Option<Spanned<IpAddr>> {
    let value = word.value.parse().ok();
    if value.is_none() {
        report.error(word, format!("`{}` is not an IP address", word.value), "");
    }
    value.map(|v| word.with(v))
}

fn seconds(word: &Word, report: &mut Report) -> Option<Spanned<Span>> {
    let micros = micros(&word.value);
    if micros.is_none() {
        let title = format!("`{}` is not a number of seconds", word.value);
        report.error(word, title, "digits, and up to six decimals");
    }
    micros.map(|n| word.with(Span::from_micros(n)))
}

/// Microseconds in a decimal number of seconds.
fn micros(text: &str) -> Option<u64> {
    let (whole, decimals) = text.split_once('.').unwrap_or((text, ""));
    let digits = |s: &str| s.bytes().all(|b| b.is_ascii_digit());
    if (whole.is_empty() && decimals.is_empty()) || decimals.len() > 6 || !digits(whole) || !digits(decimals) {
        return None;
    }
    let whole: u64 = if whole.is_empty() { 0 } else { whole.parse().ok().filter(|n| *n <= 4294)? };
    let fraction: u64 = format!("{decimals:0<6}").parse().ok()?;
    Some(whole * 1_000_000 + fraction)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seconds_are_read_to_the_microsecond() {
        let read = ["1", "0.1", ".5", "2.", "1.000001", "4294.999999"].map(micros);
        assert_eq!(read, [1_000_000, 100_000, 500_000, 2_000_000, 1_000_001, 4_294_999_999].map(Some));
        assert_eq!(["", ".", "-1", "1e3", "1.2.3", "1.0000001", "4295"].map(micros), [None; 7]);
    }
}
