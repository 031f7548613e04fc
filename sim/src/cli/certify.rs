//! `vrrplab certify`: every single fault, or every pair, on all processors; a table, and the worst cases as scenarios.
mod json;
mod text;

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

use clap::Args;
use vrrplab_engine::Span;
use vrrplab_formats::scenario::{self, Disk};

use super::jobs::Jobs;
use super::output::{Exit, named, say, tell, tell_report, write_whole};
use super::page;
use super::test::{crew, interrupt, watched};
use crate::certify::{Certifier, Hit, Pairs, Row, Table, Unfit};
use crate::experiment;
use crate::observe::words;
use crate::report::certified;

/// So many of the worst cases become scenarios.
const WRITTEN: usize = 3;

/// `vrrplab certify`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  vrrplab certify scenarios/split-brain.yaml
    Every single fault at every place, at each moment that matters: what clients notice, the worst first.
  vrrplab certify site.yaml --faults 2 --limit 5s --out worst
    Every pair of faults. Exit code 1 when clients wait longer than 5 s for service that a fault, or a pair that can be
    survived, took away, or after both are mended. The worst cases are left in `worst`, for `vrrplab run`.")]
pub(super) struct CertifyArgs {
    /// Scenario file; its own faults and promises do not count
    #[arg(value_name = "SCENARIO")]
    file: PathBuf,
    /// How many faults at a time
    #[arg(long, value_name = "1|2", default_value_t = 1, value_parser = clap::value_parser!(u8).range(1..=2))]
    faults: u8,
    /// Longer outages are a failure; service that does not come back always is
    #[arg(long, value_name = "TIME", value_parser = span)]
    limit: Option<Span>,
    #[command(flatten)]
    jobs: Jobs,
    /// Write all rows as JSON
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// Write a table of colours, and all rows, as one HTML page
    #[arg(long, value_name = "FILE")]
    report: Option<PathBuf>,
    /// Write the worst cases as scenarios into this folder
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Print all rows
    #[arg(long)]
    all: bool,
    /// About as many runs for pairs: with fewer, second faults come at fewer moments
    #[arg(long, value_name = "N", default_value_t = 100_000)]
    runs: usize,
}

/// A time such as `5s`.
pub(super) fn span(text: &str) -> Result<Span, String> {
    scenario::moment(text).map(|at| Span(at.0))
}

pub(super) fn certify(args: &CertifyArgs) -> io::Result<Exit> {
    let certifier = match Certifier::read(&args.file, &Disk) {
        Ok(certifier) => certifier,
        Err(unfit) => return Ok(refuse(&args.file, &unfit)),
    };
    if let Some(path) = &args.report {
        page::writable(path)?;
    }
    let stop = interrupt()?;
    let jobs = args.jobs.count();
    let Some(singles) = singles(&certifier, jobs, &stop, "") else { return Ok(Exit::Interrupted) };
    let played = u64::from(args.faults == 2) * singles.runs();
    let table = match args.faults {
        1 => Some(singles),
        _ => pairs(&certifier, &singles, args.runs, jobs, &stop),
    };
    let Some(table) = table else { return Ok(Exit::Interrupted) };
    let told = text::Told { certifier: &certifier, table: &table, limit: args.limit, all: args.all, before: played };
    say(&text::print(&told))?;
    if let Some(file) = &args.json {
        write_whole(file, json::print(&told)?.as_bytes())?;
    }
    if let Some(file) = &args.report {
        page::write(file, &certified::of(&certifier, &table, args.limit, repeat(args)))?;
    }
    if let Some(folder) = &args.out {
        say(&write_cases(&certifier, &table, folder)?)?;
    }
    Ok(if table.exceeding(args.limit) > 0 { Exit::Failed } else { Exit::Held })
}

/// The command line for the same table.
fn repeat(args: &CertifyArgs) -> String {
    let limit = args.limit.map(|limit| format!(" --limit {}", words::span(limit).replace(' ', ""))).unwrap_or_default();
    let pairs = if args.faults == 2 { format!(" --faults 2 --runs {}", args.runs) } else { String::new() };
    format!("vrrplab certify {}{pairs}{limit}", page::file(&args.file))
}

/// Says why a scenario is not certified or swept.
pub(super) fn refuse(file: &Path, unfit: &Unfit) -> Exit {
    match unfit {
        Unfit::Unreadable(report) => tell_report(report),
        Unfit::Because(why) => tell(&format!("error: {}: {why}\n", file.display())),
    }
    Exit::BadInput
}

/// Every single fault, with this word before its progress. `None`: it was to stop.
pub(super) fn singles(certifier: &Certifier, jobs: usize, stop: &AtomicBool, word: &str) -> Option<Table> {
    let count = certifier.candidates().len();
    let rows = collect(count, jobs, stop, word, |candidate| vec![certifier.single(candidate)])?;
    Some(Table::of(rows))
}

fn pairs(certifier: &Certifier, singles: &Table, runs: usize, jobs: usize, stop: &AtomicBool) -> Option<Table> {
    let mut firsts: Vec<&Row> = singles.rows.iter().collect();
    firsts.sort_by_key(|row| row.candidates[0]);
    let plan = Pairs::within(runs, firsts.len());
    Some(Table::of(collect(firsts.len(), jobs, stop, "", |first| certifier.pairs(firsts[first], plan))?))
}

/// All rows, in order of their numbers, whoever has played them. `None`: it was to stop.
fn collect(
    count: usize,
    jobs: usize,
    stop: &AtomicBool,
    word: &str,
    play: impl Fn(usize) -> Vec<Row> + Sync,
) -> Option<Vec<Row>> {
    let mut parts: Vec<Vec<Row>> = vec![Vec::new(); count];
    let mut done = 0;
    let work = |at: usize| Some(play(at));
    crew::work(count, jobs, stop, work, |at, rows| {
        parts[at] = rows;
        done += 1;
        if watched() {
            tell(&format!("\r\x1b[K{word}{done} of {count}"));
        }
    });
    if watched() {
        tell("\r\x1b[K");
    }
    (!stop.load(Ordering::Relaxed)).then(|| parts.into_iter().flatten().collect())
}

/// The longest outages, and the longest time with two masters.
fn write_cases(certifier: &Certifier, table: &Table, folder: &Path) -> io::Result<String> {
    fs::create_dir_all(folder).map_err(|why| named(folder, &why))?;
    let mut cases: Vec<&[Hit]> = table.groups().iter().take(WRITTEN).map(|group| &group[0].hits[..]).collect();
    if let Some(double) =
        table.rows.iter().max_by_key(|row| row.worst.double).filter(|row| row.worst.double > Span::ZERO)
        && !cases.contains(&&double.double_hits[..])
    {
        cases.push(&double.double_hits);
    }
    let mut told = String::new();
    for hits in cases {
        let file = folder.join(certifier.file_name(hits)).with_extension("yaml");
        let shown = file.display();
        match certifier.written(hits, &Disk) {
            Err(why) => told += &format!("{shown}: not written: {why}\n"),
            Ok(text) => {
                write_whole(&file, text.as_bytes())?;
                if replays(&file) {
                    told += &format!("vrrplab run {shown}\n");
                } else {
                    fs::remove_file(&file).map_err(|why| named(&file, &why))?;
                    told += &format!("{shown}: not written: its configurations include other files\n");
                }
            }
        }
    }
    Ok(told)
}

/// Whether the file stands alone, and keeps what it promises.
fn replays(file: &Path) -> bool {
    let Some(world) = scenario::load(file, &Disk).0 else { return false };
    experiment::play(&world, world.seed, false, |_, _| Ok(())).is_ok_and(|outcome| outcome.held())
}
