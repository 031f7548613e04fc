//! `vrrplab new`: a scenario to start from, an example or one around keepalived.conf files.
use std::collections::BTreeMap;
use std::io;
use std::path::{Component, Path, PathBuf};

use clap::Args;
use vrrplab_formats::diagnostics::{Report, Severity};
use vrrplab_formats::files::{Disk, Files};
use vrrplab_formats::lint::{self, Subject};
use vrrplab_formats::scenario;

use super::output::{Exit, say, tell, tell_report, write_whole};
use crate::experiment::play;
use crate::library::starter::{EXAMPLE, Router, Starter};

/// `vrrplab new`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  vrrplab new > first.yaml
    An example with a fault and promises, to be changed.
  vrrplab new lb1.conf lb2.conf --out pair.yaml
    A scenario around your configurations: the best router loses its power.")]
pub(super) struct NewArgs {
    /// keepalived.conf files, one for each router; without any, an example is written
    #[arg(value_name = "FILE")]
    files: Vec<PathBuf>,
    /// Write it there, with paths relative to it, instead of to standard output
    #[arg(long, value_name = "SCENARIO")]
    out: Option<PathBuf>,
}

pub(super) fn new(args: &NewArgs) -> io::Result<Exit> {
    if let Some(out) = args.out.as_ref().filter(|out| out.exists()) {
        tell(&format!("error: {} is there already; it is not written over\n", out.display()));
        return Ok(Exit::BadInput);
    }
    let mut report = Report::default();
    let text = match args.files.as_slice() {
        [] => Some(EXAMPLE.to_owned()),
        files => around(files, args.out.as_deref(), &mut report)?,
    };
    tell_report(&report);
    let Some(text) = text else { return Ok(Exit::BadInput) };
    match &args.out {
        Some(out) => write_whole(out, text.as_bytes())?,
        None => say(&text)?,
    }
    let worth_telling = report.count(Severity::Warning) + report.count(Severity::Error) > 0;
    Ok(if worth_telling { Exit::Warnings } else { Exit::Held })
}

/// The scenario around these files; none when one of them cannot be used.
pub(super) fn around(files: &[PathBuf], out: Option<&Path>, report: &mut Report) -> io::Result<Option<String>> {
    let mut texts = Vec::new();
    for path in files {
        let unreadable = |why| io::Error::other(format!("cannot read {}: {why}", path.display()));
        texts.push(Disk.read(path).map_err(unreadable)?);
    }
    let mut routers = Vec::new();
    for ((path, text), name) in files.iter().zip(&texts).zip(names(files, &texts)) {
        let conf = conf_path(path, out)?;
        let subject = Subject::of_file(path, text, Some(&name), report);
        routers.extend(subject.map(|subject| Router { name, conf, subject }));
    }
    if routers.len() < files.len() || report.is_refused() {
        return Ok(None);
    }
    if let Some(nothing) = routers.iter().find(|router| router.subject.model.interfaces.is_empty()) {
        tell(&format!("error: {} names no interface: there is nothing to play\n", nothing.subject.file));
        return Ok(None);
    }
    let subjects: Vec<Subject> = routers.iter().map(|router| router.subject.clone()).collect();
    let apart: Vec<_> =
        lint::check(&subjects).into_iter().filter(|finding| finding.lint.severity == Severity::Error).collect();
    apart.iter().for_each(|finding| finding.tell(report));
    let takeovers = if apart.is_empty() { lint::takeovers(&subjects) } else { Vec::new() };
    let starter = Starter::around(&routers, &takeovers);
    Ok(proven(&starter, out))
}

/// The scenario with those of its promises that a run keeps; none when it cannot be read back.
fn proven(starter: &Starter<'_>, out: Option<&Path>) -> Option<String> {
    let path = out.unwrap_or(Path::new("new.yaml"));
    let text = starter.yaml(&[]);
    let (world, report) = scenario::load(path, &Memory { path, text: &text });
    let Some(world) = world else {
        tell_report(&report);
        tell("error: the scenario around these files cannot be read back; please report it\n");
        return None;
    };
    let outcome = play(&world, world.seed, false, |_, _| Ok(())).ok()?;
    let found = outcome.judgements.iter().map(|j| (!j.held).then(|| j.found.clone()));
    Some(starter.yaml(&found.collect::<Vec<_>>()))
}

/// The disk, with one more file on it.
pub(super) struct Memory<'t> {
    pub(super) path: &'t Path,
    pub(super) text: &'t str,
}

impl Files for Memory<'_> {
    fn read(&self, path: &Path) -> Result<String, String> {
        if path == self.path { Ok(self.text.to_owned()) } else { Disk.read(path) }
    }
    fn list(&self, folder: &Path) -> Result<Vec<String>, String> {
        Disk.list(folder)
    }
}

/// A name for each router: its `router_id` where no other has it, else the file's. Lines `@NAME` are for the file's name,
/// as everywhere.
fn names(files: &[PathBuf], texts: &[String]) -> Vec<String> {
    let stems = files.iter().map(|path| {
        let stem = path.file_stem().map_or_else(String::new, |stem| stem.to_string_lossy().into_owned());
        let folder = path.parent().and_then(Path::file_name).filter(|_| stem == "keepalived");
        folder.map_or(stem, |folder| folder.to_string_lossy().into_owned())
    });
    let ids = files.iter().zip(texts).map(|(path, text)| {
        let by_name = text.lines().any(|line| line.trim_start().starts_with('@'));
        let subject = Subject::of_file(path, text, None, &mut Report::default()).filter(|_| !by_name);
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

/// How the scenario names a configuration: as given, or from where the scenario will be.
fn conf_path(conf: &Path, out: Option<&Path>) -> io::Result<String> {
    let folder = out.and_then(Path::parent).filter(|folder| !folder.as_os_str().is_empty());
    let Some(folder) = folder.filter(|_| conf.is_relative()) else { return Ok(conf.display().to_string()) };
    let (folder, conf) = (plain(&std::path::absolute(folder)?), plain(&std::path::absolute(conf)?));
    let common = folder.components().zip(conf.components()).take_while(|(one, other)| one == other).count();
    let up = folder.components().skip(common).map(|_| Component::ParentDir);
    let path: PathBuf = up.chain(conf.components().skip(common)).collect();
    Ok(path.display().to_string())
}

/// A path without `..`, as far as names tell.
fn plain(path: &Path) -> PathBuf {
    let mut plain = PathBuf::new();
    for part in path.components() {
        match part {
            Component::ParentDir => {
                plain.pop();
            }
            part => plain.push(part),
        }
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(files: &[(&str, &str)]) -> Vec<String> {
        let paths: Vec<PathBuf> = files.iter().map(|(path, _)| path.into()).collect();
        let texts: Vec<String> = files.iter().map(|(_, text)| (*text).to_owned()).collect();
        names(&paths, &texts)
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

    #[test]
    fn configurations_are_named_from_where_the_scenario_is() {
        let from = |conf: &str, out: Option<&str>| conf_path(Path::new(conf), out.map(Path::new)).unwrap();
        assert_eq!(from("conf/lb1.conf", None), "conf/lb1.conf");
        assert_eq!(from("conf/lb1.conf", Some("my.yaml")), "conf/lb1.conf");
        assert_eq!(from("conf/lb1.conf", Some("conf/my.yaml")), "lb1.conf");
        assert_eq!(from("conf/lb1.conf", Some("lab/north/my.yaml")), "../../conf/lb1.conf");
        assert_eq!(from("/etc/keepalived/keepalived.conf", Some("lab/my.yaml")), "/etc/keepalived/keepalived.conf");
    }
}
