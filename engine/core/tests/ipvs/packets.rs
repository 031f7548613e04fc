//! Packets made by hand: TCP, UDP and ICMP errors over IPv4 and IPv6.
use std::net::{IpAddr, SocketAddr};

use vrrplab_wire::flow::{TCP, UDP, add_words, fold, pseudo_sum};
use vrrplab_wire::{icmp, rewrite};

pub const FIN: u8 = 1;
pub const SYN: u8 = 2;
pub const RST: u8 = 4;
pub const PSH: u8 = 8;
pub const ACK: u8 = 16;

fn ip(source: IpAddr, dest: IpAddr, protocol: u8, payload: &[u8]) -> Vec<u8> {
    let mut out = match (source, dest) {
        (IpAddr::V4(source), IpAddr::V4(dest)) => {
            let total = (20 + payload.len()) as u16;
            let mut header = vec![0x45, 0, 0, 0, 0x12, 0x34, 0x40, 0, 64, protocol, 0, 0];
            header[2..4].copy_from_slice(&total.to_be_bytes());
            header.extend(source.octets());
            header.extend(dest.octets());
            rewrite::checksum_v4(&mut header);
            header
        }
        (IpAddr::V6(source), IpAddr::V6(dest)) => {
            let mut header = vec![0x60, 0, 0, 0, 0, 0, protocol, 64];
            header[4..6].copy_from_slice(&(payload.len() as u16).to_be_bytes());
            header.extend(source.octets());
            header.extend(dest.octets());
            header
        }
        _ => panic!("{source} and {dest} are of two families"),
    };
    out.extend(payload);
    out
}

fn with_sum(mut segment: Vec<u8>, at: usize, source: IpAddr, dest: IpAddr, protocol: u8) -> Vec<u8> {
    let pseudo = pseudo_sum(source, dest, protocol, segment.len());
    let sum = match fold(add_words(pseudo, &segment)) {
        0 if protocol == UDP => 0xffff,
        sum => sum,
    };
    segment[at..at + 2].copy_from_slice(&sum.to_be_bytes());
    segment
}

pub fn tcp(source: SocketAddr, dest: SocketAddr, flags: u8, data: &[u8]) -> Vec<u8> {
    let mut segment = Vec::new();
    segment.extend(source.port().to_be_bytes());
    segment.extend(dest.port().to_be_bytes());
    segment.extend([0, 0, 0, 7, 0, 0, 0, 9, 0x50, flags, 0xff, 0xff, 0, 0, 0, 0]);
    segment.extend(data);
    ip(source.ip(), dest.ip(), TCP, &with_sum(segment, 16, source.ip(), dest.ip(), TCP))
}

pub fn udp(source: SocketAddr, dest: SocketAddr, data: &[u8]) -> Vec<u8> {
    let mut segment = Vec::new();
    segment.extend(source.port().to_be_bytes());
    segment.extend(dest.port().to_be_bytes());
    segment.extend((8 + data.len() as u16).to_be_bytes());
    segment.extend([0, 0]);
    segment.extend(data);
    ip(source.ip(), dest.ip(), UDP, &with_sum(segment, 6, source.ip(), dest.ip(), UDP))
}

/// An ICMP error from `router` to `dest` about a TCP segment.
pub fn icmp_error(router: IpAddr, dest: IpAddr, kind: u8, code: u8, inner: (SocketAddr, SocketAddr)) -> Vec<u8> {
    let quoted = tcp(inner.0, inner.1, ACK, b"x");
    let mut error = icmp::error(&quoted, icmp::Unreachable::Other(kind, code), router).unwrap();
    if let IpAddr::V4(dest) = dest {
        error[16..20].copy_from_slice(&dest.octets());
        rewrite::checksum_v4(&mut error);
    }
    error
}

/// Whether every checksum of a packet is right.
pub fn sums_are_right(packet: &[u8]) -> bool {
    let flow = vrrplab_wire::flow::Flow::read(packet).unwrap();
    let header = !flow.source.is_ipv4() || fold(add_words(0, &packet[..20])) == 0;
    let segment = &packet[flow.transport..];
    let pseudo = match flow.protocol {
        1 => 0,
        protocol => pseudo_sum(flow.source, flow.dest, protocol, segment.len()),
    };
    header && fold(add_words(pseudo, segment)) == 0
}
