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
    /// A mail server.
    Smtp {
        /// The line with which it meets a client, without its end. A code other than 220 refuses.
        greeting: String,
    },
    /// A name server: one answer for each question over UDP.
    Dns {
        /// What its answers say went wrong.
        rcode: Rcode,
    },
}

/// What a name server's answer says, with its number on the wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rcode {
    /// Nothing went wrong.
    NoError = 0,
    /// The question could not be read.
    FormErr = 1,
    /// The server itself failed.
    ServFail = 2,
    /// There is no such name.
    NxDomain = 3,
    /// The server does not do this.
    NotImp = 4,
    /// The server does not want to.
    Refused = 5,
}

impl Rcode {
    /// Every one, with its name.
    pub const ALL: [(&'static str, Rcode); 6] = [
        ("noerror", Rcode::NoError),
        ("formerr", Rcode::FormErr),
        ("servfail", Rcode::ServFail),
        ("nxdomain", Rcode::NxDomain),
        ("notimp", Rcode::NotImp),
        ("refused", Rcode::Refused),
    ];

    /// Its name.
    pub fn name(self) -> &'static str {
        Rcode::ALL.iter().find(|(_, rcode)| *rcode == self).map_or("", |(name, _)| name)
    }
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
        matches!(self.serves, Serves::Udp | Serves::Dns { .. })
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
    /// A mail server meets its clients with this line.
    Greeting(String),
    /// A name server's answers say this.
    Rcode(Rcode),
}
