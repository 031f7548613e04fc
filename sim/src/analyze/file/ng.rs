//! The blocks of pcapng: sections, interfaces, packets. Whatever else there is, is left out.
use std::io::Read;

use vrrplab_engine::Instant;

use super::window::Window;
use super::{Order, Record, Trouble, kept_length};

const SECTION: u32 = 0x0a0d_0d0a;
const INTERFACE: u32 = 1;
const OLD_PACKET: u32 = 2;
const SIMPLE_PACKET: u32 = 3;
const PACKET: u32 = 6;

/// More interfaces than this are nobody's.
const INTERFACES: usize = 65_536;
/// Options of an interface behind this are not looked at.
const OPTIONS: usize = 65_536;

/// What an interface tells of its packets.
#[derive(Clone, Copy, Debug)]
struct Interface {
    link: u16,
    snaplen: u32,
    unit: Unit,
    /// Seconds to be added to every time.
    shift: i64,
}

/// The unit of times: so many digits, or bits, behind the point of a second.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Unit {
    Digits(u32),
    Bits(u32),
}

impl Unit {
    fn nanoseconds(self, ticks: u64) -> u64 {
        let ticks = u128::from(ticks) * 1_000_000_000;
        let found = match self {
            Unit::Digits(digits) => 10_u128.checked_pow(digits).map_or(0, |unit| ticks / unit),
            Unit::Bits(bits) => ticks.checked_shr(bits).unwrap_or(0),
        };
        u64::try_from(found).unwrap_or(u64::MAX)
    }
}

impl Interface {
    fn time(&self, high: u32, low: u32) -> Instant {
        let ticks = u64::from(high) << 32 | u64::from(low);
        let shift = self.shift.saturating_mul(1_000_000_000);
        Instant(self.unit.nanoseconds(ticks).saturating_add_signed(shift))
    }
}

/// The section that is read.
#[derive(Debug)]
pub(super) struct Section {
    order: Order,
    interfaces: Vec<Interface>,
    /// How many interfaces the sections before had.
    before: usize,
    /// Time of the last packet: simple packets have none of their own.
    last: Instant,
}

/// A block whose type and length have been read.
struct Block {
    kind: u32,
    /// Bytes that are left of it, the length at its end included.
    left: u64,
    offset: u64,
}

impl Block {
    /// Takes bytes of its body.
    fn take<'w, R: Read>(&mut self, window: &'w mut Window<R>, length: usize) -> Result<&'w [u8], Trouble> {
        match self.left.checked_sub(length as u64 + 4) {
            Some(left) => {
                self.left = left + 4;
                window.take_from(length, self.offset, "a block")
            }
            None => Err(self.broken(format!("this block is too short for the {length} bytes that it must have"))),
        }
    }

    /// The bytes before the end of its body.
    fn body(&self) -> u64 {
        self.left - 4
    }

    fn skip<R: Read>(&self, window: &mut Window<R>) -> Result<(), Trouble> {
        window.skip(self.left, self.offset, "a block")
    }

    fn broken(&self, what: String) -> Trouble {
        Trouble::Broken { offset: self.offset, what }
    }
}

impl Section {
    /// Reads the head of a section, whose type stands next.
    pub fn begin<R: Read>(window: &mut Window<R>, before: usize) -> Result<Section, Trouble> {
        let offset = window.offset();
        let head = window.take_from(12, offset, "the head of a section")?;
        let order = match head[8..12] {
            [0x1a, 0x2b, 0x3c, 0x4d] => Order::Big,
            [0x4d, 0x3c, 0x2b, 0x1a] => Order::Little,
            _ => {
                let what = "the mark of the byte order is wrong".to_owned();
                return Err(Trouble::Broken { offset: offset + 8, what });
            }
        };
        let total = order.word(head, 4);
        let mut block = Block { kind: SECTION, left: left_of(total, offset)?, offset };
        block.left = block.left.checked_sub(4).filter(|left| *left >= 4).ok_or_else(|| {
            block.broken(format!("this section begins with a block of {total} bytes, which is too short"))
        })?;
        block.skip(window)?;
        Ok(Section { order, interfaces: Vec::new(), before, last: Instant::ZERO })
    }

    pub fn interfaces(&self) -> usize {
        self.before + self.interfaces.len()
    }

    /// The next packet.
    pub fn next<'w, R: Read>(&mut self, window: &'w mut Window<R>, number: u64) -> Result<Option<Record<'w>>, Trouble> {
        loop {
            let offset = window.offset();
            let head = window.peek(8)?;
            if head.is_empty() {
                return Ok(None);
            }
            if head.starts_with(&SECTION.to_be_bytes()) {
                let last = self.last;
                *self = Section { last, ..Section::begin(window, self.interfaces())? };
                continue;
            }
            let head = window.take(8, "a block")?;
            let (kind, total) = (self.order.word(head, 0), self.order.word(head, 4));
            let block = Block { kind, left: left_of(total, offset)?, offset };
            match block.kind {
                INTERFACE => self.interface(window, block)?,
                PACKET | OLD_PACKET | SIMPLE_PACKET => return self.packet(window, block, number).map(Some),
                _ => block.skip(window)?,
            }
        }
    }

    fn interface<R: Read>(&mut self, window: &mut Window<R>, mut block: Block) -> Result<(), Trouble> {
        if self.interfaces() >= INTERFACES {
            return Err(block.broken(format!("more than {INTERFACES} interfaces")));
        }
        let head = block.take(window, 8)?;
        let (link, snaplen) = (self.order.half(head, 0), self.order.word(head, 4));
        let length = usize::try_from(block.body()).unwrap_or(OPTIONS).min(OPTIONS);
        let mut options = block.take(window, length)?;
        let mut interface = Interface { link, snaplen, unit: Unit::Digits(6), shift: 0 };
        while let Some((head, rest)) = options.split_at_checked(4) {
            let (code, length) = (self.order.half(head, 0), usize::from(self.order.half(head, 2)));
            let Some(value) = rest.get(..length) else { break };
            match (code, value) {
                (0, _) => break,
                (9, [unit]) if unit & 0x80 == 0 => interface.unit = Unit::Digits(u32::from(*unit)),
                (9, [unit]) => interface.unit = Unit::Bits(u32::from(unit & 0x7f)),
                (14, [_, _, _, _, _, _, _, _]) => {
                    let [first, second] = [0, 4].map(|at| u64::from(self.order.word(value, at)));
                    let (high, low) = if self.order == Order::Big { (first, second) } else { (second, first) };
                    interface.shift = (high << 32 | low).cast_signed();
                }
                _ => {}
            }
            options = rest.get(length.next_multiple_of(4)..).unwrap_or_default();
        }
        self.interfaces.push(interface);
        block.skip(window)
    }

    /// A packet, and what is behind it in its block.
    fn packet<'w, R: Read>(
        &mut self,
        window: &'w mut Window<R>,
        mut block: Block,
        number: u64,
    ) -> Result<Record<'w>, Trouble> {
        let order = self.order;
        let head = match block.kind {
            SIMPLE_PACKET => block.take(window, 4)?,
            _ => block.take(window, 20)?,
        };
        let id = match block.kind {
            SIMPLE_PACKET => 0,
            PACKET => order.word(head, 0),
            _ => u32::from(order.half(head, 0)),
        };
        let words = [0, 4, 8, 12, 16].map(|at| order.word(head, at));
        let known = usize::try_from(id).ok().and_then(|id| self.interfaces.get(id));
        let Some(interface) = known else {
            return Err(block.broken(format!("packet {number} is of interface {id}, which the file does not tell of")));
        };
        let (kept, original) = match block.kind {
            SIMPLE_PACKET => {
                let limit = if interface.snaplen == 0 { u32::MAX } else { interface.snaplen };
                let body = u32::try_from(block.body()).unwrap_or(u32::MAX);
                (words[0].min(limit).min(body), words[0])
            }
            _ => (words[3], words[4]),
        };
        if block.kind != SIMPLE_PACKET {
            self.last = interface.time(words[1], words[2]);
        }
        let (at, link) = (self.last, interface.link);
        let interface = u32::try_from(self.before).unwrap_or(u32::MAX).saturating_add(id);
        let kept = kept_length(kept, number, block.offset)?;
        if kept as u64 > block.body() {
            let what = format!("packet {number} claims {kept} bytes in a block that has room for {}", block.body());
            return Err(block.broken(what));
        }
        let behind = block.left - kept as u64;
        let bytes = window.take_with_tail(kept, behind, block.offset, "a block")?;
        Ok(Record { number, at, interface, link, original, bytes })
    }
}

/// What is left of a block of this length behind its head.
fn left_of(total: u32, offset: u64) -> Result<u64, Trouble> {
    if total < 12 || !total.is_multiple_of(4) {
        let what = format!("a block claims to have {total} bytes, which none can have");
        return Err(Trouble::Broken { offset, what });
    }
    Ok(u64::from(total) - 8)
}
