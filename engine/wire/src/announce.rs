//! What a router says when it takes over an address, in keepalived's forms: gratuitous ARP, unsolicited neighbour
//! advertisement.

use alloc::vec;
use alloc::vec::Vec;
use core::net::{Ipv4Addr, Ipv6Addr};

use smoltcp::phy::ChecksumCapabilities;
use smoltcp::wire::{
    ArpOperation, ArpPacket, ArpRepr, ETHERNET_HEADER_LEN, EthernetAddress, EthernetFrame, EthernetProtocol,
    EthernetRepr, IPV6_HEADER_LEN, Icmpv6Packet, Icmpv6Repr, IpProtocol, Ipv6Packet, Ipv6Repr, NdiscNeighborFlags,
    NdiscRepr,
};

use crate::Mac;
use crate::check::{check_arp, check_na};

const ALL_NODES: Ipv6Addr = Ipv6Addr::new(0xff02, 0, 0, 0, 0, 0, 0, 1);
const ALL_NODES_MAC: EthernetAddress = EthernetAddress([0x33, 0x33, 0, 0, 0, 1]);

/// A gratuitous ARP request: broadcast, sender and target are `ip`, the target hardware address is all ones.
pub fn gratuitous_arp(mac: Mac, ip: Ipv4Addr) -> Vec<u8> {
    let mac = EthernetAddress(mac.0);
    let arp = ArpRepr::EthernetIpv4 {
        operation: ArpOperation::Request,
        source_hardware_addr: mac,
        source_protocol_addr: ip,
        target_hardware_addr: EthernetAddress::BROADCAST,
        target_protocol_addr: ip,
    };
    let mut out = vec![0; ETHERNET_HEADER_LEN + arp.buffer_len()];
    let mut frame = EthernetFrame::new_unchecked(&mut out[..]);
    EthernetRepr { src_addr: mac, dst_addr: EthernetAddress::BROADCAST, ethertype: EthernetProtocol::Arp }
        .emit(&mut frame);
    arp.emit(&mut ArpPacket::new_unchecked(frame.payload_mut()));
    out
}

/// An unsolicited neighbour advertisement from `ip` itself to all nodes, with override and the link-layer address.
pub fn unsolicited_na(mac: Mac, ip: Ipv6Addr, router: bool) -> Vec<u8> {
    let mac = EthernetAddress(mac.0);
    let mut flags = NdiscNeighborFlags::OVERRIDE;
    flags.set(NdiscNeighborFlags::ROUTER, router);
    let na = Icmpv6Repr::Ndisc(NdiscRepr::NeighborAdvert { flags, target_addr: ip, lladdr: Some(mac.into()) });
    let mut out = vec![0; ETHERNET_HEADER_LEN + IPV6_HEADER_LEN + na.buffer_len()];
    let mut frame = EthernetFrame::new_unchecked(&mut out[..]);
    EthernetRepr { src_addr: mac, dst_addr: ALL_NODES_MAC, ethertype: EthernetProtocol::Ipv6 }.emit(&mut frame);
    let mut packet = Ipv6Packet::new_unchecked(frame.payload_mut());
    Ipv6Repr {
        src_addr: ip,
        dst_addr: ALL_NODES,
        next_header: IpProtocol::Icmpv6,
        payload_len: na.buffer_len(),
        hop_limit: 255,
    }
    .emit(&mut packet);
    let mut message = Icmpv6Packet::new_unchecked(packet.payload_mut());
    na.emit(&ip, &ALL_NODES, &mut message, &ChecksumCapabilities::default());
    out
}

/// Who says that an address is now at a hardware address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Announcement {
    /// A gratuitous ARP, request or reply.
    Arp {
        /// The hardware address claimed.
        mac: Mac,
        /// The address announced.
        ip: Ipv4Addr,
    },
    /// An unsolicited neighbour advertisement.
    Na {
        /// The hardware address claimed.
        mac: Mac,
        /// The address announced.
        ip: Ipv6Addr,
        /// The sender is a router.
        router: bool,
        /// A known hardware address is to be replaced.
        override_: bool,
    },
}

/// Read a frame as an announcement; `None` for anything else, for one that a careful neighbour would refuse, and for an
/// advertisement that names no hardware address.
pub fn parse_announcement(frame: &[u8]) -> Option<Announcement> {
    if let Ok(arp) = check_arp(frame) {
        let gratuitous = arp.sender_ip == arp.target_ip && !arp.sender_ip.is_unspecified();
        return gratuitous.then_some(Announcement::Arp { mac: arp.sender_mac, ip: arp.sender_ip });
    }
    let na = check_na(frame).ok().filter(|na| !na.solicited)?;
    Some(Announcement::Na { mac: na.target_mac?, ip: na.target, router: na.router, override_: na.override_ })
}
