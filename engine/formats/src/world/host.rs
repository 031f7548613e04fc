//! The hosts of a world: routers, and clients that ask for something.
use std::net::IpAddr;

use vrrplab_engine::model::{IfAddr, Mac, NodeModel};
use vrrplab_engine::{Instant, Span};

use super::{NetworkId, NodeClock, Port};

/// One router.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Node {
    /// Its configuration; `model.interfaces[i]` is plugged in by `ports[i]`.
    pub model: NodeModel,
    /// Where its interfaces are plugged in.
    pub ports: Vec<Port>,
    /// When the daemon enters its first state; `None`: only by a `Start` fault.
    pub start: Option<Instant>,
    /// Whether the node answers HTTP on port 80 of every address that it holds.
    pub http: bool,
    /// Its files, path and content: those that are tracked, and shell scripts.
    pub files: Vec<(String, String)>,
    /// Its clock.
    pub clock: NodeClock,
}

/// A host that asks for something at a rate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Client {
    /// Name.
    pub name: String,
    /// Its segment.
    pub network: NetworkId,
    /// Its hardware address.
    pub mac: Mac,
    /// Its address and prefix.
    pub addr: IfAddr,
    /// What it does.
    pub ask: Ask,
    /// Time between requests.
    pub every: Span,
    /// A request without an answer after this long is lost.
    pub timeout: Span,
    /// First request.
    pub from: Instant,
}

/// What a client asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ask {
    /// ICMP echo.
    Ping(IpAddr),
    /// HTTP GET over a new TCP connection each time.
    Http(IpAddr, u16),
}
