//! One scenario, several executions: what the simulator predicts beside what real daemons did, event by event.
//!
//! Times are judged with the inputs of each execution: the simulator plays it again with the starts and faults at the
//! moments at which they took effect there. Which events there are, and in which order, is judged by the scenario as it
//! is written.
mod table;
#[cfg(test)]
mod tests;

use serde_json::{Value, json};
use vrrplab_engine::{Instant, Span};
use vrrplab_formats::recording::RecordedEvent;
use vrrplab_formats::world::World;

use super::Verdict;
use super::align::{Pair, Timed, align};
use super::compare::{Mark, Row, without_wiping};

/// How far an event may lie from its prediction when nothing else is asked for. Simulated daemons act at once; real ones
/// wait for a processor, and the machine that plays them is seldom theirs alone.
pub const TOLERANCE: Span = Span::from_millis(50);

/// Two executions that have something unforeseen within this have the same thing.
const SAME: Span = Span::from_secs(1);

/// A scenario as one daemon played it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Execution {
    /// Which daemon.
    pub by: String,
    /// Its recording beside the simulator.
    pub verdict: Verdict,
    /// The longest time without an answer for each client.
    pub silences: Vec<Span>,
    /// How late a timer of the machine was meanwhile.
    pub late: Span,
}

/// A client as the simulator sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Client {
    /// Its name.
    pub name: String,
    /// Time between its requests: an outage is known no better than this.
    pub every: Span,
    /// The longest time without an answer.
    pub longest: Span,
}

/// All executions beside one another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Comparison {
    /// Name of the scenario.
    pub name: String,
    /// How far an event may lie from its prediction.
    pub tolerance: Span,
    /// Every event, by time.
    pub lines: Vec<Line>,
    /// What the clients saw.
    pub clients: Vec<Client>,
    /// The executions, without their events.
    pub executions: Vec<Execution>,
}

/// One event in all executions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// The node.
    pub node: String,
    /// The event.
    pub what: String,
    /// When it comes in the scenario as it is written; `None`: it does not.
    pub simulated: Option<Instant>,
    /// In the order of the executions.
    pub cells: Vec<Cell>,
}

/// One event in one execution.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cell {
    /// When it was measured; `None`: it did not come.
    pub at: Option<Instant>,
    /// Measured minus simulated with the inputs of this execution, in microseconds.
    pub off_us: Option<i64>,
    /// What becomes of it.
    pub mark: Mark,
}

impl Line {
    /// The worst of all executions.
    pub fn mark(&self) -> Mark {
        self.cells.iter().map(|cell| cell.mark).max().unwrap_or(Mark::Agrees)
    }

    fn at(&self) -> Option<Instant> {
        self.simulated.or_else(|| self.cells.iter().find_map(|cell| cell.at))
    }
}

impl Client {
    /// Whether an outage of this length agrees with the prediction.
    fn agrees(&self, measured: Span, tolerance: Span) -> bool {
        measured.0.abs_diff(self.longest.0) <= self.every.0 + tolerance.0
    }
}

/// An event of either side, by its words.
struct Item {
    at: Instant,
    what: String,
    cell: Cell,
}

impl Timed for Item {
    fn at(&self) -> Instant {
        self.at
    }
    fn is(&self, other: &Item) -> bool {
        self.what == other.what
    }
}

/// The events of a scenario as it is `written` that a recording of it can have, after its first start.
pub fn foreseen(world: &World, written: &[RecordedEvent], zero: Instant) -> Vec<RecordedEvent> {
    let after =
        |event: &RecordedEvent| RecordedEvent { at: Instant(event.at.0.saturating_sub(zero.0)), ..event.clone() };
    without_wiping(world, written).into_iter().map(after).collect()
}

impl Comparison {
    /// Lays the executions beside what is foreseen. `end` is the end of the observation.
    pub fn of(
        name: &str,
        foreseen: &[RecordedEvent],
        clients: Vec<Client>,
        executions: Vec<Execution>,
        tolerance: Span,
        end: Instant,
    ) -> Comparison {
        let nobody = |at: Instant| {
            // What comes at the very end may have come a moment later where it is not seen.
            let last = at + tolerance + SAME >= end;
            Cell { at: None, off_us: None, mark: if last { Mark::AtTheEnd } else { Mark::Missing } }
        };
        let mut lines: Vec<Line> = foreseen
            .iter()
            .map(|event| Line {
                node: event.node.clone(),
                what: event.kind.to_string(),
                simulated: Some(event.at),
                cells: vec![nobody(event.at); executions.len()],
            })
            .collect();
        for (number, execution) in executions.iter().enumerate() {
            fill(&mut lines, number, executions.len(), &execution.verdict.events, end);
        }
        lines.sort_by_key(Line::at);
        Comparison { name: name.to_owned(), tolerance, lines, clients, executions }
    }

    /// Whether every execution has every event in its order, near enough to its prediction, and clients saw the same.
    pub fn agrees(&self) -> bool {
        let clients = (0..self.clients.len()).all(|id| self.client_mark(id).ok());
        clients && self.lines.iter().all(|line| line.mark().ok())
    }

    /// What becomes of a client's outage. It follows from all events, so it is compared only with executions in which they
    /// came when the scenario, as it is written, has them come.
    fn client_mark(&self, id: usize) -> Mark {
        let Some(client) = self.clients.get(id) else { return Mark::Agrees };
        let of = |(number, execution): (usize, &Execution)| match execution.silences.get(id) {
            Some(measured) if client.agrees(*measured, self.tolerance) => Mark::Agrees,
            _ if self.comes_as_written(number) => Mark::TooFar,
            _ => Mark::NoTime,
        };
        self.executions.iter().enumerate().map(of).max().unwrap_or(Mark::Agrees)
    }

    /// Whether every event of an execution came at its time in the scenario. Starting a daemon may take as long as an event
    /// may be late.
    fn comes_as_written(&self, number: usize) -> bool {
        self.lines.iter().all(|line| {
            let measured = line.cells.get(number).and_then(|cell| cell.at);
            let apart = line.simulated.zip(measured).map(|(simulated, at)| simulated.0.abs_diff(at.0));
            apart.is_some_and(|ns| ns <= self.tolerance.times(2).0) || line.mark() == Mark::AtTheEnd
        })
    }

    /// Whether a timer of the machine was so late in any execution that playing it again may tell more.
    pub fn is_of_a_busy_machine(&self, too_late: Span) -> bool {
        self.executions.iter().any(|execution| execution.late > too_late)
    }

    /// Everything, for machines.
    pub fn to_json(&self) -> Value {
        let names: Vec<&str> = self.executions.iter().map(|e| e.by.as_str()).collect();
        let us = |at: Option<Instant>| at.map(|at| at.0 / 1_000);
        let lines = self.lines.iter().map(|line| {
            let cells = names.iter().zip(&line.cells);
            let cell = |c: &Cell| json!({"at_us": us(c.at), "off_us": c.off_us, "verdict": c.mark.words()});
            json!({
                "node": line.node,
                "what": line.what,
                "simulated_us": us(line.simulated),
                "measured": cells.map(|(by, c)| ((*by).to_owned(), cell(c))).collect::<serde_json::Map<_, _>>(),
            })
        });
        let clients = self.clients.iter().enumerate().map(|(id, client)| {
            let silence = |e: &Execution| (e.by.clone(), json!(e.silences.get(id).map(|s| s.as_micros())));
            json!({
                "client": client.name,
                "every_us": client.every.as_micros(),
                "longest_simulated_us": client.longest.as_micros(),
                "longest_measured_us": self.executions.iter().map(silence).collect::<serde_json::Map<_, _>>(),
            })
        });
        json!({
            "name": self.name,
            "agrees": self.agrees(),
            "tolerance_us": self.tolerance.as_micros(),
            "events": lines.collect::<Vec<_>>(),
            "clients": clients.collect::<Vec<_>>(),
        })
    }
}

/// Puts the rows of one execution into its column: those that were foreseen into their lines, the others into new ones.
fn fill(lines: &mut Vec<Line>, number: usize, columns: usize, rows: &[Row], end: Instant) {
    let mut nodes: Vec<String> =
        lines.iter().map(|l| l.node.clone()).chain(rows.iter().map(|r| r.node.clone())).collect();
    nodes.sort_unstable();
    nodes.dedup();
    for node in nodes {
        let mine: Vec<usize> = (0..lines.len()).filter(|id| lines[*id].node == node).collect();
        let (known, unforeseen): (Vec<usize>, Vec<usize>) =
            mine.into_iter().partition(|id| lines[*id].simulated.is_some());
        let wanted: Vec<Item> = known.iter().filter_map(|id| foreseen_item(&lines[*id])).collect();
        let came = rows.iter().filter(|row| row.node == node).filter_map(row_item);
        // what may come in either order has no place among the others
        let (loose, came): (Vec<Item>, Vec<Item>) = came.partition(|item| item.cell.mark == Mark::EitherOrder);
        let (mut next, mut open, mut odd) = (known.iter().copied(), Vec::new(), Vec::new());
        for pair in align(&wanted.iter().collect::<Vec<_>>(), &came.iter().collect::<Vec<_>>()) {
            match pair {
                Pair::Both(_, item) => next.next().into_iter().for_each(|id| lines[id].cells[number] = item.cell),
                Pair::Recorded(_) => open.extend(next.next()),
                Pair::Simulated(item) => odd.push(item),
            }
        }
        for item in &loose {
            match nearest(lines, &open, item) {
                Some(place) => lines[open.remove(place)].cells[number] = item.cell,
                None => odd.push(item),
            }
        }
        odd.sort_by_key(|item| item.at);
        odd.into_iter().for_each(|item| add(lines, &unforeseen, number, columns, &node, item, end));
    }
}

/// Which of the lines that are still `open` foresees this item nearest to when it came.
fn nearest(lines: &[Line], open: &[usize], item: &Item) -> Option<usize> {
    let apart = |id: usize| {
        let line = &lines[id];
        line.simulated.filter(|_| line.what == item.what).map(|at| at.0.abs_diff(item.at.0))
    };
    let of_same = open.iter().enumerate().filter_map(|(place, id)| Some((apart(*id)?, place)));
    of_same.min().map(|(_, place)| place)
}

/// Something that was not foreseen; another execution may have it too.
fn add(
    lines: &mut Vec<Line>,
    unforeseen: &[usize],
    number: usize,
    columns: usize,
    node: &str,
    item: &Item,
    end: Instant,
) {
    let last = item.at + SAME >= end;
    let mark = if last { Mark::AtTheEnd } else { item.cell.mark.max(Mark::Extra) };
    let cell = Cell { mark, ..item.cell };
    let same = |line: &Line| {
        let near = line.at().is_some_and(|at| at.0.abs_diff(item.at.0) <= SAME.0);
        near && line.what == item.what && line.cells[number].at.is_none()
    };
    match unforeseen.iter().find(|id| same(&lines[**id])) {
        Some(id) => lines[*id].cells[number] = cell,
        None => {
            let mut cells = vec![Cell { at: None, off_us: None, mark: Mark::Agrees }; columns];
            cells[number] = cell;
            lines.push(Line { node: node.to_owned(), what: item.what.clone(), simulated: None, cells });
        }
    }
}

fn foreseen_item(line: &Line) -> Option<Item> {
    let cell = Cell { at: None, off_us: None, mark: Mark::Agrees };
    Some(Item { at: line.simulated?, what: line.what.clone(), cell })
}

/// What was measured. What only the simulator has with these inputs was not.
fn row_item(row: &Row) -> Option<Item> {
    let cell = Cell { at: row.recorded, off_us: row.difference_us.map(|us| -us), mark: row.mark };
    Some(Item { at: row.recorded?, what: row.what.clone(), cell })
}
