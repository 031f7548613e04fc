//! Which failures are one: those that break the same invariant after the same decisions.
use std::collections::BTreeSet;

use vrrplab_engine::State;
use vrrplab_formats::world::Invariant;

use crate::invariant::Violation;

/// Invariant and last rules. Of a refused advert, the rule that refused it; where nobody agrees, how each came to its state;
/// otherwise, how the masters came to theirs.
pub fn fingerprint(violation: &Violation) -> String {
    let invariant = violation.finding.invariant;
    let mut words = BTreeSet::new();
    for (state, rule) in &violation.rules {
        match state {
            None => words.insert(rule.id().to_owned()),
            Some(state) if invariant == Invariant::Agreement || *state == State::Master => {
                words.insert(format!("{} by {}", state.name(), rule.id()))
            }
            Some(_) => false,
        };
    }
    let words: Vec<String> = words.into_iter().collect();
    let words = if words.is_empty() { "no master".to_owned() } else { words.join(", ") };
    format!("{}: {words}", invariant.id())
}

/// FNV-1a, 64 bits.
pub(super) fn hash(text: &str) -> u64 {
    text.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3))
}

/// The name of a group's scenario file, without ending: the invariant, and what tells its groups apart.
pub fn file_name(fingerprint: &str) -> String {
    let invariant = fingerprint.split(':').next().unwrap_or_default().replace(' ', "-");
    format!("{invariant}-{:08x}", hash(fingerprint) >> 32)
}
