//! The table as it must be by now: what follows from the states of servers and quorums, whatever was commanded on the way.
//!
//! The commands are keepalived's, one by one; this is what they must come to, and `lvs::diff` tells where they did not.
use alloc::vec::Vec;

use super::Checkers;
use super::pool::{Entry, Wanted};
use super::state::{Server, Service};

impl Checkers {
    /// All services with their servers. Before the start and after the end there are none.
    pub fn wanted(&self) -> Vec<Wanted> {
        let services = self.services.iter().filter(|_| self.running);
        services.flat_map(Service::wanted).collect()
    }
}

impl Service {
    /// The same servers for each of its targets.
    fn wanted(&self) -> impl Iterator<Item = Wanted> {
        let serving = self.servers.iter().filter_map(|server| server.wanted(!self.sorry));
        let sorry = self.model.sorry.filter(|sorry| sorry.inhibit || self.sorry);
        let sorry = sorry.map(|sorry| Entry::sorry(&sorry, u32::from(self.sorry)));
        let entries: Vec<Entry> = serving.chain(sorry).collect();
        self.targets.iter().map(move |target| {
            let dests = entries.iter().map(|entry| entry.held_by(*target)).collect();
            Wanted { key: *target, config: self.config, dests }
        })
    }
}

impl Server {
    /// A server that is dead, or for which a sorry server stands in, is there without weight or not at all.
    fn wanted(&self, serves: bool) -> Option<Entry> {
        let serves = self.alive && serves;
        let weight = if serves { self.weight() } else { 0 };
        (serves || self.model.inhibit_on_failure).then(|| Entry::of(&self.model, weight))
    }
}
