//! Flight recordings replayed: the same comes out, differences are found, and scenarios are made of them.
#[path = "flight/daemon.rs"]
mod daemon;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use daemon::Daemon;
use proptest::prelude::*;
use vrrplab_formats::diagnostics::Report;
use vrrplab_formats::flight::{Found, Line, Reader};
use vrrplab_sim::flight::tell::Teller;
use vrrplab_sim::flight::{Pilot, Story, scenario};

const CONF: &str = "vrrp_instance VI_1 {
    interface eth0
    virtual_router_id 51
    priority 100
    advert_int 1
    authentication {
        auth_type PASS
        auth_pass secret12
    }
    virtual_ipaddress {
        10.0.0.100/24
    }
}
";

/// What `vrrplab` ends with and prints.
fn vrrplab(args: &[&str]) -> (Option<i32>, String, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_vrrplab"));
    let output = command.args(args).stdin(Stdio::null()).output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (output.status.code(), text(output.stdout), text(output.stderr))
}

fn place(name: &str) -> PathBuf {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    let _ = fs::remove_file(&path);
    path
}

fn written(name: &str, text: &str) -> String {
    let path = place(name);
    fs::write(&path, text).unwrap();
    path.display().to_string()
}

/// A better router is there, dies after its advert of 10.2, returns at 30.6 and says goodbye at 50.2. Between, at 40.5, the
/// own link fails for two seconds.
fn an_evening() -> String {
    let mut daemon = Daemon::start(CONF);
    for second in 0..=10 {
        daemon.hears(second * 1_000 + 200, 150);
    }
    for second in (30..=39).chain(43..=49) {
        daemon.hears(second * 1_000 + 600, 150);
        if second == 39 {
            daemon.link(40_500, false);
            daemon.link(42_500, true);
        }
    }
    daemon.hears(50_200, 0);
    daemon.stop(55_000)
}

#[test]
fn a_recorded_evening_is_told_again_and_is_the_same() {
    let file = written("evening.flight", &an_evening());
    let (code, out, err) = vrrplab(&["replay", &file]);
    assert_eq!((code, err.as_str()), (Some(0), ""), "{out}");
    insta::assert_snapshot!(out);
    let (code, quiet, _) = vrrplab(&["replay", "--quiet", &file]);
    assert_eq!((code, quiet.lines().count()), (Some(0), 1), "{quiet}");
}

/// captures/flights: a takeover beside keepalived 2.2.7, on a real kernel.
#[test]
fn what_a_daemon_did_on_a_real_host_is_what_the_engine_does_again() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../captures/flights/takeover.flight");
    let (code, told, complaints) = vrrplab(&["replay", path]);
    assert_eq!((code, complaints.as_str()), (Some(0), ""));
    assert_eq!(told.lines().last(), Some("23 inputs, 46 outputs, the same"), "{told}");
    // SIGTERM of the master after 8 s, and the skew of priority 100: 0.609375 s
    assert!(told.contains("VI_1  BACKUP -> MASTER                        backup-timer-expired"), "{told}");
}

/// captures/flights: a director on a real kernel, one of whose web servers dies and comes back.
#[test]
fn what_checkers_saw_on_a_real_host_is_what_they_see_again_and_no_part_of_a_scenario() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../captures/flights/server-dies.flight");
    let (code, told, complaints) = vrrplab(&["replay", path]);
    assert_eq!((code, complaints.as_str()), (Some(0), ""));
    assert_eq!(told.lines().last(), Some("31 inputs, 55 outputs, the same"), "{told}");
    for line in ["6.048319  (none)  Removing service [10.9.0.12]", "10.103456  (none)  Adding service [10.9.0.12]"] {
        assert!(told.contains(line), "{told}");
    }
    let scenario = place("server-dies.yaml");
    let scenario = scenario.to_str().unwrap();
    assert_eq!(vrrplab(&["replay", "--quiet", path, "--to-scenario", scenario]).0, Some(0));
    let text = fs::read_to_string(scenario).unwrap();
    assert!(text.contains("# Left out: 1 virtual_server with 2 real_server in all, and their checks."), "{text}");
    assert!(text.contains("s Removing service [10.9.0.12]:tcp:80 from VS [10.99.0.1]:tcp:80\n"), "{text}");
    assert!(!text.contains("real_server 10.9.0.12"), "{text}");
    let (code, out, err) = vrrplab(&["run", scenario]);
    assert_eq!((code, err.as_str()), (Some(0), ""), "{out}");
}

#[test]
fn what_checkers_did_otherwise_is_shown_with_both_sides() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../captures/flights/server-dies.flight");
    let text = fs::read_to_string(path).unwrap().replacen(
        "server-removed deletes 10.9.0.12",
        "server-removed deletes 10.9.0.13",
        1,
    );
    let (code, out, _) = vrrplab(&["replay", "--quiet", &written("other-server.flight", &text)]);
    assert_eq!(code, Some(1), "{out}");
    assert!(out.contains("recorded: server-removed deletes 10.9.0.13 80 of "), "{out}");
    assert!(out.contains("replayed: server-removed deletes 10.9.0.12 80 of "), "{out}");
}

#[test]
fn a_recorded_evening_becomes_a_scenario_with_the_same_transitions() {
    let file = written("evening-2.flight", &an_evening());
    let scenario = place("evening.yaml");
    let scenario = scenario.to_str().unwrap();
    let (code, out, err) = vrrplab(&["replay", "--quiet", &file, "--to-scenario", scenario]);
    assert_eq!((code, err.as_str()), (Some(0), ""), "{out}");
    insta::assert_snapshot!(fs::read_to_string(scenario).unwrap());
    let (code, out, err) = vrrplab(&["run", scenario]);
    assert_eq!((code, err.as_str()), (Some(0), ""), "{out}");
    assert!(out.contains("6 of 6 expectations held"), "{out}");
    let (code, _, err) = vrrplab(&["replay", &file, "--to-scenario", scenario]);
    assert_eq!(code, Some(2));
    assert!(err.contains("is there already"), "{err}");
}

#[test]
fn a_silence_too_short_for_a_restart_becomes_a_cut_and_another_priority_a_reload() {
    let mut daemon = Daemon::start(CONF);
    for second in (0..=10).chain(14..=20) {
        daemon.hears(second * 1_000 + 200, if second < 18 { 150 } else { 120 });
    }
    let file = written("short.flight", &daemon.kill(20_500));
    let scenario = place("short.yaml");
    let scenario = scenario.to_str().unwrap();
    assert_eq!(vrrplab(&["replay", "--quiet", &file, "--to-scenario", scenario]).0, Some(0));
    let text = fs::read_to_string(scenario).unwrap();
    let faults: Vec<&str> = text.lines().filter(|line| line.starts_with("  - { at:")).collect();
    // the node starts at 5 s
    assert_eq!(
        faults,
        [
            "  - { at: 15.700s, do: { cut: { node: \"peer-1\" } } }",
            "  - { at: 18.700s, do: { uncut: { node: \"peer-1\" } } }",
            "  - { at: 23.199s, do: { reload: { node: \"peer-1\", priority: { \"VI_1\": 120 } } } }",
        ],
        "{text}"
    );
    let (code, out, err) = vrrplab(&["run", scenario]);
    assert_eq!((code, err.as_str()), (Some(0), ""), "{out}");
}

#[test]
fn a_reload_is_an_input_too() {
    let mut daemon = Daemon::start(CONF);
    daemon.reload(8_000, &CONF.replace("priority 100", "priority 90"));
    let file = written("reload.flight", &daemon.stop(9_500));
    let (code, out, _) = vrrplab(&["replay", &file]);
    assert_eq!(code, Some(0), "{out}");
    assert!(out.contains("daemon reloaded (SIGHUP)") && out.contains("the same"), "{out}");
    let scenario = place("reload.yaml");
    let scenario = scenario.to_str().unwrap();
    assert_eq!(vrrplab(&["replay", "--quiet", &file, "--to-scenario", scenario]).0, Some(0));
    let (code, out, err) = vrrplab(&["run", scenario]);
    assert_eq!((code, err.as_str()), (Some(0), ""), "{out}");
}

#[test]
fn the_first_difference_is_shown_with_both_sides() {
    let text = an_evening().replacen("BACKUP -> MASTER", "BACKUP -> FAULT", 1);
    let file = written("different.flight", &text);
    let (code, out, _) = vrrplab(&["replay", "--quiet", &file]);
    assert_eq!(code, Some(1));
    let lines: Vec<&str> = out.lines().collect();
    assert_eq!(
        lines[..3],
        [
            "input 13 at 13.809375, output 2: not the same",
            "  recorded: backup-timer-expired 0 BACKUP -> FAULT",
            "  replayed: backup-timer-expired 0 BACKUP -> MASTER",
        ],
        "{out}"
    );
}

#[test]
fn a_daemon_that_was_killed_and_came_back_has_two_flights() {
    let mut text = an_evening();
    text.truncate(text.len() - 30);
    text.push('\n');
    text += &Daemon::start(CONF).kill(5_000);
    let file = written("killed.flight", &text);
    let (code, out, err) = vrrplab(&["replay", &file]);
    assert_eq!((code, err.as_str()), (Some(0), ""), "{out}");
    assert!(out.contains("breaks off: here the daemon was killed"), "{out}");
    assert!(out.contains("\nflight 2: vrrplabd 0.1.0 of lb1"), "{out}");
    let (_, second, _) = vrrplab(&["replay", &file, "--flight", "2"]);
    assert!(!second.contains("flight 1") && second.contains("flight 2"), "{second}");
    let (code, _, err) = vrrplab(&["replay", &file, "--flight", "3"]);
    assert_eq!((code, err.contains("holds no flight 3")), (Some(2), true), "{err}");
}

#[test]
fn what_is_no_recording_is_bad_input() {
    for (name, text, why) in [
        ("text.flight", "hello\n", "this is no flight recording"),
        ("empty.flight", "", "holds no flight"),
        ("newer.flight", "{\"flight\":{\"version\":9}}\n", "recorded in version 9 of the format"),
        ("conf.flight", &Daemon::start(CONF).kill(1).replace("interface eth0", "interface eth9"), "cannot be used"),
    ] {
        let (code, _, err) = vrrplab(&["replay", &written(name, text)]);
        assert_eq!((code, err.contains(why)), (Some(2), true), "{name}: {err}");
    }
    assert_eq!(vrrplab(&["replay", "/nonexistent"]).0, Some(2));
}

/// Reads as much of a recording as can be read, with everything that `replay` makes of it.
fn fly(bytes: &[u8]) -> usize {
    let mut reader = Reader::new(bytes);
    let mut flight: Option<(Pilot, Teller, Story)> = None;
    let mut inputs = 0;
    while let Ok(Some(found)) = reader.next_found() {
        match (found, &mut flight) {
            (Found::Line(Line::Flight(header)), _) => {
                let Ok(pilot) = Pilot::new(&header, &mut Report::default()) else { return inputs };
                let (teller, story) = (Teller::new(pilot.model()), Story::new(&pilot));
                flight = Some((pilot, teller, story));
            }
            (Found::Line(Line::Input(entry)), Some((pilot, teller, story))) => {
                let Ok(outputs) = pilot.fly(&entry) else { return inputs };
                teller.tell(pilot, entry.at, &entry.happened, &outputs);
                story.note(pilot, &entry, &outputs);
                inputs += 1;
            }
            _ => {}
        }
    }
    if let Some((_, _, story)) = &flight {
        assert!(scenario::yaml("any", story).contains("duration: "));
    }
    inputs
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]
    #[test]
    fn a_recording_that_somebody_has_spoilt_never_panics(spots in prop::collection::vec((0_usize..20_000, 32_u8..127), 1..8)) {
        let mut bytes = an_evening().into_bytes();
        let whole = fly(&bytes);
        let length = bytes.len();
        for (spot, byte) in spots {
            bytes[spot % length] = byte;
        }
        prop_assert!(fly(&bytes) <= whole);
    }
}
