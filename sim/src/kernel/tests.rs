//! Kernels that talk to each other over a plain wire.
use std::net::Ipv4Addr;

use vrrplab_engine::Span;

use super::*;

mod gateway;
mod sysctls;

const ETH0: IfIndex = IfIndex(2);
const A: Mac = Mac([2, 0, 0, 0, 0, 1]);
const B: Mac = Mac([2, 0, 0, 0, 0, 2]);
const C: Mac = Mac([2, 0, 0, 0, 0, 3]);

fn ip(last: u8) -> IpAddr {
    Ipv4Addr::new(10, 0, 0, last).into()
}

fn host(mac: Mac, addresses: &[IpAddr]) -> Kernel {
    let addresses = addresses.iter().map(|&ip| IfAddr { ip, prefix: if ip.is_ipv4() { 24 } else { 64 } }).collect();
    Kernel::new(vec![IfaceSetup { index: ETH0, name: "eth0".into(), mac, addresses }])
}

/// An empty UDP packet.
fn packet(src: IpAddr, dst: IpAddr) -> Vec<u8> {
    use smoltcp::phy::ChecksumCapabilities;
    use smoltcp::wire::{IpProtocol, IpRepr};
    let repr = IpRepr::new(src.into(), dst.into(), IpProtocol::Udp, 8, 64);
    let mut bytes = vec![0; repr.buffer_len()];
    repr.emit(&mut bytes, &ChecksumCapabilities::default());
    bytes
}

fn send(kernel: &mut Kernel, now: Instant, packet: Vec<u8>) -> Vec<Vec<u8>> {
    let mut out = Vec::new();
    kernel.send_ip(now, packet, &mut out);
    sent(out)
}

fn receive(kernel: &mut Kernel, now: Instant, frame: &[u8]) -> Vec<Vec<u8>> {
    let mut out = Vec::new();
    kernel.receive(now, ETH0, frame, &mut out);
    sent(out)
}

fn wake(kernel: &mut Kernel, now: Instant) -> Vec<Vec<u8>> {
    let mut out = Vec::new();
    kernel.wake(now, &mut out);
    sent(out)
}

fn sent(out: Vec<KernelOut>) -> Vec<Vec<u8>> {
    out.into_iter()
        .map(|out| match out {
            KernelOut::Transmit { frame, .. } => frame,
            KernelOut::Local { packet } => packet,
            KernelOut::Ended(end) => panic!("nobody balances here: {end:?}"),
        })
        .collect()
}

fn gratuitous(mac: Mac, who: IpAddr) -> Vec<u8> {
    let mut frame = frames::question(mac, who, who, None).unwrap();
    frame[32..38].fill(0xff);
    frame
}

const T0: Instant = Instant::ZERO;
fn at(ms: u64) -> Instant {
    T0 + Span::from_millis(ms)
}

#[test]
fn a_packet_waits_until_its_neighbour_has_answered() {
    let (mut a, mut b) = (host(A, &[ip(1)]), host(B, &[ip(2)]));
    let question = send(&mut a, T0, packet(ip(1), ip(2)));
    assert_eq!(question, [frames::question(A, ip(1), ip(2), None).unwrap()]);
    assert_eq!(send(&mut a, T0, packet(ip(1), ip(2))), [] as [Vec<u8>; 0], "the second packet waits too");

    let answer = receive(&mut b, T0, &question[0]);
    assert_eq!(b.neighbour(ETH0, ip(1)), Some(A), "who is asked learns who asks");
    let delivered = receive(&mut a, T0, &answer[0]);
    assert_eq!(delivered, vec![frames::ethernet(A, B, &packet(ip(1), ip(2))); 2]);
    assert_eq!(receive(&mut b, T0, &delivered[0]), [packet(ip(1), ip(2))]);
    assert_eq!(a.next_wake(), None);
}

#[test]
fn nobody_answers_three_questions_and_the_packets_are_dropped() {
    let mut a = host(A, &[ip(1)]);
    assert_eq!(send(&mut a, T0, packet(ip(1), ip(9))).len(), 1);
    for second in [1000, 2000] {
        assert_eq!(a.next_wake(), Some(at(second)));
        assert_eq!(wake(&mut a, at(second)).len(), 1);
    }
    let told = wake(&mut a, at(3000));
    assert_eq!((told.len(), told[0][20]), (1, 3), "the socket hears that the host is unreachable");
    assert_eq!((a.next_wake(), a.neighbour(ETH0, ip(9))), (None, None));
    assert_eq!(send(&mut a, at(3500), packet(ip(1), ip(9))).len(), 1, "and then it asks afresh");
    assert_eq!(send(&mut a, at(3500), packet(ip(1), Ipv4Addr::new(192, 0, 2, 1).into())).len(), 0, "no route");
}

#[test]
fn a_gratuitous_arp_moves_an_entry_but_makes_none() {
    let mut a = host(A, &[ip(1)]);
    receive(&mut a, T0, &gratuitous(B, ip(100)));
    assert_eq!(a.neighbour(ETH0, ip(100)), None);

    let question = send(&mut a, T0, packet(ip(1), ip(100)));
    let answer = receive(&mut host(B, &[ip(2), ip(100)]), T0, &question[0]);
    receive(&mut a, T0, &answer[0]);
    assert_eq!(a.neighbour(ETH0, ip(100)), Some(B));

    // Within a second, an answer of another host does not move it; an announcement does.
    let rival = receive(&mut host(C, &[ip(3), ip(100)]), at(500), &question[0]);
    receive(&mut a, at(500), &rival[0]);
    assert_eq!(a.neighbour(ETH0, ip(100)), Some(B));
    receive(&mut a, at(600), &gratuitous(C, ip(100)));
    assert_eq!(a.neighbour(ETH0, ip(100)), Some(C));
    assert_eq!(send(&mut a, at(700), packet(ip(1), ip(100))), [frames::ethernet(A, C, &packet(ip(1), ip(100)))]);
}

/// In `captures/recordings/p29_multicast_dropped` n2 announces the address of n1 ten times, and n1 is silent.
#[test]
fn a_holder_of_the_address_does_not_answer_an_announcement_of_it() {
    let mut a = host(A, &[ip(1), ip(100)]);
    assert_eq!(receive(&mut a, T0, &gratuitous(B, ip(100))).len(), 0);
    assert_eq!(a.neighbour(ETH0, ip(100)), None);
    let question = |from| frames::question(B, from, ip(100), None).unwrap();
    assert_eq!(receive(&mut a, T0, &question(ip(1))).len(), 0, "with another of its addresses as the sender");
    assert_eq!(receive(&mut a, T0, &question(ip(9))).len(), 1);
}

#[test]
fn a_silent_neighbour_is_doubted_after_thirty_seconds_of_use_and_lost_after_thirty_eight() {
    let mut a = host(A, &[ip(1)]);
    let question = send(&mut a, T0, packet(ip(1), ip(2)));
    let answer = receive(&mut host(B, &[ip(2)]), T0, &question[0]);
    receive(&mut a, T0, &answer[0]);
    send(&mut a, at(29_999), packet(ip(1), ip(2)));
    assert_eq!(a.next_wake(), None);
    assert_eq!(send(&mut a, at(30_000), packet(ip(1), ip(2))).len(), 1);
    for second in [35_000, 36_000, 37_000] {
        assert_eq!(a.next_wake(), Some(at(second)));
        assert_eq!(wake(&mut a, at(second)), [frames::question(A, ip(1), ip(2), Some(B)).unwrap()]);
    }
    wake(&mut a, at(38_000));
    assert_eq!(a.neighbour(ETH0, ip(2)), None);
}

#[test]
fn ipv6_neighbours_find_each_other_and_follow_an_override() {
    let v6 = |last| IpAddr::V6(std::net::Ipv6Addr::new(0xfd00, 0, 0, 0, 0, 0, 0, last));
    let (mut a, mut b) = (host(A, &[v6(1)]), host(B, &[v6(2), v6(0x100)]));
    let question = send(&mut a, T0, packet(v6(1), v6(0x100)));
    let answer = receive(&mut b, T0, &question[0]);
    assert_eq!(receive(&mut a, T0, &answer[0]), [frames::ethernet(A, B, &packet(v6(1), v6(0x100)))]);
    // The answer to a probe for a duplicate goes to everyone and overrides: so does an announcement.
    let probe = frames::question(A, std::net::Ipv6Addr::UNSPECIFIED.into(), v6(0x100), None).unwrap();
    let announcement = receive(&mut host(C, &[v6(0x100)]), T0, &probe);
    receive(&mut a, T0, &announcement[0]);
    assert_eq!(a.neighbour(ETH0, v6(0x100)), Some(C));
}

#[test]
fn addresses_are_set_once_and_a_dead_link_hears_nothing() {
    let mut a = host(A, &[ip(1)]);
    let vip = IfAddr { ip: ip(100), prefix: 32 };
    assert_eq!(a.add_address(ETH0, vip), Ok(()));
    assert_eq!(a.add_address(ETH0, vip), Err(AddressError::Exists));
    assert_eq!(a.add_address(IfIndex(9), vip), Err(AddressError::NoSuchInterface));
    assert_eq!(a.addresses(ETH0)[1], vip);
    assert!(a.holds(ip(100)));
    let question = frames::question(B, ip(2), ip(100), None).unwrap();
    assert_eq!(receive(&mut a, T0, &question).len(), 1);
    a.set_carrier(ETH0, false);
    assert!(!a.link_up(ETH0));
    assert_eq!(receive(&mut a, T0, &question).len(), 0);
    a.set_carrier(ETH0, true);
    assert_eq!(a.remove_address(ETH0, vip), Ok(vec![]));
    assert_eq!(a.remove_address(ETH0, vip), Err(AddressError::NotFound));
    assert_eq!(receive(&mut a, T0, &question).len(), 0);
}

#[test]
fn an_address_on_a_macvlan_is_at_its_mac_while_it_is_set() {
    let (now, vip) = (Instant::ZERO, IfAddr { ip: ip(100), prefix: 24 });
    let (mut router, mut client) = (host(A, &[ip(1)]), host(B, &[ip(2)]));
    router.lend_mac(ETH0, vip.ip, C);
    router.add_address(ETH0, vip).unwrap();
    let question = send(&mut client, now, packet(ip(2), vip.ip));
    let answer = receive(&mut router, now, &question[0]);
    assert_eq!(receive(&mut client, now, &answer[0]).len(), 1, "the packet that waited");
    assert_eq!((client.neighbour(ETH0, vip.ip), client.neighbour(ETH0, ip(1))), (Some(C), None));
    let frame = frames::ethernet(B, C, &packet(ip(2), vip.ip));
    assert_eq!(receive(&mut router, now, &frame).len(), 1);
    router.remove_address(ETH0, vip).unwrap();
    assert_eq!(receive(&mut router, now, &frame).len(), 0, "the macvlan is down");
    let question = frames::question(B, ip(2), ip(1), None).unwrap();
    assert_eq!(receive(&mut router, now, &question)[0][6..12], A.0, "other addresses are where they were");
}

/// A router with 10.0.0.1 on eth0 and the virtual address on a macvlan above it.
fn with_macvlan(vip: IfAddr) -> (Kernel, IfIndex) {
    let mut router = host(A, &[ip(1)]);
    let macvlan = router.add_macvlan("vrrp.51", ETH0, C).unwrap();
    router.add_address(macvlan, vip).unwrap();
    (router, macvlan)
}

#[test]
fn a_macvlan_and_the_interface_below_answer_for_their_own_addresses() {
    let vip = IfAddr { ip: ip(100), prefix: 32 };
    let (mut router, _) = with_macvlan(vip);
    for (asked, mac) in [(ip(100), C), (ip(1), A)] {
        let answers = receive(&mut router, T0, &frames::question(B, ip(2), asked, None).unwrap());
        assert_eq!(answers.len(), 1);
        assert_eq!(answers[0][6..12], mac.0);
    }
    router.remove_macvlan("vrrp.51");
    assert!(!router.holds(ip(100)));
    assert_eq!(receive(&mut router, T0, &frames::question(B, ip(2), ip(100), None).unwrap()).len(), 0);
}

#[test]
fn a_private_macvlan_alone_hears_what_comes_from_its_own_mac() {
    let (router, macvlan) = with_macvlan(IfAddr { ip: ip(100), prefix: 32 });
    let group = |from: Mac| [&[1, 0, 0x5e, 0, 0, 18], &from.0[..]].concat();
    assert_eq!(router.hearers(ETH0, &group(B)), [ETH0, macvlan]);
    assert_eq!(router.hearers(ETH0, &group(C)), [macvlan]);
    let to = |mac: Mac| [&mac.0[..], &B.0[..]].concat();
    assert_eq!((router.hearers(ETH0, &to(C)), router.hearers(ETH0, &to(A))), (vec![macvlan], vec![ETH0]));
}

#[test]
fn a_macvlan_follows_the_link_below_and_is_made_once() {
    let (mut router, macvlan) = with_macvlan(IfAddr { ip: ip(100), prefix: 32 });
    assert_eq!(router.add_macvlan("vrrp.51", ETH0, C), Some(macvlan), "it is there already");
    assert_eq!(router.add_macvlan("vrrp.51", ETH0, B), None, "with another MAC");
    assert_eq!(router.add_macvlan("eth0", ETH0, B), None);
    assert_eq!(router.add_macvlan("vrrp.52", IfIndex(99), B), None);
    assert_eq!((router.base_of(macvlan), router.base_of(ETH0)), (ETH0, ETH0));
    router.set_admin(ETH0, false);
    assert_eq!(router.links(), [(ETH0, false), (macvlan, false)]);
    router.set_admin(ETH0, true);
    assert_eq!(router.links(), [(ETH0, true), (macvlan, true)]);
}

#[test]
fn a_removed_primary_takes_its_secondaries_along_unless_they_are_promoted() {
    let addr = |last: u8, prefix| IfAddr { ip: IpAddr::from([10, 9, 0, last]), prefix };
    let host = |promotes: bool| {
        let setup = IfaceSetup {
            index: IfIndex(2),
            name: "eth0".into(),
            mac: Mac([2, 0, 0, 0, 0, 1]),
            addresses: vec![addr(1, 24), addr(2, 24), addr(3, 32), addr(4, 24)],
        };
        let mut kernel = Kernel::new(vec![setup]);
        if promotes {
            kernel.promote_secondaries(IfIndex(2));
        }
        kernel
    };
    let mut plain = host(false);
    assert_eq!(plain.remove_address(IfIndex(2), addr(2, 24)), Ok(vec![]));
    assert_eq!(plain.remove_address(IfIndex(2), addr(1, 24)), Ok(vec![addr(4, 24)]));
    assert_eq!(plain.addresses(IfIndex(2)), [addr(3, 32)]);
    let mut promoting = host(true);
    assert_eq!(promoting.remove_address(IfIndex(2), addr(1, 24)), Ok(vec![]));
    assert_eq!(promoting.addresses(IfIndex(2)), [addr(2, 24), addr(3, 32), addr(4, 24)]);
    assert_eq!(promoting.remove_address(IfIndex(2), addr(9, 24)), Err(AddressError::NotFound));
}
