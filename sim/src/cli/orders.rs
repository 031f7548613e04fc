//! `vrrplab orders`: every order that a scenario leaves open, and what may come out.
use std::fmt::Write;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::Args;
use vrrplab_engine::{Instant, Span};
use vrrplab_formats::scenario::{self, Disk};

use super::explore::clock::Clock;
use super::output::{Exit, colour, say, tell, tell_report};
use super::test::{interrupt, watched};
use crate::lab::Lab;
use crate::observe::Timeline;
use crate::orders::{Ending, Found, Options, Orders, Outcome, Turn};

/// The most steps that an advert may be late.
const STEPS: u64 = 64;

/// `vrrplab orders`.
#[derive(Debug, Args)]
#[command(after_help = "\
Example: vrrplab orders pair.yaml --delay 2ms --step 1ms
  Plays every order of events of one instant, each advert late by 0, 1 or 2 ms, and tells what may come out: who becomes master,
  whether there are two at once, which invariants break, and the fewest choices that lead there. For two or three nodes and some
  seconds: the number of orders grows fast.")]
pub(super) struct OrdersArgs {
    /// Scenario file
    #[arg(value_name = "SCENARIO")]
    file: PathBuf,
    /// How much longer than the scenario says an advert may be under way, such as 2ms
    #[arg(long, value_name = "TIME", default_value = "0ms", value_parser = span)]
    delay: Span,
    /// In steps of this; all of it or nothing when not given
    #[arg(long, value_name = "TIME", value_parser = span)]
    step: Option<Span>,
    /// Look at so many states
    #[arg(long, value_name = "N", default_value_t = 100_000)]
    limit: usize,
    /// Play one order and print its timeline, with the choices that were printed for it
    #[arg(long, value_name = "CHOICES", value_parser = turns)]
    replay: Option<Turns>,
}

/// Choices as they are printed: `12:1,15:2`, or `none`.
#[derive(Clone, Debug)]
struct Turns(Vec<Turn>);

fn turns(text: &str) -> Result<Turns, String> {
    if text == "none" {
        return Ok(Turns(Vec::new()));
    }
    let one = |word: &str| {
        let (point, choice) = word.split_once(':')?;
        Some(Turn { point: point.parse().ok()?, choice: choice.parse().ok()? })
    };
    let all: Option<Vec<Turn>> = text.split(',').map(one).collect();
    let all = all.filter(|all| all.is_sorted_by(|a, b| a.point < b.point));
    all.map(Turns).ok_or_else(|| "write choices as they were printed, such as 12:1,15:2".to_owned())
}

fn span(text: &str) -> Result<Span, String> {
    scenario::moment(text).map(|at| at.since(Instant::ZERO))
}

pub(super) fn orders(args: &OrdersArgs) -> io::Result<Exit> {
    let (world, report) = scenario::load(&args.file, &Disk);
    tell_report(&report);
    let Some(world) = world else { return Ok(Exit::BadInput) };
    let orders = Orders::new(&world, options(args).map_err(io::Error::other)?);
    if let Some(Turns(turns)) = &args.replay {
        return replay(&orders, turns);
    }
    let stop = interrupt()?;
    let (clock, show, mut shown) = (Clock::start(), watched(), Duration::ZERO);
    let found = orders.play(&stop, |found| {
        if show && clock.passed() - shown > Duration::from_millis(200) {
            shown = clock.passed();
            tell(&format!(
                "\r\x1b[K{} states, {} ways ahead, {} outcomes",
                found.states,
                found.ahead,
                found.outcomes.len()
            ));
        }
    });
    if show {
        tell("\r\x1b[K");
    }
    say(&told(&world.name, args, &found))?;
    let broken = found.outcomes.iter().any(|(outcome, _)| !outcome.broken.is_empty());
    Ok(match found.ending {
        Ending::Stopped => Exit::Interrupted,
        _ if broken => Exit::Failed,
        Ending::Limit => Exit::Warnings,
        Ending::Whole => Exit::Held,
    })
}

fn options(args: &OrdersArgs) -> Result<Options, String> {
    let step = args.step.unwrap_or(args.delay);
    if args.delay == Span::ZERO {
        return Ok(Options { slack: 0, step: Span::ZERO, limit: args.limit });
    }
    if step == Span::ZERO || !args.delay.0.is_multiple_of(step.0) || args.delay.0 / step.0 > STEPS {
        return Err(format!("--delay must be up to {STEPS} times --step"));
    }
    Ok(Options { slack: u32::try_from(args.delay.0 / step.0).unwrap_or(0), step, limit: args.limit })
}

fn replay(orders: &Orders, turns: &[Turn]) -> io::Result<Exit> {
    let world = orders.world();
    let mut timeline = Timeline::new(world, Lab::new(world, world.seed).ports());
    let Some(played) = orders.replay(turns, &mut timeline) else {
        return Err(io::Error::other("these are no choices of this scenario, with this --delay and --step"));
    };
    say(&timeline.render(colour(), false))?;
    say(&outcome(&played.outcome, &played.told))?;
    Ok(if played.outcome.broken.is_empty() { Exit::Held } else { Exit::Failed })
}

fn told(name: &str, args: &OrdersArgs, found: &Found) -> String {
    let (states, runs, ended) = (found.states, found.runs, found.ended);
    let mut text = format!("{name}: {states} states, {runs} runs, {ended} of them to the end\n");
    text += &match found.ending {
        Ending::Whole => "every order was played".to_owned(),
        Ending::Limit => format!("not all: the limit of states is reached, and {} ways were not gone", found.ahead),
        Ending::Stopped => format!("not all: interrupted, and {} ways were not gone", found.ahead),
    };
    let _ = writeln!(text, "; outcomes: {}", found.outcomes.len());
    for (n, (what, example)) in found.outcomes.iter().enumerate() {
        let _ = write!(text, "\noutcome {}\n{}", n + 1, outcome(what, &example.told));
        let _ = writeln!(text, "  replay: {}", command(&args.file, args, &example.turns));
    }
    text
}

fn outcome(outcome: &Outcome, told: &[String]) -> String {
    let lines = outcome.states.iter().map(|line| format!("  {line}\n"));
    let double = outcome.double.iter().map(|group| format!("  two masters at once: {group}\n"));
    let broken = outcome.broken.iter().map(|invariant| format!("  violated: {invariant}\n"));
    let choices = told.iter().map(|words| format!("  choice: {words}\n"));
    lines.chain(double).chain(broken).chain(choices).collect()
}

fn command(file: &Path, args: &OrdersArgs, turns: &[Turn]) -> String {
    let turns: Vec<String> = turns.iter().map(|turn| format!("{}:{}", turn.point, turn.choice)).collect();
    let turns = if turns.is_empty() { "none".to_owned() } else { turns.join(",") };
    let late = match (args.delay, args.step) {
        (Span::ZERO, _) => String::new(),
        (delay, None) => format!(" --delay {}us", delay.0 / 1_000),
        (delay, Some(step)) => format!(" --delay {}us --step {}us", delay.0 / 1_000, step.0 / 1_000),
    };
    format!("vrrplab orders {}{late} --replay {turns}", file.display())
}
