//! Lines that hold routes and rules: they are kept word by word, with what keepalived itself reads from them and what it
//! tells the kernel.
mod spec;

use std::net::IpAddr;

use vrrplab_engine::model::route::{RouteModel, RuleModel};

use super::entry::unknown_option;
use super::lexer::Word;
use crate::diagnostics::{Diagnostic, Report};

/// Words of a route that stand alone.
const ROUTE_FLAGS: &[&str] = &[
    "append",
    "blackhole",
    "broadcast",
    "anycast",
    "local",
    "lock",
    "multicast",
    "nat",
    "onlink",
    "pervasive",
    "prohibit",
    "throw",
    "unicast",
    "unreachable",
];
/// Words of a route that are followed by a whole number.
const ROUTE_NUMBERS: &[&str] = &[
    "metric",
    "priority",
    "preference",
    "window",
    "cwnd",
    "ssthresh",
    "reordering",
    "initcwnd",
    "initrwnd",
    "hoplimit",
    "weight",
];
/// Words of a route that are followed by something else.
const ROUTE_VALUES: &[&str] = &[
    "dev",
    "oif",
    "tos",
    "dsfield",
    "protocol",
    "scope",
    "rtt",
    "rttvar",
    "rto_min",
    "quickack",
    "pref",
    "features",
    "realms",
    "ttl-propagate",
    "fastopen_no_cookie",
];
/// Words of a rule that are followed by a value.
const RULE_VALUES: &[&str] = &[
    "iif",
    "dev",
    "oif",
    "tos",
    "dsfield",
    "fwmark",
    "realms",
    "suppress_prefixlength",
    "suppress_prefixlen",
    "suppress_ifgroup",
    "ipproto",
    "protocol",
    "tun_id",
    "preference",
    "priority",
    "order",
];
/// Words of a rule that say what it does.
const RULE_ACTIONS: &[&str] = &["blackhole", "prohibit", "unreachable", "throw", "nop", "l3mdev"];
/// Tables with a name on every host.
const TABLES: [&str; 4] = ["unspec", "default", "main", "local"];

/// What is read from a line, and what is found wrong with it.
struct Reading<'w, 'r> {
    rest: std::slice::Iter<'w, Word>,
    report: &'r mut Report,
    words: Vec<String>,
    no_track: bool,
    track_group: Option<Word>,
    /// All that must exist.
    devices: Vec<Word>,
    /// The one of the line itself, not of one of several hops.
    device: Option<Word>,
    /// Whether addresses are of IPv4.
    family: Option<bool>,
    protocol: Option<&'w Word>,
    /// Something was wrong, and keepalived leaves the line out.
    failed: bool,
}

impl<'w, 'r> Reading<'w, 'r> {
    fn new(line: &'w [Word], report: &'r mut Report) -> Reading<'w, 'r> {
        Reading {
            rest: line.iter(),
            report,
            words: Vec::new(),
            no_track: false,
            track_group: None,
            devices: Vec::new(),
            device: None,
            family: None,
            protocol: None,
            failed: false,
        }
    }

    fn wrong(&mut self, word: &Word, title: String, label: &str) -> &mut Diagnostic {
        self.failed = true;
        self.report.error(word, title, label).survived()
    }

    /// The word after an option.
    fn value(&mut self, option: &Word) -> Option<&'w Word> {
        let value = self.rest.next();
        match value {
            Some(value) => self.words.push(value.value.clone()),
            None => drop(self.wrong(option, format!("`{}` needs a value", option.value), "nothing follows")),
        }
        value
    }

    fn number(&mut self, option: &Word) {
        if let Some(word) = self.value(option).filter(|w| w.value.parse::<u32>().is_err()) {
            self.wrong(word, format!("`{}` is not a whole number", word.value), "the line is ignored");
        }
    }

    fn table(&mut self, option: &Word) {
        let named = |w: &&Word| w.value.parse::<u32>().is_err() && !TABLES.contains(&w.value.as_str());
        if let Some(word) = self.value(option).filter(named) {
            let title = format!("there is no routing table `{}`", word.value);
            self.wrong(word, title, "the line is ignored").help("a number is known on every host");
        }
    }

    /// An address, with its prefix length perhaps; all of a line are of one family.
    fn address(&mut self, word: &Word) {
        if matches!(word.value.as_str(), "default" | "default6" | "all" | "any") {
            return;
        }
        let text = word.value.split_once('/').map_or(word.value.as_str(), |(ip, _)| ip);
        let Ok(ip) = text.parse::<IpAddr>() else {
            self.wrong(word, format!("`{}` is not an IP address", word.value), "the line is ignored");
            return;
        };
        if *self.family.get_or_insert(ip.is_ipv4()) != ip.is_ipv4() {
            self.wrong(word, "a line cannot hold addresses of both families".to_owned(), "the line is ignored");
        }
    }

    fn address_after(&mut self, option: &Word) {
        if let Some(word) = self.value(option) {
            let after = if matches!(word.value.as_str(), "inet" | "inet6") { self.value(word) } else { Some(word) };
            after.into_iter().for_each(|word| self.address(word));
        }
    }

    /// What keepalived keeps for itself.
    fn own(&mut self, word: &'w Word) -> bool {
        match word.value.as_str() {
            "no_track" => self.no_track = true,
            "track_group" => self.track_group = self.rest.next().cloned(),
            _ => return false,
        }
        true
    }

    /// Of another protocol than keepalived's own, a line is not watched.
    fn watched_protocol(&mut self) {
        let own = |w: &&Word| matches!(w.value.as_str(), "keepalived" | "18");
        if let Some(word) = self.protocol.filter(|w| !own(w) && !self.no_track) {
            let title = "only what is of protocol `keepalived` can be watched, that protocol is used";
            self.report.warning(word, title, "ignored").help("`no_track` keeps the protocol");
        }
    }
}

impl Reading<'_, '_> {
    /// Without an interface, a route is not watched.
    fn watched_device(&mut self, line: &[Word]) {
        if self.failed || self.no_track || self.device.is_some() {
            return;
        }
        if let Some(first) = line.first() {
            self.report
                .warning(first, "a route without an interface cannot be watched", "no `dev` in this line")
                .help("add `dev`, or `no_track`");
        }
        self.no_track = true;
    }

    /// Without an action a rule is left out, without a preference it gets one.
    fn complete_rule(&mut self, line: &[Word], acts: bool, preferred: bool) {
        let Some(first) = line.first().filter(|_| !self.failed) else { return };
        if !acts {
            self.wrong(
                first,
                "this rule does nothing, it is ignored".to_owned(),
                "no `table`, `goto`, ... in this line",
            );
        } else if !preferred {
            self.report
                .warning(first, "this rule has no preference, it gets 16384", "no `preference` in this line")
                .help("rules are asked in the order of their preferences: give each its own");
        }
    }
}

/// A route or rule as it was read.
pub(super) struct Read<T> {
    /// None where keepalived leaves it out.
    pub(super) model: Option<T>,
    /// Interfaces that must exist.
    pub(super) devices: Vec<Word>,
    /// The track group, where it stands.
    pub(super) track_group: Option<Word>,
}

/// `DESTINATION [via ADDR] [dev IF] ...`
pub(super) fn route(line: &[Word], report: &mut Report) -> Read<RouteModel> {
    let mut r = Reading::new(line, report);
    let (mut destination, mut hops) = (None, false);
    while let Some(word) = r.rest.next() {
        if r.own(word) {
            continue;
        }
        r.words.push(word.value.clone());
        match word.value.as_str() {
            "dev" | "oif" => {
                let device = r.value(word).cloned();
                r.device = r.device.or(device.clone().filter(|_| !hops));
                r.devices.extend(device);
            }
            "via" | "src" | "to" => {
                r.address_after(word);
                if word.value == "to" {
                    destination = Some(word);
                }
            }
            "gw" => {
                r.address_after(word);
                r.report
                    .warning(word, "`gw` is deprecated in a route", "understood, with a complaint")
                    .help("write `via`");
            }
            "table" => r.table(word),
            "protocol" => r.protocol = r.value(word),
            "mtu" | "advmss" | "congctl" => {
                if let Some(lock) = r.value(word).filter(|w| w.value == "lock") {
                    r.value(lock);
                }
            }
            "expires" => {
                r.value(word);
                if line.iter().all(|word| !word.value.contains(':')) {
                    r.report.warning(word, "`expires` is for IPv6 routes only", "the word is ignored");
                }
            }
            "as" => {
                r.value(word);
                r.report.warning(word, "`as` is for MPLS routes only", "the word is ignored");
            }
            "nat" => {
                r.failed = true;
                let title = "Linux has no routes of the type `nat` any more";
                r.report.warning(word, title, "the kernel refuses this route: the line is left out").unnoticed();
            }
            "nexthop" => hops = true,
            // how packets are wrapped is told in words of its own
            "encap" => r.words.extend(r.rest.by_ref().map(|w| w.value.clone())),
            text if ROUTE_FLAGS.contains(&text) => {}
            text if ROUTE_NUMBERS.contains(&text) => r.number(word),
            text if ROUTE_VALUES.contains(&text) => drop(r.value(word)),
            _ if destination.is_none() => {
                destination = Some(word);
                r.address(word);
            }
            _ => {
                r.failed = true;
                unknown_option(word, "a route", "the line is ignored", r.report);
            }
        }
        if r.failed {
            break;
        }
    }
    r.watched_protocol();
    r.watched_device(line);
    let device = r.device.map(|w| w.value);
    let track_group = r.track_group.as_ref().map(|w| w.value.clone());
    let (spec, no_track) = (spec::route(&r.words), r.no_track);
    let model = (!r.failed).then_some(RouteModel { device, words: r.words, no_track, track_group, spec });
    Read { model, devices: r.devices, track_group: r.track_group }
}

/// `[from ADDR] [to ADDR] ...`
pub(super) fn rule(line: &[Word], is_static: bool, report: &mut Report) -> Read<RuleModel> {
    let mut r = Reading::new(line, report);
    let (mut acts, mut preferred, mut enters) = (false, false, false);
    while let Some(word) = r.rest.next() {
        if r.own(word) {
            continue;
        }
        r.words.push(word.value.clone());
        match word.value.as_str() {
            "from" | "to" => r.address_after(word),
            "iif" | "dev" | "oif" => {
                let device = r.value(word).cloned();
                r.devices.extend(device);
                enters |= word.value != "oif";
            }
            "table" | "lookup" => {
                r.table(word);
                acts = true;
            }
            "goto" => {
                r.number(word);
                acts = true;
            }
            "preference" | "priority" | "order" => {
                r.number(word);
                preferred = true;
            }
            "protocol" => r.protocol = r.value(word),
            "sport" | "dport" | "uidrange" => {
                if let Some(range) = r.value(word).filter(|w| !is_range(&w.value)) {
                    r.wrong(range, format!("`{}` is not a range", range.value), "FROM-TO; the line is ignored");
                }
            }
            "not" => {}
            text if RULE_ACTIONS.contains(&text) => acts = true,
            text if RULE_VALUES.contains(&text) => drop(r.value(word)),
            _ => {
                r.failed = true;
                unknown_option(word, "a rule", "the line is ignored", r.report);
            }
        }
        if r.failed {
            break;
        }
    }
    r.watched_protocol();
    r.complete_rule(line, acts, preferred);
    if let Some(group) = r.track_group.as_ref().filter(|_| is_static && !enters) {
        let title = "a rule of a track group needs the interface where packets come in";
        r.report.warning(group, title, "no `iif` in this line");
    }
    let device = r.devices.first().map(|w| w.value.clone());
    let track_group = r.track_group.as_ref().map(|w| w.value.clone());
    let (spec, no_track) = (spec::rule(&r.words), r.no_track);
    let model = (!r.failed).then_some(RuleModel { device, words: r.words, no_track, track_group, spec });
    Read { model, devices: r.devices, track_group: r.track_group }
}

/// `FROM-TO`
fn is_range(text: &str) -> bool {
    let number = |s: &str| s.parse::<u32>().ok();
    text.split_once('-')
        .is_some_and(|(from, to)| number(from).is_some_and(|from| number(to).is_some_and(|to| from <= to)))
}
