//! What the recorder writes, held against what is kept of another recorder: the same fields in every kind of event.
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use serde_json::Value;
use vrrplab_engine::model::{IfAddr, Mac};
use vrrplab_engine::{Instant, Span};
use vrrplab_formats::world::{Direction, FrameClass, Nic, NodeId};
use vrrplab_wire::{
    AddressFamily, Advert, AdvertFrame, GROUP_V4, GROUP_V6, Version, add_ah, gratuitous_arp, multicast_mac,
    unsolicited_na,
};

use super::clock::Epoch;
use super::daemon::Opinion;
use super::logs::Line;
use super::plan::{Plan, PlanInstance, PlanNic, PlanNode};
use super::play::{Run, Started};
use super::probe::Lateness;
use super::program::Program;
use super::steps::{Action, Step};
use super::timeline::timeline;
use super::tools::Tools;
use super::wire::{At, Frame, Port};

/// The sets of fields that events of one kind are seen with.
type Fields = BTreeMap<String, BTreeSet<BTreeSet<String>>>;

const CUT: &str = "\"fault\" \"cut\"";
const MAC: Mac = Mac([2, 0, 0, 0, 1, 1]);
/// 2026-11-21 16:29:39 UTC.
const ZERO: u64 = 1_795_278_579_000_000_000;

fn keys(value: &Value) -> BTreeSet<String> {
    value.as_object().into_iter().flat_map(|object| object.keys().cloned()).collect()
}

/// A fault is a kind of its own for each type.
fn add(timeline: &Value, fields: &mut Fields) {
    for event in timeline["events"].as_array().into_iter().flatten() {
        let kind = format!("{} {}", event["event"], event["type"]);
        fields.entry(kind).or_default().insert(keys(event));
    }
}

/// The fields of all kept recordings, and of their heads.
fn kept() -> (Fields, BTreeSet<String>) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../captures/recordings");
    let (mut fields, mut head) = (Fields::new(), BTreeSet::new());
    for case in std::fs::read_dir(folder).expect("recordings are kept") {
        let path = case.expect("a folder").path().join("run1/timeline.json");
        let Ok(text) = std::fs::read_to_string(&path) else { continue };
        let timeline: Value = serde_json::from_str(&text).expect("a timeline");
        add(&timeline, &mut fields);
        head = keys(&timeline);
    }
    (fields, head)
}

fn plan() -> Plan {
    let vip = |text: &str, prefix| ("eth0".to_owned(), IfAddr { ip: text.parse().expect("an address"), prefix });
    let instance = |name: &str, v6, vip| PlanInstance {
        name: name.to_owned(),
        nic: "eth0".to_owned(),
        vrid: 51,
        v6,
        vips: vec![vip],
    };
    let (v4, v6) = (vip("192.168.100.100", 24), vip("fe80::100", 64));
    let node = PlanNode {
        name: "n1".to_owned(),
        nics: vec![PlanNic { name: "eth0".to_owned(), mac: MAC, switch: 0, addrs: Vec::new() }],
        start: Some(Instant::ZERO),
        conf: String::new(),
        files: vec![("/run/adj".to_owned(), "0\n".to_owned())],
        instances: vec![instance("VI_1", false, v4), instance("VI_6", true, v6)],
    };
    let nic = Nic { node: NodeId(0), nic: 0 };
    let n = NodeId(0);
    let actions = vec![
        Action::Kill(n),
        Action::Stop(n),
        Action::Pause(n),
        Action::Resume(n),
        Action::Start(n),
        Action::Crash(n),
        Action::Reload(n, "vrrp_instance VI_1 {}".to_owned()),
        Action::Write(n, "/run/adj".to_owned(), "-30\n".to_owned()),
        Action::Port(n, None, false),
        Action::Port(n, Some(0), true),
        Action::Link(nic, false),
        Action::Partition("partition1".to_owned(), 0, vec![vec![n], vec![]]),
        Action::Heal("partition1".to_owned(), 0),
        Action::Cut("cut1".to_owned(), nic, Direction::FromNode, FrameClass::All),
        Action::Uncut("cut1".to_owned(), n),
    ];
    let steps = (1..).zip(actions).map(|(at, action)| Step { at: Instant(at * 1_000_000), action });
    Plan {
        name: "all".to_owned(),
        description: String::new(),
        zero: Instant::ZERO,
        duration: Span::from_millis(1_000),
        ipv6: true,
        switches: vec!["lan".to_owned()],
        nodes: vec![node],
        clients: Vec::new(),
        before: Vec::new(),
        steps: steps.collect(),
    }
}

fn advert(version: Version, auth: Option<[u8; 8]>, v6: bool) -> Vec<u8> {
    let vip = if v6 { "fe80::100" } else { "192.168.100.100" };
    let (src, dst) = match v6 {
        true => ("fe80::ff:fe00:101".parse().expect("an address"), GROUP_V6.into()),
        false => ([192, 168, 100, 11].into(), GROUP_V4.into()),
    };
    let addresses = vec![vip.parse().expect("an address")];
    let advert = Advert { version, vrid: 51, priority: 150, interval: 1, addresses, auth };
    let family = if v6 { AddressFamily::V6 } else { AddressFamily::V4 };
    let dst_mac = multicast_mac(dst).expect("a group has a MAC");
    AdvertFrame { advert: &advert, family, src_mac: MAC, dst_mac, src, dst, ttl: 255, id: 7 }.emit()
}

fn frames() -> Vec<Vec<u8>> {
    let mut authenticated = advert(Version::V2, None, false);
    add_ah(&mut authenticated, *b"1234\0\0\0\0", 1, true);
    let mut answer = gratuitous_arp(MAC, [192, 168, 100, 100].into());
    answer[..6].copy_from_slice(&[2, 0, 0, 0, 2, 1]);
    answer[21] = 2;
    vec![
        advert(Version::V2, None, false),
        advert(Version::V2, Some(*b"1234\0\0\0\0"), false),
        authenticated,
        advert(Version::V3, None, false),
        advert(Version::V3, None, true),
        gratuitous_arp(MAC, [192, 168, 100, 100].into()),
        answer,
        unsolicited_na(MAC, "fe80::100".parse().expect("an address"), true),
    ]
}

const MONITOR: &str = r"[2026-11-21T16:29:39.001000] 2: eth0    inet 192.168.100.100/24 scope global secondary eth0\       valid_lft forever
[2026-11-21T16:29:39.002000] Deleted 2: eth0    inet 192.168.100.100/24 scope global secondary eth0\       valid_lft forever
[2026-11-21T16:29:39.003000] 2: eth0    inet6 fe80::100/64 scope link nodad \       valid_lft forever
[2026-11-21T16:29:39.004000] 2: eth0    inet 192.168.100.100/24 scope global eth0\       valid_lft forever
[2026-11-21T16:29:39.005000] 2: eth0: <NO-CARRIER,BROADCAST,MULTICAST,UP> mtu 1500 state DOWN group default \    link/ether x
[2026-11-21T16:29:39.006000] 5: vrrp.51@eth0: <BROADCAST,MULTICAST> mtu 1500 state DOWN group default \    link/ether x
";

const LOG: &[(&str, &str)] = &[
    ("Keepalived", "Starting Keepalived v2.2.7 (01/16,2022)"),
    ("Keepalived", "Starting VRRP child process, pid=7"),
    ("Keepalived_vrrp", "(VI_1) Entering BACKUP STATE (init)"),
    ("Keepalived_vrrp", "(VI_1) Entering MASTER STATE"),
    ("Keepalived_vrrp", "(VI_1) Changing effective priority from 120 to 90"),
    ("Keepalived_vrrp", "(VI_1) Receive advertisement timeout"),
    ("Keepalived_vrrp", "Netlink reports eth0 down"),
    ("Keepalived_vrrp", "VRRP_Group(VG_1) Syncing instances to MASTER state"),
    ("Keepalived", "Stopping"),
    ("Keepalived_vrrp", "Stopped - used 0.0 user time"),
    ("Keepalived", "Stopped Keepalived v2.2.7 (01/16,2022)"),
];

/// A run in which everything happened once.
fn run(plan: &Plan) -> Run {
    let at = |n: u64| Epoch(ZERO + n * 1_000_000);
    let lines = (1..).zip(LOG).map(|(n, (ident, text))| Line {
        at: at(n),
        ident: (*ident).to_owned(),
        pid: 7,
        text: (*text).to_owned(),
    });
    let sent = (1..).zip(frames()).map(|(n, bytes)| Frame { at: at(n), bytes });
    let dropped = plan.steps.iter().map(|s| matches!(s.action, Action::Uncut(..) | Action::Heal(..)).then(Vec::new));
    Run {
        start: at(0),
        end: at(1_000),
        starts: vec![Started { node: 0, n: 1, due: Instant::ZERO, exec: at(0), exit_code: None }],
        steps: plan.steps.iter().map(|s| (at(0).plus(s.at.0), at(0).plus(s.at.0))).collect(),
        dropped: dropped.collect(),
        dropping: Vec::new(),
        opinions: vec![Opinion { code: Some(0), lines: Vec::new() }],
        notified: vec!["1795278579.409222201 /etc/keepalived/notify.sh n INSTANCE VI_1 BACKUP 150\n".to_owned()],
        late: Lateness::default(),
        clock_gained: -1_234,
        stolen: 0,
        logs: vec![lines.collect()],
        monitors: vec![MONITOR.to_owned()],
        ports: vec![Port { of: At { node: 0, nic: 0 }, switch: 0, sent: sent.collect(), delivered: Vec::new().into() }],
        finally: vec![(String::new(), String::new())],
        alive: vec![true],
        pinged: Vec::new(),
    }
}

#[test]
fn every_kind_of_event_has_the_fields_that_it_has_in_other_recordings() {
    let (kept, head) = kept();
    let plan = plan();
    let tools = Tools { program: Program::Keepalived, version: String::new(), kernel: String::new(), real_time: true };
    let text = timeline(&plan, &tools, run(&plan)).text();
    let written: Value = serde_json::from_str(&text).expect("a timeline is JSON");
    assert_eq!(keys(&written), head);
    let mut mine = Fields::new();
    add(&written, &mut mine);
    assert!(mine.len() > 30, "{:?}", mine.keys());
    for (kind, sets) in &mine {
        let known = kept.get(kind).unwrap_or_else(|| panic!("no recording has {kind}"));
        for set in sets {
            // Which of the node's ports is cut may be said, and is said here.
            let set: BTreeSet<String> = set.iter().filter(|key| kind != CUT || *key != "nic").cloned().collect();
            assert!(known.contains(&set), "{kind}: {set:?} is not in {known:?}");
        }
    }
}
