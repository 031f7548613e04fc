//! OpenStack port security: what a host may use as a source.
//!
//! The rules are those of Neutron's `openvswitch` firewall driver for frames that leave a port. Security groups are
//! not part of it (they are taken to be open), nor is anything checked towards the port. Router advertisements and
//! DHCP server answers, which that driver also drops, are sent by no host here.
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use smoltcp::wire::{ArpPacket, EthernetFrame, EthernetProtocol, Icmpv6Message, Icmpv6Packet};
use smoltcp::wire::{IpProtocol, Ipv4Packet, Ipv6Packet, UdpPacket};
use vrrplab_engine::model::{IfAddr, Mac};
use vrrplab_formats::world::PortSecurity;

use super::DropReason;

const RARP: u16 = 0x8035;

/// The allowed sources of one port.
#[derive(Clone, Debug)]
pub(super) struct Guard {
    mac: Mac,
    /// The address of a pair may be a prefix.
    pairs: Vec<(Mac, IfAddr)>,
}

impl Guard {
    /// The port's own addresses with its own MAC, its link-local address, and the allowed pairs.
    pub(super) fn new(mac: Mac, fixed: &[IfAddr], security: &PortSecurity) -> Guard {
        let own = |ip: IpAddr| (mac, IfAddr { ip, prefix: if ip.is_ipv4() { 32 } else { 128 } });
        let mut pairs: Vec<(Mac, IfAddr)> = fixed.iter().map(|a| own(a.ip)).collect();
        pairs.push(own(link_local(mac).into()));
        pairs.extend(security.allowed_address_pairs.iter().map(|pair| (pair.mac.unwrap_or(mac), pair.ip)));
        Guard { mac, pairs }
    }

    /// Why this frame may not leave the port, if so.
    pub(super) fn refuses(&self, frame: &[u8]) -> Option<DropReason> {
        let ethernet = EthernetFrame::new_checked(frame).ok()?;
        let src = Mac(ethernet.src_addr().0);
        let (allowed, otherwise) = match ethernet.ethertype() {
            EthernetProtocol::Arp => (self.arp(src, ethernet.payload()), DropReason::SpoofedArp),
            EthernetProtocol::Ipv4 => (self.ipv4(src, ethernet.payload()), DropReason::SpoofedIp),
            EthernetProtocol::Ipv6 => (self.ipv6(src, ethernet.payload()), DropReason::SpoofedIp),
            EthernetProtocol::Unknown(RARP) => (self.knows(src), DropReason::SpoofedMac),
            EthernetProtocol::Unknown(_) => (false, DropReason::SpoofedIp),
        };
        match (allowed, self.knows(src)) {
            (true, _) => None,
            (false, true) => Some(otherwise),
            (false, false) => Some(DropReason::SpoofedMac),
        }
    }

    fn knows(&self, mac: Mac) -> bool {
        self.pairs.iter().any(|(m, _)| *m == mac)
    }
    fn allows(&self, mac: Mac, ip: IpAddr) -> bool {
        self.pairs.iter().any(|(m, range)| *m == mac && covers(range, ip))
    }

    /// The Ethernet source and the sender's IP address must be a pair; the sender's hardware address is not looked at.
    fn arp(&self, src: Mac, payload: &[u8]) -> bool {
        let Ok(arp) = ArpPacket::new_checked(payload) else {
            return false;
        };
        let sender: Result<[u8; 4], _> = arp.source_protocol_addr().try_into();
        sender.is_ok_and(|sender| self.allows(src, Ipv4Addr::from(sender).into()))
    }

    /// A pair, or a DHCP client that has no address yet.
    fn ipv4(&self, src: Mac, payload: &[u8]) -> bool {
        let Ok(ip) = Ipv4Packet::new_checked(payload) else {
            return false;
        };
        let asks_for_address = || {
            src == self.mac
                && ip.src_addr().is_unspecified()
                && ip.next_header() == IpProtocol::Udp
                && UdpPacket::new_checked(ip.payload()).is_ok_and(|udp| (udp.src_port(), udp.dst_port()) == (68, 67))
        };
        self.allows(src, ip.src_addr().into()) || asks_for_address()
    }

    /// A pair; for a neighbour advertisement its target must be in a pair, and no source is looked at.
    fn ipv6(&self, src: Mac, payload: &[u8]) -> bool {
        let Ok(ip) = Ipv6Packet::new_checked(payload) else {
            return false;
        };
        if ip.next_header() == IpProtocol::Icmpv6
            && let Ok(icmp) = Icmpv6Packet::new_checked(ip.payload())
            && icmp.msg_type() == Icmpv6Message::NeighborAdvert
        {
            let target = icmp.target_addr().into();
            return self.pairs.iter().any(|(_, range)| covers(range, target));
        }
        self.allows(src, ip.src_addr().into())
    }
}

/// The EUI-64 link-local address.
fn link_local(Mac([a, b, c, d, e, f]): Mac) -> Ipv6Addr {
    let [x, y] = [[a ^ 2, b], [c, 0xff]].map(u16::from_be_bytes);
    let [z, w] = [[0xfe, d], [e, f]].map(u16::from_be_bytes);
    Ipv6Addr::new(0xfe80, 0, 0, 0, x, y, z, w)
}

/// Whether the address lies in the range.
fn covers(range: &IfAddr, ip: IpAddr) -> bool {
    match (range.ip, ip) {
        (IpAddr::V4(a), IpAddr::V4(b)) => {
            let host = 32_u32.saturating_sub(range.prefix.into());
            (a.to_bits() ^ b.to_bits()).checked_shr(host).unwrap_or(0) == 0
        }
        (IpAddr::V6(a), IpAddr::V6(b)) => {
            let host = 128_u32.saturating_sub(range.prefix.into());
            (a.to_bits() ^ b.to_bits()).checked_shr(host).unwrap_or(0) == 0
        }
        _ => false,
    }
}
