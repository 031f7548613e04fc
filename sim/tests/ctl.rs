//! `vrrplab ctl` against daemons that answer, refuse, talk nonsense or are not there.
#![cfg(target_os = "linux")]
use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread::JoinHandle;

use vrrplab_formats::control::{
    Address, Answer, Checked, Code, Daemon, Drift, Family, Forward, GlobalStatistics, Instance, Ipvs, Key,
    MasterReason, News, Protocol, Reloaded, Said, Server, Service, Statistics, Status, SyncGroup, Told, Tracing,
    Tracked, TrackedKind, Usage,
};

struct Ended {
    code: Option<i32>,
    out: String,
    err: String,
}

fn ctl(socket: &Path, args: &[&str]) -> Ended {
    let mut command = Command::new(env!("CARGO_BIN_EXE_vrrplab"));
    let output = command.arg("ctl").args(args).arg("--socket").arg(socket).stdin(Stdio::null()).output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    Ended { code: output.status.code(), out: text(output.stdout), err: text(output.stderr) }
}

fn socket(name: &str) -> PathBuf {
    let path = std::env::temp_dir().join(format!("vrrplab-ctl-{}-{name}.sock", std::process::id()));
    let _ = fs::remove_file(&path);
    path
}

/// Says the same to one client, whatever it asks; what was asked comes out.
fn daemon(path: &Path, words: String) -> JoinHandle<String> {
    let listener = UnixListener::bind(path).unwrap();
    let path = path.to_owned();
    std::thread::spawn(move || {
        let (stream, _) = listener.accept().unwrap();
        let mut asked = String::new();
        BufReader::new(&stream).read_line(&mut asked).unwrap();
        (&stream).write_all(words.as_bytes()).unwrap();
        let _ = fs::remove_file(path);
        asked
    })
}

#[test]
fn where_nobody_listens_the_exit_code_is_2_and_help_is_given() {
    let path = socket("nobody");
    let ended = ctl(&path, &["status"]);
    assert_eq!((ended.code, ended.out.as_str()), (Some(2), ""));
    assert!(ended.err.contains("is vrrplabd running?"), "{}", ended.err);
    drop(UnixListener::bind(&path).unwrap());
    let ended = ctl(&path, &["status"]);
    assert_eq!(ended.code, Some(2));
    assert!(ended.err.contains("has ended without a farewell"), "{}", ended.err);
    fs::remove_file(path).unwrap();
    assert_eq!(ctl(Path::new("x"), &["statsu"]).code, Some(2));
}

#[test]
fn an_answer_is_printed_for_people_or_as_it_came() {
    let path = socket("ipvs");
    let line = Answer::new(Said::Ipvs(Ipvs::default())).line();
    let asked = daemon(&path, line.clone());
    let ended = ctl(&path, &["ipvs"]);
    assert_eq!((ended.code, ended.out.as_str()), (Some(0), "no virtual servers\n"));
    assert_eq!(asked.join().unwrap(), "vrrplab/1 ipvs\n");
    let asked = daemon(&path, line.clone());
    let ended = ctl(&path, &["ipvs", "--json"]);
    assert_eq!((ended.code, ended.out), (Some(0), line));
    asked.join().unwrap();
}

#[test]
fn the_table_is_printed_as_ipvsadm_prints_it_and_the_servers_below() {
    let path = socket("table");
    let (address, server) = ("10.0.0.100".parse().unwrap(), "10.1.1.1".parse().unwrap());
    let servers =
        vec![Server { address: server, port: 80, forward: Forward::Masq, weight: 1, active: 12, inactive: 345 }];
    let service = Service {
        key: Key::Address { protocol: Protocol::Tcp, address, port: 80 },
        scheduler: Some("sh".into()),
        flags: vec!["sh-port".into()],
        persistent_s: Some(300),
        mask: Some("255.255.255.0".into()),
        one_packet: false,
        servers,
    };
    let checked = |server: &str, up, weight| Checked {
        service: "[10.0.0.100]:tcp:80".into(),
        server: format!("[{server}]:tcp:80"),
        up,
        weight,
        quorum: true,
    };
    let checked = vec![checked("10.1.1.1", true, 1), checked("10.1.1.2", false, 10)];
    let asked = daemon(&path, Answer::new(Said::Ipvs(Ipvs { services: vec![service], checked })).line());
    let ended = ctl(&path, &["ipvs"]);
    let expected = "\
Prot LocalAddress:Port Scheduler Flags
  -> RemoteAddress:Port           Forward Weight ActiveConn InActConn
TCP  10.0.0.100:80 sh (sh-port) persistent 300 mask 255.255.255.0
  -> 10.1.1.1:80                  Masq    1      12         345      \u{20}

VIRTUAL SERVER       REAL SERVER        STATE  WEIGHT  QUORUM
[10.0.0.100]:tcp:80  [10.1.1.1]:tcp:80  up     1       yes
[10.0.0.100]:tcp:80  [10.1.1.2]:tcp:80  down   10      yes
";
    assert_eq!((ended.code, ended.out.as_str()), (Some(0), expected));
    asked.join().unwrap();
}

#[test]
fn what_the_table_lacks_is_printed_as_commands_and_nothing_where_it_lacks_nothing() {
    let path = socket("drift");
    let command = "ipvsadm -e -t 10.0.0.100:80 -r 10.1.1.1:80 -m -w 1";
    let asked = daemon(&path, Answer::new(Said::Drift(Drift { commands: vec![command.into()] })).line());
    let ended = ctl(&path, &["ipvs", "--drift"]);
    assert_eq!((ended.code, ended.out), (Some(0), format!("{command}\n")));
    assert_eq!(asked.join().unwrap(), "vrrplab/1 drift\n");
    let asked = daemon(&path, Answer::new(Said::Drift(Drift::default())).line());
    let ended = ctl(&path, &["ipvs", "--drift"]);
    assert_eq!((ended.code, ended.out.as_str()), (Some(0), ""));
    asked.join().unwrap();
    let asked = daemon(&path, Answer::new(Said::Drift(Drift::default())).line());
    let ended = ctl(&path, &["ipvs", "--drift", "--json"]);
    assert_eq!((ended.code, ended.out.as_str()), (Some(0), "{\"vrrplab\":1,\"drift\":{\"commands\":[]}}\n"));
    asked.join().unwrap();
    let ended = ctl(&path, &["stats", "--drift"]);
    assert_eq!((ended.code, ended.err.as_str()), (Some(2), "error: --drift goes with `ctl ipvs` only\n"));
}

#[test]
fn a_daemon_that_says_no_makes_the_exit_code_1() {
    let path = socket("no");
    let asked = daemon(&path, Answer::refused(Code::ConfigurationRefused, "the old one stays").line());
    let ended = ctl(&path, &["reload"]);
    assert_eq!((ended.code, ended.err.as_str()), (Some(1), "error: the old one stays\n"));
    asked.join().unwrap();
}

#[test]
fn one_that_talks_nonsense_or_another_version_or_nothing_makes_it_2() {
    let path = socket("nonsense");
    let other = Answer { vrrplab: 9, said: Said::Ipvs(Ipvs::default()) }.line();
    let stories = [
        ("SSH-2.0-OpenSSH\n".to_owned(), "does not speak as vrrplabd does"),
        (other, "speaks version 9, this is 1"),
        (String::new(), "says nothing"),
    ];
    for (words, told) in stories {
        let asked = daemon(&path, words);
        let ended = ctl(&path, &["ipvs"]);
        assert_eq!(ended.code, Some(2));
        assert!(ended.err.contains(told), "{}", ended.err);
        asked.join().unwrap();
    }
}

#[test]
fn a_trace_is_printed_until_the_daemon_ends() {
    let path = socket("trace");
    let told = |from: &str, to: &str| {
        let news = News::Transition { from: from.into(), to: to.into() };
        let rule = "backup-timer-expired".to_owned();
        Answer::new(Said::Trace(Told { unix_ms: 1_700_000_000_123, instance: Some("VI_1".into()), rule, news })).line()
    };
    let begin = Answer::new(Said::Tracing(Tracing { listeners: 1 })).line();
    let asked = daemon(&path, begin + &told("BACKUP", "MASTER") + &told("MASTER", "FAULT"));
    let ended = ctl(&path, &["trace"]);
    let expected = "following changes of state and priority; Ctrl-C ends it\n\
                    22:13:20.123Z VI_1 BACKUP -> MASTER (backup-timer-expired)\n\
                    22:13:20.123Z VI_1 MASTER -> FAULT (backup-timer-expired)\n";
    assert_eq!((ended.code, ended.out.as_str()), (Some(0), expected));
    assert_eq!(asked.join().unwrap(), "vrrplab/1 trace\n");
}

/// What is printed for an answer.
fn printed(name: &str, word: &str, said: Said) -> String {
    let path = socket(name);
    let asked = daemon(&path, Answer::new(said).line());
    let ended = ctl(&path, &[word]);
    assert_eq!((ended.code, ended.err.as_str()), (Some(0), ""));
    asked.join().unwrap();
    ended.out
}

fn address(text: &str, advertised: bool, set: bool) -> Address {
    Address { address: text.parse().unwrap(), prefix: 24, interface: Some("eth0".into()), advertised, set }
}

fn tracked(kind: TrackedKind, name: &str, standing: &str, weight: i16) -> Tracked {
    Tracked { kind, name: name.into(), standing: standing.into(), weight, reverse: false }
}

fn master() -> Instance {
    Instance {
        name: "VI_1".into(),
        interface: "eth0".into(),
        vrid: 51,
        family: Family::Ipv4,
        version: 2,
        state: "MASTER".into(),
        since_unix_ms: 1_700_000_000_000,
        state_for_ms: 192_400,
        rule: Some("backup-timer-expired".into()),
        priority: 150,
        effective_priority: 150,
        owner: false,
        source: Some([10, 9, 0, 1].into()),
        master: None,
        new_master_reason: MasterReason::NoResponse,
        advert_interval_ms: 1_000,
        master_interval_ms: 1_000,
        master_down_us: 3_414_062,
        skew_us: 414_062,
        timer_in_ms: Some(312),
        addresses: vec![address("10.9.0.100", true, true), address("10.9.0.101", false, true)],
        tracked: vec![tracked(TrackedKind::Script, "chk_http", "good", 0)],
        sync_group: Some("VG".into()),
        statistics: Statistics {
            master_transitions: 1,
            advert_rcvd: 2,
            advert_sent: 193,
            ip_ttl_errors: 3,
            ..Statistics::default()
        },
        refused: [("receive-ttl".to_owned(), 3)].into(),
    }
}

fn backup() -> Instance {
    Instance {
        name: "VI_long_name".into(),
        interface: "bond0.100".into(),
        vrid: 7,
        family: Family::Ipv6,
        version: 3,
        state: "BACKUP".into(),
        state_for_ms: 93_784_000,
        rule: None,
        priority: 100,
        effective_priority: 80,
        source: Some("fe80::1".parse().unwrap()),
        master: Some("fe80::2".parse().unwrap()),
        new_master_reason: MasterReason::NotMaster,
        advert_interval_ms: 1_000,
        master_interval_ms: 250,
        master_down_us: 900_000,
        skew_us: 150_000,
        timer_in_ms: Some(700),
        addresses: vec![Address { interface: None, ..address("fe80::100", true, false) }],
        tracked: vec![tracked(TrackedKind::File, "load", "-20", 1), tracked(TrackedKind::Process, "nginx", "bad", -5)],
        sync_group: None,
        statistics: Statistics { advert_rcvd: 4_000, ..Statistics::default() },
        refused: Default::default(),
        ..master()
    }
}

fn status(instances: Vec<Instance>) -> Status {
    let config = "/etc/keepalived/keepalived.conf".to_owned();
    let members = vec!["VI_1".to_owned()];
    Status {
        daemon: Daemon { version: "0.1.0".into(), pid: 4711, config, uptime_ms: 5_250, reloads: 1, reloads_refused: 0 },
        sync_groups: vec![SyncGroup { name: "VG".into(), state: "MASTER".into(), members }],
        instances,
        statistics: GlobalStatistics { vrid_errors: 5, ..GlobalStatistics::default() },
    }
}

#[test]
fn a_status_is_a_table_and_what_does_not_fit_into_it() {
    insta::assert_snapshot!(printed("status", "status", Said::Status(Box::new(status(vec![master(), backup()])))));
    let empty = printed("empty", "status", Said::Status(Box::new(status(Vec::new()))));
    assert_eq!(empty, "vrrplabd 0.1.0, process 4711, up 5.2s, /etc/keepalived/keepalived.conf\nno virtual routers\n");
}

#[test]
fn counters_have_the_names_of_the_standard() {
    let usage = Usage { cpu_us: 70_000, resident_bytes: 5_836_800, open_descriptors: 12, started_unix_ms: 0 };
    insta::assert_snapshot!(printed("stats", "stats", Said::Stats(Box::new(status(vec![master()]).stats(usage)))));
}

#[test]
fn a_reload_tells_what_is_odd_about_the_configuration() {
    let reloaded = Reloaded { instances: 1, warnings: vec!["warning: odd\n".into()] };
    assert_eq!(printed("reload", "reload", Said::Reload(reloaded)), "reloaded: 1 instance\nwarning: odd\n");
}
