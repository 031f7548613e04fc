//! Exact bytes: messages whose bytes were measured on the wire of a real daemon, and the frames around them.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use vrrplab_wire::{
    AddressFamily, Advert, AdvertFrame, Announcement, Envelope, GROUP_V4, GROUP_V6, Mac, Version, VrrpView, check_arp,
    check_na, describe, gratuitous_arp, is_vrrp, multicast_mac, parse_announcement, unsolicited_na,
};

fn hex(text: &str) -> Vec<u8> {
    let digits: Vec<u8> = text.bytes().filter(|byte| !byte.is_ascii_whitespace()).collect();
    digits
        .chunks(2)
        .map(|pair| u8::from_str_radix(std::str::from_utf8(pair).expect("ascii"), 16).expect("hex digits"))
        .collect()
}

fn ip(text: &str) -> IpAddr {
    text.parse().expect("an address")
}

const HOST: Mac = Mac([0x02, 0, 0, 0, 0, 0x0b]);

fn v2_with_password() -> Advert {
    Advert {
        version: Version::V2,
        vrid: 51,
        priority: 100,
        interval: 1,
        addresses: vec![ip("10.99.0.100"), ip("10.99.0.101")],
        auth: Some(*b"12345678"),
    }
}

fn v3_of_three() -> Advert {
    Advert {
        version: Version::V3,
        vrid: 7,
        priority: 255,
        interval: 100,
        addresses: vec![ip("10.99.0.100"), ip("10.99.0.101"), ip("10.99.0.103")],
        auth: None,
    }
}

fn frame(advert: &Advert, family: AddressFamily, src: &str, dst: IpAddr) -> Vec<u8> {
    let dst_mac = multicast_mac(dst).expect("a group");
    AdvertFrame { advert, family, src_mac: HOST, dst_mac, src: ip(src), dst, ttl: 255, id: 7 }.emit()
}

#[test]
fn version_2_with_a_password_is_what_a_daemon_sends() {
    let measured =
        hex("21 33 64 02 01 01 93 65 | 0a 63 00 64 | 0a 63 00 65 | 31 32 33 34 35 36 37 38".replace('|', "").as_str());
    let sent = v2_with_password();
    let (src, dst) = (ip("10.99.0.1"), IpAddr::V4(GROUP_V4));
    assert_eq!(sent.emit(AddressFamily::V4, src, dst), measured);
    assert_eq!(Advert::parse(&measured, AddressFamily::V4, src, dst), Some(sent));
    let view = VrrpView::new(&measured).expect("a header");
    assert!(view.checksum_plain_ok());
    assert!(!view.checksum_pseudo_ok(src, dst));
    assert_eq!(view.auth_data(AddressFamily::V4), Some(*b"12345678"));
    assert_eq!((view.len(), view.expected_len(AddressFamily::V4)), (24, 24));
}

#[test]
fn version_3_is_what_a_daemon_sends() {
    let measured = hex("31 07 ff 03 00 64 c4 3c 0a630064 0a630065 0a630067");
    let (src, dst) = (ip("10.99.0.1"), IpAddr::V4(GROUP_V4));
    let sent = v3_of_three();
    assert_eq!(sent.emit(AddressFamily::V4, src, dst), measured);
    assert_eq!(Advert::parse(&measured, AddressFamily::V4, src, dst), Some(sent));
    let view = VrrpView::new(&measured).expect("a header");
    assert!(view.checksum_pseudo_ok(src, dst));
    assert!(!view.checksum_pseudo_ok(ip("10.99.0.2"), dst), "the source is covered");
    assert!(!view.checksum_pseudo_ok(ip("fe80::1"), dst), "two families have no pseudo header");
    assert!(!view.checksum_plain_ok());
    assert_eq!(view.centiseconds(), 100);
    assert_eq!(view.expected_len(AddressFamily::V4), 20);
}

#[test]
fn the_ipv4_frame_has_the_header_of_a_daemon() {
    let frame = frame(&v2_with_password(), AddressFamily::V4, "10.99.0.1", IpAddr::V4(GROUP_V4));
    let head = "01005e000012 02000000000b 0800 45c0 002c 0007 0000 ff70 d024 0a630001 e0000012";
    assert_eq!(frame[..34], hex(head)[..]);
    assert_eq!(frame.len(), 34 + 24, "no padding");
    let envelope = Envelope::parse(&frame).expect("an advert");
    assert!(is_vrrp(&frame));
    assert!(envelope.header_ok && !envelope.fragment && !envelope.ah);
    assert_eq!((envelope.ttl, envelope.tos, envelope.id, envelope.protocol), (255, 0xc0, 7, 112));
    assert_eq!((envelope.total_len, envelope.received_len, envelope.payload.len()), (44, 44, 24));
    assert_eq!((envelope.src, envelope.dst), (ip("10.99.0.1"), ip("224.0.0.18")));
}

#[test]
fn the_ipv6_frame_has_the_header_of_a_daemon() {
    let advert = Advert { addresses: vec![ip("fe80::100"), ip("2001:db8::100")], ..v3_of_three() };
    let frame = frame(&advert, AddressFamily::V6, "fe80::1", IpAddr::V6(GROUP_V6));
    let head = "333300000012 02000000000b 86dd 6c000000 0028 70 ff fe800000000000000000000000000001 ff020000000000000000000000000012";
    assert_eq!(frame[..54], hex(head)[..]);
    assert_eq!(frame.len(), 54 + 40);
    let envelope = Envelope::parse(&frame).expect("an advert");
    let view = VrrpView::new(envelope.payload).expect("a header");
    assert!(view.checksum_pseudo_ok(envelope.src, envelope.dst));
    assert_eq!(view.addresses(AddressFamily::V6).collect::<Vec<_>>(), advert.addresses);
    assert_eq!((envelope.id, envelope.tos, envelope.total_len), (0, 0xc0, 80));
}

#[test]
fn padding_behind_the_ip_packet_is_received_but_not_part_of_the_message() {
    let mut frame = frame(&v3_of_three(), AddressFamily::V4, "10.99.0.1", IpAddr::V4(GROUP_V4));
    frame.extend_from_slice(&[0; 6]);
    let envelope = Envelope::parse(&frame).expect("an advert");
    assert_eq!((envelope.total_len, envelope.received_len, envelope.payload.len()), (40, 46, 20));
    assert!(envelope.header_ok);
    frame.truncate(34 + 10);
    let cut = Envelope::parse(&frame).expect("still an advert");
    assert_eq!((cut.total_len, cut.received_len, cut.payload.len(), cut.header_ok), (40, 30, 10, false));
}

#[test]
fn values_that_do_not_fit_are_sent_as_the_largest_and_foreign_addresses_not_at_all() {
    let (src, dst) = (ip("10.0.0.1"), IpAddr::V4(GROUP_V4));
    let mut many = Advert { interval: 9999, addresses: vec![ip("fe80::1"); 3], ..v3_of_three() };
    many.addresses.extend((0..300u32).map(|n| IpAddr::V4(Ipv4Addr::from(0x0a00_0000 + n))));
    let bytes = many.emit(AddressFamily::V4, src, dst);
    let view = VrrpView::new(&bytes).expect("a header");
    assert_eq!((view.centiseconds(), view.reserved(), view.count(), view.len()), (4095, 0, 255, 8 + 255 * 4));
    assert!(view.checksum_pseudo_ok(src, dst));
    let second = Advert { interval: 300, ..v2_with_password() }.emit(AddressFamily::V4, src, dst);
    assert_eq!(second[5], 255);
    let none = Advert { auth: None, ..v2_with_password() }.emit(AddressFamily::V4, src, dst);
    assert_eq!((none[4], &none[16..]), (0, &[0; 8][..]));
}

#[test]
fn parsing_an_advert_is_strict() {
    let (src, dst) = (ip("10.99.0.1"), IpAddr::V4(GROUP_V4));
    let good = v3_of_three().emit(AddressFamily::V4, src, dst);
    let parse = |bytes: &[u8]| Advert::parse(bytes, AddressFamily::V4, src, dst);
    assert!(parse(&good).is_some());
    assert_eq!(parse(&good[..19]), None, "an address is cut");
    assert_eq!(parse(&[&good[..], &[0]].concat()), None, "a byte too many");
    let mut reserved = good.clone();
    reserved[4] |= 0x10;
    reserved[6] = reserved[6].wrapping_sub(0x10);
    assert!(VrrpView::new(&reserved).is_some_and(|view| view.reserved() == 1 && view.checksum_pseudo_ok(src, dst)));
    assert_eq!(parse(&reserved), None, "reserved bits are never sent");
}

#[test]
fn groups_have_ethernet_addresses_and_hosts_do_not() {
    assert_eq!(multicast_mac(IpAddr::V4(GROUP_V4)), Some(Mac([0x01, 0, 0x5e, 0, 0, 0x12])));
    assert_eq!(multicast_mac(ip("239.129.2.3")), Some(Mac([0x01, 0, 0x5e, 0x01, 2, 3])));
    assert_eq!(multicast_mac(IpAddr::V6(GROUP_V6)), Some(Mac([0x33, 0x33, 0, 0, 0, 0x12])));
    assert_eq!(multicast_mac(ip("10.0.0.1")), None);
    assert_eq!(multicast_mac(ip("fe80::1")), None);
}

#[test]
fn gratuitous_arp_is_42_bytes_with_a_broadcast_target() {
    let sent = gratuitous_arp(HOST, Ipv4Addr::new(10, 0, 0, 100));
    let known = "ffffffffffff 02000000000b 0806 0001 0800 06 04 0001 02000000000b 0a000064 ffffffffffff 0a000064";
    assert_eq!(sent, hex(known));
    assert_eq!(parse_announcement(&sent), Some(Announcement::Arp { mac: HOST, ip: Ipv4Addr::new(10, 0, 0, 100) }));
    assert_eq!(describe(&sent), "ARP, Request who-has 10.0.0.100 (ff:ff:ff:ff:ff:ff) tell 10.0.0.100");
}

#[test]
fn unsolicited_na_is_86_bytes_from_the_address_itself() {
    let target: Ipv6Addr = "fe80::100".parse().expect("an address");
    let mac = Mac([0, 0, 0x5e, 0, 2, 0x33]);
    let sent = unsolicited_na(mac, target, true);
    let known = "333300000001 00005e000233 86dd 60000000 0020 3a ff fe800000000000000000000000000100
        ff020000000000000000000000000001 8800776a a0000000 fe800000000000000000000000000100 0201 00005e000233";
    assert_eq!(sent, hex(known));
    let said = Announcement::Na { mac, ip: target, router: true, override_: true };
    assert_eq!(parse_announcement(&sent), Some(said));
    let host = check_na(&unsolicited_na(mac, target, false)).expect("valid");
    assert!(!host.router && host.override_ && !host.solicited);
    assert_eq!(describe(&sent), "IP6 fe80::100 > ff02::1: ICMP6, neighbor advertisement, tgt is fe80::100, length 32");
}

#[test]
fn what_is_not_an_announcement_is_not_taken_for_one() {
    let mut request = gratuitous_arp(HOST, Ipv4Addr::new(10, 0, 0, 100));
    request[41] = 101;
    assert!(check_arp(&request).is_ok());
    assert_eq!(parse_announcement(&request), None, "a request for another address");
    let probe = gratuitous_arp(HOST, Ipv4Addr::UNSPECIFIED);
    assert_eq!(parse_announcement(&probe), None);
    let mut broken = unsolicited_na(HOST, Ipv6Addr::LOCALHOST, false);
    broken[80] ^= 1;
    assert_eq!(check_na(&broken), Err("nd-checksum"));
    assert_eq!(parse_announcement(&broken), None);
    assert_eq!(check_arp(&broken), Err("not-arp"));
}

#[test]
fn checks_of_arp_and_na_name_what_is_wrong() {
    let with = |at: usize, byte: u8| {
        let mut frame = gratuitous_arp(HOST, Ipv4Addr::new(10, 0, 0, 100));
        frame[at] = byte;
        check_arp(&frame).map(|_| ())
    };
    assert_eq!(with(15, 6), Err("arp-htype"));
    assert_eq!(with(17, 1), Err("arp-ptype"));
    assert_eq!(with(18, 8), Err("arp-len"));
    assert_eq!(with(19, 16), Err("arp-len"));
    assert_eq!(with(22, 3), Err("arp-sha"));
    let mut far = unsolicited_na(HOST, Ipv6Addr::LOCALHOST, false);
    far[21] = 254;
    assert_eq!(check_na(&far), Err("nd-hop-limit"));
    far.truncate(85);
    assert_eq!(check_na(&far), Err("ip-header"));
}

/// Lines for frames that this crate does not build: raw bytes, as a host would send them.
#[test]
fn every_frame_has_its_line() {
    let v4 = |advert: &Advert| describe(&frame(advert, AddressFamily::V4, "192.168.100.11", IpAddr::V4(GROUP_V4)));
    let one = Advert { vrid: 1, addresses: vec![ip("192.168.100.1")], ..v2_with_password() };
    assert_eq!(
        v4(&one),
        "IP 192.168.100.11 > 224.0.0.18: VRRPv2, Advertisement, vrid 1, prio 100, authtype simple, intvl 1s, length 20"
    );
    assert_eq!(
        v4(&Advert { auth: None, ..one.clone() }),
        "IP 192.168.100.11 > 224.0.0.18: VRRPv2, Advertisement, vrid 1, prio 100, authtype none, intvl 1s, length 20"
    );
    let third = Advert { version: Version::V3, vrid: 51, interval: 100, auth: None, ..one };
    assert_eq!(
        v4(&third),
        "IP 192.168.100.11 > 224.0.0.18: VRRPv3, Advertisement, vrid 51, prio 100, intvl 100cs, length 12"
    );
    let sixth = Advert { addresses: vec![ip("fe80::100")], ..third };
    assert_eq!(
        describe(&frame(&sixth, AddressFamily::V6, "fe80::1", IpAddr::V6(GROUP_V6))),
        "IP6 fe80::1 > ff02::12: VRRPv3, Advertisement, vrid 51, prio 100, intvl 100cs, length 24"
    );
    let l2 = "0200000000aa 0200000000bb ";
    let line = |rest: &str| describe(&hex(&format!("{l2}{rest}")));
    let ipv4 = |len: &str, protocol: &str, rest: &str| {
        line(&format!("0800 4500 {len} 0001 0000 40 {protocol} 0000 0a000001 0a000002 {rest}"))
    };
    assert_eq!(
        line("0806 0001 0800 0604 0002 0200000000bb 0a000001 0200000000aa 0a000002"),
        "ARP, Reply 10.0.0.1 is-at 02:00:00:00:00:bb"
    );
    assert_eq!(
        line("0806 0001 0800 0604 0001 0200000000bb 0a000001 000000000000 0a000002"),
        "ARP, Request who-has 10.0.0.2 tell 10.0.0.1"
    );
    assert_eq!(line("0806 0001"), "ARP, malformed (arp-len), length 2");
    assert_eq!(
        ipv4("001c", "01", "0800 0000 0005 0009"),
        "IP 10.0.0.1 > 10.0.0.2: ICMP echo request, id 5, seq 9, length 8"
    );
    assert_eq!(
        ipv4("001c", "01", "0000 0000 0005 0009"),
        "IP 10.0.0.1 > 10.0.0.2: ICMP echo reply, id 5, seq 9, length 8"
    );
    assert_eq!(
        ipv4("0028", "06", "c000 0050 fffffffe 00000000 5002 ffff 0000 0000"),
        "IP 10.0.0.1.49152 > 10.0.0.2.80: Flags [S], seq 4294967294, length 0"
    );
    assert_eq!(
        ipv4("002a", "06", "0050 c000 00000001 00000002 5018 ffff 0000 0000 6869"),
        "IP 10.0.0.1.80 > 10.0.0.2.49152: Flags [P.], seq 1, ack 2, length 2"
    );
    assert_eq!(ipv4("001f", "11", "0035 1000 000b 0000 616263"), "IP 10.0.0.1.53 > 10.0.0.2.4096: UDP, length 3");
    assert_eq!(ipv4("001c", "02", "1600 0000 e0000012"), "IP 10.0.0.1 > 10.0.0.2: protocol 2, length 8");
    assert_eq!(ipv4("0018", "70", "2133 6401"), "IP 10.0.0.1 > 10.0.0.2: VRRP, truncated, length 4");
    assert_eq!(
        line("0800 4500 001c 0001 0001 40 70 0000 0a000001 0a000002 21336401 00017066"),
        "IP 10.0.0.1 > 10.0.0.2: fragment of protocol 112, length 8"
    );
    assert_eq!(line("8100 0064 88cc 0207"), "vlan 100, ethertype 0x88cc length 20");
    assert_eq!(line("88cc 0207"), "ethertype 0x88cc length 16");
    assert_eq!(describe(&[1, 2, 3]), "truncated frame, length 3");
}
