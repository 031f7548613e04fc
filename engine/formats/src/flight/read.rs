//! Reads recordings line by line. A line that breaks off, as it does when a daemon is killed, is told apart from a file
//! that is no recording.
use std::fmt;
use std::io::{self, BufRead, Read};

use serde::Deserialize;

use super::{Line, OLDEST, VERSION};

/// No line is longer than this: the texts of a configuration are in one.
const LONGEST_LINE: u64 = 64 << 20;
/// How every run of a daemon begins.
const BEGINNING: &[u8] = b"{\"flight\":{\"version\":";

/// Why a file cannot be read on.
#[derive(Debug)]
pub enum Broken {
    /// The system says so.
    Io(io::Error),
    /// It does not begin as a recording does.
    NoRecording,
    /// It is of a version that is not known here.
    Version {
        /// At this line.
        line: u64,
        /// The version.
        version: u32,
    },
    /// A line within it is none.
    Line {
        /// Which, from 1.
        line: u64,
        /// Why.
        why: String,
    },
}

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Broken::Io(why) => write!(f, "{why}"),
            Broken::NoRecording => f.write_str("this is no flight recording: it does not begin as one"),
            Broken::Version { line, version } => {
                write!(
                    f,
                    "line {line}: recorded in version {version} of the format; this program reads {OLDEST} to {VERSION}"
                )
            }
            Broken::Line { line, why } => write!(f, "line {line} is no line of a flight recording: {why}"),
        }
    }
}

impl std::error::Error for Broken {}

fn known(version: u32) -> bool {
    (OLDEST..=VERSION).contains(&version)
}

/// What stands next in a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Found {
    /// A whole line.
    Line(Line),
    /// A line that breaks off: the daemon was killed while it was written, or power was lost.
    Torn {
        /// Which, from 1.
        line: u64,
    },
}

/// A recording that is being read.
pub struct Reader<R> {
    from: R,
    /// The line that has been read and not been looked at.
    ahead: Option<Vec<u8>>,
    line: u64,
    over: bool,
}

/// Only what a line of another version must have.
#[derive(Deserialize)]
struct AnyHeader {
    flight: AnyVersion,
}

#[derive(Deserialize)]
struct AnyVersion {
    version: u32,
}

impl<R: BufRead> Reader<R> {
    /// Begins to read.
    pub fn new(from: R) -> Reader<R> {
        Reader { from, ahead: None, line: 0, over: false }
    }

    /// What stands next, until nothing does.
    pub fn next_found(&mut self) -> Result<Option<Found>, Broken> {
        if self.over {
            return Ok(None);
        }
        let found = self.look();
        self.over = !matches!(found, Ok(Some(Found::Line(_))) | Ok(Some(Found::Torn { .. })));
        found
    }

    fn look(&mut self) -> Result<Option<Found>, Broken> {
        let first = self.line == 0;
        let Some(bytes) = self.take()? else { return Ok(None) };
        let begins = bytes.starts_with(BEGINNING);
        if first && !begins {
            // a header that breaks off at once
            let torn = BEGINNING.starts_with(&bytes) && self.peek()?.is_none();
            return if torn { Ok(Some(Found::Torn { line: 1 })) } else { Err(Broken::NoRecording) };
        }
        match serde_json::from_slice::<Line>(&bytes) {
            Ok(Line::Flight(header)) if !known(header.version) => {
                Err(Broken::Version { line: self.line, version: header.version })
            }
            Ok(line) => Ok(Some(Found::Line(line))),
            Err(why) => match serde_json::from_slice::<AnyHeader>(&bytes) {
                Ok(AnyHeader { flight: AnyVersion { version } }) if !known(version) => {
                    Err(Broken::Version { line: self.line, version })
                }
                _ if self.peek()?.is_none_or(|next| next.starts_with(BEGINNING) || BEGINNING.starts_with(next)) => {
                    Ok(Some(Found::Torn { line: self.line }))
                }
                _ => Err(Broken::Line { line: self.line, why: why.to_string() }),
            },
        }
    }

    fn take(&mut self) -> Result<Option<Vec<u8>>, Broken> {
        self.peek()?;
        let taken = self.ahead.take();
        self.line += u64::from(taken.is_some());
        Ok(taken)
    }

    /// The line behind the one that was taken last.
    fn peek(&mut self) -> Result<Option<&[u8]>, Broken> {
        if self.ahead.is_none() {
            let mut bytes = Vec::new();
            let read = (&mut self.from).take(LONGEST_LINE).read_until(b'\n', &mut bytes).map_err(Broken::Io)?;
            if bytes.last() == Some(&b'\n') {
                bytes.pop();
            }
            self.ahead = (read > 0).then_some(bytes);
        }
        Ok(self.ahead.as_deref())
    }
}
