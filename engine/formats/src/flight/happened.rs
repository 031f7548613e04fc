//! What an engine was told, as it is written down.
use std::net::IpAddr;

use serde::{Deserialize, Serialize};
use vrrplab_engine::model::{IfAddr, IfIndex, Mac, NodeModel};
use vrrplab_engine::{Command, Exit, Finished, Input, Job, KernelEvent};

use super::checked::Reply;
use super::conf::{Configuration, Interface};
use super::hex;

/// An input of an engine, in a form that can be written and read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Happened {
    /// The deadline has come.
    Wake,
    /// A frame has arrived.
    Frame {
        /// At this interface.
        iface: u32,
        /// The whole frame.
        #[serde(with = "hex")]
        bytes: Vec<u8>,
    },
    /// An interface went up or down.
    Link {
        /// Which.
        iface: u32,
        /// It is up.
        up: bool,
    },
    /// An interface that was asked for is there.
    LinkAdded(Box<Interface>),
    /// It cannot be made.
    LinkRefused {
        /// Its name.
        name: String,
    },
    /// An address appeared.
    AddressAdded {
        /// On this interface.
        iface: u32,
        /// The address.
        ip: IpAddr,
        /// The length of its prefix.
        prefix: u8,
    },
    /// An address vanished.
    AddressRemoved {
        /// From this interface.
        iface: u32,
        /// The address.
        ip: IpAddr,
        /// The length of its prefix.
        prefix: u8,
    },
    /// A tracked file was looked at.
    File {
        /// Its path.
        path: String,
        /// What is in it.
        #[serde(with = "hex")]
        bytes: Vec<u8>,
    },
    /// Processes were counted.
    Processes {
        /// Position of the `vrrp_track_process`.
        item: usize,
        /// So many.
        count: u32,
    },
    /// A BFD session changed.
    Bfd {
        /// Position of the `bfd_instance`.
        item: usize,
        /// It is up.
        up: bool,
    },
    /// A program has exited.
    Exited {
        /// Which run.
        job: u64,
        /// With this status.
        status: i32,
    },
    /// A program was ended.
    Killed {
        /// Which run.
        job: u64,
        /// By this signal.
        signal: i32,
    },
    /// The daemon begins.
    Start,
    /// SIGTERM.
    Stop,
    /// SIGHUP, with another configuration.
    Reload(Box<Configuration>),
    /// Checkers are made; they begin with `Start`.
    Made {
        /// What their first times are drawn from.
        seed: u64,
        /// Their configuration, where it is another one than at the beginning of the flight.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        configuration: Option<Box<Configuration>>,
        /// They are told how commands come out. (Not before version 3.)
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        told: bool,
    },
    /// Something came back from a probe.
    Answered {
        /// Which one.
        job: u64,
        /// What came.
        answer: Reply,
    },
    /// An address that checkers care for appeared on this node or vanished.
    Here {
        /// The address.
        ip: IpAddr,
        /// It is here now.
        here: bool,
    },
    /// A file says a number to checkers.
    Number {
        /// Position of the `track_file`.
        item: usize,
        /// The number.
        value: i32,
    },
    /// Another's hand removed a route that was set.
    RouteRemoved {
        /// Its line in the configuration.
        line: String,
    },
    /// Another's hand removed a rule that was set.
    RuleRemoved {
        /// Its line in the configuration.
        line: String,
    },
    /// An interface was removed by another's hand.
    LinkGone {
        /// Which.
        iface: u32,
    },
    /// An interface was made again, or has another MAC.
    LinkIs {
        /// Which.
        iface: u32,
        /// Its MAC now.
        mac: [u8; 6],
    },
    /// How the command came out that checkers have waited for.
    Programmed {
        /// The kernel has taken it.
        done: bool,
    },
}

impl Happened {
    /// An input in writing. What a reload says is not in the model but in the `configuration` that it was made from.
    pub fn of(input: &Input<'_>, configuration: Option<&Configuration>) -> Happened {
        match input {
            Input::Wake => Happened::Wake,
            Input::Frame { iface, bytes } => Happened::Frame { iface: iface.0, bytes: bytes.to_vec() },
            Input::Kernel(event) => Happened::told(event),
            Input::Finished(Finished { job: Job(job), outcome: Exit::Status(status) }) => {
                Happened::Exited { job: *job, status: *status }
            }
            Input::Finished(Finished { job: Job(job), outcome: Exit::Signal(signal) }) => {
                Happened::Killed { job: *job, signal: *signal }
            }
            Input::Operator(Command::Start) => Happened::Start,
            Input::Operator(Command::Stop) => Happened::Stop,
            Input::Operator(Command::Reload(_)) => {
                Happened::Reload(Box::new(configuration.cloned().unwrap_or_default()))
            }
        }
    }

    fn told(event: &KernelEvent) -> Happened {
        match event {
            KernelEvent::Link { iface, up } => Happened::Link { iface: iface.0, up: *up },
            KernelEvent::LinkAdded(interface) => Happened::LinkAdded(Box::new(Interface::of(interface))),
            KernelEvent::LinkRefused { name } => Happened::LinkRefused { name: name.clone() },
            KernelEvent::AddressAdded { iface, addr } => {
                Happened::AddressAdded { iface: iface.0, ip: addr.ip, prefix: addr.prefix }
            }
            KernelEvent::AddressRemoved { iface, addr } => {
                Happened::AddressRemoved { iface: iface.0, ip: addr.ip, prefix: addr.prefix }
            }
            KernelEvent::FileContent { path, bytes } => Happened::File { path: path.clone(), bytes: bytes.clone() },
            KernelEvent::ProcessCount { item, count } => Happened::Processes { item: *item, count: *count },
            KernelEvent::BfdSession { item, up } => Happened::Bfd { item: *item, up: *up },
            KernelEvent::RouteRemoved { line } => Happened::RouteRemoved { line: line.clone() },
            KernelEvent::RuleRemoved { line } => Happened::RuleRemoved { line: line.clone() },
            KernelEvent::LinkGone { iface } => Happened::LinkGone { iface: iface.0 },
            KernelEvent::LinkIs { iface, mac } => Happened::LinkIs { iface: iface.0, mac: mac.0 },
        }
    }

    /// The input again. For a reload, the `model` of its configuration is needed; without one there is none,
    /// and none for what only checkers are told.
    pub fn input(&self, model: Option<NodeModel>) -> Option<Input<'_>> {
        let addr = |ip: &IpAddr, prefix: &u8| IfAddr { ip: *ip, prefix: *prefix };
        let kernel = match self {
            Happened::Wake => return Some(Input::Wake),
            Happened::Frame { iface, bytes } => return Some(Input::Frame { iface: IfIndex(*iface), bytes }),
            Happened::Exited { job, status } => return Some(finished(*job, Exit::Status(*status))),
            Happened::Killed { job, signal } => return Some(finished(*job, Exit::Signal(*signal))),
            Happened::Start => return Some(Input::Operator(Command::Start)),
            Happened::Stop => return Some(Input::Operator(Command::Stop)),
            Happened::Reload(_) => return model.map(|model| Input::Operator(Command::Reload(Box::new(model)))),
            Happened::Link { iface, up } => KernelEvent::Link { iface: IfIndex(*iface), up: *up },
            Happened::LinkAdded(interface) => KernelEvent::LinkAdded(Box::new(interface.model())),
            Happened::LinkRefused { name } => KernelEvent::LinkRefused { name: name.clone() },
            Happened::AddressAdded { iface, ip, prefix } => {
                KernelEvent::AddressAdded { iface: IfIndex(*iface), addr: addr(ip, prefix) }
            }
            Happened::AddressRemoved { iface, ip, prefix } => {
                KernelEvent::AddressRemoved { iface: IfIndex(*iface), addr: addr(ip, prefix) }
            }
            Happened::File { path, bytes } => KernelEvent::FileContent { path: path.clone(), bytes: bytes.clone() },
            Happened::Processes { item, count } => KernelEvent::ProcessCount { item: *item, count: *count },
            Happened::Bfd { item, up } => KernelEvent::BfdSession { item: *item, up: *up },
            Happened::RouteRemoved { line } => KernelEvent::RouteRemoved { line: line.clone() },
            Happened::RuleRemoved { line } => KernelEvent::RuleRemoved { line: line.clone() },
            Happened::LinkGone { iface } => KernelEvent::LinkGone { iface: IfIndex(*iface) },
            Happened::LinkIs { iface, mac } => KernelEvent::LinkIs { iface: IfIndex(*iface), mac: Mac(*mac) },
            Happened::Made { .. }
            | Happened::Answered { .. }
            | Happened::Here { .. }
            | Happened::Number { .. }
            | Happened::Programmed { .. } => return None,
        };
        Some(Input::Kernel(kernel))
    }
}

fn finished(job: u64, outcome: Exit) -> Input<'static> {
    Input::Finished(Finished { job: Job(job), outcome })
}
