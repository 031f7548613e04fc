//! What time does: connections end, removed servers are forgotten.
use alloc::vec::Vec;

use super::conn::{ConnId, Flags};
use super::director::Director;
use crate::time::{Instant, Span};

/// How long an entry that others hang on lives on, again and again.
const HELD: Span = Span::from_secs(60);

impl Director {
    /// When to call `handle` next; it may be too early, never too late.
    pub fn next_wake(&self) -> Option<Instant> {
        let all = [self.conns.next_wake(), self.table.next_tick(), self.flush_at, self.replication.next_wake()];
        all.into_iter().flatten().min()
    }

    /// Does what is due until now.
    pub fn handle(&mut self, now: Instant) {
        if self.flush_at.is_some_and(|at| at <= now) {
            self.flush_at = None;
            self.end_connections_of_removed_servers(now);
        }
        while let Some(id) = self.conns.next_expired(now) {
            self.expire(now, id);
        }
        if self.table.next_tick().is_some_and(|at| at <= now) {
            self.table.tick(now, &self.sysctl);
        }
        self.replication.flush_old(now);
    }

    /// Ends an entry, unless others hang on it: then it lives for another minute, and for a minute each time from then on.
    pub(super) fn expire(&mut self, now: Instant, id: ConnId) {
        let Some(conn) = self.conns.get_mut(id) else { return };
        if conn.controls > 0 {
            conn.set_timeout(HELD);
            self.conns.restart(id, now);
            return;
        }
        let deliberate = conn.timeout() == Span::ZERO;
        let Some(conn) = self.conns.remove(id) else { return };
        if let Some(dest) = conn.dest {
            let active = !conn.flags.has(Flags::INACTIVE);
            self.table.unbind(dest, conn.flags.has(Flags::TEMPLATE), active);
        }
        if let Some(control) = conn.control {
            self.let_go(now, control, deliberate);
        }
    }

    /// One entry less hangs on this one. If it went deliberately, this one goes too, unless it is an assured template.
    fn let_go(&mut self, now: Instant, id: ConnId, deliberate: bool) {
        let Some(control) = self.conns.get_mut(id) else { return };
        control.controls = control.controls.saturating_sub(1);
        let kept = control.flags.has(Flags::TEMPLATE.with(Flags::ASSURED));
        if deliberate && control.controls == 0 && !kept {
            self.end(now, id);
        }
    }

    /// Ends an entry deliberately.
    fn end(&mut self, now: Instant, id: ConnId) {
        if let Some(conn) = self.conns.get_mut(id) {
            conn.set_timeout(Span::ZERO);
            self.expire(now, id);
        }
    }

    /// `expire_nodest_conn`: connections and templates of removed servers end.
    fn end_connections_of_removed_servers(&mut self, now: Instant) {
        let gone: Vec<ConnId> = self
            .conns
            .iter()
            .filter(|(_, conn)| conn.controls == 0 && conn.dest.is_some_and(|dest| !self.table.load(dest).available))
            .map(|(id, _)| id)
            .collect();
        for id in gone {
            let control = self.conns.get(id).and_then(|conn| conn.control);
            self.end(now, id);
            let free = control.filter(|one| self.conns.get(*one).is_some_and(|conn| conn.controls == 0));
            if let Some(control) = free {
                self.end(now, control);
            }
        }
    }
}
