//! What clouds do to frames.
use smoltcp::phy::ChecksumCapabilities;
use smoltcp::wire::{EthernetRepr, IpProtocol, Ipv4Packet, Ipv4Repr};
use vrrplab_engine::Span;

use super::*;

const A: PortId = PortId(0);
const B: PortId = PortId(1);
const ADDR_A: Ipv4Addr = Ipv4Addr::new(10, 0, 0, 11);
const ADDR_B: Ipv4Addr = Ipv4Addr::new(10, 0, 0, 12);
const VIP: Ipv4Addr = Ipv4Addr::new(10, 0, 0, 100);
const ALL: Mac = Mac([0xff; 6]);

fn mac(port: PortId) -> Mac {
    Mac([2, 0, 0, 0, 0, 11 + port.0 as u8])
}

/// Two interfaces; the virtual address is led to A.
fn cloud(provider: Provider) -> Mapping {
    let mut cloud = Mapping::new(provider.preset());
    cloud.add(A, mac(A), [IpAddr::from(ADDR_A), VIP.into()].into_iter());
    cloud.add(B, mac(B), std::iter::once(ADDR_B.into()));
    cloud
}

fn ethernet(src: Mac, dst: Mac, kind: EthernetProtocol, payload: usize) -> Vec<u8> {
    let mut bytes = vec![0; EthernetFrame::<&[u8]>::buffer_len(payload)];
    let repr = EthernetRepr { src_addr: EthernetAddress(src.0), dst_addr: EthernetAddress(dst.0), ethertype: kind };
    repr.emit(&mut EthernetFrame::new_unchecked(&mut bytes));
    bytes
}

fn arp(operation: ArpOperation, from: PortId, sender: Ipv4Addr, target: Ipv4Addr) -> Vec<u8> {
    let repr = ArpRepr::EthernetIpv4 {
        operation,
        source_hardware_addr: EthernetAddress(mac(from).0),
        source_protocol_addr: sender,
        target_hardware_addr: EthernetAddress(ALL.0),
        target_protocol_addr: target,
    };
    let mut bytes = ethernet(mac(from), ALL, EthernetProtocol::Arp, repr.buffer_len());
    repr.emit(&mut ArpPacket::new_unchecked(EthernetFrame::new_unchecked(&mut bytes).payload_mut()));
    bytes
}

fn packet(from: Mac, to: Mac, src: Ipv4Addr, dst: Ipv4Addr, protocol: u8) -> Vec<u8> {
    let next_header = IpProtocol::from(protocol);
    let repr = Ipv4Repr { src_addr: src, dst_addr: dst, next_header, payload_len: 8, hop_limit: 255 };
    let mut bytes = ethernet(from, to, EthernetProtocol::Ipv4, 28);
    let mut frame = EthernetFrame::new_unchecked(&mut bytes);
    repr.emit(&mut Ipv4Packet::new_unchecked(frame.payload_mut()), &ChecksumCapabilities::default());
    bytes
}

fn answered_with(carried: Carried) -> Option<(PortId, Mac)> {
    let Carried::Answer(port, frame) = carried else { return None };
    let ethernet = EthernetFrame::new_checked(&frame).unwrap();
    let arp = ArpRepr::parse(&ArpPacket::new_checked(ethernet.payload()).unwrap()).unwrap();
    let ArpRepr::EthernetIpv4 { operation: ArpOperation::Reply, source_hardware_addr, .. } = arp else { return None };
    Some((port, Mac(source_hardware_addr.0)))
}

#[test]
fn the_cloud_answers_for_every_address_that_it_leads_somewhere() {
    let ask = |provider, target| cloud(provider).carry(B, &arp(ArpOperation::Request, B, ADDR_B, target));
    assert_eq!(answered_with(ask(Provider::Aws, VIP)), Some((A, mac(A))));
    assert_eq!(answered_with(ask(Provider::Azure, VIP)), Some((A, Mac([0x12, 0x34, 0x56, 0x78, 0x9a, 0xbc]))));
    assert_eq!(answered_with(ask(Provider::Gcp, ADDR_A)), Some((A, Mac([0x42, 0x01, 0x0a, 0, 0, 1]))));
    let nobody = Ipv4Addr::new(10, 0, 0, 77);
    assert_eq!(ask(Provider::Aws, nobody), Carried::Not(NotCarried::Unmapped));
}

#[test]
fn an_announcement_moves_nothing_and_a_call_does() {
    let mut cloud = cloud(Provider::Aws);
    let announcements = [arp(ArpOperation::Request, B, VIP, VIP), arp(ArpOperation::Reply, B, VIP, VIP)];
    for announcement in announcements {
        assert_eq!(cloud.carry(B, &announcement), Carried::Not(NotCarried::Announcement));
    }
    assert_eq!(cloud.home(VIP.into()), Some(A));
    cloud.assign(VIP.into(), B);
    assert_eq!(cloud.home(VIP.into()), Some(B));
}

#[test]
fn adverts_pass_as_unicast_only() {
    let group = Ipv4Addr::new(224, 0, 0, 18);
    let multicast = packet(mac(A), Mac([1, 0, 0x5e, 0, 0, 18]), ADDR_A, group, 112);
    let unicast = |to| packet(mac(A), to, ADDR_A, ADDR_B, 112);
    assert_eq!(cloud(Provider::Aws).carry(A, &multicast), Carried::Not(NotCarried::Group));
    assert_eq!(cloud(Provider::Aws).carry(A, &unicast(mac(B))), Carried::To(B, unicast(mac(B))));
    // Hosts of Google send everything to the gateway; the receiver hears its own MAC.
    let gateway = Mac([0x42, 0x01, 0x0a, 0, 0, 1]);
    assert_eq!(cloud(Provider::Gcp).carry(A, &unicast(gateway)), Carried::To(B, unicast(mac(B))));
    assert_eq!(cloud(Provider::Azure).carry(A, &unicast(mac(B))), Carried::Not(NotCarried::Protocol));
}

#[test]
fn a_source_must_belong_to_the_interface() {
    let from_vip = |port, mac_of| packet(mac(mac_of), mac(A), VIP, if port == A { ADDR_B } else { ADDR_A }, 6);
    let mut cloud = cloud(Provider::Aws);
    assert!(matches!(cloud.carry(A, &from_vip(A, A)), Carried::To(B, _)));
    assert_eq!(cloud.carry(B, &from_vip(B, B)), Carried::Not(NotCarried::Source));
    assert_eq!(cloud.carry(B, &from_vip(B, A)), Carried::Not(NotCarried::SourceMac));
    cloud.rules.source_check = false;
    assert!(matches!(cloud.carry(B, &from_vip(B, B)), Carried::To(A, _)));
}

#[test]
fn where_an_address_is_counts_and_not_the_mac_that_a_host_remembers() {
    let mut cloud = cloud(Provider::Aws);
    cloud.assign(VIP.into(), B);
    let client = PortId(2);
    let own = Ipv4Addr::new(10, 0, 0, 50);
    cloud.add(client, mac(client), std::iter::once(own.into()));
    let to_old_mac = packet(mac(client), mac(A), own, VIP, 1);
    assert_eq!(cloud.carry(client, &to_old_mac), Carried::To(B, packet(mac(client), mac(B), own, VIP, 1)));
    assert_eq!(Provider::Aws.preset().move_takes, Span::from_secs(3));
}
