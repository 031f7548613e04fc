//! What a running `vrrplabd` says on its control socket: lines of text in, one JSON object a line out.
//!
//! A request is one line, `status` or `vrrplab/1 status`; [`Request::read`] judges it. The answer is one [`Answer`], which
//! carries the version; a trace is answered by one [`Answer`] for every event. Both ends use these types.
mod ipvs;
mod status;

use serde::{Deserialize, Serialize};
use vrrplab_engine::{Trace, TraceKind};

use crate::diagnostics::nearest;
pub(crate) use ipvs::flags;
pub use ipvs::{Checked, Drift, Forward, Ipvs, Key, Protocol, Server, Service};
pub use status::{
    Address, Daemon, Family, GlobalStatistics, Instance, MasterReason, Statistics, Stats, StatsOf, Status, SyncGroup,
    Tracked, TrackedKind, Usage,
};

/// The version of requests and answers.
pub const VERSION: u32 = 1;
/// Where a daemon listens unless it is told otherwise.
pub const SOCKET: &str = "/run/vrrplabd/control.sock";
/// A request is no longer than this, with the end of its line.
pub const LONGEST_REQUEST: usize = 256;

/// What may be asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Request {
    /// The instances and what is known of them.
    Status,
    /// The table of virtual servers.
    Ipvs,
    /// Counters.
    Stats,
    /// Read the configuration again.
    Reload,
    /// Every decision from now on that changes something.
    Trace,
    /// What the table of virtual servers lacks of what the checkers want.
    Drift,
}

impl Request {
    /// Every request.
    pub const ALL: [Request; 6] =
        [Request::Status, Request::Ipvs, Request::Drift, Request::Stats, Request::Reload, Request::Trace];

    /// The word for it.
    pub const fn word(self) -> &'static str {
        match self {
            Request::Status => "status",
            Request::Ipvs => "ipvs",
            Request::Stats => "stats",
            Request::Reload => "reload",
            Request::Trace => "trace",
            Request::Drift => "drift",
        }
    }

    /// The line that asks for it, without its end.
    pub fn line(self) -> String {
        format!("vrrplab/{VERSION} {}", self.word())
    }

    /// Reads a line; what is wrong with it is the answer.
    pub fn read(line: &[u8]) -> Result<Request, Refused> {
        let bad = |message: String| Refused { code: Code::BadRequest, message };
        let Ok(line) = str::from_utf8(line) else { return Err(bad("a request is text".into())) };
        let mut words: Vec<&str> = line.split_whitespace().collect();
        if let Some(version) = words.first().and_then(|word| word.strip_prefix("vrrplab/")) {
            if version != VERSION.to_string() {
                let message = format!("this daemon speaks version {VERSION} only");
                return Err(Refused { code: Code::OtherVersion, message });
            }
            words.remove(0);
        }
        let all = || Request::ALL.iter().map(|request| request.word());
        match words[..] {
            [] => Err(bad(format!("nothing was asked; there is {}", all().collect::<Vec<_>>().join(", ")))),
            [word] => Request::ALL.into_iter().find(|request| request.word() == word).ok_or_else(|| {
                let near = nearest(word, all()).map_or_else(String::new, |near| format!("; did you mean {near}?"));
                bad(format!("there is no request of this name{near}"))
            }),
            [_, ..] => Err(bad("a request is one word".into())),
        }
    }
}

/// One line of the daemon.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answer {
    /// The version in which it speaks.
    pub vrrplab: u32,
    /// What it says.
    #[serde(flatten)]
    pub said: Said,
}

impl Answer {
    /// An answer of this version.
    pub fn new(said: Said) -> Answer {
        Answer { vrrplab: VERSION, said }
    }

    /// A refusal.
    pub fn refused(code: Code, message: impl Into<String>) -> Answer {
        Answer::new(Said::Error(Refused { code, message: message.into() }))
    }

    /// The line, with its end.
    pub fn line(&self) -> String {
        let mut line = serde_json::to_string(self).unwrap_or_default();
        line.push('\n');
        line
    }
}

/// What an answer says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Said {
    /// Answers `status`.
    Status(Box<Status>),
    /// Answers `ipvs`.
    Ipvs(Ipvs),
    /// Answers `stats`.
    Stats(Box<Stats>),
    /// Answers `reload`.
    Reload(Reloaded),
    /// `trace` begins; every decision follows in a line of its own.
    Tracing(Tracing),
    /// A decision.
    Trace(Told),
    /// The daemon says no.
    Error(Refused),
    /// Answers `drift`.
    Drift(Drift),
}

/// The configuration was read again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reloaded {
    /// So many instances it has.
    pub instances: usize,
    /// What is to be said about it, as `vrrplab check` says it.
    pub warnings: Vec<String>,
}

/// A trace begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tracing {
    /// So many clients are told now, this one among them.
    pub listeners: usize,
}

/// A decision that changed something.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Told {
    /// When, in milliseconds since 1970.
    pub unix_ms: u64,
    /// The instance that it concerns; absent for what concerns the whole node.
    pub instance: Option<String>,
    /// The rule that decided; `vrrplab explain RULE` tells more.
    pub rule: String,
    /// What changed.
    #[serde(flatten)]
    pub news: News,
}

/// What changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "what", rename_all = "kebab-case")]
pub enum News {
    /// The state.
    Transition {
        /// Before.
        from: String,
        /// After.
        to: String,
    },
    /// The effective priority.
    Priority {
        /// Before.
        from: u8,
        /// After.
        to: u8,
    },
    /// The client has read too slowly: so many were left out.
    Lost {
        /// How many.
        count: u64,
    },
}

impl News {
    /// What of a decision is worth a line; nothing for packets and timers, which `stats` counts.
    pub fn of(trace: &Trace) -> Option<News> {
        match &trace.kind {
            TraceKind::Transition { from, to } => {
                Some(News::Transition { from: from.name().into(), to: to.name().into() })
            }
            TraceKind::Priority { from, to } => Some(News::Priority { from: *from, to: *to }),
            TraceKind::Heard { .. }
            | TraceKind::Refused { .. }
            | TraceKind::Interval { .. }
            | TraceKind::Tracked { .. }
            | TraceKind::Armed { .. } => None,
        }
    }
}

/// Why the daemon does not do what it was asked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refused {
    /// Which kind of reason.
    pub code: Code,
    /// In words.
    pub message: String,
}

/// Kinds of reasons.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Code {
    /// The request is not understood.
    BadRequest,
    /// The request is longer than [`LONGEST_REQUEST`].
    TooLong,
    /// The request is for another version of these lines.
    OtherVersion,
    /// The client was silent for too long.
    TooSlow,
    /// Too many clients are connected, or follow the trace.
    Busy,
    /// The new configuration cannot be used; the old one stays.
    ConfigurationRefused,
    /// The daemon is about to end.
    Stopping,
    /// The kernel does not show its table.
    KernelRefused,
}
