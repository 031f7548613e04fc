//! What waits for the kernel: a server that comes back or fails has only done so when the table takes the command for it.
//!
//! keepalived commands the services of a server one after the other, each when the one before was taken. Where one is refused,
//! the server stays what it was and so does its checker, so that the next result of that kind tries it all again.
use alloc::collections::VecDeque;

use super::judge_answer::Why;
use super::mail::Turn;
use super::pool::{Entry, IpvsCommand, Wish, command};
use super::{Checkers, EffectKind, News, Place};
use crate::rules::Rule;

/// What is between the checkers and the kernel's table.
#[derive(Clone, Debug, Default)]
pub(super) struct Table {
    /// The driver tells how commands come out; otherwise all of them count as taken.
    told: bool,
    pending: Option<Pending>,
    /// Checkers that follow a file or a session, and have to wait for their turn.
    later: VecDeque<Place>,
}

/// The command that is waited for, and what it is about.
#[derive(Clone, Copy, Debug)]
struct Pending {
    /// The checker that has turned its server.
    place: Place,
    /// Which way.
    up: bool,
    /// Which of the services of its virtual server.
    target: usize,
    wish: Wish,
    entry: Entry,
    command: IpvsCommand,
    /// What is mailed of it then, if it is worth a mail.
    mail: Option<(Rule, Turn, Why)>,
}

impl Checkers {
    /// Whether [`super::Input::Programmed`] tells how commands come out. Where it does not, every one counts as taken.
    pub fn set_told(&mut self, told: bool) {
        self.table.told = told;
    }

    /// Whether the outcome of this command is waited for.
    pub fn awaits(&self, command: &IpvsCommand) -> bool {
        self.table.pending.is_some_and(|pending| pending.command == *command)
    }

    /// A checker has turned its server: the table is told, and if need be its answer is waited for.
    pub(super) fn turn_server(&mut self, place: Place, up: bool) {
        let (s, r, _) = place;
        let inhibit = self.services[s].servers[r].model.inhibit_on_failure;
        let (rule, news) = match up {
            true => (Rule::ServerAdded, News::Added { inhibit }),
            false => (Rule::ServerRemoved, News::Removed { inhibit }),
        };
        self.tell_server(rule, (s, r), news);
        let change = if self.real_servers_serve(s) { self.change_of(s, r, up) } else { None };
        let Some(((wish, entry), first)) = change.zip(self.services[s].targets.first()) else {
            return self.server_turned(s, r, up);
        };
        if self.table.told {
            let command = command(wish, *first, entry);
            return self.put_question(Pending { place, up, target: 0, wish, entry, command, mail: None });
        }
        self.program(rule, s, wish, entry);
        self.server_turned(s, r, up);
    }

    /// A checker's news is mailed once it is known what became of its server.
    pub(super) fn mail_afterwards(&mut self, rule: Rule, place: Place, turn: Turn, why: Why) {
        match &mut self.table.pending {
            Some(pending) => pending.mail = Some((rule, turn, why)),
            None => self.mail_check(rule, place, turn, why),
        }
    }

    fn put_question(&mut self, pending: Pending) {
        let rule = if pending.up { Rule::ServerAdded } else { Rule::ServerRemoved };
        self.table.pending = Some(pending);
        self.effect(rule, EffectKind::ProgramIpvs(pending.command));
    }

    /// The table has answered. What cannot be edited, for it is not there, is added instead.
    pub(super) fn programmed(&mut self, done: bool) {
        let Some(pending) = self.table.pending.take() else { return };
        let Pending { place, up, target, wish, entry, command: asked, mail } = pending;
        let targets = &self.services[place.0].targets;
        match done {
            true if target + 1 < targets.len() => {
                let command = command(wish, targets[target + 1], entry);
                self.put_question(Pending { target: target + 1, command, ..pending });
            }
            true => self.server_turned(place.0, place.1, up),
            false if matches!(asked, IpvsCommand::EditDest(..)) => {
                let command = command(Wish::Add, targets[target], entry);
                self.put_question(Pending { command, ..pending });
            }
            false => self.refused(place, up),
        }
        if let (None, Some((rule, turn, why))) = (&self.table.pending, mail) {
            self.mail_check(rule, place, turn, why);
        }
        while self.table.pending.is_none()
            && let Some(place) = self.table.later.pop_front()
        {
            self.follow(place);
        }
    }

    /// The server stays what it was, and its checker too.
    fn refused(&mut self, place: Place, up: bool) {
        let (s, r, _) = place;
        let server = &mut self.services[s].servers[r];
        server.present = !up;
        server.checks[place.2].tally.up = !up;
        self.tell_server(Rule::ServerRefused, (s, r), News::Refused { up });
    }

    /// Whoever tells something else instead of an outcome has nothing to say against the command.
    pub(super) fn settle(&mut self) {
        while self.table.pending.is_some() {
            self.programmed(true);
        }
    }

    /// Whether this checker has to wait for its turn, which it then gets.
    pub(super) fn waits_in_line(&mut self, place: Place) -> bool {
        let waits = self.table.pending.is_some();
        if waits {
            self.table.later.push_back(place);
        }
        waits
    }
}
