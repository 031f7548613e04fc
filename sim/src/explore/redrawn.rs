//! One seed up to a moment, another from then on.
use vrrplab_engine::Instant;
use vrrplab_formats::world::World;

use super::{Explorer, fingerprint, first, plan};
use crate::invariant::Watch;
use crate::lab::Lab;

impl Explorer {
    /// The world of a seed, with its faults.
    pub fn drawn(&self, seed: u64) -> World {
        let mut world = self.world.clone();
        world.faults = plan::timeline(&self.own, &self.strikes(seed));
        world
    }

    /// The world of a seed whose faults after a moment are those of another seed. A fault that has begun ends as it would.
    pub fn redrawn(&self, seed: u64, at: Instant, other: u64) -> World {
        let mut strikes = self.strikes(seed);
        strikes.retain(|strike| strike.at <= at);
        strikes.extend(self.strikes(other).into_iter().filter(|strike| strike.at > at));
        let mut world = self.world.clone();
        world.faults = plan::timeline(&self.own, &strikes);
        world
    }

    /// How the world of a seed fails when its chance and its faults after a moment are those of another, for each of these. The
    /// time until then passes once.
    pub(crate) fn redrawn_failures(
        &self,
        seed: u64,
        at: Instant,
        others: impl Iterator<Item = u64>,
    ) -> Vec<Option<String>> {
        let mut begun = self.drawn(seed);
        begun.faults.retain(|timed| timed.at <= at);
        let mut lab = Lab::forkable(&begun, seed);
        let mut watch = Watch::new(&begun, lab.ports());
        lab.run_through(at, &mut [&mut watch]);
        let fails = |other: u64| {
            let world = self.redrawn(seed, at, other);
            let Some(mut fork) = lab.fork(&world.faults, Instant::ZERO + world.duration) else {
                return fingerprint_of(&world, seed, Some((at, other)));
            };
            let mut watch = watch.clone();
            watch.expect(&world.faults);
            fork.redraw_after(at, other);
            failure(fork, watch)
        };
        others.map(fails).collect()
    }
}

/// How a world with its faults fails, its chance being another after a moment where one is given. Nothing: it does not.
pub(crate) fn fingerprint_of(world: &World, seed: u64, other: Option<(Instant, u64)>) -> Option<String> {
    let mut lab = Lab::new(world, seed);
    if let Some((at, other)) = other {
        lab.redraw_after(at, other);
    }
    let watch = Watch::new(world, lab.ports());
    failure(lab, watch)
}

/// How a world fails on the rest of its way.
fn failure(lab: Lab<'_>, mut watch: Watch) -> Option<String> {
    lab.run(&mut [&mut watch]);
    first(&watch.judge().violations).map(fingerprint)
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use vrrplab_formats::scenario::{self, Disk};

    use super::*;
    use crate::explore::Options;

    #[test]
    fn a_fork_with_other_chance_fails_as_the_whole_run_does() {
        let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../scenarios/seeds/seed-master-backup-pair.yaml");
        let world = scenario::load(&path, &Disk).0.unwrap();
        let explorer = Explorer::new(&world, Options { most: 6, own_faults: true, clients: true });
        let (mut failed, mut held) = (0, 0);
        for seed in [8, 44] {
            for at in [0, 7_000, 18_000, 40_000, 60_000].map(|ms| Instant(ms * 1_000_000)) {
                let others = [100, 200, 300];
                let forked = explorer.redrawn_failures(seed, at, others.into_iter());
                let whole = |other| {
                    let world = explorer.redrawn(seed, at, other);
                    fingerprint_of(&world, seed, Some((at, other)))
                };
                assert_eq!(forked, others.map(whole), "seed {seed} after {at:?}");
                failed += forked.iter().flatten().count();
                held += forked.iter().filter(|failure| failure.is_none()).count();
            }
        }
        assert!(failed >= 4 && held >= 4, "{failed} failed, {held} held: too few of one kind");
    }
}
