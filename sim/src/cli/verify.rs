//! `vrrplab verify`: recordings of real keepalived, replayed and compared event by event and frame by frame.
use std::io;
use std::path::{Path, PathBuf};

use serde_json::Value;
use vrrplab_engine::Span;
use vrrplab_formats::recording;

use super::output::{Exit, say, tell, tell_report};
use super::{VerifyArgs, page};
use crate::replay::replay;
use crate::report::tables;
use crate::verify::{Summary, Verdict, document};

pub(super) fn verify(args: &VerifyArgs) -> io::Result<Exit> {
    let mut exit = Exit::Held;
    if let Some(path) = &args.report {
        page::writable(path)?;
    }
    let (mut summaries, mut json, mut compared) = (Vec::new(), Vec::new(), Vec::new());
    for given in &args.recordings {
        let found = recordings(given)?;
        if found.is_empty() {
            tell(&format!("error: {} holds no recording\n", given.display()));
            exit = exit.worse(Exit::BadInput);
        }
        let brief = args.quiet || found.iter().any(|dir| dir != given);
        for dir in found {
            let (verdicts, read) = replays(&dir, args);
            exit = exit.worse(read);
            if verdicts.iter().any(|verdict| !verdict.agrees()) {
                exit = exit.worse(Exit::Failed);
            }
            if args.json {
                json.extend(verdicts.iter().map(Verdict::to_json));
            } else if args.markdown {
                summaries.extend(Some(Summary::of(&verdicts)).filter(|s| s.runs > 0));
            } else {
                tell_of(&verdicts, brief)?;
            }
            if args.report.is_some() && !verdicts.is_empty() {
                compared.push(verdicts);
            }
        }
    }
    if args.json {
        say(&serde_json::to_string_pretty(&Value::Array(json))?)?;
    }
    if let Some(path) = &args.report {
        let recordings: Vec<String> = args.recordings.iter().map(|path| page::file(path)).collect();
        page::write(path, &tables::of_verify(&compared, format!("vrrplab verify {}", recordings.join(" "))))?;
    }
    if args.markdown {
        say(&document(&summaries))?;
    }
    Ok(exit)
}

/// The recording, or the recordings in the folder by name.
fn recordings(given: &Path) -> io::Result<Vec<PathBuf>> {
    let is_recording = |dir: &Path| dir.join("case.json").exists();
    if is_recording(given) || !given.is_dir() {
        return Ok(vec![given.to_owned()]);
    }
    let entries: Result<Vec<PathBuf>, io::Error> = std::fs::read_dir(given)?.map(|e| Ok(e?.path())).collect();
    let mut found: Vec<PathBuf> = entries?.into_iter().filter(|dir| is_recording(dir)).collect();
    found.sort();
    Ok(found)
}

/// The verdicts on the runs that were asked for.
fn replays(dir: &Path, args: &VerifyArgs) -> (Vec<Verdict>, Exit) {
    let runs = args.run.map_or_else(|| recording::runs(dir), |run| vec![run]);
    let (mut verdicts, mut exit) = (Vec::new(), Exit::Held);
    for (position, run) in runs.into_iter().enumerate() {
        let (recording, report) = recording::load(dir, Some(run));
        if position == 0 || recording.is_none() {
            tell_report(&report);
        }
        match recording {
            Some(recording) => verdicts.push(replay(&recording, Span::from_millis(args.tolerance))),
            None => {
                exit = Exit::BadInput;
                break;
            }
        }
    }
    (verdicts, exit)
}

/// One line for the recording when `brief`; a run that differs is always shown whole.
fn tell_of(verdicts: &[Verdict], brief: bool) -> io::Result<()> {
    if brief && !verdicts.is_empty() {
        say(&Summary::of(verdicts).to_string())?;
    }
    for verdict in verdicts.iter().filter(|verdict| !brief || !verdict.agrees()) {
        say(&verdict.to_string())?;
    }
    Ok(())
}
