//! Every order that a small world leaves open: which event of an instant comes first, and how long each advert is under way.
//!
//! A run is played from its start with a list of choices; wherever it meets a state that no run has met before, what else could
//! have been chosen there is played later. What waits for that is the choices, not a world: the same choices give the same run.
mod story;

use std::collections::{BTreeSet, VecDeque};
use std::fmt::Write;
use std::sync::atomic::{AtomicBool, Ordering};

use vrrplab_engine::Span;
use vrrplab_formats::world::{LinkQuality, World};

use crate::explore::remove_clients;
use crate::invariant::Watch;
use crate::lab::{Hashed, Lab, Offer};
use crate::moment::Observer;
use crate::observe::words::time;
pub use story::Outcome;
use story::Story;

/// What is left open, and for how long it is looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Options {
    /// How many steps late an advert may be.
    pub slack: u32,
    /// How long a step is.
    pub step: Span,
    /// So many states are looked at.
    pub limit: usize,
}

/// One choice that is not the first: at which one of a run's choices, and what.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Turn {
    /// Which choice of the run, from 0.
    pub point: u32,
    /// What is chosen, from 0: what a run without choices does.
    pub choice: usize,
}

/// How the search ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Ending {
    /// All is known.
    #[default]
    Whole,
    /// There are more states than were to be looked at.
    Limit,
    /// It was to stop.
    Stopped,
}

/// The shortest way to an outcome.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Example {
    /// The choices.
    pub turns: Vec<Turn>,
    /// The same in words.
    pub told: Vec<String>,
}

/// What was found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Found {
    /// States with more than one way on.
    pub states: usize,
    /// Runs that were begun.
    pub runs: u64,
    /// Those that were played to the end; the others came to a state that was known.
    pub ended: u64,
    /// Ways that wait to be played.
    pub ahead: usize,
    /// All that may come out, in the order in which it was found, each with the fewest choices that lead there.
    pub outcomes: Vec<(Outcome, Example)>,
    /// Whether that is all.
    pub ending: Ending,
}

/// A run that was played to its end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Played {
    /// What came out.
    pub outcome: Outcome,
    /// The choices in words.
    pub told: Vec<String>,
}

/// A world whose orders are looked at.
#[derive(Debug)]
pub struct Orders {
    world: World,
    options: Options,
}

impl Orders {
    /// Looks at a world without its clients, promises and chances of its links.
    pub fn new(world: &World, options: Options) -> Orders {
        let mut world = world.clone();
        world.expectations.clear();
        world.looks.clear();
        remove_clients(&mut world);
        let networks = world.networks.iter_mut().map(|network| &mut network.link);
        let trunks = world.trunks.iter_mut().map(|trunk| &mut trunk.link);
        let ports = world.nodes.iter_mut().flat_map(|node| &mut node.ports);
        let ports = ports.filter_map(|port| port.attachment.link.as_mut());
        networks.chain(trunks).chain(ports).for_each(|link| *link = LinkQuality::after(link.delay));
        Orders { world, options }
    }

    /// The world that is played.
    pub fn world(&self) -> &World {
        &self.world
    }

    /// Plays all orders. `progress` sees how far it is after each run.
    pub fn play(&self, stop: &AtomicBool, mut progress: impl FnMut(&Found)) -> Found {
        let mut found = Found::default();
        let mut known: BTreeSet<Outcome> = BTreeSet::new();
        let mut states = BTreeSet::new();
        let mut ahead = VecDeque::from([Vec::new()]);
        while let Some(turns) = ahead.pop_front() {
            if stop.load(Ordering::Relaxed) {
                found.ending = Ending::Stopped;
                break;
            }
            if states.len() >= self.options.limit {
                found.ending = Ending::Limit;
                break;
            }
            let mut open = Vec::new();
            let played = self.run(&turns, None, |point, count, state| {
                let new = states.len() < self.options.limit && states.insert(state);
                if new {
                    open.extend((1..count).map(|choice| Turn { point, choice }));
                }
                new
            });
            ahead.extend(open.into_iter().map(|turn| [&turns[..], &[turn]].concat()));
            found.runs += 1;
            if let Some(Played { outcome, told }) = played {
                found.ended += 1;
                if known.insert(outcome.clone()) {
                    found.outcomes.push((outcome, Example { turns, told }));
                }
            }
            (found.states, found.ahead) = (states.len(), ahead.len());
            progress(&found);
        }
        found
    }

    /// Plays one order, for an observer.
    pub fn replay(&self, turns: &[Turn], observer: &mut dyn Observer) -> Option<Played> {
        self.run(turns, Some(observer), |_, _, _| true)
    }

    /// One run. `meet` is asked at every choice after the last turn: its number, how many ways there are, and the state.
    /// `None`: it did not want to go on, or a turn is none of the choices that there are.
    fn run(
        &self,
        turns: &[Turn],
        mut observer: Option<&mut dyn Observer>,
        mut meet: impl FnMut(u32, usize, u64) -> bool,
    ) -> Option<Played> {
        let mut lab = Lab::new(&self.world, self.world.seed);
        let mut watch = Watch::new(&self.world, lab.ports());
        let mut story = Story::new(&self.world);
        let (mut point, mut taken, mut told) = (0, 0, Vec::new());
        while let Some(offer) = lab.offer(self.options.slack) {
            let mut choice = 0;
            if offer.count() > 1 {
                match turns.get(taken) {
                    Some(turn) if turn.point == point => {
                        if turn.choice >= offer.count() {
                            return None;
                        }
                        choice = turn.choice;
                        taken += 1;
                        told.push(words(&lab, &offer, choice));
                    }
                    Some(_) => {}
                    None if !meet(point, offer.count(), state(&lab, &offer, &watch, &story)) => return None,
                    None => {}
                }
                point += 1;
            }
            match &mut observer {
                Some(observer) => lab.take(offer, choice, self.options.step, &mut [&mut story, &mut watch, *observer]),
                None => lab.take(offer, choice, self.options.step, &mut [&mut story, &mut watch]),
            }
            story.look(lab.masters());
        }
        match observer {
            Some(observer) => lab.step(&mut [&mut story, &mut watch, observer]),
            None => lab.step(&mut [&mut story, &mut watch]),
        };
        let violations = watch.judge().violations;
        let broken = violations.iter().filter(|violation| !violation.expected).map(|v| v.finding.invariant.id());
        (taken == turns.len()).then(|| Played { outcome: story.outcome(broken), told })
    }
}

/// What decides what may still come, and what has come out so far.
fn state(lab: &Lab<'_>, offer: &Offer, watch: &Watch, story: &Story) -> u64 {
    let mut text = Hashed::new();
    let _ = write!(text, "{:x} {:?} {story:?}", lab.state(offer), watch.pending());
    text.0
}

fn words(lab: &Lab<'_>, offer: &Offer, choice: usize) -> String {
    let (at, what, first) = (time(offer.at()), lab.describe(offer, choice), lab.describe(offer, 0));
    let before = if offer.holds_back(choice) { String::new() } else { format!(" before {first}") };
    format!("{at}  {what}{before}")
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use vrrplab_formats::scenario::{self, Files};

    use super::*;

    struct One(&'static str);

    impl Files for One {
        fn read(&self, _path: &Path) -> Result<String, String> {
            Ok(self.0.to_owned())
        }
    }

    const PAIR: &str = "
duration: 4700ms
networks:
  lan: {delay: 0us}
nodes:
  r1:
    interfaces:
      eth0: {network: lan, addresses: [10.0.0.1/24]}
    vrrp:
      - {instance: VI, interface: eth0, vrid: 51, priority: 100, vips: [10.0.0.100/24]}
  r2:
    interfaces:
      eth0: {network: lan, addresses: [10.0.0.2/24]}
    vrrp:
      - {instance: VI, interface: eth0, vrid: 51, priority: 100, vips: [10.0.0.100/24]}
";

    /// The outcomes of all runs, each played to its end.
    fn by_force(orders: &Orders) -> (BTreeSet<Outcome>, usize) {
        let (mut outcomes, mut runs) = (BTreeSet::new(), 0);
        let mut ahead = VecDeque::from([Vec::new()]);
        while let Some(turns) = ahead.pop_front() {
            let played = orders.run(&turns, None, |point, count, _| {
                ahead.extend((1..count).map(|choice| [&turns[..], &[Turn { point, choice }]].concat()));
                true
            });
            outcomes.insert(played.unwrap().outcome);
            runs += 1;
        }
        (outcomes, runs)
    }

    #[test]
    fn what_comes_to_a_known_state_brings_nothing_new() {
        let world = scenario::load(Path::new("pair.yaml"), &One(PAIR)).0.unwrap();
        let options = Options { slack: 1, step: Span::from_millis(1), limit: 10_000 };
        let orders = Orders::new(&world, options);
        let found = orders.play(&AtomicBool::new(false), |_| ());
        let (outcomes, runs) = by_force(&orders);
        assert_eq!(found.outcomes.iter().map(|(outcome, _)| outcome.clone()).collect::<BTreeSet<_>>(), outcomes);
        assert!(usize::try_from(found.runs).unwrap() * 2 < runs, "{} runs, {runs} by force", found.runs);
        println!("{} runs, {runs} by force, {} outcomes", found.runs, outcomes.len());
    }
}
