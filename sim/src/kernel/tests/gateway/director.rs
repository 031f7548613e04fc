//! A gateway that balances: the hooks of IPVS, and the talk between two directors.
use vrrplab_engine::Span;
use vrrplab_engine::lvs::{DestConfig, DropReason, IpvsCommand, ServiceConfig, Virtual};
use vrrplab_engine::model::AddressFamily;
use vrrplab_engine::model::lvs::{Endpoint, Forwarding, Protocol, Scheduler, Tunnel};
use vrrplab_wire::rewrite::{Wrap, encapsulate};

use super::*;
use crate::kernel::{EndReason, Ended, SyncLink, SyncRole};

/// UDP port 53 of 10.0.0.254, balanced to this server, if any.
fn director(server: Option<(Endpoint, Forwarding)>) -> Kernel {
    let mut kernel = gateway(KernelSetup::default());
    kernel.load_ipvs(1);
    let service = Virtual::Address(Protocol::Udp, Endpoint { ip: ip(254), port: 53 });
    let config = ServiceConfig { scheduler: Some(Scheduler::Rr), ..ServiceConfig::default() };
    kernel.program_ipvs(T0, &IpvsCommand::AddService(service, config)).unwrap();
    if let Some((server, forwarding)) = server {
        let config = DestConfig { forwarding, ..DestConfig::default() };
        kernel.program_ipvs(T0, &IpvsCommand::AddDest(service, server, config)).unwrap();
    }
    kernel
}

fn server(ip: IpAddr, port: u16) -> Endpoint {
    Endpoint { ip, port }
}

fn question() -> Vec<u8> {
    datagram(ip(1), ip(254), [1000, 53], 64)
}

#[test]
fn nat_gives_the_question_another_end_and_the_answer_its_old_one() {
    let mut kernel = director(Some((server(far(9), 5353), Forwarding::Nat)));
    let there = comes(&mut kernel, T0, ETH0, &question());
    assert_eq!(there, to_far(datagram(ip(1), far(9), [1000, 5353], 63)));
    let back = comes(&mut kernel, T0, ETH1, &datagram(far(9), ip(1), [5353, 1000], 64));
    assert_eq!(back, to_near(datagram(ip(254), ip(1), [53, 1000], 63)));
    let other = comes(&mut kernel, T0, ETH1, &datagram(far(9), ip(1), [5353, 1001], 64));
    assert_eq!(other, to_near(datagram(far(9), ip(1), [5353, 1001], 63)), "no answer of this service");
}

#[test]
fn direct_routing_changes_the_mac_only_and_a_tunnel_wraps() {
    let mut kernel = director(Some((server(far(9), 53), Forwarding::Dr)));
    assert_eq!(comes(&mut kernel, T0, ETH0, &question()), to_far(datagram(ip(1), ip(254), [1000, 53], 63)));
    let mut kernel = director(Some((server(far(9), 53), Forwarding::Tun(Tunnel::Ipip))));
    let mut wrapped = datagram(ip(1), ip(254), [1000, 53], 63);
    encapsulate(&mut wrapped, far(254), far(9), Wrap::Ip, true, 1);
    assert_eq!(comes(&mut kernel, T0, ETH0, &question()), to_far(wrapped));
}

#[test]
fn only_a_host_with_tunl0_unwraps() {
    let inner = datagram(ip(1), far(100), [1000, 53], 63);
    let mut wrapped = inner.clone();
    encapsulate(&mut wrapped, ip(7), far(254), Wrap::Ip, false, 1);
    let mut host = gateway(KernelSetup { ipip: true, ..KernelSetup::default() });
    assert_eq!(comes(&mut host, T0, ETH1, &wrapped), [KernelOut::Local { packet: inner }]);
    let mut host = gateway(KernelSetup::default());
    assert_eq!(comes(&mut host, T0, ETH1, &wrapped), [KernelOut::Local { packet: wrapped }]);
}

#[test]
fn a_marked_packet_belongs_to_the_service_of_its_mark_whatever_its_port() {
    let mut kernel = gateway(KernelSetup::default());
    kernel.load_ipvs(1);
    let service = Virtual::Mark(AddressFamily::V4, 7);
    let config = ServiceConfig { scheduler: Some(Scheduler::Rr), ..ServiceConfig::default() };
    kernel.program_ipvs(T0, &IpvsCommand::AddService(service, config)).unwrap();
    let to = server(far(9), 0);
    kernel.program_ipvs(T0, &IpvsCommand::AddDest(service, to, DestConfig::default())).unwrap();
    let to_port = |port| datagram(ip(1), ip(254), [1000, port], 64);
    let local = |port| vec![KernelOut::Local { packet: to_port(port) }];
    assert_eq!(comes(&mut kernel, T0, ETH0, &to_port(53)), local(53), "no rule marks it");
    let marks = |port, mark| FirewallRule { protocol: Some(17), port: Some(port), mark: Some(mark), ..ANY };
    // 53 is marked twice: the later mark counts. 54 passes, which does not keep it from its mark; 55 is dropped.
    let pass = FirewallRule { port: Some(54), protocol: Some(17), accept: true, ..ANY };
    let drop = FirewallRule { port: Some(55), accept: false, ..pass };
    kernel.set_firewall(&[marks(53, 8), marks(53, 7), pass, marks(54, 7), marks(55, 7), drop, marks(56, 9)]);
    for port in [53, 54] {
        let there = datagram(ip(1), far(9), [1000, port], 63);
        assert_eq!(comes(&mut kernel, T0, ETH0, &to_port(port)), to_far(there), "{port}");
    }
    assert_eq!(comes(&mut kernel, T0, ETH0, &to_port(55)), []);
    assert_eq!(comes(&mut kernel, T0, ETH0, &to_port(56)), local(56), "no service has mark 9");
}

#[test]
fn without_a_server_the_client_is_told_and_other_ports_are_the_hosts_own() {
    let mut kernel = director(None);
    assert_eq!(comes(&mut kernel, T0, ETH0, &question()), error(&question(), Unreachable::Port));
    let own = datagram(ip(1), ip(254), [1000, 54], 64);
    assert_eq!(comes(&mut kernel, T0, ETH0, &own), [KernelOut::Local { packet: own }]);
}

#[test]
fn a_director_may_be_its_own_server_but_not_on_a_loopback_address() {
    let mut kernel = director(Some((server(far(254), 5353), Forwarding::Nat)));
    let up = datagram(ip(1), far(254), [1000, 5353], 64);
    assert_eq!(comes(&mut kernel, T0, ETH0, &question()), [KernelOut::Local { packet: up }]);
    let mut out = Vec::new();
    kernel.send_ip(T0, datagram(far(254), ip(1), [5353, 1000], 64), &mut out);
    assert_eq!(out, to_near(datagram(ip(254), ip(1), [53, 1000], 64)));
    let mut kernel = director(Some((server(Ipv4Addr::LOCALHOST.into(), 5353), Forwarding::Nat)));
    assert!(!matches!(comes(&mut kernel, T0, ETH0, &question())[..], [KernelOut::Local { .. }]));
}

#[test]
fn packets_that_end_in_the_director_are_told_with_the_reason() {
    let mut kernel = director(Some((server(far(9), 5353), Forwarding::Nat)));
    comes(&mut kernel, T0, ETH0, &question());
    let service = Virtual::Address(Protocol::Udp, Endpoint { ip: ip(254), port: 53 });
    kernel.program_ipvs(T0, &IpvsCommand::DeleteDest(service, server(far(9), 5353))).unwrap();
    let (from, to) = ((ip(1), 1000), (ip(254), 53));
    let ended = |to, reason| vec![KernelOut::Ended(Ended { from, to, reason })];
    let gone = EndReason::Director(DropReason::ServerGone);
    assert_eq!(comes(&mut kernel, T0, ETH0, &question()), ended(to, gone));
    let local = server(Ipv4Addr::LOCALHOST.into(), 5353);
    let mut kernel = director(Some((local, Forwarding::Nat)));
    let there = (local.ip, local.port);
    assert_eq!(comes(&mut kernel, T0, ETH0, &question()), ended(there, EndReason::Loopback));
    let nowhere = IpAddr::from([203, 0, 113, 9]);
    let mut kernel = director(Some((server(nowhere, 5353), Forwarding::Nat)));
    assert_eq!(comes(&mut kernel, T0, ETH0, &question()), ended((nowhere, 5353), EndReason::NoRoute(nowhere)));
}

#[test]
fn a_director_tells_the_other_at_the_third_packet_and_two_seconds_later() {
    let mut master = director(Some((server(far(9), 5353), Forwarding::Nat)));
    let mut backup = director(Some((server(far(9), 5353), Forwarding::Nat)));
    let link = SyncLink::new(ETH1, 7);
    master.sync_ipvs(Some((link, SyncRole::Master)));
    backup.sync_ipvs(Some((link, SyncRole::Backup)));
    for _ in 0..4 {
        comes(&mut master, T0, ETH0, &question());
    }
    let known = |kernel: &Kernel| kernel.director().map(|director| director.connections(T0).len());
    let mut told = Vec::new();
    master.wake(T0 + Span::from_millis(1_999), &mut told);
    assert_eq!((known(&master), &told[..]), (Some(1), &[][..]));
    master.wake(T0 + Span::from_secs(2), &mut told);
    let [KernelOut::Transmit { iface: ETH1, frame }] = &told[..] else { panic!("{told:?}") };
    let flow = Flow::read(&frame[14..]).unwrap();
    assert_eq!((flow.source, flow.dest.to_string().as_str(), flow.dest_port), (far(254), "224.0.0.81", 8848));
    let mut out = Vec::new();
    // As from the other director, at 10.1.0.253.
    let mut elsewhere = frame.clone();
    elsewhere[26..30].copy_from_slice(&[10, 1, 0, 253]);
    vrrplab_wire::rewrite::checksum_v4(&mut elsewhere[14..]);
    backup.receive(T0, ETH0, &elsewhere, &mut out);
    assert_eq!(known(&backup), Some(0), "it listens on the other interface");
    backup.receive(T0, ETH1, &elsewhere, &mut out);
    assert_eq!((known(&backup), &out[..]), (Some(1), &[][..]));
}
