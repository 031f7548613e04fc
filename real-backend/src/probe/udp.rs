//! A question in one datagram: what comes back, or the network's word that nobody listens.
use tokio::time::timeout_at;
use vrrplab_engine::health::Answer;
use vrrplab_engine::model::health::Connection;

use super::pace::Pace;
use super::{Datagrams, Sockets, Speaker, ends};

/// No datagram is longer.
const LONGEST: usize = 65_535;

/// Asks, mentions every datagram that comes, and ends with an error or with the time.
pub(super) async fn ask<S: Sockets>(
    sockets: &S,
    connection: &Connection,
    payload: &[u8],
    pace: &Pace,
    speaker: &Speaker,
) -> Result<Answer, Answer> {
    let deadline = pace.deadline();
    let socket = sockets.datagrams(connection).await?;
    socket.send(payload).await.map_err(|why| ends::refused(&why))?;
    let mut room = vec![0; LONGEST];
    loop {
        match timeout_at(deadline, socket.receive(&mut room)).await {
            Err(_) => return Ok(Answer::TimedOut),
            Ok(Err(why)) => return Err(ends::refused(&why)),
            Ok(Ok(count)) => speaker.mention(Answer::Datagram(room[..count].to_vec())).await,
        }
    }
}
