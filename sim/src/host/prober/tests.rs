//! Probes against the services of one other host, on a wire where every packet arrives at once.
use std::net::Ipv4Addr;

use smoltcp::time::Duration;
use vrrplab_engine::model::lvs::Endpoint;
use vrrplab_formats::world::{Page, Serves, Service};

use super::*;
use crate::host::Responder;

const OWN: Ipv4Addr = Ipv4Addr::new(10, 0, 0, 1);
const SERVER: Ipv4Addr = Ipv4Addr::new(10, 0, 0, 11);

fn at(ms: u64) -> Instant {
    Instant::ZERO + Span::from_millis(ms)
}

fn to(port: u16) -> Connection {
    let to = Endpoint { ip: SERVER.into(), port };
    Connection { to, from: None, from_port: 0, interface: None, mark: 0, timeout: Span::from_secs(3) }
}

/// What a probe of this port comes to, and when.
fn outcome(services: &[Service], port: u16, ask: &Ask, heard: bool) -> (Instant, Answer) {
    let mut prober = Prober::new("lb1", 1);
    let mut server = Responder::new("rs1", services, 1);
    let mut now = at(1_000);
    prober.start(now, 7, &to(port), ask, Some(OWN.into()));
    for _ in 0..10_000 {
        let (mut out, mut back) = (Vec::new(), Vec::new());
        prober.poll(now, &mut out);
        prober.advance(now, now);
        prober.poll(now, &mut out);
        if let Some((job, answer)) = prober.answer() {
            assert_eq!(job, 7);
            return (now, answer);
        }
        out.iter().filter(|_| heard).for_each(|packet| server.receive(now, packet));
        server.wake(now, &mut back);
        for packet in &back {
            assert!(prober.wants(packet), "nobody else waits for it");
            prober.receive(packet);
        }
        if back.is_empty() {
            let next = prober
                .next_wake(now, false)
                .into_iter()
                .chain(prober.next_deadline())
                .chain(server.next_wake(now))
                .min();
            now = next.expect("a probe ends by its timeout at the latest");
        }
    }
    panic!("no answer");
}

fn web(status: u16, body: &str) -> Service {
    let page = Page { status, body: body.into() };
    Service { port: 80, serves: Serves::Http { page, paths: Vec::new() }, delay: Span::ZERO }
}

fn page() -> Ask {
    Ask::Page { tls: None, request: b"GET / HTTP/1.0\r\n\r\n".to_vec() }
}

#[test]
fn a_connection_is_made_refused_or_not_answered() {
    let services = [web(200, "well")];
    assert_eq!(outcome(&services, 80, &Ask::Connect, true), (at(1_000), Answer::Reached));
    assert_eq!(outcome(&services, 81, &Ask::Connect, true).1, Answer::Refused(ECONNREFUSED));
    assert_eq!(outcome(&services, 80, &Ask::Connect, false), (at(4_000), Answer::TimedOut));
}

#[test]
fn a_page_is_all_that_came_until_the_server_closed() {
    let (_, answer) = outcome(&[web(503, "sick")], 80, &page(), true);
    let Answer::Page(bytes) = answer else { panic!("{answer:?}") };
    let text = String::from_utf8(bytes).unwrap();
    assert!(text.starts_with("HTTP/1.0 503 ") && text.ends_with("\r\n\r\nsick"), "{text}");
}

#[test]
fn a_datagram_comes_back_or_the_port_is_closed_or_nothing_is_heard() {
    let udp = [Service { port: 5000, serves: Serves::Udp, delay: Span::ZERO }];
    let ask = Ask::Datagram(b"ping".to_vec());
    assert_eq!(outcome(&udp, 5000, &ask, true), (at(1_000), Answer::Datagram(b"ping".to_vec())));
    assert_eq!(outcome(&udp, 5001, &ask, true).1, Answer::Refused(ECONNREFUSED));
    assert_eq!(outcome(&udp, 5000, &ask, false), (at(4_000), Answer::TimedOut));
}

#[test]
fn a_datagram_leaves_its_attempt_under_way_as_it_may_answer_another_question() {
    let mut prober = Prober::new("lb1", 1);
    prober.start(at(0), 7, &to(53), &Ask::Datagram(b"?".to_vec()), Some(OWN.into()));
    let answer = |payload: &[u8]| datagram(((SERVER.into(), 53), (OWN.into(), FIRST_PORT)), payload);
    for (ms, payload) in [(1, b"another"), (2, b"the one")] {
        assert!(prober.wants(&answer(payload)));
        prober.receive(&answer(payload));
        prober.advance(at(ms), at(ms));
        assert_eq!(prober.answer(), Some((7, Answer::Datagram(payload.to_vec()))));
    }
    assert_eq!(prober.next_deadline(), Some(at(3_000)));
    prober.receive(&answer(b"too late"));
    prober.advance(at(3_000), at(3_000));
    prober.cancel(at(3_000), 7);
    assert_eq!((prober.answer(), prober.wants(&answer(b"any"))), (None, false));
    prober.start(at(4_000), 8, &to(53), &Ask::Datagram(b"?".to_vec()), Some(OWN.into()));
    let again = datagram(((SERVER.into(), 53), (OWN.into(), FIRST_PORT + 1)), b"another");
    prober.receive(&again);
    prober.advance(at(7_000), at(7_000));
    assert_eq!(prober.answer(), Some((8, Answer::Datagram(b"another".to_vec()))));
    assert_eq!(prober.answer(), Some((8, Answer::TimedOut)), "nobody has cancelled it");
}

#[test]
fn an_echo_comes_back() {
    assert_eq!(outcome(&[], 0, &Ask::Echo, true), (at(1_000), Answer::Reached));
}

#[test]
fn without_a_way_the_answer_is_there_at_once() {
    let mut prober = Prober::new("lb1", 1);
    prober.start(at(5), 1, &to(80), &Ask::Connect, None);
    assert_eq!(prober.next_wake(at(5), false), Some(Instant(at(5).0 + 1)));
    assert_eq!(prober.answer(), Some((1, Answer::Refused(ENETUNREACH))));
}

#[test]
fn what_is_cancelled_has_no_answer() {
    let mut prober = Prober::new("lb1", 1);
    prober.start(at(0), 1, &to(80), &Ask::Connect, Some(OWN.into()));
    prober.cancel(at(1), 1);
    prober.advance(at(9_000), at(9_000));
    assert_eq!((prober.answer(), prober.next_wake(at(9_000), true)), (None, None));
}

/// A mail server that greets, and then answers each line.
struct Mail {
    sockets: Sockets,
    handle: SocketHandle,
    says: VecDeque<&'static str>,
    greeted: bool,
}

impl Mail {
    fn new(says: &[&'static str]) -> Mail {
        let mut sockets = Sockets::new(2);
        let handle = sockets.listen(25, Duration::from_secs(60)).unwrap();
        Mail { sockets, handle, says: says.iter().copied().collect(), greeted: false }
    }

    fn hears(&mut self, now: Instant, packets: &[Vec<u8>]) -> Vec<Vec<u8>> {
        let mut back = Vec::new();
        packets.iter().for_each(|packet| self.sockets.receive(packet));
        self.sockets.poll(now, &mut back);
        let mut socket = self.sockets.stream(self.handle);
        let mut heard = Vec::new();
        socket.read_all(&mut heard);
        if socket.may_send()
            && (!heard.is_empty() || !std::mem::replace(&mut self.greeted, true))
            && let Some(line) = self.says.pop_front()
        {
            assert_eq!(socket.send(line.as_bytes()), line.len());
        }
        self.sockets.poll(now, &mut back);
        back
    }
}

#[test]
fn a_mail_server_is_talked_to_line_by_line_until_it_says_something_else() {
    let says = vec![b"HELO lb1\r\n".to_vec(), b"QUIT\r\n".to_vec()];
    for (lines, heard) in [
        (&["220 rs1\r\n", "250 well\r\n", "221 bye\r\n"][..], &["220 rs1\r", "250 well\r", "221 bye\r"][..]),
        (&["220 rs1\r\n", "501 no\r\n"][..], &["220 rs1\r", "501 no\r"][..]),
        (&["554 go away\r\n220 or not\r\n"][..], &["554 go away\r"][..]),
    ] {
        let (mut prober, mut mail) = (Prober::new("lb1", 1), Mail::new(lines));
        let mut now = at(1_000);
        prober.start(now, 3, &to(25), &Ask::Dialogue(says.clone()), Some(OWN.into()));
        let answer = loop {
            let mut out = Vec::new();
            prober.poll(now, &mut out);
            prober.advance(now, now);
            prober.poll(now, &mut out);
            if let Some((_, answer)) = prober.answer() {
                break answer;
            }
            mail.hears(now, &out).iter().for_each(|packet| prober.receive(packet));
            now += Span::from_millis(1);
            assert!(now < at(3_000), "stalled");
        };
        assert_eq!(answer, Answer::Lines(heard.iter().map(|line| line.as_bytes().to_vec()).collect()));
    }
}
