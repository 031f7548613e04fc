//! From configurations to a scenario that has been played once: those of its promises that a run keeps, and comments for the others.
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use vrrplab_formats::diagnostics::{Report, Severity};
use vrrplab_formats::files::Files;
use vrrplab_formats::lint::{self, Subject};
use vrrplab_formats::scenario;

use super::{Router, Starter};
use crate::experiment::play;

/// A keepalived.conf to make a scenario of.
#[derive(Clone, Debug)]
pub struct Conf {
    /// Where it is.
    pub path: PathBuf,
    /// What it says.
    pub text: String,
    /// What the scenario calls it.
    pub called: String,
}

impl Conf {
    fn subject(&self, name: Option<&str>, files: &dyn Files, report: &mut Report) -> Option<Subject> {
        Subject::of_file_among(&self.path, &self.text, name, files, report)
    }
}

/// Texts, with one more of them.
pub struct Memory<'t> {
    /// Its path.
    pub path: &'t Path,
    /// It.
    pub text: &'t str,
    /// The others.
    pub below: &'t dyn Files,
}

impl Files for Memory<'_> {
    fn read(&self, path: &Path) -> Result<String, String> {
        if path == self.path { Ok(self.text.to_owned()) } else { self.below.read(path) }
    }
    fn list(&self, folder: &Path) -> Result<Vec<String>, String> {
        self.below.list(folder)
    }
}

/// The scenario around these configurations, to be written to `path`. None when one of them cannot be used, as the report
/// says; the error is for what a report cannot point at.
pub fn around(confs: &[Conf], path: &Path, files: &dyn Files, report: &mut Report) -> Result<Option<String>, String> {
    let mut routers = Vec::new();
    for (conf, name) in confs.iter().zip(names(confs, files)) {
        let subject = conf.subject(Some(&name), files, report);
        routers.extend(subject.map(|subject| Router { name, conf: conf.called.clone(), subject }));
    }
    if routers.len() < confs.len() || report.is_refused() {
        return Ok(None);
    }
    if let Some(nothing) = routers.iter().find(|router| router.subject.model.interfaces.is_empty()) {
        return Err(format!("error: {} names no interface: there is nothing to play\n", nothing.subject.file));
    }
    let subjects: Vec<Subject> = routers.iter().map(|router| router.subject.clone()).collect();
    let apart: Vec<_> =
        lint::check(&subjects).into_iter().filter(|finding| finding.lint.severity == Severity::Error).collect();
    apart.iter().for_each(|finding| finding.tell(report));
    let takeovers = if apart.is_empty() { lint::takeovers(&subjects) } else { Vec::new() };
    proven(&Starter::around(&routers, &takeovers), path, files)
}

/// The scenario with those of its promises that a run keeps.
fn proven(starter: &Starter<'_>, path: &Path, files: &dyn Files) -> Result<Option<String>, String> {
    let text = starter.yaml(&[]);
    let (world, report) = scenario::load(path, &Memory { path, text: &text, below: files });
    let Some(world) = world else {
        let found = report.render(false);
        return Err(format!("{found}error: the scenario around these files cannot be read back; please report it\n"));
    };
    let Ok(outcome) = play(&world, world.seed, false, |_, _| Ok(())) else { return Ok(None) };
    let found = outcome.judgements.iter().map(|j| (!j.held).then(|| j.found.clone()));
    Ok(Some(starter.yaml(&found.collect::<Vec<_>>())))
}

/// A name for each router: its `router_id` where no other has it, else the file's. Lines `@NAME` are for the file's name,
/// as everywhere.
fn names(confs: &[Conf], files: &dyn Files) -> Vec<String> {
    let stems = confs.iter().map(|conf| {
        let path = &conf.path;
        let stem = path.file_stem().map_or_else(String::new, |stem| stem.to_string_lossy().into_owned());
        let folder = path.parent().and_then(Path::file_name).filter(|_| stem == "keepalived");
        folder.map_or(stem, |folder| folder.to_string_lossy().into_owned())
    });
    let ids = confs.iter().map(|conf| {
        let by_name = conf.text.lines().any(|line| line.trim_start().starts_with('@'));
        let subject = conf.subject(None, files, &mut Report::default()).filter(|_| !by_name);
        subject.and_then(|subject| subject.model.globals.router_id.clone())
    });
    let ids: Vec<Option<String>> = ids.collect();
    let once = |id: &String| ids.iter().flatten().filter(|other| *other == id).count() == 1;
    let mut taken: BTreeMap<String, usize> = BTreeMap::new();
    let mut names = Vec::new();
    for (stem, id) in stems.zip(&ids) {
        let name = tidy(id.as_ref().filter(|id| once(id)).unwrap_or(&stem));
        let times = taken.entry(name.clone()).or_default();
        *times += 1;
        names.push(if *times > 1 { format!("{name}-{times}") } else { name });
    }
    names
}

/// A name as a host has one.
fn tidy(name: &str) -> String {
    let keep = |letter: char| if letter.is_ascii_alphanumeric() || ".-_".contains(letter) { letter } else { '-' };
    let name: String = name.chars().map(keep).collect();
    if name.starts_with(|first: char| first.is_ascii_alphabetic()) { name } else { format!("r{name}") }
}

#[cfg(test)]
mod tests {
    use vrrplab_formats::files::Disk;

    use super::*;

    fn named(files: &[(&str, &str)]) -> Vec<String> {
        let conf =
            |(path, text): &(&str, &str)| Conf { path: path.into(), text: (*text).to_owned(), called: String::new() };
        names(&files.iter().map(conf).collect::<Vec<_>>(), &Disk)
    }

    #[test]
    fn routers_are_named_by_their_id_or_their_file() {
        let id = |name: &str| format!("global_defs {{\n router_id {name}\n}}\n");
        assert_eq!(named(&[("lb1.conf", &id("LVS_1")), ("lb2.conf", &id("LVS_2"))]), ["LVS_1", "LVS_2"]);
        assert_eq!(named(&[("lb1.conf", &id("LVS")), ("lb2.conf", &id("LVS"))]), ["lb1", "lb2"]);
        assert_eq!(named(&[("a/keepalived.conf", ""), ("b/keepalived.conf", "")]), ["a", "b"]);
        assert_eq!(named(&[("a/lb.conf", ""), ("b/lb.conf", "")]), ["lb", "lb-2"]);
        assert_eq!(named(&[("001 master.conf", "")]), ["r001-master"]);
    }
}
