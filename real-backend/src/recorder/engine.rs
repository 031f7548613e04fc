//! An engine with a recorder beside it: used as an engine is, whether it is recorded or not.
use std::cell::RefCell;
use std::collections::VecDeque;
use std::ops::{Deref, DerefMut};
use std::rc::Rc;

use vrrplab_engine::model::NodeModel;
use vrrplab_engine::{Engine, Input, Instant, Output};
use vrrplab_formats::flight::{Configuration, Entry};

use super::{Recorder, Tape};

/// The engine of the daemon.
pub struct RecordedEngine {
    engine: Engine,
    tape: Option<Tape>,
    /// What came out and was noted, and has not been asked for.
    outputs: VecDeque<Output>,
    /// Of the next reload.
    next: Configuration,
}

/// Whoever only looks sees the engine itself.
impl Deref for RecordedEngine {
    type Target = Engine;

    fn deref(&self) -> &Engine {
        &self.engine
    }
}

/// For what changes nothing that comes out; inputs go through [`RecordedEngine::handle`].
impl DerefMut for RecordedEngine {
    fn deref_mut(&mut self) -> &mut Engine {
        &mut self.engine
    }
}

impl RecordedEngine {
    /// An engine that has been told nothing.
    pub fn new(model: NodeModel, recorder: Option<Recorder>) -> RecordedEngine {
        RecordedEngine {
            engine: Engine::new(model),
            tape: recorder.map(|recorder| Rc::new(RefCell::new(recorder))),
            outputs: VecDeque::new(),
            next: Configuration::default(),
        }
    }

    /// What it is recorded on, for other parts of the daemon.
    pub fn tape(&self) -> Option<Tape> {
        self.tape.clone()
    }

    /// What the next reload was read from: in writing, that is what it is known by.
    pub fn is_reloaded_from(&mut self, configuration: Configuration) {
        self.next = configuration;
    }

    /// As [`Engine::handle`].
    pub fn handle(&mut self, now: Instant, input: Input<'_>) {
        let Some(tape) = self.tape.as_ref().filter(|tape| tape.borrow().is_on()) else {
            return self.engine.handle(now, input);
        };
        let mut entry = Entry::new(now, &input, Some(&self.next));
        self.engine.handle(now, input);
        while let Some(output) = self.engine.poll() {
            entry.add(&output);
            self.outputs.push_back(output);
        }
        tape.borrow_mut().note(entry);
    }

    /// As [`Engine::poll`].
    pub fn poll(&mut self) -> Option<Output> {
        self.outputs.pop_front().or_else(|| self.engine.poll())
    }

    /// The loop is about to wait.
    pub fn hand_over(&mut self) {
        if let Some(tape) = &self.tape {
            tape.borrow_mut().hand_over();
        }
    }

    /// The daemon ends.
    pub fn close(&mut self) {
        if let Some(tape) = &self.tape {
            tape.borrow_mut().close();
        }
    }
}
