//! Things that occur often, kept once and named by their position.
use std::collections::BTreeMap;

use vrrplab_engine::Rule;

/// Different things in the order in which they came.
#[derive(Clone, Debug)]
pub(super) struct Pool<T> {
    known: BTreeMap<T, usize>,
}

/// Texts and rules of one story.
#[derive(Clone, Debug, Default)]
pub(super) struct Strings {
    /// Texts.
    pub texts: Pool<String>,
    /// Rules.
    pub rules: Pool<Rule>,
}

impl<T> Default for Pool<T> {
    fn default() -> Pool<T> {
        Pool { known: BTreeMap::new() }
    }
}

impl<T: Ord> Pool<T> {
    /// The position of something, a new one when it was not known.
    pub fn position<Q: Ord + ?Sized + ToOwned<Owned = T>>(&mut self, of: &Q) -> usize
    where
        T: std::borrow::Borrow<Q>,
    {
        if let Some(position) = self.known.get(of) {
            return *position;
        }
        let next = self.known.len();
        self.known.insert(of.to_owned(), next);
        next
    }

    /// All, in order of position.
    pub fn into_list(self) -> Vec<T> {
        let mut all: Vec<(usize, T)> = self.known.into_iter().map(|(thing, position)| (position, thing)).collect();
        all.sort_unstable_by_key(|(position, _)| *position);
        all.into_iter().map(|(_, thing)| thing).collect()
    }
}

impl Strings {
    /// The position of a rule, -1 for none.
    pub fn rule(&mut self, rule: Option<Rule>) -> i64 {
        rule.map_or(-1, |rule| signed(self.rules.position(&rule)))
    }
}

/// A position in a column that may say "none".
pub(super) fn signed(position: usize) -> i64 {
    i64::try_from(position).unwrap_or(-1)
}

/// A position, or -1.
pub(super) fn or_none(position: Option<usize>) -> i64 {
    position.map_or(-1, signed)
}

/// Times as differences, each to the one before.
pub(super) fn differences(times: impl Iterator<Item = u64>) -> Vec<u64> {
    let mut before = 0;
    let step = |at: u64| {
        let step = at.saturating_sub(before);
        before = before.max(at);
        step
    };
    times.map(step).collect()
}

/// Bytes as base64 (RFC 4648), padded.
pub(super) fn base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for three in bytes.chunks(3) {
        let byte = |at: usize| u32::from(three.get(at).copied().unwrap_or(0));
        let bits = (byte(0) << 16) | (byte(1) << 8) | byte(2);
        for digit in 0..4 {
            let value = (bits >> (18 - 6 * digit)) & 63;
            let known = digit <= three.len();
            text.push(if known { char::from(DIGITS[value as usize]) } else { '=' });
        }
    }
    text
}
