//! A comparison for people: one line for each event, one for each client, one for each execution.
use std::fmt;

use vrrplab_engine::{Instant, Span};

use super::super::report::{milliseconds, shown};
use super::{Comparison, Execution, Line};

/// How wide a column of times is, and one of differences.
const TIME: usize = 12;
const OFF: usize = 11;

impl fmt::Display for Comparison {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let widest = |of: &dyn Fn(&Line) -> usize, least: usize| self.lines.iter().map(of).fold(least, usize::max);
        let clients = self.clients.iter().map(|client| client.name.chars().count());
        let nodes = clients.fold(widest(&|l| l.node.chars().count(), 4), usize::max);
        let things = widest(&|l| l.what.chars().count(), SILENCE.len());
        write!(f, "  {:nodes$}  {:things$}  {:>TIME$}", "node", "event", "simulated")?;
        for execution in &self.executions {
            write!(f, "  {:>TIME$}  {:>OFF$}", execution.by, "off")?;
        }
        writeln!(f)?;
        for line in &self.lines {
            let time = |at: Option<Instant>| at.map_or("-".to_owned(), shown);
            write!(f, "  {:nodes$}  {:things$}  {:>TIME$}", line.node, line.what, time(line.simulated))?;
            for cell in &line.cells {
                write!(f, "  {:>TIME$}  {:>OFF$}", time(cell.at), cell.off_us.map_or("-".to_owned(), signed))?;
            }
            writeln!(f, "  {}", line.mark().words())?;
        }
        self.write_clients(f, nodes, things)?;
        for execution in &self.executions {
            writeln!(f, "  {}", self.summary(execution))?;
        }
        let (lines, ok) = (self.lines.len(), self.lines.iter().filter(|line| line.mark().ok()).count());
        let word = if self.agrees() { "agrees" } else { "DIFFERS" };
        write!(f, "{}: {word}, {ok} of {lines} events within {} ms", self.name, self.tolerance.as_micros() / 1_000)
    }
}

/// What is measured of clients.
const SILENCE: &str = "longest outage";

impl Comparison {
    fn write_clients(&self, f: &mut fmt::Formatter<'_>, nodes: usize, things: usize) -> fmt::Result {
        for (id, client) in self.clients.iter().enumerate() {
            write!(f, "  {:nodes$}  {SILENCE:things$}  {:>TIME$}", client.name, length(client.longest))?;
            for execution in &self.executions {
                let Some(measured) = execution.silences.get(id) else { continue };
                let off = i64::try_from(measured.as_micros()).unwrap_or(i64::MAX);
                let off = off.saturating_sub(i64::try_from(client.longest.as_micros()).unwrap_or(i64::MAX));
                write!(f, "  {:>TIME$}  {:>OFF$}", length(*measured), signed(off))?;
            }
            let every = client.every.as_micros() / 1_000;
            writeln!(f, "  {} (a ping every {every} ms)", self.client_mark(id).words())?;
        }
        Ok(())
    }

    /// An execution in a line.
    fn summary(&self, execution: &Execution) -> String {
        let verdict = &execution.verdict;
        format!(
            "{}: worst difference {}, {} of {} frames equal in every field, timers of the machine at most {} late",
            execution.by,
            milliseconds(verdict.worst_us()),
            verdict.frames_equal(),
            verdict.frames_compared(),
            milliseconds(execution.late.as_micros()),
        )
    }
}

/// A length of time in the words of the table.
fn length(span: Span) -> String {
    shown(Instant(span.0))
}

fn signed(us: i64) -> String {
    let sign = if us < 0 { '-' } else { '+' };
    format!("{sign}{}", milliseconds(us.unsigned_abs()))
}
