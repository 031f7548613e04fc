//! The talk with a mail server: a line from it, a line to it, as long as its lines are good.
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use vrrplab_engine::health::Answer;
use vrrplab_engine::health::judge_answer::smtp_line;

use super::pace::Pace;

/// A line that has not ended by then counts as it is.
const LONGEST: usize = 512;

/// Leads the talk and returns the server's lines.
pub async fn dialogue<S: AsyncRead + AsyncWrite + Unpin>(stream: &mut S, says: &[Vec<u8>], pace: &Pace) -> Answer {
    let mut lines = Vec::new();
    let mut says = says.iter();
    loop {
        let line = match line(stream, pace).await {
            Ok(Some(line)) => line,
            Ok(None) => return Answer::Lines(lines),
            Err(_) => return Answer::Stalled,
        };
        let good = smtp_line(lines.len(), &line);
        lines.push(line);
        let Some(next) = says.next().filter(|_| good) else { return Answer::Lines(lines) };
        match pace.step(stream.write_all(next)).await {
            Ok(Ok(())) => {}
            Ok(Err(_)) => return Answer::Lines(lines),
            Err(_) => return Answer::Stalled,
        }
    }
}

/// The next line, without its end; what came together with it is thrown away. None once the server has closed.
async fn line<S: AsyncRead + Unpin>(stream: &mut S, pace: &Pace) -> Result<Option<Vec<u8>>, Answer> {
    let mut heard = Vec::new();
    let mut part = [0; LONGEST];
    loop {
        let count = match pace.step(stream.read(&mut part)).await? {
            Ok(0) | Err(_) => return Ok(None),
            Ok(count) => count,
        };
        heard.extend_from_slice(&part[..count]);
        if let Some(end) = heard.iter().position(|byte| *byte == b'\n') {
            heard.truncate(end);
            return Ok(Some(heard));
        }
        if heard.len() >= LONGEST {
            return Ok(Some(heard));
        }
    }
}
