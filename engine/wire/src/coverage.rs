//! The checksum of version 3 over IPv4 as RFC 9568 has it: over the message alone.

use smoltcp::wire::{ETHERNET_HEADER_LEN, IPV4_HEADER_LEN, checksum};

/// Rewrites the checksum of an advert frame (as [`crate::AdvertFrame::emit`] makes it, over IPv4) so that it covers
/// the message without a pseudo header. A frame too short for a message stays as it is.
pub fn cover_message_only(frame: &mut [u8]) {
    let Some(message) = frame.get_mut(ETHERNET_HEADER_LEN + IPV4_HEADER_LEN..).filter(|m| m.len() >= 8) else { return };
    message[6..8].fill(0);
    let sum = !checksum::data(message);
    message[6..8].copy_from_slice(&sum.to_be_bytes());
}
