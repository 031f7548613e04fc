//! What goes into the checkers and what comes out of them.
use alloc::boxed::Box;
use alloc::string::String;
use core::net::IpAddr;

use super::judge_answer::{Answer, Why};
use super::pool::IpvsCommand;
use super::probe::Probe;
use super::words::CheckName;
use crate::io::Job;
use crate::model::NodeModel;
use crate::model::command::Program;
use crate::rules::Rule;

/// One thing that happened.
#[derive(Clone, Debug)]
pub enum Input<'a> {
    /// The deadline of [`super::Checkers::next_wake`] has come (or the driver woke for another reason: harmless).
    Wake,
    /// Begin. Addresses, files and sessions may be told before.
    Start,
    /// SIGTERM: stop.
    Stop,
    /// SIGHUP: go on with this configuration.
    Reload(&'a NodeModel),
    /// What came back from a probe.
    Answered {
        /// Which one.
        job: Job,
        /// What came.
        answer: Answer,
    },
    /// An address appeared on this node, or vanished.
    Address {
        /// Which one.
        ip: IpAddr,
        /// It is here now.
        here: bool,
    },
    /// A tracked file says this number; 0 when it is gone or holds none.
    File {
        /// Position of the `track_file`.
        item: usize,
        /// The number.
        value: i32,
    },
    /// A BFD session came up or went down.
    Session {
        /// Position of the `bfd_instance`.
        item: usize,
        /// It is up.
        up: bool,
    },
    /// How the command came out for which [`super::Checkers::awaits`] says that it is waited for; only after
    /// [`super::Checkers::set_told`].
    Programmed {
        /// The table is as was wanted; not: the kernel refuses.
        done: bool,
    },
}

/// What comes out: things to be done and the reasons for them, in one order.
pub type Output = crate::io::Output<EffectKind, Trace>;
/// One thing to be done.
pub type Effect = crate::io::Effect<EffectKind>;

/// The things a driver must know how to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EffectKind {
    /// Carry this attempt out and report what came with [`Input::Answered`], once.
    StartProbe {
        /// Its number.
        job: Job,
        /// What to ask, of whom.
        probe: Box<Probe>,
    },
    /// End an attempt.
    Cancel {
        /// Its number.
        job: Job,
        /// SIGKILL, after SIGTERM did not help.
        force: bool,
        /// Its answer is still wanted.
        answer: bool,
    },
    /// Change the kernel's table.
    ProgramIpvs(IpvsCommand),
    /// Run a notify or quorum program; nobody waits for it.
    RunScript(Box<Program>),
    /// Write a line into a pipe, without waiting for a reader.
    WriteLine {
        /// The path of the pipe.
        fifo: String,
        /// The line, without its end.
        line: String,
    },
}

/// Why something was done: one line of the timeline. [`Trace::line`] is keepalived's line for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trace {
    /// The rule that decided.
    pub rule: Rule,
    /// The virtual server, as keepalived names it: `[10.99.0.1]:tcp:80`.
    pub service: String,
    /// The real server, or the sorry server.
    pub server: String,
    /// What happened.
    pub news: News,
}

/// What happened to a checker, a server or a quorum.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum News {
    /// The checker begins, or goes on.
    Activated,
    /// The checker pauses: the address of its service is not here any more.
    Suspended,
    /// The checker does not begin: the address of its service is not here.
    Deactivated,
    /// An attempt failed; another follows before that counts.
    Tried(CheckName, Why),
    /// A page is well again.
    PageWell {
        /// Its path.
        path: String,
        /// Its digest was compared.
        digest: bool,
    },
    /// The page must match an expression that only PCRE2 can read.
    Unjudged,
    /// The checker is content.
    Content(CheckName),
    /// The checker has failed, after so many retries.
    Failed(CheckName, Why, u32),
    /// The server is put into the table, or gets its weight back.
    Added {
        /// It was there with weight 0.
        inhibit: bool,
    },
    /// The server is taken out of the table, or gets weight 0.
    Removed {
        /// It stays there with weight 0.
        inhibit: bool,
    },
    /// The daemon stops and takes the server out.
    ShutDown,
    /// A reload drops the server.
    NoLonger,
    /// A reload drops the virtual server.
    ServiceDropped,
    /// The server has another weight.
    Weight {
        /// Before.
        from: u32,
        /// After.
        to: u32,
    },
    /// Enough weight is alive.
    Gained(Votes),
    /// Too little weight is alive.
    Lost(Votes),
    /// Too little weight is alive at the start.
    StartsWithout(Votes),
    /// The sorry server answers from now on.
    SorryIn {
        /// It was there with weight 0.
        inhibit: bool,
    },
    /// The sorry server answers no more.
    SorryOut {
        /// It stays there with weight 0.
        inhibit: bool,
    },
    /// The servers that are alive come into the table beside (`true`) or leave it to the sorry server.
    Pool(bool),
    /// The kernel refuses what a server that comes back (`up`) or has failed needs: it stays as it was.
    Refused {
        /// It was to be added.
        up: bool,
    },
}

/// The numbers of a quorum.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Votes {
    /// The quorum.
    pub quorum: u64,
    /// The hysteresis.
    pub hysteresis: u64,
    /// The weight that is alive.
    pub alive: u64,
}
