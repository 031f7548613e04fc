//! Web servers, honest and otherwise.
use std::convert::Infallible;
use std::sync::{Arc, Mutex};

use http_body_util::Full;
use hyper::body::{Bytes, Incoming};
use hyper::header::{HOST, USER_AGENT};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use vrrplab_engine::health::Why;

use super::*;

async fn verdict_of(text: impl Into<Vec<u8>>, url: UrlCheck) -> Judgement {
    let port = says(text).await;
    verdict(to(port), CheckKind::Http(web(url))).await
}

#[test]
fn the_status_decides() {
    play(async {
        let ok = "HTTP/1.0 200 OK\r\nServer: x\r\n\r\nwell";
        let missing = "HTTP/1.0 404 Not Found\r\n\r\n";
        assert_eq!(verdict_of(ok, url("/")).await, Judgement::Good);
        assert_eq!(verdict_of(missing, url("/")).await, Judgement::Bad(Why::Status(404)));
        let wanted = UrlCheck { status: vec![(400, 404)], ..url("/") };
        assert_eq!(verdict_of(missing, wanted).await, Judgement::Good);
        assert_eq!(verdict_of("SSH-2.0-x\r\n", url("/")).await, Judgement::Bad(Why::Nothing));
        assert_eq!(verdict_of("", url("/")).await, Judgement::Bad(Why::Nothing));
    });
}

#[test]
fn the_digest_is_that_of_all_that_follows_the_empty_line() {
    play(async {
        let abc = UrlCheck { digest: Some("900150983cd24fb0d6963f7d28e17f72".into()), ..url("/") };
        let page = |rest: &str| format!("HTTP/1.1 200 OK\r\n{rest}");
        assert_eq!(verdict_of(page("\r\nabc"), abc.clone()).await, Judgement::Good);
        assert_eq!(verdict_of(page("\r\nabd"), abc.clone()).await, Judgement::Bad(Why::Digest));
        // the length that is promised is neither waited for nor an end
        assert_eq!(verdict_of(page("Content-Length: 1\r\n\r\nabc"), abc.clone()).await, Judgement::Good);
        assert_eq!(verdict_of(page("Content-Length: 999\r\n\r\nabc"), abc.clone()).await, Judgement::Good);
        // chunks are not put together
        let chunked = page("Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n");
        assert_eq!(verdict_of(chunked.clone(), abc).await, Judgement::Bad(Why::Digest));
        assert_eq!(verdict_of(chunked, url("/")).await, Judgement::Good);
    });
}

#[test]
fn a_server_that_resets_has_refused() {
    play(async {
        let port = serve(|mut stream| async move {
            read_request(&mut stream).await;
            socket2::SockRef::from(&stream).set_linger(Some(Duration::ZERO)).unwrap();
        })
        .await;
        let verdict = verdict(to(port), CheckKind::Http(web(url("/")))).await;
        assert_eq!(verdict, Judgement::Bad(Why::Refused(104)), "ECONNRESET");
    });
}

#[test]
fn a_page_without_end_is_cut_off() {
    play(async {
        let port = serve(|mut stream| async move {
            read_request(&mut stream).await;
            let _ = stream.write_all(b"HTTP/1.0 200 OK\r\n\r\n").await;
            while stream.write_all(&[b'x'; 65_536]).await.is_ok() {}
        })
        .await;
        let page = Ask::Page { tls: None, request: b"GET / HTTP/1.0\r\n\r\n".to_vec() };
        let Answer::Page(bytes) = answer(to(port), page).await else { panic!("no page") };
        assert!((http::LONGEST..http::LONGEST + 65_536).contains(&bytes.len()), "{}", bytes.len());
    });
}

/// What another program's HTTP makes of the request: virtual host, path, agent, and that the connection may end.
#[test]
fn a_web_server_of_others_understands_the_request() {
    play(async {
        let seen = Arc::new(Mutex::new(Vec::new()));
        for version in [HttpVersion::V1_0, HttpVersion::V1_0Close, HttpVersion::V1_1] {
            let seen = seen.clone();
            let port = serve(move |stream| async move {
                let reply = service_fn(move |request: Request<Incoming>| {
                    let text = |name| request.headers()[name].to_str().unwrap().to_owned();
                    let path = request.uri().to_string();
                    seen.lock().unwrap().push((path, text(HOST), text(USER_AGENT)));
                    async { Ok::<_, Infallible>(Response::new(Full::new(Bytes::from_static(b"abc")))) }
                });
                http1::Builder::new().serve_connection(TokioIo::new(stream), reply).await.unwrap();
            })
            .await;
            let abc = UrlCheck { digest: Some("900150983cd24fb0d6963f7d28e17f72".into()), ..url("/health?deep=1") };
            let check = HttpCheck { version, virtual_host: Some("www.example".into()), ..web(abc) };
            assert_eq!(verdict(to(port), CheckKind::Http(check)).await, Judgement::Good, "{version:?}");
        }
        let asked = ("/health?deep=1".to_owned(), "www.example".to_owned(), "KeepAliveClient".to_owned());
        assert_eq!(*seen.lock().unwrap(), vec![asked; 3]);
    });
}
