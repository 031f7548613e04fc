//! `vrrplab explore`: thousands of seeds with drawn faults, on all processors; what fails is grouped, made small and written.
pub(super) mod clock;
pub(super) mod report;
pub(super) mod rows;

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use clap::Args;
use vrrplab_engine::Instant;
use vrrplab_formats::scenario::{self, Disk};
use vrrplab_formats::world::World;

use super::jobs::Jobs;
use super::output::{Exit, named, say, tell, tell_report, write_whole};
use super::page;
use super::test::{crew, interrupt, watched};
use crate::experiment;
use crate::explore::{Explorer, Options, Search, Shard, Summary, file_name, from_environment, shrink};
use crate::report::tables;
use clock::Clock;
use rows::Appended;

/// So many seeds are played at a time by one thread.
const BLOCK: u64 = 64;
/// So many causes are made small.
const SHRUNK: usize = 12;

/// `vrrplab explore`.
#[derive(Debug, Args)]
#[command(after_help = "\
Example: vrrplab explore scenarios/split-brain.yaml --seeds 0..10000
  Plays it 10000 times, each time with other faults, all of which are mended in the end. From then on the invariants must
  hold. Each cause of failure becomes a small scenario below explored/split-brain, to be played by `vrrplab run`.")]
pub(super) struct ExploreArgs {
    /// Scenario file
    #[arg(value_name = "SCENARIO")]
    file: PathBuf,
    /// Which seeds: FROM..TO, the last one not included
    #[arg(long, value_name = "FROM..TO", default_value = "0..1000", value_parser = seeds)]
    seeds: Range<u64>,
    #[command(flatten)]
    drawn: Drawn,
    #[command(flatten)]
    jobs: Jobs,
    /// Begin no more runs after this time, such as 10m
    #[arg(long = "for", value_name = "TIME", value_parser = duration)]
    patience: Option<Duration>,
    /// Folder for the summary and the small scenarios; explored/NAME when not given
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Write what came out as one HTML page
    #[arg(long, value_name = "FILE")]
    report: Option<PathBuf>,
    /// Leave failures as they are found
    #[arg(long)]
    no_shrink: bool,
    /// Also append a line of JSON for each seed to runs.jsonl beside the summary
    #[arg(long)]
    runs: bool,
    /// Play one part of N only, counted from 0: I/N, or `auto` as the scheduler says (Slurm, Kubernetes, GitLab and others)
    #[arg(long, value_name = "I/N|auto")]
    shard: Option<String>,
}

/// What is drawn, and who asks.
#[derive(Clone, Copy, Debug, Args)]
pub(super) struct Drawn {
    /// The most faults of one run
    #[arg(long, value_name = "N", default_value_t = 6)]
    faults: u64,
    /// Without the faults of the scenario itself
    #[arg(long)]
    without_faults: bool,
    /// Without the scenario's clients: many times faster, but nobody notices that nobody answers
    #[arg(long)]
    without_clients: bool,
}

impl Drawn {
    pub(super) fn options(self) -> Options {
        Options { most: self.faults, own_faults: !self.without_faults, clients: !self.without_clients }
    }
}

pub(super) fn seeds(text: &str) -> Result<Range<u64>, String> {
    let ends = text.split_once("..").and_then(|(from, to)| Some((from.parse().ok()?, to.parse().ok()?)));
    match ends {
        Some((from, to)) if from < to => Ok(from..to),
        Some(_) => Err("there are no seeds in that range".to_owned()),
        None => Err("write a range of seeds, such as 0..1000".to_owned()),
    }
}

fn duration(text: &str) -> Result<Duration, String> {
    scenario::moment(text).map(|Instant(ns)| Duration::from_nanos(ns))
}

pub(super) fn explore(args: &ExploreArgs) -> io::Result<Exit> {
    let (world, report) = scenario::load(&args.file, &Disk);
    tell_report(&report);
    let Some(world) = world else { return Ok(Exit::BadInput) };
    if let Some(path) = &args.report {
        page::writable(path)?;
    }
    let shard = shard(args)?;
    let own = shard.map_or(args.seeds.clone(), |shard| shard.seeds(&args.seeds));
    let explorer = Explorer::new(&world, args.drawn.options());
    let folder = args.out.clone().unwrap_or_else(|| Path::new("explored").join(&world.name));
    let name =
        shard.map_or("summary.jsonl".to_owned(), |shard| format!("shard-{}-of-{}.jsonl", shard.index, shard.count));
    let file = folder.join(name);
    if let Some(summary) = shard.and_then(|_| finished(&file, &explorer, args, &own)) {
        say(&format!("{}: finished before, nothing is played again", file.display()))?;
        return conclude(args, &summary, &BTreeMap::new(), false);
    }
    let stop = interrupt()?;
    fs::create_dir_all(&folder).map_err(|why| named(&folder, &why))?;
    let runs = rows::beside(&file).filter(|_| args.runs);
    let mut runs = runs.map(|runs| Appended::open(&runs, own.start)).transpose()?;
    let summary = play(args, &explorer, &own, runs.as_mut(), &stop)?;
    let stopped = summary.totals.runs < own.end - own.start;
    if let Some(runs) = runs.filter(|_| !stopped) {
        runs.end()?;
    }
    if !stopped || shard.is_none() {
        write_whole(&file, summary.print().map_err(io::Error::other)?.as_bytes())?;
    }
    let small = if args.no_shrink { BTreeMap::new() } else { make_small(args, &explorer, &world, &summary, &folder)? };
    conclude(args, &summary, &small, stopped && stop.load(Ordering::Relaxed))
}

/// The shard that was asked for.
fn shard(args: &ExploreArgs) -> io::Result<Option<Shard>> {
    match args.shard.as_deref() {
        None => Ok(None),
        Some("auto") => {
            let value = |name: &str| Some(std::env::var_os(name)?.to_string_lossy().into_owned());
            let (shard, by) = from_environment(value).map_err(io::Error::other)?;
            tell(&format!("shard {} of {}, as {by} say\n", shard.index, shard.count));
            Ok(Some(shard))
        }
        Some(text) => Shard::read(text).map(Some).map_err(io::Error::other),
    }
}

/// The summary of the same seeds, if it is there already, with its rows, if they are wanted.
fn finished(file: &Path, explorer: &Explorer, args: &ExploreArgs, own: &Range<u64>) -> Option<Summary> {
    let summary = Summary::read(&fs::read_to_string(file).ok()?).ok()?;
    let same = summary.head == explorer.head(args.seeds.clone());
    if args.runs {
        rows::read(&[rows::beside(file)?], &summary, own.clone(), |_| Ok(())).ok()?;
    }
    (same && (summary.done == [(own.start, own.end)] || own.is_empty())).then_some(summary)
}

/// Plays the seeds, in blocks, on many threads.
fn play(
    args: &ExploreArgs,
    explorer: &Explorer,
    own: &Range<u64>,
    mut runs: Option<&mut Appended>,
    stop: &AtomicBool,
) -> io::Result<Summary> {
    let clock = Clock::start();
    let blocks = usize::try_from((own.end - own.start).div_ceil(BLOCK)).map_err(io::Error::other)?;
    let mut summary = Summary::of(explorer.head(args.seeds.clone()), (0, 0));
    let (show, mut shown) = (watched(), Duration::ZERO);
    let enough = AtomicBool::new(false);
    let block = |at: usize| {
        let from = own.start + u64::try_from(at).unwrap_or(u64::MAX) * BLOCK;
        if args.patience.is_some_and(|patience| clock.passed() >= patience) {
            enough.store(true, Ordering::Relaxed);
        }
        if enough.load(Ordering::Relaxed) {
            return None;
        }
        explorer.play_rows(args.seeds.clone(), from..own.end.min(from + BLOCK), stop)
    };
    let mut written = Ok(());
    crew::work(blocks, args.jobs.count(), stop, block, |_, (played, rows)| {
        summary.absorb(played);
        if let Some(runs) = &mut runs
            && written.is_ok()
        {
            written = runs.add(&rows);
            enough.fetch_or(written.is_err(), Ordering::Relaxed);
        }
        if show && clock.passed() - shown > Duration::from_millis(200) {
            shown = clock.passed();
            tell(&progress(&summary, own.end - own.start, shown));
        }
    });
    if show {
        tell("\r\x1b[K");
    }
    written.map(|()| summary)
}

/// One line for whoever is watching.
fn progress(summary: &Summary, all: u64, passed: Duration) -> String {
    let (runs, failed) = (summary.totals.runs, summary.totals.failed);
    let rate = u128::from(runs) * 1000 / passed.as_millis().max(1);
    let (causes, rules) = (summary.failures.len(), summary.rules.len());
    let (changes, pairs) = (summary.transitions.len(), summary.pairs.len());
    let reached = format!("reached: {changes} changes of state, {rules} rules, {pairs} pairs");
    format!("\r\x1b[K{runs} of {all}, {rate}/s, {failed} failed of {causes} causes, {reached}")
}

/// The first failure of each cause becomes a small scenario; what is told of it, by cause.
fn make_small(
    args: &ExploreArgs,
    explorer: &Explorer,
    world: &World,
    summary: &Summary,
    folder: &Path,
) -> io::Result<BTreeMap<String, String>> {
    let mut told = BTreeMap::new();
    let mut causes: Vec<_> = summary.failures.values().collect();
    causes.sort_by_key(|failure| (std::cmp::Reverse(failure.count), failure.first));
    for failure in causes.into_iter().take(SHRUNK) {
        if watched() {
            tell(&format!("\r\x1b[Kmaking seed {} small", failure.first));
        }
        let (seed, fingerprint) = (failure.first, failure.fingerprint.as_str());
        let search = Search { path: &args.file, files: &Disk, seed, fingerprint, budget: 1_500 };
        let words = match shrink(explorer, world, &search) {
            Err(why) => format!("     not made small: {why}\n"),
            Ok(found) => {
                let file = folder.join(file_name(fingerprint)).with_extension("yaml");
                write_whole(&file, found.text.as_bytes())?;
                if replays(&file) {
                    let (left, were) = found.faults;
                    format!("     faults: {were}, of which needed: {left}\n     vrrplab run {}\n", file.display())
                } else {
                    fs::remove_file(&file).map_err(|why| named(&file, &why))?;
                    "     not made small: its configurations include other files\n".to_owned()
                }
            }
        };
        told.insert(failure.fingerprint.clone(), words);
    }
    if watched() {
        tell("\r\x1b[K");
    }
    Ok(told)
}

/// Whether the file stands alone, and keeps what it promises.
fn replays(file: &Path) -> bool {
    let Some(world) = scenario::load(file, &Disk).0 else { return false };
    experiment::play(&world, world.seed, false, |_, _| Ok(())).is_ok_and(|outcome| outcome.held())
}

/// The words and the verdict.
fn conclude(
    args: &ExploreArgs,
    summary: &Summary,
    small: &BTreeMap<String, String>,
    interrupted: bool,
) -> io::Result<Exit> {
    if let Some(path) = &args.report {
        let seeds = format!("{}..{}", args.seeds.start, args.seeds.end);
        let repeat =
            format!("vrrplab explore {} --seeds {seeds} --faults {}", page::file(&args.file), args.drawn.faults);
        page::write(path, &tables::of_explore(summary, repeat))?;
    }
    say(&report::overview(summary))?;
    say(&report::failures(summary, |fingerprint| small.get(fingerprint).cloned().unwrap_or_default()))?;
    if interrupted {
        say(&format!("interrupted: seeds {} are done", ranges(&summary.done)))?;
        return Ok(Exit::Interrupted);
    }
    if args.patience.is_some() && !summary.is_whole() {
        say(&format!("time is up: seeds {} are done", ranges(&summary.done)))?;
    }
    Ok(if summary.totals.failed > 0 { Exit::Failed } else { Exit::Held })
}

/// `0..64, 128..192`.
pub(super) fn ranges(all: &[(u64, u64)]) -> String {
    let words: Vec<String> = all.iter().map(|(from, to)| format!("{from}..{to}")).collect();
    if words.is_empty() { "none".to_owned() } else { words.join(", ") }
}
