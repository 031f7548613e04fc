//! Connection tracking at one port: the answer to what a security group let pass needs no rule.
use std::collections::BTreeMap;
use std::net::IpAddr;

use vrrplab_engine::{Instant, Span};

use super::packet::{ICMP6, Ip, UDP, Upper};

/// How long an entry lives without traffic, as Linux has it when nobody changes it.
const TCP: Span = Span::from_secs(432_000);
const DATAGRAMS: Span = Span::from_secs(120);
const ECHO: Span = Span::from_secs(30);
const OTHER: Span = Span::from_secs(600);

/// One direction of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Flow {
    protocol: u8,
    from: (IpAddr, u16),
    to: (IpAddr, u16),
    /// An answer by its nature: an ICMP echo reply.
    answer: bool,
}

impl Flow {
    fn of(ip: &Ip) -> Option<Flow> {
        let (ports, answer) = match ip.upper {
            Upper::Ports(from, to) => ((from, to), false),
            Upper::Icmp(8 | 128, id) => ((id, id), false),
            Upper::Icmp(0 | 129, id) => ((id, id), true),
            Upper::Icmp(..) | Upper::Neighbour(..) => return None,
            Upper::Opaque => ((0, 0), false),
        };
        Some(Flow { protocol: ip.protocol, from: (ip.src, ports.0), to: (ip.dst, ports.1), answer })
    }

    fn answered(self) -> Flow {
        let echo = matches!(self.protocol, 1 | ICMP6);
        Flow { from: self.to, to: self.from, answer: echo && !self.answer, ..self }
    }

    const fn lives(&self) -> Span {
        match self.protocol {
            6 => TCP,
            UDP => DATAGRAMS,
            1 | ICMP6 => ECHO,
            _ => OTHER,
        }
    }
}

/// What passed a port lately.
#[derive(Clone, Debug, Default)]
pub(super) struct Tracker {
    seen: BTreeMap<Flow, Instant>,
}

impl Tracker {
    /// This packet opens a connection, or goes on with one that it opened.
    pub(super) fn passed(&mut self, now: Instant, ip: &Ip) {
        if let Some(flow) = Flow::of(ip).filter(|flow| !flow.answer) {
            self.seen.insert(flow, now);
        }
    }

    /// Whether this packet answers a connection that passed; if so the connection lives on.
    pub(super) fn answers(&mut self, now: Instant, ip: &Ip) -> bool {
        let Some(asked) = Flow::of(ip).map(Flow::answered) else { return false };
        match self.seen.get_mut(&asked) {
            Some(last) if now.since(*last) < asked.lives() => {
                *last = now;
                true
            }
            _ => false,
        }
    }
}
