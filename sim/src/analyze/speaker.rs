//! One router as its adverts show it: what it says, when it is master, how well it keeps time.
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::net::IpAddr;

use vrrplab_engine::model::Mac;
use vrrplab_engine::rules::Rule;
use vrrplab_engine::{Instant, Span};
use vrrplab_wire::{Envelope, VrrpView};

use super::evidence::Evidence;
use super::judge::{Said, own_refusal};
use super::link::Place;

/// Different adverts that are kept of one router.
const SHAPES: usize = 64;
/// Of longer frames only the beginning is kept; an advert with 255 addresses of IPv6 fits.
const LONGEST: usize = 4_200;
/// Times as master that are kept of one router.
const REIGNS: usize = 4_096;
/// Changes of priority, hardware addresses, places and addresses that are kept of one router.
const FEW: usize = 256;
/// Adverts whose copies are known.
const RECENT: usize = 4;
/// The same packet again within this time is a copy.
const COPY: Span = Span::from_millis(10);

/// One kind of advert of a router; all that are alike are one.
#[derive(Clone, Debug)]
pub struct Shape {
    /// What it says.
    pub said: Said,
    /// A frame.
    pub frame: Vec<u8>,
    /// Which packets.
    pub evidence: Evidence,
    /// Why nobody would take it.
    pub refusal: Option<Rule>,
    /// Not all of it was kept: not to be compared.
    pub cut: bool,
    mac: Mac,
    ttl: u8,
    sane: bool,
    payload: Vec<u8>,
}

/// How a time as master ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// It lasts until the capture ends, or nobody knows.
    Open,
    /// With priority 0.
    Released,
    /// Without a word.
    Silent,
}

/// A time as master: from the first advert to the last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reign {
    /// The first advert.
    pub from: Instant,
    /// The last one, or the release.
    pub to: Instant,
    /// The packet of the first.
    pub first: u64,
    /// The packet of the last.
    pub last: u64,
    /// How many.
    pub adverts: u64,
    /// The priority of the first.
    pub priority: u8,
    /// The interval of the last.
    pub interval: Span,
    /// How it ends.
    pub end: End,
}

/// An advert as it was captured.
#[derive(Clone, Copy, Debug)]
pub struct Capture<'a> {
    /// The number of the packet.
    pub packet: u64,
    /// When.
    pub at: Instant,
    /// Where.
    pub place: Option<Place>,
    /// Not all of it was kept.
    pub cut: bool,
    /// The frame.
    pub frame: &'a [u8],
    /// What is around the message.
    pub envelope: Envelope<'a>,
    /// The message.
    pub view: VrrpView<'a>,
}

/// What an advert meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Meaning {
    /// Nothing new.
    Nothing,
    /// It is master still.
    Goes,
    /// It is master from now on.
    Begins,
    /// It gives up.
    Ends,
}

/// An advert counted not long ago, to know its copies.
#[derive(Clone, Debug)]
struct Last {
    at: Instant,
    id: u16,
    shape: usize,
    places: Vec<Place>,
}

/// A router.
#[derive(Clone, Debug)]
pub struct Speaker {
    /// The virtual router.
    pub vrid: u8,
    /// Its own address.
    pub ip: IpAddr,
    /// Its hardware addresses.
    pub macs: Vec<Mac>,
    /// Where it is heard.
    pub places: BTreeSet<Place>,
    /// All addresses that it has advertised.
    pub addresses: BTreeSet<IpAddr>,
    /// What it says.
    pub shapes: Vec<Shape>,
    /// When it is master.
    pub reigns: Vec<Reign>,
    /// Its adverts that nobody would take, by the check that fails.
    pub refused: BTreeMap<Rule, Evidence>,
    /// Adverts that come after others are missing.
    pub gaps: Option<Evidence>,
    /// How many are missing in all.
    pub missing: u64,
    /// Adverts that come more than a quarter of an interval late.
    pub late: Option<Evidence>,
    /// How late at most.
    pub latest: Span,
    /// Its priorities.
    pub priorities: Vec<(Instant, u8)>,
    /// How many adverts, copies left out.
    pub adverts: u64,
    /// The last ones: copies may come behind the next advert.
    recent: VecDeque<Last>,
}

impl Speaker {
    /// A router that has said nothing yet.
    pub fn new(vrid: u8, ip: IpAddr) -> Speaker {
        Speaker {
            vrid,
            ip,
            macs: Vec::new(),
            places: BTreeSet::new(),
            addresses: BTreeSet::new(),
            shapes: Vec::new(),
            reigns: Vec::new(),
            refused: BTreeMap::new(),
            gaps: None,
            missing: 0,
            late: None,
            latest: Span::ZERO,
            priorities: Vec::new(),
            adverts: 0,
            recent: VecDeque::new(),
        }
    }

    /// What it says of itself: its last advert that is in order, else its first.
    pub fn said(&self) -> Option<&Said> {
        let whole = |shape: &&Shape| shape.refusal.is_none() && !shape.cut && shape.said.priority > 0;
        let best = self.shapes.iter().filter(whole).max_by_key(|shape| shape.evidence.last);
        best.or(self.shapes.first()).map(|shape| &shape.said)
    }

    /// When it was heard last.
    pub fn heard_last(&self) -> Option<Instant> {
        self.recent.back().map(|last| last.at)
    }

    /// How long ago it was last heard, when that is longer than its adverts are apart.
    pub fn silence(&self, at: Instant) -> Option<Span> {
        let reign = self.reigns.last()?;
        let silence = at.since(reign.to);
        (silence.0 > reign.interval.0.saturating_mul(3) / 2).then_some(silence)
    }

    /// Hears an advert. `superseded`: somebody else has been master since the last one. `room`: more may be kept.
    pub fn hear(&mut self, capture: &Capture<'_>, superseded: bool, room: bool) -> Meaning {
        if let Some(place) = capture.place.filter(|_| room && self.places.len() < FEW) {
            self.places.insert(place);
        }
        let (number, kept) = self.shape(capture, room);
        let Some(shape) = kept.as_ref().or(self.shapes.get(number)) else { return Meaning::Nothing };
        let (refusal, priority, interval) = (shape.refusal, shape.said.priority, shape.said.interval);
        let down = shape.said.down();
        if self.is_copy(capture, number, interval) {
            return Meaning::Nothing;
        }
        match self.shapes.get_mut(number) {
            Some(shape) if shape.evidence.packets != [capture.packet] => shape.evidence.add(capture.packet, capture.at),
            _ => {}
        }
        self.adverts += 1;
        let id = capture.envelope.id;
        let places = capture.place.into_iter().collect();
        if self.recent.len() >= RECENT {
            self.recent.pop_front();
        }
        self.recent.push_back(Last { at: capture.at, id, shape: number, places });
        if let Some(rule) = refusal {
            let found = self.refused.entry(rule);
            found
                .and_modify(|evidence| evidence.add(capture.packet, capture.at))
                .or_insert_with(|| Evidence::new(capture.packet, capture.at));
            // of what was damaged on its way nothing can be believed
            if rule != Rule::ReceiveTtl {
                return Meaning::Nothing;
            }
        }
        if priority == 0 {
            return self.release(capture);
        }
        if room && self.priorities.len() < FEW && self.priorities.last().is_none_or(|(_, last)| *last != priority) {
            self.priorities.push((capture.at, priority));
        }
        let begins = Reign {
            from: capture.at,
            to: capture.at,
            first: capture.packet,
            last: capture.packet,
            adverts: 1,
            priority,
            interval,
            end: End::Open,
        };
        let meaning = self.reign(begins, down, superseded);
        if meaning == Meaning::Begins && room && self.reigns.len() < REIGNS {
            self.reigns.push(begins);
        }
        meaning
    }

    /// The kind of this advert: its number, and the kind itself when there is no room for more.
    fn shape(&mut self, capture: &Capture<'_>, room: bool) -> (usize, Option<Shape>) {
        let (envelope, view) = (&capture.envelope, &capture.view);
        let sane = envelope.header_ok && !envelope.fragment;
        let alike = |shape: &Shape| {
            shape.payload == view.bytes()
                && (shape.mac, shape.ttl, shape.sane) == (envelope.src_mac, envelope.ttl, sane)
                && shape.cut == capture.cut
        };
        let last = self.recent.back().map(|last| last.shape).filter(|n| self.shapes.get(*n).is_some_and(alike));
        if let Some(number) = last.or_else(|| self.shapes.iter().position(alike)) {
            return (number, None);
        }
        let said = Said::read(envelope, view);
        let refusal = if capture.cut { None } else { own_refusal(capture.frame, &said) };
        let known = self.addresses.len();
        if refusal.is_none() && room {
            self.addresses.extend(said.addresses.iter().take(FEW.saturating_sub(known)));
            if !self.macs.contains(&envelope.src_mac) && self.macs.len() < FEW && envelope.src_mac != Mac([0; 6]) {
                self.macs.push(envelope.src_mac);
            }
        }
        let shape = Shape {
            said,
            frame: capture.frame.get(..LONGEST).unwrap_or(capture.frame).to_vec(),
            evidence: Evidence::new(capture.packet, capture.at),
            refusal,
            cut: capture.cut,
            mac: envelope.src_mac,
            ttl: envelope.ttl,
            sane,
            payload: view.bytes().get(..LONGEST).unwrap_or(view.bytes()).to_vec(),
        };
        if room && self.shapes.len() < SHAPES {
            self.shapes.push(shape);
            return (self.shapes.len() - 1, None);
        }
        (SHAPES, Some(shape))
    }

    /// The same packet again, seen at another place or by another eye at the same one.
    fn is_copy(&mut self, capture: &Capture<'_>, shape: usize, interval: Span) -> bool {
        let id = capture.envelope.id;
        self.recent.iter_mut().rev().filter(|last| (last.id, last.shape) == (id, shape)).any(|last| {
            let since = capture.at.since(last.at);
            let elsewhere = capture.place.is_some_and(|place| !last.places.contains(&place));
            if elsewhere && last.places.len() < FEW {
                last.places.extend(capture.place);
            }
            since < COPY || (elsewhere && since.0 < interval.0 / 2)
        })
    }

    fn release(&mut self, capture: &Capture<'_>) -> Meaning {
        match self.reigns.last_mut() {
            Some(reign) if reign.end == End::Open => {
                (reign.to, reign.last, reign.end) = (capture.at, capture.packet, End::Released);
                Meaning::Ends
            }
            _ => Meaning::Nothing,
        }
    }

    /// An advert goes on with the last time as master, or begins another one.
    fn reign(&mut self, now: Reign, down: Span, superseded: bool) -> Meaning {
        let Some(reign) = self.reigns.last_mut().filter(|reign| reign.end == End::Open) else { return Meaning::Begins };
        let (gap, interval) = (now.from.since(reign.to), now.interval);
        if superseded || gap > down {
            reign.end = End::Silent;
            return Meaning::Begins;
        }
        let late = gap.0.saturating_sub(interval.0);
        if late > interval.0 / 2 {
            Evidence::note(&mut self.gaps, now.first, now.from);
            self.missing += (gap.0.saturating_add(interval.0 / 2) / interval.0.max(1)).saturating_sub(1);
        } else if late > interval.0 / 4 {
            Evidence::note(&mut self.late, now.first, now.from);
            self.latest = self.latest.max(Span(late));
        }
        (reign.to, reign.last, reign.interval) = (now.from, now.first, interval);
        reign.adverts += 1;
        Meaning::Goes
    }

    /// About how many bytes are kept.
    pub fn weight(&self) -> usize {
        let few = self.places.len() + self.addresses.len() + self.macs.len() + self.priorities.len();
        self.shapes.len() * 2 * LONGEST + self.reigns.len() * 80 + few * 64
    }

    /// The capture ends: who has not been heard for so long has fallen silent.
    pub fn finish(&mut self, end: Instant) {
        let Some(down) = self.said().map(Said::down) else { return };
        if let Some(reign) = self.reigns.last_mut().filter(|reign| reign.end == End::Open)
            && end.since(reign.to) > down
        {
            reign.end = End::Silent;
        }
    }

    /// The hardware address that the standard gives to the virtual router.
    pub fn virtual_mac(&self) -> Mac {
        Mac([0, 0, 0x5e, 0, if self.ip.is_ipv4() { 1 } else { 2 }, self.vrid])
    }

    /// Whether an address is one of its own hardware, or the virtual one.
    pub fn has_mac(&self, mac: Mac) -> bool {
        self.macs.contains(&mac) || mac == self.virtual_mac()
    }
}
