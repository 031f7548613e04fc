//! The words for faults in a node's kernel.
use vrrplab_engine::model::{IfAddr, IfIndex};
use vrrplab_formats::world::{Chain, FirewallRule, KernelFault, LOOPBACK, Nic, NodeId, Sysctl, SysctlKey};

use super::Names;

const fn sysctl(key: SysctlKey) -> &'static str {
    match key {
        SysctlKey::Forward => "ip_forward",
        SysctlKey::Forward6 => "forwarding",
        SysctlKey::ArpIgnore => "arp_ignore",
        SysctlKey::ArpAnnounce => "arp_announce",
        SysctlKey::ArpAccept => "arp_accept",
        SysctlKey::RpFilter => "rp_filter",
        SysctlKey::AcceptLocal => "accept_local",
        SysctlKey::PromoteSecondaries => "promote_secondaries",
    }
}

fn prefixed(addr: IfAddr) -> String {
    format!("{}/{}", addr.ip, addr.prefix)
}

impl Names {
    /// `eth0` of a node, by its index.
    fn device(&self, node: NodeId, iface: IfIndex) -> String {
        if iface == LOOPBACK {
            return "lo".to_owned();
        }
        let position = usize::try_from(iface.0).unwrap_or(usize::MAX).saturating_sub(2);
        let nic = self.nic(Nic { node, nic: position });
        nic.rsplit_once(':').map_or(nic.clone(), |(_, device)| device.to_owned())
    }

    fn rule(&self, node: NodeId, rule: &FirewallRule) -> String {
        let decides = || if rule.accept { "accept" } else { "drop" }.to_owned();
        let mut words = vec![rule.mark.map_or_else(decides, |mark| format!("mark {mark}"))];
        words.push(match rule.chain {
            Chain::In => "in".to_owned(),
            Chain::Out => "out".to_owned(),
            Chain::Forward => "forward".to_owned(),
        });
        words.extend(rule.protocol.map(|protocol| match protocol {
            112 => "vrrp".to_owned(),
            other => format!("protocol {other}"),
        }));
        words.extend(rule.multicast.map(|group| if group { "multicast" } else { "unicast" }.to_owned()));
        words.extend(rule.source.map(|from| format!("from {}", prefixed(from))));
        words.extend(rule.destination.map(|to| format!("to {}", prefixed(to))));
        words.extend(rule.port.map(|port| format!("port {port}")));
        words.extend(rule.iface.map(|iface| format!("by {}", self.device(node, iface))));
        words.join(" ")
    }

    fn setting(&self, node: NodeId, set: &Sysctl) -> String {
        let place = set.iface.map(|iface| format!("{}.", self.device(node, iface))).unwrap_or_default();
        format!("{place}{}={}", sysctl(set.key), set.value)
    }

    /// A fault in a kernel in plain words.
    pub(super) fn kernel_fault(&self, fault: &KernelFault) -> String {
        let id = fault.node();
        let node = self.node(id);
        match fault {
            KernelFault::Nat { pairs, .. } if pairs.is_empty() => format!("{node} translates no addresses"),
            KernelFault::Nat { pairs, .. } => {
                let pairs: Vec<String> = pairs.iter().map(|p| format!("{} to {}", p.outside, p.inside)).collect();
                format!("{node} translates {}", pairs.join(", "))
            }
            KernelFault::Firewall { rules, .. } if rules.is_empty() => format!("firewall of {node} off"),
            KernelFault::Firewall { rules, .. } => {
                let rules: Vec<String> = rules.iter().map(|rule| self.rule(id, rule)).collect();
                format!("firewall of {node}: {}", rules.join("; "))
            }
            KernelFault::Address { iface, addr, add, .. } => {
                let verb = if *add { "add" } else { "del" };
                format!("ip address {verb} {} dev {} on {node}", prefixed(*addr), self.device(id, *iface))
            }
            KernelFault::RefuseAddress { ip, refused: true, .. } => {
                format!("kernel of {node} refuses {ip} from now on")
            }
            KernelFault::RefuseAddress { ip, .. } => format!("kernel of {node} takes {ip} again"),
            KernelFault::Route { route, present: false, .. } => {
                format!("ip route del {} on {node}", prefixed(route.to))
            }
            KernelFault::Route { route, .. } => {
                let via = route.via.map(|via| format!(" via {via}")).unwrap_or_default();
                let dev = route.iface.map(|iface| format!(" dev {}", self.device(id, iface))).unwrap_or_default();
                format!("ip route replace {}{via}{dev} on {node}", prefixed(route.to))
            }
            KernelFault::Sysctl { settings, .. } => {
                let settings: Vec<String> = settings.iter().map(|set| self.setting(id, set)).collect();
                format!("sysctl of {node}: {}", settings.join(" "))
            }
            KernelFault::NicRecreated(nic) => format!("{} vanishes and comes back without addresses", self.nic(*nic)),
        }
    }
}

#[cfg(test)]
mod tests {
    use vrrplab_formats::world::Route;

    use super::*;
    use crate::observe::stage;

    #[test]
    fn every_fault_in_a_kernel_has_plain_words() {
        let names = Names::new(&stage::world(), &stage::ports());
        let node = NodeId(0);
        let (vip, eth0) = (stage::addr("10.0.0.100", 24), IfIndex(2));
        let rule = FirewallRule {
            protocol: Some(112),
            source: Some(stage::addr("10.0.0.2", 32)),
            iface: Some(eth0),
            multicast: Some(true),
            ..FirewallRule::drops_all(Chain::In)
        };
        let marks = FirewallRule {
            protocol: Some(6),
            destination: Some(vip),
            port: Some(443),
            mark: Some(7),
            ..FirewallRule::drops_all(Chain::In)
        };
        let route = Route { to: stage::addr("0.0.0.0", 0), via: Some(vip.ip), iface: Some(eth0) };
        let set = |iface| Sysctl { key: SysctlKey::ArpIgnore, iface, value: 1 };
        let table = [
            (
                KernelFault::Firewall { node, rules: vec![rule] },
                "firewall of r1: drop in vrrp multicast from 10.0.0.2/32 by eth0",
            ),
            (
                KernelFault::Firewall { node, rules: vec![marks] },
                "firewall of r1: mark 7 in protocol 6 to 10.0.0.100/24 port 443",
            ),
            (KernelFault::Firewall { node, rules: vec![] }, "firewall of r1 off"),
            (KernelFault::Nat { node, pairs: vec![] }, "r1 translates no addresses"),
            (
                KernelFault::Address { node, iface: eth0, addr: vip, add: false },
                "ip address del 10.0.0.100/24 dev eth0 on r1",
            ),
            (
                KernelFault::Address { node, iface: LOOPBACK, addr: vip, add: true },
                "ip address add 10.0.0.100/24 dev lo on r1",
            ),
            (
                KernelFault::RefuseAddress { node, ip: vip.ip, refused: true },
                "kernel of r1 refuses 10.0.0.100 from now on",
            ),
            (KernelFault::RefuseAddress { node, ip: vip.ip, refused: false }, "kernel of r1 takes 10.0.0.100 again"),
            (
                KernelFault::Route { node, route, present: true },
                "ip route replace 0.0.0.0/0 via 10.0.0.100 dev eth0 on r1",
            ),
            (KernelFault::Route { node, route, present: false }, "ip route del 0.0.0.0/0 on r1"),
            (
                KernelFault::Sysctl { node, settings: vec![set(Some(eth0)), set(None)] },
                "sysctl of r1: eth0.arp_ignore=1 arp_ignore=1",
            ),
            (KernelFault::NicRecreated(Nic { node, nic: 0 }), "r1:eth0 vanishes and comes back without addresses"),
        ];
        for (fault, words) in table {
            assert_eq!(names.kernel_fault(&fault), words);
        }
    }
}
