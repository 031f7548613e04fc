//! The regular expression of a page: read as PCRE2 reads it, and looked for in the page's bytes.
//!
//! The work is `fancy_regex`'s, which looks around and back as PCRE2 does; `dialect.rs` turns what the two write differently.
mod dialect;

use alloc::string::{String, ToString};

use fancy_regex::{BytesMode, Regex, RegexBuilder};

use crate::model::health::RegexCheck;

/// An expression that can be looked for.
#[derive(Clone, Debug)]
pub struct Pattern {
    regex: Regex,
    first_line: bool,
}

/// Why an expression cannot be looked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PatternError {
    /// It is wrong: PCRE2 refuses it too.
    Invalid(String),
    /// PCRE2 can do this, and nobody here: a construct or an option.
    Unknown(String),
}

/// Options that do not change whether something is found: of speed, of names, of groups, and greed.
const HARMLESS: [&str; 13] = [
    "auto_callout",
    "dupnames",
    "never_ucp",
    "never_utf",
    "never_backslash_c",
    "no_auto_capture",
    "no_auto_possess",
    "no_dotstar_anchor",
    "no_start_optimize",
    "ungreedy",
    "use_offset_limit",
    "utf",
    "alt_verbnames",
];
/// Options that `read` follows.
const FOLLOWED: [&str; 6] = ["caseless", "dollar_endonly", "dotall", "extended", "firstline", "multiline"];
/// Options of PCRE2 that nobody follows here. Words that are no option at all are ignored, as keepalived does.
const UNKNOWN: [&str; 5] = ["allow_empty_class", "alt_bsux", "alt_circumflex", "match_unset_backref", "ucp"];

impl Pattern {
    /// Reads an expression with its options.
    pub fn read(check: &RegexCheck) -> Result<Pattern, PatternError> {
        let has = |wanted: &str| check.options.iter().any(|option| option == wanted);
        if let Some(option) = UNKNOWN.iter().find(|option| has(option)) {
            return Err(PatternError::Unknown(option.to_string()));
        }
        let pattern = dialect::translate(&check.pattern, has("multiline"), has("dollar_endonly"))?;
        let mut builder = RegexBuilder::new(&pattern);
        builder
            .bytes_mode(BytesMode::Ascii)
            .case_insensitive(has("caseless"))
            .multi_line(has("multiline"))
            .dot_matches_new_line(has("dotall"))
            .ignore_whitespace(has("extended"));
        let regex = builder.build().map_err(|error| PatternError::Invalid(error.to_string()))?;
        Ok(Pattern { regex, first_line: has("firstline") })
    }

    /// Whether keepalived knows this option.
    pub fn is_option(word: &str) -> bool {
        HARMLESS.iter().chain(&FOLLOWED).chain(&UNKNOWN).any(|known| *known == word)
    }

    /// Whether a match begins between these offsets of the page's body; 0 as the last one is its end. What takes too long to find
    /// is not found.
    pub fn finds(&self, body: &[u8], from: u64, until: u64) -> bool {
        let Some(from) = usize::try_from(from).ok().filter(|from| *from <= body.len()) else { return false };
        let until = usize::try_from(until).ok().filter(|until| *until > 0).unwrap_or(body.len());
        let line = self.first_line.then(|| body[from..].iter().position(|byte| *byte == b'\n')).flatten();
        let until = line.map_or(until, |line| until.min(from + line));
        let found = self.regex.find_from_pos(body, from);
        found.ok().flatten().is_some_and(|found| found.start() <= until)
    }
}

/// Whether the body of a page is what the expression asks for; none when it cannot be told.
pub fn fits(check: &RegexCheck, body: &[u8]) -> Option<bool> {
    let pattern = Pattern::read(check).ok()?;
    Some(pattern.finds(body, check.min_offset, check.max_offset) != check.must_not_match)
}

#[cfg(test)]
mod tests;
