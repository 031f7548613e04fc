//! `case.json`: the plan in the words of a recording.
use serde::{Serialize, Serializer};
use serde_json::{Map, Value, json};

use super::event::millis;
use super::files;
use super::plan::{Plan, PlanNode};

#[derive(Serialize)]
struct Case<'p> {
    format: u8,
    name: &'p str,
    description: &'p str,
    tags: [&'static str; 1],
    duration_ms: Value,
    switches: &'p [String],
    ipv6: bool,
    nodes: Nodes<'p>,
    initial_faults: Vec<Value>,
    faults: Vec<Value>,
}

/// The nodes in the order of the scenario.
struct Nodes<'p>(&'p Plan);

impl Serialize for Nodes<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.nodes.iter().map(|node| (&node.name, Node::new(self.0, node))))
    }
}

#[derive(Serialize)]
struct Node<'p> {
    nics: Vec<Nic<'p>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    start_ms: Option<Value>,
    keepalived_conf: &'p str,
    #[serde(skip_serializing_if = "Map::is_empty")]
    files: Map<String, Value>,
}

#[derive(Serialize)]
struct Nic<'p> {
    name: &'p str,
    switch: &'p str,
    mac: String,
    addrs: Vec<String>,
}

impl<'p> Node<'p> {
    fn new(plan: &'p Plan, node: &'p PlanNode) -> Node<'p> {
        let nics = node.nics.iter().map(|nic| Nic {
            name: &nic.name,
            switch: &plan.switches[nic.switch],
            mac: nic.mac.to_string(),
            addrs: nic.addrs.iter().map(|a| format!("{}/{}", a.ip, a.prefix)).collect(),
        });
        let start_ms = node.start.map(|at| millis(at.0.into()));
        let file = |content: &str| match files::is_program(content) {
            true => json!({"mode": "0755", "content": content}),
            false => json!(content),
        };
        let files = node.files.iter().map(|(path, content)| (path.clone(), file(content))).collect();
        Node { nics: nics.collect(), start_ms, keepalived_conf: &node.conf, files }
    }
}

/// The text of `case.json`.
pub fn text(plan: &Plan) -> String {
    let timed = |fields: Map<String, Value>, at: u64| {
        let mut fields = fields;
        fields.insert("t_ms".to_owned(), millis(at.into()));
        Value::Object(fields)
    };
    let case = Case {
        format: 1,
        name: &plan.name,
        description: &plan.description,
        tags: ["scenario"],
        duration_ms: millis(plan.duration.0.into()),
        switches: &plan.switches,
        ipv6: plan.ipv6,
        nodes: Nodes(plan),
        initial_faults: plan.before.iter().map(|action| json!(action.fields(plan))).collect(),
        faults: plan.steps.iter().map(|step| timed(step.action.fields(plan), step.at.0)).collect(),
    };
    serde_json::to_string_pretty(&case).unwrap_or_default() + "\n"
}
