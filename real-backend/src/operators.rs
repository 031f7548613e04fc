//! What is opened for operators before the daemon starts: the control socket and the metrics.
use std::io;
use std::net::SocketAddr;
use std::path::Path;

use tokio::net::{TcpListener, UnixListener};
use tokio::sync::mpsc;

use crate::control::place::Place;
use crate::control::{self, Ask, MOST_ASKS};
use crate::metrics;

/// The word for no control socket.
pub const NOWHERE: &str = "none";

/// What is asked for.
#[derive(Clone, Copy, Debug)]
pub struct Operators<'a> {
    /// The path of the control socket, or `none`.
    pub control: &'a Path,
    /// Without it the daemon does not start.
    pub must: bool,
    /// Where metrics are served.
    pub metrics: Option<SocketAddr>,
}

impl Operators<'_> {
    /// Opens it, and serves it from now on. Questions come out; the second value is held until the end. It must be called
    /// inside of a runtime.
    pub async fn open(&self) -> io::Result<(mpsc::Receiver<Ask>, Option<Place>)> {
        let (desk, asks) = mpsc::channel(MOST_ASKS);
        let place = match self.control() {
            Ok(None) => None,
            Ok(Some((place, listener))) => {
                tokio::spawn(control::serve(listener, desk.clone()));
                Some(place)
            }
            Err(why) if self.must => return Err(io::Error::new(why.kind(), format!("no control socket: {why}"))),
            Err(why) => {
                tracing::warn!("no control socket: {why} (--control names another place, or none)");
                None
            }
        };
        if let Some(address) = self.metrics {
            let listener = TcpListener::bind(address).await;
            let listener =
                listener.map_err(|why| io::Error::new(why.kind(), format!("no metrics at {address}: {why}")))?;
            if !address.ip().is_loopback() {
                tracing::warn!(%address, "metrics are served to whoever reaches this address, without a password");
            }
            tracing::info!("Metrics at http://{}/metrics", listener.local_addr().unwrap_or(address));
            tokio::spawn(metrics::serve(listener, desk));
        }
        Ok((asks, place))
    }

    fn control(&self) -> io::Result<Option<(Place, UnixListener)>> {
        if self.control == Path::new(NOWHERE) {
            return Ok(None);
        }
        let (place, listener) = Place::take(self.control)?;
        Ok(Some((place, UnixListener::from_std(listener)?)))
    }
}
