//! The `iptables_hybrid` driver: iptables on the bridge of the port, then the agent's tables on br-int.
use std::net::{IpAddr, Ipv4Addr};

use super::packet::{Arp, Body, Ip, Packet, Upper};
use super::sources::{Sources, link_local};
use super::{Step, Why};

/// From the host.
pub(super) fn egress(port: &Sources, packet: &Packet) -> Step {
    let step = match &packet.body {
        Body::Ip(ip) => bridge(port, packet, ip),
        Body::Arp(_) | Body::Rarp | Body::Other => Step::Accept,
    };
    match (&step, agent(port, packet)) {
        (Step::Refuse(_), _) | (_, None) => step,
        (_, Some(refused)) => refused,
    }
}

fn bridge(port: &Sources, packet: &Packet, ip: &Ip) -> Step {
    let icmp6 = ip.icmp6();
    if ip.asks_for_address() || (ip.is_from_nobody() && matches!(icmp6, Some(131 | 135 | 143))) {
        return Step::Accept;
    }
    if !spoken_for(port, packet, ip) {
        let why = if port.knows(packet.src) { Why::SpoofedIp } else { Why::SpoofedMac };
        return Step::refuse(why, "IPT-E3");
    }
    match icmp6 {
        Some(134) => Step::refuse(Why::Role, "IPT-E5"),
        Some(_) => Step::Accept,
        None if ip.is_udp(68, 67) || ip.is_udp(546, 547) => Step::Accept,
        None if ip.is_udp(67, 68) || ip.is_udp(547, 546) => Step::refuse(Why::Role, "IPT-E8"),
        None => Step::Ask,
    }
}

/// MAC and source address are a pair, or the link-local address of a MAC that has IPv6 addresses. A port without
/// addresses is only asked for its MAC.
fn spoken_for(port: &Sources, packet: &Packet, ip: &Ip) -> bool {
    port.pair(packet.src, ip.src)
        || (ip.src == link_local(packet.src) && port.knows_in(packet.src, true))
        || (port.fixed.is_empty() && packet.src == port.mac)
}

fn agent(port: &Sources, packet: &Packet) -> Option<Step> {
    match &packet.body {
        Body::Arp(Arp { spa, .. }) if !port.all(false) && !port.address((*spa).into()) => {
            let why = if port.knows(packet.src) { Why::SpoofedArp } else { Why::SpoofedMac };
            return Some(Step::refuse(why, "AGT-1"));
        }
        Body::Ip(Ip { upper: Upper::Neighbour(136, target, _), .. }) if !port.all(true) => {
            let target = IpAddr::V6(*target);
            let known = port.address(target) || port.some_link_local(target);
            return (!known).then(|| Step::refuse(Why::SpoofedNeighbour, "AGT-2"));
        }
        _ => {}
    }
    (!port.knows(packet.src)).then(|| Step::refuse(Why::SpoofedMac, "AGT-3"))
}

/// To the host.
pub(super) fn ingress(port: &Sources, packet: &Packet) -> Step {
    let Body::Ip(ip) = &packet.body else { return Step::Accept };
    let fixed = || port.fixed.iter().any(|a| a.ip == ip.dst);
    let broadcast = || ip.dst == IpAddr::V4(Ipv4Addr::BROADCAST);
    let link_local = || matches!(ip.dst, IpAddr::V6(dst) if dst.segments()[..4] == [0xfe80, 0, 0, 0]);
    let provided = match ip.icmp6() {
        Some(130 | 135 | 136) => true,
        Some(134) => port.fixed.iter().any(|a| a.ip.is_ipv6()),
        _ => (ip.is_udp(67, 68) && (fixed() || broadcast())) || (ip.is_udp(547, 546) && (fixed() || link_local())),
    };
    if provided { Step::Accept } else { Step::Ask }
}
