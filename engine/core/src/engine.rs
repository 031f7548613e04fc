//! The engine: one input in, effects and traces out, one deadline ahead.
use alloc::collections::VecDeque;
use alloc::vec::Vec;
use core::net::IpAddr;

use crate::io::{
    Command, Effect, EffectKind, Input, InstanceStatus, KernelEvent, Output, State, TimerKind, Trace, TraceKind, Wake,
};
use crate::model::{IfIndex, InstanceModel, NodeModel, SyncGroupModel, Version};
use crate::node::Interfaces;
use crate::policy::Policy;
use crate::rules::Rule;
use crate::time::{Instant, Span};
use crate::vrrp::decide::{Comparison, Event, Facts, decide};
use crate::vrrp::instance::Instance;
use crate::vrrp::receive::{Heard, Listener, Verdict, receive};

/// When a protocol timer expires, and when it was armed among the others.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Deadline {
    pub at: Instant,
    order: u64,
}

/// The sans-IO node.
#[derive(Clone, Debug)]
pub struct Engine {
    pub(crate) policy: Policy,
    pub(crate) interfaces: Interfaces,
    pub(crate) instances: Vec<Instance>,
    pub(crate) groups: Vec<SyncGroupModel>,
    /// Source address of each instance.
    pub(crate) sources: Vec<Option<IpAddr>>,
    /// Protocol timer of each instance; equal times go by the order of arming.
    pub(crate) deadlines: Vec<Option<Deadline>>,
    /// Delayed announcements; they are never cancelled, they find nothing to do.
    pub(crate) delayed: Vec<(Instant, usize, TimerKind)>,
    outputs: VecDeque<Output>,
    tracing: bool,
    armings: u64,
    running: bool,
    last_unseen: Option<Rule>,
}

impl Engine {
    /// A node that has not started. It does nothing before [`Command::Start`].
    pub fn new(model: NodeModel) -> Engine {
        let mut engine = Engine {
            policy: model.policy,
            interfaces: Interfaces::new(&model),
            deadlines: alloc::vec![None; model.instances.len()],
            sources: alloc::vec![None; model.instances.len()],
            groups: model.sync_groups,
            instances: model.instances.into_iter().map(Instance::new).collect(),
            delayed: Vec::new(),
            outputs: VecDeque::new(),
            tracing: true,
            armings: 0,
            running: false,
            last_unseen: None,
        };
        engine.look_around();
        engine
    }

    /// Takes one input. Drain [`Engine::poll`] before the next one.
    pub fn handle(&mut self, now: Instant, input: Input<'_>) {
        match input {
            Input::Wake => self.wake(now),
            Input::Frame { iface, bytes } => self.hear(now, iface, bytes),
            Input::Kernel(event) => self.kernel(now, event),
            Input::Operator(Command::Start) => self.start(now),
            Input::Operator(Command::Stop) => self.stop(now),
            Input::Operator(Command::Reload(model)) if self.running => self.reload(now, *model),
            Input::Operator(Command::Reload(model)) => {
                let tracing = self.tracing;
                *self = Engine { tracing, ..Engine::new(*model) };
            }
        }
    }

    /// The next thing to do or to tell. Their order is the protocol: drain to `None`.
    pub fn poll(&mut self) -> Option<Output> {
        self.outputs.pop_front()
    }

    /// Whether reasons are told at all. Without them the same effects come, a little faster.
    pub fn set_tracing(&mut self, on: bool) {
        self.tracing = on;
    }

    /// When to call again with [`Input::Wake`], and why.
    pub fn next_wake(&self) -> Option<Wake> {
        let mut next: Option<(Deadline, Wake)> = None;
        for (instance, deadline) in self.deadlines.iter().enumerate() {
            if let Some(deadline) = *deadline
                && next.is_none_or(|(earliest, _)| deadline < earliest)
            {
                next = Some((deadline, Wake { at: deadline.at, instance, timer: TimerKind::Protocol }));
            }
        }
        for &(at, instance, timer) in &self.delayed {
            let deadline = Deadline { at, order: u64::MAX };
            if next.is_none_or(|(earliest, _)| deadline < earliest) {
                next = Some((deadline, Wake { at, instance, timer }));
            }
        }
        next.map(|(_, wake)| wake)
    }

    /// Arms the protocol timer of an instance.
    pub(crate) fn set_deadline(&mut self, i: usize, at: Instant) {
        self.armings += 1;
        self.deadlines[i] = Some(Deadline { at, order: self.armings });
    }

    /// The instances in configuration order.
    pub fn status(&self) -> impl Iterator<Item = InstanceStatus<'_>> {
        self.instances.iter().map(|i| InstanceStatus {
            name: &i.model.name,
            state: i.state,
            priority: i.priority,
            holds_addresses: i.holds,
        })
    }

    /// Why the newest frame that reached no instance did not (such frames leave no trace: nobody would log them).
    pub fn last_unseen(&self) -> Option<Rule> {
        self.last_unseen
    }

    /// The name of the instance at this position.
    pub fn instance_name(&self, position: usize) -> &str {
        self.instances.get(position).map_or("", |i| i.model.name.as_str())
    }

    pub(crate) fn effect(&mut self, rule: Rule, kind: EffectKind) {
        self.outputs.push_back(Output::Effect(Effect { rule, kind }));
    }

    pub(crate) fn trace(&mut self, instance: usize, rule: Rule, kind: TraceKind) {
        if self.tracing {
            self.outputs.push_back(Output::Trace(Trace { instance, rule, kind }));
        }
    }

    pub(crate) fn schedule(&mut self, now: Instant, i: usize, delay: Span, timer: TimerKind) {
        if delay > Span::ZERO {
            self.delayed.push((now + delay, i, timer));
        }
    }

    /// Looks at interfaces again: source addresses and own faults of every instance.
    pub(crate) fn look_around(&mut self) {
        let models: Vec<InstanceModel> = self.instances.iter().map(|i| i.model.clone()).collect();
        for (i, model) in models.iter().enumerate() {
            self.sources[i] = self.interfaces.source_of(model, &models);
            self.instances[i].faults = self.interfaces.faults_of(model, self.sources[i].is_some());
        }
    }

    fn start(&mut self, now: Instant) {
        if self.running {
            return;
        }
        self.running = true;
        self.remove_leftovers();
        self.look_around();
        for i in 0..self.instances.len() {
            if self.instances[i].owner {
                continue;
            }
            self.instances[i].priority = self.interfaces.priority_of(&self.instances[i].model);
        }
        for i in 0..self.instances.len() {
            self.event(now, i, Event::Start, None);
        }
    }

    fn remove_leftovers(&mut self) {
        for i in 0..self.instances.len() {
            for (iface, addr) in self.addresses_of(i) {
                if self.interfaces.holds(iface, addr) {
                    self.interfaces.remove(iface, addr);
                    self.effect(Rule::StartLeftover, EffectKind::ChangeAddress { iface, addr, add: false });
                }
            }
        }
    }

    fn stop(&mut self, now: Instant) {
        for i in 0..self.instances.len() {
            self.event(now, i, Event::Stop, None);
        }
        self.delayed.clear();
        self.running = false;
    }

    fn wake(&mut self, now: Instant) {
        while let Some(wake) = self.next_wake().filter(|wake| wake.at <= now && self.running) {
            let i = wake.instance;
            match wake.timer {
                TimerKind::Protocol => {
                    self.deadlines[i] = None;
                    self.event(now, i, Event::TimerExpired, None);
                }
                TimerKind::DelayedAnnounce | TimerKind::DelayedLowerPrioAnnounce => self.announce_again(wake),
            }
        }
    }

    fn announce_again(&mut self, wake: Wake) {
        if let Some(found) = self.delayed.iter().position(|d| *d == (wake.at, wake.instance, wake.timer)) {
            self.delayed.remove(found);
        }
        let garp = self.instances[wake.instance].model.garp;
        let (rounds, rule) = match wake.timer {
            TimerKind::DelayedLowerPrioAnnounce => (garp.lower_prio_repeat, Rule::DelayedLowerPrioAnnounce),
            TimerKind::DelayedAnnounce | TimerKind::Protocol => (garp.repeat, Rule::DelayedAnnounce),
        };
        self.announce(wake.instance, rounds, rule);
    }

    fn hear(&mut self, now: Instant, iface: IfIndex, bytes: &[u8]) {
        if !self.running || !self.interfaces.is_up(iface) {
            return;
        }
        let listeners = self
            .instances
            .iter()
            .enumerate()
            .filter(|(_, x)| x.model.iface == iface)
            .map(|(position, x)| (position, Listener { model: &x.model, state: x.state, master: x.master }));
        let verdict = receive(bytes, listeners, &self.policy, |ip| self.interfaces.is_own(ip));
        match verdict {
            Verdict::Unseen(rule) => self.last_unseen = Some(rule),
            Verdict::Refused { listener, from, rule } => {
                self.trace(listener, rule, TraceKind::Refused { from });
                self.event(now, listener, Event::Refused, None);
            }
            Verdict::Accepted { listener, heard } => {
                let comparison = self.compare(listener, &heard);
                self.event(now, listener, Event::Advert(comparison), Some(&heard));
            }
        }
    }

    fn compare(&self, i: usize, heard: &Heard) -> Comparison {
        use core::cmp::Ordering::{Equal, Greater, Less};
        let ours = self.instances[i].priority;
        if heard.priority == 0 {
            return Comparison::Release;
        }
        match heard.priority.cmp(&ours) {
            Less => Comparison::Lower,
            Greater => Comparison::Higher,
            Equal => match Some(heard.from).cmp(&self.sources[i]) {
                Less => Comparison::EqualLowerAddress,
                Equal => Comparison::EqualSameAddress,
                Greater => Comparison::EqualHigherAddress,
            },
        }
    }

    /// One event for one instance: facts, decision, application, and the sync group behind it.
    pub(crate) fn event(&mut self, now: Instant, i: usize, event: Event, heard: Option<&Heard>) {
        let state = self.instances[i].state;
        let facts = self.facts(now, i);
        let Some(decision) = decide(state, event, &facts) else { return };
        if let Some(heard) = heard {
            self.trace(i, decision.rule, TraceKind::Heard { from: heard.from, priority: heard.priority, state });
        }
        if self.apply(now, i, decision, heard) {
            self.pull_group(now, i, decision.next);
            // a member that made its group master advertises after those that followed it
            if let (State::Master, Some(deadline)) = (decision.next, self.deadlines[i]) {
                self.set_deadline(i, deadline.at);
            }
        }
    }

    fn facts(&self, now: Instant, i: usize) -> Facts {
        let x = &self.instances[i];
        let policy_answers = match x.model.version {
            Version::V2 => self.policy.v2_answers_worse,
            Version::V3 => self.policy.v3_answers_worse,
        };
        Facts {
            starts_as_master: x.owner && (x.model.wants_master || !self.policy.owner_needs_state_master),
            owner: x.owner,
            faulty: self.is_faulty(i),
            group_agrees: self.peers_of(i).all(|peer| self.instances[peer].wants_master),
            preemption: x.preemption(now),
            answers_worse: policy_answers && !x.model.lower_prio_no_advert,
            any_packet_rearms: self.policy.any_packet_rearms_master && !x.model.lower_prio_no_advert,
            last_word: x.model.higher_prio_send_advert,
            two_releases: self.policy.two_releases_on_fault,
        }
    }

    /// The other members of the sync groups of this instance, in list order.
    fn peers_of(&self, i: usize) -> impl Iterator<Item = usize> {
        self.groups
            .iter()
            .filter(move |g| g.members.contains(&i))
            .flat_map(|g| g.members.iter().copied())
            .filter(move |m| *m != i)
    }

    fn is_faulty(&self, i: usize) -> bool {
        self.instances[i].faults > 0 || self.peers_of(i).any(|peer| self.instances[peer].faults > 0)
    }

    fn pull_group(&mut self, now: Instant, i: usize, to: State) {
        let event = match to {
            State::Master => Event::GroupMaster,
            State::Backup => Event::GroupBackup,
            State::Fault => Event::GroupFault,
            State::Init => return,
        };
        for peer in self.peers_of(i).collect::<Vec<_>>() {
            self.event(now, peer, event, None);
        }
    }

    fn kernel(&mut self, now: Instant, event: KernelEvent) {
        match event {
            KernelEvent::Link { iface, up } => self.interfaces.set_up(iface, up),
            KernelEvent::AddressAdded { iface, addr } => self.interfaces.add(iface, addr),
            KernelEvent::AddressRemoved { iface, addr } => {
                let held = self.interfaces.holds(iface, addr);
                self.interfaces.remove(iface, addr);
                if held {
                    self.address_taken(now, iface, addr.ip);
                }
            }
        }
        self.follow_faults(now);
        self.follow_weights();
    }

    fn address_taken(&mut self, now: Instant, iface: IfIndex, ip: IpAddr) {
        for i in 0..self.instances.len() {
            let x = &self.instances[i];
            if x.holds && x.model.all_vips().any(|vip| vip.iface == iface && vip.addr.ip == ip) {
                self.event(now, i, Event::AddressTaken, None);
            }
        }
    }

    /// Faults that appeared or cleared since the last look become events.
    fn follow_faults(&mut self, now: Instant) {
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
        // the member whose own fault is gone goes first, and takes its group along
        for (i, before) in before.iter().enumerate() {
            if *before > 0 && !self.is_faulty(i) {
                self.event(now, i, Event::FaultClears, None);
            }
        }
    }

    /// Weighted trackers change the priority; a running down timer moves by the difference.
    fn follow_weights(&mut self) {
        for i in 0..self.instances.len() {
            let priority = self.interfaces.priority_of(&self.instances[i].model);
            let x = &mut self.instances[i];
            if x.model.is_owner() || priority == x.priority {
                continue;
            }
            let (from, before) = (x.priority, x.down(&self.policy));
            x.priority = priority;
            let after = x.down(&self.policy);
            if x.state == State::Backup {
                let shift = |at: Instant| Instant((at + after).0.saturating_sub(before.0));
                self.deadlines[i] = self.deadlines[i].map(|d| Deadline { at: shift(d.at), ..d });
            }
            self.trace(i, Rule::PriorityChanges, TraceKind::Priority { from, to: priority });
        }
    }
}
