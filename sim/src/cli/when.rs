//! `vrrplab when`: the moment at which the failure of a seed was decided.
use std::fmt::Write as _;
use std::io;
use std::path::PathBuf;
use std::sync::atomic::AtomicBool;

use clap::Args;
use serde::Serialize;
use vrrplab_engine::Instant;
use vrrplab_formats::scenario::{self, Disk};

use super::explore::Drawn;
use super::jobs::Jobs;
use super::output::{Exit, say, tell, tell_report, write_whole};
use super::sweep::Format;
use super::test::{crew, interrupt, watched};
use crate::explore::Explorer;
use crate::observe::words::time;
use crate::sweep::chart;
use crate::turning::{Sample, Turning, steepest};

/// So many lines of what happened are told.
const LINES: usize = 20;

/// `vrrplab when`.
#[derive(Debug, Args)]
#[command(after_help = "\
Example: vrrplab when scenarios/split-brain.yaml --seed 17 --explored
  Plays seed 17 as `vrrplab explore` does, up to a moment with its own chance and faults, from then on with others, many
  times, and this for many moments. Where the share of failures rises most, the failure was decided; what happened then is
  told. Without --explored the scenario is played as it is, and fails as `vrrplab run --seed 17` does.")]
pub(super) struct WhenArgs {
    /// Scenario file
    #[arg(value_name = "SCENARIO")]
    file: PathBuf,
    /// The seed that fails
    #[arg(long, value_name = "N")]
    seed: u64,
    /// It fails when it is explored: its faults are drawn as well
    #[arg(long)]
    explored: bool,
    #[command(flatten)]
    drawn: Drawn,
    /// How many moments are looked at first, between the beginning and the end; more follow where the share rises
    #[arg(long, value_name = "N", default_value_t = 24, value_parser = clap::value_parser!(u16).range(1..=1_000))]
    steps: u16,
    /// How many times chance is drawn anew at each moment
    #[arg(long, value_name = "N", default_value_t = 50, value_parser = clap::value_parser!(u16).range(1..=10_000))]
    redraws: u16,
    #[command(flatten)]
    jobs: Jobs,
    /// For people or for machines
    #[arg(long, value_enum, default_value = "table")]
    format: Format,
    /// Write the curve as a picture
    #[arg(long, value_name = "FILE")]
    svg: Option<PathBuf>,
}

pub(super) fn when(args: &WhenArgs) -> io::Result<Exit> {
    let (world, report) = scenario::load(&args.file, &Disk);
    tell_report(&report);
    let Some(world) = world else { return Ok(Exit::BadInput) };
    let redraws = u64::from(args.redraws);
    let explorer = args.explored.then(|| Explorer::new(&world, args.drawn.options()));
    let turning = match &explorer {
        Some(explorer) => Turning::of_explored(explorer, args.seed, redraws),
        None => Turning::of_scenario(&world, args.seed, redraws),
    };
    let Some(turning) = turning else {
        let how = if args.explored { "explored so" } else { "played as it is; was it found with --explored?" };
        tell(&format!("error: seed {} does not fail when {} is {how}\n", args.seed, args.file.display()));
        return Ok(Exit::BadInput);
    };
    let stop = interrupt()?;
    let mut samples = Vec::new();
    let mut moments = turning.moments(u64::from(args.steps));
    let mut stopped = false;
    while !moments.is_empty() && !stopped {
        let more = play(args, &turning, &moments, &stop);
        stopped = more.len() < moments.len();
        samples.extend(more);
        samples.sort_by_key(|sample: &Sample| sample.at);
        moments = turning.closer(&samples);
    }
    say(&match args.format {
        Format::Table => text(&world.name, args.seed, &turning, &samples),
        Format::Json => json(&world.name, args.seed, &turning, &samples)?,
    })?;
    if let Some(file) = &args.svg {
        write_whole(file, chart::rise(&world.name, args.seed, &samples, redraws).as_bytes())?;
    }
    Ok(if stopped { Exit::Interrupted } else { Exit::Held })
}

/// The share of failures at these moments; those that were interrupted are left out.
fn play(args: &WhenArgs, turning: &Turning<'_>, moments: &[Instant], stop: &AtomicBool) -> Vec<Sample> {
    let mut samples = Vec::new();
    let count = |at: usize| Some(Sample { at: moments[at], failed: turning.failed(moments[at]) });
    crew::work(moments.len(), args.jobs.count(), stop, count, |_, sample| {
        samples.push(sample);
        if watched() {
            tell(&format!("\r\x1b[K{} of {} moments", samples.len(), moments.len()));
        }
    });
    if watched() {
        tell("\r\x1b[K");
    }
    samples
}

fn text(name: &str, seed: u64, turning: &Turning<'_>, samples: &[Sample]) -> String {
    let redraws = turning.redraws();
    let mut text = format!("{name}, seed {seed}: {}\n", turning.failure());
    let _ = writeln!(text, "   own chance until   fail of {redraws}");
    for sample in samples {
        let bar = usize::try_from(sample.failed * 40 / redraws.max(1)).unwrap_or_default();
        let _ = writeln!(text, "{:>19}  {:>5}  {}", time(sample.at), sample.failed, "#".repeat(bar));
    }
    let Some((from, to)) = steepest(samples) else {
        text += "the share of failures does not rise: this was decided before anything was drawn, or never\n";
        return text;
    };
    let (rise, from_at, to_at) = ((from.failed, to.failed), time(from.at), time(to.at));
    let _ =
        writeln!(text, "it was decided between {from_at} and {to_at}: from {} to {} of {redraws} fail", rise.0, rise.1);
    let (lines, more) = turning.happened(from.at, to.at, LINES);
    for line in &lines {
        text += line.trim_end();
        text += "\n";
    }
    if lines.is_empty() {
        text += "nothing was told of that time: a delay, or what was drawn for later\n";
    }
    if more > 0 {
        let _ = writeln!(text, "... and {more} lines more");
    }
    text
}

#[derive(Serialize)]
struct Page<'t> {
    scenario: &'t str,
    seed: u64,
    failure: &'t str,
    redraws: u64,
    moments: Vec<Entry>,
    /// Null where the share of failures does not rise.
    decided: Option<Decided>,
}

#[derive(Serialize)]
struct Entry {
    at: String,
    failed: u64,
}

#[derive(Serialize)]
struct Decided {
    from: Entry,
    to: Entry,
    happened: Vec<String>,
}

fn json(name: &str, seed: u64, turning: &Turning<'_>, samples: &[Sample]) -> io::Result<String> {
    let entry = |sample: &Sample| Entry { at: time(sample.at), failed: sample.failed };
    let decided = steepest(samples).map(|(from, to)| Decided {
        from: entry(&from),
        to: entry(&to),
        happened: turning.happened(from.at, to.at, LINES).0,
    });
    let moments = samples.iter().map(entry).collect();
    let page = Page { scenario: name, seed, failure: turning.failure(), redraws: turning.redraws(), moments, decided };
    Ok(serde_json::to_string_pretty(&page)? + "\n")
}
