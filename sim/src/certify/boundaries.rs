//! The moments that matter: when a world decides and sends, and since when it is in service.
use std::collections::BTreeSet;

use vrrplab_engine::{Instant, Span, State, TraceKind};
use vrrplab_formats::world::World;

use crate::moment::{Moment, Observer};

/// The least that lies before or after.
const STEP: Span = Span::from_micros(1);

/// Writes down when something is decided or sent.
#[derive(Debug)]
pub(super) struct Boundaries {
    at: BTreeSet<Instant>,
    turns: Vec<Instant>,
    master: bool,
    /// When each client was first answered.
    answered: Vec<Option<Instant>>,
}

impl Boundaries {
    pub(super) fn new(world: &World) -> Boundaries {
        Boundaries { at: BTreeSet::new(), turns: Vec::new(), master: false, answered: vec![None; world.clients.len()] }
    }

    /// Somebody was master.
    pub(super) fn has_master(&self) -> bool {
        self.master
    }

    /// When states had changed for the last time, and every client that is answered at all had its first answer, as far
    /// as that was before `limit`.
    pub(super) fn settled(&self, limit: Instant) -> Instant {
        let all = self.turns.iter().chain(self.answered.iter().flatten());
        all.copied().filter(|at| *at <= limit).max().unwrap_or(limit)
    }

    /// Before, at and after each moment between these, and half-way between them; at most so many, evenly chosen.
    pub(super) fn around(&self, from: Instant, to: Instant, most: usize) -> Vec<Instant> {
        let own: Vec<Instant> = self.at.range(from..to).copied().collect();
        let own = thinned(&own, most / 4);
        let halves = own.windows(2).map(|pair| middle(pair[0], pair[1]));
        let ends = [own.first().map(|first| middle(from, *first)), own.last().map(|last| middle(*last, to))];
        let near = own.iter().flat_map(|at| near(*at));
        let all: BTreeSet<Instant> = near.chain(halves).chain(ends.into_iter().flatten()).collect();
        thinned(&all.into_iter().collect::<Vec<_>>(), most)
    }

    /// When states changed after this moment.
    pub(super) fn turns_after(&self, from: Instant) -> impl Iterator<Item = Instant> + '_ {
        self.turns.iter().copied().filter(move |at| *at > from)
    }
}

/// Just before, at, and just after.
pub(super) fn near(at: Instant) -> [Instant; 3] {
    [Instant(at.0.saturating_sub(STEP.0)), at, at + STEP]
}

fn middle(from: Instant, to: Instant) -> Instant {
    from + Span(to.since(from).0 / 2)
}

fn thinned(all: &[Instant], most: usize) -> Vec<Instant> {
    if all.len() <= most {
        return all.to_vec();
    }
    (0..most).map(|position| all[position * all.len() / most]).collect()
}

impl Observer for Boundaries {
    fn see(&mut self, at: Instant, moment: &Moment<'_>) {
        match moment {
            Moment::Decided { trace, .. } => {
                self.at.insert(at);
                if let TraceKind::Transition { to, .. } = trace.kind {
                    self.turns.push(at);
                    self.master |= to == State::Master;
                }
            }
            Moment::Sent { rule: Some(_), .. } => {
                self.at.insert(at);
            }
            Moment::Gone(_) => self.turns.push(at),
            Moment::Answered { client, .. } => {
                if let Some(first) = self.answered.get_mut(client.0) {
                    first.get_or_insert(at);
                }
            }
            _ => {}
        }
    }

    fn finish(&mut self, _: Instant) {}
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(all: &[u64]) -> Boundaries {
        let at = all.iter().map(|us| Instant(us * 1_000)).collect();
        Boundaries { at, turns: Vec::new(), master: true, answered: Vec::new() }
    }

    fn micros(all: Vec<Instant>) -> Vec<u64> {
        all.into_iter().map(|at| at.0 / 1_000).collect()
    }

    #[test]
    fn moments_are_before_at_and_after_and_between() {
        let around = at(&[100, 300]).around(Instant(0), Instant(1_000_000), 24);
        assert_eq!(micros(around), [50, 99, 100, 101, 200, 299, 300, 301, 650]);
    }

    #[test]
    fn there_are_never_more_than_allowed() {
        let many: Vec<u64> = (1..500).map(|n| n * 10).collect();
        let around = at(&many).around(Instant(0), Instant(5_000_000), 24);
        assert_eq!(around.len(), 24);
    }
}
