//! A replayed recording as a timeline: the same lines that a simulated node would get.
use std::collections::BTreeMap;

use vrrplab_engine::model::{IfIndex, InterfaceModel, Mac, NodeModel};
use vrrplab_engine::{Effect, EffectKind, Instant, Notice, Output, Span, health};
use vrrplab_formats::flight::Happened;
use vrrplab_formats::world::{LinkQuality, Member, Network, NetworkId, Node, NodeId, Port, World};

use super::{Flown, Pilot};
use crate::fabric::PortId;
use crate::moment::{Moment, Observer, PortInfo};
use crate::observe::timeline::Tone;
use crate::observe::{Level, Line, Timeline};

const NODE: NodeId = NodeId(0);

/// Tells what happens.
pub struct Teller {
    timeline: Timeline,
    name: String,
    /// Interfaces by index: name, and whose port their frames leave by.
    interfaces: BTreeMap<IfIndex, (String, PortId)>,
    /// The port below each macvlan that was asked for, by its name.
    asked: BTreeMap<String, PortId>,
}

impl Teller {
    /// A page with columns wide enough for this node.
    pub fn new(model: &NodeModel) -> Teller {
        let port = |(n, interface): (usize, &InterfaceModel)| (interface.index, (interface.name.clone(), PortId(n)));
        let info = |i: &InterfaceModel| PortInfo::new(Member::Node(NODE), &model.name, &i.name, i.mac, &i.addresses);
        let ports: Vec<PortInfo> = model.interfaces.iter().map(info).collect();
        Teller {
            timeline: Timeline::new(&world_of(model), &ports),
            name: model.name.clone(),
            interfaces: model.interfaces.iter().enumerate().map(port).collect(),
            asked: BTreeMap::new(),
        }
    }

    /// One input and what came out of it. The lines that are complete by now come back.
    pub fn tell(&mut self, pilot: &Pilot, at: u64, happened: &Happened, outputs: &Flown) -> Vec<Line> {
        let at = pilot.since_start(at);
        self.timeline.see(at, &Moment::Islands(&[])); // time moves on; nothing is told
        let mut lines = self.timeline.take_lines();
        let outputs = match outputs {
            Flown::Vrrp(outputs) => outputs,
            Flown::Checkers(outputs) => {
                outputs.iter().for_each(|output| self.checked(at, output));
                return lines;
            }
        };
        lines.extend(self.news(at, happened));
        for output in outputs {
            match output {
                Output::Trace(trace) => {
                    let instance = trace.instance.map_or("", |position| pilot.instance_name(position));
                    self.timeline.see(at, &Moment::Decided { node: NODE, instance, trace });
                }
                Output::Effect(effect) => self.deed(at, effect),
            }
        }
        lines
    }

    /// What came out of the checkers. (What they are told is not: their reasons tell it, in keepalived's words.)
    fn checked(&mut self, at: Instant, output: &health::Output) {
        let effect = match output {
            health::Output::Trace(trace) => return self.timeline.see(at, &Moment::Checked { node: NODE, trace }),
            health::Output::Effect(effect) => effect,
        };
        let rule = effect.rule;
        match &effect.kind {
            health::EffectKind::ProgramIpvs(command) => {
                self.timeline.see(at, &Moment::Balanced { node: NODE, command, refused: None, rule });
            }
            health::EffectKind::RunScript(program) => {
                self.timeline.see(at, &Moment::Ran { node: NODE, words: &program.words, rule });
            }
            health::EffectKind::WriteLine { fifo, line } => {
                self.timeline.see(at, &Moment::Told { node: NODE, line: &format!("{fifo}: {line}"), rule });
            }
            health::EffectKind::StartProbe { .. } | health::EffectKind::Cancel { .. } => {}
        }
    }

    /// The last lines.
    pub fn finish(&mut self, at: Instant) -> Vec<Line> {
        self.timeline.finish(at);
        self.timeline.take_lines()
    }

    /// A line as text.
    pub fn text(&self, line: &Line, colour: bool) -> String {
        self.timeline.text(line, colour)
    }

    /// What came from outside and is no packet, program or timer.
    fn news(&mut self, at: Instant, happened: &Happened) -> Option<Line> {
        let (subject, what, tone) = match happened {
            Happened::Link { iface, up: true } => (self.interface(*iface), "link up".to_owned(), Tone::Good),
            Happened::Link { iface, up: false } => (self.interface(*iface), "link down".to_owned(), Tone::Fault),
            Happened::AddressAdded { iface, ip, prefix } => {
                (self.interface(*iface), format!("{ip}/{prefix} is there"), Tone::Plain)
            }
            Happened::AddressRemoved { iface, ip, prefix } => {
                (self.interface(*iface), format!("{ip}/{prefix} is gone"), Tone::Fault)
            }
            Happened::LinkAdded(interface) => {
                let port = self.asked.get(&interface.name).copied().unwrap_or(PortId(0));
                self.interfaces.insert(IfIndex(interface.index), (interface.name.clone(), port));
                (interface.name.clone(), "link there".to_owned(), Tone::Plain)
            }
            Happened::LinkRefused { name } => (name.clone(), "link cannot be made".to_owned(), Tone::Bad),
            Happened::RouteRemoved { line } => (line.clone(), "route is gone".to_owned(), Tone::Fault),
            Happened::LinkGone { iface } => (self.interface(*iface), "interface is gone".to_owned(), Tone::Fault),
            Happened::LinkIs { iface, mac } => {
                (self.interface(*iface), format!("interface is there, with MAC {}", Mac(*mac)), Tone::Plain)
            }
            Happened::RuleRemoved { line } => (line.clone(), "rule is gone".to_owned(), Tone::Fault),
            Happened::Start => (String::new(), "daemon started".to_owned(), Tone::Plain),
            Happened::Stop => (String::new(), "daemon told to stop (SIGTERM)".to_owned(), Tone::Fault),
            Happened::Reload(_) => (String::new(), "daemon reloaded (SIGHUP)".to_owned(), Tone::Fault),
            Happened::Wake
            | Happened::Frame { .. }
            | Happened::File { .. }
            | Happened::Processes { .. }
            | Happened::Bfd { .. }
            | Happened::Exited { .. }
            | Happened::Killed { .. }
            | Happened::Made { .. }
            | Happened::Answered { .. }
            | Happened::Here { .. }
            | Happened::Number { .. }
            | Happened::Programmed { .. } => return None,
        };
        Some(Line { at, node: self.name.clone(), subject, what, rule: None, level: Level::Normal, tone })
    }

    fn interface(&self, index: u32) -> String {
        self.interfaces.get(&IfIndex(index)).map_or_else(|| format!("#{index}"), |(name, _)| name.clone())
    }

    fn port(&self, iface: IfIndex) -> PortId {
        self.interfaces.get(&iface).map_or(PortId(0), |(_, port)| *port)
    }

    fn deed(&mut self, at: Instant, effect: &Effect) {
        let rule = effect.rule;
        let framed;
        let moment = match &effect.kind {
            EffectKind::SendFrame { iface, bytes } => Moment::Sent { port: self.port(*iface), bytes, rule: Some(rule) },
            EffectKind::SendPacket { iface, bytes } => {
                framed = framed_packet(bytes);
                Moment::Sent { port: self.port(*iface), bytes: &framed, rule: Some(rule) }
            }
            EffectKind::ChangeAddress { iface, addr, add } => {
                let name = self.interface(iface.0);
                let moment = Moment::Address { node: NODE, iface: &name, index: *iface, addr: *addr, added: *add };
                return self.timeline.see(at, &moment);
            }
            EffectKind::ChangeLink(change) => {
                self.asked.insert(change.name.clone(), self.port(change.base));
                Moment::Link { node: NODE, iface: &change.name, mac: change.mac, added: change.add }
            }
            EffectKind::RunScript { program, .. } => Moment::Ran { node: NODE, words: &program.words, rule },
            EffectKind::Notify(notice) => match &**notice {
                Notice::Script { program, arguments } => {
                    let words: Vec<String> = program.words.iter().chain(arguments).cloned().collect();
                    return self.timeline.see(at, &Moment::Ran { node: NODE, words: &words, rule });
                }
                Notice::Line { fifo, line } => {
                    let line = format!("{fifo}: {line}");
                    return self.timeline.see(at, &Moment::Told { node: NODE, line: &line, rule });
                }
                Notice::Mail { subject } => {
                    let line = format!("mail: {subject}");
                    return self.timeline.see(at, &Moment::Told { node: NODE, line: &line, rule });
                }
            },
            EffectKind::FilterAddress { .. }
            | EffectKind::PromoteSecondaries { .. }
            | EffectKind::Cancel { .. }
            | EffectKind::WriteFile { .. }
            | EffectKind::ChangeRoute { .. }
            | EffectKind::ChangeRule { .. } => return,
        };
        self.timeline.see(at, &moment);
    }
}

/// A packet with an Ethernet header that the kernel would give it, as far as it matters for describing it.
fn framed_packet(packet: &[u8]) -> Vec<u8> {
    let kind: [u8; 2] = if packet.first().is_some_and(|first| first >> 4 == 6) { [0x86, 0xdd] } else { [0x08, 0x00] };
    [&[0; 12], &kind[..], packet].concat()
}

/// This node, alone in the world: a timeline takes names and widths from it.
fn world_of(model: &NodeModel) -> World {
    let networks = vec![Network::new("", LinkQuality::CLEAN); model.interfaces.len()];
    let ports = (0..model.interfaces.len()).map(|n| Port::on(NetworkId(n))).collect();
    World::quiet(&model.name, Span::ZERO, networks, vec![Node::new(model.clone(), ports)])
}
