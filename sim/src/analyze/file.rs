//! Captures as a stream of packets: pcap and pcapng, both byte orders, any resolution of time.
//!
//! A window of fixed size moves over the file, so nothing is ever allocated because a file claims a length. The crate
//! pcap-file, which writes our captures, takes every time of pcapng for nanoseconds and does not tell where a file is
//! broken; both matter here.
mod ng;
mod window;

use std::fmt;
use std::io::{self, Read};

use vrrplab_engine::Instant;

use ng::Section;
use window::Window;

/// No packet of a network is larger; packet analysers draw the line at the same place.
const LARGEST: u32 = 262_144;

/// One packet of a capture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Record<'a> {
    /// Its number in the file, from 1, as packet analysers count.
    pub number: u64,
    /// When it was captured, since 1970.
    pub at: Instant,
    /// Which interface of the file it was captured on, counted over all sections.
    pub interface: u32,
    /// What its bytes begin with: the number of a link type.
    pub link: u16,
    /// How long it was on the wire.
    pub original: u32,
    /// What was kept of it.
    pub bytes: &'a [u8],
}

/// Why a capture cannot be read (on).
#[derive(Debug)]
pub enum Trouble {
    /// The file ends within a packet or block, as that of a capture that was killed does.
    Torn {
        /// Where the unfinished part begins.
        offset: u64,
        /// What it is.
        what: &'static str,
    },
    /// These bytes are no capture.
    Broken {
        /// Where.
        offset: u64,
        /// What is wrong there.
        what: String,
    },
    /// The file cannot be read at all.
    Io(io::Error),
}

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Trouble::Torn { offset, what } => write!(f, "the file ends within {what} that begins at byte {offset}"),
            Trouble::Broken { offset, what } => write!(f, "byte {offset}: {what}"),
            Trouble::Io(error) => write!(f, "{error}"),
        }
    }
}

impl From<io::Error> for Trouble {
    fn from(error: io::Error) -> Trouble {
        Trouble::Io(error)
    }
}

/// The byte order of a file or section.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Order {
    Little,
    Big,
}

impl Order {
    /// The number in these four bytes; 0 where they are not all there.
    fn word(self, bytes: &[u8], at: usize) -> u32 {
        let word = bytes.get(at..).and_then(|bytes| bytes.first_chunk::<4>()).copied().unwrap_or_default();
        match self {
            Order::Little => u32::from_le_bytes(word),
            Order::Big => u32::from_be_bytes(word),
        }
    }

    /// The number in these two bytes; 0 where they are not all there.
    fn half(self, bytes: &[u8], at: usize) -> u16 {
        let half = bytes.get(at..).and_then(|bytes| bytes.first_chunk::<2>()).copied().unwrap_or_default();
        match self {
            Order::Little => u16::from_le_bytes(half),
            Order::Big => u16::from_be_bytes(half),
        }
    }
}

/// What kind of file it is.
#[derive(Debug)]
enum Format {
    Pcap { order: Order, nanoseconds: bool, link: u16 },
    Ng(Section),
}

/// A capture that is read.
#[derive(Debug)]
pub struct Reader<R> {
    window: Window<R>,
    format: Format,
    number: u64,
}

impl<R: Read> Reader<R> {
    /// Reads what the file begins with.
    pub fn new(from: R) -> Result<Reader<R>, Trouble> {
        let mut window = Window::new(from);
        let head = window.peek(4)?;
        let broken = |what: &str| Err(Trouble::Broken { offset: 0, what: what.to_owned() });
        let format = match *head {
            [] => return broken("the file is empty"),
            [0xa1, 0xb2, 0xc3, 0xd4] => pcap(&mut window, Order::Big, false)?,
            [0xd4, 0xc3, 0xb2, 0xa1] => pcap(&mut window, Order::Little, false)?,
            [0xa1, 0xb2, 0x3c, 0x4d] => pcap(&mut window, Order::Big, true)?,
            [0x4d, 0x3c, 0xb2, 0xa1] => pcap(&mut window, Order::Little, true)?,
            [0x0a, 0x0d, 0x0d, 0x0a] => Format::Ng(Section::begin(&mut window, 0)?),
            [0x1f, 0x8b, ..] => return broken("this is compressed: `gunzip` it first"),
            [0x28, 0xb5, 0x2f, 0xfd] => return broken("this is compressed: `unzstd` it first"),
            _ => return broken("neither pcap nor pcapng begins with these bytes"),
        };
        Ok(Reader { window, format, number: 0 })
    }

    /// How many bytes have been read.
    pub fn offset(&self) -> u64 {
        self.window.offset()
    }

    /// How many interfaces the file has told of so far.
    pub fn interfaces(&self) -> usize {
        match &self.format {
            Format::Pcap { .. } => 1,
            Format::Ng(section) => section.interfaces(),
        }
    }

    /// The next packet; nothing at the end of the file.
    pub fn next_record(&mut self) -> Result<Option<Record<'_>>, Trouble> {
        self.number += 1;
        match &mut self.format {
            Format::Ng(section) => section.next(&mut self.window, self.number),
            Format::Pcap { order, nanoseconds, link } => {
                let (order, nanoseconds, link) = (*order, *nanoseconds, *link);
                packet(&mut self.window, self.number, order, nanoseconds, link)
            }
        }
    }
}

/// The head of a pcap file.
fn pcap<R: Read>(window: &mut Window<R>, order: Order, nanoseconds: bool) -> Result<Format, Trouble> {
    const HEAD: usize = 24;
    let head = window.take(HEAD, "the head of the file")?;
    let (major, link) = (order.half(head, 4), order.half(head, if order == Order::Little { 20 } else { 22 }));
    if major != 2 {
        let what = format!("version {major} of pcap is not known, only 2 is");
        return Err(Trouble::Broken { offset: 4, what });
    }
    Ok(Format::Pcap { order, nanoseconds, link })
}

/// One packet of a pcap file.
fn packet<R: Read>(
    window: &mut Window<R>,
    number: u64,
    order: Order,
    nanoseconds: bool,
    link: u16,
) -> Result<Option<Record<'_>>, Trouble> {
    const HEAD: usize = 16;
    let offset = window.offset();
    if window.peek(1)?.is_empty() {
        return Ok(None);
    }
    let head = window.take(HEAD, "a packet")?;
    let [seconds, fraction, kept, original] = [0, 4, 8, 12].map(|at| order.word(head, at));
    let kept = kept_length(kept, number, offset)?;
    let fraction = u64::from(fraction) * if nanoseconds { 1 } else { 1_000 };
    let at = Instant(u64::from(seconds) * 1_000_000_000 + fraction);
    let bytes = window.take_from(kept, offset, "a packet")?;
    Ok(Some(Record { number, at, interface: 0, link, original, bytes }))
}

/// A length that a packet may have.
fn kept_length(claimed: u32, number: u64, offset: u64) -> Result<usize, Trouble> {
    match usize::try_from(claimed) {
        Ok(length) if claimed <= LARGEST => Ok(length),
        _ => {
            let what = format!("packet {number} claims to have {claimed} bytes, and none has more than {LARGEST}");
            Err(Trouble::Broken { offset, what })
        }
    }
}

#[cfg(test)]
mod tests;
