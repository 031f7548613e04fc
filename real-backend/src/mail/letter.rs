//! A mail as it goes to the server: who gets it, from whom, and its lines.
use std::time::Duration;

use lettre::address::Envelope;
use lettre::message::header::{ContentTransferEncoding, HeaderName, HeaderValue};
use lettre::message::{Body, Mailbox};
use lettre::{Address, Message};
use nix::unistd::{Uid, User, gethostname};
use vrrplab_engine::model::globals;
use vrrplab_engine::{Letter, Span};

/// How long the mail server may take where `smtp_connect_timeout` is not given.
const PATIENCE: Span = Span::from_secs(30);

/// Text of printable ASCII goes out as it is, on one line, as long as that is: folded or encoded, a filter that looks for words
/// in keepalived's mails would miss them.
const LONGEST_LINE: usize = 900;

/// Who sends, where the configuration does not say it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sender {
    /// The user of this process.
    pub user: String,
    /// The name of this host.
    pub host: String,
}

impl Sender {
    /// This process on this host.
    pub fn of_host() -> Sender {
        let user = User::from_uid(Uid::effective()).ok().flatten().map_or_else(|| "vrrplabd".to_owned(), |u| u.name);
        let host = gethostname().ok().and_then(|name| name.into_string().ok()).filter(|name| !name.is_empty());
        Sender { user, host: host.unwrap_or_else(|| "localhost".to_owned()) }
    }

    /// An address; behind a name without `@` stands this host.
    fn mailbox(&self, written: &str) -> Result<Mailbox, String> {
        let parsed = match written.contains('@') {
            true => written.parse(),
            false => Address::new(written, &self.host).map(|address| Mailbox::new(None, address)),
        };
        parsed.map_err(|why| format!("`{written}` is no address: {why}"))
    }
}

/// One mail, ready to be delivered.
#[derive(Clone, Debug)]
pub struct Parcel {
    /// The rule that wants it.
    pub rule: &'static str,
    /// Its subject, for the log.
    pub subject: String,
    /// The mail server.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// How the daemon introduces itself.
    pub hello: String,
    /// How long each step may take.
    pub patience: Duration,
    /// Who gets it, from whom.
    pub envelope: Envelope,
    /// Headers and text.
    pub bytes: Vec<u8>,
}

impl Parcel {
    /// Makes a mail of a letter. Its date is now.
    pub fn new(
        rule: &'static str,
        settings: &globals::Mail,
        letter: &Letter,
        sender: &Sender,
    ) -> Result<Parcel, String> {
        let (host, port) = settings.server.clone().ok_or("no smtp_server is given")?;
        let from = match &settings.from {
            Some(from) => sender.mailbox(from)?,
            None => sender.mailbox(&sender.user)?,
        };
        let mut message = Message::builder().from(from).raw_header(subject(&letter.subject));
        for to in &settings.to {
            message = message.to(sender.mailbox(to)?);
        }
        let message = message.user_agent(concat!("vrrplabd/", env!("CARGO_PKG_VERSION")).to_owned());
        let message = message.body(text(format!("{}\r\n", letter.body))).map_err(|why| why.to_string())?;
        Ok(Parcel {
            rule,
            subject: letter.subject.clone(),
            host,
            port,
            hello: settings.helo.clone().unwrap_or_else(|| sender.host.clone()),
            patience: Duration::from_nanos(settings.timeout.unwrap_or(PATIENCE).0),
            envelope: message.envelope().clone(),
            bytes: message.formatted(),
        })
    }

    /// The mail server, for the log.
    pub fn server(&self) -> String {
        format!("[{}]:{}", self.host, self.port)
    }
}

fn is_plain(text: &str) -> bool {
    text.len() <= LONGEST_LINE && text.bytes().all(|byte| byte == b' ' || byte.is_ascii_graphic())
}

fn subject(words: &str) -> HeaderValue {
    let name = HeaderName::new_from_ascii_str("Subject");
    match is_plain(words) {
        true => HeaderValue::dangerous_new_pre_encoded(name, words.to_owned(), words.to_owned()),
        false => HeaderValue::new(name, words.to_owned()),
    }
}

fn text(lines: String) -> Body {
    match lines.lines().all(is_plain) {
        true => Body::dangerous_pre_encoded(lines.into_bytes(), ContentTransferEncoding::SevenBit),
        false => Body::new(lines),
    }
}
