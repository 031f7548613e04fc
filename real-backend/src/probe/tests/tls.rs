//! Web servers over TLS. The certificates are self-signed for `web.example`; `tests/README.md` says how they were made.
use std::sync::Arc;

use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use vrrplab_engine::health::Why;

use super::*;

const CERTIFICATE: &[u8] = include_bytes!("certificate.der");
const EXPIRED: &[u8] = include_bytes!("expired.der");
const KEY: &[u8] = include_bytes!("key.der");

/// A server with this certificate that answers one request; its page is the name that the client asked for.
async fn server(certificate: &'static [u8], says_goodbye: bool) -> u16 {
    let versions = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()));
    let config = versions.with_safe_default_protocol_versions().unwrap().with_no_client_auth();
    let key = PrivateKeyDer::try_from(KEY).unwrap();
    let config = config.with_single_cert(vec![CertificateDer::from(certificate)], key).unwrap();
    serve(move |stream| async move {
        let mut stream = TlsAcceptor::from(Arc::new(config)).accept(stream).await.unwrap();
        let name = stream.get_ref().1.server_name().unwrap_or("nobody").to_owned();
        let mut heard = Vec::new();
        while !heard.ends_with(b"\r\n\r\n") {
            heard.push(stream.read_u8().await.unwrap());
        }
        let page = format!("HTTP/1.0 200 OK\r\n\r\n{name}");
        stream.write_all(page.as_bytes()).await.unwrap();
        stream.flush().await.unwrap();
        if says_goodbye {
            stream.shutdown().await.unwrap();
        }
    })
    .await
}

fn page(name: Option<&str>) -> Ask {
    Ask::Page { tls: Some(name.map(str::to_owned)), request: b"GET / HTTP/1.0\r\n\r\n".to_vec() }
}

fn names(name: &str) -> Answer {
    Answer::Page(format!("HTTP/1.0 200 OK\r\n\r\n{name}").into_bytes())
}

#[test]
fn any_certificate_will_do() {
    play(async {
        let check = || CheckKind::Http(HttpCheck { tls: true, ..web(url("/")) });
        assert_eq!(verdict(to(server(CERTIFICATE, true).await), check()).await, Judgement::Good);
        assert_eq!(verdict(to(server(EXPIRED, true).await), check()).await, Judgement::Good);
    });
}

#[test]
fn a_name_is_sent_where_there_is_one() {
    play(async {
        assert_eq!(answer(to(server(CERTIFICATE, true).await), page(None)).await, names("nobody"));
        let named = answer(to(server(CERTIFICATE, true).await), page(Some("www.example"))).await;
        assert_eq!(named, names("www.example"));
        let odd = answer(to(server(CERTIFICATE, true).await), page(Some("not a name!"))).await;
        assert_eq!(odd, names("nobody"));
    });
}

#[test]
fn a_server_that_closes_without_a_goodbye_has_said_all() {
    play(async {
        assert_eq!(answer(to(server(CERTIFICATE, false).await), page(None)).await, names("nobody"));
    });
}

#[test]
fn a_server_that_does_not_speak_tls_has_said_nothing() {
    play(async {
        let port = serve(|mut stream| async move {
            stream.write_all(b"HTTP/1.0 400 Bad Request\r\n\r\n").await.unwrap();
            let _ = stream.read_to_end(&mut Vec::new()).await;
        })
        .await;
        let check = CheckKind::Http(HttpCheck { tls: true, ..web(url("/")) });
        assert_eq!(verdict(to(port), check).await, Judgement::Bad(Why::Nothing));
    });
}

#[test]
fn a_handshake_that_does_not_come_is_given_up() {
    play(async {
        let port = serve(|mut stream| async move {
            let _ = stream.read_to_end(&mut Vec::new()).await;
        })
        .await;
        assert_eq!(answer(shortly(port), page(None)).await, Answer::TimedOut);
    });
}
