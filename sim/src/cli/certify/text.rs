//! The table for people: rows with the same figures as one, the worst first.
use vrrplab_engine::Span;

use crate::certify::{Certifier, Row, Table};
use crate::observe::words::{count, span};

/// So many rows are printed when not all are wanted.
const ROWS: usize = 20;
/// So many faults of a row are named.
const NAMED: usize = 4;

/// What is told.
pub(super) struct Told<'t> {
    /// What was certified.
    pub(super) certifier: &'t Certifier,
    /// What came out.
    pub(super) table: &'t Table,
    /// What is allowed.
    pub(super) limit: Option<Span>,
    /// All rows, all names.
    pub(super) all: bool,
    /// So many runs were needed to find the moments.
    pub(super) before: u64,
}

pub(super) fn print(told: &Told<'_>) -> String {
    let mut text = head(told);
    let groups = told.table.groups();
    let shown = if told.all { groups.len() } else { ROWS };
    let titles = ["  outage", "two masters", "no master", "survived", "back after", "fault"].map(str::to_owned);
    let mut lines = vec![titles];
    lines.extend(groups.iter().take(shown).map(|group| line(told, group)));
    let width = |column: usize| lines.iter().map(|cells| cells[column].chars().count()).max().unwrap_or_default();
    let widths: Vec<usize> = (0..5).map(width).collect();
    for cells in &lines {
        for (cell, width) in cells.iter().zip(&widths) {
            text += &format!("{cell:<width$}  ");
        }
        text += &format!("{}\n", cells[5]);
    }
    let rest: usize = groups.iter().skip(shown).map(Vec::len).sum();
    if rest > 0 {
        text += &format!("  {rest} more that cost no more than that (--all)\n");
    }
    text + &verdict(told)
}

fn head(told: &Told<'_>) -> String {
    let certifier = told.certifier;
    let things =
        if told.table.rows.first().is_some_and(|row| row.candidates.len() > 1) { "pair" } else { "single fault" };
    let number = |length: usize| u64::try_from(length).unwrap_or(u64::MAX);
    let (rows, runs) = (count(number(told.table.rows.len()), things), told.table.runs() + told.before);
    let (moments, hold) = (count(number(certifier.instants().len()), "moment"), span(certifier.hold()));
    let mut text = format!(
        "{}: {rows}, first faults at {moments}, {}; a fault that lasts does so for {hold}, then all is mended\n",
        certifier.world().name,
        count(runs, "run"),
    );
    if !certifier.added().is_empty() {
        text += &format!("The scenario has no client: {} asked every 100 ms.\n", certifier.added().join(", "));
    } else if certifier.world().clients.is_empty() {
        text += "There is no client and no room for one: what outages clients would see is not known.\n";
    }
    text
}

fn line(told: &Told<'_>, group: &[&Row]) -> [String; 6] {
    let worst = &group[0].worst;
    let time = |length: Span| if length == Span::ZERO { "-".to_owned() } else { span(Span(length.0 / 1_000 * 1_000)) };
    let mark = if group[0].exceeds(told.limit) { "! " } else { "  " };
    let survived = match worst.survived {
        Some(true) => "yes",
        Some(false) => "no",
        None => "-",
    };
    let most = if told.all { usize::MAX } else { NAMED };
    let mut names: Vec<String> = group.iter().take(most).map(|row| names(told.certifier, row)).collect();
    if group.len() > most {
        names.push(format!("{} more", group.len() - most));
    }
    [
        format!("{mark}{}", time(worst.outage)),
        time(worst.double),
        time(worst.masterless),
        survived.to_owned(),
        worst.back.map_or_else(|| format!("> {}", time(told.certifier.hold())), time),
        names.join("; "),
    ]
}

fn names(certifier: &Certifier, row: &Row) -> String {
    let names: Vec<String> = row.candidates.iter().map(|candidate| certifier.name(*candidate)).collect();
    names.join(" + ")
}

fn verdict(told: &Told<'_>) -> String {
    let table = told.table;
    let lasting = table.rows.iter().filter(|row| row.worst.survived.is_some()).count();
    let survived = table.rows.iter().filter(|row| row.worst.survived == Some(true)).count();
    let never = table.rows.iter().filter(|row| row.worst.back.is_none()).count();
    let mut text =
        format!("{survived} of {lasting} that last are survived: clients are served again while they last\n");
    if never > 0 {
        let hold = span(told.certifier.hold());
        text += &format!("after {never}, service is not back {hold} after all is mended\n");
    }
    if let Some(limit) = told.limit {
        let (over, limit) = (table.exceeding(Some(limit)), span(limit));
        text += &match over {
            0 => format!("none costs more than {limit}\n"),
            over => format!("{over} cost more than {limit} (marked !)\n"),
        };
    }
    text
}
