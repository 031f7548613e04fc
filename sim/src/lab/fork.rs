//! A world that goes on more than once: from one moment on, with other faults each time, and the time before it passed once.
use vrrplab_engine::Instant;
use vrrplab_formats::world::{Fault, Forgery, RogueFault, TimedFault, World};

use super::{Lab, Watchers};

impl<'w> Lab<'w> {
    /// As [`Lab::new`], but the world can be forked. What its hosts do over TCP is written down for that, so its memory grows
    /// with the time that passes.
    pub fn forkable(world: &'w World, seed: u64) -> Lab<'w> {
        let mut lab = Lab::new(world, seed);
        lab.keep_diaries(true);
        lab
    }

    /// Whether it will be forked.
    pub(super) fn keep_diaries(&mut self, keep: bool) {
        self.forkable = keep;
        self.clients.iter_mut().for_each(|client| client.asker.keep_diary(keep));
        for router in self.routers.iter_mut() {
            router.responder.keep_diary(keep);
            if let Some(balancing) = &mut router.balancing {
                balancing.prober.keep_diary(keep);
            }
        }
    }

    /// Lets the time before a moment pass, be that before its end or after: all that happens at the moment itself is still to
    /// come.
    pub fn run_before(&mut self, at: Instant, watchers: Watchers<'_, '_>) {
        if let Some(last) = at.0.checked_sub(1) {
            self.run_through(Instant(last), watchers);
        }
    }

    /// The same, with all that happens at the moment itself.
    pub fn run_through(&mut self, at: Instant, watchers: Watchers<'_, '_>) {
        let end = std::mem::replace(&mut self.end, at);
        while self.next(watchers) {}
        (self.now, self.end) = (at, end);
    }

    /// The same world at the same moment, with these faults and until another end: it goes on as one would that had had them
    /// from the beginning. It can be forked again.
    ///
    /// `None`: this world was not made to be forked; or the first of the faults are not those that it has; or one of the others
    /// should have come already, or replays what a rogue should have kept.
    pub fn fork<'f>(&self, faults: &'f [TimedFault], end: Instant) -> Option<Lab<'f>>
    where
        'w: 'f,
    {
        let others = faults.strip_prefix(self.faults)?;
        if !self.forkable || others.iter().any(|timed| timed.at <= self.now || replays(&timed.fault)) {
            return None;
        }
        let mut again = Lab {
            world: self.world,
            faults,
            now: self.now,
            end,
            queue: self.queue.clone(),
            fabric: self.fabric.clone(),
            ports: self.ports.clone(),
            owners: self.owners.clone(),
            routers: self.routers.clone(),
            sayings: self.sayings.clone(),
            clients: self.clients.clone(),
            clouds: self.clouds.clone(),
            rogues: self.rogues.clone(),
            stunned: self.stunned,
            fates: Vec::new(),
            together: Vec::new(),
            arrivals: Vec::new(),
            glances: self.glances.clone(),
            seed: self.seed,
            forkable: true,
            islands: self.islands.clone(),
            tally: self.tally,
            fabric_due: self.fabric_due,
            reports: self.reports.clone(),
        };
        again.script(self.faults.len());
        Some(again)
    }
}

fn replays(fault: &Fault) -> bool {
    matches!(fault, Fault::Rogue(RogueFault { sends: Forgery::Replay { .. }, .. }))
}
