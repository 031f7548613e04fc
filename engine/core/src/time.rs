//! Time as an argument: nanoseconds since the driver's zero, and spans of nanoseconds.
use core::fmt;
use core::ops::{Add, AddAssign, Sub};

/// A moment on the driver's monotonic clock, in nanoseconds since a zero of its choosing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Instant(pub u64);

/// A length of time in nanoseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Span(pub u64);

impl Instant {
    /// The zero of the clock.
    pub const ZERO: Instant = Instant(0);

    /// The time since `earlier`, zero when `earlier` lies in the future.
    pub const fn since(self, earlier: Instant) -> Span {
        Span(self.0.saturating_sub(earlier.0))
    }
}

impl Span {
    /// No time at all.
    pub const ZERO: Span = Span(0);

    /// `n` seconds.
    pub const fn from_secs(n: u64) -> Span {
        Span(n.saturating_mul(1_000_000_000))
    }
    /// `n` milliseconds.
    pub const fn from_millis(n: u64) -> Span {
        Span(n.saturating_mul(1_000_000))
    }
    /// `n` microseconds: the unit in which keepalived computes.
    pub const fn from_micros(n: u64) -> Span {
        Span(n.saturating_mul(1_000))
    }
    /// Whole microseconds, truncated.
    pub const fn as_micros(self) -> u64 {
        self.0 / 1_000
    }
    /// `n` times this span.
    pub const fn times(self, n: u64) -> Span {
        Span(self.0.saturating_mul(n))
    }
}

impl Add<Span> for Instant {
    type Output = Instant;
    fn add(self, span: Span) -> Instant {
        Instant(self.0.saturating_add(span.0))
    }
}
impl AddAssign<Span> for Instant {
    fn add_assign(&mut self, span: Span) {
        *self = *self + span;
    }
}
impl Add for Span {
    type Output = Span;
    fn add(self, other: Span) -> Span {
        Span(self.0.saturating_add(other.0))
    }
}
impl Sub for Span {
    type Output = Span;
    fn sub(self, other: Span) -> Span {
        Span(self.0.saturating_sub(other.0))
    }
}

/// Seconds with as many decimals as are needed, at least three: `3.609375`, `12.000`.
fn write_seconds(f: &mut fmt::Formatter<'_>, ns: u64) -> fmt::Result {
    let (secs, rest) = (ns / 1_000_000_000, ns % 1_000_000_000);
    if rest % 1_000_000 == 0 {
        write!(f, "{secs}.{:03}", rest / 1_000_000)
    } else if rest % 1_000 == 0 {
        write!(f, "{secs}.{:06}", rest / 1_000)
    } else {
        write!(f, "{secs}.{rest:09}")
    }
}

impl fmt::Display for Instant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_seconds(f, self.0)
    }
}
impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_seconds(f, self.0)?;
        f.write_str(" s")
    }
}
