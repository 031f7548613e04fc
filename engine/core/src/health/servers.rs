//! What follows from checkers: servers come and go, change their weight, and with them the quorum and the sorry server.
use alloc::boxed::Box;
use alloc::format;

use super::pool::{Entry, IpvsCommand, Wish, command};
use super::{Checkers, EffectKind, News, Place, Votes};
use crate::model::command::Program;
use crate::rules::Rule;

impl Checkers {
    /// The service and its servers come into the table: all of them are taken as alive, but those of which a checker begins
    /// as failed.
    pub(super) fn start_service(&mut self, s: usize) {
        for target in 0..self.services[s].targets.len() {
            let add = IpvsCommand::AddService(self.services[s].targets[target], self.services[s].config);
            self.effect(Rule::ServersStart, EffectKind::ProgramIpvs(add));
        }
        for r in 0..self.services[s].servers.len() {
            self.start_server(Rule::ServersStart, s, r);
        }
        if let Some(sorry) = self.services[s].model.sorry.filter(|sorry| sorry.inhibit) {
            self.program(Rule::ServersStart, s, Wish::Add, Entry::sorry(&sorry, 0));
        }
        self.follow_quorum(s, true);
    }

    pub(super) fn start_server(&mut self, rule: Rule, s: usize, r: usize) {
        let open = self.real_servers_serve(s);
        let server = &mut self.services[s].servers[r];
        server.alive = server.failed() == 0;
        let weight = if server.alive && open { server.weight() } else { 0 };
        if (server.alive && open) || server.model.inhibit_on_failure {
            server.present = true;
            let entry = Entry::of(&server.model, weight);
            self.program(rule, s, Wish::Add, entry);
        }
    }

    /// Whether real servers are in the table: not while a sorry server stands in for them.
    pub(super) fn real_servers_serve(&self, s: usize) -> bool {
        !self.services[s].sorry
    }

    pub(super) fn program(&mut self, rule: Rule, s: usize, wish: Wish, entry: Entry) {
        for target in 0..self.services[s].targets.len() {
            let one = command(wish, self.services[s].targets[target], entry);
            self.effect(rule, EffectKind::ProgramIpvs(one));
        }
    }

    fn run(&mut self, rule: Rule, program: Option<Program>) {
        if let Some(program) = program {
            self.effect(rule, EffectKind::RunScript(Box::new(program)));
        }
    }

    /// The program of a server runs, and the pipes hear of it.
    pub(super) fn notify_server(&mut self, rule: Rule, (s, r): (usize, usize), up: bool) {
        let service = &self.services[s];
        let server = &service.servers[r];
        let program = if up { server.model.notify_up.clone() } else { server.model.notify_down.clone() };
        let line = format!("RS {} {} {}", server.name, service.name, if up { "UP" } else { "DOWN" });
        self.run(rule, program);
        self.write(rule, &line);
    }

    /// The program of a quorum runs, and the pipes hear of it.
    pub(super) fn notify_quorum(&mut self, rule: Rule, s: usize, up: bool) {
        let service = &self.services[s];
        let program = if up { service.model.quorum_up.clone() } else { service.model.quorum_down.clone() };
        let line = format!("VS {} {}", service.name, if up { "UP" } else { "DOWN" });
        self.run(rule, program);
        self.write(rule, &line);
    }

    /// A checker has had a result; `was_up` is what it was before.
    pub(super) fn checker_turned(&mut self, place: Place, was_up: bool, first_failure: bool) {
        let (s, r, c) = place;
        let server = &self.services[s].servers[r];
        let is_up = server.checks[c].tally.up;
        match (server.alive, server.failed() == 0) {
            (true, false) => self.turn_server(place, false),
            (false, true) => self.turn_server(place, true),
            // It began as failed, and has failed now: the program is told, nothing else happens.
            (false, false) if !was_up && !is_up && first_failure => {
                self.notify_server(Rule::ServerRemoved, (s, r), false);
            }
            _ => {}
        }
    }

    /// A reload finds a server without failed checkers.
    pub(super) fn server_up(&mut self, s: usize, r: usize) {
        let inhibit = self.services[s].servers[r].model.inhibit_on_failure;
        self.tell_server(Rule::ServerAdded, (s, r), News::Added { inhibit });
        if self.real_servers_serve(s) {
            self.put_in(Rule::ServerAdded, s, r);
        }
        self.server_turned(s, r, true);
    }

    /// A server is up or down now: its program runs, and the quorum may be another one.
    pub(super) fn server_turned(&mut self, s: usize, r: usize, up: bool) {
        self.services[s].servers[r].alive = up;
        let rule = if up { Rule::ServerAdded } else { Rule::ServerRemoved };
        self.notify_server(rule, (s, r), up);
        self.follow_quorum(s, false);
    }

    fn put_in(&mut self, rule: Rule, s: usize, r: usize) {
        if let Some((wish, entry)) = self.change_of(s, r, true) {
            self.program(rule, s, wish, entry);
        }
    }

    fn take_out(&mut self, rule: Rule, s: usize, r: usize) {
        if let Some((wish, entry)) = self.change_of(s, r, false) {
            self.program(rule, s, wish, entry);
        }
    }

    /// What puts a server into the table (`up`) or takes it out, which counts as done; nothing where it is not in it.
    pub(super) fn change_of(&mut self, s: usize, r: usize, up: bool) -> Option<(Wish, Entry)> {
        let server = &mut self.services[s].servers[r];
        let (before, inhibit) = (server.present, server.model.inhibit_on_failure);
        let wish = match (before, up) {
            (true, true) => Wish::Edit,
            (false, true) => Wish::Add,
            (true, false) if inhibit => Wish::Edit,
            (true, false) => Wish::Delete,
            (false, false) => return None,
        };
        server.present = up || inhibit;
        Some((wish, Entry::of(&server.model, if up { server.weight() } else { 0 })))
    }

    /// A checker wishes another weight. It is sent, and told, only for servers that are in use.
    pub(super) fn set_adds(&mut self, place: Place, adds: i64) {
        let (s, r, _) = place;
        let from = self.services[s].servers[r].weight();
        self.check_mut(place).adds = adds;
        let to = self.services[s].servers[r].weight();
        if from == to || !self.services[s].servers[r].alive {
            return;
        }
        if self.real_servers_serve(s) {
            self.tell_server(Rule::ServerWeight, (s, r), News::Weight { from, to });
            self.put_in(Rule::ServerWeight, s, r);
        }
        self.follow_quorum(s, false);
    }

    /// Looks whether the quorum is still there, or is there again. At the start its lack matters to a sorry server only.
    pub(super) fn follow_quorum(&mut self, s: usize, start: bool) {
        let service = &self.services[s];
        let start = start && service.model.sorry.is_some();
        let (limits, alive, before) = (service.limits(), service.alive(), service.quorum);
        let reached = limits.reached(before, alive);
        let votes = Votes { quorum: limits.quorum, hysteresis: limits.hysteresis, alive };
        self.services[s].quorum = reached;
        match (before, reached) {
            (false, true) => self.quorum_gained(s, votes),
            (true, false) => self.quorum_lost(s, News::Lost(votes)),
            (false, false) if start => self.quorum_lost(s, News::StartsWithout(votes)),
            _ => {}
        }
    }

    fn quorum_gained(&mut self, s: usize, votes: Votes) {
        self.tell_service(Rule::QuorumGained, s, News::Gained(votes));
        if let Some(sorry) = self.services[s].model.sorry.filter(|_| self.services[s].sorry) {
            self.tell_service(Rule::SorryServerOut, s, News::SorryOut { inhibit: sorry.inhibit });
            self.services[s].sorry = false;
            let wish = if sorry.inhibit { Wish::Edit } else { Wish::Delete };
            self.program(Rule::SorryServerOut, s, wish, Entry::sorry(&sorry, 0));
            self.tell_service(Rule::SorryServerOut, s, News::Pool(true));
            for r in 0..self.services[s].servers.len() {
                if self.services[s].servers[r].alive {
                    self.put_in(Rule::SorryServerOut, s, r);
                }
            }
        }
        self.notify_quorum(Rule::QuorumGained, s, true);
    }

    fn quorum_lost(&mut self, s: usize, news: News) {
        self.tell_service(Rule::QuorumLost, s, news);
        if let Some(sorry) = self.services[s].model.sorry {
            self.tell_service(Rule::SorryServerIn, s, News::SorryIn { inhibit: sorry.inhibit });
            self.services[s].sorry = true;
            let wish = if sorry.inhibit { Wish::Edit } else { Wish::Add };
            self.program(Rule::SorryServerIn, s, wish, Entry::sorry(&sorry, 1));
            self.tell_service(Rule::SorryServerIn, s, News::Pool(false));
            for r in 0..self.services[s].servers.len() {
                if self.services[s].servers[r].alive {
                    self.take_out(Rule::SorryServerIn, s, r);
                }
            }
        }
        self.notify_quorum(Rule::QuorumLost, s, false);
    }

    /// SIGTERM: every server is taken out, then its service. With `omega` that counts as going down.
    pub(super) fn stop(&mut self) {
        self.cancel_all(Rule::ServersStop);
        for s in 0..self.services.len() {
            self.stop_service(Rule::ServersStop, s);
        }
        self.running = false;
    }

    fn stop_service(&mut self, rule: Rule, s: usize) {
        self.take_sorry_out(rule, s);
        let omega = self.services[s].model.omega;
        for r in 0..self.services[s].servers.len() {
            self.tell_server(rule, (s, r), News::ShutDown);
            let alive = self.services[s].servers[r].alive;
            self.delete_server(rule, s, r);
            if alive && omega {
                self.notify_server(rule, (s, r), false);
            }
        }
        if omega {
            self.notify_quorum(rule, s, false);
        }
        self.delete_service(rule, s);
    }

    /// The sorry server leaves the table, before its service does.
    pub(super) fn take_sorry_out(&mut self, rule: Rule, s: usize) {
        let service = &self.services[s];
        if let Some(sorry) = service.model.sorry.filter(|sorry| sorry.inhibit || service.sorry) {
            self.program(rule, s, Wish::Delete, Entry::sorry(&sorry, 0));
        }
    }

    pub(super) fn delete_service(&mut self, rule: Rule, s: usize) {
        self.services[s].quorum = false;
        for target in 0..self.services[s].targets.len() {
            let delete = IpvsCommand::DeleteService(self.services[s].targets[target]);
            self.effect(rule, EffectKind::ProgramIpvs(delete));
        }
    }

    /// A server leaves the table for good.
    pub(super) fn delete_server(&mut self, rule: Rule, s: usize, r: usize) {
        let server = &mut self.services[s].servers[r];
        let (entry, present) = (Entry::of(&server.model, 0), server.present);
        (server.alive, server.present) = (false, false);
        if present {
            self.program(rule, s, Wish::Delete, entry);
        }
    }
}
