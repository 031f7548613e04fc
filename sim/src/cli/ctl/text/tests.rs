//! What an operator reads, as snapshots.
use vrrplab_formats::control::{
    Daemon, Family, GlobalStatistics, Ipvs, MasterReason, Reloaded, Statistics, SyncGroup, TrackedKind, Usage,
};

use super::*;

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
    insta::assert_snapshot!(of(&Said::Status(Box::new(status(vec![master(), backup()])))));
}

#[test]
fn a_daemon_without_virtual_routers_says_so() {
    let text = of(&Said::Status(Box::new(status(Vec::new()))));
    assert_eq!(text, "vrrplabd 0.1.0, process 4711, up 5.2s, /etc/keepalived/keepalived.conf\nno virtual routers\n");
    assert_eq!(of(&Said::Ipvs(Ipvs::default())), "no virtual servers\n");
}

#[test]
fn counters_have_the_names_of_the_standard() {
    let usage = Usage { cpu_us: 70_000, resident_bytes: 5_836_800, open_descriptors: 12, started_unix_ms: 0 };
    insta::assert_snapshot!(of(&Said::Stats(Box::new(status(vec![master()]).stats(usage)))));
}

#[test]
fn changes_are_lines() {
    let told = |news| Told {
        unix_ms: 1_700_000_000_123,
        instance: Some("VI_1".into()),
        rule: "backup-timer-expired".into(),
        news,
    };
    let transition = told(News::Transition { from: "BACKUP".into(), to: "MASTER".into() });
    assert_eq!(of_told(&transition), "22:13:20.123Z VI_1 BACKUP -> MASTER (backup-timer-expired)\n");
    assert_eq!(
        of_told(&told(News::Priority { from: 150, to: 130 })),
        "22:13:20.123Z VI_1 priority 150 -> 130 (backup-timer-expired)\n"
    );
    assert_eq!(of_told(&told(News::Lost { count: 7 })), "22:13:20.123Z 7 changes were too fast for this reader\n");
    let reloaded = Reloaded { instances: 1, warnings: vec!["warning: odd\n".into()] };
    assert_eq!(of(&Said::Reload(reloaded)), "reloaded: 1 instance\nwarning: odd\n");
}

#[test]
fn spans_have_two_units() {
    let spans = [(0, "0.0s"), (59_999, "59.9s"), (60_000, "1m00s"), (3_600_000, "1h00m"), (90_000_000, "1d01h")];
    for (millis, text) in spans {
        assert_eq!(span(millis), text);
    }
    assert_eq!((millis(3_609_375), millis(1_000_000)), ("3609.375".to_owned(), "1000".to_owned()));
}
