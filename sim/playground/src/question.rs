//! What a page asks: texts, which of them to play, a seed, and by how much a fault is moved.
use std::collections::BTreeMap;
use std::path::{Component, Path};

use serde::Deserialize;
use vrrplab_formats::files::Files;

/// A question.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Question {
    /// Texts by their paths.
    pub files: BTreeMap<String, String>,
    /// The scenario among them; none: one is made around `confs`.
    #[serde(default)]
    pub scenario: Option<String>,
    /// The configurations to make a scenario around.
    #[serde(default)]
    pub confs: Vec<String>,
    /// The seed, if not the scenario's.
    #[serde(default)]
    pub seed: Option<u64>,
    /// The command line that does the same, if there is one.
    #[serde(default)]
    pub repeat: Option<String>,
    /// What is moved in time.
    #[serde(default)]
    pub moved: Option<Moved>,
}

impl Question {
    /// Whether the same texts are to be read in the same way.
    pub fn reads_as(&self, other: &Question) -> bool {
        self.scenario == other.scenario && self.confs == other.confs && self.files == other.files
    }
}

/// A fault, or all of them, later or earlier than written.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Moved {
    /// Which, in order of time; none: all.
    #[serde(default)]
    pub which: Option<usize>,
    /// By so many nanoseconds.
    pub by: i64,
}

/// The texts of a question, as files.
pub(crate) struct Texts<'q>(pub &'q BTreeMap<String, String>);

impl Files for Texts<'_> {
    fn read(&self, path: &Path) -> Result<String, String> {
        self.0
            .get(&plain(path))
            .cloned()
            .ok_or_else(|| "there is no such file here; add it to the files of the scenario".into())
    }

    fn list(&self, folder: &Path) -> Result<Vec<String>, String> {
        let folder = plain(folder);
        let below = |path: &String| {
            let rest = if folder.is_empty() { path.as_str() } else { path.strip_prefix(&folder)?.strip_prefix('/')? };
            rest.split('/').next().map(str::to_owned)
        };
        let mut names: Vec<String> = self.0.keys().filter_map(below).collect();
        names.dedup();
        Ok(names)
    }
}

/// A path without `.` and `..`, as far as names tell.
fn plain(path: &Path) -> String {
    let mut parts: Vec<String> = Vec::new();
    for part in path.components() {
        match part {
            Component::ParentDir => {
                parts.pop();
            }
            Component::Normal(name) => parts.push(name.to_string_lossy().into_owned()),
            Component::Prefix(_) | Component::RootDir | Component::CurDir => {}
        }
    }
    parts.join("/")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_found_by_their_paths_and_listed_by_their_folders() {
        let files =
            ["a/x.yaml", "a/conf/r1.conf", "a/conf/r2.conf", "b.conf"].map(|path| (path.to_owned(), path.to_owned()));
        let files = BTreeMap::from(files);
        let texts = Texts(&files);
        assert_eq!(texts.read(Path::new("a/conf/../x.yaml")), Ok("a/x.yaml".to_owned()));
        assert_eq!(texts.read(Path::new("./b.conf")), Ok("b.conf".to_owned()));
        assert!(texts.read(Path::new("a/y.yaml")).unwrap_err().contains("no such file"));
        assert_eq!(texts.list(Path::new("a")), Ok(vec!["conf".to_owned(), "x.yaml".to_owned()]));
        assert_eq!(texts.list(Path::new("")), Ok(vec!["a".to_owned(), "b.conf".to_owned()]));
    }
}
