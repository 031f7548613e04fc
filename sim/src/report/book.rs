//! The observer behind a report: the timeline with its details, the causes, the packets, and who could reach whom.
use vrrplab_engine::{Instant, TraceKind};
use vrrplab_formats::world::World;

use super::packets::Flights;
use crate::moment::{Moment, Observer, PortInfo};
use crate::observe::{Level, Timeline, Why};

/// What a line of the timeline is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kind {
    State,
    Decision,
    Frame,
    Address,
    Fault,
    Client,
    Check,
    Program,
    Other,
}

impl Kind {
    /// All, in the order of the page's data.
    pub const ALL: [(Kind, &'static str); 9] = [
        (Kind::State, "state"),
        (Kind::Decision, "decision"),
        (Kind::Frame, "frame"),
        (Kind::Address, "address"),
        (Kind::Fault, "fault"),
        (Kind::Client, "client"),
        (Kind::Check, "check"),
        (Kind::Program, "program"),
        (Kind::Other, "other"),
    ];

    fn of(moment: &Moment<'_>) -> Kind {
        match moment {
            Moment::Decided { trace, .. } if matches!(trace.kind, TraceKind::Transition { .. }) => Kind::State,
            Moment::Decided { .. } => Kind::Decision,
            Moment::Sent { .. } | Moment::Delivered { .. } | Moment::Dropped { .. } => Kind::Frame,
            Moment::Address { .. } | Moment::Link { .. } | Moment::CloudMove { .. } => Kind::Address,
            Moment::Ran { .. } | Moment::Told { .. } => Kind::Program,
            Moment::Checked { .. } | Moment::Balanced { .. } => Kind::Check,
            Moment::Fault(_) => Kind::Fault,
            Moment::Gone(_) => Kind::State,
            Moment::Asked { .. } | Moment::Answered { .. } | Moment::Lost { .. } | Moment::Trouble { .. } => {
                Kind::Client
            }
            Moment::Looked(_)
            | Moment::Islands(_)
            | Moment::Switched(_)
            | Moment::Settled { .. }
            | Moment::Ended { .. } => Kind::Other,
        }
    }
}

/// What stands behind a line of the timeline.
#[derive(Clone, Copy, Debug)]
pub(super) struct Tag {
    pub kind: Kind,
    /// Position of its packet.
    pub packet: Option<usize>,
    /// Position of its change of state.
    pub change: Option<usize>,
}

/// Keeps all that a report tells of a run.
#[derive(Debug)]
pub struct Book {
    pub(super) ports: Vec<PortInfo>,
    pub(super) timeline: Timeline,
    pub(super) why: Why,
    pub(super) flights: Flights,
    /// One for each line of the timeline.
    pub(super) tags: Vec<Tag>,
    pub(super) islands: Vec<(Instant, Vec<Vec<usize>>)>,
}

impl Book {
    /// An empty book about a world.
    pub fn new(world: &World, ports: &[PortInfo]) -> Book {
        Book {
            ports: ports.to_vec(),
            timeline: Timeline::new(world, ports),
            why: Why::new(world, ports),
            flights: Flights::new(world, ports),
            tags: Vec::new(),
            islands: Vec::new(),
        }
    }

    /// Whether a line is told by the list of packets already.
    pub(super) fn is_packet_only(&self, line: usize) -> bool {
        let detail = self.timeline.lines().get(line).is_some_and(|line| line.level == Level::Detail);
        detail && self.tags.get(line).is_some_and(|tag| tag.kind == Kind::Frame)
    }

    fn tag(&mut self, tag: Tag) {
        self.tags.resize(self.timeline.lines().len(), tag);
    }
}

impl Observer for Book {
    fn see(&mut self, at: Instant, moment: &Moment<'_>) {
        let packet = self.flights.see(at, moment);
        let changes = self.why.changes().len();
        self.why.see(at, moment);
        let change = (self.why.changes().len() > changes).then_some(changes);
        if let Moment::Islands(islands) = moment {
            let islands = islands.iter().map(|island| island.iter().map(|port| port.0).collect()).collect();
            self.islands.push((at, islands));
        }
        self.timeline.see(at, moment);
        if self.timeline.lines().len() > self.tags.len() {
            self.tag(Tag { kind: Kind::of(moment), packet, change });
        }
    }

    fn finish(&mut self, at: Instant) {
        self.why.finish(at);
        self.timeline.finish(at);
        self.tag(Tag { kind: Kind::Other, packet: None, change: None });
    }
}
