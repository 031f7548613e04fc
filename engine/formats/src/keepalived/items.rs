//! The lines inside blocks that hold lists: addresses, peers, tracked interfaces.
use std::net::IpAddr;

use super::lexer::Word;
use super::values::{address, integer};
use crate::builder::{PeerDraft, Spanned, TrackInterfaceDraft, VipDraft};
use crate::diagnostics::Report;

/// `ADDR[/len] [dev IF] [no_track] …`
pub(super) fn vip(line: &[Word], report: &mut Report) -> Option<VipDraft> {
    let first = line.first()?;
    let (ip_text, prefix_text) = match first.value.split_once('/') {
        Some((ip, prefix)) => (ip, Some(prefix)),
        None => (first.value.as_str(), None),
    };
    let Ok(ip) = ip_text.parse::<IpAddr>() else {
        let title = format!("`{}` is not an IP address", first.value);
        report.error(first, title, "an address, with or without /length");
        return None;
    };
    let middle = first.span.start + ip_text.len();
    let prefix = match prefix_text {
        None => None,
        Some(text) => {
            let start = (middle + 1).min(first.span.end);
            let word = Spanned::new(text.to_owned(), first.file.clone(), start..first.span.end);
            Some(integer(&word, report)?)
        }
    };
    let addr = Spanned::new(ip, first.file.clone(), first.span.start..middle);
    let mut vip = VipDraft { addr, prefix, dev: None, no_track: false };
    let mut rest = line[1..].iter();
    while let Some(option) = rest.next() {
        match option.value.as_str() {
            "dev" => vip.dev = Some(value_of(option, rest.next(), report)?.clone()),
            "no_track" => vip.no_track = true,
            "brd" | "broadcast" | "scope" | "label" | "peer" | "preferred_lft" => {
                value_of(option, rest.next(), report)?;
            }
            "home" | "-nodad" | "mngtmpaddr" | "noprefixroute" | "autojoin" => {}
            "use_vmac" => not_modelled(option, report),
            other => {
                report
                    .error(option, format!("`{other}` is not an option of a virtual address"), "")
                    .help("keepalived reads one address per line");
                return Some(vip);
            }
        }
    }
    Some(vip)
}

/// `ADDR [min_ttl n] [max_ttl n]`
pub(super) fn peer(line: &[Word], report: &mut Report) -> Option<PeerDraft> {
    let mut peer = PeerDraft { ip: address(line.first()?, report)?, min_ttl: None, max_ttl: None };
    let mut rest = line[1..].iter();
    while let Some(option) = rest.next() {
        match option.value.as_str() {
            "min_ttl" => peer.min_ttl = Some(integer(value_of(option, rest.next(), report)?, report)?),
            "max_ttl" => peer.max_ttl = Some(integer(value_of(option, rest.next(), report)?, report)?),
            other => {
                report
                    .error(option, format!("`{other}` is not an option of a peer"), "")
                    .help("keepalived reads one peer per line");
                return Some(peer);
            }
        }
    }
    Some(peer)
}

/// `IF [weight w] [reverse]`
pub(super) fn tracked(line: &[Word], report: &mut Report) -> Option<TrackInterfaceDraft> {
    let mut tracked = TrackInterfaceDraft { name: line.first()?.clone(), weight: None, reverse: false };
    let mut rest = line[1..].iter();
    while let Some(option) = rest.next() {
        match option.value.as_str() {
            "weight" => tracked.weight = Some(integer(value_of(option, rest.next(), report)?, report)?),
            "reverse" => tracked.reverse = true,
            other => {
                report
                    .error(option, format!("`{other}` is not an option of a tracked interface"), "")
                    .help("`weight` with a number, or `reverse`; one interface per line");
                return Some(tracked);
            }
        }
    }
    Some(tracked)
}

fn value_of<'a>(option: &Word, value: Option<&'a Word>, report: &mut Report) -> Option<&'a Word> {
    if value.is_none() {
        report.error(option, format!("`{}` needs a value", option.value), "nothing follows");
    }
    value
}

/// Says that the word would make a difference, but not yet here.
pub(super) fn not_modelled(word: &Word, report: &mut Report) {
    report.warning(word, format!("`{}` is accepted, but not modelled yet", word.value), "has no effect here");
}
