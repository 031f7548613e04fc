//! `vrrplab verify`: recordings of real keepalived, replayed and compared event by event.
use std::io;
use std::path::Path;

use vrrplab_engine::Span;
use vrrplab_formats::recording;

use super::VerifyArgs;
use super::output::{Exit, say, tell_report};
use crate::replay::replay;

pub(super) fn verify(args: &VerifyArgs) -> io::Result<Exit> {
    let mut exit = Exit::Held;
    for dir in &args.recordings {
        let runs = match args.run {
            Some(run) => vec![run],
            None => recording::runs(dir),
        };
        for run in runs {
            exit = exit.worse(verify_one(dir, run, args)?);
        }
    }
    Ok(exit)
}

fn verify_one(dir: &Path, run: usize, args: &VerifyArgs) -> io::Result<Exit> {
    let (recording, report) = recording::load(dir, Some(run));
    tell_report(&report);
    let Some(recording) = recording else { return Ok(Exit::BadInput) };
    let verdict = replay(&recording, Span::from_millis(args.tolerance));
    let mark = if verdict.agrees { "agrees" } else { "DIFFERS" };
    if args.quiet {
        say(&format!(
            "{:32} run {run}: {mark}, {} events, worst {} us",
            verdict.name,
            verdict.rows.len(),
            verdict.worst_us
        ))?;
    } else {
        say(&format!("{} run {run}: {mark}\n{verdict}", recording.name))?;
    }
    Ok(if verdict.agrees { Exit::Held } else { Exit::Failed })
}
