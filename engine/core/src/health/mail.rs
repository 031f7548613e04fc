//! The mails of health checks: what is worth one, and its words. A quorum's mail leaves before that of the server behind it.
use alloc::boxed::Box;
use alloc::format;
use alloc::string::String;

use super::judge_answer::Why;
use super::words::{CheckName, smtp_failure};
use super::{Checkers, EffectKind, Place, Votes};
use crate::io::Letter;
use crate::model::NodeModel;
use crate::model::globals;
use crate::rules::Rule;

/// By whose name and of what mails are sent.
#[derive(Clone, Debug)]
pub(super) struct Post {
    router: String,
    mail: globals::Mail,
}

/// A checker's news: what it was before, and what became of it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Turn {
    /// The checker was content.
    pub was_up: bool,
    /// Its server was alive.
    pub was_alive: bool,
    /// The checker is content.
    pub up: bool,
}

/// When a quorum is looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Poll {
    /// At the start of its service.
    Start,
    /// After a reload that the service has survived.
    Reload,
    /// When the weight that is alive has changed.
    News,
}

impl Post {
    pub fn of(model: &NodeModel) -> Post {
        let router = model.globals.router_id.as_ref().unwrap_or(&model.name).clone();
        Post { router, mail: model.globals.mail.clone() }
    }
}

/// Whether a checker's news is mailed. A program's first success is, whatever was thought of it before.
pub(super) fn is_mailed(check: &CheckName, turn: Turn, alive: bool, servers_only: bool) -> bool {
    let news = turn.was_up != turn.up || matches!(check, CheckName::Misc(_));
    news && (turn.was_alive != alive || !servers_only)
}

/// The line in a checker's mail; files are never mailed.
pub(super) fn checker_line(check: &CheckName, up: bool, why: Why) -> Option<String> {
    let ends = if up { "succeed" } else { "failed" };
    Some(match check {
        CheckName::File(_) => return None,
        CheckName::Tcp => format!("TCP CHECK {ends} on service"),
        CheckName::Udp => format!("UDP CHECK {ends} on service"),
        CheckName::Ping => format!("ICMP CHECK {ends} on service"),
        CheckName::Dns => format!("DNS_CHECK: {ends} on service"),
        CheckName::Http | CheckName::Smtp(_) if up => "CHECK succeed on service".into(),
        CheckName::Http => "CHECK failed on service : HTTP request failed".into(),
        CheckName::Smtp(to) => {
            let failure = to.and_then(|to| smtp_failure(to, why)).unwrap_or_else(|| "SMTP failed".into());
            format!("CHECK failed on service : {failure}")
        }
        CheckName::Misc(_) => {
            let ends = match (up, why) {
                (true, _) => "succeeded",
                (false, Why::TimedOut) => "timed out",
                (false, _) => "failed",
            };
            format!("MISC CHECK {ends} on service")
        }
        CheckName::Bfd(name) => format!("BFD CHECK {name} {} on service", if up { "succeeded" } else { "failed" }),
    })
}

/// The line in a quorum's mail.
pub(super) fn quorum_line(poll: Poll, up: bool, votes: Votes) -> String {
    let what = match (poll, up) {
        (Poll::Start | Poll::Reload, true) => "Starting with quorum up",
        (Poll::Start | Poll::Reload, false) => "Starting with quorum down",
        (Poll::News, true) => "Gained quorum",
        (Poll::News, false) => "Lost quorum",
    };
    let Votes { quorum, hysteresis, alive } = votes;
    let limit = if up { quorum + hysteresis } else { quorum - hysteresis };
    format!("{what} {quorum}+{hysteresis}={limit} <= {alive}")
}

impl Checkers {
    /// A checker has had a result that is news, and what follows from it is done.
    pub(super) fn mail_check(&mut self, rule: Rule, place: Place, turn: Turn, why: Why) {
        let server = &self.services[place.0].servers[place.1];
        if !self.post.mail.of_server(server.model.mail) {
            return;
        }
        let check = CheckName::of(&self.check(place).model, &self.tracked, &self.bfds);
        if is_mailed(&check, turn, server.alive, self.post.mail.servers_only)
            && let Some(line) = checker_line(&check, turn.up, why)
        {
            self.mail_server(rule, (place.0, place.1), &line);
        }
    }

    /// A reload has dropped a server that was alive.
    pub(super) fn mail_removed(&mut self, rule: Rule, (s, r): (usize, usize)) {
        if self.post.mail.of_server(self.services[s].servers[r].model.mail) {
            self.mail_server(rule, (s, r), "Removing");
        }
    }

    /// A quorum came or went.
    pub(super) fn mail_quorum(&mut self, rule: Rule, s: usize, poll: Poll, up: bool, votes: Votes) {
        let service = &self.services[s];
        if self.post.mail.of_service(service.model.mail) {
            let state = if up { "UP" } else { "DOWN" };
            let subject = format!("[{}] Virtualserver {} - {state}", self.post.router, service.name);
            self.mail(rule, subject, &quorum_line(poll, up, votes));
        }
    }

    fn mail_server(&mut self, rule: Rule, (s, r): (usize, usize), line: &str) {
        let (router, service) = (&self.post.router, &self.services[s]);
        let server = &service.servers[r];
        let state = if server.alive { "UP" } else { "DOWN" };
        let subject = format!("[{router}] Realserver {} of virtual server {} - {state}", server.name, service.name);
        self.mail(rule, subject, line);
    }

    fn mail(&mut self, rule: Rule, subject: String, line: &str) {
        let body = format!("=> {line} <=");
        self.effect(rule, EffectKind::Mail(Box::new(Letter { subject, body })));
    }
}
