//! What the sysctls of a host change in what it answers, asks, learns and hears.
use vrrplab_formats::world::SysctlKey;

use super::*;

const ETH1: IfIndex = IfIndex(3);
const A2: Mac = Mac([2, 0, 0, 0, 0, 0xa2]);

fn other(last: u8) -> IpAddr {
    Ipv4Addr::new(10, 1, 0, last).into()
}

/// 10.0.0.1 on eth0, 10.1.0.1 on eth1 and 10.0.0.100 on lo, with one sysctl.
fn server(key: SysctlKey, iface: Option<IfIndex>, value: u8) -> Kernel {
    let eth = |index, name: &str, mac, ip| IfaceSetup {
        index,
        name: name.into(),
        mac,
        addresses: vec![IfAddr { ip, prefix: 24 }],
    };
    let setup = KernelSetup {
        loopback: vec![IfAddr { ip: ip(100), prefix: 32 }],
        sysctls: vec![Sysctl { key, iface, value }],
        ..KernelSetup::default()
    };
    Kernel::new(vec![eth(ETH0, "eth0", A, ip(1)), eth(ETH1, "eth1", A2, other(1))]).configured(&setup)
}

#[test]
fn arp_ignore_says_for_which_addresses_arp_is_answered() {
    // Who asks for what: an own address, one on lo, one of another interface; and someone of another prefix asks.
    let questions = [(ip(9), ip(1)), (ip(9), ip(100)), (ip(9), other(1)), (other(9), ip(1))];
    let table = [
        (SysctlKey::ArpIgnore, None, 0, [true, true, true, true]),
        (SysctlKey::ArpIgnore, None, 1, [true, false, false, true]),
        (SysctlKey::ArpIgnore, Some(ETH0), 1, [true, false, false, true]),
        (SysctlKey::ArpIgnore, Some(ETH1), 1, [true, true, true, true]),
        (SysctlKey::ArpIgnore, None, 2, [true, false, false, false]),
    ];
    for (key, iface, value, answered) in table {
        let mut server = server(key, iface, value);
        let answers = questions.map(|(asker, target)| {
            let question = frames::question(B, asker, target, None).unwrap();
            receive(&mut server, T0, &question).len() == 1
        });
        assert_eq!(answers, answered, "arp_ignore={value} of {iface:?}");
    }
}

#[test]
fn arp_announce_says_in_whose_name_arp_asks() {
    // The packet's source, and who asks for 10.0.0.9 because of it with arp_announce 0, 1 and 2.
    let table =
        [(ip(100), [ip(100), ip(1), ip(1)]), (other(1), [other(1), ip(1), ip(1)]), (ip(1), [ip(1), ip(1), ip(1)])];
    for (source, askers) in table {
        for (value, asker) in (0..).zip(askers) {
            let mut server = server(SysctlKey::ArpAnnounce, None, value);
            let asked = send(&mut server, T0, packet(source, ip(9)));
            assert_eq!(asked, [frames::question(A, asker, ip(9), None).unwrap()], "{source} with {value}");
        }
    }
    let mut near = server(SysctlKey::ArpAnnounce, None, 1);
    near.add_address(ETH0, IfAddr { ip: ip(50), prefix: 24 }).unwrap();
    let asked = send(&mut near, T0, packet(ip(50), ip(9)));
    assert_eq!(
        asked,
        [frames::question(A, ip(50), ip(9), None).unwrap()],
        "1: a source of the target's prefix may ask"
    );
}

#[test]
fn arp_accept_says_whether_an_announcement_makes_a_neighbour() {
    for (value, near, far) in [(0, None, None), (1, Some(B), Some(B)), (2, Some(B), None)] {
        let mut server = server(SysctlKey::ArpAccept, None, value);
        for who in [ip(9), other(9)] {
            receive(&mut server, T0, &gratuitous(B, who));
        }
        let known = (server.neighbour(ETH0, ip(9)), server.neighbour(ETH0, other(9)));
        assert_eq!(known, (near, far), "arp_accept={value}");
    }
}

#[test]
fn rp_filter_asks_for_the_way_back() {
    let stranger = Ipv4Addr::new(198, 51, 100, 7).into();
    // From the own network, from the network of the other interface, from nowhere.
    let table = [(0, [true, true, true]), (1, [true, false, false]), (2, [true, true, false])];
    for (value, heard) in table {
        let mut server = server(SysctlKey::RpFilter, None, value);
        let hears = [ip(9), other(9), stranger].map(|from| {
            let frame = frames::ethernet(B, A, &packet(from, ip(1)));
            assert_eq!(server.admits(ETH0, &frame), value == 0 || receive(&mut server, T0, &frame).len() == 1);
            receive(&mut server, T0, &frame).len() == 1
        });
        assert_eq!(hears, heard, "rp_filter={value}");
    }
}

#[test]
fn martians_are_not_heard() {
    let mut plain = server(SysctlKey::AcceptLocal, None, 0);
    let from = |kernel: &mut Kernel, src| receive(kernel, T0, &frames::ethernet(B, A, &packet(src, ip(1)))).len();
    for martian in
        [ip(1), Ipv4Addr::LOCALHOST.into(), Ipv4Addr::UNSPECIFIED.into(), Ipv4Addr::new(224, 0, 0, 18).into()]
    {
        assert_eq!(from(&mut plain, martian), 0, "{martian}");
    }
    assert_eq!(from(&mut server(SysctlKey::AcceptLocal, Some(ETH0), 1), ip(1)), 1, "accept_local");
}

/// Measured with Linux 6.18: who asks, and whether 10.0.0.1 answers.
#[test]
fn arp_questions_are_answered_to_whom_packets_are_heard_from() {
    let stranger = Ipv4Addr::new(198, 51, 100, 7).into();
    let group = Ipv4Addr::new(224, 0, 0, 18).into();
    let askers = [ip(1), ip(9), Ipv4Addr::UNSPECIFIED.into(), stranger, group, Ipv4Addr::LOCALHOST.into()];
    let table = [
        (SysctlKey::RpFilter, 0, [false, true, true, true, false, false]),
        (SysctlKey::RpFilter, 1, [false, true, true, false, false, false]),
        (SysctlKey::RpFilter, 2, [false, true, true, false, false, false]),
        (SysctlKey::AcceptLocal, 1, [true, true, true, true, false, false]),
    ];
    for (key, value, answered) in table {
        let mut server = server(key, Some(ETH0), value);
        let answers = askers.map(|asker| {
            let question = frames::question(B, asker, ip(1), None).unwrap();
            receive(&mut server, T0, &question).len() == 1
        });
        assert_eq!(answers, answered, "{key:?}={value}");
    }
}

#[test]
fn promote_secondaries_keeps_the_later_addresses_of_a_prefix() {
    for (value, left) in [(0, vec![]), (1, vec![ip(50)])] {
        let mut server = server(SysctlKey::PromoteSecondaries, Some(ETH0), value);
        let secondary = IfAddr { ip: ip(50), prefix: 24 };
        server.add_address(ETH0, secondary).unwrap();
        let gone = server.remove_address(ETH0, IfAddr { ip: ip(1), prefix: 24 }).unwrap();
        let there: Vec<IpAddr> = server.addresses(ETH0).iter().map(|a| a.ip).collect();
        assert_eq!((there, gone.len()), (left.clone(), 1 - left.len()));
    }
}

#[test]
fn neighbours_are_shown_with_their_states() {
    let mut a = host(A, &[ip(1)]);
    let shown = |a: &Kernel, now| a.neighbours(now, ETH0).map(|(_, mac, state)| (mac, state)).collect::<Vec<_>>();
    let question = send(&mut a, T0, packet(ip(1), ip(2)));
    assert_eq!(shown(&a, T0), [(None, "INCOMPLETE")]);
    let answer = receive(&mut host(B, &[ip(2)]), T0, &question[0]);
    receive(&mut a, T0, &answer[0]);
    assert_eq!(shown(&a, at(29_999)), [(Some(B), "REACHABLE")]);
    assert_eq!(shown(&a, at(30_000)), [(Some(B), "STALE")]);
    send(&mut a, at(31_000), packet(ip(1), ip(2)));
    assert_eq!(shown(&a, at(31_000)), [(Some(B), "DELAY")]);
    wake(&mut a, at(36_000));
    assert_eq!(shown(&a, at(36_000)), [(Some(B), "PROBE")]);
    for second in [37_000, 38_000, 39_000] {
        wake(&mut a, at(second));
    }
    assert_eq!(shown(&a, at(39_000)), [(None, "FAILED")]);
}

#[test]
fn a_refused_address_is_not_set_until_it_is_refused_no_more() {
    let mut a = host(A, &[ip(1)]);
    let vip = IfAddr { ip: ip(100), prefix: 24 };
    a.refuse(ip(100), true);
    assert_eq!(a.add_address(ETH0, vip), Err(AddressError::Refused));
    a.refuse(ip(100), false);
    assert_eq!(a.add_address(ETH0, vip), Ok(()));
}
