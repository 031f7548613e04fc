//! How fast the director is: new connections and packets of known ones for each scheduler, and a million connections at once.
//!
//! `cargo bench -p vrrplab-engine` measures; words after `--` choose (`schedule`, `million`). Under `cargo test --benches`, which
//! does not pass `--bench`, it only runs small sizes once.
use std::hint::black_box;
use std::net::{IpAddr, Ipv4Addr};
use std::time::Duration;

use vrrplab_engine::lvs::{Arrival, DestConfig, Director, Hook, IpvsCommand, Paths, ServiceConfig, Verdict, Virtual};
use vrrplab_engine::model::lvs::{Endpoint, Protocol, Scheduler};
use vrrplab_engine::{Instant, Span};
use vrrplab_wire::flow::add_words;
use vrrplab_wire::flow::{fold, pseudo_sum};
use vrrplab_wire::rewrite::checksum_v4;

const VIP: Ipv4Addr = Ipv4Addr::new(10, 99, 0, 1);
const WEB: Virtual = Virtual::Address(Protocol::Tcp, Endpoint { ip: IpAddr::V4(VIP), port: 80 });
const SYN: u8 = 2;
const ACK: u8 = 16;

struct Near;

impl Paths for Near {
    fn is_local(&self, _: IpAddr) -> bool {
        false
    }
    fn mtu(&self, _: IpAddr) -> u16 {
        1500
    }
    fn source(&self, _: IpAddr) -> IpAddr {
        Ipv4Addr::new(10, 0, 0, 254).into()
    }
}

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    let measured = arguments.iter().any(|a| a == "--bench") && !arguments.iter().any(|a| a == "--test");
    let wanted = |name: &str| {
        let mut filters = arguments.iter().skip(1).filter(|a| !a.starts_with('-')).peekable();
        filters.peek().is_none() || filters.any(|filter| name.contains(filter.as_str()))
    };
    if wanted("schedule") {
        schedulers(measured);
    }
    if wanted("million") {
        million(if measured { 1_000_000 } else { 1_000 });
    }
}

#[allow(clippy::disallowed_methods)] // measuring is what a benchmark is for
fn time<T>(work: impl FnOnce() -> T) -> (Duration, T) {
    let start = std::time::Instant::now();
    let result = black_box(work());
    (start.elapsed(), result)
}

/// A TCP segment of 40 bytes and its data, of the client with this number.
fn segment(client: u32, flags: u8) -> Vec<u8> {
    let ip = Ipv4Addr::from(0x0b00_0000 + client / 30_000);
    let port = (2_000 + client % 30_000) as u16;
    let mut packet = vec![0x45, 0, 0, 104, 0, 1, 0x40, 0, 64, 6, 0, 0];
    packet.extend(ip.octets());
    packet.extend(VIP.octets());
    checksum_v4(&mut packet);
    let mut tcp = Vec::new();
    tcp.extend(port.to_be_bytes());
    tcp.extend(80u16.to_be_bytes());
    tcp.extend([0, 0, 0, 1, 0, 0, 0, 2, 0x50, flags, 0xff, 0xff, 0, 0, 0, 0]);
    tcp.extend([7; 64]);
    let sum = fold(add_words(pseudo_sum(ip.into(), VIP.into(), 6, tcp.len()), &tcp));
    tcp[16..18].copy_from_slice(&sum.to_be_bytes());
    packet.extend(tcp);
    packet
}

fn director(scheduler: Scheduler, servers: u32, room: usize) -> Director {
    let mut director = Director::new(1, room);
    let config = ServiceConfig { scheduler: Some(scheduler), ..ServiceConfig::default() };
    director.apply(Instant::ZERO, &IpvsCommand::AddService(WEB, config)).expect("a new service");
    for n in 0..servers {
        let server = Endpoint { ip: Ipv4Addr::from(0x0a01_0000 + n).into(), port: 8000 };
        // `ovf` fills one server after another, so its weights are what they hold.
        let weight = if scheduler == Scheduler::Ovf { 1_000_000 } else { n % 5 + 1 };
        let config = DestConfig { weight, ..DestConfig::default() };
        director.apply(Instant::ZERO, &IpvsCommand::AddDest(WEB, server, config)).expect("a new server");
    }
    director
}

const ARRIVAL: Arrival = Arrival { hook: Hook::LocalIn, mark: 0 };

/// Hands each packet to the director, in a buffer of its own as a driver would; how many were forwarded.
fn pass(director: &mut Director, packets: &[Vec<u8>]) -> usize {
    let mut buffer = Vec::with_capacity(256);
    let forwarded = |packet: &&Vec<u8>| {
        buffer.clear();
        buffer.extend_from_slice(packet);
        let verdict = director.packet(Instant(1), ARRIVAL, &Near, &mut buffer);
        black_box(&buffer);
        matches!(verdict, Verdict::Forward(_))
    };
    packets.iter().filter(forwarded).count()
}

/// Nanoseconds for a SYN (schedule, new connection, forward) and for a later segment, for each scheduler and number of servers.
fn schedulers(measured: bool) {
    use Scheduler::*;
    let sizes: &[u32] = if measured { &[2, 100, 10_000] } else { &[2, 10] };
    println!("{:>6} {:>8} {:>12} {:>15}", "", "servers", "SYN ns", "segment ns");
    for scheduler in [Rr, Wrr, Lc, Wlc, Sed, Nq, Fo, Ovf, Sh, Mh, Dh, Lblc, Lblcr, Twos] {
        for &servers in sizes {
            let count = if !measured { 20 } else { 20_000 };
            let syns: Vec<Vec<u8>> = (0..count).map(|n| segment(n, SYN)).collect();
            let acks: Vec<Vec<u8>> = (0..count).map(|n| segment(n, ACK)).collect();
            let mut best = [Duration::MAX; 2];
            for _ in 0..if servers > 1_000 { 5 } else { 25 } {
                let mut director = director(scheduler, servers, count as usize);
                let (first, made) = time(|| pass(&mut director, &syns));
                let (later, known) = time(|| pass(&mut director, &acks));
                assert_eq!((made, known), (count as usize, count as usize));
                best = [best[0].min(first), best[1].min(later)];
            }
            let each = |took: Duration| took.as_nanos() / u128::from(count);
            println!("{:>6} {servers:>8} {:>12} {:>15}", scheduler.name(), each(best[0]), each(best[1]));
        }
    }
}

/// So many connections at once: making them, a segment for each in an order that no cache likes, their memory, their end.
fn million(count: u32) {
    for (name, room) in [("grown", 0), ("room made before", count as usize)] {
        let mut director = director(Scheduler::Wlc, 100, room);
        let syns: Vec<Vec<u8>> = (0..count).map(|n| segment(n, SYN)).collect();
        let (made, n) = time(|| pass(&mut director, &syns));
        assert_eq!((n, director.conns().len()), (count as usize, count as usize));
        drop(syns);
        let step = u64::from(count) * 5 / 8 + 1;
        let order = |n: u32| (u64::from(n) * step % u64::from(count)) as u32;
        let acks: Vec<Vec<u8>> = (0..count).map(|n| segment(order(n), ACK)).collect();
        let (known, n) = time(|| pass(&mut director, &acks));
        assert_eq!(n, count as usize);
        let bytes = director.conns().memory() as u64 / u64::from(count);
        let end = Instant(1) + Span::from_secs(1000);
        let (ended, ()) = time(|| director.handle(end));
        assert!(director.conns().is_empty());
        let each = |took: Duration| took.as_nanos() / u128::from(count);
        println!(
            "{count} connections, {name}: {} ns each to make, {} ns a segment, {} ns each to end, {bytes} bytes each",
            each(made),
            each(known),
            each(ended)
        );
    }
}
