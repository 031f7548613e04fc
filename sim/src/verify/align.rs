//! Two sequences laid side by side: what both have, and what only one has, without changing either order.
use vrrplab_engine::Instant;

/// Something that both have, or only one of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Pair<'a, T> {
    /// Recorded and simulated.
    Both(&'a T, &'a T),
    /// Recorded only.
    Recorded(&'a T),
    /// Simulated only.
    Simulated(&'a T),
}

/// Something that happened at a time.
pub(super) trait Timed {
    /// When.
    fn at(&self) -> Instant;
    /// Whether the other is the same thing, whatever its time.
    fn is(&self, other: &Self) -> bool;
}

/// Pairs equal things without changing either order: as many as possible, and of those ways the one with the smallest
/// differences in time.
pub(super) fn align<'a, T: Timed>(recorded: &[&'a T], simulated: &[&'a T]) -> Vec<Pair<'a, T>> {
    let best = costs(recorded, simulated);
    let (rows, columns) = (recorded.len(), simulated.len());
    let (mut r, mut s) = (0, 0);
    let mut pairs = Vec::new();
    while r < rows || s < columns {
        let here = best[r][s];
        if paired(&best, recorded, simulated, r, s) == Some(here) {
            pairs.push(Pair::Both(recorded[r], simulated[s]));
            (r, s) = (r + 1, s + 1);
        } else if r < rows && alone(&best, r + 1, s) == here {
            pairs.push(Pair::Recorded(recorded[r]));
            r += 1;
        } else {
            pairs.push(Pair::Simulated(simulated[s]));
            s += 1;
        }
    }
    pairs
}

/// How many stay alone, and how far the pairs lie apart in total.
type Cost = (usize, u64);

/// `[r][s]`: the cost of `recorded[r..]` against `simulated[s..]`.
fn costs<T: Timed>(recorded: &[&T], simulated: &[&T]) -> Vec<Vec<Cost>> {
    let (rows, columns) = (recorded.len(), simulated.len());
    let mut best = vec![vec![(0, 0); columns + 1]; rows + 1];
    for r in (0..=rows).rev() {
        for s in (0..=columns).rev() {
            let choices = [
                paired(&best, recorded, simulated, r, s),
                (r < rows).then(|| alone(&best, r + 1, s)),
                (s < columns).then(|| alone(&best, r, s + 1)),
            ];
            best[r][s] = choices.into_iter().flatten().min().unwrap_or((0, 0));
        }
    }
    best
}

fn paired<T: Timed>(best: &[Vec<Cost>], recorded: &[&T], simulated: &[&T], r: usize, s: usize) -> Option<Cost> {
    let (a, b) = (recorded.get(r)?, simulated.get(s)?);
    let (alone, sum) = best[r + 1][s + 1];
    a.is(b).then(|| (alone, sum.saturating_add(a.at().0.abs_diff(b.at().0))))
}

fn alone(best: &[Vec<Cost>], r: usize, s: usize) -> Cost {
    (best[r][s].0 + 1, best[r][s].1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, PartialEq, Eq)]
    struct Thing(char, u64);

    impl Timed for Thing {
        fn at(&self) -> Instant {
            Instant(self.1)
        }
        fn is(&self, other: &Thing) -> bool {
            self.0 == other.0
        }
    }

    fn laid(recorded: &[Thing], simulated: &[Thing]) -> String {
        let (recorded, simulated): (Vec<_>, Vec<_>) = (recorded.iter().collect(), simulated.iter().collect());
        let shown = align(&recorded, &simulated).into_iter().map(|pair| match pair {
            Pair::Both(r, s) => format!("{}{}={}", r.0, r.1, s.1),
            Pair::Recorded(r) => format!("{}{}-", r.0, r.1),
            Pair::Simulated(s) => format!("{}+{}", s.0, s.1),
        });
        shown.collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn of_several_ways_the_nearest_in_time_is_taken() {
        let adverts = [Thing('a', 10), Thing('a', 20), Thing('a', 30)];
        assert_eq!(laid(&adverts, &[Thing('a', 19), Thing('a', 31)]), "a10- a20=19 a30=31");
        assert_eq!(laid(&adverts[..1], &[Thing('a', 1), Thing('a', 11)]), "a+1 a10=11");
    }

    #[test]
    fn a_change_of_order_leaves_one_of_the_two_alone_on_both_sides() {
        assert_eq!(laid(&[Thing('a', 1), Thing('b', 2)], &[Thing('b', 2), Thing('a', 3)]), "a1- b2=2 a+3");
        assert_eq!(laid(&[], &[Thing('b', 2)]), "b+2");
    }
}
