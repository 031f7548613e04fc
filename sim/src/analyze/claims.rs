//! Who says that a virtual address is his: announcements after a takeover, and answers of somebody else.
use std::collections::{BTreeMap, VecDeque};
use std::net::IpAddr;

use vrrplab_engine::model::Mac;
use vrrplab_engine::{Instant, Span};

use super::evidence::Evidence;
use super::speaker::{End, Reign, Speaker};

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
    /// Hardware addresses with which masters announce this address, other than those of their adverts: it is on another
    /// interface.
    learned: BTreeMap<usize, Mac>,
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
    /// Claims of strangers, who may become masters in a moment.
    doubtful: VecDeque<Claim>,
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

    /// A router becomes master: what it said just before, it said as a master.
    pub fn begins(&mut self, speaker: usize, at: Instant, speakers: &[Speaker]) {
        let vips = &mut self.vips;
        self.doubtful.retain(|claim| {
            let Some(vip) = vips.get_mut(&claim.ip).filter(|vip| vip.speakers.contains(&speaker)) else { return true };
            at.since(claim.at) > HANDOVER
                || !(vip.is_of(speaker, claim.mac, speakers) || vip.learns(speaker, claim, speakers))
        });
    }

    /// A router takes over, and should announce these.
    pub fn taken_over(&mut self, addresses: &[IpAddr], speaker: usize, packet: u64, at: Instant, speakers: &[Speaker]) {
        for ip in addresses {
            let already = self.vips.get(ip).is_some_and(|vip| {
                let announced = vip.announced.filter(|(when, _)| at.since(*when) <= HANDOVER);
                announced.is_some_and(|(_, mac)| vip.is_of(speaker, mac, speakers))
            });
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
        while self.doubtful.front().is_some_and(|first| now.since(first.at) > HANDOVER) {
            self.judge_first();
        }
    }

    /// The capture ends: nobody becomes master any more.
    pub fn finish(&mut self) {
        while !self.doubtful.is_empty() {
            self.judge_first();
        }
    }

    /// The oldest doubtful claim is one of a stranger.
    fn judge_first(&mut self) {
        let Some(claim) = self.doubtful.pop_front() else { return };
        let Some(vip) = self.vips.get_mut(&claim.ip) else { return };
        if let Some(evidence) = vip.strangers.get_mut(&claim.mac) {
            evidence.add(claim.packet, claim.at);
        } else if vip.strangers.len() < FEW {
            vip.strangers.insert(claim.mac, Evidence::new(claim.packet, claim.at));
        }
    }

    /// Somebody says that an address is his.
    pub fn claim(&mut self, claim: Claim, speakers: &[Speaker]) {
        let Some(vip) = self.vips.get_mut(&claim.ip) else { return };
        let is_strange = vip.claim(&claim, speakers);
        if claim.gratuitous {
            vip.announced = Some((claim.at, claim.mac));
            self.waiting.retain(|waiting| {
                let nameless = speakers.get(waiting.speaker).is_none_or(|who| who.macs.is_empty());
                waiting.vip != claim.ip || !(nameless || vip.is_of(waiting.speaker, claim.mac, speakers))
            });
        }
        if is_strange {
            if self.doubtful.len() >= WAITING {
                self.judge_first();
            }
            self.doubtful.push_back(claim);
        }
    }
}

impl Vip {
    /// Whether a hardware address is that of a router, as far as this address goes.
    fn is_of(&self, speaker: usize, mac: Mac, speakers: &[Speaker]) -> bool {
        self.learned.get(&speaker) == Some(&mac) || speakers.get(speaker).is_some_and(|speaker| speaker.has_mac(mac))
    }

    /// A new master announces an address with the hardware address of another interface; nobody else has that one.
    fn learns(&mut self, speaker: usize, claim: &Claim, speakers: &[Speaker]) -> bool {
        let taken = self.speakers.iter().any(|other| self.is_of(*other, claim.mac, speakers));
        let learns = claim.gratuitous && !taken && !self.learned.contains_key(&speaker);
        if learns {
            self.learned.insert(speaker, claim.mac);
        }
        learns
    }

    /// Whether this is said by somebody who is not master.
    fn claim(&mut self, claim: &Claim, speakers: &[Speaker]) -> bool {
        let reign = |number: &usize| speakers.get(*number).and_then(|speaker| speaker.reigns.last());
        let latest = self.speakers.iter().filter_map(|number| Some(reign(number)?.to)).max();
        let is_master = |number: &&usize| reign(number).is_some_and(|reign| is_master(reign, claim.at, latest));
        let masters: Vec<usize> = self.speakers.iter().filter(is_master).copied().collect();
        let nameless = |number: &usize| speakers.get(*number).is_none_or(|speaker| speaker.macs.is_empty());
        if masters.is_empty() || masters.iter().any(nameless) || claim.mac == Mac([0; 6]) {
            return false;
        }
        let newest = masters.iter().filter_map(|number| Some((reign(number)?.from, *number))).max();
        let Some(master) = masters.iter().copied().find(|master| self.is_of(*master, claim.mac, speakers)) else {
            let Some((began, newest)) = newest.filter(|(began, _)| claim.at.since(*began) <= HANDOVER) else {
                return true;
            };
            let former = self.speakers.iter().any(|speaker| self.is_of(*speaker, claim.mac, speakers));
            return !(former || claim.at < began || self.learns(newest, claim, speakers));
        };
        if let Some((mac, since)) = self.holder.filter(|(mac, _)| *mac != claim.mac) {
            let other = masters.iter().any(|other| *other != master && self.is_of(*other, mac, speakers));
            let older = reign(&master).is_some_and(|reign| reign.from < since);
            let settled = newest.is_some_and(|(began, _)| claim.at.since(began) > HANDOVER);
            if settled && other && older && !self.is_of(master, mac, speakers) {
                Evidence::note(&mut self.both, claim.packet, claim.at);
            }
        }
        if self.holder.is_none_or(|(mac, _)| mac != claim.mac) {
            self.holder = Some((claim.mac, claim.at));
        }
        false
    }
}

/// Whether a router may hold its addresses now: it advertises, or nobody has since it did.
fn is_master(reign: &Reign, now: Instant, latest: Option<Instant>) -> bool {
    let silence = now.since(reign.to);
    match reign.end {
        End::Released => silence <= HANDOVER,
        End::Open | End::Silent => silence.0 <= reign.interval.0.saturating_mul(3) / 2 || latest == Some(reign.to),
    }
}
