//! The table for machines: all rows, times in seconds as decimals in words.
use std::io;

use serde::Serialize;
use vrrplab_engine::{Instant, Span};

use super::text::Told;
use crate::certify::{Hit, Row};
use crate::observe::words::time;

#[derive(Serialize)]
struct Page<'t> {
    scenario: &'t str,
    runs: u64,
    hold: String,
    moments: Vec<String>,
    clients_added: &'t [String],
    limit: Option<String>,
    exceeding: usize,
    rows: Vec<Line<'t>>,
}

/// One fault, or one pair.
#[derive(Serialize)]
struct Line<'t> {
    faults: Vec<Fault<'t>>,
    runs: u64,
    outage: String,
    two_masters: String,
    no_master: String,
    /// Null where nothing lasts.
    survived: Option<bool>,
    /// After the end of the faults; null where service does not come back.
    back_after: Option<String>,
    exceeds: bool,
    /// When it was at its worst.
    worst: Vec<When>,
}

#[derive(Serialize)]
struct Fault<'t> {
    kind: &'static str,
    place: &'t str,
    what: &'t str,
}

#[derive(Serialize)]
struct When {
    at: String,
    lasts: String,
}

pub(super) fn print(told: &Told<'_>) -> io::Result<String> {
    let certifier = told.certifier;
    let page = Page {
        scenario: &certifier.world().name,
        runs: told.table.runs() + told.before,
        hold: seconds(certifier.hold()),
        moments: certifier.instants().iter().map(|at| time(*at)).collect(),
        clients_added: certifier.added(),
        limit: told.limit.map(seconds),
        exceeding: told.table.exceeding(told.limit),
        rows: told.table.rows.iter().map(|row| line(told, row)).collect(),
    };
    Ok(serde_json::to_string_pretty(&page)? + "\n")
}

fn line<'t>(told: &Told<'t>, row: &Row) -> Line<'t> {
    let fault = |candidate: &usize| {
        let candidate = &told.certifier.candidates()[*candidate];
        Fault { kind: candidate.kind.id(), place: &candidate.place, what: &candidate.what }
    };
    let when = |hit: &Hit| When { at: time(hit.at), lasts: seconds(hit.lasts) };
    Line {
        faults: row.candidates.iter().map(fault).collect(),
        runs: row.runs,
        outage: seconds(row.worst.outage),
        two_masters: seconds(row.worst.double),
        no_master: seconds(row.worst.masterless),
        survived: row.worst.survived,
        back_after: row.worst.back.map(seconds),
        exceeds: row.exceeds(told.limit),
        worst: row.hits.iter().map(when).collect(),
    }
}

fn seconds(length: Span) -> String {
    time(Instant::ZERO + length)
}
