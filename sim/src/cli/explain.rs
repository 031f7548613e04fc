//! `vrrplab explain`: the rule catalogue, for people.
use std::io;

use vrrplab_engine::Rule;
use vrrplab_formats::diagnostics::nearest;

use super::output::{Exit, say, tell};

pub(super) fn explain(id: Option<&str>) -> io::Result<Exit> {
    let Some(id) = id else {
        let lines: Vec<String> = Rule::ALL.iter().map(|rule| format!("{:34} {}", rule.id(), rule.sentence())).collect();
        say(&lines.join("\n"))?;
        return Ok(Exit::Held);
    };
    if let Some(rule) = Rule::named(id) {
        say(&format!("{}\n  {}\n  source: {}", rule.id(), rule.sentence(), rule.source()))?;
        return Ok(Exit::Held);
    }
    let hint = nearest(id, Rule::ALL.iter().map(|rule| rule.id()));
    let hint = hint.map_or_else(String::new, |near| format!("; did you mean `{near}`?"));
    tell(&format!("error: there is no rule `{id}`{hint}\n"));
    Ok(Exit::BadInput)
}
