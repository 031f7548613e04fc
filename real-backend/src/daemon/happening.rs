//! What the loop waits for, in a fixed order: orders first, then ends of programs, then answers to probes, then the door;
//! questions take turns with it.
use std::future::poll_fn;
use std::io;
use std::task::{Context, Poll};

use tokio::io::Interest;
use tokio::net::UdpSocket;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::task::JoinSet;
use vrrplab_engine::Job;
use vrrplab_engine::health::Answer;

use super::desk::Desk;
use crate::control::Ask;
use crate::probe::Prober;
use crate::script::{Ended, Scripts};

/// What an operator says by a signal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Word {
    /// SIGTERM, SIGINT.
    Stop,
    /// SIGHUP.
    Reload,
    /// SIGUSR1.
    Status,
}

/// Something happens.
#[derive(Debug)]
pub(super) enum Happening {
    Word(Word),
    Ended(Ended),
    Counted(Vec<u32>),
    Asked(Ask),
    Answered(Job, Answer),
    Knock,
}

/// The signals that are listened to.
pub(super) struct Signals {
    all: [(Signal, Word); 4],
}

impl Signals {
    pub fn new() -> io::Result<Signals> {
        let on = |kind, word| signal(kind).map(|signal| (signal, word));
        Ok(Signals {
            all: [
                on(SignalKind::terminate(), Word::Stop)?,
                on(SignalKind::interrupt(), Word::Stop)?,
                on(SignalKind::hangup(), Word::Reload)?,
                on(SignalKind::user_defined1(), Word::Status)?,
            ],
        })
    }

    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Word> {
        for (signal, word) in &mut self.all {
            if let Poll::Ready(Some(())) = signal.poll_recv(cx) {
                return Poll::Ready(*word);
            }
        }
        Poll::Pending
    }
}

/// Waits for the next happening. At a `busy` door somebody knocks still.
pub(super) async fn next(
    signals: &mut Signals,
    scripts: &mut Scripts,
    counting: &mut JoinSet<Vec<u32>>,
    prober: &mut Prober,
    desk: &mut Desk,
    bell: &UdpSocket,
    busy: bool,
) -> io::Result<Happening> {
    poll_fn(|cx| {
        if let Poll::Ready(word) = signals.poll(cx) {
            return Poll::Ready(Ok(Happening::Word(word)));
        }
        if let Poll::Ready(ended) = scripts.poll_ended(cx) {
            return Poll::Ready(Ok(Happening::Ended(ended)));
        }
        if let Poll::Ready(Some(Ok(counts))) = counting.poll_join_next(cx) {
            return Poll::Ready(Ok(Happening::Counted(counts)));
        }
        if let Poll::Ready((job, answer)) = prober.poll_answer(cx) {
            return Poll::Ready(Ok(Happening::Answered(job, answer)));
        }
        let first = !std::mem::replace(&mut desk.asked, false);
        if first && let Poll::Ready(ask) = desk.poll(cx) {
            return Poll::Ready(Ok(Happening::Asked(ask)));
        }
        if busy {
            return Poll::Ready(Ok(Happening::Knock));
        }
        if let Poll::Ready(rung) = bell.poll_recv_ready(cx) {
            // forgotten before the door is looked at: who knocks meanwhile rings again
            let _ = bell.try_io(Interest::READABLE, || Err::<(), _>(io::ErrorKind::WouldBlock.into()));
            return Poll::Ready(rung.map(|()| Happening::Knock));
        }
        desk.poll(cx).map(|ask| Ok(Happening::Asked(ask)))
    })
    .await
}
