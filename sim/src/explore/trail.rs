//! What a run went through: which rules and changes of state, after which faults; and how long clients waited.
use std::collections::BTreeSet;

use vrrplab_engine::{Instant, Rule, Span, State, TraceKind};
use vrrplab_formats::world::World;

use super::words::{FAULTS, fault};
use crate::moment::{Moment, Observer};

/// So many states are there.
const STATES: [State; 4] = State::ALL;

/// Watches one run after the other. What they reached adds up; the rest begins anew with each.
#[derive(Clone, Debug)]
pub struct Trail {
    rules: Vec<bool>,
    changes: Vec<bool>,
    pairs: Vec<bool>,
    run: Run,
}

/// What is known of one run.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Run {
    /// The last fault that struck.
    struck: usize,
    /// When each client was answered last.
    answered: Vec<Option<Instant>>,
    /// The longest time between two answers in a row to one client, or to the end.
    pub outage: Span,
    /// Entries into MASTER.
    pub moves: u64,
    /// A sum over all changes of state with their times.
    pub sum: u64,
}

impl Trail {
    /// Nothing reached yet.
    pub fn new() -> Trail {
        let rules = Rule::ALL.len();
        Trail {
            rules: vec![false; rules],
            changes: vec![false; rules * STATES.len() * STATES.len()],
            pairs: vec![false; rules * (FAULTS.len() + 1)],
            run: Run::default(),
        }
    }

    /// Another run begins.
    pub fn begin(&mut self, world: &World) {
        self.run = Run { struck: FAULTS.len(), answered: vec![None; world.clients.len()], ..Run::default() };
    }

    /// What the last run was like.
    pub fn run(&self) -> &Run {
        &self.run
    }

    /// All rules that decided something.
    pub fn rules(&self) -> BTreeSet<String> {
        named(&self.rules, |rule| Rule::ALL[rule].id().to_owned())
    }

    /// All changes of state, with the rule of each.
    pub fn changes(&self) -> BTreeSet<String> {
        named(&self.changes, |position| {
            let (rule, states) = (position / (STATES.len() * STATES.len()), position % (STATES.len() * STATES.len()));
            let (from, to) = (STATES[states / STATES.len()], STATES[states % STATES.len()]);
            format!("{} -> {} by {}", from.name(), to.name(), Rule::ALL[rule].id())
        })
    }

    /// All pairs of a rule and the fault that had struck last before it.
    pub fn pairs(&self) -> BTreeSet<String> {
        named(&self.pairs, |position| {
            let (rule, fault) = (position / (FAULTS.len() + 1), position % (FAULTS.len() + 1));
            format!("{} after {}", Rule::ALL[rule].id(), FAULTS.get(fault).unwrap_or(&"nothing"))
        })
    }

    fn decided(&mut self, at: Instant, rule: Rule, kind: &TraceKind) {
        let number = rule as usize;
        self.rules[number] = true;
        self.pairs[number * (FAULTS.len() + 1) + self.run.struck] = true;
        let TraceKind::Transition { from, to } = *kind else { return };
        let states = place(from) * STATES.len() + place(to);
        self.changes[number * STATES.len() * STATES.len() + states] = true;
        self.run.moves += u64::from(to == State::Master);
        for word in [at.0, number as u64, states as u64] {
            self.run.sum = (self.run.sum ^ word).wrapping_mul(0x0000_0100_0000_01b3).rotate_left(23);
        }
    }

    fn answered(&mut self, at: Instant, client: usize) {
        let Some(last) = self.run.answered.get_mut(client) else { return };
        if let Some(before) = last.replace(at) {
            self.run.outage = self.run.outage.max(at.since(before));
        }
    }
}

impl Default for Trail {
    fn default() -> Trail {
        Trail::new()
    }
}

impl Observer for Trail {
    fn see(&mut self, at: Instant, moment: &Moment<'_>) {
        match moment {
            Moment::Decided { trace, .. } => self.decided(at, trace.rule, &trace.kind),
            Moment::Fault(what) => self.run.struck = fault(what),
            Moment::Answered { client, .. } => self.answered(at, client.0),
            _ => {}
        }
    }

    fn finish(&mut self, at: Instant) {
        for client in 0..self.run.answered.len() {
            if self.run.answered[client].is_some() {
                self.answered(at, client);
            }
        }
    }
}

const fn place(state: State) -> usize {
    match state {
        State::Init => 0,
        State::Backup => 1,
        State::Master => 2,
        State::Fault => 3,
    }
}

fn named(reached: &[bool], name: impl Fn(usize) -> String) -> BTreeSet<String> {
    reached.iter().enumerate().filter(|(_, reached)| **reached).map(|(position, _)| name(position)).collect()
}
