//! The worst of each fault, or of each pair, sorted: what hurts most comes first.
use std::cmp::Reverse;
use std::collections::BTreeMap;

use vrrplab_engine::{Instant, Span};

use super::meter::Measure;

/// A fault at its moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hit {
    /// Which one of the candidates.
    pub candidate: usize,
    /// When.
    pub at: Instant,
    /// For how long.
    pub lasts: Span,
}

/// The worst of some faults, over all moments.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// Which faults.
    pub candidates: Vec<usize>,
    /// How often they were played.
    pub runs: u64,
    /// The worst of each figure.
    pub worst: Measure,
    /// When the outage was the longest, or service did not come back.
    pub hits: Vec<Hit>,
    /// When two masters lasted longest.
    pub double_hits: Vec<Hit>,
}

impl Row {
    /// Not played yet.
    pub(super) fn new(candidates: Vec<usize>) -> Row {
        let worst = Measure { back: Some(Span::ZERO), ..Measure::default() };
        Row { candidates, runs: 0, worst, hits: Vec::new(), double_hits: Vec::new() }
    }

    /// One more run.
    pub(super) fn add(&mut self, hits: &[Hit], measure: &Measure) {
        let worse = |one: &Measure| (one.back.is_none(), one.outage);
        if self.runs == 0 || worse(measure) > worse(&self.worst) {
            self.hits = hits.to_vec();
        }
        if self.runs == 0 || measure.double > self.worst.double {
            self.double_hits = hits.to_vec();
        }
        self.runs += 1;
        self.take_over(measure);
    }

    fn take_over(&mut self, other: &Measure) {
        let worst = &mut self.worst;
        worst.outage = worst.outage.max(other.outage);
        worst.double = worst.double.max(other.double);
        worst.masterless = worst.masterless.max(other.masterless);
        worst.survived = match (worst.survived, other.survived) {
            (Some(one), Some(two)) => Some(one && two),
            (one, two) => one.or(two),
        };
        worst.back = worst.back.zip(other.back).map(|(one, two)| one.max(two));
    }

    /// The same faults in another order.
    fn absorb(&mut self, other: Row) {
        let worse = |one: &Measure| (one.back.is_none(), one.outage);
        if worse(&other.worst) > worse(&self.worst) {
            self.hits = other.hits;
        }
        if other.worst.double > self.worst.double {
            self.double_hits = other.double_hits;
        }
        self.runs += other.runs;
        self.take_over(&other.worst);
    }

    /// What the limit is held against. Of two faults that cannot be survived together, that is the time from their end on.
    pub fn counted(&self) -> Option<Span> {
        match (self.worst.back, self.worst.survived) {
            (None, _) => None,
            (Some(back), Some(false)) if self.candidates.len() > 1 => Some(back),
            _ => Some(self.worst.outage),
        }
    }

    /// It costs more than is allowed. What never comes back always does.
    pub fn exceeds(&self, limit: Option<Span>) -> bool {
        match (self.counted(), limit) {
            (None, _) => true,
            (Some(counted), Some(limit)) => counted > limit,
            (Some(_), None) => false,
        }
    }

    /// Greater is worse.
    fn badness(&self) -> (bool, bool, Span, Span, Span) {
        let worst = &self.worst;
        (worst.back.is_none(), worst.survived == Some(false), worst.outage, worst.double, worst.masterless)
    }
}

/// All rows, the worst first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Table {
    /// The rows.
    pub rows: Vec<Row>,
}

impl Table {
    /// Sorts rows; those of the same faults become one.
    pub fn of(rows: impl IntoIterator<Item = Row>) -> Table {
        let mut all: BTreeMap<Vec<usize>, Row> = BTreeMap::new();
        for row in rows {
            match all.get_mut(&row.candidates) {
                Some(known) => known.absorb(row),
                None => drop(all.insert(row.candidates.clone(), row)),
            }
        }
        let mut rows: Vec<Row> = all.into_values().collect();
        rows.sort_by_key(|row| Reverse(row.badness())); // equal ones stay in the order of the candidates
        Table { rows }
    }

    /// How many worlds were played.
    pub fn runs(&self) -> u64 {
        self.rows.iter().map(|row| row.runs).sum()
    }

    /// The longest outage, or other time that counts; nothing where service does not come back once.
    pub fn worst(&self) -> Option<Span> {
        let counted: Option<Vec<Span>> = self.rows.iter().map(Row::counted).collect();
        counted.map(|all| all.into_iter().max().unwrap_or_default())
    }

    /// How many rows cost more than is allowed.
    pub fn exceeding(&self, limit: Option<Span>) -> usize {
        self.rows.iter().filter(|row| row.exceeds(limit)).count()
    }

    /// Rows with the same figures, together.
    pub fn groups(&self) -> Vec<Vec<&Row>> {
        let mut groups: Vec<Vec<&Row>> = Vec::new();
        for row in &self.rows {
            match groups.last_mut() {
                Some(group) if group[0].worst == row.worst => group.push(row),
                _ => groups.push(vec![row]),
            }
        }
        groups
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(candidates: &[usize], seconds: u64, survived: bool, back: Option<u64>) -> Row {
        let mut row = Row::new(candidates.to_vec());
        let (outage, back) = (Span::from_secs(seconds), back.map(Span::from_secs));
        row.add(&[], &Measure { outage, survived: Some(survived), back, ..Measure::default() });
        row
    }

    #[test]
    fn the_worst_comes_first_and_what_never_comes_back_is_worse_than_all() {
        let table = Table::of([row(&[0], 3, true, Some(0)), row(&[1], 9, true, Some(0)), row(&[2], 1, true, None)]);
        let order: Vec<usize> = table.rows.iter().map(|row| row.candidates[0]).collect();
        assert_eq!(order, [2, 1, 0]);
        assert_eq!((table.worst(), table.exceeding(None), table.exceeding(Some(Span::from_secs(3)))), (None, 1, 2));
    }

    #[test]
    fn the_same_pair_in_two_orders_is_one_row() {
        let table = Table::of([row(&[0, 1], 3, true, Some(1)), row(&[0, 1], 5, false, Some(2))]);
        let only = &table.rows[0];
        assert_eq!((table.rows.len(), only.runs, only.worst.survived), (1, 2, Some(false)));
        // nobody survives this pair: what counts is how long service takes afterwards
        assert_eq!(only.counted(), Some(Span::from_secs(2)));
    }

    #[test]
    fn a_single_fault_that_is_not_survived_counts_in_full() {
        assert_eq!(row(&[0], 20, false, Some(3)).counted(), Some(Span::from_secs(20)));
    }
}
