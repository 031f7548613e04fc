//! The director: its tables, and the way of one packet from a client or a server.
use alloc::vec::Vec;
use core::net::IpAddr;

use super::config::{IpvsCommand, LvsError, Virtual};
use super::conn::{Conn, ConnId, ConnKey, ConnProtocol, Conns, Flags, Method};
use super::replicate::Replication;
use super::sched::{Ask, DestId};
use super::sysctl::{Sysctl, Timeouts};
use super::table::Table;
use super::tcp::{ConnState, Direction, next};
use crate::model::lvs::Protocol;
use crate::time::Instant;
use vrrplab_wire::flow::{Flow, ICMP, ICMPV6, RST, SYN, TCP, UDP};
use vrrplab_wire::icmp::Unreachable;

/// Where in the kernel a packet is met.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hook {
    /// It is addressed to this host.
    LocalIn,
    /// This host made it.
    LocalOut,
    /// This host forwards it.
    Forward,
}

/// How a packet comes in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Arrival {
    /// Where it is met.
    pub hook: Hook,
    /// Its mark; 0 is none.
    pub mark: u32,
}

/// What the director must know of the host's routes.
pub trait Paths {
    /// Whether this host has the address.
    fn is_local(&self, ip: IpAddr) -> bool;
    /// The largest packet on the way to it.
    fn mtu(&self, to: IpAddr) -> u16;
    /// The host's own address on the way to it.
    fn source(&self, to: IpAddr) -> IpAddr;
}

/// Why a packet ends here without an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DropReason {
    /// Its server was removed.
    ServerGone,
    /// `drop_packet`.
    Defence,
    /// No server, and nobody can be told.
    NoServer,
}

/// What becomes of a packet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It goes on, unchanged, as if there were no virtual servers.
    Accept,
    /// It is an answer, now from the virtual address, and goes on.
    Answer,
    /// It is ready to leave, towards this address.
    Forward(IpAddr),
    /// It is for a server on this host and goes up.
    Deliver,
    /// It ends here.
    Drop(DropReason),
    /// It ends here, and this ICMP error goes to its sender.
    Refuse(Vec<u8>),
}

/// A director with its tables.
#[derive(Clone, Debug, Default)]
pub struct Director {
    /// The switches.
    pub sysctl: Sysctl,
    /// The timeouts.
    pub timeouts: Timeouts,
    pub(super) table: Table,
    pub(super) conns: Conns,
    pub(super) replication: Replication,
    pub(super) flush_at: Option<Instant>,
    pub(super) packet_id: u16,
    random: u64,
    arrivals: u32,
}

impl Director {
    /// A director without services. `seed` is for `twos`; `capacity` is how many connections to make room for.
    pub fn new(seed: u64, capacity: usize) -> Director {
        Director { random: seed, conns: Conns::with_capacity(capacity), ..Director::default() }
    }

    /// Changes the table of services.
    pub fn apply(&mut self, now: Instant, command: &IpvsCommand) -> Result<(), LvsError> {
        self.table.apply(now, command)?;
        let removes =
            matches!(command, IpvsCommand::DeleteService(_) | IpvsCommand::DeleteDest(..) | IpvsCommand::Flush);
        if removes && self.sysctl.expire_nodest_conn {
            self.flush_at = Some(self.flush_at.map_or(now, |at| at.min(now)));
        }
        Ok(())
    }

    /// The services and servers.
    pub const fn table(&self) -> &Table {
        &self.table
    }
    /// The connections.
    pub const fn conns(&self) -> &Conns {
        &self.conns
    }

    /// Decides on a packet, and rewrites it in place. The packet is a whole IP packet without anything behind it.
    pub fn packet(&mut self, now: Instant, arrival: Arrival, paths: &dyn Paths, packet: &mut Vec<u8>) -> Verdict {
        let Some(flow) = Flow::read(packet) else { return Verdict::Accept };
        let protocol = match flow.protocol {
            TCP => Protocol::Tcp,
            UDP => Protocol::Udp,
            ICMP | ICMPV6 => return self.icmp_error(arrival, paths, &flow, packet),
            _ => return Verdict::Accept,
        };
        if flow.later_fragment {
            return Verdict::Accept;
        }
        if let Some(id) = self.answered(&flow) {
            return self.answer(now, id, &flow, packet);
        }
        match arrival.hook {
            Hook::Forward => self.stray_answer(protocol, &flow, packet),
            Hook::LocalIn | Hook::LocalOut if self.replication.ignores_requests(&self.sysctl) => Verdict::Accept,
            Hook::LocalIn | Hook::LocalOut => self.request(now, arrival.mark, protocol, paths, &flow, packet),
        }
    }

    fn answered(&self, flow: &Flow) -> Option<ConnId> {
        self.conns.find_answer(conn_protocol(flow), (flow.dest, flow.dest_port), (flow.source, flow.source_port))
    }

    fn request(
        &mut self,
        now: Instant,
        mark: u32,
        protocol: Protocol,
        paths: &dyn Paths,
        flow: &Flow,
        packet: &mut Vec<u8>,
    ) -> Verdict {
        let known = match self.known(now, flow) {
            Ok(known) => known,
            Err(reason) => return Verdict::Drop(reason),
        };
        let id = match known {
            Some(id) => id,
            None => match self.admit(now, mark, protocol, flow, packet) {
                Ok(id) => id,
                Err(verdict) => return verdict,
            },
        };
        let length = packet.len() as u64;
        if let Some(dest) = self.conns.get(id).and_then(|c| c.dest) {
            self.table.count(dest, |stats| {
                stats.packets_in += 1;
                stats.bytes_in += length;
            });
        }
        self.advance(id, flow, false);
        let verdict = self.forward(id, paths, flow, packet);
        self.sent(now, id);
        verdict
    }

    /// After a packet of a client: count it, tell other directors, start the timer anew.
    fn sent(&mut self, now: Instant, id: ConnId) {
        let Some(conn) = self.conns.get_mut(id) else { return };
        conn.packets = conn.packets.wrapping_add(1);
        if conn.flags.has(Flags::ONE_PACKET) {
            self.expire(now, id);
            return;
        }
        self.replication.on_packet(now, &mut self.conns, id, &self.sysctl);
        self.conns.restart(id, now);
    }

    /// The connection of a request, unless it has to give way to a new one.
    fn known(&mut self, now: Instant, flow: &Flow) -> Result<Option<ConnId>, DropReason> {
        let key = request_key(flow, false);
        let Some(id) = self.conns.find(&key, false) else { return Ok(None) };
        let Some(conn) = self.conns.get(id) else { return Ok(None) };
        let load = conn.dest.map(|dest| *self.table.load(dest));
        let quiesced = self.sysctl.expire_nodest_conn && load.is_some_and(|load| load.weight == 0);
        let gone = load.is_some_and(|load| !load.available);
        let starts_anew = flow.has(SYN) && (quiesced || reused(conn, self.sysctl.conn_reuse_mode));
        if starts_anew || (gone && self.sysctl.expire_nodest_conn) {
            self.conns.hide(id);
            self.conns.expire_at(id, now);
            return Ok(None);
        }
        if gone { Err(DropReason::ServerGone) } else { Ok(Some(id)) }
    }

    /// A new connection for a packet that may have one, or what else becomes of the packet.
    fn admit(
        &mut self,
        now: Instant,
        mark: u32,
        protocol: Protocol,
        flow: &Flow,
        packet: &[u8],
    ) -> Result<ConnId, Verdict> {
        let opens = flow.protocol == UDP || (!flow.has(RST) && (self.sysctl.sloppy_tcp || flow.has(SYN)));
        if !opens {
            return Err(Verdict::Accept);
        }
        let found = self.table.find(mark, protocol, flow.dest, flow.dest_port);
        let Some(key) = found else { return Err(Verdict::Accept) };
        if self.defends() {
            return Err(Verdict::Drop(DropReason::Defence));
        }
        if flow.source_port == 20 {
            return Err(Verdict::Accept);
        }
        let made = match self.table.service(&key).and_then(|s| s.config.persistence) {
            Some(persistence) => self.persistent(now, key, persistence, mark, flow),
            None => self.plain(now, key, mark, flow),
        };
        made.ok_or_else(|| leave(key, flow, packet))
    }

    /// `drop_packet`: every so manieth new connection is dropped.
    const fn defends(&mut self) -> bool {
        if self.sysctl.drop_packet < 2 {
            return false;
        }
        self.arrivals += 1;
        let drops = self.arrivals >= self.sysctl.am_droprate;
        if drops {
            self.arrivals = 0;
        }
        drops
    }

    /// A connection to the server that the scheduler picks.
    fn plain(&mut self, now: Instant, key: Virtual, mark: u32, flow: &Flow) -> Option<ConnId> {
        if matches!(key, Virtual::Address(..)) && key.port() != flow.dest_port {
            return None;
        }
        let dest = self.pick(now, &key, flow)?;
        let port = match self.table.dest(dest)?.key.port {
            0 => flow.dest_port,
            port => port,
        };
        self.connect(&key, dest, port, mark, flow)
    }

    /// Asks the scheduler for a packet.
    pub(super) fn pick(&mut self, now: Instant, key: &Virtual, flow: &Flow) -> Option<DestId> {
        let ask = Ask {
            client: flow.source,
            client_port: flow.source_port,
            dest: flow.dest,
            now,
            lblc_expiration: self.sysctl.lblc_expiration,
            lblcr_expiration: self.sysctl.lblcr_expiration,
            draws: [self.draw(), self.draw()],
        };
        self.table.schedule(key, &ask)
    }

    /// The next random number (SplitMix64).
    const fn draw(&mut self) -> u64 {
        self.random = self.random.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.random;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// Puts a new connection of a client into the table.
    pub(super) fn connect(
        &mut self,
        service: &Virtual,
        dest: DestId,
        port: u16,
        mark: u32,
        flow: &Flow,
    ) -> Option<ConnId> {
        let key = request_key(flow, false);
        let one_packet = flow.protocol == UDP && self.table.service(service)?.config.one_packet;
        let flags = if one_packet { Flags::INACTIVE.with(Flags::ONE_PACKET) } else { Flags::INACTIVE };
        let id = self.insert(key, dest, port, flags, mark)?;
        self.table.count(dest, |stats| stats.conns += 1);
        Some(id)
    }

    /// Puts an entry into the table and binds it to its server. Its timer is not running yet.
    pub(super) fn insert(&mut self, key: ConnKey, dest: DestId, port: u16, flags: Flags, mark: u32) -> Option<ConnId> {
        let server = self.table.dest(dest)?;
        let method = Method::from(server.config.forwarding);
        let mut conn = Conn::new(key, server.key.ip, port, method);
        conn.flags = if method == Method::Nat { flags } else { flags.with(Flags::NO_OUTPUT) };
        conn.dest = Some(dest);
        conn.mark = mark;
        self.table.bind(dest, flags.has(Flags::TEMPLATE));
        Some(self.conns.insert(conn))
    }

    /// A packet moves its connection to the next state.
    pub(super) fn advance(&mut self, id: ConnId, flow: &Flow, from_server: bool) {
        let Some(conn) = self.conns.get_mut(id) else { return };
        if flow.protocol == UDP {
            conn.set_timeout(self.timeouts.udp);
            let control = conn.control.filter(|_| from_server);
            self.assure(control);
            return;
        }
        let direction = if from_server {
            conn.flags = conn.flags.without(Flags::NO_OUTPUT);
            Direction::Out
        } else if conn.flags.has(Flags::NO_OUTPUT) {
            Direction::InOnly
        } else {
            Direction::In
        };
        let state = next(conn.state, direction, self.sysctl.secure_tcp >= 2, flow.tcp_flags);
        conn.set_timeout(state.timeout(&self.timeouts));
        if state == conn.state {
            return;
        }
        conn.state = state;
        let was_active = !conn.flags.has(Flags::INACTIVE);
        if was_active != state.is_active()
            && let Some(dest) = conn.dest
        {
            conn.flags =
                if was_active { conn.flags.with(Flags::INACTIVE) } else { conn.flags.without(Flags::INACTIVE) };
            self.table.set_active(dest, !was_active);
        }
        if state == ConnState::Established {
            let control = conn.control;
            self.assure(control);
        }
    }

    fn assure(&mut self, control: Option<ConnId>) {
        if let Some(template) = control.and_then(|id| self.conns.get_mut(id)) {
            template.flags = template.flags.with(Flags::ASSURED);
        }
    }
}

/// Whether a SYN on this entry is taken for a new connection.
const fn reused(conn: &Conn, mode: u8) -> bool {
    if conn.control.is_some() || mode == 0 {
        return false;
    }
    match conn.state {
        ConnState::TimeWait | ConnState::Close => true,
        ConnState::FinWait => mode & 2 != 0 && conn.flags.has(Flags::NO_OUTPUT),
        _ => false,
    }
}

/// Nobody was picked: the client is told, unless FTP's service only stood in for a port that is not its.
fn leave(key: Virtual, flow: &Flow, packet: &[u8]) -> Verdict {
    if key.port() == 21 && flow.dest_port != 21 {
        return Verdict::Accept;
    }
    let error = vrrplab_wire::icmp::error(packet, Unreachable::Port, flow.dest);
    error.map_or(Verdict::Drop(DropReason::NoServer), Verdict::Refuse)
}

/// The key of a request's connection; with `answer`, the flow is one of the answers.
pub(super) fn request_key(flow: &Flow, answer: bool) -> ConnKey {
    let (source, dest) = ((flow.source, flow.source_port), (flow.dest, flow.dest_port));
    let (client, virt) = if answer { (dest, source) } else { (source, dest) };
    ConnKey { protocol: conn_protocol(flow), client: client.0, client_port: client.1, virt: virt.0, virt_port: virt.1 }
}

/// The protocol of entries for this packet.
pub(super) const fn conn_protocol(flow: &Flow) -> ConnProtocol {
    match flow.protocol {
        TCP => ConnProtocol::Tcp,
        UDP => ConnProtocol::Udp,
        _ => ConnProtocol::Ip,
    }
}
