//! The keepalived.conf text, each difference from HSRP said at its line and in the report.
use std::fmt::Write as _;
use std::net::Ipv4Addr;
use std::sync::Arc;

use super::read::{Config, Group, Interface, Target, Timers};
use crate::diagnostics::{Report, Spanned};

pub(super) fn write(file: &Arc<str>, text: &str, config: &Config, report: &mut Report) -> String {
    let mut out = String::from(
        "# Made from Cisco IOS `standby` lines by vrrplab.\n# Interface names: `eth` and the last number of the slot, so \
         FastEthernet0/0.100 is eth0.100.\n",
    );
    for other in &config.others {
        report.warning(other, "this line says nothing about HSRP", "not in the result");
        let shown: String = other.value.chars().filter(|c| !c.is_control()).collect();
        let _ = writeln!(out, "# not translated: {shown}");
    }
    if config.groups.is_empty() && !report.has_errors() {
        let whole = Spanned::new((), file.clone(), 0..text.len().min(1));
        report
            .error(&whole, "there is no HSRP group here", "")
            .help("`standby 1 ip ADDRESS` under an interface makes one");
    }
    let mut names: Vec<String> = Vec::new();
    for group in &config.groups {
        let interface = &config.interfaces[group.interface];
        let number = group.number.value;
        let name =
            group.name.as_ref().map_or_else(|| format!("HSRP_{}_{number}", interface.linux), |n| n.value.clone());
        if names.contains(&name) {
            report
                .error(&group.number, format!("two groups are named `{name}`"), "the second one")
                .help("keepalived needs a name of its own for each instance");
        }
        let mut writer = Writer { out: &mut out, report };
        writer.group(&name, group, interface, config);
        names.push(name);
    }
    out
}

struct Writer<'a> {
    out: &'a mut String,
    report: &'a mut Report,
}

impl Writer<'_> {
    fn put(&mut self, line: &str) {
        let _ = writeln!(self.out, "    {line}");
    }

    fn differ<T>(&mut self, at: &Spanned<T>, sentence: &str) {
        self.report.warning(at, sentence, "differs from HSRP");
        self.put(&format!("# {sentence}"));
    }

    fn group(&mut self, name: &str, group: &Group, interface: &Interface, config: &Config) {
        let number = group.number.value;
        self.check_number(group, interface);
        let _ = writeln!(self.out, "\nvrrp_instance {name} {{");
        let priority = group.priority.as_ref().map_or(100, |p| p.value);
        let delay = group.preempt.as_ref().map(|p| p.value);
        let state = if delay == Some(0) && priority > 100 { "MASTER" } else { "BACKUP" };
        self.put(&format!("state {state}"));
        self.put(&format!("interface {}", interface.linux));
        self.put(&format!("virtual_router_id {number}"));
        let used = priority.clamp(1, 254);
        if let Some(at) = group.priority.as_ref().filter(|_| used != priority) {
            self.differ(at, &format!("priority {priority} means something else in VRRP; {used} is used"));
        }
        self.put(&format!("priority {used}"));
        let version3 = self.timers(group, used);
        self.preempt(group);
        if let Some(text) = &group.text {
            if version3 {
                self.differ(text, "VRRPv3 has no authentication: anybody on the segment can take part");
            } else {
                self.differ(text, "the password travels as VRRPv2 PASS, in clear text; every router needs the same");
                self.put("authentication {\n        auth_type PASS");
                self.put(&format!("    auth_pass {}", text.value));
                self.put("}");
            }
        }
        self.addresses(group, interface);
        self.tracks(group, config);
        self.out.push_str("}\n");
    }

    fn check_number(&mut self, group: &Group, interface: &Interface) {
        let number = group.number.value;
        if (1..=255).contains(&number) {
            return;
        }
        let title = match number {
            0 => "HSRP group 0 has no VRID".to_owned(),
            256..=4095 if interface.version2 => format!("HSRP group {number} is larger than any VRID"),
            _ => format!("there is no HSRP group {number} in this version"),
        };
        self.report
            .error(&group.number, title, "a VRID is a number from 1 to 255")
            .help("`standby` without a number is group 0; renumber the group on every router of the segment");
    }

    /// Writes the interval; true where it needs VRRPv3.
    fn timers(&mut self, group: &Group, priority: u8) -> bool {
        let steps = 256 - u32::from(priority);
        let Some(at) = &group.timers else {
            let down = 3000 + steps * 1000 / 256;
            let sentence = format!(
                "HSRP says hello every 3 s and gives up after 10 s; here it is 1 s and {}; `advert_int 3` is nearer",
                seconds(down)
            );
            self.differ(&group.number, &sentence);
            self.put("advert_int 1");
            return false;
        };
        let Timers { hello, hold } = at.value;
        let version3 = hello % 1000 != 0;
        let interval = if version3 { hello.div_ceil(10) * 10 } else { hello };
        let skew = if version3 { steps * interval / 256 } else { steps * 1000 / 256 };
        let mut sentence = format!(
            "HSRP gives up after {}; VRRP after three adverts and a bit, {}",
            seconds(hold),
            seconds(3 * interval + skew)
        );
        if interval != hello {
            let _ = write!(sentence, "; the interval is rounded up to {}", seconds(interval));
        }
        self.differ(at, &sentence);
        if version3 {
            self.differ(at, "an interval below 1 s needs VRRPv3 on every router");
            self.put("version 3");
        }
        self.put(&format!("advert_int {}", seconds(interval).trim_end_matches(" s")));
        version3
    }

    fn preempt(&mut self, group: &Group) {
        match &group.preempt {
            None => {
                self.differ(&group.number, "HSRP does not preempt unless told to, VRRP does unless told not to");
                self.put("nopreempt");
            }
            Some(delay) if delay.value > 0 => {
                let used = delay.value.min(1000);
                let clamped = if used < delay.value { "; 1000 s is the most there is" } else { "" };
                self.differ(delay, &format!("the delay counts from the first advert of a lower router{clamped}"));
                self.put(&format!("preempt_delay {used}"));
            }
            Some(_) => self.put("preempt_delay 0"),
        }
    }

    fn addresses(&mut self, group: &Group, interface: &Interface) {
        let Some(ip) = &group.ip else {
            self.report
                .error(&group.number, format!("group {} has no virtual address", group.number.value), "")
                .help("add `standby NUMBER ip ADDRESS`");
            return;
        };
        if !interface.burned_in {
            self.differ(ip, "hosts see the interface's own MAC and not the one of HSRP; gratuitous ARP tells them");
        }
        for secondary in &group.secondaries {
            self.differ(secondary, "VRRP advertises this address too; HSRP does not advertise secondary ones");
        }
        self.put("virtual_ipaddress {");
        for vip in std::iter::once(ip).chain(&group.secondaries) {
            if interface.own.iter().any(|(own, _)| *own == vip.value) {
                self.report
                    .error(vip, "the virtual address is the interface's own", "IOS refuses this too")
                    .help("choose an address that no router has");
            }
            let prefix = interface.own.iter().find(|own| same_net(**own, vip.value));
            let prefix = prefix.map_or_else(String::new, |(_, prefix)| format!("/{prefix}"));
            self.put(&format!("    {}{prefix}", vip.value));
        }
        self.put("}");
    }

    fn tracks(&mut self, group: &Group, config: &Config) {
        let mut lines: Vec<(&str, Option<u8>)> = Vec::new();
        for track in &group.tracks {
            let linux = match &track.value.target {
                Target::Interface(linux) => Some(linux),
                Target::Object(number) => config.objects.get(number),
            };
            let Some(linux) = linux else {
                self.report
                    .error(track, "the tracked object is not in this file", "not translated")
                    .help("add its `track NUMBER interface NAME line-protocol` line");
                continue;
            };
            if lines.iter().any(|(known, _)| known == linux) {
                self.report
                    .error(track, format!("`{linux}` is tracked twice"), "not translated")
                    .help("keep one of the lines, with the sum of their decrements");
                continue;
            }
            let sentence = match track.value.decrement {
                Some(n) => {
                    format!("the link of {linux} is looked at, not its line protocol; its loss costs {n} of priority")
                }
                None => format!("the link of {linux} is looked at, not its line protocol; its loss is a FAULT"),
            };
            self.differ(track, &sentence);
            lines.push((linux, track.value.decrement));
        }
        if lines.is_empty() {
            return;
        }
        self.put("track_interface {");
        for (linux, decrement) in lines {
            let weight = decrement.map_or_else(String::new, |n| format!(" weight -{n}"));
            self.put(&format!("    {linux}{weight}"));
        }
        self.put("}");
    }
}

fn same_net((own, prefix): (Ipv4Addr, u8), vip: Ipv4Addr) -> bool {
    let differing = (own.to_bits() ^ vip.to_bits()).leading_zeros();
    differing >= u32::from(prefix)
}

fn seconds(millis: u32) -> String {
    match (millis / 1000, millis % 1000) {
        (whole, 0) => format!("{whole} s"),
        (whole, rest) => format!("{whole}.{} s", format!("{rest:03}").trim_end_matches('0')),
    }
}
