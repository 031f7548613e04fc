//! A client and two servers above their kernels, on one wire where every frame arrives at once.
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use vrrplab_engine::model::{IfAddr, IfIndex, Mac};
use vrrplab_engine::{Instant, Span};
use vrrplab_formats::world::{Ask, Client, NetworkId, Service};

mod services;

use super::*;
use crate::kernel::{IfaceSetup, Kernel, KernelOut};

const ETH0: IfIndex = IfIndex(2);
const VIP: IpAddr = IpAddr::V4(Ipv4Addr::new(10, 0, 0, 100));

fn addr(ip: IpAddr) -> IfAddr {
    IfAddr { ip, prefix: if ip.is_ipv4() { 24 } else { 64 } }
}
fn v4(last: u8) -> IpAddr {
    Ipv4Addr::new(10, 0, 0, last).into()
}
fn mac(n: u8) -> Mac {
    Mac([2, 0, 0, 0, 0, n])
}
fn at(ms: u64) -> Instant {
    Instant::ZERO + Span::from_millis(ms)
}

/// Host 0 is the client, the others are servers.
struct Lan {
    kernels: Vec<Kernel>,
    asker: Asker,
    responders: Vec<Responder>,
    plugged: Vec<bool>,
    frames: usize,
    events: Vec<(Instant, Event)>,
}

impl Lan {
    fn new(own: IpAddr, servers: [IpAddr; 2], services: &[Service], ask: Ask) -> Lan {
        let kernel = |n: u8, ip| {
            Kernel::new(vec![IfaceSetup { index: ETH0, name: "eth0".into(), mac: mac(n), addresses: vec![addr(ip)] }])
        };
        let client = Client {
            name: "c".into(),
            network: NetworkId(0),
            mac: mac(0),
            addr: addr(own),
            ask,
            every: Span::from_millis(500),
            timeout: Span::from_millis(400),
            from: at(100),
            late_after: Span::from_millis(100),
            block: None,
            gateway: None,
            attachment: vrrplab_formats::world::Attachment::default(),
        };
        Lan {
            kernels: vec![kernel(0, own), kernel(1, servers[0]), kernel(2, servers[1])],
            asker: Asker::new(&client, 1),
            responders: vec![Responder::new("r1", services, 1), Responder::new("r2", services, 1)],
            plugged: vec![true; 3],
            frames: 0,
            events: Vec::new(),
        }
    }

    fn carry(&mut self, now: Instant, host: usize, out: Vec<KernelOut>) {
        for out in out {
            match out {
                KernelOut::Local { packet } if host == 0 => {
                    self.asker.receive(now, &packet);
                    self.run_host(now, 0);
                }
                KernelOut::Local { packet } => {
                    self.responders[host - 1].receive(now, &packet);
                    self.run_host(now, host);
                }
                KernelOut::Ended(end) => panic!("nobody balances here: {end:?}"),
                KernelOut::Transmit { iface, frame } => {
                    self.frames += 1;
                    for other in (0..3).filter(|o| *o != host) {
                        if self.plugged[host] && self.plugged[other] {
                            let mut out = Vec::new();
                            self.kernels[other].receive(now, iface, &frame, &mut out);
                            self.carry(now, other, out);
                        }
                    }
                }
            }
        }
    }

    fn run_host(&mut self, now: Instant, host: usize) {
        let (mut packets, mut events, mut out) = (Vec::new(), Vec::new(), Vec::new());
        match host {
            0 => self.asker.wake(now, &mut packets, &mut events),
            _ => self.responders[host - 1].wake(now, &mut packets),
        }
        self.events.extend(events.into_iter().map(|e| (now, e)));
        for packet in packets {
            self.kernels[host].send_ip(now, packet, &mut out);
        }
        self.carry(now, host, out);
    }

    /// Runs from `now`; the number of moments at which something was due.
    fn run(&mut self, mut now: Instant, until: Instant) -> usize {
        for moments in 0.. {
            let kernels = self.kernels.iter().filter_map(Kernel::next_wake);
            let servers = self.responders.iter().filter_map(|r| r.next_wake(now));
            let Some(next) = kernels.chain(servers).chain(self.asker.next_wake(now)).min().filter(|t| *t < until)
            else {
                return moments;
            };
            now = now.max(next);
            for host in 0..3 {
                let mut out = Vec::new();
                self.kernels[host].wake(now, &mut out);
                self.carry(now, host, out);
                self.run_host(now, host);
            }
        }
        0
    }
}

fn story(requests: impl IntoIterator<Item = (u64, u64, Option<u64>)>) -> Vec<(Instant, Event)> {
    let one = |(request, asked, lost): (u64, u64, Option<u64>)| {
        let end = match lost {
            None => (at(asked), Event::Answered { request, asked: at(asked) }),
            Some(when) => (at(when), Event::Lost { request, asked: at(asked) }),
        };
        [(at(asked), Event::Asked { request }), end]
    };
    requests.into_iter().flat_map(one).collect()
}

#[test]
fn pings_are_answered_until_the_server_is_gone_and_then_lost_at_their_timeout() {
    let mut lan = Lan::new(v4(9), [v4(1), v4(2)], &[], Ask::Ping(v4(1)));
    lan.run(Instant::ZERO, at(1000));
    assert_eq!(lan.events, story([(0, 100, None), (1, 600, None)]));
    assert_eq!(lan.frames, 6, "ARP and its answer, and two echoes with theirs");
    lan.plugged[1] = false;
    lan.events.clear();
    lan.run(at(1000), at(2001));
    assert_eq!(lan.events, story([(2, 1100, Some(1500)), (3, 1600, Some(2000))]));
}

#[test]
fn ipv6_pings_are_answered() {
    let v6 = |last| IpAddr::V6(Ipv6Addr::new(0xfd00, 0, 0, 0, 0, 0, 0, last));
    let mut lan = Lan::new(v6(9), [v6(1), v6(2)], &[], Ask::Ping(v6(2)));
    lan.run(Instant::ZERO, at(1000));
    assert_eq!(lan.events, story([(0, 100, None), (1, 600, None)]));
}

#[test]
fn web_requests_are_answered_and_leave_nothing_behind() {
    let mut lan = Lan::new(v4(9), [v4(1), v4(2)], &[Service::web("r")], Ask::Http(v4(1), 80));
    let moments = lan.run(Instant::ZERO, at(5000));
    assert_eq!(lan.events, story((0..10).map(|n| (n, 100 + 500 * n, None))));
    assert!(moments < 100, "{moments} moments: it must not spin");
    lan.run(at(5000), at(5050));
    assert_eq!((lan.asker.next_wake(at(5050)), lan.responders[0].next_wake(at(5050))), (Some(at(5100)), None));
}

#[test]
fn a_web_request_is_lost_at_once_when_refused_and_at_its_timeout_when_unheard() {
    let mut lan = Lan::new(v4(9), [v4(1), v4(2)], &[], Ask::Http(v4(1), 80));
    lan.run(Instant::ZERO, at(200));
    let refused = Event::Trouble(Trouble::Refused);
    let ends = [(at(100), Event::Asked { request: 0 }), (at(100), refused)];
    assert_eq!(lan.events, [&ends[..], &[(at(100), Event::Lost { request: 0, asked: at(100) })]].concat());
    lan.plugged[1] = false;
    lan.events.clear();
    lan.run(at(200), at(1050));
    assert_eq!(lan.events, story([(1, 600, Some(1000))]));
}

#[test]
fn the_next_request_after_the_announcement_reaches_the_new_holder() {
    let mut lan = Lan::new(v4(9), [v4(1), v4(2)], &[Service::web("r")], Ask::Http(VIP, 80));
    lan.kernels[1].add_address(ETH0, addr(VIP)).unwrap();
    lan.run(Instant::ZERO, at(200));
    lan.plugged[1] = false;
    lan.kernels[2].add_address(ETH0, addr(VIP)).unwrap();
    lan.run(at(200), at(1050));
    assert_eq!(lan.kernels[0].neighbour(ETH0, VIP), Some(mac(1)), "nobody has told the client");
    // "Who has VIP, tell VIP", to everyone.
    let mut garp = vec![0xff; 6];
    garp.extend(mac(2).0);
    garp.extend([8, 6, 0, 1, 8, 0, 6, 4, 0, 1]);
    garp.extend(mac(2).0);
    garp.extend([10, 0, 0, 100, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 10, 0, 0, 100]);
    lan.carry(at(1050), 2, vec![KernelOut::Transmit { iface: ETH0, frame: garp }]);
    lan.run(at(1050), at(1200));
    assert_eq!(lan.kernels[0].neighbour(ETH0, VIP), Some(mac(2)));
    assert_eq!(lan.events, story([(0, 100, None), (1, 600, Some(1000)), (2, 1100, None)]));
}
