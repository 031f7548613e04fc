//! The connection table: a flat slab, one index for both directions, and lazy timers.
mod index;
mod timers;

use alloc::vec::Vec;
use core::net::IpAddr;

use super::sched::DestId;
use super::tcp::ConnState;
use crate::model::lvs::Forwarding;
use crate::time::{Instant, Span};
use index::Index;
use timers::Timers;

/// The number of a connection in the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ConnId(u32);

/// The protocol of an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ConnProtocol {
    /// Templates of marks have none.
    Ip,
    /// TCP.
    Tcp,
    /// UDP.
    Udp,
}

/// How the packets of an entry travel; fixed when it is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// Rewritten.
    Nat,
    /// As they are.
    Dr,
    /// Wrapped.
    Tun,
}

impl From<Forwarding> for Method {
    fn from(forwarding: Forwarding) -> Method {
        match forwarding {
            Forwarding::Nat => Method::Nat,
            Forwarding::Dr => Method::Dr,
            Forwarding::Tun(_) => Method::Tun,
        }
    }
}

/// Yes-or-no facts of an entry.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Flags(u8);

impl Flags {
    /// No fact.
    pub const NONE: Flags = Flags(0);
    /// A template of persistence.
    pub const TEMPLATE: Flags = Flags(1);
    /// Does not count as active.
    pub const INACTIVE: Flags = Flags(2);
    /// Answers are not seen.
    pub const NO_OUTPUT: Flags = Flags(4);
    /// Lives for one packet.
    pub const ONE_PACKET: Flags = Flags(8);
    /// A template whose client was served for sure.
    pub const ASSURED: Flags = Flags(16);
    /// Came from another director.
    pub const SYNCED: Flags = Flags(32);

    /// All facts of `other` hold.
    pub const fn has(self, other: Flags) -> bool {
        self.0 & other.0 == other.0
    }
    /// With `other`.
    pub const fn with(self, other: Flags) -> Flags {
        Flags(self.0 | other.0)
    }
    /// Without `other`.
    pub const fn without(self, other: Flags) -> Flags {
        Flags(self.0 & !other.0)
    }
}

/// The key of an entry: who talks to which virtual address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ConnKey {
    /// The protocol.
    pub protocol: ConnProtocol,
    /// The client; masked in templates.
    pub client: IpAddr,
    /// The client's port; 0 in templates.
    pub client_port: u16,
    /// The virtual address; the mark in templates of marks.
    pub virt: IpAddr,
    /// The virtual port.
    pub virt_port: u16,
}

/// One entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Conn {
    /// Its key.
    pub key: ConnKey,
    /// The server.
    pub server: IpAddr,
    /// The server's port.
    pub server_port: u16,
    /// How its packets travel.
    pub method: Method,
    /// Its state.
    pub state: ConnState,
    /// The state that other directors were told last.
    pub told: ConnState,
    /// Its facts.
    pub flags: Flags,
    /// The server in the director's table.
    pub dest: Option<DestId>,
    /// The entry that this one hangs on.
    pub control: Option<ConnId>,
    /// How many hang on this one.
    pub controls: u32,
    /// Packets from the client.
    pub packets: u32,
    /// The packet mark it was made with.
    pub mark: u32,
    /// How long it lives without a packet, in milliseconds.
    timeout: u32,
    /// When it ends.
    expires: Instant,
    /// Its earliest entry in the queue of timers.
    queued: Instant,
}

impl Conn {
    /// A new entry, not yet in the table.
    pub const fn new(key: ConnKey, server: IpAddr, server_port: u16, method: Method) -> Conn {
        Conn {
            key,
            server,
            server_port,
            method,
            state: ConnState::None,
            told: ConnState::None,
            flags: Flags::NONE,
            dest: None,
            control: None,
            controls: 0,
            packets: 0,
            mark: 0,
            timeout: 3_000,
            expires: Instant(u64::MAX),
            queued: Instant(u64::MAX),
        }
    }
    /// How long it lives without a packet.
    pub const fn timeout(&self) -> Span {
        Span::from_millis(self.timeout as u64)
    }
    /// Another life without packets, from the next restart on.
    pub const fn set_timeout(&mut self, span: Span) {
        let millis = span.0 / 1_000_000;
        self.timeout = if millis > u32::MAX as u64 { u32::MAX } else { millis as u32 };
    }
    /// When it ends if nothing happens.
    pub const fn expires(&self) -> Instant {
        self.expires
    }
}

/// A slot of the slab.
#[derive(Clone, Debug)]
enum Slot {
    Used(Conn),
    Free,
}

/// All entries.
#[derive(Clone, Debug, Default)]
pub struct Conns {
    slots: Vec<Slot>,
    free: Vec<u32>,
    index: Index,
    timers: Timers,
}

impl Conns {
    /// An empty table with room for so many entries.
    pub fn with_capacity(entries: usize) -> Conns {
        Conns {
            slots: Vec::with_capacity(entries),
            free: Vec::new(),
            index: Index::with_capacity(entries),
            timers: Timers::with_capacity(entries),
        }
    }
    /// How many entries there are.
    pub const fn len(&self) -> usize {
        self.slots.len() - self.free.len()
    }
    /// Whether there is none.
    pub const fn is_empty(&self) -> bool {
        self.len() == 0
    }
    /// Bytes that the table holds in memory.
    pub fn memory(&self) -> usize {
        self.slots.capacity() * size_of::<Slot>()
            + self.free.capacity() * 4
            + self.index.memory()
            + self.timers.memory()
    }
    /// An entry.
    pub fn get(&self, id: ConnId) -> Option<&Conn> {
        match self.slots.get(id.0 as usize) {
            Some(Slot::Used(conn)) => Some(conn),
            _ => None,
        }
    }
    /// An entry, to change it; its key must stay.
    pub fn get_mut(&mut self, id: ConnId) -> Option<&mut Conn> {
        match self.slots.get_mut(id.0 as usize) {
            Some(Slot::Used(conn)) => Some(conn),
            _ => None,
        }
    }
    /// All entries, in the order of their slots.
    pub fn iter(&self) -> impl Iterator<Item = (ConnId, &Conn)> {
        self.slots.iter().zip(0u32..).filter_map(|(slot, at)| match slot {
            Slot::Used(conn) => Some((ConnId(at), conn)),
            Slot::Free => None,
        })
    }

    /// Puts an entry into the table. Lookups find it unless it lives for one packet only.
    pub fn insert(&mut self, conn: Conn) -> ConnId {
        let at = match self.free.pop() {
            Some(at) => at,
            None => {
                self.slots.push(Slot::Free);
                (self.slots.len() - 1) as u32
            }
        };
        self.slots[at as usize] = Slot::Used(conn);
        if !conn.flags.has(Flags::ONE_PACKET) {
            self.index.insert(hash(&conn.key), at);
        }
        ConnId(at)
    }

    /// Takes an entry out of the lookups; it lives on until its timer.
    pub fn hide(&mut self, id: ConnId) {
        if let Some(conn) = self.get(id) {
            let hash = hash(&conn.key);
            self.index.remove(hash, id.0);
        }
    }

    /// Gives an entry another key.
    pub fn rename(&mut self, id: ConnId, key: ConnKey) {
        self.hide(id);
        if let Some(conn) = self.get_mut(id) {
            conn.key = key;
            self.index.insert(hash(&key), id.0);
        }
    }

    /// Takes an entry away.
    pub fn remove(&mut self, id: ConnId) -> Option<Conn> {
        self.hide(id);
        match core::mem::replace(self.slots.get_mut(id.0 as usize)?, Slot::Free) {
            Slot::Used(conn) => {
                self.free.push(id.0);
                Some(conn)
            }
            Slot::Free => None,
        }
    }

    /// The connection of a packet from a client, or with `template` the template.
    pub fn find(&self, key: &ConnKey, template: bool) -> Option<ConnId> {
        let matches = |conn: &Conn| conn.key == *key && conn.flags.has(Flags::TEMPLATE) == template;
        self.index.find(hash(key), |at| self.get(ConnId(at)).is_some_and(matches)).map(ConnId)
    }

    /// The connection of a packet from `server` to `client`. Under NAT the server speaks as itself, otherwise as the virtual
    /// address.
    pub fn find_answer(&self, protocol: ConnProtocol, client: (IpAddr, u16), server: (IpAddr, u16)) -> Option<ConnId> {
        let matches = |conn: &Conn| {
            let speaks_as = match conn.method {
                Method::Nat => (conn.server, conn.server_port),
                Method::Dr | Method::Tun => (conn.key.virt, conn.key.virt_port),
            };
            conn.key.protocol == protocol
                && (conn.key.client, conn.key.client_port) == client
                && speaks_as == server
                && !conn.flags.has(Flags::TEMPLATE)
        };
        let hash = hash_client(protocol, client.0, client.1);
        self.index.find(hash, |at| self.get(ConnId(at)).is_some_and(matches)).map(ConnId)
    }

    /// Starts an entry's life anew.
    pub fn restart(&mut self, id: ConnId, now: Instant) {
        if let Some(conn) = self.get(id) {
            let at = now + conn.timeout();
            self.expire_at(id, at);
        }
    }

    /// Sets the end of an entry.
    pub fn expire_at(&mut self, id: ConnId, at: Instant) {
        if let Some(Slot::Used(conn)) = self.slots.get_mut(id.0 as usize) {
            conn.expires = at;
            if at < conn.queued {
                conn.queued = at;
                self.timers.push(at, id.0);
            }
        }
    }

    /// An entry that ends now or has ended, the earliest first. Each is told once; whoever hears it removes or restarts it.
    pub fn next_expired(&mut self, now: Instant) -> Option<ConnId> {
        loop {
            let at = self.timers.pop_until(now)?;
            let Some(Slot::Used(conn)) = self.slots.get_mut(at.1 as usize) else { continue };
            if conn.queued != at.0 {
                continue;
            }
            if conn.expires > at.0 {
                conn.queued = conn.expires;
                self.timers.push(conn.expires, at.1);
                continue;
            }
            conn.queued = Instant(u64::MAX);
            return Some(ConnId(at.1));
        }
    }

    /// When to ask for expired entries next; it may be too early, never too late.
    pub fn next_wake(&self) -> Option<Instant> {
        self.timers.first()
    }
}

/// Both directions share the client, so one hash finds both.
fn hash(key: &ConnKey) -> u32 {
    hash_client(key.protocol, key.client, key.client_port)
}

fn hash_client(protocol: ConnProtocol, client: IpAddr, port: u16) -> u32 {
    let (high, low) = match client {
        IpAddr::V4(ip) => (0, u64::from(u32::from(ip))),
        IpAddr::V6(ip) => {
            let bits = u128::from(ip);
            ((bits >> 64) as u64, bits as u64)
        }
    };
    let mixed = mix(low ^ 0x9e37_79b9_7f4a_7c15, high ^ 0xe703_7ed1_a0b4_28db);
    let tail = u64::from(port) << 8 | protocol as u64;
    let all = mix(mixed ^ tail, 0x8ebc_6af0_9c88_c6e3);
    (all ^ all >> 32) as u32
}

/// The two halves of a 128-bit product, folded.
const fn mix(a: u64, b: u64) -> u64 {
    let product = a as u128 * b as u128;
    (product >> 64) as u64 ^ product as u64
}
