//! `ip -ts -o monitor address link` as events: addresses that come and go, links that go up and down.
use std::collections::{BTreeMap, BTreeSet};

use vrrplab_engine::model::IfAddr;
use vrrplab_formats::recording::parse_addr;

use super::clock::Epoch;
use super::event::Event;
use super::plan::PlanNode;

/// One line of the monitor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seen {
    /// When `ip` printed it.
    pub at: Epoch,
    /// Something went away.
    pub deleted: bool,
    /// The interface.
    pub nic: String,
    /// What about it.
    pub what: What,
}

/// What a line of the monitor is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum What {
    /// An address.
    Address {
        /// The address.
        addr: IfAddr,
        /// Its broadcast address.
        brd: Option<String>,
        /// Its scope.
        scope: String,
        /// Its flags, without the label.
        flags: String,
    },
    /// The state of a link.
    Link {
        /// Set up by the administrator.
        up: bool,
        /// With carrier.
        carrier: bool,
        /// What the kernel makes of both.
        operstate: String,
    },
}

/// Reads one line; nothing when it is about something else.
pub fn parse(line: &str) -> Option<Seen> {
    let (stamp, rest) = line.trim().strip_prefix('[')?.split_once(']')?;
    let at = time(stamp)?;
    let mut words: Vec<&str> = rest.split('\\').next()?.split_whitespace().collect();
    let deleted = words.first() == Some(&"Deleted");
    if deleted {
        words.remove(0);
    }
    let [index, name, kind, rest @ ..] = words.as_slice() else { return None };
    index.strip_suffix(':')?.parse::<u32>().ok()?;
    let nic = name.trim_end_matches(':').split('@').next()?.to_owned();
    let what = if name.ends_with(':') { link(kind, rest)? } else { address(kind, rest, &nic)? };
    Some(Seen { at, deleted, nic, what })
}

fn link(flags: &str, rest: &[&str]) -> Option<What> {
    let flags: Vec<&str> = flags.strip_prefix('<')?.strip_suffix('>')?.split(',').collect();
    let operstate = after(rest, "state").unwrap_or("UNKNOWN").to_owned();
    Some(What::Link { up: flags.contains(&"UP"), carrier: flags.contains(&"LOWER_UP"), operstate })
}

fn address(kind: &str, rest: &[&str], nic: &str) -> Option<What> {
    if !["inet", "inet6"].contains(&kind) {
        return None;
    }
    let scope = rest.iter().position(|w| *w == "scope")?;
    let flags = rest.get(scope + 2..).unwrap_or_default().iter().filter(|w| **w != nic);
    Some(What::Address {
        addr: parse_addr(rest.first()?)?,
        brd: after(rest, "brd").map(str::to_owned),
        scope: (*rest.get(scope + 1)?).to_owned(),
        flags: flags.copied().collect::<Vec<_>>().join(" "),
    })
}

fn after<'w>(words: &[&'w str], key: &str) -> Option<&'w str> {
    words.get(words.iter().position(|w| *w == key)? + 1).copied()
}

/// `2026-11-21T16:29:39.782454`, in UTC.
pub(super) fn time(stamp: &str) -> Option<Epoch> {
    let (date, clock) = stamp.split_once('T')?;
    let numbers = |text: &str, by: char| text.split(by).map(|n| n.parse::<u64>().ok()).collect::<Option<Vec<_>>>();
    let (clock, micros) = clock.split_once('.')?;
    let [year, month, day] = numbers(date, '-')?[..] else { return None };
    let [hour, minute, second] = numbers(clock, ':')?[..] else { return None };
    let seconds = days(year, month, day)? * 86_400 + hour * 3_600 + minute * 60 + second;
    Some(Epoch(seconds * 1_000_000_000 + micros.parse::<u64>().ok()? * 1_000))
}

/// Days from 1970 to a date of the Gregorian calendar, counted in years that begin in March.
fn days(year: u64, month: u64, day: u64) -> Option<u64> {
    if !(1..=12).contains(&month) {
        return None;
    }
    let year = if month <= 2 { year.checked_sub(1)? } else { year };
    let in_year = (153 * ((month + 9) % 12) + 2) / 5 + day.checked_sub(1)?;
    (year * 365 + year / 4 - year / 100 + year / 400 + in_year).checked_sub(719_468)
}

/// The interface that every namespace has and no recording tells of.
const LOOPBACK: &str = "lo";

/// Whether the interface is one of the scenario's; all others were made by the daemon.
fn is_of(node: &PlanNode, nic: &str) -> bool {
    node.nics.iter().any(|n| n.name == nic)
}

/// All lines of a node's monitor as events; what repeats the state that was is left out.
pub fn events(node: &PlanNode, lines: &str) -> Vec<Event> {
    let mut present: BTreeSet<(String, IfAddr)> = BTreeSet::new();
    let mut links: BTreeMap<String, What> = BTreeMap::new();
    let mut events = Vec::new();
    for Seen { at, deleted, nic, what } in lines.lines().filter_map(parse) {
        if nic == LOOPBACK {
            continue;
        }
        let event = |kind: &str| Event::new(at, &node.name, kind).with("nic", nic.as_str());
        match &what {
            What::Address { addr, brd, scope, flags } => {
                let key = (nic.clone(), *addr);
                let news =
                    if deleted { present.remove(&key) || node.is_fixed(&nic, *addr) } else { present.insert(key) };
                if !news {
                    continue;
                }
                let of = if node.is_fixed(&nic, *addr) { "addr" } else { "vip" };
                let mut event = event(&format!("{of}_{}", if deleted { "del" } else { "add" }))
                    .with("ip", format!("{}/{}", addr.ip, addr.prefix))
                    .with("scope", scope.as_str());
                for (key, value) in [("flags", Some(flags).filter(|f| !f.is_empty())), ("brd", brd.as_ref())] {
                    event = value.map_or(event.clone(), |value| event.clone().with(key, value.as_str()));
                }
                // A virtual router's own interface is not in the configuration.
                let theirs = |(of, vip): &(String, IfAddr)| vip == addr && (*of == nic || !is_of(node, &nic));
                let owner = node.instances.iter().find(|i| i.vips.iter().any(theirs));
                events.push(owner.map_or(event.clone(), |i| event.of(&i.name)));
            }
            What::Link { .. } if deleted => {
                links.remove(&nic);
                events.push(event("link_del"));
            }
            What::Link { up, carrier, operstate } => {
                let before = links.insert(nic.clone(), what.clone());
                if before.as_ref() != Some(&what) {
                    let new = before.is_none() && !is_of(node, &nic);
                    let event = event(if new { "link_add" } else { "link" }).with("up", *up).with("carrier", *carrier);
                    events.push(event.with("operstate", operstate.as_str()));
                }
            }
        }
    }
    events
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 2026-11-21 16:29:39 UTC.
    const MOMENT: u64 = 1_795_278_579;

    #[test]
    fn dates_become_seconds_since_1970() {
        assert_eq!(time("1970-01-01T00:00:00.000001"), Some(Epoch(1_000)));
        assert_eq!(time("2000-02-29T23:59:59.000000"), Some(Epoch(951_868_799_000_000_000)));
        assert_eq!(time("2026-11-21T16:29:39.782454"), Some(Epoch(MOMENT * 1_000_000_000 + 782_454_000)));
        assert_eq!([time("yesterday"), time("2026-13-01T00:00:00.0")], [None; 2]);
    }

    #[test]
    fn an_address_comes_and_goes() {
        let line = r"[2026-11-21T16:29:39.782454] 2: eth0    inet 192.168.100.100/24 brd 192.168.100.255 scope global secondary eth0\       valid_lft forever preferred_lft forever";
        let seen = parse(line).expect("it is about an address");
        let wanted = What::Address {
            addr: IfAddr { ip: [192, 168, 100, 100].into(), prefix: 24 },
            brd: Some("192.168.100.255".to_owned()),
            scope: "global".to_owned(),
            flags: "secondary".to_owned(),
        };
        assert_eq!((seen.deleted, seen.nic.as_str(), seen.what), (false, "eth0", wanted));
        let gone = parse(
            r"[2026-11-21T16:29:42.346612] Deleted 2: eth0    inet 10.0.0.100/32 scope global eth0\       valid_lft forever",
        );
        assert!(gone.is_some_and(|g| g.deleted && matches!(g.what, What::Address { flags, .. } if flags.is_empty())));
        let v6 = parse(
            r"[2026-11-21T16:29:42.346612] 2: eth0    inet6 fe80::100/64 scope link nodad \       valid_lft forever",
        );
        assert!(v6.is_some_and(
            |g| matches!(g.what, What::Address { scope, flags, .. } if scope == "link" && flags == "nodad")
        ));
    }

    #[test]
    fn a_link_is_up_and_has_carrier_or_not() {
        let line = |flags: &str, state: &str| {
            let line = format!(
                r"[2026-11-21T16:29:39.000000] 3: eth0.100@if4: <{flags}> mtu 1500 qdisc noqueue state {state} group default \    link/ether 02:00:00:00:01:01"
            );
            parse(&line).map(|s| (s.nic, s.what))
        };
        let link = |up, carrier, operstate: &str| {
            Some(("eth0.100".to_owned(), What::Link { up, carrier, operstate: operstate.to_owned() }))
        };
        assert_eq!(line("BROADCAST,MULTICAST,UP,LOWER_UP", "UP"), link(true, true, "UP"));
        assert_eq!(line("NO-CARRIER,BROADCAST,MULTICAST,UP", "DOWN"), link(true, false, "DOWN"));
        assert_eq!(line("BROADCAST,MULTICAST", "DOWN"), link(false, false, "DOWN"));
        assert_eq!(parse("[2026-11-21T16:29:39.000000] ff02::1 dev eth0 nud permanent"), None);
    }
}
