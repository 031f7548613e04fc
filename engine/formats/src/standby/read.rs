//! The lines of an IOS configuration, merged by interface and group.
use std::collections::BTreeMap;
use std::net::Ipv4Addr;
use std::sync::Arc;

use super::names::Names;
use crate::diagnostics::{Report, Spanned, nearest};

/// Everything read.
#[derive(Default)]
pub(super) struct Config {
    pub(super) groups: Vec<Group>,
    pub(super) interfaces: Vec<Interface>,
    /// Lines that say nothing about HSRP.
    pub(super) others: Vec<Spanned<String>>,
    /// Tracked objects that are the line protocol of an interface, by number.
    pub(super) objects: BTreeMap<u16, String>,
}

pub(super) struct Interface {
    pub(super) linux: String,
    pub(super) own: Vec<(Ipv4Addr, u8)>,
    pub(super) version2: bool,
    pub(super) burned_in: bool,
}

/// One HSRP group on one interface.
pub(super) struct Group {
    pub(super) interface: usize,
    pub(super) number: Spanned<u16>,
    pub(super) name: Option<Spanned<String>>,
    pub(super) ip: Option<Spanned<Ipv4Addr>>,
    pub(super) secondaries: Vec<Spanned<Ipv4Addr>>,
    pub(super) priority: Option<Spanned<u8>>,
    /// Preemption, with the least delay in seconds.
    pub(super) preempt: Option<Spanned<u16>>,
    pub(super) timers: Option<Spanned<Timers>>,
    pub(super) text: Option<Spanned<String>>,
    pub(super) tracks: Vec<Spanned<Track>>,
}

/// In milliseconds.
#[derive(Clone, Copy)]
pub(super) struct Timers {
    pub(super) hello: u32,
    pub(super) hold: u32,
}

pub(super) enum Target {
    Interface(String),
    Object(u16),
}

pub(super) struct Track {
    pub(super) target: Target,
    /// What is taken from the priority; none takes the group down.
    pub(super) decrement: Option<u8>,
}

const SUBCOMMANDS: [&str; 20] = [
    "arp",
    "authentication",
    "bfd",
    "delay",
    "follow",
    "ip",
    "ipv6",
    "mac-address",
    "mac-refresh",
    "name",
    "preempt",
    "priority",
    "redirect",
    "redirects",
    "send",
    "sso",
    "timers",
    "track",
    "use-bia",
    "version",
];

pub(super) fn read(file: &Arc<str>, text: &str, report: &mut Report) -> Config {
    let mut reader = Reader { config: Config::default(), names: Names::default(), current: None, report };
    let mut start = 0;
    for raw in text.split_inclusive('\n') {
        let line = raw.trim();
        let begin = start + (raw.len() - raw.trim_start().len()).min(raw.len());
        start += raw.len();
        if !line.is_empty() && !line.starts_with('!') {
            reader.line(&Spanned::new(line, file.clone(), begin..begin + line.len()));
        }
    }
    reader.config
}

struct Reader<'r> {
    config: Config,
    names: Names,
    /// The interface whose lines are read; the inner one is missing where its name was refused.
    current: Option<Option<usize>>,
    report: &'r mut Report,
}

impl Reader<'_> {
    fn line(&mut self, at: &Spanned<&str>) {
        let words: Vec<&str> = at.value.split_whitespace().collect();
        let keyword = words[0].to_ascii_lowercase();
        let rest = &words[1..];
        match keyword.as_str() {
            "end" | "exit" => self.current = None,
            "interface" => self.interface(at, rest),
            "standby" => self.standby(at, rest),
            "no" if rest.first().is_some_and(|w| w.eq_ignore_ascii_case("standby")) => {
                self.refuse(at, "`no standby` is not translated", "remove it together with the line it takes back");
            }
            "track" => self.object(at, rest),
            "vrrp" | "glbp" => {
                self.refuse(at, &format!("`{keyword}` lines are not read"), "only `standby` lines are translated");
            }
            "ip" if self.current.is_some() && rest.first().is_some_and(|w| w.eq_ignore_ascii_case("address")) => {
                self.own_address(at, &rest[1..]);
            }
            _ => match nearest(&keyword, ["standby", "interface"].into_iter()) {
                Some(near) => self.refuse(at, &format!("`{keyword}` is unknown"), &format!("did you mean `{near}`?")),
                None => self.config.others.push(at.with(at.value.to_owned())),
            },
        }
    }

    fn refuse(&mut self, at: &Spanned<&str>, title: &str, help: &str) {
        self.report.error(at, title, "not translated").help(help);
    }

    fn interface(&mut self, at: &Spanned<&str>, rest: &[&str]) {
        self.current = Some(None);
        let Some(linux) = self.names.linux(&at.with(rest.concat()), self.report) else { return };
        let known = self.config.interfaces.iter().position(|i| i.linux == linux);
        self.current = Some(Some(known.unwrap_or_else(|| {
            self.config.interfaces.push(Interface { linux, own: Vec::new(), version2: false, burned_in: false });
            self.config.interfaces.len() - 1
        })));
    }

    fn own_address(&mut self, at: &Spanned<&str>, rest: &[&str]) {
        let parsed = match rest {
            [ip, mask, ..] => ip.parse::<Ipv4Addr>().ok().zip(mask.parse::<Ipv4Addr>().ok()),
            _ => None,
        };
        let parsed = parsed.filter(|(_, mask)| mask.to_bits().leading_ones() == mask.to_bits().count_ones());
        match (parsed, self.current) {
            (Some((ip, mask)), Some(Some(i))) => {
                let prefix = u8::try_from(mask.to_bits().leading_ones()).unwrap_or(32);
                self.config.interfaces[i].own.push((ip, prefix));
            }
            (Some(_), _) => {}
            (None, _) => self.refuse(at, "this `ip address` is not an address and a mask", "write both as a.b.c.d"),
        }
    }

    /// `track 7 interface Fa0/1 line-protocol`, outside interfaces.
    fn object(&mut self, at: &Spanned<&str>, rest: &[&str]) {
        self.current = None;
        let number = rest.first().and_then(|n| n.parse::<u16>().ok());
        let last = rest.last().is_some_and(|w| w.eq_ignore_ascii_case("line-protocol"));
        match (number, rest) {
            (Some(number), [_, keyword, name @ .., _]) if keyword.eq_ignore_ascii_case("interface") && last => {
                if let Some(linux) = self.names.linux(&at.with(name.concat()), self.report) {
                    self.config.objects.insert(number, linux);
                }
            }
            _ => self.refuse(
                at,
                "only `track NUMBER interface NAME line-protocol` is translated",
                "keepalived needs a `track_script` of your own for anything else",
            ),
        }
    }

    fn standby(&mut self, at: &Spanned<&str>, rest: &[&str]) {
        let Some(current) = self.current else {
            self.refuse(at, "`standby` stands outside an interface", "put it under its `interface` line");
            return;
        };
        let numbered = rest.first().and_then(|w| w.parse::<u16>().ok());
        let rest = if numbered.is_some() { &rest[1..] } else { rest };
        let Some(word) = rest.first() else {
            self.refuse(at, "`standby` says nothing", "a sub-command such as `ip` is missing");
            return;
        };
        let Some(command) = self.subcommand(at, word) else { return };
        let Some(interface) = current else { return }; // its name was refused already
        let rest = &rest[1..];
        match (command, rest) {
            ("version", [version @ ("1" | "2")]) => self.config.interfaces[interface].version2 = *version == "2",
            ("use-bia", []) => self.config.interfaces[interface].burned_in = true,
            ("ip" | "name" | "preempt" | "priority" | "timers" | "track" | "authentication", _) => {
                let group = self.group(interface, at.with(numbered.unwrap_or(0)));
                self.setting(group, command, at, rest);
            }
            ("version" | "use-bia", _) => self.malformed(at, command),
            (other, _) => self.refuse(at, &format!("`standby {other}` has no equivalent here"), why_not(other)),
        }
    }

    /// The sub-command in full; unique abbreviations count.
    fn subcommand(&mut self, at: &Spanned<&str>, word: &str) -> Option<&'static str> {
        let word = word.to_ascii_lowercase();
        let fitting: Vec<&'static str> = SUBCOMMANDS.into_iter().filter(|s| s.starts_with(&word)).collect();
        if let Some(exact) = fitting.iter().find(|s| **s == word) {
            return Some(exact);
        }
        match fitting.as_slice() {
            [one] => return Some(one),
            [] => {
                let found = self.report.error(at, format!("`standby` has no sub-command `{word}`"), "not translated");
                if let Some(near) = nearest(&word, SUBCOMMANDS.into_iter()) {
                    found.help(format!("did you mean `{near}`?"));
                }
            }
            several => {
                let help = format!("it may be any of: {}", several.join(", "));
                self.refuse(at, &format!("`{word}` is not a unique abbreviation"), &help);
            }
        }
        None
    }

    fn group(&mut self, interface: usize, number: Spanned<u16>) -> usize {
        let groups = &mut self.config.groups;
        groups.iter().position(|g| g.interface == interface && g.number.value == number.value).unwrap_or_else(|| {
            groups.push(Group {
                interface,
                number,
                name: None,
                ip: None,
                secondaries: Vec::new(),
                priority: None,
                preempt: None,
                timers: None,
                text: None,
                tracks: Vec::new(),
            });
            groups.len() - 1
        })
    }

    fn malformed(&mut self, at: &Spanned<&str>, command: &str) {
        let help = match command {
            "ip" => "`ip ADDRESS [secondary]`",
            "priority" => "`priority 0` to `priority 255`",
            "preempt" => "`preempt [delay minimum SECONDS]`; the other delays have no equivalent",
            "timers" => "`timers [msec] HELLO [msec] HOLD`, HOLD longer than HELLO",
            "track" => "`track INTERFACE [DECREMENT]` or `track NUMBER [decrement DECREMENT | shutdown]`, at most 253",
            "name" => "one word of letters, digits and _ - .",
            "authentication" => "`authentication [text] WORD`, at most 8 letters, digits and _ - .",
            "version" => "`version 1` or `version 2`",
            _ => "`use-bia` alone",
        };
        self.refuse(at, &format!("this `standby {command}` cannot be translated"), help);
    }

    fn setting(&mut self, group: usize, command: &str, at: &Spanned<&str>, rest: &[&str]) {
        let lower: Vec<String> = rest.iter().map(|w| w.to_ascii_lowercase()).collect();
        let lower: Vec<&str> = lower.iter().map(String::as_str).collect();
        let (to, report) = (&mut self.config.groups[group], &mut *self.report);
        let understood = match (command, lower.as_slice()) {
            ("ip", []) => {
                report
                    .error(at, "a virtual address that is learned cannot be translated", "no address")
                    .help("take the address from the other router and write it here");
                true
            }
            ("ip", [ip]) => put(&mut to.ip, at, ip.parse().ok(), report),
            ("ip", [ip, "secondary"]) => {
                let ip = ip.parse().ok();
                to.secondaries.extend(ip.map(|ip| at.with(ip)));
                ip.is_some()
            }
            ("priority", [p]) => put(&mut to.priority, at, p.parse().ok(), report),
            ("preempt", []) => put(&mut to.preempt, at, Some(0), report),
            ("preempt", ["delay", "minimum", s]) => {
                put(&mut to.preempt, at, s.parse().ok().filter(|s| *s <= 3600), report)
            }
            ("timers", words) => put(&mut to.timers, at, timers(words), report),
            ("name", [_]) => put(&mut to.name, at, plain(rest[0]), report),
            ("authentication", ["md5", ..]) => {
                report
                    .error(at, "MD5 authentication cannot be translated", "VRRP has no such thing")
                    .help("remove the line, and protect the segment by other means");
                true
            }
            ("authentication", [_] | ["text", _]) => {
                let word = rest.last().and_then(|w| plain(w)).filter(|w| w.len() <= 8);
                put(&mut to.text, at, word, report)
            }
            ("track", words) => {
                let track = track(words, &mut self.names, at, report);
                match track {
                    Ok(track) => to.tracks.extend(track.map(|t| at.with(t))),
                    Err(()) => return self.malformed(at, command),
                }
                true
            }
            _ => false,
        };
        if !understood {
            self.malformed(at, command);
        }
    }
}

/// Sets a value once; a later line replaces an earlier one, and says so. False where there is no value.
fn put<T>(slot: &mut Option<Spanned<T>>, at: &Spanned<&str>, value: Option<T>, report: &mut Report) -> bool {
    let Some(value) = value else { return false };
    if let Some(earlier) = slot.replace(at.with(value)) {
        report.warning(&earlier, "a later line replaces this one", "not in the result");
    }
    true
}

fn plain(word: &str) -> Option<String> {
    let fits = word.bytes().all(|b| b.is_ascii_alphanumeric() || b"_-.".contains(&b));
    fits.then(|| word.to_owned())
}

fn timers(words: &[&str]) -> Option<Timers> {
    let millis = |n: &str| n.parse::<u16>().ok().map(u32::from).filter(|n| (15..=3000).contains(n));
    let seconds = |n: &str| n.parse::<u8>().ok().filter(|n| *n > 0).map(|n| u32::from(n) * 1000);
    let (hello, hold) = match words {
        ["msec", hello, "msec", hold] => (millis(hello)?, millis(hold)?),
        ["msec", hello, hold] => (millis(hello)?, seconds(hold)?),
        [hello, "msec", hold] => (seconds(hello)?, millis(hold)?),
        [hello, hold] => (seconds(hello)?, seconds(hold)?),
        _ => return None,
    };
    (hold > hello).then_some(Timers { hello, hold })
}

/// Nothing where the interface was refused, an error where the words are not a track.
fn track(words: &[&str], names: &mut Names, at: &Spanned<&str>, report: &mut Report) -> Result<Option<Track>, ()> {
    let amount = |n: &str| n.parse::<u8>().ok().filter(|n| (1..=253).contains(n)).ok_or(());
    let (first, rest) = words.split_first().ok_or(())?;
    if let Ok(number) = first.parse::<u16>() {
        let decrement = match rest {
            [] => Some(10),
            ["decrement", n] => Some(amount(n)?),
            ["shutdown"] => None,
            _ => return Err(()),
        };
        return Ok(Some(Track { target: Target::Object(number), decrement }));
    }
    let apart = !first.contains(|c: char| c.is_ascii_digit());
    let (name, rest) = match rest {
        [numbers, rest @ ..] if apart => (format!("{first}{numbers}"), rest),
        _ => ((*first).to_owned(), rest),
    };
    let decrement = match rest {
        [] => 10,
        [n] => amount(n)?,
        _ => return Err(()),
    };
    let linux = names.linux(&at.with(name), report);
    Ok(linux.map(|linux| Track { target: Target::Interface(linux), decrement: Some(decrement) }))
}

fn why_not(command: &str) -> &'static str {
    match command {
        "ipv6" => "write a separate IPv6 instance by hand; its link-local address changes",
        "follow" => "`vrrp_sync_group` is near, but there the fault of any member moves all",
        "mac-address" => "keepalived needs `use_vmac`, which is not simulated",
        "delay" => "`vrrp_startup_delay` is near, but it holds for the whole daemon",
        "arp" => "see `garp_master_repeat` and `garp_master_delay`",
        _ => "remove the line",
    }
}
