//! A client process: it asks at a fixed rate, and knows which requests were answered in time.
use std::collections::BTreeMap;
use std::net::IpAddr;

use smoltcp::iface::SocketHandle;
use smoltcp::socket::tcp::State;
use smoltcp::wire::IpProtocol;
use vrrplab_engine::{Instant, Span};
use vrrplab_formats::world::{Ask, Client};

use super::hold::{Hold, ended};
use super::sockets::{Sockets, Stream};
use super::trouble::{Complaint, Trouble, complaint};
use super::{datagram, echo};
use crate::chance::Chance;

const FIRST_PORT: u16 = 49_152;
const PORTS: u64 = 16_384;
const GET: &[u8] = b"GET / HTTP/1.0\r\n\r\n";

/// What happened to a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    /// It was sent.
    Asked {
        /// Its number, from 0.
        request: u64,
    },
    /// It was answered in time.
    Answered {
        /// Its number.
        request: u64,
        /// When it had been sent.
        asked: Instant,
    },
    /// Its time ran out, or it was refused.
    Lost {
        /// Its number.
        request: u64,
        /// When it had been sent.
        asked: Instant,
    },
    /// Something else than an answer came, or had to be done.
    Trouble(Trouble),
}

/// The process of one client.
#[derive(Clone)]
pub struct Asker {
    own: IpAddr,
    ask: Ask,
    every: Span,
    timeout: Span,
    next_ask: Instant,
    next_request: u64,
    open: BTreeMap<u64, Request>,
    /// Connections whose request has its answer, on their way to be closed; until then at the latest.
    closing: Vec<(SocketHandle, Instant)>,
    /// Answers that have come, and complaints about what was sent.
    answers: Vec<u64>,
    complaints: Vec<Complaint>,
    /// The long-lived connection, and how many there have been.
    hold: Option<Hold>,
    held: u64,
    sockets: Sockets,
}

#[derive(Clone)]
struct Request {
    asked: Instant,
    connection: Option<Connection>,
}

#[derive(Clone)]
struct Connection {
    socket: SocketHandle,
    port: u16,
    said: bool,
    heard: Vec<u8>,
}

/// What a connection has come to.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Progress {
    Open,
    Good,
    Bad(Trouble),
}

impl Asker {
    /// A client that has not asked yet. The seed is that of the world.
    pub fn new(client: &Client, seed: u64) -> Asker {
        Asker {
            own: client.addr.ip,
            ask: client.ask,
            // No request rate is infinite.
            every: client.every.max(Span(1)),
            timeout: client.timeout,
            next_ask: client.from,
            next_request: 0,
            open: BTreeMap::new(),
            closing: Vec::new(),
            answers: Vec::new(),
            complaints: Vec::new(),
            hold: None,
            held: 0,
            sockets: Sockets::new(Chance::new(seed, &format!("client/{}", client.name)).bits()),
        }
    }

    /// Whether it can be doubled, from its beginning on; see [`Sockets::keep_diary`].
    pub fn keep_diary(&mut self, keep: bool) {
        self.sockets.keep_diary(keep);
    }

    /// An IP packet for this host. It is judged by the next [`Asker::wake`].
    pub fn receive(&mut self, _now: Instant, packet: &[u8]) {
        if let Some(complaint) = complaint(packet) {
            return self.complaints.push(complaint);
        }
        match self.ask {
            Ask::Ping(target) => match echo::reply(packet) {
                Some((from, request)) if from == target => self.answers.push(request),
                _ => self.sockets.receive(packet),
            },
            Ask::Udp(target, port) => match datagram::read(packet) {
                Some(said) if said.src == (target, port) && said.dst.1 == FIRST_PORT => {
                    self.answers.extend(said.payload.try_into().map(u64::from_be_bytes));
                }
                _ => self.sockets.receive(packet),
            },
            Ask::Http(..) | Ask::Hold(..) => self.sockets.receive(packet),
        }
    }

    /// Judges answers, gives up on requests that are out of time, asks what is due, and appends what is to be sent.
    ///
    /// An answer that is received at the very end of a request's time still counts.
    pub fn wake(&mut self, now: Instant, packets: &mut Vec<Vec<u8>>, events: &mut Vec<Event>) {
        for request in std::mem::take(&mut self.answers) {
            self.answered(request, events);
        }
        self.sockets.poll(now, packets);
        for complaint in std::mem::take(&mut self.complaints) {
            self.hear(now, &complaint, packets, events);
        }
        self.advance(now, packets, events);
        self.advance_hold(now, packets, events);
        self.give_up(now, packets, events);
        while self.next_ask <= now {
            let request = self.next_request;
            self.next_request += 1;
            self.next_ask += self.every;
            events.push(Event::Asked { request });
            self.open(now, request, packets);
        }
        self.sockets.poll(now, packets);
    }

    /// When [`Asker::wake`] has something to do: always after `now`.
    pub fn next_wake(&self, now: Instant) -> Option<Instant> {
        let soon = Instant(now.0.saturating_add(1));
        let mut next = self.next_ask;
        if !self.answers.is_empty() || !self.complaints.is_empty() {
            next = soon;
        }
        // Requests are asked in order and have equal time.
        if let Some(first) = self.open.values().next() {
            next = next.min(first.asked + self.timeout);
        }
        let ends = self.closing.iter().map(|(_, until)| *until);
        let next = ends.chain(self.sockets.next_wake(now)).fold(next, Instant::min);
        Some(next.max(soon))
    }

    fn open(&mut self, now: Instant, request: u64, packets: &mut Vec<Vec<u8>>) {
        let connection = match self.ask {
            Ask::Ping(target) => {
                packets.extend(echo::request(self.own, target, request));
                None
            }
            Ask::Http(target, port) => {
                let local = FIRST_PORT + u16::try_from(request % PORTS).unwrap_or(0);
                let socket = self.sockets.connect((self.own, local), (target, port));
                Some(Connection { socket, port: local, said: false, heard: Vec::new() })
            }
            Ask::Udp(target, port) => {
                let question = request.to_be_bytes();
                packets.extend(datagram::packet((self.own, FIRST_PORT), (target, port), &question));
                None
            }
            Ask::Hold(target, port) => {
                self.say(request, (target, port));
                None
            }
        };
        self.open.insert(request, Request { asked: now, connection });
    }

    /// Says and hears on every connection.
    fn advance(&mut self, now: Instant, packets: &mut Vec<Vec<u8>>, events: &mut Vec<Event>) {
        let mut done = Vec::new();
        for (&request, open) in &mut self.open {
            let Some(connection) = &mut open.connection else {
                continue;
            };
            match connection.advance(&mut self.sockets.stream(connection.socket)) {
                Progress::Open => {}
                progress => done.push((request, progress)),
            }
        }
        for (request, progress) in done {
            let Some(Request { asked, connection: Some(connection) }) = self.open.remove(&request) else {
                continue;
            };
            if let Progress::Bad(trouble) = progress {
                self.drop_socket(now, connection.socket, packets);
                events.push(Event::Trouble(trouble));
                events.push(Event::Lost { request, asked });
            } else {
                self.sockets.stream(connection.socket).close();
                self.closing.push((connection.socket, now + self.timeout));
                events.push(Event::Answered { request, asked });
            }
        }
        let sockets = &mut self.sockets;
        self.closing.retain(|(handle, until)| {
            let over = matches!(sockets.state(*handle), State::Closed | State::TimeWait) || *until <= now;
            if over {
                sockets.remove(*handle);
            }
            !over
        });
    }

    fn give_up(&mut self, now: Instant, packets: &mut Vec<Vec<u8>>, events: &mut Vec<Event>) {
        while let Some(first) = self.open.first_entry().filter(|e| e.get().asked + self.timeout <= now) {
            let (request, Request { asked, connection }) = first.remove_entry();
            if let Some(connection) = connection {
                self.drop_socket(now, connection.socket, packets);
            }
            events.push(Event::Lost { request, asked });
            if self.hold.is_some() {
                self.break_hold(now, Trouble::GivenUp, packets, events);
            }
        }
    }

    fn answered(&mut self, request: u64, events: &mut Vec<Event>) {
        if let Some(Request { asked, .. }) = self.open.remove(&request) {
            events.push(Event::Answered { request, asked });
        }
    }

    /// Someone on the way, or the host asked, says that a packet could not be delivered.
    fn hear(&mut self, now: Instant, complaint: &Complaint, packets: &mut Vec<Vec<u8>>, events: &mut Vec<Event>) {
        if complaint.dst != self.ask.target() {
            return;
        }
        let trouble = complaint.trouble();
        let first = self.open.keys().next().copied();
        let about = match (self.ask, complaint.protocol) {
            (Ask::Ping(_), IpProtocol::Icmp | IpProtocol::Icmpv6) => {
                let sequence = complaint.word(6).map(u64::from);
                self.open.keys().copied().find(|request| Some(request & 0xffff) == sequence)
            }
            (Ask::Udp(..), IpProtocol::Udp) if complaint.word(0) == Some(FIRST_PORT) => {
                let number = complaint.payload.get(8..16).and_then(|number| number.try_into().ok());
                number.map(u64::from_be_bytes).or(first)
            }
            (Ask::Http(..), IpProtocol::Tcp) => {
                let at = |request: &Request| request.connection.as_ref().map(|c| c.port);
                self.open.iter().find(|(_, request)| at(request) == complaint.word(0)).map(|(request, _)| *request)
            }
            (Ask::Hold(..), IpProtocol::Tcp) => {
                let Some(hold) = self.hold.as_ref().filter(|hold| complaint.word(0) == Some(hold.port)) else { return };
                if self.is_opening(hold.socket) {
                    return self.break_hold(now, trouble, packets, events);
                }
                return events.push(Event::Trouble(trouble));
            }
            _ => return,
        };
        let Some((request, open)) = about.and_then(|request| Some((request, self.open.get(&request)?))) else { return };
        events.push(Event::Trouble(trouble));
        // Like Linux's, an open connection outlives such complaints.
        if open.connection.as_ref().is_some_and(|connection| !self.is_opening(connection.socket)) {
            return;
        }
        if let Some(Request { asked, connection }) = self.open.remove(&request) {
            if let Some(connection) = connection {
                self.drop_socket(now, connection.socket, packets);
            }
            events.push(Event::Lost { request, asked });
        }
    }

    fn is_opening(&self, socket: SocketHandle) -> bool {
        self.sockets.state(socket) == State::SynSent
    }

    /// A line over the long-lived connection, which is opened when there is none.
    fn say(&mut self, request: u64, (target, port): (IpAddr, u16)) {
        if self.hold.is_none() {
            let local = FIRST_PORT + u16::try_from(self.held % PORTS).unwrap_or(0);
            self.held += 1;
            let socket = self.sockets.connect((self.own, local), (target, port));
            self.hold = Some(Hold::new(socket, local));
        }
        if let Some(hold) = &mut self.hold {
            hold.say(request);
            hold.send(&mut self.sockets.stream(hold.socket));
        }
    }

    fn advance_hold(&mut self, now: Instant, packets: &mut Vec<Vec<u8>>, events: &mut Vec<Event>) {
        let Some(hold) = &mut self.hold else { return };
        let (answered, ended) = hold.advance(&mut self.sockets.stream(hold.socket));
        for request in answered {
            self.answered(request, events);
        }
        if let Some(trouble) = ended {
            self.break_hold(now, trouble, packets, events);
        }
    }

    /// The long-lived connection is over, and with it everything that was asked on it.
    fn break_hold(&mut self, now: Instant, why: Trouble, packets: &mut Vec<Vec<u8>>, events: &mut Vec<Event>) {
        let Some(hold) = self.hold.take() else { return };
        self.drop_socket(now, hold.socket, packets);
        events.push(Event::Trouble(why));
        for (request, Request { asked, .. }) in std::mem::take(&mut self.open) {
            events.push(Event::Lost { request, asked });
        }
    }

    /// Leaves a connection. Like Linux, it says so with a reset, but not while it is still being opened.
    fn drop_socket(&mut self, now: Instant, handle: SocketHandle, packets: &mut Vec<Vec<u8>>) {
        if !self.is_opening(handle) {
            self.sockets.stream(handle).abort();
            self.sockets.poll(now, packets);
        }
        self.sockets.remove(handle);
    }
}

impl Connection {
    fn advance(&mut self, socket: &mut Stream<'_>) -> Progress {
        if !self.said && socket.may_send() {
            self.said = socket.send(GET) == GET.len();
        }
        socket.read_all(&mut self.heard);
        match self.heard.windows(2).position(|w| w == b"\r\n") {
            Some(end) if is_success(&self.heard[..end]) => Progress::Good,
            Some(_) => Progress::Bad(Trouble::Wrong),
            None => ended(socket, self.said).map_or(Progress::Open, Progress::Bad),
        }
    }
}

/// A status line `HTTP/1.x 200 ...`.
fn is_success(line: &[u8]) -> bool {
    line.starts_with(b"HTTP/1.") && line.get(8..12) == Some(b" 200") && matches!(line.get(12), None | Some(b' '))
}
