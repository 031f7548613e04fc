//! One long-lived TCP connection of a client: numbered lines go out, answers with the number come back.
use smoltcp::iface::SocketHandle;
use smoltcp::socket::tcp::State;

use super::sockets::Stream;
use super::trouble::Trouble;

/// The connection, while there is one.
#[derive(Clone)]
pub(super) struct Hold {
    pub(super) socket: SocketHandle,
    /// Our port.
    pub(super) port: u16,
    /// It has been open.
    established: bool,
    unsent: Vec<u8>,
    heard: Vec<u8>,
}

impl Hold {
    /// A connection that is being opened.
    pub(super) fn new(socket: SocketHandle, port: u16) -> Hold {
        Hold { socket, port, established: false, unsent: Vec::new(), heard: Vec::new() }
    }

    /// A line to be sent as soon as possible.
    pub(super) fn say(&mut self, request: u64) {
        self.unsent.extend(format!("{request}\n").into_bytes());
    }

    /// Hands to the socket what it takes.
    pub(super) fn send(&mut self, socket: &mut Stream<'_>) {
        if socket.may_send() {
            self.established = true;
            let sent = socket.send(&self.unsent);
            self.unsent.drain(..sent);
        }
    }

    /// Says and hears what it can; the numbers that were answered, and how the connection ended, if it did.
    pub(super) fn advance(&mut self, socket: &mut Stream<'_>) -> (Vec<u64>, Option<Trouble>) {
        self.send(socket);
        socket.read_all(&mut self.heard);
        let mut answered = Vec::new();
        while let Some(end) = self.heard.iter().position(|byte| *byte == b'\n') {
            let line: Vec<u8> = self.heard.drain(..=end).collect();
            let last = std::str::from_utf8(&line).ok().and_then(|line| line.split_whitespace().last());
            answered.extend(last.and_then(|number| number.parse::<u64>().ok()));
        }
        (answered, ended(socket, self.established))
    }
}

/// How a connection ended, when it did.
pub(super) fn ended(socket: &Stream<'_>, established: bool) -> Option<Trouble> {
    match socket.state() {
        State::Closed if established => Some(Trouble::Reset),
        State::Closed => Some(Trouble::Refused),
        _ if established && !socket.may_recv() => Some(Trouble::Closed),
        _ => None,
    }
}
