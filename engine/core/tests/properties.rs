//! What holds for every sequence of inputs: no panic, no busy loop, no advert too early, no address without mastership.
mod support;

use proptest::collection::vec;
use proptest::prelude::*;
use support::*;
use vrrplab_engine::model::command::Program;
use vrrplab_engine::model::track::{FileModel, ProcessModel, ScriptModel, Tracked};
use vrrplab_engine::model::*;
use vrrplab_engine::{
    Command, Effect, EffectKind, Engine, Exit, Finished, Input, Instant, Job, KernelEvent, Output, Policy, Rule, Span,
    State,
};
use vrrplab_wire::{VrrpView, parse_announcement};

/// More wakes than this within one simulated second are a busy loop.
const WAKES_PER_SECOND: u64 = 2000;

/// One random input. Not drawn: sound adverts with interval zero, and reloads that add or remove an instance. Numbers that name an instance are taken modulo their count.
#[derive(Clone, Debug)]
enum Step {
    Pass(u64),
    Wake,
    Hear {
        instance: usize,
        last: u8,
        priority: u8,
    },
    HearDamaged {
        instance: usize,
        last: u8,
        priority: u8,
        at: usize,
        mask: u8,
    },
    /// A master that keeps advertising, once a second.
    HearOften {
        instance: usize,
        last: u8,
        priority: u8,
        times: u16,
    },
    HearAnything(Vec<u8>),
    Link {
        iface: IfIndex,
        up: bool,
    },
    Address {
        instance: Option<usize>,
        add: bool,
    },
    Reload {
        instance: usize,
        priority: u8,
    },
    Stop,
    Start,
    Finish {
        job: u64,
        outcome: Exit,
    },
    File(i32),
    Processes(u32),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let iface = || prop_oneof![Just(ETH0), Just(ETH1)];
    let step = prop_oneof![
        8 => (0..=2_000_000_000u64).prop_map(Step::Pass),
        1 => Just(Step::Wake),
        6 => (0..3usize, 1..20u8, any::<u8>()).prop_map(|(instance, last, priority)| Step::Hear { instance, last, priority }),
        3 => (0..3usize, 1..20u8, any::<u8>(), 0..80usize, 1..=u8::MAX).prop_map(
            |(instance, last, priority, at, mask)| Step::HearDamaged { instance, last, priority, at, mask }
        ),
        4 => (0..3usize, 1..20u8, any::<u8>(), 2..6u16).prop_map(
            |(instance, last, priority, times)| Step::HearOften { instance, last, priority, times }
        ),
        1 => vec(any::<u8>(), 0..100).prop_map(Step::HearAnything),
        3 => (iface(), any::<bool>()).prop_map(|(iface, up)| Step::Link { iface, up }),
        2 => (proptest::option::of(0..3usize), any::<bool>()).prop_map(|(instance, add)| Step::Address { instance, add }),
        1 => (0..3usize, 1..=u8::MAX).prop_map(|(instance, priority)| Step::Reload { instance, priority }),
        1 => Just(Step::Stop),
        1 => Just(Step::Start),
        3 => (0..12u64, outcomes()).prop_map(|(job, outcome)| Step::Finish { job, outcome }),
        1 => any::<i32>().prop_map(Step::File),
        1 => (0..3u32).prop_map(Step::Processes),
    ];
    vec(step, 0..60)
}

fn outcomes() -> impl Strategy<Value = Exit> {
    prop_oneof![(0..2i32).prop_map(Exit::Status), Just(Exit::Signal(15))]
}

/// The first instance tracks a script, a file and a process with these weights.
fn track(node: &mut NodeModel, weights: (i16, i16, i16)) {
    let tracked = |weight| vec![Tracked { item: 0, weight, reverse: false }];
    let first = &mut node.instances[0];
    (first.track_scripts, first.track_files, first.track_processes) =
        (tracked(weights.0), tracked(weights.1), tracked(weights.2));
    node.scripts = vec![ScriptModel {
        name: "chk".into(),
        program: Program { words: vec!["/chk".into()], user: None },
        interval: Span::from_secs(1),
        timeout: Span::from_millis(1_500),
        weight: 0,
        reverse: false,
        rise: 2,
        fall: 2,
        init_fail: false,
    }];
    node.files = vec![FileModel { name: "adj".into(), path: "/adj".into(), weight: 1, reverse: false, init: None }];
    node.processes = vec![ProcessModel {
        fork_delay: Span::from_millis(300),
        terminate_delay: Span::from_secs(1),
        ..ProcessModel::new("web", vec!["web".into()])
    }];
}

fn instances() -> impl Strategy<Value = Vec<InstanceModel>> {
    let one = (1..=u8::MAX, any::<bool>(), any::<bool>(), 0..4u64, any::<bool>(), any::<bool>());
    vec(one, 1..=3).prop_map(|drawn| {
        let mut all = Vec::new();
        for (n, (priority, v3, preempt, delay, unicast, wants_master)) in (1u8..).zip(drawn) {
            let mut model = instance(&format!("VI_{n}"), n, priority);
            model.version = if v3 { Version::V3 } else { Version::V2 };
            model.preempt = preempt;
            model.preempt_delay = Span::from_secs(delay);
            model.wants_master = wants_master;
            model.vips[0].addr.ip = ip(100 + n);
            if unicast {
                model.unicast_peers = vec![ip(1).into(), ip(2).into()];
            }
            all.push(model);
        }
        all
    })
}

fn nodes() -> impl Strategy<Value = NodeModel> {
    let weights = || prop_oneof![Just(0), -20..20i16];
    let tracking = proptest::option::of((weights(), weights(), weights()));
    (instances(), any::<bool>(), any::<bool>(), tracking).prop_map(|(instances, grouped, strict, tracking)| {
        let mut node = node(instances);
        node.policy = if strict { Policy::RFC9568 } else { Policy::KEEPALIVED_2_2_7 };
        if let Some(weights) = tracking {
            track(&mut node, weights);
        }
        if grouped {
            node.sync_groups = vec![SyncGroupModel::new("G", (0..node.instances.len()).collect())];
        }
        node
    })
}

/// An engine at work, and everything that it said with the time at which it said it.
struct Run {
    engine: Engine,
    model: NodeModel,
    now: Instant,
    said: Vec<(Instant, Output)>,
    stopped: bool,
}

impl Run {
    fn of(model: &NodeModel, steps: &[Step], tracing: bool) -> Run {
        let engine = Engine::new(model.clone());
        let mut run = Run { engine, model: model.clone(), now: Instant::ZERO, said: vec![], stopped: false };
        run.engine.set_tracing(tracing);
        run.input(Input::Operator(Command::Start));
        for step in steps {
            run.step(step);
        }
        run
    }

    fn step(&mut self, step: &Step) {
        let of = |instance: usize| &self.model.instances[instance % self.model.instances.len()];
        match step {
            Step::Pass(nanos) => self.pass(Span(*nanos)),
            Step::Wake => self.input(Input::Wake),
            Step::Hear { instance, last, priority } => {
                let bytes = advert(of(*instance), *last, *priority);
                self.input(Input::Frame { iface: ETH0, bytes: &bytes });
            }
            Step::HearDamaged { instance, last, priority, at, mask } => {
                let mut bytes = advert(of(*instance), *last, *priority);
                let at = at % bytes.len();
                bytes[at] ^= mask;
                self.input(Input::Frame { iface: ETH0, bytes: &bytes });
            }
            Step::HearOften { instance, last, priority, times } => {
                let mut bytes = advert(of(*instance), *last, *priority);
                for _ in 0..*times {
                    self.input(Input::Frame { iface: ETH0, bytes: &bytes });
                    self.pass(Span::from_secs(1));
                    count_up(&mut bytes);
                }
            }
            Step::HearAnything(bytes) => self.input(Input::Frame { iface: ETH0, bytes }),
            Step::Link { iface, up } => self.input(Input::Kernel(KernelEvent::Link { iface: *iface, up: *up })),
            Step::Address { instance, add } => {
                let addr = instance.map_or(IfAddr { ip: ip(9), prefix: 24 }, |i| of(i).vips[0].addr);
                let event = match add {
                    true => KernelEvent::AddressAdded { iface: ETH0, addr },
                    false => KernelEvent::AddressRemoved { iface: ETH0, addr },
                };
                self.input(Input::Kernel(event));
            }
            Step::Reload { instance, priority } => {
                let position = instance % self.model.instances.len();
                self.model.instances[position].priority = (*priority).try_into().unwrap();
                self.input(Input::Operator(Command::Reload(Box::new(self.model.clone()))));
            }
            Step::Finish { job, outcome } => {
                self.input(Input::Finished(Finished { job: Job(*job), outcome: *outcome }));
            }
            Step::File(value) => {
                let bytes = value.to_string().into();
                self.input(Input::Kernel(KernelEvent::FileContent { path: "/adj".into(), bytes }));
            }
            Step::Processes(count) => {
                self.input(Input::Kernel(KernelEvent::ProcessCount { item: 0, count: *count }));
            }
            Step::Stop => {
                self.input(Input::Operator(Command::Stop));
                self.stopped = true;
            }
            Step::Start => {
                self.stopped = false;
                self.input(Input::Operator(Command::Start));
            }
        }
    }

    /// Time passes; every timer fires at its own time, and never earlier than what was handled before.
    fn pass(&mut self, span: Span) {
        let end = self.now + span;
        let mut wakes = 0;
        while let Some(wake) = self.engine.next_wake().filter(|wake| wake.at <= end) {
            assert!(wake.at >= self.now, "{wake:?} lies before {}", self.now);
            self.now = wake.at;
            self.input(Input::Wake);
            wakes += 1;
            assert!(wakes < 2 * WAKES_PER_SECOND, "busy loop at {}: {wake:?}", self.now);
        }
        self.now = end;
    }

    fn input(&mut self, input: Input<'_>) {
        self.engine.handle(self.now, input);
        while let Some(output) = self.engine.poll() {
            assert!(!self.stopped || !matches!(output, Output::Effect(_)), "after the stop: {output:?}");
            self.said.push((self.now, output));
        }
        for status in self.engine.status() {
            assert_eq!(status.holds_addresses, status.state == State::Master, "{status:?} at {}", self.now);
        }
    }

    fn effects(&self) -> Vec<(Instant, Effect)> {
        let effects = self.said.iter().filter_map(|(at, output)| match output {
            Output::Effect(effect) => Some((*at, effect.clone())),
            Output::Trace(_) => None,
        });
        effects.collect()
    }
}

/// The next packet of a sender: another identification, and the checksum of the IPv4 header with it.
fn count_up(frame: &mut [u8]) {
    let word = |frame: &[u8], at: usize| u16::from_be_bytes([frame[at], frame[at + 1]]);
    let (id, checksum) = (word(frame, 18) + 1, word(frame, 24));
    let (less, borrow) = checksum.overflowing_sub(1);
    frame[18..20].copy_from_slice(&id.to_be_bytes());
    frame[24..26].copy_from_slice(&(less - u16::from(borrow)).to_be_bytes());
}

/// The virtual router and the priority of an advert.
fn advert_of(kind: &EffectKind) -> Option<(u8, u8)> {
    let message = match kind {
        EffectKind::SendFrame { bytes, .. } if parse_announcement(bytes).is_none() => &bytes[34..],
        EffectKind::SendPacket { bytes, .. } => &bytes[20..],
        _ => return None,
    };
    let view = VrrpView::new(message).unwrap();
    Some((view.vrid(), view.priority()))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

    /// Without reasons an advert that says the same again takes a short way: it leads to the same place.
    #[test]
    fn adverts_heard_again_mean_the_same(node in nodes(), last in 10..20u8, priority in 200..=254u8, steps in steps()) {
        let mut node = node;
        node.instances[0].priority = 100.try_into().unwrap();
        let mut story = vec![Step::HearOften { instance: 0, last, priority, times: 9 }];
        story.extend(steps);
        story.push(Step::Pass(20_000_000_000));
        let (told, silent) = (Run::of(&node, &story, true), Run::of(&node, &story, false));
        prop_assert_eq!(told.effects(), silent.effects());
        prop_assert_eq!(told.engine.next_wake(), silent.engine.next_wake());
    }

    /// The run itself makes the promises: no panic, no busy loop, silence after a stop, addresses with mastership only.
    #[test]
    fn no_sequence_of_inputs_breaks_the_engine(node in nodes(), steps in steps()) {
        Run::of(&node, &steps, true);
    }

    /// Whatever else makes a master speak, its own clock never does so within one interval of its last advert. The
    /// standard's answer to a worse advert does not restart that clock.
    #[test]
    fn the_advert_timer_never_fires_early(node in nodes(), steps in steps()) {
        let answers_restart = node.policy.any_packet_rearms_master;
        let mut last: Vec<Option<(Instant, Rule)>> = vec![None; 4];
        for (now, effect) in Run::of(&node, &steps, true).effects() {
            let Some((vrid, priority)) = advert_of(&effect.kind) else { continue };
            let last = &mut last[usize::from(vrid)];
            if priority == 0 || (effect.rule == Rule::MasterAnswersLower && !answers_restart) {
                continue;
            }
            let copy_for_the_next_peer = *last == Some((now, Rule::MasterAdvertises));
            if let Some((before, _)) = last.filter(|_| effect.rule == Rule::MasterAdvertises && !copy_for_the_next_peer)
            {
                prop_assert!(now.since(before) >= Span::from_secs(1), "VRID {vrid}: {before}, {now}");
            }
            *last = Some((now, effect.rule));
        }
    }

    #[test]
    fn the_same_inputs_give_the_same_outputs(node in nodes(), steps in steps()) {
        prop_assert_eq!(Run::of(&node, &steps, true).said, Run::of(&node, &steps, true).said);
    }

    #[test]
    fn reasons_change_nothing_in_what_is_done(node in nodes(), steps in steps()) {
        let (told, silent) = (Run::of(&node, &steps, true), Run::of(&node, &steps, false));
        prop_assert_eq!(silent.said.len(), silent.effects().len(), "a trace without tracing");
        prop_assert_eq!(told.effects(), silent.effects());
    }
}
