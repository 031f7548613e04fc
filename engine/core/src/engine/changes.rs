//! What changes around the instances: links, addresses, trackers; and what follows for faults and priorities.
use alloc::vec::Vec;
use core::net::IpAddr;

use super::Engine;
use super::timers::Deadline;
use crate::io::{KernelEvent, News, State, TraceKind};
use crate::model::{AddressFamily, IfIndex};
use crate::rules::Rule;
use crate::time::{Instant, Span};
use crate::track::judge::effective;
use crate::vrrp::decide::Event;

/// A change of link that is waited for to last.
#[derive(Clone, Copy, Debug)]
pub(crate) struct LinkChange {
    pub iface: IfIndex,
    pub up: bool,
    pub at: Instant,
}

impl Engine {
    /// Looks at interfaces for the first time, or as after a reload: what a macvlan for IPv6 lacks now, it lacks for good.
    pub(crate) fn look_afresh(&mut self) {
        self.look_around();
        let mut found = false;
        for (x, source) in self.instances.iter_mut().zip(&self.sources) {
            x.sourceless = x.misses_late_source(&self.policy) && source.is_none();
            found |= x.sourceless;
        }
        if found {
            self.look_around();
        }
    }

    /// Looks at interfaces again: source addresses and own faults of every instance.
    pub(crate) fn look_around(&mut self) {
        // of each family, the source address found last: hundreds of instances mostly share one interface
        let mut found: [Option<(IfIndex, Option<IpAddr>)>; 2] = [None; 2];
        for i in 0..self.instances.len() {
            let model = &self.instances[i].model;
            let virtual_addresses = || self.instances.iter().flat_map(|x| x.model.all_vips()).map(|vip| vip.addr.ip);
            let known = &mut found[usize::from(model.family == AddressFamily::V6)];
            self.sources[i] = match (model.source, *known) {
                (None, Some((iface, source))) if iface == model.iface => source,
                (None, _) => {
                    let source = self.interfaces.source_of(model, virtual_addresses);
                    *known = Some((model.iface, source));
                    source
                }
                (source, _) => source,
            };
            let tracked = self.trackers.weigh(model);
            let x = &self.instances[i];
            let late = x.misses_late_source(&self.policy);
            let has_source = if late { !x.sourceless } else { self.sources[i].is_some() };
            let missing = self.interfaces.faults_of(model, has_source);
            let faults = missing + tracked.faults + tracked.waits + usize::from(self.lacks_macvlan(i));
            let instance = &mut self.instances[i];
            (instance.waits, instance.faults) = (tracked.waits, faults);
        }
    }

    /// The effective priority that weights make of the configured one.
    pub(crate) fn priority_of(&self, i: usize) -> u8 {
        let model = &self.instances[i].model;
        effective(model.priority.get(), self.interfaces.weights_of(model) + self.trackers.weigh(model).sum)
    }

    pub(super) fn kernel(&mut self, now: Instant, event: KernelEvent) {
        let down = match &event {
            KernelEvent::Link { iface, up: true } if !self.interfaces.is_up(*iface) => Some(*iface),
            _ => None,
        };
        match event {
            KernelEvent::Link { iface, up } => {
                self.link_changed(now, iface, up);
                self.make_again_above(iface, up);
            }
            KernelEvent::LinkAdded(interface) => self.macvlan_added(*interface),
            KernelEvent::LinkRefused { name } => self.macvlan_refused(&name),
            KernelEvent::AddressAdded { iface, addr } => self.interfaces.add(iface, addr),
            KernelEvent::AddressRemoved { iface, addr } => {
                let held = self.interfaces.holds(iface, addr);
                self.interfaces.remove(iface, addr);
                if held {
                    self.address_taken(now, iface, addr.ip);
                    self.restore_address(iface, addr);
                }
            }
            KernelEvent::FileContent { path, bytes } => self.file_changed(path, &bytes),
            KernelEvent::ProcessCount { item, count } => self.processes_counted(now, item, count),
            KernelEvent::BfdSession { item, up } => self.session_changed(item, up),
            KernelEvent::RouteRemoved { line } => self.route_taken(now, &line),
            KernelEvent::RuleRemoved { line } => self.rule_taken(now, &line),
            KernelEvent::LinkGone { iface } => self.link_gone(iface),
            KernelEvent::LinkIs { iface, mac } => self.link_is(iface, mac),
        }
        self.follow(now);
        if let Some(iface) = down {
            self.restore_on(iface);
        }
    }

    /// A change of link counts at once, or after its delay if it lasts.
    fn link_changed(&mut self, now: Instant, iface: IfIndex, up: bool) {
        let before = self.links.len();
        self.links.retain(|change| change.iface != iface);
        let came_back = before != self.links.len() && self.interfaces.is_up(iface) == up;
        let delay = self.link_delay(iface, up);
        if !self.running || delay == Span::ZERO {
            self.interfaces.set_up(iface, up);
        } else if !came_back && self.interfaces.is_up(iface) != up {
            self.links.push(LinkChange { iface, up, at: now + delay });
        }
    }

    /// `interface_up_down_delays`, no longer than a backup would wait for the adverts of an instance there, less one.
    fn link_delay(&self, iface: IfIndex, up: bool) -> Span {
        let name = self.interfaces.get(iface).map(|i| i.name.as_str());
        let Some(delays) = self.globals.link_delays.iter().find(|d| Some(d.interface.as_str()) == name) else {
            return Span::ZERO;
        };
        let there = self.instances.iter().filter(|x| x.model.iface == iface && self.policy.link_delays_are_capped);
        let caps = there.map(|x| x.master_interval.times(u64::from(x.model.down_timer_adverts.saturating_sub(1))));
        caps.fold(if up { delays.up } else { delays.down }, Span::min)
    }

    /// A change of link has lasted.
    pub(super) fn link_settled(&mut self, now: Instant, position: usize) {
        let change = self.links.remove(position);
        self.interfaces.set_up(change.iface, change.up);
        let name = self.interfaces.get(change.iface).map(|i| i.name.clone()).unwrap_or_default();
        self.trace_node(Rule::LinkDelayed, || TraceKind::Tracked { name, news: News::Link(change.up) });
        self.follow(now);
        self.restore_on(change.iface);
    }

    /// What changed shows in faults and priorities.
    pub(crate) fn follow(&mut self, now: Instant) {
        self.follow_faults(now);
        self.follow_weights(now);
    }

    fn address_taken(&mut self, now: Instant, iface: IfIndex, ip: IpAddr) {
        for i in 0..self.instances.len() {
            let x = &self.instances[i];
            if x.holds && x.addresses().iter().any(|(place, addr)| *place == iface && addr.ip == ip) {
                self.event(now, i, Event::AddressTaken, None);
            }
        }
    }

    /// Faults that appeared or cleared since the last look become events.
    pub(crate) fn follow_faults(&mut self, now: Instant) {
        let before: Vec<usize> = self.instances.iter().map(|i| i.faults).collect();
        self.look_around();
        if !self.running {
            return;
        }
        for (i, before) in before.iter().enumerate() {
            if *before == 0 && self.instances[i].faults > 0 {
                self.event(now, i, Event::FaultAppears, None);
            }
        }
        for i in 0..self.instances.len() {
            self.instances[i].untold &= !self.is_faulty(i) || self.only_waits(i);
        }
        // faults go one after the other: the member whose fault was the last one of its group goes first, and takes it along
        for i in 0..before.len() {
            let last = self.peers_of(i).all(|peer| peer < i || before[peer] == 0);
            if before[i] > 0 && last && !self.is_faulty(i) {
                self.event(now, i, Event::FaultClears, None);
            }
        }
    }

    /// Weighted trackers change the priority; a running down timer moves by the difference, or while a start is delayed begins
    /// at the end of the delay again.
    pub(crate) fn follow_weights(&mut self, now: Instant) {
        for i in 0..self.instances.len() {
            let priority = self.priority_of(i);
            let x = &mut self.instances[i];
            if x.model.is_owner() || priority == x.priority {
                continue;
            }
            let (from, before) = (x.priority, x.down(&self.policy));
            x.priority = priority;
            let after = x.down(&self.policy);
            if x.state == State::Backup {
                let delayed = self.delayed_until.filter(|end| now < *end);
                let shift = |at: Instant| match delayed {
                    Some(end) => end + after,
                    None => Instant((at + after).0.saturating_sub(before.0)).max(now),
                };
                self.deadlines[i] = self.deadlines[i].map(|d| Deadline { at: shift(d.at), ..d });
            }
            self.trace(i, Rule::PriorityChanges, TraceKind::Priority { from, to: priority });
            self.notify_priority(i, Rule::PriorityChanges);
        }
    }
}
