//! An ICMP echo: by a datagram socket where the system lets us, by a raw socket otherwise.
use std::net::IpAddr;

use socket2::{Protocol, Type};
use tokio::net::UdpSocket;
use tokio::time::timeout_at;
use vrrplab_engine::health::Answer;
use vrrplab_engine::model::health::Connection;
use vrrplab_wire::icmp;

use super::ends;
use super::pace::Pace;

/// The longest reply with the longest IPv4 header before it.
const ROOM: usize = 128;
/// Follows the number in the data.
const MARK: &[u8; 8] = b"vrrplabd";

/// Asks for an echo and waits for it.
pub(super) async fn echo(connection: &Connection, number: u64, pace: &Pace) -> Result<Answer, Answer> {
    let deadline = pace.deadline();
    let (mut connection, v4) = (connection.clone(), connection.to.ip.is_ipv4());
    (connection.to.port, connection.from_port) = (0, 0);
    let protocol = if v4 { Protocol::ICMPV4 } else { Protocol::ICMPV6 };
    // `net.ipv4.ping_group_range` says who may have a datagram socket
    let raw = ends::socket(&connection, Type::DGRAM, protocol).is_err();
    let kind = if raw { Type::RAW } else { Type::DGRAM };
    let socket = ends::datagrams(&connection, kind, protocol)?;
    // tokio knows no sockets of this kind; it sends and receives on a descriptor, whatever is behind it
    let socket = UdpSocket::from_std(socket.into()).map_err(|why| ends::not_asked(&why))?;
    let asked = request(connection.to.ip, number);
    socket.send(&asked).await.map_err(|why| ends::refused(&why))?;
    let mut room = [0; ROOM];
    loop {
        match timeout_at(deadline, socket.recv(&mut room)).await {
            Err(_) => return Ok(Answer::TimedOut),
            Ok(Err(why)) => return Err(ends::refused(&why)),
            Ok(Ok(count)) if is_reply(&asked, &room[..count], raw) => return Ok(Answer::Reached),
            Ok(Ok(_)) => {}
        }
    }
}

/// The request. Datagram sockets get another identifier from the kernel, and all but IPv4's raw ones a checksum.
fn request(to: IpAddr, number: u64) -> Vec<u8> {
    let kind = if to.is_ipv4() { 8 } else { 128 };
    let [.., high, low] = number.to_be_bytes();
    let [.., id_high, id_low] = std::process::id().to_be_bytes();
    let mut bytes = vec![kind, 0, 0, 0, id_high, id_low, high, low];
    bytes.extend(number.to_be_bytes());
    bytes.extend(MARK);
    if to.is_ipv4() {
        icmp::finish(&mut bytes, 0);
    }
    bytes
}

/// Whether this is the echo of that request. A raw socket hears all ICMP of its target, for IPv4 with the IP header.
fn is_reply(asked: &[u8], heard: &[u8], raw: bool) -> bool {
    let header = match heard.first() {
        Some(first) if first >> 4 == 4 => usize::from(first & 15) * 4,
        _ => 0,
    };
    let Some(heard) = heard.get(header..).filter(|rest| rest.len() == asked.len()) else { return false };
    let wanted = if asked[0] == 8 { 0 } else { 129 };
    let same_id = !raw || heard[4..6] == asked[4..6];
    heard[0] == wanted && heard[1] == 0 && same_id && heard[6..] == asked[6..]
}
