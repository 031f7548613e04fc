//! Bytes <-> honest packet values. No IO, no clock, no panic on any bytes.
#![no_std]
#![deny(clippy::float_arithmetic)]
extern crate alloc;

pub mod ah;
pub mod announce;
pub mod check;
pub mod coverage;
pub mod describe;
mod digest;
pub mod envelope;
pub mod flow;
pub mod icmp;
mod link;
pub mod rewrite;
pub mod vrrp;

use core::fmt;

pub use ah::{AhView, add_ah};
pub use announce::{Announcement, gratuitous_arp, parse_announcement, unsolicited_na};
pub use check::{ArpFacts, NaFacts, RaFacts, check_arp, check_na, check_ra};
pub use coverage::cover_message_only;
pub use describe::describe;
pub use digest::md5;
pub use envelope::{Envelope, is_vrrp};
pub use vrrp::{Advert, AdvertFrame, GROUP_V4, GROUP_V6, VrrpView, multicast_mac};

/// The VRRP protocol version.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Version {
    /// RFC 3768.
    V2,
    /// RFC 5798 and RFC 9568.
    V3,
}

/// The family of the virtual addresses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum AddressFamily {
    /// IPv4.
    V4,
    /// IPv6.
    V6,
}

/// An Ethernet hardware address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Mac(pub [u8; 6]);

impl Mac {
    /// The link-local address that an interface with this MAC gives itself (EUI-64, RFC 4291 appendix A).
    pub const fn link_local(self) -> core::net::Ipv6Addr {
        let [a, b, c, d, e, f] = self.0;
        let host = u64::from_be_bytes([a ^ 2, b, c, 0xff, 0xfe, d, e, f]);
        core::net::Ipv6Addr::from_bits(0xfe80 << 112 | host as u128)
    }
}

impl fmt::Display for Mac {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [a, b, c, d, e, g] = self.0;
        write!(f, "{a:02x}:{b:02x}:{c:02x}:{d:02x}:{e:02x}:{g:02x}")
    }
}
