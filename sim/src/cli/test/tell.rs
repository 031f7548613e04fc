//! Trials for people: a line each, details of failures, and progress where a person is watching.
use std::io;

use super::super::output::{colour, say, tell, tell_report};
use super::trial::{Trial, Verdict};
use super::{INDENT, watched};
use crate::library::Entry;
use crate::observe::words::{count, span};

/// Tells trials one by one.
pub(super) struct Teller {
    quiet: bool,
    colour: bool,
    progress: bool,
    width: usize,
    done: usize,
    all: usize,
}

impl Teller {
    pub(super) fn new(chosen: &[Entry], quiet: bool) -> Teller {
        let width = chosen.iter().map(|entry| entry.label().chars().count()).max().unwrap_or(0);
        Teller { quiet, colour: colour(), progress: watched(), width, done: 0, all: chosen.len() }
    }

    /// One more is done; where a person is watching, it is shown.
    pub(super) fn progress(&mut self, trial: &Trial) {
        self.done += 1;
        if self.progress {
            let end = if self.done == self.all { "" } else { &trial.entry.label() };
            tell(&format!("\r\x1b[K{} of {} {end}", self.done, self.all));
        }
    }

    /// Its line, and its details when it failed.
    pub(super) fn tell(&self, trial: &Trial) -> io::Result<()> {
        if self.progress {
            tell("\r\x1b[K");
        }
        if !self.quiet || !trial.passed() {
            say(&self.line(trial))?;
        }
        if !trial.passed() {
            tell_report(&trial.report);
        }
        if trial.verdict != Verdict::Unusable {
            trial.failures.iter().try_for_each(|failure| say(&details(&failure.title, &failure.found)))?;
        }
        if let Some(lanes) = &trial.lanes {
            say(&lanes.lines().map(|line| format!("{:INDENT$}{line}\n", "")).collect::<String>())?;
        }
        match (trial.verdict, trial.seed) {
            (Verdict::Failed, Some(seed)) => {
                say(&format!("      repeat: vrrplab run {} --seed {seed}", trial.entry.path.display()))
            }
            _ => Ok(()),
        }
    }

    fn line(&self, trial: &Trial) -> String {
        let (mark, code) = if trial.passed() { ("ok  ", "32") } else { ("FAIL", "1;31") };
        let mark = if self.colour { format!("\x1b[{code}m{mark}\x1b[0m") } else { mark.to_owned() };
        let mut words = trial.duration.map_or_else(String::new, span);
        if trial.verdict == Verdict::Unusable {
            words.push_str("cannot be used");
        }
        if trial.passed() && trial.must_fail {
            words.push_str(" (fails as it must)");
        }
        if trial.passed() && trial.held.1 == 0 {
            words.push_str(" (promises nothing)");
        }
        let findings = trial.report.diagnostics.len();
        if findings > 0 && trial.verdict != Verdict::Unusable {
            let findings = count(u64::try_from(findings).unwrap_or(u64::MAX), "finding");
            words.push_str(&format!(" ({findings}, which `vrrplab run` shows)"));
        }
        if trial.written {
            words.push_str(" (timeline written)");
        }
        let label = trial.entry.label();
        let gap = " ".repeat(self.width.saturating_sub(label.chars().count()));
        format!("{mark}  {label}{gap}  {words}")
    }
}

fn details(title: &str, found: &str) -> String {
    let found: String = found.lines().map(|line| format!("        {line}\n")).collect();
    format!("      {title}\n{found}")
}
