//! A page about what breaks: a table of colours, kinds of faults by places or by one another, and all rows.
use std::collections::BTreeMap;

use vrrplab_engine::Span;

use super::data::{Heat, Page, Row, Sheet, Tone, Verdict};
use crate::certify::{Certifier, Row as Case, Table};
use crate::observe::words::{count, span, time};

/// The page of a certification.
pub fn of(certifier: &Certifier, table: &Table, limit: Option<Span>, repeat: String) -> Page {
    let over = table.exceeding(limit);
    let rows = as_u64(table.rows.len());
    let words = match (over, limit) {
        (0, Some(limit)) => format!("none of {rows} costs more than {}", span(limit)),
        (0, None) => format!("service comes back after all {rows}"),
        (over, Some(limit)) => format!("{over} of {rows} cost more than {}", span(limit)),
        (over, None) => format!("service does not come back after {over} of {rows}"),
    };
    let survived = table.rows.iter().filter(|row| row.worst.survived == Some(true)).count();
    let lasting = table.rows.iter().filter(|row| row.worst.survived.is_some()).count();
    let facts = vec![
        ("worst".to_owned(), table.worst().map_or_else(|| "does not come back".to_owned(), short)),
        ("survived".to_owned(), format!("{survived} of {lasting} that last")),
        ("runs".to_owned(), table.runs().to_string()),
        ("moments".to_owned(), certifier.instants().len().to_string()),
        ("faults last".to_owned(), span(certifier.hold())),
    ];
    let about = match certifier.added() {
        [] => certifier.world().about.clone(),
        some => format!("The scenario has no client: {} asked every 100 ms.", some.join(", ")),
    };
    let name = certifier.world().name.clone();
    Page {
        about,
        facts,
        heat: Some(heat(certifier, table, limit)),
        sheets: vec![sheet(certifier, table, limit)],
        ..Page::new("certify", name, Verdict::of(over == 0, words), repeat)
    }
}

fn as_u64(number: usize) -> u64 {
    u64::try_from(number).unwrap_or(u64::MAX)
}

/// To the microsecond.
fn short(length: Span) -> String {
    span(Span(length.0 / 1_000 * 1_000))
}

/// How hot: 0 nothing, 5 too much.
fn hot(case: &Case, limit: Option<Span>) -> u8 {
    let Some(counted) = case.counted().filter(|_| !case.exceeds(limit)) else { return 5 };
    match counted.as_micros() {
        0 => 0,
        1..1_000_000 => 1,
        1_000_000..4_000_000 => 2,
        4_000_000..10_000_000 => 3,
        _ => 4,
    }
}

fn word(case: &Case) -> String {
    match case.counted() {
        None => "never".to_owned(),
        Some(Span(0)) => "0".to_owned(),
        Some(counted) => {
            let tenths = counted.as_micros().div_ceil(100_000);
            format!("{}.{} s", tenths / 10, tenths % 10)
        }
    }
}

fn heat(certifier: &Certifier, table: &Table, limit: Option<Span>) -> Heat {
    let pairs = table.rows.iter().any(|case| case.candidates.len() > 1);
    let mut worst: BTreeMap<(String, String), Vec<&Case>> = BTreeMap::new();
    for case in &table.rows {
        let [first, rest @ ..] = &case.candidates[..] else { continue };
        let one = &certifier.candidates()[*first];
        let kind = one.kind.id().to_owned();
        let key = match rest.first() {
            None => (kind, one.place.clone()),
            Some(second) => (kind, certifier.candidates()[*second].kind.id().to_owned()),
        };
        worst.entry(key).or_default().push(case);
    }
    let sorted = |names: Vec<&String>| {
        let mut names: Vec<String> = names.into_iter().cloned().collect();
        names.sort();
        names.dedup();
        names
    };
    let rows = sorted(worst.keys().map(|(row, _)| row).collect());
    let columns = sorted(worst.keys().map(|(_, column)| column).collect());
    let position = |names: &[String], name: &String| names.binary_search(name).unwrap_or(0);
    // the rows of the table come with the worst first
    let cells = worst.iter().filter_map(|((row, column), cases)| {
        let case = cases.first()?;
        let names: Vec<String> = case.candidates.iter().map(|candidate| certifier.name(*candidate)).collect();
        let about = format!("{}, {}; {}", count(as_u64(cases.len()), "case"), told(case), names.join(" + "));
        Some((position(&rows, row), position(&columns, column), word(case), hot(case, limit), about))
    });
    Heat {
        title: "What hurts".into(),
        note: "The longest silence of a client in the worst case of each cell, or \"never\" where service does not come back.".into(),
        down: "fault".into(),
        across: if pairs { "second fault".into() } else { "place".into() },
        cells: cells.collect(),
        rows,
        columns,
    }
}

fn told(case: &Case) -> String {
    let worst = &case.worst;
    let back = worst
        .back
        .map_or_else(|| "service does not come back".to_owned(), |back| format!("back {} after the end", short(back)));
    format!(
        "outage {}, two masters {}, no master {}, {back}",
        short(worst.outage),
        short(worst.double),
        short(worst.masterless)
    )
}

fn sheet(certifier: &Certifier, table: &Table, limit: Option<Span>) -> Sheet {
    let rows = table.rows.iter().map(|case| {
        let worst = &case.worst;
        let (tone, verdict) = match (case.exceeds(limit), worst.survived) {
            (true, _) => (Tone::Bad, "too much"),
            (false, Some(false)) => (Tone::Warn, "not survived"),
            (false, _) => (Tone::Good, "survived"),
        };
        let names: Vec<String> = case.candidates.iter().map(|candidate| certifier.name(*candidate)).collect();
        let hits: Vec<String> = case.hits.iter().map(|hit| time(hit.at)).collect();
        let cells = [
            verdict.to_owned(),
            names.join(" + "),
            short(worst.outage),
            short(worst.double),
            short(worst.masterless),
            worst.back.map_or_else(|| "never".to_owned(), short),
            hits.join(", "),
            case.runs.to_string(),
        ];
        Row::new(tone, cells)
    });
    Sheet {
        title: "All cases".into(),
        note: "The worst of each fault over all moments, the worst first.".into(),
        columns: vec![
            ("verdict", false),
            ("fault", false),
            ("outage", true),
            ("two masters", true),
            ("no master", true),
            ("back after", true),
            ("worst at", true),
            ("runs", true),
        ],
        rows: rows.collect(),
    }
}
