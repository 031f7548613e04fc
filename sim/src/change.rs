//! What a change of configurations changes: findings, takeover times, what faults cost, what a scenario shows; and what of
//! it is worse.
use std::collections::{BTreeMap, BTreeSet};

use vrrplab_engine::Span;
use vrrplab_engine::model::AddressFamily;
use vrrplab_formats::diagnostics::Severity;
use vrrplab_formats::lint::Takeover;
use vrrplab_formats::world::World;

use crate::certify::{Certifier, Row, Table};
use crate::experiment;
use crate::explore::Kind;
use crate::observe::words::span;

/// Something that was found in the configurations, without its line: that moves when others come before it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Note {
    /// How bad it is: 0 for an error, 1 for a warning, 2 for a note.
    pub rank: u8,
    /// The position of its file, from 0.
    pub file: usize,
    /// What was found, with the name of the lint.
    pub title: String,
}

impl Note {
    /// A finding of this severity.
    pub fn new(severity: Severity, file: usize, title: &str) -> Note {
        let rank = match severity {
            Severity::Error => 0,
            Severity::Warning => 1,
            Severity::Note => 2,
        };
        Note { rank, file, title: title.to_owned() }
    }

    /// `error`, `warning` or `note`.
    pub fn severity(&self) -> &'static str {
        ["error", "warning", "note"][usize::from(self.rank.min(2))]
    }
}

/// What one side's scenario shows, the worst of some seeds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Behaviour {
    /// The longest time between two answers of a client.
    pub outage: Span,
    /// How long an instance had two masters.
    pub two_masters: Span,
    /// Promises that did not hold.
    pub broken: usize,
}

impl Behaviour {
    /// Plays a world with so many seeds, from its own on, as long as `goes_on` says so of each. Nothing: it was to stop.
    pub fn of(world: &World, seeds: u64, mut goes_on: impl FnMut(u64) -> bool) -> std::io::Result<Option<Behaviour>> {
        let mut worst = Behaviour::default();
        for more in 0..seeds {
            if !goes_on(more) {
                return Ok(None);
            }
            let outcome = experiment::play(world, world.seed.wrapping_add(more), false, |_, _| Ok(()))?;
            let outages = outcome.outages.clients().into_iter().filter(|client| client.lost > 0);
            let outage = outages.map(|client| client.longest).max().unwrap_or_default();
            let instances = outcome.states.instances();
            let double = instances.map(|instance| outcome.states.double_total(instance)).max().unwrap_or_default();
            worst.outage = worst.outage.max(outage);
            worst.two_masters = worst.two_masters.max(double);
            worst.broken = worst.broken.max(outcome.judgements.iter().filter(|one| !one.held).count());
        }
        Ok(Some(worst))
    }
}

/// What one fault costs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cost {
    /// The outage; of a fault that is not survived, which takes as long as the fault, the time from its end on. Nothing where
    /// service does not come back.
    pub outage: Option<Span>,
    /// Service is back while it lasts.
    pub survived: Option<bool>,
}

/// All there is to know of one side.
#[derive(Clone, Debug, Default)]
pub struct Side {
    /// Findings.
    pub notes: BTreeSet<Note>,
    /// Takeover times, by VRID and whether it is IPv6.
    pub takeovers: BTreeMap<(u8, bool), Crash>,
    /// What each fault costs, by its name.
    pub costs: BTreeMap<String, Cost>,
    /// What the scenario shows.
    pub behaviour: Behaviour,
}

/// After a crash of the master, and after its stop; nothing where nobody else is there.
pub type Crash = (Option<Span>, Option<Span>);

impl Side {
    /// The takeover times.
    pub fn know_takeovers(&mut self, takeovers: &[Takeover]) {
        let key = |takeover: &Takeover| (takeover.vrid, takeover.family == AddressFamily::V6);
        self.takeovers = takeovers.iter().map(|one| (key(one), (one.after_crash, one.after_stop))).collect();
    }

    /// What single faults cost. Those of chance are left out: one draw of them says little about a change.
    pub fn know_costs(&mut self, certifier: &Certifier, table: &Table) {
        let cost = |row: &Row| {
            let name = certifier.name(row.candidates[0]);
            let survived = row.worst.survived;
            let outage = if survived == Some(false) { row.worst.back } else { row.counted() };
            (name, Cost { outage, survived })
        };
        let of_chance = [Kind::Loss, Kind::Jitter, Kind::Reorder, Kind::Corrupt];
        let certain = |row: &&Row| !of_chance.contains(&certifier.candidates()[row.candidates[0]].kind);
        self.costs = table.rows.iter().filter(certain).map(cost).collect();
    }

    /// The side as it is known without playing anything.
    pub fn unplayed(self) -> Side {
        Side { costs: BTreeMap::new(), behaviour: Behaviour::default(), ..self }
    }

    /// The longest outage of a single fault that is survived; nothing where service does not come back.
    pub fn worst(&self) -> Option<Span> {
        let survived = self.costs.values().filter(|cost| cost.survived != Some(false));
        let all: Option<Vec<Span>> = survived.map(|cost| cost.outage).collect();
        all.map(|all| all.into_iter().max().unwrap_or_default())
    }

    /// How many faults clients do not notice for longer than they last.
    pub fn survived(&self) -> usize {
        self.costs.values().filter(|cost| cost.survived == Some(true)).count()
    }
}

/// A difference in words, and whether it is worse than allowed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// What it is about: `finding`, `takeover`, `fault` or `scenario`.
    pub about: &'static str,
    /// The words.
    pub text: String,
    /// Whether it is worse.
    pub worse: bool,
}

/// All differences; what gets longer by no more than `limit` is not worse.
pub fn changes(old: &Side, new: &Side, limit: Span) -> Vec<Line> {
    let mut lines = Vec::new();
    for note in new.notes.difference(&old.notes) {
        let text = format!("+ file {}: {}: {}", note.file + 1, note.severity(), note.title);
        lines.push(Line { about: "finding", text, worse: note.rank < 2 });
    }
    for note in old.notes.difference(&new.notes) {
        let text = format!("- file {}: {}: {}", note.file + 1, note.severity(), note.title);
        lines.push(Line { about: "finding", text, worse: false });
    }
    takeovers(old, new, limit, &mut lines);
    faults(old, new, limit, &mut lines);
    behaviours(old.behaviour, new.behaviour, limit, &mut lines);
    lines
}

fn takeovers(old: &Side, new: &Side, limit: Span, lines: &mut Vec<Line>) {
    let keys: BTreeSet<_> = old.takeovers.keys().chain(new.takeovers.keys()).copied().collect();
    for key in keys {
        let name = format!("VRID {} ({})", key.0, if key.1 { "IPv6" } else { "IPv4" });
        let mut tell =
            |text: String, worse| lines.push(Line { about: "takeover", text: format!("{name}: {text}"), worse });
        match (old.takeovers.get(&key), new.takeovers.get(&key)) {
            (Some(was), Some(is)) => {
                for (what, was, is) in [("a crash", was.0, is.0), ("a stop", was.1, is.1)] {
                    if was != is {
                        let none = || "no other router".to_owned();
                        let words = |time: Option<Span>| time.map_or_else(none, span);
                        tell(format!("takeover after {what}: {} -> {}", words(was), words(is)), longer(was, is, limit));
                    }
                }
            }
            // where nothing is said of takeovers, an error has been told
            (Some(_), None) if !new.takeovers.is_empty() => tell("is gone".to_owned(), false),
            (None, Some(_)) if !old.takeovers.is_empty() => tell("is new".to_owned(), false),
            _ => {}
        }
    }
}

/// Nothing is longer than everything.
fn longer(was: Option<Span>, is: Option<Span>, limit: Span) -> bool {
    match (was, is) {
        (Some(was), Some(is)) => is > was + limit,
        (Some(_), None) => true,
        (None, _) => false,
    }
}

fn faults(old: &Side, new: &Side, limit: Span, lines: &mut Vec<Line>) {
    let words = |time: Option<Span>| time.map_or_else(|| "not back".to_owned(), span);
    if old.worst() != new.worst() {
        let text = format!("worst outage that is survived: {} -> {}", words(old.worst()), words(new.worst()));
        lines.push(Line { about: "fault", text, worse: longer(old.worst(), new.worst(), limit) });
    }
    let mut found: Vec<(Span, Line)> = Vec::new();
    for (name, is) in &new.costs {
        let Some(was) = old.costs.get(name).filter(|was| *was != is) else { continue };
        let what = |cost: &Cost| if cost.survived == Some(false) { "back after " } else { "" };
        let mut text = format!("{name}: {}{} -> {}{}", what(was), words(was.outage), what(is), words(is.outage));
        let lost = was.survived == Some(true) && is.survived == Some(false);
        if lost {
            text += ", and clients are not served any more while it lasts";
        }
        if was.survived == Some(false) && is.survived == Some(true) {
            text += ", and clients are served while it lasts";
        }
        // the two say different things when one is survived and the other is not
        let alike = (was.survived == Some(false)) == (is.survived == Some(false));
        let worse = lost || alike && longer(was.outage, is.outage, limit);
        let by = match (was.outage, is.outage) {
            (Some(was), Some(is)) => Span(was.0.abs_diff(is.0)),
            _ => Span(u64::MAX),
        };
        found.push((by, Line { about: "fault", text, worse }));
    }
    found.sort_by_key(|(by, line)| (std::cmp::Reverse(line.worse), std::cmp::Reverse(*by)));
    lines.extend(found.into_iter().map(|(_, line)| line));
}

fn behaviours(was: Behaviour, is: Behaviour, limit: Span, lines: &mut Vec<Line>) {
    let mut tell = |text, worse| lines.push(Line { about: "scenario", text, worse });
    for (what, was, is) in
        [("longest outage", was.outage, is.outage), ("two masters for", was.two_masters, is.two_masters)]
    {
        if was != is {
            tell(format!("{what}: {} -> {}", span(was), span(is)), is > was + limit);
        }
    }
    if was.broken != is.broken {
        tell(format!("promises that do not hold: {} -> {}", was.broken, is.broken), is.broken > was.broken);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn side(crash: u64, outage: Option<u64>, survived: bool) -> Side {
        let mut side = Side::default();
        side.takeovers.insert((51, false), (Some(Span::from_millis(crash)), Some(Span::from_millis(609))));
        let cost = Cost { outage: outage.map(Span::from_millis), survived: Some(survived) };
        side.costs.insert("r1 loses power".to_owned(), cost);
        side
    }

    fn words(lines: &[Line]) -> Vec<(&str, bool)> {
        lines.iter().map(|line| (line.text.as_str(), line.worse)).collect()
    }

    #[test]
    fn the_same_is_no_change() {
        assert_eq!(changes(&side(3609, Some(3700), true), &side(3609, Some(3700), true), Span::ZERO), []);
    }

    #[test]
    fn what_gets_longer_is_worse_beyond_the_limit_only() {
        let (old, new) = (side(3609, Some(3700), true), side(7218, Some(7300), true));
        let expected = [
            "VRID 51 (IPv4): takeover after a crash: 3.609 s -> 7.218 s",
            "worst outage that is survived: 3.7 s -> 7.3 s",
            "r1 loses power: 3.7 s -> 7.3 s",
        ];
        assert_eq!(words(&changes(&old, &new, Span::from_secs(3))), expected.map(|text| (text, true)));
        assert_eq!(words(&changes(&old, &new, Span::from_secs(4))), expected.map(|text| (text, false)));
        assert!(changes(&new, &old, Span::ZERO).iter().all(|line| !line.worse));
    }

    #[test]
    fn what_is_not_survived_any_more_is_worse_whatever_the_limit() {
        let (old, new) = (side(3609, Some(3700), true), side(3609, Some(400), false));
        let lines = changes(&old, &new, Span::from_secs(60));
        let text = "r1 loses power: 3.7 s -> back after 0.4 s, and clients are not served any more while it lasts";
        assert_eq!(words(&lines), [("worst outage that is survived: 3.7 s -> 0 s", false), (text, true)]);
        assert!(changes(&new, &old, Span::from_secs(4)).iter().all(|line| !line.worse));
    }

    #[test]
    fn findings_that_come_are_worse_and_those_that_go_are_not() {
        let (mut old, mut new) = (Side::default(), Side::default());
        old.notes.insert(Note::new(Severity::Error, 0, "passwords differ [auth-differs]"));
        new.notes.insert(Note::new(Severity::Warning, 1, "slow [slow]"));
        let expected =
            [("+ file 2: warning: slow [slow]", true), ("- file 1: error: passwords differ [auth-differs]", false)];
        assert_eq!(words(&changes(&old, &new, Span::ZERO)), expected);
    }
}
