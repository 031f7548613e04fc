//! What came out of an engine, in words that tell all of it: two outputs are the same exactly when their words are.
mod checked;

use vrrplab_engine::model::command::{Program, RunAs};
use vrrplab_engine::{EffectKind, Exit, Letter, LinkChange, News, Notice, Output, Trace, TraceKind};

use super::hex::hex;
pub use checked::checked_words;

/// An output in words: what, the rule, and all the rest.
pub fn words(output: &Output) -> String {
    match output {
        Output::Effect(effect) => format!("{} {}", effect.rule.id(), deed(&effect.kind)),
        Output::Trace(trace) => reason(trace),
    }
}

fn deed(kind: &EffectKind) -> String {
    match kind {
        EffectKind::SendFrame { iface, bytes } => format!("sends {} frame {}", iface.0, hex(bytes)),
        EffectKind::SendPacket { iface, bytes } => format!("sends {} packet {}", iface.0, hex(bytes)),
        EffectKind::ChangeAddress { iface, addr, add } => {
            let verb = if *add { "sets" } else { "removes" };
            format!("{verb} {} {}/{}", iface.0, addr.ip, addr.prefix)
        }
        EffectKind::ChangeLink(change) => {
            let LinkChange { name, base, mac, add } = &**change;
            format!("{} {name:?} above {} with {mac}", if *add { "makes" } else { "unmakes" }, base.0)
        }
        EffectKind::FilterAddress { ip, drop } => format!("{} {ip}", if *drop { "drops" } else { "passes" }),
        EffectKind::PromoteSecondaries { iface } => format!("promotes {}", iface.0),
        EffectKind::RunScript { job, program } => format!("runs {} {}", job.0, command(program)),
        EffectKind::Cancel { job, force } => format!("{} {}", if *force { "kills" } else { "ends" }, job.0),
        EffectKind::Notify(notice) => match &**notice {
            Notice::Script { program, arguments } => format!("notifies {} {arguments:?}", command(program)),
            Notice::Line { fifo, line } => format!("tells {fifo:?} {line:?}"),
            Notice::Mail(letter) => mail(letter),
        },
        EffectKind::WriteFile { path, value } => format!("writes {path:?} {value}"),
        EffectKind::ChangeRoute { route, add } => {
            format!("{} route {:?}", if *add { "sets" } else { "removes" }, route.words)
        }
        EffectKind::ChangeRule { policy, add } => {
            format!("{} rule {:?}", if *add { "sets" } else { "removes" }, policy.words)
        }
    }
}

fn mail(letter: &Letter) -> String {
    format!("mails {:?} {:?}", letter.subject, letter.body)
}

fn command(program: &Program) -> String {
    let as_whom = match &program.user {
        None => String::new(),
        Some(RunAs { user, group }) => format!(" as {user:?} {group:?}"),
    };
    format!("{:?}{as_whom}", program.words)
}

fn reason(trace: &Trace) -> String {
    let of = trace.instance.map_or_else(|| "-".to_owned(), |position| position.to_string());
    let what = match &trace.kind {
        TraceKind::Transition { from, to } => format!("{} -> {}", from.name(), to.name()),
        TraceKind::Heard { from, priority, state } => format!("hears {from} {priority} as {}", state.name()),
        TraceKind::Refused { from } => format!("refuses {from}"),
        TraceKind::Priority { from, to } => format!("priority {from} -> {to}"),
        TraceKind::Interval { from, to } => format!("interval {} -> {}", from.0, to.0),
        TraceKind::Tracked { name, news } => format!("tracks {name:?} {}", found(*news)),
        TraceKind::Armed { until } => format!("until {}", until.0),
    };
    format!("{} {of} {what}", trace.rule.id())
}

fn found(news: News) -> String {
    match news {
        News::Succeeded => "succeeded".into(),
        News::Failed(Exit::Status(status)) => format!("failed with {status}"),
        News::Failed(Exit::Signal(signal)) => format!("failed by signal {signal}"),
        News::TimedOut => "timed out".into(),
        News::NowReturning(status) => format!("returns {status}"),
        News::StillRunning => "still runs".into(),
        News::Considered { good } => format!("counts as {}", if good { "good" } else { "bad" }),
        News::Says(value) => format!("says {value}"),
        News::Quorum(enough) => format!("runs {}", if enough { "enough" } else { "not enough" }),
        News::Session(up) => format!("session {}", if up { "up" } else { "down" }),
        News::Link(up) => format!("link {}", if up { "up" } else { "down" }),
    }
}
