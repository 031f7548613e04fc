//! Metrics for Prometheus over HTTP: one page, `/metrics`, asked of the daemon's desk and written by [`text`].
//!
//! As with the control socket, clients are served by tasks that never touch the daemon, a few at once and not for long.
mod servers;
mod text;

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use http_body_util::Full;
use hyper::body::{Bytes, Incoming};
use hyper::header::{ALLOW, CONTENT_TYPE, HeaderValue};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, mpsc, oneshot};
use tokio::time::timeout;

use crate::control::{Ask, PAUSE};
pub use text::text;

/// So many clients are served at once; others are closed.
const MOST_CLIENTS: usize = 8;
/// From the connection to the last byte.
const PATIENCE: Duration = Duration::from_secs(5);
/// A request is no longer than this (hyper's least).
const LONGEST_REQUEST: usize = 8192;
/// What Prometheus expects of the text format.
const FORMAT: HeaderValue = HeaderValue::from_static("text/plain; version=0.0.4; charset=utf-8");

/// Serves clients for ever.
pub async fn serve(listener: TcpListener, asks: mpsc::Sender<Ask>) {
    let places = Arc::new(Semaphore::new(MOST_CLIENTS));
    loop {
        match listener.accept().await {
            Ok((stream, _)) => {
                let Ok(place) = places.clone().try_acquire_owned() else { continue };
                let asks = asks.clone();
                tokio::spawn(async move {
                    match timeout(PATIENCE, talk(stream, asks)).await {
                        Ok(Ok(())) => {}
                        Ok(Err(why)) => tracing::debug!(%why, "a client of the metrics has left"),
                        Err(_) => tracing::debug!("a client of the metrics was too slow"),
                    }
                    drop(place);
                });
            }
            Err(why) => {
                tracing::warn!(%why, "the metrics cannot take a client");
                tokio::time::sleep(PAUSE).await;
            }
        }
    }
}

async fn talk(stream: TcpStream, asks: mpsc::Sender<Ask>) -> hyper::Result<()> {
    let service = service_fn(|request| answer(request, asks.clone()));
    let mut server = http1::Builder::new();
    server.keep_alive(false).max_buf_size(LONGEST_REQUEST);
    server.serve_connection(TokioIo::new(stream), service).await
}

async fn answer(request: Request<Incoming>, asks: mpsc::Sender<Ask>) -> Result<Response<Full<Bytes>>, Infallible> {
    if !matches!(*request.method(), Method::GET | Method::HEAD) {
        let mut refused = page(StatusCode::METHOD_NOT_ALLOWED, "only GET\n".into());
        refused.headers_mut().insert(ALLOW, HeaderValue::from_static("GET, HEAD"));
        return Ok(refused);
    }
    if request.uri().path() != "/metrics" {
        return Ok(page(StatusCode::NOT_FOUND, "there is only /metrics\n".into()));
    }
    let (back, answer) = oneshot::channel();
    if asks.send(Ask::Metrics(back)).await.is_err() {
        return Ok(page(StatusCode::SERVICE_UNAVAILABLE, "the daemon ends\n".into()));
    }
    Ok(match answer.await {
        Ok((status, usage, servers)) => page(StatusCode::OK, text(&status, usage, &servers)),
        Err(_) => page(StatusCode::SERVICE_UNAVAILABLE, "the daemon ends\n".into()),
    })
}

fn page(status: StatusCode, text: String) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(Bytes::from(text)));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, FORMAT);
    response
}

#[cfg(test)]
mod tests;
