//! Virtual routes and rules, which come and go with the addresses, and what is static.
use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;

use super::Engine;
use crate::io::EffectKind;
use crate::model::route::{RouteModel, RuleModel, Statics};
use crate::model::{IfAddr, IfIndex};
use crate::rules::Rule;
use crate::time::Instant;
use crate::vrrp::decide::Event;
use crate::vrrp::instance::Instance;

impl Engine {
    /// Sets the routes of an instance that are not set yet, then its rules: its addresses are there.
    pub(crate) fn take_routes(&mut self, i: usize, rule: Rule) {
        let x = &mut self.instances[i];
        let routes: Vec<RouteModel> =
            x.model.routes.iter().filter(|r| !x.set_routes.contains(&r.line())).cloned().collect();
        let policies: Vec<RuleModel> =
            x.model.rules.iter().filter(|r| !x.set_rules.contains(&r.line())).cloned().collect();
        x.set_routes.extend(routes.iter().map(RouteModel::line));
        x.set_rules.extend(policies.iter().map(RuleModel::line));
        self.change_routes(routes, true, rule);
        self.change_rules(policies, true, rule);
    }

    /// Removes the rules of an instance that are set, then its routes: its addresses go afterwards.
    pub(crate) fn drop_routes(&mut self, i: usize, rule: Rule) {
        let x = &mut self.instances[i];
        let (set_routes, set_rules) = (core::mem::take(&mut x.set_routes), core::mem::take(&mut x.set_rules));
        let policies = x.model.rules.iter().filter(|r| set_rules.contains(&r.line())).cloned().collect();
        let routes = x.model.routes.iter().filter(|r| set_routes.contains(&r.line())).cloned().collect();
        self.change_rules(policies, false, rule);
        self.change_routes(routes, false, rule);
    }

    /// What an earlier run may have left: nobody knows whether it is there.
    pub(super) fn remove_left_routes(&mut self, i: usize) {
        let model = &self.instances[i].model;
        let (routes, policies) = (model.routes.clone(), model.rules.clone());
        self.change_rules(policies, false, Rule::StartLeftover);
        self.change_routes(routes, false, Rule::StartLeftover);
    }

    /// What the new configuration of an instance does not have any more.
    pub(crate) fn remove_vanished_routes(&mut self, (routes, policies): (Vec<RouteModel>, Vec<RuleModel>)) {
        self.change_rules(policies, false, Rule::Reload);
        self.change_routes(routes, false, Rule::Reload);
    }

    fn change_routes(&mut self, routes: Vec<RouteModel>, add: bool, rule: Rule) {
        for route in routes {
            self.effect(rule, EffectKind::ChangeRoute { route: Box::new(route), add });
        }
    }

    fn change_rules(&mut self, policies: Vec<RuleModel>, add: bool, rule: Rule) {
        for policy in policies {
            self.effect(rule, EffectKind::ChangeRule { policy: Box::new(policy), add });
        }
    }

    /// Somebody removed a route: a static one is set again, and a master without one that it watches is none.
    pub(super) fn route_taken(&mut self, now: Instant, line: &str) {
        for i in 0..self.instances.len() {
            let watched = |r: &RouteModel| !r.no_track && r.line() == line;
            if forget(&mut self.instances[i].set_routes, line) && self.instances[i].model.routes.iter().any(watched) {
                self.event(now, i, Event::AddressTaken, None);
            }
        }
        let up = |r: &RouteModel| r.device.as_deref().is_some_and(|name| self.interfaces.is_named_up(name));
        let again = |r: &&RouteModel| r.line() == line && !r.no_track && up(r);
        let again = self.statics.routes.iter().filter(again).cloned().collect();
        if self.is_running() {
            self.change_routes(again, true, Rule::StaticItem);
        }
    }

    /// Somebody removed a rule.
    pub(super) fn rule_taken(&mut self, now: Instant, line: &str) {
        for i in 0..self.instances.len() {
            let watched = |r: &RuleModel| !r.no_track && r.line() == line;
            if forget(&mut self.instances[i].set_rules, line) && self.instances[i].model.rules.iter().any(watched) {
                self.event(now, i, Event::AddressTaken, None);
            }
        }
        let again = self.statics.rules.iter().filter(|r| r.line() == line && !r.no_track).cloned().collect();
        if self.is_running() {
            self.change_rules(again, true, Rule::StaticItem);
        }
    }

    /// Sets what is static: addresses, routes, rules.
    pub(super) fn set_statics(&mut self) {
        let statics = self.statics.clone();
        self.add_statics(&statics);
    }

    fn add_statics(&mut self, statics: &Statics) {
        for item in &statics.addresses {
            self.change_static_address(item.address.iface, item.address.addr, true);
        }
        self.change_routes(statics.routes.clone(), true, Rule::StaticItem);
        self.change_rules(statics.rules.clone(), true, Rule::StaticItem);
    }

    /// Removes what is static: rules, routes, addresses.
    pub(super) fn drop_statics(&mut self) {
        if self.is_running() {
            let statics = self.statics.clone();
            self.remove_statics(&statics);
        }
    }

    fn remove_statics(&mut self, statics: &Statics) {
        self.change_rules(statics.rules.clone(), false, Rule::StaticItem);
        self.change_routes(statics.routes.clone(), false, Rule::StaticItem);
        for item in &statics.addresses {
            self.change_static_address(item.address.iface, item.address.addr, false);
        }
    }

    fn change_static_address(&mut self, iface: IfIndex, addr: IfAddr, add: bool) {
        if self.interfaces.holds(iface, addr) == add {
            return;
        }
        if add {
            self.interfaces.add(iface, addr);
        } else {
            self.interfaces.remove(iface, addr);
        }
        self.effect(Rule::StaticItem, EffectKind::ChangeAddress { iface, addr, add });
    }

    /// A reload removes what is static no more, and says what is new, to be set when the instances are done.
    pub(crate) fn reload_statics(&mut self, new: Statics) -> Statics {
        let old = core::mem::replace(&mut self.statics, new.clone());
        self.remove_statics(&without(&old, &new));
        without(&new, &old)
    }

    /// The end of a reload.
    pub(crate) fn add_new_statics(&mut self, new: &Statics) {
        self.add_statics(new);
    }

    /// A static address that somebody has removed is set again, where its interface is up.
    pub(super) fn restore_address(&mut self, iface: IfIndex, addr: IfAddr) {
        let watched = self.statics.addresses.iter().map(|item| &item.address).filter(|vip| !vip.no_track);
        let is_static = watched.into_iter().any(|vip| vip.iface == iface && vip.addr == addr);
        if is_static && self.is_running() && self.interfaces.is_up(iface) {
            self.change_static_address(iface, addr, true);
        }
    }

    /// An interface that was down is up: the kernel may have forgotten what is static there.
    pub(super) fn restore_on(&mut self, iface: IfIndex) {
        if !self.is_running() || !self.interfaces.is_up(iface) {
            return;
        }
        let watched = self.statics.addresses.iter().map(|item| &item.address).filter(|vip| !vip.no_track);
        let addresses: Vec<IfAddr> = watched.filter(|vip| vip.iface == iface).map(|vip| vip.addr).collect();
        for addr in addresses {
            self.change_static_address(iface, addr, true);
        }
        let name = self.interfaces.get(iface).map(|found| found.name.as_str());
        let here = |r: &&RouteModel| !r.no_track && r.device.is_some() && r.device.as_deref() == name;
        let routes = self.statics.routes.iter().filter(here).cloned().collect();
        self.change_routes(routes, true, Rule::StaticItem);
    }
}

fn forget(lines: &mut Vec<String>, line: &str) -> bool {
    let before = lines.len();
    lines.retain(|known| known != line);
    lines.len() != before
}

/// What is in the one and not in the other.
fn without(these: &Statics, others: &Statics) -> Statics {
    Statics {
        addresses: these.addresses.iter().filter(|item| !others.addresses.contains(item)).cloned().collect(),
        routes: these.routes.iter().filter(|route| !others.routes.contains(route)).cloned().collect(),
        rules: these.rules.iter().filter(|policy| !others.rules.contains(policy)).cloned().collect(),
        groups: Vec::new(),
    }
}

/// Of two configurations of one instance: what is set and not wanted any more.
pub(crate) fn vanished(old: &Instance, new: &mut Instance) -> (Vec<RouteModel>, Vec<RuleModel>) {
    let stays = |r: &RouteModel| new.model.routes.iter().any(|kept| kept.line() == r.line());
    let set = old.model.routes.iter().filter(|r| old.set_routes.contains(&r.line()));
    let (kept, routes): (Vec<RouteModel>, Vec<RouteModel>) = set.cloned().partition(stays);
    let set_routes = kept.iter().map(RouteModel::line).collect();
    let stays = |r: &RuleModel| new.model.rules.iter().any(|kept| kept.line() == r.line());
    let set = old.model.rules.iter().filter(|r| old.set_rules.contains(&r.line()));
    let (kept, policies): (Vec<RuleModel>, Vec<RuleModel>) = set.cloned().partition(stays);
    new.set_rules = kept.iter().map(RuleModel::line).collect();
    new.set_routes = set_routes;
    (routes, policies)
}
