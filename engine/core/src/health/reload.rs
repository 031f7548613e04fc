//! SIGHUP: what survives of virtual servers, servers and checkers, and what the table is told about the rest.
use alloc::vec::Vec;

use super::pool::{Entry, IpvsCommand, Wish};
use super::state::{Checker, Server, Service};
use super::{Checkers, EffectKind};
use crate::model::NodeModel;
use crate::rules::Rule;
use crate::time::Instant;

impl Checkers {
    pub(super) fn reload(&mut self, now: Instant, model: &NodeModel) {
        self.cancel_all(Rule::ServersReload);
        let groups = model.server_groups.clone();
        let new: Vec<Service> = model.servers.iter().map(|server| Service::new(server, &groups, true)).collect();
        let dropped = |old: &Service| !new.iter().any(|service| service.is(old));
        for s in 0..self.services.len() {
            if dropped(&self.services[s]) {
                self.stop_service(Rule::ServersReload, s);
            } else {
                self.drop_servers(s, &new);
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

    /// Servers that the new configuration of a kept service lacks go.
    fn drop_servers(&mut self, s: usize, new: &[Service]) {
        let Some(after) = new.iter().find(|service| service.is(&self.services[s])) else { return };
        let kept = |server: &Server| after.servers.iter().any(|kept| kept.model.endpoint == server.model.endpoint);
        let gone: Vec<usize> =
            (0..self.services[s].servers.len()).filter(|r| !kept(&self.services[s].servers[*r])).collect();
        for r in gone {
            self.stop_server(Rule::ServersReload, s, r);
        }
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
        self.follow_quorum(s, false);
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
        for check in &mut server.checks {
            if let Some(same) = before.checks.iter().find(|old| check.continues(old)) {
                (check.tally, check.adds) = (same.tally, same.adds);
            }
        }
        server.present = before.present;
        server.alive = server.failed() == 0;
        let wanted = (server.alive && serves) || server.model.inhibit_on_failure;
        let weight = |server: &Server, serves: bool| if server.alive && serves { server.weight() } else { 0 };
        let old = Entry::of(&before.model, weight(before, served));
        let new = Entry::of(&server.model, weight(server, serves));
        let wish = match (server.present, wanted) {
            (false, true) => Wish::Add,
            (true, false) => Wish::Delete,
            (true, true) if old != new => Wish::Edit,
            _ => return,
        };
        server.present = wanted;
        self.program(Rule::ServersReload, s, wish, new);
    }
}

impl Service {
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
