//! When a checker asks for the first time: drawn from the seed, so that checkers of one file do not march in step.
use alloc::vec::Vec;

use crate::time::Span;

/// Where the waits before first checks come from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Warmups {
    /// Drawn from this seed: 1 s, and a part of `warmup`.
    Seed(u64),
    /// These, in the order in which checkers begin, as some other run had them; after the last one the part is 0.
    Known(Vec<Span>),
}

/// Every first check waits at least so long.
const LEAST: Span = Span::from_secs(1);

impl Warmups {
    /// The wait of the checker that begins as number `nth`.
    pub fn of(&self, nth: u64, warmup: Span) -> Span {
        match self {
            Warmups::Known(waits) => usize::try_from(nth).ok().and_then(|nth| waits.get(nth)).copied().unwrap_or(LEAST),
            Warmups::Seed(seed) => {
                let part = (u128::from(warmup.as_micros()) * u128::from(draw(*seed, nth))) >> 64;
                LEAST + Span::from_micros(part as u64)
            }
        }
    }

    /// The number of a question, for answers to be told apart.
    pub fn question(&self, job: u64) -> u16 {
        let seed = if let Warmups::Seed(seed) = self { *seed } else { 0 };
        (draw(!seed, job) >> 48) as u16
    }
}

/// The `nth` number of the sequence that this seed begins (SplitMix64).
const fn draw(seed: u64, nth: u64) -> u64 {
    let z = seed.wrapping_add(nth.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15));
    let z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}
