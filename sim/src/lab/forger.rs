//! Frames that nobody should send: adverts of somebody's own making, announcements of addresses that are elsewhere.
use std::net::IpAddr;

use vrrplab_engine::model::{Mac, Version};
use vrrplab_formats::world::ForgedAdvert;
use vrrplab_wire::{
    AddressFamily, Advert, AdvertFrame, GROUP_V4, GROUP_V6, gratuitous_arp, multicast_mac, unsolicited_na,
};

/// A forged advert to the group. `sent` have gone out before: it numbers the packets, from 1, as a daemon would.
pub(super) fn advert(forged: &ForgedAdvert, sent: u64) -> Vec<u8> {
    let (family, group) = match forged.source {
        IpAddr::V4(_) => (AddressFamily::V4, IpAddr::V4(GROUP_V4)),
        IpAddr::V6(_) => (AddressFamily::V6, IpAddr::V6(GROUP_V6)),
    };
    let unit = match forged.version {
        Version::V2 => 1_000_000,
        Version::V3 => 10_000,
    };
    let advert = Advert {
        version: forged.version,
        vrid: forged.vrid,
        priority: forged.priority,
        interval: u16::try_from(forged.interval.as_micros() / unit).unwrap_or(u16::MAX),
        addresses: forged.vips.clone(),
        auth: forged.auth,
    };
    let frame = AdvertFrame {
        advert: &advert,
        family,
        src_mac: forged.source_mac,
        dst_mac: multicast_mac(group).unwrap_or(Mac([0xff; 6])),
        src: forged.source,
        dst: group,
        ttl: forged.ttl,
        id: u16::try_from((sent + 1) % 0x1_0000).unwrap_or_default(),
    };
    frame.emit()
}

/// An announcement that an address is at a hardware address.
pub(super) fn announcement(ip: IpAddr, mac: Mac) -> Vec<u8> {
    match ip {
        IpAddr::V4(ip) => gratuitous_arp(mac, ip),
        IpAddr::V6(ip) => unsolicited_na(mac, ip, false),
    }
}

#[cfg(test)]
mod tests {
    use vrrplab_engine::Span;
    use vrrplab_wire::{Announcement, Envelope, VrrpView, parse_announcement};

    use super::*;

    fn forged(version: Version, auth: Option<[u8; 8]>) -> ForgedAdvert {
        ForgedAdvert {
            version,
            vrid: 51,
            priority: 255,
            source: IpAddr::from([10, 0, 0, 11]),
            source_mac: Mac([2, 0, 0, 2, 0, 1]),
            vips: vec![IpAddr::from([10, 0, 0, 100])],
            interval: Span::from_secs(1),
            auth,
            ttl: 254,
        }
    }

    #[test]
    fn a_forged_advert_is_whole_and_says_what_it_was_told_to_say() {
        for (version, auth, length) in [(Version::V2, Some(*b"secret\0\0"), 20), (Version::V3, None, 12)] {
            let bytes = advert(&forged(version, auth), 6);
            let envelope = Envelope::parse(&bytes).unwrap();
            assert_eq!((envelope.src, envelope.dst), (IpAddr::from([10, 0, 0, 11]), IpAddr::V4(GROUP_V4)));
            assert_eq!((envelope.ttl, envelope.id, envelope.header_ok), (254, 7, true));
            assert_eq!(envelope.src_mac, Mac([2, 0, 0, 2, 0, 1]));
            let view = VrrpView::new(envelope.payload).unwrap();
            assert_eq!((view.vrid(), view.priority(), view.len()), (51, 255, length));
            assert_eq!(view.auth_data(AddressFamily::V4), auth.filter(|_| version == Version::V2));
            let sum_ok = match version {
                Version::V2 => view.checksum_plain_ok() && view.seconds() == 1,
                Version::V3 => view.checksum_pseudo_ok(envelope.src, envelope.dst) && view.centiseconds() == 100,
            };
            assert!(sum_ok);
        }
    }

    #[test]
    fn an_address_of_either_family_is_announced_elsewhere() {
        let mac = Mac([2, 0, 0, 2, 0, 1]);
        let v4 = parse_announcement(&announcement(IpAddr::from([10, 0, 0, 100]), mac));
        assert!(matches!(v4, Some(Announcement::Arp { mac: at, .. }) if at == mac));
        let v6 = parse_announcement(&announcement("fe80::100".parse().unwrap(), mac));
        assert!(matches!(v6, Some(Announcement::Na { mac: at, .. }) if at == mac));
    }
}
