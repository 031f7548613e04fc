//! Faults drawn from seeds, all mended in the end: nothing that must not happen happens, and one seed gives one story.
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use vrrplab_real::system::Word;
use vrrplab_sim::chance::Chance;

use crate::lab::{Lab, instance};

/// The faults of one run.
const FAULTS: u64 = 8;
const HOSTS: usize = 3;
/// What some instances track.
const CHECK: &str = "/bin/check";

/// Something to do to a lab.
#[derive(Clone, Copy, Debug)]
enum Deed {
    Crash(usize),
    Kill(usize),
    Stop(usize),
    Start(usize),
    Carrier(usize, bool),
    Reload(usize),
    Exits(usize, i32),
    Part(usize, usize),
    Cut(usize, usize),
    Hold(usize, usize),
    Release(usize, usize),
    Join(usize, usize),
}

impl Deed {
    fn carry_out(self, lab: &mut Lab) {
        match self {
            Deed::Crash(host) => lab.crash(host),
            Deed::Kill(host) => lab.kill(host),
            Deed::Stop(host) => lab.signal(host, Word::Stop),
            Deed::Start(host) => lab.bounce(host),
            Deed::Carrier(host, up) => lab.carrier(host, up),
            Deed::Reload(host) => lab.signal(host, Word::Reload),
            Deed::Exits(host, status) => lab.machines[host].borrow_mut().exits(CHECK, status),
            Deed::Part(a, b) => lab.part(a, b),
            Deed::Cut(a, b) => lab.cut(a, b),
            Deed::Hold(a, b) => lab.hold(a, b),
            Deed::Release(a, b) => lab.release(a, b),
            Deed::Join(a, b) => lab.join(a, b),
        }
    }
}

/// A fault, what mends it, and what no other fault may touch meanwhile: a host (twice) or the wire between two.
fn fault(chance: &mut Chance) -> (Deed, Option<Deed>, (usize, usize)) {
    let host = |n: u64| usize::try_from(n).expect("few hosts");
    let a = host(chance.below(HOSTS as u64));
    let b = (a + 1 + host(chance.below(HOSTS as u64 - 1))) % HOSTS;
    let wire = (a.min(b), a.max(b));
    match chance.below(10) {
        0 => (Deed::Crash(a), Some(Deed::Start(a)), (a, a)),
        1 => (Deed::Kill(a), Some(Deed::Start(a)), (a, a)),
        2 => (Deed::Stop(a), Some(Deed::Start(a)), (a, a)),
        3 => (Deed::Carrier(a, false), Some(Deed::Carrier(a, true)), (a, a)),
        4 => (Deed::Reload(a), None, (a, a)),
        5 => (Deed::Hold(a, b), Some(Deed::Release(a, b)), wire),
        6 => (Deed::Cut(a, b), Some(Deed::Join(a, b)), wire),
        7 => (Deed::Exits(a, 1), Some(Deed::Exits(a, 0)), (a, a)),
        _ => (Deed::Part(a, b), Some(Deed::Join(a, b)), wire),
    }
}

/// What is done when, in milliseconds.
fn plan(seed: u64) -> BTreeMap<u64, Deed> {
    let mut chance = Chance::new(seed, "turmoil/faults");
    let mut plan = BTreeMap::new();
    let mut busy: BTreeMap<(usize, usize), u64> = BTreeMap::new();
    let mut at = 4_000;
    for _ in 0..FAULTS {
        at += 200 + chance.below(2_500);
        let (deed, mend, place) = fault(&mut chance);
        let end = at + 100 + chance.below(7_000);
        if busy.get(&place).is_some_and(|until| *until >= at) {
            continue;
        }
        let mut free = |mut at: u64, deed| {
            while plan.contains_key(&at) {
                at += 1;
            }
            plan.insert(at, deed);
            at
        };
        free(at, deed);
        let end = mend.map_or(at, |mend| free(end, mend));
        busy.insert(place, end);
    }
    plan
}

/// The configurations of one run: elections of different kinds take turns.
fn configurations(seed: u64) -> [String; HOSTS] {
    let priorities = [150, 100, 50];
    let all = |more: &str| priorities.map(|priority| instance(priority, more));
    match seed % 7 {
        0 => all(""),
        1 => [100; HOSTS].map(|priority| instance(priority, "")), // the highest address decides
        2 => all("version 3").map(|text| text.replace("advert_int 1\n", "advert_int 0.3\n")),
        3 => all("preempt_delay 2"),
        4 => all("nopreempt"),
        5 => all("track_script {\n check\n }").map(|text| {
            format!(
                "vrrp_script check {{\n script \"{CHECK}\"\n interval 1\n fall 2\n rise 1\n weight -120\n}}\n{text}"
            )
        }),
        _ => all("").map(|text| {
            let second = text.replace("VI_1", "VI_2").replace("router_id 51", "router_id 52").replace(".100/", ".200/");
            format!("vrrp_sync_group BOTH {{\n group {{\n VI_1\n VI_2\n }}\n}}\n{text}{second}")
        }),
    }
}

/// One run, with flight recordings or without.
pub fn play(seed: u64, recorded: bool) -> Lab {
    let mut lab = Lab::new(seed, &configurations(seed));
    if recorded {
        lab.record();
    }
    for (at, deed) in plan(seed) {
        lab.until(at);
        deed.carry_out(&mut lab);
    }
    lab.agrees();
    lab
}

fn story(seed: u64) -> Vec<(Duration, String)> {
    play(seed, false).exact()
}

fn sweep(seeds: std::ops::Range<u64>) {
    let stories: BTreeSet<Vec<(Duration, String)>> = seeds.clone().map(story).collect();
    assert_eq!(stories.len(), seeds.count(), "each seed has its own story");
}

/// Of so many seeds: `VRRPLAB_SEEDS`, 20 where it is not given.
fn seeds() -> u64 {
    let given = std::env::var_os("VRRPLAB_SEEDS").and_then(|text| text.to_str()?.parse().ok());
    given.unwrap_or(20)
}

#[test]
fn what_must_never_happen_does_not_happen_in_the_first_half_of_the_seeds() {
    sweep(0..seeds() / 2);
}

#[test]
fn what_must_never_happen_does_not_happen_in_the_second_half_of_the_seeds() {
    sweep(seeds() / 2..seeds());
}

#[test]
fn one_seed_gives_one_story() {
    for seed in [1_000_001, 1_000_005] {
        let (first, second) = (story(seed), story(seed));
        assert_eq!(first, second);
    }
}
