//! Timer arithmetic in exact integers: skew and down interval.
use crate::model::Version;
use crate::policy::SkewUnit;
use crate::time::Span;

/// Skew time of a priority. v2 ignores the interval; v3 scales with the master's interval.
///
/// keepalived truncates to microseconds at the very end; RFC 9568 §6.1 is taken exactly, to the nanosecond.
pub const fn skew(version: Version, priority: u8, master_interval: Span, unit: SkewUnit) -> Span {
    let steps = 256 - priority as u64;
    match (version, unit) {
        (Version::V2, SkewUnit::Microseconds) => Span::from_micros(steps * 1_000_000 / 256),
        (Version::V2, SkewUnit::Exact) => Span(steps * 1_000_000_000 / 256),
        (Version::V3, SkewUnit::Microseconds) => {
            Span::from_micros(steps * (master_interval.as_micros() / 10_000) * 625 / 16)
        }
        (Version::V3, SkewUnit::Exact) => Span(steps * master_interval.0 / 256),
        (Version::V2, SkewUnit::Centiseconds) => Span::from_millis(steps * 100 / 256 * 10),
        (Version::V3, SkewUnit::Centiseconds) => {
            Span::from_millis(steps * (master_interval.as_micros() / 10_000) / 256 * 10)
        }
    }
}

/// How long a backup waits for its master: `adverts` intervals and the skew.
pub const fn down(version: Version, priority: u8, master_interval: Span, adverts: u8, unit: SkewUnit) -> Span {
    let skew = skew(version, priority, master_interval, unit);
    Span(master_interval.times(adverts as u64).0.saturating_add(skew.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    const US: SkewUnit = SkewUnit::Microseconds;
    const SECOND: Span = Span::from_secs(1);

    #[test]
    fn priority_100_takes_over_after_3_609375_seconds() {
        assert_eq!(down(Version::V2, 100, SECOND, 3, US), Span(3_609_375_000));
        assert_eq!(skew(Version::V2, 100, SECOND, US), Span(609_375_000));
    }

    #[test]
    fn v2_skew_ignores_the_interval() {
        assert_eq!(down(Version::V2, 100, Span::from_secs(10), 3, US), Span(30_609_375_000));
    }

    #[test]
    fn v3_skew_scales_with_the_interval() {
        assert_eq!(down(Version::V3, 200, Span::from_millis(500), 3, US), Span(1_609_375_000));
        assert_eq!(skew(Version::V3, 100, Span::from_millis(100), US), Span::from_micros(60_937));
        assert_eq!(skew(Version::V3, 100, Span::from_millis(100), SkewUnit::Exact), Span(60_937_500));
    }

    #[test]
    fn frr_waits_whole_centiseconds() {
        // Recorded: priority 150 takes over after 3.41 s, priority 100 after 3.60 s.
        assert_eq!(down(Version::V3, 150, SECOND, 3, SkewUnit::Centiseconds), Span::from_millis(3_410));
        assert_eq!(down(Version::V3, 100, SECOND, 3, SkewUnit::Centiseconds), Span::from_millis(3_600));
        assert_eq!(skew(Version::V2, 100, Span::from_secs(10), SkewUnit::Centiseconds), Span::from_millis(600));
    }

    #[test]
    fn the_owner_is_one_step_of_skew_ahead() {
        assert_eq!(down(Version::V2, 255, SECOND, 3, US), Span(3_003_906_000));
    }
}
