//! A client process: it asks at a fixed rate, and knows which requests were answered in time.
use std::collections::BTreeMap;
use std::net::IpAddr;

use smoltcp::iface::SocketHandle;
use smoltcp::socket::tcp;
use vrrplab_engine::{Instant, Span};
use vrrplab_formats::world::{Ask, Client};

use super::echo;
use super::sockets::{Sockets, read_all};
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
}

/// The process of one client.
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
    pongs: Vec<u64>,
    sockets: Sockets,
}

struct Request {
    asked: Instant,
    connection: Option<Connection>,
}

struct Connection {
    socket: SocketHandle,
    said: bool,
    heard: Vec<u8>,
}

/// What a connection has come to.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Progress {
    Open,
    Good,
    Bad,
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
            pongs: Vec::new(),
            sockets: Sockets::new(Chance::new(seed, &format!("client/{}", client.name)).bits()),
        }
    }

    /// An IP packet for this host. It is judged by the next [`Asker::wake`].
    pub fn receive(&mut self, _now: Instant, packet: &[u8]) {
        match (self.ask, echo::reply(packet)) {
            (Ask::Ping(target), Some((from, request))) if from == target => self.pongs.push(request),
            _ => self.sockets.receive(packet),
        }
    }

    /// Judges answers, gives up on requests that are out of time, asks what is due, and appends what is to be sent.
    ///
    /// An answer that is received at the very end of a request's time still counts.
    pub fn wake(&mut self, now: Instant, packets: &mut Vec<Vec<u8>>, events: &mut Vec<Event>) {
        for request in std::mem::take(&mut self.pongs) {
            if let Some(Request { asked, .. }) = self.open.remove(&request) {
                events.push(Event::Answered { request, asked });
            }
        }
        self.sockets.poll(now, packets);
        self.advance(now, packets, events);
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
        if !self.pongs.is_empty() {
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
                let socket = self.sockets.add_tcp();
                let local = FIRST_PORT + u16::try_from(request % PORTS).unwrap_or(0);
                self.sockets.connect(socket, (self.own.into(), local), (target.into(), port));
                Some(Connection { socket, said: false, heard: Vec::new() })
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
            let socket = self.sockets.set.get_mut::<tcp::Socket<'_>>(connection.socket);
            match connection.advance(socket) {
                Progress::Open => {}
                progress => done.push((request, progress)),
            }
        }
        for (request, progress) in done {
            let Some(Request { asked, connection: Some(connection) }) = self.open.remove(&request) else {
                continue;
            };
            if progress == Progress::Good {
                self.sockets.set.get_mut::<tcp::Socket<'_>>(connection.socket).close();
                self.closing.push((connection.socket, now + self.timeout));
                events.push(Event::Answered { request, asked });
            } else {
                self.drop_socket(now, connection.socket, packets);
                events.push(Event::Lost { request, asked });
            }
        }
        let set = &mut self.sockets.set;
        self.closing.retain(|(handle, until)| {
            let state = set.get::<tcp::Socket<'_>>(*handle).state();
            let over = matches!(state, tcp::State::Closed | tcp::State::TimeWait) || *until <= now;
            if over {
                set.remove(*handle);
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
        }
    }

    /// Leaves a connection. Like Linux, it says so with a reset, but not while it is still being opened.
    fn drop_socket(&mut self, now: Instant, handle: SocketHandle, packets: &mut Vec<Vec<u8>>) {
        let socket = self.sockets.set.get_mut::<tcp::Socket<'_>>(handle);
        if socket.state() != tcp::State::SynSent {
            socket.abort();
            self.sockets.poll(now, packets);
        }
        self.sockets.set.remove(handle);
    }
}

impl Connection {
    fn advance(&mut self, socket: &mut tcp::Socket<'_>) -> Progress {
        if !self.said && socket.may_send() {
            self.said = socket.send_slice(GET).is_ok();
        }
        read_all(socket, &mut self.heard);
        match self.heard.windows(2).position(|w| w == b"\r\n") {
            Some(end) if is_success(&self.heard[..end]) => Progress::Good,
            Some(_) => Progress::Bad,
            None if !socket.is_open() || (self.said && !socket.may_recv()) => Progress::Bad,
            None => Progress::Open,
        }
    }
}

/// A status line `HTTP/1.x 200 ...`.
fn is_success(line: &[u8]) -> bool {
    line.starts_with(b"HTTP/1.") && line.get(8..12) == Some(b" 200") && matches!(line.get(12), None | Some(b' '))
}
