//! One story, two executions: the simulator's world and the daemon's loop come to the same states at the same times.
use std::fs;
use std::path::{Path, PathBuf};

use vrrplab_formats::scenario::{self, Disk};
use vrrplab_formats::world::NodeId;
use vrrplab_sim::experiment::play;

use crate::lab::Lab;

/// Milliseconds by which the two may differ: crossings of up to 5 ms, and ticks.
const WITHIN: u64 = 15;

/// When, who, and what it became.
type Change = (u64, String, String);

fn simulated(path: &Path) -> Vec<Change> {
    let (world, report) = scenario::load(path, &Disk);
    let world = world.unwrap_or_else(|| panic!("{}", report.render(false)));
    let outcome = play(&world, world.seed, false, |_, _| Ok(())).unwrap();
    let mut changes = Vec::new();
    for (node, name) in ["r1", "r2"].into_iter().enumerate() {
        for (at, state) in outcome.states.entries(NodeId(node), "VI_1") {
            let state = state.map_or("none", |state| state.name());
            changes.push((at.0 / 1_000_000, name.to_owned(), state.to_owned()));
        }
    }
    changes.retain(|(at, _, _)| *at > 0); // both begin in BACKUP
    changes.sort();
    changes
}

fn driven(lab: &Lab) -> Vec<Change> {
    let of = |(at, line): (std::time::Duration, String)| {
        let words: Vec<&str> = line.split(' ').collect();
        let [name, "VI_1", state, _] = words[..] else { return None };
        Some((u64::try_from(at.as_millis()).unwrap(), name.to_owned(), state.to_owned()))
    };
    let mut changes: Vec<Change> = lab.exact().into_iter().filter_map(of).collect();
    changes.sort();
    changes
}

#[test]
fn a_split_brain_is_the_same_story_in_the_simulator_and_in_the_loop() {
    let scenarios = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../scenarios");
    let texts =
        ["r1", "r2"].map(|name| fs::read_to_string(scenarios.join(format!("conf/split-brain/{name}.conf"))).unwrap());
    let mut lab = Lab::new(7, &texts);
    lab.until(8_000);
    lab.part(0, 1);
    lab.until(18_000);
    lab.join(0, 1);
    lab.until(26_000);
    let (simulated, driven) = (simulated(&scenarios.join("split-brain.yaml")), driven(&lab));
    assert_eq!(simulated.len(), 3);
    assert_eq!(driven.len(), 3, "{}", lab.story());
    for (one, other) in simulated.iter().zip(&driven) {
        assert_eq!((&one.1, &one.2), (&other.1, &other.2), "{simulated:?}\n{driven:?}");
        assert!(one.0.abs_diff(other.0) <= WITHIN, "{simulated:?}\n{driven:?}");
    }
}
