//! What observers are shown: every frame, decision, fault and answer, at its time. Observers only watch.
use std::net::IpAddr;

use vrrplab_engine::health::Trace as CheckTrace;
use vrrplab_engine::lvs::{IpvsCommand, LvsError};
use vrrplab_engine::model::{IfAddr, IfIndex, Mac};
use vrrplab_engine::{Instant, Rule, Trace};
use vrrplab_formats::world::{ClientId, Fault, Member, Nic, NodeId};

use crate::fabric::{DropReason, PortId, SwitchNews};
use crate::host::Trouble;
use crate::kernel::Ended;
use crate::sight::Sight;

/// One thing that happened in the world.
#[derive(Clone, Copy, Debug)]
pub enum Moment<'a> {
    /// A host put a frame on its port.
    Sent {
        /// Whose port.
        port: PortId,
        /// The frame.
        bytes: &'a [u8],
        /// The rule that asked for it, when the engine sent it (`None`: the kernel or a client).
        rule: Option<Rule>,
    },
    /// A frame reached a host through its port.
    Delivered {
        /// Sender's port.
        from: PortId,
        /// Receiver's port.
        to: PortId,
        /// The frame.
        bytes: &'a [u8],
    },
    /// A frame was lost on its way to one or all receivers.
    Dropped {
        /// Sender's port.
        from: PortId,
        /// Receiver's port; `None` when nobody got it.
        to: Option<PortId>,
        /// Why.
        reason: DropReason,
        /// The frame.
        bytes: &'a [u8],
    },
    /// The engine of a node decided something.
    Decided {
        /// The node.
        node: NodeId,
        /// Name of the instance.
        instance: &'a str,
        /// What and why.
        trace: &'a Trace,
    },
    /// The kernel of a node set or removed an address.
    Address {
        /// The node.
        node: NodeId,
        /// Name of the interface.
        iface: &'a str,
        /// Its index.
        index: IfIndex,
        /// Which address.
        addr: IfAddr,
        /// Set, or removed.
        added: bool,
    },
    /// The kernel of a node made or removed a macvlan.
    Link {
        /// The node.
        node: NodeId,
        /// Name of the macvlan.
        iface: &'a str,
        /// Its hardware address.
        mac: Mac,
        /// Made, or removed.
        added: bool,
    },
    /// A daemon started a program.
    Ran {
        /// The node.
        node: NodeId,
        /// The program and its arguments.
        words: &'a [String],
        /// The rule that asked for it.
        rule: Rule,
    },
    /// A daemon told somebody something: a line for a FIFO, or a mail.
    Told {
        /// The node.
        node: NodeId,
        /// What it said.
        line: &'a str,
        /// The rule that asked for it.
        rule: Rule,
    },
    /// A cloud's control plane is asked to lead an address to an interface, refuses that, or has done it.
    CloudMove {
        /// To this interface.
        nic: Nic,
        /// Which address.
        address: IpAddr,
        /// How far it has come.
        step: Move,
    },
    /// The checkers of a node decided something.
    Checked {
        /// The node.
        node: NodeId,
        /// What and why.
        trace: &'a CheckTrace,
    },
    /// The table of virtual servers of a node was changed, or was to be.
    Balanced {
        /// The node.
        node: NodeId,
        /// The change.
        command: &'a IpvsCommand,
        /// Why the kernel did not do it.
        refused: Option<LvsError>,
        /// The rule that asked for it.
        rule: Rule,
    },
    /// The checkers' commands of this moment are carried out. Nothing happened in the world.
    Settled {
        /// The node.
        node: NodeId,
        /// What would still have to be done for the table to be what the checkers want.
        drift: &'a [IpvsCommand],
    },
    /// Somebody looked at the tables of a host. Nothing happened in the world.
    Looked(&'a Sight),
    /// A scripted fault took effect.
    Fault(&'a Fault),
    /// A daemon died, by a fault or by its own stop: its instances are in no state any more.
    Gone(NodeId),
    /// Which ports are connected with each other from now on: shown at the start of the first daemon and after every
    /// change. A port may be in several islands; one that is down is in none.
    Islands(&'a [Vec<PortId>]),
    /// A client sent a request.
    Asked {
        /// Who.
        client: ClientId,
        /// Its number, from 0.
        request: u64,
    },
    /// A request was answered in time.
    Answered {
        /// Who had asked.
        client: ClientId,
        /// Its number.
        request: u64,
        /// When it had been asked.
        asked: Instant,
    },
    /// A request ran out of time or was refused.
    Lost {
        /// Who had asked.
        client: ClientId,
        /// Its number.
        request: u64,
        /// When it had been asked.
        asked: Instant,
    },
    /// A client was told, or had to do, something else than hear an answer; requests that it cost are shown as lost.
    Trouble {
        /// Who.
        client: ClientId,
        /// What.
        trouble: Trouble,
    },
    /// A switch did something by itself.
    Switched(SwitchNews),
    /// IPVS of a node ended a packet without a word to anybody.
    Ended {
        /// The node.
        node: NodeId,
        /// Which packet, and why.
        end: Ended,
    },
}

/// How far a cloud has come with moving an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Move {
    /// It was asked.
    Asked,
    /// It refused.
    Refused,
    /// The address is there.
    Done,
}

/// Whose port a port is, for names in timelines and captures.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PortInfo {
    /// The host.
    pub owner: Member,
    /// `host:interface`, such as `r1:eth0`.
    pub label: String,
    /// Description: MAC and fixed addresses.
    pub description: String,
}

impl PortInfo {
    /// That of an interface with these addresses.
    pub fn new(owner: Member, host: &str, iface: &str, mac: Mac, addresses: &[IfAddr]) -> PortInfo {
        let addresses: Vec<String> = addresses.iter().map(|addr| addr.ip.to_string()).collect();
        let description = format!("{mac} {}", addresses.join(" "));
        PortInfo { owner, label: format!("{host}:{iface}"), description }
    }
}

/// Something that watches a run.
pub trait Observer {
    /// Sees one moment. It cannot change the world.
    fn see(&mut self, at: Instant, moment: &Moment<'_>);
    /// The run is over.
    fn finish(&mut self, at: Instant);
}
