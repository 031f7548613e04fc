//! What came out of checkers, in words that tell all of it.
use vrrplab_engine::health::{Ask, EffectKind, Output, Probe};
use vrrplab_engine::lvs::IpvsCommand;
use vrrplab_engine::model::health::Connection;

use super::{command, mail};
use crate::flight::hex::hex;

/// An output of checkers in words. Settings and reasons are told as their types show them.
pub fn checked_words(output: &Output) -> String {
    match output {
        Output::Effect(effect) => format!("{} {}", effect.rule.id(), deed(&effect.kind)),
        Output::Trace(trace) => {
            format!("{} {:?} {:?} {:?}", trace.rule.id(), trace.service, trace.server, trace.news)
        }
    }
}

fn deed(kind: &EffectKind) -> String {
    match kind {
        EffectKind::StartProbe { job, probe } => format!("asks {} {}", job.0, question(probe)),
        EffectKind::Cancel { job, force, answer } => {
            let answer = if *answer { ", answer wanted" } else { "" };
            format!("{} {}{answer}", if *force { "kills" } else { "ends" }, job.0)
        }
        EffectKind::ProgramIpvs(command) => table(command),
        EffectKind::RunScript(program) => format!("notifies {}", command(program)),
        EffectKind::WriteLine { fifo, line } => format!("tells {fifo:?} {line:?}"),
        EffectKind::Mail(letter) => mail(letter),
    }
}

fn question(probe: &Probe) -> String {
    let ask = match &probe.ask {
        Ask::Connect => "connect".to_owned(),
        Ask::Page { tls: None, request } => format!("page {}", hex(request)),
        Ask::Page { tls: Some(name), request } => format!("tls {name:?} page {}", hex(request)),
        Ask::Dialogue(lines) => {
            format!("dialogue {}", lines.iter().map(|line| hex(line)).collect::<Vec<_>>().join(" "))
        }
        Ask::Datagram(bytes) => format!("datagram {}", hex(bytes)),
        Ask::Echo => "echo".to_owned(),
        Ask::Run(program) => format!("run {}", command(program)),
    };
    match &probe.connection {
        None => ask,
        Some(Connection { to, from, from_port, interface, mark, timeout }) => format!(
            "{ask} to {} {} from {from:?} {from_port} {interface:?} mark {mark} within {}",
            to.ip, to.port, timeout.0
        ),
    }
}

fn table(command: &IpvsCommand) -> String {
    match command {
        IpvsCommand::AddService(key, config) => format!("adds {key:?} {config:?}"),
        IpvsCommand::EditService(key, config) => format!("edits {key:?} {config:?}"),
        IpvsCommand::DeleteService(key) => format!("deletes {key:?}"),
        IpvsCommand::AddDest(key, at, config) => format!("adds {} {} to {key:?} {config:?}", at.ip, at.port),
        IpvsCommand::EditDest(key, at, config) => format!("edits {} {} of {key:?} {config:?}", at.ip, at.port),
        IpvsCommand::DeleteDest(key, at) => format!("deletes {} {} of {key:?}", at.ip, at.port),
        IpvsCommand::Flush => "flushes".to_owned(),
    }
}
