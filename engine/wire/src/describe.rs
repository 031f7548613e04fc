//! One line of text per frame, in tcpdump's style.

use alloc::format;
use alloc::string::String;
use core::fmt::Write;

use smoltcp::wire::{Icmpv4Message, Icmpv4Packet, Icmpv6Message, Icmpv6Packet, TcpPacket, UdpPacket};

use crate::check::read_arp;
use crate::flow::{ICMP, ICMPV6, TCP, UDP};
use crate::link::{self, Ip};
use crate::{Envelope, Mac, VrrpView};

/// Say in one line what a frame is; any bytes have a description.
pub fn describe(frame: &[u8]) -> String {
    let Some(link) = link::split(frame) else { return format!("truncated frame, length {}", frame.len()) };
    let mut line = String::new();
    if let Some(vlan) = link.vlan {
        line.push_str(&format!("vlan {vlan}, "));
    }
    if let Some(ip) = link::ip(&link) {
        line.push_str(&packet(frame, &ip));
    } else if link.ethertype == link::ARP {
        line.push_str(&arp(frame, link.payload.len()));
    } else {
        line.push_str(&format!("ethertype 0x{:04x} length {}", link.ethertype, frame.len()));
    }
    line
}

fn arp(frame: &[u8], length: usize) -> String {
    match read_arp(frame) {
        Err(reason) => format!("ARP, malformed ({reason}), length {length}"),
        Ok(arp) => match arp.operation {
            1 if arp.target_mac == Mac([0; 6]) => {
                format!("ARP, Request who-has {} tell {}", arp.target_ip, arp.sender_ip)
            }
            1 => format!("ARP, Request who-has {} ({}) tell {}", arp.target_ip, arp.target_mac, arp.sender_ip),
            2 => format!("ARP, Reply {} is-at {}", arp.sender_ip, arp.sender_mac),
            other => format!("ARP, operation {other}, {} at {}", arp.sender_ip, arp.sender_mac),
        },
    }
}

fn packet(frame: &[u8], ip: &Ip<'_>) -> String {
    let name = if ip.src.is_ipv4() { "IP" } else { "IP6" };
    let (src, dst, length) = (ip.src, ip.dst, ip.payload.len());
    let plain = |text: String| format!("{name} {src} > {dst}: {text}");
    if ip.later_fragment {
        return plain(format!("fragment of protocol {}, length {length}", ip.protocol));
    }
    if let Some(envelope) = Envelope::parse(frame) {
        return plain(vrrp(&envelope));
    }
    let ports = |from: u16, to: u16, text: String| format!("{name} {src}.{from} > {dst}.{to}: {text}");
    match ip.protocol {
        ICMP if ip.src.is_ipv4() => icmp(ip.payload).map(plain),
        ICMPV6 if ip.src.is_ipv6() => Some(plain(icmpv6(ip.payload))),
        TCP => TcpPacket::new_checked(ip.payload).ok().map(|tcp| ports(tcp.src_port(), tcp.dst_port(), segment(&tcp))),
        UDP => UdpPacket::new_checked(ip.payload)
            .ok()
            .map(|udp| ports(udp.src_port(), udp.dst_port(), format!("UDP, length {}", udp.payload().len()))),
        _ => None,
    }
    .unwrap_or_else(|| plain(format!("protocol {}, length {length}", ip.protocol)))
}

fn vrrp(envelope: &Envelope<'_>) -> String {
    let length = envelope.payload.len();
    let ah = if envelope.ah { "AH, " } else { "" };
    let Some(view) = VrrpView::new(envelope.payload) else { return format!("{ah}VRRP, truncated, length {length}") };
    let mut line = format!("{ah}VRRPv{}, ", view.version_nibble());
    // Writing to a string cannot fail.
    let _ = match view.kind() {
        1 => write!(line, "Advertisement"),
        other => write!(line, "type {other}"),
    };
    let _ = write!(line, ", vrid {}, prio {}", view.vrid(), view.priority());
    let _ = match (view.version_nibble(), view.auth_type()) {
        (2, 0) => write!(line, ", authtype none, intvl {}s", view.seconds()),
        (2, 1) => write!(line, ", authtype simple, intvl {}s", view.seconds()),
        (2, 2) => write!(line, ", authtype ah, intvl {}s", view.seconds()),
        (2, other) => write!(line, ", authtype {other}, intvl {}s", view.seconds()),
        (3, _) => write!(line, ", intvl {}cs", view.centiseconds()),
        _ => Ok(()),
    };
    let _ = write!(line, ", length {length}");
    line
}

fn icmp(bytes: &[u8]) -> Option<String> {
    let packet = Icmpv4Packet::new_checked(bytes).ok()?;
    let length = bytes.len();
    let echo = |kind: &str| {
        format!("ICMP echo {kind}, id {}, seq {}, length {length}", packet.echo_ident(), packet.echo_seq_no())
    };
    Some(match packet.msg_type() {
        Icmpv4Message::EchoRequest => echo("request"),
        Icmpv4Message::EchoReply => echo("reply"),
        other => format!("ICMP type {} code {}, length {length}", u8::from(other), packet.msg_code()),
    })
}

fn icmpv6(bytes: &[u8]) -> String {
    let length = bytes.len();
    let Some(&[kind, code, ..]) = bytes.first_chunk::<8>() else { return format!("ICMP6, truncated, length {length}") };
    let packet = Icmpv6Packet::new_unchecked(bytes);
    let echo = |kind: &str| {
        format!("ICMP6, echo {kind}, id {}, seq {}, length {length}", packet.echo_ident(), packet.echo_seq_no())
    };
    match Icmpv6Message::from(kind) {
        Icmpv6Message::EchoRequest => echo("request"),
        Icmpv6Message::EchoReply => echo("reply"),
        Icmpv6Message::NeighborAdvert if length >= 24 => {
            format!("ICMP6, neighbor advertisement, tgt is {}, length {length}", packet.target_addr())
        }
        Icmpv6Message::NeighborSolicit if length >= 24 => {
            format!("ICMP6, neighbor solicitation, who has {}, length {length}", packet.target_addr())
        }
        Icmpv6Message::RouterAdvert => format!("ICMP6, router advertisement, length {length}"),
        Icmpv6Message::RouterSolicit => format!("ICMP6, router solicitation, length {length}"),
        _ => format!("ICMP6, type {kind} code {code}, length {length}"),
    }
}

fn segment(tcp: &TcpPacket<&[u8]>) -> String {
    let set = [
        (tcp.fin(), 'F'),
        (tcp.syn(), 'S'),
        (tcp.rst(), 'R'),
        (tcp.psh(), 'P'),
        (tcp.ack(), '.'),
        (tcp.urg(), 'U'),
        (tcp.ece(), 'E'),
        (tcp.cwr(), 'W'),
    ];
    let flags: String = set.into_iter().filter(|(set, _)| *set).map(|(_, letter)| letter).collect();
    let flags = if flags.is_empty() { "none" } else { &flags };
    let ack = if tcp.ack() { format!(", ack {}", tcp.ack_number()) } else { String::new() };
    format!("Flags [{flags}], seq {}{ack}, length {}", tcp.seq_number(), tcp.payload().len())
}
