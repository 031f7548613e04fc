//! `vrrplab diff`: what a change of keepalived.conf files changes, for a pull request.
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

use clap::Args;
use serde::Serialize;
use vrrplab_engine::Span;
use vrrplab_formats::diagnostics::{Report, Severity};
use vrrplab_formats::files::{Disk, Files};
use vrrplab_formats::lint::{self, Subject};
use vrrplab_formats::outline::Outline;
use vrrplab_formats::scenario;

use super::certify::{refuse, singles, span};
use super::jobs::Jobs;
use super::new::around;
use super::output::{Exit, say, tell, tell_report, write_whole};
use super::test::{interrupt, watched};
use crate::certify::Certifier;
use crate::change::{Behaviour, Line, Note, Side, changes};
use crate::library::starter::Memory;
use crate::observe::words;

/// So many lines of one kind are printed when not all are wanted.
const LINES: usize = 12;

/// `vrrplab diff`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  vrrplab diff old/r1.conf old/r2.conf -- new/r1.conf new/r2.conf
    Plays both around networks that are guessed, as `vrrplab new` does.
  vrrplab diff --scenario scenarios/pair.yaml --limit 500ms old/*.conf -- new/*.conf
    Plays both in this scenario, in the place of its keepalived.conf files, in their order. Exit code 1 when a takeover or
    an outage gets longer by more than 500 ms, a fault is not survived any more, or a new warning comes.")]
pub(super) struct DiffArgs {
    /// The keepalived.conf files as they were, one for each router
    #[arg(required = true, value_name = "OLD")]
    old: Vec<PathBuf>,
    /// The files as they are to be, in the same order
    #[arg(required = true, last = true, value_name = "NEW")]
    new: Vec<PathBuf>,
    /// The scenario in which both are played; guessed around them when not given
    #[arg(long, value_name = "SCENARIO")]
    scenario: Option<PathBuf>,
    /// What gets longer by no more than this is not worse
    #[arg(long, value_name = "TIME", default_value = "0s", value_parser = span)]
    limit: Span,
    /// With how many seeds the scenario itself is played
    #[arg(long, value_name = "N", default_value_t = 10, value_parser = clap::value_parser!(u64).range(1..=10_000))]
    seeds: u64,
    #[command(flatten)]
    jobs: Jobs,
    /// Write all differences as JSON
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// Print all differences
    #[arg(long)]
    all: bool,
}

pub(super) fn diff(args: &DiffArgs) -> io::Result<Exit> {
    let (Some(mut old), Some(mut new)) = (side(&args.old)?, side(&args.new)?) else { return Ok(Exit::BadInput) };
    let stop = interrupt()?;
    for (word, files, side) in [("old: ", &args.old, &mut old), ("new: ", &args.new, &mut new)] {
        if let Some(exit) = played(args, files, side, word, &stop)? {
            return Ok(exit);
        }
    }
    let interrupted = stop.load(Ordering::Relaxed);
    if interrupted {
        // one side alone says nothing about a change
        (old, new) = (old.unplayed(), new.unplayed());
    }
    let lines = changes(&old, &new, args.limit);
    say(&text(args, &old, &new, &lines))?;
    if let Some(file) = &args.json {
        write_whole(file, json(&old, &new, &lines)?.as_bytes())?;
    }
    if interrupted {
        say("interrupted: what faults cost has not been compared")?;
        return Ok(Exit::Interrupted);
    }
    Ok(if lines.iter().any(|line| line.worse) { Exit::Failed } else { Exit::Held })
}

/// What there is to know of these files without playing them. Nothing: they cannot be read.
fn side(files: &[PathBuf]) -> io::Result<Option<Side>> {
    let mut side = Side::default();
    let mut report = Report::default();
    let mut subjects = Vec::new();
    for (position, path) in files.iter().enumerate() {
        let unreadable = |why| io::Error::other(format!("cannot read {}: {why}", path.display()));
        let text = Disk.read(path).map_err(unreadable)?;
        let mut own = Report::default();
        subjects.extend(Subject::of_file(path, &text, None, &mut own));
        let notes =
            own.diagnostics.iter().map(|told| Note::new(told.severity, position, &anonymous(&told.title, files)));
        side.notes.extend(notes);
        report.merge(own);
    }
    if subjects.len() < files.len() || report.is_refused() {
        tell_report(&report);
        return Ok(None);
    }
    let findings = lint::check(&subjects);
    for finding in &findings {
        let mut alone = Report::default();
        finding.tell(&mut alone);
        for told in alone.diagnostics {
            let file = files.iter().position(|file| file.display().to_string() == told.file).unwrap_or_default();
            side.notes.insert(Note::new(told.severity, file, &anonymous(&told.title, files)));
        }
    }
    if findings.iter().all(|finding| finding.lint.severity != Severity::Error) {
        side.know_takeovers(&lint::takeovers(&subjects));
    }
    Ok(Some(side))
}

/// Words without the names of the files, which differ between the two sides.
fn anonymous(title: &str, files: &[PathBuf]) -> String {
    let replace = |text: String, (position, file): (usize, &PathBuf)| {
        text.replace(&file.display().to_string(), &format!("file {}", position + 1))
    };
    files.iter().enumerate().fold(title.to_owned(), replace)
}

/// What single faults cost, and what the scenario shows; the exit code where they cannot be played.
fn played(
    args: &DiffArgs,
    files: &[PathBuf],
    side: &mut Side,
    word: &str,
    stop: &AtomicBool,
) -> io::Result<Option<Exit>> {
    let guessed = PathBuf::from("new.yaml");
    let path = args.scenario.as_ref().unwrap_or(&guessed);
    let text = match &args.scenario {
        Some(scenario) => replaced(scenario, files)?,
        None => match around(files, None, &mut Report::default())? {
            Some(text) => text,
            None => return Ok(Some(Exit::BadInput)),
        },
    };
    let memory = Memory { path, text: &text, below: &Disk };
    let certifier = match Certifier::read(path, &memory) {
        Ok(certifier) => certifier,
        Err(unfit) => return Ok(Some(refuse(path, &unfit))),
    };
    if let Some(table) = singles(&certifier, args.jobs.count(), stop, word) {
        side.know_costs(&certifier, &table);
    }
    if let Some(world) = scenario::load(path, &memory).0 {
        let goes_on = |seed| {
            if watched() {
                tell(&format!("\r\x1b[K{word}seed {seed} of {}", args.seeds));
            }
            !stop.load(Ordering::Relaxed)
        };
        side.behaviour = Behaviour::of(&world, args.seeds, goes_on)?.unwrap_or_default();
        if watched() {
            tell("\r\x1b[K");
        }
    }
    Ok(None)
}

/// The scenario with these files in the place of its own, in their order.
fn replaced(path: &Path, files: &[PathBuf]) -> io::Result<String> {
    let text = Disk.read(path).map_err(|why| io::Error::other(format!("cannot read {}: {why}", path.display())))?;
    let wrong = |why: String| io::Error::other(format!("{}: {why}", path.display()));
    let mut file = Outline::read(&text).map_err(wrong)?;
    let mut given = files.iter();
    let nodes = file.get_mut("nodes");
    let mut places = 0;
    if let Some(nodes) = nodes {
        for position in 0..nodes.len() {
            let Some(conf) = nodes.nth_mut(position).and_then(|node| node.get_mut("keepalived")) else { continue };
            places += 1;
            if let Some(file) = given.next() {
                *conf = Outline::word(std::path::absolute(file)?.display().to_string());
            }
        }
    }
    if places != files.len() {
        let given = files.len();
        return Err(wrong(format!(
            "it has {places} keepalived.conf files, and {given} are given: they take their places, in order"
        )));
    }
    Ok(file.print())
}

fn text(args: &DiffArgs, old: &Side, new: &Side, lines: &[Line]) -> String {
    let mut text = String::new();
    for (about, title) in [
        ("finding", "findings"),
        ("takeover", "takeover"),
        ("fault", "single faults, as clients notice them"),
        ("scenario", "the scenario itself"),
    ] {
        let own: Vec<&Line> = lines.iter().filter(|line| line.about == about).collect();
        if own.is_empty() {
            continue;
        }
        text += &format!("{title}\n");
        let shown = if args.all { own.len() } else { LINES };
        for line in own.iter().take(shown) {
            text += &format!("{} {}\n", if line.worse { "!" } else { " " }, line.text);
        }
        if own.len() > shown {
            text += &format!("  {} more (--all)\n", own.len() - shown);
        }
    }
    let worse = lines.iter().filter(|line| line.worse).count();
    text += &match (lines.len(), worse) {
        (0, _) => "nothing changes\n".to_owned(),
        (_, 0) => "nothing gets worse".to_owned() + &beyond(args.limit) + "\n",
        (_, worse) => format!(
            "{} worse{} (marked !)\n",
            words::count(u64::try_from(worse).unwrap_or(u64::MAX), "difference") + " got",
            beyond(args.limit)
        ),
    };
    if lasting(old) + lasting(new) == 0 {
        return text;
    }
    let (was, is) = (old.survived(), new.survived());
    text + &format!("single faults that last and are survived: {was} of {} -> {is} of {}\n", lasting(old), lasting(new))
}

fn beyond(limit: Span) -> String {
    if limit == Span::ZERO { String::new() } else { format!(" by more than {}", words::span(limit)) }
}

fn lasting(side: &Side) -> usize {
    side.costs.values().filter(|cost| cost.survived.is_some()).count()
}

#[derive(Serialize)]
struct Page<'l> {
    worse: bool,
    worst_outage: Change,
    changes: Vec<Entry<'l>>,
}

/// Seconds; null where service does not come back.
#[derive(Serialize)]
struct Change {
    old: Option<String>,
    new: Option<String>,
}

#[derive(Serialize)]
struct Entry<'l> {
    about: &'static str,
    text: &'l str,
    worse: bool,
}

fn json(old: &Side, new: &Side, lines: &[Line]) -> io::Result<String> {
    let seconds = |time: Span| words::time(vrrplab_engine::Instant::ZERO + time);
    let page = Page {
        worse: lines.iter().any(|line| line.worse),
        worst_outage: Change { old: old.worst().map(seconds), new: new.worst().map(seconds) },
        changes: lines.iter().map(|line| Entry { about: line.about, text: &line.text, worse: line.worse }).collect(),
    };
    Ok(serde_json::to_string_pretty(&page)? + "\n")
}
