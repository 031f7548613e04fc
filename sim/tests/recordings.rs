//! Every kept recording of real keepalived 2.2.7 is replayed, with the inputs of each of its runs.
use std::path::{Path, PathBuf};

use vrrplab_engine::Instant;
use vrrplab_formats::recording;
use vrrplab_sim::library::find;
use vrrplab_sim::replay::replay;
use vrrplab_sim::verify::{FaultTime, Summary, TOLERANCE, Verdict, document};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn recordings(of: &str) -> Vec<PathBuf> {
    let folder = root().join("captures").join(of);
    let mut found: Vec<PathBuf> = std::fs::read_dir(&folder)
        .unwrap()
        .map(|e| e.unwrap().path())
        .filter(|p| p.join("case.json").exists())
        .collect();
    found.sort();
    found
}

fn verdicts(dir: &Path) -> Vec<Verdict> {
    let load = |run| {
        let (recording, report) = recording::load(dir, Some(run));
        recording.unwrap_or_else(|| panic!("{} run {run} was not read:\n{report}", dir.display()))
    };
    recording::runs(dir).into_iter().map(|run| replay(&load(run), TOLERANCE)).collect()
}

#[test]
fn every_recording_is_predicted_and_the_page_says_so() {
    let all: Vec<Vec<Verdict>> = recordings("recordings").iter().map(|dir| verdicts(dir)).collect();
    assert!(all.len() >= 54, "only {} recordings are kept", all.len());
    let wrong: Vec<String> = all.iter().flatten().filter(|v| !v.agrees()).map(Verdict::to_string).collect();
    assert!(wrong.is_empty(), "{} replays differ:\n{}", wrong.len(), wrong.join("\n"));
    let summaries: Vec<Summary> = all.iter().map(|verdicts| Summary::of(verdicts)).collect();
    let equal: usize = summaries.iter().map(|s| s.frames_equal).sum();
    let frames: usize = summaries.iter().map(|s| s.frames).sum();
    assert!(frames > 7_000 && equal * 100 >= frames * 99, "{equal} of {frames} frames are equal");
    let written = std::fs::read_to_string(root().join("docs/fidelity.md")).unwrap();
    let wanted = document(&summaries);
    assert!(written == wanted, "docs/fidelity.md is not what `vrrplab verify captures/recordings --markdown` prints");
}

/// The recordings of a folder, all of which the simulator predicts.
#[track_caller]
fn predicted(folder: &str, at_least: usize) -> Vec<PathBuf> {
    let all = recordings(folder);
    assert!(all.len() >= at_least, "only {} are kept in captures/{folder}", all.len());
    let wrong: Vec<String> =
        all.iter().flat_map(|dir| verdicts(dir)).filter(|v| !v.agrees()).map(|v| v.to_string()).collect();
    assert!(wrong.is_empty(), "{} replays differ:\n{}", wrong.len(), wrong.join("\n"));
    all
}

#[test]
fn every_rule_that_keepalived_showed_is_predicted() {
    predicted("rules", 12);
}

#[test]
fn every_scenario_that_keepalived_played_is_predicted() {
    let all = predicted("recorded", 17);
    let scenarios = find(&root().join("scenarios")).unwrap();
    for dir in all {
        let known = scenarios.iter().any(|scenario| scenario.file_stem() == dir.file_name());
        assert!(known, "{} is a recording without a scenario", dir.display());
    }
}

#[test]
fn a_fault_may_have_taken_effect_anywhere_in_its_window_and_nowhere_else() {
    let dir = root().join("captures/recordings/p28_partition_heal");
    let mut recording = recording::load(&dir, Some(1)).0.unwrap();
    // Taken to begin 0.8 s too early, the partition would swallow an advert, and the takeover would come a second early.
    let early = Instant(recording.world.faults[0].at.0 - 800_000_000);
    (recording.world.faults[0].at, recording.windows[0].at, recording.windows[0].from) = (early, early, early);
    let verdict = replay(&recording, TOLERANCE);
    assert!(verdict.agrees() && verdict.faults == FaultTime::Latest, "{verdict}");
    assert_eq!(verdict.remarks(), ["faults taken at the end of their windows"]);
    recording.windows[0].to = early;
    assert!(!replay(&recording, TOLERANCE).agrees());
}

#[test]
fn without_the_measured_drift_a_long_recording_agrees_less() {
    let dir = root().join("captures/recordings/p11_v3_100ms");
    let mut exact = recording::load(&dir, Some(1)).0.unwrap();
    let measured = replay(&exact, TOLERANCE);
    for node in &mut exact.world.nodes {
        node.model.policy = vrrplab_engine::Policy::KEEPALIVED_2_2_7;
    }
    let exact = replay(&exact, TOLERANCE);
    assert!(measured.worst_us() < 1_000 && exact.worst_us() > 4_000, "{measured}\n{exact}");
}

/// n1 is MASTER at 3.422 s with `garp_master_refresh 3` and adverts every second; keepalived refreshes at 6.423, 9.424 ... s,
/// because its adverts are 0.1 ms later each time. Adverts that are never late refresh at the same ones.
#[test]
fn a_refresh_that_falls_on_an_advert_comes_with_it() {
    let dir = root().join("captures/recordings/p38_garp_refresh");
    for run in recording::runs(&dir) {
        let mut exact = recording::load(&dir, Some(run)).0.unwrap();
        for node in &mut exact.world.nodes {
            node.model.policy = vrrplab_engine::Policy::KEEPALIVED_2_2_7;
        }
        let verdict = replay(&exact, TOLERANCE);
        let frames = Summary::of(std::slice::from_ref(&verdict));
        assert_eq!((frames.frames_equal, frames.frames), (33, 33), "{verdict}");
    }
}
