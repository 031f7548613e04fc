//! From what was seen to what is wrong.
use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use vrrplab_engine::model::Auth;
use vrrplab_engine::rules::Rule;
use vrrplab_engine::{Instant, Span};

use super::super::Analysis;
use super::super::evidence::Evidence;
use super::super::finding::Kind;
use super::super::judge::{Said, refusal};
use super::super::router::{How, Router};
use super::super::speaker::{Shape, Speaker};
use super::{Finding, relative, short};

/// Pairs of routers that are held against each other, for one virtual router.
const PAIRS: usize = 4_096;

/// All findings, the worst first, each kind in the order of time.
pub(super) fn all(routers: &[Router<'_>], analysis: &Analysis, start: Instant) -> Vec<Finding> {
    let mut findings = Findings { start, analysis, list: Vec::new() };
    for router in routers {
        let refusals = findings.refusals(router);
        findings.clash(router);
        findings.doubles(router, &refusals);
        findings.flapping(router);
        findings.pauses(router);
        findings.vlans(router);
        for (_, speaker) in &router.members {
            findings.speaker(speaker);
        }
    }
    findings.announcements();
    findings.answers(routers);
    let mut list = findings.list;
    list.sort_by_key(|finding| (finding.kind.weight(), finding.kind, finding.at, finding.vrid));
    list
}

struct Findings<'a> {
    start: Instant,
    analysis: &'a Analysis,
    list: Vec<Finding>,
}

/// Which router refuses the adverts of which.
type Refusals = BTreeMap<(IpAddr, IpAddr), Rule>;

impl Findings<'_> {
    fn add(&mut self, kind: Kind, vrid: u8, evidence: &Evidence, what: String) -> &mut Finding {
        let at = relative(evidence.first, self.start);
        let (count, packets) = (evidence.count, evidence.packets.clone());
        let position = self.list.len();
        self.list.push(Finding { kind, vrid, what, at, count, packets, cause: None });
        &mut self.list[position]
    }

    /// Every router judges the adverts of every other one, as the engine would.
    fn refusals(&mut self, router: &Router<'_>) -> Refusals {
        let mut refusals = Refusals::new();
        let members = router.members.iter().map(|(_, speaker)| *speaker);
        let pairs = members.clone().flat_map(|from| members.clone().map(move |to| (from, to)));
        for (from, to) in pairs.filter(|(from, to)| from.ip != to.ip).take(PAIRS) {
            let Some(said) = to.said() else { continue };
            // whoever has nothing in common is another cluster
            if said.addresses.iter().all(|ip| !from.addresses.contains(ip)) {
                continue;
            }
            let sound = |shape: &&Shape| shape.refusal.is_none() && !shape.cut;
            let mut found: BTreeMap<Kind, (Evidence, String)> = BTreeMap::new();
            for shape in from.shapes.iter().filter(sound) {
                let Some(rule) = refusal(&shape.frame, said) else { continue };
                let Some((kind, what)) = mismatch(rule, from, to, shape) else { continue };
                refusals.entry((from.ip, to.ip)).or_insert(rule);
                found.entry(kind).or_insert_with(|| (shape.evidence.clone(), what));
            }
            for (kind, (evidence, what)) in found {
                let mirrored = |finding: &Finding| finding.kind == kind && finding.what == what;
                if !self.list.iter().any(mirrored) {
                    self.add(kind, from.vrid, &evidence, what);
                }
            }
        }
        refusals
    }

    fn clash(&mut self, router: &Router<'_>) {
        let first = |speaker: &Speaker| speaker.shapes.iter().find(|shape| shape.refusal.is_none()).cloned();
        for (place, (_, one)) in router.members.iter().enumerate() {
            let strangers = router.members[place + 1..].iter().map(|(_, other)| *other).find(|other| {
                one.addresses.is_disjoint(&other.addresses) && !one.addresses.is_empty() && !other.addresses.is_empty()
            });
            let Some((other, ours, theirs)) = strangers.and_then(|o| Some((o, first(one)?, first(o)?))) else {
                continue;
            };
            let mut evidence = ours.evidence.clone();
            evidence.packets.truncate(1);
            evidence.add(theirs.evidence.packets[0], theirs.evidence.first);
            evidence.first = ours.evidence.first.max(theirs.evidence.first);
            let what = format!(
                "{} has {}, {} has {}, and both are VRID {}",
                one.ip,
                list(&one.addresses),
                other.ip,
                list(&other.addresses),
                one.vrid
            );
            self.add(Kind::VridClash, one.vrid, &evidence, what);
            return;
        }
    }

    fn doubles(&mut self, router: &Router<'_>, refusals: &Refusals) {
        let name = |number: usize| self.analysis.speakers[number].ip;
        let mut told: BTreeMap<(IpAddr, IpAddr), (Evidence, Span)> = BTreeMap::new();
        for double in router.doubles() {
            let names = (name(double.old).min(name(double.new)), name(double.old).max(name(double.new)));
            let lasted = double.to.since(double.from);
            match told.get_mut(&names) {
                Some((evidence, all)) => {
                    evidence.add(double.packets[0], double.from);
                    *all = *all + lasted;
                }
                None => {
                    let mut evidence = Evidence::new(double.packets[0], double.from);
                    evidence.packets.extend(&double.packets[1..]);
                    told.insert(names, (evidence, lasted));
                }
            }
        }
        for ((one, other), (evidence, lasted)) in told {
            let times = if evidence.count > 1 { format!("{} times, ", evidence.count) } else { String::new() };
            let what = format!("{one} and {other} are both master, {times}{} s in all", short(lasted));
            let why = [(one, other), (other, one)].into_iter().find_map(|(from, to)| {
                let rule = refusals.get(&(from, to))?;
                Some(format!("{to} refuses the adverts of {from}: {} [{}]", rule.sentence(), rule.id()))
            });
            let vrid = router.members[0].1.vrid;
            self.add(Kind::DoubleMaster, vrid, &evidence, what).cause = why;
        }
    }

    fn flapping(&mut self, router: &Router<'_>) {
        const OFTEN: usize = 4;
        let moved = |how: &How| !matches!(how, How::First);
        let changes: Vec<_> = router.changes().into_iter().filter(|change| moved(&change.how)).collect();
        let mut evidence: Option<Evidence> = None;
        let mut noted = 0;
        for end in OFTEN..=changes.len() {
            let window = &changes[end - OFTEN..end];
            if window[OFTEN - 1].reign.from.since(window[0].reign.from) > Span::from_secs(60) {
                continue;
            }
            for change in &changes[noted.max(end - OFTEN)..end] {
                Evidence::note(&mut evidence, change.reign.first, change.reign.from);
            }
            noted = end;
        }
        if let Some(evidence) = evidence {
            let lasted = short(evidence.last.since(evidence.first));
            let what = format!("mastership moves {} times in {lasted} s", evidence.count);
            self.add(Kind::Flapping, router.members[0].1.vrid, &evidence, what);
        }
    }

    /// Times without any master, longer than a takeover may take.
    fn pauses(&mut self, router: &Router<'_>) {
        let mut until: Option<(Instant, Span, u64)> = None;
        let mut found: Option<(Evidence, Span)> = None;
        for (_, reign) in router.reigns() {
            if let Some((last, interval, packet)) = until {
                let pause = reign.from.since(last);
                if pause > interval.times(5) {
                    let (evidence, longest) = found.get_or_insert((Evidence::new(packet, last), pause));
                    evidence.add(reign.first, reign.from);
                    *longest = (*longest).max(pause);
                }
            }
            if until.is_none_or(|(last, ..)| reign.to > last) {
                until = Some((reign.to, reign.interval, reign.last));
            }
        }
        if let Some((mut evidence, longest)) = found {
            evidence.count -= 1;
            let what = format!("no adverts for {} s", short(longest));
            self.add(Kind::NoMaster, router.members[0].1.vrid, &evidence, what);
        }
    }

    fn vlans(&mut self, router: &Router<'_>) {
        let tags = |speaker: &Speaker| -> Vec<u32> { speaker.places.iter().map(|place| place.tags).collect() };
        for (place, (_, one)) in router.members.iter().enumerate() {
            let apart = router.members[place + 1..].iter().map(|(_, other)| *other).find(|other| {
                let (ours, theirs) = (tags(one), tags(other));
                !one.addresses.is_disjoint(&other.addresses)
                    && ours.iter().chain(&theirs).any(|tags| *tags != 0)
                    && !ours.iter().any(|tags| theirs.contains(tags))
            });
            let Some((other, shape)) = apart.and_then(|other| Some((other, other.shapes.first()?))) else { continue };
            let vlan = |speaker: &Speaker| {
                let found = speaker.places.iter().next().map(|place| place.vlans()).unwrap_or_default();
                if found.is_empty() {
                    "no VLAN".to_owned()
                } else {
                    let found: Vec<String> = found.iter().map(u32::to_string).collect();
                    format!("VLAN {}", found.join("."))
                }
            };
            let what = format!("{} is heard in {}, {} in {}", one.ip, vlan(one), other.ip, vlan(other));
            let evidence = shape.evidence.clone();
            self.add(Kind::VlanMismatch, one.vrid, &evidence, what);
            return;
        }
    }

    /// What a router does by itself.
    fn speaker(&mut self, speaker: &Speaker) {
        for (rule, evidence) in &speaker.refused {
            let kind = match rule {
                Rule::ReceiveChecksum => Kind::BadChecksum,
                Rule::ReceiveTtl => Kind::BadTtl,
                _ => Kind::Malformed,
            };
            let what = format!("{} adverts of {}: {} [{}]", evidence.count, speaker.ip, rule.sentence(), rule.id());
            self.add(kind, speaker.vrid, evidence, what);
        }
        if let Some(evidence) = &speaker.gaps {
            let what = format!("{} adverts of {} are missing", speaker.missing, speaker.ip);
            self.add(Kind::AdvertGap, speaker.vrid, evidence, what);
        }
        if let Some(evidence) = &speaker.late {
            let latest = short(speaker.latest);
            let what = format!("{} adverts of {} are late, by {latest} s at most", evidence.count, speaker.ip);
            self.add(Kind::AdvertJitter, speaker.vrid, evidence, what);
        }
    }

    fn announcements(&mut self) {
        let analysis = self.analysis;
        let mut found: BTreeMap<(usize, IpAddr), Evidence> = BTreeMap::new();
        for missing in &analysis.claims.missing {
            let seen = if missing.vip.is_ipv4() { analysis.tally.arps } else { analysis.tally.advertisements };
            if seen == 0 {
                continue;
            }
            let evidence = found.entry((missing.speaker, missing.vip));
            evidence
                .and_modify(|evidence| evidence.add(missing.packet, missing.at))
                .or_insert_with(|| Evidence::new(missing.packet, missing.at));
        }
        for ((speaker, vip), evidence) in found {
            let speaker = &analysis.speakers[speaker];
            let what = format!("{} becomes master and does not announce {vip}", speaker.ip);
            self.add(Kind::MissingAnnouncement, speaker.vrid, &evidence, what);
        }
    }

    fn answers(&mut self, routers: &[Router<'_>]) {
        let analysis = self.analysis;
        for (ip, vip) in analysis.claims.vips() {
            let owner = routers.iter().find(|router| router.addresses().contains(&ip));
            let vrid = owner.map_or(0, |router| router.members[0].1.vrid);
            for (mac, evidence) in &vip.strangers {
                let known = analysis.speakers.iter().find(|speaker| speaker.macs.contains(mac));
                let whose = known.map_or_else(String::new, |speaker| format!(", that of {},", speaker.ip));
                let what = format!("{mac}{whose} claims {ip} while another router is its master");
                let cause = known.map(|speaker| format!("{} is no longer master and still has {ip}", speaker.ip));
                self.add(Kind::TwoMacs, vrid, evidence, what).cause = cause;
            }
            if let Some(evidence) = &vip.both {
                let what = format!("two masters claim {ip} in turn");
                self.add(Kind::TwoMacs, vrid, evidence, what).cause = Some("two routers are master".to_owned());
            }
        }
    }
}

/// What two routers disagree in when one refuses the other's advert.
fn mismatch(rule: Rule, from: &Speaker, to: &Speaker, shape: &Shape) -> Option<(Kind, String)> {
    let (said, own) = (&shape.said, to.said()?);
    let both = |ours: String, theirs: String| {
        // told the same way from both sides, so that it is told once
        if from.ip < to.ip {
            format!("{} sends {ours}, {} {theirs}", from.ip, to.ip)
        } else {
            format!("{} sends {theirs}, {} {ours}", to.ip, from.ip)
        }
    };
    let auth = |said: &Said| match said.auth {
        Auth::None => "no authentication".to_owned(),
        Auth::Pass(_) => "a password".to_owned(),
        Auth::Ah(_) => "an authentication header".to_owned(),
    };
    Some(match rule {
        Rule::ReceiveAuthFailure => {
            let (first, second) = (from.ip.min(to.ip), from.ip.max(to.ip));
            (Kind::AuthMismatch, format!("{first} and {second} have different passwords"))
        }
        Rule::ReceiveAuthMismatch | Rule::ReceiveAuthUnknown => (Kind::AuthMismatch, both(auth(said), auth(own))),
        Rule::ReceiveInterval => {
            let every = |said: &Said| format!("every {} s", short(said.interval));
            (Kind::IntervalMismatch, both(every(said), every(own)))
        }
        Rule::ReceiveVersion => {
            (Kind::VersionMismatch, both(format!("VRRPv{}", said.version), format!("VRRPv{}", own.version)))
        }
        Rule::ReceiveCount | Rule::ReceiveAddressList => {
            let addresses = |said: &Said| list(&said.addresses.iter().copied().collect());
            (Kind::AddressMismatch, both(addresses(said), addresses(own)))
        }
        Rule::ReceiveDelivery => {
            let way = |said: &Said| if said.unicast { "to peers" } else { "to the group" }.to_owned();
            (Kind::DeliveryMismatch, both(way(said), way(own)))
        }
        Rule::ReceiveChecksum => {
            let sum = |said: &Said| {
                if said.plain_checksum { "sums without pseudo header" } else { "sums with one" }.to_owned()
            };
            (Kind::ChecksumDiffers, both(sum(said), sum(own)))
        }
        _ => return None,
    })
}

fn list(addresses: &BTreeSet<IpAddr>) -> String {
    const SHOWN: usize = 4;
    let shown: Vec<String> = addresses.iter().take(SHOWN).map(ToString::to_string).collect();
    let more = addresses.len().saturating_sub(SHOWN);
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    if shown.is_empty() { "no address".to_owned() } else { format!("{}{more}", shown.join(", ")) }
}
