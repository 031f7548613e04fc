//! A case as a scenario: the faults in its timeline, and what they cost as its promises.
use vrrplab_engine::{Instant, Span};
use vrrplab_formats::outline::Outline;
use vrrplab_formats::scenario::{self, Files};
use vrrplab_formats::world::World;

use super::Certifier;
use super::table::Hit;
use crate::experiment::{self, Outcome};
use crate::explore::{Strike, Thought, written_time};
use crate::observe::words;

impl Certifier {
    /// The scenario in which this happens, to be played by `vrrplab run`.
    pub fn written(&self, hits: &[Hit], files: &dyn Files) -> Result<String, String> {
        let name = self.file_name(hits);
        let mut case = self.case.clone();
        case.strikes = hits.iter().map(|hit| self.strike(hit)).collect();
        let over = case.strikes.iter().map(Strike::is_over).max().unwrap_or_default();
        (case.from, case.end) = (over, over + self.hold);
        case.file.set("name", Outline::word(&name));
        case.file.set("seed", Outline::word(self.world.seed.to_string()));
        let faults: Vec<String> = hits.iter().map(|hit| self.name(hit.candidate)).collect();
        case.file.set("about", Outline::word(format!("{}: {}.\n", self.world.name, faults.join("; "))));
        let mut file = case.outline(&self.world);
        let outcome = play(&self.parse(&file.print(), files)?)?;
        let violated: Vec<Outline> = violated(&outcome);
        if !violated.is_empty() {
            file.set("expect_violation", Outline::List(violated));
        }
        let promises = promises(&self.world, &outcome);
        if !promises.is_empty() {
            file.set("expect", Outline::List(promises));
        }
        let text = format!("{}{}", story(&self.world.name, &faults, hits), file.print());
        if play(&self.parse(&text, files)?)?.held() {
            Ok(text)
        } else {
            Err("it does not keep its own promises".to_owned())
        }
    }

    fn parse(&self, text: &str, files: &dyn Files) -> Result<World, String> {
        let (world, report) = scenario::load(&self.path, &Thought { path: &self.path, text, files });
        world.ok_or_else(|| report.render(false))
    }

    /// The name of a case's file, without ending.
    pub fn file_name(&self, hits: &[Hit]) -> String {
        let keep = |letter: char| if letter.is_ascii_alphanumeric() { letter.to_ascii_lowercase() } else { '-' };
        let words: Vec<String> = hits.iter().map(|hit| self.name(hit.candidate)).collect();
        let name: String = words.join("-and-").chars().map(keep).collect();
        let parts: Vec<&str> = name.split('-').filter(|part| !part.is_empty()).collect();
        parts.join("-")
    }
}

fn play(world: &World) -> Result<Outcome, String> {
    experiment::play(world, world.seed, false, |_, _| Ok(())).map_err(|why| why.to_string())
}

fn violated(outcome: &Outcome) -> Vec<Outline> {
    let mut found = Vec::new();
    for violation in outcome.objections.violations.iter().filter(|violation| !violation.expected) {
        if !found.contains(&violation.finding.invariant) {
            found.push(violation.finding.invariant);
        }
    }
    found.into_iter().map(|one| Outline::map([("invariant", Outline::word(one.id()))])).collect()
}

/// What clients and masters showed, to the nanosecond.
fn promises(world: &World, outcome: &Outcome) -> Vec<Outline> {
    let mut promises = Vec::new();
    for (client, view) in world.clients.iter().zip(outcome.outages.clients()) {
        if client.block.is_some() || view.lost == 0 {
            continue;
        }
        let longest = written_time(view.longest);
        let saw = [
            ("name", view.name.clone()),
            ("lost_at_most", view.lost.to_string()),
            ("longest_outage_at_least", longest.clone()),
            ("longest_outage_at_most", longest),
        ];
        promises.push(Outline::map([("client", Outline::map(saw.map(|(key, value)| (key, Outline::word(value)))))]));
    }
    for instance in outcome.states.instances() {
        let total = outcome.states.double_total(instance);
        if total > Span::ZERO {
            let total = written_time(total);
            let saw = [("instance", instance.to_owned()), ("at_least", total.clone()), ("at_most", total)];
            let saw = saw.map(|(key, value)| (key, Outline::word(value)));
            promises.push(Outline::map([("two_masters", Outline::map(saw))]));
        }
    }
    promises
}

fn story(scenario: &str, faults: &[String], hits: &[Hit]) -> String {
    let mut text = format!("# What {scenario} goes through, found by certifying it:\n");
    for (fault, hit) in faults.iter().zip(hits) {
        let lasts = if hit.lasts == Span::ZERO { String::new() } else { format!(", for {}", words::span(hit.lasts)) };
        let at = words::span(hit.at.since(Instant::ZERO));
        text += &format!("#   at {at}: {fault}{lasts}\n");
    }
    text + "# Its promises are what was measured, to the nanosecond: loosen them before a change of the configuration.\n"
}
