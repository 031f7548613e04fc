//! What answers on a router: the kernel's echo replies and, where wanted, a web server on port 80.
use smoltcp::iface::SocketHandle;
use smoltcp::socket::tcp;
use smoltcp::time::Duration;
use smoltcp::wire::{IpProtocol, Ipv4Packet, Ipv6Packet, TcpPacket};
use vrrplab_engine::Instant;

use super::sockets::{Sockets, read_all};
use crate::chance::Chance;

const PORT: u16 = 80;
/// A client that has said nothing for so long is gone.
const PATIENCE: Duration = Duration::from_secs(60);

/// Answers pings, refuses what nobody listens for, and serves `GET` on port 80 of any address when told to.
pub struct Responder {
    answer: Vec<u8>,
    http: bool,
    sockets: Sockets,
    connections: Vec<Connection>,
}

struct Connection {
    socket: SocketHandle,
    heard: Vec<u8>,
}

impl Responder {
    /// The server's answer is its name. The seed is that of the world.
    pub fn new(name: &str, http: bool, seed: u64) -> Responder {
        let body = format!("{name}\n");
        let answer = format!("HTTP/1.0 200 OK\r\nContent-Length: {}\r\n\r\n{body}", body.len());
        Responder {
            answer: answer.into_bytes(),
            http,
            sockets: Sockets::new(Chance::new(seed, &format!("server/{name}")).bits()),
            connections: Vec::new(),
        }
    }

    /// An IP packet for this host. It is answered by the next [`Responder::wake`].
    pub fn receive(&mut self, _now: Instant, packet: &[u8]) {
        if self.http && opens(packet) {
            // One listener takes one connection; a repeated opening finds the listener that took the first.
            let socket = self.sockets.add_tcp();
            let listener = self.sockets.set.get_mut::<tcp::Socket<'_>>(socket);
            listener.set_timeout(Some(PATIENCE));
            if listener.listen(PORT).is_ok() {
                self.connections.push(Connection { socket, heard: Vec::new() });
            } else {
                self.sockets.set.remove(socket);
            }
        }
        self.sockets.receive(packet);
    }

    /// Answers what has come, and appends what is to be sent.
    pub fn wake(&mut self, now: Instant, packets: &mut Vec<Vec<u8>>) {
        self.sockets.poll(now, packets);
        let (set, answer) = (&mut self.sockets.set, &self.answer);
        self.connections.retain_mut(|connection| {
            let socket = set.get_mut::<tcp::Socket<'_>>(connection.socket);
            connection.advance(socket, answer);
            // A listener that is still one was made for an opening that another had taken.
            let over = matches!(socket.state(), tcp::State::Closed | tcp::State::Listen | tcp::State::TimeWait);
            if over {
                set.remove(connection.socket);
            }
            !over
        });
        self.sockets.poll(now, packets);
    }

    /// When [`Responder::wake`] has something to do: always after `now`.
    pub fn next_wake(&self, now: Instant) -> Option<Instant> {
        self.sockets.next_wake(now)
    }
}

impl Connection {
    fn advance(&mut self, socket: &mut tcp::Socket<'_>, answer: &[u8]) {
        read_all(socket, &mut self.heard);
        let asked = self.heard.windows(4).any(|w| w == b"\r\n\r\n");
        let gone = !socket.may_recv() && socket.state() == tcp::State::CloseWait;
        if asked && socket.may_send() && socket.send_slice(answer).is_ok() {
            self.heard.clear();
            socket.close();
        } else if gone {
            socket.close();
        }
    }
}

/// Whether the packet opens a TCP connection to the web server.
fn opens(packet: &[u8]) -> bool {
    let tcp = |payload: &[u8]| {
        TcpPacket::new_checked(payload).is_ok_and(|tcp| tcp.dst_port() == PORT && tcp.syn() && !tcp.ack())
    };
    match packet.first().map(|b| b >> 4) {
        Some(4) => {
            Ipv4Packet::new_checked(packet).is_ok_and(|ip| ip.next_header() == IpProtocol::Tcp && tcp(ip.payload()))
        }
        Some(6) => {
            Ipv6Packet::new_checked(packet).is_ok_and(|ip| ip.next_header() == IpProtocol::Tcp && tcp(ip.payload()))
        }
        _ => false,
    }
}
