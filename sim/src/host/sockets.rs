//! One smoltcp interface with its sockets, driven by time as an argument.
use std::collections::VecDeque;
use std::net::{Ipv4Addr, Ipv6Addr};

use smoltcp::iface::{Config, Interface, PollResult, SocketHandle, SocketSet};
use smoltcp::phy::{Device, DeviceCapabilities, Medium, RxToken, TxToken};
use smoltcp::socket::tcp;
use smoltcp::wire::{HardwareAddress, IpAddress, IpCidr};
use vrrplab_engine::Instant;

/// The TCP half of a host, and whatever answers pings. It serves any address that its kernel lets through to it.
///
/// smoltcp counts in microseconds: nanoseconds are cut off on the way in.
pub struct Sockets {
    interface: Interface,
    pub(super) set: SocketSet<'static>,
    queues: Queues,
    next: Option<Instant>,
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
        Sockets { interface, set: SocketSet::new(Vec::new()), queues, next: None }
    }

    /// An IP packet for a socket of this host; it is looked at with the next [`Sockets::poll`].
    pub fn receive(&mut self, packet: &[u8]) {
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

    pub(super) fn add_tcp(&mut self) -> SocketHandle {
        let buffer = || tcp::SocketBuffer::new(vec![0; 1024]);
        self.set.add(tcp::Socket::new(buffer(), buffer()))
    }

    pub(super) fn connect(&mut self, handle: SocketHandle, local: (IpAddress, u16), remote: (IpAddress, u16)) -> bool {
        self.set.get_mut::<tcp::Socket<'_>>(handle).connect(self.interface.context(), remote, local).is_ok()
    }
}

/// Takes everything that has come on a connection.
pub(super) fn read_all(socket: &mut tcp::Socket<'_>, heard: &mut Vec<u8>) {
    while socket.can_recv() {
        let took = socket.recv(|bytes| {
            heard.extend_from_slice(bytes);
            (bytes.len(), ())
        });
        if took.is_err() {
            break;
        }
    }
}
