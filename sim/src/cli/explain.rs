//! `vrrplab explain`: the rules of the timeline and the lints of `check`, for people.
use std::io;

use vrrplab_engine::Rule;
use vrrplab_formats::diagnostics::nearest;
use vrrplab_formats::lint::{self, Lint};

use super::output::{Exit, say, tell};

pub(super) fn explain(id: Option<&str>) -> io::Result<Exit> {
    let Some(id) = id else {
        let rules = Rule::ALL.iter().map(|rule| (rule.id(), rule.sentence()));
        let lints = lint::ALL.iter().map(|lint| (lint.id, lint.sentence));
        let lines: Vec<String> = rules.chain(lints).map(|(id, sentence)| format!("{id:34} {sentence}")).collect();
        say(&lines.join("\n"))?;
        return Ok(Exit::Held);
    };
    if let Some(rule) = Rule::named(id) {
        say(&format!("{}\n  {}\n  source: {}", rule.id(), rule.sentence(), rule.source()))?;
        return Ok(Exit::Held);
    }
    if let Some(lint) = Lint::named(id) {
        let fix = lint.fix.map_or_else(String::new, |fix| format!("\n  help: {fix}"));
        say(&format!("{}\n  {}\n  what follows: {}{fix}", lint.id, lint.sentence, lint.consequence))?;
        return Ok(Exit::Held);
    }
    let ids = Rule::ALL.iter().map(|rule| rule.id()).chain(lint::ALL.iter().map(|lint| lint.id));
    let hint = nearest(id, ids).map_or_else(String::new, |near| format!("; did you mean `{near}`?"));
    tell(&format!("error: there is no rule `{id}`{hint}\n"));
    Ok(Exit::BadInput)
}
