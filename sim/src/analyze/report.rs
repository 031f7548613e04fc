//! The result: virtual routers, who was master of them when, and findings.
mod find;

use std::net::IpAddr;

use serde::Serialize;
use vrrplab_engine::model::Auth;
use vrrplab_engine::{Instant, Span};

use super::Analysis;
use super::finding::{Kind, Weight};
use super::router::{self, Change, How, Router};
use super::speaker::{End, Speaker};

/// What a capture tells.
#[derive(Debug)]
pub struct Report {
    pub(super) analysis: Analysis,
    /// When the capture begins, since 1970.
    pub start: Instant,
    /// The virtual routers.
    pub routers: Vec<VirtualRouter>,
    /// What is wrong, the worst first.
    pub findings: Vec<Finding>,
    /// What should be known about the capture itself.
    pub notes: Vec<String>,
}

/// A virtual router.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct VirtualRouter {
    /// Its number.
    pub vrid: u8,
    /// `IPv4` or `IPv6`.
    pub family: &'static str,
    /// The version, interval and authentication that most recent adverts tell.
    pub settings: String,
    /// Its addresses.
    pub addresses: Vec<IpAddr>,
    /// Its routers.
    pub routers: Vec<Member>,
    /// Who was master when.
    pub masters: Vec<Master>,
}

/// A router of a virtual router.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Member {
    /// Its own address.
    pub address: IpAddr,
    /// Its hardware addresses.
    pub macs: Vec<String>,
    /// Its priorities, one after the other.
    pub priorities: Vec<u8>,
    /// How many adverts it has sent.
    pub adverts: u64,
    /// How many of them are missing.
    pub missing: u64,
    /// How late an advert was at most, in microseconds.
    pub latest_us: u64,
}

/// A time as master.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Master {
    /// Who.
    pub router: IpAddr,
    /// The first advert, in seconds since the capture began.
    pub from: String,
    /// The last one.
    pub to: String,
    /// How it became master.
    pub how: String,
    /// How it ended.
    pub end: &'static str,
    /// Its priority then.
    pub priority: u8,
    /// How many adverts.
    pub adverts: u64,
    /// The numbers of the first and last packet.
    pub packets: [u64; 2],
    /// The same times, since the capture began.
    #[serde(skip)]
    pub times: [Instant; 2],
}

/// Something is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// What.
    pub kind: Kind,
    /// Of which virtual router.
    pub vrid: u8,
    /// In this case.
    pub what: String,
    /// Since when.
    pub at: Instant,
    /// How often.
    pub count: u64,
    /// The numbers of the first packets that show it.
    pub packets: Vec<u64>,
    /// What caused it here, where that can be told.
    pub cause: Option<String>,
}

/// A finding in JSON.
#[derive(Serialize)]
struct FindingJson<'a> {
    id: &'static str,
    weight: Weight,
    vrid: u8,
    at: String,
    count: u64,
    packets: &'a [u64],
    what: &'a str,
    means: &'static str,
    cause: &'a str,
    remedy: &'static str,
}

/// All in JSON.
#[derive(Serialize)]
struct ReportJson<'a> {
    start_ns: u64,
    seconds: String,
    packets: u64,
    adverts: u64,
    arp: u64,
    neighbour_advertisements: u64,
    interfaces: usize,
    notes: &'a [String],
    virtual_routers: &'a [VirtualRouter],
    findings: Vec<FindingJson<'a>>,
}

/// Makes the report.
pub(super) fn make(analysis: Analysis) -> Report {
    let start = analysis.tally.start.unwrap_or_default();
    let routers = router::group(&analysis.speakers);
    let told = routers.iter().map(|router| virtual_router(router, &analysis, start)).collect();
    let findings = find::all(&routers, &analysis, start);
    let notes = notes(&analysis);
    Report { start, routers: told, findings, notes, analysis }
}

impl Report {
    /// The heaviest weight among the findings.
    pub fn weight(&self) -> Option<Weight> {
        self.findings.iter().map(|finding| finding.kind.weight()).min()
    }

    /// How many findings have this weight.
    pub fn count(&self, weight: Weight) -> usize {
        self.findings.iter().filter(|finding| finding.kind.weight() == weight).count()
    }

    /// For people.
    pub fn text(&self) -> String {
        super::text::text(self)
    }

    /// How many packets the capture has.
    pub fn packets(&self) -> u64 {
        self.analysis.tally.packets
    }

    /// How long the capture lasts.
    pub fn length(&self) -> Span {
        self.analysis.tally.end.since(self.start)
    }

    /// For machines.
    pub fn json(&self) -> serde_json::Result<String> {
        let tally = &self.analysis.tally;
        let findings = self.findings.iter().map(|finding| FindingJson {
            id: finding.kind.id(),
            weight: finding.kind.weight(),
            vrid: finding.vrid,
            at: moment(finding.at),
            count: finding.count,
            packets: &finding.packets,
            what: &finding.what,
            means: finding.kind.means(),
            cause: finding.cause.as_deref().unwrap_or(finding.kind.cause()),
            remedy: finding.kind.remedy(),
        });
        serde_json::to_string_pretty(&ReportJson {
            start_ns: self.start.0,
            seconds: moment(Instant(self.length().0)),
            packets: tally.packets,
            adverts: tally.adverts,
            arp: tally.arps,
            neighbour_advertisements: tally.advertisements,
            interfaces: tally.interfaces,
            notes: &self.notes,
            virtual_routers: &self.routers,
            findings: findings.collect(),
        })
    }
}

/// A moment since the capture began.
fn relative(at: Instant, start: Instant) -> Instant {
    Instant(at.since(start).0)
}

fn virtual_router(router: &Router<'_>, analysis: &Analysis, start: Instant) -> VirtualRouter {
    let (_, first) = router.members[0];
    let newest = router.members.iter().max_by_key(|(_, speaker)| speaker.heard_last());
    VirtualRouter {
        vrid: first.vrid,
        family: if first.ip.is_ipv4() { "IPv4" } else { "IPv6" },
        settings: newest.map(|(_, speaker)| settings(speaker)).unwrap_or_default(),
        addresses: router.addresses().into_iter().collect(),
        routers: router.members.iter().map(|(_, speaker)| member(speaker)).collect(),
        masters: router.changes().iter().map(|change| master(change, analysis, start)).collect(),
    }
}

fn settings(speaker: &Speaker) -> String {
    let Some(said) = speaker.said() else { return String::new() };
    let auth = match (said.version, said.auth) {
        (2, Auth::None) => ", no authentication",
        (2, Auth::Pass(_)) => ", password in clear text",
        (2, Auth::Ah(_)) => ", authentication header",
        _ => "",
    };
    let way = if said.unicast { ", unicast" } else { "" };
    format!("VRRPv{}, every {} s{auth}{way}", said.version, short(said.interval))
}

/// A moment in seconds, to the microsecond.
pub fn moment(at: Instant) -> String {
    format!("{}.{:06}", at.0 / 1_000_000_000, at.0 % 1_000_000_000 / 1_000)
}

/// Seconds without needless zeros.
pub(super) fn short(span: Span) -> String {
    moment(Instant(span.0)).trim_end_matches('0').trim_end_matches('.').to_owned()
}

fn member(speaker: &Speaker) -> Member {
    Member {
        address: speaker.ip,
        macs: speaker.macs.iter().map(ToString::to_string).collect(),
        priorities: speaker.priorities.iter().map(|(_, priority)| *priority).collect(),
        adverts: speaker.adverts,
        missing: speaker.missing,
        latest_us: speaker.latest.as_micros(),
    }
}

fn master(change: &Change<'_>, analysis: &Analysis, start: Instant) -> Master {
    let name = |number: usize| analysis.speakers[number].ip;
    let how = match change.how {
        How::First => "the first in this capture".to_owned(),
        How::AfterRelease(who, ago) => format!("{} s after {} gave up", short(ago), name(who)),
        How::AfterSilence(who, ago) => format!("{} s after {} was last heard", short(ago), name(who)),
        How::Preempts(who) => format!("in place of {}", name(who)),
        How::Beside(who) => format!("beside {}, which goes on", name(who)),
        How::Again(ago) => format!("again, after {} s without any master", short(ago)),
    };
    let reign = change.reign;
    Master {
        router: name(change.who),
        from: moment(relative(reign.from, start)),
        to: moment(relative(reign.to, start)),
        how,
        end: match reign.end {
            End::Open => "open",
            End::Released => "released",
            End::Silent => "silent",
        },
        priority: reign.priority,
        adverts: reign.adverts,
        packets: [reign.first, reign.last],
        times: [relative(reign.from, start), relative(reign.to, start)],
    }
}

/// What limits what can be told.
fn notes(analysis: &Analysis) -> Vec<String> {
    let tally = &analysis.tally;
    let mut notes = Vec::new();
    for (link, count) in &tally.unknown {
        notes.push(format!("{count} packets have link type {link}, which is not understood"));
    }
    if tally.cut > 0 {
        notes.push(format!(
            "{} packets that matter were cut short by the capture (tcpdump -s 0 keeps all): they are counted, not judged",
            tally.cut
        ));
    }
    if tally.homeless > 0 {
        notes.push(format!("{} adverts come from more routers than can be told apart", tally.homeless));
    }
    if tally.kept >= super::ROOM {
        notes.push(
            "there are so many different adverts that not all could be kept; of some only a part is told".to_owned(),
        );
    }
    let adverts = tally.adverts > 0;
    if adverts && tally.arps == 0 && analysis.speakers.iter().any(|speaker| speaker.ip.is_ipv4()) {
        notes.push("no ARP is in this capture: announcements and answers for IPv4 are not judged".to_owned());
    }
    if adverts && tally.advertisements == 0 && analysis.speakers.iter().any(|speaker| speaker.ip.is_ipv6()) {
        notes.push(
            "no neighbour advertisement is in this capture: announcements and answers for IPv6 are not judged"
                .to_owned(),
        );
    }
    notes
}
