//! `vrrplab explain`: rules of the timeline, invariants, lints of `check` and keywords of keepalived.conf, for people.
use std::io;

use vrrplab_engine::Rule;
use vrrplab_formats::diagnostics::nearest;
use vrrplab_formats::keepalived::reference;
use vrrplab_formats::lint::{self, Lint};
use vrrplab_formats::world::Invariant;

use super::output::{Exit, say, tell};

pub(super) fn explain(what: &[String]) -> io::Result<Exit> {
    match what {
        [] => explain_id(None),
        [kind] if kind == "keyword" => {
            say(&reference::words().join("\n"))?;
            Ok(Exit::Held)
        }
        [kind, name] if kind == "keyword" => keyword(name),
        [id] => explain_id(Some(id)),
        [kind, ..] => {
            tell(&format!("error: `{kind}` has no parts; `keyword NAME` explains a keyword of keepalived.conf\n"));
            Ok(Exit::BadInput)
        }
    }
}

fn keyword(name: &str) -> io::Result<Exit> {
    if let Some(text) = reference::explain(name) {
        say(&text)?;
        return Ok(Exit::Held);
    }
    let near = nearest(name, reference::words().into_iter());
    let hint = near.map_or_else(String::new, |near| format!("; did you mean `{near}`?"));
    tell(&format!("error: keepalived.conf has no keyword `{name}`{hint}\n"));
    Ok(Exit::BadInput)
}

fn explain_id(id: Option<&str>) -> io::Result<Exit> {
    let Some(id) = id else {
        let rules = Rule::ALL.iter().map(|rule| (rule.id(), rule.sentence()));
        let lints = lint::ALL.iter().map(|lint| (lint.id, lint.sentence));
        let invariants = Invariant::ALL.iter().map(|invariant| (invariant.id(), invariant.sentence()));
        let all = rules.chain(lints).chain(invariants);
        let lines: Vec<String> = all.map(|(id, sentence)| format!("{id:34} {sentence}")).collect();
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
    if let Some(invariant) = Invariant::named(id) {
        say(&format!("{}\n  {}\n  why: {}", invariant.id(), invariant.sentence(), invariant.reason()))?;
        return Ok(Exit::Held);
    }
    let ids = Rule::ALL.iter().map(|rule| rule.id()).chain(lint::ALL.iter().map(|lint| lint.id));
    let ids = ids.chain(Invariant::ALL.iter().map(|invariant| invariant.id()));
    let hint = nearest(id, ids).map_or_else(String::new, |near| format!("; did you mean `{near}`?"));
    tell(&format!("error: there is no rule `{id}`{hint}\n"));
    Ok(Exit::BadInput)
}
