//! Every kept recording of real keepalived 2.2.7 is replayed, with the inputs of each of its runs.
use std::path::PathBuf;

use vrrplab_engine::Span;
use vrrplab_formats::recording;
use vrrplab_sim::replay::replay;

/// How far an event may lie from its recording.
const TOLERANCE: Span = Span::from_millis(30);

fn recordings() -> Vec<PathBuf> {
    let captures = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../captures");
    let mut found: Vec<PathBuf> = ["recordings", "recorded"]
        .into_iter()
        .flat_map(|folder| std::fs::read_dir(captures.join(folder)).unwrap())
        .map(|e| e.unwrap().path())
        .filter(|p| p.join("case.json").exists())
        .collect();
    found.sort();
    found
}

#[test]
fn every_recording_is_predicted() {
    let recordings = recordings();
    assert!(recordings.len() >= 55, "only {} recordings are kept", recordings.len());
    let mut wrong = Vec::new();
    for dir in recordings {
        let name = dir.file_name().unwrap().to_string_lossy().into_owned();
        let mut run = 1;
        while dir.join(format!("run{run}/timeline.json")).exists() {
            let (recording, report) = recording::load(&dir, Some(run));
            match recording {
                None => wrong.push(format!("{name} run {run} was not read:\n{}", report.render(false))),
                Some(recording) => {
                    let verdict = replay(&recording, TOLERANCE);
                    println!(
                        "{name} run {run}: {} events, worst {} us, agrees {}",
                        verdict.rows.len(),
                        verdict.worst_us,
                        verdict.agrees
                    );
                    if !verdict.agrees {
                        wrong.push(format!("{name} run {run}\n{verdict}"));
                    }
                }
            }
            run += 1;
        }
        assert!(run > 1, "{name} has no run");
    }
    assert!(wrong.is_empty(), "{} replays differ:\n{}", wrong.len(), wrong.join("\n"));
}
