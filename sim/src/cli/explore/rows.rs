//! A line for each seed, appended to a file in the order of seeds while they are played.
use std::collections::BTreeMap;
use std::fs::{File, OpenOptions};
use std::io::{self, BufRead, BufReader, Read, Write};
use std::ops::Range;
use std::path::{Path, PathBuf};

use super::super::output::named;
use crate::explore::{Row, Rows, Summary};

/// The file, and what waits for seeds before it.
pub(super) struct Appended {
    path: PathBuf,
    file: File,
    /// What an exploration that was ended has left behind, and how much of it has been played again.
    known: Vec<u8>,
    passed: usize,
    next: u64,
    waiting: BTreeMap<u64, (u64, String)>,
}

impl Appended {
    /// Opens the file of seeds from this one on, for nobody else meanwhile. What is there stays, but for a line that was never
    /// finished.
    pub(super) fn open(path: &Path, first: u64) -> io::Result<Appended> {
        let open = || -> io::Result<(File, Vec<u8>)> {
            let mut file = OpenOptions::new().create(true).read(true).append(true).open(path)?;
            file.try_lock().map_err(|_| io::Error::other("another vrrplab is writing this file"))?;
            let mut known = Vec::new();
            file.read_to_end(&mut known)?;
            known.truncate(known.iter().rposition(|byte| *byte == b'\n').map_or(0, |last| last + 1));
            file.set_len(known.len() as u64)?;
            Ok((file, known))
        };
        let (file, known) = open().map_err(|why| named(path, &why))?;
        Ok(Appended { path: path.to_owned(), file, known, passed: 0, next: first, waiting: BTreeMap::new() })
    }

    /// Some seeds have been played, in any order.
    pub(super) fn add(&mut self, rows: &[Row]) -> io::Result<()> {
        let (Some(first), Some(last)) = (rows.first(), rows.last()) else { return Ok(()) };
        let lines: Result<String, _> = rows.iter().map(Row::line).collect();
        self.waiting.insert(first.seed, (last.seed + 1, lines.map_err(io::Error::other)?));
        while let Some((next, lines)) = self.waiting.remove(&self.next) {
            self.next = next;
            self.append(lines.as_bytes())?;
        }
        Ok(())
    }

    fn append(&mut self, lines: &[u8]) -> io::Result<()> {
        let known = &self.known[self.passed..];
        let again = known.len().min(lines.len());
        if known[..again] != lines[..again] {
            return Err(self.foreign());
        }
        self.passed += again;
        self.file.write_all(&lines[again..]).map_err(|why| named(&self.path, &why))
    }

    /// All seeds have been played.
    pub(super) fn end(self) -> io::Result<()> {
        if self.passed < self.known.len() { Err(self.foreign()) } else { Ok(()) }
    }

    fn foreign(&self) -> io::Error {
        let path = self.path.display();
        io::Error::other(format!("{path}: these are the rows of another exploration; move the file away"))
    }
}

/// Where the rows of a summary are: beside it, `runs` in the place of `shard` or `summary`.
pub(in crate::cli) fn beside(summary: &Path) -> Option<PathBuf> {
    let name = summary.file_name()?.to_str()?;
    let rest = name.strip_prefix("shard").or_else(|| name.strip_prefix("summary"))?;
    Some(summary.with_file_name(format!("runs{rest}")))
}

/// Reads files of rows, one after the other, as those of this summary, and hands each to `take`.
pub(in crate::cli) fn read(
    files: &[PathBuf],
    summary: &Summary,
    seeds: Range<u64>,
    mut take: impl FnMut(Row) -> io::Result<()>,
) -> io::Result<()> {
    let mut rows = Rows::of(summary, seeds);
    for path in files {
        let file = File::open(path).map_err(|why| named(path, &why))?;
        for line in BufReader::new(file).lines() {
            let line = line.map_err(|why| named(path, &why))?;
            let row = rows.read(&line).map_err(|why| named(path, &io::Error::other(why)))?;
            take(row)?;
        }
    }
    rows.end().map_err(io::Error::other)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_beside_their_summary() {
        assert_eq!(beside(Path::new("a/shard-3-of-8.jsonl")), Some(PathBuf::from("a/runs-3-of-8.jsonl")));
        assert_eq!(beside(Path::new("summary.jsonl")), Some(PathBuf::from("runs.jsonl")));
        assert_eq!(beside(Path::new("all.jsonl")), None);
    }
}
