//! IGMP snooping.
use vrrplab_formats::world::{Snooping, SwitchSetup};

use super::*;

const VRRP: Ipv4Addr = Ipv4Addr::new(224, 0, 0, 18);
const STRICT: Snooping = Snooping {
    querier: false,
    query_interval: Span::from_secs(125),
    timeout: Span::from_secs(260),
    floods_link_local: false,
};

/// Two switches with this snooping and two ports each, joined by a trunk.
fn snooping(setup: Snooping) -> Fabric {
    let switch = SwitchSetup { snooping: Some(setup), ..SwitchSetup::default() };
    let networks = ["sw1", "sw2"].map(|name| Network { switch, ..Network::new(name, CLEAN) });
    let between = [NetworkId(0), NetworkId(1)];
    let trunk = Trunk { name: "t".into(), between, vlans: vec![], link: CLEAN };
    let mut fabric = Fabric::new(&networks, &[trunk], 1);
    for n in 0..4 {
        fabric.add_port(PortSetup::new(NetworkId(n / 2), Member::Node(NodeId(n)), mac(n), vec![]));
    }
    fabric
}

fn own(n: usize) -> Ipv4Addr {
    Ipv4Addr::new(10, 0, 0, n as u8)
}

fn join(fabric: &mut Fabric, now: Instant, port: usize) -> Vec<Fate> {
    send(fabric, now, port, &igmp::report(mac(port), own(port), &[VRRP], true))
}

/// Who gets an advert of port 0, and for whom it is dropped.
fn advert(fabric: &mut Fabric, now: Instant) -> (Vec<usize>, Vec<usize>) {
    let fates = send(fabric, now, 0, &ip(mac(0), own(0).into(), VRRP.into(), IpProtocol::Unknown(112)));
    let aged = DropReason::Fabric(FabricDrop::AgedOut);
    let (mut got, mut missed) = (Vec::new(), Vec::new());
    for fate in fates {
        match fate {
            Fate::Deliver { to, .. } => got.push(to.0),
            Fate::Drop { to: Some(to), reason } if reason == aged => missed.push(to.0),
            Fate::Drop { .. } | Fate::DeliverOther { .. } => panic!("{fate:?}"),
        }
    }
    (got, missed)
}

#[test]
fn only_those_that_asked_get_a_group_until_they_age_out() {
    let mut f = snooping(STRICT);
    assert_eq!(advert(&mut f, T0), (vec![], vec![]), "nobody has asked");
    assert_eq!(join(&mut f, T0, 1), [], "a report goes over trunks only");
    join(&mut f, Instant(1), 2);
    assert_eq!(advert(&mut f, Instant(1)), (vec![1, 2], vec![]), "but not port 3");
    let timeout = T0 + Span::from_secs(260);
    assert_eq!(advert(&mut f, timeout), (vec![2], vec![1]), "port 1 was not heard for 260 s");
    join(&mut f, timeout, 1);
    assert_eq!(advert(&mut f, timeout + Span(1)), (vec![1], vec![2]));
    // A port that goes down is forgotten altogether.
    f.set_carrier(timeout, PortId(1), false);
    f.set_carrier(timeout, PortId(1), true);
    assert_eq!(advert(&mut f, timeout + Span(1)), (vec![], vec![2]));
}

#[test]
fn link_local_groups_go_everywhere_as_the_standard_wants() {
    let mut f = snooping(Snooping { floods_link_local: true, ..STRICT });
    assert_eq!(advert(&mut f, T0), (vec![1, 2, 3], vec![]));
    // Other groups do not.
    let other = ip(mac(0), own(0).into(), Ipv4Addr::new(239, 1, 1, 1).into(), IpProtocol::Udp);
    assert_eq!(send(&mut f, T0, 0, &other), []);
    assert_eq!(send(&mut f, T0, 0, &gratuitous_arp(mac(0), VIP)).len(), 3, "nor does it touch broadcasts");
}

#[test]
fn a_querier_asks_everyone_and_goes_on_asking() {
    let mut f = snooping(STRICT);
    assert_eq!(f.next_wake(), None);
    f.set_querier(Instant(7), NetworkId(0), true);
    assert_eq!(f.next_wake(), Some(Instant(7)));
    let (news, queries) = f.wake(Instant(7));
    assert_eq!((news.len(), queries.len()), (0, 1));
    let times: Vec<u64> = queries[0]
        .fates
        .iter()
        .map(|fate| match fate {
            Fate::Deliver { at, .. } => at.0,
            Fate::Drop { .. } | Fate::DeliverOther { .. } => 0,
        })
        .collect();
    assert_eq!(times, [50_007, 50_007, 100_007, 100_007]);
    assert!(igmp::is_query(&queries[0].frame));
    assert_eq!(f.next_wake(), Some(Instant(7) + Span::from_secs(125)));
    f.set_querier(Instant(8), NetworkId(0), false);
    assert_eq!(f.next_wake(), None);
}
