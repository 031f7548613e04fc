//! Scenario YAML read into a [`World`], all mistakes found at once; and the JSON Schema of such files.
mod conf;
mod expect;
mod hosts;
mod keys;
mod leaf;
mod reader;
mod shape;
mod timeline;
mod units;

use std::path::Path;

use vrrplab_engine::Policy;

use crate::diagnostics::Report;
use crate::world::{Node, World};
use keys::Tree;
use leaf::Yaml;
use reader::Reader;
use shape::ScenarioText;

/// Where texts come from.
pub trait Files {
    /// The text of the file, or why there is none.
    fn read(&self, path: &Path) -> Result<String, String>;
    /// The sorted names in a folder, for configurations that include files by pattern.
    fn list(&self, folder: &Path) -> Result<Vec<String>, String> {
        Err(format!("the names in {} are not known", folder.display()))
    }
}

/// The file system.
#[derive(Clone, Copy, Debug, Default)]
pub struct Disk;

impl Files for Disk {
    fn read(&self, path: &Path) -> Result<String, String> {
        std::fs::read_to_string(path).map_err(|why| why.to_string())
    }
    fn list(&self, folder: &Path) -> Result<Vec<String>, String> {
        let here = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
        let entries = std::fs::read_dir(here).map_err(|why| why.to_string())?;
        let mut names = Vec::new();
        for entry in entries {
            names.push(entry.map_err(|why| why.to_string())?.file_name().to_string_lossy().into_owned());
        }
        names.sort();
        Ok(names)
    }
}

/// Reads the scenario at `path` and the files that it names. There is a world exactly when the report has no errors.
pub fn load(path: &Path, files: &dyn Files) -> (Option<World>, Report) {
    let (source, unreadable) = match files.read(path) {
        Ok(source) => (source, None),
        Err(why) => (String::new(), Some(why)),
    };
    let mut reader = Reader::new(path, &source, files);
    if let Some(why) = unreadable {
        reader.refuse(0..0, format!("cannot read {}: {why}", path.display()), "", "");
        return (None, reader.report);
    }
    let world = read(path, &source, &mut reader);
    let world = world.filter(|_| !reader.report.has_errors());
    if world.is_none() && !reader.report.has_errors() {
        reader.refuse(0..0, "the scenario could not be read completely", "", "");
    }
    (world, reader.report)
}

/// The JSON Schema of scenario files, for editors.
pub fn schema() -> String {
    let schema = schemars::schema_for!(ScenarioText).to_value();
    serde_json::to_string_pretty(&schema).unwrap_or_default() + "\n"
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
    keys::check(&tree, &schemars::schema_for!(ScenarioText).to_value(), reader);
    if reader.report.has_errors() {
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
    let faults = timeline::read(text.timeline.as_deref().unwrap_or_default(), reader);
    let lines = tree.value.lines("expect", source);
    let expectations = expect::read(text.expect.as_deref().unwrap_or_default(), lines, reader);
    let complete = |n: &reader::NodeSoFar| {
        let model = n.model.clone()?;
        Some(Node { model, ports: n.ports.clone(), start: n.start, http: n.http, files: n.files.clone() })
    };
    let nodes = reader.nodes.iter().map(complete).collect::<Option<Vec<_>>>()?;
    let (networks, clients) = (reader.networks.clone(), reader.clients.clone());
    Some(World { name, about, seed, duration: duration?, networks, nodes, clients, faults, expectations })
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
