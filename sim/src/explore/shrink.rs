//! A failure made small: everything is cut without which the same failure comes back.
//!
//! Candidates are texts, read and played as a user's file would be, so that what is written has been tried.
use std::path::Path;

use vrrplab_engine::{Instant, Span};
use vrrplab_formats::outline::Outline;
use vrrplab_formats::scenario::{self, Files};
use vrrplab_formats::world::World;

use super::reduce::{self, Case};
use super::{Explorer, fingerprint, first, story};
use crate::experiment;
use crate::invariant::{Violation, Watch};
use crate::lab::Lab;

/// What is to be made small.
#[derive(Clone, Copy)]
pub struct Search<'s> {
    /// The scenario that was explored.
    pub path: &'s Path,
    /// Where it and its configurations are read.
    pub files: &'s dyn Files,
    /// The seed that failed.
    pub seed: u64,
    /// How it failed.
    pub fingerprint: &'s str,
    /// The most scenarios that are tried.
    pub budget: usize,
}

/// A small scenario that fails the same way, and expects to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// The file.
    pub text: String,
    /// How many faults are left, and how many there were, the scenario's own included.
    pub faults: (usize, usize),
    /// How many scenarios were tried.
    pub tried: usize,
}

/// Makes a failure small. The error says why that cannot be done.
pub fn shrink(explorer: &Explorer, world: &World, search: &Search<'_>) -> Result<Found, String> {
    let mut case = Case::read(search.path, search.files)?;
    if !explorer.options.own_faults {
        case.own.clear();
    }
    if !explorer.options.clients {
        case.remove_clients(world);
    }
    case.strikes = explorer.strikes(search.seed);
    case.from = explorer.world.invariants.judged_from.unwrap_or_default();
    case.end = Instant(0) + explorer.world.duration;
    case.file.set("name", Outline::word(super::file_name(search.fingerprint)));
    case.file.set("seed", Outline::word(search.seed.to_string()));
    case.file.set("about", Outline::word(format!("A failure of {}, found by exploring it.\n", world.name)));
    let faults = case.strikes.len() + case.own.len();
    let mut shrinker = Shrinker { explorer, search, case, tried: 0, faults_needed: false };
    if shrinker.violation(&shrinker.case).is_none() {
        return Err("its text does not fail the same way, so it is not written".to_owned());
    }
    shrinker.faults_needed = !shrinker.fails_without_faults(&shrinker.case);
    shrinker.reduce();
    let left = shrinker.case.strikes.len() + shrinker.case.own.len();
    let text = shrinker.written(world)?;
    Ok(Found { text, faults: (left, faults), tried: shrinker.tried })
}

struct Shrinker<'s> {
    explorer: &'s Explorer,
    search: &'s Search<'s>,
    case: Case,
    tried: usize,
    /// Without faults it does not fail, and no candidate may: it would have another cause.
    faults_needed: bool,
}

/// One text that is not on the disk yet.
pub(crate) struct Thought<'t> {
    pub(crate) path: &'t Path,
    pub(crate) text: &'t str,
    pub(crate) files: &'t dyn Files,
}

impl Files for Thought<'_> {
    fn read(&self, path: &Path) -> Result<String, String> {
        if path == self.path { Ok(self.text.to_owned()) } else { self.files.read(path) }
    }
    fn list(&self, folder: &Path) -> Result<Vec<String>, String> {
        self.files.list(folder)
    }
}

impl Shrinker<'_> {
    fn world(&self, text: &str) -> Option<World> {
        let files = Thought { path: self.search.path, text, files: self.search.files };
        scenario::load(self.search.path, &files).0
    }

    /// What a case violates first, when that is the failure that is looked for.
    fn violation(&self, case: &Case) -> Option<Violation> {
        let world = self.world(&case.outline(&self.explorer.world).print())?;
        let found = violations(&world);
        let violation = first(&found)?;
        (fingerprint(violation) == self.search.fingerprint).then(|| violation.clone())
    }

    /// Whether it is the file alone that fails.
    fn fails_without_faults(&self, case: &Case) -> bool {
        let mut calm = case.clone();
        calm.own.clear();
        calm.strikes.clear();
        self.violation(&calm).is_some()
    }

    /// Takes a change over when the failure comes back.
    fn attempt(&mut self, change: impl FnOnce(&mut Case) -> bool) -> bool {
        if self.tried >= self.search.budget {
            return false;
        }
        let mut case = self.case.clone();
        if !change(&mut case) || case == self.case {
            return false;
        }
        self.tried += 1;
        let fails = self.violation(&case).is_some() && !(self.faults_needed && self.fails_without_faults(&case));
        if fails {
            self.case = case;
        }
        fails
    }

    /// All ways to make it smaller, until none helps any more.
    fn reduce(&mut self) {
        loop {
            let before = self.case.clone();
            self.drop_faults();
            self.end_sooner();
            self.cut_texts();
            self.cut_places();
            self.simplify_faults();
            self.end_sooner();
            if self.case == before || self.tried >= self.search.budget {
                return;
            }
        }
    }

    fn drop_faults(&mut self) {
        self.attempt(|case| {
            case.strikes.clear();
            case.own.clear();
            true
        });
        self.attempt(|case| {
            case.own.clear();
            true
        });
        for position in (0..self.case.strikes.len()).rev() {
            self.attempt(|case| {
                case.strikes.remove(position);
                true
            });
        }
        for position in (0..self.case.own.len()).rev() {
            self.attempt(|case| {
                case.own.remove(position);
                true
            });
        }
    }

    /// What comes after the last fault need not come later than it must.
    fn end_sooner(&mut self) {
        let second = 1_000_000_000;
        let over = self.case.is_over().0.div_ceil(second) * second;
        let from = Instant(over) + super::GRACE;
        let calm = Span((self.case.end.since(self.case.from).0).div_ceil(second) * second);
        for judged in [from, self.case.from] {
            for seconds in [1, 5, 10, 15, 20] {
                let end = judged + Span::from_secs(seconds).min(calm);
                if end < self.case.end
                    && self.attempt(|case| {
                        (case.from, case.end) = (judged, end);
                        true
                    })
                {
                    return;
                }
            }
        }
    }

    fn cut_places(&mut self) {
        let mut position = 0;
        while let Some(place) = self.case.places().get(position).cloned() {
            if self.tried >= self.search.budget {
                return;
            }
            if !self.attempt(|case| case.cut(&place)) {
                position += 1;
            }
        }
    }

    fn cut_texts(&mut self) {
        for place in self.case.places() {
            if self.case.text_mut(&place).is_none() {
                continue;
            }
            self.attempt(|case| rewrite(case, &place, |text| Some(reduce::without_comments(text))));
            let mut line = 0;
            while let Some(lines) = self.case.text_mut(&place).map(|text| text.lines().count())
                && line < lines
                && self.tried < self.search.budget
            {
                if !self.attempt(|case| rewrite(case, &place, |text| reduce::without_line(text, line))) {
                    line += 1;
                }
            }
        }
    }

    fn simplify_faults(&mut self) {
        for position in 0..self.case.strikes.len() {
            // each that helps may make room for others
            for _ in 0..4 {
                let simpler = reduce::simpler(&self.case.strikes[position]);
                let taken = simpler.into_iter().any(|strike| {
                    self.attempt(|case| {
                        case.strikes[position] = strike;
                        true
                    })
                });
                if !taken {
                    break;
                }
            }
        }
    }

    /// The file with its story, which holds when it is played.
    fn written(&self, world: &World) -> Result<String, String> {
        let gone = || "the small scenario does not fail any more".to_owned();
        let violation = self.violation(&self.case).ok_or_else(gone)?;
        let mut file = self.case.outline(&self.explorer.world);
        let played = self.world(&file.print()).ok_or_else(gone)?;
        let mut broken = vec![violation.finding.invariant];
        for violation in violations(&played) {
            if !broken.contains(&violation.finding.invariant) {
                broken.push(violation.finding.invariant);
            }
        }
        let item =
            |invariant: vrrplab_formats::world::Invariant| Outline::map([("invariant", Outline::word(invariant.id()))]);
        file.set("expect_violation", Outline::List(broken.into_iter().map(item).collect()));
        let story = story::tell(&story::Facts {
            scenario: &world.name,
            seed: self.search.seed,
            world: &played,
            violation: &violation,
            judged_from: self.case.from,
        });
        let text = format!("{story}{}", file.print());
        let world = self.world(&text).ok_or_else(gone)?;
        let outcome = experiment::play(&world, world.seed, false, |_, _| Ok(())).map_err(|why| why.to_string())?;
        if outcome.held() { Ok(text) } else { Err("the small scenario does not keep its own promise".to_owned()) }
    }
}

fn rewrite(case: &mut Case, place: &[usize], with: impl FnOnce(&str) -> Option<String>) -> bool {
    let Some(text) = case.text_mut(place) else { return false };
    let Some(other) = with(text).filter(|other| other.contains('\n')) else { return false };
    *text = other;
    true
}

fn violations(world: &World) -> Vec<Violation> {
    let lab = Lab::new(world, world.seed);
    let mut watch = Watch::new(world, lab.ports());
    lab.run(&mut [&mut watch]);
    watch.judge().violations
}
