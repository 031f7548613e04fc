//! Which kind of frame, and whose address it speaks of: a glance at a few bytes, no full parsing.
use std::fmt::Write;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use vrrplab_formats::world::FrameKind;
use vrrplab_wire::envelope::PROTOCOL_VRRP;
use vrrplab_wire::flow::ICMPV6;

/// The kind of a frame, when promises can be made about it.
pub fn classify(frame: &[u8]) -> Option<FrameKind> {
    Some(glance(frame)?.0)
}

/// The address that an announcement (gratuitous ARP or unsolicited neighbour advertisement) is about.
pub fn announced(frame: &[u8]) -> Option<IpAddr> {
    match glance(frame)? {
        (FrameKind::GratuitousArp | FrameKind::NeighbourAdvert, Subject::Address(ip)) => Some(ip),
        _ => None,
    }
}

/// A few words on any frame: `advert of vrid 51, priority 150`, `announcement of 10.0.0.100`, `IPv4`.
pub fn describe(frame: &[u8]) -> String {
    let mut words = String::new();
    let _ = match glance(frame) {
        Some((FrameKind::Release, Subject::Router { vrid, .. })) => write!(words, "release of vrid {vrid}, priority 0"),
        Some((_, Subject::Router { vrid, priority })) => write!(words, "advert of vrid {vrid}, priority {priority}"),
        Some((_, Subject::Address(ip))) => write!(words, "announcement of {ip}"),
        None => match ether_type(frame) {
            Some([0x08, 0x06]) => write!(words, "ARP"),
            Some([0x08, 0x00]) => write!(words, "IPv4"),
            Some([0x86, 0xdd]) => write!(words, "IPv6"),
            _ => write!(words, "frame"),
        },
    };
    words
}

/// What a known frame is about.
enum Subject {
    Router { vrid: u8, priority: u8 },
    Address(IpAddr),
}

fn ether_type(frame: &[u8]) -> Option<[u8; 2]> {
    frame.get(12..14)?.try_into().ok()
}

fn glance(frame: &[u8]) -> Option<(FrameKind, Subject)> {
    let rest = frame.get(14..)?;
    match ether_type(frame)? {
        [0x08, 0x06] => arp(rest),
        [0x08, 0x00] => {
            let header = usize::from(rest.first()? & 0x0f) * 4;
            // A later fragment does not begin with a VRRP header.
            let fragment = u16::from_be_bytes(rest.get(6..8)?.try_into().ok()?) & 0x1fff;
            if *rest.get(9)? == PROTOCOL_VRRP && fragment == 0 { advert(rest.get(header..)?) } else { None }
        }
        [0x86, 0xdd] => match *rest.get(6)? {
            PROTOCOL_VRRP => advert(rest.get(40..)?),
            ICMPV6 => neighbour(rest.get(40..)?),
            _ => None,
        },
        _ => None,
    }
}

fn advert(vrrp: &[u8]) -> Option<(FrameKind, Subject)> {
    let (first, vrid, priority) = (*vrrp.first()?, *vrrp.get(1)?, *vrrp.get(2)?);
    if first & 0x0f != 1 {
        return None;
    }
    let kind = if priority == 0 { FrameKind::Release } else { FrameKind::Advert };
    Some((kind, Subject::Router { vrid, priority }))
}

fn arp(arp: &[u8]) -> Option<(FrameKind, Subject)> {
    let sender: [u8; 4] = arp.get(14..18)?.try_into().ok()?;
    let target: [u8; 4] = arp.get(24..28)?.try_into().ok()?;
    let for_ipv4 = arp.get(2..6)? == [0x08, 0x00, 6, 4];
    if !for_ipv4 || sender != target || sender == [0; 4] {
        return None;
    }
    Some((FrameKind::GratuitousArp, Subject::Address(Ipv4Addr::from(sender).into())))
}

fn neighbour(icmp: &[u8]) -> Option<(FrameKind, Subject)> {
    const SOLICITED: u8 = 0x40;
    let target: [u8; 16] = icmp.get(8..24)?.try_into().ok()?;
    if *icmp.first()? != 136 || *icmp.get(4)? & SOLICITED != 0 {
        return None;
    }
    Some((FrameKind::NeighbourAdvert, Subject::Address(Ipv6Addr::from(target).into())))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::observe::stage;

    #[test]
    fn an_advert_is_told_from_a_release_by_its_priority() {
        assert_eq!(classify(&stage::advert(150)), Some(FrameKind::Advert));
        assert_eq!(classify(&stage::advert(0)), Some(FrameKind::Release));
        assert_eq!(describe(&stage::advert(150)), "advert of vrid 51, priority 150");
        assert_eq!(describe(&stage::advert(0)), "release of vrid 51, priority 0");
    }

    #[test]
    fn ipv4_options_move_the_vrrp_header_and_later_fragments_have_none() {
        let mut frame = stage::advert(150);
        frame[14] = 0x46;
        frame.splice(34..34, [0x94, 4, 0, 0]);
        assert_eq!(classify(&frame), Some(FrameKind::Advert));
        frame[21] = 1;
        assert_eq!(classify(&frame), None);
    }

    #[test]
    fn an_ipv6_advert_is_an_advert() {
        let mut frame = vec![0; 14 + 40];
        frame[12..14].copy_from_slice(&[0x86, 0xdd]);
        frame[20] = 112;
        frame.extend([0x31, 51, 100, 1, 0, 100, 0, 0]);
        assert_eq!(classify(&frame), Some(FrameKind::Advert));
    }

    #[test]
    fn only_an_arp_about_its_own_sender_is_gratuitous() {
        let mut frame = stage::garp([10, 0, 0, 100]);
        assert_eq!(classify(&frame), Some(FrameKind::GratuitousArp));
        assert_eq!(announced(&frame), Some(IpAddr::from([10, 0, 0, 100])));
        assert_eq!(describe(&frame), "announcement of 10.0.0.100");
        frame[41] = 101;
        assert_eq!(classify(&frame), None);
        assert_eq!(announced(&frame), None);
        assert_eq!(describe(&frame), "ARP");
        // A probe asks on behalf of nobody.
        assert_eq!(classify(&stage::garp([0; 4])), None);
    }

    #[test]
    fn only_an_unsolicited_neighbour_advertisement_counts() {
        let mut frame = vec![0; 14 + 40];
        frame[12..14].copy_from_slice(&[0x86, 0xdd]);
        frame[20] = 58;
        frame.extend([136, 0, 0, 0, 0x20, 0, 0, 0]);
        frame.extend("fd00::64".parse::<Ipv6Addr>().unwrap().octets());
        assert_eq!(classify(&frame), Some(FrameKind::NeighbourAdvert));
        assert_eq!(announced(&frame), "fd00::64".parse().ok());
        frame[58] = 0x60;
        assert_eq!(classify(&frame), None);
        frame[54] = 135;
        assert_eq!(classify(&frame), None);
    }

    #[test]
    fn no_prefix_of_a_frame_brings_it_down() {
        for frame in [stage::advert(1), stage::garp([10, 0, 0, 1])] {
            for end in 0..frame.len() {
                let _ = (classify(&frame[..end]), announced(&frame[..end]), describe(&frame[..end]));
            }
        }
        assert_eq!(describe(&[]), "frame");
    }
}
