//! The thread that writes: it may wait for the disk as long as the disk likes.
use std::fs::File;
use std::io::Write;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::Receiver;

use vrrplab_formats::flight::{End, Line, text_of};

/// How much waits for the disk, as both sides know it.
#[derive(Clone, Default)]
pub(super) struct Backlog {
    bytes: Arc<AtomicUsize>,
    slow: Arc<AtomicBool>,
}

impl Backlog {
    /// So much more waits; how much in all.
    pub fn add(&self, bytes: usize) -> usize {
        self.bytes.fetch_add(bytes, Ordering::Relaxed) + bytes
    }

    /// The recording was given up as the disk did not follow.
    pub fn mark_slow(&self) {
        self.slow.store(true, Ordering::Relaxed);
    }
}

/// The file.
pub(super) struct Disk {
    file: File,
    /// Bytes in it up to the last whole line.
    whole: u64,
    first: &'static str,
    backlog: Backlog,
}

impl Disk {
    /// A file of this length, in which `first` must stand before all else.
    pub fn new(first: &'static str, file: File, whole: u64, backlog: Backlog) -> Disk {
        Disk { file, whole, first, backlog }
    }

    /// Writes what comes until nothing does.
    pub fn serve(mut self, lines: &Receiver<String>) {
        let first = self.first;
        if !self.write(first) {
            return;
        }
        while let Ok(mut text) = lines.recv() {
            text.extend(lines.try_iter()); // what has come meanwhile
            self.backlog.bytes.fetch_sub(text.len(), Ordering::Relaxed);
            if !self.write(&text) {
                return;
            }
        }
        if self.backlog.slow.load(Ordering::Relaxed) {
            self.write(&text_of(&Line::End(End::Slow)));
        }
    }

    /// Whether it could be written. What was written of it in vain is taken back, where the disk lets that happen.
    fn write(&mut self, text: &str) -> bool {
        match self.file.write_all(text.as_bytes()) {
            Ok(()) => {
                self.whole += text.len() as u64;
                true
            }
            Err(why) => {
                let _ = self.file.set_len(self.whole); // a torn line is known as one, too
                tracing::warn!(%why, "the recording cannot be written: it ends");
                false
            }
        }
    }
}
