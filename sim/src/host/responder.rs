//! What answers on a host: the kernel's echo replies and refusals, and the services above it.
use std::collections::{BTreeMap, VecDeque};

use smoltcp::iface::SocketHandle;
use smoltcp::socket::tcp::State;
use smoltcp::time::Duration;
use smoltcp::wire::{IpProtocol, Ipv4Packet, Ipv6Packet, TcpPacket, UdpPacket};
use vrrplab_engine::Instant;
use vrrplab_formats::world::{Page, Serves, Service, ServiceChange};

use super::sockets::{Sockets, Stream};
use super::{datagram, mail, names};
use crate::chance::Chance;

/// An HTTP client that has said nothing for so long is gone.
const PATIENCE: Duration = Duration::from_secs(60);
/// So long a connection of lines may be silent: what Linux's retransmissions take by default.
const LONG_PATIENCE: Duration = Duration::from_secs(924);

/// Answers pings, refuses what nobody listens for, and serves what it is told to, on any address.
#[derive(Clone)]
pub struct Responder {
    name: String,
    desks: Vec<Desk>,
    sockets: Sockets,
    connections: Vec<Connection>,
    /// Datagrams that are answered later, by time and order.
    later: BTreeMap<(Instant, u64), Vec<u8>>,
    taken: u64,
}

/// A service as it is now.
#[derive(Clone)]
struct Desk {
    given: Service,
    now: Service,
    manner: Manner,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Manner {
    Answers,
    Refuses,
    Silent,
}

#[derive(Clone)]
struct Connection {
    socket: SocketHandle,
    desk: usize,
    heard: Vec<u8>,
    /// Answers and when they are given.
    answers: VecDeque<(Instant, Vec<u8>)>,
    /// What did not fit into the socket yet.
    unsent: Vec<u8>,
    /// A mail server has said its first line.
    greeted: bool,
    /// Nothing more is answered: it is closed when all is sent.
    closes: bool,
}

impl Responder {
    /// A host with these services. The seed is that of the world.
    pub fn new(name: &str, services: &[Service], seed: u64) -> Responder {
        let desk = |service: &Service| Desk { given: service.clone(), now: service.clone(), manner: Manner::Answers };
        Responder {
            name: name.to_owned(),
            desks: services.iter().map(desk).collect(),
            sockets: Sockets::new(Chance::new(seed, &format!("server/{name}")).bits()),
            connections: Vec::new(),
            later: BTreeMap::new(),
            taken: 0,
        }
    }

    /// Whether it can be doubled, from its beginning on; see [`Sockets::keep_diary`].
    pub fn keep_diary(&mut self, keep: bool) {
        self.sockets.keep_diary(keep);
    }

    /// An IP packet for this host. It is answered by the next [`Responder::wake`].
    pub fn receive(&mut self, now: Instant, packet: &[u8]) {
        let Some((desk, opens)) = self.desk_of(packet) else { return self.sockets.receive(packet) };
        let Desk { now: service, manner, .. } = &self.desks[desk];
        match (manner, service.is_udp()) {
            (Manner::Silent, _) => {}
            (Manner::Refuses, _) => self.sockets.receive(packet),
            (Manner::Answers, true) => {
                if let Some(answer) =
                    datagram::read(packet).and_then(|asked| reply(&asked, &service.serves, &self.name))
                {
                    self.later.insert((now + service.delay, self.taken), answer);
                    self.taken += 1;
                }
            }
            (Manner::Answers, false) => {
                if opens {
                    self.listen(desk);
                }
                self.sockets.receive(packet);
            }
        }
    }

    /// One listener takes one connection; a repeated opening finds the listener that took the first.
    fn listen(&mut self, desk: usize) {
        let service = &self.desks[desk].now;
        let patience = if matches!(service.serves, Serves::Http { .. }) { PATIENCE } else { LONG_PATIENCE };
        if let Some(socket) = self.sockets.listen(service.port, patience) {
            let (heard, answers, unsent) = (Vec::new(), VecDeque::new(), Vec::new());
            self.connections.push(Connection { socket, desk, heard, answers, unsent, greeted: false, closes: false });
        }
    }

    /// The service that a packet is for, and whether the packet opens a TCP connection.
    fn desk_of(&self, packet: &[u8]) -> Option<(usize, bool)> {
        if self.desks.is_empty() {
            return None;
        }
        let (udp, port, opens) = destination(packet)?;
        let desk = self.desks.iter().position(|desk| desk.now.port == port && desk.now.is_udp() == udp)?;
        Some((desk, opens))
    }

    /// Answers what has come, and appends what is to be sent.
    pub fn wake(&mut self, now: Instant, packets: &mut Vec<Vec<u8>>) {
        self.sockets.poll(now, packets);
        let (sockets, desks, name) = (&mut self.sockets, &self.desks, &self.name);
        self.connections.retain_mut(|connection| {
            let mut socket = sockets.stream(connection.socket);
            connection.advance(now, &mut socket, &desks[connection.desk].now, name);
            // A listener that is still one was made for an opening that another had taken.
            let over = matches!(socket.state(), State::Closed | State::Listen | State::TimeWait);
            if over {
                sockets.remove(connection.socket);
            }
            !over
        });
        self.sockets.poll(now, packets);
        while let Some(first) = self.later.first_entry().filter(|first| first.key().0 <= now) {
            packets.push(first.remove());
        }
    }

    /// When [`Responder::wake`] has something to do: always after `now`.
    pub fn next_wake(&self, now: Instant) -> Option<Instant> {
        let soon = Instant(now.0.saturating_add(1));
        let datagram = self.later.first_key_value().map(|((at, _), _)| *at);
        let answers = self
            .connections
            .iter()
            .filter_map(|c| c.answers.front().map(|(at, _)| *at).filter(|_| c.unsent.is_empty()));
        let answer = answers.chain(datagram).map(|at| at.max(soon)).min();
        [answer, self.sockets.next_wake(now)].into_iter().flatten().min()
    }

    /// Changes the services at a port. Call [`Responder::wake`] at the same moment.
    pub fn change(&mut self, port: u16, change: &ServiceChange) {
        for (position, desk) in self.desks.iter_mut().enumerate().filter(|(_, desk)| desk.now.port == port) {
            desk.manner = match change {
                ServiceChange::Refuse => Manner::Refuses,
                ServiceChange::Silent => Manner::Silent,
                _ => Manner::Answers,
            };
            match change {
                ServiceChange::Ok => desk.now = desk.given.clone(),
                ServiceChange::Slow(delay) => desk.now.delay = *delay,
                ServiceChange::Status(status) => desk.change_pages(|page| page.status = *status),
                ServiceChange::Body(body) => desk.change_pages(|page| page.body.clone_from(body)),
                ServiceChange::Greeting(line) => {
                    if let Serves::Smtp { greeting } = &mut desk.now.serves {
                        greeting.clone_from(line);
                    }
                }
                ServiceChange::Rcode(new) => {
                    if let Serves::Dns { rcode } = &mut desk.now.serves {
                        *rcode = *new;
                    }
                }
                ServiceChange::Silent => {}
                ServiceChange::Refuse => {
                    for connection in self.connections.iter_mut().filter(|c| c.desk == position) {
                        connection.answers.clear();
                        connection.closes = true;
                    }
                    if desk.now.is_udp() {
                        self.later.clear();
                    }
                }
            }
        }
    }

    /// The host has lost its power: nobody remembers any connection.
    pub fn power_loss(&mut self) {
        for connection in self.connections.drain(..) {
            self.sockets.remove(connection.socket);
        }
        self.later.clear();
    }
}

impl Desk {
    fn change_pages(&mut self, change: impl Fn(&mut Page)) {
        if let Serves::Http { page, paths } = &mut self.now.serves {
            paths.iter_mut().map(|(_, page)| page).chain([page]).for_each(change);
        }
    }
}

impl Connection {
    fn advance(&mut self, now: Instant, socket: &mut Stream<'_>, service: &Service, name: &str) {
        socket.read_all(&mut self.heard);
        if let Serves::Smtp { greeting } = &service.serves
            && socket.may_send()
            && !self.greeted
        {
            (self.greeted, self.closes) = (true, mail::leaves(greeting));
            self.answers.push_back((now + service.delay, [greeting.as_bytes(), b"\r\n"].concat()));
        }
        if !self.closes {
            self.understand(now + service.delay, &service.serves, name);
        }
        if socket.may_send() {
            while let Some((_, answer)) =
                self.answers.front().is_some_and(|(at, _)| *at <= now).then(|| self.answers.pop_front()).flatten()
            {
                self.unsent.extend(answer);
            }
            if !self.unsent.is_empty() {
                let sent = socket.send(&self.unsent);
                self.unsent.drain(..sent);
            }
        }
        let gone = !socket.may_recv() && socket.state() == State::CloseWait;
        if (self.closes || gone) && self.answers.is_empty() && self.unsent.is_empty() {
            socket.close();
        }
    }

    /// Takes whole requests from what was heard; their answers are due at `at`.
    fn understand(&mut self, at: Instant, serves: &Serves, name: &str) {
        match serves {
            Serves::Http { page, paths } => {
                if self.heard.windows(4).any(|w| w == b"\r\n\r\n") {
                    let path = path(&self.heard);
                    let own = paths.iter().find(|(of, _)| Some(of.as_bytes()) == path).map(|(_, page)| page);
                    self.answers.push_back((at, answer(own.unwrap_or(page))));
                    self.heard.clear();
                    self.closes = true;
                }
            }
            Serves::Tcp => {
                while let Some(end) = self.heard.iter().position(|byte| *byte == b'\n') {
                    let line: Vec<u8> = self.heard.drain(..=end).collect();
                    self.answers.push_back((at, [name.as_bytes(), b" ", &line].concat()));
                }
            }
            Serves::Smtp { greeting } => {
                while let Some(end) = self.heard.iter().position(|byte| *byte == b'\n').filter(|_| !self.closes) {
                    let line: Vec<u8> = self.heard.drain(..=end).collect();
                    let (answer, last) = mail::answer(greeting, &line, name);
                    self.answers.push_back((at, answer.into_bytes()));
                    self.closes = last;
                }
            }
            Serves::Udp | Serves::Dns { .. } => {}
        }
    }
}

/// What is sent back for a datagram.
fn reply(asked: &datagram::Datagram<'_>, serves: &Serves, name: &str) -> Option<Vec<u8>> {
    match serves {
        Serves::Dns { rcode } => {
            datagram::packet(asked.dst, asked.src, &names::answer(asked.payload, *rcode, asked.dst.0, name)?)
        }
        _ => datagram::packet(asked.dst, asked.src, asked.payload),
    }
}

/// The path of an HTTP request.
fn path(request: &[u8]) -> Option<&[u8]> {
    request.split(|byte| *byte == b' ' || *byte == b'\r').nth(1)
}

/// A page as it is sent.
fn answer(page: &Page) -> Vec<u8> {
    let Page { status, body } = page;
    let reason = match status {
        200..=299 => "OK",
        300..=399 => "Elsewhere",
        404 => "Not Found",
        503 => "Service Unavailable",
        _ => "Error",
    };
    format!("HTTP/1.0 {status} {reason}\r\nContent-Length: {}\r\n\r\n{body}", body.len()).into_bytes()
}

/// UDP or TCP, the port that a packet is for, and whether it opens a TCP connection.
fn destination(packet: &[u8]) -> Option<(bool, u16, bool)> {
    let (protocol, payload) = match packet.first()? >> 4 {
        4 => {
            let ip = Ipv4Packet::new_checked(packet).ok()?;
            (ip.next_header(), ip.payload())
        }
        6 => {
            let ip = Ipv6Packet::new_checked(packet).ok()?;
            (ip.next_header(), ip.payload())
        }
        _ => return None,
    };
    match protocol {
        IpProtocol::Udp => UdpPacket::new_checked(payload).ok().map(|udp| (true, udp.dst_port(), false)),
        IpProtocol::Tcp => {
            TcpPacket::new_checked(payload).ok().map(|tcp| (false, tcp.dst_port(), tcp.syn() && !tcp.ack()))
        }
        _ => None,
    }
}
