//! A host between two networks: it sends packets on, says why it cannot, filters and translates.
use vrrplab_formats::world::{Chain, OneToOne, SysctlKey};
use vrrplab_wire::flow::{Flow, add_words, fold, pseudo_sum};
use vrrplab_wire::icmp::{self, Unreachable};

use super::*;

mod director;

const ETH1: IfIndex = IfIndex(3);
/// The gateway's second MAC.
const A2: Mac = Mac([2, 0, 0, 0, 0, 0xa2]);

fn far(last: u8) -> IpAddr {
    Ipv4Addr::new(10, 1, 0, last).into()
}

fn net(ip: IpAddr, prefix: u8) -> IfAddr {
    IfAddr { ip, prefix }
}

/// 10.0.0.254 on eth0, 10.1.0.254 and 10.1.0.100 on eth1; forwarding.
fn gateway(setup: KernelSetup) -> Kernel {
    let iface = |index, name: &str, mac, addresses: &[IfAddr]| IfaceSetup {
        index,
        name: name.into(),
        mac,
        addresses: addresses.to_vec(),
    };
    let forward = Sysctl { key: SysctlKey::Forward, iface: None, value: 1 };
    let kernel = Kernel::new(vec![
        iface(ETH0, "eth0", A, &[net(ip(254), 24)]),
        iface(ETH1, "eth1", A2, &[net(far(254), 24), net(far(100), 32)]),
    ]);
    let mut kernel = kernel.configured(&KernelSetup { sysctls: vec![forward], ..setup });
    // Both neighbours have asked for the gateway, so it knows them: 10.0.0.1 at B, 10.1.0.9 at C.
    for (iface, frame) in [
        (ETH0, frames::question(B, ip(1), ip(254), None).unwrap()),
        (ETH1, frames::question(C, far(9), far(254), None).unwrap()),
    ] {
        kernel.receive(T0, iface, &frame, &mut Vec::new());
    }
    kernel
}

/// A UDP datagram with right checksums.
fn datagram(src: IpAddr, dst: IpAddr, ports: [u16; 2], ttl: u8) -> Vec<u8> {
    let mut packet = packet(src, dst);
    packet[8] = ttl;
    packet[20..22].copy_from_slice(&ports[0].to_be_bytes());
    packet[22..24].copy_from_slice(&ports[1].to_be_bytes());
    packet[24..26].copy_from_slice(&8u16.to_be_bytes());
    packet[26..28].fill(0);
    vrrplab_wire::rewrite::checksum_v4(&mut packet);
    let sum = fold(add_words(pseudo_sum(src, dst, 17, 8), &packet[20..]));
    packet[26..28].copy_from_slice(&sum.to_be_bytes());
    packet
}

/// An echo request (8) or reply (0).
fn echo(kind: u8, src: IpAddr, dst: IpAddr, ident: u16, ttl: u8) -> Vec<u8> {
    let mut packet = packet(src, dst);
    (packet[8], packet[9]) = (ttl, 1);
    packet[20..].copy_from_slice(&[kind, 0, 0, 0, (ident >> 8) as u8, ident as u8, 0, 7]);
    vrrplab_wire::rewrite::checksum_v4(&mut packet);
    icmp::finish(&mut packet, 20);
    packet
}

/// What the gateway does with a packet that comes to its own MAC.
fn comes(kernel: &mut Kernel, now: Instant, iface: IfIndex, packet: &[u8]) -> Vec<KernelOut> {
    let (from, to) = if iface == ETH0 { (B, A) } else { (C, A2) };
    let mut out = Vec::new();
    kernel.receive(now, iface, &frames::ethernet(from, to, packet), &mut out);
    out
}

fn to_far(packet: Vec<u8>) -> Vec<KernelOut> {
    vec![KernelOut::Transmit { iface: ETH1, frame: frames::ethernet(A2, C, &packet) }]
}

fn to_near(packet: Vec<u8>) -> Vec<KernelOut> {
    vec![KernelOut::Transmit { iface: ETH0, frame: frames::ethernet(A, B, &packet) }]
}

fn error(about: &[u8], why: Unreachable) -> Vec<KernelOut> {
    to_near(icmp::error(about, why, ip(254)).unwrap())
}

#[test]
fn a_packet_goes_on_with_one_hop_less_and_all_else_as_it_was() {
    let mut gw = gateway(KernelSetup::default());
    let out = comes(&mut gw, T0, ETH0, &datagram(ip(1), far(9), [1000, 53], 64));
    assert_eq!(out, to_far(datagram(ip(1), far(9), [1000, 53], 63)));
    let adverts = datagram(ip(1), far(9), [1, 1], 255);
    let frame = |to, packet: &[u8]| frames::ethernet(B, to, packet);
    assert!(gw.passes_on(&frame(A, &adverts)), "routed adverts of unicast peers are not for this host");
    assert!(!gw.passes_on(&frame(A, &datagram(ip(1), ip(254), [1, 1], 255))));
    assert!(!gw.passes_on(&frame(Mac([0xff; 6]), &adverts)), "nobody sends on what was sent to everyone");
}

#[test]
fn a_host_that_does_not_forward_drops_in_silence() {
    let mut gw = gateway(KernelSetup::default());
    gw.set_sysctl(Sysctl { key: SysctlKey::Forward, iface: None, value: 0 });
    assert_eq!(comes(&mut gw, T0, ETH0, &datagram(ip(1), far(9), [1, 2], 64)), []);
}

#[test]
fn who_cannot_be_served_is_told_why() {
    let mut gw = gateway(KernelSetup::default());
    let last_hop = datagram(ip(1), far(9), [1, 2], 1);
    assert_eq!(comes(&mut gw, T0, ETH0, &last_hop), error(&last_hop, Unreachable::TimeExceeded));
    let nowhere = datagram(ip(1), Ipv4Addr::new(172, 16, 0, 1).into(), [1, 2], 64);
    assert_eq!(comes(&mut gw, T0, ETH0, &nowhere), error(&nowhere, Unreachable::Other(3, 0)));
    let about_an_error = icmp::error(&datagram(far(7), ip(1), [1, 2], 9), Unreachable::Port, ip(1)).unwrap();
    let mut lost = about_an_error.clone();
    lost[16..20].copy_from_slice(&[172, 16, 0, 1]);
    vrrplab_wire::rewrite::checksum_v4(&mut lost);
    assert_eq!(comes(&mut gw, T0, ETH0, &lost), [], "nobody is told about an error");
}

#[test]
fn a_packet_larger_than_the_link_that_may_not_be_cut_comes_back_with_the_size_that_fits() {
    let mut gw = gateway(KernelSetup::default());
    let mut large = datagram(ip(1), far(9), [1, 2], 64);
    large.resize(1501, 0);
    large[2..4].copy_from_slice(&1501u16.to_be_bytes());
    large[6] = 0x40;
    vrrplab_wire::rewrite::checksum_v4(&mut large);
    assert_eq!(comes(&mut gw, T0, ETH0, &large), error(&large, Unreachable::TooBig(1500)));
}

#[test]
fn a_silent_neighbour_makes_its_host_unreachable_after_three_seconds() {
    let mut gw = gateway(KernelSetup::default());
    let packet = datagram(ip(1), far(77), [1, 2], 64);
    let asked = comes(&mut gw, T0, ETH0, &packet);
    let question = frames::question(A2, far(254), far(77), None).unwrap();
    assert_eq!(asked, [KernelOut::Transmit { iface: ETH1, frame: question }]);
    wake(&mut gw, at(1000));
    wake(&mut gw, at(2000));
    let mut out = Vec::new();
    gw.wake(at(3000), &mut out);
    assert_eq!(out, error(&datagram(ip(1), far(77), [1, 2], 63), Unreachable::Other(3, 1)));
}

#[test]
fn a_local_socket_hears_of_an_unreachable_host_too() {
    let mut a = host(A, &[ip(1)]);
    send(&mut a, T0, packet(ip(1), ip(9)));
    wake(&mut a, at(1000));
    wake(&mut a, at(2000));
    let mut out = Vec::new();
    a.wake(at(3000), &mut out);
    let told = icmp::error(&packet(ip(1), ip(9)), Unreachable::Other(3, 1), ip(1)).unwrap();
    assert_eq!(out, [KernelOut::Local { packet: told }]);
}

#[test]
fn the_longest_prefix_decides_and_a_route_may_be_replaced() {
    let route = |to, prefix, via| Route { to: net(to, prefix), via: Some(via), iface: None };
    let everywhere = route(Ipv4Addr::UNSPECIFIED.into(), 0, far(9));
    let mut gw = gateway(KernelSetup { routes: vec![everywhere], ..KernelSetup::default() });
    let web = Ipv4Addr::new(198, 51, 100, 7).into();
    let packet = |ttl| datagram(far(9), web, [1, 2], ttl);
    let come = |gw: &mut Kernel| comes(gw, T0, ETH1, &packet(64));
    assert_eq!(come(&mut gw), to_far(packet(63)), "out of the interface by which it came");
    gw.set_route(route(Ipv4Addr::new(198, 51, 100, 0).into(), 24, ip(1)));
    assert_eq!(come(&mut gw), to_near(packet(63)));
    gw.set_route(route(Ipv4Addr::new(198, 51, 100, 0).into(), 24, far(9)));
    assert_eq!(come(&mut gw), to_far(packet(63)));
    gw.remove_route(everywhere);
    assert_eq!(come(&mut gw), to_far(packet(63)));
    gw.remove_route(route(Ipv4Addr::new(198, 51, 100, 0).into(), 24, far(9)));
    let error = icmp::error(&packet(64), Unreachable::Other(3, 0), far(254)).unwrap();
    assert_eq!(come(&mut gw), to_far(error));
}

const ANY: FirewallRule = FirewallRule::drops_all(Chain::In);

#[test]
fn the_first_rule_that_matches_decides() {
    let mut gw = gateway(KernelSetup::default());
    let advert = {
        let mut packet = datagram(ip(1), Ipv4Addr::new(224, 0, 0, 18).into(), [1, 2], 255);
        packet[9] = 112;
        vrrplab_wire::rewrite::checksum_v4(&mut packet);
        frames::ethernet(B, Mac([1, 0, 0x5e, 0, 0, 18]), &packet)
    };
    let from_peer = FirewallRule { source: Some(net(ip(1), 32)), accept: true, ..ANY };
    let vrrp = FirewallRule { protocol: Some(112), ..ANY };
    let table = [
        (vec![], true, true),
        (vec![vrrp], false, true),
        (vec![from_peer, vrrp], true, true),
        (vec![vrrp, from_peer], false, true),
        (vec![FirewallRule { multicast: Some(true), ..ANY }], false, true),
        (vec![FirewallRule { multicast: Some(false), ..ANY }], true, true),
        (vec![FirewallRule { iface: Some(ETH1), ..vrrp }], true, true),
        (vec![FirewallRule { iface: Some(ETH0), ..vrrp }], false, true),
        (vec![FirewallRule { chain: Chain::Out, ..vrrp }], true, false),
    ];
    for (rules, heard, said) in table {
        gw.set_firewall(&rules);
        assert_eq!((gw.admits(ETH0, &advert), gw.emits(ETH0, &advert)), (heard, said), "{rules:?}");
        assert!(gw.emits(ETH0, &gratuitous(A, ip(254))), "ARP is not asked");
    }
}

#[test]
fn what_is_forwarded_has_rules_of_its_own() {
    let mut gw = gateway(KernelSetup::default());
    let packet = datagram(ip(1), far(9), [1, 2], 64);
    let rule = |chain, iface| FirewallRule { chain, iface: Some(iface), ..ANY };
    for (rules, passes) in [
        (vec![rule(Chain::In, ETH0), rule(Chain::Out, ETH1)], true),
        (vec![rule(Chain::Forward, ETH0)], false),
        (vec![rule(Chain::Forward, ETH1)], false),
        (vec![FirewallRule { destination: Some(net(far(8), 32)), ..rule(Chain::Forward, ETH1) }], true),
    ] {
        gw.set_firewall(&rules);
        assert_eq!(comes(&mut gw, T0, ETH0, &packet).len(), usize::from(passes), "{rules:?}");
    }
    gw.set_firewall(&[ANY]);
    let to_itself = datagram(ip(1), ip(254), [1, 2], 64);
    assert_eq!(comes(&mut gw, T0, ETH0, &to_itself), []);
    gw.set_firewall(&[]);
    assert_eq!(comes(&mut gw, T0, ETH0, &to_itself), [KernelOut::Local { packet: to_itself }]);
}

#[test]
fn a_floating_address_is_another_one_inside_both_ways_and_in_errors() {
    let pair = OneToOne { outside: far(100), inside: ip(1) };
    let mut gw = gateway(KernelSetup { nat: vec![pair], ..KernelSetup::default() });
    let asked = comes(&mut gw, T0, ETH1, &datagram(far(9), far(100), [1000, 53], 64));
    assert_eq!(asked, to_near(datagram(far(9), ip(1), [1000, 53], 63)));
    let answer = comes(&mut gw, T0, ETH0, &datagram(ip(1), far(9), [53, 1000], 64));
    assert_eq!(answer, to_far(datagram(far(100), far(9), [53, 1000], 63)));
    assert_eq!(comes(&mut gw, T0, ETH1, &echo(8, far(9), far(100), 5, 64)), to_near(echo(8, far(9), ip(1), 5, 63)));

    // 10.0.0.1 has no such port: the error quotes what it was asked, and the asker reads what it had asked.
    let closed = icmp::error(&datagram(far(9), ip(1), [1000, 53], 63), Unreachable::Port, ip(1)).unwrap();
    let out = comes(&mut gw, T0, ETH0, &closed);
    let [KernelOut::Transmit { iface: ETH1, frame }] = &out[..] else { panic!("{out:?}") };
    let told = &frame[14..];
    let flow = Flow::read(told).unwrap();
    let quote = icmp::quoted(told, &flow).unwrap();
    assert_eq!((flow.source, quote.flow.source, quote.flow.dest), (far(100), far(9), far(100)));
    assert_eq!(fold(add_words(0, &told[20..])), 0, "the checksum of the error is right");
    assert_eq!(fold(add_words(0, &told[28..48])), 0, "and so is that of the header inside");

    // Dissociated: nobody is behind the address any more, and it is the gateway's own.
    gw.set_nat(&[]);
    let asked = comes(&mut gw, T0, ETH1, &datagram(far(8), far(100), [2000, 53], 64));
    assert!(!asked.iter().any(|out| matches!(out, KernelOut::Transmit { iface: ETH0, .. })), "{asked:?}");
}

#[test]
fn masqueraded_conversations_are_told_apart() {
    let mut gw = gateway(KernelSetup { masquerade: Some(ETH1), ..KernelSetup::default() });
    let own = far(254);
    // Two hosts inside use the same port and the same identifier.
    let out = comes(&mut gw, T0, ETH0, &datagram(ip(1), far(9), [1000, 53], 64));
    assert_eq!(out, to_far(datagram(own, far(9), [1000, 53], 63)));
    let out = comes(&mut gw, T0, ETH0, &datagram(ip(2), far(9), [1000, 53], 64));
    assert_eq!(out, to_far(datagram(own, far(9), [1024, 53], 63)), "its port is taken");
    assert_eq!(comes(&mut gw, T0, ETH0, &echo(8, ip(2), far(9), 1, 64)), to_far(echo(8, own, far(9), 1, 63)));
    assert_eq!(comes(&mut gw, T0, ETH0, &echo(8, ip(1), far(9), 1, 64)), to_far(echo(8, own, far(9), 1024, 63)));

    let back = comes(&mut gw, at(100), ETH1, &datagram(far(9), own, [53, 1000], 64));
    assert_eq!(back, to_near(datagram(far(9), ip(1), [53, 1000], 63)));
    let back = comes(&mut gw, at(100), ETH1, &echo(0, far(9), own, 1024, 64));
    assert_eq!(back, to_near(echo(0, far(9), ip(1), 1, 63)));

    // What nobody inside asked for is for the gateway itself.
    let stray = datagram(far(9), own, [53, 2000], 64);
    assert_eq!(comes(&mut gw, at(100), ETH1, &stray), [KernelOut::Local { packet: stray.clone() }]);
    let late = echo(0, far(9), own, 1024, 64);
    assert_eq!(comes(&mut gw, at(30_101), ETH1, &late), [KernelOut::Local { packet: late.clone() }]);
}

#[test]
fn ipv6_is_sent_on_too() {
    let v6 = |net: u16, last| IpAddr::V6(std::net::Ipv6Addr::new(0xfd00, net, 0, 0, 0, 0, 0, last));
    let iface = |index, mac, ip| IfaceSetup { index, name: "e".into(), mac, addresses: vec![net(ip, 64)] };
    let mut gw = Kernel::new(vec![iface(ETH0, A, v6(0, 254)), iface(ETH1, A2, v6(1, 254))]);
    let question = frames::question(C, v6(1, 9), v6(1, 254), None).unwrap();
    gw.receive(T0, ETH1, &question, &mut Vec::new());
    let hops = |hops| {
        let mut packet = packet(v6(0, 1), v6(1, 9));
        packet[7] = hops;
        packet
    };
    assert_eq!(comes(&mut gw, T0, ETH0, &hops(64)), []);
    gw.set_sysctl(Sysctl { key: SysctlKey::Forward6, iface: None, value: 1 });
    assert_eq!(comes(&mut gw, T0, ETH0, &hops(64)), to_far(hops(63)));
}
