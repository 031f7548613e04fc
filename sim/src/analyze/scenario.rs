//! A guessed world in which the same routers become master at the same times.
//!
//! A capture shows masters only: a router is there from a down time before its first advert on. What happened to it then
//! is guessed as from a flight recording ([`crate::flight`]): it stopped, crashed or was cut off. Two masters that would
//! take each other's adverts were parted.
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::net::IpAddr;

use vrrplab_engine::model::{
    Auth, IfAddr, IfIndex, InstanceModel, InterfaceModel, Mac, NodeModel, UnicastPeer, Version,
};
use vrrplab_engine::policy::Policy;
use vrrplab_engine::{Instant, Span, State};
use vrrplab_formats::keepalived::print;
use vrrplab_formats::world::Invariant;
use vrrplab_wire::{Envelope, VrrpView};

use super::judge::{Said, refusal};
use super::report::Report;
use super::router::{self, How, Router};
use super::speaker::{End, Reign, Speaker};
use crate::flight::scenario::peer_faults;
use crate::flight::{Heard, Peer, quoted};

/// A promise of the scenario: somebody becomes master.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Promise {
    node: String,
    instance: String,
    at: Instant,
    within: Span,
}

/// The world.
#[derive(Debug)]
pub struct Guess {
    nodes: BTreeMap<IpAddr, Node>,
    networks: usize,
    faults: Vec<(Instant, String)>,
    /// Who becomes master when.
    pub promises: Vec<Promise>,
    end: Instant,
    cuts: bool,
}

#[derive(Debug)]
struct Node {
    name: String,
    network: usize,
    prefix: u8,
    peer: Peer,
    instances: Vec<InstanceModel>,
}

impl Promise {
    fn line(&self) -> String {
        format!(
            "{{ enters: {{ instance: {}, node: {}, state: MASTER, at: {}s, within: {}s }} }}",
            quoted(&self.instance),
            quoted(&self.node),
            self.at,
            Instant(self.within.0)
        )
    }
}

/// Guesses; nothing when there was no master. `cuts`: whoever comes back in time with its own adverts was cut off, not down.
pub fn guess(report: &Report, cuts: bool) -> Option<Guess> {
    let speakers = &report.analysis.speakers;
    let routers: Vec<Router<'_>> = router::group(speakers);
    let longest = speakers.iter().filter_map(|speaker| speaker.said().map(Said::down)).max()?;
    // enough for whoever was there before, in whole seconds
    let ahead = Span::from_secs(longest.0.div_ceil(1_000_000_000) + 1);
    let shift = |at: Instant| Instant::ZERO + ahead + at.since(report.start);
    let mut guess = Guess {
        nodes: BTreeMap::new(),
        networks: 0,
        faults: Vec::new(),
        promises: Vec::new(),
        end: shift(report.analysis.tally.end) + Span::from_secs(2),
        cuts,
    };
    for (number, router) in routers.iter().enumerate() {
        guess.router(number, router, speakers, &shift);
    }
    let nodes = guess.nodes.values();
    guess.faults.extend(nodes.flat_map(|node| peer_faults(&node.peer, &node.name)));
    guess.faults.sort_by_key(|(at, _)| *at);
    (!guess.promises.is_empty()).then_some(guess)
}

/// Something that a peer is told.
enum Told {
    Hears { who: usize, priority: u8 },
    Enters { who: usize },
}

impl Guess {
    fn router(
        &mut self,
        number: usize,
        router: &Router<'_>,
        speakers: &[Speaker],
        shift: &impl Fn(Instant) -> Instant,
    ) {
        let masters: Vec<&(usize, &Speaker)> = router.members.iter().filter(|(_, s)| !s.reigns.is_empty()).collect();
        let Some((_, first)) = masters.first() else { return };
        let name = format!("VI_{}{}", first.vrid, if number == 0 { String::new() } else { format!("_{number}") });
        let network = masters.iter().find_map(|(_, speaker)| self.nodes.get(&speaker.ip).map(|node| node.network));
        let network = network.unwrap_or_else(|| {
            self.networks += 1;
            self.networks
        });
        let addresses: Vec<IpAddr> = masters.iter().map(|(_, speaker)| speaker.ip).collect();
        let mut models: BTreeMap<usize, InstanceModel> = BTreeMap::new();
        for (who, speaker) in &masters {
            let Some(model) = instance(&name, speaker, &addresses) else { continue };
            if self.seat(speaker, network, &addresses, &model).is_some() {
                models.insert(*who, model);
            }
        }
        for (at, told) in events(router) {
            self.tell(shift(at), &told, &models, speakers);
        }
        self.partitions(router, &models, speakers, shift);
        for change in router.changes().iter().filter(|change| !matches!(change.how, How::Again(_))) {
            let Some(node) = self.nodes.get(&speakers[change.who].ip) else { continue };
            let (at, within) = (shift(change.reign.from), Span(change.reign.interval.0 / 2).max(Span::from_millis(10)));
            self.promises.push(Promise { node: node.name.clone(), instance: name.clone(), at, within });
        }
    }

    /// The node of a router, a new one if need be, with this instance.
    fn seat(&mut self, speaker: &Speaker, network: usize, all: &[IpAddr], model: &InstanceModel) -> Option<()> {
        let number = self.nodes.len() + 1;
        let frame = &speaker.shapes.first()?.frame;
        let mut peer = Peer::new(number, IfIndex(1), &Envelope::parse(frame)?);
        peer.may_be_cut = self.cuts;
        let node = self.nodes.entry(speaker.ip).or_insert_with(|| Node {
            name: format!("r{number}"),
            network,
            prefix: prefix(all),
            peer,
            instances: Vec::new(),
        });
        node.instances.push(model.clone());
        Some(())
    }

    fn tell(&mut self, at: Instant, told: &Told, models: &BTreeMap<usize, InstanceModel>, speakers: &[Speaker]) {
        match told {
            Told::Hears { who, priority } => {
                let (Some(model), speaker) = (models.get(who), &speakers[*who]) else { return };
                let heard = heard(at, model, speaker, *priority);
                if let (Some(node), Some(heard)) = (self.nodes.get_mut(&speaker.ip), heard) {
                    node.peer.hear(model, heard);
                }
            }
            Told::Enters { who } => {
                for (other, model) in models.iter().filter(|(other, _)| *other != who) {
                    if let Some(node) = self.nodes.get_mut(&speakers[*other].ip) {
                        node.peer.node_enters(at, &model.name, State::Backup, State::Master);
                    }
                }
            }
        }
    }

    /// Where two are master though they would listen to each other, the network between them is gone for that time.
    fn partitions(
        &mut self,
        router: &Router<'_>,
        models: &BTreeMap<usize, InstanceModel>,
        speakers: &[Speaker],
        shift: &impl Fn(Instant) -> Instant,
    ) {
        for double in router.doubles() {
            let (old, new) = (&speakers[double.old], &speakers[double.new]);
            if !models.contains_key(&double.old) || !models.contains_key(&double.new) {
                continue;
            }
            let (Some(one), Some(other)) = (self.nodes.get(&old.ip), self.nodes.get(&new.ip)) else { continue };
            if !(takes(old, new) || takes(new, old)) {
                continue;
            }
            let Some((down, interval)) = new.said().map(|said| (said.down(), said.interval)) else { continue };
            let from = Instant(shift(double.from).0.saturating_sub(down.0) + interval.0 / 2);
            let network = format!("lan{}", one.network);
            let groups = format!("[[{}], [{}]]", quoted(&one.name), quoted(&other.name));
            self.faults.push((from, format!("{{ partition: {{ network: {network}, groups: {groups} }} }}")));
            let ended = speakers.iter().any(|speaker| {
                (speaker.ip == old.ip || speaker.ip == new.ip)
                    && speaker.vrid == old.vrid
                    && speaker.reigns.iter().any(|reign| reign.to > double.to)
            });
            if ended {
                self.faults.push((shift(double.to) + Span::from_millis(1), format!("{{ heal: {network} }}")));
            }
        }
    }

    /// The scenario. `found` tells which promises do not hold in a run: they become remarks.
    pub fn yaml(&self, name: &str, found: &[bool]) -> String {
        let mut text = format!(
            "# Made from a capture: routers as their adverts describe them, with the changes of master that were captured.\n\
             # Between two adverts nothing is known of a router, and of backups nothing at all.\n\
             name: {}\nabout: What a capture tells.\nduration: {}s\nnetworks:\n",
            quoted(name),
            self.end.0.div_ceil(1_000_000_000)
        );
        for network in 1..=self.networks {
            let _ = writeln!(text, "  lan{network}: {{}}");
        }
        text += "nodes:\n";
        for (ip, node) in &self.nodes {
            text += &node.yaml(*ip);
        }
        text += if self.faults.is_empty() { "timeline: []\n" } else { "timeline:\n" };
        for (at, fault) in &self.faults {
            let _ = writeln!(text, "  - {{ at: {at}s, do: {fault} }}");
        }
        let holds = |place: usize| found.get(place).copied().unwrap_or(true);
        text += if (0..self.promises.len()).any(holds) { "expect:\n" } else { "expect: []\n" };
        for (place, promise) in self.promises.iter().enumerate() {
            let mark = if holds(place) { "" } else { "# captured, but not so here: " };
            let _ = writeln!(text, "  {mark}- {}", promise.line());
        }
        text +=
            "# What went wrong there is no promise broken here: delete this to have invariants watched.\ninvariants:\n";
        for invariant in Invariant::ALL {
            let _ = writeln!(text, "  {}: off", invariant.id());
        }
        text
    }
}

impl Node {
    fn yaml(&self, ip: IpAddr) -> String {
        let start = self.peer.turns().first().map(|(at, _)| *at).unwrap_or_default();
        let mac = self.peer.mac.map(|mac| format!(", mac: \"{mac}\"")).unwrap_or_default();
        let address = quoted(&format!("{ip}/{}", self.prefix));
        let mut text = format!(
            "  {}:\n    start: {start}s\n    interfaces:\n      eth0: {{ network: lan{}, addresses: [{address}]{mac} }}\n    keepalived: |\n",
            self.name, self.network
        );
        let interface = InterfaceModel {
            index: IfIndex(1),
            name: "eth0".into(),
            mac: self.peer.mac.unwrap_or(Mac([0; 6])),
            addresses: vec![IfAddr { ip, prefix: self.prefix }],
            up: true,
        };
        let mut model = NodeModel::new(&self.name, Policy::KEEPALIVED_2_2_7, vec![interface]);
        model.instances.clone_from(&self.instances);
        for line in print(&model).lines() {
            let _ = writeln!(text, "      {line}");
        }
        text
    }
}

/// Whether one router takes the adverts of another.
fn takes(listener: &Speaker, from: &Speaker) -> bool {
    let Some(said) = listener.said() else { return false };
    from.shapes.iter().any(|shape| shape.refusal.is_none() && refusal(&shape.frame, said).is_none())
}

/// The key that stands for the one that the capture does not show.
const KEY: [u8; 8] = *b"unknown\0";

fn instance(name: &str, speaker: &Speaker, all: &[IpAddr]) -> Option<InstanceModel> {
    let said = speaker.said()?;
    let mut model = said.model(speaker.ip)?;
    model.name = name.into();
    model.auth = if model.version == Version::V3 { Auth::None } else { model.auth };
    if let Auth::Ah(_) = model.auth {
        model.auth = Auth::Ah(KEY);
    }
    if let Some((_, priority)) = speaker.priorities.first() {
        model.priority = std::num::NonZeroU8::new(*priority).unwrap_or(model.priority);
    }
    model.wants_master = model.is_owner();
    if said.unicast {
        model.unicast_peers = all.iter().filter(|ip| **ip != speaker.ip).map(|ip| UnicastPeer::from(*ip)).collect();
    }
    Some(model)
}

fn heard(at: Instant, model: &InstanceModel, speaker: &Speaker, priority: u8) -> Option<Heard> {
    let shape = speaker.shapes.iter().find(|shape| shape.refusal.is_none())?;
    let envelope = Envelope::parse(&shape.frame)?;
    let view = VrrpView::new(envelope.payload)?;
    let mut heard = Heard::read(at, model, &envelope, &view);
    heard.priority = priority;
    Some(heard)
}

/// What was heard, in its order: the first and last advert of every time as master, and what lies between them.
fn events(router: &Router<'_>) -> Vec<(Instant, Told)> {
    let reigns: Vec<(usize, &Reign)> = router.reigns();
    let mut events = Vec::new();
    for (who, reign) in &reigns {
        let who = *who;
        events.push((reign.from, Told::Hears { who, priority: reign.priority }));
        events.push((reign.from, Told::Enters { who }));
        let speaker = router.members.iter().find(|(number, _)| *number == who).map(|(_, speaker)| *speaker);
        let changes = speaker.into_iter().flat_map(|speaker| &speaker.priorities);
        let within = changes.filter(|(at, _)| *at > reign.from && *at <= reign.to).copied();
        let within: Vec<(Instant, u8)> = within.collect();
        let last = within.last().map_or(reign.priority, |(_, priority)| *priority);
        // whoever advertises while another begins is there
        let begins = reigns.iter().map(|(_, other)| other.from).filter(|at| *at > reign.from && *at < reign.to);
        let times = begins.map(|at| (Instant(at.0.saturating_sub(reign.interval.0 / 2)).max(reign.from), None));
        let times = times.chain(within.iter().map(|(at, priority)| (*at, Some(*priority))));
        let mut times: Vec<_> = times.collect();
        times.sort_unstable();
        let mut now = reign.priority;
        for (at, priority) in times {
            now = priority.unwrap_or(now);
            events.push((at, Told::Hears { who, priority: now }));
        }
        let end = if reign.end == End::Released { 0 } else { last };
        if reign.end == End::Released && reign.to.since(reign.from) > reign.interval {
            let before = Instant(reign.to.0.saturating_sub(reign.interval.0 / 2));
            events.push((before, Told::Hears { who, priority: last }));
        }
        events.push((reign.to, Told::Hears { who, priority: end }));
    }
    events.sort_by_key(|(at, told)| (*at, matches!(told, Told::Enters { .. })));
    events
}

/// The length of a prefix that all these have in common, as people choose them.
fn prefix(all: &[IpAddr]) -> u8 {
    let [first, ..] = all else { return 24 };
    match first {
        IpAddr::V6(_) => 64,
        IpAddr::V4(first) => {
            let differs = all.iter().filter_map(|ip| match ip {
                IpAddr::V4(ip) => Some((ip.to_bits() ^ first.to_bits()).leading_zeros()),
                IpAddr::V6(_) => None,
            });
            let common = differs.min().unwrap_or(32);
            [24, 16, 8].into_iter().find(|prefix| u32::from(*prefix) <= common).unwrap_or(1)
        }
    }
}
