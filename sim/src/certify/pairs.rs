//! Two faults: the second while the first lasts, when that matters most.
use std::collections::BTreeSet;

use vrrplab_engine::{Instant, Span};

use super::boundaries::{Boundaries, near};
use super::table::{Hit, Row};
use super::{Certifier, faults};
use crate::lab::Lab;

/// At most so many moments of a second fault.
const MOST: usize = 8;

/// How pairs are played.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pairs {
    /// At most so many moments of the second fault.
    pub seconds: usize,
}

impl Pairs {
    /// As many moments as fit into so many runs, but one at least.
    pub fn within(runs: usize, candidates: usize) -> Pairs {
        let pairs = candidates * candidates.saturating_sub(1);
        Pairs { seconds: (runs / pairs.max(1)).clamp(1, MOST) }
    }
}

impl Certifier {
    /// Every other fault after this one, which comes at its own worst moment: at the same time, before, at and after the
    /// first and the last change of state that it brings, and when all has settled. Both end together.
    pub fn pairs(&self, single: &Row, plan: Pairs) -> Vec<Row> {
        let mut world = self.world.clone();
        let first = single.candidates[0];
        let at = single.hits.first().map_or(self.instants[0], |hit| hit.at);
        let seconds = self.seconds(first, at, plan.seconds);
        let mut rows = Vec::new();
        for second in 0..self.candidates.len() {
            if self.candidates[second].spot == self.candidates[first].spot {
                continue;
            }
            let mut row = Row::new(vec![first.min(second), first.max(second)]);
            for &then in &seconds {
                let length = |candidate: usize, from: Instant| {
                    let over = then + self.hold;
                    if self.candidates[candidate].at_once { Span::ZERO } else { over.since(from) }
                };
                let hits = [
                    Hit { candidate: first, at, lasts: length(first, at) },
                    Hit { candidate: second, at: then, lasts: length(second, then) },
                ];
                let measure = self.play(&mut world, &hits);
                row.add(&hits, &measure);
            }
            rows.push(row);
        }
        rows
    }

    /// When a second fault matters after a first.
    fn seconds(&self, first: usize, at: Instant, most: usize) -> Vec<Instant> {
        let lasts = if self.candidates[first].at_once { Span::ZERO } else { self.hold };
        let mut world = self.world.clone();
        world.faults = faults(&[self.candidates[first].strike(at, lasts)]);
        world.duration = (at + self.hold).since(Instant::ZERO);
        let mut boundaries = Boundaries::new(&world);
        Lab::new(&world, world.seed).run(&mut [&mut boundaries]);
        let turns: BTreeSet<Instant> = boundaries.turns_after(at).filter(|turn| *turn < at + self.hold).collect();
        let settled = at + Span(self.hold.0 / 2);
        let ends = [turns.first(), turns.last()].into_iter().flatten().flat_map(|turn| near(*turn));
        // the most telling first, should there be too many
        let mut chosen: Vec<Instant> = Vec::new();
        for moment in [at, settled].into_iter().chain(ends) {
            if !chosen.contains(&moment) && chosen.len() < most {
                chosen.push(moment);
            }
        }
        chosen.sort();
        chosen
    }
}
