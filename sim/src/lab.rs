//! The laboratory: builds a world, lets its time pass, shows every moment to the observers.
mod balancing;
mod clients;
mod clock;
mod clouds;
mod daemon;
mod faults;
mod forger;
mod fork;
mod islands;
mod kernel_faults;
mod links;
mod looks;
mod machine;
mod order;
mod programs;
mod queue;
mod redraw;
mod rogues;
mod roster;
mod router;
mod services;
mod switches;

use std::rc::Rc;

use vrrplab_engine::{Instant, Rule};
use vrrplab_formats::world::{ClientId, Member, Nic, NodeId, RogueId, TimedFault, World};

use crate::fabric::{Fabric, Fate, PortId, PortSetup};
use crate::moment::{Moment, Observer, PortInfo};
use clients::Seat;
use clouds::ControlPlane;
pub use order::{Hashed, Offer};
use queue::{Due, Place, Queue, Reached};
use rogues::RogueSeat;
use roster::{Roster, Saying, Sayings, Turn};
use router::Router;
use switches::Reports;

/// What a run cost.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Events taken from the queue.
    pub events: u64,
    /// Frames sent by hosts.
    pub sent: u64,
    /// Frames that reached a host.
    pub delivered: u64,
}

/// A world in motion.
pub struct Lab<'w> {
    world: &'w World,
    /// The faults that are scripted for it, in order.
    faults: &'w [TimedFault],
    now: Instant,
    end: Instant,
    queue: Queue,
    fabric: Fabric,
    ports: Vec<PortInfo>,
    /// Who is behind each port.
    owners: Vec<Member>,
    routers: Roster,
    /// What each port said last.
    sayings: Sayings,
    clients: Vec<Seat>,
    clouds: Vec<ControlPlane>,
    rogues: Vec<RogueSeat<'w>>,
    /// How many machines stand still.
    stunned: usize,
    fates: Vec<Fate>,
    together: Vec<PortId>,
    arrivals: Vec<(Place, Reached)>,
    glances: Vec<looks::Glance>,
    seed: u64,
    /// Whether it can be forked.
    forkable: bool,
    /// The islands as they were shown last.
    islands: Option<Vec<Vec<PortId>>>,
    tally: Tally,
    /// When the switches are woken.
    fabric_due: Option<Instant>,
    reports: Reports,
}

/// The observers of a run.
pub type Watchers<'a, 'b> = &'a mut [&'b mut dyn Observer];

impl<'w> Lab<'w> {
    /// Builds the world. `seed` overrides the scenario's own.
    pub fn new(world: &'w World, seed: u64) -> Lab<'w> {
        let mut fabric = Fabric::new(&world.networks, &world.trunks, seed);
        let mut ports = Vec::new();
        let mut routers = Vec::new();
        for (n, node) in world.nodes.iter().enumerate() {
            let owner = Member::Node(NodeId(n));
            let mut own = Vec::new();
            for (interface, port) in node.model.interfaces.iter().zip(&node.ports) {
                own.push(fabric.add_port(PortSetup {
                    network: port.network,
                    owner,
                    mac: interface.mac,
                    addresses: interface.addresses.clone(),
                    security: port.security.clone(),
                    assigned: port.assigned.clone(),
                    attachment: port.attachment,
                }));
                let (host, name) = (&node.model.name, &interface.name);
                ports.push(PortInfo::new(owner, host, name, interface.mac, &interface.addresses));
            }
            routers.push(Router::new(node, own, seed));
        }
        let mut clients = Vec::new();
        for (c, client) in world.clients.iter().enumerate() {
            let owner = Member::Client(ClientId(c));
            let port = fabric.add_port(clients::port(client, owner));
            ports.push(PortInfo::new(owner, &client.name, "eth0", client.mac, &[client.addr]));
            clients.push(Seat::new(client, port, seed));
        }
        let mut rogues = Vec::new();
        for (r, rogue) in world.rogues.iter().enumerate() {
            let owner = Member::Rogue(RogueId(r));
            let port = fabric.add_port(rogues::port(rogue, owner));
            ports.push(PortInfo::new(owner, &rogue.name, "eth0", rogue.mac, &[rogue.addr]));
            rogues.push(RogueSeat::new(RogueId(r), port, world));
        }
        let mut lab = Lab {
            world,
            faults: &world.faults,
            now: Instant::ZERO,
            end: Instant::ZERO + world.duration,
            queue: Queue::default(),
            fabric,
            owners: ports.iter().map(|port| port.owner).collect(),
            sayings: Sayings::new(ports.len()),
            ports,
            routers: Roster::new(routers),
            clients,
            clouds: world.networks.iter().map(ControlPlane::new).collect(),
            rogues,
            stunned: 0,
            fates: Vec::new(),
            together: Vec::new(),
            arrivals: Vec::new(),
            glances: looks::all(world),
            seed,
            forkable: false,
            islands: None,
            tally: Tally::default(),
            fabric_due: None,
            reports: Reports::new(world, seed),
        };
        lab.fill_queue();
        lab
    }

    fn fill_queue(&mut self) {
        self.script(0);
        for (n, node) in self.world.nodes.iter().enumerate() {
            if let Some(start) = node.start {
                self.queue.push(start, Due::Start(n));
            }
        }
        for c in 0..self.clients.len() {
            self.reschedule_client(c);
        }
        looks::fill(&self.glances, &mut self.queue);
        self.reschedule_fabric();
    }

    /// The faults from this position on come when they are due, before anything else of their moment.
    fn script(&mut self, from: usize) {
        for (position, fault) in self.faults.iter().enumerate().skip(from) {
            self.queue.push_first(fault.at, position, Due::Fault(position));
        }
    }

    /// Every port, in order of [`PortId`].
    pub fn ports(&self) -> &[PortInfo] {
        &self.ports
    }

    /// What the run has cost so far.
    pub fn tally(&self) -> Tally {
        self.tally
    }

    /// How far time has come.
    pub fn now(&self) -> Instant {
        self.now
    }

    /// Lets all time pass.
    pub fn run(mut self, watchers: Watchers<'_, '_>) -> Tally {
        if self.forkable {
            self.keep_diaries(false);
        }
        while self.step(watchers) {}
        self.tally
    }

    /// The next event. `false`: the end has come, and the observers have been told.
    pub fn step(&mut self, watchers: Watchers<'_, '_>) -> bool {
        if self.next(watchers) {
            return true;
        }
        self.now = self.end;
        for watcher in watchers.iter_mut() {
            watcher.finish(self.end);
        }
        false
    }

    /// The next event, if there is one before the end.
    fn next(&mut self, watchers: Watchers<'_, '_>) -> bool {
        if self.first_moves_on() {
            return true;
        }
        let Some((place, due)) = self.queue.pop_until(self.end) else { return false };
        self.now = place.at;
        self.happen(place, due, watchers);
        true
    }

    /// Whether the next event was the turn of a router that has been put off, which it is now in the queue too.
    #[inline]
    fn first_moves_on(&mut self) -> bool {
        let Some((place, n)) = self.queue.first_router(self.end) else { return false };
        let Turn::Later(later) = self.routers.due(n, place) else { return false };
        self.routers.take(n, place);
        self.queue.move_first(later);
        self.now = place.at;
        self.tally.events += 1;
        true
    }

    fn happen(&mut self, place: Place, due: Due, watchers: Watchers<'_, '_>) {
        match due {
            Due::Look(position) => return self.look(position, watchers),
            Due::Redraw(seed) => return self.redraw(seed),
            _ => {}
        }
        self.tally.events += 1;
        match due {
            Due::Look(_) | Due::Redraw(_) => {}
            Due::Held { from, to, frame, .. } => self.deliver(from, to, &frame, None, watchers),
            Due::Deliver { from, to, frame } => self.arrive(from, to.ports(), &frame, watchers),
            Due::Wake(Member::Node(NodeId(n))) => {
                if self.turn_of_router(n, place) {
                    self.wake_router(n, watchers);
                }
            }
            Due::Wake(Member::Client(ClientId(c))) => self.wake_client(c, watchers),
            Due::Wake(Member::Rogue(RogueId(r))) => self.wake_rogue(r, watchers),
            Due::Fault(position) => {
                self.fault(position, watchers);
                self.show_islands(watchers);
            }
            Due::Start(n) => self.start(n, watchers),
            Due::Assign { nic, address } => self.assign(nic, address, watchers),
            Due::Fabric => {
                self.wake_fabric(watchers);
                self.show_islands(watchers);
            }
            Due::Report { node, nic, anew } => self.report(Nic { node: NodeId(node), nic }, anew, watchers),
            Due::Later(n, what) => {
                self.later(n, what, watchers);
                self.show_islands(watchers);
            }
        }
    }

    fn show(&self, watchers: Watchers<'_, '_>, moment: &Moment<'_>) {
        for watcher in watchers.iter_mut() {
            watcher.see(self.now, moment);
        }
    }

    /// A host puts a frame on its port.
    fn transmit(&mut self, port: PortId, frame: Vec<u8>, rule: Option<Rule>, watchers: Watchers<'_, '_>) {
        self.tally.sent += 1;
        self.show(watchers, &Moment::Sent { port, bytes: &frame, rule });
        if let Some((at, to)) = self.fabric.flood(self.now, port, &frame) {
            self.queue.push(at, Due::Deliver { from: port, to: Reached::Many(to), frame: frame.into() });
            return;
        }
        let mut fates = std::mem::take(&mut self.fates);
        fates.clear();
        self.fabric.send(self.now, port, &frame, &mut fates);
        let frame: Rc<[u8]> = frame.into();
        // neighbours that are reached at one instant share an event
        let mut together = std::mem::take(&mut self.together);
        let mut when = Instant::ZERO;
        for fate in &fates {
            match *fate {
                Fate::DeliverOther { from, to, at, ref frame } => {
                    let frame = frame.as_slice().into();
                    self.queue.push(at, Due::Deliver { from, to: Reached::One(to), frame });
                }
                Fate::Deliver { to, at } => {
                    if when != at {
                        self.gather(when, &mut together);
                        when = at;
                    }
                    together.push(to);
                }
                Fate::Drop { to, reason } => {
                    self.show(watchers, &Moment::Dropped { from: port, to, reason, bytes: &frame });
                }
            }
        }
        self.gather(when, &mut together);
        self.queue.spread(port, &frame, &mut self.arrivals);
        (self.fates, self.together) = (fates, together);
    }

    /// A frame will reach these ports then.
    fn gather(&mut self, at: Instant, to: &mut Vec<PortId>) {
        if !to.is_empty() {
            let place = self.queue.take_place(at);
            self.arrivals.push((place, Reached::from(to.drain(..).as_slice())));
        }
    }

    /// A frame reaches these ports.
    fn arrive(&mut self, from: PortId, to: &[PortId], frame: &Rc<[u8]>, watchers: Watchers<'_, '_>) {
        let saying = watchers.is_empty().then(|| self.sayings.number(from, frame));
        for &to in to {
            if let (Some(saying), Member::Node(NodeId(n))) = (saying, self.owners[to.0])
                && self.repeats(n, saying, to)
            {
                self.tally.delivered += 1;
                continue;
            }
            self.deliver(from, to, frame, saying, watchers);
        }
    }

    fn deliver(
        &mut self,
        from: PortId,
        to: PortId,
        frame: &Rc<[u8]>,
        saying: Option<Saying>,
        watchers: Watchers<'_, '_>,
    ) {
        if watchers.is_empty()
            && let Member::Node(NodeId(n)) = self.owners[to.0]
            && self.router_hears_again(n, to, frame, saying)
        {
            self.tally.delivered += 1;
            return;
        }
        if !self.fabric.carrier(to) {
            let reason = crate::fabric::DropReason::Down;
            self.show(watchers, &Moment::Dropped { from, to: Some(to), reason, bytes: frame });
            return;
        }
        if self.stunned > 0
            && let Member::Node(NodeId(n)) = self.ports[to.0].owner
            && self.routers[n].stun.is_some()
        {
            if let Some(reason) = self.falls_on_stunned(n, to, frame) {
                self.show(watchers, &Moment::Dropped { from, to: Some(to), reason, bytes: frame });
            }
            return;
        }
        self.tally.delivered += 1;
        self.show(watchers, &Moment::Delivered { from, to, bytes: frame });
        match self.owners[to.0] {
            Member::Node(NodeId(n)) => self.router_hears(n, to, frame, watchers),
            Member::Client(ClientId(c)) => self.client_hears(c, frame, watchers),
            Member::Rogue(RogueId(r)) => self.rogue_hears(r, from, frame),
        }
    }
}
