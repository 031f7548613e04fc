//! Entries with a `count`: one text that stands for several hosts, each with its own names, numbers and addresses.
use std::borrow::Cow;
use std::net::IpAddr;

use vrrplab_engine::model::IfAddr;

use super::leaf::{Leaf, Yaml};
use super::reader::Reader;
use super::units::{Number, PrefixedKind};
use crate::diagnostics::Diagnostic;

/// The most hosts that one entry may stand for.
const MOST: i64 = 10_000;

/// What stands between braces, for the turn `n` (from 0): `n` counts from 1, `3..6` goes from 3 to 6 and begins again.
fn number(inner: &str, n: usize) -> Option<usize> {
    if inner == "n" {
        return Some(n + 1);
    }
    let (first, last) = inner.split_once("..")?;
    let (first, last): (usize, usize) = (first.parse().ok()?, last.parse().ok()?);
    let size = last.checked_sub(first)?.checked_add(1)?;
    Some(first + n % size)
}

/// The word with every `{n}` and `{3..6}` replaced by its number.
fn fill(word: &str, n: usize) -> String {
    let mut filled = String::new();
    let mut rest = word;
    while let Some(open) = rest.find('{') {
        filled.push_str(&rest[..open]);
        rest = &rest[open..];
        let inner = rest.find('}').map(|close| (close, &rest[1..close]));
        match inner.and_then(|(close, inner)| Some((close, number(inner, n)?))) {
            Some((close, number)) => {
                filled.push_str(&number.to_string());
                rest = &rest[close + 1..];
            }
            None => {
                filled.push('{');
                rest = &rest[1..];
            }
        }
    }
    filled + rest
}

/// The address so many further on.
fn further(ip: IpAddr, n: usize) -> Option<IpAddr> {
    Some(match ip {
        IpAddr::V4(ip) => IpAddr::V4(ip.to_bits().checked_add(u32::try_from(n).ok()?)?.into()),
        IpAddr::V6(ip) => IpAddr::V6(ip.to_bits().checked_add(u128::try_from(n).ok()?)?.into()),
    })
}

/// Whether two addresses share the network of this prefix length.
fn same_network(a: IpAddr, b: IpAddr, prefix: u8) -> bool {
    let (bits, width) = match (a, b) {
        (IpAddr::V4(a), IpAddr::V4(b)) => (u128::from(a.to_bits() ^ b.to_bits()), 32_u32),
        (IpAddr::V6(a), IpAddr::V6(b)) => (a.to_bits() ^ b.to_bits(), 128),
        _ => return false,
    };
    bits.checked_shr(width.saturating_sub(prefix.into())).unwrap_or(0) == 0
}

impl Reader<'_> {
    /// The word as it reads for the host whose turn it is. Outside of entries with a `count`, words are as written.
    pub(super) fn filled<'w>(&self, word: &'w str) -> Cow<'w, str> {
        match self.turn {
            Some(n) if word.contains('{') => Cow::Owned(fill(word, n)),
            _ => Cow::Borrowed(word),
        }
    }

    /// The same with its place.
    pub(super) fn filled_in(&self, text: &Yaml<String>) -> Yaml<String> {
        Yaml { value: self.filled(&text.value).into_owned(), referenced: text.referenced, defined: text.defined }
    }

    /// Reads an entry once, or as often as its `count` says. A name without a number of its own gets one: `c-1`, `c-2`.
    pub(super) fn each(
        &mut self,
        name: &Yaml<String>,
        count: &Option<Number>,
        mut read: impl FnMut(&mut Self, &Yaml<String>),
    ) {
        let Some(leaf) = count else { return read(self, name) };
        let Some(count) = self.how_many(leaf) else { return };
        let before = self.report.diagnostics.len();
        for n in 0..count {
            self.turn = Some(n);
            let mut named = self.filled_in(name);
            if named.value == name.value {
                named.value = format!("{}-{}", name.value, n + 1);
            }
            read(self, &named);
        }
        self.turn = None;
        // what is wrong with one is mostly wrong with all: of each place, the first is told
        let found = self.report.diagnostics.split_off(before);
        for diagnostic in found {
            let told = |known: &Diagnostic| known.file == diagnostic.file && known.span == diagnostic.span;
            if !self.report.diagnostics[before..].iter().any(told) {
                self.report.diagnostics.push(diagnostic);
            }
        }
    }

    fn how_many(&mut self, leaf: &Number) -> Option<usize> {
        let read = self.read(leaf)?;
        if !(1..=MOST).contains(&read.value) {
            self.refuse(read.span, "that many hosts cannot be", "", &format!("from 1 to {MOST}"));
            return None;
        }
        usize::try_from(read.value).ok()
    }

    /// The address of a host; in an entry with a `count` it counts up, unless a number is filled in.
    pub(super) fn host_address(&mut self, leaf: &Leaf<PrefixedKind>) -> Option<IfAddr> {
        let read = self.read(leaf)?;
        let n = self.turn.filter(|_| self.filled(&leaf.text.value) == leaf.text.value).unwrap_or(0);
        let IfAddr { ip, prefix } = read.value;
        let counted = further(ip, n).filter(|counted| same_network(ip, *counted, prefix));
        if counted.is_none() {
            let title = format!("the addresses from {ip} on leave their network /{prefix}");
            self.refuse(read.span, title, "too few addresses", "a shorter prefix, or a smaller `count`");
        }
        counted.map(|ip| IfAddr { ip, prefix })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_filled_in_and_ranges_begin_again() {
        let filled: Vec<String> = (0..4).map(|n| fill("r{n}: 10.0.{2..4}.1, {x} {", n)).collect();
        let expected = ["r1: 10.0.2.1, {x} {", "r2: 10.0.3.1, {x} {", "r3: 10.0.4.1, {x} {", "r4: 10.0.2.1, {x} {"];
        assert_eq!(filled, expected);
        assert_eq!(fill("{4..2} {..} {n", 0), "{4..2} {..} {n", "no range");
    }

    #[test]
    fn addresses_count_up_over_their_bytes() {
        let v4: IpAddr = "10.0.0.254".parse().unwrap();
        assert_eq!(further(v4, 3), Some("10.0.1.1".parse().unwrap()));
        assert_eq!(further("fd00::ffff".parse().unwrap(), 1), Some("fd00::1:0".parse().unwrap()));
        assert_eq!(further("255.255.255.255".parse().unwrap(), 1), None);
        assert!(!same_network(v4, "10.0.1.1".parse().unwrap(), 24));
        assert!(same_network(v4, "10.0.1.1".parse().unwrap(), 16));
    }
}
