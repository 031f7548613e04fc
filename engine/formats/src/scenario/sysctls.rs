//! The sysctls that may be set on a node: their names, and the values that they take.
use vrrplab_engine::model::IfIndex;

use super::leaf::{Entries, Yaml};
use super::reader::Reader;
use super::units::{Number, choices};
use crate::world::{Sysctl, SysctlKey};

/// What each interface has, and the largest value that is simulated.
const OF_INTERFACES: [(&str, SysctlKey, i64); 6] = [
    ("arp_ignore", SysctlKey::ArpIgnore, 2),
    ("arp_announce", SysctlKey::ArpAnnounce, 2),
    ("arp_accept", SysctlKey::ArpAccept, 2),
    ("rp_filter", SysctlKey::RpFilter, 2),
    ("accept_local", SysctlKey::AcceptLocal, 1),
    ("promote_secondaries", SysctlKey::PromoteSecondaries, 1),
];
/// What the host has once.
const OF_HOST: [(&str, SysctlKey); 4] = [
    ("net.ipv4.ip_forward", SysctlKey::Forward),
    ("ip_forward", SysctlKey::Forward),
    ("net.ipv4.conf.all.forwarding", SysctlKey::Forward),
    ("net.ipv6.conf.all.forwarding", SysctlKey::Forward6),
];

/// The position of an interface as its kernel index.
pub(super) fn index(position: usize) -> IfIndex {
    IfIndex(u32::try_from(position).unwrap_or(u32::MAX).saturating_add(2))
}

impl Reader<'_> {
    /// Sysctls by name, on a node with these interfaces.
    pub(super) fn sysctls(&mut self, texts: &Entries<Number>, interfaces: &[String]) -> Vec<Sysctl> {
        texts.0.iter().flat_map(|(name, value)| self.sysctl(name, value, interfaces)).collect()
    }

    /// One sysctl; `default` is that of every interface.
    pub(super) fn sysctl(&mut self, name: &Yaml<String>, value: &Number, interfaces: &[String]) -> Vec<Sysctl> {
        let read = self.read(value);
        let host = OF_HOST.iter().find(|(known, _)| *known == name.value).map(|(_, key)| (*key, 1, vec![None]));
        let Some((key, most, places)) = host.or_else(|| self.sysctl_of_interface(name, interfaces)) else {
            return Vec::new();
        };
        let Some(read) = read else { return Vec::new() };
        let Some(value) = u8::try_from(read.value).ok().filter(|_| read.value <= most) else {
            let title = format!("`{}` cannot be {}", name.value, read.value);
            self.refuse(read.span, title, "not simulated", &format!("from 0 to {most}"));
            return Vec::new();
        };
        places.into_iter().map(|iface| Sysctl { key, iface, value }).collect()
    }

    fn sysctl_of_interface(
        &mut self,
        name: &Yaml<String>,
        interfaces: &[String],
    ) -> Option<(SysctlKey, i64, Vec<Option<IfIndex>>)> {
        let short = name.value.strip_prefix("net.ipv4.conf.").unwrap_or(&name.value);
        let (place, leaf) = short.rsplit_once('.').unwrap_or(("", short));
        let Some((_, key, most)) = OF_INTERFACES.iter().find(|(known, ..)| *known == leaf) else {
            let of_interfaces = OF_INTERFACES.iter().map(|(known, ..)| format!("net.ipv4.conf.all.{known}"));
            let known: Vec<String> =
                OF_HOST.iter().map(|(known, _)| (*known).to_owned()).chain(of_interfaces).collect();
            let help = choices(&name.value, known.iter().map(String::as_str));
            self.refuse_at(name, format!("unknown sysctl `{}`", name.value), "not simulated", &help);
            return None;
        };
        let places = match (place, interfaces.iter().position(|known| known == place)) {
            ("all", _) => vec![None],
            ("default", _) => (0..interfaces.len()).map(|position| Some(index(position))).collect(),
            (_, Some(position)) => vec![Some(index(position))],
            (_, None) => {
                let known = ["all", "default"].into_iter().chain(interfaces.iter().map(String::as_str));
                let title = format!("`{}` names no interface of the node", name.value);
                self.refuse_at(name, title, "", &choices(place, known));
                return None;
            }
        };
        Some((*key, *most, places))
    }
}
