//! Source and destination hashing over 256 buckets.
use alloc::vec::Vec;

use super::{DestId, Pool};

const BUCKETS: usize = 256;

/// The kernel's 32-bit golden-ratio hash, cut to 8 bits.
pub const fn golden(value: u32) -> usize {
    (value.wrapping_mul(0x61c8_8647) >> 24) as usize
}

/// Which server owns which bucket; empty without servers.
#[derive(Clone, Debug, Default)]
pub struct Buckets(Vec<DestId>);

impl Buckets {
    /// `sh`: each server in turn takes as many buckets in a row as its weight, at least one.
    pub fn by_source(pool: Pool) -> Buckets {
        Buckets::fill(pool, |weight| weight.max(1) as usize)
    }

    /// `dh`: each server in turn takes one.
    pub fn by_destination(pool: Pool) -> Buckets {
        Buckets::fill(pool, |_| 1)
    }

    fn fill(pool: Pool, share: impl Fn(u32) -> usize) -> Buckets {
        let laps = pool.order.iter().rev().cycle();
        let owners = laps.flat_map(|id| core::iter::repeat_n(*id, share(pool.load(*id).weight)));
        Buckets(owners.take(BUCKETS).collect())
    }

    fn usable(&self, pool: Pool, bucket: usize) -> Option<DestId> {
        self.0.get(bucket).copied().filter(|id| pool.load(*id).usable())
    }

    /// The owner of a client's bucket. With `fallback` an unusable owner is replaced by the first usable one on a walk that
    /// begins at twice the bucket.
    pub fn pick_source(&self, pool: Pool, address: u32, port: u16, fallback: bool) -> Option<DestId> {
        let bucket = golden(address.wrapping_add(u32::from(port)));
        let owner = self.usable(pool, bucket);
        if owner.is_some() || !fallback {
            return owner;
        }
        (0..BUCKETS).find_map(|offset| self.usable(pool, (bucket + (offset + bucket) % BUCKETS) % BUCKETS))
    }

    /// The owner of the bucket of the address that was called.
    pub fn pick_destination(&self, pool: Pool, address: u32) -> Option<DestId> {
        self.usable(pool, golden(address))
    }
}

#[cfg(test)]
mod tests {
    use super::super::address_bits;
    use super::*;

    fn bucket(ip: &str, port: u32) -> usize {
        golden(address_bits(ip.parse().unwrap()).wrapping_add(port))
    }

    #[test]
    fn known_buckets() {
        assert_eq!(bucket("10.1.0.5", 0), 53);
        assert_eq!(bucket("10.1.0.5", 30000), 48);
        assert_eq!(bucket("192.168.5.2", 0), 12);
        assert_eq!(bucket("fdc1::1", 0), 200);
    }
}
