//! Flight recordings: what a daemon was told and what it did, so that its engine can be run on it again.
//!
//! A recording is a file of lines, each a JSON object with one key. `flight` begins a run of the daemon: the version of
//! the format, the configuration as it was read, and the interfaces that it was read for. Each `input` is one thing that
//! the engine was told, at its time, with everything that came out of it. `end` says why nothing follows. A daemon that is
//! started again goes on in the same file with another `flight`.
//!
//! Lines need no index and no closing mark, can be looked at with everyday tools, and a line that was not written to its end
//! is no JSON: it cannot be mistaken for a whole one. What comes out of an engine is only ever compared, so it is kept as
//! [`words`], which tell all of it; what goes in is typed ([`Happened`]).
mod checked;
mod conf;
mod happened;
mod hex;
mod read;
#[cfg(test)]
mod tests;
mod words;

use serde::{Deserialize, Serialize};
use vrrplab_engine::{Input, Instant, Output, health};

pub use checked::Reply;
pub use conf::{Configuration, Interface, Witness};
pub use happened::Happened;
pub use read::{Broken, Found, Reader};
pub use words::{checked_words, words};

/// The version of the format that is written. A change that an older reader would misunderstand counts it up.
pub const VERSION: u32 = 3;
/// The oldest version that is read. In version 1, what checkers were told is not written down; in version 2, not how their
/// commands came out.
pub const OLDEST: u32 = 1;

/// One line of a recording.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Line {
    /// A daemon begins.
    Flight(Box<Header>),
    /// It was told something.
    Input(Entry),
    /// Nothing follows.
    End(End),
}

/// How a run of a daemon begins.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Header {
    /// The version of the format.
    pub version: u32,
    /// The program that writes.
    pub program: String,
    /// The engine's clock at the start.
    pub at: u64,
    /// The wall clock at the start, in nanoseconds since 1970; it decides nothing.
    pub wall: u64,
    /// What the engine is told to be.
    pub configuration: Configuration,
}

/// Which engine of a daemon was told something.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Part {
    /// VRRP.
    #[default]
    Vrrp,
    /// The checkers of virtual servers.
    Checkers,
}

impl Part {
    fn is_vrrp(&self) -> bool {
        *self == Part::Vrrp
    }
}

/// One input and what came out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// The engine's clock.
    pub at: u64,
    /// Whom it was told; VRRP where nothing is said.
    #[serde(default, skip_serializing_if = "Part::is_vrrp")]
    pub part: Part,
    /// What was told.
    #[serde(rename = "in")]
    pub happened: Happened,
    /// What came out, in order, as [`words`].
    #[serde(default, rename = "out", skip_serializing_if = "Vec::is_empty")]
    pub outputs: Vec<String>,
}

impl Entry {
    /// An input to be given to an engine, without its outputs yet. A reload is known by its `configuration`.
    pub fn new(now: Instant, input: &Input<'_>, configuration: Option<&Configuration>) -> Entry {
        Entry { at: now.0, part: Part::Vrrp, happened: Happened::of(input, configuration), outputs: Vec::new() }
    }

    /// Checkers are made, with this seed, of this configuration or of that of the beginning.
    pub fn begins_checking(now: Instant, seed: u64, configuration: Option<&Configuration>) -> Entry {
        let configuration = configuration.cloned().map(Box::new);
        Entry::of(now, Happened::Made { seed, configuration, told: true })
    }

    /// An input to be given to checkers, without its outputs yet.
    pub fn of_checkers(now: Instant, input: &health::Input<'_>, configuration: Option<&Configuration>) -> Entry {
        Entry::of(now, Happened::of_checkers(input, configuration))
    }

    fn of(now: Instant, happened: Happened) -> Entry {
        Entry { at: now.0, part: Part::Checkers, happened, outputs: Vec::new() }
    }

    /// This came out of the checkers.
    pub fn add_checked(&mut self, output: &health::Output) {
        self.outputs.push(checked_words(output));
    }

    /// This came out of it.
    pub fn add(&mut self, output: &Output) {
        self.outputs.push(words(output));
    }
}

/// Why nothing follows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum End {
    /// The daemon has ended.
    Stopped,
    /// The recording is as large as it may be.
    Limit,
    /// The disk was too slow, so that lines had to be left out.
    Slow,
}

/// A line as it stands in the file, with its line end.
pub fn text_of(line: &Line) -> String {
    // none of the types has anything that JSON cannot hold
    serde_json::to_string(line).map_or_else(|_| String::new(), |text| text + "\n")
}
