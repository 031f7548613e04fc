//! What every reader of scenarios produces: a world with its nodes, clients, faults and promises, all names resolved.
//!
//! Scenario YAML and recordings of real routers both end here; the simulator starts here. No text, no default and no
//! unknown name lies beyond this type.
mod client;
mod cloud;
mod fault;
mod host;
mod invariant;
mod kernel;
mod look;
mod network;
mod node_fault;
mod promise;
mod rogue;
mod service;

use vrrplab_engine::Span;

pub use client::ClientPromise;
pub use cloud::{Cloud, CloudCall, CloudFault, Provider};
pub use fault::{Behaviour, Direction, FabricFault, Fault, FrameClass, LinkPlace, TimedFault};
pub use host::{Ask, Client, Node};
pub use invariant::{ExpectedViolation, Invariant, Invariants};
pub use kernel::{Chain, FirewallRule, KernelFault, KernelSetup, LOOPBACK, OneToOne, Route, Sysctl, SysctlKey};
pub use look::{LinePattern, LinesPromise, Look, ServerPromise, Subject, TablePromise, View, ViewPromise};
pub use network::{
    AddressPair, Attachment, Driver, GroupRule, LinkChange, LinkQuality, Network, Port, PortSecurity, Remote,
    SecurityGroup, Snooping, SpanningTree, SwitchSetup, TreeMode, Trunk, joined,
};
pub use node_fault::{Child, NodeClock, NodeFault, Ppm, SignedSpan, StunClock};
pub use promise::{Expectation, FrameKind, Place, Promise, Window};
pub use rogue::{ForgedAdvert, Forgery, Pace, Rogue, RogueFault, RogueId};
pub use service::{Page, Rcode, Serves, Service, ServiceChange, ServiceFault};

/// A whole experiment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct World {
    /// Name, the file's stem where not given.
    pub name: String,
    /// What it shows, for people.
    pub about: String,
    /// Root of all chance.
    pub seed: u64,
    /// When it ends.
    pub duration: Span,
    /// The broadcast segments (one switch each).
    pub networks: Vec<Network>,
    /// The links between switches.
    pub trunks: Vec<Trunk>,
    /// The routers.
    pub nodes: Vec<Node>,
    /// The hosts that ask for something.
    pub clients: Vec<Client>,
    /// The hosts that send what others never said.
    pub rogues: Vec<Rogue>,
    /// The faults, in order of time.
    pub faults: Vec<TimedFault>,
    /// The promises, in file order.
    pub expectations: Vec<Expectation>,
    /// What the timeline shows besides.
    pub looks: Vec<Look>,
    /// One of the promises must be broken, or a check that never fails would go unnoticed.
    pub must_fail: bool,
    /// How the invariants are watched.
    pub invariants: Invariants,
}

impl World {
    /// These nodes on these networks, and nothing that happens to them: no faults, no promises, seed 0.
    pub fn quiet(name: &str, duration: Span, networks: Vec<Network>, nodes: Vec<Node>) -> World {
        World {
            name: name.to_owned(),
            about: String::new(),
            seed: 0,
            duration,
            networks,
            trunks: Vec::new(),
            nodes,
            clients: Vec::new(),
            rogues: Vec::new(),
            faults: Vec::new(),
            expectations: Vec::new(),
            looks: Vec::new(),
            must_fail: false,
            invariants: Invariants::default(),
        }
    }
}

/// Position in [`World::networks`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct NetworkId(pub usize);
/// Position in [`World::trunks`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct TrunkId(pub usize);
/// Position in [`World::nodes`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct NodeId(pub usize);
/// Position in [`World::clients`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ClientId(pub usize);

/// One interface of one node, by positions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Nic {
    /// The node.
    pub node: NodeId,
    /// Position in its `model.interfaces` and `ports`.
    pub nic: usize,
}

/// A host on a segment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Member {
    /// A router.
    Node(NodeId),
    /// A client.
    Client(ClientId),
    /// A host that belongs to nobody.
    Rogue(RogueId),
}
