//! A page of a web server, as keepalived asks for it: one request, then everything that comes until the server closes.
//!
//! An HTTP client would end with `Content-Length` and undo chunks, and so come to other verdicts and digests.
use std::io::ErrorKind;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use vrrplab_engine::health::Answer;

use super::ends::refused;
use super::pace::Pace;

/// A longer page is not read to its end.
pub const LONGEST: usize = 4 << 20;
/// Read at once.
const PART: usize = 16 << 10;

/// Sends the request and returns all that comes.
pub async fn fetch<S: AsyncRead + AsyncWrite + Unpin>(stream: &mut S, request: &[u8], pace: &Pace) -> Answer {
    talk(stream, request, pace).await.unwrap_or_else(|failure| failure)
}

async fn talk<S: AsyncRead + AsyncWrite + Unpin>(
    stream: &mut S,
    request: &[u8],
    pace: &Pace,
) -> Result<Answer, Answer> {
    let sent = pace.step(async {
        stream.write_all(request).await?;
        stream.flush().await
    });
    sent.await?.map_err(|why| refused(&why))?;
    let (mut page, mut part) = (Vec::new(), vec![0; PART]);
    while page.len() < LONGEST {
        match pace.step(stream.read(&mut part)).await? {
            Ok(0) => break,
            Ok(count) => page.extend_from_slice(&part[..count]),
            Err(why) if why.kind() == ErrorKind::UnexpectedEof => break, // TLS that ends without saying so
            Err(why) => return Err(refused(&why)),
        }
    }
    Ok(Answer::Page(page))
}
