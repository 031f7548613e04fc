//! When a failure was decided: a failing run is played up to a moment with its own chance, from then on with other chance,
//! many times. How often that still fails is the probability of failure then, and where it rises is the moment that mattered.
use vrrplab_engine::{Instant, Span};
use vrrplab_formats::world::World;

use crate::chance::Chance;
use crate::experiment;
use crate::explore::{Explorer, fingerprint_of};
use crate::lab::Lab;
use crate::observe::timeline::Tone;
use crate::observe::{Level, Timeline};

/// Two moments so close are one.
const CLOSE: Span = Span::from_millis(1);
/// The interval in which the probability rises most is parted into so many.
const PARTS: u64 = 4;

/// A failing run.
pub struct Turning<'w> {
    world: World,
    explorer: Option<&'w Explorer>,
    seed: u64,
    redraws: u64,
    failure: String,
}

/// How many of the redrawn runs fail, when chance is another from this moment on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sample {
    /// The last moment of its own chance.
    pub at: Instant,
    /// So many fail.
    pub failed: u64,
}

/// One line of what happened.
pub type Told = String;

impl<'w> Turning<'w> {
    /// A run of the scenario itself, with its own faults and promises. Nothing: it does not fail.
    pub fn of_scenario(world: &World, seed: u64, redraws: u64) -> Option<Turning<'w>> {
        let outcome = experiment::play(world, seed, false, |_, _| Ok(())).ok()?;
        let broken = outcome.judgements.iter().find(|judgement| !judgement.held);
        let violated = outcome.objections.violations.iter().find(|violation| !violation.expected);
        let failure = match (outcome.held(), broken, violated) {
            (true, ..) => return None,
            (_, Some(judgement), _) => judgement.found.lines().next().unwrap_or_default().to_owned(),
            (_, None, Some(violation)) => violation.text().lines().next().unwrap_or_default().to_owned(),
            (_, None, None) => "a violation that was expected did not come".to_owned(),
        };
        Some(Turning { world: world.clone(), explorer: None, seed, redraws, failure })
    }

    /// A run as it is explored: its faults are drawn as well, and those after the moment are others. It fails when it fails
    /// for the same cause. Nothing: it does not fail.
    pub fn of_explored(explorer: &'w Explorer, seed: u64, redraws: u64) -> Option<Turning<'w>> {
        let world = explorer.drawn(seed);
        let failure = fingerprint_of(&world, seed, None)?;
        Some(Turning { world, explorer: Some(explorer), seed, redraws, failure })
    }

    /// How it fails.
    pub fn failure(&self) -> &str {
        &self.failure
    }

    /// How many times chance is drawn anew at each moment.
    pub fn redraws(&self) -> u64 {
        self.redraws
    }

    /// Equally distant moments from the beginning to the end.
    pub fn moments(&self, steps: u64) -> Vec<Instant> {
        let steps = steps.max(1);
        let end = self.world.duration.0;
        let at = |step: u64| u64::try_from(u128::from(end) * u128::from(step) / u128::from(steps)).unwrap_or(end);
        (0..=steps).map(|step| Instant(at(step))).collect()
    }

    /// The moments to look at next: within the interval in which the probability rises most. None: it is known closely
    /// enough, or does not rise.
    pub fn closer(&self, samples: &[Sample]) -> Vec<Instant> {
        let Some((from, to)) = steepest(samples) else { return Vec::new() };
        let length = to.at.since(from.at);
        if length <= CLOSE {
            return Vec::new();
        }
        (1..PARTS).map(|part| from.at + Span(length.0 / PARTS * part)).collect()
    }

    /// How many of the runs fail that have other chance after `at`. The same numbers are the same chance at all moments. The
    /// time until then passes once.
    pub fn failed(&self, at: Instant) -> u64 {
        let others = (0..self.redraws).map(|number| Chance::new(self.seed, &format!("turning/{number}")).bits());
        let failed = match self.explorer {
            Some(explorer) => {
                let failures = explorer.redrawn_failures(self.seed, at, others);
                failures.iter().filter(|failure| failure.as_deref() == Some(&self.failure)).count()
            }
            None => experiment::redrawn(&self.world, self.seed, at, others).iter().filter(|held| !**held).count(),
        };
        u64::try_from(failed).unwrap_or(u64::MAX)
    }

    /// What happened in the run itself after one moment and up to another, frames that chance lost included; and how many
    /// lines more there are than `most`.
    pub fn happened(&self, from: Instant, to: Instant, most: usize) -> (Vec<Told>, usize) {
        let lab = Lab::new(&self.world, self.seed);
        let mut timeline = Timeline::new(&self.world, lab.ports());
        lab.run(&mut [&mut timeline]);
        let within = timeline.lines().iter().filter(|line| line.at > from && line.at <= to);
        let told = within.filter(|line| line.level == Level::Normal || line.tone == Tone::Fault);
        let mut lines: Vec<Told> = told.map(|line| timeline.text(line, false)).collect();
        let more = lines.len().saturating_sub(most);
        lines.truncate(most);
        (lines, more)
    }
}

/// The neighbours between which the probability rises most, the first of them.
pub fn steepest(samples: &[Sample]) -> Option<(Sample, Sample)> {
    let rise = |pair: &[Sample]| pair[1].failed.saturating_sub(pair[0].failed);
    let best = samples.windows(2).rev().max_by_key(|pair| rise(pair))?;
    (rise(best) > 0).then(|| (best[0], best[1]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_of_the_steepest_rises_is_the_one() {
        let sample = |at: u64, failed| Sample { at: Instant(at), failed };
        let samples = [sample(0, 3), sample(10, 2), sample(20, 40), sample(30, 62), sample(40, 100)];
        assert_eq!(steepest(&samples), Some((samples[1], samples[2])));
        assert_eq!(steepest(&samples[..2]), None);
        assert_eq!(steepest(&samples[..1]), None);
    }
}
