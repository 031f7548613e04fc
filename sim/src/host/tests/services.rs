//! Services of every kind, and what clients hear when they change.
use smoltcp::phy::ChecksumCapabilities;
use smoltcp::wire::{Icmpv4DstUnreachable, Icmpv4Packet, Icmpv4Repr, IpProtocol, IpRepr, Ipv4Packet, Ipv4Repr};
use vrrplab_formats::world::{Page, Serves, ServiceChange};

use super::*;

fn service(port: u16, serves: Serves) -> Service {
    Service { port, serves, delay: Span::ZERO }
}

fn page(status: u16) -> Page {
    Page { status, body: "well\n".into() }
}

fn asked(ms: u64, request: u64) -> (Instant, Event) {
    (at(ms), Event::Asked { request })
}

fn answered(ms: u64, request: u64, asked: u64) -> (Instant, Event) {
    (at(ms), Event::Answered { request, asked: at(asked) })
}

fn trouble(ms: u64, trouble: Trouble) -> (Instant, Event) {
    (at(ms), Event::Trouble(trouble))
}

fn lost(ms: u64, request: u64, asked: u64) -> (Instant, Event) {
    (at(ms), Event::Lost { request, asked: at(asked) })
}

impl Lan {
    /// The service of the first server changes, and the client asks once more.
    fn after(&mut self, port: u16, change: &ServiceChange, from: u64) -> Vec<(Instant, Event)> {
        self.responders[0].change(port, change);
        self.run_host(at(from), 1);
        self.events.clear();
        self.run(at(from), at(from + 500));
        std::mem::take(&mut self.events)
    }
}

#[test]
fn datagrams_come_back_until_nobody_serves_their_port() {
    let udp = [service(5000, Serves::Udp)];
    let mut lan = Lan::new(v4(9), [v4(1), v4(2)], &udp, Ask::Udp(v4(1), 5000));
    lan.run(Instant::ZERO, at(550));
    assert_eq!(lan.events, story([(0, 100, None)]));
    let slow = lan.after(5000, &ServiceChange::Slow(Span::from_millis(150)), 550);
    assert_eq!(slow, [asked(600, 1), answered(750, 1, 600)]);
    let silent = lan.after(5000, &ServiceChange::Silent, 1050);
    assert_eq!(silent, [asked(1100, 2), lost(1500, 2, 1100)]);
    let refused = lan.after(5000, &ServiceChange::Refuse, 1550);
    assert_eq!(refused, [asked(1600, 3), trouble(1600, Trouble::Refused), lost(1600, 3, 1600)]);
    let well = lan.after(5000, &ServiceChange::Ok, 2050);
    assert_eq!(well, [asked(2100, 4), answered(2100, 4, 2100)]);
}

#[test]
fn ipv6_datagrams_come_back_too_and_are_refused_too() {
    let v6 = |last| IpAddr::V6(Ipv6Addr::new(0xfd00, 0, 0, 0, 0, 0, 0, last));
    let mut lan = Lan::new(v6(9), [v6(1), v6(2)], &[service(5000, Serves::Udp)], Ask::Udp(v6(2), 5000));
    lan.run(Instant::ZERO, at(550));
    assert_eq!(lan.events, story([(0, 100, None)]));
    lan.responders[1].change(5000, &ServiceChange::Refuse);
    lan.events.clear();
    lan.run(at(550), at(700));
    assert_eq!(lan.events, [asked(600, 1), trouble(600, Trouble::Refused), lost(600, 1, 600)]);
}

#[test]
fn a_web_server_gets_slow_wrong_silent_and_gone() {
    let web = [service(80, Serves::Http { page: page(404), paths: vec![("/".into(), page(200))] })];
    let mut lan = Lan::new(v4(9), [v4(1), v4(2)], &web, Ask::Http(v4(1), 80));
    lan.run(Instant::ZERO, at(550));
    assert_eq!(lan.events, story([(0, 100, None)]), "the path has a page of its own");
    let slow = lan.after(80, &ServiceChange::Slow(Span::from_millis(150)), 550);
    assert_eq!(slow, [asked(600, 1), answered(750, 1, 600)]);
    let too_slow = lan.after(80, &ServiceChange::Slow(Span::from_millis(450)), 1050);
    assert_eq!(too_slow, [asked(1100, 2), lost(1500, 2, 1100)]);
    let well = lan.after(80, &ServiceChange::Ok, 1550);
    assert_eq!(well, [asked(1600, 3), answered(1600, 3, 1600)]);
    let sick = lan.after(80, &ServiceChange::Status(503), 2050);
    assert_eq!(sick, [asked(2100, 4), trouble(2100, Trouble::Wrong), lost(2100, 4, 2100)]);
    let gone = lan.after(80, &ServiceChange::Refuse, 2550);
    assert_eq!(gone, [asked(2600, 5), trouble(2600, Trouble::Refused), lost(2600, 5, 2600)]);
    let silent = lan.after(80, &ServiceChange::Silent, 3050);
    assert_eq!(silent, [asked(3100, 6), lost(3500, 6, 3100)]);
}

#[test]
fn a_body_longer_than_a_window_arrives_whole() {
    let long = Page { status: 200, body: "x".repeat(5_000) };
    let web = [service(80, Serves::Http { page: long, paths: Vec::new() })];
    let mut lan = Lan::new(v4(9), [v4(1), v4(2)], &web, Ask::Http(v4(1), 80));
    let moments = lan.run(Instant::ZERO, at(3000));
    assert_eq!(lan.events, story((0..6).map(|n| (n, 100 + 500 * n, None))));
    assert!(moments < 200, "{moments} moments: it must not spin");
}

#[test]
fn a_held_connection_is_one_connection_until_another_host_has_its_address() {
    let lines = [service(7000, Serves::Tcp)];
    let mut lan = Lan::new(v4(9), [v4(1), v4(2)], &lines, Ask::Hold(VIP, 7000));
    lan.kernels[1].add_address(ETH0, addr(VIP)).unwrap();
    lan.run(Instant::ZERO, at(1300));
    assert_eq!(lan.events, story([(0, 100, None), (1, 600, None), (2, 1100, None)]));
    lan.kernels[1].remove_address(ETH0, addr(VIP)).unwrap();
    lan.kernels[2].add_address(ETH0, addr(VIP)).unwrap();
    let mut garp = vec![0xff; 6];
    garp.extend(mac(2).0);
    garp.extend([8, 6, 0, 1, 8, 0, 6, 4, 0, 1]);
    garp.extend(mac(2).0);
    garp.extend([10, 0, 0, 100, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 10, 0, 0, 100]);
    lan.carry(at(1300), 2, vec![KernelOut::Transmit { iface: ETH0, frame: garp }]);
    lan.events.clear();
    lan.run(at(1300), at(2200));
    let reset = [asked(1600, 3), trouble(1600, Trouble::Reset), lost(1600, 3, 1600)];
    assert_eq!(lan.events, [&reset[..], &[asked(2100, 4), answered(2100, 4, 2100)]].concat());
}

#[test]
fn a_held_connection_ends_with_its_server_or_with_the_patience_of_its_client() {
    let lines = [service(7000, Serves::Tcp)];
    let mut lan = Lan::new(v4(9), [v4(1), v4(2)], &lines, Ask::Hold(v4(1), 7000));
    lan.run(Instant::ZERO, at(550));
    lan.events.clear();
    lan.responders[0].change(7000, &ServiceChange::Refuse);
    lan.run_host(at(550), 1);
    lan.run(at(550), at(700));
    let refused = [asked(600, 1), trouble(600, Trouble::Refused), lost(600, 1, 600)];
    assert_eq!(lan.events, [&[trouble(550, Trouble::Closed)], &refused[..]].concat());
    assert_eq!(lan.after(7000, &ServiceChange::Ok, 1050), [asked(1100, 2), answered(1100, 2, 1100)]);
    lan.plugged[1] = false;
    lan.events.clear();
    lan.run(at(1550), at(2050));
    assert_eq!(lan.events, [asked(1600, 3), lost(2000, 3, 1600), trouble(2000, Trouble::GivenUp)]);
}

/// `router` says that `about` could not be delivered to its host.
fn unreachable(router: IpAddr, about: &[u8]) -> Vec<u8> {
    let sent = Ipv4Packet::new_checked(about).unwrap();
    let checks = ChecksumCapabilities::default();
    let icmp = Icmpv4Repr::DstUnreachable {
        reason: Icmpv4DstUnreachable::HostUnreachable,
        header: Ipv4Repr::parse(&sent, &checks).unwrap(),
        data: sent.payload(),
    };
    let ip = IpRepr::new(router.into(), v4(9).into(), IpProtocol::Icmp, icmp.buffer_len(), 64);
    let mut bytes = vec![0; ip.buffer_len()];
    ip.emit(&mut bytes, &checks);
    icmp.emit(&mut Icmpv4Packet::new_unchecked(&mut bytes[20..]), &checks);
    bytes
}

#[test]
fn a_router_that_knows_no_way_ends_requests_and_openings_but_no_open_connection() {
    for ask in [Ask::Ping(v4(1)), Ask::Udp(v4(1), 5000), Ask::Http(v4(1), 80)] {
        let mut lan = Lan::new(v4(9), [v4(1), v4(2)], &[], ask);
        let (mut packets, mut events) = (Vec::new(), Vec::new());
        lan.asker.wake(at(100), &mut packets, &mut events);
        lan.asker.receive(at(101), &unreachable(v4(2), &packets[0]));
        events.clear();
        lan.asker.wake(at(101), &mut Vec::new(), &mut events);
        let ended = [Event::Trouble(Trouble::Unreachable), Event::Lost { request: 0, asked: at(100) }];
        assert_eq!(events, ended, "{ask:?}");
    }
    let lines = [service(7000, Serves::Tcp)];
    let mut lan = Lan::new(v4(9), [v4(1), v4(2)], &lines, Ask::Hold(v4(1), 7000));
    lan.run(Instant::ZERO, at(550));
    let (mut packets, mut events) = (Vec::new(), Vec::new());
    lan.asker.wake(at(600), &mut packets, &mut events);
    lan.asker.receive(at(601), &unreachable(v4(2), &packets[0]));
    events.clear();
    lan.asker.wake(at(601), &mut Vec::new(), &mut events);
    assert_eq!(events, [Event::Trouble(Trouble::Unreachable)]);
    // what is about a packet to somebody else is none of its business
    let other = super::super::echo::request(v4(9), v4(7), 1).unwrap();
    lan.asker.receive(at(602), &unreachable(v4(2), &other));
    events.clear();
    lan.asker.wake(at(602), &mut Vec::new(), &mut events);
    assert_eq!(events, []);
}

#[test]
fn after_a_loss_of_power_a_server_knows_its_clients_no_more() {
    let lines = [service(7000, Serves::Tcp)];
    let mut lan = Lan::new(v4(9), [v4(1), v4(2)], &lines, Ask::Hold(v4(1), 7000));
    lan.run(Instant::ZERO, at(550));
    lan.responders[0].power_loss();
    lan.events.clear();
    lan.run(at(550), at(700));
    assert_eq!(lan.events, [asked(600, 1), trouble(600, Trouble::Reset), lost(600, 1, 600)]);
}
