//! The run as JSON, for machines: the same bytes for the same run. Times are whole nanoseconds.
use std::collections::BTreeMap;

use serde::Serialize;
use vrrplab_engine::{Instant, Rule};
use vrrplab_formats::world::World;

use crate::invariant::{Objections, Violation};
use crate::observe::outage::{ClientView, Troubles};
use crate::observe::{Digest, Judgement, Level, Outages, States, Timeline};

/// What the observers of one run have to say.
#[derive(Clone, Copy, Debug)]
pub struct Report<'a> {
    /// The world that was run.
    pub world: &'a World,
    /// Its timeline.
    pub timeline: &'a Timeline,
    /// Its states.
    pub states: &'a States,
    /// Its clients.
    pub outages: &'a Outages,
    /// The verdicts.
    pub judgements: &'a [Judgement],
    /// What the invariants object to.
    pub objections: &'a Objections,
    /// Its digest.
    pub digest: &'a Digest,
}

#[derive(Serialize)]
struct Run<'a> {
    name: &'a str,
    seed: u64,
    duration_ns: u64,
    ended_ns: u64,
    digest: String,
    held: bool,
    judgements: Vec<Verdict<'a>>,
    violations: Vec<Objection<'a>>,
    expected_violations: Vec<Expected<'a>>,
    timeline: Vec<Entry<'a>>,
    clients: Vec<Client>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    client_blocks: Vec<Client>,
    double_masters: Vec<Doubles<'a>>,
    addresses: Vec<Holder<'a>>,
}

#[derive(Serialize)]
struct Verdict<'a> {
    file: &'a str,
    line: usize,
    text: &'a str,
    held: bool,
    found: &'a str,
}

#[derive(Serialize)]
struct Objection<'a> {
    invariant: &'static str,
    at_ns: u64,
    since_ns: u64,
    nodes: Vec<&'a str>,
    instances: Vec<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    client: Option<&'a str>,
    what: &'a str,
    expected: bool,
    views: &'a [String],
    causes: &'a [String],
}

#[derive(Serialize)]
struct Expected<'a> {
    file: &'a str,
    line: usize,
    text: &'a str,
    found: Option<&'a str>,
}

fn objection<'a>(violation: &'a Violation, world: &'a World) -> Objection<'a> {
    let (finding, parties) = (&violation.finding, &violation.finding.parties);
    let nodes = parties.nodes.iter().filter_map(|node| world.nodes.get(node.0));
    Objection {
        invariant: finding.invariant.id(),
        at_ns: finding.at.0,
        since_ns: finding.since.0,
        nodes: nodes.map(|node| node.model.name.as_str()).collect(),
        instances: parties.instances.iter().map(String::as_str).collect(),
        client: parties.client.and_then(|client| world.clients.get(client.0)).map(|client| client.name.as_str()),
        what: &finding.what,
        expected: violation.expected,
        views: &violation.views,
        causes: &violation.causes,
    }
}

#[derive(Serialize)]
struct Entry<'a> {
    at_ns: u64,
    node: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    subject: &'a str,
    what: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    rule: Option<&'static str>,
}

#[derive(Serialize)]
struct Client {
    name: String,
    asked: u64,
    answered: u64,
    lost: u64,
    late: u64,
    troubles: BTreeMap<&'static str, u64>,
    longest_ns: u64,
    longest_from_ns: Option<u64>,
    lost_from_ns: Option<u64>,
    lost_to_ns: Option<u64>,
    back_at_ns: Option<u64>,
    last_answer_ns: Option<u64>,
    gaps: Vec<Gap>,
}

#[derive(Serialize)]
struct Gap {
    from_ns: u64,
    lost: u64,
    back_ns: Option<u64>,
}

/// What a client, or a block of clients, saw.
fn client(view: ClientView) -> Client {
    let ns = |at: Option<Instant>| at.map(|at| at.0);
    let Troubles { refused, reset, closed, unreachable, given_up, wrong } = view.troubles;
    let troubles = [
        ("refused", refused),
        ("reset", reset),
        ("closed", closed),
        ("unreachable", unreachable),
        ("given_up", given_up),
        ("wrong", wrong),
    ];
    Client {
        name: view.name,
        asked: view.asked,
        answered: view.answered,
        lost: view.lost,
        late: view.late,
        troubles: troubles.into_iter().filter(|(_, count)| *count > 0).collect(),
        longest_ns: view.longest.0,
        longest_from_ns: ns(view.longest_from),
        lost_from_ns: ns(view.lost_from),
        lost_to_ns: ns(view.lost_to),
        back_at_ns: ns(view.back_at),
        last_answer_ns: ns(view.last_answer),
        gaps: view.gaps.iter().map(|gap| Gap { from_ns: gap.from.0, lost: gap.lost, back_ns: ns(gap.back) }).collect(),
    }
}

#[derive(Serialize)]
struct Doubles<'a> {
    instance: &'a str,
    total_ns: u64,
    intervals: Vec<DoubleInterval<'a>>,
}

#[derive(Serialize)]
struct DoubleInterval<'a> {
    from_ns: u64,
    to_ns: u64,
    masters: Vec<&'a str>,
}

#[derive(Serialize)]
struct Holder<'a> {
    address: String,
    node: &'a str,
    from_ns: u64,
    to_ns: u64,
}

impl Report<'_> {
    /// The report as indented JSON with a line end.
    pub fn to_json(&self) -> serde_json::Result<String> {
        Ok(serde_json::to_string_pretty(&self.run())? + "\n")
    }

    fn run(&self) -> Run<'_> {
        let world = self.world;
        let node = |id: vrrplab_formats::world::NodeId| world.nodes.get(id.0).map_or("?", |n| n.model.name.as_str());
        let judgements = self.judgements.iter().map(|j| Verdict {
            file: &j.place.file,
            line: j.place.line,
            text: &j.text,
            held: j.held,
            found: &j.found,
        });
        let lines = self.timeline.lines().iter().filter(|line| line.level == Level::Normal);
        let timeline = lines.map(|line| Entry {
            at_ns: line.at.0,
            node: &line.node,
            subject: &line.subject,
            what: &line.what,
            rule: line.rule.map(Rule::id),
        });
        let clients = self.outages.clients().into_iter().map(client);
        let client_blocks = self.outages.blocks().into_iter().map(client);
        let double_masters = self.states.instances().map(|instance| Doubles {
            instance,
            total_ns: self.states.double_total(instance).0,
            intervals: self
                .states
                .doubles(instance)
                .into_iter()
                .map(|double| DoubleInterval {
                    from_ns: double.from.0,
                    to_ns: double.to.0,
                    masters: double.masters.into_iter().map(node).collect(),
                })
                .collect(),
        });
        let addresses = self.states.holders().into_iter().map(|held| Holder {
            address: held.ip.to_string(),
            node: node(held.node),
            from_ns: held.from.0,
            to_ns: held.to.0,
        });
        let violations = self.objections.violations.iter().map(|violation| objection(violation, world));
        let expected = self.objections.expected.iter().map(|expected| Expected {
            file: &expected.place.file,
            line: expected.place.line,
            text: &expected.text,
            found: expected.found.as_deref(),
        });
        Run {
            name: &world.name,
            seed: world.seed,
            duration_ns: world.duration.0,
            ended_ns: self.states.now().0,
            digest: self.digest.hex(),
            held: self.judgements.iter().all(|j| j.held) && self.objections.held(),
            judgements: judgements.collect(),
            violations: violations.collect(),
            expected_violations: expected.collect(),
            timeline: timeline.collect(),
            clients: clients.collect(),
            client_blocks: client_blocks.collect(),
            double_masters: double_masters.collect(),
            addresses: addresses.collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use vrrplab_engine::{Span, State};
    use vrrplab_formats::world::Promise;

    use super::*;
    use crate::moment::Observer;
    use crate::observe::Promises;
    use crate::observe::stage::{self, ms, transition};

    fn report() -> String {
        let promise =
            Promise::TwoMasters { instance: "VI_1".into(), at_least: Span::ZERO, at_most: Span::from_millis(100) };
        let world = stage::promising([promise]);
        let ports = stage::ports();
        let mut timeline = Timeline::new(&world, &ports);
        let (mut states, mut outages) = (States::new(&world), Outages::new(&world));
        let (mut promises, mut digest) = (Promises::new(&world, &ports), Digest::only());
        let observers: [&mut dyn Observer; 5] = [&mut timeline, &mut states, &mut outages, &mut promises, &mut digest];
        for observer in observers {
            stage::requests(observer, "..");
            transition(observer, ms(1_000), 0, (State::Backup, State::Master));
            transition(observer, ms(9_000), 1, (State::Backup, State::Master));
            observer.finish(ms(10_000));
        }
        let judgements = promises.judge(&states, &outages);
        let (judgements, digest, objections) = (&judgements, &digest, &Objections::default());
        Report {
            world: &world,
            timeline: &timeline,
            states: &states,
            outages: &outages,
            judgements,
            objections,
            digest,
        }
        .to_json()
        .unwrap()
    }

    #[test]
    fn the_report_tells_the_run_in_a_fixed_order() {
        let json = report();
        assert_eq!(json, report());
        let value: serde_json::Value = serde_json::from_str(&json).unwrap();
        let expected = serde_json::json!({
            "name": "stage",
            "seed": 42,
            "duration_ns": 10_000_000_000_u64,
            "ended_ns": 10_000_000_000_u64,
            "digest": value["digest"],
            "held": false,
            "judgements": [{
                "file": "stage.yaml",
                "line": 1,
                "text": "promise 0",
                "held": false,
                "found": "VI_1 had two masters for 1 s: 9.000000 to 10.000000 (r1, r2)",
            }],
            "violations": [],
            "expected_violations": [],
            "timeline": [
                { "at_ns": 1_000_000_000, "node": "r1", "subject": "VI_1", "what": "BACKUP -> MASTER", "rule": stage::RULE.id() },
                {
                    "at_ns": 9_000_000_000_u64,
                    "node": "r2",
                    "subject": "VI_1",
                    "what": "BACKUP -> MASTER",
                    "rule": stage::RULE.id(),
                },
            ],
            "clients": [{
                "name": "c1",
                "asked": 2,
                "answered": 2,
                "lost": 0,
                "late": 0,
                "troubles": {},
                "longest_ns": 100_000_000,
                "longest_from_ns": 1_000_000,
                "lost_from_ns": null,
                "lost_to_ns": null,
                "back_at_ns": null,
                "last_answer_ns": 101_000_000,
                "gaps": [],
            }],
            "double_masters": [{
                "instance": "VI_1",
                "total_ns": 1_000_000_000,
                "intervals": [
                    { "from_ns": 9_000_000_000_u64, "to_ns": 10_000_000_000_u64, "masters": ["r1", "r2"] },
                ],
            }],
            "addresses": [],
        });
        assert_eq!(value, expected);
        assert_eq!(value["digest"].as_str().unwrap().len(), 32);
        let keys = ["name", "seed", "duration_ns", "ended_ns", "digest", "held", "judgements", "timeline", "clients"];
        let places: Vec<usize> = keys.iter().map(|key| json.find(&format!("\n  \"{key}\"")).unwrap()).collect();
        assert!(places.is_sorted());
    }
}
