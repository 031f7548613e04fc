//! A page about a capture: who was master when, as lanes, and what is wrong, as a table.
use vrrplab_engine::Instant;

use super::data::{Events, Host, Lane, Packets, Page, Port, Row, Sheet, Story, Tone, Verdict};
use super::strings::{Strings, differences, signed};
use crate::analyze::report::{Finding, Master, VirtualRouter, moment};
use crate::analyze::{Report, Weight};
use crate::observe::words::{count, span};

/// One event of the story.
struct Event {
    at: Instant,
    place: String,
    subject: String,
    what: String,
    tone: u8,
    kind: u8,
    /// Position among the findings.
    finding: Option<usize>,
}

/// The tones and kinds that events refer to.
const TONES: [Tone; 5] = [Tone::Plain, Tone::Master, Tone::Warn, Tone::Bad, Tone::Good];
const KINDS: [&str; 2] = ["state", "finding"];

/// The page of a capture with this name.
pub fn of(report: &Report, name: &str, repeat: String) -> Page {
    let errors = report.count(Weight::Error);
    let warnings = report.count(Weight::Warning);
    let words = format!("{}, {}", plural(errors, "error"), plural(warnings, "warning"));
    let tone = match report.weight() {
        None => Tone::Good,
        Some(Weight::Warning) => Tone::Warn,
        Some(Weight::Error) => Tone::Bad,
    };
    let verdict = Verdict { tone, text: if tone == Tone::Good { "nothing is wrong".to_owned() } else { words } };
    let facts = vec![
        ("virtual routers".to_owned(), report.routers.len().to_string()),
        ("packets".to_owned(), report.packets().to_string()),
        ("length".to_owned(), span(report.length())),
        ("begins".to_owned(), format!("{} s since 1970", moment(report.start))),
    ];
    let stories = vec![story(report, name, &verdict, &repeat)];
    let sheets = vec![];
    Page { facts, stories, sheets, about: report.notes.join("\n"), ..Page::new("analyze", name, verdict, repeat) }
}

fn plural(number: usize, thing: &str) -> String {
    count(u64::try_from(number).unwrap_or(u64::MAX), thing)
}

fn story(report: &Report, name: &str, verdict: &Verdict, repeat: &str) -> Story {
    let (mut hosts, mut ports, mut networks, mut lanes) = (Vec::<Host>::new(), Vec::new(), Vec::new(), Vec::new());
    for (network, router) in report.routers.iter().enumerate() {
        networks.push(title(router));
        for member in &router.routers {
            let address = member.address.to_string();
            let known = hosts.iter().position(|host| host.name == address);
            let host = known.unwrap_or(hosts.len());
            if known.is_none() {
                hosts.push(Host { name: address.clone(), kind: "router", about: member.macs.join(" ") });
            }
            ports.push(Port { name: address.clone(), host, network });
            let own = router.masters.iter().filter(|master| master.router == member.address);
            lanes.push(Lane {
                name: address,
                part: title(router),
                kind: "master",
                host: signed(host),
                bars: own.map(bar).collect(),
            });
        }
    }
    let mut strings = Strings::default();
    let events = events(report, &mut strings);
    let rule = |finding: &Finding| (finding.kind.id(), finding.kind.means(), finding.kind.remedy());
    Story {
        name: name.to_owned(),
        about: String::new(),
        verdict: verdict.clone(),
        repeat: repeat.to_owned(),
        end: report.length().0,
        facts: Vec::new(),
        strings: strings.texts.into_list(),
        rules: report.findings.iter().map(rule).collect(),
        networks,
        hosts,
        ports,
        lanes,
        events,
        packets: Packets::default(),
        frames: Vec::new(),
        reached: Vec::new(),
        dropped: Vec::new(),
        changes: Vec::new(),
        islands: Vec::new(),
        sheets: [findings(report), masters(report), routers(report)]
            .into_iter()
            .filter(|s| !s.rows.is_empty())
            .collect(),
    }
}

fn title(router: &VirtualRouter) -> String {
    format!("VRID {} {}", router.vrid, router.family)
}

fn bar(master: &Master) -> (u64, u64, String, Tone) {
    let [from, to] = master.times;
    (from.0, to.0, format!("MASTER, priority {}", master.priority), Tone::Master)
}

fn events(report: &Report, strings: &mut Strings) -> Events {
    let mut all = Vec::new();
    for router in &report.routers {
        for master in &router.masters {
            let [from, to] = master.times;
            let event = |at, what: String, tone| Event {
                at,
                place: master.router.to_string(),
                subject: title(router),
                what,
                tone,
                kind: 0,
                finding: None,
            };
            all.push(event(from, format!("is master, {}", master.how), 1));
            match master.end {
                "released" => all.push(event(to, "gives up (priority 0)".to_owned(), 0)),
                "silent" => all.push(event(to, "was heard as master for the last time".to_owned(), 3)),
                _ => {}
            }
        }
    }
    for (position, finding) in report.findings.iter().enumerate() {
        let tone = if finding.kind.weight() == Weight::Error { 3 } else { 2 };
        let at = Instant(finding.at.0.saturating_sub(if finding.at >= report.start { report.start.0 } else { 0 }));
        let subject = format!("VRID {}", finding.vrid);
        let what = format!("{}: {}", finding.kind.id(), finding.what);
        all.push(Event { at, place: String::new(), subject, what, tone, kind: 1, finding: Some(position) });
    }
    all.sort_by_key(|event| event.at);
    let mut events = Events {
        at: differences(all.iter().map(|event| event.at.0)),
        tones: TONES.to_vec(),
        kinds: KINDS.to_vec(),
        ..Events::default()
    };
    for event in all {
        events.place.push(strings.texts.position(event.place.as_str()));
        events.subject.push(strings.texts.position(event.subject.as_str()));
        events.what.push(strings.texts.position(event.what.as_str()));
        events.rule.push(super::strings::or_none(event.finding));
        events.detail.push(0);
        events.tone.push(event.tone);
        events.kind.push(event.kind);
        events.packet.push(-1);
        events.change.push(-1);
    }
    events
}

fn findings(report: &Report) -> Sheet {
    let rows = report.findings.iter().map(|finding| {
        let weight = finding.kind.weight();
        let tone = if weight == Weight::Error { Tone::Bad } else { Tone::Warn };
        let at = Instant(finding.at.0.saturating_sub(if finding.at >= report.start { report.start.0 } else { 0 }));
        let packets: Vec<String> = finding.packets.iter().map(u64::to_string).collect();
        let cause = finding.cause.as_deref().unwrap_or(finding.kind.cause());
        let what = format!("{}\n{}", finding.what, finding.kind.means());
        let cells = [
            weight.word().to_owned(),
            finding.kind.id().to_owned(),
            finding.vrid.to_string(),
            moment(at),
            what,
            cause.to_owned(),
            finding.kind.remedy().to_owned(),
            finding.count.to_string(),
            packets.join(" "),
        ];
        Row::new(tone, cells).at(Some(at.0))
    });
    Sheet {
        title: "Findings".into(),
        note: "What is wrong, the worst first.".into(),
        columns: vec![
            ("weight", false),
            ("finding", false),
            ("VRID", true),
            ("since", true),
            ("what", false),
            ("likely cause", false),
            ("remedy", false),
            ("times", true),
            ("packets", false),
        ],
        rows: rows.collect(),
    }
}

fn masters(report: &Report) -> Sheet {
    let mut rows = Vec::new();
    for router in &report.routers {
        for master in &router.masters {
            let cells = [
                title(router),
                master.router.to_string(),
                master.from.clone(),
                master.to.clone(),
                master.how.clone(),
                master.end.to_owned(),
                master.priority.to_string(),
                master.adverts.to_string(),
            ];
            rows.push(Row::new(Tone::Plain, cells).at(Some(master.times[0].0)));
        }
    }
    Sheet {
        title: "Masters".into(),
        note: "From the first advert of each time as master to the last.".into(),
        columns: vec![
            ("virtual router", false),
            ("master", false),
            ("from", true),
            ("to", true),
            ("how", false),
            ("end", false),
            ("priority", true),
            ("adverts", true),
        ],
        rows,
    }
}

fn routers(report: &Report) -> Sheet {
    let mut rows = Vec::new();
    for router in &report.routers {
        let addresses: Vec<String> = router.addresses.iter().map(ToString::to_string).collect();
        for member in &router.routers {
            let priorities: Vec<String> = member.priorities.iter().map(u8::to_string).collect();
            let cells = [
                title(router),
                router.settings.clone(),
                addresses.join(" "),
                member.address.to_string(),
                member.macs.join(" "),
                priorities.join(" "),
                member.adverts.to_string(),
                member.missing.to_string(),
            ];
            rows.push(Row::new(Tone::Plain, cells));
        }
    }
    Sheet {
        title: "Routers".into(),
        note: String::new(),
        columns: vec![
            ("virtual router", false),
            ("settings", false),
            ("addresses", false),
            ("router", false),
            ("MAC", false),
            ("priorities", false),
            ("adverts", true),
            ("missing", true),
        ],
        rows,
    }
}
