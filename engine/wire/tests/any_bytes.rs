//! Properties: adverts survive a round trip, no bytes make a reader panic, and a checksum notices any changed byte.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use proptest::collection::vec;
use proptest::prelude::*;
use vrrplab_wire::{
    AddressFamily, Advert, AdvertFrame, Announcement, Envelope, Mac, Version, VrrpView, check_arp, check_na, check_ra,
    describe, gratuitous_arp, is_vrrp, parse_announcement, unsolicited_na,
};

fn address(family: AddressFamily) -> BoxedStrategy<IpAddr> {
    match family {
        AddressFamily::V4 => any::<u32>().prop_map(|bits| IpAddr::V4(Ipv4Addr::from(bits))).boxed(),
        AddressFamily::V6 => any::<u128>().prop_map(|bits| IpAddr::V6(Ipv6Addr::from(bits))).boxed(),
    }
}

/// An advert that can be sent as it is.
fn advert(version: Version, family: AddressFamily) -> BoxedStrategy<Advert> {
    let longest = if version == Version::V2 { 255u16 } else { 4095 };
    let auth = if version == Version::V2 && family == AddressFamily::V4 {
        any::<Option<[u8; 8]>>().boxed()
    } else {
        Just(None).boxed()
    };
    (any::<(u8, u8)>(), 0..=longest, vec(address(family), 0..=255), auth)
        .prop_map(move |((vrid, priority), interval, addresses, auth)| Advert {
            version,
            vrid,
            priority,
            interval,
            addresses,
            auth,
        })
        .boxed()
}

fn kinds() -> impl Strategy<Value = (Version, AddressFamily)> {
    (prop_oneof![Just(Version::V2), Just(Version::V3)], prop_oneof![Just(AddressFamily::V4), Just(AddressFamily::V6)])
}

/// An advert with the addresses of its packet.
fn sent() -> impl Strategy<Value = (Advert, AddressFamily, IpAddr, IpAddr)> {
    kinds().prop_flat_map(|(version, family)| (advert(version, family), Just(family), address(family), address(family)))
}

fn framed((advert, family, src, dst): &(Advert, AddressFamily, IpAddr, IpAddr), ttl: u8, id: u16) -> Vec<u8> {
    let (src_mac, dst_mac) = (Mac([2, 0, 0, 0, 0, 1]), Mac([1, 0, 0x5e, 0, 0, 0x12]));
    AdvertFrame { advert, family: *family, src_mac, dst_mac, src: *src, dst: *dst, ttl, id }.emit()
}

/// Run everything that reads foreign bytes, and check what must hold for all of them.
fn read_all(frame: &[u8]) {
    let envelope = Envelope::parse(frame);
    assert_eq!(is_vrrp(frame), envelope.is_some());
    if let Some(envelope) = envelope {
        assert!(envelope.payload.len() <= envelope.received_len);
        view_all(envelope.payload);
    }
    let line = describe(frame);
    assert!(!line.is_empty() && !line.contains('\n'));
    let announced = parse_announcement(frame);
    match announced {
        Some(Announcement::Arp { .. }) => assert!(check_arp(frame).is_ok()),
        Some(Announcement::Na { .. }) => assert!(check_na(frame).is_ok()),
        None => {}
    }
    let _ = (check_arp(frame).is_ok(), check_na(frame).is_ok(), check_ra(frame).is_ok());
    view_all(frame);
}

fn view_all(bytes: &[u8]) {
    let Some(view) = VrrpView::new(bytes) else {
        assert!(bytes.len() < 8);
        return;
    };
    for (family, src) in
        [(AddressFamily::V4, IpAddr::V4(Ipv4Addr::LOCALHOST)), (AddressFamily::V6, IpAddr::V6(Ipv6Addr::LOCALHOST))]
    {
        assert!(view.addresses(family).count() <= usize::from(view.count()));
        assert!(view.auth_data(family).is_none() || view.len() >= 16);
        assert!(view.expected_len(family) >= 8);
        let _ = (view.checksum_plain_ok(), view.checksum_pseudo_ok(src, src));
        if let Some(advert) = Advert::parse(bytes, family, src, src) {
            assert_eq!(advert.emit(family, src, src), bytes);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn an_advert_survives_the_round_trip(case in sent()) {
        let (advert, family, src, dst) = &case;
        let bytes = advert.emit(*family, *src, *dst);
        prop_assert_eq!(Advert::parse(&bytes, *family, *src, *dst), Some(advert.clone()));
        let view = VrrpView::new(&bytes).expect("a header");
        prop_assert_eq!(view.expected_len(*family), bytes.len());
        prop_assert_eq!(view.addresses(*family).collect::<Vec<_>>(), advert.addresses.clone());
    }

    #[test]
    fn a_frame_survives_the_round_trip(case in sent(), ttl: u8, id: u16) {
        let (advert, family, src, dst) = &case;
        let frame = framed(&case, ttl, id);
        let envelope = Envelope::parse(&frame).expect("an advert");
        prop_assert!(envelope.header_ok && !envelope.fragment && !envelope.ah);
        prop_assert_eq!((envelope.src, envelope.dst, envelope.ttl, envelope.tos), (*src, *dst, ttl, 0xc0));
        prop_assert_eq!(envelope.id, if *family == AddressFamily::V4 { id } else { 0 });
        prop_assert_eq!(envelope.total_len, envelope.received_len);
        prop_assert_eq!(Advert::parse(envelope.payload, *family, *src, *dst), Some(advert.clone()));
    }

    #[test]
    fn any_changed_byte_breaks_the_checksum(case in sent(), at: prop::sample::Index, change in 1u8..) {
        let (advert, family, src, dst) = &case;
        let mut bytes = advert.emit(*family, *src, *dst);
        let good = |bytes: &[u8]| {
            let view = VrrpView::new(bytes).expect("a header");
            if advert.version == Version::V2 && *family == AddressFamily::V4 {
                view.checksum_plain_ok()
            } else {
                view.checksum_pseudo_ok(*src, *dst)
            }
        };
        prop_assert!(good(&bytes));
        let at = at.index(bytes.len());
        bytes[at] ^= change;
        prop_assert!(!good(&bytes), "byte {at} changed by {change:#x}");
    }

    #[test]
    fn any_bytes_are_read_without_panic(bytes in vec(any::<u8>(), 0..200)) {
        read_all(&bytes);
    }

    /// Random bytes rarely get past the first header, so start from something of every kind.
    #[test]
    fn any_bytes_behind_any_header_are_read_without_panic(
        ethertype in prop_oneof![Just([0x08, 0x00]), Just([0x86, 0xdd]), Just([0x08, 0x06])],
        tagged: bool,
        first in prop_oneof![0x40u8..0x50, 0x60u8..0x70],
        protocol in prop_oneof![Just(112u8), Just(51), Just(1), Just(6), Just(17), Just(58)],
        mut body in vec(any::<u8>(), 0..120),
    ) {
        let at = if ethertype == [0x86, 0xdd] { 6 } else { 9 };
        if let Some(byte) = body.get_mut(0) { *byte = first; }
        if let Some(byte) = body.get_mut(2) { *byte = 0; }
        if let Some(byte) = body.get_mut(4) { *byte = 0; }
        if let Some(byte) = body.get_mut(at) { *byte = protocol; }
        let mut frame = vec![2u8; 12];
        if tagged { frame.extend_from_slice(&[0x81, 0, 0, 7]); }
        frame.extend_from_slice(&ethertype);
        frame.extend_from_slice(&body);
        read_all(&frame);
    }

    #[test]
    fn damaged_frames_are_read_without_panic(
        case in sent(),
        which in 0..4u8,
        damage in vec((any::<prop::sample::Index>(), any::<u8>()), 0..4),
        keep: prop::sample::Index,
        cut: bool,
    ) {
        let mut frame = match which {
            0 => gratuitous_arp(Mac([2; 6]), Ipv4Addr::new(10, 0, 0, 1)),
            1 => unsolicited_na(Mac([2; 6]), Ipv6Addr::LOCALHOST, true),
            _ => framed(&case, 255, 1),
        };
        // Hit the headers: the body of a long advert would take all the blows.
        let reach = frame.len().min(100);
        for (at, byte) in damage {
            frame[at.index(reach)] = byte;
        }
        if cut {
            frame.truncate(keep.index(reach + 1));
        }
        read_all(&frame);
    }
}
