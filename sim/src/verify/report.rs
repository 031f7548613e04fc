//! A verdict for people: the table of one run, and one line for each recording.
use std::collections::BTreeMap;
use std::fmt;

use vrrplab_engine::Instant;

use super::compare::{Mark, Row};
use super::{FaultTime, Verdict};

impl fmt::Display for Verdict {
    /// A table of all events, the frames that differ with their fields, and what sums it up.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{} (run {})", self.name, self.run)?;
        table(f, "event", &self.events)?;
        let odd: Vec<&Row> =
            self.frames.iter().filter(|row| row.mark != Mark::Agrees && row.mark != Mark::NoTime).collect();
        if !odd.is_empty() {
            let odd: Vec<Row> = odd.into_iter().cloned().collect();
            table(f, "frame", &odd)?;
        }
        for (sort, (equal, all)) in self.frames_by_sort() {
            writeln!(f, "  {equal} of {all} {sort} equal in every field")?;
        }
        for remark in self.remarks() {
            writeln!(f, "  note: {remark}")?;
        }
        let agreeing = self.events.iter().filter(|r| r.mark.ok()).count();
        writeln!(
            f,
            "{}: {agreeing} of {} events as recorded, worst difference {}; {} of {} frames equal, worst difference {}",
            self.word(),
            self.events.len(),
            milliseconds(self.worst_us()),
            self.frames_equal(),
            self.frames_compared(),
            milliseconds(self.worst_frame_us()),
        )
    }
}

fn table(f: &mut fmt::Formatter<'_>, title: &str, rows: &[Row]) -> fmt::Result {
    let width = |of: fn(&Row) -> &str, least: usize| rows.iter().map(|r| of(r).chars().count()).fold(least, usize::max);
    let (nodes, things) = (width(|r| &r.node, 4), width(|r| &r.what, 5));
    let (recorded, simulated, difference) = ("recorded", "simulated", "difference");
    writeln!(f, "  {:nodes$}  {title:things$}  {recorded:>12}  {simulated:>12}  {difference:>13}", "node")?;
    for row in rows {
        let time = |at: Option<Instant>| at.map_or("-".to_owned(), shown);
        let difference = row.difference_us.map_or("-".to_owned(), |us| {
            let sign = if us < 0 { '-' } else { '+' };
            format!("{sign}{}", milliseconds(us.unsigned_abs()))
        });
        let (recorded, simulated, mark) = (time(row.recorded), time(row.simulated), row.mark.words());
        let (node, what) = (&row.node, &row.what);
        writeln!(f, "  {node:nodes$}  {what:things$}  {recorded:>12}  {simulated:>12}  {difference:>13}  {mark}")?;
        for field in &row.fields {
            let value = |value: &Option<String>| value.clone().unwrap_or_else(|| "nothing".to_owned());
            let (recorded, simulated) = (value(&field.recorded), value(&field.simulated));
            writeln!(f, "  {:nodes$}    {}: recorded {recorded}, simulated {simulated}", "", field.field)?;
        }
    }
    Ok(())
}

/// Seconds with microseconds.
pub(super) fn shown(at: Instant) -> String {
    format!("{}.{:06}", at.0 / 1_000_000_000, at.0 % 1_000_000_000 / 1_000)
}

/// Milliseconds with microseconds.
pub(super) fn milliseconds(us: u64) -> String {
    format!("{}.{:03} ms", us / 1_000, us % 1_000)
}

impl Verdict {
    /// The verdict in a word.
    pub fn word(&self) -> &'static str {
        match (self.agrees(), self.against == self.run) {
            (false, _) => "DIFFERS",
            (true, true) => "agrees",
            (true, false) => "either order",
        }
    }

    /// What was compared less strictly than by order, time and every field, and why.
    pub fn remarks(&self) -> Vec<String> {
        let mut remarks = Vec::new();
        if self.against != self.run {
            remarks
                .push(format!("real time decides who wins: either order; the outcome is that of run {}", self.against));
        }
        if self.beyond > 0 || self.count(Mark::NoTime) > 0 {
            remarks.push(
                "two masters re-arm each other and the runs differ: of adverts only contents and the first time"
                    .to_owned(),
            );
        }
        if self.uncounted {
            remarks.push("IPv4 identification of FRR not compared: its kernel chooses it".to_owned());
        }
        match self.faults {
            FaultTime::Likely => {}
            FaultTime::Earliest => remarks.push("faults taken at the start of their windows".to_owned()),
            FaultTime::Latest => remarks.push("faults taken at the end of their windows".to_owned()),
        }
        let counted = [
            (Mark::Stalled, "late while the recording machine stood still"),
            (Mark::EitherOrder, "within a millisecond of another: either order"),
            (Mark::AtTheEnd, "at the very end of the observation"),
        ];
        for (mark, words) in counted {
            let count = self.count(mark);
            if count > 0 {
                remarks.push(format!("{count} {words}"));
            }
        }
        remarks
    }

    /// Frames equal in every field and in all, by kind.
    fn frames_by_sort(&self) -> BTreeMap<&'static str, (usize, usize)> {
        let mut sorts = BTreeMap::new();
        for row in self.frames.iter().filter(|row| row.mark != Mark::AtTheEnd) {
            let sort = match &row.what {
                what if what.contains("gratuitous") => "gratuitous ARP",
                what if what.contains("neighbour") => "neighbour advertisements",
                _ => "adverts",
            };
            let (equal, all) = sorts.entry(sort).or_insert((0, 0));
            *equal += usize::from(row.is_equal());
            *all += 1;
        }
        sorts
    }
}
