//! `case.json`: the switches and nodes of a recording, made into a world without faults.
use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::Arc;

use serde::Deserialize;
use vrrplab_engine::model::{IfAddr, IfIndex, InterfaceModel, Mac, NodeModel};
use vrrplab_engine::{Instant, Policy, Span};

use super::files::{InOrder, Millis, Text};
use super::frr;
use super::timeline::Timeline;
use crate::builder::build_node;
use crate::diagnostics::{Keepalived, Report, Spanned};
use crate::keepalived;
use crate::world::{LinkQuality, Network, NetworkId, Node, Port, World};

/// Delay of one crossing between a namespace and its bridge: far below every timer.
const CROSSING: Span = Span::from_micros(20);

/// The input of a recording.
#[derive(Debug, Deserialize)]
pub(super) struct Case {
    pub(super) name: String,
    #[serde(default)]
    description: String,
    duration_ms: Millis,
    pub(super) switches: Vec<String>,
    #[serde(default)]
    ipv6: bool,
    pub(super) nodes: InOrder<CaseNode>,
    #[serde(default)]
    pub(super) initial_faults: Vec<CaseFault>,
    #[serde(default)]
    pub(super) faults: Vec<CaseFault>,
}

/// One node.
#[derive(Debug, Deserialize)]
pub(super) struct CaseNode {
    #[serde(default)]
    pub(super) nics: Vec<CaseNic>,
    pub(super) start_ms: Option<Millis>,
    keepalived_conf: Option<String>,
    pub(super) frr_vrrpd_conf: Option<String>,
    #[serde(default)]
    pub(super) setup: Vec<String>,
    #[serde(default)]
    files: BTreeMap<String, CaseFile>,
}

/// A file beside the configuration: its text alone, or with a mode.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum CaseFile {
    Text(String),
    WithMode { content: String },
}

impl CaseNode {
    fn files(&self) -> Vec<(String, String)> {
        let content = |file: &CaseFile| match file {
            CaseFile::Text(content) | CaseFile::WithMode { content } => content.clone(),
        };
        self.files.iter().map(|(path, file)| (path.clone(), content(file))).collect()
    }
}

/// One interface.
#[derive(Debug, Deserialize)]
pub(super) struct CaseNic {
    pub(super) name: String,
    pub(super) switch: String,
    mac: String,
    #[serde(default)]
    addrs: Vec<String>,
}

/// One fault; which fields are there depends on the type.
#[derive(Debug, Deserialize)]
pub(super) struct CaseFault {
    #[serde(rename = "type")]
    pub(super) kind: String,
    #[serde(default)]
    pub(super) t_ms: Millis,
    pub(super) node: Option<String>,
    pub(super) nic: Option<String>,
    pub(super) name: Option<String>,
    pub(super) dir: Option<String>,
    #[serde(rename = "match")]
    pub(super) frames: Option<String>,
    pub(super) switch: Option<String>,
    pub(super) groups: Option<Vec<Vec<String>>>,
    pub(super) keepalived_conf: Option<String>,
    pub(super) path: Option<String>,
    pub(super) content: Option<String>,
    pub(super) address: Option<String>,
}

impl Case {
    /// The end of the observation.
    pub(super) fn end(&self) -> Instant {
        self.duration_ms.0
    }

    /// The switch with this name.
    pub(super) fn network(&self, name: &str) -> Option<NetworkId> {
        self.switches.iter().position(|s| s == name).map(NetworkId)
    }
}

/// The recorded world as it was before anything went wrong, started as in this run.
pub(super) fn world(case: &Case, text: &Text, run: &Timeline, report: &mut Report) -> World {
    let link = LinkQuality::after(CROSSING);
    let networks = case.switches.iter().map(|name| Network::new(name, link)).collect();
    let mut nodes = Vec::new();
    for (name, node) in &case.nodes.0 {
        let start = node.start_ms.and_then(|_| run.started(name, 1));
        let (interfaces, ports) = plug_in(case, name, node, text, report);
        let is_frr = node.frr_vrrpd_conf.is_some();
        if node.setup.iter().any(|line| !(is_frr && frr::makes_macvlan(line))) {
            let title = format!("{}: `setup` of node {name} is not supported yet", case.name);
            report.error(&text.word("setup"), title, "the simulated node would not be the recorded one");
        }
        let model = match &node.frr_vrrpd_conf {
            Some(conf) => frr::read(name, interfaces, conf, &node.setup, text, report),
            None => {
                let conf = node.keepalived_conf.as_deref().unwrap_or_default();
                let file = format!("{}: keepalived.conf of {name}", text.file);
                Some(started(name, interfaces, conf, &file, report))
            }
        };
        nodes.extend(model.map(|model| Node { start, files: node.files(), ..Node::new(model, ports) }));
    }
    let duration = case.end().since(Instant::ZERO);
    World { about: case.description.clone(), ..World::quiet(&case.name, duration, networks, nodes) }
}

/// The model of a daemon that is started with this `keepalived.conf`. keepalived exits when it refuses a file, and then the
/// node runs no virtual router; of other mistakes it complains, and goes on. Either way the recording is what happened:
/// nothing of this is an error here.
fn started(node: &str, interfaces: Vec<InterfaceModel>, conf: &str, file: &str, report: &mut Report) -> NodeModel {
    let mut own = Report::default();
    let model = read_conf(node, interfaces.clone(), conf, file, &mut own).filter(|_| !own.is_refused());
    for source in own.sources {
        report.add_source(&source.name, &source.text);
    }
    for finding in own.diagnostics {
        let fatal = matches!(finding.keepalived, Keepalived::Refuses(_));
        let title = if fatal { format!("{node} does not run: {}", finding.title) } else { finding.title };
        let at = Spanned::new((), Arc::from(finding.file), finding.span);
        report.warning(&at, title, finding.label).help = finding.help;
    }
    model.unwrap_or_else(|| NodeModel::new(node, Policy::KEEPALIVED_2_2_7.as_measured(), interfaces))
}

/// A node's model from its `keepalived.conf`.
pub(super) fn read_conf(
    node: &str,
    interfaces: Vec<InterfaceModel>,
    conf: &str,
    file: &str,
    report: &mut Report,
) -> Option<NodeModel> {
    let draft = keepalived::parse(file, conf, report);
    build_node(node, Policy::KEEPALIVED_2_2_7.as_measured(), interfaces, &draft, report)
}

/// The interfaces with their kernel indexes, and their switches.
fn plug_in(
    case: &Case,
    node_name: &str,
    node: &CaseNode,
    text: &Text,
    report: &mut Report,
) -> (Vec<InterfaceModel>, Vec<Port>) {
    let (mut interfaces, mut ports) = (Vec::new(), Vec::new());
    for (index, nic) in (2..).zip(&node.nics) {
        let Some(network) = case.network(&nic.switch) else {
            let title = format!("{node_name} {}: there is no switch {}", nic.name, nic.switch);
            report.error(&text.word(&nic.switch), title, "not in `switches`");
            continue;
        };
        let Some(mac) = parse_mac(&nic.mac) else {
            report.error(&text.word(&nic.mac), format!("{} is not a MAC address", nic.mac), "");
            continue;
        };
        let mut addresses = Vec::new();
        for written in &nic.addrs {
            match parse_addr(written) {
                Some(addr) => addresses.push(addr),
                None => {
                    let title = format!("{written} is not an address with a prefix");
                    report.error(&text.word(written), title, "");
                }
            }
        }
        if case.ipv6 {
            addresses.push(IfAddr::link_local(mac));
        }
        let name = nic.name.clone();
        interfaces.push(InterfaceModel { index: IfIndex(index), name, mac, addresses, up: true });
        ports.push(Port::on(network));
    }
    (interfaces, ports)
}

fn parse_mac(text: &str) -> Option<Mac> {
    let mut bytes = [0; 6];
    let mut parts = text.split(':');
    for byte in &mut bytes {
        *byte = u8::from_str_radix(parts.next()?, 16).ok()?;
    }
    parts.next().is_none().then_some(Mac(bytes))
}

/// An address with its prefix length, `192.0.2.1/24`; without one, it is a host's.
pub fn parse_addr(text: &str) -> Option<IfAddr> {
    let (ip, prefix) = text.split_once('/').map_or((text, None), |(ip, prefix)| (ip, Some(prefix)));
    let ip: IpAddr = ip.parse().ok()?;
    let longest = if ip.is_ipv4() { 32 } else { 128 };
    let prefix = prefix.map_or(Some(longest), |p| p.parse().ok())?;
    (prefix <= longest).then_some(IfAddr { ip, prefix })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn macs_and_addresses_are_read_whole_or_not_at_all() {
        assert_eq!(parse_mac("02:00:00:00:01:0a"), Some(Mac([2, 0, 0, 0, 1, 10])));
        assert_eq!([parse_mac("02:00:00:00:01"), parse_mac("02:00:00:00:01:0a:1"), parse_mac("x")], [None; 3]);
        let addr = |text| parse_addr(text).map(|a| (a.ip.to_string(), a.prefix));
        assert_eq!(addr("192.0.2.1/24"), Some(("192.0.2.1".to_owned(), 24)));
        assert_eq!(addr("fe80::1"), Some(("fe80::1".to_owned(), 128)));
        assert_eq!([addr("192.0.2.1/33"), addr("192.0.2.1/"), addr("here/24")], [None, None, None]);
        assert_eq!(Mac([2, 0, 0, 0, 1, 1]).link_local().to_string(), "fe80::ff:fe00:101");
    }
}
