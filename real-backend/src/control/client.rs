//! One client of the control socket: a line, an answer, a line, an answer; or a trace until it has had enough.
use std::io;

use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, BufReader};
use tokio::sync::{mpsc, oneshot};
use tokio::time::timeout;
use vrrplab_formats::control::{Answer, Code, LONGEST_REQUEST, Request, Said, Told};

use super::{Ask, MOST_UNREAD, PATIENCE};

/// What a client has said.
enum Line {
    Words(Vec<u8>),
    TooLong,
    TooSlow,
    End,
}

/// Talks with a client until it goes, or is sent away.
pub(super) async fn talk<S: AsyncRead + AsyncWrite>(stream: S, asks: mpsc::Sender<Ask>) -> io::Result<()> {
    let (reader, mut writer) = tokio::io::split(stream);
    let mut reader = BufReader::with_capacity(LONGEST_REQUEST, reader);
    loop {
        let request = match listen(&mut reader).await? {
            Line::Words(line) => Request::read(&line),
            Line::TooLong => {
                let message = format!("a request has at most {LONGEST_REQUEST} bytes");
                return say(&mut writer, &Answer::refused(Code::TooLong, message)).await;
            }
            Line::TooSlow => {
                let message = format!("nothing was asked for {} s", PATIENCE.as_secs());
                return say(&mut writer, &Answer::refused(Code::TooSlow, message)).await;
            }
            Line::End => return Ok(()),
        };
        let answer = match request {
            Ok(Request::Trace) => return follow(&mut reader, &mut writer, &asks).await,
            Ok(request) => answer(&asks, |back| Ask::Request(request, back)).await?,
            Err(refused) => Answer::new(Said::Error(refused)),
        };
        say(&mut writer, &answer).await?;
    }
}

/// The next line; a last one may lack its end.
async fn listen(reader: &mut (impl AsyncBufReadExt + Unpin)) -> io::Result<Line> {
    let mut line = Vec::new();
    let mut limited = reader.take(LONGEST_REQUEST as u64);
    match timeout(PATIENCE, limited.read_until(b'\n', &mut line)).await {
        Err(_) => Ok(Line::TooSlow),
        Ok(read) => {
            read?;
            Ok(match line.last() {
                None => Line::End,
                Some(b'\n') => Line::Words(line),
                Some(_) if line.len() >= LONGEST_REQUEST => Line::TooLong,
                Some(_) => Line::Words(line),
            })
        }
    }
}

/// Asks the daemon.
async fn answer(asks: &mpsc::Sender<Ask>, ask: impl FnOnce(oneshot::Sender<Answer>) -> Ask) -> io::Result<Answer> {
    let (back, answer) = oneshot::channel();
    let gone = || io::Error::other("the daemon ends");
    asks.send(ask(back)).await.map_err(|_| gone())?;
    answer.await.map_err(|_| gone())
}

async fn say(writer: &mut (impl AsyncWrite + Unpin), answer: &Answer) -> io::Result<()> {
    let line = answer.line();
    let written = timeout(PATIENCE, async {
        writer.write_all(line.as_bytes()).await?;
        writer.flush().await
    });
    written.await.unwrap_or_else(|_| Err(io::Error::new(io::ErrorKind::TimedOut, "it does not read")))
}

/// Tells decisions until the client goes, says anything, or reads too slowly.
async fn follow(
    reader: &mut (impl AsyncRead + Unpin),
    writer: &mut (impl AsyncWrite + Unpin),
    asks: &mpsc::Sender<Ask>,
) -> io::Result<()> {
    let (told, mut news) = mpsc::channel::<Told>(MOST_UNREAD);
    let first = answer(asks, |back| Ask::Follow(told, back)).await?;
    say(writer, &first).await?;
    let mut anything = [0; 1];
    loop {
        tokio::select! {
            biased;
            _ = reader.read(&mut anything) => return Ok(()),
            told = news.recv() => match told {
                Some(told) => say(writer, &Answer::new(Said::Trace(told))).await?,
                None => return Ok(()),
            },
        }
    }
}
