//! `lb_kind`, `lvs_method`, `sorry_server_lvs_method`: how packets reach a server.
use vrrplab_engine::model::lvs::{Forwarding, Tunnel, TunnelChecksum};

use super::super::entry::{Entry, number, unknown_option, value_of};
use super::super::lexer::Word;
use crate::diagnostics::Report;

/// The method, or none where keepalived ignores the line.
pub(super) fn read(line: &Entry, report: &mut Report) -> Option<Forwarding> {
    let [first, rest @ ..] = line.arguments() else { return None };
    match first.value.as_str() {
        "TUN" => tunnel(rest, report).map(Forwarding::Tun),
        method @ ("NAT" | "DR") => {
            if let Some(word) = rest.first() {
                report.warning(word, format!("nothing follows `{method}`"), "not read").unnoticed();
            }
            Some(if method == "NAT" { Forwarding::Nat } else { Forwarding::Dr })
        }
        other => {
            let found = report.error(first, format!("there is no method `{other}`"), "NAT, DR or TUN").survived();
            if let Some(near) = ["NAT", "DR", "TUN"].into_iter().find(|m| m.eq_ignore_ascii_case(other)) {
                found.help(format!("case matters: write `{near}`"));
            }
            None
        }
    }
}

/// `[type ipip|gue|gre] [port N] [nocsum|csum|remcsum]`
fn tunnel(words: &[Word], report: &mut Report) -> Option<Tunnel> {
    let (mut kind, mut port, mut checksum) = ("ipip", None, None);
    let mut rest = words.iter();
    while let Some(option) = rest.next() {
        match option.value.as_str() {
            "type" => {
                let word = value_of(option, rest.next(), report)?;
                kind = match word.value.as_str() {
                    "ipip" => "ipip",
                    "gue" => "gue",
                    "gre" => "gre",
                    other => {
                        let title = format!("there is no tunnel type `{other}`");
                        report.error(word, title, "ipip, gue or gre").survived();
                        return None;
                    }
                };
            }
            "port" => {
                let word = value_of(option, rest.next(), report)?;
                let value = number(word, (1, 65_535), "a port, 1 to 65535", report)?;
                port = Some(word.with(u16::try_from(value.value).ok()?));
            }
            "nocsum" => checksum = Some(option.with(TunnelChecksum::None)),
            "csum" => checksum = Some(option.with(TunnelChecksum::Csum)),
            "remcsum" => checksum = Some(option.with(TunnelChecksum::RemCsum)),
            _ => {
                unknown_option(option, "a tunnel", "`type`, `port`, `nocsum`, `csum` or `remcsum`", report);
                return None;
            }
        }
    }
    let sum = checksum.as_ref().map_or(TunnelChecksum::None, |sum| sum.value);
    let mut refuse = |why: &str| {
        let title = format!("{kind} tunnels {why}, the line is ignored");
        if let Some(first) = words.first() {
            report.error(first, title, "in this line").survived();
        }
        None
    };
    match (kind, port, sum) {
        ("gue", Some(port), sum) => Some(Tunnel::Gue(port.value, sum)),
        ("gue", None, _) => refuse("need a port"),
        (_, Some(_), _) => refuse("have no port"),
        ("gre", _, TunnelChecksum::RemCsum) => refuse("have no remote checksum"),
        ("gre", _, sum) => Some(Tunnel::Gre(sum)),
        (_, _, TunnelChecksum::None) => Some(Tunnel::Ipip),
        _ => refuse("have no checksum"),
    }
}
