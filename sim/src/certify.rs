//! What a pair survives: not drawn but systematic, every fault at every place and at the moments that matter, and what each costs.
//!
//! [`Certifier`] knows a world in service and all that can break in it, plays one fault or two, and measures; [`Table`]
//! holds the worst of each; [`written`](Certifier::written) makes a scenario of a case.
mod boundaries;
mod catalogue;
mod client;
mod eve;
mod meter;
mod pairs;
mod scenario_file;
mod table;

use std::path::{Path, PathBuf};

use vrrplab_engine::{Instant, Span};
use vrrplab_formats::diagnostics::Report;
use vrrplab_formats::scenario::{self, Files};
use vrrplab_formats::world::{TimedFault, World};

use crate::explore::{Case, Strike, Thought, phases};
use crate::invariant::Watch;
use crate::lab::Lab;
use boundaries::Boundaries;
pub use catalogue::Candidate;
pub(crate) use client::add as add_clients;
use eve::{Blow, Eve};
pub use meter::Measure;
pub use pairs::Pairs;
pub use table::{Hit, Row, Table};

/// A fault that is over before anybody has to act.
const BLINK: Span = Span::from_millis(500);
/// From the moment on that all are in service, and what belongs to it is done.
const REST: Span = Span::from_millis(10);
/// No longer than this are moments looked for.
const LONGEST_PERIOD: Span = Span::from_secs(10);
/// At most so many moments are tried for a fault.
const INSTANTS: usize = 24;

/// A world in service, and all that can break in it.
#[derive(Clone, Debug)]
pub struct Certifier {
    path: PathBuf,
    case: Case,
    world: World,
    candidates: Vec<Candidate>,
    instants: Vec<Instant>,
    hold: Span,
    added: Vec<String>,
}

/// Why a scenario cannot be certified, or swept.
#[derive(Clone, Debug)]
pub enum Unfit {
    /// It cannot be read, as it is or as it is to be played.
    Unreadable(Box<Report>),
    /// In one sentence.
    Because(String),
}

impl Certifier {
    /// Reads a scenario. Its own faults and promises do not count; where nobody asks, a client is added to each network.
    pub fn read(path: &Path, files: &dyn Files) -> Result<Certifier, Unfit> {
        let (read, report) = scenario::load(path, files);
        if read.is_none() {
            return Err(Unfit::Unreadable(Box::new(report)));
        }
        let mut case = Case::read(path, files).map_err(Unfit::Because)?;
        case.forget_promises();
        let mut world = load(path, files, &case)?;
        let mut added = Vec::new();
        if world.clients.is_empty() {
            added = add_clients(&mut case, &world);
            world = load(path, files, &case)?;
        }
        let (_, hold) = phases(&world, Watch::new(&world, Lab::new(&world, world.seed).ports()).calm());
        let instants = instants(&world, hold)?;
        let candidates = catalogue::candidates(&world);
        Ok(Certifier { path: path.to_owned(), case, world, candidates, instants, hold, added })
    }

    /// The world.
    pub fn world(&self) -> &World {
        &self.world
    }

    /// All that can break.
    pub fn candidates(&self) -> &[Candidate] {
        &self.candidates
    }

    /// The moments at which single faults come.
    pub fn instants(&self) -> &[Instant] {
        &self.instants
    }

    /// How long faults last that last, and how long calm is watched after them.
    pub fn hold(&self) -> Span {
        self.hold
    }

    /// The names of the clients that the scenario did not have.
    pub fn added(&self) -> &[String] {
        &self.added
    }

    /// One fault, at all its moments, lasting and as a blink.
    pub fn single(&self, candidate: usize) -> Row {
        let mut eve = Eve::of(&self.world);
        let mut row = Row::new(vec![candidate]);
        let lengths: &[Span] = if self.candidates[candidate].at_once { &[Span::ZERO] } else { &[self.hold, BLINK] };
        let mut played = Vec::new();
        for &at in &self.instants {
            eve.run_before(at);
            for (position, &lasts) in lengths.iter().enumerate() {
                let hits = [Hit { candidate, at, lasts }];
                played.push((position, hits, self.strike_at(&eve, &hits)));
            }
        }
        // of equally bad ones that is told which lasts
        played.sort_by_key(|(position, ..)| *position);
        for (_, hits, measure) in &played {
            row.add(hits, measure);
        }
        row
    }

    /// Plays these faults after their eve, and measures from the first on.
    fn strike_at(&self, eve: &Eve<'_>, hits: &[Hit]) -> Measure {
        let strikes = self.strikes(hits);
        let over = strikes.iter().map(Strike::is_over).max().unwrap_or_default();
        let from = strikes.iter().map(|strike| strike.at).min().unwrap_or_default();
        // whether service is back while something lasts can only be told when it lasts long enough
        let lasting = hits.iter().filter(|hit| hit.lasts > Span::ZERO).all(|hit| hit.lasts >= self.hold);
        let blow = Blow { faults: &faults(&strikes), from, over, hold: self.hold };
        eve.cost(&blow).measure(lasting && over > from)
    }

    fn strikes(&self, hits: &[Hit]) -> Vec<Strike> {
        hits.iter().map(|hit| self.strike(hit)).collect()
    }

    fn strike(&self, hit: &Hit) -> Strike {
        self.candidates[hit.candidate].strike(hit.at, hit.lasts)
    }

    /// The fault in words.
    pub fn name(&self, candidate: usize) -> String {
        let candidate = &self.candidates[candidate];
        format!("{} {}", candidate.place, candidate.what)
    }
}

fn faults(strikes: &[Strike]) -> Vec<TimedFault> {
    let all = strikes.iter().flat_map(Strike::faults);
    let mut all: Vec<TimedFault> = all.map(|(at, fault)| TimedFault { at, fault: fault.clone() }).collect();
    all.sort_by_key(|timed| timed.at);
    all
}

/// The world of a case, read as a file would be.
fn load(path: &Path, files: &dyn Files, case: &Case) -> Result<World, Unfit> {
    let text = case.file.print();
    let (world, report) = scenario::load(path, &Thought { path, text: &text, files });
    world.ok_or_else(|| Unfit::Unreadable(Box::new(report)))
}

/// The moments around everything that a world in service decides and sends in one period.
fn instants(world: &World, hold: Span) -> Result<Vec<Instant>, Unfit> {
    let mut calm = world.clone();
    let first = world.clients.iter().map(|client| client.from + client.timeout.times(2)).max().unwrap_or_default();
    let starts = world.nodes.iter().filter_map(|node| node.start).max().unwrap_or_default();
    let instances = world.nodes.iter().flat_map(|node| &node.model.instances);
    let period = instances.map(|instance| instance.advert_int).max().unwrap_or_default().min(LONGEST_PERIOD);
    let warm = (starts + hold).max(first);
    calm.duration = (warm + period + REST + REST).since(Instant::ZERO);
    let mut boundaries = Boundaries::new(&calm);
    Lab::new(&calm, calm.seed).run(&mut [&mut boundaries]);
    if !boundaries.has_master() {
        return Err(Unfit::Because("nobody becomes master without any fault: there is nothing to be certified".into()));
    }
    let from = boundaries.settled(warm) + REST;
    let mut found = boundaries.around(from, from + period, INSTANTS);
    if found.is_empty() {
        found.push(from);
    }
    Ok(found)
}
