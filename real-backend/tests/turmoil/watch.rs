//! What must never happen, by the same names as in the simulator: `one-master`, `vip-at-master`; `agreement` and
//! `adverts-accepted` are asked in the end (`lab.rs`). That each decision has a rule is asserted where it is told.
use std::collections::BTreeMap;
use std::time::Duration;

use crate::machine::Shared;

/// The longest down timer of adverts each second: three of them and the skew of priority 1; and four crossings of the network.
pub const SETTLING: Duration = Duration::from_micros(3_996_094 + 4 * 5_000 + 1_000);
/// The loop does what it decides at once; only the tick stands between.
const AT_ONCE: Duration = Duration::from_millis(3);

/// The breaches under way, each since when.
#[derive(Default)]
pub struct Watch {
    since: BTreeMap<(String, usize, usize), Duration>,
}

impl Watch {
    /// Whether something is not as it should be, and may become so yet.
    pub fn is_alarmed(&self) -> bool {
        !self.since.is_empty()
    }

    /// Looks at everything; what has not been as it should be for too long. `connected` says of two hosts whether frames pass
    /// both ways.
    pub fn look(
        &mut self,
        at: Duration,
        machines: &[Shared],
        connected: impl Fn(usize, usize) -> bool,
    ) -> Option<String> {
        let mut seen: BTreeMap<(String, usize, usize), Duration> = BTreeMap::new();
        for (a, machine) in machines.iter().enumerate() {
            for (name, instance) in &machine.borrow().instances {
                let master = instance.state == "MASTER";
                if instance.vips.iter().any(|vip| machine.borrow().holds(vip) != master) {
                    seen.insert((format!("vip-at-master of {name}"), a, a), AT_ONCE);
                }
                for (b, other) in machines.iter().enumerate().skip(a + 1).filter(|(b, _)| connected(a, *b)) {
                    let both = master && is_master(other, name);
                    if both {
                        seen.insert((format!("one-master of {name}"), a, b), SETTLING);
                    }
                }
            }
        }
        self.since.retain(|breach, _| seen.contains_key(breach));
        for (breach, allowed) in seen {
            let since = *self.since.entry(breach.clone()).or_insert(at);
            if at - since > allowed {
                return Some(format!("at {at:?}: {breach:?} since {since:?}"));
            }
        }
        None
    }
}

pub fn is_master(machine: &Shared, instance: &str) -> bool {
    machine.borrow().instances.get(instance).is_some_and(|instance| instance.state == "MASTER")
}
