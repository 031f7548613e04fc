//! Runs an engine again on a flight recording, and compares what comes out with what came out.
//!
//! [`Pilot`] does that, input by input; [`tell`] prints it as a timeline, [`scenario`] makes a scenario of it.
pub mod scenario;
mod story;
pub mod tell;

use vrrplab_engine::model::NodeModel;
use vrrplab_engine::{Engine, Instant, Output};
use vrrplab_formats::diagnostics::Report;
use vrrplab_formats::flight::{Entry, Happened, Header, words};

pub use story::Story;
pub(crate) use story::{Heard, Peer, quoted};

/// An engine that is flown along a recording.
pub struct Pilot {
    engine: Engine,
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
        Ok(Pilot { engine: Engine::new(model.clone()), model, start: Instant(header.at) })
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

    /// Tells the engine the next thing, and gives what comes out.
    pub fn fly(&mut self, entry: &Entry) -> Result<Vec<Output>, String> {
        let mut reloaded = None;
        if let Happened::Reload(configuration) = &entry.happened {
            let model = configuration.model(&mut Report::default());
            let model = model.ok_or("a reload in the recording has a configuration that cannot be used")?;
            self.model = model.clone();
            reloaded = Some(model);
        }
        let input = entry.happened.input(reloaded).ok_or("a reload without a configuration")?;
        self.engine.handle(Instant(entry.at), input);
        Ok(std::iter::from_fn(|| self.engine.poll()).collect())
    }

    /// The first of these outputs that is not the recorded one.
    pub fn compare(&self, entry: &Entry, outputs: &[Output]) -> Option<Difference> {
        let replayed: Vec<String> = outputs.iter().map(words).collect();
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
