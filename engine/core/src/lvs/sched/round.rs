//! Round robin and weighted round robin.
//!
//! Places are indices of `Pool::order`, oldest first, so "after in the kernel's list" is a smaller index.
use super::{Change, DestId, Pool};

/// `rr`: the place of the last choice; none is the head of the list.
#[derive(Clone, Copy, Debug, Default)]
pub struct Cursor(Option<usize>);

impl Cursor {
    /// Keeps pointing at the same server; if that one is gone, at the one before it in the kernel's list.
    pub fn changed(&mut self, change: Change, length: usize) {
        if let (Change::Removed(gone), Some(place)) = (change, self.0) {
            self.0 = match place.cmp(&gone) {
                core::cmp::Ordering::Less => Some(place),
                core::cmp::Ordering::Equal => Some(place).filter(|p| *p < length),
                core::cmp::Ordering::Greater => Some(place - 1),
            };
        }
    }

    /// The next usable server, the last choice at the very end.
    pub fn pick(&mut self, pool: Pool) -> Option<DestId> {
        let start = self.0.unwrap_or(0);
        let rest = (0..start).rev();
        let wrapped = (start..pool.order.len()).rev();
        let found = rest.chain(wrapped).find(|place| pool.load(pool.order[*place]).usable())?;
        self.0 = Some(found);
        Some(pool.order[found])
    }
}

/// `wrr`: the place of the last choice, the present level, the highest level and the step between levels.
#[derive(Clone, Copy, Debug)]
pub struct Weighted {
    place: Option<usize>,
    level: i64,
    top: i64,
    step: i64,
}

/// The greatest common divisor; of anything and 0 it is that.
pub(super) const fn gcd(a: u32, b: u32) -> u32 {
    let (mut a, mut b) = (a, b);
    while b != 0 {
        (a, b) = (b, a % b);
    }
    a
}

/// Step and top level for these servers.
fn levels(pool: Pool) -> (i64, i64) {
    let (mut step, mut max) = (0, 0);
    for id in pool.order {
        let weight = pool.load(*id).weight;
        step = if step == 1 { 1 } else { gcd(step, weight) };
        max = max.max(weight);
    }
    let step = i64::from(step.max(1));
    (step, i64::from(max) - (step - 1))
}

impl Weighted {
    /// A scheduler that is bound now starts at the top.
    pub fn new(pool: Pool) -> Weighted {
        let (step, top) = levels(pool);
        Weighted { place: None, level: top, top, step }
    }

    /// Any change restarts the walk but keeps the level, as far as it exists.
    pub fn changed(&mut self, pool: Pool) {
        (self.step, self.top) = levels(pool);
        self.place = None;
        if self.level > self.top || self.level == 0 {
            self.level = self.top;
        } else if self.step > 1 {
            self.level = self.level / self.step * self.step + 1;
        }
    }

    /// Walks on to the next server whose weight reaches the level; each time round the level sinks by a step.
    pub fn pick(&mut self, pool: Pool) -> Option<DestId> {
        if self.top <= 0 {
            return None;
        }
        let last = self.place;
        let (mut stop, mut restarted, mut last_pass) = (None, false, false);
        let mut end = last.unwrap_or(pool.order.len());
        loop {
            for place in (0..end).rev() {
                let load = pool.load(pool.order[place]);
                if !load.overload && i64::from(load.weight) >= self.level {
                    self.place = Some(place);
                    return Some(pool.order[place]);
                }
                if Some(place) == stop {
                    self.place = stop;
                    return None;
                }
            }
            end = pool.order.len();
            self.level -= self.step;
            if self.level <= 0 {
                self.level = self.top;
                if last_pass || last.is_none() {
                    self.place = None;
                    return None;
                }
                restarted = true;
            }
            last_pass = self.level <= self.step;
            if last_pass && restarted {
                stop = last;
            }
        }
    }
}
