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
}

/// How a world with its faults fails, its chance being another after a moment where one is given. Nothing: it does not.
pub(crate) fn fingerprint_of(world: &World, seed: u64, other: Option<(Instant, u64)>) -> Option<String> {
    let mut lab = Lab::new(world, seed);
    if let Some((at, other)) = other {
        lab.redraw_after(at, other);
    }
    let mut watch = Watch::new(world, lab.ports());
    lab.run(&mut [&mut watch]);
    first(&watch.judge().violations).map(fingerprint)
}
