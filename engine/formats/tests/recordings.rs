//! Every recording of the repository is read; a few are known by heart.
use std::fs;
use std::path::{Path, PathBuf};

use vrrplab_engine::model::Version;
use vrrplab_engine::{Instant, Policy, Span, State};
use vrrplab_formats::recording::{FrameSort, RecordedKind, Recording, Stability, load};
use vrrplab_formats::world::{Direction, Fault, FrameClass, Member, NetworkId, Nic, NodeId, PortSecurity, TimedFault};

fn recordings() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../captures/recordings")
}

fn read(case: &str, run: usize) -> Recording {
    let (recording, report) = load(&recordings().join(case), Some(run));
    recording.unwrap_or_else(|| panic!("{report}"))
}

fn nic(node: usize) -> Nic {
    Nic { node: NodeId(node), nic: 0 }
}

fn at(us: u64, fault: Fault) -> TimedFault {
    TimedFault { at: Instant(us * 1_000), fault }
}

/// A directory of its own with a changed copy of p28's first run.
fn changed(name: &str, change: impl Fn(&str, String) -> Option<String>) -> PathBuf {
    let dir = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    let _ = fs::remove_dir_all(&dir);
    fs::create_dir_all(dir.join("run1")).unwrap();
    for file in ["case.json", "run1/timeline.json"] {
        let text = fs::read_to_string(recordings().join("p28_partition_heal").join(file)).unwrap();
        if let Some(text) = change(file, text) {
            fs::write(dir.join(file), text).unwrap();
        }
    }
    dir
}

fn errors(dir: &Path) -> Vec<String> {
    let (recording, report) = load(dir, None);
    assert_eq!(recording.is_none(), report.is_refused());
    report.diagnostics.iter().map(|d| d.title.replace(&dir.display().to_string(), "<dir>")).collect()
}

#[test]
fn every_recording_is_read_in_every_run() {
    let mut cases = 0;
    let mut entries: Vec<_> = fs::read_dir(recordings()).unwrap().map(|e| e.unwrap().path()).collect();
    entries.retain(|path| path.is_dir());
    entries.sort();
    for dir in entries {
        let (first, report) = load(&dir, None);
        let first = first.unwrap_or_else(|| panic!("{report}"));
        assert_eq!(dir.file_name().unwrap().to_str(), Some(first.name.as_str()));
        for run in 1..=first.all_runs.len() {
            let recording = read(&first.name, run);
            assert_eq!(recording.run, run);
            assert_eq!(recording.events, recording.all_runs[run - 1]);
            assert!(recording.events.is_sorted_by_key(|e| e.at) && !recording.events.is_empty());
            assert!(recording.world.faults.is_sorted_by_key(|f| f.at));
            let masters =
                recording.events.iter().filter(|e| matches!(e.kind, RecordedKind::State { state: State::Master, .. }));
            assert!(masters.count() > 0, "{}", recording.name);
            let init = |e: &&_| matches!(e, RecordedKind::State { state: State::Init, .. });
            assert_eq!(recording.events.iter().map(|e| &e.kind).filter(init).count(), 0);
        }
        cases += 1;
    }
    assert_eq!(cases, 54);
}

#[test]
fn p01_has_two_nodes_and_no_faults() {
    let recording = read("p01_basic2", 1);
    let world = &recording.world;
    assert_eq!(world.duration, Span::from_secs(12));
    assert_eq!(world.faults, []);
    assert_eq!((world.networks.len(), world.networks[0].name.as_str()), (1, "br0"));
    let nodes: Vec<_> = world.nodes.iter().map(|n| (n.model.name.as_str(), n.start)).collect();
    assert_eq!(nodes, [("n1", Some(Instant(9_007_000))), ("n2", Some(Instant(307_353_000)))]);
    let n1 = &world.nodes[0].model;
    assert_eq!((n1.interfaces[0].index.0, n1.interfaces[0].name.as_str()), (2, "eth0"));
    assert_eq!(n1.interfaces[0].mac.to_string(), "02:00:00:00:01:01");
    let instances: Vec<_> = n1.instances.iter().map(|i| (i.name.as_str(), i.vrid.get(), i.priority.get())).collect();
    assert_eq!(instances, [("VI_1", 51, 150)]);
    let told: Vec<String> = recording.events.iter().map(|e| format!("{} {} {}", e.at, e.node, e.kind)).collect();
    assert_eq!(
        told,
        [
            "0.009007 n1 VI_1 BACKUP",
            "0.307353 n2 VI_1 BACKUP",
            "3.423263 n1 VI_1 MASTER",
            "3.423337 n1 +192.168.100.100/24 eth0",
        ]
    );
    assert_eq!(recording.stable, Stability::ALL);
}

#[test]
fn p03_starts_the_killed_node_when_its_second_daemon_entered_its_first_state() {
    let faults = read("p03_three_kill9_restart", 1).world.faults;
    let kinds: Vec<_> = faults.iter().map(|f| &f.fault).collect();
    assert_eq!(kinds, [&Fault::Kill(NodeId(0)), &Fault::Start(NodeId(0))]);
    assert_eq!(faults[1].at, Instant(17_008_617_000));
}

#[test]
fn p13_leaves_out_what_the_power_loss_removed() {
    let recording = read("p13_auth_pass_crash", 1);
    let removed = recording.events.iter().filter(|e| matches!(e.kind, RecordedKind::Vip { added: false, .. }));
    let removed: Vec<_> = removed.map(|e| (e.node.as_str(), e.at)).collect();
    assert_eq!(removed, [("n2", Instant(20_422_726_000))]);
}

#[test]
fn p17_has_link_local_addresses_after_the_others() {
    let recording = read("p17_v3_ipv6", 1);
    let addresses = &recording.world.nodes[0].model.interfaces[0].addresses;
    let addresses: Vec<String> = addresses.iter().map(|a| format!("{}/{}", a.ip, a.prefix)).collect();
    assert_eq!(addresses, ["192.168.100.11/24", "fd00:100::11/64", "fe80::ff:fe00:101/64"]);
}

#[test]
fn p24_has_a_node_that_does_not_run_because_keepalived_refuses_its_file() {
    let (recording, report) = load(&recordings().join("p24_same_vrid_twice"), None);
    let world = recording.expect("a refused file is no failed recording").world;
    let nodes: Vec<_> = world.nodes.iter().map(|n| (n.model.instances.len(), n.start.is_some())).collect();
    assert_eq!(nodes, [(0, false), (1, true)]);
    let said: Vec<_> = report.diagnostics.iter().map(|d| d.title.as_str()).collect();
    assert_eq!(said, ["n1 does not run: `VI_1` and `VI_2` both use VRID 51 on interface eth0"]);
}

#[test]
fn p51_has_three_files_that_are_refused_and_three_that_keepalived_only_complains_of() {
    let nodes = read("p51_bad_values", 1).world.nodes;
    let run: Vec<_> = nodes.iter().filter(|n| n.start.is_some()).map(|n| n.model.name.as_str()).collect();
    assert_eq!(run, ["n2", "n5", "n6"]);
    assert!(nodes.iter().all(|n| n.model.instances.len() == usize::from(n.start.is_some())));
    assert_eq!(nodes[1].model.instances[0].priority.get(), 100, "300 is no priority");
}

#[test]
fn p28_has_its_frames_field_by_field() {
    let recording = read("p28_partition_heal", 2);
    let frame = &recording.frames()[0];
    assert_eq!((frame.node.as_str(), frame.sort), ("n1", FrameSort::Advert { vrid: 51, release: false }));
    let fields: Vec<String> = frame.fields.iter().map(|(name, value)| format!("{name}={value}")).collect();
    assert_eq!(
        fields.join(" "),
        "addrs=192.168.100.100 af=4 auth=0 csum=ok dmac=01:00:5e:00:00:12 dst=224.0.0.18 int_ms=1000 ip_id=1 ip_len=40 \
         prio=150 smac=02:00:00:00:01:01 src=192.168.100.11 tos=192 ttl=255 ver=2 vrid=51 vrrp_len=20"
    );
    assert_eq!(recording.all_frames.iter().map(Vec::len).collect::<Vec<_>>(), [61, 61, 61]);
}

#[test]
fn p28_says_between_which_times_its_faults_took_effect() {
    let recording = read("p28_partition_heal", 1);
    let windows: Vec<_> =
        recording.windows.iter().map(|w| (w.from.0 / 1_000, w.at.0 / 1_000, w.to.0 / 1_000)).collect();
    assert_eq!(windows, [(7_999_897, 8_015_875, 8_031_853), (18_004_901, 18_012_846, 18_020_791)]);
    assert_eq!(recording.stall, Span::from_micros(5_678));
    let exact = read("p26_carrier_loss_master", 1).windows;
    assert!(exact.iter().all(|window| window.from == window.to), "netlink shows the moment");
}

#[test]
fn p52_has_a_node_of_frr_whose_address_comes_and_goes_with_its_macvlan() {
    let recording = read("p52_frr_master_sigterm", 1);
    let f1 = &recording.world.nodes[0].model;
    assert_eq!(f1.policy, Policy::FRR.as_measured());
    let router = &f1.instances[0];
    assert_eq!((router.name.as_str(), router.version, router.priority.get()), ("vrrp51v4", Version::V3, 150));
    assert_eq!((router.advert_int, router.vips.len()), (Span::from_secs(1), 1));
    assert_eq!((router.vips[0].addr.ip.to_string().as_str(), router.vips[0].addr.prefix), ("192.168.100.100", 24));
    let told = recording.events.iter().filter(|e| e.node == "f1").map(|e| format!("{} {}", e.at, e.kind));
    assert_eq!(
        told.collect::<Vec<_>>(),
        [
            "0.013200 vrrp51v4 BACKUP",
            "3.423282 vrrp51v4 MASTER",
            "3.423631 +192.168.100.100/24 eth0",
            "8.003236 -192.168.100.100/24 eth0",
            "13.013659 vrrp51v4 BACKUP",
            "16.423736 vrrp51v4 MASTER",
            "16.424053 +192.168.100.100/24 eth0",
        ]
    );
}

#[test]
fn what_vrrpd_is_told_and_the_simulator_does_not_know_is_an_error() {
    let dir = Path::new(env!("CARGO_TARGET_TMPDIR")).join("frr-unknown");
    let _ = fs::remove_dir_all(&dir);
    fs::create_dir_all(dir.join("run1")).unwrap();
    let source = recordings().join("p52_frr_master_sigterm");
    let case = fs::read_to_string(source.join("case.json")).unwrap();
    let case = case.replace("vrrp 51 priority 150", "vrrp 51 checksum-with-ipv4-pseudoheader");
    fs::write(dir.join("case.json"), case).unwrap();
    fs::copy(source.join("run1/timeline.json"), dir.join("run1/timeline.json")).unwrap();
    assert_eq!(errors(&dir), ["f1: `vrrp 51 checksum-with-ipv4-pseudoheader` of vrrpd is not understood"]);
}

#[test]
fn p26_changes_the_link_when_the_kernel_showed_it() {
    let faults = read("p26_carrier_loss_master", 1).world.faults;
    assert_eq!(faults, [at(8_004_260, Fault::PortDown(nic(0))), at(16_002_468, Fault::PortUp(nic(0)))]);
}

#[test]
fn p27_mends_the_cut_before_the_first_frame_that_came_through() {
    // The command ran from 18.006 to 18.040 s, and n1 was heard at 18.036 s.
    let faults = read("p27_oneway_from_master", 1).world.faults;
    let cut = Fault::Cut { nic: nic(0), direction: Direction::FromNode, frames: FrameClass::All };
    let kinds: Vec<_> = faults.iter().map(|f| &f.fault).collect();
    assert_eq!(kinds, [&cut, &Fault::Uncut(nic(0))]);
    assert_eq!(faults[1].at, Instant(18_020_823_000));
}

#[test]
fn p28_is_partitioned_and_healed() {
    let faults = read("p28_partition_heal", 1).world.faults;
    let groups = vec![vec![Member::Node(NodeId(0))], vec![Member::Node(NodeId(1))]];
    assert_eq!(
        faults,
        [at(8_015_875, Fault::Partition { network: NetworkId(0), groups }), at(18_012_846, Fault::Heal(NetworkId(0)))]
    );
}

#[test]
fn p30_has_port_security_before_anything_starts() {
    let faults = read("p30_openstack_antispoof", 1).world.faults;
    let guard = |node| at(0, Fault::SetPortSecurity(nic(node), Some(PortSecurity::default())));
    assert_eq!(faults, [guard(0), guard(1), at(9_999_974, Fault::Stop(NodeId(0)))]);
}

#[test]
fn p37_reloads_another_priority() {
    let recording = read("p37_reload_priority", 1);
    let reloads = recording.world.faults.iter().map(|f| match &f.fault {
        Fault::Reload(node, model) => (f.at, *node, model.instances[0].priority.get(), model.interfaces.len()),
        other => panic!("{other:?}"),
    });
    let reloads: Vec<_> = reloads.collect();
    let n1 = NodeId(0);
    assert_eq!(reloads, [(Instant(7_999_977_000), n1, 80, 1), (Instant(15_999_974_000), n1, 150, 1)]);
}

#[test]
fn p46_is_a_race() {
    let recording = read("p46_simultaneous_equal", 3);
    assert_eq!(recording.stable, Stability { state: false, vip: false, advert: false, garp: false, na: true });
    assert_eq!((recording.run, recording.all_runs.len()), (3, 5));
}

#[test]
fn a_missing_file_is_named() {
    let no_timeline = changed("no-timeline", |file, text| (file == "case.json").then_some(text));
    let [error] = &errors(&no_timeline)[..] else { panic!("one error") };
    assert!(error.starts_with("<dir>/run1/timeline.json cannot be read: "), "{error}");
    let [error] = &errors(&no_timeline.join("nowhere"))[..] else { panic!("one error") };
    assert!(error.starts_with("<dir>/case.json cannot be read: "), "{error}");
}

#[test]
fn broken_json_is_named_with_line_and_column() {
    let dir = changed("broken", |_, text| Some(text.replace("\"duration_ms\": 26000", "\"duration_ms\": soon")));
    assert_eq!(errors(&dir), ["<dir>/case.json:10:17: not a recording: expected value"]);
    let dir = changed("incomplete", |_, text| Some(text.replace("\"duration_ms\": 26000,", "")));
    let [error] = &errors(&dir)[..] else { panic!("one error") };
    assert!(error.contains("not a recording: missing field `duration_ms`"), "{error}");
}

#[test]
fn a_run_that_was_not_recorded_is_refused() {
    let (recording, report) = load(&recordings().join("p01_basic2"), Some(4));
    assert_eq!(recording, None);
    assert_eq!(report.diagnostics[0].title, "the recording has no run 4");
    assert!(load(&recordings().join("p01_basic2"), Some(0)).0.is_none());
}

#[test]
fn faults_that_cannot_be_simulated_are_named_with_their_case() {
    let exec = changed("exec", |_, text| Some(text.replace("\"type\": \"heal\"", "\"type\": \"exec\"")));
    assert_eq!(errors(&exec), ["p28_partition_heal: fault `exec`: not supported yet"]);
    let (_, report) = load(&exec, None);
    assert!(report.render(false).contains("case.json:61:4"), "{report}");
    let unknown = changed("unknown", |_, text| {
        Some(text.replace("\"type\": \"heal\",\n   \"name\": \"p\"", "\"type\": \"heal\",\n   \"name\": \"q\""))
    });
    assert_eq!(errors(&unknown), ["p28_partition_heal: fault `heal`: `q` is not in force"]);
    let other = changed("other", |file, text| {
        Some(if file == "case.json" { text.replace("\"type\": \"heal\"", "\"type\": \"sigterm\"") } else { text })
    });
    assert_eq!(errors(&other), ["p28_partition_heal: the faults of this run are not those of case.json"]);
}

#[test]
fn mending_one_cut_leaves_the_others_of_the_same_port() {
    // The partition becomes a cut, its end becomes the end of an older cut from before the start.
    let dir = changed("two-cuts", |file, text| {
        if file != "case.json" {
            let text = text.replace("\"type\": \"partition\"", "\"type\": \"cut\"");
            return Some(text.replace("\"type\": \"heal\"", "\"type\": \"uncut\""));
        }
        let text = text.replace("\"type\": \"partition\"", "\"type\": \"cut\", \"node\": \"n1\", \"match\": \"arp\"");
        let text = text.replace("\"type\": \"heal\",\n   \"name\": \"p\"", "\"type\": \"uncut\", \"name\": \"old\"");
        let text = text.replace("\"type\": \"heal\"", "\"type\": \"uncut\"");
        let old =
            "{\"type\": \"cut\", \"node\": \"n1\", \"name\": \"old\", \"match\": \"mcast\", \"dir\": \"to_node\"}";
        let initial = format!("\"initial_faults\": [{old}],\n \"faults\"");
        Some(if file == "case.json" { text.replace("\"faults\"", &initial) } else { text })
    });
    let (recording, report) = load(&dir, None);
    let recording = recording.unwrap_or_else(|| panic!("{report}"));
    let cut = |direction, frames| Fault::Cut { nic: nic(0), direction, frames };
    let faults: Vec<_> = recording.world.faults.into_iter().map(|f| f.fault).collect();
    assert_eq!(
        faults,
        [
            cut(Direction::ToNode, FrameClass::Multicast),
            cut(Direction::Both, FrameClass::Arp),
            Fault::Uncut(nic(0)),
            cut(Direction::Both, FrameClass::Arp),
        ]
    );
}
