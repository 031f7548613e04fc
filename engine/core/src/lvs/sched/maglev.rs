//! Maglev hashing: a table of 4093 places that changes little when a server comes or goes.
use alloc::vec::Vec;

use super::round::gcd;
use super::{DestId, Identity, Pool};

const PLACES: u32 = 4093;
const EMPTY: DestId = DestId(u32::MAX);
const FIRST_KEY: u64 = 2_654_435_761;
const SECOND_KEY: u64 = 2_654_446_892;

/// SipHash-1-3 of one 32-bit value under a key of twice the same 64-bit word, its low half.
pub const fn siphash13(key: u64, value: u32) -> u32 {
    const fn round(mut v: [u64; 4]) -> [u64; 4] {
        v[0] = v[0].wrapping_add(v[1]);
        v[1] = v[1].rotate_left(13) ^ v[0];
        v[0] = v[0].rotate_left(32);
        v[2] = v[2].wrapping_add(v[3]);
        v[3] = v[3].rotate_left(16) ^ v[2];
        v[0] = v[0].wrapping_add(v[3]);
        v[3] = v[3].rotate_left(21) ^ v[0];
        v[2] = v[2].wrapping_add(v[1]);
        v[1] = v[1].rotate_left(17) ^ v[2];
        v[2] = v[2].rotate_left(32);
        v
    }
    let mut v = [
        key ^ 0x736f_6d65_7073_6575,
        key ^ 0x646f_7261_6e64_6f6d,
        key ^ 0x6c79_6765_6e65_7261,
        key ^ 0x7465_6462_7974_6573,
    ];
    let block = 4 << 56 | value as u64;
    v[3] ^= block;
    v = round(v);
    v[0] ^= block;
    v[2] ^= 0xff;
    v = round(round(round(v)));
    (v[0] ^ v[1] ^ v[2] ^ v[3]) as u32
}

/// Which server owns which place; empty without weights.
#[derive(Clone, Debug, Default)]
pub struct Maglev(Vec<DestId>);

/// One server while the table is filled.
struct Filler {
    id: DestId,
    at: u32,
    skip: u32,
    turns: u32,
}

impl Maglev {
    /// Fills the table: the servers take turns, each along a walk of its own, as often in a row as its weight says.
    pub fn new(pool: Pool, identity: impl Fn(DestId) -> Identity) -> Maglev {
        let servers: Vec<(DestId, Identity)> = pool.order.iter().rev().map(|id| (*id, identity(*id))).collect();
        let divisor = servers.iter().fold(0, |g, (_, one)| gcd(g, one.last_weight));
        if divisor == 0 {
            return Maglev(Vec::new());
        }
        let largest = servers.iter().map(|(_, one)| one.last_weight / divisor).max().unwrap_or(0);
        let shift = (32 - largest.leading_zeros()).saturating_sub(6);
        let mut fillers: Vec<Filler> = servers.iter().map(|(id, one)| filler(*id, one, divisor, shift)).collect();
        Maglev(fill(&mut fillers))
    }

    fn usable(&self, pool: Pool, place: u32) -> Option<DestId> {
        self.0.get(place as usize).copied().filter(|id| pool.load(*id).usable())
    }

    /// The owner of a client's place. With `fallback` an unusable owner is replaced by hashing on.
    pub fn pick(&self, pool: Pool, address: u32, port: u16, fallback: bool) -> Option<DestId> {
        let value = address.wrapping_add(u32::from(port));
        let place = siphash13(FIRST_KEY, value) % PLACES;
        let owner = self.usable(pool, place);
        if owner.is_some() || !fallback || self.0.is_empty() {
            return owner;
        }
        (0..PLACES).find_map(|offset| {
            let next = ((offset + place) % PLACES).wrapping_add(value);
            self.usable(pool, siphash13(FIRST_KEY, next) % PLACES)
        })
    }
}

fn filler(id: DestId, one: &Identity, divisor: u32, shift: u32) -> Filler {
    let value = one.address.wrapping_add(u32::from(one.port));
    let turns = (one.last_weight / divisor) >> shift;
    Filler {
        id,
        at: siphash13(FIRST_KEY, value) % PLACES,
        skip: siphash13(SECOND_KEY, value) % (PLACES - 1) + 1,
        turns: if one.last_weight == 0 { 0 } else { turns.max(1) },
    }
}

fn fill(fillers: &mut [Filler]) -> Vec<DestId> {
    let mut places = alloc::vec![EMPTY; PLACES as usize];
    let mut left = PLACES;
    loop {
        for one in fillers.iter_mut() {
            for _ in 0..one.turns {
                while places[one.at as usize] != EMPTY {
                    one.at = (one.at + one.skip) % PLACES;
                }
                places[one.at as usize] = one.id;
                left -= 1;
                if left == 0 {
                    return places;
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_hashes() {
        assert_eq!(siphash13(FIRST_KEY, 0), 0x1d5a_77c2);
        assert_eq!(siphash13(SECOND_KEY, 0), 0xf882_433f);
        assert_eq!(siphash13(FIRST_KEY, 0x0a01_0005), 0x3995_664f);
        assert_eq!(siphash13(FIRST_KEY, 0x0a01_0005) % PLACES, 1112);
    }

    #[test]
    fn known_walks() {
        let walk = |address: u32, port: u16| {
            let one = filler(DestId(0), &Identity { address, port, last_weight: 1 }, 1, 0);
            (one.at, one.skip)
        };
        assert_eq!(walk(0x0a00_000b, 8000), (3003, 2991));
        assert_eq!(walk(0x0a00_000c, 8000), (599, 1621));
        assert_eq!(walk(0x0a00_000d, 8001), (2438, 1321));
    }
}
