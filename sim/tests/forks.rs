//! Worlds that are forked at their faults: each goes on as one that had all its faults from the beginning.
use std::path::PathBuf;

use vrrplab_engine::Instant;
use vrrplab_formats::scenario::{self, Disk};
use vrrplab_formats::world::{Fault, Forgery, RogueFault, World};
use vrrplab_sim::lab::Lab;
use vrrplab_sim::library::find;
use vrrplab_sim::observe::Digest;

fn library() -> Vec<(String, World)> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../scenarios");
    let read = |path: PathBuf| {
        let (world, report) = scenario::load(&path, &Disk);
        (path.display().to_string(), world.unwrap_or_else(|| panic!("{}", report.render(false))))
    };
    find(&folder).unwrap().into_iter().map(read).collect()
}

/// Everything that observers see of a run, as one number.
fn straight(world: &World) -> u128 {
    let mut digest = Digest::only();
    Lab::new(world, world.seed).run(&mut [&mut digest]);
    digest.value()
}

/// The same of a world without faults that is forked just before each of its faults: every fork has one moment's more, and the
/// one that it comes from goes on without it. `None`: one could not be forked.
fn forked(world: &World) -> Option<u128> {
    let calm = World { faults: Vec::new(), ..world.clone() };
    let end = Instant::ZERO + world.duration;
    let mut digest = Digest::only();
    let mut lab = Lab::forkable(&calm, world.seed);
    let mut moments: Vec<Instant> = world.faults.iter().map(|timed| timed.at).collect();
    moments.dedup();
    for at in moments {
        lab.run_before(at, &mut [&mut digest]);
        let so_far = world.faults.partition_point(|timed| timed.at <= at);
        let next = lab.fork(&world.faults[..so_far], end)?;
        // what the one does, the other does not feel
        lab.run(&mut []);
        lab = next;
    }
    lab.run(&mut [&mut digest]);
    Some(digest.value())
}

/// Whether there is nothing before its first fault, or one sends what should have been kept.
fn cannot_be_forked(world: &World) -> bool {
    let replay = |fault: &Fault| matches!(fault, Fault::Rogue(RogueFault { sends: Forgery::Replay { .. }, .. }));
    world.faults.iter().any(|timed| timed.at == Instant::ZERO || replay(&timed.fault))
}

#[test]
fn a_forked_world_goes_on_as_one_that_had_its_faults_from_the_beginning() {
    let mut done = 0;
    for (name, world) in library() {
        if world.faults.is_empty() {
            continue;
        }
        match forked(&world) {
            Some(digest) => {
                assert_eq!(digest, straight(&world), "{name}");
                done += 1;
            }
            None => assert!(cannot_be_forked(&world), "{name}"),
        }
    }
    assert!(done >= 95, "only {done} worlds were forked");
}

#[test]
fn a_fork_refuses_faults_that_do_not_follow() {
    let (_, world) = library().into_iter().find(|(name, _)| name.ends_with("split-brain.yaml")).unwrap();
    let calm = World { faults: Vec::new(), ..world.clone() };
    let mut lab = Lab::forkable(&calm, world.seed);
    let end = Instant::ZERO + world.duration;
    let (first, last) = (world.faults[0].at, world.faults[world.faults.len() - 1].at);
    assert!(last > first);
    lab.run_before(first, &mut []);
    let struck = lab.fork(&world.faults[..1], end).expect("it is the eve of the first fault");
    assert!(struck.fork(&[], end).is_none(), "the fault that it has had is missing");
    assert!(struck.fork(&world.faults, end).is_some());
    lab.run_before(last, &mut []);
    assert!(lab.fork(&world.faults, end).is_none(), "the first fault would come too late");
}
