//! The kernel's table of virtual servers over generic netlink: changed and looked at.
//!
//! `attribute` writes and reads the nested type-length-values of netlink, `command` makes requests of the engine's commands,
//! `view` reads what the kernel shows. Requests go out one by one and are waited for, as those for addresses are.
mod attribute;
mod command;
mod message;
mod sync;
#[cfg(all(test, target_endian = "little"))]
mod tests;
mod view;

use std::io;

use vrrplab_engine::lvs::{IpvsCommand, ServiceView};
use vrrplab_engine::model::globals::LvsTimeouts;

use super::channel::Channel;
use message::{Generic, Verb};
pub use sync::{SyncDaemon, SyncRole};

/// A socket to the table of this network namespace.
pub struct Ipvs {
    channel: Channel<Generic>,
    /// The number under which this kernel knows IPVS.
    family: u16,
}

impl Ipvs {
    /// Finds the kernel's IPVS; the kernel loads its module for that. "Not found" means that it has none.
    pub fn open() -> io::Result<Ipvs> {
        let mut channel = Channel::generic()?;
        let answers = channel.query(message::who_is("IPVS"))?;
        let family = answers.iter().find_map(message::family).ok_or(io::ErrorKind::NotFound)?;
        Ok(Ipvs { channel, family })
    }

    /// Makes one change.
    pub fn apply(&mut self, command: &IpvsCommand) -> io::Result<()> {
        let (verb, attributes) = command::request(command);
        self.ask(verb, attributes)
    }

    /// Sets the timeouts of connections; what is not given stays.
    pub fn set_timeouts(&mut self, timeouts: LvsTimeouts) -> io::Result<()> {
        self.ask(Verb::SetConfig, command::timeouts(timeouts))
    }

    /// The timeouts of connections.
    pub fn timeouts(&mut self) -> io::Result<LvsTimeouts> {
        let answers = self.channel.query(self.request(Verb::GetConfig, Vec::new()))?;
        Ok(answers.iter().find_map(view::timeouts).ok_or(io::ErrorKind::InvalidData)?)
    }

    /// Starts one of the two daemons that tell other directors of connections, and hear of theirs.
    pub fn start_sync(&mut self, role: SyncRole, daemon: &SyncDaemon) -> io::Result<()> {
        self.ask(Verb::NewDaemon, sync::start(role, daemon))
    }

    /// Stops it.
    pub fn stop_sync(&mut self, role: SyncRole, daemon: &SyncDaemon) -> io::Result<()> {
        self.ask(Verb::DelDaemon, sync::stop(role, daemon))
    }

    /// All services with their servers, in the kernel's order. One that vanishes meanwhile is shown without servers.
    pub fn services(&mut self) -> io::Result<Vec<ServiceView>> {
        let shown = self.channel.dump(self.request(Verb::GetService, Vec::new()))?;
        let mut services: Vec<ServiceView> = shown.iter().filter_map(view::service).collect();
        for service in &mut services {
            let dests = self.channel.dump(self.request(Verb::GetDest, command::key(service.key)))?;
            service.dests = dests.iter().filter_map(|dest| view::dest(service.key, dest)).collect();
        }
        Ok(services)
    }

    fn ask(&mut self, verb: Verb, attributes: Vec<u8>) -> io::Result<()> {
        let request = self.request(verb, attributes);
        Ok(self.channel.ask(request, 0)?)
    }

    fn request(&self, verb: Verb, attributes: Vec<u8>) -> Generic {
        Generic::new(self.family, verb as u8, attributes)
    }
}
