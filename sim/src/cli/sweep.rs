//! `vrrplab sweep`: what clients notice when a number changes, as table, JSON and picture.
mod json;
mod text;

use std::io;
use std::ops::Range;
use std::path::PathBuf;
use std::sync::atomic::AtomicBool;

use clap::{Args, ValueEnum};
use vrrplab_formats::scenario::Disk;

use super::certify;
use super::explore::seeds;
use super::jobs::Jobs;
use super::output::{Exit, say, tell, write_whole};
use super::test::{crew, interrupt, watched};
use crate::sweep::{Cost, Point, Sweeper, Vary, chart};

/// So many seeds are played at a time by one thread.
const BLOCK: u64 = 16;

/// `vrrplab sweep`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  vrrplab sweep scenarios/split-brain.yaml --vary advert_int=1,2,3 --vary loss=0..20%
    Two curves: the outage of the clients by the interval of adverts, and by the share of lost frames.
  vrrplab sweep site.yaml --vary r1.preempt_delay=0..60 --vary jitter=0..50ms --grid --svg outage.svg
    One grid: every pair of values.
  vrrplab sweep site.yaml --vary fault[0].at=8..9s --steps 101
    Does it matter when exactly the first fault comes?
Names: numbers of keepalived.conf (advert_int, r1.priority, r1.VI_1.garp_master_delay), keys of links (loss, lan.delay,
r2.jitter), moments of faults (at, fault[1].at), and ways through the scenario (clients.web.every).")]
pub(super) struct SweepArgs {
    /// Scenario file; its promises do not count
    #[arg(value_name = "SCENARIO")]
    file: PathBuf,
    /// What is varied: NAME=FROM..TO or NAME=VALUE,VALUE; each gives a curve
    #[arg(long, required = true, value_name = "NAME=VALUES")]
    vary: Vec<String>,
    /// Play every pair of values of the two parameters
    #[arg(long)]
    grid: bool,
    /// How many points a range has
    #[arg(long, value_name = "N", default_value_t = 11, value_parser = clap::value_parser!(u16).range(2..=1_000))]
    steps: u16,
    /// Which seeds are played at each point: FROM..TO, the last one not included
    #[arg(long, value_name = "FROM..TO", default_value = "0..100", value_parser = seeds)]
    seeds: Range<u64>,
    #[command(flatten)]
    jobs: Jobs,
    /// For people or for machines
    #[arg(long, value_enum, default_value = "table")]
    format: Format,
    /// Write the curves as a picture
    #[arg(long, value_name = "FILE")]
    svg: Option<PathBuf>,
}

/// How a sweep is printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Format {
    /// A table for each curve.
    Table,
    /// One object.
    Json,
}

pub(super) fn sweep(args: &SweepArgs) -> io::Result<Exit> {
    let vary: Result<Vec<Vary>, String> =
        args.vary.iter().map(|text| Vary::read(text, usize::from(args.steps))).collect();
    let vary = match vary {
        Ok(vary) if args.grid && vary.len() != 2 => {
            return Ok(refuse("--grid takes two parameters: --vary twice"));
        }
        Ok(vary) => vary,
        Err(why) => return Ok(refuse(&why)),
    };
    let sweeper = match Sweeper::read(&args.file, &Disk, &vary, args.grid) {
        Ok(sweeper) => sweeper,
        Err(unfit) => return Ok(certify::refuse(&args.file, &unfit)),
    };
    let stop = interrupt()?;
    for remark in sweeper.remarks() {
        tell(&format!("warning: {remark}\n"));
    }
    let points = play(args, &sweeper, &stop)?;
    let interrupted = points.iter().any(Option::is_none);
    let told = text::Told { sweeper: &sweeper, points: &points, seeds: &args.seeds };
    say(&match args.format {
        Format::Table => text::print(&told),
        Format::Json => json::print(&told)?,
    })?;
    if let Some(file) = &args.svg {
        write_whole(file, chart::draw(sweeper.name(), sweeper.curves(), &points).as_bytes())?;
    }
    if interrupted {
        let played = points.iter().flatten().count();
        tell(&format!("interrupted: {played} of {} points are done\n", points.len()));
        return Ok(Exit::Interrupted);
    }
    Ok(Exit::Held)
}

fn refuse(why: &str) -> Exit {
    tell(&format!("error: {why}\n"));
    Exit::BadInput
}

/// Plays all points with all seeds. A point is nothing until its last seed has been played.
fn play(args: &SweepArgs, sweeper: &Sweeper, stop: &AtomicBool) -> io::Result<Vec<Option<Point>>> {
    let seeds = args.seeds.end - args.seeds.start;
    let blocks = usize::try_from(seeds.div_ceil(BLOCK)).map_err(io::Error::other)?;
    let whole = usize::try_from(seeds).map_err(io::Error::other)?;
    let work = blocks.checked_mul(sweeper.points()).ok_or_else(|| io::Error::other("that is too much to be played"))?;
    let mut costs: Vec<Vec<Cost>> = vec![Vec::new(); sweeper.points()];
    let mut points = vec![None; sweeper.points()];
    let block = |at: usize| {
        let from = args.seeds.start + u64::try_from(at % blocks).unwrap_or_default() * BLOCK;
        let to = args.seeds.end.min(from + BLOCK);
        Some((from..to).map(|seed| sweeper.play(at / blocks, seed)).collect::<Vec<Cost>>())
    };
    let mut done = 0;
    crew::work(work, args.jobs.count(), stop, block, |at, played| {
        let point = at / blocks;
        costs[point].extend(played);
        if costs[point].len() == whole {
            points[point] = Point::of(std::mem::take(&mut costs[point]));
            done += 1;
            if watched() {
                tell(&format!("\r\x1b[K{done} of {} points", sweeper.points()));
            }
        }
    });
    if watched() {
        tell("\r\x1b[K");
    }
    Ok(points)
}
