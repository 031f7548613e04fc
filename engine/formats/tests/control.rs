//! What goes over the control socket comes out at the other end, and what is no request is told why.
use vrrplab_engine::{Rule, State, Trace, TraceKind};
use vrrplab_formats::control::{
    Answer, Checked, Code, Daemon, Drift, Family, Forward, GlobalStatistics, Ipvs, Key, LONGEST_REQUEST, News,
    Protocol, Refused, Reloaded, Request, Said, Server, Service, Statistics, Stats, StatsOf, Status, SyncGroup, Told,
    Tracing, Usage,
};

fn said(line: &str) -> Refused {
    Request::read(line.as_bytes()).unwrap_err()
}

#[test]
fn every_request_is_understood_with_and_without_its_version() {
    for request in Request::ALL {
        assert_eq!(Request::read(request.line().as_bytes()), Ok(request));
        assert_eq!(Request::read(request.word().as_bytes()), Ok(request));
        assert!(request.line().len() < LONGEST_REQUEST);
    }
    assert_eq!(Request::read(b"  status \r"), Ok(Request::Status));
}

#[test]
fn what_is_no_request_is_told_why() {
    assert_eq!(said("statsu").message, "there is no request of this name; did you mean status?");
    assert_eq!(said("xyzzy-and-more").message, "there is no request of this name");
    assert_eq!(said("").message, "nothing was asked; there is status, ipvs, drift, stats, reload, trace");
    assert_eq!(said("status all").message, "a request is one word");
    assert_eq!(said("vrrplab/2 status").code, Code::OtherVersion);
    assert_eq!(said("vrrplab/ status").code, Code::OtherVersion);
    assert_eq!(Request::read(b"\xff\xfe").unwrap_err().message, "a request is text");
    assert_eq!(Request::read(&[0; 200]).unwrap_err().code, Code::BadRequest);
}

#[test]
fn a_transition_is_one_line() {
    let trace = Trace {
        instance: Some(0),
        rule: Rule::BackupTimerExpired,
        kind: TraceKind::Transition { from: State::Backup, to: State::Master },
    };
    let news = News::of(&trace).unwrap();
    let told = Told { unix_ms: 1_700_000_000_000, instance: Some("VI_1".into()), rule: trace.rule.id().into(), news };
    let answer = Answer::new(Said::Trace(told));
    let line = answer.line();
    assert_eq!(
        line,
        "{\"vrrplab\":1,\"trace\":{\"unix_ms\":1700000000000,\"instance\":\"VI_1\",\"rule\":\"backup-timer-expired\",\
         \"what\":\"transition\",\"from\":\"BACKUP\",\"to\":\"MASTER\"}}\n"
    );
    assert_eq!(serde_json::from_str::<Answer>(&line).unwrap(), answer);
}

#[test]
fn answers_come_out_as_they_went_in() {
    let told = |news| Said::Trace(Told { unix_ms: 1, instance: None, rule: "reload".into(), news });
    let all = [
        Said::Ipvs(Ipvs::default()),
        Said::Ipvs(table()),
        Said::Drift(Drift { commands: vec!["ipvsadm -D -f 1".into()] }),
        Said::Reload(Reloaded { instances: 2, warnings: vec!["line 3: \"quoted\"".into()] }),
        Said::Tracing(Tracing { listeners: 1 }),
        told(News::Priority { from: 150, to: 100 }),
        told(News::Lost { count: 7 }),
        Said::Error(Refused { code: Code::TooLong, message: "too long".into() }),
        Said::Stats(Box::new(Stats {
            daemon: daemon(),
            usage: Usage { cpu_us: u64::MAX, ..Usage::default() },
            statistics: GlobalStatistics { vrid_errors: 3, ..GlobalStatistics::default() },
            instances: vec![StatsOf {
                name: "VI_1".into(),
                statistics: Statistics { advert_sent: 9, ..Statistics::default() },
                refused: [("receive-ttl".to_owned(), 2)].into(),
            }],
        })),
        Said::Status(Box::new(Status {
            daemon: daemon(),
            instances: Vec::new(),
            sync_groups: vec![SyncGroup { name: "G".into(), state: "BACKUP".into(), members: vec!["VI_1".into()] }],
            statistics: GlobalStatistics::default(),
        })),
    ];
    for said in all {
        let answer = Answer::new(said);
        let line = answer.line();
        assert_eq!(line.matches('\n').count(), 1, "one answer, one line");
        assert_eq!(serde_json::from_str::<Answer>(&line).unwrap(), answer, "{line}");
    }
}

#[test]
fn counters_have_the_names_of_rfc_8347() {
    let json = serde_json::to_value(Statistics::default()).unwrap();
    let names = ["advert-rcvd", "advert-sent", "interval-errors", "priority-zero-pkts-rcvd", "priority-zero-pkts-sent"];
    let more = ["invalid-type-pkts-rcvd", "address-list-errors", "packet-length-errors", "master-transitions"];
    for name in names.into_iter().chain(more) {
        assert_eq!(json[name], 0, "{name}");
    }
    let json = serde_json::to_value(GlobalStatistics::default()).unwrap();
    for name in ["checksum-errors", "version-errors", "vrid-errors", "ip-ttl-errors"] {
        assert_eq!(json[name], 0, "{name}");
    }
}

fn table() -> Ipvs {
    let address = "10.0.0.100".parse().unwrap();
    let service = |key, servers| Service {
        key,
        scheduler: Some("sh".into()),
        flags: vec!["sh-port".into()],
        persistent_s: Some(300),
        mask: None,
        one_packet: false,
        servers,
    };
    let web = Server {
        address: "10.1.1.1".parse().unwrap(),
        port: 8080,
        forward: Forward::Masq,
        weight: 2,
        active: 3,
        inactive: 4,
    };
    let (name, server) = ("[10.0.0.100]:tcp:80".to_owned(), "[10.1.1.1]:tcp:8080".to_owned());
    Ipvs {
        services: vec![
            service(Key::Address { protocol: Protocol::Tcp, address, port: 80 }, vec![web]),
            service(Key::Mark { fwmark: 7, family: Family::Ipv6 }, Vec::new()),
        ],
        checked: vec![Checked { service: name, server, up: true, weight: 2, quorum: true }],
    }
}

#[test]
fn the_table_of_virtual_servers_is_plain_json() {
    let json = serde_json::to_value(table()).unwrap();
    let web = &json["services"][0];
    assert_eq!((&web["protocol"], &web["address"], &web["port"]), (&"tcp".into(), &"10.0.0.100".into(), &80.into()));
    assert_eq!((&web["servers"][0]["forward"], &web["servers"][0]["active"]), (&"masq".into(), &3.into()));
    assert_eq!((&json["services"][1]["fwmark"], &json["services"][1]["family"]), (&7.into(), &"ipv6".into()));
    assert_eq!((&json["checked"][0]["up"], &json["checked"][0]["weight"]), (&true.into(), &2.into()));
}

fn daemon() -> Daemon {
    let config = "/etc/keepalived/keepalived.conf".to_owned();
    Daemon { version: "0.1.0".into(), pid: 7, config, uptime_ms: 1, reloads: 0, reloads_refused: 0 }
}
