//! Mistakes planted into the engine: exploring finds each within a bounded number of seeds, and makes it small.
//!
//! Run by ci/planted.py, in a build of its own: no other build has the mistakes.
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;
use std::sync::{Mutex, PoisonError};

use vrrplab_engine::planted::{Mistake, plant};
use vrrplab_formats::scenario::{self, Files};
use vrrplab_formats::world::World;
use vrrplab_sim::experiment::play;
use vrrplab_sim::explore::{Explorer, Options, Search, shrink};

/// Files that are nowhere.
struct Memory(BTreeMap<PathBuf, String>);

impl Files for Memory {
    fn read(&self, path: &Path) -> Result<String, String> {
        self.0.get(path).cloned().ok_or_else(|| "no such file".to_owned())
    }
}

const PATH: &str = "pair.yaml";
/// So many seeds at most are played for a mistake.
const SEEDS: u64 = 4_000;
/// So many seeds are played at a time.
const BLOCK: u64 = 32;

/// There is one engine with a mistake at a time.
static ONE: Mutex<()> = Mutex::new(());

/// Two routers with these priorities at 10.0.0.1 and 10.0.0.2, and a client that pings 10.0.0.100.
fn pair(priorities: [u8; 2], more: &str) -> String {
    let node = |(n, priority): (usize, u8)| {
        format!(
            "  r{n}:\n    interfaces:\n      eth0: {{network: lan, addresses: [10.0.0.{n}/24]}}\n    keepalived: |\n      vrrp_instance \
             VI {{\n        interface eth0\n        virtual_router_id 51\n        priority {priority}\n        \
             virtual_ipaddress {{\n          10.0.0.100/24\n        }}\n      }}\n"
        )
    };
    let nodes: String = [(1, priorities[0]), (2, priorities[1])].map(node).concat();
    format!(
        "duration: 20s\nnetworks:\n  lan:\nnodes:\n{nodes}clients:\n  c1: {{network: lan, address: 10.0.0.50/24, ping: 10.0.0.100, \
         every: 250ms, timeout: 200ms, from: 5s}}\n{more}"
    )
}

fn read(text: &str) -> World {
    let files = Memory(BTreeMap::from([(PathBuf::from(PATH), text.to_owned())]));
    let (world, report) = scenario::load(Path::new(PATH), &files);
    world.unwrap_or_else(|| panic!("{}\n{text}", report.render(false)))
}

/// Explores with the mistake in the engine until a seed fails; the first failure is made small, has at most three faults,
/// and fails every time. Without the mistake the small scenario does not fail.
fn finds(mistake: Mistake, text: &str, clients: bool, invariant: &str) {
    let _alone = ONE.lock().unwrap_or_else(PoisonError::into_inner);
    plant(Some(mistake));
    let world = read(text);
    let explorer = Explorer::new(&world, Options { most: 6, own_faults: true, clients });
    let stop = AtomicBool::new(false);
    let blocks = (0..SEEDS / BLOCK).map(|block| block * BLOCK..(block + 1) * BLOCK);
    let failure = blocks.into_iter().find_map(|seeds| {
        let summary = explorer.play(0..SEEDS, seeds, &stop)?;
        summary
            .failures
            .into_values()
            .filter(|failure| failure.fingerprint.starts_with(invariant))
            .min_by_key(|failure| failure.first)
    });
    let failure = failure.unwrap_or_else(|| panic!("{}: no seed violates {invariant}", mistake.id()));
    let files = Memory(BTreeMap::from([(PathBuf::from(PATH), text.to_owned())]));
    let (seed, fingerprint) = (failure.first, failure.fingerprint.as_str());
    let search = Search { path: Path::new(PATH), files: &files, seed, fingerprint, budget: 1_000 };
    let found = shrink(&explorer, &world, &search).unwrap();
    println!("planted: {} | {} | {seed} | {} of {}", mistake.id(), failure.fingerprint, found.faults.0, found.faults.1);
    assert!(found.faults.0 <= 3, "{:?}\n{}", found.faults, found.text);
    let small = read(&found.text);
    let violations = || {
        let outcome = play(&small, small.seed, false, |_, _| Ok(())).unwrap();
        (outcome.held(), outcome.objections.violations.len(), outcome.digest.hex())
    };
    let first = violations();
    assert!(first.0 && first.1 > 0, "{}", found.text);
    assert_eq!(violations(), first);
    plant(None);
    let healthy = violations();
    assert!(!healthy.0, "it fails without the mistake as well:\n{}", found.text);
}

/// A pair, without clients: many times faster.
fn in_a_pair(mistake: Mistake, invariant: &str) {
    finds(mistake, &pair([150, 100], ""), false, invariant);
}

fn among_equals(mistake: Mistake, invariant: &str) {
    finds(mistake, &pair([100, 100], ""), false, invariant);
}

#[test]
fn a_fault_that_keeps_the_addresses() {
    in_a_pair(Mistake::FaultKeepsAddresses, "vip-at-master");
}

#[test]
fn a_yield_that_keeps_the_addresses() {
    in_a_pair(Mistake::YieldKeepsAddresses, "vip-at-master");
}

#[test]
fn a_stop_that_keeps_the_addresses() {
    let stop = "timeline:\n- {at: 9s, do: {stop: r1}}\n";
    finds(Mistake::StopKeepsAddresses, &pair([150, 100], stop), false, "vip-at-master");
}

#[test]
fn a_higher_priority_that_is_ignored() {
    in_a_pair(Mistake::BetterIsIgnored, "one-master");
}

#[test]
fn an_equal_priority_that_is_ignored() {
    among_equals(Mistake::EqualIsIgnored, "one-master");
}

#[test]
fn equals_that_both_yield() {
    among_equals(Mistake::EqualBothYield, "");
}

#[test]
fn a_takeover_that_is_silent() {
    finds(Mistake::TakeoverIsSilent, &pair([150, 100], ""), true, "no-black-hole");
}

#[test]
fn a_takeover_without_addresses() {
    in_a_pair(Mistake::TakesNoAddresses, "vip-at-master");
}

#[test]
fn a_removed_address_that_is_not_missed() {
    in_a_pair(Mistake::RemovedAddressIsIgnored, "vip-at-master");
}

#[test]
fn a_recovery_without_a_timer() {
    in_a_pair(Mistake::RecoveryHasNoTimer, "agreement");
}

#[test]
fn a_start_without_a_timer() {
    in_a_pair(Mistake::StartHasNoTimer, "agreement");
}

#[test]
fn an_advert_that_does_not_rearm() {
    in_a_pair(Mistake::AdvertDoesNotRearm, "");
}

#[test]
fn a_master_that_advertises_once() {
    in_a_pair(Mistake::AdvertisesOnce, "");
}

#[test]
fn an_answer_that_silences() {
    in_a_pair(Mistake::AnswerSilences, "");
}
