//! What answers are worth, and what is asked.
use vrrplab_engine::health::judge_answer::{Asked, Judgement, judge, smtp_line};
use vrrplab_engine::health::probe::{Ask, probe};
use vrrplab_engine::health::{Answer, Why};
use vrrplab_engine::model::health::{CheckKind, DnsCheck, DnsType, HttpVersion, UdpCheck, UdpReply};

use super::kinds::{http, page, url};
use super::stage::check;

fn worth(kind: &CheckKind, answer: &Answer) -> Judgement {
    judge(kind, Asked { page: 0, id: 0x1234 }, answer, vrrplab_wire::md5)
}

#[test]
fn pages_are_judged_by_status_and_then_by_digest() {
    let plain = CheckKind::Http(http(vec![url("/")], false));
    assert_eq!(worth(&plain, &page(299, "")), Judgement::Good);
    assert_eq!(worth(&plain, &page(301, "")), Judgement::Bad(Why::Status(301)));
    assert_eq!(worth(&plain, &Answer::Page(vec![])), Judgement::Bad(Why::Nothing));
    assert_eq!(
        worth(&plain, &Answer::TimedOut),
        Judgement::Bad(Why::TimedOut),
        "a server that keeps the connection open"
    );
    let mut wanted = url("/");
    (wanted.digest, wanted.status) = (Some("900150983cd24fb0d6963f7d28e17f72".into()), vec![(200, 200), (404, 410)]);
    let digest = CheckKind::Http(http(vec![wanted], false));
    assert_eq!(worth(&digest, &page(404, "abc")), Judgement::Good);
    assert_eq!(worth(&digest, &page(404, "abd")), Judgement::Bad(Why::Digest));
    assert_eq!(
        worth(&digest, &page(500, "abc")),
        Judgement::Bad(Why::Status(500)),
        "the status is required all the same"
    );
}

#[test]
fn the_mail_server_is_heard_line_by_line() {
    let smtp = CheckKind::Smtp("lb".into());
    let lines = |lines: &[&str]| Answer::Lines(lines.iter().map(|line| line.as_bytes().to_vec()).collect());
    assert_eq!(worth(&smtp, &lines(&["220 hi", "250 lb", "whatever"])), Judgement::Good);
    assert_eq!(worth(&smtp, &lines(&["554 no"])), Judgement::Bad(Why::Step(0)));
    assert_eq!(worth(&smtp, &lines(&["220 hi", "250 lb"])), Judgement::Bad(Why::Step(2)));
    assert!(smtp_line(1, b"250-lb") && !smtp_line(1, b"500") && !smtp_line(3, b""));
}

#[test]
fn name_servers_are_judged_by_their_code_alone() {
    let dns = CheckKind::Dns(DnsCheck { kind: DnsType::A, name: "www.example.test".into() });
    let reply = |id: u8, flags: u8, code: u8| Answer::Datagram(vec![0x12, id, flags, code, 0, 1, 0, 0, 0, 0, 0, 0]);
    assert_eq!(worth(&dns, &reply(0x34, 0x81, 0x80)), Judgement::Good, "without any record");
    assert_eq!(worth(&dns, &reply(0x35, 0x81, 0x80)), Judgement::Ignored, "another question's");
    assert_eq!(worth(&dns, &reply(0x34, 0x81, 0x82)), Judgement::Bad(Why::Code(2)));
    assert_eq!(worth(&dns, &reply(0x34, 0x01, 0)), Judgement::Bad(Why::Nothing), "a question");
    let asked = probe(&check(11, dns, 0), None, Asked { page: 0, id: 0x1234 }).unwrap().ask;
    let question = b"\x12\x34\x01\0\0\x01\0\0\0\0\0\0\x03www\x07example\x04test\0\0\x01\0\x01";
    assert_eq!(asked, Ask::Datagram(question.to_vec()));
}

#[test]
fn datagrams_are_compared_where_the_pattern_cares() {
    let reply = UdpReply { pattern: vec![(0x40, 0xf0), (0, 0)], min_length: 0, max_length: 3 };
    let udp = CheckKind::Udp(UdpCheck { payload: vec![], reply: Some(reply) });
    let bytes = |bytes: &[u8]| worth(&udp, &Answer::Datagram(bytes.to_vec()));
    assert_eq!(bytes(&[0x4f, 9]), Judgement::Good);
    assert_eq!(bytes(&[0x5f, 9]), Judgement::Bad(Why::Reply));
    assert_eq!(bytes(&[0x4f]), Judgement::Bad(Why::Reply));
    assert_eq!(bytes(&[0x4f, 1, 2, 3]), Judgement::Bad(Why::Reply));
    assert_eq!(worth(&udp, &Answer::TimedOut), Judgement::Bad(Why::TimedOut), "a reply is required");
}

/// As in the recording `http`: 1.0, no `Connection`, and the port in `Host`.
#[test]
fn the_request_is_the_recorded_one() {
    let mut web = http(vec![url("/health")], false);
    let ask =
        |web: &_, host| probe(&check(11, CheckKind::Http(Clone::clone(web)), 0), host, Asked::default()).unwrap().ask;
    let request = b"GET /health HTTP/1.0\r\nUser-Agent: KeepAliveClient\r\nHost: 10.0.0.11:80\r\n\r\n".to_vec();
    assert_eq!(ask(&web, None), Ask::Page { tls: None, request });
    (web.version, web.tls, web.sni) = (HttpVersion::V1_1, true, true);
    let request =
        b"GET /health HTTP/1.1\r\nUser-Agent: KeepAliveClient\r\nConnection: close\r\nHost: www.test\r\n\r\n".to_vec();
    assert_eq!(ask(&web, Some("www.test")), Ask::Page { tls: Some(Some("www.test".into())), request });
}
