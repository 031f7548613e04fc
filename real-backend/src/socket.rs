//! Packets in and out: adverts by raw IP sockets, whole frames by packet sockets.
//!
//! Adverts use raw IP (protocols 112 and 51) and not a packet socket with a filter, in both directions. The kernel then joins
//! the group and says so to switches (IGMP, MLD), netfilter rules for VRRP keep their meaning, packets of one's own source
//! address are dropped as martians and fragments are put together, all as for keepalived. What the engine wants more, an
//! Ethernet header and over IPv6 an IP header, is made here (`header.rs`).
mod advert;
mod frame;
pub mod header;

pub use advert::{Adverts, Group, group_of};
pub use frame::Frames;
