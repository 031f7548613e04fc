//! Faults of cables and switches: `ip link` on either side, and nftables on the bridge.
use std::collections::BTreeMap;
use std::io::Write;
use std::process::{Command, Stdio};

use vrrplab_formats::world::{Direction, FrameClass, Nic, NodeId};

use super::clients;
use super::nets::{Nets, ip, port};
use super::plan::Plan;
use super::steps::Action;
use super::tools::run;

/// Where each cut is in force.
pub type Cuts = BTreeMap<String, usize>;

/// Does one thing to the wiring.
pub fn apply(action: &Action, plan: &Plan, nets: &Nets, cuts: &mut Cuts) -> Result<(), String> {
    match action {
        Action::Port(node, nic, up) => {
            let nics = 0..plan.nodes[node.0].nics.len();
            let mut meant = nics.filter(|n| nic.is_none_or(|wanted| wanted == *n));
            meant.try_for_each(|nic| set_port(plan, nets, Nic { node: *node, nic }, *up))
        }
        Action::Link(nic, up) => {
            let name = &plan.nodes[nic.node.0].nics[nic.nic].name;
            ip(&nets.node(nic.node.0), &format!("link set {name} {}", up_or_down(*up)))
        }
        Action::Address(nic, addr, add) => {
            let name = &plan.nodes[nic.node.0].nics[nic.nic].name;
            let deed = if *add { "add" } else { "del" };
            // What the kernel refuses (it has the address, or has it not) changes nothing, as at an operator's shell.
            let _ = ip(&nets.node(nic.node.0), &format!("addr {deed} {}/{} dev {name}", addr.ip, addr.prefix));
            Ok(())
        }
        Action::Cut(name, nic, direction, frames) => {
            let switch = switch_of(plan, *nic);
            cuts.insert(name.clone(), switch);
            nft(&nets.switch(switch), &cut_rules(name, &port(nic.node.0, nic.nic), *direction, *frames))
        }
        Action::Partition(name, switch, groups) => {
            let mut sides = ports_of(plan, *switch, groups);
            clients::take_sides(plan, name, *switch, &mut sides);
            nft(&nets.switch(*switch), &partition_rules(name, &sides))
        }
        Action::Uncut(name, _) => match cuts.remove(name) {
            Some(switch) => nft(&nets.switch(switch), &format!("delete table bridge {name}\n")),
            None => Ok(()),
        },
        Action::Heal(name, switch) => nft(&nets.switch(*switch), &format!("delete table bridge {name}\n")),
        _ => Ok(()),
    }
}

/// The switch side of a cable.
pub fn set_port(plan: &Plan, nets: &Nets, nic: Nic, up: bool) -> Result<(), String> {
    let line = format!("link set {} {}", port(nic.node.0, nic.nic), up_or_down(up));
    ip(&nets.switch(switch_of(plan, nic)), &line)
}

fn switch_of(plan: &Plan, nic: Nic) -> usize {
    plan.nodes[nic.node.0].nics[nic.nic].switch
}

fn up_or_down(up: bool) -> &'static str {
    if up { "up" } else { "down" }
}

/// The ports on this switch of each group.
fn ports_of(plan: &Plan, switch: usize, groups: &[Vec<NodeId>]) -> Vec<Vec<String>> {
    let of_node = |n: &NodeId| {
        let nics = plan.nodes[n.0].nics.iter().enumerate().filter(|(_, nic)| nic.switch == switch);
        nics.map(|(nic, _)| port(n.0, nic)).collect::<Vec<_>>()
    };
    groups.iter().map(|group| group.iter().flat_map(of_node).collect()).collect()
}

fn cut_rules(name: &str, port: &str, direction: Direction, frames: FrameClass) -> String {
    let classes: &[&str] = match frames {
        FrameClass::All => &[""],
        FrameClass::Multicast => {
            &["ether daddr & 01:00:00:00:00:00 == 01:00:00:00:00:00 ether daddr != ff:ff:ff:ff:ff:ff "]
        }
        FrameClass::Vrrp => &["ether type ip ip protocol 112 ", "ether type ip6 ip6 nexthdr 112 "],
        FrameClass::Arp => &["ether type arp "],
    };
    let chain = |hook: &str, side: &str| {
        let rules = classes.iter().map(|class| format!("        {side} {port} {class}counter drop\n"));
        format!(
            "    chain {hook} {{\n        type filter hook {hook} priority 0;\n{}    }}\n",
            rules.collect::<String>()
        )
    };
    let from = if direction == Direction::ToNode { String::new() } else { chain("prerouting", "iifname") };
    let to = if direction == Direction::FromNode { String::new() } else { chain("postrouting", "oifname") };
    format!("table bridge {name} {{\n{from}{to}}}\n")
}

fn partition_rules(name: &str, groups: &[Vec<String>]) -> String {
    let mut rules = String::new();
    for (here, from) in groups.iter().enumerate() {
        for (there, to) in groups.iter().enumerate() {
            if here != there && !from.is_empty() && !to.is_empty() {
                let (from, to) = (from.join(", "), to.join(", "));
                rules += &format!("        iifname {{ {from} }} oifname {{ {to} }} counter drop\n");
            }
        }
    }
    format!(
        "table bridge {name} {{\n    chain forward {{\n        type filter hook forward priority 0;\n{rules}    }}\n}}\n"
    )
}

/// What a cut or partition has dropped so far, just before it ends: its rules with their counters.
pub fn counted(action: &Action, plan: &Plan, nets: &Nets, cuts: &Cuts) -> Option<Vec<String>> {
    let (name, switch) = match action {
        Action::Uncut(name, _) => (name, *cuts.get(name)?),
        Action::Heal(name, switch) => (name, *switch),
        _ => return None,
    };
    let listed = run("ip", &["netns", "exec", &nets.switch(switch), "nft", "list", "table", "bridge", name]);
    Some(rules(&listed.unwrap_or_default(), plan))
}

/// The rules of all cuts and partitions in force, with their counters.
pub fn in_force(plan: &Plan, nets: &Nets) -> Vec<String> {
    let list = |switch: usize| run("ip", &["netns", "exec", &nets.switch(switch), "nft", "list", "ruleset"]);
    (0..plan.switches.len()).flat_map(|switch| rules(&list(switch).unwrap_or_default(), plan)).collect()
}

/// The rules of a list, with ports called `NODE-INTERFACE`.
fn rules(listed: &str, plan: &Plan) -> Vec<String> {
    let named = |line: &str| {
        let nics =
            plan.nodes.iter().enumerate().flat_map(|(n, node)| (0..node.nics.len()).map(move |nic| (n, node, nic)));
        nics.fold(line.to_owned(), |line, (n, node, nic)| {
            line.replace(&format!("\"{}\"", port(n, nic)), &format!("\"{}-{}\"", node.name, node.nics[nic].name))
        })
    };
    listed.lines().map(str::trim).filter(|line| line.contains(" counter ")).map(named).collect()
}

/// Gives nftables a script, which takes effect as a whole.
fn nft(ns: &str, script: &str) -> Result<(), String> {
    let mut command = Command::new("ip");
    command.args(["netns", "exec", ns, "nft", "-f", "-"]);
    command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::piped());
    let mut child = command.spawn().map_err(|why| format!("nft: {why}"))?;
    if let Some(mut stdin) = child.stdin.take() {
        stdin.write_all(script.as_bytes()).map_err(|why| format!("nft: {why}"))?;
    }
    let done = child.wait_with_output().map_err(|why| format!("nft: {why}"))?;
    if done.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&done.stderr);
    Err(format!("nft refuses (has this kernel nftables for bridges?): {}", said.lines().next().unwrap_or_default()))
}

/// Whether cuts and partitions can be made in this switch.
pub fn try_nft(nets: &Nets, switch: usize) -> Result<(), String> {
    let probe = cut_rules("probe", "nowhere", Direction::Both, FrameClass::Multicast);
    nft(&nets.switch(switch), &probe)?;
    nft(&nets.switch(switch), "delete table bridge probe\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cut_drops_its_frames_on_its_side_of_the_port() {
        assert_eq!(
            cut_rules("cut1", "n0p0", Direction::FromNode, FrameClass::Arp),
            "table bridge cut1 {\n    chain prerouting {\n        type filter hook prerouting priority 0;\n        \
             iifname n0p0 ether type arp counter drop\n    }\n}\n"
        );
        let both = cut_rules("cut2", "n1p0", Direction::Both, FrameClass::Vrrp);
        let drops: Vec<&str> = both.lines().map(str::trim).filter(|l| l.ends_with("drop")).collect();
        assert_eq!(
            drops,
            [
                "iifname n1p0 ether type ip ip protocol 112 counter drop",
                "iifname n1p0 ether type ip6 ip6 nexthdr 112 counter drop",
                "oifname n1p0 ether type ip ip protocol 112 counter drop",
                "oifname n1p0 ether type ip6 ip6 nexthdr 112 counter drop",
            ]
        );
    }

    #[test]
    fn a_partition_drops_between_groups_only() {
        let group = |ports: &[&str]| ports.iter().map(|p| (*p).to_owned()).collect::<Vec<_>>();
        let rules = partition_rules("partition1", &[group(&["n0p0"]), group(&["n1p0", "n2p0"]), group(&[])]);
        let drops: Vec<&str> = rules.lines().map(str::trim).filter(|l| l.ends_with("drop")).collect();
        assert_eq!(
            drops,
            [
                "iifname { n0p0 } oifname { n1p0, n2p0 } counter drop",
                "iifname { n1p0, n2p0 } oifname { n0p0 } counter drop",
            ]
        );
    }
}
