//! `frr_vrrpd_conf`: the configuration of FRR's vrrpd, made into the one model.
//!
//! vrrpd keeps its addresses on a macvlan that the administrator made (`setup` of the node): they are there all the time,
//! and carry nothing while the router is no master. The model has them on the interface below.
use std::net::IpAddr;
use std::num::NonZeroU8;

use vrrplab_engine::model::{AddressFamily, IfAddr, IfIndex, InstanceModel, InterfaceModel, NodeModel, Version, Vip};
use vrrplab_engine::{Policy, Span};

use super::case::parse_addr;
use super::files::Text;
use crate::diagnostics::Report;

/// What begins the name of every macvlan of vrrpd.
pub(super) const MACVLAN: &str = "vrrp";

/// A line that is no part of a virtual router and changes nothing that is simulated.
const OTHER: &[&str] = &["hostname", "log", "debug", "exit", "end", "frr", "no", "service", "!"];

/// The model of a node that runs vrrpd.
pub(super) fn read(
    node: &str,
    interfaces: Vec<InterfaceModel>,
    conf: &str,
    setup: &[String],
    text: &Text,
    report: &mut Report,
) -> Option<NodeModel> {
    let addresses: Vec<IfAddr> = setup.iter().filter_map(|line| macvlan_address(line)).collect();
    let mut instances: Vec<InstanceModel> = Vec::new();
    let mut iface: Option<IfIndex> = None;
    for line in conf.lines() {
        let words: Vec<&str> = line.split_whitespace().collect();
        let understood = match words[..] {
            [] => true,
            ["interface", name] => {
                iface = interfaces.iter().find(|i| i.name == name).map(|i| i.index);
                iface.is_some()
            }
            ["vrrp", vrid, ref rest @ ..] => {
                let made = iface.zip(vrid.parse().ok()).map(|(iface, vrid)| router(&mut instances, iface, vrid));
                made.and_then(|router| setting(router, rest, &addresses)).is_some()
            }
            ["no", "vrrp", vrid, "preempt"] => {
                let made = iface.zip(vrid.parse().ok()).map(|(iface, vrid)| router(&mut instances, iface, vrid));
                made.map(|router| router.preempt = false).is_some()
            }
            [first, ..] => OTHER.iter().any(|known| first.starts_with(known)),
        };
        if !understood {
            let title = format!("{node}: `{}` of vrrpd is not understood", line.trim());
            report.error(&text.word("frr_vrrpd_conf"), title, "the simulated node would not be the recorded one");
        }
    }
    Some(NodeModel { instances, ..NodeModel::new(node, Policy::FRR.as_measured(), interfaces) })
}

/// The virtual router of this VRID; the first line that names it makes it.
fn router(instances: &mut Vec<InstanceModel>, iface: IfIndex, vrid: NonZeroU8) -> &mut InstanceModel {
    let found = instances.iter().position(|i| i.iface == iface && i.vrid == vrid);
    let position = found.unwrap_or_else(|| {
        let name = format!("vrrp{vrid}v4");
        instances.push(InstanceModel { version: Version::V3, ..InstanceModel::new(&name, iface, vrid) });
        instances.len() - 1
    });
    &mut instances[position]
}

fn setting(router: &mut InstanceModel, words: &[&str], addresses: &[IfAddr]) -> Option<()> {
    match *words {
        [] | ["preempt"] => {}
        ["version", "2"] => router.version = Version::V2,
        ["version", "3"] => router.version = Version::V3,
        ["priority", value] => router.priority = value.parse().ok()?,
        ["advertisement-interval", ms] => router.advert_int = Span::from_millis(ms.parse().ok()?),
        ["ip" | "ipv6", ip] => {
            let ip: IpAddr = ip.parse().ok()?;
            if ip.is_ipv6() {
                router.family = AddressFamily::V6;
                router.name = format!("vrrp{}v6", router.vrid);
            }
            let whole = IfAddr { ip, prefix: if ip.is_ipv4() { 32 } else { 128 } };
            let addr = addresses.iter().copied().find(|a| a.ip == ip).unwrap_or(whole);
            router.vips.push(Vip::new(addr, router.iface));
        }
        _ => return None,
    }
    Some(())
}

/// The address that a line of `setup` gives to a macvlan.
pub(super) fn macvlan_address(line: &str) -> Option<IfAddr> {
    match line.split_whitespace().collect::<Vec<_>>()[..] {
        ["ip", "addr", "add", addr, "dev", dev] if dev.starts_with(MACVLAN) => parse_addr(addr),
        _ => None,
    }
}

/// Whether a line of `setup` does nothing but make a macvlan for vrrpd.
pub(super) fn makes_macvlan(line: &str) -> bool {
    line.starts_with("ip ") && line.split_whitespace().any(|word| word.starts_with(MACVLAN))
}
