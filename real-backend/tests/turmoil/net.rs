//! Sockets of the simulated network, for the daemon's probes and its operators.
use std::io;
use std::net::SocketAddr;

use turmoil::net::{TcpListener, TcpStream, UdpSocket};
use vrrplab_engine::health::Answer;
use vrrplab_engine::model::health::Connection;
use vrrplab_real::control::Listener;
use vrrplab_real::probe::pace::Pace;
use vrrplab_real::probe::{Datagrams, Sockets};

/// ECONNREFUSED, ECONNRESET.
const REFUSED: i32 = 111;
const RESET: i32 = 104;

/// The sockets of a simulated host. It has no ICMP.
#[derive(Clone, Copy, Debug)]
pub struct OfTurmoil;

fn failure(why: &io::Error) -> Answer {
    Answer::Refused(if why.kind() == io::ErrorKind::ConnectionRefused { REFUSED } else { RESET })
}

impl Sockets for OfTurmoil {
    type Stream = TcpStream;
    type Datagrams = ToOne;

    async fn connect(&self, connection: &Connection, pace: &Pace) -> Result<TcpStream, Answer> {
        let to = SocketAddr::new(connection.to.ip, connection.to.port);
        pace.step(TcpStream::connect(to)).await?.map_err(|why| failure(&why))
    }

    async fn datagrams(&self, connection: &Connection) -> Result<ToOne, Answer> {
        let to = SocketAddr::new(connection.to.ip, connection.to.port);
        let socket = UdpSocket::bind("0.0.0.0:0").await.map_err(|why| failure(&why))?;
        Ok(ToOne { socket, to })
    }

    async fn echo(&self, _: &Connection, _: u64, _: &Pace) -> Result<Answer, Answer> {
        Err(Answer::NotAsked)
    }
}

/// A socket for datagrams to and from one target.
pub struct ToOne {
    socket: UdpSocket,
    to: SocketAddr,
}

impl Datagrams for ToOne {
    async fn send(&self, payload: &[u8]) -> io::Result<usize> {
        self.socket.send_to(payload, self.to).await
    }

    async fn receive(&self, room: &mut [u8]) -> io::Result<usize> {
        loop {
            let (length, from) = self.socket.recv_from(room).await?;
            if from == self.to {
                return Ok(length);
            }
        }
    }
}

/// Where operators of a simulated host come in, in place of its unix socket.
pub struct Door(pub TcpListener);

impl Listener for Door {
    type Stream = TcpStream;

    async fn next(&self) -> io::Result<TcpStream> {
        Ok(self.0.accept().await?.0)
    }
}
