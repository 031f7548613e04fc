//! Who gets the next connection: the kernel's schedulers over plain tables of servers.
mod hash;
mod locality;
mod maglev;
mod round;
mod weighted;

use core::net::IpAddr;

use crate::model::lvs::{Scheduler, SchedulerFlags};
use crate::time::{Instant, Span};

pub use hash::golden;
pub use maglev::siphash13;

/// The number of a server in the director's table of loads.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DestId(pub u32);

/// What a scheduler sees of one server.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Load {
    /// Weight; 0 takes no new connections.
    pub weight: u32,
    /// Active connections.
    pub active: u32,
    /// Active and inactive connections.
    pub total: u32,
    /// At its upper threshold.
    pub overload: bool,
    /// Still in its service.
    pub available: bool,
}

impl Load {
    /// May get a connection.
    pub const fn usable(&self) -> bool {
        !self.overload && self.weight > 0
    }
    /// What `lc`, `wlc`, `lblc`, `lblcr` and `twos` compare: 257 for an active connection, 1 for an inactive one.
    pub const fn overhead(&self) -> i64 {
        ((self.active as i64) << 8) + self.total as i64
    }
}

/// The hashing tables read address and port of a server besides its load.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Identity {
    /// The 32 bits that stand for its address.
    pub address: u32,
    /// Its port.
    pub port: u16,
    /// Its last weight that was not 0.
    pub last_weight: u32,
}

/// The servers of one service. `order` has the oldest first; the kernel's list, and `walk`, have the newest first.
#[derive(Clone, Copy)]
pub struct Pool<'a> {
    /// The service's servers.
    pub order: &'a [DestId],
    /// Loads of all servers of the director.
    pub loads: &'a [Load],
}

impl<'a> Pool<'a> {
    /// The load of a server.
    pub fn load(&self, id: DestId) -> &'a Load {
        &self.loads[id.0 as usize]
    }
    /// The servers in the kernel's order.
    pub fn walk(&self) -> impl Iterator<Item = (DestId, &'a Load)> + use<'a> {
        let loads = self.loads;
        self.order.iter().rev().map(move |id| (*id, &loads[id.0 as usize]))
    }
}

/// The connection that wants a server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ask {
    /// Its client.
    pub client: IpAddr,
    /// The client's port.
    pub client_port: u16,
    /// The address that the client called.
    pub dest: IpAddr,
    /// Now.
    pub now: Instant,
    /// `lblc_expiration`.
    pub lblc_expiration: Span,
    /// `lblcr_expiration`.
    pub lblcr_expiration: Span,
    /// Two random numbers; only `twos` looks.
    pub draws: [u64; 2],
}

/// A scheduler bound to a service.
#[derive(Clone, Debug)]
pub struct Bound {
    kind: Scheduler,
    flags: SchedulerFlags,
    state: State,
    /// The servers have changed since the hashing table was filled; the next pick fills it.
    stale: bool,
}

#[derive(Clone, Debug)]
enum State {
    Plain,
    Rr(round::Cursor),
    Wrr(round::Weighted),
    Buckets(hash::Buckets),
    Maglev(maglev::Maglev),
    Lblc(locality::Single),
    Lblcr(locality::Sets),
}

/// What happened to the servers of a service.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// One more at the end of `order`.
    Added,
    /// The one at this place of `order` is gone.
    Removed(usize),
    /// Weight or thresholds were set.
    Edited,
}

/// The 32 bits that stand for an address in hashes: an IPv4 address itself, the XOR of the four words of an IPv6 one.
pub fn address_bits(ip: IpAddr) -> u32 {
    match ip {
        IpAddr::V4(ip) => u32::from(ip),
        IpAddr::V6(ip) => {
            let bits = u128::from(ip);
            (bits >> 96) as u32 ^ (bits >> 64) as u32 ^ (bits >> 32) as u32 ^ bits as u32
        }
    }
}

impl Bound {
    /// Binds a scheduler to a service that has these servers.
    pub fn new(kind: Scheduler, flags: SchedulerFlags, pool: Pool, now: Instant) -> Bound {
        let state = match kind {
            Scheduler::Rr => State::Rr(round::Cursor::default()),
            Scheduler::Wrr => State::Wrr(round::Weighted::new(pool)),
            Scheduler::Sh | Scheduler::Dh => State::Buckets(hash::Buckets::default()),
            Scheduler::Mh => State::Maglev(maglev::Maglev::default()),
            Scheduler::Lblc => State::Lblc(locality::Single::new(now)),
            Scheduler::Lblcr => State::Lblcr(locality::Sets::new(now)),
            Scheduler::Lc
            | Scheduler::Wlc
            | Scheduler::Fo
            | Scheduler::Ovf
            | Scheduler::Sed
            | Scheduler::Nq
            | Scheduler::Twos => State::Plain,
        };
        Bound { kind, flags, state, stale: true }
    }

    /// Which scheduler it is.
    pub const fn kind(&self) -> Scheduler {
        self.kind
    }

    /// Other flags, with the same state.
    pub const fn set_flags(&mut self, flags: SchedulerFlags) {
        self.flags = flags;
    }

    /// The servers are others now.
    pub fn changed(&mut self, change: Change, pool: Pool) {
        self.stale = true;
        match &mut self.state {
            State::Rr(cursor) => cursor.changed(change, pool.order.len()),
            State::Wrr(state) => state.changed(pool),
            State::Plain | State::Buckets(_) | State::Maglev(_) | State::Lblc(_) | State::Lblcr(_) => {}
        }
    }

    fn fill(&mut self, pool: Pool, identity: impl Fn(DestId) -> Identity) {
        self.stale = false;
        match &mut self.state {
            State::Buckets(buckets) if self.kind == Scheduler::Sh => *buckets = hash::Buckets::by_source(pool),
            State::Buckets(buckets) => *buckets = hash::Buckets::by_destination(pool),
            State::Maglev(table) => *table = maglev::Maglev::new(pool, identity),
            State::Plain | State::Rr(_) | State::Wrr(_) | State::Lblc(_) | State::Lblcr(_) => {}
        }
    }

    /// The server of a new connection, or none; `identity` tells what `mh` asks of servers.
    pub fn pick(&mut self, pool: Pool, ask: &Ask, identity: impl Fn(DestId) -> Identity) -> Option<DestId> {
        if self.stale {
            self.fill(pool, identity);
        }
        let port = if self.flags.second { ask.client_port } else { 0 };
        match (&mut self.state, self.kind) {
            (State::Rr(cursor), _) => cursor.pick(pool),
            (State::Wrr(state), _) => state.pick(pool),
            (State::Buckets(buckets), Scheduler::Sh) => {
                buckets.pick_source(pool, address_bits(ask.client), port, self.flags.first)
            }
            (State::Buckets(buckets), _) => buckets.pick_destination(pool, address_bits(ask.dest)),
            (State::Maglev(table), _) => table.pick(pool, address_bits(ask.client), port, self.flags.first),
            (State::Lblc(state), _) => state.pick(pool, ask),
            (State::Lblcr(state), _) => state.pick(pool, ask),
            (State::Plain, Scheduler::Lc) => weighted::least(pool),
            (State::Plain, Scheduler::Fo) => weighted::failover(pool),
            (State::Plain, Scheduler::Ovf) => weighted::overflow(pool),
            (State::Plain, Scheduler::Sed) => weighted::shortest_delay(pool),
            (State::Plain, Scheduler::Nq) => weighted::never_queue(pool),
            (State::Plain, Scheduler::Twos) => weighted::two_choices(pool, ask.draws),
            (State::Plain, _) => weighted::weighted_least(pool),
        }
    }

    /// When it wants `tick`.
    pub const fn next_tick(&self) -> Option<Instant> {
        match &self.state {
            State::Lblc(state) => Some(state.next_tick()),
            State::Lblcr(state) => Some(state.next_tick()),
            _ => None,
        }
    }

    /// Forgets what is too old.
    pub fn tick(&mut self, now: Instant, sysctl: &super::Sysctl) {
        match &mut self.state {
            State::Lblc(state) => state.tick(now, sysctl.lblc_expiration),
            State::Lblcr(state) => state.tick(now, sysctl.lblcr_expiration),
            _ => {}
        }
    }

    /// Whether it remembers this server, which must then stay known.
    pub fn remembers(&self, id: DestId) -> bool {
        match &self.state {
            State::Lblc(state) => state.remembers(id),
            State::Lblcr(state) => state.remembers(id),
            _ => false,
        }
    }
}
