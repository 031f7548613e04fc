//! The daemon's desk: questions of operators, one at a time, and those who follow its decisions.
use std::task::{Context, Poll};

use tokio::sync::mpsc;
use tokio::sync::mpsc::error::TrySendError;
use vrrplab_engine::Trace;
use vrrplab_formats::control::{Answer, Code, Drift, News, Request, Said, Status, Told, Tracing};

use super::Daemon;
use crate::control::{Ask, MOST_FOLLOWERS};
use crate::counters::Moment;
use crate::report;
use crate::system::System;
use crate::usage;

/// What the daemon knows of operators.
#[derive(Default)]
pub(super) struct Desk {
    /// Where questions come in.
    asks: Option<mpsc::Receiver<Ask>>,
    /// The last thing that happened was a question: others go first now.
    pub asked: bool,
    pub reloads: u64,
    pub reloads_refused: u64,
    followers: Vec<Follower>,
    started: Option<Moment>,
}

/// A client that follows the trace.
struct Follower {
    news: mpsc::Sender<Told>,
    lost: u64,
}

impl Desk {
    /// The next question. After it the door has its turn, so that nobody can ask so often that packets wait.
    pub fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Ask> {
        let Some(asks) = &mut self.asks else { return Poll::Pending };
        match asks.poll_recv(cx) {
            Poll::Ready(Some(ask)) => {
                self.asked = true;
                Poll::Ready(ask)
            }
            Poll::Ready(None) => {
                self.asks = None;
                Poll::Pending
            }
            Poll::Pending => Poll::Pending,
        }
    }

    /// Tells a decision to all who follow; who has no room is told later how many it missed.
    pub fn tell(&mut self, unix_ms: u64, instance: Option<&str>, trace: &Trace) {
        if self.followers.is_empty() {
            return;
        }
        let Some(news) = News::of(trace) else { return };
        let rule = trace.rule.id().to_owned();
        let told = Told { unix_ms, instance: instance.map(str::to_owned), rule, news };
        self.followers.retain_mut(|follower| follower.hears(&told));
    }
}

impl Follower {
    /// Whether it is still there.
    fn hears(&mut self, told: &Told) -> bool {
        if self.lost > 0 {
            let news = News::Lost { count: self.lost };
            let missed = Told { instance: None, news, ..told.clone() };
            match self.news.try_send(missed) {
                Ok(()) => self.lost = 0,
                Err(TrySendError::Full(_)) => {
                    self.lost += 1;
                    return true;
                }
                Err(TrySendError::Closed(_)) => return false,
            }
        }
        match self.news.try_send(told.clone()) {
            Ok(()) => true,
            Err(TrySendError::Full(_)) => {
                self.lost += 1;
                true
            }
            Err(TrySendError::Closed(_)) => false,
        }
    }
}

impl<S: System> Daemon<S> {
    /// From now on operators ask here.
    pub fn hear_operators(&mut self, asks: mpsc::Receiver<Ask>) {
        self.desk.asks = Some(asks);
    }

    /// From now on it counts.
    pub(super) fn begin_to_count(&mut self) {
        let started = self.system.moment();
        self.counters.settle(started, &self.model);
        self.desk.started = Some(started);
    }

    /// Answers one question. Nobody is waited for: who has gone meanwhile hears nothing.
    pub(super) fn answer_operator(&mut self, ask: Ask) {
        match ask {
            Ask::Request(request, back) => {
                let answer = self.answer_to(request);
                let _ = back.send(answer);
            }
            Ask::Follow(news, back) => {
                let answer = self.let_follow(news);
                let _ = back.send(answer);
            }
            Ask::Metrics(back) => {
                let _ = back.send((self.status(), self.usage(), self.balancing.checked()));
            }
        }
    }

    fn answer_to(&mut self, request: Request) -> Answer {
        match request {
            Request::Status => Answer::new(Said::Status(Box::new(self.status()))),
            Request::Stats => Answer::new(Said::Stats(Box::new(self.status().stats(self.usage())))),
            Request::Ipvs => match self.balancing.show() {
                Ok(table) => Answer::new(Said::Ipvs(table)),
                Err(why) => Answer::refused(Code::KernelRefused, format!("IPVS does not show what it holds: {why}")),
            },
            Request::Reload if self.end_at.is_some() => Answer::refused(Code::Stopping, "the daemon is about to end"),
            Request::Reload => match self.reload() {
                Ok(reloaded) => Answer::new(Said::Reload(reloaded)),
                Err(why) => Answer::refused(Code::ConfigurationRefused, why),
            },
            Request::Drift => match self.balancing.drift() {
                Ok(missing) => {
                    let commands = missing.iter().map(vrrplab_formats::ipvsadm::command).collect();
                    Answer::new(Said::Drift(Drift { commands }))
                }
                Err(why) => Answer::refused(Code::KernelRefused, format!("IPVS does not show what it holds: {why}")),
            },
            Request::Trace => Answer::refused(Code::BadRequest, "a trace is followed, not asked for"),
        }
    }

    fn let_follow(&mut self, news: mpsc::Sender<Told>) -> Answer {
        self.desk.followers.retain(|follower| !follower.news.is_closed());
        if self.desk.followers.len() >= MOST_FOLLOWERS {
            return Answer::refused(Code::Busy, format!("{MOST_FOLLOWERS} clients follow the trace already"));
        }
        self.desk.followers.push(Follower { news, lost: 0 });
        Answer::new(Said::Tracing(Tracing { listeners: self.desk.followers.len() }))
    }

    fn usage(&self) -> vrrplab_formats::control::Usage {
        usage::look(self.desk.started.map_or(0, |started| started.unix_ms))
    }

    fn status(&self) -> Status {
        let moment = self.system.moment();
        let daemon = vrrplab_formats::control::Daemon {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            pid: std::process::id(),
            config: self.source.path().display().to_string(),
            uptime_ms: self.desk.started.map_or(0, |started| moment.now.since(started.now).as_micros() / 1_000),
            reloads: self.desk.reloads,
            reloads_refused: self.desk.reloads_refused,
        };
        let name = |iface| self.system.table().name(iface);
        report::status(moment, daemon, &self.engine, &self.counters, name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use vrrplab_engine::{Rule, TraceKind};

    fn priority(to: u8) -> Trace {
        Trace { instance: Some(0), rule: Rule::PriorityChanges, kind: TraceKind::Priority { from: 100, to } }
    }

    #[test]
    fn who_reads_slowly_is_told_how_much_was_left_out() {
        let (news, mut told) = mpsc::channel(2);
        let mut desk = Desk { followers: vec![Follower { news, lost: 0 }], ..Desk::default() };
        for to in 1..=5 {
            desk.tell(0, Some("VI_1"), &priority(to));
        }
        assert_eq!(told.try_recv().unwrap().news, News::Priority { from: 100, to: 1 });
        assert_eq!(told.try_recv().unwrap().news, News::Priority { from: 100, to: 2 });
        desk.tell(0, Some("VI_1"), &priority(6));
        assert_eq!(told.try_recv().unwrap().news, News::Lost { count: 3 });
        assert_eq!(told.try_recv().unwrap().news, News::Priority { from: 100, to: 6 });
        drop(told);
        desk.tell(0, Some("VI_1"), &priority(7));
        assert!(desk.followers.is_empty(), "who has gone is forgotten");
    }
}
