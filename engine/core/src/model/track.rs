//! What instances and groups keep an eye on: scripts, files, processes, BFD sessions.
use alloc::string::String;
use alloc::vec::Vec;
use core::net::IpAddr;

use super::command::Program;
use crate::time::Span;

/// One line of `track_script`, `track_file`, `track_process` or `track_bfd`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tracked {
    /// Position of what is tracked in its list of the node.
    pub item: usize,
    /// `weight`; zero means that its failure is a fault (files: any value but zero is).
    pub weight: i16,
    /// `reverse`.
    pub reverse: bool,
}

/// One `vrrp_script`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScriptModel {
    /// The name after `vrrp_script`.
    pub name: String,
    /// `script`.
    pub program: Program,
    /// `interval`, from start to start.
    pub interval: Span,
    /// `timeout`; the interval where none is given.
    pub timeout: Span,
    /// `weight` where the tracking line has none.
    pub weight: i16,
    /// `weight … reverse`.
    pub reverse: bool,
    /// `rise`: successes until it counts as well.
    pub rise: u32,
    /// `fall`: failures until it counts as failed.
    pub fall: u32,
    /// `init_fail`.
    pub init_fail: bool,
}

/// One `track_file` (`vrrp_track_file`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileModel {
    /// The name after `track_file`.
    pub name: String,
    /// `file`: its path.
    pub path: String,
    /// `weight` where the tracking line has none: the number in the file times this is added.
    pub weight: i16,
    /// `weight … reverse`.
    pub reverse: bool,
    /// `init_file`: the file is made with this number where it is missing.
    pub init: Option<FileInit>,
}

/// `init_file`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FileInit {
    /// The number written.
    pub value: i32,
    /// Also when the file exists.
    pub overwrite: bool,
}

/// One `vrrp_track_process`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProcessModel {
    /// The name after `vrrp_track_process`.
    pub name: String,
    /// `process`: the command and the arguments to be matched.
    pub command: Vec<String>,
    /// `param_match`; the arguments do not matter where absent.
    pub arguments: Option<ArgumentMatch>,
    /// `full_command`: the whole command line is matched and not the name alone.
    pub full_command: bool,
    /// `weight` where the tracking line has none.
    pub weight: i16,
    /// `weight … reverse`.
    pub reverse: bool,
    /// `quorum`: so many must run.
    pub quorum: u32,
    /// `quorum_max`: more than these is a failure too.
    pub quorum_max: Option<u32>,
    /// `fork_delay`: how long a new process must have run to count.
    pub fork_delay: Span,
    /// `terminate_delay`: how long a process must be gone to count as gone.
    pub terminate_delay: Span,
}

impl ProcessModel {
    /// One with keepalived's defaults.
    pub fn new(name: &str, command: Vec<String>) -> ProcessModel {
        ProcessModel {
            name: name.into(),
            command,
            arguments: None,
            full_command: false,
            weight: 0,
            reverse: false,
            quorum: 1,
            quorum_max: None,
            fork_delay: Span::ZERO,
            terminate_delay: Span::ZERO,
        }
    }
}

/// `param_match`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ArgumentMatch {
    /// All arguments are equal.
    Exact,
    /// The arguments begin with these.
    Initial,
    /// The last of these may be the beginning of an argument.
    Partial,
}

/// One `bfd_instance` (RFC 5880, RFC 5881).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BfdModel {
    /// The name after `bfd_instance`.
    pub name: String,
    /// `neighbor_ip`.
    pub neighbour: IpAddr,
    /// `source_ip`.
    pub source: Option<IpAddr>,
    /// `min_rx`.
    pub min_rx: Span,
    /// `min_tx`.
    pub min_tx: Span,
    /// `idle_tx`.
    pub idle_tx: Span,
    /// `multiplier`.
    pub multiplier: u8,
    /// `passive`.
    pub passive: bool,
    /// `ttl`, `hoplimit`.
    pub ttl: u8,
    /// `max_hops`; any distance where absent.
    pub max_hops: Option<u8>,
    /// `weight` where the tracking line has none.
    pub weight: i16,
    /// `weight … reverse`.
    pub reverse: bool,
    /// `vrrp`: instances may track it.
    pub for_vrrp: bool,
    /// `checker`: real servers may track it.
    pub for_checkers: bool,
}
