//! What a recording of real routers also has: states and addresses in order, and every advert and announcement sent.
mod wire;

use vrrplab_engine::model::IfAddr;
use vrrplab_engine::{Instant, TraceKind};
use vrrplab_formats::recording::{RecordedEvent, RecordedFrame, RecordedKind, is_silent};
use vrrplab_formats::world::{Member, Node, NodeId, World};

use crate::moment::{Moment, Observer, PortInfo};

/// Collects what can be compared with a recording.
#[derive(Debug)]
pub struct Recorder {
    names: Vec<String>,
    /// Node and interface of each port, for the ports of routers.
    ports: Vec<Option<(String, String)>>,
    /// The fixed addresses of each node, with their interfaces: nothing is told of them.
    fixed: Vec<Vec<(String, IfAddr)>>,
    events: Vec<RecordedEvent>,
    frames: Vec<RecordedFrame>,
}

impl Recorder {
    /// An empty record of a world with these ports.
    pub fn new(world: &World, ports: &[PortInfo]) -> Recorder {
        let named = |port: &PortInfo| match port.owner {
            Member::Node(_) => port.label.split_once(':').map(|(node, iface)| (node.to_owned(), iface.to_owned())),
            Member::Client(_) | Member::Rogue(_) => None,
        };
        let fixed = |node: &Node| {
            let interfaces = node.model.interfaces.iter();
            interfaces.flat_map(|i| i.addresses.iter().map(|addr| (i.name.clone(), *addr))).collect()
        };
        Recorder {
            fixed: world.nodes.iter().map(fixed).collect(),
            names: world.nodes.iter().map(|n| n.model.name.clone()).collect(),
            ports: ports.iter().map(named).collect(),
            events: Vec::new(),
            frames: Vec::new(),
        }
    }

    /// The events so far.
    pub fn events(&self) -> &[RecordedEvent] {
        &self.events
    }

    /// The adverts and announcements so far.
    pub fn frames(&self) -> &[RecordedFrame] {
        &self.frames
    }

    fn is_fixed(&self, node: NodeId, iface: &str, addr: IfAddr) -> bool {
        self.fixed[node.0].iter().any(|(on, fixed)| on == iface && *fixed == addr)
    }

    fn push(&mut self, at: Instant, node: NodeId, kind: RecordedKind) {
        let node = self.names.get(node.0).cloned().unwrap_or_default();
        self.events.push(RecordedEvent { at, node, kind });
    }
}

impl Observer for Recorder {
    fn see(&mut self, at: Instant, moment: &Moment<'_>) {
        match moment {
            Moment::Decided { node, instance, trace } => {
                if let TraceKind::Transition { from, to } = trace.kind
                    && !is_silent(trace.rule, from)
                {
                    self.push(at, *node, RecordedKind::State { instance: (*instance).to_owned(), state: to });
                }
            }
            Moment::Address { node, iface, addr, added, .. } if !self.is_fixed(*node, iface, *addr) => {
                self.push(at, *node, RecordedKind::Vip { iface: (*iface).to_owned(), addr: *addr, added: *added });
            }
            Moment::Sent { port, bytes, .. } => {
                if let Some(Some((node, iface))) = self.ports.get(port.0) {
                    self.frames.extend(wire::read(at, node, iface, bytes));
                }
            }
            _ => {}
        }
    }

    fn finish(&mut self, _at: Instant) {}
}
