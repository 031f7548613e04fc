//! What checkers were told, as it is written down: some of the words of [`Happened`].
use serde::{Deserialize, Serialize};
use vrrplab_engine::health::{Answer, Input};
use vrrplab_engine::model::NodeModel;
use vrrplab_engine::{Exit, Job};

use super::hex::hex;
use super::{Configuration, Happened};

/// What came back from a probe.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reply {
    /// A connection, or an echo.
    Reached,
    /// Nobody listens.
    Refused(i32),
    /// Nothing in time.
    TimedOut,
    /// A connection, and then nothing.
    Stalled,
    /// A page.
    Page(#[serde(with = "super::hex")] Vec<u8>),
    /// The lines of a mail server, as hexadecimal digits.
    Lines(Vec<String>),
    /// A datagram.
    Datagram(#[serde(with = "super::hex")] Vec<u8>),
    /// A program has exited.
    Exited(i32),
    /// A program was ended by this signal.
    Killed(i32),
    /// Nobody was asked.
    NotAsked,
}

impl From<&Answer> for Reply {
    fn from(answer: &Answer) -> Reply {
        match answer {
            Answer::Reached => Reply::Reached,
            Answer::Refused(errno) => Reply::Refused(*errno),
            Answer::TimedOut => Reply::TimedOut,
            Answer::Stalled => Reply::Stalled,
            Answer::Page(bytes) => Reply::Page(bytes.clone()),
            Answer::Lines(lines) => Reply::Lines(lines.iter().map(|line| hex(line)).collect()),
            Answer::Datagram(bytes) => Reply::Datagram(bytes.clone()),
            Answer::Exited(Exit::Status(status)) => Reply::Exited(*status),
            Answer::Exited(Exit::Signal(signal)) => Reply::Killed(*signal),
            Answer::NotAsked => Reply::NotAsked,
        }
    }
}

impl Reply {
    /// The answer again; none if what should be bytes are none.
    fn answer(&self) -> Option<Answer> {
        Some(match self {
            Reply::Reached => Answer::Reached,
            Reply::Refused(errno) => Answer::Refused(*errno),
            Reply::TimedOut => Answer::TimedOut,
            Reply::Stalled => Answer::Stalled,
            Reply::Page(bytes) => Answer::Page(bytes.clone()),
            Reply::Lines(lines) => {
                Answer::Lines(lines.iter().map(|line| super::hex::bytes(line)).collect::<Option<_>>()?)
            }
            Reply::Datagram(bytes) => Answer::Datagram(bytes.clone()),
            Reply::Exited(status) => Answer::Exited(Exit::Status(*status)),
            Reply::Killed(signal) => Answer::Exited(Exit::Signal(*signal)),
            Reply::NotAsked => Answer::NotAsked,
        })
    }
}

impl Happened {
    /// An input of checkers in writing.
    pub fn of_checkers(input: &Input<'_>, configuration: Option<&Configuration>) -> Happened {
        match input {
            Input::Wake => Happened::Wake,
            Input::Start => Happened::Start,
            Input::Stop => Happened::Stop,
            Input::Reload(_) => Happened::Reload(Box::new(configuration.cloned().unwrap_or_default())),
            Input::Answered { job, answer } => Happened::Answered { job: job.0, answer: Reply::from(answer) },
            Input::Address { ip, here } => Happened::Here { ip: *ip, here: *here },
            Input::File { item, value } => Happened::Number { item: *item, value: *value },
            Input::Session { item, up } => Happened::Bfd { item: *item, up: *up },
            Input::Programmed { done } => Happened::Programmed { done: *done },
        }
    }

    /// The input of checkers again; none for what only VRRP is told, and for a reload without its `model`.
    pub fn input_of_checkers<'a>(&self, model: Option<&'a NodeModel>) -> Option<Input<'a>> {
        Some(match self {
            Happened::Wake => Input::Wake,
            Happened::Start => Input::Start,
            Happened::Stop => Input::Stop,
            Happened::Reload(_) => Input::Reload(model?),
            Happened::Answered { job, answer } => Input::Answered { job: Job(*job), answer: answer.answer()? },
            Happened::Here { ip, here } => Input::Address { ip: *ip, here: *here },
            Happened::Number { item, value } => Input::File { item: *item, value: *value },
            Happened::Bfd { item, up } => Input::Session { item: *item, up: *up },
            Happened::Programmed { done } => Input::Programmed { done: *done },
            _ => return None,
        })
    }
}
