//! What the loop needs of the system below it. On a real host that is [`linux::Linux`]; tests put another one in its place, where
//! frames, time and neighbours are simulated, so that the same loop can be crashed, parted and repeated.
pub mod linux;

use std::io;
use std::task::{Context, Poll};

use vrrplab_engine::lvs::{IpvsCommand, ServiceView};
use vrrplab_engine::model::globals::LvsTimeouts;
use vrrplab_engine::model::{IfIndex, NodeModel};
use vrrplab_engine::{Instant, KernelEvent, Rule};

use crate::counters::Moment;
use crate::door::Knock;
use crate::netlink::Table;
use crate::netlink::ipvs::{SyncDaemon, SyncRole};
use crate::plan::Act;
use crate::probe::Sockets;
use crate::script::Ended;

/// What an operator says by a signal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Word {
    /// SIGTERM, SIGINT.
    Stop,
    /// SIGHUP.
    Reload,
    /// SIGUSR1.
    Status,
}

/// The host under the loop. Nothing here waits but by `poll_`, and effects are done when a call returns, in the order of the
/// calls.
pub trait System {
    /// The kernel's virtual servers.
    type Servers: Servers;
    /// Where probes have their sockets from.
    type Sockets: Sockets;

    /// The clock that nobody sets.
    fn now(&self) -> Instant;
    /// Milliseconds since 1970, for people.
    fn unix_ms(&self) -> u64;
    /// Both.
    fn moment(&self) -> Moment {
        Moment { now: self.now(), unix_ms: self.unix_ms() }
    }

    /// Sets the deadline.
    fn arm(&mut self, deadline: Option<Instant>) -> io::Result<()>;
    /// Whether anybody knocks; afterwards [`System::knocks`] says who.
    fn poll_knock(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>>;
    /// Who knocks at this moment, the deadline last: what has arrived is read before a timer is believed.
    fn knocks(&mut self) -> io::Result<Vec<Knock>>;
    /// The next signal.
    fn poll_word(&mut self, cx: &mut Context<'_>) -> Poll<Word>;
    /// The next program or mail that has ended.
    fn poll_ended(&mut self, cx: &mut Context<'_>) -> Poll<Ended>;
    /// Whether no program runs and no mail is on its way.
    fn is_idle(&self) -> bool;

    /// The next packet that waits in a socket, as a frame.
    fn hear(&mut self, socket: u32) -> io::Result<Option<(IfIndex, Vec<u8>)>>;
    /// Takes in what has changed of links and addresses.
    fn look_at_links(&mut self) -> io::Result<()>;
    /// What the kernel has said that the engine has not heard yet.
    fn next_event(&mut self) -> Option<KernelEvent>;
    /// The engine is about to hear of this.
    fn prepare(&mut self, event: &KernelEvent);
    /// Links and addresses, as the engine has been told.
    fn table(&self) -> &Table;
    /// The watched files that have changed, each with what is in it.
    fn changed_files(&mut self) -> io::Result<Vec<(String, Vec<u8>)>>;
    /// What is in the tracked files.
    fn file_contents(&self) -> Vec<KernelEvent>;

    /// Does one thing. What fails is said, and becomes an event where the engine has to know.
    fn perform(&mut self, rule: Rule, act: Act);
    /// From now on this is the configuration.
    fn reload(&mut self, model: NodeModel) -> io::Result<()>;
    /// Puts back what was changed, once the engine has stopped.
    fn close(&mut self);

    /// Opens the table of virtual servers.
    fn servers(&mut self) -> io::Result<Self::Servers>;
    /// The sockets of probes.
    fn sockets(&self) -> Self::Sockets;
}

/// The kernel's table of virtual servers. Requests are made one by one, and done when a call returns.
pub trait Servers {
    /// Makes one change.
    fn apply(&mut self, command: &IpvsCommand) -> io::Result<()>;
    /// All services with their servers, in the kernel's order.
    fn services(&mut self) -> io::Result<Vec<ServiceView>>;
    /// Sets the timeouts of connections; what is not given stays.
    fn set_timeouts(&mut self, timeouts: LvsTimeouts) -> io::Result<()>;
    /// The timeouts of connections.
    fn timeouts(&mut self) -> io::Result<LvsTimeouts>;
    /// Starts one of the two daemons that tell other directors of connections, and hear of theirs.
    fn start_sync(&mut self, role: SyncRole, daemon: &SyncDaemon) -> io::Result<()>;
    /// Stops it.
    fn stop_sync(&mut self, role: SyncRole, daemon: &SyncDaemon) -> io::Result<()>;
}
