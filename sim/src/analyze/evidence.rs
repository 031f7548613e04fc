//! Packets that show something: how many, when, and the numbers of the first few.
use vrrplab_engine::Instant;

/// So many packet numbers are kept.
const KEPT: usize = 8;

/// The packets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Evidence {
    /// How many there are.
    pub count: u64,
    /// The numbers of the first ones.
    pub packets: Vec<u64>,
    /// When the first one was seen.
    pub first: Instant,
    /// When the last one was.
    pub last: Instant,
}

impl Evidence {
    /// One packet.
    pub fn new(packet: u64, at: Instant) -> Evidence {
        Evidence { count: 1, packets: vec![packet], first: at, last: at }
    }

    /// One more.
    pub fn add(&mut self, packet: u64, at: Instant) {
        self.count += 1;
        if self.packets.len() < KEPT {
            self.packets.push(packet);
        }
        self.last = self.last.max(at);
    }

    /// One more, or the first one.
    pub fn note(found: &mut Option<Evidence>, packet: u64, at: Instant) {
        match found {
            Some(evidence) => evidence.add(packet, at),
            None => *found = Some(Evidence::new(packet, at)),
        }
    }
}
