//! What a real kernel did with its virtual servers, replayed: same server for each connection, same table after each step.
use std::path::PathBuf;

use serde_json::Value;

mod ipvs;
use ipvs::case::{files, number, text};
use ipvs::replay::Replay;

/// Known differences, with the first step that differs.
///
/// - `life-edit-fwd`: the kernel's shared route cache is not modelled. After an edit from NAT to DR with live NAT connections it
///   makes the director ask by ARP for the virtual address itself.
/// - `life-stale-server-socket`: every choice agrees, but the recording looked before the kernel's timer had taken the replaced
///   entry away; here it is gone at once.
const ODDITIES: &[(&str, usize)] = &[("life-edit-fwd", 3), ("life-stale-server-socket", 6)];

#[allow(clippy::disallowed_methods)] // the one knob of this test: another folder of cases
fn folder() -> PathBuf {
    std::env::var_os("VRRPLAB_IPVS_ORACLE")
        .map(PathBuf::from)
        .unwrap_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../captures/ipvs"))
}

#[derive(Debug, Default)]
struct Tally {
    cases: usize,
    agreeing: usize,
    oddities: usize,
    connections: usize,
    steps: usize,
    findings: Vec<String>,
}

/// Compares the connections. Expiry may differ by the seconds that the recording took.
fn same_connections(expected: &[Value], found: &[(String, u64)]) -> bool {
    let show = |conn: &Value| {
        let socket = |ip: &str, port: &str| {
            std::net::SocketAddr::new(text(conn, ip).parse().unwrap(), number(conn, port).unwrap() as u16)
        };
        let (pro, state) = (text(conn, "pro"), text(conn, "state"));
        let shown = format!(
            "{pro} {} {} {} {state}",
            socket("caddr", "cport"),
            socket("vaddr", "vport"),
            socket("daddr", "dport")
        );
        (shown, number(conn, "expires").unwrap())
    };
    let mut expected: Vec<(String, u64)> = expected.iter().map(show).collect();
    expected.sort();
    let close = |a: &(String, u64), b: &(String, u64)| a.0 == b.0 && a.1.abs_diff(b.1) <= 3;
    expected.len() == found.len() && expected.iter().zip(found).all(|(a, b)| close(a, b))
}

/// Replays one case; the first step that differs, and how.
fn replay(case: &Value, tally: &mut Tally) -> Option<(usize, String)> {
    let mut replay = Replay::new(case);
    for (at, step) in case["steps"].as_array().unwrap().iter().enumerate() {
        let (input, expected) = (&step["in"], &step["out"]);
        let mut found = replay.step(input);
        tally.steps += 1;
        tally.connections += usize::from(expected.get("chosen").is_some());
        found["table"] = replay.table();
        for key in ["chosen", "error", "pong", "table", "ipvsadm", "out"] {
            let (want, have) = (expected.get(key).unwrap_or(&Value::Null), found.get(key).unwrap_or(&Value::Null));
            if want != have {
                return Some((at, format!("{key} of {input}: kernel {want}, here {have}")));
            }
        }
        if let Some(conns) = expected.get("conns").and_then(Value::as_array) {
            let have = replay.connections(number(input, "watch"));
            if !same_connections(conns, &have) {
                return Some((
                    at,
                    format!("connections after {input}: kernel {}, here {have:?}", Value::from(conns.clone())),
                ));
            }
        }
    }
    None
}

#[test]
fn ipvs_cases_of_the_kernel_come_out_the_same() {
    let mut tally = Tally::default();
    for (path, cases) in files(&folder()) {
        for case in &cases {
            tally.cases += 1;
            let id = text(case, "id");
            let known = ODDITIES.iter().find(|(name, _)| *name == id);
            match (replay(case, &mut tally), known) {
                (None, _) => tally.agreeing += 1,
                (Some((at, _)), Some((_, expected))) if at == *expected => tally.oddities += 1,
                (Some((at, how)), _) => tally.findings.push(format!("{} {id} step {at}: {how}", path.display())),
            }
        }
    }
    println!(
        "{} cases, {} agree, {} known oddities; {} steps, {} connections compared",
        tally.cases, tally.agreeing, tally.oddities, tally.steps, tally.connections
    );
    assert!(tally.cases > 0, "no case in {}", folder().display());
    assert!(tally.findings.is_empty(), "{} findings:\n{}", tally.findings.len(), tally.findings.join("\n"));
}
