//! What goes into the engine and what comes out of it.
use alloc::boxed::Box;
use alloc::vec::Vec;
use core::net::IpAddr;

use crate::model::{IfAddr, IfIndex, NodeModel};
use crate::rules::Rule;
use crate::time::{Instant, Span};

/// One thing that happened to the node.
#[derive(Clone, Debug)]
pub enum Input<'a> {
    /// The deadline of [`crate::Engine::next_wake`] has come (or the driver woke for another reason: harmless).
    Wake,
    /// An Ethernet frame arrived, without its checksum trailer.
    Frame {
        /// Where.
        iface: IfIndex,
        /// The whole frame.
        bytes: &'a [u8],
    },
    /// The kernel reports a change.
    Kernel(KernelEvent),
    /// The operator asks for something.
    Operator(Command),
}

/// What the kernel tells over netlink.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KernelEvent {
    /// An interface went up or down (`IFF_UP` and `IFF_RUNNING` taken together).
    Link {
        /// Which interface.
        iface: IfIndex,
        /// Usable now.
        up: bool,
    },
    /// An address appeared.
    AddressAdded {
        /// On which interface.
        iface: IfIndex,
        /// Which address.
        addr: IfAddr,
    },
    /// An address vanished, by the engine's own hand or by another's.
    AddressRemoved {
        /// From which interface.
        iface: IfIndex,
        /// Which address.
        addr: IfAddr,
    },
}

/// What an operator may ask.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Command {
    /// Begin (what happens once the configuration has been read).
    Start,
    /// SIGTERM: release and stop.
    Stop,
    /// SIGHUP: go on with this configuration.
    Reload(Box<NodeModel>),
}

/// What comes out: things to be done and the reasons for them, in one order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Output {
    /// Something to do.
    Effect(Effect),
    /// Something to tell.
    Trace(Trace),
}

/// One thing to be done, in order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Effect {
    /// The rule that asked for it.
    pub rule: Rule,
    /// What to do.
    pub kind: EffectKind,
}

/// The things a driver must know how to do. Both drivers match without a wildcard.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EffectKind {
    /// Put these bytes on the wire.
    SendFrame {
        /// By which interface.
        iface: IfIndex,
        /// The whole Ethernet frame.
        bytes: Vec<u8>,
    },
    /// Send this IP packet; the kernel finds the way and resolves the neighbour (unicast peers).
    SendPacket {
        /// By which interface.
        iface: IfIndex,
        /// The packet, from the IP header on.
        bytes: Vec<u8>,
    },
    /// Add or remove an address.
    ChangeAddress {
        /// On which interface.
        iface: IfIndex,
        /// Which address.
        addr: IfAddr,
        /// Add it, or remove it.
        add: bool,
    },
}

/// The next deadline and why.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wake {
    /// When.
    pub at: Instant,
    /// Position of the instance whose timer it is.
    pub instance: usize,
    /// Which timer.
    pub timer: TimerKind,
}

/// The timers of one instance.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum TimerKind {
    /// The advert timer of a master, the down timer of a backup (they never run together).
    Protocol,
    /// The delayed second burst of announcements.
    DelayedAnnounce,
    /// The delayed burst after a lower-priority advert.
    DelayedLowerPrioAnnounce,
}

/// The states of RFC 9568 §6.4, and keepalived's FAULT.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum State {
    /// Not started, or stopped.
    Init,
    /// Listening.
    Backup,
    /// Holding the addresses (RFC 9568: Active).
    Master,
    /// Unable to take part.
    Fault,
}

impl State {
    /// keepalived's word for it.
    pub const fn name(self) -> &'static str {
        match self {
            State::Init => "INIT",
            State::Backup => "BACKUP",
            State::Master => "MASTER",
            State::Fault => "FAULT",
        }
    }
}

/// Why something was done: one line of the timeline.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trace {
    /// Position of the instance in the model.
    pub instance: usize,
    /// The rule that decided.
    pub rule: Rule,
    /// What happened.
    pub kind: TraceKind,
}

/// What a trace line tells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TraceKind {
    /// A change of state.
    Transition {
        /// From this state.
        from: State,
        /// To this one.
        to: State,
    },
    /// An advert was taken, answered or ignored.
    Heard {
        /// Who sent it.
        from: IpAddr,
        /// Its priority.
        priority: u8,
        /// The state that heard it.
        state: State,
    },
    /// A packet of this virtual router was refused by a receive check (`rule` says which).
    Refused {
        /// Who sent it, where the packet was whole enough to tell.
        from: IpAddr,
    },
    /// The effective priority changed.
    Priority {
        /// Before.
        from: u8,
        /// After.
        to: u8,
    },
    /// The interval learned from the master changed (v3).
    Interval {
        /// Before.
        from: Span,
        /// After.
        to: Span,
    },
    /// A timer of the protocol was armed.
    Armed {
        /// When it will expire.
        until: Instant,
    },
}

/// A look at the node from outside.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InstanceStatus<'a> {
    /// Name of the instance.
    pub name: &'a str,
    /// Its state.
    pub state: State,
    /// Its effective priority.
    pub priority: u8,
    /// Whether it has set its virtual addresses.
    pub holds_addresses: bool,
}
