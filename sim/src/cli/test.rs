//! `vrrplab test`: whole folders of scenarios, played in parallel, told in one line each, in the order of their paths.
pub(super) mod crew;
mod files;
mod junit;
mod page;
mod snapshot;
mod tell;
mod trial;

use std::io::{self, IsTerminal};
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use clap::Args;

use super::jobs::threads;
use super::lanes::LanesArgs;
use super::output::{Exit, say, tell};
use crate::library::{Entry, entries};
use tell::Teller;
use trial::{Plan, Trial};

/// What is told of a failure begins so many columns to the right.
const INDENT: usize = 6;

/// `vrrplab test`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  vrrplab test scenarios --filter basics/
    Every scenario of the theme, a line each; what fails is told in full.
  vrrplab test . --junit report.xml --snapshots
    In CI: the promises and the kept timelines of all scenarios below this folder.")]
pub(super) struct TestArgs {
    /// Folders of scenarios, or scenario files
    #[arg(value_name = "DIR", default_value = "scenarios")]
    paths: Vec<PathBuf>,
    /// Only scenarios whose theme/name contains this; may be given several times
    #[arg(long, value_name = "WORDS")]
    filter: Vec<String>,
    /// How many at a time; as many as there are processors when not given
    #[arg(long, short, value_name = "N")]
    jobs: Option<NonZeroUsize>,
    /// Root of all chance, instead of each scenario's own; kept timelines are not compared then
    #[arg(long)]
    seed: Option<u64>,
    /// A scenario without a kept timeline (NAME.snap beside it) fails too
    #[arg(long, conflicts_with = "seed")]
    snapshots: bool,
    /// Write the timelines that differ or are missing, of scenarios whose promises hold
    #[arg(long, conflicts_with_all = ["seed", "snapshots"])]
    update_snapshots: bool,
    /// Write a JUnit report for CI
    #[arg(long, value_name = "FILE")]
    junit: Option<PathBuf>,
    /// Write a report as JSON
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// Write what came out as one HTML page
    #[arg(long, value_name = "FILE")]
    report: Option<PathBuf>,
    #[command(flatten)]
    lanes: LanesArgs,
    /// Write one pcapng for each scenario into this folder
    #[arg(long, value_name = "DIR")]
    pcap: Option<PathBuf>,
    /// Print failures and the summary only
    #[arg(long, short)]
    quiet: bool,
}

pub(super) fn test(args: &TestArgs) -> io::Result<Exit> {
    let mut chosen = entries(&args.paths)?;
    let asked = |entry: &Entry| args.filter.is_empty() || args.filter.iter().any(|words| entry.label().contains(words));
    chosen.retain(asked);
    if chosen.is_empty() {
        tell("error: no scenario to test: nothing found, or nothing that fits --filter\n");
        return Ok(Exit::BadInput);
    }
    if let Some(path) = &args.report {
        super::page::writable(path)?;
    }
    if let Some(folder) = &args.pcap {
        files::prepare(folder, &chosen)?;
    }
    let stop = interrupt()?;
    let lanes = args.lanes.lanes.then(|| args.lanes.pen().within(INDENT));
    let (capture, snapshots) = (args.pcap.is_some(), args.snapshots);
    let plan = Plan { seed: args.seed, capture, lanes, snapshots, stop: &stop };
    let mut teller = Teller::new(&chosen, args.quiet);
    let mut trials: Vec<Option<Trial>> = chosen.iter().map(|_| None).collect();
    let (mut told, mut failed) = (0, None);
    crew::work(
        chosen.len(),
        threads(args.jobs),
        &stop,
        |at| chosen.get(at).and_then(|e| trial::play(e, &plan)),
        |at, trial| {
            teller.progress(&trial);
            trials[at] = Some(trial);
            while let Some(Some(trial)) = trials.get_mut(told) {
                told += 1;
                if let Err(why) = finish(trial, args).and_then(|()| teller.tell(trial)) {
                    failed.get_or_insert(why);
                    stop.store(true, Ordering::Relaxed);
                    break;
                }
            }
        },
    );
    if let Some(why) = failed {
        return Err(why);
    }
    for trial in trials.iter_mut().skip(told).flatten() {
        finish(trial, args)?; // what lies behind one that was interrupted
        teller.tell(trial)?;
    }
    conclude(args, &chosen, &trials)
}

/// The summary, the reports and the exit code.
fn conclude(args: &TestArgs, chosen: &[Entry], trials: &[Option<Trial>]) -> io::Result<Exit> {
    let done: Vec<&Trial> = trials.iter().flatten().collect();
    let bad = done.iter().filter(|trial| !trial.passed()).count();
    if let Some(file) = &args.junit {
        super::output::write_whole(file, junit::report(chosen, trials).as_bytes())?;
    }
    if let Some(file) = &args.json {
        super::output::write_whole(file, files::json(&done)?.as_bytes())?;
    }
    if let Some(file) = &args.report {
        super::page::write(file, &page::of(&done, repeat(args)))?;
    }
    if done.len() < chosen.len() {
        say(&format!("interrupted: {} of {} not played to their end", chosen.len() - done.len(), chosen.len()))?;
    }
    say(&format!("{} passed, {bad} failed", done.len() - bad))?;
    if done.len() < chosen.len() {
        return Ok(Exit::Interrupted);
    }
    Ok(done.iter().map(|trial| trial.exit()).fold(Exit::Held, Exit::worse))
}

/// The command line for the same scenarios.
fn repeat(args: &TestArgs) -> String {
    let paths: Vec<String> = args.paths.iter().map(|path| super::page::file(path)).collect();
    let filters: String = args.filter.iter().map(|words| format!(" --filter {words}")).collect();
    let seed = args.seed.map(|seed| format!(" --seed {seed}")).unwrap_or_default();
    format!("vrrplab test {}{filters}{seed}", paths.join(" "))
}

/// Writes what a trial leaves behind.
fn finish(trial: &mut Trial, args: &TestArgs) -> io::Result<()> {
    if let (Some(folder), Some(bytes)) = (&args.pcap, trial.pcapng.take()) {
        super::output::write_whole(&folder.join(format!("{}.pcapng", trial.entry.stem())), &bytes)?;
    }
    if args.update_snapshots {
        trial.keep_timeline()?;
    }
    Ok(())
}

/// What Ctrl-C sets; the second one ends the command at once.
pub(super) fn interrupt() -> io::Result<Arc<AtomicBool>> {
    let stop = Arc::new(AtomicBool::new(false));
    let heard = Arc::clone(&stop);
    let caught = ctrlc::set_handler(move || {
        if heard.swap(true, Ordering::Relaxed) {
            std::process::exit(i32::from(Exit::Interrupted as u8));
        }
    });
    caught.map_err(|why| io::Error::other(format!("signals cannot be caught: {why}")))?;
    Ok(stop)
}

/// Whether a person is watching standard error.
pub(super) fn watched() -> bool {
    io::stderr().is_terminal()
}
