//! A run becomes a story: its outcome and its book, as columns.
use std::collections::BTreeMap;

use vrrplab_engine::Span;
use vrrplab_formats::world::World;

use super::book::{Book, Kind};
use super::data::{Cause, Events, Packets, Page, Story, Tone, Verdict};
use super::packets::Flights;
use super::site::Site;
use super::strings::{Pool, Strings, base64, differences, or_none, signed};
use super::{lanes, sheets};
use crate::experiment::Outcome;
use crate::observe::timeline::Tone as LineTone;
use crate::observe::words::{Names, span};
use crate::observe::{Level, why};

/// The tones of events, in the order of the page's data.
const TONES: [Tone; 5] = [Tone::Plain, Tone::Master, Tone::Fault, Tone::Bad, Tone::Good];

/// A page about runs; `repeat` is the command that plays all of them again.
pub fn of_runs(stories: Vec<Story>, repeat: String) -> Page {
    let bad = stories.iter().filter(|story| story.verdict.tone == Tone::Bad).count();
    let (title, about, verdict, facts) = match &stories[..] {
        [one] => (one.name.clone(), one.about.clone(), one.verdict.clone(), one.facts.clone()),
        many => {
            let words = if bad == 0 { "all held".to_owned() } else { format!("{bad} of {} failed", many.len()) };
            (format!("{} scenarios", many.len()), String::new(), Verdict::of(bad == 0, words), Vec::new())
        }
    };
    Page { about, facts, stories, ..Page::new("run", title, verdict, repeat) }
}

/// The story of one run; `repeat` is the command that plays it again.
pub fn of_run(world: &World, outcome: &Outcome, book: Book, repeat: String) -> Story {
    let site = Site::of(world);
    let (lanes, seats) = lanes::lanes(world, outcome, &site);
    let mut strings = Strings::default();
    let events = events(&book, &mut strings);
    let changes = book.why.changes().iter().map(|change| cause(&change.cause, &mut strings)).collect();
    let names = Names::new(world, &book.ports);
    let (mut reached, mut dropped) = (Pool::default(), Pool::default());
    let packets = packets(&book.flights, &seats, &names, (&mut strings, &mut reached, &mut dropped));
    let ports = site.ports(world, &book.ports);
    let rules = strings.rules.into_list();
    Story {
        name: world.name.clone(),
        about: world.about.clone(),
        verdict: verdict(world, outcome),
        repeat,
        end: world.duration.0,
        facts: facts(world, outcome),
        strings: strings.texts.into_list(),
        rules: rules.iter().map(|rule| (rule.id(), rule.sentence(), rule.source())).collect(),
        networks: world.networks.iter().map(|network| network.name.clone()).collect(),
        hosts: site.hosts,
        ports,
        lanes,
        events,
        packets,
        frames: book.flights.frames.into_list().iter().map(|frame| base64(frame)).collect(),
        reached: reached.into_list(),
        dropped: dropped.into_list(),
        changes,
        islands: book.islands.into_iter().map(|(at, islands)| (at.0, islands)).collect(),
        sheets: sheets::of(world, outcome),
    }
}

fn verdict(world: &World, outcome: &Outcome) -> Verdict {
    let (all, held) = (outcome.judgements.len(), outcome.judgements.iter().filter(|j| j.held).count());
    let unexpected = outcome.objections.violations.iter().filter(|violation| !violation.expected).count();
    let mut text = format!("{held} of {all} expectations held");
    if unexpected > 0 {
        text += &format!(", {unexpected} invariants violated");
    }
    if world.must_fail {
        text += ", and it has to fail";
    }
    Verdict::of(outcome.held(), text)
}

fn facts(world: &World, outcome: &Outcome) -> Vec<(String, String)> {
    let views = outcome.outages.clients();
    let worst = views.iter().filter(|view| view.lost > 0).max_by_key(|view| view.longest);
    let two = outcome.states.instances().map(|instance| outcome.states.double_total(instance)).max();
    let mut facts = Vec::new();
    let mut fact = |name: &str, value: String| facts.push((name.to_owned(), value));
    if !views.is_empty() {
        let worst = worst.map_or_else(|| "none".to_owned(), |view| format!("{} ({})", span(view.longest), view.name));
        fact("longest outage", worst);
    }
    fact("two masters", two.filter(|two| *two > Span::ZERO).map_or_else(|| "never".to_owned(), span));
    fact("length", span(world.duration));
    fact("frames sent", outcome.tally.sent.to_string());
    fact("seed", world.seed.to_string());
    fact("digest", outcome.digest.hex());
    facts
}

fn events(book: &Book, strings: &mut Strings) -> Events {
    let lines = book.timeline.lines().iter().zip(&book.tags).enumerate();
    let lines: Vec<_> = lines.filter(|(position, _)| !book.is_packet_only(*position)).map(|(_, line)| line).collect();
    let mut events = Events {
        at: differences(lines.iter().map(|(line, _)| line.at.0)),
        tones: TONES.to_vec(),
        kinds: Kind::ALL.iter().map(|(_, word)| *word).collect(),
        ..Events::default()
    };
    for (line, tag) in lines {
        events.place.push(strings.texts.position(line.node.as_str()));
        events.subject.push(strings.texts.position(line.subject.as_str()));
        events.what.push(strings.texts.position(line.what.as_str()));
        events.rule.push(strings.rule(line.rule));
        events.detail.push(u8::from(line.level == Level::Detail));
        events.tone.push(match line.tone {
            LineTone::Plain => 0,
            LineTone::Master => 1,
            LineTone::Fault => 2,
            LineTone::Bad => 3,
            LineTone::Good => 4,
        });
        let kind = Kind::ALL.iter().position(|(kind, _)| *kind == tag.kind);
        events.kind.push(u8::try_from(kind.unwrap_or(0)).unwrap_or(0));
        events.packet.push(or_none(tag.packet));
        events.change.push(or_none(tag.change));
    }
    events
}

fn cause(of: &why::Cause, strings: &mut Strings) -> Cause {
    Cause {
        at: of.at.0,
        what: of.what.clone(),
        rule: strings.rule(of.rule),
        because: of.because.iter().map(|of| cause(of, strings)).collect(),
    }
}

/// Texts, lists of ports, and lists of drops.
type Pools<'p> = (&'p mut Strings, &'p mut Pool<Vec<usize>>, &'p mut Pool<Vec<(i64, usize)>>);

fn packets(flights: &Flights, seats: &[Option<usize>], names: &Names, pools: Pools<'_>) -> Packets {
    let (strings, reached, dropped) = pools;
    let mut reasons: BTreeMap<String, usize> = BTreeMap::new();
    let mut packets =
        Packets { at: differences(flights.packets.iter().map(|packet| packet.at.0)), ..Packets::default() };
    for packet in &flights.packets {
        let lane = packet.seat.and_then(|seat| seats.get(seat).copied().flatten());
        packets.from.push(packet.from.0);
        packets.frame.push(packet.frame);
        packets.length.push(packet.length);
        packets.kind.push(packet.kind);
        packets.lane.push(or_none(lane));
        packets.rule.push(strings.rule(packet.rule));
        packets.reached.push(match &packet.reached[..] {
            [] => -1,
            some => signed(reached.position(some)),
        });
        packets.delay.push(packet.delay.0);
        let drops: Vec<(i64, usize)> = packet
            .dropped
            .iter()
            .map(|(port, reason)| {
                let words = names.drop_reason(*reason);
                let position = *reasons.entry(words).or_insert_with_key(|words| strings.texts.position(words.as_str()));
                (or_none(port.map(|port| port.0)), position)
            })
            .collect();
        packets.dropped.push(if drops.is_empty() { -1 } else { signed(dropped.position(&drops[..])) });
    }
    packets
}
