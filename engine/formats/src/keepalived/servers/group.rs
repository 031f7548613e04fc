//! `virtual_server_group`: addresses, ranges, networks and marks.
use std::collections::BTreeMap;
use std::net::IpAddr;

use vrrplab_engine::model::AddressFamily;
use vrrplab_engine::model::lvs::{Endpoint, GroupMember, ServerGroupModel};

use super::super::entry::{Entry, number};
use super::super::lexer::{Statement, Word};
use crate::builder::Spanned;
use crate::diagnostics::{Keepalived, Report};

/// One group; without a member it is left out.
pub(super) fn read(
    entry: &Entry<'_>,
    earlier: &BTreeMap<String, usize>,
    report: &mut Report,
) -> Option<Spanned<ServerGroupModel>> {
    let name = entry.text().unwrap_or_else(|| entry.word.clone());
    let members: Vec<GroupMember> = entry.lines.iter().filter_map(|line| member(line, report)).collect();
    if members.is_empty() {
        let title = format!("virtual server group `{}` has no members and is left out", name.value);
        report.warning(&name, title, "nothing to answer for");
        return None;
    }
    if earlier.contains_key(&name.value) {
        let title = format!("a second virtual server group `{}`", name.value);
        report.warning(&name, title, "virtual servers take the first one").unnoticed();
    }
    Some(name.with(ServerGroupModel { name: name.value.clone(), members }))
}

fn member(line: &Statement, report: &mut Report) -> Option<GroupMember> {
    let [first, rest @ ..] = line.words.as_slice() else { return None };
    if first.value == "fwmark" {
        return mark(first, rest, report);
    }
    let port = match rest.first() {
        None => 0,
        Some(word) => port(word, report)?,
    };
    let (ip, more) = addresses(first, report)?;
    Some(GroupMember::Addresses { first: Endpoint { ip, port }, more })
}

/// `fwmark N [inet|inet6]`
fn mark(keyword: &Word, rest: &[Word], report: &mut Report) -> Option<GroupMember> {
    let Some(word) = rest.first() else {
        report.error(keyword, "`fwmark` needs a number", "keepalived ends here").keepalived(Keepalived::Refuses(2));
        return None;
    };
    let value = number(word, (0, u32::MAX.into()), "a mark, 0 to 4294967295", report)?;
    let family = match rest.get(1) {
        None => None,
        Some(word) => Some(family(word, report)?),
    };
    Some(GroupMember::Mark(u32::try_from(value.value).ok()?, family))
}

/// `inet` or `inet6`.
pub(super) fn family(word: &Word, report: &mut Report) -> Option<AddressFamily> {
    match word.value.as_str() {
        "inet" => Some(AddressFamily::V4),
        "inet6" => Some(AddressFamily::V6),
        other => {
            report.error(word, format!("there is no address family `{other}`"), "inet or inet6").survived();
            None
        }
    }
}

/// A port; 0 and nothing are every port.
pub(super) fn port(word: &Word, report: &mut Report) -> Option<u16> {
    let value = number(word, (0, 65_535), "a port, 1 to 65535", report)?;
    u16::try_from(value.value).ok()
}

/// `ADDR`, `ADDR-LAST` or `ADDR/LEN`: the first address, and how many follow.
fn addresses(word: &Word, report: &mut Report) -> Option<(IpAddr, u32)> {
    let refuse = |why: &str, report: &mut Report| {
        report.error(word, format!("`{}` {why}", word.value), "the line is ignored").survived();
        None
    };
    let text = word.value.as_str();
    let (ip, rest) = match text.find(['-', '/']) {
        Some(at) => (&text[..at], Some((text.as_bytes()[at], &text[at + 1..]))),
        None => (text, None),
    };
    let Ok(ip) = ip.parse::<IpAddr>() else { return refuse("is not an IP address", report) };
    match rest {
        None => Some((ip, 0)),
        Some((b'-', last)) => {
            let (from, most, radix) = match ip {
                IpAddr::V4(ip) => (u32::from(ip.octets()[3]), 0xff, 10),
                IpAddr::V6(ip) => (u32::from(ip.segments()[7]), 0xffff, 16),
            };
            match u32::from_str_radix(last, radix) {
                Ok(last) if last > most => refuse("ends beyond its last number", report),
                Ok(last) if last > from => Some((ip, last - from)),
                Ok(_) => refuse("does not end after its beginning", report),
                Err(_) => refuse("does not end with a number", report),
            }
        }
        Some((_, length)) => match network(ip, length) {
            Ok(more) => Some((ip, more)),
            Err(why) => refuse(why, report),
        },
    }
}

/// How many addresses follow the first one of a network; more than fit are as many as fit.
fn network(ip: IpAddr, length: &str) -> Result<u32, &'static str> {
    let (bits, width) = match ip {
        IpAddr::V4(ip) => (u128::from(ip.to_bits()), 32),
        IpAddr::V6(ip) => (ip.to_bits(), 128),
    };
    let length = length.parse::<u32>().ok().filter(|length| (1..=width).contains(length));
    let Some(length) = length else { return Err("has a prefix length that is out of range") };
    let host = 1_u128.checked_shl(width - length).map_or(u128::MAX, |size| size - 1);
    match bits & host {
        0 => Ok(u32::try_from(host).unwrap_or(u32::MAX)),
        _ => Err("has bits beyond its prefix length"),
    }
}
