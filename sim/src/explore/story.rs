//! What happens in a small scenario, in plain words, as the comment at its top.
use vrrplab_engine::Instant;
use vrrplab_formats::world::{TimedFault, World};

use crate::invariant::Violation;
use crate::lab::Lab;
use crate::observe::words::{Names, time};

/// What is told.
pub(super) struct Facts<'f> {
    /// The scenario that was explored.
    pub(super) scenario: &'f str,
    /// Its seed.
    pub(super) seed: u64,
    /// The small world.
    pub(super) world: &'f World,
    /// What goes wrong in it.
    pub(super) violation: &'f Violation,
    /// From when on that counts.
    pub(super) judged_from: Instant,
}

/// Comment lines no longer than this.
const WIDTH: usize = 110;

/// One paragraph.
pub(super) fn tell(facts: &Facts<'_>) -> String {
    let finding = &facts.violation.finding;
    let names = Names::new(facts.world, Lab::new(facts.world, facts.world.seed).ports());
    let mut words = format!("Found by exploring {} with seed {}, and made small. ", facts.scenario, facts.seed);
    let seconds = |at: Instant| format!("{} s", shortest(&time(at)));
    if facts.world.faults.is_empty() {
        words += "Nothing needs to go wrong for this: it is in the configuration or the network. ";
    } else {
        let fault = |timed: &TimedFault| format!("at {}, {}", seconds(timed.at), names.fault(&timed.fault));
        let told: Vec<String> = facts.world.faults.iter().map(fault).collect();
        words += &format!("This happens: {}. ", told.join("; "));
        words += &format!("From {} on nothing disturbs any more and all should be well. ", seconds(facts.judged_from));
    }
    words += &format!("But at {} {} is violated: {}. ", seconds(finding.at), finding.invariant.id(), finding.what);
    words += &format!("What should hold: {} ", finding.invariant.sentence());
    let views = facts.violation.views.iter().map(|view| format!("#   {view}\n"));
    format!("{}# Then:\n{}", wrapped(&words), views.collect::<String>())
}

/// Without zeros at the end.
fn shortest(seconds: &str) -> &str {
    seconds.trim().trim_end_matches('0').trim_end_matches('.')
}

fn wrapped(words: &str) -> String {
    let (mut text, mut line) = (String::new(), "#".to_owned());
    for word in words.split_whitespace() {
        if line.chars().count() + 1 + word.chars().count() > WIDTH {
            text += &(std::mem::replace(&mut line, "#".to_owned()) + "\n");
        }
        line += " ";
        line += word;
    }
    text + &line + "\n"
}
