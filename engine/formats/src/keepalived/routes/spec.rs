//! What the words of a route or of a rule mean to the kernel. The words have been looked at before: what is not understood
//! here is kept as undone.
use std::net::IpAddr;
use std::slice::Iter;

use vrrplab_engine::model::route::{Hop, Measure, RouteKind, RouteSpec, RuleDeed, RuleSpec};
use vrrplab_engine::model::{AddressFamily, IfAddr};

/// The priority of a rule that has none.
const DEFAULT_PRIORITY: u32 = 16384;
/// The shortest retransmission timeout that keepalived sets, in milliseconds.
const SHORTEST_RETRANSMISSION: u32 = 200;
/// Protocols of routes with a name on every host.
const PROTOCOLS: [(&str, u8); 8] = [
    ("redirect", 1),
    ("kernel", 2),
    ("boot", 3),
    ("static", 4),
    ("gated", 8),
    ("ra", 9),
    ("dhcp", 16),
    ("keepalived", 18),
];
/// Protocols above IP that `ipproto` names.
const IP_PROTOCOLS: [(&str, u8); 6] =
    [("icmp", 1), ("tcp", 6), ("udp", 17), ("ipv6-icmp", 58), ("icmpv6", 58), ("sctp", 132)];
const SCOPES: [(&str, u8); 5] = [("global", 0), ("site", 200), ("link", 253), ("host", 254), ("nowhere", 255)];
const TABLES: [(&str, u32); 4] = [("unspec", 0), ("default", 253), ("main", 254), ("local", 255)];

/// The words that are still to be read, and the family that addresses told.
struct Words<'w> {
    rest: Iter<'w, String>,
    family: Option<AddressFamily>,
    undone: Vec<String>,
}

impl<'w> Words<'w> {
    fn new(words: &'w [String]) -> Words<'w> {
        Words { rest: words.iter(), family: None, undone: Vec::new() }
    }

    fn next(&mut self) -> &'w str {
        self.rest.next().map_or("", String::as_str)
    }

    /// The next word as a value of `option`; one that is not understood leaves the option undone.
    fn value<T>(&mut self, option: &str, read: impl FnOnce(&str) -> Option<T>) -> Option<T> {
        let word = self.next();
        let value = read(word);
        if value.is_none() {
            self.undone.push(format!("{option} {word}"));
        }
        value
    }

    /// An address, after its family perhaps. The default route has none.
    fn prefix(&mut self, word: &str) -> Option<IfAddr> {
        let word = match word {
            "inet" => self.tell(AddressFamily::V4),
            "inet6" => self.tell(AddressFamily::V6),
            word => word,
        };
        if word == "default6" {
            self.family = Some(AddressFamily::V6);
        }
        let (ip, prefix) = word.split_once('/').map_or((word, None), |(ip, prefix)| (ip, Some(prefix)));
        let ip: IpAddr = ip.parse().ok()?;
        let (family, width) = if ip.is_ipv4() { (AddressFamily::V4, 32) } else { (AddressFamily::V6, 128) };
        self.family = Some(family);
        Some(IfAddr { ip, prefix: prefix.and_then(|prefix| prefix.parse().ok()).unwrap_or(width) })
    }

    fn tell(&mut self, family: AddressFamily) -> &'w str {
        self.family = Some(family);
        self.next()
    }

    fn address(&mut self) -> Option<IpAddr> {
        let word = self.next();
        self.prefix(word).map(|found| found.ip)
    }
}

/// A route.
pub(super) fn route(words: &[String]) -> RouteSpec {
    let mut w = Words::new(words);
    let mut spec = RouteSpec::new(AddressFamily::V4);
    let (mut to, mut hops, mut several) = (None, vec![Hop::default()], false);
    while let Some(word) = w.rest.next() {
        let last = hops.len() - 1;
        match word.as_str() {
            "nexthop" if several => hops.push(Hop::default()),
            "nexthop" => several = true,
            "via" | "gw" => hops[last].via = w.address(),
            "dev" | "oif" => hops[last].device = Some(w.next().to_owned()),
            "onlink" => hops[last].onlink = true,
            "weight" => hops[last].weight = w.value(word, |text| text.parse().ok().filter(|n| (1..=256).contains(n))),
            "src" => spec.source = w.address(),
            "to" => {
                let word = w.next();
                to = w.prefix(word).or(to);
            }
            "append" => spec.append = true,
            word => match kind(word) {
                Some(kind) => spec.kind = kind,
                None if !attribute(word, &mut w, &mut spec) => to = w.prefix(word).or(to),
                None => {}
            },
        }
    }
    hops.retain(|hop| *hop != Hop::default());
    let family = w.family.unwrap_or(AddressFamily::V4);
    let everywhere = RouteSpec::new(family).to;
    RouteSpec { family, to: to.unwrap_or(everywhere), hops, undone: w.undone, ..spec }
}

fn kind(word: &str) -> Option<RouteKind> {
    Some(match word {
        "unicast" => RouteKind::Unicast,
        "local" => RouteKind::Local,
        "broadcast" => RouteKind::Broadcast,
        "anycast" => RouteKind::Anycast,
        "multicast" => RouteKind::Multicast,
        "blackhole" => RouteKind::Blackhole,
        "unreachable" => RouteKind::Unreachable,
        "prohibit" => RouteKind::Prohibit,
        "throw" => RouteKind::Throw,
        _ => return None,
    })
}

/// Reads what describes the whole route; false where the word is no such thing.
fn attribute(word: &str, w: &mut Words<'_>, spec: &mut RouteSpec) -> bool {
    match word {
        "table" => spec.table = w.value(word, |text| named(&TABLES, text)).unwrap_or(spec.table),
        "metric" | "priority" | "preference" => spec.metric = w.value(word, |text| text.parse().ok()),
        "tos" | "dsfield" => spec.tos = w.value(word, byte).unwrap_or(0),
        "scope" => spec.scope = w.value(word, |text| named(&SCOPES, text)).unwrap_or(0),
        "protocol" => spec.protocol = w.value(word, |text| named(&PROTOCOLS, text)).unwrap_or(spec.protocol),
        "realms" => spec.realm = w.value(word, |text| text.parse().ok()),
        "pref" => spec.preference = w.value(word, preference),
        "features" => drop(w.value(word, |_| None::<()>)),
        "congctl" => {
            let told = match w.next() {
                "lock" => format!("congctl lock {}", w.next()),
                name => format!("congctl {name}"),
            };
            w.undone.push(told);
        }
        "expires" if w.family == Some(AddressFamily::V6) => drop(w.value(word, |_| None::<()>)),
        // without effect on routes of IP, also in keepalived
        "expires" | "ttl-propagate" | "as" => drop(w.next()),
        "pervasive" | "lock" => w.undone.push(word.to_owned()),
        "encap" => {
            let wrapping: Vec<&str> = w.rest.by_ref().map(String::as_str).collect();
            w.undone.push(format!("encap {}", wrapping.join(" ")));
        }
        _ => return measure(word, w, spec),
    }
    true
}

fn measure(word: &str, w: &mut Words<'_>, spec: &mut RouteSpec) -> bool {
    let measure = match word {
        "mtu" => Measure::Mtu,
        "advmss" => Measure::AdvertisedSegment,
        "window" => Measure::Window,
        "rtt" => Measure::RoundTrip,
        "rttvar" => Measure::RoundTripVariance,
        "ssthresh" => Measure::SlowStart,
        "cwnd" => Measure::Congestion,
        "initcwnd" => Measure::FirstCongestion,
        "initrwnd" => Measure::FirstReceive,
        "reordering" => Measure::Reordering,
        "hoplimit" => Measure::HopLimit,
        "rto_min" => Measure::ShortestRetransmission,
        "quickack" => Measure::QuickAck,
        "fastopen_no_cookie" => Measure::FastOpenWithoutCookie,
        _ => return false,
    };
    let mut told = w.next();
    if told == "lock" {
        spec.locked.push(measure);
        told = w.next();
    }
    let value = match measure {
        Measure::RoundTrip => time(told, 8),
        Measure::RoundTripVariance => time(told, 4),
        Measure::ShortestRetransmission => time(told, 1).map(|ms| ms.max(SHORTEST_RETRANSMISSION)),
        _ => told.parse().ok(),
    };
    match value {
        Some(value) => spec.measures.push((measure, value)),
        None => w.undone.push(format!("{word} {told}")),
    }
    true
}

/// A rule.
pub(super) fn rule(words: &[String]) -> RuleSpec {
    let mut w = Words::new(words);
    let mut spec = RuleSpec::new(AddressFamily::V4, RuleDeed::Nothing, DEFAULT_PRIORITY);
    while let Some(word) = w.rest.next() {
        match word.as_str() {
            "not" => spec.inverted = true,
            "from" | "to" => {
                let text = w.next();
                let found = w.prefix(text);
                if word == "from" { spec.from = found } else { spec.to = found }
            }
            "iif" | "dev" => spec.comes_in = Some(w.next().to_owned()),
            "oif" => spec.goes_out = Some(w.next().to_owned()),
            "preference" | "priority" | "order" => {
                spec.priority = w.value(word, |text| text.parse().ok()).unwrap_or(DEFAULT_PRIORITY);
            }
            "protocol" => spec.protocol = w.value(word, |text| named(&PROTOCOLS, text)).unwrap_or(spec.protocol),
            word => match deed(word, &mut w) {
                Some(deed) => spec.deed = deed,
                None => selector(word, &mut w, &mut spec),
            },
        }
    }
    RuleSpec { family: w.family.unwrap_or(AddressFamily::V4), undone: w.undone, ..spec }
}

fn deed(word: &str, w: &mut Words<'_>) -> Option<RuleDeed> {
    Some(match word {
        "table" | "lookup" => RuleDeed::Table(w.value(word, |text| named(&TABLES, text))?),
        "goto" => RuleDeed::Goto(w.value(word, |text| text.parse().ok())?),
        "l3mdev" => RuleDeed::Vrf,
        "nop" => RuleDeed::Nothing,
        "blackhole" => RuleDeed::Blackhole,
        "unreachable" => RuleDeed::Unreachable,
        "prohibit" => RuleDeed::Prohibit,
        _ => return None,
    })
}

fn selector(word: &str, w: &mut Words<'_>, spec: &mut RuleSpec) {
    match word {
        "tos" | "dsfield" => spec.tos = w.value(word, byte).unwrap_or(0),
        "fwmark" => spec.mark = w.value(word, mark),
        "realms" => spec.realm = w.value(word, |text| text.parse().ok()),
        "suppress_prefixlength" | "suppress_prefixlen" => {
            spec.suppress_prefix = w.value(word, |text| text.parse().ok());
        }
        "suppress_ifgroup" => spec.suppress_group = w.value(word, |text| text.parse().ok()),
        "ipproto" => spec.ip_protocol = w.value(word, |text| named(&IP_PROTOCOLS, text)),
        "tun_id" => spec.tunnel = w.value(word, |text| text.parse().ok()),
        "sport" => spec.source_ports = w.value(word, range),
        "dport" => spec.ports = w.value(word, range),
        "uidrange" => spec.users = w.value(word, range),
        word => w.undone.push(word.to_owned()),
    }
}

/// A name of these, or a number.
fn named<N: Copy + std::str::FromStr>(names: &[(&str, N)], text: &str) -> Option<N> {
    names.iter().find(|(name, _)| *name == text).map(|(_, number)| *number).or_else(|| text.parse().ok())
}

/// `0x10` or `16`.
fn number(text: &str) -> Option<u32> {
    match text.strip_prefix("0x") {
        Some(hex) => u32::from_str_radix(hex, 16).ok(),
        None => text.parse().ok(),
    }
}

fn byte(text: &str) -> Option<u8> {
    number(text).and_then(|n| u8::try_from(n).ok())
}

fn mark(text: &str) -> Option<(u32, Option<u32>)> {
    match text.split_once('/') {
        Some((mark, mask)) => Some((number(mark)?, Some(number(mask)?))),
        None => number(text).map(|mark| (mark, None)),
    }
}

/// `FROM-TO`
fn range<N: std::str::FromStr>(text: &str) -> Option<(N, N)> {
    let (first, last) = text.split_once('-')?;
    Some((first.parse().ok()?, last.parse().ok()?))
}

fn preference(text: &str) -> Option<u8> {
    Some(match text {
        "medium" => 0,
        "high" => 1,
        "low" => 3,
        _ => return None,
    })
}

/// A time in `parts` of a millisecond; a bare number is in the kernel's own parts.
fn time(text: &str, parts: u32) -> Option<u32> {
    let whole = |text: &str, unit: u32| text.parse::<u32>().ok()?.checked_mul(unit)?.checked_mul(parts);
    match (text.strip_suffix("ms"), text.strip_suffix('s')) {
        (Some(ms), _) => whole(ms, 1),
        (None, Some(s)) => whole(s, 1000),
        (None, None) => text.parse().ok(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(line: &str) -> Vec<String> {
        line.split(' ').map(str::to_owned).collect()
    }

    fn prefix(text: &str) -> IfAddr {
        Words::new(&[]).prefix(text).unwrap()
    }

    #[test]
    fn a_route_has_a_destination_a_way_and_attributes() {
        let read = route(&words(
            "192.168.104.0/24 via 10.9.0.2 dev eth0 src 10.9.0.100 tos 0x10 table 100 metric 7 mtu lock 1400 rtt 300ms rto_min 40ms",
        ));
        let hop = Hop { via: "10.9.0.2".parse().ok(), device: Some("eth0".into()), onlink: false, weight: None };
        let expected = RouteSpec {
            to: prefix("192.168.104.0/24"),
            hops: vec![hop],
            source: "10.9.0.100".parse().ok(),
            tos: 16,
            table: 100,
            metric: Some(7),
            measures: vec![
                (Measure::Mtu, 1400),
                (Measure::RoundTrip, 2400),
                (Measure::ShortestRetransmission, SHORTEST_RETRANSMISSION),
            ],
            locked: vec![Measure::Mtu],
            ..RouteSpec::new(AddressFamily::V4)
        };
        assert_eq!(read, expected);
    }

    #[test]
    fn the_default_route_has_the_family_of_its_way() {
        assert_eq!(route(&words("default via fd09::2 dev eth0")).to, prefix("::/0"));
        assert_eq!(route(&words("default via 10.9.0.2")).to, prefix("0.0.0.0/0"));
        assert_eq!(route(&words("to inet6 default6 dev eth0")).family, AddressFamily::V6);
    }

    #[test]
    fn several_ways_have_weights_of_their_own() {
        let read = route(&words("192.168.105.0/24 nexthop via 10.9.0.2 dev eth0 weight 2 nexthop via 10.8.0.2 onlink"));
        let hop = |via: &str, device: Option<&str>, onlink, weight| Hop {
            via: via.parse().ok(),
            device: device.map(str::to_owned),
            onlink,
            weight,
        };
        assert_eq!(read.hops, [hop("10.9.0.2", Some("eth0"), false, Some(2)), hop("10.8.0.2", None, true, None)]);
    }

    #[test]
    fn what_is_not_carried_out_is_kept_to_be_said() {
        let read = route(&words("blackhole 10.0.0.0/8 congctl cubic features ecn scope dmz"));
        assert_eq!((read.kind, read.to), (RouteKind::Blackhole, prefix("10.0.0.0/8")));
        assert_eq!(read.undone, ["congctl cubic", "features ecn", "scope dmz"]);
        let read = route(&words("10.0.0.0/8 congctl lock cubic expires 30 ttl-propagate enabled as 10.0.0.1"));
        assert_eq!(read.undone, ["congctl lock cubic"], "the others mean nothing to a route of IPv4");
        assert_eq!(route(&words("fd00::/8 dev eth0 expires 30")).undone, ["expires 30"]);
        assert_eq!(rule(&words("from 10.0.0.0/8 throw")).undone, ["throw"]);
    }

    #[test]
    fn a_rule_has_selectors_a_deed_and_a_priority() {
        let read = rule(&words(
            "not from 10.9.0.101 to 10.9.1.0/24 iif eth1 oif eth0 fwmark 0x7/0xff ipproto tcp sport 10-20 table 100 priority 1001",
        ));
        let expected = RuleSpec {
            inverted: true,
            from: Some(prefix("10.9.0.101")),
            to: Some(prefix("10.9.1.0/24")),
            comes_in: Some("eth1".into()),
            goes_out: Some("eth0".into()),
            mark: Some((7, Some(255))),
            ip_protocol: Some(6),
            source_ports: Some((10, 20)),
            ..RuleSpec::new(AddressFamily::V4, RuleDeed::Table(100), 1001)
        };
        assert_eq!(read, expected);
        let without = rule(&words("from fd09::/64 lookup main suppress_prefixlength 0"));
        assert_eq!((without.priority, without.family), (16384, AddressFamily::V6));
        assert_eq!((without.deed, without.suppress_prefix), (RuleDeed::Table(254), Some(0)));
    }
}
