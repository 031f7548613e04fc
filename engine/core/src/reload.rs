//! SIGHUP: what survives a new configuration, what is set and removed, what is said.
use alloc::string::String;
use alloc::vec::Vec;

use crate::engine::Engine;
use crate::engine::routes::vanished as vanished_routes;
use crate::io::{EffectKind, News, State, TraceKind};
use crate::model::{IfAddr, IfIndex, InstanceModel, NodeModel, SyncGroupModel};
use crate::rules::Rule;
use crate::time::Instant;
use crate::track::Trackers;
use crate::vrrp::decide::Event;
use crate::vrrp::instance::Instance;
use crate::vrrp::pace::Pacing;

/// What one instance of the new configuration inherits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fate {
    /// The state of the old instance at this position.
    Keeps(usize),
    /// Nothing: it starts.
    Starts,
}

/// Two configurations of the same virtual router: same VRID, family, interface, kind of delivery and macvlan.
fn is_same(old: &InstanceModel, new: &InstanceModel) -> bool {
    old.vrid == new.vrid
        && old.family == new.family
        && old.iface == new.iface
        && old.is_unicast() == new.is_unicast()
        && old.vmac == new.vmac
}

fn plan(old: &[Instance], new: &[InstanceModel]) -> Vec<Fate> {
    new.iter().map(|n| old.iter().position(|o| is_same(&o.model, n)).map_or(Fate::Starts, Fate::Keeps)).collect()
}

impl Engine {
    pub(crate) fn reload(&mut self, now: Instant, mut model: NodeModel) {
        for i in 0..self.instances.len() {
            if self.instances[i].state == State::Master {
                self.send_advert(i, self.instances[i].priority, Rule::Reload);
            }
        }
        let statics = self.reload_statics(core::mem::take(&mut model.statics));
        let fates = plan(&self.instances, &model.instances);
        for i in 0..self.instances.len() {
            if !fates.contains(&Fate::Keeps(i)) {
                self.release_removed(i);
            }
        }
        self.cancel_scripts();
        let trackers = core::mem::replace(&mut self.trackers, Trackers::new(&model));
        let considered = self.trackers.inherit(trackers);
        let old = core::mem::take(&mut self.instances);
        self.delayed.clear();
        self.pacing = Pacing::default();
        self.links.clear();
        self.policy = model.policy;
        let groups = core::mem::replace(&mut self.groups, model.sync_groups);
        let states = core::mem::take(&mut self.group_states);
        let state_of = |name: &str| groups.iter().position(|g| g.name == name).map(|g| states[g]);
        self.group_states = self.groups.iter().map(|g| state_of(&g.name).unwrap_or(State::Init)).collect();
        self.group_mails = alloc::vec![None; self.groups.len()];
        self.globals = model.globals;
        self.deadlines = alloc::vec![None; model.instances.len()];
        self.sources = alloc::vec![None; model.instances.len()];
        let (mut vanished, mut routes) = (Vec::new(), Vec::new());
        for (new, fate) in model.instances.into_iter().zip(&fates) {
            let mut instance = Instance::new(new);
            if let Fate::Keeps(position) = fate {
                inherit(&mut instance, &old[*position], &mut vanished);
                routes.push(vanished_routes(&old[*position], &mut instance));
            }
            self.instances.push(instance);
        }
        for gone in routes {
            self.remove_vanished_routes(gone);
        }
        self.remove_vanished(&vanished);
        self.make_macvlans();
        self.look_afresh();
        self.promote_secondaries();
        for (i, fate) in fates.iter().enumerate() {
            self.instances[i].priority = self.priority_of(i);
            match fate {
                Fate::Keeps(_) if self.gains_a_member(i, &fates) => self.fall_back(now, i),
                Fate::Keeps(_) => self.carry_on(now, i),
                Fate::Starts => {
                    self.event(now, i, Event::Start, None);
                }
            }
        }
        self.add_new_statics(&statics);
        self.meet_new_faults(now, &fates);
        self.notify_fifos_again();
        self.scripts_after_reload(now, considered);
    }

    fn scripts_after_reload(&mut self, now: Instant, considered: Vec<(String, bool)>) {
        for (name, good) in considered {
            self.trace_node(Rule::ScriptKept, || TraceKind::Tracked { name, news: News::Considered { good } });
        }
        self.start_scripts(now);
    }

    /// A master whose sync group has a member that it did not have before.
    fn gains_a_member(&self, i: usize, fates: &[Fate]) -> bool {
        let group = |g: &&SyncGroupModel| g.members.contains(&i);
        let mut fresh = self.groups.iter().filter(group).flat_map(|g| &g.members).map(|member| fates[*member]);
        self.policy.grown_group_restarts
            && self.instances[i].state == State::Master
            && fresh.any(|fate| fate == Fate::Starts)
    }

    /// It gives up its addresses without a release, and its first timer is one interval only.
    fn fall_back(&mut self, now: Instant, i: usize) {
        let rule = Rule::ReloadGroupGrows;
        self.instances[i].state = State::Backup;
        self.instances[i].wants_master = false;
        self.trace(i, rule, TraceKind::Transition { from: State::Master, to: State::Backup });
        self.drop_addresses(i, rule);
        self.notify_state(i, rule);
        self.set_deadline(i, now + self.instances[i].model.advert_int);
        for g in 0..self.groups.len() {
            if self.groups[g].members.contains(&i) {
                self.group_enters(g, State::Backup);
            }
        }
    }

    /// What the new configuration tracks may be down, and what it does not track any more may have been the last fault.
    fn meet_new_faults(&mut self, now: Instant, fates: &[Fate]) {
        for i in (0..fates.len()).filter(|i| fates[*i] != Fate::Starts) {
            let (state, faulty) = (self.instances[i].state, self.is_faulty(i));
            match state {
                State::Master | State::Backup if self.instances[i].faults > 0 => {
                    self.event(now, i, Event::FaultAppears, None);
                }
                State::Fault if !faulty => {
                    self.event(now, i, Event::FaultClears, None);
                }
                _ => {}
            }
        }
    }

    fn release_removed(&mut self, i: usize) {
        if self.instances[i].state == State::Master {
            self.send_advert(i, 0, Rule::ReloadRemoved);
            self.drop_addresses(i, Rule::ReloadRemoved);
        }
        self.remove_macvlan(i);
        self.notify_deleted(i, Rule::ReloadRemoved);
        self.trace(i, Rule::ReloadRemoved, TraceKind::Transition { from: self.instances[i].state, to: State::Init });
    }

    fn remove_vanished(&mut self, vanished: &[(IfIndex, IfAddr)]) {
        for (iface, addr) in vanished {
            if self.interfaces.holds(*iface, *addr) {
                self.interfaces.remove(*iface, *addr);
                self.effect(Rule::Reload, EffectKind::ChangeAddress { iface: *iface, addr: *addr, add: false });
            }
        }
    }

    /// A virtual router that survived goes on: new addresses are set and announced, the master advertises.
    fn carry_on(&mut self, now: Instant, i: usize) {
        match self.instances[i].state {
            State::Master => {
                let missing: Vec<_> = self
                    .addresses_of(i)
                    .into_iter()
                    .filter(|(iface, addr)| !self.interfaces.holds(*iface, *addr))
                    .collect();
                for (iface, addr) in &missing {
                    self.interfaces.add(*iface, *addr);
                    self.effect(Rule::Reload, EffectKind::ChangeAddress { iface: *iface, addr: *addr, add: true });
                }
                self.take_routes(i, Rule::Reload);
                if !missing.is_empty() {
                    self.announce(i, self.instances[i].model.garp.repeat, Rule::Reload);
                }
                self.send_advert(i, self.instances[i].priority, Rule::Reload);
                self.refresh_at_once(now, i);
                self.set_deadline(i, now + self.instances[i].model.advert_int);
            }
            State::Backup => self.set_deadline(i, now + self.instances[i].down(&self.policy)),
            State::Init | State::Fault => {}
        }
        if let Some(deadline) = self.deadlines[i] {
            self.trace(i, Rule::Reload, TraceKind::Armed { until: deadline.at });
        }
    }
}

fn inherit(new: &mut Instance, old: &Instance, vanished: &mut Vec<(IfIndex, IfAddr)>) {
    new.state = old.state;
    new.wants_master = old.state == State::Master;
    new.holds = old.holds;
    new.untold = old.untold;
    new.master = old.master;
    new.sequence = old.sequence;
    new.macvlan = old.macvlan;
    if old.holds {
        let kept = new.addresses();
        vanished.extend(old.addresses().into_iter().filter(|a| !kept.contains(a)));
    }
}
