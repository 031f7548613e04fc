//! Address translation of a gateway: one to one, as for floating IPs, and masquerading.
use std::collections::BTreeMap;
use std::net::IpAddr;

use vrrplab_engine::model::IfIndex;
use vrrplab_engine::{Instant, Span};
use vrrplab_formats::world::OneToOne;
use vrrplab_wire::flow::{Flow, ICMP, TCP, UDP};
use vrrplab_wire::icmp;
use vrrplab_wire::rewrite::{self, End};

use super::Kernel;

/// One conversation as its far end sees it: protocol, far address and port, near port.
type Seen = (u8, IpAddr, u16, u16);
/// One conversation as its near end sees it: protocol, near address and port, far address and port.
type Meant = (u8, IpAddr, u16, IpAddr, u16);

/// The lowest port that is given to a conversation whose own port is taken.
const SPARE_PORTS: std::ops::RangeInclusive<u16> = 1024..=65_535;

/// The address translation of one host.
#[derive(Clone, Debug, Default)]
pub(super) struct Nat {
    pairs: Vec<OneToOne>,
    masquerade: Option<IfIndex>,
    /// Who is behind a conversation, and when it was heard of last.
    seen: BTreeMap<Seen, (IpAddr, u16, Instant)>,
    meant: BTreeMap<Meant, u16>,
}

/// How long a silent conversation is remembered: what Linux takes for echoes, answered UDP and open TCP connections.
fn memory(protocol: u8) -> Span {
    match protocol {
        ICMP => Span::from_secs(30),
        TCP => Span::from_secs(432_000),
        _ => Span::from_secs(120),
    }
}

const fn other(end: End) -> End {
    match end {
        End::Source => End::Dest,
        End::Dest => End::Source,
    }
}

/// The identifier of an echo request or reply takes the place of a port.
fn echo(packet: &[u8], flow: &Flow) -> Option<u16> {
    let at = flow.transport;
    let is_echo = flow.protocol == ICMP && !flow.later_fragment && matches!(packet.get(at), Some(0 | 8));
    is_echo.then(|| Some(u16::from_be_bytes([*packet.get(at + 4)?, *packet.get(at + 5)?])))?
}

fn set_echo(packet: &mut [u8], at: usize, ident: u16) {
    let old = [packet[at + 4], packet[at + 5]];
    let sum = rewrite::update(u16::from_be_bytes([packet[at + 2], packet[at + 3]]), &old, &ident.to_be_bytes());
    packet[at + 2..at + 4].copy_from_slice(&sum.to_be_bytes());
    packet[at + 4..at + 6].copy_from_slice(&ident.to_be_bytes());
}

/// Gives one end of a packet another address and, if it has any, port; what an ICMP error quotes follows.
fn translate(packet: &mut [u8], end: End, to: IpAddr, port: Option<u16>) {
    let Some(flow) = Flow::read(packet) else { return };
    let (ip, now) = if end == End::Source { (flow.source, flow.source_port) } else { (flow.dest, flow.dest_port) };
    let quoted = icmp::quoted(packet, &flow);
    rewrite::set_end(packet, &flow, end, to, port.unwrap_or(now));
    if let (Some(ident), Some(_)) = (port, echo(packet, &flow)) {
        set_echo(packet, flow.transport, ident);
    }
    let Some(quote) = quoted else { return };
    // The packet that is quoted went the other way.
    let (inner, end) = (quote.flow, other(end));
    let (inner_ip, inner_port) =
        if end == End::Source { (inner.source, inner.source_port) } else { (inner.dest, inner.dest_port) };
    if inner_ip == ip {
        rewrite::set_end(&mut packet[quote.inner..], &inner, end, to, inner_port);
        icmp::finish(packet, quote.icmp);
    }
}

impl Kernel {
    /// Has these addresses translated from now on; what is under way goes on as it began.
    pub fn set_nat(&mut self, pairs: &[OneToOne]) {
        self.nat.pairs = pairs.to_vec();
    }
}

impl Nat {
    /// A gateway that has forwarded nothing yet.
    pub(super) fn new(pairs: &[OneToOne], masquerade: Option<IfIndex>) -> Nat {
        Nat { pairs: pairs.to_vec(), masquerade, ..Nat::default() }
    }

    /// Nothing is translated.
    pub(super) fn is_off(&self) -> bool {
        self.pairs.is_empty() && self.masquerade.is_none()
    }

    /// Before the way of a packet is looked for: its destination.
    pub(super) fn before_routing(&mut self, now: Instant, packet: &mut [u8]) {
        let Some(flow) = Flow::read(packet).filter(|flow| flow.source.is_ipv4()) else { return };
        if let Some(pair) = self.pairs.iter().find(|pair| pair.outside == flow.dest) {
            return translate(packet, End::Dest, pair.inside, None);
        }
        let Some((protocol, far, near)) = self.ends(packet, &flow) else { return };
        let key = (protocol, flow.source, far, near);
        let Some((inside, port, heard)) =
            self.seen.get_mut(&key).filter(|(.., heard)| now.since(*heard) <= memory(protocol))
        else {
            return;
        };
        *heard = now;
        let (inside, port) = (*inside, *port);
        translate(packet, End::Dest, inside, Some(port));
    }

    /// After the way of a forwarded packet is known: its source. `own` is the address of the interface that it leaves by.
    pub(super) fn after_routing(
        &mut self,
        now: Instant,
        leaves: IfIndex,
        has: &dyn Fn(IpAddr) -> bool,
        own: Option<IpAddr>,
        packet: &mut [u8],
    ) {
        let Some(flow) = Flow::read(packet).filter(|flow| flow.source.is_ipv4()) else { return };
        if let Some(pair) = self.pairs.iter().find(|pair| pair.inside == flow.source && has(pair.outside)) {
            return translate(packet, End::Source, pair.outside, None);
        }
        if self.masquerade != Some(leaves) {
            return;
        }
        let (Some(own), Some((protocol, near, far))) = (own, self.ends(packet, &flow)) else { return };
        let port = self.port_for(now, (protocol, flow.source, near, flow.dest, far));
        translate(packet, End::Source, own, Some(port));
    }

    /// Protocol, source port and destination port of what can be told apart; an echo has one number for both.
    fn ends(&self, packet: &[u8], flow: &Flow) -> Option<(u8, u16, u16)> {
        match flow.protocol {
            _ if self.masquerade.is_none() || flow.later_fragment => None,
            TCP | UDP => Some((flow.protocol, flow.source_port, flow.dest_port)),
            ICMP => echo(packet, flow).map(|ident| (ICMP, ident, ident)),
            _ => None,
        }
    }

    /// The port by which the far end knows a conversation: its own one unless that is taken.
    fn port_for(&mut self, now: Instant, meant: Meant) -> u16 {
        let (protocol, inside, near, far_ip, far) = meant;
        let far_of = |port: u16| if protocol == ICMP { port } else { far };
        let seen = |port: u16| (protocol, far_ip, far_of(port), port);
        let free = |port: u16| {
            let holder = self.seen.get(&seen(port));
            holder.is_none_or(|(ip, of, heard)| (*ip, *of) == (inside, near) || now.since(*heard) > memory(protocol))
        };
        let known = self.meant.get(&meant).copied().filter(|port| free(*port));
        let port = known.or_else(|| free(near).then_some(near)).or_else(|| SPARE_PORTS.into_iter().find(|p| free(*p)));
        let port = port.unwrap_or(near);
        self.seen.insert(seen(port), (inside, near, now));
        self.meant.insert(meant, port);
        port
    }
}
