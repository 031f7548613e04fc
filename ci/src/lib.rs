//! The house rules as code: each check reads texts and returns what it objects to; `tests/house.rs` runs them all.
#![cfg_attr(test, allow(clippy::disallowed_methods))]

pub mod rooms;
pub mod rules;
pub mod source;
pub mod tidy;
pub mod tree;

/// One objection.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Finding {
    /// The file, from the root of the tree.
    pub file: String,
    /// The line, 1-based; 0 when the whole file is meant.
    pub line: usize,
    /// What is wrong, and what would be right.
    pub what: String,
}

impl Finding {
    /// An objection to one line.
    pub fn new(file: &str, line: usize, what: impl Into<String>) -> Finding {
        Finding { file: file.to_owned(), line, what: what.into() }
    }
}

impl std::fmt::Display for Finding {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}:{}: {}", self.file, self.line, self.what)
    }
}
