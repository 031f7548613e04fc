//! `vrrplab run --on netns` and `--on all`: scenarios played by real daemons in network namespaces, and compared with
//! what the simulator says.
use std::fs;
use std::io::{self, IsTerminal};
use std::path::Path;
use std::sync::mpsc::Receiver;
use std::thread;

use vrrplab_engine::{Instant, Span};
use vrrplab_formats::recording;
use vrrplab_formats::scenario::{self, Disk, Places};
use vrrplab_formats::world::World;

use super::output::{Exit, say, tell, tell_report, write_whole};
use super::{Player, RunArgs, Stage};
use crate::record::{
    Measured, Options, Plan, Program, Scratch, Tools, find, interrupts, plan, record, report, with_clients,
};
use crate::replay::{as_written, replay};
use crate::verify::parity::{Client, Comparison, Execution, foreseen};

/// How often a scenario is played before a difference is believed, when timers of the machine were late.
const ATTEMPTS: usize = 3;
/// A timer later than this is a reason to play again.
const TOO_LATE: Span = Span::from_millis(12);
/// What `record` says when a signal has ended it.
const INTERRUPTED: &str = "interrupted";

/// A scenario that can be played.
struct Story {
    world: World,
    plan: Plan,
    left_out: Vec<String>,
}

pub(super) fn run(args: &RunArgs) -> io::Result<Exit> {
    if args.pcap.is_some() || args.check_determinism || !args.show.is_empty() {
        let why = "--pcap, --check-determinism and --show are for the simulator (--keep keeps recordings)";
        return refuse(&[why.to_owned()]);
    }
    let mut stories = Vec::new();
    for file in &args.files {
        stories.extend(read(file, args));
    }
    if stories.len() < args.files.len() {
        return Ok(Exit::BadInput);
    }
    let mut troupes = Vec::new();
    for story in &stories {
        let found: Result<Vec<Tools>, _> = programs(args).into_iter().map(|one| find(&story.plan, one)).collect();
        match found {
            Ok(found) => troupes.push(found),
            Err(why) => return refuse(&why),
        }
    }
    let mut ends: [Receiver<()>; 2] = match interrupts() {
        Ok(ends) => ends,
        Err(why) => return refuse(&[why]),
    };
    let (mut exit, mut reports) = (Exit::Held, Vec::new());
    for (story, troupe) in stories.iter().zip(&troupes) {
        match play(story, troupe, &mut ends, args) {
            Ok(comparison) => {
                say(&told(story, &comparison, args))?;
                exit = exit.worse(if comparison.agrees() { Exit::Held } else { Exit::Failed });
                reports.push(comparison.to_json());
            }
            Err(why) if why == INTERRUPTED => return Ok(Exit::Interrupted),
            Err(why) => return refuse(&[why]),
        }
    }
    if let Some(path) = &args.json {
        write_whole(path, (serde_json::to_string_pretty(&reports)? + "\n").as_bytes())?;
    }
    Ok(exit)
}

/// Reads a scenario; what cannot be read or played is told.
fn read(file: &Path, args: &RunArgs) -> Option<Story> {
    let (world, confs, found) = scenario::load_written(file, &Disk);
    tell_report(&found);
    let mut world = world?;
    world.seed = args.seed.unwrap_or(world.seed);
    match plan(&world, &confs) {
        Ok(plan) => {
            let (plan, left_out) = with_clients(plan, &world);
            Some(Story { world, plan, left_out })
        }
        Err(refusals) => {
            tell_report(&report(&refusals, &Places::read(file, &Disk)));
            None
        }
    }
}

fn programs(args: &RunArgs) -> Vec<Program> {
    let ours = || Program::vrrplabd(args.daemon.as_deref());
    match (args.on, args.with) {
        (Stage::All, _) => vec![ours(), Program::Keepalived],
        (_, Player::Vrrplabd) => vec![ours()],
        (_, Player::Keepalived) => vec![Program::Keepalived],
    }
}

/// Plays a scenario until it agrees, or until a difference is not to be blamed on a busy machine.
fn play(story: &Story, troupe: &[Tools], ends: &mut [Receiver<()>; 2], args: &RunArgs) -> Result<Comparison, String> {
    let scratch = Scratch::new()?;
    let name = story.plan.name.as_str();
    let base = args.keep.as_ref().map_or(scratch.path(), |dir| dir.as_path()).join(name);
    let mut attempt = 1;
    loop {
        let comparison = once(story, troupe, ends, &base, args)?;
        let busy = comparison.is_of_a_busy_machine(TOO_LATE);
        if comparison.agrees() || !busy || attempt == ATTEMPTS {
            return Ok(comparison);
        }
        attempt += 1;
        tell(&format!("{name}: differs, and a timer of this busy machine was late: played again\n"));
        for tools in troupe {
            let dir = base.join(tools.program.name());
            fs::remove_dir_all(&dir).map_err(|why| format!("{}: {why}", dir.display()))?;
        }
    }
}

/// All daemons play at once, each in namespaces of its own.
fn once(
    story: &Story,
    troupe: &[Tools],
    ends: &mut [Receiver<()>; 2],
    base: &Path,
    args: &RunArgs,
) -> Result<Comparison, String> {
    let played: Vec<Result<Vec<Measured>, String>> = thread::scope(|threads| {
        let playing: Vec<_> = troupe
            .iter()
            .zip(ends.iter_mut())
            .enumerate()
            .map(|(number, (tools, end))| {
                let out = base.join(tools.program.name());
                threads.spawn(move || perform(&story.plan, tools, &out, end, number == 0))
            })
            .collect();
        let ended = playing.into_iter().map(|one| one.join());
        ended.map(|done| done.unwrap_or_else(|_| Err("a player has panicked".to_owned()))).collect()
    });
    let tolerance = Span::from_millis(args.tolerance);
    let (written, views) = as_written(&story.world);
    let events = foreseen(&story.world, &written, story.plan.zero);
    let mut executions = Vec::new();
    for (tools, measured) in troupe.iter().zip(played) {
        let by = tools.program.name();
        let Some(measured) = measured?.pop() else { return Err(format!("{by}: nothing was recorded")) };
        let (recording, found) = recording::load(&base.join(by), Some(1));
        let recording = recording.ok_or_else(|| format!("{by}: {}", found.render(false)))?;
        let verdict = replay(&recording, tolerance);
        let Measured { late, silences } = measured;
        executions.push(Execution { by: by.to_owned(), verdict, silences, late });
    }
    let seen = |name: &str| views.iter().find(|view| view.name == name).map_or(Span::ZERO, |view| view.longest);
    let client = |name: &str, every: Span| Client { name: name.to_owned(), every, longest: seen(name) };
    let clients = story.plan.clients.iter().map(|c| client(&c.name, c.every)).collect();
    let end = Instant(story.plan.duration.0);
    Ok(Comparison::of(&story.plan.name, &events, clients, executions, tolerance, end))
}

fn perform(plan: &Plan, tools: &Tools, out: &Path, end: &Receiver<()>, talks: bool) -> Result<Vec<Measured>, String> {
    let (terminal, whole) = (talks && io::stderr().is_terminal(), plan.duration.0 / 1_000_000_000);
    let progress = |_: usize, seconds: u64| {
        if terminal {
            tell(&format!("\r{}: {} of {whole} s ", plan.name, seconds.min(whole)));
        }
    };
    let options = Options { out, runs: 1, attempts: 1, progress: &progress, notice: &|_| {} };
    let done = record(plan, tools, &options, end);
    if terminal {
        tell("\r\x1b[K");
    }
    done.map_err(|why| if why == INTERRUPTED { why } else { format!("{}: {why}", tools.program.name()) })
}

/// The table, or its last line.
fn told(story: &Story, comparison: &Comparison, args: &RunArgs) -> String {
    let whole = comparison.to_string();
    if args.quiet && comparison.agrees() {
        return whole.lines().last().unwrap_or_default().to_owned();
    }
    let mut text = format!("{}: {}\n", story.world.name, story.world.about.lines().next().unwrap_or(""));
    if !story.left_out.is_empty() {
        text += &format!(
            "  (left out: {}; only clients that ping are played, and no more than eight)\n",
            story.left_out.join(", ")
        );
    }
    text + &whole
}

fn refuse(why: &[String]) -> io::Result<Exit> {
    why.iter().for_each(|line| tell(&format!("error: {line}\n")));
    Ok(Exit::BadInput)
}
