//! Two faults: the second while the first lasts, when that matters most.
use std::collections::BTreeSet;

use vrrplab_engine::{Instant, Span};

use super::boundaries::{Boundaries, near};
use super::eve::Eve;
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
        let first = single.candidates[0];
        let at = single.hits.first().map_or(self.instants[0], |hit| hit.at);
        let seconds = self.seconds(first, at, plan.seconds);
        let others =
            (0..self.candidates.len()).filter(|second| self.candidates[*second].spot != self.candidates[first].spot);
        let mut rows: Vec<(usize, Row)> =
            others.map(|second| (second, Row::new(vec![first.min(second), first.max(second)]))).collect();
        let mut calm = Eve::of(&self.world);
        calm.run_before(at);
        for &then in &seconds {
            let hit = |candidate: usize, at: Instant| {
                let over = then + self.hold;
                let lasts = if self.candidates[candidate].at_once { Span::ZERO } else { over.since(at) };
                Hit { candidate, at, lasts }
            };
            let mut before = faults(&self.strikes(&[hit(first, at)]));
            before.retain(|timed| timed.at < then);
            let mut eve = calm.after(&before, at);
            if let Some(eve) = &mut eve {
                eve.run_before(then);
            }
            for (second, row) in &mut rows {
                let hits = [hit(first, at), hit(*second, then)];
                row.add(&hits, &self.strike_at(eve.as_ref().unwrap_or(&calm), &hits));
            }
        }
        rows.into_iter().map(|(_, row)| row).collect()
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
