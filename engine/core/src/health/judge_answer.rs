//! What an answer is worth: the page, the greeting, the packet or the exit status is what the configuration asks for, or not.
use alloc::vec::Vec;

use super::pattern;
use crate::io::Exit;
use crate::model::health::{CheckKind, HttpCheck, MiscCheck, UdpReply, UrlCheck};

/// What came back from a probe.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// The connection was made (`TCP_CHECK`), or the echo came back (`PING_CHECK`).
    Reached,
    /// Nobody listens: RST or ICMP, with the kernel's number of the error.
    Refused(i32),
    /// Nothing came in time.
    TimedOut,
    /// The connection was made, but then nothing came in time (`SMTP_CHECK`).
    Stalled,
    /// All that the web server sent until it closed.
    Page(Vec<u8>),
    /// The lines of the mail server, one for each step, until it stopped.
    Lines(Vec<Vec<u8>>),
    /// A datagram.
    Datagram(Vec<u8>),
    /// The program has ended.
    Exited(Exit),
    /// Nobody was asked: this host had no socket for it, as when it has too many or not the address of `bindto`.
    NotAsked,
}

/// Why an answer is not good.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Why {
    /// Nobody listens.
    Refused(i32),
    /// Nothing came in time.
    TimedOut,
    /// After the connection nothing came in time.
    Stalled,
    /// The server closed without a word, or said what nobody can read.
    Nothing,
    /// The status of the page.
    Status(u16),
    /// The digest of the page.
    Digest,
    /// The code of the name server.
    Code(u8),
    /// The mail server did not get beyond this step.
    Step(usize),
    /// The reply is too short, too long or another one.
    Reply,
    /// The program ended otherwise.
    Exited(Exit),
    /// The number in the file.
    File(i32),
    /// The BFD session is down.
    Session,
    /// The expression for the page, which it does not match, or must not.
    Pattern,
}

/// The judgement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Judgement {
    /// As it should be.
    Good,
    /// As it should be, and the server is to have this weight.
    Weighs(u32),
    /// Not as it should be.
    Bad(Why),
    /// Not an answer to this probe: go on waiting.
    Ignored,
    /// As it should be as far as can be told: the page must match an expression that only PCRE2 can read.
    Unjudged,
}

/// What the judge must know beside the configuration.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Asked {
    /// The page that was asked for.
    pub page: usize,
    /// The number of the DNS question.
    pub id: u16,
}

/// Judges an answer.
pub fn judge(kind: &CheckKind, asked: Asked, answer: &Answer, digest: impl Fn(&[u8]) -> [u8; 16]) -> Judgement {
    match (kind, answer) {
        (CheckKind::Udp(check), Answer::TimedOut) if check.reply.is_none() => Judgement::Good,
        (_, Answer::Refused(errno)) => Judgement::Bad(Why::Refused(*errno)),
        (_, Answer::TimedOut) => Judgement::Bad(Why::TimedOut),
        (_, Answer::Stalled) => Judgement::Bad(Why::Stalled),
        (CheckKind::Tcp | CheckKind::Ping, Answer::Reached) => Judgement::Good,
        (CheckKind::Http(check), Answer::Page(bytes)) => http(check, asked.page, bytes, digest),
        (CheckKind::Smtp(_), Answer::Lines(lines)) => smtp(lines),
        (CheckKind::Dns(_), Answer::Datagram(bytes)) => dns(asked.id, bytes),
        (CheckKind::Udp(check), Answer::Datagram(bytes)) => match &check.reply {
            None => Judgement::Good,
            Some(reply) => udp(reply, bytes),
        },
        (CheckKind::Misc(check), Answer::Exited(exit)) => misc(check, *exit),
        _ => Judgement::Bad(Why::Nothing),
    }
}

fn http(check: &HttpCheck, page: usize, bytes: &[u8], digest: impl Fn(&[u8]) -> [u8; 16]) -> Judgement {
    let Some(url) = check.urls.get(page) else { return Judgement::Good };
    let Some(status) = status_of(bytes) else { return Judgement::Bad(Why::Nothing) };
    if !status_is_good(url, status) {
        return Judgement::Bad(Why::Status(status));
    }
    let body = body_of(bytes);
    if url.digest.as_ref().is_some_and(|wanted| !is_digest(wanted, digest(body))) {
        return Judgement::Bad(Why::Digest);
    }
    match url.regex.as_ref().map(|regex| pattern::fits(regex, body)) {
        None | Some(Some(true)) => Judgement::Good,
        Some(Some(false)) => Judgement::Bad(Why::Pattern),
        Some(None) => Judgement::Unjudged,
    }
}

/// The status code of a page: the second word of its first line.
fn status_of(bytes: &[u8]) -> Option<u16> {
    let line = bytes.split(|byte| matches!(byte, b'\r' | b'\n')).next()?;
    let words = core::str::from_utf8(line).ok()?;
    words.starts_with("HTTP/").then(|| words.split(' ').nth(1)?.parse().ok())?
}

fn status_is_good(url: &UrlCheck, status: u16) -> bool {
    let within = |(low, high): &(u16, u16)| (*low..=*high).contains(&status);
    if url.status.is_empty() { within(&(200, 299)) } else { url.status.iter().any(within) }
}

/// What comes after the first empty line.
fn body_of(bytes: &[u8]) -> &[u8] {
    bytes.windows(4).position(|window| window == b"\r\n\r\n").map_or(&[], |at| &bytes[at + 4..])
}

fn is_digest(wanted: &str, found: [u8; 16]) -> bool {
    let digit = |nibble: u8| char::from_digit(u32::from(nibble), 16).unwrap_or('0');
    let shown = found.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]);
    shown.eq(wanted.chars().map(|c| c.to_ascii_lowercase()))
}

/// How the lines of the mail server must begin, step by step; the last may be anything.
const STEPS: [&[u8]; 3] = [b"220", b"250", b""];

/// Whether the mail server's line is the one that this step waits for. The next step may be taken then.
pub fn smtp_line(step: usize, line: &[u8]) -> bool {
    STEPS.get(step).is_some_and(|begin| line.starts_with(begin))
}

fn smtp(lines: &[Vec<u8>]) -> Judgement {
    let fits = |step: &usize| lines.get(*step).is_some_and(|line| smtp_line(*step, line));
    match (0..STEPS.len()).find(|step| !fits(step)) {
        None => Judgement::Good,
        Some(step) => Judgement::Bad(Why::Step(step)),
    }
}

fn dns(id: u16, bytes: &[u8]) -> Judgement {
    let Some(&[high, low, flags, code, ..]) = bytes.get(..12) else { return Judgement::Bad(Why::Nothing) };
    if u16::from_be_bytes([high, low]) != id {
        return Judgement::Ignored;
    }
    match code & 0x0f {
        _ if flags & 0x80 == 0 => Judgement::Bad(Why::Nothing),
        0 => Judgement::Good,
        code => Judgement::Bad(Why::Code(code)),
    }
}

fn udp(reply: &UdpReply, bytes: &[u8]) -> Judgement {
    let long_enough = bytes.len() >= usize::from(reply.min_length).max(reply.pattern.len());
    let equal = reply.pattern.iter().zip(bytes).all(|((value, mask), byte)| byte & mask == value & mask);
    let good = long_enough && bytes.len() <= usize::from(reply.max_length) && equal;
    if good { Judgement::Good } else { Judgement::Bad(Why::Reply) }
}

fn misc(check: &MiscCheck, exit: Exit) -> Judgement {
    match exit {
        Exit::Status(0) => Judgement::Good,
        Exit::Status(status @ 2..=255) if check.dynamic => Judgement::Weighs(status.unsigned_abs() - 2),
        _ => Judgement::Bad(Why::Exited(exit)),
    }
}
