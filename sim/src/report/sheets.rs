//! The tables of a run: what clients saw, what was promised, what must never happen, when there were two masters.
use vrrplab_engine::Instant;
use vrrplab_formats::world::{Invariant, Place, World};

use super::data::{Row, Sheet, Tone};
use crate::experiment::Outcome;
use crate::observe::outage::ClientView;
use crate::observe::words::{span, time};

/// So many clients have rows of their own.
const MOST_CLIENTS: usize = 500;

/// The tables that have something in them.
pub(super) fn of(world: &World, outcome: &Outcome) -> Vec<Sheet> {
    let all = [expectations(outcome), clients(outcome), invariants(world, outcome), doubles(world, outcome)];
    all.into_iter().filter(|sheet| !sheet.rows.is_empty()).collect()
}

fn place(place: &Place) -> String {
    format!("{}:{}", super::file(&place.file), place.line)
}

fn word(held: bool) -> (Tone, &'static str) {
    if held { (Tone::Good, "held") } else { (Tone::Bad, "broken") }
}

fn expectations(outcome: &Outcome) -> Sheet {
    let rows = outcome.judgements.iter().map(|judgement| {
        let (tone, word) = word(judgement.held);
        Row::new(tone, [word, &judgement.text, &judgement.found, &place(&judgement.place)])
    });
    Sheet {
        title: "Expectations".into(),
        note: "What the scenario promises, and what was found.".into(),
        columns: vec![("verdict", false), ("promise", false), ("found", false), ("place", false)],
        rows: rows.collect(),
    }
}

fn clients(outcome: &Outcome) -> Sheet {
    let mut views = outcome.outages.blocks();
    views.extend(outcome.outages.clients().into_iter().take(MOST_CLIENTS));
    Sheet {
        title: "Outages".into(),
        note: "What clients measured. The longest silence is the time between two answers with lost requests between them.".into(),
        columns: vec![
            ("verdict", false),
            ("client", false),
            ("asked", true),
            ("answered", true),
            ("lost", true),
            ("late", true),
            ("longest silence", true),
            ("from", true),
            ("back at", true),
            ("troubles", false),
        ],
        rows: views.iter().map(client).collect(),
    }
}

fn client(view: &ClientView) -> Row {
    let (tone, word) = match (view.lost, view.back_at) {
        (0, _) => (Tone::Good, "served"),
        (_, Some(_)) => (Tone::Warn, "interrupted"),
        (_, None) => (Tone::Bad, "not served"),
    };
    let moment = |at: Option<Instant>| at.map_or_else(|| "-".to_owned(), time);
    let counts = [view.asked, view.answered, view.lost, view.late].map(|n| n.to_string());
    let mut cells = vec![word.to_owned(), view.name.clone()];
    cells.extend(counts);
    cells.extend([span(view.longest), moment(view.longest_from), moment(view.back_at), troubles(view)]);
    Row::new(tone, cells).at(view.longest_from.filter(|_| view.lost > 0).map(|at| at.0))
}

fn troubles(view: &ClientView) -> String {
    let t = &view.troubles;
    let all = [
        (t.refused, "refused"),
        (t.reset, "reset"),
        (t.closed, "closed"),
        (t.unreachable, "unreachable"),
        (t.given_up, "given up"),
        (t.wrong, "wrong answer"),
    ];
    let some: Vec<String> = all.iter().filter(|(n, _)| *n > 0).map(|(n, word)| format!("{n} {word}")).collect();
    some.join(", ")
}

fn invariants(world: &World, outcome: &Outcome) -> Sheet {
    let mut rows = Vec::new();
    for expected in &outcome.objections.expected {
        let (tone, word) = if expected.found.is_some() { (Tone::Good, "expected") } else { (Tone::Bad, "missing") };
        let found = expected.found.as_deref().unwrap_or("there was no such violation");
        rows.push(Row::new(tone, [word, &expected.text, found, &place(&expected.place)]));
    }
    let violations = &outcome.objections.violations;
    for invariant in Invariant::ALL {
        let mut found = violations.iter().filter(|violation| violation.finding.invariant == *invariant).peekable();
        if found.peek().is_none() {
            let word = if world.invariants.watches(*invariant) { "held" } else { "not watched" };
            let tone = if word == "held" { Tone::Good } else { Tone::Plain };
            rows.push(Row::new(tone, [word, invariant.id(), invariant.sentence(), ""]));
        }
        for violation in found {
            let (tone, word) =
                if violation.expected { (Tone::Warn, "violated, expected") } else { (Tone::Bad, "violated") };
            let what = format!("{}: {}", time(violation.finding.at), violation.finding.what);
            let more = [&violation.views[..], &violation.causes[..]].concat().join("\n");
            rows.push(Row::new(tone, [word, invariant.id(), &what, &more]).at(Some(violation.finding.at.0)));
        }
    }
    Sheet {
        title: "Invariants".into(),
        note: "What must never happen, whatever a scenario is about.".into(),
        columns: vec![("verdict", false), ("invariant", false), ("what", false), ("views and causes", false)],
        rows,
    }
}

fn doubles(world: &World, outcome: &Outcome) -> Sheet {
    let mut rows = Vec::new();
    for instance in outcome.states.instances() {
        for double in outcome.states.doubles(instance).into_iter().filter(|double| double.from < double.to) {
            let names = double.masters.iter().filter_map(|node| world.nodes.get(node.0));
            let names: Vec<&str> = names.map(|node| node.model.name.as_str()).collect();
            let cells = [
                instance,
                &time(double.from),
                &time(double.to),
                &span(double.to.since(double.from)),
                &names.join(", "),
            ];
            rows.push(Row::new(Tone::Warn, cells).at(Some(double.from.0)));
        }
    }
    Sheet {
        title: "Two masters".into(),
        note: "When an instance had more than one master.".into(),
        columns: vec![("instance", false), ("from", true), ("to", true), ("for", true), ("masters", false)],
        rows,
    }
}
