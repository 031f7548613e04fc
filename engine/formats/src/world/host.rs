//! The hosts of a world: routers, and clients that ask for something.
use std::net::IpAddr;

use vrrplab_engine::model::{IfAddr, Mac, NodeModel};
use vrrplab_engine::{Instant, Span};

use super::{Attachment, CloudCall, KernelSetup, NetworkId, NodeClock, Port, Service};

/// One router, or a host without a daemon.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Node {
    /// Its configuration; `model.interfaces[i]` is plugged in by `ports[i]`.
    pub model: NodeModel,
    /// Where its interfaces are plugged in.
    pub ports: Vec<Port>,
    /// When the daemon enters its first state; `None`: only by a `Start` fault.
    pub start: Option<Instant>,
    /// What answers on every address that it holds; no two of them on the same port.
    pub services: Vec<Service>,
    /// Its files, path and content: those that are tracked, and shell scripts.
    pub files: Vec<(String, String)>,
    /// What its programs ask of clouds.
    pub cloud_calls: Vec<CloudCall>,
    /// Whether it runs a daemon; without one it is a plain host, router or gateway.
    pub daemon: bool,
    /// How its kernel is set up.
    pub kernel: KernelSetup,
    /// Its clock.
    pub clock: NodeClock,
}

impl Node {
    /// A router whose daemon starts at once, on a host without anything else.
    pub fn new(model: NodeModel, ports: Vec<Port>) -> Node {
        Node {
            model,
            ports,
            start: Some(Instant::ZERO),
            services: Vec::new(),
            files: Vec::new(),
            cloud_calls: Vec::new(),
            daemon: true,
            kernel: KernelSetup::default(),
            clock: NodeClock::default(),
        }
    }
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
    /// Who knows the way to other segments.
    pub gateway: Option<IpAddr>,
    /// An answer that took longer than this is late; the timeout when none is to be.
    pub late_after: Span,
    /// The block of clients that it belongs to. Those of a block follow one another in the world.
    pub block: Option<String>,
    /// How it is attached to its switch.
    pub attachment: Attachment,
}

/// What a client asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ask {
    /// ICMP echo.
    Ping(IpAddr),
    /// HTTP GET over a new TCP connection each time.
    Http(IpAddr, u16),
    /// A datagram with a number, from the same port each time.
    Udp(IpAddr, u16),
    /// A line over one TCP connection, which is opened again after it broke.
    Hold(IpAddr, u16),
}

impl Ask {
    /// Who is asked.
    pub fn target(self) -> IpAddr {
        match self {
            Ask::Ping(ip) | Ask::Http(ip, _) | Ask::Udp(ip, _) | Ask::Hold(ip, _) => ip,
        }
    }
}
