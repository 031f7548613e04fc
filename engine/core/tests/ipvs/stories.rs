//! Stories of directors, with a clock.
use std::net::{IpAddr, SocketAddr};

use vrrplab_engine::lvs::sync::SyncMessage;
use vrrplab_engine::lvs::{
    Arrival, DestConfig, Director, DropReason, Hook, IpvsCommand, LvsError, ServiceConfig, Verdict, Virtual,
};
use vrrplab_engine::model::lvs::{Endpoint, Granularity, Persistence, Protocol, Scheduler};
use vrrplab_engine::{Instant, Span};
use vrrplab_wire::flow::Flow;

use super::packets::{ACK, FIN, RST, SYN, sums_are_right, tcp, udp};
use super::replay::Wide;

pub const fn at(seconds: u64) -> Instant {
    Instant(seconds * 1_000_000_000)
}

pub fn endpoint(text: &str) -> Endpoint {
    let socket: SocketAddr = text.parse().unwrap();
    Endpoint { ip: socket.ip(), port: socket.port() }
}

pub fn by(scheduler: Scheduler) -> ServiceConfig {
    ServiceConfig { scheduler: Some(scheduler), ..ServiceConfig::default() }
}

pub fn weight(weight: u32) -> DestConfig {
    DestConfig { weight, ..DestConfig::default() }
}

pub fn do_all(director: &mut Director, now: Instant, commands: &[IpvsCommand]) {
    for command in commands {
        director.apply(now, command).unwrap();
    }
}

pub fn send(director: &mut Director, now: Instant, hook: Hook, packet: &mut Vec<u8>) -> Verdict {
    director.packet(now, Arrival { hook, mark: 0 }, &Wide, packet)
}

/// A segment of a client to the virtual server.
fn segment(director: &mut Director, now: Instant, client: &str, flags: u8) -> Verdict {
    let mut packet = tcp(client.parse().unwrap(), "10.99.0.1:80".parse().unwrap(), flags, &[]);
    send(director, now, Hook::LocalIn, &mut packet)
}

const A: &str = "10.0.0.11:8000";
const B: &str = "10.0.0.12:8000";

fn web() -> Virtual {
    Virtual::Address(Protocol::Tcp, endpoint("10.99.0.1:80"))
}

fn two_servers(config: ServiceConfig) -> Director {
    let mut director = Director::new(1, 0);
    let add = |server| IpvsCommand::AddDest(web(), endpoint(server), weight(1));
    do_all(&mut director, at(0), &[IpvsCommand::AddService(web(), config), add(A), add(B)]);
    director
}

/// Active, inactive and persistent connections of a server.
fn counts(director: &Director, server: &str) -> (u32, u32, u32) {
    let services = director.services();
    let dest = services[0].dests.iter().find(|d| d.key == endpoint(server)).unwrap();
    (dest.active, dest.inactive, dest.persistent)
}

fn to(server: &str) -> Verdict {
    Verdict::Forward(endpoint(server).ip)
}

#[test]
fn ipvs_a_connection_ends_when_its_state_has_lasted_long_enough() {
    let mut director = two_servers(by(Scheduler::Rr));
    assert_eq!(segment(&mut director, at(1), "10.1.0.5:30000", SYN), to(B));
    assert_eq!(segment(&mut director, at(2), "10.1.0.5:30000", ACK), to(B));
    assert_eq!(counts(&director, B), (1, 0, 0));
    assert_eq!(segment(&mut director, at(3), "10.1.0.5:30000", FIN | ACK), to(B));
    assert_eq!(counts(&director, B), (0, 1, 0)); // CLOSE_WAIT, 60 s
    director.handle(at(62));
    assert_eq!(counts(&director, B), (0, 1, 0));
    while let Some(wake) = director.next_wake() {
        assert!(wake <= at(63));
        director.handle(wake);
    }
    assert_eq!(counts(&director, B), (0, 0, 0));
}

#[test]
fn ipvs_a_template_that_is_held_lives_in_steps_of_a_minute_from_then_on() {
    let persistence = Some(Persistence { timeout: Span::from_secs(2), granularity: Granularity::Mask(u32::MAX) });
    let mut director = two_servers(ServiceConfig { persistence, ..by(Scheduler::Rr) });
    segment(&mut director, at(0), "10.1.0.5:30000", SYN);
    segment(&mut director, at(0), "10.1.0.5:30000", ACK); // ESTABLISHED for 900 s
    let template = |director: &Director, now| {
        director.connections(now).iter().find(|c| c.template).map(|c| (c.state, c.expires.0 / 1_000_000_000))
    };
    assert_eq!(template(&director, at(0)), Some(("ASSURED", 2)));
    director.handle(at(2));
    assert_eq!(template(&director, at(2)), Some(("ASSURED", 60)));
    segment(&mut director, at(10), "10.1.0.5:30001", SYN);
    assert_eq!(template(&director, at(10)), Some(("ASSURED", 60)));
    segment(&mut director, at(11), "10.1.0.5:30001", ACK);
    segment(&mut director, at(11), "10.1.0.5:30001", RST); // CLOSE for 10 s
    segment(&mut director, at(11), "10.1.0.5:30000", RST);
    director.handle(at(21));
    assert_eq!(counts(&director, B), (0, 0, 1));
    director.handle(at(70));
    assert_eq!(counts(&director, B), (0, 0, 0));
    assert!(director.conns().is_empty());
}

#[test]
fn ipvs_a_removed_server_is_remembered_until_it_was_idle_for_two_minutes() {
    let mut director = two_servers(by(Scheduler::Rr));
    segment(&mut director, at(0), "10.1.0.5:30000", SYN); // 60 s
    let conns = |director: &Director| director.services()[0].dests.iter().map(|d| d.stats.conns).sum::<u64>();
    let (remove, back) =
        (IpvsCommand::DeleteDest(web(), endpoint(B)), IpvsCommand::AddDest(web(), endpoint(B), weight(1)));
    do_all(&mut director, at(1), &[remove]);
    assert_eq!(segment(&mut director, at(2), "10.1.0.5:30000", ACK), Verdict::Drop(DropReason::ServerGone));
    do_all(&mut director, at(3), &[back]);
    assert_eq!((counts(&director, B), conns(&director)), ((1, 0, 0), 1));
    do_all(&mut director, at(4), &[remove]);
    for second in 5..=183 {
        director.handle(at(second)); // the connection ends at 60; looks at 64 (idle since then), 124, 184
    }
    do_all(&mut director, at(183), &[back]);
    assert_eq!((counts(&director, B), conns(&director)), ((0, 0, 0), 1));
    do_all(&mut director, at(184), &[remove]);
    for second in 184..=364 {
        director.handle(at(second)); // looks at 244, 304 and 364: idle for 120 s
    }
    do_all(&mut director, at(365), &[back]);
    assert_eq!(conns(&director), 0);
}

#[test]
fn ipvs_connections_of_removed_servers_end_at_once_if_so_switched() {
    let mut director = two_servers(by(Scheduler::Rr));
    director.sysctl.expire_nodest_conn = true;
    segment(&mut director, at(1), "10.1.0.5:30000", SYN);
    segment(&mut director, at(1), "10.1.0.6:30000", SYN);
    do_all(&mut director, at(2), &[IpvsCommand::DeleteDest(web(), endpoint(B))]);
    assert_eq!(director.next_wake(), Some(at(2)));
    director.handle(at(2));
    assert_eq!(director.conns().len(), 1);
    assert_eq!(segment(&mut director, at(3), "10.1.0.5:30000", ACK), Verdict::Accept); // nobody knows it: the host resets
}

#[test]
fn ipvs_nobody_there_is_told_by_icmp() {
    let mut director = Director::new(1, 0);
    do_all(&mut director, at(0), &[IpvsCommand::AddService(web(), by(Scheduler::Wlc))]);
    let Verdict::Refuse(error) = segment(&mut director, at(1), "10.1.0.5:30000", SYN) else { panic!() };
    assert!(sums_are_right(&error));
    let flow = Flow::read(&error).unwrap();
    let expected: (IpAddr, IpAddr) = ("10.99.0.1".parse().unwrap(), "10.1.0.5".parse().unwrap());
    assert_eq!((flow.source, flow.dest), expected);
    assert_eq!(error[20..22], [3, 3]);
    assert_eq!(error.len(), 20 + 8 + 40);
    assert!(director.conns().is_empty());
}

#[test]
fn ipvs_ipv6_is_rewritten_both_ways_and_refused_with_icmpv6() {
    let key = Virtual::Address(Protocol::Udp, endpoint("[fdc0::1]:53"));
    let mut director = Director::new(1, 0);
    do_all(&mut director, at(0), &[IpvsCommand::AddService(key, by(Scheduler::Rr))]);
    let (client, virt, inside) = ("[fdc1::5]:4000", "[fdc0::1]:53", "[fdc2::11]:5353");
    let datagram = |from: &str, to: &str| udp(from.parse().unwrap(), to.parse().unwrap(), b"question");
    let Verdict::Refuse(error) = send(&mut director, at(1), Hook::LocalIn, &mut datagram(client, virt)) else {
        panic!()
    };
    assert_eq!(error[40..42], [1, 4]);
    assert!(sums_are_right(&error));

    do_all(&mut director, at(1), &[IpvsCommand::AddDest(key, endpoint(inside), weight(1))]);
    let mut there = datagram(client, virt);
    assert_eq!(send(&mut director, at(2), Hook::LocalIn, &mut there), Verdict::Forward(endpoint(inside).ip));
    let mut expected = datagram(client, inside);
    expected[7] = 63;
    assert_eq!(there, expected);
    let mut back = datagram(inside, client);
    assert_eq!(send(&mut director, at(3), Hook::Forward, &mut back), Verdict::Answer);
    assert_eq!(back, datagram(virt, client));
}

#[test]
fn ipvs_every_tenth_new_connection_is_dropped_in_defence() {
    let mut director = two_servers(by(Scheduler::Rr));
    director.sysctl.drop_packet = 3;
    for n in 1..=30 {
        let verdict = segment(&mut director, at(1), &format!("10.1.0.5:{}", 30000 + n), SYN);
        assert_eq!(verdict == Verdict::Drop(DropReason::Defence), n % 10 == 0, "{n}");
    }
    assert_eq!(director.conns().len(), 27);
}

#[test]
fn ipvs_wrong_commands_are_refused_with_the_kernels_numbers() {
    let mut director = two_servers(by(Scheduler::Rr));
    let mut refuse = |command| director.apply(at(1), &command).map_err(LvsError::errno);
    let elsewhere = Virtual::Address(Protocol::Tcp, endpoint("10.99.0.9:80"));
    assert_eq!(refuse(IpvsCommand::AddService(web(), by(Scheduler::Rr))), Err(17));
    assert_eq!(refuse(IpvsCommand::AddDest(web(), endpoint(A), weight(1))), Err(17));
    assert_eq!(refuse(IpvsCommand::EditDest(web(), endpoint("10.0.0.13:80"), weight(1))), Err(2));
    assert_eq!(refuse(IpvsCommand::DeleteDest(web(), endpoint("10.0.0.13:80"))), Err(2));
    assert_eq!(refuse(IpvsCommand::AddDest(elsewhere, endpoint(A), weight(1))), Err(3));
    assert_eq!(refuse(IpvsCommand::DeleteService(elsewhere)), Err(3));
    assert_eq!(refuse(IpvsCommand::EditDest(web(), endpoint(A), weight(1 << 31))), Err(34));
    let crossed = DestConfig { upper: 2, lower: 5, ..DestConfig::default() };
    assert_eq!(refuse(IpvsCommand::EditDest(web(), endpoint(A), crossed)), Err(34));
    assert_eq!(refuse(IpvsCommand::AddDest(web(), endpoint("224.0.0.1:80"), weight(1))), Err(22));
    assert_eq!(refuse(IpvsCommand::AddDest(web(), endpoint("[fdc0::1]:80"), weight(1))), Err(22));
}

#[test]
fn ipvs_an_address_keeps_its_server_until_lblc_forgets() {
    let mut director = Director::new(1, 0);
    director.sysctl.lblc_expiration = Span::from_secs(1);
    let add = |server| IpvsCommand::AddDest(web(), endpoint(server), weight(1));
    do_all(&mut director, at(0), &[IpvsCommand::AddService(web(), by(Scheduler::Lblc)), add(A)]);
    assert_eq!(segment(&mut director, at(1), "10.1.0.5:30000", SYN), to(A));
    do_all(&mut director, at(2), &[add(B)]); // first in the list now, and idle
    assert_eq!(segment(&mut director, at(3), "10.1.0.5:30001", SYN), to(A));
    director.handle(at(1799)); // ticks every minute, every 30th looks at the age
    assert_eq!(segment(&mut director, at(1799), "10.1.0.5:30002", SYN), to(A));
    director.handle(at(3600));
    assert_eq!(segment(&mut director, at(3600), "10.1.0.5:30003", SYN), to(B));
}

#[test]
fn ipvs_twos_draws_the_same_from_the_same_seed() {
    let run = |seed| {
        let mut director = Director::new(seed, 0);
        let add = |server, n| IpvsCommand::AddDest(web(), endpoint(server), weight(n));
        do_all(&mut director, at(0), &[IpvsCommand::AddService(web(), by(Scheduler::Twos)), add(A, 1), add(B, 3)]);
        for n in 0..400 {
            segment(&mut director, at(1), &format!("10.1.0.5:{}", 20000 + n), SYN);
        }
        (counts(&director, A).0, counts(&director, B).0)
    };
    assert_eq!(run(1), run(1));
    let (a, b) = run(1);
    assert!(a + b == 400 && b > 2 * a && a > 50, "{a} {b}");
}

#[test]
fn ipvs_a_backup_learns_what_the_master_tells() {
    let mut master = two_servers(by(Scheduler::Rr));
    let mut backup = two_servers(by(Scheduler::Rr));
    master.set_master(Some(7));
    backup.set_backup(Some(7));
    for flags in [SYN, ACK, ACK] {
        segment(&mut master, at(1), "10.1.0.5:30000", flags); // the third packet is told: 3 of 50
    }
    assert_eq!(master.next_sync(), None);
    assert_eq!(master.next_wake(), Some(at(3)));
    master.handle(at(3));
    let told = SyncMessage::decode(&master.next_sync().unwrap()).unwrap();
    backup.learn(at(3), &told);
    assert_eq!(counts(&backup, B), (1, 0, 0));
    segment(&mut master, at(4), "10.1.0.5:30000", FIN | ACK); // a change of state is told at once
    master.handle(at(6));
    backup.learn(at(6), &SyncMessage::decode(&master.next_sync().unwrap()).unwrap());
    assert_eq!(counts(&backup, B), (0, 1, 0));
    assert_eq!(segment(&mut backup, at(7), "10.1.0.5:30000", ACK), to(B));

    backup.set_backup(Some(8));
    let before = backup.connections(at(8));
    backup.learn(at(8), &told);
    assert_eq!(backup.connections(at(8)), before); // not its master
    backup.set_backup(Some(7));
    backup.sysctl.backup_only = true;
    assert_eq!(segment(&mut backup, at(8), "10.1.0.5:30000", ACK), Verdict::Accept);
}

#[test]
fn ipvs_a_nat_server_is_told_that_its_client_is_unknown_if_so_switched() {
    let mut director = two_servers(by(Scheduler::Rr));
    let answer = || tcp(A.parse().unwrap(), "10.1.0.9:1234".parse().unwrap(), ACK, &[]);
    assert_eq!(send(&mut director, at(1), Hook::Forward, &mut answer()), Verdict::Accept);
    director.sysctl.nat_icmp_send = true;
    let verdict = send(&mut director, at(1), Hook::Forward, &mut answer());
    assert!(matches!(verdict, Verdict::Refuse(error) if error[20..22] == [3, 3]));
}
