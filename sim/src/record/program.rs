//! Which daemon plays: keepalived, or `vrrplabd`. How it is started and asked, and how its log is read.
use std::path::{Path, PathBuf};

use serde::Deserialize;
use vrrplab_engine::{Rule, State};
use vrrplab_formats::recording::is_silent;

use super::clock::Epoch;
use super::files::STDERR;
use super::logs::{Line, LogSocket};
use super::monitor::time;

/// The configuration, as every daemon sees it.
const CONF: &str = "/etc/keepalived/keepalived.conf";
/// Whose words its log lines are.
pub const OURS: &str = "vrrplabd";

/// A daemon.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Program {
    /// The keepalived of this machine.
    Keepalived,
    /// This `vrrplabd`.
    Vrrplabd(PathBuf),
}

impl Program {
    /// The `vrrplabd` at `given`; else the one beside this program; else the one that the shell would find.
    pub fn vrrplabd(given: Option<&Path>) -> Program {
        let beside = || Some(std::env::current_exe().ok()?.parent()?.join(OURS)).filter(|file| file.is_file());
        // Daemons are started from other folders.
        let whole = |path: &Path| path.canonicalize().unwrap_or_else(|_| path.to_path_buf());
        Program::Vrrplabd(given.map(whole).or_else(beside).unwrap_or_else(|| PathBuf::from(OURS)))
    }

    /// What it is called.
    pub fn name(&self) -> &'static str {
        match self {
            Program::Keepalived => "keepalived",
            Program::Vrrplabd(_) => OURS,
        }
    }

    /// What is run.
    pub(super) fn file(&self) -> String {
        match self {
            Program::Keepalived => self.name().to_owned(),
            Program::Vrrplabd(path) => path.display().to_string(),
        }
    }

    /// Where to get it.
    pub(super) fn whence(&self) -> &'static str {
        match self {
            Program::Keepalived => "on Debian it is in the package keepalived",
            Program::Vrrplabd(_) => "`cargo build --bin vrrplabd` makes it, and --daemon tells where it is",
        }
    }

    /// The command that starts it.
    pub(super) fn run(&self) -> Vec<String> {
        let words: &[&str] = match self {
            Program::Keepalived => &[
                "-n",
                "-l",
                "-D",
                "-P",
                "-f",
                CONF,
                "-p",
                "/run/keepalived.pid",
                "-r",
                "/run/vrrp.pid",
                "-c",
                "/run/checkers.pid",
            ],
            Program::Vrrplabd(_) => &["--config", CONF, "--log", "json"],
        };
        std::iter::once(self.file()).chain(words.iter().map(|word| (*word).to_owned())).collect()
    }

    /// The command that only asks what it thinks of the file.
    pub(super) fn check(&self) -> Vec<String> {
        [&self.file(), "-t", "-f", CONF].map(str::to_owned).to_vec()
    }

    /// Everything that the daemons of a node have said, when nothing more is to come.
    pub(super) fn said(&self, syslog: LogSocket, folder: &Path) -> Vec<Line> {
        let lines = syslog.close();
        match self {
            Program::Keepalived => lines,
            Program::Vrrplabd(_) => {
                let text = std::fs::read_to_string(folder.join("run").join(STDERR)).unwrap_or_default();
                text.lines().filter_map(parse).collect()
            }
        }
    }
}

/// What is needed of a line of `vrrplabd --log json`.
#[derive(Deserialize)]
struct Said {
    timestamp: String,
    message: String,
    rule: Option<String>,
    from: Option<String>,
}

/// Reads one line; nothing when it is not one of the log, or tells of what keepalived's would not.
pub(super) fn parse(line: &str) -> Option<Line> {
    let Said { timestamp, message, rule, from } = serde_json::from_str(line).ok()?;
    let from = State::ALL.into_iter().find(|state| Some(state.name()) == from.as_deref());
    if rule.as_deref().and_then(Rule::named).zip(from).is_some_and(|(rule, from)| is_silent(rule, from)) {
        return None;
    }
    let at: Epoch = time(timestamp.trim_end_matches('Z'))?;
    Some(Line { at, ident: OURS.to_owned(), pid: 0, text: message })
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;
    use crate::record::logs::events;

    fn told(line: &str) -> Vec<String> {
        let line = parse(line).into_iter();
        let events = line.flat_map(|line| events("r1", &["VI_1".to_owned()], &line));
        events.map(|e| Value::Object(e.fields).to_string()).collect()
    }

    #[test]
    fn a_change_of_state_is_read_from_the_json_log() {
        let line = r#"{"timestamp":"2026-11-21T16:29:39.782454Z","level":"INFO","message":"(VI_1) Entering MASTER STATE","rule":"backup-timer-expired","instance":"VI_1","from":"BACKUP","to":"MASTER"}"#;
        let seen = parse(line).expect("it is a line of the log");
        assert_eq!(seen.at, Epoch(1_795_278_579_782_454_000));
        assert_eq!(told(line), [r#"{"event":"state","instance":"VI_1","node":"r1","state":"MASTER"}"#]);
    }

    #[test]
    fn a_backup_that_its_group_takes_into_fault_is_left_out_as_keepalived_does() {
        let from = |state: &str| {
            told(&format!(
                r#"{{"timestamp":"2026-11-21T16:29:39.782454Z","message":"(VI_1) Entering FAULT STATE","rule":"group-to-fault","from":"{state}"}}"#
            ))
        };
        assert_eq!(from("BACKUP"), Vec::<String>::new());
        assert_eq!(from("MASTER"), [r#"{"event":"state","instance":"VI_1","node":"r1","state":"FAULT"}"#]);
    }

    #[test]
    fn a_start_puts_every_instance_into_init_and_a_stop_ends_the_process() {
        let line = |words: &str| {
            told(&format!(r#"{{"timestamp":"2026-11-21T16:29:39.782454Z","level":"INFO","message":"{words}"}}"#))
        };
        let process = |kind: &str| format!(r#"{{"event":"{kind}","instance":null,"node":"r1"}}"#);
        let init = r#"{"event":"state","instance":"VI_1","node":"r1","state":"INIT"}"#.to_owned();
        assert_eq!(line("Starting"), [process("proc_log_start"), process("proc_vrrp_start"), init]);
        assert_eq!(line("Stopping"), [process("proc_stopping")]);
        assert_eq!(line("Stopped"), [process("proc_vrrp_stopped"), process("proc_stopped")]);
        let stopped = r#"{"event":"log","instance":"VI_1","node":"r1","text":"stopped"}"#;
        assert_eq!(line("(VI_1) stopped"), [stopped]);
    }

    #[test]
    fn what_is_no_line_of_the_log_is_left_out() {
        assert_eq!(parse("warning: unknown keyword"), None);
        assert_eq!(parse(r#"{"timestamp":"soon","message":"Starting"}"#), None);
        assert_eq!(
            told(r#"{"timestamp":"2026-11-21T16:29:39.782454Z","message":"(VI_9) Entering MASTER STATE"}"#).len(),
            0
        );
    }

    #[test]
    fn a_daemon_that_is_named_is_taken_whatever_lies_beside() {
        let given = Program::vrrplabd(Some(Path::new("/no/such/vrrplabd")));
        assert_eq!(given, Program::Vrrplabd(PathBuf::from("/no/such/vrrplabd")));
        assert_eq!(given.run().first().map(String::as_str), Some("/no/such/vrrplabd"));
        assert_eq!(given.check()[1..], ["-t", "-f", CONF]);
    }
}
