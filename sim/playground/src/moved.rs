//! Faults at other moments than written.
use vrrplab_engine::Instant;
use vrrplab_formats::world::World;

use crate::question::Moved;

/// Moves a fault, or all, within the run. What was promised is about the faults as written, and goes.
pub(crate) fn apply(world: &mut World, moved: Moved) {
    let end = world.duration.0;
    let chosen = |position: usize| moved.which.is_none_or(|which| which == position);
    for (_, fault) in world.faults.iter_mut().enumerate().filter(|(position, _)| chosen(*position)) {
        fault.at = Instant(fault.at.0.saturating_add_signed(moved.by).min(end));
    }
    world.faults.sort_by_key(|fault| fault.at);
    world.expectations.clear();
    world.invariants.expected.clear();
    world.must_fail = false;
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::path::Path;

    use vrrplab_formats::scenario;

    use super::*;
    use crate::question::Texts;

    const TEXT: &str = "duration: 20s\nnetworks: {lan: }\nnodes: {r1: {interfaces: {eth0: {network: lan}}, keepalived: \
                        \"vrrp_instance A {\\n interface eth0\\n virtual_router_id 5\\n virtual_ipaddress {\\n 10.0.0.9\\n }\\n}\\n\"}}\n\
                        timeline: [{at: 8s, do: {crash: r1}}, {at: 12s, do: {start: r1}}]\nexpect: [{state: {instance: A, node: r1, is: MASTER, from: 5s, to: 7s}}]\n";

    fn world() -> World {
        let files = BTreeMap::from([("a.yaml".to_owned(), TEXT.to_owned())]);
        let (world, report) = scenario::load(Path::new("a.yaml"), &Texts(&files));
        world.unwrap_or_else(|| panic!("{report}"))
    }

    fn moments(which: Option<usize>, by: i64) -> Vec<u64> {
        let mut world = world();
        apply(&mut world, Moved { which, by });
        assert!(world.expectations.is_empty());
        world.faults.iter().map(|fault| fault.at.0 / 1_000_000).collect()
    }

    #[test]
    fn one_fault_is_moved_or_all_and_none_leaves_the_run() {
        assert_eq!(moments(Some(0), 500_000_000), [8_500, 12_000]);
        assert_eq!(moments(None, -1_000_000_000), [7_000, 11_000]);
        assert_eq!(moments(Some(0), 6_000_000_000), [12_000, 14_000]);
        assert_eq!(moments(None, -9_000_000_000), [0, 3_000]);
        assert_eq!(moments(Some(1), i64::MAX), [8_000, 20_000]);
    }
}
