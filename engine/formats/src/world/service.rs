//! The services of a host: what answers on which port, and how that changes.
use vrrplab_engine::Span;

use super::NodeId;

/// A process that answers on one port of every address that its host holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Service {
    /// Its port.
    pub port: u16,
    /// What it understands.
    pub serves: Serves,
    /// Time from a whole request to its answer.
    pub delay: Span,
}

/// What a service understands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Serves {
    /// HTTP: one request for each connection.
    Http {
        /// What is answered to a path without a page of its own.
        page: Page,
        /// Pages by path.
        paths: Vec<(String, Page)>,
    },
    /// Datagrams, each sent back as it came.
    Udp,
    /// Lines over TCP, each answered with the host's name and the line.
    Tcp,
}

/// An HTTP answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page {
    /// Its status.
    pub status: u16,
    /// What follows the header.
    pub body: String,
}

impl Service {
    /// A web server on port 80 whose page is the name of its host.
    pub fn web(host: &str) -> Service {
        let page = Page { status: 200, body: format!("{host}\n") };
        Service { port: 80, serves: Serves::Http { page, paths: Vec::new() }, delay: Span::ZERO }
    }

    /// Over UDP, or over TCP.
    pub fn is_udp(&self) -> bool {
        matches!(self.serves, Serves::Udp)
    }
}

/// Something changes about the services at one port of a host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServiceFault {
    /// Whose services.
    pub node: NodeId,
    /// Their port.
    pub port: u16,
    /// What changes.
    pub change: ServiceChange,
}

/// What changes about a service. All but the first two also make it answer again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ServiceChange {
    /// The process is gone: its connections are closed, the kernel refuses new ones and says that the port is unreachable.
    Refuse,
    /// Packets to it are dropped: nothing is refused, nothing is answered.
    Silent,
    /// It answers after so long.
    Slow(Span),
    /// HTTP answers have this status.
    Status(u16),
    /// HTTP answers have this body.
    Body(String),
    /// It is again as it was at the start.
    Ok,
}
