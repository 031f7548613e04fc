//! Where probes have their sockets from: the kernel, or a simulated network. What is said over them is the same.
use std::io;

use socket2::{Protocol, Type};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpStream, UdpSocket};
use vrrplab_engine::health::Answer;
use vrrplab_engine::model::health::Connection;

use super::pace::Pace;
use super::{ends, ping, tcp};

/// A source of sockets.
pub trait Sockets: Clone + Send + Sync + 'static {
    /// A TCP connection.
    type Stream: AsyncRead + AsyncWrite + Unpin + Send;
    /// A socket for datagrams.
    type Datagrams: Datagrams;

    /// Makes a connection, or says what came instead.
    fn connect(
        &self,
        connection: &Connection,
        pace: &Pace,
    ) -> impl Future<Output = Result<Self::Stream, Answer>> + Send;

    /// A socket that only its target may answer.
    fn datagrams(&self, connection: &Connection) -> impl Future<Output = Result<Self::Datagrams, Answer>> + Send;

    /// Asks for an echo of this number and waits for it.
    fn echo(
        &self,
        connection: &Connection,
        number: u64,
        pace: &Pace,
    ) -> impl Future<Output = Result<Answer, Answer>> + Send;
}

/// A socket that is connected to its target.
pub trait Datagrams: Send + Sync {
    /// Sends one.
    fn send(&self, payload: &[u8]) -> impl Future<Output = io::Result<usize>> + Send;
    /// Waits for one; its length.
    fn receive(&self, room: &mut [u8]) -> impl Future<Output = io::Result<usize>> + Send;
}

/// The sockets of this host.
#[derive(Clone, Copy, Debug)]
pub struct OfKernel;

impl Sockets for OfKernel {
    type Stream = TcpStream;
    type Datagrams = UdpSocket;

    async fn connect(&self, connection: &Connection, pace: &Pace) -> Result<TcpStream, Answer> {
        tcp::connect(connection, pace).await
    }

    async fn datagrams(&self, connection: &Connection) -> Result<UdpSocket, Answer> {
        let socket = ends::datagrams(connection, Type::DGRAM, Protocol::UDP)?;
        UdpSocket::from_std(socket.into()).map_err(|why| ends::not_asked(&why))
    }

    async fn echo(&self, connection: &Connection, number: u64, pace: &Pace) -> Result<Answer, Answer> {
        ping::echo(connection, number, pace).await
    }
}

impl Datagrams for UdpSocket {
    async fn send(&self, payload: &[u8]) -> io::Result<usize> {
        UdpSocket::send(self, payload).await
    }

    async fn receive(&self, room: &mut [u8]) -> io::Result<usize> {
        self.recv(room).await
    }
}
