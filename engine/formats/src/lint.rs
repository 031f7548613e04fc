//! Lints: what configurations say without being wrong, and what follows from it. Drafts and models in, findings out.
mod alone;
pub mod page;
mod scripts;
mod servers;
mod stage;
mod table;
mod takeover;
#[cfg(test)]
mod tests;
mod together;

use std::path::Path;

use vrrplab_engine::model::{InstanceModel, NodeModel};

use crate::builder::{Draft, InstanceDraft, build_node};
use crate::diagnostics::{Place, Report, Severity, Spanned};
use crate::files::{Disk, Files};
use crate::keepalived::{Options, parse_with};
pub use stage::interfaces_named_in;
pub use table::ALL;
pub use takeover::{Takeover, takeovers};

/// One thing that is looked for.
#[derive(Debug, PartialEq, Eq)]
pub struct Lint {
    /// Its stable name.
    pub id: &'static str,
    /// An error when routers cannot work together.
    pub severity: Severity,
    /// What was found.
    pub sentence: &'static str,
    /// What follows from it.
    pub consequence: &'static str,
    /// What to do about it.
    pub fix: Option<&'static str>,
}

impl Lint {
    /// The lint of this id.
    pub fn named(id: &str) -> Option<&'static Lint> {
        ALL.iter().copied().find(|lint| lint.id == id)
    }
}

/// A place where a lint fires.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// Which one.
    pub lint: &'static Lint,
    /// Where.
    pub at: Place,
    /// What was found, with names and numbers.
    pub title: String,
}

impl Finding {
    fn new<T>(lint: &'static Lint, at: &Spanned<T>, title: String) -> Finding {
        Finding { lint, at: at.place(), title }
    }

    /// Adds it to a report, for showing.
    pub fn tell(&self, report: &mut Report) {
        let title = format!("{} [{}]", self.title, self.lint.id);
        let told = match self.lint.severity {
            Severity::Error => report.error(&self.at, title, self.lint.consequence),
            Severity::Warning => report.warning(&self.at, title, self.lint.consequence),
            Severity::Note => report.note(&self.at, title, self.lint.consequence),
        };
        told.unnoticed();
        if let Some(fix) = self.lint.fix {
            told.help(fix);
        }
    }
}

/// One file: what it says, and what it means on a machine that has the interfaces it names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subject {
    /// The file, as its user named it.
    pub file: String,
    /// As written.
    pub draft: Draft,
    /// As understood.
    pub model: NodeModel,
}

impl Subject {
    /// Reads a keepalived.conf that depends on nothing else; none when it cannot be used.
    pub fn read(file: &str, name: &str, text: &str, report: &mut Report) -> Option<Subject> {
        let options = Options { config_id: Some(name), instance: None, pwd: Path::new(""), includes: None };
        Subject::read_with(file, name, text, &options, report)
    }

    /// Reads a keepalived.conf of the disk with what it includes; none when it cannot be used. The router has the name of
    /// the file without its ending, and lines `@NAME` are for it unless another name is given.
    pub fn of_file(path: &Path, text: &str, config_id: Option<&str>, report: &mut Report) -> Option<Subject> {
        Subject::of_file_among(path, text, config_id, &Disk, report)
    }

    /// The same, with includes from elsewhere than the disk.
    pub fn of_file_among(
        path: &Path,
        text: &str,
        config_id: Option<&str>,
        files: &dyn Files,
        report: &mut Report,
    ) -> Option<Subject> {
        let stem = path.file_stem().map_or_else(String::new, |stem| stem.to_string_lossy().into_owned());
        let options = Options {
            config_id: Some(config_id.unwrap_or(&stem)),
            instance: None,
            pwd: path.parent().unwrap_or(Path::new("")),
            includes: Some(files),
        };
        Subject::read_with(&path.display().to_string(), &stem, text, &options, report)
    }

    /// Reads a keepalived.conf with what it includes; none when it cannot be used.
    pub fn read_with(
        file: &str,
        name: &str,
        text: &str,
        options: &Options<'_>,
        report: &mut Report,
    ) -> Option<Subject> {
        let before = report.refusals();
        let draft = parse_with(file, text, options, report);
        let model = build_node(name, Default::default(), interfaces_named_in(&draft), &draft, report)?;
        let usable = report.refusals() == before;
        usable.then(|| Subject { file: file.to_owned(), draft, model })
    }

    /// The instances, each with what is written about it.
    fn instances(&self) -> impl Iterator<Item = Member<'_>> {
        self.model.instances.iter().filter_map(|model| {
            let draft = self.draft.instances.iter().find(|d| d.name.value == model.name)?;
            Some(Member { subject: self, draft, model })
        })
    }
}

/// One instance of one file.
#[derive(Clone, Copy)]
struct Member<'s> {
    subject: &'s Subject,
    draft: &'s InstanceDraft,
    model: &'s InstanceModel,
}

impl Member<'_> {
    /// A finding at the value, or at the name where nothing is written.
    fn finding<T>(&self, lint: &'static Lint, at: Option<&Spanned<T>>, title: String) -> Finding {
        Finding { lint, at: at.map_or_else(|| self.draft.name.place(), Spanned::place), title }
    }

    fn interface_name(&self) -> &str {
        self.draft.interface.as_ref().map_or("", |i| i.value.as_str())
    }
}

/// Everything that these files give reason to say.
pub fn check(subjects: &[Subject]) -> Vec<Finding> {
    let mut findings: Vec<Finding> = subjects.iter().flat_map(alone::check).collect();
    findings.extend(subjects.iter().flat_map(scripts::check));
    findings.extend(subjects.iter().flat_map(servers::check));
    findings.extend(routers(subjects).iter().flat_map(|members| together::check(members)));
    findings
}

/// The virtual routers: instances of different files with one VRID and family. Where a file uses a VRID on several
/// interfaces, the interface's name tells which is which.
fn routers(subjects: &[Subject]) -> Vec<Vec<Member<'_>>> {
    let key = |m: &Member<'_>| (m.model.vrid, m.model.family);
    let all: Vec<Member<'_>> = subjects.iter().flat_map(Subject::instances).collect();
    let crowded =
        |one: &Member<'_>| subjects.iter().any(|s| s.instances().filter(|other| key(other) == key(one)).count() > 1);
    let mut routers: Vec<Vec<Member<'_>>> = Vec::new();
    for member in all {
        let by_name = crowded(&member);
        let place = routers.iter_mut().find(|r| {
            r.iter().all(|other| {
                key(other) == key(&member) && (!by_name || other.interface_name() == member.interface_name())
            })
        });
        match place {
            Some(router) => router.push(member),
            None => routers.push(vec![member]),
        }
    }
    routers
}
