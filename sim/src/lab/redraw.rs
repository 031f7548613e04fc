//! Other chance from a moment on: what has happened stays, what is drawn later comes from another seed.
use vrrplab_engine::Instant;

use super::Lab;
use super::queue::Due;
use super::switches::Reports;

impl Lab<'_> {
    /// After everything that happens at `at`, all chance comes from another seed: what links do to frames, when a starved
    /// daemon runs, when groups are reported, first checks. Sockets keep the numbers that they began with.
    pub fn redraw_after(&mut self, at: Instant, seed: u64) {
        self.queue.push_last(at, usize::MAX / 4, Due::Redraw(seed));
    }

    pub(super) fn redraw(&mut self, seed: u64) {
        self.seed = seed;
        self.fabric.redraw(seed);
        self.reports = Reports::new(self.world, seed);
        for (router, node) in self.routers.iter_mut().zip(&self.world.nodes) {
            router.seed = seed;
            if let Some(starved) = &mut router.starved {
                starved.redraw(seed, &node.model.name);
            }
        }
    }
}
