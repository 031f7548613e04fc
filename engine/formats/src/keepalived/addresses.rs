//! Lines that hold addresses: virtual and static ones, peers.
use std::net::IpAddr;

use vrrplab_engine::model::{AddressFlag, AddressOptions, Broadcast, IfAddr};

use super::entry::{address, number, unknown_option, value_of};
use super::lexer::Word;
use crate::builder::{PeerDraft, Spanned, VipDraft};
use crate::diagnostics::Report;

/// `ADDR[/len] [dev IF] [no_track] ...`; a static address may name its group.
pub(super) fn vip(line: &[Word], report: &mut Report) -> Option<(VipDraft, Option<Word>)> {
    let first = line.first()?;
    let (addr, prefix) = with_prefix(first, report)?;
    let mut vip = VipDraft { addr, prefix, dev: None, no_track: false, options: AddressOptions::default() };
    let mut group = None;
    let mut rest = line[1..].iter();
    while let Some(option) = rest.next() {
        let mut value = |report: &mut Report| value_of(option, rest.next(), report);
        match option.value.as_str() {
            "dev" => vip.dev = value(report).cloned().or(vip.dev),
            "track_group" => group = value(report).cloned(),
            "brd" | "broadcast" => {
                let width = if vip.addr.value.is_ipv4() { 32 } else { 128 };
                let room = vip.prefix.as_ref().is_some_and(|prefix| prefix.value <= width - 2);
                vip.options.broadcast = value(report).and_then(|w| broadcast(w, room, report));
            }
            "scope" => vip.options.scope = value(report).and_then(|w| scope(w, report)),
            "label" => {
                let label = value(report);
                if let Some(word) = label.filter(|w| w.value.len() > 15) {
                    let title = format!("`{}` is too long for a label", word.value);
                    report.error(word, title, "up to 15 characters; the address is left out").survived();
                    return None;
                }
                vip.options.label = label.map(|w| w.value.clone());
            }
            "peer" => {
                let ipv4 = vip.addr.value.is_ipv4();
                vip.options.peer = value(report).and_then(|w| peer_of(w, ipv4, report));
            }
            "preferred_lft" => vip.options.preferred_lft = value(report).and_then(|w| lifetime(w, report)),
            "no_track" => vip.no_track = true,
            other => match flag(other) {
                Some(flag) => vip.options.flags.push(flag),
                None => {
                    unknown_option(option, "an address", "keepalived reads one address per line", report);
                    break;
                }
            },
        }
    }
    vip.options.flags.sort_unstable();
    vip.options.flags.dedup();
    Some((vip, group))
}

fn flag(word: &str) -> Option<AddressFlag> {
    Some(match word {
        "home" => AddressFlag::Home,
        "-nodad" => AddressFlag::Dad,
        "mngtmpaddr" => AddressFlag::ManageTemporary,
        "noprefixroute" => AddressFlag::NoPrefixRoute,
        "autojoin" => AddressFlag::AutoJoin,
        "use_vmac" => AddressFlag::UseVmac,
        _ => return None,
    })
}

/// An address and its prefix length, which stand in one word.
fn with_prefix(word: &Word, report: &mut Report) -> Option<(Spanned<IpAddr>, Option<Spanned<i64>>)> {
    let (ip_text, prefix_text) = match word.value.split_once('/') {
        Some((ip, prefix)) => (ip, Some(prefix)),
        None => (word.value.as_str(), None),
    };
    let Ok(ip) = ip_text.parse::<IpAddr>() else {
        let title = format!("`{}` is not an IP address", word.value);
        report.error(word, title, "an address, with or without /length").survived();
        return None;
    };
    let middle = (word.span.start + ip_text.len()).min(word.span.end);
    let prefix = match prefix_text {
        None => None,
        Some(text) => {
            let start = (middle + 1).min(word.span.end);
            let part = Spanned::new(text.to_owned(), word.file.clone(), start..word.span.end);
            prefix_length(&part, ip, report)
        }
    };
    Some((Spanned::new(ip, word.file.clone(), word.span.start..middle), prefix))
}

/// A prefix length; 0 where nothing follows the slash, none where keepalived takes it for a host address.
fn prefix_length(word: &Word, ip: IpAddr, report: &mut Report) -> Option<Spanned<i64>> {
    if word.value.is_empty() {
        report.warning(word, "no prefix length follows the `/`, it is 0", "nothing follows").unnoticed();
        return Some(word.with(0));
    }
    let width = if ip.is_ipv4() { 32 } else { 128 };
    let length = word.value.parse().ok().filter(|length| (0..=width).contains(length));
    if length.is_none() {
        let title = format!("`{}` is no prefix length, {width} is used", word.value);
        report.error(word, title, format!("a whole number, 0 to {width}")).survived();
    }
    length.map(|length| word.with(length))
}

/// The other end of a point-to-point link, of the family of this one.
fn peer_of(word: &Word, ipv4: bool, report: &mut Report) -> Option<IfAddr> {
    let peer = address_with_prefix(word, report)?;
    let same = peer.ip.is_ipv4() == ipv4;
    if !same {
        report.error(word, "this peer is not of the family of its address", "ignored").survived();
    }
    same.then_some(peer)
}

/// An address with its prefix length; a host address where none is given.
pub(super) fn address_with_prefix(word: &Word, report: &mut Report) -> Option<IfAddr> {
    let (ip, prefix) = with_prefix(word, report)?;
    let width = if ip.value.is_ipv4() { 32 } else { 128 };
    let prefix = prefix.and_then(|p| u8::try_from(p.value).ok()).unwrap_or(width);
    Some(IfAddr { ip: ip.value, prefix })
}

fn broadcast(word: &Word, room: bool, report: &mut Report) -> Option<Broadcast> {
    if !room {
        report.error(word, "the prefix leaves no room for a broadcast address", "ignored").survived();
        return None;
    }
    match word.value.as_str() {
        "+" => Some(Broadcast::Ones),
        "-" => Some(Broadcast::Zeros),
        _ => address(word, report).map(|a| Broadcast::Address(a.value)),
    }
}

/// A scope by name or number.
fn scope(word: &Word, report: &mut Report) -> Option<u8> {
    let named = [("global", 0), ("site", 200), ("link", 253), ("host", 254), ("nowhere", 255)];
    let found = named.iter().find(|(name, _)| *name == word.value).map(|(_, number)| *number);
    let found = found.or_else(|| word.value.parse().ok());
    if found.is_none() {
        let title = format!("there is no scope `{}`", word.value);
        report.error(word, title, "global, site, link, host, nowhere or a number up to 255").survived();
    }
    found
}

fn lifetime(word: &Word, report: &mut Report) -> Option<u32> {
    if word.value == "forever" {
        return Some(u32::MAX);
    }
    let value = number(word, (0, i64::from(u32::MAX) - 1), "seconds, or `forever`", report)?;
    u32::try_from(value.value).ok()
}

/// `ADDR [min_ttl n] [max_ttl n]`
pub(super) fn peer(line: &[Word], report: &mut Report) -> Option<PeerDraft> {
    let mut peer = PeerDraft { ip: address(line.first()?, report)?, min_ttl: None, max_ttl: None };
    let mut rest = line[1..].iter();
    while let Some(option) = rest.next() {
        let slot = match option.value.as_str() {
            "min_ttl" => &mut peer.min_ttl,
            "max_ttl" => &mut peer.max_ttl,
            _ => {
                unknown_option(option, "a peer", "keepalived reads one peer per line", report);
                break;
            }
        };
        *slot = value_of(option, rest.next(), report).and_then(|w| number(w, (0, 255), "a TTL, 0 to 255", report));
    }
    if let (Some(least), Some(most)) = (&peer.min_ttl, &peer.max_ttl)
        && least.value > most.value
    {
        report.error(least, "no TTL fits: `min_ttl` is above `max_ttl`", "every packet is discarded").survived();
    }
    Some(peer)
}
