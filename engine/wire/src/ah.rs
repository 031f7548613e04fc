//! The authentication header around a version 2 advert over IPv4 (RFC 2402), as keepalived fills and checks it:
//! HMAC-MD5-96, and the sender's address as the security parameter index.

use alloc::vec::Vec;

use hmac::{Hmac, Mac as _};
use md5::Md5;
use smoltcp::wire::{ETHERNET_HEADER_LEN, IPV4_HEADER_LEN, Ipv4Packet, checksum};

use crate::envelope::{PROTOCOL_AH, PROTOCOL_VRRP};

/// The whole header: eight fixed bytes, sequence number, 96 bits of integrity check value.
const LEN: usize = 24;
/// Where the integrity check value begins.
const ICV: usize = 12;
/// Authentication type of version 2: an authentication header.
const AUTH_AH: u8 = 2;

/// The key: a password of eight bytes, zero padded.
pub type Key = [u8; 8];

/// An authentication header as it was received. Lenient: it says what is there and judges nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AhView<'a> {
    /// The packet from its IP header on.
    packet: &'a [u8],
    header_len: usize,
}

impl<'a> AhView<'a> {
    /// The header in this IPv4 packet, if it is there as a whole.
    pub(crate) fn new(packet: &'a [u8]) -> Option<AhView<'a>> {
        let header_len = usize::from(packet.first()? & 0x0f) * 4;
        let whole = packet[0] >> 4 == 4 && header_len >= IPV4_HEADER_LEN && packet.len() >= header_len + LEN;
        whole.then_some(AhView { packet, header_len })
    }

    fn word(&self, at: usize) -> u32 {
        let bytes = self.packet.get(self.header_len + at..).and_then(|bytes| bytes.first_chunk());
        bytes.map_or(0, |bytes| u32::from_be_bytes(*bytes))
    }

    /// The security parameter index: the sender's address.
    pub fn spi(&self) -> u32 {
        self.word(4)
    }

    /// The sequence number.
    pub fn sequence(&self) -> u32 {
        self.word(8)
    }

    /// The integrity check value is that of this key. Towards a unicast peer the TTL may change on the way and does not
    /// count.
    pub fn is_authentic(&self, key: Key, ttl_counts: bool) -> bool {
        let at = self.header_len + ICV;
        self.packet.get(at..self.header_len + LEN) == Some(&icv(self.packet, self.header_len, key, ttl_counts))
    }
}

/// The first 96 bits of HMAC-MD5 over the packet, without what may change on the way: TOS, fragment, checksum.
fn icv(packet: &[u8], header_len: usize, key: Key, ttl_counts: bool) -> [u8; LEN - ICV] {
    let mut covered = packet.to_vec();
    for at in [1, 6, 7, 10, 11] {
        covered[at] = 0;
    }
    if !ttl_counts {
        covered[8] = 0;
    }
    covered[header_len + ICV..header_len + LEN].fill(0);
    let mut found = [0; LEN - ICV];
    // a key of any length is taken
    if let Ok(mut hmac) = Hmac::<Md5>::new_from_slice(&key) {
        hmac.update(&covered);
        let digest = hmac.finalize().into_bytes();
        found.copy_from_slice(&digest[..LEN - ICV]);
    }
    found
}

/// Puts an authentication header into an advert frame (as [`crate::AdvertFrame::emit`] makes it, version 2 over IPv4,
/// without a password). A frame too short for a message stays as it is.
pub fn add_ah(frame: &mut Vec<u8>, key: Key, sequence: u32, ttl_counts: bool) {
    const MESSAGE: usize = ETHERNET_HEADER_LEN + IPV4_HEADER_LEN;
    let Some(message) = frame.get_mut(MESSAGE..).filter(|message| message.len() >= 8) else { return };
    message[4] = AUTH_AH;
    message[6..8].fill(0);
    let sum = !checksum::data(message);
    message[6..8].copy_from_slice(&sum.to_be_bytes());
    let mut header = [0; LEN];
    header[..2].copy_from_slice(&[PROTOCOL_VRRP, 4]); // in 32-bit words, less two
    header[4..8].copy_from_slice(&frame[ETHERNET_HEADER_LEN + 12..ETHERNET_HEADER_LEN + 16]);
    header[8..ICV].copy_from_slice(&sequence.to_be_bytes());
    frame.splice(MESSAGE..MESSAGE, header);
    let mut packet = Ipv4Packet::new_unchecked(&mut frame[ETHERNET_HEADER_LEN..]);
    packet.set_next_header(PROTOCOL_AH.into());
    packet.set_total_len(packet.total_len().saturating_add(24));
    packet.fill_checksum();
    let value = icv(&frame[ETHERNET_HEADER_LEN..], IPV4_HEADER_LEN, key, ttl_counts);
    frame[MESSAGE + ICV..MESSAGE + LEN].copy_from_slice(&value);
}
