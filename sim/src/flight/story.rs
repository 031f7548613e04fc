//! What a recording tells about the world around its node: who else was there, what they did, and what went wrong.
mod peer;

use std::collections::BTreeMap;

use vrrplab_engine::health::News;
use vrrplab_engine::model::{IfIndex, InstanceModel, NodeModel, Version};
use vrrplab_engine::policy::SkewUnit;
use vrrplab_engine::vrrp::skew::down;
use vrrplab_engine::{EffectKind, Instant, Job, Output, Span, State, TraceKind, health};
use vrrplab_formats::flight::{Entry, Happened};
use vrrplab_wire::{AddressFamily, Envelope, VrrpView};

use super::{Flown, Pilot};
pub(crate) use peer::{Heard, Peer, Turn};

/// A fault of the scenario.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Blow {
    /// Of the own node: its name in scenarios, and the rest of its argument.
    Own(&'static str, String),
    /// The own node gets another configuration.
    Reload(Box<NodeModel>),
}

/// A change of state of the own node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Entered {
    pub at: Instant,
    pub instance: String,
    pub state: State,
    /// How far a scenario may be off: it does not know when exactly a peer fell silent.
    pub within: Span,
}

/// What was found out.
pub struct Story {
    pub(super) model: NodeModel,
    /// When the own node starts; others may have started before it.
    pub(super) start: Instant,
    pub(super) end: Instant,
    pub(super) peers: BTreeMap<(IfIndex, std::net::IpAddr), Peer>,
    pub(super) blows: Vec<(Instant, Blow)>,
    pub(super) entered: Vec<Entered>,
    /// Tracked files as they were found at the start.
    pub(super) files: BTreeMap<String, String>,
    /// What became of real servers and quorums, in keepalived's words. No scenario is made of it.
    pub(super) checked: Vec<(Instant, String)>,
    running: bool,
    /// Runs of scripts: which, and since when.
    jobs: BTreeMap<Job, (usize, Instant)>,
    /// What each script did last.
    ends: BTreeMap<usize, String>,
    /// When the daemon had read its configuration and began.
    started: Option<Instant>,
}

impl Story {
    /// Nothing has happened yet.
    pub fn new(pilot: &Pilot) -> Story {
        let model = pilot.model().clone();
        let longest = model.instances.iter().map(|i| down_time(i, i.priority.get(), i.advert_int)).max();
        // long enough for a peer that was there before, in whole seconds
        let ahead = longest.unwrap_or(Span::ZERO).0.div_ceil(1_000_000_000) + 1;
        let start = Instant::ZERO + Span::from_secs(ahead);
        Story {
            model,
            start,
            end: start,
            peers: BTreeMap::new(),
            blows: Vec::new(),
            entered: Vec::new(),
            files: BTreeMap::new(),
            checked: Vec::new(),
            running: false,
            jobs: BTreeMap::new(),
            ends: BTreeMap::new(),
            started: None,
        }
    }

    /// When the own daemon begins.
    pub(super) fn begins(&self) -> Instant {
        self.started.unwrap_or(self.start)
    }

    /// One input and what came out of it.
    pub fn note(&mut self, pilot: &Pilot, entry: &Entry, outputs: &Flown) {
        let at = self.start + Span(pilot.since_start(entry.at).0);
        self.end = self.end.max(at);
        let outputs = match outputs {
            Flown::Vrrp(outputs) => outputs,
            Flown::Checkers(outputs) => {
                return self.checked.extend(outputs.iter().filter_map(change).map(|line| (at, line)));
            }
        };
        if let Happened::Frame { iface, bytes } = &entry.happened {
            self.hear(at, IfIndex(*iface), bytes);
        }
        self.take(at, &entry.happened);
        if let Happened::Reload(_) = entry.happened {
            self.blows.push((at, Blow::Reload(Box::new(pilot.model().clone()))));
        }
        for output in outputs {
            match output {
                Output::Trace(trace) => {
                    let TraceKind::Transition { from, to } = trace.kind else { continue };
                    let Some(position) = trace.instance else { continue };
                    self.enter(at, position, pilot.instance_name(position), from, to);
                }
                Output::Effect(effect) => {
                    if let EffectKind::RunScript { job, program } = &effect.kind {
                        let script = self.model.scripts.iter().position(|script| script.program == **program);
                        self.jobs.extend(script.map(|script| (*job, (script, at))));
                    }
                }
            }
        }
    }

    fn hear(&mut self, at: Instant, iface: IfIndex, bytes: &[u8]) {
        let Some(envelope) = Envelope::parse(bytes) else { return };
        let Some(view) = VrrpView::new(envelope.payload) else { return };
        let family = if envelope.src.is_ipv4() { AddressFamily::V4 } else { AddressFamily::V6 };
        let fits = |i: &&InstanceModel| i.vrid.get() == view.vrid() && i.family == family;
        let mut fitting = self.model.instances.iter().filter(fits);
        let Some(instance) = fitting.clone().find(|i| i.iface == iface).or_else(|| fitting.next()) else { return };
        let number = self.peers.len() + 1;
        let peer = self.peers.entry((instance.iface, envelope.src));
        let peer = peer.or_insert_with(|| Peer::new(number, instance.iface, &envelope));
        peer.hear(instance, Heard::read(at, instance, &envelope, &view));
    }

    /// What came from outside and was no packet.
    fn take(&mut self, at: Instant, happened: &Happened) {
        let model = &self.model;
        let is_used = |index| model.instances.iter().flat_map(InstanceModel::all_vips).any(|vip| vip.iface == index);
        let interface = |index: u32| {
            let found = model.interface(IfIndex(index))?;
            // what happens to the loopback interface is mostly nobody's business
            let told = found.name != "lo" || is_used(found.index);
            told.then(|| format!("interface: {}", quoted(&found.name)))
        };
        let blow = match happened {
            Happened::Start => {
                (self.running, self.started) = (true, Some(at));
                None
            }
            Happened::Link { iface, up } => {
                interface(*iface).map(|place| (if *up { "port_up" } else { "port_down" }, place))
            }
            Happened::AddressRemoved { iface, ip, prefix } => interface(*iface)
                .map(|place| ("address", format!("{place}, remove: {}", quoted(&format!("{ip}/{prefix}"))))),
            Happened::AddressAdded { iface, ip, prefix } => interface(*iface)
                .map(|place| ("address", format!("{place}, add: {}", quoted(&format!("{ip}/{prefix}"))))),
            Happened::File { path, bytes } if !self.running => {
                if !bytes.is_empty() {
                    self.files.insert(path.clone(), String::from_utf8_lossy(bytes).into_owned());
                }
                None
            }
            Happened::File { path, bytes } => {
                let content = String::from_utf8_lossy(bytes);
                let content = (!bytes.is_empty()).then(|| format!(", content: {}", quoted(&content)));
                Some(("file", format!("path: {}{}", quoted(path), content.unwrap_or_default())))
            }
            Happened::Processes { item, count } => {
                let named = self.model.processes.get(*item);
                named.map(|named| ("process", format!("name: {}, count: {count}", quoted(&named.name))))
            }
            Happened::Bfd { item, up } => {
                let named = self.model.bfds.get(*item);
                named.map(|named| ("bfd", format!("name: {}, up: {up}", quoted(&named.name))))
            }
            Happened::Exited { job, status } => return self.script_ended(at, Job(*job), format!("exits: {status}")),
            Happened::Killed { job, .. } => return self.script_ended(at, Job(*job), "hangs: true".to_owned()),
            Happened::Stop => Some(("stop", String::new())),
            Happened::Wake
            | Happened::Frame { .. }
            | Happened::LinkAdded(_)
            | Happened::LinkRefused { .. }
            | Happened::RouteRemoved { .. }
            | Happened::RuleRemoved { .. }
            | Happened::LinkGone { .. }
            | Happened::LinkIs { .. }
            | Happened::Reload(_)
            | Happened::Made { .. }
            | Happened::Answered { .. }
            | Happened::Here { .. }
            | Happened::Number { .. }
            | Happened::Programmed { .. } => None,
        };
        self.blows.extend(blow.map(|(kind, rest)| (at, Blow::Own(kind, rest))));
    }

    /// A script does something else than before: it does so from before this run on, and takes as long as this time.
    fn script_ended(&mut self, at: Instant, job: Job, how: String) {
        let Some((script, since)) = self.jobs.remove(&job) else { return };
        let Some(model) = self.model.scripts.get(script) else { return };
        if self.ends.get(&script) == Some(&how) {
            return;
        }
        let before = Instant(since.0.saturating_sub(model.interval.0 / 2));
        let took =
            if how.starts_with("exits") { format!(", after: {}s", Instant(at.since(since).0)) } else { String::new() };
        self.blows.push((before, Blow::Own("script", format!("name: {}, {how}{took}", quoted(&model.name)))));
        self.ends.insert(script, how);
    }

    fn enter(&mut self, at: Instant, position: usize, name: &str, from: State, to: State) {
        let interval = self.model.instances.get(position).map_or(Span::from_secs(1), |i| i.advert_int);
        for peer in self.peers.values_mut() {
            peer.node_enters(at, name, from, to);
        }
        if to != State::Init {
            self.entered.push(Entered { at, instance: name.to_owned(), state: to, within: Span(interval.0 / 2) });
        }
    }
}

/// The line of a change of servers, weights or a quorum.
fn change(output: &health::Output) -> Option<String> {
    let health::Output::Trace(trace) = output else { return None };
    let told = matches!(
        trace.news,
        News::Added { .. }
            | News::Removed { .. }
            | News::Weight { .. }
            | News::Gained(_)
            | News::Lost(_)
            | News::StartsWithout(_)
    );
    trace.line().filter(|_| told)
}

/// How long a backup of this priority waits for adverts of this interval.
pub(super) fn down_time(instance: &InstanceModel, priority: u8, interval: Span) -> Span {
    down(instance.version, priority, interval, instance.down_timer_adverts, SkewUnit::Microseconds)
}

/// The interval that a message tells.
fn interval_of(view: &VrrpView<'_>) -> (Version, Span) {
    match view.version_nibble() {
        2 => (Version::V2, Span::from_secs(u64::from(view.seconds()))),
        _ => (Version::V3, Span::from_millis(10).times(u64::from(view.centiseconds()))),
    }
}

/// A word in YAML, whatever is in it: JSON's strings are YAML's, too.
pub(crate) fn quoted(word: &str) -> String {
    serde_json::Value::from(word).to_string()
}
