//! Probes against small servers on the loopback interface: what comes back, and what the engine makes of it.
mod datagrams;
mod pages;
mod slow;
mod streams;
mod tls;

use std::future::poll_fn;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use vrrplab_engine::Span;
use vrrplab_engine::health::judge_answer::{Asked, Judgement, judge};
use vrrplab_engine::health::probe::probe;
use vrrplab_engine::model::health::{Check, CheckKind, HttpCheck, HttpVersion, UrlCheck};
use vrrplab_engine::model::lvs::Endpoint;

use super::*;

/// ECONNREFUSED.
const REFUSED: i32 = 111;
const HOME: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);
/// Far more than anything here takes.
const LONG: Span = Span::from_secs(30);

/// Runs a story to its end, with the clock of the machine.
fn play<T>(story: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(story)
}

fn to(port: u16) -> Connection {
    let to = Endpoint { ip: HOME, port };
    Connection { to, from: None, from_port: 0, interface: None, mark: 0, timeout: LONG }
}

/// The same with a patience of a second.
fn shortly(port: u16) -> Connection {
    Connection { timeout: Span::from_secs(1), ..to(port) }
}

/// What comes of one attempt.
async fn answer(connection: Connection, ask: Ask) -> Answer {
    let mut prober = Prober::default();
    prober.begin(Job(7), connection, ask);
    let (job, answer) = poll_fn(|cx| prober.poll_answer(cx)).await;
    assert_eq!(job, Job(7));
    answer
}

/// What comes of a checker's next attempt, as the engine asks and judges.
async fn verdict(connection: Connection, kind: CheckKind) -> Judgement {
    let check = Check { timing: None, alpha: false, log_all_failures: None, connection: Some(connection), kind };
    let asked = Asked { page: 0, id: 0x1234 };
    let probe = probe(&check, None, asked).unwrap();
    let answer = answer(probe.connection.unwrap(), probe.ask).await;
    judge(&check.kind, asked, &answer, vrrplab_wire::md5)
}

/// A server for one connection.
async fn serve<F: Future<Output = ()> + Send>(say: impl FnOnce(TcpStream) -> F + Send + 'static) -> u16 {
    let listener = TcpListener::bind((HOME, 0)).await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        let (stream, _) = listener.accept().await.unwrap();
        say(stream).await;
    });
    port
}

/// A server that reads a request up to its empty line, says this and closes.
async fn says(text: impl Into<Vec<u8>>) -> u16 {
    let text = text.into();
    serve(move |mut stream| async move {
        read_request(&mut stream).await;
        stream.write_all(&text).await.unwrap();
    })
    .await
}

async fn read_request(stream: &mut TcpStream) -> String {
    let mut heard = Vec::new();
    while !heard.ends_with(b"\r\n\r\n") {
        heard.push(stream.read_u8().await.unwrap());
    }
    String::from_utf8(heard).unwrap()
}

/// A port that nobody listens to.
async fn closed_port() -> u16 {
    TcpListener::bind((HOME, 0)).await.unwrap().local_addr().unwrap().port()
}

fn url(path: &str) -> UrlCheck {
    UrlCheck { path: path.into(), digest: None, status: Vec::new(), virtual_host: None, regex: None }
}

fn web(url: UrlCheck) -> HttpCheck {
    let version = HttpVersion::V1_0;
    let (tls, sni, virtual_host, urls) = (false, false, None, vec![url]);
    HttpCheck { tls, version, sni, fast_recovery: false, tls_compliant: false, virtual_host, urls }
}

/// Waits until something holds.
async fn until(what: &str, holds: impl Fn() -> bool) {
    for _ in 0..1000 {
        if holds() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("not in ten seconds: {what}");
}
