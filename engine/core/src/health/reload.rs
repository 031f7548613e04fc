//! SIGHUP: what survives of virtual servers, servers and checkers, and what the table is told about the rest.
use alloc::vec::Vec;

use super::mail::{Poll, Post};
use super::pool::{Entry, IpvsCommand, Wish};
use super::state::{Checker, Server, Service};
use super::{Checkers, EffectKind, News, Votes};
use crate::model::NodeModel;
use crate::rules::Rule;
use crate::time::Instant;

impl Checkers {
    pub(super) fn reload(&mut self, now: Instant, model: &NodeModel) {
        self.cancel_all(Rule::ServersReload);
        let groups = model.server_groups.clone();
        (self.tracked, self.bfds) = (model.files.clone(), super::bfds(model));
        (self.fifos, self.post) = (super::fifos(model), Post::of(model));
        let mut new: Vec<Service> = model.servers.iter().map(|server| Service::new(server, &groups, true)).collect();
        for service in &mut new {
            if let Some(old) = self.services.iter().find(|old| service.is(old)) {
                service.inherit(old);
            }
        }
        for s in 0..self.services.len() {
            match new.iter().position(|service| service.is(&self.services[s])) {
                None => self.drop_service(s),
                Some(after) => {
                    self.drop_servers(s, &new[after]);
                    self.put_back(s, &new[after]);
                }
            }
        }
        let old = core::mem::replace(&mut self.services, new);
        self.groups = groups;
        for s in 0..self.services.len() {
            let before = old.iter().find(|before| self.services[s].is(before));
            self.services[s].suspended = self.is_suspended(s);
            match before {
                None => self.start_service(s),
                Some(before) => self.continue_service(s, before),
            }
        }
        self.activate(now);
    }

    /// A service that the new configuration lacks goes with its servers, which count as going down.
    fn drop_service(&mut self, s: usize) {
        self.tell_service(Rule::ServersReload, s, News::ServiceDropped);
        self.take_sorry_out(Rule::ServersReload, s);
        for r in 0..self.services[s].servers.len() {
            self.drop_server(s, r);
        }
        self.delete_service(Rule::ServersReload, s);
    }

    /// Servers that the new configuration of a kept service lacks go. That the quorum goes with them is told, and forgotten:
    /// the new configuration begins with the quorum of before.
    fn drop_servers(&mut self, s: usize, after: &Service) {
        let before = self.services[s].quorum;
        let kept = |server: &Server| after.servers.iter().any(|kept| kept.model.endpoint == server.model.endpoint);
        for r in 0..self.services[s].servers.len() {
            if !kept(&self.services[s].servers[r]) {
                self.tell_server(Rule::ServersReload, (s, r), News::NoLonger);
                self.drop_server(s, r);
            }
        }
        self.services[s].quorum = before;
    }

    /// Servers that were dead come back where no failed checker is left.
    fn put_back(&mut self, s: usize, after: &Service) {
        for r in 0..self.services[s].servers.len() {
            let server = &self.services[s].servers[r];
            let same = after.servers.iter().find(|kept| kept.model.endpoint == server.model.endpoint);
            if !server.alive && same.is_some_and(|kept| kept.failed() == 0) {
                self.server_up(s, r);
            }
        }
    }

    /// Of a server that is dead already, only its entry is left to go.
    fn drop_server(&mut self, s: usize, r: usize) {
        let alive = self.services[s].servers[r].alive;
        if alive {
            self.tell_server(Rule::ServersReload, (s, r), News::Removed { inhibit: false });
        }
        self.delete_server(Rule::ServersReload, s, r);
        if alive {
            self.notify_server(Rule::ServersReload, (s, r), false);
            self.mail_removed(Rule::ServersReload, (s, r));
            self.drop_quorum(s);
        }
    }

    /// With its servers a service loses its quorum, once.
    fn drop_quorum(&mut self, s: usize) {
        let service = &self.services[s];
        let (limits, alive) = (service.limits(), service.alive());
        if !service.quorum || limits.reached(true, alive) {
            return;
        }
        self.services[s].quorum = false;
        self.notify_quorum(Rule::ServersReload, s, false);
        let votes = Votes { quorum: limits.quorum, hysteresis: limits.hysteresis, alive };
        self.mail_quorum(Rule::ServersReload, s, Poll::News, false, votes);
    }

    fn continue_service(&mut self, s: usize, before: &Service) {
        let service = &mut self.services[s];
        (service.quorum, service.sorry) = (before.quorum, before.sorry);
        if service.config != before.config {
            for target in 0..self.services[s].targets.len() {
                let edit = IpvsCommand::EditService(self.services[s].targets[target], self.services[s].config);
                self.effect(Rule::ServersReload, EffectKind::ProgramIpvs(edit));
            }
        }
        self.continue_sorry(s, before);
        for r in 0..self.services[s].servers.len() {
            let endpoint = self.services[s].servers[r].model.endpoint;
            match before.servers.iter().find(|server| server.model.endpoint == endpoint) {
                None => self.start_server(Rule::ServersReload, s, r),
                Some(server) => self.continue_server(s, r, server, !before.sorry),
            }
        }
        self.follow_quorum(s, Poll::Reload);
    }

    /// The sorry server of the table becomes the one of the new configuration.
    fn continue_sorry(&mut self, s: usize, before: &Service) {
        let weight = u32::from(before.sorry);
        let entry = |service: &Service| {
            let sorry = service.model.sorry?;
            (before.sorry || sorry.inhibit).then(|| Entry::sorry(&sorry, weight))
        };
        let (old, new) = (entry(before), entry(&self.services[s]));
        if old == new {
            return;
        }
        if let Some(old) = old {
            self.program(Rule::ServersReload, s, Wish::Delete, old);
        }
        if let Some(new) = new {
            self.program(Rule::ServersReload, s, Wish::Add, new);
        }
        self.services[s].sorry = before.sorry && new.is_some();
    }

    /// `served`: whether real servers were in the table before.
    fn continue_server(&mut self, s: usize, r: usize, before: &Server, served: bool) {
        let serves = !self.services[s].sorry;
        let server = &mut self.services[s].servers[r];
        server.present = before.present;
        server.alive = server.failed() == 0;
        let alive = server.alive;
        let wanted = (alive && serves) || server.model.inhibit_on_failure;
        let weight = |server: &Server, serves: bool| if server.alive && serves { server.weight() } else { 0 };
        let (from, to) = (weight(before, served), weight(server, serves));
        let (old, new) = (Entry::of(&before.model, from), Entry::of(&server.model, to));
        let wish = match (server.present, wanted) {
            (false, true) => Some(Wish::Add),
            (true, false) => Some(Wish::Delete),
            (true, true) if old != new => Some(Wish::Edit),
            _ => None,
        };
        server.present = wanted;
        if alive && served && serves && from != to {
            self.tell_server(Rule::ServersReload, (s, r), News::Weight { from, to });
        }
        if let Some(wish) = wish {
            self.program(Rule::ServersReload, s, wish, new);
        }
    }
}

impl Service {
    /// Takes over what the checkers of another configuration have found out.
    fn inherit(&mut self, old: &Service) {
        for server in &mut self.servers {
            let Some(before) = old.servers.iter().find(|one| one.model.endpoint == server.model.endpoint) else {
                continue;
            };
            for check in &mut server.checks {
                if let Some(same) = before.checks.iter().find(|old| check.continues(old)) {
                    (check.tally, check.adds) = (same.tally, same.adds);
                }
            }
        }
    }

    /// The same virtual server as another one.
    fn is(&self, other: &Service) -> bool {
        self.targets == other.targets && self.name == other.name
    }
}

impl Checker {
    /// Takes over what another checker has found out: it asks the same of the same.
    fn continues(&self, other: &Checker) -> bool {
        self.model.kind == other.model.kind && self.model.connection == other.model.connection
    }
}
