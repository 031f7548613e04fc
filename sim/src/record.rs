//! Plays a scenario with a real daemon in network namespaces, and writes down what happened as a recording.
//!
//! The plan is made first and is pure; everything below it touches only namespaces of its own. What is measured is
//! stamped by the kernel where it can be: log lines and frames when they are sent, addresses when `ip monitor` prints them.
mod case;
mod clients;
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
mod program;
mod refusal;
mod scratch;
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

use vrrplab_engine::Span;

pub use clients::with_clients;
pub use nets::clean_up;
pub use plan::{Plan, plan};
pub use program::Program;
pub use refusal::{Refusal, report};
pub use scratch::Scratch;
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
    /// How often a run is played before the best is kept, when the machine lets its timers be late.
    pub attempts: usize,
    /// Told the run and the seconds played.
    pub progress: &'o dyn Fn(usize, u64),
    /// Told, in a line, when a run is played again, and when one is kept that had better been.
    pub notice: &'o dyn Fn(&str),
}

/// As many attempts as a recording that is to be kept is worth.
pub const ATTEMPTS: usize = 4;

/// What was measured besides the recording, of each run.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Measured {
    /// How late a timer of the machine was.
    pub late: Span,
    /// The longest time without an answer for each client of the plan.
    pub silences: Vec<Span>,
}

/// Records all runs of a plan. A message from `interrupt` ends it with everything removed.
pub fn record(
    plan: &Plan,
    tools: &Tools,
    options: &Options<'_>,
    interrupt: &Receiver<()>,
) -> Result<Vec<Measured>, String> {
    let Options { out, runs, .. } = *options;
    empty_folder(out)?;
    let mut measured = Vec::new();
    write(&out.join("case.json"), &case::text(plan))?;
    let mut recorded: Vec<Timeline> = Vec::new();
    for number in 1..=runs {
        let run = calm(plan, tools, interrupt, options, number)?;
        measured.push(Measured { late: Span(run.late.max()), silences: silences(plan, &run) });
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
    Ok(measured)
}

fn silences(plan: &Plan, run: &Run) -> Vec<Span> {
    let of = |(id, client)| {
        let pinged = run.pinged.iter().find(|pinged| pinged.client == id);
        pinged.map_or(Span::ZERO, |pinged| pinged.longest_silence(client))
    };
    plan.clients.iter().enumerate().map(of).collect()
}

/// Plays a run until the machine's timers were on time, at most as often as asked for; the best of all.
fn calm(
    plan: &Plan,
    tools: &Tools,
    interrupt: &Receiver<()>,
    options: &Options<'_>,
    number: usize,
) -> Result<Run, String> {
    let mut best: Option<Run> = None;
    for attempt in 1..=options.attempts.max(1) {
        let run = play::play(plan, tools, interrupt, &|seconds| (options.progress)(number, seconds))?;
        let late = event::millis(run.late.max().into());
        let again = run.late.is_too_late();
        if best.as_ref().is_none_or(|best| run.late.max() < best.late.max()) {
            best = Some(run);
        }
        if !again || options.attempts <= 1 {
            break;
        }
        let then = if attempt < options.attempts { "played again" } else { "the best of all is kept" };
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

/// Channels on which the signals that end a program arrive, instead of ending it: SIGINT, SIGTERM and SIGHUP. (Held back,
/// not caught, they would be held back in the daemons too.) It can be asked for once.
pub fn interrupts<const COUNT: usize>() -> Result<[Receiver<()>; COUNT], String> {
    let mut senders = Vec::new();
    let receivers = std::array::from_fn(|_| {
        let (sender, receiver) = channel();
        senders.push(sender);
        receiver
    });
    // Nobody listens any more: then that recording is at its end anyway.
    let caught = ctrlc::set_handler(move || {
        for sender in &senders {
            let _ = sender.send(());
        }
    });
    caught.map_err(|why| format!("signals cannot be caught: {why}"))?;
    Ok(receivers)
}
