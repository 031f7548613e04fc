//! Hosts that belong to no cluster and send what others never said.
use std::net::IpAddr;

use vrrplab_engine::Span;
use vrrplab_engine::model::{IfAddr, Mac, Version};

use super::{NetworkId, NodeId, PortSecurity};

/// A host with a port. It listens, and sends only what faults make it send.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rogue {
    /// Name.
    pub name: String,
    /// Its segment.
    pub network: NetworkId,
    /// Its hardware address.
    pub mac: Mac,
    /// Its address and prefix.
    pub addr: IfAddr,
    /// OpenStack port security of its port, when on.
    pub security: Option<PortSecurity>,
}

/// Position in [`super::World::rogues`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct RogueId(pub usize);

/// What a rogue does from a moment on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RogueFault {
    /// Who.
    pub rogue: RogueId,
    /// What it sends.
    pub sends: Forgery,
    /// How often.
    pub pace: Pace,
}

/// The first frame goes out at once, the others at equal distances.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pace {
    /// The distance.
    pub every: Span,
    /// So many frames; `None`: until the end.
    pub count: Option<u64>,
}

/// What a rogue sends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Forgery {
    /// Adverts of its own making, to the group.
    Advert(Box<ForgedAdvert>),
    /// The adverts of a node that its port has heard, unchanged, in their order and then again from the first.
    Replay {
        /// Whose.
        of: NodeId,
    },
    /// Announcements that an address is at a hardware address (gratuitous ARP, neighbour advertisement).
    Announce {
        /// The address.
        ip: IpAddr,
        /// Where it shall be.
        mac: Mac,
    },
}

/// All that can be chosen in an advert.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ForgedAdvert {
    /// Version.
    pub version: Version,
    /// Virtual router number.
    pub vrid: u8,
    /// Priority; 0 is a release.
    pub priority: u8,
    /// Sender's address, its own or another's.
    pub source: IpAddr,
    /// Sender's hardware address.
    pub source_mac: Mac,
    /// The virtual addresses that it names.
    pub vips: Vec<IpAddr>,
    /// The advert interval that it names.
    pub interval: Span,
    /// Version 2: a password.
    pub auth: Option<[u8; 8]>,
    /// TTL or hop limit.
    pub ttl: u8,
}
