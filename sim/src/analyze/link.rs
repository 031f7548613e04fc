//! What packets begin with in captures: Ethernet with any number of tags, Linux cooked headers, bare IP. What matters here
//! (VRRP, ARP, neighbour advertisements) becomes a plain Ethernet frame, all else is passed over as fast as can be.
use vrrplab_wire::Mac;

use super::file::Record;

const ETHERNET: u16 = 1;
const RAW: [u16; 5] = [12, 14, 101, 228, 229];
const COOKED: u16 = 113;
const COOKED_2: u16 = 276;

const IPV4: u16 = 0x0800;
const ARP: u16 = 0x0806;
const IPV6: u16 = 0x86dd;
const TAGS: [u16; 4] = [0x8100, 0x88a8, 0x9100, 0x9200];

const VRRP: u8 = 112;
const AH: u8 = 51;
const ICMPV6: u8 = 58;
const ADVERTISEMENT: u8 = 136;

/// Where a packet was captured: who hears the same place hears one another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// The interface of the file.
    pub interface: u32,
    /// The interface of the host, where the packet itself tells it.
    pub index: u32,
    /// The tags, outermost first, twelve bits each and one more to tell them from none.
    pub tags: u32,
}

impl Place {
    /// The VLAN numbers, outermost first.
    pub fn vlans(self) -> Vec<u32> {
        let tags = [self.tags >> 13, self.tags & 0x1fff];
        tags.into_iter().filter(|tag| *tag != 0).map(|tag| tag & 0xfff).collect()
    }
}

/// A frame that matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Frame<'a> {
    /// Ethernet without tags, whatever it was.
    pub bytes: &'a [u8],
    /// Where; nothing when all interfaces of a host are mixed and nothing tells them apart.
    pub place: Option<Place>,
    /// Not all of it was kept.
    pub cut: bool,
}

/// What the link layer says.
struct Link {
    source: Mac,
    destination: Mac,
    ethertype: u16,
    /// Where the payload begins.
    at: usize,
    index: u32,
    tags: u32,
    /// It is plain Ethernet already.
    plain: bool,
}

/// Makes frames of packets.
#[derive(Debug, Default)]
pub struct Unwrapper {
    scratch: Vec<u8>,
}

impl Unwrapper {
    /// The frame in a packet, if it is one that matters.
    pub fn frame<'a>(&'a mut self, record: &Record<'a>) -> Option<Frame<'a>> {
        let bytes = record.bytes;
        let link = link_of(record.link, bytes)?;
        let payload = bytes.get(link.at..)?;
        if !matters(link.ethertype, payload) {
            return None;
        }
        let place = Place { interface: record.interface, index: link.index, tags: link.tags };
        let place = (record.link != COOKED).then_some(place);
        let cut = u32::try_from(bytes.len()).is_ok_and(|length| length < record.original);
        if link.plain {
            return Some(Frame { bytes, place, cut });
        }
        self.scratch.clear();
        self.scratch.extend_from_slice(&link.destination.0);
        self.scratch.extend_from_slice(&link.source.0);
        self.scratch.extend_from_slice(&link.ethertype.to_be_bytes());
        self.scratch.extend_from_slice(payload);
        Some(Frame { bytes: &self.scratch, place, cut })
    }
}

/// Whether link types like this one can be read.
pub fn is_known(link: u16) -> bool {
    link == ETHERNET || link == COOKED || link == COOKED_2 || RAW.contains(&link)
}

fn pair(bytes: &[u8], at: usize) -> Option<u16> {
    bytes.get(at..)?.first_chunk().copied().map(u16::from_be_bytes)
}

fn mac(bytes: &[u8], at: usize) -> Option<Mac> {
    bytes.get(at..)?.first_chunk().copied().map(Mac)
}

fn link_of(kind: u16, bytes: &[u8]) -> Option<Link> {
    let nobody = Mac([0; 6]);
    let link = |source, destination, ethertype, at| Link {
        source,
        destination,
        ethertype,
        at,
        index: 0,
        tags: 0,
        plain: false,
    };
    let mut found = match kind {
        ETHERNET => {
            let ethertype = pair(bytes, 12)?;
            if !TAGS.contains(&ethertype) {
                return Some(Link { plain: true, ..link(nobody, nobody, ethertype, 14) });
            }
            link(mac(bytes, 6)?, mac(bytes, 0)?, ethertype, 14)
        }
        // the address has eight bytes there, of which an Ethernet address is the first six
        COOKED => link(mac(bytes, 6)?, nobody, pair(bytes, 14)?, 16),
        COOKED_2 => {
            let index = bytes.get(4..)?.first_chunk().copied().map(u32::from_be_bytes)?;
            Link { index, ..link(mac(bytes, 12)?, nobody, pair(bytes, 0)?, 20) }
        }
        _ if RAW.contains(&kind) => {
            let ethertype = match bytes.first()? >> 4 {
                4 => IPV4,
                6 => IPV6,
                _ => return None,
            };
            link(nobody, nobody, ethertype, 0)
        }
        _ => return None,
    };
    while TAGS.contains(&found.ethertype) {
        let tag = u32::from(pair(bytes, found.at)? & 0x0fff) | 0x1000;
        found.tags = (found.tags << 13 | tag) & 0x03ff_ffff;
        found.ethertype = pair(bytes, found.at + 2)?;
        found.at += 4;
    }
    Some(found)
}

/// A cheap look at a few bytes: VRRP, perhaps in an authentication header, ARP, or a neighbour advertisement.
fn matters(ethertype: u16, payload: &[u8]) -> bool {
    let at = |place: usize| payload.get(place).copied();
    match ethertype {
        ARP => true,
        IPV4 => matches!(at(9), Some(VRRP | AH)),
        IPV6 => match at(6) {
            Some(VRRP | AH) => true,
            Some(ICMPV6) => at(40) == Some(ADVERTISEMENT),
            _ => false,
        },
        _ => false,
    }
}

#[cfg(test)]
mod tests;
