//! Telling other directors about connections (master) and learning of theirs (backup).
use alloc::collections::VecDeque;
use alloc::vec::Vec;

use super::config::Virtual;
use super::conn::{Conn, ConnId, ConnKey, ConnProtocol, Conns, Flags, Method};
use super::director::Director;
use super::sched::DestId;
use super::sync::{HEADER, MAX_LENGTH, SyncConn, SyncMessage, flag};
use super::sysctl::Sysctl;
use super::tcp::ConnState;
use crate::model::lvs::{Endpoint, Protocol};
use crate::time::{Instant, Span};
use vrrplab_wire::flow::{TCP, UDP};

/// How old a datagram may get before it leaves half full.
const WAITS: Span = Span::from_secs(2);

/// The sync daemons of a director.
#[derive(Clone, Debug, Default)]
pub struct Replication {
    master: Option<Master>,
    backup: Option<u8>,
}

#[derive(Clone, Debug)]
struct Master {
    sync_id: u8,
    open: Vec<SyncConn>,
    length: usize,
    since: Instant,
    ready: VecDeque<Vec<u8>>,
}

impl Master {
    fn close(&mut self) {
        if !self.open.is_empty() {
            let conns = core::mem::take(&mut self.open);
            self.ready.push_back(SyncMessage { sync_id: self.sync_id, conns }.encode());
        }
    }

    fn add(&mut self, now: Instant, conn: &Conn) {
        let length = if conn.key.client.is_ipv4() { 36 } else { 72 };
        if self.open.len() == 255 || self.length + length > MAX_LENGTH {
            self.close();
        }
        if self.open.is_empty() {
            (self.length, self.since) = (HEADER, now);
        }
        self.length += length;
        self.open.push(describe(conn));
    }
}

impl Replication {
    /// With `backup_only`, a director that is a backup leaves requests alone.
    pub(super) const fn ignores_requests(&self, sysctl: &Sysctl) -> bool {
        sysctl.backup_only && self.backup.is_some()
    }

    /// After a client's packet: the connection is told when it is time, its template with every packet.
    pub(super) fn on_packet(&mut self, now: Instant, conns: &mut Conns, id: ConnId, sysctl: &Sysctl) {
        let Some(master) = &mut self.master else { return };
        let Some(conn) = conns.get_mut(id) else { return };
        let control = conn.control;
        if is_time(conn, sysctl) {
            conn.told = conn.state;
            master.add(now, conn);
        }
        if let Some(template) = control.and_then(|id| conns.get(id)) {
            master.add(now, template);
        }
    }

    /// When the open datagram must leave.
    pub(super) fn next_wake(&self) -> Option<Instant> {
        self.master.as_ref().filter(|m| !m.open.is_empty()).map(|m| m.since + WAITS)
    }

    /// Sends the open datagram if it is old.
    pub(super) fn flush_old(&mut self, now: Instant) {
        if let Some(master) = &mut self.master
            && now.since(master.since) >= WAITS
        {
            master.close();
        }
    }
}

/// TCP is told in its lasting states: each change but the one into ESTABLISHED at once, otherwise every so manieth packet.
const fn is_time(conn: &Conn, sysctl: &Sysctl) -> bool {
    if matches!(conn.key.protocol, ConnProtocol::Tcp) {
        match conn.state {
            ConnState::Established => {}
            ConnState::FinWait | ConnState::Close | ConnState::CloseWait | ConnState::TimeWait => {
                if conn.told as u8 != conn.state as u8 {
                    return true;
                }
            }
            _ => return false,
        }
    }
    match sysctl.sync_period {
        0 => conn.packets == sysctl.sync_threshold,
        period => conn.packets % period == sysctl.sync_threshold,
    }
}

fn describe(conn: &Conn) -> SyncConn {
    let method = match conn.method {
        Method::Nat => 0,
        Method::Tun => 2,
        Method::Dr => 3,
    };
    let bit = |fact, bit| if conn.flags.has(fact) { bit } else { 0 };
    let template = conn.flags.has(Flags::TEMPLATE);
    // A template's entry carries the bit for "inactive" too.
    let inactive = if template { flag::INACTIVE } else { bit(Flags::INACTIVE, flag::INACTIVE) };
    let state = if template { u16::from(conn.flags.has(Flags::ASSURED)) } else { conn.state as u16 };
    SyncConn {
        protocol: match conn.key.protocol {
            ConnProtocol::Ip => 0,
            ConnProtocol::Tcp => TCP,
            ConnProtocol::Udp => UDP,
        },
        flags: method
            | bit(Flags::NO_OUTPUT, flag::NO_OUTPUT)
            | bit(Flags::TEMPLATE, flag::TEMPLATE)
            | bit(Flags::SYNCED, flag::SYNC)
            | inactive,
        state,
        client_port: conn.key.client_port,
        virt_port: conn.key.virt_port,
        server_port: conn.server_port,
        mark: conn.mark,
        timeout: (conn.timeout().0 / 1_000_000_000) as u32,
        client: conn.key.client,
        virt: conn.key.virt,
        server: conn.server,
        options: Vec::new(),
    }
}

impl Director {
    /// Starts or, with none, stops telling others.
    pub fn set_master(&mut self, sync_id: Option<u8>) {
        self.replication.master = sync_id.map(|sync_id| Master {
            sync_id,
            open: Vec::new(),
            length: HEADER,
            since: Instant::ZERO,
            ready: VecDeque::new(),
        });
    }

    /// Starts or, with none, stops learning from others; id 0 listens to all.
    pub const fn set_backup(&mut self, sync_id: Option<u8>) {
        self.replication.backup = sync_id;
    }

    /// The next datagram for the other directors.
    pub fn next_sync(&mut self) -> Option<Vec<u8>> {
        self.replication.master.as_mut()?.ready.pop_front()
    }

    /// Learns from a datagram of another director.
    pub fn learn(&mut self, now: Instant, message: &SyncMessage) {
        let Some(own) = self.replication.backup else { return };
        if own != 0 && own != message.sync_id {
            return;
        }
        for conn in &message.conns {
            if conn.flags & (flag::NO_CPORT | flag::ONE_PACKET) == 0 {
                self.learn_one(now, conn);
            }
        }
    }

    fn learn_one(&mut self, now: Instant, told: &SyncConn) {
        let Some((key, state)) = key_and_state(told) else { return };
        let template = told.flags & flag::TEMPLATE != 0;
        let id = match self.conns.find(&key, template) {
            Some(id) => id,
            None => self.insert_told(now, key, told),
        };
        let Some(conn) = self.conns.get_mut(id) else { return };
        let was_active = !conn.flags.has(Flags::INACTIVE);
        let is_active = !template && told.flags & flag::INACTIVE == 0;
        conn.set_timeout(Span::from_secs(u64::from(told.timeout)));
        if template {
            conn.flags = if told.state == 1 { conn.flags.with(Flags::ASSURED) } else { conn.flags };
        } else {
            conn.state = state;
            conn.flags = if is_active { conn.flags.without(Flags::INACTIVE) } else { conn.flags.with(Flags::INACTIVE) };
            if let Some(dest) = conn.dest.filter(|_| was_active != is_active) {
                self.table.set_active(dest, is_active);
            }
        }
        self.conns.restart(id, now);
    }

    fn insert_told(&mut self, now: Instant, key: ConnKey, told: &SyncConn) -> ConnId {
        let method = match told.flags & flag::METHOD {
            2 => Method::Tun,
            3 => Method::Dr,
            _ => Method::Nat,
        };
        let template = told.flags & flag::TEMPLATE != 0;
        let mut conn = Conn::new(key, told.server, told.server_port, method);
        conn.flags = Flags::SYNCED.with(Flags::INACTIVE);
        if template {
            conn.flags = conn.flags.with(Flags::TEMPLATE);
        }
        if told.flags & flag::NO_OUTPUT != 0 {
            conn.flags = conn.flags.with(Flags::NO_OUTPUT);
        }
        conn.mark = told.mark;
        conn.dest = self.dest_of_told(told);
        if let Some(dest) = conn.dest {
            self.table.bind(dest, template);
        }
        let id = self.conns.insert(conn);
        self.conns.restart(id, now);
        id
    }

    /// The server that a told connection leads to, if it is in the table.
    fn dest_of_told(&self, told: &SyncConn) -> Option<DestId> {
        let protocol = if told.protocol == UDP { Protocol::Udp } else { Protocol::Tcp };
        let service: Virtual = self.table.find(told.mark, protocol, told.virt, told.virt_port)?;
        let with_port = |port| self.table.dest_of(&service, &Endpoint { ip: told.server, port });
        with_port(told.server_port).or_else(|| with_port(0))
    }
}

/// Key and state of a told connection, if they are possible.
fn key_and_state(told: &SyncConn) -> Option<(ConnKey, ConnState)> {
    let protocol = match told.protocol {
        0 => ConnProtocol::Ip,
        TCP => ConnProtocol::Tcp,
        UDP => ConnProtocol::Udp,
        _ => return None,
    };
    let key = ConnKey {
        protocol,
        client: told.client,
        client_port: told.client_port,
        virt: told.virt,
        virt_port: told.virt_port,
    };
    let state = match protocol {
        ConnProtocol::Tcp => *ConnState::ALL.get(usize::from(told.state))?,
        _ => ConnState::None,
    };
    Some((key, state))
}
