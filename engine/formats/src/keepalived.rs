//! keepalived.conf, as keepalived 2.2.7 reads it, into a draft: every line is looked up in one table of keywords.
//! And a model back into such a text.
mod addresses;
mod checkers;
mod defaults;
mod entry;
mod glob;
mod globals;
mod include;
mod lexer;
mod line;
mod preprocess;
mod print;
pub mod reference;
mod repeat;
mod routes;
mod sections;
mod servers;
mod settings;
mod shell;
pub mod table;
mod trackers;
mod tree;
mod variables;
mod vrrp;

use std::collections::BTreeSet;
use std::path::Path;

use crate::builder::Draft;
use crate::diagnostics::{Diagnostic, Report};
use crate::files::Files;
pub use print::print;

/// What a file means beyond its own text.
#[derive(Clone, Copy)]
pub struct Options<'a> {
    /// Lines that begin with `@` and this are for us; without it such lines are errors.
    pub config_id: Option<&'a str>,
    /// What `${_INSTANCE}` stands for.
    pub instance: Option<&'a str>,
    /// The folder of the file: `${_PWD}`, and where included files are looked for.
    pub pwd: &'a Path,
    /// Where included files come from; without it including is an error.
    pub includes: Option<&'a dyn Files>,
}

/// Reads one text that depends on nothing else. Whatever is wrong goes to the report, under the file's name; the draft
/// holds what could be read.
pub fn parse(file_name: &str, text: &str, report: &mut Report) -> Draft {
    parse_with(
        file_name,
        text,
        &Options { config_id: None, instance: None, pwd: Path::new(""), includes: None },
        report,
    )
}

/// Reads one file, for one host and with the files that it includes. What repeated lines have in common is said once.
pub fn parse_with(file_name: &str, text: &str, options: &Options<'_>, report: &mut Report) -> Draft {
    let before = report.diagnostics.len();
    let file = report.add_source(file_name, text);
    let lines = preprocess::preprocess(&file, text, options, report);
    let tokens = lexer::tokens(&lines, report);
    let entries = tree::read(&tokens, report);
    let draft = sections::draft(&entries, report);
    let mut said = BTreeSet::new();
    let new = report.diagnostics.split_off(before);
    let once = |d: &Diagnostic| said.insert((d.file.clone(), d.span.start, d.span.end, d.title.clone()));
    report.diagnostics.extend(new.into_iter().filter(once));
    draft
}
