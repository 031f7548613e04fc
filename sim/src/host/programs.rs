//! Files and programs of a host. What a program does is told, or read from its words and, for a shell script, its text.
use std::collections::BTreeMap;

use vrrplab_engine::{Instant, Span};

/// How long a program runs that does not wait for anything: the shell and one command, as measured.
const SHORT: Span = Span::from_micros(2_800);

/// What a program does when it is run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Act {
    /// It ends by itself with this status.
    Exits(i32),
    /// It does not end by itself.
    Hangs,
    /// It ends by itself with this status, after so long.
    ExitsAfter(i32, Span),
}

/// How a program ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// With this status.
    Status(i32),
    /// By this signal.
    Signal(i32),
}

/// The files and programs of one host.
#[derive(Clone, Debug, Default)]
pub struct Programs {
    files: BTreeMap<String, String>,
    told: Vec<(Vec<String>, Act)>,
    running: Vec<(u64, Option<Instant>, End)>,
}

impl Programs {
    /// A host with these files, path and content.
    pub fn new(files: &[(String, String)]) -> Programs {
        Programs { files: files.iter().cloned().collect(), ..Programs::default() }
    }

    /// Writes a file, or deletes it.
    pub fn write(&mut self, path: &str, content: Option<&str>) {
        match content {
            Some(content) => self.files.insert(path.to_owned(), content.to_owned()),
            None => self.files.remove(path),
        };
    }

    /// What a file holds, if it is there.
    pub fn content(&self, path: &str) -> Option<&str> {
        self.files.get(path).map(String::as_str)
    }

    /// From its next run on, a program does this.
    pub fn tell(&mut self, words: &[String], act: Act) {
        self.told.retain(|(known, _)| known != words);
        self.told.push((words.to_vec(), act));
    }

    /// Starts a program under a number.
    pub fn start(&mut self, now: Instant, number: u64, words: &[String]) {
        let told = self.told.iter().find(|(known, _)| known == words).map(|(_, act)| *act);
        let entry = match told.unwrap_or_else(|| Act::Exits(self.command(words, 0))) {
            Act::Exits(status) => (number, Some(now + SHORT), End::Status(status)),
            Act::Hangs => (number, None, End::Status(0)),
            Act::ExitsAfter(status, length) => (number, Some(now + length), End::Status(status)),
        };
        self.running.push(entry);
    }

    /// Sends a signal that ends the program at once.
    pub fn signal(&mut self, now: Instant, number: u64, signal: i32) {
        for run in self.running.iter_mut().filter(|run| run.0 == number) {
            *run = (number, Some(now), End::Signal(signal));
        }
    }

    /// The host stood still: its programs end so much later.
    pub fn delay(&mut self, by: Span) {
        for run in &mut self.running {
            run.1 = run.1.map(|at| at + by);
        }
    }

    /// Nobody waits for any program any more.
    pub fn forget(&mut self) {
        self.running.clear();
    }

    /// When the next program ends.
    pub fn next_wake(&self) -> Option<Instant> {
        self.running.iter().filter_map(|run| run.1).min()
    }

    /// The next program that has ended by now.
    pub fn ended(&mut self, now: Instant) -> Option<(u64, End)> {
        let due = self.running.iter().enumerate().filter(|(_, run)| run.1.is_some_and(|at| at <= now));
        let (position, _) = due.min_by_key(|(_, run)| run.1)?;
        let (number, _, end) = self.running.remove(position);
        Some((number, end))
    }

    /// The status of one command. What is not known here succeeds. `depth` ends scripts that run themselves.
    fn command(&self, words: &[String], depth: u8) -> i32 {
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        let Some((first, rest)) = words.split_first() else { return 0 };
        let good = |good: bool| i32::from(!good);
        match (first.rsplit('/').next().unwrap_or(first), rest) {
            ("!", rest) => good(self.command(&rest.iter().map(|w| (*w).to_owned()).collect::<Vec<_>>(), depth) != 0),
            ("false", _) => 1,
            ("exit", [status, ..]) => status.parse().unwrap_or(0),
            ("test", rest) | ("[", [rest @ .., "]"]) => good(self.test(rest)),
            ("grep", rest) => self.grep(rest),
            ("sh" | "bash", ["-c", text, ..]) => self.script(text, depth),
            ("sh" | "bash", [path, ..]) => self.content(path).map_or(127, |text| self.script(text, depth)),
            _ => self.content(first).map_or(0, |text| self.script(text, depth)),
        }
    }

    /// `-e`, `-f`, `-r` and `-s` of a file, and `!` before them.
    fn test(&self, words: &[&str]) -> bool {
        match words {
            ["!", rest @ ..] => !self.test(rest),
            ["-s", path] => self.content(path).is_some_and(|text| !text.is_empty()),
            ["-e" | "-f" | "-r", path] => self.files.contains_key(*path),
            _ => true,
        }
    }

    /// `grep [-q…] TEXT FILE`: a plain text, not a pattern.
    fn grep(&self, words: &[&str]) -> i32 {
        let plain: Vec<&str> = words.iter().copied().filter(|word| !word.starts_with('-')).collect();
        let [wanted, path, ..] = plain.as_slice() else { return 2 };
        let wanted = wanted.trim_matches(['^', '$']);
        self.content(path).map_or(2, |text| i32::from(!text.lines().any(|line| line.contains(wanted))))
    }

    /// The status of a script: that of its last command, or of the first `exit`.
    fn script(&self, text: &str, depth: u8) -> i32 {
        if depth > 3 {
            return 127;
        }
        let mut status = 0;
        let lines = text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
        for line in lines {
            let (ended, now) = self.chain(line, status, depth);
            status = now;
            if ended {
                break;
            }
        }
        status
    }

    /// `A && B || C` from left to right, and whether one of them was `exit`.
    fn chain(&self, line: &str, before: i32, depth: u8) -> (bool, i32) {
        let (mut status, mut run) = (before, true);
        let mut words: Vec<String> = Vec::new();
        for word in line.split_whitespace().chain(["&&"]) {
            if word != "&&" && word != "||" {
                words.push(word.trim_matches(['"', '\'']).to_owned());
                continue;
            }
            if run && words.first().is_some_and(|first| first == "exit") {
                return (true, words.get(1).and_then(|s| s.parse().ok()).unwrap_or(status));
            }
            if run {
                status = self.command(&words, depth + 1);
            }
            run = (status == 0) == (word == "&&");
            words.clear();
        }
        (false, status)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn status(files: &[(&str, &str)], command: &str) -> i32 {
        let files: Vec<_> = files.iter().map(|(path, text)| ((*path).to_owned(), (*text).to_owned())).collect();
        let words: Vec<String> = command.split(' ').map(str::to_owned).collect();
        let mut programs = Programs::new(&files);
        programs.start(Instant::ZERO, 1, &words);
        match programs.ended(Instant::ZERO + SHORT) {
            Some((1, End::Status(status))) => status,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn small_commands_look_at_files() {
        let up = [("/run/flag", "1\n"), ("/chk.sh", "#!/bin/sh\ngrep -q 1 /run/flag\n")];
        let down = [("/run/flag", "0\n"), ("/chk.sh", "#!/bin/sh\ngrep -q 1 /run/flag\n")];
        assert_eq!((status(&up, "/chk.sh"), status(&down, "/chk.sh"), status(&up[1..], "/chk.sh")), (0, 1, 2));
        assert_eq!((status(&up, "/usr/bin/test -f /run/flag"), status(&up, "/bin/test -e /no")), (0, 1));
        assert_eq!((status(&up, "[ ! -e /run/flag ]"), status(&[], "/bin/true"), status(&[], "/bin/false")), (1, 0, 1));
        let script = [("/s", "[ -f /down ] && exit 3\nexit 0\n"), ("/down", "")];
        assert_eq!((status(&script, "/s"), status(&script[..1], "/s")), (3, 0));
        assert_eq!(status(&[("/loop", "/loop")], "/loop"), 127);
    }

    #[test]
    fn what_was_told_comes_before_what_is_written_and_signals_end_what_hangs() {
        let words = ["/bin/true".to_owned()];
        let mut programs = Programs::new(&[]);
        programs.tell(&words, Act::Exits(4));
        programs.tell(&words, Act::Hangs);
        programs.start(Instant::ZERO, 7, &words);
        assert_eq!(programs.next_wake(), None);
        programs.signal(Instant(5), 7, 15);
        assert_eq!(programs.ended(Instant(5)), Some((7, End::Signal(15))));
        assert_eq!(programs.ended(Instant(5)), None);
    }
}
