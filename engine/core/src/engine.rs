//! The engine: one input in, effects and traces out, one deadline ahead.
mod changes;
mod groups;
mod life;
pub mod look;
mod macvlans;
pub(crate) mod routes;
mod timers;

use alloc::collections::VecDeque;
use alloc::string::String;
use alloc::vec::Vec;
use core::net::IpAddr;

use crate::io::{Command, Effect, EffectKind, Input, InstanceStatus, Output, State, TimerKind, Trace, TraceKind};
use crate::model::globals::Globals;
use crate::model::route::Statics;
use crate::model::{IfIndex, NodeModel, SyncGroupModel, Version};
use crate::node::Interfaces;
use crate::policy::Policy;
use crate::rules::Rule;
use crate::time::{Instant, Span};
use crate::track::Trackers;
use crate::vrrp::again::Again;
use crate::vrrp::decide::{Comparison, Event, Facts, decide};
use crate::vrrp::instance::Instance;
use crate::vrrp::pace::Pacing;
use crate::vrrp::receive::{Heard, Listener, Verdict, receive};
use changes::LinkChange;
use timers::Deadline;

/// What an advert does that says the same as the one before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Echo {
    /// The down timer that it arms.
    pub down: Span,
    /// When the node wants to be woken whatever that timer does.
    pub rest: Option<Instant>,
}

/// The sans-IO node.
#[derive(Clone, Debug)]
pub struct Engine {
    pub(crate) policy: Policy,
    pub(crate) interfaces: Interfaces,
    pub(crate) instances: Vec<Instance>,
    pub(crate) groups: Vec<SyncGroupModel>,
    /// The state that each group was last said to be in.
    pub(crate) group_states: Vec<State>,
    /// The state that the last mail of each group has told, since the start or a reload.
    pub(crate) group_mails: Vec<Option<State>>,
    pub(crate) globals: Globals,
    /// What is there from start to stop.
    pub(crate) statics: Statics,
    /// The node's own name.
    pub(crate) name: String,
    /// Source address of each instance.
    pub(crate) sources: Vec<Option<IpAddr>>,
    /// Protocol timer of each instance; equal times go by the order of arming.
    pub(crate) deadlines: Vec<Option<Deadline>>,
    /// Delayed announcements; they are never cancelled, they find nothing to do.
    pub(crate) delayed: Vec<(Instant, usize, TimerKind)>,
    /// What the instances keep an eye on besides interfaces.
    pub(crate) trackers: Trackers,
    /// Announcements that keep their distance.
    pub(crate) pacing: Pacing,
    /// Changes of link that do not count yet.
    pub(crate) links: Vec<LinkChange>,
    /// The end of `vrrp_startup_delay`.
    pub(crate) delayed_until: Option<Instant>,
    /// How long an instance that announces, and those of its group that followed it, have been at work, as measured.
    pub(crate) worked: Span,
    /// The time of the present input.
    pub(crate) now: Instant,
    outputs: VecDeque<Output>,
    tracing: bool,
    armings: u64,
    running: bool,
    last_unseen: Option<Rule>,
    /// Adverts that mean nothing new.
    again: Again,
}

impl Engine {
    /// A node that has not started. It does nothing before [`Command::Start`].
    pub fn new(model: NodeModel) -> Engine {
        let mut engine = Engine {
            policy: model.policy,
            interfaces: Interfaces::new(&model),
            trackers: Trackers::new(&model),
            pacing: Pacing::default(),
            links: Vec::new(),
            delayed_until: None,
            now: Instant::ZERO,
            deadlines: alloc::vec![None; model.instances.len()],
            sources: alloc::vec![None; model.instances.len()],
            group_states: alloc::vec![State::Init; model.sync_groups.len()],
            group_mails: alloc::vec![None; model.sync_groups.len()],
            groups: model.sync_groups,
            globals: model.globals,
            statics: model.statics,
            name: model.name,
            instances: model.instances.into_iter().map(Instance::new).collect(),
            delayed: Vec::new(),
            outputs: VecDeque::new(),
            tracing: true,
            worked: Span::ZERO,
            armings: 0,
            running: false,
            last_unseen: None,
            again: Again::default(),
        };
        engine.look_around();
        engine
    }

    /// Takes one input. Drain [`Engine::poll`] before the next one.
    pub fn handle(&mut self, now: Instant, input: Input<'_>) {
        self.now = now;
        if !matches!(input, Input::Wake | Input::Frame { .. }) {
            self.again.forget();
        }
        match input {
            Input::Wake => self.wake(now),
            Input::Frame { iface, bytes } if self.hear_again(now, iface, bytes) => {}
            Input::Frame { iface, bytes } => self.hear(now, iface, bytes),
            Input::Kernel(event) => self.kernel(now, event),
            Input::Finished(finished) => self.script_finished(now, finished),
            Input::Operator(Command::Start) => self.start(now),
            Input::Operator(Command::Stop) => self.stop(now),
            Input::Operator(Command::Reload(model)) if self.running => self.reload(now, *model),
            Input::Operator(Command::Reload(model)) => {
                let tracing = self.tracing;
                *self = Engine { tracing, ..Engine::new(*model) };
            }
        }
    }

    /// The short way of a frame that says what the one before it said: the down timer of its instance starts anew, and
    /// nothing is asked for. `false`: it has something to say, so [`Engine::handle`] it.
    #[inline]
    pub fn hear_again(&mut self, now: Instant, iface: IfIndex, bytes: &[u8]) -> bool {
        let Some((i, down)) = self.again.find(iface, bytes) else { return false };
        self.now = now;
        self.set_deadline(i, self.base(now) + down);
        true
    }

    /// What hearing the one advert again that is known would do, now and until anything else happens to the node: for who
    /// hears it in a thousand nodes and tells each when it matters, by [`Engine::heard_again`].
    pub fn echo(&self, now: Instant) -> Option<Echo> {
        let (i, down) = self.again.only()?;
        (self.base(now) == now).then(|| Echo { down, rest: self.next_wake_but(i) })
    }

    /// The advert of [`Engine::echo`] was heard, at this time for the last time.
    pub fn heard_again(&mut self, now: Instant) {
        if let Some((i, down)) = self.again.only() {
            self.now = now;
            self.set_deadline(i, self.base(now) + down);
        }
    }

    /// The next thing to do or to tell. Their order is the protocol: drain to `None`.
    pub fn poll(&mut self) -> Option<Output> {
        self.outputs.pop_front()
    }

    /// Whether reasons are told at all. Without them the same effects come, a little faster.
    pub fn set_tracing(&mut self, on: bool) {
        self.tracing = on;
        self.again.forget();
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

    /// The same, once: for who counts such frames.
    pub fn take_unseen(&mut self) -> Option<Rule> {
        self.last_unseen.take()
    }

    /// Between start and stop.
    pub(crate) fn is_running(&self) -> bool {
        self.running
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
            self.outputs.push_back(Output::Trace(Trace { instance: Some(instance), rule, kind }));
        }
    }

    /// Tells something about the whole node; the words are made only when they will be read.
    pub(crate) fn trace_node(&mut self, rule: Rule, kind: impl FnOnce() -> TraceKind) {
        if self.tracing {
            self.outputs.push_back(Output::Trace(Trace { instance: None, rule, kind: kind() }));
        }
    }

    fn hear(&mut self, now: Instant, iface: IfIndex, bytes: &[u8]) {
        if !self.running || !self.interfaces.is_up(iface) {
            return;
        }
        let listeners =
            self.instances.iter().enumerate().filter(|(_, x)| x.advert_iface() == Some(iface)).map(|(position, x)| {
                (position, Listener { model: &x.model, state: x.state, master: x.master, sequence: x.sequence })
            });
        let verdict = receive(bytes, listeners, &self.policy, |ip| self.interfaces.is_own(ip));
        match verdict {
            Verdict::Unseen(rule) => self.last_unseen = Some(rule),
            Verdict::Refused { listener, from, rule, sequence } => {
                self.note_sequence(listener, sequence);
                self.trace(listener, rule, TraceKind::Refused { from });
                self.event(now, listener, Event::Refused, None);
            }
            Verdict::Accepted { listener, heard } => {
                self.note_sequence(listener, heard.sequence);
                let comparison = self.compare(listener, &heard);
                let repeatable = self.event(now, listener, Event::Advert(comparison), Some(&heard));
                if let (true, false, None, Some(deadline)) =
                    (repeatable, self.tracing, heard.sequence, self.deadlines[listener])
                {
                    self.again.remember(listener, iface, bytes, deadline.at.since(self.base(now)));
                }
            }
        }
    }

    fn note_sequence(&mut self, i: usize, heard: Option<u32>) {
        if let Some(heard) = heard {
            self.instances[i].sequence = heard;
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

    /// One event for one instance: facts, decision, application, and the sync group behind it. Whether the same advert
    /// would arm the timer anew and change nothing else.
    pub(crate) fn event(&mut self, now: Instant, i: usize, event: Event, heard: Option<&Heard>) -> bool {
        let state = self.instances[i].state;
        let facts = self.facts(now, i);
        let decision = decide(state, event, &facts);
        #[cfg(feature = "planted")]
        let decision = crate::planted::bend(state, event, decision);
        let Some(decision) = decision else {
            self.put_off(now, i, event);
            return false;
        };
        if !decision.changes_only_timers() {
            self.again.forget();
        }
        if let Some(heard) = heard {
            self.trace(i, decision.rule, TraceKind::Heard { from: heard.from, priority: heard.priority, state });
        }
        if decision.actions.is_empty() {
            self.put_off(now, i, event);
        }
        if event != Event::GroupMaster {
            self.worked = Span::ZERO;
        }
        if self.apply(now, i, decision, heard) {
            self.pull_group(now, i, decision.next);
            // a member that made its group master advertises after those that followed it
            if let (State::Master, Some(deadline)) = (decision.next, self.deadlines[i]) {
                self.set_deadline(i, deadline.at);
            }
        }
        decision.is_repeatable()
    }

    fn facts(&self, now: Instant, i: usize) -> Facts {
        let x = &self.instances[i];
        let policy_answers = match x.model.version {
            Version::V2 => self.policy.v2_answers_worse,
            Version::V3 => self.policy.v3_answers_worse,
        };
        Facts {
            starts_as_master: x.untold && self.starts_as_master(i),
            owner: x.owner,
            faulty: self.is_faulty(i),
            waits_for_script: self.only_waits(i),
            group_agrees: self.peers_of(i).all(|peer| self.instances[peer].wants_master),
            preemption: x.preemption(now),
            answers_worse: policy_answers && !x.model.lower_prio_no_advert,
            announces_to_worse: self.policy.announces_to_worse,
            any_packet_rearms: self.policy.any_packet_rearms_master && !x.model.lower_prio_no_advert,
            last_word: x.model.higher_prio_send_advert,
            two_releases: self.policy.two_releases_on_fault,
        }
    }
}
