//! Every scenario of the library: its promises hold, its timeline and its capture are the kept ones, twice the same.
use std::fs;
use std::path::{Path, PathBuf};

use vrrplab_formats::scenario::{self, Disk};
use vrrplab_formats::world::World;
use vrrplab_sim::cli::{LARGE_SITE, kept_text, summary};
use vrrplab_sim::experiment::{Outcome, difference_of_two_runs, play};
use vrrplab_sim::lab::Lab;
use vrrplab_sim::library::find;
use vrrplab_sim::observe::Digest;

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn load(path: &Path) -> World {
    let (world, report) = scenario::load(path, &Disk);
    world.unwrap_or_else(|| panic!("{}", report.render(false)))
}

/// A scenario of the library, in its folder.
struct Told {
    folder: PathBuf,
    name: String,
    world: World,
}

/// No capture above this size is kept: the digest in its snapshot stands for its bytes.
const GOLDEN_AT_MOST: usize = 400_000;

/// Every scenario file but those that must fail and those of large worlds.
fn library() -> Vec<Told> {
    let (small, large): (Vec<Told>, Vec<Told>) =
        all().into_iter().partition(|told| told.world.nodes.len() <= LARGE_SITE);
    assert!(small.len() >= 26 && !large.is_empty(), "only {} scenarios", small.len());
    small
}

fn all() -> Vec<Told> {
    let files = find(&root().join("scenarios")).unwrap();
    let told = |path: &PathBuf| Told {
        folder: path.parent().unwrap().to_owned(),
        name: path.file_stem().unwrap().to_string_lossy().into_owned(),
        world: load(path),
    };
    files.iter().map(told).filter(|told| !told.world.must_fail).collect()
}

fn run(world: &World) -> Outcome {
    play(world, world.seed, true, |_, _| Ok(())).unwrap()
}

#[test]
fn every_promise_of_the_library_holds() {
    for Told { name, world, .. } in library() {
        assert!(!world.expectations.is_empty(), "{name} promises nothing");
        let outcome = run(&world);
        assert!(outcome.held(), "{name}:\n{}", summary(&world, &outcome));
    }
}

#[test]
fn timelines_are_the_kept_ones() {
    for Told { folder, name, world } in library() {
        let outcome = run(&world);
        keep(&folder, &name, &world, &kept_text(&world, &outcome));
    }
}

/// Compares with the snapshot beside the scenario.
fn keep(folder: &Path, name: &str, world: &World, text: &str) {
    insta::with_settings!({
        snapshot_path => folder,
        prepend_module_to_snapshot => false,
        omit_expression => true,
        description => world.about.lines().next().unwrap_or("").to_owned(),
    }, { insta::assert_snapshot!(name, text) });
}

/// `VRRPLAB_GOLDEN=write` writes them anew, for a look with a packet analyser before they are kept. What is larger than
/// [`GOLDEN_AT_MOST`] is not kept, nor are captures of large worlds.
#[test]
#[allow(clippy::disallowed_methods)] // the one knob of this test
fn captures_are_the_golden_ones_byte_for_byte() {
    let folder = root().join("captures/golden");
    for Told { name, world, .. } in library() {
        let bytes = run(&world).pcapng.unwrap();
        let path = folder.join(format!("{name}.pcapng"));
        if bytes.len() > GOLDEN_AT_MOST {
            assert!(!path.exists(), "{name}: {} bytes are too many to be kept", bytes.len());
            continue;
        }
        if std::env::var_os("VRRPLAB_GOLDEN").is_some_and(|v| v == "write") {
            fs::create_dir_all(&folder).unwrap();
            fs::write(&path, &bytes).unwrap();
        }
        let golden = fs::read(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
        let differs = golden.iter().zip(&bytes).position(|(a, b)| a != b);
        assert!(
            golden == bytes,
            "{name}: {} bytes, golden {}, first difference {differs:?}",
            bytes.len(),
            golden.len()
        );
    }
}

#[test]
fn the_same_seed_gives_the_same_bytes_twice() {
    for Told { name, world, .. } in library() {
        let (first, second) = (run(&world), run(&world));
        assert_eq!(first.digest.hex(), second.digest.hex(), "{name}");
        assert_eq!(first.pcapng, second.pcapng, "{name}");
        assert_eq!(first.json(&world).unwrap(), second.json(&world).unwrap(), "{name}");
        assert_eq!(difference_of_two_runs(&world, world.seed), None, "{name}");
    }
}

#[test]
fn observers_change_nothing() {
    for Told { name, world, .. } in library() {
        let watched = run(&world);
        let mut digest = Digest::only();
        let tally = Lab::new(&world, world.seed).run(&mut [&mut digest]);
        assert_eq!(watched.digest.hex(), digest.hex(), "{name}");
        assert_eq!(watched.tally, tally, "{name}");
        assert_eq!(Lab::new(&world, world.seed).run(&mut []), tally, "{name}: nobody watching");
    }
}

#[test]
fn large_sites_keep_their_promises_and_are_twice_the_same() {
    for Told { folder, name, world } in all().into_iter().filter(|told| told.world.nodes.len() > LARGE_SITE) {
        let run = || play(&world, world.seed, false, |_, _| Ok(())).unwrap();
        let (outcome, again) = (run(), run());
        assert!(outcome.held(), "{name}:\n{}", summary(&world, &outcome));
        assert_eq!(outcome.digest.hex(), again.digest.hex(), "{name}");
        keep(&folder, &name, &world, &kept_text(&world, &outcome));
    }
}

#[test]
fn another_seed_moves_chance_only_where_there_is_chance() {
    let world = load(&root().join("scenarios/split-brain.yaml"));
    let states = |seed| {
        let outcome = play(&world, seed, false, |_, _| Ok(())).unwrap();
        outcome.judgements.iter().map(|j| j.found.clone()).collect::<Vec<_>>()
    };
    assert_eq!(states(1), states(2), "links without jitter or loss leave nothing to chance that a router could see");
}

/// A checker that lets everything pass would let this one pass too.
#[test]
fn the_canary_fails() {
    let world = load(&root().join("scenarios/canary-must-fail.yaml"));
    let outcome = run(&world);
    assert!(!outcome.held());
    assert!(summary(&world, &outcome).contains("FAIL"));
}
