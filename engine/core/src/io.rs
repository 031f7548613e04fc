//! What goes into the engine and what comes out of it.
use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;
use core::net::IpAddr;

use crate::model::command::Program;
use crate::model::route::{RouteModel, RuleModel};
use crate::model::{IfAddr, IfIndex, InterfaceModel, Mac, NodeModel};
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
    /// A program of [`EffectKind::RunScript`] has ended.
    Finished(Finished),
    /// The operator asks for something.
    Operator(Command),
}

/// The number of one run of a program: who starts it says the number, who sees it end repeats it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Job(pub u64);

/// The end of a program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Finished {
    /// Which run.
    pub job: Job,
    /// How it ended.
    pub outcome: Exit,
}

/// How a program ended. (Whether it ran too long is known to the engine: it asked for its end.)
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// By itself, with this status.
    Status(i32),
    /// By this signal.
    Signal(i32),
}

/// What the kernel tells over netlink, inotify and its process connector, and the BFD daemon over its pipe.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KernelEvent {
    /// An interface went up or down (`IFF_UP` and `IFF_RUNNING` taken together).
    Link {
        /// Which interface.
        iface: IfIndex,
        /// Usable now.
        up: bool,
    },
    /// An interface is there that was asked for with [`EffectKind::ChangeLink`], new or found: its index, its link and
    /// the addresses on it. Its name tells which one it is.
    LinkAdded(Box<InterfaceModel>),
    /// An interface that was asked for cannot be made.
    LinkRefused {
        /// Its name.
        name: String,
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
    /// A tracked file was found at start, written, renamed or deleted.
    FileContent {
        /// Its path.
        path: String,
        /// What it holds now; nothing when it is gone.
        bytes: Vec<u8>,
    },
    /// The number of processes that match a `vrrp_track_process` was counted, or changed.
    ProcessCount {
        /// Position of the `vrrp_track_process`.
        item: usize,
        /// So many run.
        count: u32,
    },
    /// A BFD session came up or went down.
    BfdSession {
        /// Position of the `bfd_instance`.
        item: usize,
        /// It is up.
        up: bool,
    },
    /// A route that was set with [`EffectKind::ChangeRoute`] was removed by another's hand.
    RouteRemoved {
        /// The line of the configuration, [`RouteModel::line`].
        line: String,
    },
    /// A rule that was set with [`EffectKind::ChangeRule`] was removed by another's hand.
    RuleRemoved {
        /// The line of the configuration, [`RuleModel::line`].
        line: String,
    },
    /// An interface was removed by another's hand, after it was told to be down and without addresses; or it has another name
    /// now, before that is told.
    LinkGone {
        /// Which interface.
        iface: IfIndex,
    },
    /// An interface that was gone has been made again, under its name and with nothing of before on it, or has another MAC.
    LinkIs {
        /// Which interface.
        iface: IfIndex,
        /// Its MAC now.
        mac: Mac,
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
pub enum Output<K = EffectKind, T = Trace> {
    /// Something to do.
    Effect(Effect<K>),
    /// Something to tell.
    Trace(T),
}

/// One thing to be done, in order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Effect<K = EffectKind> {
    /// The rule that asked for it.
    pub rule: Rule,
    /// What to do.
    pub kind: K,
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
    /// Make an interface above another one, or remove it; the kernel answers with [`KernelEvent::LinkAdded`] or
    /// [`KernelEvent::LinkRefused`].
    ChangeLink(Box<LinkChange>),
    /// Drop what comes to this address and what would leave from it, or let it pass again (`no_accept`, strict mode).
    /// Neighbour discovery passes, and ARP is not asked.
    FilterAddress {
        /// Which address.
        ip: IpAddr,
        /// Drop, or pass.
        drop: bool,
    },
    /// On this interface, a secondary address takes the place of a primary one that is removed.
    PromoteSecondaries {
        /// Which interface.
        iface: IfIndex,
    },
    /// Start this program and report its end with [`Input::Finished`].
    RunScript {
        /// The number of the run.
        job: Job,
        /// What to run, and as whom. (Boxed, as notices are: frames are many, programs are few.)
        program: Box<Program>,
    },
    /// End a program and all that it started.
    Cancel {
        /// The number of the run.
        job: Job,
        /// SIGKILL, after SIGTERM did not help.
        force: bool,
    },
    /// Tell the outside what happened; nobody waits for an answer.
    Notify(Box<Notice>),
    /// Write a number and a newline into a file (`init_file`).
    WriteFile {
        /// Its path.
        path: String,
        /// The number.
        value: i32,
    },
    /// Add or remove a route. One that is not there is no error.
    ChangeRoute {
        /// Which route.
        route: Box<RouteModel>,
        /// Add it, or remove it.
        add: bool,
    },
    /// Add or remove a policy rule. One that is not there is no error.
    ChangeRule {
        /// Which one. (The word `rule` is the reason's.)
        policy: Box<RuleModel>,
        /// Add it, or remove it.
        add: bool,
    },
}

/// A macvlan in private mode, up in every state of its virtual router (`use_vmac`). Both it and the interface below answer
/// ARP for their own addresses only, and its secondary addresses are promoted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LinkChange {
    /// Its name.
    pub name: String,
    /// The interface below it.
    pub base: IfIndex,
    /// Its hardware address.
    pub mac: Mac,
    /// Make it, or find it made by an earlier run; otherwise remove it.
    pub add: bool,
}

/// One thing to be told to the outside.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Notice {
    /// Run a notify script with these arguments behind its own.
    Script {
        /// What to run, and as whom.
        program: Program,
        /// The last arguments.
        arguments: Vec<String>,
    },
    /// Write a line into a pipe, without waiting for a reader.
    Line {
        /// The path of the pipe.
        fifo: String,
        /// The line, without its end.
        line: String,
    },
    /// Send a mail.
    Mail(Letter),
}

/// What a mail says. Who gets it, from whom and by which server is in the configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Letter {
    /// Its subject.
    pub subject: String,
    /// The line in it.
    pub body: String,
}

/// The next deadline and why.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wake {
    /// When.
    pub at: Instant,
    /// Position of the instance, script, process or pending change whose timer it is.
    pub of: usize,
    /// Which timer.
    pub timer: TimerKind,
}

/// The timers of one instance, or of what is tracked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum TimerKind {
    /// The advert timer of a master, the down timer of a backup (they never run together).
    Protocol,
    /// The delayed second burst of announcements.
    DelayedAnnounce,
    /// The delayed burst after a lower-priority advert.
    DelayedLowerPrioAnnounce,
    /// The gap between two announcements on an interface has passed.
    Pace,
    /// A change of link has lasted long enough to count.
    LinkDelay,
    /// The next run of a script.
    ScriptRun,
    /// A script has run for too long.
    ScriptTimeout,
    /// A change of the number of processes has lasted long enough to count.
    ProcessDelay,
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
    /// All of them.
    pub const ALL: [State; 4] = [State::Init, State::Backup, State::Master, State::Fault];

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
    /// Position of the instance in the model; `None` for what concerns the whole node.
    pub instance: Option<usize>,
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
    /// Something that is tracked was found well or not.
    Tracked {
        /// Its name.
        name: String,
        /// What was found.
        news: News,
    },
    /// A timer of the protocol was armed.
    Armed {
        /// When it will expire.
        until: Instant,
    },
}

/// What was found out about something that is tracked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum News {
    /// The script has succeeded often enough.
    Succeeded,
    /// The script has failed often enough, this time so.
    Failed(Exit),
    /// The script has failed often enough, this time because it ran too long.
    TimedOut,
    /// The script ends with another status than before; that alone changes nothing.
    NowReturning(i32),
    /// The script is to run, but has not ended since the last time.
    StillRunning,
    /// After a reload: the script counts as it did before.
    Considered {
        /// As successful.
        good: bool,
    },
    /// The file says this number.
    Says(i32),
    /// Enough processes run, or not.
    Quorum(bool),
    /// The BFD session is up, or not.
    Session(bool),
    /// The interface counts as up from now on, or as down.
    Link(bool),
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
