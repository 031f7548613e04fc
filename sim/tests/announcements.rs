//! What the kernels of the recordings did when another host announced an address of theirs.
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

/// Around the moment at which an address is set or removed, nothing can be said. In milliseconds.
const MARGIN: f64 = 5.0;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../captures")
}

/// The events of every run of every recording, with its name.
fn runs() -> Vec<(String, Vec<Value>)> {
    let folders = |of: &str| fs::read_dir(root().join(of)).unwrap().map(|entry| entry.unwrap().path());
    let cases = folders("recordings").chain(folders("recorded")).filter(|path| path.is_dir());
    let timelines = cases.flat_map(|case| (1..=5).map(move |run| case.join(format!("run{run}/timeline.json"))));
    let events = |path: PathBuf| {
        let mut timeline: Value = serde_json::from_str(&fs::read_to_string(&path).unwrap()).unwrap();
        let Value::Array(events) = timeline["events"].take() else { panic!("{}", path.display()) };
        (path.display().to_string(), events)
    };
    timelines.filter(|path| path.exists()).map(events).collect()
}

fn at(event: &Value) -> f64 {
    event["t_ms"].as_f64().unwrap()
}

/// Whether a node has an address at a time, and has had it, and will have it, for a while.
fn holds(events: &[Value], node: &Value, ip: &str, time: f64) -> bool {
    let of = |event: &&Value| {
        let named = event["ip"].as_str().is_some_and(|known| known.split('/').next() == Some(ip));
        named && event["node"] == *node && matches!(event["event"].as_str(), Some("vip_add" | "vip_del"))
    };
    let changes = || events.iter().filter(of);
    let before = changes().take_while(|event| at(event) < time - MARGIN).last();
    let meanwhile = changes().any(|event| (at(event) - time).abs() <= MARGIN);
    !meanwhile && before.is_some_and(|event| event["event"] == "vip_add")
}

/// (heard by a node that has the address, answered)
fn announcements(events: &[Value]) -> (usize, usize) {
    let is_virtual = |event: &Value| event["sha"].as_str().is_some_and(|mac| mac.starts_with("00:00:5e"));
    let (mut heard, mut answered) = (0, 0);
    for said in events.iter().filter(|event| event["event"] == "garp_tx" && !is_virtual(event)) {
        for node in said["to"].as_array().unwrap() {
            if !holds(events, node, said["ip"].as_str().unwrap(), at(said)) {
                continue;
            }
            heard += 1;
            let answer = |event: &&Value| {
                event["event"] == "arp_reply"
                    && event["node"] == *node
                    && event["ip"] == said["ip"]
                    && (0.0..MARGIN).contains(&(at(event) - at(said)))
            };
            answered += usize::from(events.iter().any(|event| answer(&event)));
        }
    }
    (heard, answered)
}

/// With two masters that hear each other's ARP. What answers there are came while the address was being removed.
#[test]
fn no_kernel_answers_an_announcement_of_an_address_that_it_has() {
    let mut asked = 0;
    for (name, events) in runs() {
        let (heard, answered) = announcements(&events);
        assert_eq!(answered, 0, "{name}");
        asked += heard;
        if name.contains("p29_multicast_dropped") {
            assert_eq!(heard, 10, "{name}: five at 11.03 s and five at 16.03 s");
        }
    }
    assert!(asked >= 100, "only {asked} announcements were heard by a host that had the address");
}
