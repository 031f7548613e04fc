//! What a daemon logs: received with the kernel's time of sending, and read as events of a recording.
use std::io::{self, IoSliceMut};
use std::os::fd::AsRawFd;
use std::os::unix::net::UnixDatagram;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use nix::sys::socket::{ControlMessageOwned, MsgFlags, UnixAddr, recvmsg, setsockopt, sockopt};
use nix::sys::time::TimeSpec;
use serde_json::{Value, json};

use super::clock::Epoch;
use super::event::Event;
use super::program::OURS;

/// One line of a log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// When it was sent.
    pub at: Epoch,
    /// `Keepalived`, `Keepalived_vrrp`, or `vrrplabd`.
    pub ident: String,
    /// The process.
    pub pid: u32,
    /// The words.
    pub text: String,
}

/// A syslog socket that is listened to.
#[derive(Debug)]
pub struct LogSocket {
    thread: Option<JoinHandle<Vec<Line>>>,
    stop: Arc<AtomicBool>,
}

impl LogSocket {
    /// Listens at this path.
    pub fn open(path: &Path) -> io::Result<LogSocket> {
        let socket = UnixDatagram::bind(path)?;
        setsockopt(&socket, sockopt::ReceiveTimestampns, &true)?;
        socket.set_read_timeout(Some(Duration::from_millis(100)))?;
        let stop = Arc::new(AtomicBool::new(false));
        let until = Arc::clone(&stop);
        let thread = std::thread::spawn(move || listen(&socket, &until));
        Ok(LogSocket { thread: Some(thread), stop })
    }

    /// Everything that was sent so far; no more is heard.
    pub fn close(mut self) -> Vec<Line> {
        self.stop.store(true, Ordering::Relaxed);
        self.thread.take().and_then(|t| t.join().ok()).unwrap_or_default()
    }
}

impl Drop for LogSocket {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
    }
}

fn listen(socket: &UnixDatagram, stop: &AtomicBool) -> Vec<Line> {
    let mut lines = Vec::new();
    let mut buffer = vec![0; 8192];
    let mut control = nix::cmsg_space!(TimeSpec);
    loop {
        let mut parts = [IoSliceMut::new(&mut buffer)];
        let got = recvmsg::<UnixAddr>(socket.as_raw_fd(), &mut parts, Some(&mut control), MsgFlags::empty());
        let Ok(message) = got else {
            // Nothing for a while: the moment to look whether anybody still wants to know.
            if stop.load(Ordering::Relaxed) {
                return lines;
            }
            continue;
        };
        let stamp = message.cmsgs().ok().into_iter().flatten().find_map(|c| match c {
            ControlMessageOwned::ScmTimestampns(at) => Some(epoch(at)),
            _ => None,
        });
        let (at, length) = (stamp.unwrap_or_else(Epoch::now), message.bytes);
        lines.extend(parse(at, &String::from_utf8_lossy(&buffer[..length])));
    }
}

fn epoch(at: TimeSpec) -> Epoch {
    let seconds = u64::try_from(at.tv_sec()).unwrap_or_default();
    Epoch(seconds * 1_000_000_000 + u64::try_from(at.tv_nsec()).unwrap_or_default())
}

/// A syslog datagram, `<30>Nov 21 16:29:36 Keepalived_vrrp[17827]: words`.
pub fn parse(at: Epoch, datagram: &str) -> Option<Line> {
    let (head, text) = datagram.trim_end_matches(['\0', '\n']).split_once("]: ")?;
    let (ident, pid) = head.rsplit_once('[')?;
    let ident = ident.rsplit([' ', '>']).next().unwrap_or_default();
    Some(Line { at, ident: ident.to_owned(), pid: pid.parse().ok()?, text: text.trim().to_owned() })
}

/// How the lines begin that are of no instance and tell about links, scripts and reloads.
const TOLD: &[&str] = &["Netlink reports ", "VRRP_Script(", "Script `", "Reloading"];

/// What a line says, as events of a node with these instances.
pub fn events(node: &str, instances: &[String], line: &Line) -> Vec<Event> {
    let event = |kind: &str| Event::new(line.at, node, kind);
    let text = line.text.as_str();
    let parent = line.ident == "Keepalived";
    if parent && text.starts_with("Starting VRRP child process") {
        let started = instances.iter().map(|name| event("state").of(name).with("state", "INIT"));
        return std::iter::once(event("proc_vrrp_start")).chain(started).collect();
    }
    if line.ident == OURS {
        let processes: &[&str] = match text {
            "Starting" => &["proc_log_start", "proc_vrrp_start"],
            "Stopping" => &["proc_stopping"],
            "Stopped" => &["proc_vrrp_stopped", "proc_stopped"],
            _ => &[],
        };
        let started = instances.iter().filter(|_| text == "Starting");
        let started = started.map(|name| event("state").of(name).with("state", "INIT"));
        let told: Vec<Event> = processes.iter().map(|kind| event(kind)).chain(started).collect();
        if !told.is_empty() {
            return told;
        }
    }
    let process = match text {
        _ if parent && text.starts_with("Starting Keepalived ") => Some("proc_log_start"),
        "Stopping" if parent => Some("proc_stopping"),
        _ if !parent && text.starts_with("Stopped - used") => Some("proc_vrrp_stopped"),
        _ if parent && text.starts_with("Stopped Keepalived ") => Some("proc_stopped"),
        _ => None,
    };
    if let Some(kind) = process {
        return vec![event(kind)];
    }
    if let Some((group, words)) = named(text, "VRRP_Group(") {
        return vec![event("sync").with("group", group).with("text", words)];
    }
    if !parent && TOLD.iter().any(|start| text.starts_with(start)) {
        return vec![event("log").with("text", text)];
    }
    let Some((name, words)) = named(text, "(") else { return Vec::new() };
    if !instances.iter().any(|i| i == name) {
        return Vec::new();
    }
    vec![of_instance(event, name, words)]
}

/// `(NAME) words` behind `open`.
fn named<'t>(text: &'t str, open: &str) -> Option<(&'t str, &'t str)> {
    let (name, words) = text.strip_prefix(open)?.split_once(')')?;
    Some((name, words.trim()))
}

fn of_instance(event: impl Fn(&str) -> Event, name: &str, words: &str) -> Event {
    let entered = words.strip_prefix("Entering ").or_else(|| words.strip_prefix("entering "));
    let state = entered.and_then(|rest| {
        let (state, rest) = rest.split_once(' ')?;
        let known = ["BACKUP", "MASTER", "FAULT"].contains(&state);
        let more = rest.strip_prefix("STATE").or_else(|| rest.strip_prefix("state"))?.trim();
        known.then_some((state, more.trim_matches(['(', ')'])))
    });
    if let Some((state, more)) = state {
        let mut event = event("state").of(name).with("state", state);
        match more {
            "" => {}
            "init" => event = event.with("init", true),
            reason => event = event.with("reason", reason),
        }
        return if words.starts_with("entering") { event.with("early", true) } else { event };
    }
    if let Some((from, to)) = words.strip_prefix("Changing effective priority from ").and_then(|w| w.split_once(" to "))
    {
        let number = |text: &str| text.trim().parse::<u64>().map_or(Value::Null, |n| json!(n));
        return event("prio_change")
            .of(name)
            .with("kind", "effective")
            .with("from", number(from))
            .with("to", number(to));
    }
    event("log").of(name).with("text", words)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(ident: &str, text: &str) -> Vec<String> {
        let line = Line { at: Epoch(1_000_000), ident: ident.to_owned(), pid: 7, text: text.to_owned() };
        events("r1", &["VI_1".to_owned(), "VI_2".to_owned()], &line)
            .into_iter()
            .map(|e| Value::Object(e.fields).to_string())
            .collect()
    }

    #[test]
    fn a_datagram_is_read_with_its_process() {
        let line = parse(Epoch(5), "<30>Nov 21 16:29:36 Keepalived_vrrp[17827]: (VI_1) Entering BACKUP STATE (init)\0");
        let wanted = Line {
            at: Epoch(5),
            ident: "Keepalived_vrrp".to_owned(),
            pid: 17827,
            text: "(VI_1) Entering BACKUP STATE (init)".to_owned(),
        };
        assert_eq!(line, Some(wanted));
        assert_eq!(parse(Epoch(5), "<30>Nov 21 16:29:36 nobody: said this"), None);
    }

    #[test]
    fn states_come_with_what_is_in_brackets() {
        let vrrp = |text| told("Keepalived_vrrp", text);
        assert_eq!(
            vrrp("(VI_1) Entering BACKUP STATE (init)"),
            [r#"{"event":"state","init":true,"instance":"VI_1","node":"r1","state":"BACKUP"}"#]
        );
        assert_eq!(
            vrrp("(VI_1) Entering MASTER STATE"),
            [r#"{"event":"state","instance":"VI_1","node":"r1","state":"MASTER"}"#]
        );
        assert_eq!(
            vrrp("(VI_2) entering FAULT state (interface eth0 down)"),
            [
                r#"{"early":true,"event":"state","instance":"VI_2","node":"r1","reason":"interface eth0 down","state":"FAULT"}"#
            ]
        );
    }

    #[test]
    fn a_new_child_puts_every_instance_into_init() {
        assert_eq!(
            told("Keepalived", "Starting VRRP child process, pid=17827"),
            [
                r#"{"event":"proc_vrrp_start","instance":null,"node":"r1"}"#,
                r#"{"event":"state","instance":"VI_1","node":"r1","state":"INIT"}"#,
                r#"{"event":"state","instance":"VI_2","node":"r1","state":"INIT"}"#,
            ]
        );
    }

    #[test]
    fn other_lines_are_processes_groups_priorities_or_words() {
        let vrrp = |text| told("Keepalived_vrrp", text);
        assert_eq!(told("Keepalived", "Stopping"), [r#"{"event":"proc_stopping","instance":null,"node":"r1"}"#]);
        assert_eq!(
            vrrp("VRRP_Group(VG_1) Syncing instances to MASTER state"),
            [
                r#"{"event":"sync","group":"VG_1","instance":null,"node":"r1","text":"Syncing instances to MASTER state"}"#
            ]
        );
        assert_eq!(
            vrrp("(VI_1) Changing effective priority from 120 to 90"),
            [r#"{"event":"prio_change","from":120,"instance":"VI_1","kind":"effective","node":"r1","to":90}"#]
        );
        assert_eq!(
            vrrp("(VI_1) Receive advertisement timeout"),
            [r#"{"event":"log","instance":"VI_1","node":"r1","text":"Receive advertisement timeout"}"#]
        );
        assert_eq!(
            vrrp("Netlink reports eth0 down"),
            [r#"{"event":"log","instance":null,"node":"r1","text":"Netlink reports eth0 down"}"#]
        );
        assert_eq!(vrrp("Registering gratuitous ARP shared channel"), Vec::<String>::new());
        assert_eq!(vrrp("(VI_3) Entering MASTER STATE"), Vec::<String>::new());
    }
}
