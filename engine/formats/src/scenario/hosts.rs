//! Networks, nodes and clients of a scenario: what stands in the world before anything happens.
use std::net::IpAddr;

use vrrplab_engine::model::{IfAddr, IfIndex, InterfaceModel, Mac};
use vrrplab_engine::{Instant, Policy};

use super::conf::ConfText;
use super::leaf::Yaml;
use super::reader::{NodeSoFar, Reader};
use super::shape::{InterfaceText, NodeText, ScenarioText};
use crate::world::{NetworkId, Port};

/// Addresses in use, with the segment and the holder.
#[derive(Default)]
pub(super) struct InUse {
    ips: Vec<(NetworkId, IpAddr, String)>,
    macs: Vec<(NetworkId, Mac, String)>,
}

/// Reads all hosts into the reader.
pub(super) fn read(text: &ScenarioText, policy: Policy, reader: &mut Reader<'_>) {
    for (name, network) in &text.networks.0 {
        reader.read_network(name, network.as_ref());
    }
    reader.read_trunks(text.trunks.as_deref().unwrap_or_default());
    reader.read_groups(&text.security_groups);
    let mut used = InUse::default();
    for (name, node) in &text.nodes.0 {
        reader.each(name, &node.count, |reader, name| reader.read_node(name, node, policy, &mut used));
    }
    for (name, client) in &text.clients.0 {
        let first = reader.client_names.len();
        reader.each(name, &client.count, |reader, named| {
            let client = reader.read_client(named, client, name, &mut used);
            reader.clients.extend(client);
        });
        if client.count.is_some() {
            reader.blocks.push((name.value.clone(), first, reader.client_names.len() - first));
        }
    }
    for (position, (name, rogue)) in text.rogues.0.iter().enumerate() {
        let taken = reader.nodes.iter().map(|n| &n.name).chain(&reader.client_names).any(|n| *n == name.value);
        if taken {
            let title = format!("`{}` is a rogue and another host", name.value);
            reader.refuse_at(name, title, "this name is taken", "hosts need names of their own");
        }
        reader.rogue_names.push(name.value.clone());
        let rogue = reader.read_rogue(position, name, rogue, &mut used);
        reader.rogues.push(rogue);
    }
}

impl Reader<'_> {
    pub(super) fn claim_ip<T>(
        &mut self,
        at: &Yaml<T>,
        network: Option<NetworkId>,
        ip: IpAddr,
        holder: &str,
        used: &mut InUse,
    ) {
        let Some(network) = network else { return };
        if let Some((_, _, other)) = used.ips.iter().find(|(n, i, _)| (*n, *i) == (network, ip)) {
            let title = format!("the address {ip} is used twice on network `{}`", self.networks[network.0].name);
            let help = format!("{other} has it already");
            self.refuse_at(at, title, "second use", &help);
        }
        used.ips.push((network, ip, holder.to_owned()));
    }

    pub(super) fn claim_mac<T>(
        &mut self,
        at: &Yaml<T>,
        network: Option<NetworkId>,
        mac: Mac,
        holder: &str,
        used: &mut InUse,
    ) {
        let Some(network) = network else { return };
        if let Some((_, _, other)) = used.macs.iter().find(|(n, m, _)| (*n, *m) == (network, mac)) {
            let title = format!("the MAC {mac} is used twice on network `{}`", self.networks[network.0].name);
            let help = format!("{other} has it already");
            self.refuse_at(at, title, "second use", &help);
        }
        used.macs.push((network, mac, holder.to_owned()));
    }

    fn read_node(&mut self, name: &Yaml<String>, text: &NodeText, policy: Policy, used: &mut InUse) {
        if self.nodes.iter().any(|n| n.name == name.value) {
            self.refuse_at(name, format!("two nodes are called `{}`", name.value), "second one", "rename one of them");
        }
        let [high, low] = self.two_bytes(self.nodes.len(), name, "nodes");
        let mut models = Vec::new();
        let mut ports = Vec::new();
        let mut whole = true;
        let is_lo = |interface: &Yaml<String>| interface.value == "lo" || interface.value == "tunl0";
        let inner: Vec<_> = text.interfaces.0.iter().filter(|(interface, _)| is_lo(interface)).collect();
        let loopback = inner.iter().flat_map(|(name, lo)| self.loopback(name, lo)).collect();
        let plugged = text.interfaces.0.iter().filter(|(interface, _)| !is_lo(interface));
        for (nic, (interface, details)) in plugged.enumerate() {
            let nic_byte = self.byte(nic, interface, "interfaces of a node");
            let derived = Mac([2, 0, high, 0, low, nic_byte]);
            let holder = format!("{}.{}", name.value, interface.value);
            let (model, port) = self.read_interface(nic, interface, details, derived, &holder, used);
            models.push(model);
            match port {
                Some(port) => ports.push(port),
                None => whole = false,
            }
        }
        if models.is_empty() {
            self.refuse_at(name, format!("node `{}` has no interface", name.value), "", "give it one on a network");
        }
        if let (Some(_), Some(keepalived)) = (&text.vrrp, &text.keepalived) {
            let title = format!("node `{}` has both `keepalived` and `vrrp`", name.value);
            self.refuse_at(&keepalived.text, title, "one of two", "leave one of them out");
        }
        if let (None, Some(_)) = (&text.vrrp, &text.sync_groups) {
            self.refuse_at(
                name,
                "`sync_groups` without `vrrp`",
                "",
                "in a keepalived.conf write vrrp_sync_group there",
            );
        }
        let cloud_calls = self.cloud_calls(name, text.cloud_calls.as_deref(), &models);
        let daemon = text.keepalived.is_some() || text.vrrp.is_some();
        if let (false, Some(start)) = (daemon, &text.start) {
            let title = format!("node `{}` runs no daemon that could start", name.value);
            self.refuse_at(&start.text, title, "", "give it `keepalived` or `vrrp`, or leave `start` out");
        }
        let mut kernel = self.kernel_setup(text, &models, loopback);
        kernel.ipip = inner.iter().any(|(name, _)| name.value == "tunl0");
        let interfaces = models.iter().map(|m| m.name.clone()).collect();
        let policy = self.or(&text.policy, policy);
        let conf = ConfText {
            keepalived: &text.keepalived,
            vrrp: &text.vrrp,
            sync_groups: &text.sync_groups,
            inline_name: format!("{}#nodes.{}.keepalived", self.file, name.value),
        };
        let model = self.configure(&name.value, policy, models, &conf);
        let start = match self.maybe(&text.start) {
            None => Some(Instant::ZERO),
            Some(start) => start.value.map(|at| {
                self.check_end(&start.with(at));
                Instant(at.0)
            }),
        };
        let services = self.services(&name.value, text);
        let mut files = Vec::new();
        for (path, content) in text.files.iter().flat_map(|files| &files.0) {
            let path = self.filled(&path.value).into_owned();
            files.extend(self.read(content).map(|content| (path, content.value)));
        }
        let clock = self.clock(text.clock.as_ref());
        let instances = model.iter().flat_map(|m| &m.instances).map(|i| i.name.clone()).collect();
        let (name, model) = (name.value.clone(), model.filter(|_| whole));
        let start = start.filter(|_| daemon);
        self.nodes.push(NodeSoFar {
            name,
            interfaces,
            ports,
            model,
            instances,
            start,
            services,
            files,
            daemon,
            kernel,
            cloud_calls,
            clock,
        });
    }

    /// A 1-based position as two bytes of a derived MAC.
    pub(super) fn two_bytes(&mut self, position: usize, at: &Yaml<String>, what: &str) -> [u8; 2] {
        let number = u16::try_from(position + 1).unwrap_or_else(|_| {
            self.refuse_at(at, format!("too many {what}"), "one too many", "at most 65535 are simulated");
            0
        });
        number.to_be_bytes()
    }

    /// A 1-based position as a byte of a derived MAC.
    pub(super) fn byte(&mut self, position: usize, at: &Yaml<String>, what: &str) -> u8 {
        u8::try_from(position + 1).unwrap_or_else(|_| {
            self.refuse_at(at, format!("too many {what}"), "one too many", "at most 255 are simulated");
            0
        })
    }

    fn read_interface(
        &mut self,
        nic: usize,
        name: &Yaml<String>,
        text: &InterfaceText,
        derived: Mac,
        holder: &str,
        used: &mut InUse,
    ) -> (InterfaceModel, Option<Port>) {
        let network = match &text.network {
            Some(network) => self.network(network),
            None => {
                let title = format!("interface `{}` is on no network", name.value);
                self.refuse_at(name, title, "", "write for instance `network: lan`; only `lo` and `tunl0` have none");
                None
            }
        };
        let mac = self.or(&text.mac, derived);
        let at = text.mac.as_ref().map_or(name, |m| &m.text);
        self.claim_mac(at, network, mac, holder, used);
        let alone = !self.or(&text.duplicate, false);
        let mut addresses: Vec<IfAddr> = Vec::new();
        for leaf in text.addresses.iter().flatten() {
            let Some(address) = self.host_address(leaf) else { continue };
            self.claim_ip(&leaf.text, network.filter(|_| alone), address.ip, holder, used);
            addresses.push(address);
        }
        let security = match &text.port_security {
            Some(written) => self.security(written),
            None => network.and_then(|network| self.default_security[network.0].clone()),
        };
        let assigned =
            text.assigned.iter().flatten().filter_map(|leaf| self.read(leaf)).map(|read| read.value).collect();
        let index = IfIndex(u32::try_from(nic).unwrap_or(u32::MAX).saturating_add(2));
        let model = InterfaceModel { index, name: name.value.clone(), mac, addresses, up: true };
        let attachment = self.attachment(network, &text.vlan, &text.portfast, text.link.as_ref());
        (model, network.map(|network| Port { network, security, assigned, attachment }))
    }
}
