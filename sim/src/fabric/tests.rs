//! What switches do to frames.
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use smoltcp::phy::ChecksumCapabilities;
use smoltcp::wire::{ArpOperation, ArpPacket, ArpRepr, EthernetAddress, EthernetFrame, EthernetProtocol, EthernetRepr};
use smoltcp::wire::{IpProtocol, IpRepr};
use vrrplab_formats::world::{AddressPair, ClientId, NodeId};

use super::port_security::{Refusal, Why};
use super::*;

mod links;
mod multicast;
mod trunks;

const ALL: Mac = Mac([0xff; 6]);
const VIP: Ipv4Addr = Ipv4Addr::new(10, 0, 0, 100);

fn mac(n: usize) -> Mac {
    Mac([2, 0, 0, 0, 0, n as u8])
}

fn frame(src: Mac, dst: Mac) -> Vec<u8> {
    let mut bytes = vec![0; 60];
    let repr = EthernetRepr {
        src_addr: EthernetAddress(src.0),
        dst_addr: EthernetAddress(dst.0),
        ethertype: EthernetProtocol::Unknown(0x88b5),
    };
    repr.emit(&mut EthernetFrame::new_unchecked(&mut bytes));
    bytes
}

fn gratuitous_arp(src: Mac, ip: Ipv4Addr) -> Vec<u8> {
    let mut bytes = frame(src, ALL);
    let mut ethernet = EthernetFrame::new_unchecked(&mut bytes);
    ethernet.set_ethertype(EthernetProtocol::Arp);
    let arp = ArpRepr::EthernetIpv4 {
        operation: ArpOperation::Request,
        source_hardware_addr: EthernetAddress(src.0),
        source_protocol_addr: ip,
        target_hardware_addr: EthernetAddress::BROADCAST,
        target_protocol_addr: ip,
    };
    arp.emit(&mut ArpPacket::new_unchecked(ethernet.payload_mut()));
    bytes
}

fn lan(ports: usize, link: LinkQuality, seed: u64) -> Fabric {
    let mut fabric = Fabric::new(&[Network::new("lan", link)], &[], seed);
    for n in 0..ports {
        let owner = if n == 0 { Member::Client(ClientId(0)) } else { Member::Node(NodeId(n - 1)) };
        let address = IfAddr { ip: Ipv4Addr::new(10, 0, 0, n as u8).into(), prefix: 24 };
        fabric.add_port(PortSetup::new(NetworkId(0), owner, mac(n), vec![address]));
    }
    fabric
}

const CLEAN: LinkQuality = LinkQuality::CLEAN;

/// How long a switch remembers a MAC, when nothing else is said.
const MAC_AGEING: Span = Span::from_secs(300);

fn send(fabric: &mut Fabric, now: Instant, from: usize, frame: &[u8]) -> Vec<Fate> {
    let mut fates = Vec::new();
    fabric.send(now, PortId(from), frame, &mut fates);
    fates
}

fn to(port: usize) -> Fate {
    Fate::Deliver { to: PortId(port), at: Instant(100_000) }
}

fn lost(port: usize, reason: DropReason) -> Fate {
    Fate::Drop { to: Some(PortId(port)), reason }
}

/// Dropped by the Open vSwitch driver's last rule.
fn nowhere(why: Why) -> DropReason {
    DropReason::Refused(Refusal { why, rule: "OVS-E9" })
}

const T0: Instant = Instant::ZERO;

#[test]
fn a_switch_floods_until_it_has_heard_the_destination() {
    let mut f = lan(3, CLEAN, 1);
    assert_eq!(send(&mut f, T0, 0, &frame(mac(0), mac(2))), [to(1), to(2)]);
    assert_eq!(send(&mut f, T0, 2, &frame(mac(2), mac(0))), [to(0)]);
    assert_eq!(send(&mut f, T0, 0, &frame(mac(0), mac(2))), [to(2)]);
    // It moves with the frame that says so,
    send(&mut f, T0, 1, &frame(mac(2), ALL));
    assert_eq!(send(&mut f, T0, 0, &frame(mac(0), mac(2))), [to(1)]);
    // and it is forgotten when its port goes down,
    f.set_carrier(T0, PortId(1), false);
    assert_eq!(send(&mut f, T0, 0, &frame(mac(0), mac(2))), [lost(1, DropReason::Down), to(2)]);
    assert_eq!(
        send(&mut f, T0, 1, &frame(mac(1), ALL)),
        [Fate::Drop { to: None, reason: DropReason::Down }],
        "and a port that is down does not send"
    );
    // or after five minutes.
    send(&mut f, T0, 2, &frame(mac(2), ALL));
    assert_eq!(send(&mut f, Instant::ZERO + Span(MAC_AGEING.0 - 1), 0, &frame(mac(0), mac(2))).len(), 1);
    assert_eq!(send(&mut f, Instant::ZERO + MAC_AGEING, 0, &frame(mac(0), mac(2))).len(), 2);
}

#[test]
fn a_one_way_cut_leaves_the_other_way() {
    let mut f = lan(3, CLEAN, 1);
    f.cut(PortId(2), Direction::ToNode, FrameClass::Arp);
    let arp = gratuitous_arp(mac(0), Ipv4Addr::new(10, 0, 0, 0));
    assert_eq!(send(&mut f, T0, 0, &arp), [to(1), lost(2, DropReason::Cut)]);
    assert_eq!(send(&mut f, T0, 2, &gratuitous_arp(mac(2), VIP)), [to(0), to(1)]);
    assert_eq!(send(&mut f, T0, 0, &frame(mac(0), ALL)), [to(1), to(2)], "only ARP is cut");
    f.cut(PortId(2), Direction::FromNode, FrameClass::All);
    assert_eq!(send(&mut f, T0, 2, &frame(mac(2), ALL)), [Fate::Drop { to: None, reason: DropReason::Cut }]);
    f.uncut(PortId(2));
    assert_eq!(send(&mut f, T0, 0, &arp), [to(1), to(2)]);
}

#[test]
fn a_partition_separates_islands_and_leaves_the_others_everywhere() {
    let mut f = lan(4, CLEAN, 1);
    f.partition(NetworkId(0), vec![vec![PortId(1)], vec![PortId(2)]]);
    assert_eq!(send(&mut f, T0, 1, &frame(mac(1), ALL)), [to(0), lost(2, DropReason::Partition), to(3)]);
    assert_eq!(send(&mut f, T0, 0, &frame(mac(0), ALL)), [to(1), to(2), to(3)]);
    f.heal(NetworkId(0));
    assert_eq!(send(&mut f, T0, 1, &frame(mac(1), ALL)), [to(0), to(2), to(3)]);
}

#[test]
fn port_security_holds_back_a_virtual_address_until_a_pair_allows_it() {
    let mut f = lan(2, CLEAN, 1);
    let refused = |why| [Fate::Drop { to: None, reason: nowhere(why) }];
    let pair = |ip: Ipv4Addr, prefix, mac| PortSecurity {
        allowed_address_pairs: vec![AddressPair { ip: IfAddr { ip: ip.into(), prefix }, mac }],
        ..PortSecurity::default()
    };
    let announcement = gratuitous_arp(mac(1), VIP);
    assert_eq!(send(&mut f, T0, 1, &announcement), [to(0)]);

    f.set_security(PortId(1), Some(PortSecurity::default()));
    assert_eq!(send(&mut f, T0, 1, &announcement), refused(Why::SpoofedArp));
    assert_eq!(send(&mut f, T0, 1, &gratuitous_arp(mac(1), Ipv4Addr::new(10, 0, 0, 1))), [to(0)]);
    assert_eq!(send(&mut f, T0, 1, &gratuitous_arp(mac(7), VIP)), refused(Why::SpoofedMac));

    f.set_security(PortId(1), Some(pair(VIP, 32, None)));
    assert_eq!(send(&mut f, T0, 1, &announcement), [to(0)]);
    f.set_security(PortId(1), Some(pair(Ipv4Addr::new(10, 0, 0, 64), 26, None)));
    assert_eq!(send(&mut f, T0, 1, &announcement), [to(0)], "a pair may be a prefix");
    f.set_security(PortId(1), Some(pair(VIP, 32, Some(mac(7)))));
    assert_eq!(send(&mut f, T0, 1, &announcement), refused(Why::SpoofedArp), "the pair is for another MAC");
    assert_eq!(send(&mut f, T0, 1, &gratuitous_arp(mac(7), VIP)), [to(0)]);
    f.set_security(PortId(1), None);
    assert_eq!(send(&mut f, T0, 1, &announcement), [to(0)]);
}

#[test]
fn equal_seeds_lose_the_same_frames_and_jitter_lets_none_overtake() {
    let bad =
        LinkQuality { jitter: Span::from_millis(5), loss_ppm: 200_000, ..LinkQuality::after(Span::from_micros(10)) };
    let run = |seed| {
        let mut f = lan(3, bad, seed);
        (0..200).flat_map(|n| send(&mut f, Instant(n * 100_000), 0, &frame(mac(0), ALL))).collect::<Vec<_>>()
    };
    assert_eq!(run(1), run(1));
    assert_ne!(run(1), run(2));
    for port in [1, 2] {
        let times: Vec<Instant> = run(1)
            .into_iter()
            .filter_map(|fate| match fate {
                Fate::Deliver { to, at } if to == PortId(port) => Some(at),
                _ => None,
            })
            .collect();
        assert!((100..160).contains(&times.len()), "{}", times.len());
        assert!(times.is_sorted());
    }
}

/// An IP packet without payload.
fn ip(src: Mac, from: IpAddr, to: IpAddr, protocol: IpProtocol) -> Vec<u8> {
    let repr = IpRepr::new(from.into(), to.into(), protocol, 8, 255);
    let mut bytes = frame(src, Mac([1, 0, 0x5e, 0, 0, 18]));
    bytes.truncate(14);
    bytes.resize(14 + repr.buffer_len() + 8, 0);
    let mut ethernet = EthernetFrame::new_unchecked(&mut bytes);
    ethernet.set_ethertype(if from.is_ipv4() { EthernetProtocol::Ipv4 } else { EthernetProtocol::Ipv6 });
    repr.emit(ethernet.payload_mut(), &ChecksumCapabilities::default());
    bytes
}

#[test]
fn port_security_looks_at_the_source_of_ip_packets() {
    let mut f = lan(2, CLEAN, 1);
    f.set_security(PortId(1), Some(PortSecurity::default()));
    let group = Ipv4Addr::new(224, 0, 0, 18).into();
    let advert = |from| ip(mac(1), from, group, IpProtocol::Unknown(112));
    assert_eq!(send(&mut f, T0, 1, &advert(Ipv4Addr::new(10, 0, 0, 1).into())), [to(0)]);
    let refused = |why| [Fate::Drop { to: None, reason: nowhere(why) }];
    assert_eq!(send(&mut f, T0, 1, &advert(VIP.into())), refused(Why::SpoofedIp));

    // The port's own link-local address is known, another is not.
    let group: IpAddr = "ff02::12".parse().unwrap();
    let advert6 = |from: &str| ip(mac(1), from.parse().unwrap(), group, IpProtocol::Unknown(112));
    assert_eq!(send(&mut f, T0, 1, &advert6("fe80::ff:fe00:1")), [to(0)]);
    assert_eq!(send(&mut f, T0, 1, &advert6("fe80::11")), refused(Why::SpoofedIp));

    // Of a neighbour advertisement it is the target that counts.
    let mut na = ip(mac(1), "fe80::ff:fe00:1".parse().unwrap(), group, IpProtocol::Icmpv6);
    na[18..20].copy_from_slice(&24_u16.to_be_bytes());
    na.resize(14 + 40 + 24, 0);
    na[54] = 136;
    let untracked = Refusal { why: Why::SpoofedNeighbour, rule: "OVS-E8" };
    let vip6: Ipv6Addr = "fd00::100".parse().unwrap();
    na[62..78].copy_from_slice(&vip6.octets());
    assert_eq!(send(&mut f, T0, 1, &na), [Fate::Drop { to: None, reason: DropReason::Refused(untracked) }]);
    let pair = AddressPair { ip: IfAddr { ip: vip6.into(), prefix: 128 }, mac: None };
    f.set_security(PortId(1), Some(PortSecurity { allowed_address_pairs: vec![pair], ..PortSecurity::default() }));
    assert_eq!(send(&mut f, T0, 1, &na), [to(0)]);
}

#[test]
fn a_cut_of_adverts_leaves_the_rest() {
    let mut f = lan(2, CLEAN, 1);
    f.cut(PortId(0), Direction::Both, FrameClass::Vrrp);
    let (own, group) = (Ipv4Addr::new(10, 0, 0, 1).into(), Ipv4Addr::new(224, 0, 0, 18).into());
    let cut = || lost(0, DropReason::Cut);
    assert_eq!(send(&mut f, T0, 1, &ip(mac(1), own, group, IpProtocol::Unknown(112))), [cut()]);
    assert_eq!(send(&mut f, T0, 1, &ip(mac(1), own, group, IpProtocol::Igmp)), [to(0)]);
    f.cut(PortId(0), Direction::ToNode, FrameClass::Multicast);
    assert_eq!(send(&mut f, T0, 1, &ip(mac(1), own, group, IpProtocol::Igmp)), [cut()]);
    assert_eq!(send(&mut f, T0, 1, &gratuitous_arp(mac(1), VIP)), [to(0)], "a broadcast is no multicast");
}

/// The islands by port numbers.
fn islands(fabric: &Fabric) -> Vec<Vec<usize>> {
    fabric.islands().iter().map(|group| group.iter().map(|port| port.0).collect()).collect()
}

#[test]
fn whoever_hears_and_is_heard_is_on_one_island() {
    let mut f = lan(5, CLEAN, 1);
    assert_eq!(islands(&f), [[0, 1, 2, 3, 4]]);
    f.set_carrier(T0, PortId(4), false);
    assert_eq!(islands(&f), [vec![0, 1, 2, 3], vec![4]], "no carrier");
    f.cut(PortId(3), Direction::ToNode, FrameClass::All);
    f.cut(PortId(2), Direction::Both, FrameClass::Vrrp);
    assert_eq!(islands(&f), [vec![0, 1, 2], vec![3], vec![4]], "deaf, though not mute; a cut of one class is none");
    // Port 0 is in no island and reaches both.
    f.partition(NetworkId(0), vec![vec![PortId(1)], vec![PortId(2)]]);
    assert_eq!(islands(&f), [vec![0, 1], vec![0, 2], vec![3], vec![4]]);
    f.partition(NetworkId(0), vec![vec![PortId(0)], vec![PortId(2), PortId(3)]]);
    assert_eq!(islands(&f), [vec![0, 1], vec![2], vec![3], vec![4]], "what the first leaves, the second parts");
    f.heal(NetworkId(0));
    f.uncut(PortId(3));
    f.set_carrier(T0, PortId(4), true);
    assert_eq!(islands(&f), [[0, 1, 2, 3, 4]]);
}
