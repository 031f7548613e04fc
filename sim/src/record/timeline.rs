//! `timeline.json`: one run as its starts, its faults and all its events, by time.
use std::collections::BTreeMap;
use std::fmt::Write;

use serde_json::{Map, Value, json};

use super::clock::Epoch;
use super::event::{Event, millis, since};
use super::monitor::{self, What};
use super::plan::Plan;
use super::play::{Run, Started};
use super::steps::Action;
use super::tools::Tools;
use super::{logs, notify, wire};

/// Within this after the command, Linux tells of a change of carrier.
const HELD_BACK_NS: u64 = 1_500_000_000;

/// The finished record of one run.
#[derive(Debug)]
pub struct Timeline {
    /// The exec of the first daemon.
    pub start: Epoch,
    /// All events, by time.
    pub events: Vec<Event>,
    /// Everything but the events.
    head: Map<String, Value>,
}

/// Puts together what one run left behind.
pub fn timeline(plan: &Plan, tools: &Tools, run: Run) -> Timeline {
    let mut events = Vec::new();
    for (node, lines) in plan.nodes.iter().zip(&run.logs) {
        let names: Vec<String> = node.instances.iter().map(|i| i.name.clone()).collect();
        events.extend(lines.iter().flat_map(|line| logs::events(&node.name, &names, line)));
    }
    for (node, lines) in plan.nodes.iter().zip(&run.monitors) {
        events.extend(monitor::events(node, lines));
    }
    for (node, written) in plan.nodes.iter().zip(&run.notified) {
        events.extend(notify::events(&node.name, written));
    }
    for started in &run.starts {
        events.push(Event::new(started.exec, &plan.nodes[started.node].name, "proc_exec").with("n", started.n));
    }
    let mut faults = Vec::new();
    for ((step, (begun, done)), dropped) in plan.steps.iter().zip(&run.steps).zip(&run.dropped) {
        let done = &noticed(plan, &step.action, *begun, *done, &events);
        let mut fields = step.action.fields(plan);
        // What was written is in case.json.
        fields.retain(|key, _| !["keepalived_conf", "content"].contains(&key.as_str()));
        fields.extend(dropped.iter().map(|rules| ("nft".to_owned(), json!(rules))));
        fields.insert("nominal_ms".to_owned(), millis(step.at.0.into()));
        fields.insert("done_ms".to_owned(), since(run.start, *done));
        events.push(fault_event(*begun, &fields));
        fields.insert("t_ms".to_owned(), since(run.start, *begun));
        faults.push(Value::Object(fields));
    }
    events.extend(wire::events(plan, run.ports));
    events.retain(|e| e.at >= run.start && e.at <= run.end);
    events.sort_by_key(|e| e.at);
    let starts: Vec<Value> = run.starts.iter().map(|s| start(plan, run.start, s, &run.starts, &events)).collect();
    let by_node = |of: &dyn Fn(usize) -> Value| {
        plan.nodes.iter().enumerate().map(|(id, n)| (n.name.clone(), of(id))).collect::<Map<_, _>>()
    };
    let head = json!({
        "case": plan.name,
        "format": 1,
        "t0_epoch_ns": run.start.0,
        "end_ms": since(run.start, run.end),
        "starts": starts,
        "faults": faults,
        "jitter_probe_ms": run.late.fields(),
        "clock_shift_us": tenths(run.clock_gained),
        "cpu_steal_ticks": run.stolen,
        "config_test": by_node(&|id| json!({"rc": run.opinions[id].code, "output": run.opinions[id].lines})),
        "nft_at_end": run.dropping,
        "alive_at_end": by_node(&|id| json!(run.alive[id])),
        "final_addrs": by_node(&|id| addresses(&run.finally[id].0)),
        "final_link": by_node(&|id| links(&run.finally[id].1)),
        "host": {"kernel": tools.kernel, tools.program.name(): tools.version, "real_time": tools.real_time},
    });
    let head = head.as_object().cloned().unwrap_or_default();
    Timeline { start: run.start, events, head }
}

/// Nanoseconds as microseconds with one decimal.
fn tenths(ns: i128) -> Value {
    let text = format!("{}{}.{}", if ns < 0 { "-" } else { "" }, ns.abs() / 1_000, ns.abs() % 1_000 / 100);
    text.parse::<serde_json::Number>().map_or(Value::Null, Value::Number)
}

/// When a step was done: a cable is unplugged or plugged in when the node's kernel says so. Linux may hold the news back
/// for up to a second.
fn noticed(plan: &Plan, action: &Action, begun: Epoch, done: Epoch, events: &[Event]) -> Epoch {
    let (node, nic, key, up) = match action {
        Action::Port(node, nic, up) => (node.0, *nic, "carrier", *up),
        Action::Link(nic, up) => (nic.node.0, Some(nic.nic), "up", *up),
        _ => return done,
    };
    let node = &plan.nodes[node];
    let nics = node.nics.iter().enumerate().filter(|(id, _)| nic.is_none_or(|wanted| wanted == *id));
    let shown = nics.filter_map(|(_, nic)| {
        let of_nic = |e: &&Event| e.text("node") == Some(&node.name) && e.text("nic") == Some(&nic.name);
        let shows = |e: &&Event| e.is("link") && e.fields.get(key) == Some(&json!(up));
        let in_time = |e: &&Event| e.at >= begun && e.at <= done.plus(HELD_BACK_NS);
        events.iter().filter(of_nic).filter(shows).filter(in_time).map(|e| e.at).min()
    });
    shown.max().map_or(done, |at| at.max(done))
}

/// A fault among the events: of its node, if it has one.
fn fault_event(at: Epoch, fields: &Map<String, Value>) -> Event {
    let mut event = Event::new(at, "", "fault").with("node", Value::Null);
    for (key, value) in fields {
        event = event.with(key, value.clone());
    }
    event
}

/// One entry of `starts`: what the n-th daemon of a node did first, before the next one was started.
fn start(plan: &Plan, zero: Epoch, started: &Started, all: &[Started], events: &[Event]) -> Value {
    let name = plan.nodes[started.node].name.as_str();
    let next = all.iter().filter(|s| s.node == started.node && s.exec > started.exec).map(|s| s.exec).min();
    let first = |wanted: &dyn Fn(&Event) -> bool| {
        let mine = events.iter().filter(|e| e.at >= started.exec && next.is_none_or(|next| e.at < next));
        let mut found = mine.filter(|e| e.text("node") == Some(name) && wanted(e));
        found.next().map_or(Value::Null, |e| since(zero, e.at))
    };
    let entered = |e: &Event| e.is("state") && e.text("state") != Some("INIT") && !e.fields.contains_key("early");
    json!({
        "node": name,
        "n": started.n,
        "sched_ms": millis(started.due.0.into()),
        "exec_ms": since(zero, started.exec),
        "log_start_ms": first(&|e| e.is("proc_log_start")),
        "vrrp_child_ms": first(&|e| e.is("proc_vrrp_start")),
        "first_state_ms": first(&entered),
        "exit_code": started.exit_code,
    })
}

/// `ip -o address show` as interface -> addresses.
fn addresses(shown: &str) -> Value {
    let mut of: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for seen in shown.lines().filter_map(read_shown) {
        if let What::Address { addr, .. } = seen.what {
            of.entry(seen.nic).or_default().push(format!("{}/{}", addr.ip, addr.prefix));
        }
    }
    of.remove("lo");
    json!(of)
}

/// `ip -o link show` as interface -> operational state.
fn links(shown: &str) -> Value {
    let mut of: BTreeMap<String, String> = BTreeMap::new();
    for seen in shown.lines().filter_map(read_shown) {
        if let What::Link { operstate, .. } = seen.what {
            of.insert(seen.nic, operstate);
        }
    }
    of.remove("lo");
    json!(of)
}

/// A line of `ip -o .. show` is a line of the monitor without its time.
fn read_shown(line: &str) -> Option<monitor::Seen> {
    monitor::parse(&format!("[1970-01-01T00:00:00.0] {line}"))
}

impl Timeline {
    /// The text of `timeline.json`: one line for each field and event.
    pub fn text(&self) -> String {
        let mut text = "{\n".to_owned();
        for (key, value) in &self.head {
            let _ = writeln!(text, " \"{key}\": {value},");
        }
        text += " \"events\": [\n";
        for (at, event) in self.events.iter().enumerate() {
            let mut fields = event.fields.clone();
            fields.insert("t_ms".to_owned(), since(self.start, event.at));
            let comma = if at + 1 < self.events.len() { "," } else { "" };
            let _ = writeln!(text, "  {}{comma}", Value::Object(fields));
        }
        text + " ]\n}\n"
    }
}
