//! `vrrplab replay`: runs the engine again on a flight recording, and says whether the same comes out.
use std::fs::File;
use std::io::{self, BufReader};
use std::path::PathBuf;

use clap::Args;
use vrrplab_formats::diagnostics::Report;
use vrrplab_formats::flight::{End, Entry, Found, Header, Line as Recorded, Reader};

use super::output::{Exit, colour, named, say, tell, write_whole};
use crate::flight::tell::Teller;
use crate::flight::{Difference, Pilot, Story, scenario};
use crate::observe::words::{self, count};
use crate::observe::{Level, Line};

/// `vrrplab replay`.
#[derive(Debug, Args)]
#[command(after_help = "\
Example: vrrplab replay incident.flight --to-scenario incident.yaml
  What the daemon did and why, and a scenario in which it happens again, from what `vrrplabd --record incident.flight` wrote.")]
pub(super) struct ReplayArgs {
    /// What `vrrplabd --record` has written
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Print every advert and timer too
    #[arg(long, short)]
    verbose: bool,
    /// Print the verdict only
    #[arg(long, short, conflicts_with = "verbose")]
    quiet: bool,
    /// Which run of the daemon, from 1; all when not given, the last one for --to-scenario
    #[arg(long, value_name = "N")]
    flight: Option<u64>,
    /// Write a scenario in which the same happens; a file that is there is not written over
    #[arg(long, value_name = "SCENARIO")]
    to_scenario: Option<PathBuf>,
}

pub(super) fn replay(args: &ReplayArgs) -> io::Result<Exit> {
    if let Some(out) = args.to_scenario.as_ref().filter(|out| out.exists()) {
        tell(&format!("error: {} is there already; it is not written over\n", out.display()));
        return Ok(Exit::BadInput);
    }
    let file = File::open(&args.file).map_err(|why| named(&args.file, &why))?;
    let mut recording = Reader::new(BufReader::new(file));
    let mut session = Session { args, number: 0, current: None, flown: 0, inputs: 0, outputs: 0, exit: Exit::Held };
    loop {
        match recording.next_found() {
            Ok(Some(Found::Line(line))) => session.read(line)?,
            Ok(Some(Found::Torn { line })) => session.torn(line)?,
            Ok(None) => break,
            Err(why) => {
                tell(&format!("error: {}: {why}\n", args.file.display()));
                session.exit = Exit::BadInput;
                break;
            }
        }
        if session.exit != Exit::Held {
            break;
        }
    }
    session.finish()
}

/// The reading of one file.
struct Session<'a> {
    args: &'a ReplayArgs,
    /// Of the flight that is read, from 1.
    number: u64,
    current: Option<Flight>,
    flown: u64,
    inputs: u64,
    outputs: u64,
    exit: Exit,
}

struct Flight {
    pilot: Pilot,
    teller: Teller,
    story: Story,
    last: u64,
    program: String,
}

impl Session<'_> {
    fn read(&mut self, line: Recorded) -> io::Result<()> {
        match line {
            Recorded::Flight(header) => self.begin(&header),
            Recorded::Input(entry) => self.fly(&entry),
            Recorded::End(end) => self.note(match end {
                End::Stopped => "here the daemon ended",
                End::Limit => "here the recording reached its limit; the daemon went on",
                End::Slow => "here the disk was too slow; the daemon went on",
            }),
        }
    }

    fn torn(&mut self, line: u64) -> io::Result<()> {
        self.note(&format!("line {line} breaks off: here the daemon was killed, or the disk was full"))
    }

    fn note(&mut self, what: &str) -> io::Result<()> {
        self.land()?;
        if self.args.quiet || !self.wanted() { Ok(()) } else { say(what) }
    }

    fn wanted(&self) -> bool {
        self.args.flight.is_none_or(|wanted| wanted == self.number)
    }

    fn begin(&mut self, header: &Header) -> io::Result<()> {
        self.land()?;
        self.number += 1;
        if !self.wanted() {
            return Ok(());
        }
        let mut report = Report::default();
        let pilot = match Pilot::new(header, &mut report) {
            Ok(pilot) => pilot,
            Err(why) => return self.refuse(&format!("{}{why}", report.render(false))),
        };
        if !self.args.quiet {
            let (host, path) = (&header.configuration.host, &header.configuration.path);
            let (number, begun) = (self.number, date(header.wall));
            say(&format!("flight {number}: {} of {host}, {path}, begun {begun}", header.program))?;
        }
        let (teller, story) = (Teller::new(pilot.model()), Story::new(&pilot));
        self.current = Some(Flight { pilot, teller, story, last: header.at, program: header.program.clone() });
        self.flown += 1;
        Ok(())
    }

    fn fly(&mut self, entry: &Entry) -> io::Result<()> {
        let wanted = self.wanted();
        let Some(flight) = self.current.as_mut().filter(|_| wanted) else { return Ok(()) };
        let outputs = match flight.pilot.fly(entry) {
            Ok(outputs) => outputs,
            Err(why) => return self.refuse(&why),
        };
        flight.last = entry.at;
        self.inputs += 1;
        self.outputs += outputs.len() as u64;
        let lines = flight.teller.tell(&flight.pilot, entry.at, &entry.happened, &outputs);
        flight.story.note(&flight.pilot, entry, &outputs);
        let difference = flight.pilot.compare(entry, &outputs);
        self.print(&lines)?;
        match difference {
            Some(difference) => self.differ(&difference),
            None => Ok(()),
        }
    }

    fn differ(&mut self, difference: &Difference) -> io::Result<()> {
        self.exit = Exit::Failed;
        let lines = self.current.as_mut().map(|flight| flight.teller.finish(difference.at)).unwrap_or_default();
        self.print(&lines)?;
        let side = |words: &Option<String>| words.clone().unwrap_or_else(|| "nothing more".to_owned());
        let program = self.current.as_ref().map_or("", |flight| flight.program.as_str());
        say(&format!(
            "input {} at {}, output {}: not the same\n  recorded: {}\n  replayed: {}\n  recorded by {program}, \
             replayed by vrrplab {}",
            self.inputs,
            words::time(difference.at),
            difference.position + 1,
            side(&difference.recorded),
            side(&difference.replayed),
            env!("CARGO_PKG_VERSION"),
        ))
    }

    fn refuse(&mut self, why: &str) -> io::Result<()> {
        tell(&format!("error: {}: {why}\n", self.args.file.display()));
        self.exit = Exit::BadInput;
        Ok(())
    }

    fn print(&self, lines: &[Line]) -> io::Result<()> {
        let Some(flight) = self.current.as_ref().filter(|_| !self.args.quiet) else { return Ok(()) };
        for line in lines.iter().filter(|line| self.args.verbose || line.level == Level::Normal) {
            say(&flight.teller.text(line, colour()))?;
        }
        Ok(())
    }

    /// The flight that is read is over.
    fn land(&mut self) -> io::Result<()> {
        let Some(flight) = &mut self.current else { return Ok(()) };
        let lines = flight.teller.finish(flight.pilot.since_start(flight.last));
        self.print(&lines)
    }

    fn finish(mut self) -> io::Result<Exit> {
        if self.exit != Exit::Held {
            return Ok(self.exit);
        }
        self.land()?;
        if self.flown == 0 {
            let file = self.args.file.display();
            let what = self.args.flight.map_or("holds no flight".to_owned(), |n| format!("holds no flight {n}"));
            tell(&format!("error: {file} {what}\n"));
            return Ok(Exit::BadInput);
        }
        if let (Some(out), Some(flight)) = (&self.args.to_scenario, &self.current) {
            let name = out.file_stem().map_or_else(String::new, |stem| stem.to_string_lossy().into_owned());
            write_whole(out, scenario::yaml(&name, &flight.story).as_bytes())?;
            say(&format!("scenario: {}", out.display()))?;
        }
        say(&format!("{}, {}, the same", count(self.inputs, "input"), count(self.outputs, "output")))?;
        Ok(Exit::Held)
    }
}

/// Nanoseconds since 1970 as a date, by the calendar that repeats every 400 years, which begin in March here.
fn date(wall: u64) -> String {
    let seconds = wall / 1_000_000_000;
    let (days, second) = (seconds / 86_400 + 719_468, seconds % 86_400);
    let (era, day) = (days / 146_097, days % 146_097);
    let year = (day - day / 1_460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let month = (5 * day + 2) / 153;
    let day = day - (153 * month + 2) / 5 + 1;
    let (month, next) = if month < 10 { (month + 3, 0) } else { (month - 9, 1) };
    let (hour, minute) = (second / 3_600, second / 60 % 60);
    format!("{}-{month:02}-{day:02} {hour:02}:{minute:02}:{:02} UTC", era * 400 + year + next, second % 60)
}

#[cfg(test)]
mod tests {
    use super::date;

    #[test]
    fn dates_are_those_of_the_calendar() {
        let at = |seconds: u64| date(seconds * 1_000_000_000);
        assert_eq!(at(0), "1970-01-01 00:00:00 UTC");
        assert_eq!(at(951_782_400), "2000-02-29 00:00:00 UTC");
        assert_eq!(at(1_700_000_000), "2023-11-14 22:13:20 UTC");
        assert_eq!(at(4_107_542_399), "2100-02-28 23:59:59 UTC");
    }
}
