//! One smoltcp interface with its sockets, driven by time as an argument.
use std::collections::VecDeque;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use smoltcp::iface::{Config, Interface, PollResult, SocketHandle, SocketSet};
use smoltcp::phy::{Device, DeviceCapabilities, Medium, RxToken, TxToken};
use smoltcp::socket::tcp::{self, State};
use smoltcp::time::Duration;
use smoltcp::wire::{HardwareAddress, IpAddress, IpCidr};
use vrrplab_engine::Instant;

use super::diary::{Deed, Diary};

/// The TCP half of a host, and whatever answers pings. It serves any address that its kernel lets through to it.
///
/// smoltcp counts in microseconds: nanoseconds are cut off on the way in.
pub struct Sockets {
    interface: Interface,
    set: SocketSet<'static>,
    queues: Queues,
    next: Option<Instant>,
    seed: u64,
    diary: Diary,
}

/// One connection.
pub(super) struct Stream<'a> {
    handle: SocketHandle,
    socket: &'a mut tcp::Socket<'static>,
    diary: &'a mut Diary,
}

#[derive(Default)]
struct Queues {
    rx: VecDeque<Vec<u8>>,
    tx: VecDeque<Vec<u8>>,
}

struct Received(Vec<u8>);
struct Sending<'a>(&'a mut VecDeque<Vec<u8>>);

impl RxToken for Received {
    fn consume<R, F: FnOnce(&[u8]) -> R>(self, f: F) -> R {
        f(&self.0)
    }
}
impl TxToken for Sending<'_> {
    fn consume<R, F: FnOnce(&mut [u8]) -> R>(self, len: usize, f: F) -> R {
        let mut bytes = vec![0; len];
        let result = f(&mut bytes);
        self.0.push_back(bytes);
        result
    }
}
impl Device for Queues {
    type RxToken<'a> = Received;
    type TxToken<'a> = Sending<'a>;
    fn receive(&mut self, _: smoltcp::time::Instant) -> Option<(Received, Sending<'_>)> {
        Some((Received(self.rx.pop_front()?), Sending(&mut self.tx)))
    }
    fn transmit(&mut self, _: smoltcp::time::Instant) -> Option<Sending<'_>> {
        Some(Sending(&mut self.tx))
    }
    fn capabilities(&self) -> DeviceCapabilities {
        let mut capabilities = DeviceCapabilities::default();
        (capabilities.medium, capabilities.max_transmission_unit) = (Medium::Ip, 1500);
        capabilities
    }
}

fn micros(now: Instant) -> smoltcp::time::Instant {
    smoltcp::time::Instant::from_micros(i64::try_from(now.0 / 1_000).unwrap_or(i64::MAX))
}

impl Sockets {
    /// No sockets yet. The seed gives TCP its first sequence numbers.
    pub fn new(seed: u64) -> Sockets {
        let mut config = Config::new(HardwareAddress::Ip);
        config.random_seed = seed;
        let mut queues = Queues::default();
        let mut interface = Interface::new(config, &mut queues, smoltcp::time::Instant::ZERO);
        // Never on the wire: every socket names its own address. They make the default routes that any_ip asks for.
        let (v4, v6) = (Ipv4Addr::new(192, 0, 2, 1), Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 1));
        interface.update_ip_addrs(|addresses| {
            let own = [IpCidr::new(IpAddress::Ipv4(v4), 32), IpCidr::new(IpAddress::Ipv6(v6), 128)];
            addresses.extend(own);
        });
        interface.set_any_ip(true);
        // Room for two routes is built in; without them nothing would be answered, which tests would show.
        let _ = interface.routes_mut().add_default_ipv4_route(v4);
        let _ = interface.routes_mut().add_default_ipv6_route(v6);
        Sockets { interface, set: SocketSet::new(Vec::new()), queues, next: None, seed, diary: Diary::default() }
    }

    /// Whether it is written down what is done with them, so that they can be doubled. It is from the beginning, or not at
    /// all; it ends when nobody will double them any more.
    pub fn keep_diary(&mut self, keep: bool) {
        self.diary = if keep { Diary::open() } else { Diary::default() };
    }

    /// An IP packet for a socket of this host; it is looked at with the next [`Sockets::poll`].
    pub fn receive(&mut self, packet: &[u8]) {
        self.diary.note(|| Deed::Heard(packet.into()));
        self.queues.rx.push_back(packet.to_vec());
    }

    /// Whether packets wait for [`Sockets::poll`].
    pub fn waiting(&self) -> bool {
        !self.queues.rx.is_empty()
    }

    /// Lets the sockets work, and appends the packets that they send.
    pub fn poll(&mut self, now: Instant, packets: &mut Vec<Vec<u8>>) {
        if !self.waiting() && self.set.iter().next().is_none() {
            self.next = None;
            return;
        }
        self.diary.note(|| Deed::Polled(now));
        let time = micros(now);
        while self.interface.poll(time, &mut self.queues, &mut self.set) != PollResult::None {}
        packets.extend(self.queues.tx.drain(..));
        let at = self.interface.poll_at(time, &self.set).map(|at| at.total_micros().max(0).unsigned_abs());
        self.next = at.map(|us| Instant(us.saturating_mul(1_000)));
    }

    /// When [`Sockets::poll`] has something to do: always after `now`, on a whole microsecond.
    pub fn next_wake(&self, now: Instant) -> Option<Instant> {
        let soon = Instant((now.0 / 1_000 + 1) * 1_000);
        if self.waiting() { Some(soon) } else { self.next.map(|at| at.max(soon)) }
    }

    fn add_tcp(&mut self) -> SocketHandle {
        let buffer = || tcp::SocketBuffer::new(vec![0; 1024]);
        self.set.add(tcp::Socket::new(buffer(), buffer()))
    }

    /// A new connection from one address and port of this host to another's.
    pub(super) fn connect(&mut self, from: (IpAddr, u16), to: (IpAddr, u16)) -> SocketHandle {
        self.diary.note(|| Deed::Connected { from, to });
        let handle = self.add_tcp();
        let socket = self.set.get_mut::<tcp::Socket<'_>>(handle);
        // It fails only where an address or a port is nothing: then the connection is closed, as its user sees.
        let _ = socket.connect(self.interface.context(), to, from);
        handle
    }

    /// Waits for one connection at a port, on which the other side may be silent for so long.
    pub(super) fn listen(&mut self, port: u16, patience: Duration) -> Option<SocketHandle> {
        self.diary.note(|| Deed::Listened { port, patience });
        let handle = self.add_tcp();
        let listener = self.set.get_mut::<tcp::Socket<'_>>(handle);
        listener.set_timeout(Some(patience));
        if listener.listen(port).is_ok() {
            return Some(handle);
        }
        self.set.remove(handle);
        None
    }

    /// What may be done with a connection.
    pub(super) fn stream(&mut self, handle: SocketHandle) -> Stream<'_> {
        Stream { handle, socket: self.set.get_mut(handle), diary: &mut self.diary }
    }

    pub(super) fn state(&self, handle: SocketHandle) -> State {
        self.set.get::<tcp::Socket<'_>>(handle).state()
    }

    /// Forgets a connection without a word.
    pub(super) fn remove(&mut self, handle: SocketHandle) {
        self.diary.note(|| Deed::Removed(handle));
        self.set.remove(handle);
    }

    fn repeat(&mut self, deed: &Deed) {
        match deed {
            Deed::Heard(packet) => self.receive(packet),
            Deed::Polled(now) => self.poll(*now, &mut Vec::new()),
            Deed::Connected { from, to } => drop(self.connect(*from, *to)),
            Deed::Listened { port, patience } => drop(self.listen(*port, *patience)),
            Deed::Said(handle, words) => drop(self.stream(*handle).send(words)),
            Deed::Read(handle) => self.stream(*handle).read_all(&mut Vec::new()),
            Deed::Closed(handle) => self.stream(*handle).close(),
            Deed::Aborted(handle) => self.stream(*handle).abort(),
            Deed::Removed(handle) => self.remove(*handle),
        }
    }
}

impl Clone for Sockets {
    /// smoltcp's sockets cannot be copied: all that was done with these is done once more with others of the same seed.
    ///
    /// # Panics
    ///
    /// When they have kept no diary.
    fn clone(&self) -> Sockets {
        let mut again = Sockets::new(self.seed);
        for deed in self.diary.deeds().expect("sockets that are doubled have kept a diary") {
            again.repeat(deed);
        }
        again.diary = self.diary.clone();
        again
    }
}

impl Stream<'_> {
    pub fn state(&self) -> State {
        self.socket.state()
    }

    pub fn may_send(&self) -> bool {
        self.socket.may_send()
    }

    pub fn may_recv(&self) -> bool {
        self.socket.may_recv()
    }

    /// Says as much of this as there is room for, which is so many bytes.
    pub fn send(&mut self, words: &[u8]) -> usize {
        self.diary.note(|| Deed::Said(self.handle, words.into()));
        self.socket.send_slice(words).unwrap_or(0)
    }

    /// Takes everything that has come.
    pub fn read_all(&mut self, heard: &mut Vec<u8>) {
        while self.socket.can_recv() {
            self.diary.note(|| Deed::Read(self.handle));
            let took = self.socket.recv(|bytes| {
                heard.extend_from_slice(bytes);
                (bytes.len(), ())
            });
            if took.is_err() {
                break;
            }
        }
    }

    pub fn close(&mut self) {
        self.diary.note(|| Deed::Closed(self.handle));
        self.socket.close();
    }

    /// Closes it with a reset.
    pub fn abort(&mut self) {
        self.diary.note(|| Deed::Aborted(self.handle));
        self.socket.abort();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const OWN: (IpAddr, u16) = (IpAddr::V4(Ipv4Addr::new(10, 0, 0, 1)), 40_000);
    const OTHER: (IpAddr, u16) = (IpAddr::V4(Ipv4Addr::new(10, 0, 0, 2)), 80);

    /// What two hosts say to each other until nobody says more, and how it looks after that.
    fn talk(asks: &mut Sockets, serves: &mut Sockets, ends: [SocketHandle; 2]) -> (Vec<Vec<u8>>, [State; 2], Vec<u8>) {
        let mut said = Vec::new();
        for ms in 0..20 {
            let now = Instant(ms * 1_000_000);
            for turn in 0..2 {
                let (from, to) = if turn == 0 { (&mut *asks, &mut *serves) } else { (&mut *serves, &mut *asks) };
                let mut packets = Vec::new();
                from.poll(now, &mut packets);
                packets.iter().for_each(|packet| to.receive(packet));
                said.extend(packets);
            }
        }
        let mut heard = Vec::new();
        serves.stream(ends[1]).read_all(&mut heard);
        (said, [asks.state(ends[0]), serves.state(ends[1])], heard)
    }

    #[test]
    fn a_double_does_what_the_other_does_and_does_not_feel_it() {
        let [mut asks, mut serves] = [1, 2].map(Sockets::new);
        asks.keep_diary(true);
        serves.keep_diary(true);
        let ends = [asks.connect(OWN, OTHER), serves.listen(80, Duration::from_secs(60)).unwrap()];
        let (opening, states, _) = talk(&mut asks, &mut serves, ends);
        assert_eq!((opening.len(), states), (3, [State::Established; 2]));
        let (mut asks_too, mut serves_too) = (asks.clone(), serves.clone());
        assert_eq!(asks.stream(ends[0]).send(b"one"), 3);
        let (said, _, heard) = talk(&mut asks, &mut serves, ends);
        assert_eq!(heard, b"one");
        assert_eq!(asks_too.stream(ends[0]).send(b"one"), 3);
        assert_eq!(talk(&mut asks_too, &mut serves_too, ends), (said, [State::Established; 2], heard));
        // a double of a double knows the whole story; its last word is a reset
        let mut third = asks_too.clone();
        third.stream(ends[0]).abort();
        let (_, states, _) = talk(&mut third, &mut serves_too, ends);
        assert_eq!(states, [State::Closed; 2]);
        assert_eq!(asks_too.state(ends[0]), State::Established);
    }

    #[test]
    #[should_panic(expected = "have kept a diary")]
    fn sockets_without_a_diary_are_not_doubled_wrongly() {
        drop(Sockets::new(1).clone());
    }
}
