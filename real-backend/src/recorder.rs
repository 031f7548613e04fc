//! The flight recorder: what the engine is told and what comes out goes to a file, by a thread of its own, so that a slow
//! disk never makes the daemon late. Recording ends when it cannot go on; the daemon does not.
mod checkers;
mod disk;
mod engine;

use std::cell::RefCell;
use std::fs::{File, OpenOptions, TryLockError};
use std::io;
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::Path;
use std::rc::Rc;
use std::sync::mpsc::{self, Receiver, Sender};
use std::thread;
use std::time::Duration;

use nix::fcntl::OFlag;
use vrrplab_engine::Instant;
use vrrplab_formats::flight::{Configuration, End, Entry, Header, Line, VERSION, text_of};

pub use checkers::RecordedCheckers;
use disk::{Backlog, Disk};
pub use engine::RecordedEngine;

/// So much is written at most when nothing else is said.
pub const DEFAULT_LIMIT: u64 = 1 << 30;
/// So much may wait for the disk.
const MOST_WAITING: usize = 16 << 20;
/// How long the end of the daemon waits for the disk.
const LAST_WORDS: Duration = Duration::from_secs(1);

/// A recording that several write to, in turn: the parts of one daemon.
pub type Tape = Rc<RefCell<Recorder>>;

/// A recording at work.
pub struct Recorder {
    /// What this turn of the loop has brought.
    lines: String,
    to_disk: Option<Sender<String>>,
    backlog: Backlog,
    done: Receiver<()>,
    /// So many bytes may still be written.
    left: u64,
}

impl Recorder {
    /// Opens the file for nobody else, or begins it; what is in it stays.
    pub fn open(path: &Path, limit: u64) -> io::Result<Recorder> {
        let mut options = OpenOptions::new();
        let file = options.read(true).append(true).create(true).mode(0o600);
        let file = file.custom_flags(OFlag::O_NONBLOCK.bits()).open(path)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(io::Error::other("another daemon writes to it")),
            Err(TryLockError::Error(why)) => return Err(why),
        }
        let length = file.metadata()?.len();
        let (to_disk, lines) = mpsc::channel();
        let (ended, done) = mpsc::channel();
        let backlog = Backlog::default();
        let disk = Disk::new(file_mended(&file, length)?, file, length, backlog.clone());
        thread::Builder::new().name("recorder".into()).spawn(move || {
            disk.serve(&lines);
            let _ = ended.send(()); // nobody waits for it but at the end
        })?;
        Ok(Recorder { lines: String::new(), to_disk: Some(to_disk), backlog, done, left: limit.saturating_sub(length) })
    }

    /// A daemon begins.
    pub fn begin(&mut self, now: Instant, wall: u64, configuration: Configuration) {
        let program = concat!("vrrplabd ", env!("CARGO_PKG_VERSION")).to_owned();
        self.write(&Line::Flight(Box::new(Header { version: VERSION, program, at: now.0, wall, configuration })));
    }

    /// Whether anything is still written.
    pub fn is_on(&self) -> bool {
        self.to_disk.is_some()
    }

    /// The engine was told something, and this came out.
    pub fn note(&mut self, entry: Entry) {
        self.write(&Line::Input(entry));
    }

    fn write(&mut self, line: &Line) {
        let text = text_of(line);
        let room = text_of(&Line::End(End::Limit)).len() as u64;
        let length = text.len() as u64;
        if length + room > self.left {
            tracing::warn!("the recording is as large as it may be: it ends");
            return self.finish(End::Limit);
        }
        self.left = self.left.saturating_sub(length);
        self.lines.push_str(&text);
    }

    /// The loop is about to wait: what was noted goes to the disk.
    pub fn hand_over(&mut self) {
        if self.lines.is_empty() {
            return;
        }
        let lines = std::mem::take(&mut self.lines);
        let Some(to_disk) = &self.to_disk else { return };
        if self.backlog.add(lines.len()) > MOST_WAITING {
            tracing::warn!("the disk is too slow for the recording: it ends");
            self.backlog.mark_slow();
            self.to_disk = None;
        } else if to_disk.send(lines).is_err() {
            self.to_disk = None; // the thread has said why
        }
    }

    fn finish(&mut self, end: End) {
        self.lines.push_str(&text_of(&Line::End(end)));
        self.hand_over();
        self.to_disk = None;
    }

    /// The daemon ends. The disk has a second to take what is left.
    pub fn close(&mut self) {
        if self.to_disk.is_some() {
            self.finish(End::Stopped);
        }
        let _ = self.done.recv_timeout(LAST_WORDS);
    }
}

/// What must stand before anything else: the end of a line that a killed daemon has left open.
fn file_mended(file: &File, length: u64) -> io::Result<&'static str> {
    let mut last = [b'\n'];
    if length > 0 {
        file.read_exact_at(&mut last, length - 1)?;
    }
    Ok(if last == *b"\n" { "" } else { "\n" })
}

#[cfg(test)]
mod tests;
