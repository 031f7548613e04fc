//! Lines that hold routes and rules: they are kept word by word, with what keepalived itself reads from them.
use vrrplab_engine::model::route::{RouteModel, RuleModel};

use super::lexer::Word;

/// What keepalived keeps for itself of a line.
struct Own {
    words: Vec<String>,
    no_track: bool,
    track_group: Option<String>,
}

fn own(line: &[Word]) -> Own {
    let mut own = Own { words: Vec::new(), no_track: false, track_group: None };
    let mut rest = line.iter();
    while let Some(word) = rest.next() {
        match word.value.as_str() {
            "no_track" => own.no_track = true,
            "track_group" => own.track_group = rest.next().map(|w| w.value.clone()),
            other => own.words.push(other.to_owned()),
        }
    }
    own
}

/// The word after one of these.
fn after(words: &[String], options: &[&str]) -> Option<String> {
    let position = words.iter().position(|w| options.contains(&w.as_str()))?;
    words.get(position + 1).cloned()
}

/// `DESTINATION [via ADDR] [dev IF] ...`
pub(super) fn route(line: &[Word]) -> RouteModel {
    let Own { words, no_track, track_group } = own(line);
    RouteModel { device: after(&words, &["dev", "oif"]), words, no_track, track_group }
}

/// `[from ADDR] [to ADDR] ...`
pub(super) fn rule(line: &[Word]) -> RuleModel {
    let Own { words, no_track, track_group } = own(line);
    RuleModel { device: after(&words, &["dev", "iif", "oif"]), words, no_track, track_group }
}
