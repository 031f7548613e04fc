//! Who says that a virtual address is his: announcements after a takeover, and answers of somebody else.
use std::collections::{BTreeMap, VecDeque};
use std::net::IpAddr;

use vrrplab_engine::model::Mac;
use vrrplab_engine::{Instant, Span};

use super::evidence::Evidence;
use super::speaker::{End, Speaker};

/// Virtual addresses that are watched.
const VIPS: usize = 16_384;
/// Routers and strangers that are kept for one address.
const FEW: usize = 16;
/// Takeovers that wait for their announcement, and those that had none.
const WAITING: usize = 4_096;
/// How long a new master may take to announce an address.
const PATIENCE: Span = Span::from_secs(3);
/// How long an old master may still answer, and how early a new one may announce.
const HANDOVER: Span = Span::from_secs(1);

/// One virtual address.
#[derive(Clone, Debug, Default)]
pub struct Vip {
    speakers: Vec<usize>,
    announced: Option<(Instant, Mac)>,
    holder: Option<(Mac, Instant)>,
    /// Who is not its master, and claims it.
    pub strangers: BTreeMap<Mac, Evidence>,
    /// Two masters claim it in turn.
    pub both: Option<Evidence>,
}

/// A takeover without announcement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Missing {
    /// Of which address.
    pub vip: IpAddr,
    /// By which router.
    pub speaker: usize,
    /// The packet of its first advert.
    pub packet: u64,
    /// When.
    pub at: Instant,
}

/// An ARP packet or neighbour advertisement.
#[derive(Clone, Copy, Debug)]
pub struct Claim {
    /// The packet.
    pub packet: u64,
    /// When.
    pub at: Instant,
    /// The address.
    pub ip: IpAddr,
    /// Whose it is said to be.
    pub mac: Mac,
    /// To everybody, unasked.
    pub gratuitous: bool,
}

/// All virtual addresses.
#[derive(Debug, Default)]
pub struct Claims {
    vips: BTreeMap<IpAddr, Vip>,
    waiting: VecDeque<Missing>,
    /// What was not announced.
    pub missing: Vec<Missing>,
}

impl Claims {
    /// The addresses.
    pub fn vips(&self) -> impl Iterator<Item = (IpAddr, &Vip)> {
        self.vips.iter().map(|(ip, vip)| (*ip, vip))
    }

    /// A router advertises these.
    pub fn advertised(&mut self, addresses: &[IpAddr], speaker: usize) {
        for ip in addresses {
            if self.vips.len() >= VIPS && !self.vips.contains_key(ip) {
                continue;
            }
            let vip = self.vips.entry(*ip).or_default();
            if !vip.speakers.contains(&speaker) && vip.speakers.len() < FEW {
                vip.speakers.push(speaker);
            }
        }
    }

    /// A router takes over, and should announce these.
    pub fn taken_over(&mut self, addresses: &[IpAddr], speaker: usize, packet: u64, at: Instant, speakers: &[Speaker]) {
        let Some(who) = speakers.get(speaker) else { return };
        for ip in addresses {
            let announced = self.vips.get(ip).and_then(|vip| vip.announced);
            let already = announced.is_some_and(|(when, mac)| at.since(when) <= HANDOVER && who.has_mac(mac));
            if !already && self.waiting.len() < WAITING {
                self.waiting.push_back(Missing { vip: *ip, speaker, packet, at });
            }
        }
    }

    /// Time has passed.
    pub fn pass(&mut self, now: Instant) {
        while self.waiting.front().is_some_and(|first| now.since(first.at) > PATIENCE) {
            let missing = self.waiting.pop_front().filter(|_| self.missing.len() < WAITING);
            self.missing.extend(missing);
        }
    }

    /// Somebody says that an address is his.
    pub fn claim(&mut self, claim: Claim, speakers: &[Speaker]) {
        let Some(vip) = self.vips.get_mut(&claim.ip) else { return };
        if claim.gratuitous {
            vip.announced = Some((claim.at, claim.mac));
            self.waiting.retain(|waiting| {
                let who = speakers.get(waiting.speaker);
                let named = who.is_none_or(|who| who.macs.is_empty() || who.has_mac(claim.mac));
                waiting.vip != claim.ip || !named
            });
        }
        vip.claim(claim, speakers);
    }
}

impl Vip {
    fn claim(&mut self, claim: Claim, speakers: &[Speaker]) {
        let all = || self.speakers.iter().filter_map(|number| speakers.get(*number));
        let latest = all().filter_map(|speaker| Some(speaker.reigns.last()?.to)).max();
        let masters: Vec<&Speaker> = all().filter(|speaker| is_master(speaker, claim.at, latest)).collect();
        if masters.is_empty() || masters.iter().any(|master| master.macs.is_empty()) {
            return;
        }
        let Some(master) = masters.iter().find(|master| master.has_mac(claim.mac)) else {
            let began = masters.iter().filter_map(|master| Some(master.reigns.last()?.from)).max();
            let handover = began.is_some_and(|began| claim.at.since(began) <= HANDOVER);
            if (handover && all().any(|speaker| speaker.has_mac(claim.mac))) || self.strangers.len() >= FEW {
                return;
            }
            let found = self.strangers.get_mut(&claim.mac);
            match found {
                Some(evidence) => evidence.add(claim.packet, claim.at),
                None => drop(self.strangers.insert(claim.mac, Evidence::new(claim.packet, claim.at))),
            }
            return;
        };
        if let Some((mac, since)) = self.holder.filter(|(mac, _)| *mac != claim.mac) {
            let other = masters.iter().any(|other| other.ip != master.ip && other.has_mac(mac));
            let older = master.reigns.last().is_some_and(|reign| reign.from < since);
            if other && older && !master.has_mac(mac) {
                Evidence::note(&mut self.both, claim.packet, claim.at);
            }
        }
        if self.holder.is_none_or(|(mac, _)| mac != claim.mac) {
            self.holder = Some((claim.mac, claim.at));
        }
    }
}

/// Whether a router may hold its addresses now: it advertises, or nobody has since it did.
fn is_master(speaker: &Speaker, now: Instant, latest: Option<Instant>) -> bool {
    let Some(reign) = speaker.reigns.last() else { return false };
    let silence = now.since(reign.to);
    match reign.end {
        End::Released => silence <= HANDOVER,
        End::Open | End::Silent => silence.0 <= reign.interval.0.saturating_mul(3) / 2 || latest == Some(reign.to),
    }
}
