//! The tree as texts: every file of the repository that is readable as UTF-8, in order of its path.
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// One file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Text {
    /// Path from the root, with `/`.
    pub path: String,
    /// What it says.
    pub text: String,
}

/// The root of the repository.
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// Reads every text file below `root`, leaving out what is built, recorded or hidden (but not the checks themselves).
pub fn read(root: &Path) -> io::Result<Vec<Text>> {
    let mut texts = Vec::new();
    descend(root, "", &mut texts)?;
    texts.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(texts)
}

fn descend(dir: &Path, prefix: &str, texts: &mut Vec<Text>) -> io::Result<()> {
    for entry in fs::read_dir(dir)? {
        let entry = entry?;
        let Ok(name) = entry.file_name().into_string() else { continue };
        if !belongs(prefix, &name) {
            continue;
        }
        let path = if prefix.is_empty() { name } else { format!("{prefix}/{name}") };
        let kind = entry.file_type()?;
        if kind.is_dir() {
            descend(&entry.path(), &path, texts)?;
        } else if kind.is_file()
            && let Ok(text) = String::from_utf8(fs::read(entry.path())?)
        {
            texts.push(Text { path, text });
        }
    }
    Ok(())
}

fn belongs(prefix: &str, name: &str) -> bool {
    let built = prefix.is_empty() && (name == "target" || name == "out");
    let hidden = name.starts_with('.') && name != ".ci" && name != ".github" && name != ".gitignore";
    let fuzzed = prefix == "engine/formats/fuzz" && ["target", "corpus", "seeds", "artifacts"].contains(&name);
    let pending = name.ends_with(".pending-snap") || name.ends_with(".snap.new");
    !(built || fuzzed || hidden || pending)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_checks_themselves_are_read_and_built_files_are_not() {
        let paths: Vec<String> = read(&root()).expect("the tree is readable").into_iter().map(|t| t.path).collect();
        assert!(paths.contains(&"ci/src/tree.rs".to_owned()));
        assert!(paths.contains(&".ci/run".to_owned()));
        assert!(!paths.iter().any(|p| p.starts_with("target/") || p.starts_with(".git/")));
        assert!(paths.is_sorted());
    }
}
