//! Which of many machines plays which seeds.
use std::ops::Range;

/// One part of several.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shard {
    /// Which one, from 0.
    pub index: u64,
    /// Of how many.
    pub count: u64,
}

impl Shard {
    /// Reads `I/N`.
    pub fn read(text: &str) -> Result<Shard, String> {
        let parts = text.split_once('/').and_then(|(index, count)| Some((index.parse().ok()?, count.parse().ok()?)));
        let (index, count) = parts.ok_or_else(|| format!("`{text}` is no shard: write `0/8`, or `auto`"))?;
        Shard::of(index, count)
    }

    pub(super) fn of(index: u64, count: u64) -> Result<Shard, String> {
        if index >= count {
            return Err(format!("there is no shard {index} of {count}: they are counted from 0"));
        }
        Ok(Shard { index, count })
    }

    /// Its seeds: one range, and all shards together are the whole.
    pub fn seeds(self, whole: &Range<u64>) -> Range<u64> {
        let total = u128::from(whole.end.saturating_sub(whole.start));
        let at = |part: u64| {
            let passed = total * u128::from(part) / u128::from(self.count);
            whole.start + u64::try_from(passed).unwrap_or(u64::MAX)
        };
        at(self.index)..at(self.index + 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shards_are_ranges_that_together_are_the_whole_whatever_their_number() {
        for count in [1, 2, 3, 7, 64, 1000] {
            let mut next = 5;
            for index in 0..count {
                let seeds = Shard { index, count }.seeds(&(5..105));
                assert_eq!(seeds.start, next);
                next = seeds.end;
            }
            assert_eq!(next, 105);
        }
        assert_eq!(Shard { index: 1, count: 2 }.seeds(&(0..u64::MAX)).end, u64::MAX);
    }

    #[test]
    fn a_shard_is_written_as_a_fraction_from_zero() {
        assert_eq!(Shard::read("2/8"), Ok(Shard { index: 2, count: 8 }));
        for wrong in ["8/8", "1", "1/0", "-1/2", "a/b", ""] {
            assert!(Shard::read(wrong).is_err(), "{wrong}");
        }
    }
}
