//! Folders of scenarios: which files are in them, under which themes; their page in the documentation; and new ones.
pub mod page;
pub mod starter;

use std::io;
use std::path::{Path, PathBuf};

/// One scenario file of a library.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Entry {
    /// Where it is, as its user named it.
    pub path: PathBuf,
    /// The folder that it lies in, below the folder that was asked for; that folder's own name at its top.
    pub theme: String,
}

impl Entry {
    /// The file's name without its ending.
    pub fn stem(&self) -> String {
        self.path.file_stem().map_or_else(String::new, |stem| stem.to_string_lossy().into_owned())
    }

    /// Theme and name: `basics/link-cut`.
    pub fn label(&self) -> String {
        if self.theme.is_empty() { self.stem() } else { format!("{}/{}", self.theme, self.stem()) }
    }
}

/// Every scenario of these folders and files, by path, each once.
pub fn entries(asked: &[PathBuf]) -> io::Result<Vec<Entry>> {
    let mut all: Vec<Entry> = Vec::new();
    for root in asked {
        let found = find(root).map_err(|why| io::Error::other(format!("{}: {why}", root.display())))?;
        all.extend(found.into_iter().map(|path| Entry { theme: theme(root, &path), path }));
    }
    all.sort();
    all.dedup_by(|one, other| one.path == other.path);
    Ok(all)
}

fn theme(root: &Path, path: &Path) -> String {
    let folder = path.parent().unwrap_or(Path::new(""));
    let below = folder.strip_prefix(root).ok().filter(|below| !below.as_os_str().is_empty());
    let words: Vec<String> = match below {
        Some(below) => below.iter().map(|word| word.to_string_lossy().into_owned()).collect(),
        None => folder.file_name().map(|name| name.to_string_lossy().into_owned()).into_iter().collect(),
    };
    words.join("/")
}

/// Every scenario file (`*.yaml`) below a folder, by path. A file is its own only one.
pub fn find(path: &Path) -> io::Result<Vec<PathBuf>> {
    if !path.is_dir() {
        return Ok(vec![path.to_owned()]);
    }
    let mut found = Vec::new();
    let mut folders = vec![path.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder)? {
            let path = entry?.path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|ending| ending == "yaml") {
                found.push(path);
            }
        }
    }
    found.sort();
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_theme_is_the_folder_below_the_one_asked_for_or_that_folder_itself() {
        let of = |root: &str, path: &str| theme(Path::new(root), Path::new(path));
        assert_eq!(of("scenarios", "scenarios/basics/link-cut.yaml"), "basics");
        assert_eq!(of("scenarios", "scenarios/split-brain.yaml"), "scenarios");
        assert_eq!(of("scenarios/basics", "scenarios/basics/link-cut.yaml"), "basics");
        assert_eq!(of("lab", "lab/sites/north/pair.yaml"), "sites/north");
        assert_eq!(of("lab/one.yaml", "lab/one.yaml"), "lab");
        assert_eq!(of("one.yaml", "one.yaml"), "");
    }
}
