//! `include` and its five stricter forms: which files are meant, and what is said when they are not there.
use std::path::{Component, Path, PathBuf};

use super::glob::{alternatives, is_pattern, matches};
use super::line::Line;
use super::preprocess::Preprocessor;
use crate::diagnostics::{Keepalived, Place};

/// How deep files may include files.
const DEEPEST: usize = 32;
/// How many `{a,b}` combinations one name may have.
const MOST_ALTERNATIVES: usize = 1000;
/// How long the name of a file may be, in bytes: no system opens a longer one.
const LONGEST_NAME: usize = 4096;

/// What a file must be able to give.
#[derive(Clone, Copy, Default)]
pub(super) struct Demands {
    file: bool,
    pattern: bool,
    alternative: bool,
}

fn demands(keyword: &str) -> Option<Demands> {
    let [file, pattern, alternative] = match keyword {
        "include" | "includer" => [false; 3],
        "includem" => [true, false, false],
        "includew" => [false, true, false],
        "includeb" => [false, false, true],
        "includea" => [true; 3],
        _ => return None,
    };
    Some(Demands { file, pattern, alternative })
}

impl Demands {
    /// Both of them.
    fn and(self, more: Demands) -> Demands {
        Demands {
            file: self.file || more.file,
            pattern: self.pattern || more.pattern,
            alternative: self.alternative || more.alternative,
        }
    }

    /// What `include_check` with these words adds; words may begin with `+` or `-`.
    pub(super) fn checked<'t>(self, words: impl Iterator<Item = &'t str>) -> Demands {
        let (mut demands, mut any) = (self, false);
        for word in words {
            let wanted = !word.starts_with('-');
            if !any && !word.starts_with(['+', '-']) {
                demands = Demands::default();
            }
            any = true;
            match word.trim_start_matches(['+', '-']) {
                "match" => demands.file = wanted,
                "wildcard_match" => demands.pattern = wanted,
                "brace_match" => demands.alternative = wanted,
                _ => {}
            }
        }
        if any { demands } else { Demands { file: true, pattern: true, alternative: true } }
    }
}

/// Whether the statement that begins this text includes files.
pub(super) fn is_include(text: &str) -> bool {
    let word = text.trim_start().split(|c: char| c.is_whitespace() || c == '{' || c == '}' || c == '"').next();
    word.is_some_and(|w| demands(w).is_some())
}

/// The file name after the keyword: where it is in the text, and where the rest of the line begins.
fn argument(text: &str, from: usize) -> (std::ops::Range<usize>, usize) {
    let start = text.len() - text[from..].trim_start().len();
    if let Some(inner) = text[start..].strip_prefix('"') {
        let end = start + 1 + inner.find('"').unwrap_or(inner.len());
        return (start + 1..end, text.len().min(end + 1));
    }
    let mut depth = 0_usize;
    for (i, c) in text[start..].char_indices() {
        match c {
            '{' => depth += 1,
            '}' if depth > 0 => depth -= 1,
            c if c == '}' || c.is_whitespace() => return (start..start + i, start + i),
            _ => {}
        }
    }
    (start..text.len(), text.len())
}

impl Preprocessor<'_> {
    /// A statement at `from` whose first word includes files; the answer is where the rest of the line begins.
    pub(super) fn include(&mut self, line: &Line, from: usize) -> Option<usize> {
        let text = line.text.as_str();
        let word = from..text[from..].find(|c: char| !c.is_ascii_alphabetic()).map_or(text.len(), |i| from + i);
        let demands = demands(&text[word.clone()])?.and(self.include_check);
        let (name, end) = argument(text, word.end);
        let rest = line.blanks_from(end);
        let keyword = line.at(word.clone());
        if name.is_empty() {
            self.report.error(&keyword, format!("`{}` needs a file", &text[word]), "no name follows").survived();
            return Some(rest);
        }
        let at = line.at(name.clone());
        self.include_all(&text[name], demands, &at);
        if text[rest..].is_empty() || text[rest..].starts_with(['{', '}']) {
            return Some(rest);
        }
        let cut = text[rest..].find(['{', '}']).map_or(text.len(), |i| rest + i);
        self.report.warning(&line.at(rest..cut), "only one file is included", "this is not read").unnoticed();
        Some(cut)
    }

    fn include_all(&mut self, name: &str, demands: Demands, at: &Place) {
        let Some(files) = self.options.includes else { return };
        if name.len() > LONGEST_NAME {
            let label = format!("more than {LONGEST_NAME} bytes");
            self.report.error(at, "the name of this file is too long", label);
            return;
        }
        let Some(names) = alternatives(name, MOST_ALTERNATIVES) else {
            let label = format!("more than {MOST_ALTERNATIVES}");
            self.report.error(at, "too many alternatives", label);
            return;
        };
        let (several, mut found_any) = (names.len() > 1, false);
        let mut missing = Vec::new();
        for name in names {
            if !self.spend_line(at) {
                return;
            }
            let path = plain(&self.folder.join(&name));
            let strict = if is_pattern(&name) { demands.pattern } else { demands.file };
            let paths = match is_pattern(&name) {
                true => glob(&path, &|folder| files.list(folder)),
                false => Ok(vec![path.clone()]),
            };
            let why = match paths {
                Ok(paths) if paths.is_empty() => Some("no file has such a name".to_owned()),
                Ok(paths) if is_pattern(&name) => {
                    found_any = true;
                    for path in paths {
                        if let Err(why) = self.include_one(&path, at) {
                            self.not_included(&path, &why, false, at);
                        }
                    }
                    None
                }
                Ok(_) => {
                    let read = self.include_one(&path, at);
                    found_any |= read.is_ok();
                    read.err()
                }
                Err(why) => Some(why),
            };
            missing.extend(why.map(|why| (path, why, strict)));
        }
        for (path, why, strict) in missing {
            let is_error = if several { demands.alternative || (strict && !found_any) } else { strict };
            if is_error || !found_any {
                self.not_included(&path, &why, is_error, at);
            }
        }
    }

    fn not_included(&mut self, path: &Path, why: &str, is_error: bool, at: &Place) {
        let title = format!("cannot include {}: {why}", path.display());
        if is_error {
            self.report
                .error(at, title, "this file must be there")
                .help("keepalived ends at once; `include` goes on without the file")
                .keepalived(Keepalived::Refuses(6));
        } else {
            self.report.warning(at, title, "nothing is read here").unnoticed();
        }
    }

    fn include_one(&mut self, path: &Path, at: &Place) -> Result<(), String> {
        let name = path.display().to_string();
        if self.files.contains(&name) || self.files.len() > DEEPEST {
            let loops = self.files.contains(&name);
            let title = if loops { "files include each other" } else { "files include files too deeply" };
            // a chain that is too deep may be one of very many: its ends must do
            let shown = if loops { usize::MAX } else { 1 };
            let chain = self.files.iter().take(shown).chain([&name]).map(String::as_str);
            let chain = chain.collect::<Vec<_>>().join(if loops { " -> " } else { " -> ... -> " });
            self.report
                .error(at, format!("{title}: {chain}"), "not read again")
                .help("keepalived reads it again and again until it can open no more files")
                .unnoticed();
            return Ok(());
        }
        let Some(files) = self.options.includes else { return Ok(()) };
        if !self.spend_line(at) {
            return Ok(());
        }
        let text = files.read(path)?;
        if !self.spend_included(text.len(), at) {
            return Ok(());
        }
        let folder = path.parent().unwrap_or(Path::new("")).to_path_buf();
        let outer = std::mem::replace(&mut self.folder, folder);
        let file = self.report.add_source(&name, &text);
        self.files.push(name);
        self.text(&file, &text, Some(at));
        self.files.pop();
        self.folder = outer;
        Ok(())
    }
}

/// The path without `.` in it.
fn plain(path: &Path) -> PathBuf {
    path.components().filter(|c| *c != Component::CurDir).collect()
}

/// The files that a path with patterns stands for.
fn glob(path: &Path, list: &dyn Fn(&Path) -> Result<Vec<String>, String>) -> Result<Vec<PathBuf>, String> {
    let mut found = vec![PathBuf::new()];
    let mut looked_for = false;
    for component in path.components() {
        let name = component.as_os_str().to_string_lossy();
        if !is_pattern(&name) {
            found.iter_mut().for_each(|p| p.push(component));
            continue;
        }
        let mut next = Vec::new();
        for folder in &found {
            match list(folder) {
                Ok(names) => next.extend(names.iter().filter(|n| matches(&name, n)).map(|n| folder.join(n))),
                Err(_) if looked_for => {}
                Err(why) => return Err(why),
            }
        }
        looked_for = true;
        found = next;
    }
    Ok(found)
}
