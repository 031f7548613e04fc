//! What a capture of a real network tells: which virtual routers there are, who was master when, and what is wrong.
//!
//! `file` streams packets out of pcap and pcapng, `link` passes over all that is no VRRP, ARP or neighbour
//! advertisement, and [`Analysis`] keeps what the rest shows, in memory that does not grow with the capture: one
//! `Speaker` for each router, `Claims` for the addresses. Adverts are judged by the engine's own receive path
//! (`judge`). [`report`] makes virtual routers and findings of that, [`scenario`] a world in which the same happens.
mod claims;
mod evidence;
pub mod file;
mod finding;
mod judge;
mod link;
pub mod report;
mod router;
pub mod scenario;
mod speaker;
mod text;

use std::collections::BTreeMap;
use std::io::Read;
use std::net::IpAddr;

use vrrplab_engine::{Instant, Span};
use vrrplab_wire::{Envelope, VrrpView, check_arp, check_na, is_vrrp};

use claims::{Claim, Claims};
use file::{Reader, Record, Trouble};
pub use finding::{Kind, Weight};
use link::{Frame, Unwrapper};
pub use report::Report;
use speaker::{Capture, End, Meaning, Speaker};

/// Routers that are kept.
const SPEAKERS: usize = 65_536;
/// About so many bytes are kept of all routers: no network has as much to tell, only forgers do.
const ROOM: usize = 256 << 20;
/// Kinds of link types that are counted.
const LINKS: usize = 16;

/// What has been seen of a capture so far.
#[derive(Debug, Default)]
pub struct Analysis {
    speakers: Vec<Speaker>,
    index: BTreeMap<(u8, IpAddr), usize>,
    claims: Claims,
    tally: Tally,
}

/// What there was to see.
#[derive(Clone, Debug, Default)]
struct Tally {
    start: Option<Instant>,
    end: Instant,
    packets: u64,
    adverts: u64,
    arps: u64,
    advertisements: u64,
    cut: u64,
    interfaces: usize,
    /// Packets with link types that are not understood.
    unknown: BTreeMap<u16, u64>,
    /// Adverts of routers that there was no room for.
    homeless: u64,
    /// About how many bytes are kept of all routers.
    kept: usize,
}

/// How a reading goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Go {
    /// On.
    On,
    /// Somebody has had enough.
    Stop,
}

/// So many packets lie between two questions whether to go on.
const STRIDE: u64 = 65_536;

/// Reads a whole capture. `progress` is told now and then how many bytes and packets have been read. What was found before
/// any trouble is in the analysis.
pub fn read(from: impl Read, progress: &mut dyn FnMut(u64, u64) -> Go) -> (Analysis, Option<Trouble>) {
    let mut analysis = Analysis::default();
    let trouble = analysis.read(from, progress).err();
    (analysis, trouble)
}

impl Analysis {
    fn read(&mut self, from: impl Read, progress: &mut dyn FnMut(u64, u64) -> Go) -> Result<(), Trouble> {
        let mut reader = Reader::new(from)?;
        let mut unwrapper = Unwrapper::default();
        loop {
            if self.tally.packets.is_multiple_of(STRIDE) && progress(reader.offset(), self.tally.packets) == Go::Stop {
                break;
            }
            let Some(record) = reader.next_record()? else { break };
            self.take(&record, &mut unwrapper);
        }
        self.tally.interfaces = reader.interfaces();
        Ok(())
    }

    /// How many packets there were.
    pub fn packets(&self) -> u64 {
        self.tally.packets
    }

    /// What it all means.
    pub fn report(mut self) -> Report {
        let end = self.tally.end;
        for speaker in &mut self.speakers {
            speaker.finish(end);
        }
        self.claims.pass(end);
        self.claims.finish();
        report::make(self)
    }

    fn take(&mut self, record: &Record<'_>, unwrapper: &mut Unwrapper) {
        let tally = &mut self.tally;
        tally.packets += 1;
        tally.start.get_or_insert(record.at);
        tally.end = tally.end.max(record.at);
        let Some(frame) = unwrapper.frame(record) else {
            if !link::is_known(record.link) && (tally.unknown.len() < LINKS || tally.unknown.contains_key(&record.link))
            {
                *tally.unknown.entry(record.link).or_default() += 1;
            }
            return;
        };
        tally.cut += u64::from(frame.cut);
        self.claims.pass(record.at);
        if is_vrrp(frame.bytes) {
            self.advert(record, &frame);
        } else if let Some(claim) = self.claim_of(record, frame.bytes) {
            self.claims.claim(claim, &self.speakers);
        }
    }

    /// What an ARP packet or neighbour advertisement says.
    fn claim_of(&mut self, record: &Record<'_>, frame: &[u8]) -> Option<Claim> {
        let (packet, at) = (record.number, record.at);
        if let Ok(arp) = check_arp(frame) {
            self.tally.arps += 1;
            let (ip, mac) = (arp.sender_ip, arp.sender_mac);
            return Some(Claim { packet, at, ip: IpAddr::V4(ip), mac, gratuitous: ip == arp.target_ip });
        }
        let na = check_na(frame).ok()?;
        self.tally.advertisements += 1;
        Some(Claim { packet, at, ip: IpAddr::V6(na.target), mac: na.target_mac?, gratuitous: !na.solicited })
    }

    fn advert(&mut self, record: &Record<'_>, frame: &Frame<'_>) {
        let Some(envelope) = Envelope::parse(frame.bytes) else { return };
        let Some(view) = VrrpView::new(envelope.payload) else { return };
        self.tally.adverts += 1;
        let (packet, at) = (record.number, record.at);
        let Some(number) = self.speaker(view.vrid(), envelope.src) else {
            self.tally.homeless += 1;
            return;
        };
        let capture = Capture { packet, at, place: frame.place, cut: frame.cut, frame: frame.bytes, envelope, view };
        let superseded = self.superseded(number, at);
        let speaker = &mut self.speakers[number];
        let (known, weight) = (speaker.addresses.len(), speaker.weight());
        let meaning = speaker.hear(&capture, superseded, self.tally.kept < ROOM);
        self.tally.kept += speaker.weight().saturating_sub(weight);
        if speaker.addresses.len() != known {
            let addresses: Vec<IpAddr> = speaker.addresses.iter().copied().collect();
            self.claims.advertised(&addresses, number);
        }
        if meaning == Meaning::Begins {
            self.claims.begins(number, at, &self.speakers);
            if self.is_takeover(number, at) {
                let addresses = self.speakers[number].said().map(|said| said.addresses.clone()).unwrap_or_default();
                self.claims.taken_over(&addresses, number, packet, at, &self.speakers);
            }
        }
    }

    /// The number of a router, a new one if need be.
    fn speaker(&mut self, vrid: u8, ip: IpAddr) -> Option<usize> {
        if let Some(number) = self.index.get(&(vrid, ip)) {
            return Some(*number);
        }
        if self.speakers.len() >= SPEAKERS {
            return None;
        }
        self.speakers.push(Speaker::new(vrid, ip));
        self.index.insert((vrid, ip), self.speakers.len() - 1);
        Some(self.speakers.len() - 1)
    }

    /// The other routers that belong to the same virtual router.
    fn others(&self, number: usize) -> impl Iterator<Item = &Speaker> {
        let own = &self.speakers[number];
        let of_vrid = (own.vrid, IpAddr::from([0, 0, 0, 0]))..=(own.vrid, IpAddr::from([0xffff; 8]));
        let all = self.index.range(of_vrid).filter(move |(_, other)| **other != number);
        all.map(|(_, other)| &self.speakers[*other]).filter(move |other| router::are_related(own, other))
    }

    /// Somebody else has become master since this router was last heard.
    fn superseded(&self, number: usize, at: Instant) -> bool {
        let own = &self.speakers[number];
        if own.silence(at).is_none() {
            return false;
        }
        let last = own.heard_last();
        self.others(number).any(|other| other.reigns.last().is_some_and(|reign| Some(reign.from) > last))
    }

    /// Whether a first advert is a takeover, and not only the first that the capture has of an old master.
    fn is_takeover(&self, number: usize, at: Instant) -> bool {
        let own = &self.speakers[number];
        if let [.., before, _] = own.reigns[..] {
            // who was only paused, with nobody else to be master, goes on where it was
            let others = self.others(number).any(|other| other.reigns.last().is_some_and(|reign| reign.to > before.to));
            return before.end == End::Released || others;
        }
        let waited = own.said().map_or(Span::ZERO, |said| said.down()) + Span::from_secs(1);
        let silent = self.tally.start.is_some_and(|start| at.since(start) > waited);
        silent || self.others(number).any(|other| !other.reigns.is_empty())
    }
}

#[cfg(test)]
mod tests;
