//! Hash -> slot, by open addressing with linear probing. Several slots may share a hash; iteration order does not exist.
use alloc::vec::Vec;

/// A place: the hash above, the slot plus one below; 0 is empty.
type Place = u64;

/// The index. It is full at three quarters and then doubles.
#[derive(Clone, Debug, Default)]
pub(super) struct Index {
    places: Vec<Place>,
    used: usize,
}

const fn hash_of(place: Place) -> u32 {
    (place >> 32) as u32
}

impl Index {
    /// Room for so many.
    pub fn with_capacity(entries: usize) -> Index {
        let size = (entries + entries / 3 + 1).next_power_of_two().max(16);
        Index { places: alloc::vec![0; size], used: 0 }
    }

    /// Bytes in memory.
    pub const fn memory(&self) -> usize {
        self.places.capacity() * size_of::<Place>()
    }

    /// Adds a slot.
    pub fn insert(&mut self, hash: u32, slot: u32) {
        if (self.used + 1) * 4 > self.places.len() * 3 {
            self.grow();
        }
        let mask = self.places.len() - 1;
        let mut at = hash as usize & mask;
        while self.places[at] != 0 {
            at = (at + 1) & mask;
        }
        self.places[at] = u64::from(hash) << 32 | (u64::from(slot) + 1);
        self.used += 1;
    }

    fn grow(&mut self) {
        let size = (self.places.len() * 2).max(16);
        let old = core::mem::replace(&mut self.places, alloc::vec![0; size]);
        for place in old.into_iter().filter(|p| *p != 0) {
            let mut at = hash_of(place) as usize & (size - 1);
            while self.places[at] != 0 {
                at = (at + 1) & (size - 1);
            }
            self.places[at] = place;
        }
    }

    /// The first slot with this hash that is the right one.
    pub fn find(&self, hash: u32, right: impl FnMut(u32) -> bool) -> Option<u32> {
        self.place_of(hash, right).map(|at| (self.places[at] as u32) - 1)
    }

    fn place_of(&self, hash: u32, mut right: impl FnMut(u32) -> bool) -> Option<usize> {
        let mask = self.places.len().checked_sub(1)?;
        let mut at = hash as usize & mask;
        while self.places[at] != 0 {
            let place = self.places[at];
            if hash_of(place) == hash && right(place as u32 - 1) {
                return Some(at);
            }
            at = (at + 1) & mask;
        }
        None
    }

    /// Removes a slot, if it is there, and closes the gap.
    pub fn remove(&mut self, hash: u32, slot: u32) {
        let Some(mut gap) = self.place_of(hash, |one| one == slot) else { return };
        let mask = self.places.len() - 1;
        let mut at = gap;
        loop {
            at = (at + 1) & mask;
            let place = self.places[at];
            if place == 0 {
                break;
            }
            let home = hash_of(place) as usize & mask;
            if at.wrapping_sub(home) & mask >= at.wrapping_sub(gap) & mask {
                self.places[gap] = place;
                gap = at;
            }
        }
        self.places[gap] = 0;
        self.used -= 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::collections::BTreeSet;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn finds_what_is_in_it_and_nothing_else(ops in proptest::collection::vec((0u32..12, 0u32..40, any::<bool>()), 0..300)) {
            let mut index = Index::default();
            let mut model = BTreeSet::new();
            for (hash, slot, adds) in ops {
                if adds && model.insert((hash, slot)) {
                    index.insert(hash, slot);
                } else if !adds {
                    model.remove(&(hash, slot));
                    index.remove(hash, slot);
                }
                prop_assert_eq!(index.used, model.len());
                for h in 0..12 {
                    for s in 0..40 {
                        prop_assert_eq!(index.find(h, |one| one == s).is_some(), model.contains(&(h, s)));
                    }
                }
            }
        }
    }
}
