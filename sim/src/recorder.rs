//! The events that a recording of a real router also has: states and addresses, in order.
use vrrplab_engine::{Instant, TraceKind};
use vrrplab_formats::recording::{RecordedEvent, RecordedKind};
use vrrplab_formats::world::{NodeId, World};

use crate::moment::{Moment, Observer};

/// Collects what can be compared with a recording.
#[derive(Debug)]
pub struct Recorder {
    names: Vec<String>,
    events: Vec<RecordedEvent>,
}

impl Recorder {
    /// An empty record of a world.
    pub fn new(world: &World) -> Recorder {
        Recorder { names: world.nodes.iter().map(|n| n.model.name.clone()).collect(), events: Vec::new() }
    }

    /// The events so far.
    pub fn events(&self) -> &[RecordedEvent] {
        &self.events
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
                if let TraceKind::Transition { to, .. } = trace.kind {
                    self.push(at, *node, RecordedKind::State { instance: (*instance).to_owned(), state: to });
                }
            }
            Moment::Address { node, iface, addr, added, .. } => {
                self.push(at, *node, RecordedKind::Vip { iface: (*iface).to_owned(), addr: *addr, added: *added });
            }
            _ => {}
        }
    }

    fn finish(&mut self, _at: Instant) {}
}
