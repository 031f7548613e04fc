//! The `openvswitch` driver: OpenFlow tables on br-int.
use std::net::{IpAddr, Ipv4Addr};

use vrrplab_engine::model::Mac;

use super::packet::{Body, Ip, Packet, Upper};
use super::sources::{Sources, link_local};
use super::{Step, Why};

/// Connection tracking makes nothing of multicast listener and neighbour discovery.
fn untracked(ip: &Ip) -> bool {
    matches!(ip.icmp6(), Some(130..=137 | 143))
}

/// From the host.
pub(super) fn egress(port: &Sources, packet: &Packet) -> Step {
    let src = packet.src;
    let (allowed, otherwise) = match &packet.body {
        Body::Arp(arp) => (port.pair(src, arp.spa.into()), Why::SpoofedArp),
        Body::Rarp => (port.knows_in(src, false), Why::SpoofedMac),
        Body::Ip(ip) => return egress_ip(port, src, ip),
        Body::Other => (false, Why::Kind),
    };
    if allowed { Step::Accept } else { nowhere(port, packet, otherwise) }
}

fn nowhere(port: &Sources, packet: &Packet, why: Why) -> Step {
    Step::refuse(if port.knows(packet.src) { why } else { Why::SpoofedMac }, "OVS-E9")
}

fn egress_ip(port: &Sources, src: Mac, ip: &Ip) -> Step {
    let paired = port.pair(src, ip.src) || (src == port.mac && ip.src == link_local(src));
    let refuse = |why| Step::refuse(if port.knows(src) { why } else { Why::SpoofedMac }, "OVS-E9");
    match ip.upper {
        Upper::Neighbour(136, target, _) => {
            let target = IpAddr::V6(target);
            // Of an advertisement only the target is looked at.
            if port.address(target) || target == link_local(port.mac) {
                return Step::Accept;
            }
            if !paired {
                return refuse(Why::SpoofedNeighbour);
            }
        }
        _ if paired && matches!(ip.icmp6(), Some(130 | 133 | 135)) => return Step::Accept,
        _ => {}
    }
    let nobody = src == port.mac && ip.src == IpAddr::V4(Ipv4Addr::UNSPECIFIED);
    if (ip.is_udp(68, 67) && (paired || nobody)) || (ip.is_udp(546, 547) && paired) {
        return Step::Accept;
    }
    if ip.is_udp(67, 68) || ip.is_udp(547, 546) || ip.icmp6() == Some(134) {
        return Step::refuse(Why::Role, "OVS-E7");
    }
    match (paired, untracked(ip)) {
        (false, _) => refuse(Why::SpoofedIp),
        (true, true) if ip.icmp6() == Some(136) => Step::refuse(Why::SpoofedNeighbour, "OVS-E8"),
        (true, true) => Step::refuse(Why::Untracked, "OVS-E8"),
        (true, false) => Step::Ask,
    }
}

/// To the host. Only frames for a MAC of the port are judged; multicast and broadcast come in without a question.
pub(super) fn ingress(port: &Sources, packet: &Packet) -> Step {
    let Body::Ip(ip) = &packet.body else { return Step::Accept };
    if packet.to_many() || !port.knows(packet.dst) {
        return Step::Accept;
    }
    if matches!(ip.icmp6(), Some(130 | 134 | 135 | 136)) || ip.is_udp(67, 68) || ip.is_udp(547, 546) {
        return Step::Accept;
    }
    if untracked(ip) { Step::refuse(Why::Untracked, "OVS-I3") } else { Step::Ask }
}
