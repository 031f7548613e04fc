//! Scenario YAML read into a [`World`], all mistakes found at once; and the JSON Schema of such files.
mod clients;
mod clouds;
mod conf;
mod expect;
mod firewall;
mod hosts;
mod invariants;
mod kernel_faults;
mod keys;
mod leaf;
mod link_local;
mod looks;
mod machine;
mod networks;
mod places;
mod reader;
mod rogues;
mod routing;
mod security;
mod services;
mod several;
mod shape;
mod sysctls;
mod tables;
mod timeline;
mod units;
mod views;

use std::path::Path;
use std::sync::OnceLock;

use vrrplab_engine::model::NodeModel;
use vrrplab_engine::{Instant, Policy};

use crate::diagnostics::Report;
use crate::world::{Node, World};
use keys::Tree;
use leaf::Yaml;
use reader::Reader;
use shape::ScenarioText;

pub use crate::files::{Disk, Files};
pub use looks::{look, member};
pub use places::Places;
pub use units::choices;

/// The text of the keepalived.conf that a model of the world was read from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WrittenConf {
    /// The model.
    pub model: NodeModel,
    /// The text, includes not resolved.
    pub text: String,
}

/// Reads the scenario at `path` and the files that it names. There is a world exactly when the report has no errors.
pub fn load(path: &Path, files: &dyn Files) -> (Option<World>, Report) {
    let (world, _, report) = load_written(path, files);
    (world, report)
}

/// As [`load`], with the texts of the configurations, for those who hand them to a real keepalived.
pub fn load_written(path: &Path, files: &dyn Files) -> (Option<World>, Vec<WrittenConf>, Report) {
    let (source, unreadable) = match files.read(path) {
        Ok(source) => (source, None),
        Err(why) => (String::new(), Some(why)),
    };
    let mut reader = Reader::new(path, &source, files);
    if let Some(why) = unreadable {
        reader.refuse(0..0, format!("cannot read {}: {why}", path.display()), "", "");
        return (None, Vec::new(), reader.report);
    }
    let world = read(path, &source, &mut reader);
    let world = world.filter(|_| !reader.report.is_refused());
    if world.is_none() && !reader.report.is_refused() {
        reader.refuse(0..0, "the scenario could not be read completely", "", "");
    }
    (world, reader.written, reader.report)
}

/// Reads a moment as people type it: `8.023s`, or `8.023` for seconds, as timelines print it. The error is for them too.
pub fn moment(text: &str) -> Result<Instant, String> {
    let with_unit = units::time(text).or_else(|why| units::time(&format!("{text}s")).map_err(|_| why));
    with_unit.map(|span| Instant(span.0)).map_err(|why| format!("{}: {}", why.title, why.help))
}

/// The JSON Schema of scenario files, for editors.
pub fn schema() -> String {
    serde_json::to_string_pretty(shape_schema()).unwrap_or_default() + "\n"
}

/// The schema, made once: whoever reads thousands of scenarios needs it each time.
fn shape_schema() -> &'static serde_json::Value {
    static SCHEMA: OnceLock<serde_json::Value> = OnceLock::new();
    SCHEMA.get_or_init(|| schemars::schema_for!(ScenarioText).to_value())
}

fn parse<T: serde::de::DeserializeOwned>(source: &str, reader: &mut Reader<'_>) -> Option<T> {
    let options = serde_saphyr::options! {
        strict_booleans: true,
        with_snippet: false,
        budget: serde_saphyr::budget! { max_anchors: 64, max_nodes: 100_000, max_depth: 64 },
    };
    match serde_saphyr::from_str_with_options(source, options) {
        Ok(value) => Some(value),
        Err(why) => {
            let at = why.location().map_or(0..0, |at| reader.range(&at));
            let words = why.without_snippet().to_string();
            let words = words.lines().next().unwrap_or_default();
            let title = words.rsplit_once(" at line ").map_or(words, |(title, _)| title);
            let title = title.split_once(", set ").map_or(title, |(title, _)| title);
            reader.refuse(at, format!("this is not valid: {title}"), "", "");
            None
        }
    }
}

fn read(path: &Path, source: &str, reader: &mut Reader<'_>) -> Option<World> {
    let tree: Yaml<Tree> = parse(source, reader)?;
    keys::check(&tree, shape_schema(), reader);
    if reader.report.is_refused() {
        return None;
    }
    let text: ScenarioText = parse(source, reader)?;
    let stem = || path.file_stem().map(|s| s.to_string_lossy().into_owned()).unwrap_or_default();
    let name = reader.maybe(&text.name).map_or_else(stem, |s| s.value);
    let about = reader.or(&text.about, String::new());
    let seed = seed(&text, reader);
    let duration = reader.read(&text.duration).map(|d| d.value);
    reader.end = duration;
    let policy = reader.or(&text.policy, Policy::default());
    hosts::read(&text, policy, reader);
    let mut faults = timeline::read(text.timeline.as_deref().unwrap_or_default(), reader);
    let lines = tree.value.lines("expect", source);
    let expectations = expect::read(text.expect.as_deref().unwrap_or_default(), lines, reader);
    let looks = reader.looks(text.show.as_deref().unwrap_or_default());
    let lines = tree.value.lines("expect_violation", source);
    let violations = text.expect_violation.as_deref().unwrap_or_default();
    let invariants = invariants::read(text.invariants.as_ref(), violations, lines, reader);
    let complete = |n: &reader::NodeSoFar| {
        let model = n.model.clone()?;
        let (ports, files, kernel) = (n.ports.clone(), n.files.clone(), n.kernel.clone());
        let (services, cloud_calls, clock) = (n.services.clone(), n.cloud_calls.clone(), n.clock);
        Some(Node { model, ports, start: n.start, services, files, daemon: n.daemon, kernel, cloud_calls, clock })
    };
    let mut nodes = reader.nodes.iter().map(complete).collect::<Option<Vec<_>>>()?;
    link_local::give(&mut nodes, &mut faults);
    let (networks, clients) = (reader.networks.clone(), reader.clients.clone());
    let rogues = reader.rogues.iter().flatten().cloned().collect();
    let must_fail = reader.or(&text.must_fail, false);
    let (trunks, duration) = (reader.trunks.clone(), duration?);
    Some(World {
        name,
        about,
        seed,
        duration,
        networks,
        trunks,
        nodes,
        clients,
        rogues,
        faults,
        expectations,
        looks,
        must_fail,
        invariants,
    })
}

fn seed(text: &ScenarioText, reader: &mut Reader<'_>) -> u64 {
    let Some(read) = reader.maybe(&text.seed) else { return 1 };
    u64::try_from(read.value).unwrap_or_else(|_| {
        reader.refuse(read.span, "a seed is not negative", "", "0 or more");
        1
    })
}

#[cfg(test)]
mod tests;
