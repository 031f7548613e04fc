//! Recorded frames and datagrams of a real director: the same bytes must leave here.
use std::net::IpAddr;
use std::path::PathBuf;

use serde_json::Value;
use vrrplab_engine::Instant;
use vrrplab_engine::lvs::sync::SyncMessage;
use vrrplab_engine::lvs::{Arrival, Director, Hook, IpvsCommand, Verdict};
use vrrplab_wire::flow::Flow;
use vrrplab_wire::rewrite::decrement_ttl;

use super::case::{files, number, servers, service, text};
use super::frames;
use super::replay::Wide;

fn captures() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../captures/ipvs")
}

const DIRECTOR: [u8; 6] = [2, 0, 0, 0, 0, 0xfe];

fn director(case: &Value) -> Director {
    let mut director = Director::new(1, 0);
    let (key, config) = service(case);
    director.apply(Instant::ZERO, &IpvsCommand::AddService(key, config)).unwrap();
    let (names, servers) = servers(case, &key);
    for name in names {
        let server = &servers[&name];
        director.apply(Instant::ZERO, &IpvsCommand::AddDest(key, server.endpoint, server.config)).unwrap();
    }
    director
}

/// Frames that went to the director, each with the one that it sent next; none where it kept the packet.
fn pairs(frames: &[Vec<u8>]) -> Vec<(&[u8], Option<&[u8]>)> {
    let ip: Vec<&Vec<u8>> = frames.iter().filter(|f| f[12..14] == [8, 0]).collect();
    let mut pairs = Vec::new();
    for (at, frame) in ip.iter().enumerate().filter(|(_, f)| f[..6] == DIRECTOR) {
        let next = ip.get(at + 1).filter(|f| f[6..12] == DIRECTOR).map(|f| &f[14..]);
        pairs.push((&frame[14..], next));
    }
    pairs
}

/// What leaves the director for one packet.
fn through(director: &mut Director, vip: IpAddr, packet: &[u8]) -> Option<Vec<u8>> {
    let mut packet = packet.to_vec();
    let to = Flow::read(&packet).unwrap().dest;
    let hook = if to == vip { Hook::LocalIn } else { Hook::Forward };
    match director.packet(Instant(1), Arrival { hook, mark: 0 }, &Wide, &mut packet) {
        Verdict::Forward(_) => Some(packet),
        Verdict::Answer => {
            decrement_ttl(&mut packet);
            Some(packet)
        }
        Verdict::Accept if hook == Hook::LocalIn => None,
        other => panic!("{other:?}"),
    }
}

#[test]
fn ipvs_frames_leave_as_the_kernel_sent_them() {
    let mut compared = 0;
    let cases: Vec<Value> = files(&captures()).into_iter().flat_map(|(_, cases)| cases).collect();
    for entry in std::fs::read_dir(captures().join("frames")).unwrap() {
        let path = entry.unwrap().path();
        let id = path.file_stem().unwrap().to_str().unwrap();
        let case = cases.iter().find(|case| text(case, "id") == id).unwrap();
        let mut director = director(case);
        let vip: IpAddr = text(&case["service"], "vip").parse().unwrap();
        for (at, (packet, expected)) in pairs(&frames::read(&path)).into_iter().enumerate() {
            let sent = through(&mut director, vip, packet);
            assert_eq!(sent.as_deref(), expected, "{id}, packet {at}");
            compared += 1;
        }
    }
    println!("{compared} packets compared");
    assert!(compared >= 70, "{compared}");
}

fn bytes(hex: &str) -> Vec<u8> {
    (0..hex.len() / 2).map(|at| u8::from_str_radix(&hex[at * 2..at * 2 + 2], 16).unwrap()).collect()
}

#[test]
fn ipvs_sync_datagrams_are_read_and_written_back() {
    let file = std::fs::read_to_string(captures().join("sync/sync.json")).unwrap();
    let file: Value = serde_json::from_str(&file).unwrap();
    for message in file["messages"].as_array().unwrap() {
        let raw = bytes(text(message, "hex"));
        let read = SyncMessage::decode(&raw).unwrap();
        assert_eq!(read.encode(), raw);
        assert_eq!(Some(u64::from(read.sync_id)), number(message, "syncid"));
        let expected = message["conns"].as_array().unwrap();
        assert_eq!(read.conns.len(), expected.len());
        for (conn, expected) in read.conns.iter().zip(expected) {
            let flags = u32::from_str_radix(text(expected, "flags").trim_start_matches("0x"), 16).unwrap();
            assert_eq!(conn.flags, flags);
            assert_eq!(Some(u64::from(conn.protocol)), number(expected, "protocol"));
            assert_eq!(Some(u64::from(conn.state)), number(expected, "state"));
            assert_eq!(Some(u64::from(conn.timeout)), number(expected, "timeout_s"));
            for (ip, port, at, ports) in [
                (conn.client, conn.client_port, "caddr", "cport"),
                (conn.virt, conn.virt_port, "vaddr", "vport"),
                (conn.server, conn.server_port, "daddr", "dport"),
            ] {
                assert_eq!(
                    (ip.to_string(), u64::from(port)),
                    (text(expected, at).to_string(), number(expected, ports).unwrap())
                );
            }
        }
    }
}

#[test]
fn ipvs_sync_datagrams_that_are_cut_are_refused() {
    let file = std::fs::read_to_string(captures().join("sync/sync.json")).unwrap();
    let file: Value = serde_json::from_str(&file).unwrap();
    let raw = bytes(text(&file["messages"][0], "hex"));
    for length in 0..raw.len() {
        let mut cut = raw[..length].to_vec();
        assert!(SyncMessage::decode(&cut).is_err());
        if length >= 8 {
            cut[2..4].copy_from_slice(&(length as u16).to_be_bytes());
            assert!(SyncMessage::decode(&cut).is_err(), "{length}");
        }
    }
}
