//! `vrrplab run`: plays scenarios, prints what happens, checks what was promised.
use std::fmt::Write as _;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use vrrplab_formats::diagnostics::Severity;
use vrrplab_formats::scenario::{self, Disk};
use vrrplab_formats::world::{Look, Subject, View, World};

use super::output::{Exit, colour, named, say, tell, tell_report, write_whole};
use super::{RunArgs, page, tui};
use crate::experiment::{Outcome, difference_of_two_runs, play, play_for_report};
use crate::lanes;
use crate::observe::{Level, Line, Timeline};
use crate::report::{self, Story};

pub(super) fn run(args: &RunArgs) -> io::Result<Exit> {
    if args.tui {
        tui::possible(args.files.len())?;
    }
    let mut worlds = Vec::new();
    let mut exit = Exit::Held;
    for path in &args.files {
        tracing::debug!(file = %path.display(), "reading");
        let (world, report) = scenario::load(path, &Disk);
        tell_report(&report);
        if report.count(Severity::Warning) > 0 {
            exit = exit.worse(Exit::Warnings);
        }
        match world {
            Some(mut world) => {
                if let Err(why) = add_looks(&mut world, args) {
                    tell(&format!("error: {why}\n"));
                    exit = Exit::BadInput;
                }
                worlds.push((path, world));
            }
            None => exit = Exit::BadInput,
        }
    }
    if exit == Exit::BadInput {
        return Ok(exit); // nothing is run, nothing is written
    }
    if let Some(path) = &args.report {
        page::writable(path)?;
    }
    if let Some(dir) = &args.pcap {
        fs::create_dir_all(dir).map_err(|e| named(dir, &e))?;
    }
    let mut left = Left::default();
    for (path, world) in &worlds {
        exit = exit.worse(run_one(path, world, args, &mut left)?);
    }
    if let Some(path) = &args.json {
        write_whole(path, format!("[{}]\n", left.json.join(",\n")).as_bytes())?;
    }
    if let Some(path) = &args.report {
        page::write(path, &report::of_runs(left.stories, repeat_all(args, &worlds)))?;
    }
    Ok(exit)
}

/// The command line that plays all of them again.
fn repeat_all(args: &RunArgs, worlds: &[(&PathBuf, World)]) -> String {
    let files: Vec<String> = worlds.iter().map(|(path, _)| page::file(path)).collect();
    let own = if let [(_, only)] = worlds { Some(only.seed) } else { None };
    let seed = args.seed.or(own).map(|seed| format!(" --seed {seed}")).unwrap_or_default();
    format!("vrrplab run {}{seed}", files.join(" "))
}

/// What runs leave behind for files.
#[derive(Default)]
struct Left {
    json: Vec<String>,
    stories: Vec<Story>,
}

fn run_one(path: &Path, world: &World, args: &RunArgs, left: &mut Left) -> io::Result<Exit> {
    let mut world = world.clone();
    world.seed = args.seed.unwrap_or(world.seed);
    let world = &world;
    if !args.quiet && !args.tui {
        say(&format!("{}: {}", world.name, world.about.lines().next().unwrap_or("")))?;
    }
    let repeat = |file: &str| format!("vrrplab run {file} --seed {}", world.seed);
    let (capture, tell) =
        (args.pcap.is_some(), |timeline: &Timeline, lines: &[Line]| print_lines(timeline, lines, args));
    let mut exit = Exit::Held;
    let outcome = if args.report.is_some() || args.lanes.lanes || args.tui {
        let (outcome, book) = play_for_report(world, world.seed, capture, tell)?;
        let story = report::of_run(world, &outcome, book, repeat(&page::file(path)));
        if args.lanes.lanes {
            say(&lanes::text(&story, &args.lanes.pen()))?;
        }
        if args.tui {
            exit = tui::show(&story, &args.lanes.pen())?;
        }
        left.stories.extend(args.report.is_some().then_some(story));
        outcome
    } else {
        play(world, world.seed, capture, tell)?
    };
    let tally = outcome.tally;
    tracing::info!(events = tally.events, sent = tally.sent, delivered = tally.delivered, "{} played", world.name);
    say(&summary(world, &outcome))?;
    if let (Some(dir), Some(bytes)) = (&args.pcap, &outcome.pcapng) {
        let file = dir.join(format!("{}.pcapng", world.name));
        write_whole(&file, bytes)?;
        say(&format!("capture: {}", file.display()))?;
    }
    if args.json.is_some() {
        left.json.push(outcome.json(world).map_err(io::Error::other)?);
    }
    say(&format!("repeat: {}", repeat(&path.display().to_string())))?;
    let verdict = exit.worse(if outcome.held() { Exit::Held } else { Exit::Failed });
    Ok(if args.check_determinism { verdict.worse(check_determinism(world)) } else { verdict })
}

/// What `--show` asks for, of the hosts that `--node` names where it names none itself.
fn add_looks(world: &mut World, args: &RunArgs) -> Result<(), String> {
    let hosts: Vec<_> = args.nodes.iter().map(|name| scenario::member(world, name)).collect::<Result<_, _>>()?;
    for text in &args.show {
        let look = scenario::look(world, text)?;
        match look.of {
            None if !hosts.is_empty() && look.view != View::Fdb => {
                world.looks.extend(hosts.iter().map(|host| Look { of: Some(Subject::Host(*host)), ..look }))
            }
            _ => world.looks.push(look),
        }
    }
    Ok(())
}

fn print_lines(timeline: &Timeline, lines: &[Line], args: &RunArgs) -> io::Result<()> {
    if args.quiet || args.tui {
        return Ok(());
    }
    for line in lines.iter().filter(|line| args.verbose || line.level == Level::Normal) {
        say(&timeline.text(line, colour()))?;
    }
    Ok(())
}

/// Sites with more nodes than this are kept from their first fault on: before it, hundreds of daemons start.
pub const LARGE_SITE: usize = 50;

/// What is kept beside a scenario: its timeline and its summary.
pub fn kept_text(world: &World, outcome: &Outcome) -> String {
    let summary = summary(world, outcome);
    let first = world.faults.first().map(|fault| fault.at).filter(|_| world.nodes.len() > LARGE_SITE);
    let Some(first) = first else { return format!("{}\n{summary}", outcome.timeline.render(false, false)) };
    let timeline = &outcome.timeline;
    let lines = timeline.lines().iter().filter(|line| line.at >= first && line.level == Level::Normal);
    let lines: String = lines.map(|line| timeline.text(line, false) + "\n").collect();
    format!("{lines}\n{summary}")
}

/// Expectations, violated invariants and clients, after the timeline.
pub fn summary(world: &World, outcome: &Outcome) -> String {
    let mut text = String::new();
    for judgement in &outcome.judgements {
        let mark = if judgement.held { "ok  " } else { "FAIL" };
        let _ = write!(text, "{mark} {}", judgement.text);
        if !judgement.held {
            let place = &judgement.place;
            let _ = write!(text, "\n     {}:{}: found {}", place.file, place.line, judgement.found);
        }
        text.push('\n');
    }
    text.push_str(&outcome.objections.summary());
    if !world.clients.is_empty() {
        text.push_str(&outcome.outages.table());
    }
    let held = outcome.judgements.iter().filter(|j| j.held).count();
    let _ = write!(
        text,
        "{}: {held} of {} expectations held, {} frames sent, digest {}",
        world.name,
        outcome.judgements.len(),
        outcome.tally.sent,
        outcome.digest.hex()
    );
    text
}

fn check_determinism(world: &World) -> Exit {
    match difference_of_two_runs(world, world.seed) {
        None => Exit::Held,
        Some(difference) => {
            tell(&format!("error: two runs with seed {} differ at {difference}\n", world.seed));
            Exit::NotDeterministic
        }
    }
}
