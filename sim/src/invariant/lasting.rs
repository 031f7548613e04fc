//! Things that may be so for a while, but not for longer.
use std::collections::BTreeMap;

use vrrplab_engine::{Instant, Span};

/// Something that has been so for too long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Overdue<K> {
    /// What.
    pub key: K,
    /// Since when.
    pub since: Instant,
    /// The last moment at which it was allowed.
    pub limit: Instant,
}

/// What is so at present, each with its limit; whatever is overdue is told once.
#[derive(Clone, Debug)]
pub struct Lasting<K> {
    open: BTreeMap<K, Open>,
}

#[derive(Clone, Copy, Debug)]
struct Open {
    since: Instant,
    limit: Instant,
    told: bool,
}

impl<K: Ord + Copy> Default for Lasting<K> {
    fn default() -> Lasting<K> {
        Lasting { open: BTreeMap::new() }
    }
}

impl<K: Ord + Copy> Lasting<K> {
    /// It is so, or it is not; what was so already goes on.
    pub fn set(&mut self, key: K, so: bool, since: Instant, allow: Span) {
        if so {
            self.open.entry(key).or_insert(Open { since, limit: since + allow, told: false });
        } else {
            self.open.remove(&key);
        }
    }

    /// What is so at present counts from this moment on, and may be told again.
    pub fn begin_anew(&mut self, at: Instant) {
        for open in self.open.values_mut() {
            let allow = open.limit.since(open.since);
            open.since = open.since.max(at);
            open.limit = open.since + allow;
            open.told = false;
        }
    }

    /// What is so at present.
    pub fn keys(&self) -> impl Iterator<Item = K> {
        self.open.keys().copied()
    }

    /// The next limit that nobody has been told of.
    pub fn next(&self) -> Option<Instant> {
        self.open.values().filter(|open| !open.told).map(|open| open.limit).min()
    }

    /// What is overdue at this moment, and has not been told.
    pub fn overdue(&mut self, at: Instant) -> Vec<Overdue<K>> {
        let late = self.open.iter_mut().filter(|(_, open)| !open.told && open.limit < at);
        late.map(|(key, open)| {
            open.told = true;
            Overdue { key: *key, since: open.since, limit: open.limit }
        })
        .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_ends_at_its_limit_was_in_time_and_what_lasts_is_told_once() {
        let (second, none) = (Span::from_secs(1), Vec::new());
        let mut lasting = Lasting::default();
        lasting.set("a", true, Instant(5), second);
        assert_eq!(lasting.next(), Some(Instant(1_000_000_005)));
        assert_eq!(lasting.overdue(Instant(1_000_000_005)), none);
        lasting.set("a", true, Instant(9), second);
        let late = Overdue { key: "a", since: Instant(5), limit: Instant(1_000_000_005) };
        assert_eq!(lasting.overdue(Instant(1_000_000_006)), [late]);
        assert_eq!((lasting.next(), lasting.overdue(Instant(2_000_000_000))), (None, none));
        lasting.begin_anew(Instant(2_000_000_000));
        assert_eq!(lasting.next(), Some(Instant(3_000_000_000)));
        lasting.set("a", false, Instant(2_000_000_000), second);
        lasting.set("a", true, Instant(3_000_000_000), second);
        assert_eq!(lasting.next(), Some(Instant(4_000_000_000)));
    }
}
