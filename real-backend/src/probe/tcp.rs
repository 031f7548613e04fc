//! A TCP connection to a server.
use socket2::{Protocol, Type};
use tokio::net::{TcpSocket, TcpStream};
use vrrplab_engine::health::Answer;
use vrrplab_engine::model::health::Connection;

use super::ends;
use super::pace::Pace;

/// Makes the connection, or says what came instead.
pub(super) async fn connect(connection: &Connection, pace: &Pace) -> Result<TcpStream, Answer> {
    let socket = ends::socket(connection, Type::STREAM, Protocol::TCP).map_err(|why| ends::not_asked(&why))?;
    let socket = TcpSocket::from_std_stream(socket.into());
    let made = pace.step(socket.connect(ends::target(connection))).await?;
    made.map_err(|why| ends::refused(&why))
}
