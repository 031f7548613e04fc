//! The client's end of the control socket: one line there, one or many back.
use std::io::{self, BufRead, BufReader, Read, Write};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::Duration;

use vrrplab_formats::control::{Answer, Request, Said, VERSION};

use super::super::output::{Exit, say, tell};
use super::text;

/// A daemon that says nothing for so long hangs.
const PATIENCE: Duration = Duration::from_secs(10);
/// No answer is longer than this: 500 instances need less than a hundredth.
const LONGEST_ANSWER: u64 = 64 << 20;

/// Asks, prints, and says how it went.
pub(super) fn ask(request: Request, socket: &Path, json: bool) -> io::Result<Exit> {
    let mut stream = match UnixStream::connect(socket) {
        Ok(stream) => stream,
        Err(why) => {
            tell(&nobody(socket, &why));
            return Ok(Exit::BadInput);
        }
    };
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    // a daemon that has no room answers without having read
    let asked = stream.write_all(format!("{}\n", request.line()).as_bytes());
    let mut lines = BufReader::new(stream);
    let mut exit = Exit::Held;
    for first in std::iter::once(true).chain(std::iter::repeat(false)) {
        let mut line = String::new();
        match (&mut lines).take(LONGEST_ANSWER).read_line(&mut line) {
            Ok(0) if first => return Err(asked.err().unwrap_or_else(|| unexpected(socket, "says nothing"))),
            Ok(0) => break,
            Ok(_) => {}
            Err(why) if why.kind() == io::ErrorKind::WouldBlock => return Err(unexpected(socket, "does not answer")),
            Err(why) => return Err(why),
        }
        exit = exit.worse(print(&line, json, socket)?);
        if request != Request::Trace || exit != Exit::Held {
            break;
        }
        lines.get_ref().set_read_timeout(None)?;
    }
    Ok(exit)
}

fn print(line: &str, json: bool, socket: &Path) -> io::Result<Exit> {
    let answer: Answer = match serde_json::from_str(line) {
        Ok(answer) => answer,
        Err(_) => return Err(unexpected(socket, "does not speak as vrrplabd does")),
    };
    if answer.vrrplab != VERSION {
        return Err(unexpected(socket, &format!("speaks version {}, this is {VERSION}", answer.vrrplab)));
    }
    if json {
        say(line)?;
    }
    match &answer.said {
        Said::Error(refused) => {
            tell(&format!("error: {}\n", refused.message));
            return Ok(Exit::Failed);
        }
        _ if json => {}
        said => {
            let words = text::of(said);
            if !words.is_empty() {
                say(&words)?;
            }
        }
    }
    Ok(Exit::Held)
}

fn unexpected(socket: &Path, what: &str) -> io::Error {
    io::Error::other(format!("{}: who listens there {what}", socket.display()))
}

/// Why there is no connection, and what may help.
fn nobody(socket: &Path, why: &io::Error) -> String {
    let help = match why.kind() {
        io::ErrorKind::NotFound => {
            "is vrrplabd running? Its --control names the socket, --socket here must be the same"
        }
        io::ErrorKind::ConnectionRefused => "the daemon that made it has ended without a farewell",
        io::ErrorKind::PermissionDenied => "only root and the group of the socket may ask",
        _ => "is this the socket of a vrrplabd?",
    };
    format!("error: {}: {why}\n  help: {help}\n", socket.display())
}
