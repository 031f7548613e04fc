//! The tree of chance: one ChaCha8 stream for each label, so that a new draw in one place never shifts another.
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

/// One stream of chance.
#[derive(Clone, Debug)]
pub struct Chance {
    stream: ChaCha8Rng,
}

impl Chance {
    /// The stream of this label under this root.
    ///
    /// The label is hashed by 64-bit FNV-1a; SplitMix64, started at the root mixed with that hash, then gives the
    /// four little-endian words of the ChaCha8 key. Both are fixed: a stream is the same on every machine.
    pub fn new(root: u64, label: &str) -> Chance {
        let hash = label
            .bytes()
            .fold(0xcbf2_9ce4_8422_2325_u64, |h, byte| (h ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3));
        let mut state = split_mix(root) ^ hash;
        let mut key = [0; 32];
        for word in key.chunks_exact_mut(8) {
            state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
            word.copy_from_slice(&split_mix(state).to_le_bytes());
        }
        Chance { stream: ChaCha8Rng::from_seed(key) }
    }

    /// The next 64 bits.
    pub fn bits(&mut self) -> u64 {
        self.stream.next_u64()
    }

    /// A number below `n`, each as likely as any other; zero when `n` is zero.
    pub fn below(&mut self, n: u64) -> u64 {
        if n < 2 {
            return 0;
        }
        // The first 2^64 mod n values would make the small remainders likelier: draw again.
        let unfair = n.wrapping_neg() % n;
        loop {
            let drawn = self.bits();
            if drawn >= unfair {
                return drawn % n;
            }
        }
    }

    /// True in so many of a million cases. Never and always take no draw.
    pub fn ppm(&mut self, ppm: u32) -> bool {
        match ppm {
            0 => false,
            1_000_000.. => true,
            _ => self.below(1_000_000) < u64::from(ppm),
        }
    }
}

fn split_mix(state: u64) -> u64 {
    let z = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_labels_give_equal_streams_and_others_do_not() {
        let draw = |root, label| (0..4).map(|_| 0).scan(Chance::new(root, label), |c, _: u64| Some(c.bits())).collect();
        let first: Vec<u64> = draw(7, "link/lan/node0/up");
        assert_eq!(first, draw(7, "link/lan/node0/up") as Vec<u64>);
        assert_ne!(first, draw(7, "link/lan/node0/down") as Vec<u64>);
        assert_ne!(first, draw(8, "link/lan/node0/up") as Vec<u64>);
    }

    #[test]
    fn numbers_stay_below_their_limit_and_all_of_them_come() {
        let mut chance = Chance::new(1, "die");
        let mut seen = [0_u32; 6];
        for _ in 0..6000 {
            seen[chance.below(6) as usize] += 1;
        }
        assert!(seen.iter().all(|n| (850..1150).contains(n)), "{seen:?}");
        assert_eq!((chance.below(0), chance.below(1)), (0, 0));
    }

    #[test]
    fn a_tenth_is_about_a_tenth_and_the_ends_are_certain() {
        let mut chance = Chance::new(1, "loss");
        let hits = (0..10_000).filter(|_| chance.ppm(100_000)).count();
        assert!((900..1100).contains(&hits), "{hits}");
        assert!(!chance.ppm(0));
        assert!(chance.ppm(1_000_000));
    }
}
