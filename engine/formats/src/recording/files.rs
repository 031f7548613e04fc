//! A recording's files as texts with places, and how their JSON is read.
use std::fmt;
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

use serde::de::{DeserializeOwned, Error, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use vrrplab_engine::Instant;

use crate::diagnostics::{Place, Report, Spanned};

/// A text with its name in the report.
pub(super) struct Text {
    /// Name in the report.
    pub(super) file: Arc<str>,
    text: String,
}

impl Text {
    /// The text's first character, for findings about the whole.
    pub(super) fn start(&self) -> Place {
        self.place(0..0)
    }

    /// The first `"word"` in the text; the text's start when there is none.
    pub(super) fn word(&self, word: &str) -> Place {
        let quoted = format!("\"{word}\"");
        let found = self.text.find(&quoted);
        found.map_or(self.start(), |at| self.place(at..at + quoted.len()))
    }

    /// The `type` of a fault: the one numbered `position` after the key `section`.
    pub(super) fn fault(&self, section: &str, position: usize) -> Place {
        const KEY: &str = "\"type\"";
        let from = self.text.find(&format!("\"{section}\"")).unwrap_or(0);
        let Some((at, _)) = self.text[from..].match_indices(KEY).nth(position) else {
            return self.word(section);
        };
        let start = from + at;
        let line = self.text[start..].lines().next().unwrap_or(KEY);
        self.place(start..start + line.trim_end().trim_end_matches([',', '}']).len())
    }

    fn place(&self, span: Range<usize>) -> Place {
        Spanned::new((), self.file.clone(), span)
    }
}

/// Reads one file; what is wrong with it goes to the report, with line and column.
pub(super) fn read_json<T: DeserializeOwned>(path: &Path, report: &mut Report) -> Option<(Text, T)> {
    let name = path.display().to_string();
    let text = match std::fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) => {
            let at = Spanned::new((), Arc::from(name.as_str()), 0..0);
            report.error(&at, format!("{name} cannot be read: {error}"), "");
            return None;
        }
    };
    let file = report.add_source(&name, &text);
    match serde_json::from_str(&text) {
        Ok(value) => Some((Text { file, text }, value)),
        Err(error) => {
            let at = offset(&text, error.line(), error.column());
            let said = error.to_string();
            let said = said.split(" at line ").next().unwrap_or_default();
            let title = format!("{name}:{}:{}: not a recording: {said}", error.line(), error.column());
            report.error(&Spanned::new((), file, at..at + 1), title, "here");
            None
        }
    }
}

/// The byte that a line and a column (both from 1, the column in bytes) mean.
fn offset(text: &str, line: usize, column: usize) -> usize {
    let before: usize = text.split_inclusive('\n').take(line.saturating_sub(1)).map(str::len).sum();
    before + column.saturating_sub(1)
}

/// A number of milliseconds with decimals; what lies before zero is zero.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Millis(pub(super) Instant);

impl<'de> Deserialize<'de> for Millis {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Millis, D::Error> {
        struct Reading;
        impl Visitor<'_> for Reading {
            type Value = Millis;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a number of milliseconds")
            }
            fn visit_u64<E: Error>(self, ms: u64) -> Result<Millis, E> {
                let ns = ms.checked_mul(1_000_000).ok_or_else(|| E::custom("a time too far away"))?;
                Ok(Millis(Instant(ns)))
            }
            fn visit_i64<E: Error>(self, _before_zero: i64) -> Result<Millis, E> {
                Ok(Millis::default())
            }
            fn visit_f64<E: Error>(self, ms: f64) -> Result<Millis, E> {
                // Six decimals of a millisecond are nanoseconds: the digits are moved, nothing is computed.
                let digits = format!("{ms:.6}");
                if digits.starts_with('-') {
                    return Ok(Millis::default());
                }
                let ns = digits.replace('.', "").parse().map_err(|_| E::custom("a time too far away"))?;
                Ok(Millis(Instant(ns)))
            }
        }
        deserializer.deserialize_any(Reading)
    }
}

/// A JSON object in the order of the file.
#[derive(Debug)]
pub(super) struct InOrder<T>(pub(super) Vec<(String, T)>);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for InOrder<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<InOrder<T>, D::Error> {
        struct Reading<T>(std::marker::PhantomData<T>);
        impl<'de, T: Deserialize<'de>> Visitor<'de> for Reading<T> {
            type Value = InOrder<T>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<InOrder<T>, A::Error> {
                let mut entries: Vec<(String, T)> = Vec::new();
                while let Some((key, value)) = map.next_entry::<String, T>()? {
                    if entries.iter().any(|(known, _)| *known == key) {
                        return Err(A::Error::custom(format_args!("`{key}` is there twice")));
                    }
                    entries.push((key, value));
                }
                Ok(InOrder(entries))
            }
        }
        deserializer.deserialize_map(Reading(std::marker::PhantomData))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn milliseconds_become_exact_nanoseconds() {
        let read = |text: &str| serde_json::from_str::<Millis>(text).map(|m| m.0.0).ok();
        assert_eq!(read("3423.263"), Some(3_423_263_000));
        assert_eq!(read("0.1"), Some(100_000));
        assert_eq!(read("9"), Some(9_000_000));
        assert_eq!(read("-0.004"), Some(0));
        assert_eq!(read("-4"), Some(0));
        assert_eq!(read("1e300"), None);
        assert_eq!(read("99999999999999999"), None);
        assert_eq!(read("\"soon\""), None);
    }
}
