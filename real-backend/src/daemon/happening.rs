//! What the loop waits for, in a fixed order: orders first, then ends of programs, then answers to probes, then the door;
//! questions take turns with it.
use std::future::poll_fn;
use std::io;
use std::task::Poll;

use tokio::task::JoinSet;
use vrrplab_engine::Job;
use vrrplab_engine::health::Answer;

use super::desk::Desk;
use crate::control::Ask;
use crate::probe::{Prober, Sockets};
use crate::script::Ended;
use crate::system::{System, Word};

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

/// Waits for the next happening. At a `busy` door somebody knocks still.
pub(super) async fn next(
    system: &mut impl System,
    counting: &mut JoinSet<Vec<u32>>,
    prober: &mut Prober<impl Sockets>,
    desk: &mut Desk,
    busy: bool,
) -> io::Result<Happening> {
    poll_fn(|cx| {
        if let Poll::Ready(word) = system.poll_word(cx) {
            return Poll::Ready(Ok(Happening::Word(word)));
        }
        if let Poll::Ready(ended) = system.poll_ended(cx) {
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
        if let Poll::Ready(rung) = system.poll_knock(cx) {
            return Poll::Ready(rung.map(|()| Happening::Knock));
        }
        desk.poll(cx).map(|ask| Ok(Happening::Asked(ask)))
    })
    .await
}
