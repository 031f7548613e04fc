//! Plays a scenario with the real keepalived in network namespaces, and writes down what happened as a recording.
//!
//! The plan is made first and is pure; everything below it touches only namespaces of its own. What is measured is
//! stamped by the kernel where it can be: log lines and frames when they are sent, addresses when `ip monitor` prints them.
mod case;
mod clock;
mod daemon;
mod event;
mod files;
mod frames;
mod logs;
mod monitor;
mod nets;
mod notify;
mod outcome;
mod plan;
mod play;
mod probe;
mod steps;
#[cfg(test)]
mod tests;
mod timeline;
mod tools;
mod wire;
mod wiring;

use std::fs;
use std::io;
use std::path::Path;
use std::sync::mpsc::{Receiver, channel};

pub use nets::clean_up;
pub use plan::{Plan, plan};
pub use tools::{Tools, find};

use play::Run;
use timeline::Timeline;

/// Where a recording is written, and how often it is made.
#[derive(Clone, Copy)]
pub struct Options<'o> {
    /// A folder that is empty or does not exist yet.
    pub out: &'o Path,
    /// How many runs.
    pub runs: usize,
    /// Told the run and the seconds played.
    pub progress: &'o dyn Fn(usize, u64),
    /// Told, in a line, when a run is played again, and when one is kept that had better been.
    pub notice: &'o dyn Fn(&str),
}

/// How often a run is played before the best is kept, when the machine lets its timers be late.
const ATTEMPTS: usize = 4;

/// Records all runs of a plan. SIGINT, SIGTERM and SIGHUP end it with everything removed.
pub fn record(plan: &Plan, tools: &Tools, options: &Options<'_>) -> Result<(), String> {
    let Options { out, runs, .. } = *options;
    empty_folder(out)?;
    let interrupt = interrupts()?;
    write(&out.join("case.json"), &case::text(plan))?;
    let mut recorded: Vec<Timeline> = Vec::new();
    for number in 1..=runs {
        let run = calm(plan, tools, &interrupt, options, number)?;
        let folder = out.join(format!("run{number}"));
        fs::create_dir_all(&folder).map_err(|why| format!("{}: {why}", folder.display()))?;
        for (node, lines) in plan.nodes.iter().zip(&run.logs) {
            write(&folder.join(format!("{}.log", node.name)), &log_text(run.start, lines))?;
        }
        for (node, written) in plan.nodes.iter().zip(&run.notified).filter(|(_, written)| !written.is_empty()) {
            write(&folder.join(format!("{}.notify", node.name)), written)?;
        }
        let timeline = timeline::timeline(plan, tools, run);
        write(&folder.join("timeline.json"), &timeline.text())?;
        recorded.push(timeline);
    }
    let pretty = |value| serde_json::to_string_pretty(&value).unwrap_or_default() + "\n";
    if let Some(first) = recorded.first() {
        write(&out.join("outcome.json"), &pretty(outcome::outcome(first)))?;
    }
    if recorded.len() > 1 {
        write(&out.join("spread.json"), &pretty(outcome::spread(&recorded)))?;
    }
    Ok(())
}

/// Plays a run until the machine's timers were on time, at most [`ATTEMPTS`] times; the best of all.
fn calm(
    plan: &Plan,
    tools: &Tools,
    interrupt: &Receiver<()>,
    options: &Options<'_>,
    number: usize,
) -> Result<Run, String> {
    let mut best: Option<Run> = None;
    for attempt in 1..=ATTEMPTS {
        let run = play::play(plan, tools, interrupt, &|seconds| (options.progress)(number, seconds))?;
        let late = event::millis(run.late.max().into());
        let again = run.late.is_too_late();
        if best.as_ref().is_none_or(|best| run.late.max() < best.late.max()) {
            best = Some(run);
        }
        if !again {
            break;
        }
        let then = if attempt < ATTEMPTS { "played again" } else { "the best of all is kept" };
        (options.notice)(&format!("run {number}: a timer of this busy machine was {late} ms late: {then}"));
    }
    best.ok_or_else(|| "no run was played".to_owned())
}

/// One line for each line of the log: `t_ms epoch ident[pid]: text`.
fn log_text(start: clock::Epoch, lines: &[logs::Line]) -> String {
    let line = |l: &logs::Line| {
        let (at, seconds, ns) = (event::since(start, l.at), l.at.0 / 1_000_000_000, l.at.0 % 1_000_000_000);
        format!("{:>12} {seconds}.{ns:09} {}[{}]: {}\n", at.to_string(), l.ident, l.pid, l.text)
    };
    lines.iter().map(line).collect()
}

fn write(path: &Path, text: &str) -> Result<(), String> {
    fs::write(path, text).map_err(|why| format!("{}: {why}", path.display()))
}

/// A recording is never mixed with what is there already.
fn empty_folder(out: &Path) -> Result<(), String> {
    let failed = |why: io::Error| format!("{}: {why}", out.display());
    fs::create_dir_all(out).map_err(failed)?;
    match fs::read_dir(out).map_err(failed)?.next() {
        None => Ok(()),
        Some(_) => Err(format!("{} is not empty: a recording needs a folder of its own", out.display())),
    }
}

/// A channel on which the signals that end a program arrive, instead of ending it. (Held back, not caught, they would be
/// held back in the daemons too.)
fn interrupts() -> Result<Receiver<()>, String> {
    let (sender, receiver) = channel();
    // Nobody listens any more: then the recording is at its end anyway.
    let caught = ctrlc::set_handler(move || {
        let _ = sender.send(());
    });
    caught.map_err(|why| format!("signals cannot be caught: {why}"))?;
    Ok(receiver)
}
