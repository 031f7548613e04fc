//! What comes out of one input of a recording: of VRRP or of the checkers, whichever was told.
use vrrplab_engine::{Output, health};
use vrrplab_formats::flight::{checked_words, words};

/// The outputs, in their order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Flown {
    /// VRRP was told something.
    Vrrp(Vec<Output>),
    /// The checkers were.
    Checkers(Vec<health::Output>),
}

impl Flown {
    /// So many.
    pub fn len(&self) -> usize {
        match self {
            Flown::Vrrp(outputs) => outputs.len(),
            Flown::Checkers(outputs) => outputs.len(),
        }
    }

    /// Nothing came out.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// As they stand in recordings.
    pub fn words(&self) -> Vec<String> {
        match self {
            Flown::Vrrp(outputs) => outputs.iter().map(words).collect(),
            Flown::Checkers(outputs) => outputs.iter().map(checked_words).collect(),
        }
    }
}
