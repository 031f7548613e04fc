//! Name servers, datagrams and echoes.
use std::net::Ipv6Addr;

use tokio::net::UdpSocket;
use vrrplab_engine::health::Why;
use vrrplab_engine::model::health::{DnsCheck, DnsType, UdpCheck, UdpReply};

use super::*;

/// A server that hears one datagram and sends these back.
async fn replies(replies: Vec<Vec<u8>>) -> u16 {
    let socket = UdpSocket::bind((HOME, 0)).await.unwrap();
    let port = socket.local_addr().unwrap().port();
    tokio::spawn(async move {
        let mut heard = [0; 512];
        let (_, from) = socket.recv_from(&mut heard).await.unwrap();
        for reply in replies {
            socket.send_to(&reply, from).await.unwrap();
        }
        tokio::time::sleep(Duration::from_secs(60)).await;
    });
    port
}

fn dns() -> CheckKind {
    CheckKind::Dns(DnsCheck { kind: DnsType::Soa, name: "example.org".into() })
}

/// The header of an answer: number, flags, code.
fn header(id: u16, flags: u8, code: u8) -> Vec<u8> {
    let [high, low] = id.to_be_bytes();
    vec![high, low, flags, code, 0, 1, 0, 0, 0, 0, 0, 0]
}

#[test]
fn a_name_server_is_judged_by_its_code() {
    play(async {
        let says =
            |flags, code| async move { verdict(to(replies(vec![header(0x1234, flags, code)]).await), dns()).await };
        assert_eq!(says(0x81, 0x80).await, Judgement::Good);
        assert_eq!(says(0x83, 0x80).await, Judgement::Good, "truncated is an answer too");
        assert_eq!(says(0x81, 0x82).await, Judgement::Bad(Why::Code(2)), "SERVFAIL");
        assert_eq!(verdict(to(replies(vec![vec![0x12, 0x34, 0x81]]).await), dns()).await, Judgement::Bad(Why::Nothing));
    });
}

/// An answer to an earlier question comes first: the attempt goes on until it is cancelled.
#[test]
fn a_datagram_for_another_question_is_not_the_last_one() {
    play(async {
        let port = replies(vec![header(0x9999, 0x81, 0x80), header(0x1234, 0x81, 0x80)]).await;
        let mut prober = Prober::default();
        prober.begin(Job(1), to(port), Ask::Datagram(b"question".to_vec()));
        for id in [0x9999, 0x1234] {
            let said = poll_fn(|cx| prober.poll_answer(cx)).await;
            assert_eq!(said, (Job(1), Answer::Datagram(header(id, 0x81, 0x80))));
        }
        assert_eq!(prober.under_way(), 1);
        prober.cancel(Job(1));
        assert_eq!(prober.under_way(), 0);
    });
}

#[test]
fn a_datagram_to_nobody_is_refused_by_icmp() {
    play(async {
        let port = UdpSocket::bind((HOME, 0)).await.unwrap().local_addr().unwrap().port();
        let udp = CheckKind::Udp(UdpCheck { payload: b"hello".to_vec(), reply: None });
        assert_eq!(verdict(to(port), udp).await, Judgement::Bad(Why::Refused(REFUSED)));
        assert_eq!(verdict(to(port), dns()).await, Judgement::Bad(Why::Refused(REFUSED)));
    });
}

#[test]
fn silence_is_enough_unless_a_reply_is_required() {
    play(async {
        let udp = |reply| CheckKind::Udp(UdpCheck { payload: b"hello".to_vec(), reply });
        let pattern = b"pong".iter().map(|byte| (*byte, 0xff)).collect();
        let pong = Some(UdpReply { pattern, min_length: 0, max_length: 255 });
        assert_eq!(verdict(shortly(replies(Vec::new()).await), udp(None)).await, Judgement::Good);
        let silent = shortly(replies(Vec::new()).await);
        assert_eq!(verdict(silent, udp(pong.clone())).await, Judgement::Bad(Why::TimedOut));
        let good = to(replies(vec![b"pong".to_vec()]).await);
        assert_eq!(verdict(good, udp(pong.clone())).await, Judgement::Good);
        let other = to(replies(vec![b"ping".to_vec()]).await);
        assert_eq!(verdict(other, udp(pong)).await, Judgement::Bad(Why::Reply));
    });
}

#[test]
fn an_echo_comes_back_over_both_families() {
    play(async {
        for ip in [HOME, IpAddr::V6(Ipv6Addr::LOCALHOST)] {
            let connection = Connection { to: Endpoint { ip, port: 80 }, ..to(80) };
            match answer(connection, Ask::Echo).await {
                Answer::NotAsked if !nix::unistd::geteuid().is_root() => {
                    eprintln!("skipped: an echo needs CAP_NET_RAW, or net.ipv4.ping_group_range");
                }
                Answer::Refused(99) if ip.is_ipv6() => eprintln!("skipped: no IPv6 here"),
                answer => assert_eq!(answer, Answer::Reached, "{ip}"),
            }
        }
    });
}
