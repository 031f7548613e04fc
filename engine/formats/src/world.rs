//! What every reader of scenarios produces: a world with its nodes, clients, faults and promises, all names resolved.
//!
//! Scenario YAML and recordings of real routers both end here; the simulator starts here. No text, no default and no
//! unknown name lies beyond this type.
mod fault;
mod host;
mod invariant;
mod network;
mod promise;

use vrrplab_engine::Span;

pub use fault::{Behaviour, Direction, Fault, FrameClass, TimedFault};
pub use host::{Ask, Client, Node};
pub use invariant::{ExpectedViolation, Invariant, Invariants};
pub use network::{AddressPair, Driver, GroupRule, LinkQuality, Network, Port, PortSecurity, Remote, SecurityGroup};
pub use promise::{Expectation, FrameKind, Place, Promise, Window};

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
    /// The routers.
    pub nodes: Vec<Node>,
    /// The hosts that ask for something.
    pub clients: Vec<Client>,
    /// The faults, in order of time.
    pub faults: Vec<TimedFault>,
    /// The promises, in file order.
    pub expectations: Vec<Expectation>,
    /// How the invariants are watched.
    pub invariants: Invariants,
}

/// Position in [`World::networks`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct NetworkId(pub usize);
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
}
