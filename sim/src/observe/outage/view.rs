//! What a client saw, or a block of clients together, and the table of it.
use vrrplab_engine::{Instant, Span};

use crate::host::Trouble;
use crate::observe::words;

/// What one client saw.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ClientView {
    /// Name.
    pub name: String,
    /// Requests sent.
    pub asked: u64,
    /// Requests answered in time.
    pub answered: u64,
    /// Requests that ran out of time or were refused.
    pub lost: u64,
    /// Answers that came in time, but took longer than the client's `late_after`.
    pub late: u64,
    /// What came or happened instead of answers.
    pub troubles: Troubles,
    /// The longest time between two answers in a row. A silence that began with the first request, or that lasts until
    /// the end of the run, counts as well when requests were lost in it.
    pub longest: Span,
    /// When that time began.
    pub longest_from: Option<Instant>,
    /// When the first lost request was asked.
    pub lost_from: Option<Instant>,
    /// When the last lost request was asked.
    pub lost_to: Option<Instant>,
    /// The first answer after the last loss.
    pub back_at: Option<Instant>,
    /// The last answer of all.
    pub last_answer: Option<Instant>,
    /// Every run of lost requests.
    pub gaps: Vec<Gap>,
}

/// Requests lost in a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Gap {
    /// When the first of them was asked.
    pub from: Instant,
    /// How many.
    pub lost: u64,
    /// The first answer after them.
    pub back: Option<Instant>,
}

/// How often each kind of trouble came.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Troubles {
    /// Nobody serves the port.
    pub refused: u64,
    /// An open connection was reset.
    pub reset: u64,
    /// The other side closed a connection without the answer.
    pub closed: u64,
    /// ICMP destination unreachable.
    pub unreachable: u64,
    /// A long-lived connection was given up.
    pub given_up: u64,
    /// An answer with the wrong status.
    pub wrong: u64,
}

impl Troubles {
    /// Counts one more.
    pub fn count(&mut self, trouble: Trouble) {
        *match trouble {
            Trouble::Refused => &mut self.refused,
            Trouble::Reset => &mut self.reset,
            Trouble::Closed => &mut self.closed,
            Trouble::Unreachable => &mut self.unreachable,
            Trouble::GivenUp => &mut self.given_up,
            Trouble::Wrong => &mut self.wrong,
        } += 1;
    }

    fn add(&mut self, other: &Troubles) {
        self.refused += other.refused;
        self.reset += other.reset;
        self.closed += other.closed;
        self.unreachable += other.unreachable;
        self.given_up += other.given_up;
        self.wrong += other.wrong;
    }
}

/// Several clients as one: counts are summed up, the longest outage is that of the worst, and it is back when all are.
/// Its last answer is the earliest of theirs, and its gaps are not told.
pub fn together(name: &str, views: &[ClientView]) -> ClientView {
    let mut all = ClientView { name: name.to_owned(), ..ClientView::default() };
    for view in views {
        all.asked += view.asked;
        all.answered += view.answered;
        all.lost += view.lost;
        all.late += view.late;
        all.troubles.add(&view.troubles);
        if view.longest > all.longest {
            (all.longest, all.longest_from) = (view.longest, view.longest_from);
        }
        all.lost_from = all.lost_from.into_iter().chain(view.lost_from).min();
        all.lost_to = all.lost_to.max(view.lost_to);
        all.back_at = all.back_at.max(view.back_at);
    }
    if views.iter().any(|view| view.lost > 0 && view.back_at.is_none()) {
        all.back_at = None;
    }
    // one that never got an answer makes it none
    all.last_answer = views.iter().map(|view| view.last_answer).min().flatten();
    all
}

/// The columns that are left out when they are zero for all.
const RARE: [&str; 7] = ["late", "reset", "refused", "closed", "unreachable", "given up", "wrong"];

fn rare(view: &ClientView) -> [u64; 7] {
    let t = &view.troubles;
    [view.late, t.reset, t.refused, t.closed, t.unreachable, t.given_up, t.wrong]
}

/// A table with one row for each; empty without rows.
pub fn table(views: &[ClientView]) -> String {
    if views.is_empty() {
        return String::new();
    }
    let shown: Vec<usize> = (0..RARE.len()).filter(|n| views.iter().any(|view| rare(view)[*n] > 0)).collect();
    let mut rows: Vec<Vec<String>> = Vec::new();
    let heading = ["client", "asked", "answered", "lost"].into_iter().chain(shown.iter().map(|n| RARE[*n]));
    rows.push(heading.chain(["longest", "from", "back at"]).map(String::from).collect());
    let time = |at: Option<Instant>| at.map_or("-".into(), words::time);
    for view in views {
        let mut row = vec![view.name.clone()];
        row.extend([view.asked, view.answered, view.lost].map(|n| n.to_string()));
        row.extend(shown.iter().map(|n| rare(view)[*n].to_string()));
        row.extend([words::span(view.longest), time(view.longest_from), time(view.back_at)]);
        rows.push(row);
    }
    let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
    let widths: Vec<usize> = (0..rows[0].len()).map(width).collect();
    let mut table = String::new();
    for row in &rows {
        table += &format!("{:<width$}", row[0], width = widths[0]);
        for (cell, width) in row.iter().zip(&widths).skip(1) {
            table += &format!("  {cell:>width$}");
        }
        table.push('\n');
    }
    table
}
