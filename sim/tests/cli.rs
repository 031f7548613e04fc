//! The command line as its users meet it: exit codes, messages that point at the line, and nothing written on bad input.
use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// What a command left behind.
struct Ended {
    code: Option<i32>,
    out: String,
    err: String,
}

fn command(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_vrrplab"));
    command.args(args).current_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join(".."));
    command
}

fn vrrplab(args: &[&str]) -> Ended {
    let output = command(args).stdin(Stdio::null()).output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    Ended { code: output.status.code(), out: text(output.stdout), err: text(output.stderr) }
}

/// An empty folder of this test's own.
fn empty_folder(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("cli").join(name);
    if folder.exists() {
        fs::remove_dir_all(&folder).unwrap();
    }
    fs::create_dir_all(&folder).unwrap();
    folder
}

/// A scenario that works, with one router and one promise.
const GOOD: &str = "\
duration: 6s
networks:
  lan:
nodes:
  r1:
    interfaces:
      eth0: {network: lan, addresses: [10.0.0.1/24]}
    keepalived: r1.conf
expect:
  - enters: {instance: VI, node: r1, state: MASTER, at: 3609ms, within: 1ms}
";

const CONF: &str = "\
vrrp_instance VI {
    interface eth0
    virtual_router_id 51
    priority 100
    virtual_ipaddress {
        10.0.0.100/24
    }
}
";

/// Runs a scenario that cannot be used: exit code 2, nothing on standard output, nothing written.
fn refused(name: &str, scenario: &str, conf: &str) -> String {
    let folder = empty_folder(name);
    fs::write(folder.join("story.yaml"), scenario).unwrap();
    fs::write(folder.join("r1.conf"), conf).unwrap();
    let path = |file: &str| folder.join(file).to_str().unwrap().to_owned();
    let ended = vrrplab(&["run", &path("story.yaml"), "--pcap", &path("pcap"), "--json", &path("report.json")]);
    assert_eq!(ended.code, Some(2), "{}", ended.err);
    assert_eq!(ended.out, "");
    let mut left: Vec<String> =
        fs::read_dir(&folder).unwrap().map(|e| e.unwrap().file_name().into_string().unwrap()).collect();
    left.sort();
    assert_eq!(left, ["r1.conf", "story.yaml"]);
    ended.err
}

#[track_caller]
fn says(message: &str, words: &[&str]) {
    for word in words {
        assert!(message.contains(word), "`{word}` is missing in:\n{message}");
    }
}

#[test]
fn the_good_scenario_of_these_tests_is_good() {
    let folder = empty_folder("good");
    fs::write(folder.join("story.yaml"), GOOD).unwrap();
    fs::write(folder.join("r1.conf"), CONF).unwrap();
    let path = |file: &str| folder.join(file).to_str().unwrap().to_owned();
    let ended = vrrplab(&["run", &path("story.yaml"), "--pcap", &path("pcap"), "--json", &path("report.json")]);
    assert_eq!(ended.code, Some(0), "{}{}", ended.out, ended.err);
    says(&ended.out, &["story: 1 of 1 expectations held"]);
    let section_header = [0x0a, 0x0d, 0x0d, 0x0a];
    assert!(fs::read(folder.join("pcap/story.pcapng")).unwrap().starts_with(&section_header));
    assert!(fs::read_to_string(folder.join("report.json")).unwrap().starts_with("[{"));
}

#[test]
fn a_reader_that_leaves_early_is_no_panic() {
    let mut args = vec!["run", "--verbose"];
    args.extend(["scenarios/split-brain.yaml"; 20]); // more than a pipe holds: the rest finds no reader
    let mut child = command(&args).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut first = String::new();
    let mut reader = BufReader::with_capacity(64, child.stdout.take().unwrap());
    reader.read_line(&mut first).unwrap();
    drop(reader);
    let mut err = String::new();
    child.stderr.take().unwrap().read_to_string(&mut err).unwrap();
    assert!(first.starts_with("split-brain: "), "{first}");
    assert_eq!((child.wait().unwrap().code(), err.as_str()), (Some(0), ""));
}

#[test]
fn a_broken_promise_ends_with_one() {
    let ended = vrrplab(&["run", "scenarios/canary-must-fail.yaml"]);
    assert_eq!(ended.code, Some(1));
    says(&ended.out, &["FAIL", "scenarios/canary-must-fail.yaml:34: found", "0 of 1 expectations held"]);
}

#[test]
fn an_unknown_key_is_answered_with_the_nearest() {
    let message = refused("unknown-key", &GOOD.replace("duration: 6s", "duratoin: 6s"), CONF);
    says(&message, &["story.yaml:1:1", "`duratoin`", "`duration`"]);
}

#[test]
fn a_time_needs_its_unit() {
    says(&refused("unit", &GOOD.replace("duration: 6s", "duration: 6"), CONF), &["story.yaml:1:11", "unit"]);
}

#[test]
fn a_node_needs_a_network_that_exists() {
    let message = refused("network", &GOOD.replace("network: lan", "network: wan"), CONF);
    says(&message, &["story.yaml:7:", "`wan`"]);
}

#[test]
fn a_broken_keepalived_conf_is_shown_in_its_own_lines() {
    let message = refused("conf", GOOD, &CONF.replace("virtual_router_id 51", "virtual_router_id many"));
    says(&message, &["r1.conf:3:", "many"]);
}

#[test]
fn a_promise_needs_an_instance_that_exists() {
    let message = refused("instance", &GOOD.replace("instance: VI,", "instance: VX,"), CONF);
    says(&message, &["story.yaml:10:", "`VX`"]);
}

#[test]
fn all_wrong_values_are_shown_at_once_in_both_files() {
    let scenario = GOOD.replace("duration: 6s", "duration: 6").replace("within: 1ms", "within: soon");
    let message = refused("values", &scenario, &CONF.replace("virtual_router_id 51", "virtual_router_id 0"));
    says(&message, &["story.yaml:1:11", "story.yaml:10:", "`soon`", "r1.conf:3:"]);
}

/// Before the values: a misspelt key may be why a value is missing.
#[test]
fn all_unknown_keys_are_shown_at_once() {
    let message = refused("keys", &GOOD.replace("duration:", "duratoin:").replace("addresses:", "adresses:"), CONF);
    says(&message, &["story.yaml:1:1", "`duratoin`", "story.yaml:7:28", "`adresses`"]);
}

#[test]
fn one_bad_scenario_among_good_ones_stops_all() {
    let ended = vrrplab(&["run", "scenarios/split-brain.yaml", "scenarios/no-such-file.yaml"]);
    assert_eq!((ended.code, ended.out.as_str()), (Some(2), ""));
    says(&ended.err, &["scenarios/no-such-file.yaml"]);
}

#[test]
fn the_same_seed_gives_the_same_bytes() {
    let ended = vrrplab(&["run", "scenarios/split-brain.yaml", "--check-determinism", "--quiet"]);
    assert_eq!((ended.code, ended.err.as_str()), (Some(0), ""));
}

#[test]
fn a_recording_agrees_within_the_tolerance_only() {
    let ended = vrrplab(&["verify", "captures/recordings/p01_basic2"]);
    assert_eq!(ended.code, Some(0), "{}{}", ended.out, ended.err);
    assert_eq!(ended.out.matches("\nagrees: 4 of 4 events as recorded").count(), 3, "{}", ended.out);
    let ended = vrrplab(&["verify", "captures/recordings/p01_basic2", "--tolerance", "0"]);
    assert_eq!(ended.code, Some(1));
    says(&ended.out, &["DIFFERS"]);
}

#[test]
fn a_folder_of_recordings_is_summed_up_in_one_line_each() {
    let ended = vrrplab(&["verify", "captures/recordings", "--run", "1"]);
    assert_eq!(ended.code, Some(0), "{}{}", ended.out, ended.err);
    assert!(ended.out.lines().count() >= 54, "{}", ended.out);
    says(&ended.out, &["p01_basic2", "19 of   19 frames equal"]);
    let ended = vrrplab(&["verify", "captures/recordings/p01_basic2", "--run", "2", "--json"]);
    let json: serde_json::Value = serde_json::from_str(&ended.out).unwrap();
    assert_eq!(json.pointer("/0/verdict").and_then(|v| v.as_str()), Some("agrees"));
    let nothing = empty_folder("no-recordings");
    assert_eq!(vrrplab(&["verify", nothing.to_str().unwrap()]).code, Some(2));
}

#[test]
fn rules_are_explained() {
    let ended = vrrplab(&["explain", "backup-timer-expired"]);
    assert_eq!(ended.code, Some(0));
    says(&ended.out, &["RFC 9568 6.4.2 (365)"]);
    let ended = vrrplab(&["explain", "backup-timer-expird"]);
    assert_eq!((ended.code, ended.out.as_str()), (Some(2), ""));
    assert_eq!(ended.err, "error: there is no rule `backup-timer-expird`; did you mean `backup-timer-expired`?\n");
}

#[test]
fn the_schema_is_json() {
    let ended = vrrplab(&["schema"]);
    assert_eq!(ended.code, Some(0));
    let schema: serde_json::Value = serde_json::from_str(&ended.out).unwrap();
    assert!(schema.pointer("/properties/timeline").is_some(), "{}", ended.out);
}

#[test]
fn standby_lines_are_printed_as_keepalived_conf_or_not_at_all() {
    let folder = empty_folder("standby");
    let (good, bad) = (folder.join("good.ios"), folder.join("bad.ios"));
    fs::write(&good, "interface f0/1\n standby 1 ip 10.0.0.1\n standby 1 preempt\n").unwrap();
    fs::write(&bad, "interface f0/1\n standby 1 ip 10.0.0.1\n standby 1 pirority 3\n").unwrap();
    let done = vrrplab(&["import", "standby", good.to_str().unwrap()]);
    assert_eq!(done.code, Some(3), "{}", done.err);
    assert!(done.out.contains("vrrp_instance HSRP_eth1_1 {"), "{}", done.out);
    assert!(done.err.contains("good.ios:2:2"), "{}", done.err);
    let done = vrrplab(&["import", "standby", bad.to_str().unwrap()]);
    assert_eq!((done.code, done.out.as_str()), (Some(2), ""));
    assert!(done.err.contains("bad.ios:3:2") && done.err.contains("did you mean `priority`?"), "{}", done.err);
}

#[test]
fn tables_are_shown_where_they_are_asked_for() {
    let folder = empty_folder("show");
    fs::write(folder.join("story.yaml"), GOOD).unwrap();
    fs::write(folder.join("r1.conf"), CONF).unwrap();
    let story = folder.join("story.yaml").to_str().unwrap().to_owned();
    let shown = vrrplab(&["run", &story, "--show", "addr@5s:r1", "--show", "arp@5s", "--node", "r1"]);
    let table = "    5.000000  r1   ip -br addr\nlo               UNKNOWN        127.0.0.1/8 ::1/128 \n\
                 eth0             UP             10.0.0.1/24 10.0.0.100/24 \n    5.000000  r1   ip neigh\n";
    assert!(shown.out.contains(table), "{}", shown.out);
    assert_eq!(shown.code, Some(0), "{}", shown.err);
    let silent = vrrplab(&["run", &story]);
    let digest = |ended: &Ended| ended.out.split("digest ").nth(1).map(|rest| rest[..32].to_owned());
    assert_eq!(digest(&shown), digest(&silent), "a look changes nothing");
    for (bad, answer) in [
        (&["--show", "addr@7s"][..], "error: `addr@7s` is after the end of story"),
        (&["--show", "addr@5s:r9"], "error: unknown host `r9` in story"),
        (&["--show", "addr@5s", "--node", "r9"], "error: unknown host `r9` in story"),
    ] {
        let ended = vrrplab(&[&["run", story.as_str()], bad].concat());
        assert_eq!((ended.code, ended.out.as_str()), (Some(2), ""), "{}", ended.err);
        assert!(ended.err.starts_with(answer), "{}", ended.err);
    }
}
