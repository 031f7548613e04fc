//! Clients that ask as they should, and clients that do not.
use std::path::PathBuf;

use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::mpsc;
use tokio::time::Instant;
use vrrplab_formats::control::{Ipvs, News, Said, Tracing};

use super::*;

fn runtime(paused: bool) -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().start_paused(paused).build().unwrap()
}

/// A daemon that has no virtual servers, and of whose decisions one is told to each follower.
async fn daemon(mut asks: mpsc::Receiver<Ask>) {
    let mut followers = Vec::new();
    while let Some(ask) = asks.recv().await {
        match ask {
            Ask::Request(_, back) => {
                let _ = back.send(Answer::new(Said::Ipvs(Ipvs::default())));
            }
            Ask::Follow(news, back) => {
                let _ = back.send(Answer::new(Said::Tracing(Tracing { listeners: 1 })));
                let news_of = News::Transition { from: "BACKUP".into(), to: "MASTER".into() };
                let told = Told { unix_ms: 7, instance: None, rule: "backup-timer-expired".into(), news: news_of };
                let _ = news.send(told).await;
                followers.push(news);
            }
            Ask::Metrics(_) => {}
        }
    }
}

/// A client at one end, and the task that serves it at the other.
fn client() -> (UnixStream, tokio::task::JoinHandle<std::io::Result<()>>) {
    let (near, far) = UnixStream::pair().unwrap();
    let (asks, desk) = mpsc::channel(MOST_ASKS);
    tokio::spawn(daemon(desk));
    (near, tokio::spawn(client::talk(far, asks)))
}

async fn line(stream: &mut (impl AsyncBufReadExt + Unpin)) -> Answer {
    let mut line = String::new();
    stream.read_line(&mut line).await.unwrap();
    serde_json::from_str(&line).unwrap_or_else(|why| panic!("{why}: {line:?}"))
}

fn code(answer: Answer) -> Option<Code> {
    match answer.said {
        Said::Error(refused) => Some(refused.code),
        _ => None,
    }
}

#[test]
fn a_client_asks_again_and_again_and_bad_requests_are_answered() {
    runtime(false).block_on(async {
        let (near, served) = client();
        let mut near = BufReader::new(near);
        near.write_all(b"vrrplab/1 ipvs\nipvs\r\nflush everything\nvrrplab/9 ipvs\n\n\xff\xfe\nstatus").await.unwrap();
        near.get_mut().shutdown().await.unwrap();
        let codes = [None, None, Some(Code::BadRequest), Some(Code::OtherVersion), Some(Code::BadRequest)];
        for expected in codes.into_iter().chain([Some(Code::BadRequest), None]) {
            assert_eq!(code(line(&mut near).await), expected);
        }
        let mut rest = String::new();
        near.read_to_string(&mut rest).await.unwrap();
        assert_eq!(rest, "", "the last line needs no end, and nothing comes after it");
        served.await.unwrap().unwrap();
    });
}

#[test]
fn a_line_of_ten_megabytes_is_not_read() {
    runtime(false).block_on(async {
        let (near, served) = client();
        let (reader, mut writer) = near.into_split();
        let writing = tokio::spawn(async move { writer.write_all(&vec![b'x'; 10 << 20]).await });
        assert_eq!(code(line(&mut BufReader::new(reader)).await), Some(Code::TooLong));
        assert!(served.await.unwrap().is_ok());
        assert!(writing.await.unwrap().is_err(), "nobody takes the rest");
    });
}

#[test]
fn half_a_line_and_silence_end_the_talk_after_ten_seconds() {
    runtime(true).block_on(async {
        let (near, served) = client();
        let mut near = BufReader::new(near);
        let begun = Instant::now();
        near.write_all(b"stat").await.unwrap();
        assert_eq!(code(line(&mut near).await), Some(Code::TooSlow));
        served.await.unwrap().unwrap();
        assert_eq!(begun.elapsed().as_secs(), PATIENCE.as_secs());
    });
}

#[test]
fn a_client_that_asks_and_never_reads_is_left() {
    runtime(true).block_on(async {
        let (near, far) = tokio::io::duplex(16); // an answer does not fit
        let (asks, desk) = mpsc::channel(MOST_ASKS);
        tokio::spawn(daemon(desk));
        let served = tokio::spawn(client::talk(far, asks));
        let (_reader, mut writer) = tokio::io::split(near);
        writer.write_all(b"ipvs\n").await.unwrap();
        let why = served.await.unwrap().unwrap_err();
        assert_eq!(why.kind(), std::io::ErrorKind::TimedOut);
    });
}

#[test]
fn a_trace_goes_on_until_the_client_says_anything() {
    runtime(true).block_on(async {
        let (near, served) = client();
        let mut near = BufReader::new(near);
        near.write_all(b"trace\n").await.unwrap();
        assert!(matches!(line(&mut near).await.said, Said::Tracing(_)));
        assert!(matches!(line(&mut near).await.said, Said::Trace(told) if told.unix_ms == 7));
        tokio::time::sleep(10 * PATIENCE).await; // who follows may be silent
        assert!(!served.is_finished());
        near.write_all(b"\n").await.unwrap();
        served.await.unwrap().unwrap();
    });
}

fn path(name: &str) -> PathBuf {
    std::env::temp_dir().join(format!("vrrplabd-control-{}-{name}.sock", std::process::id()))
}

#[test]
fn of_a_thousand_clients_as_many_are_served_as_there_are_places() {
    runtime(false).block_on(async {
        let path = path("thousand");
        let (place, listener) = place::Place::take(&path).unwrap();
        let (asks, desk) = mpsc::channel(MOST_ASKS);
        tokio::spawn(daemon(desk));
        let serving = tokio::spawn(serve(UnixListener::from_std(listener).unwrap(), asks));
        let mut silent = Vec::new();
        for _ in 0..MOST_CLIENTS {
            let mut client = UnixStream::connect(&path).await.unwrap();
            client.write_all(b"stat").await.unwrap();
            silent.push(client);
        }
        for _ in MOST_CLIENTS..1000 {
            let mut client = BufReader::new(UnixStream::connect(&path).await.unwrap());
            assert_eq!(code(line(&mut client).await), Some(Code::Busy));
        }
        drop(silent);
        tokio::task::yield_now().await;
        let mut served = BufReader::new(UnixStream::connect(&path).await.unwrap());
        served.write_all(b"ipvs\n").await.unwrap();
        assert_eq!(code(line(&mut served).await), None, "there is room again");
        serving.abort();
        drop(place);
    });
}
