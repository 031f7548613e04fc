//! From texts to a world. The last one is kept: while a fault is moved, the texts are the same.
use std::cell::RefCell;
use std::path::{Path, PathBuf};

use vrrplab_formats::diagnostics::Report;
use vrrplab_formats::scenario;
use vrrplab_formats::world::World;
use vrrplab_sim::library::starter::{self, Conf};

use crate::question::{Question, Texts};
use crate::told::{self, Told};

/// Where a scenario that is made around configurations is.
const MADE: &str = "pair.yaml";

/// What texts say.
#[derive(Clone, Debug, Default)]
pub(crate) struct Reading {
    /// The world; none when it cannot be played.
    pub world: Option<World>,
    /// What was found in the texts.
    pub diagnostics: Vec<Told>,
    /// The scenario that was made around configurations.
    pub made: Option<String>,
    /// What cannot be said of a place in a text.
    pub error: Option<String>,
}

thread_local! {
    static LAST: RefCell<Option<(Question, Reading)>> = const { RefCell::new(None) };
}

/// Reads the texts of a question, unless the last question had the same.
pub(crate) fn of(question: &Question) -> Reading {
    let kept = LAST.with_borrow(|last| match last {
        Some((of, reading)) if of.reads_as(question) => Some(reading.clone()),
        _ => None,
    });
    kept.unwrap_or_else(|| {
        let reading = read(question);
        LAST.set(Some((question.clone(), reading.clone())));
        reading
    })
}

fn read(question: &Question) -> Reading {
    let mut reading = Reading::default();
    let mut report = Report::default();
    reading.world = match &question.scenario {
        Some(path) => {
            let (world, found) = scenario::load(Path::new(path), &Texts(&question.files));
            report = found;
            world
        }
        None => made(question, &mut reading, &mut report),
    };
    reading.diagnostics = told::all(&report);
    reading
}

/// The world around the configurations of a question.
fn made(question: &Question, reading: &mut Reading, report: &mut Report) -> Option<World> {
    let text = |path: &String| question.files.get(path).cloned().unwrap_or_default();
    let conf = |path: &String| Conf { path: PathBuf::from(path), text: text(path), called: path.clone() };
    let confs: Vec<Conf> = question.confs.iter().map(conf).collect();
    if confs.is_empty() {
        reading.error = Some("neither a scenario nor a configuration to play".to_owned());
        return None;
    }
    let texts = Texts(&question.files);
    match starter::around(&confs, Path::new(MADE), &texts, report) {
        Ok(made) => {
            let text = made?;
            let memory = starter::Memory { path: Path::new(MADE), text: &text, below: &texts };
            let world = scenario::load(Path::new(MADE), &memory).0;
            reading.made = Some(text);
            world
        }
        Err(why) => {
            reading.error = Some(why.trim_start_matches("error: ").trim_end().to_owned());
            None
        }
    }
}
