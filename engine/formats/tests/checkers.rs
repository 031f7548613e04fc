//! What the real keepalived's checkers did, replayed: the same lines in the same order at the same times, the same tables.
use std::collections::BTreeMap;
use std::path::PathBuf;

use serde_json::Value;

#[path = "checkers/replay.rs"]
mod replay;
#[path = "checkers/world.rs"]
mod world;

use replay::{Pace, Replay};

/// A line may come so much earlier or later than recorded; the recorded machine was an emulated one.
const SPREAD: f64 = 0.75;

#[allow(clippy::disallowed_methods)] // the one knob of this test: another folder of recordings
fn folder() -> PathBuf {
    std::env::var_os("VRRPLAB_CHECKER_ORACLE")
        .map(PathBuf::from)
        .unwrap_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../captures/checkers"))
}

fn recordings() -> Vec<(String, Value)> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder()).expect("the folder is there").flatten() {
        let path = entry.path();
        let file = if path.is_dir() { path.join("timeline.json") } else { path.clone() };
        if file.extension().is_some_and(|end| end == "json")
            && let Ok(text) = std::fs::read_to_string(&file)
        {
            let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
            found.push((name, serde_json::from_str(&text).expect("a recording is JSON")));
        }
    }
    found.sort_by(|a, b| a.0.cmp(&b.0));
    found
}

fn entries<'a>(recording: &'a Value, kind: &str) -> Vec<(f64, &'a Value)> {
    let all = recording["timeline"].as_array().expect("a timeline");
    all.iter().filter(|e| e["kind"] == kind).map(|e| (e["t"].as_f64().unwrap(), e)).collect()
}

/// The lines that checkers write, among all lines of the daemon.
fn is_of_checkers(line: &str) -> bool {
    ["service", "quorum", "success", "sorry", "alive servers", "CHECK", "Misc check"]
        .iter()
        .any(|word| line.contains(word))
}

/// Differences of lines: by order, then by time.
fn compare_lines(expected: &[(f64, String)], found: &[(f64, String)]) -> (usize, f64, Vec<String>) {
    let (mut same, mut spread, mut findings) = (0, 0.0f64, Vec::new());
    for at in 0..expected.len().max(found.len()) {
        match (expected.get(at), found.get(at)) {
            (Some((then, line)), Some((now, other))) if line == other => {
                spread = spread.max((then - now).abs());
                if (then - now).abs() > SPREAD {
                    findings.push(format!("{then:.3} {line}: here at {now:.3}"));
                } else {
                    same += 1;
                }
            }
            (then, now) => {
                findings.push(format!("line {at}: recorded {then:?}, here {now:?}"));
                break;
            }
        }
    }
    (same, spread, findings)
}

/// The servers of every service, as the kernel lists them; their order is the schedulers' business.
fn table(entry: &Value) -> BTreeMap<String, Vec<String>> {
    let of = |service: &Value| {
        let servers = service["servers"].as_array().unwrap().iter();
        let mut lines: Vec<String> = servers
            .map(|s| format!("{} {} {}", s["addr"].as_str().unwrap(), s["fwd"].as_str().unwrap(), s["weight"]))
            .collect();
        lines.sort();
        let words: Vec<&str> =
            service["service"].as_str().unwrap().split(' ').filter(|word| !word.is_empty()).collect();
        (words[1].to_owned(), lines)
    };
    entry["services"].as_array().unwrap().iter().map(of).collect()
}

#[test]
fn the_checkers_of_recorded_runs_say_and_do_the_same() {
    let (mut lines, mut tables, mut findings) = (0, 0, Vec::new());
    let recordings = recordings();
    assert!(!recordings.is_empty(), "no recordings in {}", folder().display());
    for (name, recording) in &recordings {
        let logs = entries(recording, "log").into_iter().map(|(t, e)| (t, e["text"].as_str().unwrap().to_owned()));
        let logs: Vec<(f64, String)> = logs.collect();
        let expected: Vec<(f64, String)> = logs.iter().filter(|(_, line)| is_of_checkers(line)).cloned().collect();
        let events = entries(recording, "event").into_iter().map(|(t, e)| (t, e["text"].as_str().unwrap().to_owned()));
        let events: Vec<(f64, String)> = events.collect();
        let wanted: Vec<_> = entries(recording, "table").into_iter().map(|(t, e)| (t, table(e))).collect();
        let config = recording["config"].as_str().unwrap();
        let judged = Pace::all().map(|pace| {
            let run = Replay::run(config, &logs, &events, pace);
            let (same, spread, wrong) = compare_lines(&expected, &run.lines);
            let (equal, differing) = run.compare_tables(&wanted);
            (same + equal, pace, same, equal, spread, [wrong, differing].concat())
        });
        let best = judged.reduce(|best, other| if other.0 > best.0 { other } else { best }).unwrap();
        let (_, pace, same, equal, spread, wrong) = best;
        println!("{name}: {same}/{} lines, {equal}/{} tables, {spread:.3} s, {pace:?}", expected.len(), wanted.len());
        lines += same;
        tables += equal;
        findings.extend(wrong.into_iter().map(|finding| format!("{name}: {finding}")));
    }
    println!("{} runs, {lines} lines, {tables} tables", recordings.len());
    assert!(findings.is_empty(), "{}", findings.join("\n"));
}
