//! `outcome.json` and `spread.json`: for people, who was master from when to when; for `verify`, what all runs share.
use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::event::{Event, since};
use super::timeline::Timeline;

/// Who was master from when to when, and which state followed which, in the first run.
pub fn outcome(run: &Timeline) -> Value {
    let mut masters = Vec::new();
    let mut open: BTreeMap<(&str, &str), Value> = BTreeMap::new();
    let mut sequences: BTreeMap<String, Vec<&str>> = BTreeMap::new();
    let mut counts: BTreeMap<&str, u64> = BTreeMap::new();
    let mut close = |key: (&str, &str), from: Value, to: Value| {
        masters.push(json!({"node": key.0, "instance": key.1, "from_ms": from, "to_ms": to}));
    };
    for event in &run.events {
        *counts.entry(event.text("event").unwrap_or_default()).or_default() += 1;
        let at = since(run.start, event.at);
        let node = event.text("node").unwrap_or_default();
        if event.is("fault") && ["kill9", "crash"].contains(&event.text("type").unwrap_or_default()) {
            let ended: Vec<_> = open.keys().filter(|(n, _)| *n == node).copied().collect();
            for key in ended {
                if let Some(from) = open.remove(&key) {
                    close(key, from, at.clone());
                }
            }
        }
        let (Some(state), Some(instance)) = (state(event), event.text("instance")) else { continue };
        sequences.entry(format!("{node}/{instance}")).or_default().push(state);
        match (state, open.remove(&(node, instance))) {
            ("MASTER", from) => drop(open.insert((node, instance), from.unwrap_or(at))),
            (_, Some(from)) => close((node, instance), from, at),
            (_, None) => {}
        }
    }
    for (key, from) in open {
        close(key, from, Value::Null);
    }
    json!({"masters": masters, "state_sequences": sequences, "counts": counts})
}

/// Whether states, and addresses, came in the same order on every node in all runs, and frames in the same number and
/// about the same times.
pub fn spread(runs: &[Timeline]) -> Value {
    let same = |of: &dyn Fn(&Event) -> Option<String>| {
        let mut orders = runs.iter().map(|run| order(run, of));
        let first = orders.next();
        orders.all(|o| Some(&o) == first.as_ref())
    };
    let states = same(&|e| Some(format!("{} {}", e.text("instance")?, state(e)?)));
    let vips = same(&|e| {
        let kind = e.text("event").filter(|kind| ["vip_add", "vip_del"].contains(kind))?;
        Some(format!("{kind} {} {}", e.text("nic")?, e.text("ip")?))
    });
    let mut stable = json!({"state": states, "vip": vips});
    for kind in ["advert_tx", "garp_tx", "na_tx"] {
        let mut all = runs.iter().map(|run| sent(run, kind));
        let first = all.next().unwrap_or_default();
        stable[kind] = json!(all.all(|other| alike(&first, &other)));
    }
    json!({"runs": runs.len(), "stable": stable})
}

/// Two frames of different runs are the same when they lie within this, measured from the start of each.
const SAME_NS: u64 = 100_000_000;

/// The times of each sort of frame, but for the last moment: what comes then comes in one run and not in another.
fn sent<'r>(run: &'r Timeline, kind: &str) -> BTreeMap<Vec<&'r str>, Vec<u64>> {
    let last = run.events.last().map_or(0, |e| e.at.0).saturating_sub(SAME_NS);
    let mut times: BTreeMap<Vec<&str>, Vec<u64>> = BTreeMap::new();
    for event in run.events.iter().filter(|e| e.is(kind) && e.at.0 < last) {
        let key = ["node", "instance", "nic", "ip", "src", "dst"].map(|key| event.text(key).unwrap_or_default());
        times.entry(key.to_vec()).or_default().push(event.at.0.saturating_sub(run.start.0));
    }
    times
}

fn alike(some: &BTreeMap<Vec<&str>, Vec<u64>>, other: &BTreeMap<Vec<&str>, Vec<u64>>) -> bool {
    let near = |a: &[u64], b: &[u64]| a.len() == b.len() && a.iter().zip(b).all(|(a, b)| a.abs_diff(*b) <= SAME_NS);
    some.len() == other.len() && some.iter().all(|(key, a)| other.get(key).is_some_and(|b| near(a, b)))
}

/// What each node did, in order.
fn order(run: &Timeline, of: &dyn Fn(&Event) -> Option<String>) -> BTreeMap<String, Vec<String>> {
    let mut orders: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for event in &run.events {
        if let (Some(node), Some(what)) = (event.text("node"), of(event)) {
            orders.entry(node.to_owned()).or_default().push(what);
        }
    }
    orders
}

fn state(event: &Event) -> Option<&str> {
    event.text("state").filter(|_| event.is("state") && !event.fields.contains_key("early"))
}
