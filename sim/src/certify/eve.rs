//! The eve of a fault: the world in service up to just before it, with its measurements. All that comes after is played from
//! here, and not from the start.
use vrrplab_engine::{Instant, Span};
use vrrplab_formats::world::{TimedFault, World};

use super::meter::{Meter, NEVER};
use crate::lab::Lab;

/// A world on its way from moment to moment at which it may be struck.
pub(super) struct Eve<'w> {
    world: &'w World,
    lab: Lab<'w>,
    meter: Meter,
}

/// Faults, and when they matter.
#[derive(Clone, Copy)]
pub(super) struct Blow<'f> {
    /// In order of time.
    pub faults: &'f [TimedFault],
    /// When the first begins.
    pub from: Instant,
    /// When the last is over.
    pub over: Instant,
    /// How long calm is watched after that.
    pub hold: Span,
}

impl<'w> Eve<'w> {
    /// The beginning of a world without faults.
    pub fn of(world: &'w World) -> Eve<'w> {
        Eve { world, lab: Lab::forkable(world, world.seed), meter: Meter::new(world) }
    }

    /// Its time passes until just before this moment.
    pub fn run_before(&mut self, at: Instant) {
        self.lab.run_before(at, &mut [&mut self.meter]);
    }

    /// The eve of a later fault, when these come first. `None`: this world cannot be forked.
    pub fn after<'f>(&self, faults: &'f [TimedFault], from: Instant) -> Option<Eve<'f>>
    where
        'w: 'f,
    {
        let lab = self.lab.fork(faults, NEVER)?;
        Some(Eve { world: self.world, lab, meter: self.meter.from(from) })
    }

    /// What these faults cost, of which those that came before are the first. A world that cannot be forked is played from its
    /// start, which costs more time and gives the same.
    pub fn cost(&self, blow: &Blow<'_>) -> Meter {
        let end = blow.over + blow.hold;
        let mut meter = self.meter.from(blow.from).until(blow.over, blow.hold);
        if let Some(lab) = self.lab.fork(blow.faults, end) {
            lab.run(&mut [&mut meter]);
            return meter;
        }
        played(self.world, blow)
    }
}

/// A whole run with these faults, measured.
fn played(world: &World, blow: &Blow<'_>) -> Meter {
    let mut world = world.clone();
    world.faults = blow.faults.to_vec();
    world.duration = (blow.over + blow.hold).since(Instant::ZERO);
    let mut meter = Meter::new(&world).from(blow.from).until(blow.over, blow.hold);
    Lab::new(&world, world.seed).run(&mut [&mut meter]);
    meter
}

#[cfg(test)]
mod tests {
    use std::path::{Path, PathBuf};

    use vrrplab_formats::scenario::Disk;

    use super::super::{Certifier, faults};
    use super::*;
    use crate::certify::Hit;

    fn certifier(name: &str) -> Certifier {
        let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../scenarios").join(name);
        Certifier::read(Path::new(&path), &Disk).unwrap_or_else(|unfit| panic!("{unfit:?}"))
    }

    #[test]
    fn what_is_played_from_the_eve_costs_what_the_whole_run_does() {
        // with pings, and with a browser
        let certifier = certifier("split-brain.yaml");
        let mut eve = Eve::of(&certifier.world);
        for &at in certifier.instants.iter().step_by(8) {
            eve.run_before(at);
            for candidate in 0..certifier.candidates.len() {
                let hit = Hit { candidate, at, lasts: certifier.hold };
                let strikes = certifier.strikes(&[hit]);
                let over = strikes[0].is_over();
                let blow = Blow { faults: &faults(&strikes), from: at, over, hold: certifier.hold };
                let forked = eve.lab.fork(blow.faults, over + certifier.hold);
                assert!(forked.is_some(), "{} at {at:?}", certifier.name(candidate));
                let (eve, whole) = (eve.cost(&blow), played(eve.world, &blow));
                assert_eq!(eve.measure(true), whole.measure(true), "{} at {at:?}", certifier.name(candidate));
            }
        }
    }

    #[test]
    fn of_two_faults_the_second_is_played_from_what_the_first_has_done() {
        let certifier = certifier("basics/master-crash.yaml");
        let at = certifier.instants[0];
        let mut calm = Eve::of(&certifier.world);
        calm.run_before(at);
        let then = at + Span(certifier.hold.0 / 2);
        for first in (0..certifier.candidates.len()).step_by(5) {
            let hits = |second| {
                let lasts = certifier.hold.times(2);
                [Hit { candidate: first, at, lasts }, Hit { candidate: second, at: then, lasts: certifier.hold }]
            };
            let mut before = faults(&certifier.strikes(&hits(0)[..1]));
            before.retain(|timed| timed.at < then);
            let mut eve = calm.after(&before, at).expect("a world in service is forked");
            eve.run_before(then);
            for second in (0..certifier.candidates.len()).step_by(5) {
                let strikes = certifier.strikes(&hits(second));
                let over = strikes.iter().map(crate::explore::Strike::is_over).max().unwrap();
                let blow = Blow { faults: &faults(&strikes), from: at, over, hold: certifier.hold };
                assert!(eve.lab.fork(blow.faults, over).is_some());
                let (eve, whole) = (eve.cost(&blow), played(eve.world, &blow));
                let names = [first, second].map(|candidate| certifier.name(candidate));
                assert_eq!(eve.measure(true), whole.measure(true), "{names:?}");
            }
        }
    }
}
