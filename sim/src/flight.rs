//! Runs an engine and its checkers again on a flight recording, and compares what comes out with what came out.
//!
//! [`Pilot`] does that, input by input; [`tell`] prints it as a timeline, [`scenario`] makes a scenario of it.
mod flown;
pub mod scenario;
mod story;
pub mod tell;

use vrrplab_engine::health::{Checkers, Warmups};
use vrrplab_engine::model::NodeModel;
use vrrplab_engine::{Engine, Instant};
use vrrplab_formats::diagnostics::Report;
use vrrplab_formats::flight::{Configuration, Entry, Happened, Header, Part};

pub use flown::Flown;
pub use story::Story;
pub(crate) use story::{Heard, Peer, quoted};

/// An engine that is flown along a recording.
pub struct Pilot {
    engine: Engine,
    /// They are there from when the recording says that they are made.
    checkers: Option<Checkers>,
    model: NodeModel,
    start: Instant,
}

/// Where a recording and its replay part.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// After which input.
    pub at: Instant,
    /// Which output of it, from 0.
    pub position: usize,
    /// What came out then; nothing if that was all.
    pub recorded: Option<String>,
    /// What comes out now.
    pub replayed: Option<String>,
}

impl Pilot {
    /// Takes a seat. A configuration that gives no model is an error: the daemon had one.
    pub fn new(header: &Header, report: &mut Report) -> Result<Pilot, String> {
        let model = header.configuration.model(report);
        let model = model.ok_or("the recorded configuration cannot be used")?;
        Ok(Pilot { engine: Engine::new(model.clone()), checkers: None, model, start: Instant(header.at) })
    }

    /// What the engine was told to be last.
    pub fn model(&self) -> &NodeModel {
        &self.model
    }

    /// The name of the instance at this position.
    pub fn instance_name(&self, position: usize) -> &str {
        self.engine.instance_name(position)
    }

    /// Time since the recording began.
    pub fn since_start(&self, at: u64) -> Instant {
        Instant(Instant(at).since(self.start).0)
    }

    /// Tells the engine or the checkers the next thing, and gives what comes out.
    pub fn fly(&mut self, entry: &Entry) -> Result<Flown, String> {
        if entry.part == Part::Checkers {
            return self.check(entry);
        }
        let mut reloaded = None;
        if let Happened::Reload(configuration) = &entry.happened {
            let model = read(configuration)?;
            self.model = model.clone();
            reloaded = Some(model);
        }
        let input = entry.happened.input(reloaded).ok_or("VRRP is told what only checkers are")?;
        self.engine.handle(Instant(entry.at), input);
        Ok(Flown::Vrrp(std::iter::from_fn(|| self.engine.poll()).collect()))
    }

    fn check(&mut self, entry: &Entry) -> Result<Flown, String> {
        let mut reloaded = None;
        match &entry.happened {
            Happened::Made { seed, configuration, told } => {
                let other = configuration.as_deref().map(read).transpose()?;
                let model = other.as_ref().unwrap_or(&self.model);
                let mut checkers = Checkers::new(model, Warmups::Seed(*seed));
                checkers.set_told(*told);
                self.checkers = Some(checkers);
                return Ok(Flown::Checkers(Vec::new()));
            }
            Happened::Reload(configuration) => reloaded = Some(read(configuration)?),
            _ => {}
        }
        let checkers = self.checkers.as_mut().ok_or("checkers are told something before they are made")?;
        let input = entry.happened.input_of_checkers(reloaded.as_ref());
        checkers.handle(Instant(entry.at), input.ok_or("checkers are told what only VRRP is")?);
        Ok(Flown::Checkers(std::iter::from_fn(|| checkers.poll()).collect()))
    }

    /// The first of these outputs that is not the recorded one.
    pub fn compare(&self, entry: &Entry, outputs: &Flown) -> Option<Difference> {
        let replayed = outputs.words();
        let length = replayed.len().max(entry.outputs.len());
        let position = (0..length).find(|n| replayed.get(*n) != entry.outputs.get(*n))?;
        Some(Difference {
            at: self.since_start(entry.at),
            position,
            recorded: entry.outputs.get(position).cloned(),
            replayed: replayed.get(position).cloned(),
        })
    }
}

fn read(configuration: &Configuration) -> Result<NodeModel, String> {
    let model = configuration.model(&mut Report::default());
    model.ok_or_else(|| "a reload in the recording has a configuration that cannot be used".to_owned())
}
