//! The probes of a host's health checks: connections, datagrams and echoes of its own, and what comes back of them.
//!
//! Nothing is judged here. TLS is not spoken: `SSL_GET` sends its request in the clear over the same kind of connection.
use std::collections::VecDeque;
use std::net::IpAddr;

use smoltcp::iface::SocketHandle;
use smoltcp::phy::ChecksumCapabilities;
use smoltcp::socket::tcp::State;
use smoltcp::wire::{IpProtocol, IpRepr, UdpPacket, UdpRepr};
use vrrplab_engine::health::{Answer, Ask, judge_answer::smtp_line};
use vrrplab_engine::model::health::Connection;
use vrrplab_engine::{Instant, Span};
use vrrplab_wire::flow::{Flow, ICMP, ICMPV6, TCP, UDP};
use vrrplab_wire::icmp::quoted;

use super::echo;
use super::sockets::Sockets;
use crate::chance::Chance;

const FIRST_PORT: u16 = 32_768;
const PORTS: u64 = 28_232;
const ECONNRESET: i32 = 104;
const ECONNREFUSED: i32 = 111;
const EHOSTUNREACH: i32 = 113;
const ENETUNREACH: i32 = 101;
/// A connection that is not closed by both sides after so long is forgotten.
const LINGER: Span = Span::from_secs(5);

/// Both ends of what a probe sends: the host's own first.
type Ends = ((IpAddr, u16), (IpAddr, u16));

/// The probes of one host.
#[derive(Clone)]
pub struct Prober {
    sockets: Sockets,
    attempts: Vec<Attempt>,
    closing: Vec<(SocketHandle, Ends, Instant)>,
    answers: VecDeque<(u64, Answer)>,
    outbox: Vec<Vec<u8>>,
    ports: u64,
}

#[derive(Clone)]
struct Attempt {
    job: u64,
    ends: Ends,
    timeout: Span,
    /// By the daemon's clock.
    deadline: Instant,
    /// What the network said about it, until the daemon reads it.
    heard: VecDeque<Answer>,
    talk: Talk,
}

#[derive(Clone)]
enum Talk {
    /// A TCP connection, what is to be done on it, and what was heard.
    Stream {
        socket: SocketHandle,
        connected: bool,
        heard: Vec<u8>,
        say: Say,
    },
    Datagram,
    Echo,
}

#[derive(Clone)]
enum Say {
    Nothing,
    Page(Vec<u8>),
    Dialogue { says: Vec<Vec<u8>>, lines: Vec<Vec<u8>> },
}

impl Prober {
    /// The seed is that of the world.
    pub fn new(name: &str, seed: u64) -> Prober {
        Prober {
            sockets: Sockets::new(Chance::new(seed, &format!("prober/{name}")).bits()),
            attempts: Vec::new(),
            closing: Vec::new(),
            answers: VecDeque::new(),
            outbox: Vec::new(),
            ports: 0,
        }
    }

    /// Whether it can be doubled, from its beginning on; see [`Sockets::keep_diary`].
    pub fn keep_diary(&mut self, keep: bool) {
        self.sockets.keep_diary(keep);
    }

    /// Begins an attempt from this address of the host, at this time of the daemon; without an address there is no way to the
    /// target. Programs are not for it.
    pub fn start(&mut self, says: Instant, job: u64, connection: &Connection, ask: &Ask, own: Option<IpAddr>) {
        let Some(own) = own else {
            self.answers.push_back((job, Answer::Refused(ENETUNREACH)));
            return;
        };
        let ends = ((own, self.port(connection.from_port)), (connection.to.ip, connection.to.port));
        let talk = match ask {
            Ask::Run(_) => return,
            Ask::Connect => self.stream(ends, Say::Nothing),
            Ask::Page { request, .. } => self.stream(ends, Say::Page(request.clone())),
            Ask::Dialogue(says) => self.stream(ends, Say::Dialogue { says: says.clone(), lines: Vec::new() }),
            Ask::Datagram(payload) => {
                self.outbox.push(datagram(ends, payload));
                Talk::Datagram
            }
            Ask::Echo => {
                self.outbox.extend(echo::request(own, connection.to.ip, job));
                Talk::Echo
            }
        };
        let (timeout, deadline) = (connection.timeout, says + connection.timeout);
        self.attempts.push(Attempt { job, ends, timeout, deadline, heard: VecDeque::new(), talk });
    }

    /// Nobody waits for this attempt any more.
    pub fn cancel(&mut self, now: Instant, job: u64) {
        self.answers.retain(|(known, _)| *known != job);
        if let Some(at) = self.attempts.iter().position(|attempt| attempt.job == job) {
            let attempt = self.attempts.remove(at);
            self.leave(now, &attempt);
        }
    }

    /// Whether a packet that reached this host is for one of the probes.
    pub fn wants(&self, packet: &[u8]) -> bool {
        if self.attempts.is_empty() && self.closing.is_empty() {
            return false;
        }
        let Some(flow) = Flow::read(packet) else { return false };
        match flow.protocol {
            TCP => {
                let ends = ends_of(&flow);
                self.closing.iter().any(|(_, known, _)| *known == ends)
                    || self.attempts.iter().any(|a| a.ends == ends && matches!(a.talk, Talk::Stream { .. }))
            }
            UDP => self.attempts.iter().any(|a| a.ends == ends_of(&flow) && matches!(a.talk, Talk::Datagram)),
            ICMP | ICMPV6 => self.concerned(packet, &flow).is_some(),
            _ => false,
        }
    }

    /// The attempt that an ICMP packet is about, and what it says.
    fn concerned(&self, packet: &[u8], flow: &Flow) -> Option<(usize, Answer)> {
        if let Some((from, number)) = echo::reply(packet) {
            let meant = |a: &Attempt| a.job == number && a.ends.1.0 == from && matches!(a.talk, Talk::Echo);
            return self.attempts.iter().position(meant).map(|at| (at, Answer::Reached));
        }
        let quote = quoted(packet, flow)?;
        let errno = errno_of(packet, quote.icmp, flow.protocol)?;
        let inner = &quote.flow;
        let ends = ((inner.source, inner.source_port), (inner.dest, inner.dest_port));
        let meant = |a: &Attempt| match &a.talk {
            Talk::Stream { connected, .. } => inner.protocol == TCP && !connected && a.ends == ends,
            Talk::Datagram => inner.protocol == UDP && a.ends == ends,
            Talk::Echo => matches!(inner.protocol, ICMP | ICMPV6) && a.ends.1.0 == inner.dest,
        };
        self.attempts.iter().position(meant).map(|at| (at, Answer::Refused(errno)))
    }

    /// A packet that [`Prober::wants`] wanted.
    pub fn receive(&mut self, packet: &[u8]) {
        let Some(flow) = Flow::read(packet) else { return };
        match flow.protocol {
            TCP => self.sockets.receive(packet),
            UDP => {
                let payload = packet.get(flow.transport + 8..).unwrap_or_default().to_vec();
                let meant = |a: &&mut Attempt| a.ends == ends_of(&flow) && matches!(a.talk, Talk::Datagram);
                if let Some(attempt) = self.attempts.iter_mut().find(meant) {
                    attempt.heard.push_back(Answer::Datagram(payload));
                }
            }
            _ => {
                if let Some((at, answer)) = self.concerned(packet, &flow) {
                    self.attempts[at].heard.push_back(answer);
                }
            }
        }
    }

    /// The kernel's half: connections are made, acknowledged and closed, whether or not the daemon looks.
    pub fn poll(&mut self, now: Instant, packets: &mut Vec<Vec<u8>>) {
        packets.append(&mut self.outbox);
        self.sockets.poll(now, packets);
        let sockets = &mut self.sockets;
        self.closing.retain(|(handle, _, until)| {
            let over = matches!(sockets.state(*handle), State::Closed | State::TimeWait) || *until <= now;
            if over {
                sockets.remove(*handle);
            }
            !over
        });
    }

    /// The daemon's half: it reads what has come, goes on, and gives up what took too long by its own clock, which says this. A
    /// datagram may be the answer to another question: its attempt goes on until it is cancelled or out of time.
    pub fn advance(&mut self, now: Instant, says: Instant) {
        let mut at = 0;
        while at < self.attempts.len() {
            let attempt = &mut self.attempts[at];
            let answer = attempt.step(says, &mut self.sockets).or_else(|| attempt.out_of_time(says));
            let Some(answer) = answer else {
                at += 1;
                continue;
            };
            if matches!(answer, Answer::Datagram(_)) {
                self.answers.push_back((attempt.job, answer));
                continue;
            }
            let attempt = self.attempts.remove(at);
            self.leave(now, &attempt);
            self.answers.push_back((attempt.job, answer));
        }
    }

    /// The next answer, and whose it is.
    pub fn answer(&mut self) -> Option<(u64, Answer)> {
        self.answers.pop_front()
    }

    /// All attempts end with the daemon; its kernel closes what is open.
    pub fn forget(&mut self, now: Instant) {
        self.answers.clear();
        for attempt in std::mem::take(&mut self.attempts) {
            self.leave(now, &attempt);
        }
    }

    /// When the kernel's half has something to do, or answers wait for a daemon that is not paused: always after `now`.
    pub fn next_wake(&self, now: Instant, paused: bool) -> Option<Instant> {
        let soon = Instant(now.0.saturating_add(1));
        let ends = self.closing.iter().map(|(_, _, until)| *until);
        let ready = !self.outbox.is_empty() || (!paused && !self.answers.is_empty());
        let all = ends.chain(self.sockets.next_wake(now)).chain(ready.then_some(soon));
        all.min().map(|at| at.max(soon))
    }

    /// When the daemon gives the next attempt up, by its own clock.
    pub fn next_deadline(&self) -> Option<Instant> {
        self.attempts.iter().map(|attempt| attempt.deadline).min()
    }

    fn port(&mut self, wanted: u16) -> u16 {
        if wanted != 0 {
            return wanted;
        }
        self.ports += 1;
        FIRST_PORT + u16::try_from((self.ports - 1) % PORTS).unwrap_or(0)
    }

    fn stream(&mut self, (own, to): Ends, say: Say) -> Talk {
        let socket = self.sockets.connect(own, to);
        Talk::Stream { socket, connected: false, heard: Vec::new(), say }
    }

    /// Closes what an attempt has open. Like Linux, a connection that was never made is left without a word.
    fn leave(&mut self, now: Instant, attempt: &Attempt) {
        let Talk::Stream { socket: handle, .. } = &attempt.talk else { return };
        if matches!(self.sockets.state(*handle), State::SynSent | State::Closed) {
            self.sockets.remove(*handle);
            return;
        }
        self.sockets.stream(*handle).close();
        self.closing.push((*handle, attempt.ends, now + LINGER));
    }
}

impl Attempt {
    /// Goes on as far as possible; an answer ends it.
    fn step(&mut self, says: Instant, sockets: &mut Sockets) -> Option<Answer> {
        let later = says + self.timeout;
        if let Some(answer) = self.heard.pop_front() {
            return Some(answer);
        }
        let Talk::Stream { socket, connected, heard, say } = &mut self.talk else { return None };
        let mut socket = sockets.stream(*socket);
        if !*connected {
            if socket.state() == State::Closed {
                return Some(Answer::Refused(ECONNREFUSED));
            }
            if !socket.may_send() {
                return None;
            }
            (*connected, self.deadline) = (true, later);
            if let Say::Page(request) = say {
                // A request is far smaller than the buffer of a new connection.
                let _ = socket.send(request);
            }
        }
        let before = heard.len();
        socket.read_all(heard);
        if heard.len() > before {
            self.deadline = later;
        }
        let ended = !socket.may_recv();
        match say {
            Say::Nothing => Some(Answer::Reached),
            Say::Page(_) if socket.state() == State::Closed => Some(Answer::Refused(ECONNRESET)),
            Say::Page(_) => ended.then(|| Answer::Page(std::mem::take(heard))),
            Say::Dialogue { says, lines } => {
                let Some(end) = heard.iter().position(|byte| *byte == b'\n') else {
                    return ended.then(|| Answer::Lines(std::mem::take(lines)));
                };
                // What was read together with the line is thrown away.
                let line = heard[..end].to_vec();
                heard.clear();
                let step = lines.len();
                let next = says.get(step).filter(|_| smtp_line(step, &line));
                lines.push(line);
                match next {
                    Some(next) => {
                        let _ = socket.send(next);
                        None
                    }
                    None => Some(Answer::Lines(std::mem::take(lines))),
                }
            }
        }
    }

    fn out_of_time(&self, says: Instant) -> Option<Answer> {
        let stalls = matches!(&self.talk, Talk::Stream { connected: true, say: Say::Dialogue { .. }, .. });
        (self.deadline <= says).then_some(if stalls { Answer::Stalled } else { Answer::TimedOut })
    }
}

/// The ends of an answer, seen from this host.
fn ends_of(flow: &Flow) -> Ends {
    ((flow.dest, flow.dest_port), (flow.source, flow.source_port))
}

/// What Linux tells a socket about an ICMP error; none for those that only pass by.
fn errno_of(packet: &[u8], icmp: usize, protocol: u8) -> Option<i32> {
    match (protocol, *packet.get(icmp)?, *packet.get(icmp + 1)?) {
        (ICMP, 3, 2 | 3) | (ICMPV6, 1, 4) => Some(ECONNREFUSED),
        (ICMP, 3, 0 | 6 | 11) | (ICMPV6, 1, 0) => Some(ENETUNREACH),
        (ICMP, 3, 4) | (ICMPV6, 2, _) => None,
        (ICMP, 3, _) | (ICMPV6, 1, _) => Some(EHOSTUNREACH),
        _ => None,
    }
}

fn datagram((own, to): Ends, payload: &[u8]) -> Vec<u8> {
    let udp = UdpRepr { src_port: own.1, dst_port: to.1 };
    let ip = IpRepr::new(own.0.into(), to.0.into(), IpProtocol::Udp, udp.header_len() + payload.len(), 64);
    let mut bytes = vec![0; ip.buffer_len()];
    let checks = ChecksumCapabilities::default();
    ip.emit(&mut bytes, &checks);
    let header = ip.header_len();
    let mut packet = UdpPacket::new_unchecked(&mut bytes[header..]);
    udp.emit(&mut packet, &own.0.into(), &to.0.into(), payload.len(), |room| room.copy_from_slice(payload), &checks);
    bytes
}

#[cfg(test)]
mod tests;
