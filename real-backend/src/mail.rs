//! Mails, one after the other: each gets a connection of its own, and the loop waits for none of them.
//!
//! keepalived opens all connections at once, so that mails may overtake each other; here they arrive in the order in which they
//! were decided. A mail that cannot be delivered is said and dropped, as keepalived does; nothing is tried twice.
mod letter;
mod talk;

use std::collections::VecDeque;
use std::task::{Context, Poll};

use tokio::task::JoinSet;
use vrrplab_engine::Letter;
use vrrplab_engine::model::globals;

pub use letter::{Parcel, Sender};

/// So many mails wait; further ones are dropped.
const MOST_WAITING: usize = 256;

/// The mails on their way.
#[derive(Default)]
pub struct Mails {
    waiting: VecDeque<Parcel>,
    /// Who sends, looked up with the first mail: a directory of users may be slow.
    sender: Option<Sender>,
    /// The one that is being delivered.
    sending: JoinSet<()>,
    /// The queue was full, and that was said.
    full: bool,
}

impl Mails {
    /// Has a mail delivered, if that is possible at all.
    pub fn send(&mut self, rule: &'static str, settings: &globals::Mail, letter: &Letter) {
        let subject = &letter.subject;
        let sender = self.sender.get_or_insert_with(Sender::of_host);
        match Parcel::new(rule, settings, letter, sender) {
            Ok(_) if self.waiting.len() >= MOST_WAITING => {
                if !std::mem::replace(&mut self.full, true) {
                    tracing::error!(
                        rule,
                        subject,
                        "{MOST_WAITING} mails wait for the mail server: this one is dropped"
                    );
                }
            }
            Ok(parcel) => {
                self.waiting.push_back(parcel);
                self.go_on();
            }
            Err(why) => tracing::error!(rule, subject, why, "this mail cannot be sent"),
        }
    }

    /// Whether a mail has been delivered, or given up. The next one is on its way then.
    pub fn poll_sent(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        match self.sending.poll_join_next(cx) {
            Poll::Ready(Some(_)) => {
                self.go_on();
                Poll::Ready(())
            }
            Poll::Ready(None) | Poll::Pending => Poll::Pending,
        }
    }

    /// Whether no mail is on its way.
    pub fn is_idle(&self) -> bool {
        self.sending.is_empty() && self.waiting.is_empty()
    }

    /// The daemon ends: what has not been delivered by now is dropped.
    pub fn close(&mut self) {
        let lost = self.sending.len() + self.waiting.len();
        if lost > 0 {
            tracing::warn!(lost, "the mail server was too slow for the last mails");
        }
        self.sending.abort_all();
        self.waiting.clear();
    }

    fn go_on(&mut self) {
        if self.sending.is_empty()
            && let Some(parcel) = self.waiting.pop_front()
        {
            self.full = false;
            self.sending.spawn(async move {
                let (rule, subject, server) = (parcel.rule, &parcel.subject, parcel.server());
                match talk::deliver(&parcel).await {
                    Ok(()) => tracing::info!(rule, subject, server, "mail sent"),
                    Err(why) => tracing::error!(rule, subject, server, why, "this mail is lost"),
                }
            });
        }
    }
}

#[cfg(test)]
mod tests;
