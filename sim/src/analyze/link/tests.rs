//! The same ARP packet, wrapped in every way.
use vrrplab_engine::Instant;
use vrrplab_wire::{check_arp, gratuitous_arp};

use super::*;

const MAC: Mac = Mac([2, 0, 0, 0, 0, 1]);

fn arp() -> Vec<u8> {
    gratuitous_arp(MAC, [192, 0, 2, 100].into())
}

/// The place at which a packet is found, if it is found to be that ARP packet.
fn found(link: u16, bytes: &[u8]) -> Option<Option<Place>> {
    let original = u32::try_from(bytes.len()).unwrap();
    let record = Record { number: 1, at: Instant::ZERO, interface: 3, link, original, bytes };
    let mut unwrapper = Unwrapper::default();
    let frame = unwrapper.frame(&record)?;
    let arp = check_arp(frame.bytes).unwrap();
    assert_eq!((arp.sender_mac, frame.cut), (MAC, false));
    Some(frame.place)
}

fn place(index: u32, tags: u32) -> Option<Option<Place>> {
    Some(Some(Place { interface: 3, index, tags }))
}

#[test]
fn ethernet_has_none_one_or_two_tags() {
    assert_eq!(found(1, &arp()), place(0, 0));
    let mut one = arp();
    one.splice(12..12, [0x81, 0x00, 0xe0, 10]);
    assert_eq!(found(1, &one), place(0, 0x1000 | 10));
    let mut two = one.clone();
    two.splice(12..12, [0x88, 0xa8, 0x01, 0x2c]);
    let stacked = (0x1000 | 300) << 13 | 0x1000 | 10;
    assert_eq!(found(1, &two), place(0, stacked));
    assert_eq!(Place { interface: 0, index: 0, tags: stacked }.vlans(), [300, 10]);
}

#[test]
fn cooked_headers_tell_the_sender_and_the_second_kind_the_interface() {
    let payload = &arp()[14..];
    let cooked = [&[0, 1, 0, 1, 0, 6][..], &MAC.0, &[0, 0, 0x08, 0x06], payload].concat();
    assert_eq!(found(113, &cooked), Some(None));
    let cooked = [&[0x08, 0x06, 0, 0, 0, 0, 0, 7, 0, 1, 1, 6][..], &MAC.0, &[0, 0], payload].concat();
    assert_eq!(found(276, &cooked), place(7, 0));
}

#[test]
fn bare_packets_are_read_by_their_version() {
    let mut packet = vec![0x45, 0, 0, 28, 0, 0, 0, 0, 255, 112, 0, 0, 192, 0, 2, 1, 224, 0, 0, 18];
    packet.extend([0x21, 51, 100, 0, 0, 1, 0, 0]);
    for link in RAW {
        let original = u32::try_from(packet.len()).unwrap();
        let record = Record { number: 1, at: Instant::ZERO, interface: 0, link, original, bytes: &packet };
        let mut unwrapper = Unwrapper::default();
        assert!(vrrplab_wire::is_vrrp(unwrapper.frame(&record).unwrap().bytes));
    }
}

#[test]
fn all_else_is_passed_over() {
    let mut tcp = arp();
    tcp[12..14].copy_from_slice(&[0x08, 0x00]);
    assert_eq!(found(1, &tcp), None);
    for length in 0..arp().len().min(14) {
        assert_eq!(found(1, &arp()[..length]), None, "{length}");
    }
    assert_eq!(found(105, &arp()), None);
    assert!(!is_known(105) && is_known(113));
}
