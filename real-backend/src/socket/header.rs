//! The headers that raw IP sockets leave out, made again for the engine, which reads Ethernet frames.
use std::net::{IpAddr, Ipv6Addr};

use vrrplab_wire::{Mac, multicast_mac};

const IPV4: [u8; 2] = [0x08, 0x00];
const IPV6: [u8; 2] = [0x86, 0xdd];
/// The length of an Ethernet header without a tag.
pub const ETHERNET: usize = 14;
const IPV6_HEADER: usize = 40;

/// What the kernel tells about a packet of an IPv6 raw socket besides its payload.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Arrival {
    /// Who sent it.
    pub source: Ipv6Addr,
    /// To whom.
    pub destination: Ipv6Addr,
    /// The hop limit that it came with.
    pub hop_limit: u8,
}

/// A frame around a packet as an IPv4 raw socket gives it, IP header first. `own` is the MAC of the interface; the sender's
/// is not known. None for what is no IPv4 header.
pub fn frame_v4(own: Mac, packet: &[u8]) -> Option<Vec<u8>> {
    let destination: [u8; 4] = packet.get(16..20)?.try_into().ok()?;
    Some([&ethernet(own, IpAddr::from(destination), IPV4), packet].concat())
}

/// A frame around the payload of an IPv6 raw socket. None for more than an IPv6 packet can hold.
pub fn frame_v6(own: Mac, arrival: &Arrival, protocol: u8, payload: &[u8]) -> Option<Vec<u8>> {
    let mut header = [0; IPV6_HEADER];
    header[0] = 0x60;
    header[4..6].copy_from_slice(&u16::try_from(payload.len()).ok()?.to_be_bytes());
    (header[6], header[7]) = (protocol, arrival.hop_limit);
    header[8..24].copy_from_slice(&arrival.source.octets());
    header[24..40].copy_from_slice(&arrival.destination.octets());
    let ethernet = ethernet(own, IpAddr::V6(arrival.destination), IPV6);
    Some([&ethernet[..], &header, payload].concat())
}

fn ethernet(own: Mac, destination: IpAddr, ethertype: [u8; 2]) -> [u8; ETHERNET] {
    let mut header = [0; ETHERNET];
    header[..6].copy_from_slice(&multicast_mac(destination).unwrap_or(own).0);
    header[12..].copy_from_slice(&ethertype);
    header
}

/// Where an IP packet is to go, from its own header.
pub fn destination(packet: &[u8]) -> Option<IpAddr> {
    match packet.first()? >> 4 {
        4 => <[u8; 4]>::try_from(packet.get(16..20)?).ok().map(IpAddr::from),
        6 => <[u8; 16]>::try_from(packet.get(24..40)?).ok().map(IpAddr::from),
        _ => None,
    }
}

/// The protocol in an IP packet's own header.
pub fn protocol(packet: &[u8]) -> Option<u8> {
    match packet.first()? >> 4 {
        4 => packet.get(9).copied(),
        6 => packet.get(6).copied(),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use vrrplab_wire::{AddressFamily, Advert, AdvertFrame, Envelope, GROUP_V4, GROUP_V6, Version};

    use super::*;

    const OWN: Mac = Mac([2, 0, 0, 0, 0, 9]);

    fn sent(family: AddressFamily, src: IpAddr, dst: IpAddr, vip: IpAddr) -> Vec<u8> {
        let advert =
            Advert { version: Version::V3, vrid: 51, priority: 100, interval: 100, addresses: vec![vip], auth: None };
        let dst_mac = multicast_mac(dst).unwrap_or(OWN);
        AdvertFrame { advert: &advert, family, src_mac: Mac([0; 6]), dst_mac, src, dst, ttl: 255, id: 7 }.emit()
    }

    #[test]
    fn an_ipv4_packet_becomes_the_frame_that_it_was_but_for_the_senders_mac() {
        let src = IpAddr::V4(Ipv4Addr::new(10, 0, 0, 1));
        for dst in [IpAddr::V4(GROUP_V4), IpAddr::V4(Ipv4Addr::new(10, 0, 0, 2))] {
            let frame = sent(AddressFamily::V4, src, dst, IpAddr::V4(Ipv4Addr::new(10, 0, 0, 100)));
            assert_eq!(frame_v4(OWN, &frame[ETHERNET..]), Some(frame.clone()));
            assert_eq!((destination(&frame[ETHERNET..]), protocol(&frame[ETHERNET..])), (Some(dst), Some(112)));
        }
    }

    #[test]
    fn an_ipv6_payload_gets_a_header_that_the_receive_path_reads_as_it_was_sent() {
        let (source, vip) = (Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0, 1), Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0, 100));
        let frame = sent(AddressFamily::V6, source.into(), GROUP_V6.into(), vip.into());
        let arrival = Arrival { source, destination: GROUP_V6, hop_limit: 255 };
        let made = frame_v6(OWN, &arrival, 112, &frame[ETHERNET + IPV6_HEADER..]).unwrap();
        let (made, frame) = (Envelope::parse(&made).unwrap(), Envelope::parse(&frame).unwrap());
        assert_eq!((made.src, made.dst, made.ttl, made.payload), (frame.src, frame.dst, frame.ttl, frame.payload));
        assert_eq!((made.dst_mac, made.header_ok), (frame.dst_mac, true));
    }

    #[test]
    fn what_is_too_short_or_too_long_makes_no_frame() {
        assert_eq!(frame_v4(OWN, &[0x45; 19]), None);
        let arrival = Arrival { source: Ipv6Addr::LOCALHOST, destination: Ipv6Addr::LOCALHOST, hop_limit: 1 };
        assert_eq!(frame_v6(OWN, &arrival, 112, &vec![0; 65536]), None);
        assert_eq!((destination(&[]), destination(&[0x45; 10]), protocol(&[0x20; 60])), (None, None, None));
    }
}
