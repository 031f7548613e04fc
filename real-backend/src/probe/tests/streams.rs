//! TCP connections and mail servers.
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use vrrplab_engine::health::Why;

use super::*;

#[test]
fn a_connection_is_made_and_closed_in_good_order() {
    play(async {
        let ended = Arc::new(AtomicBool::new(false));
        let saw = ended.clone();
        let port = serve(|mut stream| async move {
            let heard = stream.read(&mut [0; 8]).await;
            saw.store(matches!(heard, Ok(0)), Ordering::SeqCst); // an end, and no reset
        })
        .await;
        assert_eq!(verdict(to(port), CheckKind::Tcp).await, Judgement::Good);
        until("the server hears the end", || ended.load(Ordering::SeqCst)).await;
    });
}

#[test]
fn a_port_that_nobody_listens_to_refuses() {
    play(async {
        let port = closed_port().await;
        assert_eq!(answer(to(port), Ask::Connect).await, Answer::Refused(REFUSED));
        assert_eq!(answer(to(port), Ask::Dialogue(Vec::new())).await, Answer::Refused(REFUSED));
    });
}

/// A listener whose queue is full drops what comes, as a firewall does.
#[test]
fn a_silent_port_is_given_up_after_the_timeout() {
    play(async {
        let socket = socket2::Socket::new(socket2::Domain::IPV4, socket2::Type::STREAM, None).unwrap();
        socket.bind(&SocketAddr::new(HOME, 0).into()).unwrap();
        socket.listen(0).unwrap();
        let port = socket.local_addr().unwrap().as_socket().unwrap().port();
        let _first = TcpStream::connect((HOME, port)).await.unwrap();
        assert_eq!(answer(shortly(port), Ask::Connect).await, Answer::TimedOut);
    });
}

#[test]
fn bindto_and_bind_port_are_what_the_server_sees_time_after_time() {
    play(async {
        let listener = TcpListener::bind((HOME, 0)).await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let own: IpAddr = "127.0.0.9".parse().unwrap();
        let from_port = closed_port().await;
        let connection = Connection { from: Some(own), from_port, ..to(port) };
        for attempt in 0..2 {
            assert_eq!(answer(connection.clone(), Ask::Connect).await, Answer::Reached, "attempt {attempt}");
            let (mut stream, from) = listener.accept().await.unwrap();
            assert_eq!(from, SocketAddr::new(own, from_port));
            assert_eq!(stream.read(&mut [0]).await.unwrap(), 0);
            drop(stream);
            // the port rests; Linux lets the same two ends meet again after a second
            tokio::time::sleep(Duration::from_millis(1_500)).await;
        }
    });
}

#[test]
fn a_host_without_the_address_of_bindto_has_asked_nobody() {
    play(async {
        let from = Some("192.0.2.77".parse().unwrap());
        assert_eq!(answer(Connection { from, ..to(9) }, Ask::Connect).await, Answer::NotAsked);
        let interface = Some("no-such-if".to_owned());
        assert_eq!(answer(Connection { interface, ..to(9) }, Ask::Connect).await, Answer::NotAsked);
    });
}

/// bind_if and fwmark need rights: where they are missing, nothing is shown, and that is said.
#[test]
fn bind_if_and_fwmark_do_not_stand_in_the_way() {
    play(async {
        let listener = TcpListener::bind((HOME, 0)).await.unwrap();
        let interface = Some("lo".to_owned());
        let connection = Connection { interface, mark: 17, ..to(listener.local_addr().unwrap().port()) };
        match answer(connection, Ask::Connect).await {
            Answer::NotAsked if !nix::unistd::geteuid().is_root() => eprintln!("skipped: SO_MARK needs CAP_NET_ADMIN"),
            answer => assert_eq!(answer, Answer::Reached),
        }
    });
}

#[test]
fn a_cancelled_attempt_closes_its_connection_and_says_nothing() {
    play(async {
        let listener = TcpListener::bind((HOME, 0)).await.unwrap();
        let mut prober = Prober::default();
        let page = Ask::Page { tls: None, request: b"GET / HTTP/1.0\r\n\r\n".to_vec() };
        prober.begin(Job(1), to(listener.local_addr().unwrap().port()), page);
        let (mut stream, _) = listener.accept().await.unwrap();
        read_request(&mut stream).await;
        prober.cancel(Job(1));
        assert_eq!(prober.under_way(), 0);
        assert_eq!(stream.read(&mut [0]).await.unwrap(), 0, "the other end is closed");
        prober.begin(Job(2), to(closed_port().await), Ask::Connect);
        assert_eq!(poll_fn(|cx| prober.poll_answer(cx)).await, (Job(2), Answer::Refused(REFUSED)));
    });
}

fn mail() -> CheckKind {
    CheckKind::Smtp("lb.example".into())
}

#[test]
fn a_mail_server_that_greets_is_good() {
    play(async {
        let port = serve(|mut stream| async move {
            stream.write_all(b"220-welcome\r\n220 and more, which nobody reads\r\n").await.unwrap();
            let mut heard = [0; 17];
            stream.read_exact(&mut heard).await.unwrap();
            assert_eq!(&heard, b"HELO lb.example\r\n");
            stream.write_all(b"250 mail.example\r\n").await.unwrap();
            stream.read_exact(&mut heard[..6]).await.unwrap();
            assert_eq!(&heard[..6], b"QUIT\r\n");
            stream.write_all(b"221 bye\r\n").await.unwrap();
        })
        .await;
        assert_eq!(verdict(to(port), mail()).await, Judgement::Good);
    });
}

#[test]
fn a_mail_server_that_sends_everybody_away_is_not() {
    play(async {
        let port = serve(|mut stream| async move { stream.write_all(b"554 go away\r\n").await.unwrap() }).await;
        assert_eq!(verdict(to(port), mail()).await, Judgement::Bad(Why::Step(0)));
        let port = serve(|mut stream| async move {
            stream.write_all(b"220 hello\r\n").await.unwrap();
            stream.read_exact(&mut [0; 17]).await.unwrap();
            // closes in the middle of the talk
        })
        .await;
        assert_eq!(verdict(to(port), mail()).await, Judgement::Bad(Why::Step(1)));
    });
}
