//! Adverts heard again: the same packet from the same master moves the down timer of a backup, and nothing else.
//!
//! A backup takes one advert after the other, and each means what the one before it meant, until anything else happens
//! to the node. So the last one is kept, with what it did: where the next one says the same, byte for byte, receive
//! checks and decision are not gone through again.
use alloc::vec::Vec;

use crate::model::IfIndex;
use crate::time::Span;

/// Where an IPv4 header behind an untagged Ethernet header has its identification and its checksum.
const IDENTIFICATION: usize = 18;
const CHECKSUM: usize = 24;

/// The adverts that would mean nothing new.
#[derive(Clone, Debug, Default)]
pub(crate) struct Again {
    known: Vec<Known>,
    /// What came last; the one behind it is likely to come next.
    hint: usize,
}

#[derive(Clone, Debug)]
struct Known {
    instance: usize,
    iface: IfIndex,
    frame: Vec<u8>,
    /// The down timer that it arms.
    down: Span,
}

impl Again {
    /// Which instance hears nothing new in this frame, and its down timer.
    #[inline]
    pub fn find(&mut self, iface: IfIndex, frame: &[u8]) -> Option<(usize, Span)> {
        let (before, behind) = self.known.split_at(self.hint.min(self.known.len()));
        let found = behind.iter().chain(before).position(|known| known.is(iface, frame))?;
        let position = (before.len() + found) % self.known.len();
        self.hint = position + 1;
        let known = &self.known[position];
        Some((known.instance, known.down))
    }

    /// This frame did nothing for this instance but to arm its down timer with so much.
    pub fn remember(&mut self, instance: usize, iface: IfIndex, frame: &[u8], down: Span) {
        if variable(frame).is_none() {
            return;
        }
        let known = Known { instance, iface, frame: frame.to_vec(), down };
        match self.known.iter_mut().find(|known| known.instance == instance) {
            Some(place) => *place = known,
            None => self.known.push(known),
        }
    }

    /// The instance that hears nothing new in the one advert that is known, and its down timer.
    pub fn only(&self) -> Option<(usize, Span)> {
        let [known] = self.known.as_slice() else { return None };
        Some((known.instance, known.down))
    }

    /// Something else happened: every frame is looked at as if it were the first.
    #[inline]
    pub fn forget(&mut self) {
        self.known.clear();
    }
}

impl Known {
    #[inline]
    fn is(&self, iface: IfIndex, frame: &[u8]) -> bool {
        iface == self.iface && says_the_same(&self.frame, frame)
    }
}

/// Whether an advert says what another one said: the same bytes, but for the identification of an IPv4 packet, as long
/// as the checksum of its header makes up for it.
#[inline]
pub fn says_the_same(one: &[u8], other: &[u8]) -> bool {
    if one.len() != other.len() {
        return false;
    }
    let same = |from: usize, to: usize| one.get(from..to) == other.get(from..to);
    match variable(one) {
        None => false,
        Some(None) => one == other,
        Some(sum) => {
            same(0, IDENTIFICATION)
                && same(IDENTIFICATION + 2, CHECKSUM)
                && same(CHECKSUM + 2, one.len())
                && self::sum(other) == sum
        }
    }
}

/// What of a frame may change without a new meaning: the identification of an IPv4 packet, as long as the checksum of
/// its header makes up for it. `Some(None)`: nothing may (IPv6). `None`: such frames are not kept.
fn variable(frame: &[u8]) -> Option<Option<u16>> {
    match frame.get(12..15)? {
        [0x08, 0x00, 0x45] => Some(Some(sum(frame)?)),
        [0x86, 0xdd, _] => Some(None),
        _ => None,
    }
}

/// Identification and checksum of the header, added as the checksum is.
fn sum(frame: &[u8]) -> Option<u16> {
    let word = |at: usize| Some(u16::from_be_bytes([*frame.get(at)?, *frame.get(at + 1)?]));
    let (sum, carry) = word(IDENTIFICATION)?.overflowing_add(word(CHECKSUM)?);
    Some(sum + u16::from(carry))
}

#[cfg(test)]
mod tests {
    use super::*;

    const ETH0: IfIndex = IfIndex(2);
    const DOWN: Span = Span::from_millis(3609);

    /// Ethernet, an IPv4 header with this identification and checksum, and one byte behind it.
    fn frame(id: u16, checksum: u16, last: u8) -> Vec<u8> {
        let mut frame = alloc::vec![0; 35];
        frame[12..15].copy_from_slice(&[0x08, 0x00, 0x45]);
        frame[18..20].copy_from_slice(&id.to_be_bytes());
        frame[24..26].copy_from_slice(&checksum.to_be_bytes());
        frame[34] = last;
        frame
    }

    #[test]
    fn the_next_identification_with_the_checksum_that_belongs_to_it_is_the_same_advert() {
        let mut again = Again::default();
        again.remember(3, ETH0, &frame(7, 0x1000, 1), DOWN);
        assert_eq!(again.find(ETH0, &frame(8, 0x0fff, 1)), Some((3, DOWN)));
        assert_eq!(again.find(ETH0, &frame(8, 0x1000, 1)), None, "the checksum of the header is wrong now");
        assert_eq!(again.find(ETH0, &frame(8, 0x0fff, 2)), None, "it says something else");
        assert_eq!(again.find(IfIndex(3), &frame(8, 0x0fff, 1)), None, "it comes from elsewhere");
    }

    #[test]
    fn checksums_carry() {
        let mut again = Again::default();
        again.remember(0, ETH0, &frame(0xffff, 0x0003, 1), DOWN);
        assert_eq!(again.find(ETH0, &frame(0x0001, 0x0002, 1)), Some((0, DOWN)));
    }

    #[test]
    fn each_instance_has_one_and_all_are_forgotten_at_once() {
        let mut again = Again::default();
        for instance in 0..3 {
            again.remember(instance, ETH0, &frame(1, 1, u8::try_from(instance).unwrap_or(9)), DOWN);
        }
        for _ in 0..2 {
            for (instance, last) in [(0, 0), (1, 1), (2, 2), (0, 0)] {
                assert_eq!(again.find(ETH0, &frame(1, 1, last)), Some((instance, DOWN)));
            }
        }
        again.remember(1, ETH0, &frame(1, 1, 8), DOWN);
        assert_eq!(again.find(ETH0, &frame(1, 1, 1)), None);
        again.forget();
        assert_eq!(again.find(ETH0, &frame(1, 1, 8)), None);
    }

    #[test]
    fn a_tagged_frame_or_one_with_options_is_not_kept() {
        let mut tagged = frame(1, 1, 1);
        tagged[12] = 0x81;
        let mut options = frame(1, 1, 1);
        options[14] = 0x46;
        for odd in [tagged, options, Vec::new()] {
            let mut again = Again::default();
            again.remember(0, ETH0, &odd, DOWN);
            assert_eq!(again.find(ETH0, &odd), None);
        }
    }
}
