//! Checkers with a recorder beside them: used as checkers are, whether they are recorded or not.
use std::collections::VecDeque;
use std::ops::Deref;

use vrrplab_engine::Instant;
use vrrplab_engine::health::{Checkers, Input, Output, Warmups};
use vrrplab_engine::model::NodeModel;
use vrrplab_formats::flight::{Configuration, Entry};

use super::Tape;

/// The checkers of the daemon.
pub struct RecordedCheckers {
    checkers: Checkers,
    tape: Option<Tape>,
    /// What came out and was noted, and has not been asked for.
    outputs: VecDeque<Output>,
}

/// Whoever only looks sees the checkers themselves.
impl Deref for RecordedCheckers {
    type Target = Checkers;

    fn deref(&self) -> &Checkers {
        &self.checkers
    }
}

impl RecordedCheckers {
    /// Checkers that have been told nothing. `from` is what the model was read from, where that is not what the daemon began with.
    pub fn new(
        now: Instant,
        model: &NodeModel,
        seed: u64,
        from: Option<&Configuration>,
        tape: Option<Tape>,
    ) -> RecordedCheckers {
        if let Some(tape) = &tape {
            tape.borrow_mut().note(Entry::begins_checking(now, seed, from));
        }
        let mut checkers = Checkers::new(model, Warmups::Seed(seed));
        checkers.set_told(true);
        RecordedCheckers { checkers, tape, outputs: VecDeque::new() }
    }

    /// As [`Checkers::handle`]; a reload is known by what it was read from.
    pub fn handle(&mut self, now: Instant, input: Input<'_>, from: Option<&Configuration>) {
        let Some(tape) = self.tape.as_ref().filter(|tape| tape.borrow().is_on()) else {
            return self.checkers.handle(now, input);
        };
        let mut entry = Entry::of_checkers(now, &input, from);
        self.checkers.handle(now, input);
        while let Some(output) = self.checkers.poll() {
            entry.add_checked(&output);
            self.outputs.push_back(output);
        }
        tape.borrow_mut().note(entry);
    }

    /// As [`Checkers::poll`].
    pub fn poll(&mut self) -> Option<Output> {
        self.outputs.pop_front().or_else(|| self.checkers.poll())
    }
}
