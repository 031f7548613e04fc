//! From a question to an answer: read, moved, played, told as a report's page tells it.
use serde::Serialize;
use vrrplab_formats::world::World;
use vrrplab_sim::experiment::{Outcome, play_for_report};
use vrrplab_sim::observe::words::Names;
use vrrplab_sim::report::data::Tone;
use vrrplab_sim::report::{Page, Verdict, of_run, of_runs};

use crate::moved;
use crate::question::Question;
use crate::reading::{self, Reading};
use crate::told::Told;

/// An answer.
#[derive(Debug, Default, Serialize)]
struct Answer {
    /// What cannot be said of a place in a text.
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
    /// What was found in the texts.
    diagnostics: Vec<Told>,
    /// The scenario that was made around configurations.
    #[serde(skip_serializing_if = "Option::is_none")]
    made: Option<String>,
    /// The seed that was played.
    #[serde(skip_serializing_if = "Option::is_none")]
    seed: Option<u64>,
    /// When the run ends, in nanoseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    end: Option<u64>,
    /// The faults as written: moment and words.
    faults: Vec<(u64, String)>,
    /// The digest of the run.
    #[serde(skip_serializing_if = "Option::is_none")]
    digest: Option<String>,
    /// What `vrrplab run --report` would put into its page.
    #[serde(skip_serializing_if = "Option::is_none")]
    page: Option<Page>,
}

/// Answers a question; the same question has the same answer, byte for byte, wherever it is asked.
pub fn answer(question: &str) -> String {
    let answer = match serde_json::from_str::<Question>(question) {
        Ok(question) => answered(&question),
        Err(why) => Answer { error: Some(format!("the question is not understood: {why}")), ..Answer::default() },
    };
    serde_json::to_string(&answer).unwrap_or_default()
}

fn answered(question: &Question) -> Answer {
    let Reading { world, diagnostics, made, error } = reading::of(question);
    let mut answer = Answer { error, diagnostics, made, ..Answer::default() };
    if let Some(mut world) = world {
        world.seed = question.seed.unwrap_or(world.seed);
        played(world, question, &mut answer);
    }
    answer
}

fn played(mut world: World, question: &Question, answer: &mut Answer) {
    let names = Names::new(&world, &[]);
    answer.faults = world.faults.iter().map(|fault| (fault.at.0, names.fault(&fault.fault))).collect();
    (answer.seed, answer.end) = (Some(world.seed), Some(world.duration.0));
    let moved = question.moved.filter(|moved| moved.by != 0);
    if let Some(moved) = moved {
        moved::apply(&mut world, moved);
    }
    let (outcome, book) = match play_for_report(&world, world.seed, false, |_, _| Ok(())) {
        Ok(played) => played,
        Err(why) => {
            answer.error = Some(why.to_string());
            return;
        }
    };
    answer.digest = Some(outcome.digest.hex());
    let repeat = question.repeat.clone().unwrap_or_default();
    let mut story = of_run(&world, &outcome, book, repeat.clone());
    if moved.is_some() {
        story.verdict = verdict_of_moved(&outcome);
    }
    let mut page = of_runs(vec![story], repeat);
    page.repeat.retain(|line| !line.is_empty());
    answer.page = Some(page);
}

/// Promises are about faults as written; invariants are about every run.
fn verdict_of_moved(outcome: &Outcome) -> Verdict {
    match outcome.objections.violations.len() {
        0 => Verdict { tone: Tone::Plain, text: "moved: no invariant violated, promises are not judged".to_owned() },
        1 => Verdict::of(false, "moved: 1 invariant violated"),
        n => Verdict::of(false, format!("moved: {n} invariants violated")),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    const CONF: &str = "vrrp_instance VI {\n    interface eth0\n    virtual_router_id 51\n    priority 100\n    \
                        virtual_ipaddress {\n        10.0.0.100/24\n    }\n}\n";

    fn ask(question: &Value) -> Value {
        serde_json::from_str(&answer(&question.to_string())).expect("an answer is JSON")
    }

    fn pair() -> Value {
        let better = CONF.replace("priority 100", "priority 150");
        json!({ "files": { "lb1.conf": better, "lb2.conf": CONF }, "confs": ["lb1.conf", "lb2.conf"] })
    }

    #[test]
    fn two_configurations_become_a_run() {
        let answer = ask(&pair());
        assert_eq!(answer["diagnostics"], json!([]), "{answer}");
        assert!(answer["made"].as_str().unwrap().contains("keepalived: lb1.conf"), "{answer}");
        assert_eq!(answer["page"]["verdict"]["tone"], "good");
        assert_eq!(answer["page"]["stories"][0]["hosts"][0]["name"], "lb1");
        assert!(answer["faults"][0][1].as_str().unwrap().contains("power loss"), "{}", answer["faults"]);
    }

    #[test]
    fn a_moved_fault_moves_what_follows_and_promises_are_not_judged() {
        let mut question = pair();
        let written = ask(&question)["faults"][0][0].as_u64().unwrap();
        question["moved"] = json!({ "which": 0, "by": 250_000_000 });
        let answer = ask(&question);
        assert_eq!(answer["faults"][0][0].as_u64(), Some(written), "faults are told as written");
        assert_eq!(answer["page"]["verdict"]["text"], "moved: no invariant violated, promises are not judged");
        let story = &answer["page"]["stories"][0];
        let fault = story["events"]["kinds"].as_array().unwrap().iter().position(|kind| kind == "fault").unwrap();
        let kinds = story["events"]["kind"].as_array().unwrap();
        let at = kinds.iter().position(|kind| kind.as_u64() == u64::try_from(fault).ok()).unwrap();
        let moments = story["events"]["at"].as_array().unwrap()[..=at].iter().map(|at| at.as_u64().unwrap());
        assert_eq!(moments.sum::<u64>(), written + 250_000_000);
    }

    #[test]
    fn what_was_asked_before_changes_no_answer() {
        let (plain, mut moved, mut other) = (pair(), pair(), pair());
        moved["moved"] = json!({ "by": 250_000_000 });
        other["files"]["lb2.conf"] = json!(CONF.replace("priority 100", "priority 200"));
        let first = answer(&plain.to_string());
        let between = [answer(&moved.to_string()), answer(&plain.to_string()), answer(&other.to_string())];
        assert_eq!(between[1], first);
        assert_ne!(between[2], first);
        assert_eq!(answer(&moved.to_string()), between[0]);
    }

    #[test]
    fn a_mistake_is_told_with_line_and_column() {
        let mut question = pair();
        question["files"]["lb2.conf"] = json!(CONF.replace("    priority 100", "    prioirty 100"));
        let answer = ask(&question);
        let told = &answer["diagnostics"][0];
        assert_eq!(
            (&told["file"], &told["line"], &told["column"]),
            (&json!("lb2.conf"), &json!(4), &json!(5)),
            "{told}"
        );
    }

    #[test]
    fn a_scenario_that_cannot_be_read_says_where() {
        let answer = ask(
            &json!({ "files": { "a.yaml": "duration: soon\nnetworks: {lan: }\nnodes: {}\n" }, "scenario": "a.yaml" }),
        );
        assert_eq!(answer["page"], Value::Null);
        let told = &answer["diagnostics"][0];
        assert_eq!((&told["line"], &told["column"]), (&json!(1), &json!(11)), "{answer}");
        let answer = ask(&json!({ "files": {}, "scenario": "a.yaml" }));
        assert!(answer["diagnostics"][0]["title"].as_str().unwrap().contains("a.yaml"), "{answer}");
        assert_eq!(ask(&json!({ "files": {} }))["error"], "neither a scenario nor a configuration to play");
    }
}
