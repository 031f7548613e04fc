//! The page as a scraper reads it, over HTTP and with clients that dawdle.
use std::collections::{BTreeMap, BTreeSet};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use vrrplab_formats::control::{
    Checked, Daemon, Family, GlobalStatistics, Instance, MasterReason, Statistics, Status, Tracked, TrackedKind, Usage,
};

use super::*;

fn instance(name: &str, state: &str) -> Instance {
    let tracked = |kind, name: &str, standing: &str| Tracked {
        kind,
        name: name.into(),
        weight: 0,
        reverse: false,
        standing: standing.into(),
    };
    Instance {
        name: name.into(),
        interface: "eth0".into(),
        vrid: 51,
        family: Family::Ipv4,
        version: 2,
        state: state.into(),
        since_unix_ms: 1_700_000_000_250,
        state_for_ms: 5_000,
        rule: None,
        priority: 150,
        effective_priority: 140,
        owner: false,
        source: None,
        master: None,
        new_master_reason: MasterReason::NotMaster,
        advert_interval_ms: 1_000,
        master_interval_ms: 1_000,
        master_down_us: 3_414_062,
        skew_us: 414_062,
        timer_in_ms: None,
        addresses: Vec::new(),
        tracked: vec![tracked(TrackedKind::Script, "chk", "bad"), tracked(TrackedKind::File, "load", "-3")],
        sync_group: None,
        statistics: Statistics { advert_sent: 12, ip_ttl_errors: 3, ..Statistics::default() },
        refused: BTreeMap::new(),
    }
}

fn status() -> Status {
    let config = "/etc/keepalived/keepalived.conf".to_owned();
    Status {
        daemon: Daemon { version: "0.1.0".into(), pid: 7, config, uptime_ms: 1, reloads: 2, reloads_refused: 1 },
        instances: vec![instance("VI_1", "MASTER"), instance("odd \"name\"\\\n", "FAULT")],
        sync_groups: Vec::new(),
        statistics: GlobalStatistics { vrid_errors: 4, ..GlobalStatistics::default() },
    }
}

fn usage() -> Usage {
    let started_unix_ms = 1_700_000_000_000;
    Usage { cpu_us: 1_250_000, resident_bytes: 5_000_000, open_descriptors: 12, started_unix_ms }
}

/// Reads the page as Prometheus does, and objects to what it would object to: samples by name and labels.
fn parse(page: &str) -> BTreeMap<String, String> {
    let mut kinds = BTreeMap::new();
    let mut samples = BTreeMap::new();
    let mut closed = BTreeSet::new();
    let mut current = String::new();
    assert!(page.ends_with('\n'));
    for line in page.lines() {
        if let Some(rest) = line.strip_prefix("# TYPE ") {
            let (name, kind) = rest.split_once(' ').unwrap();
            assert!(matches!(kind, "counter" | "gauge"), "{line}");
            assert_eq!(kind == "counter", name.ends_with("_total"), "counters are called so: {line}");
            assert!(kinds.insert(name.to_owned(), kind.to_owned()).is_none(), "said twice: {line}");
            assert!(closed.insert(name.to_owned()));
            current = name.to_owned();
        } else if let Some(rest) = line.strip_prefix("# HELP ") {
            assert!(rest.split_once(' ').is_some_and(|(_, help)| help.ends_with('.')), "{line}");
        } else {
            let (key, value) = line.rsplit_once(' ').unwrap();
            let name = key.split('{').next().unwrap();
            assert_eq!(name, current, "samples stand together below their type");
            assert!(name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_'), "{line}");
            assert!(value.parse::<f64>().is_ok(), "{line}");
            labels(&key[name.len()..]);
            assert!(samples.insert(key.to_owned(), value.to_owned()).is_none(), "said twice: {line}");
        }
    }
    samples
}

/// Labels are names with quoted values, in which quotes, backslashes and ends of lines are escaped.
fn labels(text: &str) {
    let Some(mut rest) = text.strip_prefix('{').and_then(|text| text.strip_suffix('}')) else {
        return assert_eq!(text, "");
    };
    loop {
        let (name, value) = rest.split_once("=\"").unwrap();
        assert!(name.bytes().all(|b| b.is_ascii_lowercase() || b == b'_'), "{text}");
        let mut escaped = false;
        let end = value.find(|c| {
            let ends = c == '"' && !escaped;
            assert!(!escaped || "\\\"n".contains(c), "{text}");
            escaped = c == '\\' && !escaped;
            ends
        });
        match value[end.unwrap() + 1..].strip_prefix(',') {
            Some(more) => rest = more,
            None => return assert_eq!(&value[end.unwrap() + 1..], ""),
        }
    }
}

#[test]
fn the_page_says_what_the_status_says() {
    let samples = parse(&text(&status(), usage(), &[]));
    let own = "{instance=\"VI_1\",interface=\"eth0\",vrid=\"51\",family=\"ipv4\"}";
    let of = |name: &str| samples[&format!("vrrplabd_vrrp_{name}{own}")].as_str();
    assert_eq!((of("state"), of("priority"), of("effective_priority")), ("2", "150", "140"));
    assert_eq!((of("adverts_sent_total"), of("transitions_total")), ("12", "0"));
    assert_eq!(of("state_since_timestamp_seconds"), "1700000000.250");
    let with = |name: &str, more: &str| samples[&format!("{name}{},{more}}}", own.trim_end_matches('}'))].as_str();
    assert_eq!(with("vrrplabd_vrrp_packets_refused_total", "reason=\"ip-ttl\""), "3");
    assert_eq!(with("vrrplabd_vrrp_tracked_good", "kind=\"script\",name=\"chk\""), "0");
    let odd =
        "vrrplabd_vrrp_state{instance=\"odd \\\"name\\\"\\\\\\n\",interface=\"eth0\",vrid=\"51\",family=\"ipv4\"}";
    assert_eq!(samples[odd], "3");
    assert_eq!(samples["vrrplabd_vrid_errors_total"], "4");
    assert_eq!(samples["vrrplabd_reloads_total{result=\"refused\"}"], "1");
    assert_eq!(samples["process_cpu_seconds_total"], "1.250000");
    assert_eq!(samples["vrrplabd_build_info{version=\"0.1.0\"}"], "1");
}

fn checked(service: &str, server: &str, up: bool) -> Checked {
    Checked { service: service.into(), server: server.into(), up, weight: 3, quorum: true }
}

#[test]
fn real_servers_are_samples_each_only_once() {
    let web = "[10.0.0.100]:tcp:80";
    let servers = [checked(web, "a", true), checked(web, "b", false), checked(web, "a", true)];
    let samples = parse(&text(&status(), usage(), &servers));
    let of =
        |name: &str, server| samples[&format!("{name}{{virtual_server=\"{web}\",real_server=\"{server}\"}}")].as_str();
    assert_eq!((of("vrrplabd_real_server_up", "a"), of("vrrplabd_real_server_up", "b")), ("1", "0"));
    assert_eq!(of("vrrplabd_real_server_weight", "b"), "3");
    assert_eq!(samples[&format!("vrrplabd_virtual_server_quorum{{virtual_server=\"{web}\"}}")], "1");
}

fn runtime(paused: bool) -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().start_paused(paused).build().unwrap()
}

/// A server with a daemon behind it.
async fn server() -> std::net::SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (asks, mut desk) = mpsc::channel(4);
    tokio::spawn(serve(listener, asks));
    tokio::spawn(async move {
        while let Some(ask) = desk.recv().await {
            if let Ask::Metrics(back) = ask {
                let _ = back.send((status(), usage(), Vec::new()));
            }
        }
    });
    address
}

/// Says something, and reads until the server closes.
async fn says(address: std::net::SocketAddr, words: &str) -> String {
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(words.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer).await; // it may be reset after the answer
    String::from_utf8(answer).unwrap()
}

#[test]
fn a_scraper_gets_the_page_and_others_are_told_where_it_is() {
    runtime(false).block_on(async {
        let address = server().await;
        let answer = says(address, "GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n").await;
        let (head, page) = answer.split_once("\r\n\r\n").unwrap();
        assert!(head.starts_with("HTTP/1.1 200 OK\r\n"), "{head}");
        assert!(head.contains("content-type: text/plain; version=0.0.4; charset=utf-8"), "{head}");
        parse(page);
        assert!(says(address, "GET / HTTP/1.0\r\n\r\n").await.starts_with("HTTP/1.0 404"));
        assert!(
            says(address, "POST /metrics HTTP/1.1\r\nHost: x\r\ncontent-length: 0\r\n\r\n").await.contains(" 405 ")
        );
        assert!(says(address, "\x16\x03\x01 not HTTP at all\r\n\r\n").await.contains(" 400 "));
        let endless = format!("GET /{} HTTP/1.1\r\n\r\n", "x".repeat(1 << 20));
        assert!(!says(address, &endless).await.contains(" 200 "));
    });
}

#[test]
fn clients_that_say_half_a_request_are_left_and_keep_nobody_else_out_for_long() {
    runtime(false).block_on(async {
        let address = server().await;
        let mut silent = Vec::new();
        for _ in 0..MOST_CLIENTS {
            let mut client = TcpStream::connect(address).await.unwrap();
            client.write_all(b"GET /met").await.unwrap();
            silent.push(client);
        }
        assert_eq!(says(address, "GET /metrics HTTP/1.0\r\n\r\n").await, "", "there is no room");
        tokio::time::sleep(PATIENCE + PAUSE).await;
        assert!(says(address, "GET /metrics HTTP/1.0\r\n\r\n").await.contains(" 200 "));
        let mut rest = Vec::new();
        let _ = silent[0].read_to_end(&mut rest).await; // closed: this returns
    });
}
