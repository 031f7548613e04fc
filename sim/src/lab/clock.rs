//! The clock of a node: what it says at a moment of the world, and when it will say something.
use vrrplab_engine::Instant;
use vrrplab_formats::world::{NodeClock, Ppm};

/// Speed of a clock that keeps the world's time, in millionths.
const TRUE_SPEED: u64 = 1_000_000;
/// The slowest clock; the reader of scenarios allows no slower one.
const SLOWEST: i64 = 100_000;

/// A clock, as a straight line since the last change of its speed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Clock {
    /// It says what the world's says.
    plain: bool,
    /// In millionths of the world's.
    speed: u64,
    /// A moment of the world ...
    world: Instant,
    /// ... and what it said then.
    node: Instant,
}

impl Clock {
    /// A clock at the beginning of the world.
    pub fn new(setup: NodeClock) -> Clock {
        let mut clock = Clock { plain: true, speed: TRUE_SPEED, world: Instant::ZERO, node: Instant::ZERO };
        clock.set(Instant::ZERO, Instant::ZERO + setup.offset, setup.drift);
        clock
    }

    /// Whether it says what the world's says.
    pub fn is_plain(&self) -> bool {
        self.plain
    }

    /// What the clock says at this moment of the world. Before the last change, it is what it said then.
    pub fn says(&self, world: Instant) -> Instant {
        if self.plain {
            return world;
        }
        let passed = u128::from(world.since(self.world).0) * u128::from(self.speed) / u128::from(TRUE_SPEED);
        Instant(self.node.0.saturating_add(u64::try_from(passed).unwrap_or(u64::MAX)))
    }

    /// The first moment of the world at which the clock says this, or more.
    pub fn when(&self, node: Instant) -> Instant {
        if self.plain {
            return node;
        }
        let left = u128::from(node.since(self.node).0) * u128::from(TRUE_SPEED);
        let left = u64::try_from(left.div_ceil(u128::from(self.speed))).unwrap_or(u64::MAX);
        Instant(self.world.0.saturating_add(left))
    }

    /// From this moment on, it runs at another speed.
    pub fn drift(&mut self, now: Instant, drift: Ppm) {
        self.set(now, self.says(now), drift);
    }

    /// It stood still from one moment to another.
    pub fn stood_still(&mut self, from: Instant, to: Instant) {
        let said = self.says(from);
        (self.world, self.node) = (to, said);
        self.plain = self.speed == TRUE_SPEED && to == said;
    }

    fn set(&mut self, world: Instant, node: Instant, drift: Ppm) {
        let speed = (i64::from(drift.0) + 1_000_000).max(SLOWEST);
        self.speed = speed.unsigned_abs();
        (self.world, self.node) = (world, node);
        self.plain = self.speed == TRUE_SPEED && world == node;
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use vrrplab_engine::Span;

    use super::*;

    fn clock(offset: Span, ppm: i32) -> Clock {
        Clock::new(NodeClock { offset, drift: Ppm(ppm) })
    }

    #[test]
    fn a_true_clock_is_the_worlds() {
        let clock = clock(Span::ZERO, 0);
        assert!(clock.plain);
        assert_eq!(clock.says(Instant(7)), Instant(7));
        assert_eq!(clock.when(Instant(7)), Instant(7));
    }

    #[test]
    fn a_clock_that_is_one_percent_fast_reaches_its_deadlines_early() {
        let clock = clock(Span::ZERO, 10_000);
        assert_eq!(clock.says(Instant(1_000_000_000)), Instant(1_010_000_000));
        // 3.609375 s / 1.01 = 3.573638613.86...: rounded up
        assert_eq!(clock.when(Instant(3_609_375_000)), Instant(3_573_638_614));
    }

    #[test]
    fn a_change_of_speed_does_not_move_the_clock() {
        let mut clock = clock(Span::from_secs(5), 0);
        clock.drift(Instant(1_000), Ppm(-500_000));
        assert_eq!(clock.says(Instant(1_000)), Instant(5_000_001_000));
        assert_eq!(clock.says(Instant(1_010)), Instant(5_000_001_005));
        assert_eq!(clock.when(Instant(5_000_001_005)), Instant(1_010));
    }

    #[test]
    fn a_clock_that_stood_still_is_late_by_the_pause() {
        let mut clock = clock(Span::ZERO, 0);
        clock.stood_still(Instant(100), Instant(350));
        assert_eq!(clock.says(Instant(350)), Instant(100));
        assert_eq!(clock.when(Instant(120)), Instant(370));
    }

    proptest! {
        #[test]
        fn waking_at_the_mapped_deadline_never_comes_early_nor_a_nanosecond_late(
            offset in 0_u64..1_000_000_000_000,
            first in -900_000_i32..=900_000,
            then in -900_000_i32..=900_000,
            changed in 0_u64..1_000_000_000_000,
            ahead in 1_u64..10_000_000_000_000,
        ) {
            let mut clock = clock(Span(offset), first);
            clock.drift(Instant(changed), Ppm(then));
            let deadline = Instant(clock.says(Instant(changed)).0 + ahead);
            let wake = clock.when(deadline);
            prop_assert!(clock.says(wake) >= deadline);
            prop_assert!(clock.says(Instant(wake.0 - 1)) < deadline);
        }

        #[test]
        fn the_moment_of_what_a_clock_says_is_never_later_than_now(
            ppm in -900_000_i32..=900_000,
            now in 0_u64..10_000_000_000_000,
        ) {
            let clock = clock(Span::from_secs(3), ppm);
            let back = clock.when(clock.says(Instant(now)));
            prop_assert!(back <= Instant(now));
            prop_assert_eq!(clock.says(back), clock.says(Instant(now)));
        }
    }
}
