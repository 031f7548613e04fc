//! `vrrplab analyze`: what a capture of a real network tells of VRRP.
use std::ffi::OsStr;
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering;

use clap::Args;
use vrrplab_formats::scenario::{self, Disk};

use super::output::{Exit, named, say, tell, tell_report, write_whole};
use super::page;
use super::test::{interrupt, watched};
use crate::analyze::file::Trouble;
use crate::analyze::report::moment;
use crate::analyze::scenario::{Guess, guess};
use crate::analyze::{Go, Report, Weight, read};
use crate::experiment::play;
use crate::report::capture;

/// `vrrplab analyze`.
#[derive(Debug, Args)]
#[command(
    after_help = "Example:\n  tcpdump -i eth0 -w my.pcap 'ip proto 112 or ip6 proto 112 or arp or icmp6'   (on one router; Ctrl-C after a while)\n  \
                        vrrplab analyze my.pcap --to-scenario my.yaml\n\n\
                        Exit codes: 0 nothing is wrong, 1 an error is found, 2 the capture cannot be read, 3 warnings only, 130 ended by Ctrl-C."
)]
pub(super) struct AnalyzeArgs {
    /// A pcap or pcapng file; `-` is standard input
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Print all that was found as JSON
    #[arg(long)]
    json: bool,
    /// Print findings only, one line each
    #[arg(long, short, conflicts_with = "json")]
    quiet: bool,
    /// Write all that was found as one HTML page
    #[arg(long, value_name = "FILE")]
    report: Option<PathBuf>,
    /// Write a scenario in which the same routers become master at the same times; a file that is there is not written over
    #[arg(long, value_name = "SCENARIO")]
    to_scenario: Option<PathBuf>,
}

pub(super) fn analyze(args: &AnalyzeArgs) -> io::Result<Exit> {
    if let Some(out) = args.to_scenario.as_ref().filter(|out| out.exists()) {
        tell(&format!("error: {} is there already; it is not written over\n", out.display()));
        return Ok(Exit::BadInput);
    }
    if let Some(path) = &args.report {
        page::writable(path)?;
    }
    let (from, size): (Box<dyn Read>, u64) = if args.file == Path::new("-") {
        (Box::new(io::stdin().lock()), 0)
    } else {
        let file = File::open(&args.file).map_err(|why| named(&args.file, &why))?;
        let size = file.metadata().map_or(0, |data| data.len());
        (Box::new(file), size)
    };
    let stop = interrupt()?;
    let mut progress = Progress::new(size);
    let (analysis, trouble) = read(from, &mut |bytes, packets| {
        progress.show(bytes, packets);
        if stop.load(Ordering::Relaxed) { Go::Stop } else { Go::On }
    });
    progress.clear();
    let interrupted = stop.load(Ordering::Relaxed);
    if interrupted {
        tell(&format!("interrupted after {} packets; this is what they tell:\n", analysis.packets()));
    }
    let mut exit = Exit::Held;
    match &trouble {
        None => {}
        // a capture that was killed is a capture still
        Some(trouble @ Trouble::Torn { .. }) if analysis.packets() > 0 => {
            tell(&format!("warning: {}: {trouble}; what comes before is read\n", args.file.display()));
        }
        Some(trouble) => {
            tell(&format!("error: {}: {trouble}\n", args.file.display()));
            exit = Exit::BadInput;
        }
    }
    if exit == Exit::BadInput && analysis.packets() == 0 {
        return Ok(exit);
    }
    let report = analysis.report();
    show(args, &report)?;
    if let Some(path) = &args.report {
        let (file, name) = (page::file(&args.file), args.file.file_name().and_then(OsStr::to_str).unwrap_or("capture"));
        page::write(path, &capture::of(&report, name, format!("vrrplab analyze {file}")))?;
    }
    if let Some(out) = &args.to_scenario {
        exit = exit.worse(write_scenario(args, out, &report)?);
    }
    let found = match report.weight() {
        None => Exit::Held,
        Some(Weight::Error) => Exit::Failed,
        Some(Weight::Warning) => Exit::Warnings,
    };
    Ok(if interrupted { Exit::Interrupted } else { exit.worse(found) })
}

fn show(args: &AnalyzeArgs, report: &Report) -> io::Result<()> {
    if args.json {
        return say(&report.json()?);
    }
    if !args.quiet {
        return say(&report.text());
    }
    for finding in &report.findings {
        let (weight, id) = (finding.kind.weight().word(), finding.kind.id());
        say(&format!(
            "{weight}[{id}]: virtual router {}: {}, since {}",
            finding.vrid,
            finding.what,
            moment(finding.at)
        ))?;
    }
    Ok(())
}

/// Writes the scenario, plays it, and writes it again without the promises that it does not keep.
fn write_scenario(args: &AnalyzeArgs, out: &Path, report: &Report) -> io::Result<Exit> {
    let name = args.file.file_stem().and_then(OsStr::to_str).unwrap_or("capture");
    let mut best: Option<(Guess, Vec<bool>)> = None;
    // whoever comes back in time with its own adverts may have been cut off, or it is chance
    for cuts in [true, false] {
        let Some(guess) = guess(report, cuts) else {
            tell("error: nobody is master in this capture: there is nothing to make a scenario of\n");
            return Ok(Exit::BadInput);
        };
        write_whole(out, guess.yaml(name, &[]).as_bytes())?;
        let Some(found) = kept(out)? else { return Ok(Exit::BadInput) };
        let held = |found: &[bool]| found.iter().filter(|held| **held).count();
        if best.as_ref().is_none_or(|(_, before)| held(&found) > held(before)) {
            best = Some((guess, found));
        }
    }
    if let Some((guess, found)) = best {
        write_whole(out, guess.yaml(name, &found).as_bytes())?;
        tell_kept(out, &guess, &found);
    }
    Ok(Exit::Held)
}

/// Which promises of a scenario hold, its remarks left out.
fn kept(out: &Path) -> io::Result<Option<Vec<bool>>> {
    let (world, report) = scenario::load(out, &Disk);
    let Some(world) = world else {
        tell_report(&report);
        return Ok(None);
    };
    let outcome = play(&world, world.seed, false, |_, _| Ok(()))?;
    Ok(Some(outcome.judgements.iter().map(|judgement| judgement.held).collect()))
}

fn tell_kept(out: &Path, guess: &Guess, found: &[bool]) {
    let (all, held) = (guess.promises.len(), found.iter().filter(|held| **held).count());
    let rest = if held == all { "" } else { "; the others are remarks in it" };
    tell(&format!("{}: a guess, in which {held} of {all} changes of master are as captured{rest}\n", out.display()));
}

/// A line on the terminal that tells how far it is.
struct Progress {
    terminal: bool,
    size: u64,
    /// Bytes read when it was told last.
    told: u64,
}

impl Progress {
    /// Told again after so many bytes.
    const STEP: u64 = 32 << 20;

    fn new(size: u64) -> Progress {
        Progress { terminal: watched(), size, told: 0 }
    }

    fn show(&mut self, bytes: u64, packets: u64) {
        if !self.terminal || bytes < self.told + Self::STEP {
            return;
        }
        self.told = bytes;
        let share = if self.size > 0 { format!(" of {}", self.size >> 20) } else { String::new() };
        tell(&format!("\r{}{share} MiB, {packets} packets", bytes >> 20));
    }

    fn clear(&self) {
        if self.told > 0 {
            tell("\r\x1b[K");
        }
    }
}
