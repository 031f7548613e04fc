//! The control socket: clients ask by lines, and the daemon answers each when it has time.
//!
//! Clients are served by tasks of their own, which never touch the daemon: they put an [`Ask`] on its desk and wait. So a
//! client that is slow or hostile makes itself wait, and nobody else. [`place`] finds a place for the socket.
mod client;
pub mod place;

use std::io;
use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt};
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::{Semaphore, mpsc, oneshot};
use tokio::time::timeout;
use vrrplab_formats::control::{Answer, Checked, Code, Request, Status, Told, Usage};

/// So many clients are served at once; others are told so and sent away.
pub const MOST_CLIENTS: usize = 32;
/// So many questions wait for the daemon.
pub const MOST_ASKS: usize = 64;
/// So many clients may follow the trace.
pub const MOST_FOLLOWERS: usize = 8;
/// So many decisions wait for a follower; what comes then is counted and left out.
pub const MOST_UNREAD: usize = 256;
/// A client that neither asks nor reads for so long is left.
pub const PATIENCE: Duration = Duration::from_secs(10);
/// The pause after the kernel has refused a connection, as when descriptors run out.
pub(crate) const PAUSE: Duration = Duration::from_millis(100);

/// A question on the daemon's desk, with the way back.
#[derive(Debug)]
pub enum Ask {
    /// A request that one answer is for.
    Request(Request, oneshot::Sender<Answer>),
    /// Decisions are to be put here from now on.
    Follow(mpsc::Sender<Told>, oneshot::Sender<Answer>),
    /// Everything that metrics are made of.
    Metrics(oneshot::Sender<(Status, Usage, Vec<Checked>)>),
}

/// Where clients come in: the unix socket, or a simulated network.
pub trait Listener {
    /// A client's connection.
    type Stream: AsyncRead + AsyncWrite + Unpin + Send + 'static;
    /// Waits for the next client.
    fn next(&self) -> impl Future<Output = io::Result<Self::Stream>> + Send;
}

impl Listener for UnixListener {
    type Stream = UnixStream;

    async fn next(&self) -> io::Result<UnixStream> {
        Ok(self.accept().await?.0)
    }
}

/// Serves clients for ever.
pub async fn serve(listener: impl Listener, asks: mpsc::Sender<Ask>) {
    let places = Arc::new(Semaphore::new(MOST_CLIENTS));
    loop {
        match listener.next().await {
            Ok(mut stream) => match places.clone().try_acquire_owned() {
                Ok(place) => {
                    let asks = asks.clone();
                    tokio::spawn(async move {
                        if let Err(why) = client::talk(stream, asks).await {
                            tracing::debug!(%why, "a client of the control socket has left");
                        }
                        drop(place);
                    });
                }
                Err(_) => {
                    let line = Answer::refused(Code::Busy, format!("{MOST_CLIENTS} clients are served already")).line();
                    let _ = timeout(Duration::ZERO, stream.write_all(line.as_bytes())).await; // it fits, or nobody reads it
                }
            },
            Err(why) => {
                tracing::warn!(%why, "the control socket cannot take a client");
                tokio::time::sleep(PAUSE).await;
            }
        }
    }
}

#[cfg(test)]
mod tests;
