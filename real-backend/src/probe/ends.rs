//! The sockets of probes: from where, over which interface, with which mark, to whom.
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV6};

use nix::net::if_::if_nametoindex;
use nix::sys::socket::{setsockopt, sockopt};
use socket2::{Domain, Protocol, Socket, Type};
use vrrplab_engine::health::Answer;
use vrrplab_engine::model::health::Connection;

/// Stands for an error without a number: ECONNRESET.
const RESET: i32 = 104;

/// A socket with its own end as the configuration wants it. An error here says nothing of the server.
pub(super) fn socket(connection: &Connection, kind: Type, protocol: Protocol) -> io::Result<Socket> {
    let socket = Socket::new(Domain::for_address(target(connection)), kind, Some(protocol))?;
    socket.set_nonblocking(true)?;
    if let Some(name) = &connection.interface {
        socket.bind_device(Some(name.as_bytes()))?;
    }
    if connection.mark != 0 {
        socket.set_mark(connection.mark)?;
    }
    if connection.from.is_some() || connection.from_port != 0 {
        socket.set_reuse_address(true)?; // a named port rests in TIME-WAIT when the next attempt needs it
        let any = match connection.to.ip {
            IpAddr::V4(_) => IpAddr::V4(Ipv4Addr::UNSPECIFIED),
            IpAddr::V6(_) => IpAddr::V6(Ipv6Addr::UNSPECIFIED),
        };
        let from = address(connection.from.unwrap_or(any), connection.from_port, connection);
        socket.bind(&from.into())?;
    }
    Ok(socket)
}

/// A socket that only its target may answer, and that hears of every ICMP error about it.
pub(super) fn datagrams(connection: &Connection, kind: Type, protocol: Protocol) -> Result<Socket, Answer> {
    let socket = socket(connection, kind, protocol).map_err(|why| not_asked(&why))?;
    let heard = match connection.to.ip {
        IpAddr::V4(_) => setsockopt(&socket, sockopt::Ipv4RecvErr, &true),
        IpAddr::V6(_) => setsockopt(&socket, sockopt::Ipv6RecvErr, &true),
    };
    heard.map_err(|why| not_asked(&why.into()))?;
    socket.connect(&target(connection).into()).map_err(|why| refused(&why))?;
    Ok(socket)
}

/// Whom to ask.
pub(super) fn target(connection: &Connection) -> SocketAddr {
    address(connection.to.ip, connection.to.port, connection)
}

/// Addresses of one link need its interface.
fn address(ip: IpAddr, port: u16, connection: &Connection) -> SocketAddr {
    match ip {
        IpAddr::V6(ip) if ip.is_unicast_link_local() => {
            let index = connection.interface.as_deref().and_then(|name| if_nametoindex(name).ok());
            SocketAddr::V6(SocketAddrV6::new(ip, port, 0, index.unwrap_or(0)))
        }
        ip => SocketAddr::new(ip, port),
    }
}

/// This host has no socket for the attempt.
pub(super) fn not_asked(why: &io::Error) -> Answer {
    tracing::warn!(%why, "a server cannot be checked: it stays what it was");
    Answer::NotAsked
}

/// The network or the server does not want.
pub(super) fn refused(why: &io::Error) -> Answer {
    Answer::Refused(why.raw_os_error().unwrap_or(RESET))
}
