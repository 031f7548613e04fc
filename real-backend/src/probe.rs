//! The probes of health checks: each attempt is a task with sockets of its own, and what came of it arrives here.
//!
//! Nothing is judged, and requests leave as the engine wrote them: what the simulator asks is what is asked here. Programs are
//! not started here.
mod ends;
pub mod http;
pub mod pace;
mod ping;
pub mod smtp;
mod sockets;
mod tcp;
pub mod tls;
mod udp;

use std::collections::BTreeMap;
use std::task::{Context, Poll, ready};

use tokio::sync::mpsc;
use tokio::task::AbortHandle;
use vrrplab_engine::Job;
use vrrplab_engine::health::{Answer, Ask};
use vrrplab_engine::model::health::Connection;

use pace::Pace;
pub use sockets::{Datagrams, OfKernel, Sockets};

/// So many answers may wait; then those who would say more wait too.
const MOST_WAITING: usize = 64;

/// The attempts under way.
pub struct Prober<S = OfKernel> {
    attempts: BTreeMap<Job, AbortHandle>,
    sockets: S,
    tls: tls::Client,
    speaker: mpsc::Sender<Said>,
    said: mpsc::Receiver<Said>,
}

/// What came of an attempt.
struct Said {
    job: Job,
    answer: Answer,
    /// Nothing more will come.
    last: bool,
}

/// The way from an attempt to the loop.
struct Speaker {
    job: Job,
    way: mpsc::Sender<Said>,
}

impl Speaker {
    /// An answer that may be to somebody else's question: the attempt goes on. It waits while the loop has enough to read.
    async fn mention(&self, answer: Answer) {
        let _ = self.way.send(Said { job: self.job, answer, last: false }).await; // without a loop nobody is told
    }

    async fn conclude(&self, answer: Answer) {
        let _ = self.way.send(Said { job: self.job, answer, last: true }).await;
    }
}

impl Default for Prober {
    fn default() -> Prober {
        Prober::new(OfKernel)
    }
}

impl<S: Sockets> Prober<S> {
    /// Nothing is under way; attempts will be made by these sockets.
    pub fn new(sockets: S) -> Prober<S> {
        let (speaker, said) = mpsc::channel(MOST_WAITING);
        Prober { attempts: BTreeMap::new(), sockets, tls: tls::Client::default(), speaker, said }
    }

    /// Begins an attempt. It must be called inside of a runtime with a clock. Programs are not for it.
    pub fn begin(&mut self, job: Job, connection: Connection, ask: Ask) {
        let speaker = Speaker { job, way: self.speaker.clone() };
        let (sockets, tls) = (self.sockets.clone(), self.tls.clone());
        let task = tokio::spawn(async move {
            if let Some(answer) = attempt(&sockets, &connection, ask, &tls, &speaker).await {
                speaker.conclude(answer).await;
            }
        });
        self.attempts.insert(job, task.abort_handle());
    }

    /// Nobody waits for this attempt any more; its connection is closed.
    pub fn cancel(&mut self, job: Job) {
        if let Some(task) = self.attempts.remove(&job) {
            task.abort();
        }
    }

    /// Nobody waits for any attempt.
    pub fn forget(&mut self) {
        forget(&mut self.attempts);
    }

    /// The next answer, and whose it is. After a datagram others of the same attempt may follow until its time is over or it
    /// is cancelled: the first may have been to another question.
    pub fn poll_answer(&mut self, cx: &mut Context<'_>) -> Poll<(Job, Answer)> {
        loop {
            let Some(Said { job, answer, last }) = ready!(self.said.poll_recv(cx)) else { return Poll::Pending };
            if !self.attempts.contains_key(&job) {
                continue; // cancelled meanwhile
            }
            if last {
                self.attempts.remove(&job);
            }
            return Poll::Ready((job, answer));
        }
    }

    /// How many attempts are under way.
    pub fn under_way(&self) -> usize {
        self.attempts.len()
    }
}

impl<S> Drop for Prober<S> {
    fn drop(&mut self) {
        forget(&mut self.attempts);
    }
}

fn forget(attempts: &mut BTreeMap<Job, AbortHandle>) {
    std::mem::take(attempts).values().for_each(AbortHandle::abort);
}

async fn attempt<S: Sockets>(
    sockets: &S,
    connection: &Connection,
    ask: Ask,
    tls: &tls::Client,
    speaker: &Speaker,
) -> Option<Answer> {
    let pace = Pace::new(connection.timeout);
    let answer = match ask {
        Ask::Run(_) => return None,
        Ask::Connect => sockets.connect(connection, &pace).await.map(|_| Answer::Reached),
        Ask::Page { tls: name, request } => page(sockets, connection, name, &request, tls, &pace).await,
        Ask::Dialogue(says) => match sockets.connect(connection, &pace).await {
            Ok(mut stream) => Ok(smtp::dialogue(&mut stream, &says, &pace).await),
            Err(answer) => Err(answer),
        },
        Ask::Datagram(payload) => udp::ask(sockets, connection, &payload, &pace, speaker).await,
        Ask::Echo => sockets.echo(connection, speaker.job.0, &pace).await,
    };
    Some(answer.unwrap_or_else(|failure| failure))
}

async fn page<S: Sockets>(
    sockets: &S,
    connection: &Connection,
    name: Option<Option<String>>,
    request: &[u8],
    tls: &tls::Client,
    pace: &Pace,
) -> Result<Answer, Answer> {
    let mut stream = sockets.connect(connection, pace).await?;
    match name {
        None => Ok(http::fetch(&mut stream, request, pace).await),
        Some(name) => {
            let mut stream = tls.greet(stream, name.as_deref(), connection.to.ip, pace).await?;
            Ok(http::fetch(&mut stream, request, pace).await)
        }
    }
}

#[cfg(test)]
mod tests;
