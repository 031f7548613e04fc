//! Networks, nodes and clients of a scenario: what stands in the world before anything happens.
use std::net::IpAddr;

use vrrplab_engine::model::{IfAddr, IfIndex, InterfaceModel, Mac};
use vrrplab_engine::{Instant, Policy, Span};

use super::conf::ConfText;
use super::leaf::Yaml;
use super::reader::{NodeSoFar, Reader};
use super::shape::{ClientText, InterfaceText, NetworkText, NodeText, ScenarioText};
use crate::world::{Ask, Client, LinkQuality, Network, NetworkId, Port};

/// Addresses in use, with the segment and the holder.
#[derive(Default)]
pub(super) struct InUse {
    ips: Vec<(NetworkId, IpAddr, String)>,
    macs: Vec<(NetworkId, Mac, String)>,
}

/// Reads all hosts into the reader.
pub(super) fn read(text: &ScenarioText, policy: Policy, reader: &mut Reader<'_>) {
    for (name, network) in &text.networks.0 {
        let link = reader.link(network.as_ref());
        reader.networks.push(Network { name: name.value.clone(), link });
    }
    reader.read_groups(&text.security_groups);
    let mut used = InUse::default();
    for (position, (name, node)) in text.nodes.0.iter().enumerate() {
        reader.read_node(position, name, node, policy, &mut used);
    }
    for (position, (name, client)) in text.clients.0.iter().enumerate() {
        if reader.nodes.iter().any(|n| n.name == name.value) {
            let title = format!("`{}` is a node and a client", name.value);
            reader.refuse_at(name, title, "this name is taken", "hosts need names of their own");
        }
        reader.client_names.push(name.value.clone());
        let client = reader.read_client(position, name, client, &mut used);
        reader.clients.extend(client);
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
    fn link(&mut self, text: Option<&NetworkText>) -> LinkQuality {
        let mut link = LinkQuality { delay: Span::from_micros(50), jitter: Span::ZERO, loss_ppm: 0 };
        if let Some(text) = text {
            link.delay = self.or(&text.delay, link.delay);
            link.jitter = self.or(&text.jitter, link.jitter);
            link.loss_ppm = self.or(&text.loss, link.loss_ppm);
        }
        link
    }

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

    fn read_node(&mut self, position: usize, name: &Yaml<String>, text: &NodeText, policy: Policy, used: &mut InUse) {
        let node_byte = self.byte(position, name, "nodes");
        let mut models = Vec::new();
        let mut ports = Vec::new();
        let mut whole = true;
        for (nic, (interface, details)) in text.interfaces.0.iter().enumerate() {
            let nic_byte = self.byte(nic, interface, "interfaces of a node");
            let derived = Mac([2, 0, 0, 0, node_byte, nic_byte]);
            let holder = format!("{}.{}", name.value, interface.value);
            let (model, port) = self.read_interface(nic, interface, details, derived, &holder, used);
            models.push(model);
            match port {
                Some(port) => ports.push(port),
                None => whole = false,
            }
        }
        if text.interfaces.0.is_empty() {
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
        let http = self.or(&text.http, false);
        let mut files = Vec::new();
        for (path, content) in text.files.iter().flat_map(|files| &files.0) {
            files.extend(self.read(content).map(|content| (path.value.clone(), content.value)));
        }
        let clock = self.clock(text.clock.as_ref());
        let instances = model.iter().flat_map(|m| &m.instances).map(|i| i.name.clone()).collect();
        let (name, model) = (name.value.clone(), model.filter(|_| whole));
        self.nodes.push(NodeSoFar { name, interfaces, ports, model, instances, start, http, files, clock });
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
        let network = self.network(&text.network);
        let mac = self.or(&text.mac, derived);
        let at = text.mac.as_ref().map_or(name, |m| &m.text);
        self.claim_mac(at, network, mac, holder, used);
        let mut addresses: Vec<IfAddr> = Vec::new();
        for leaf in text.addresses.iter().flatten() {
            let Some(address) = self.read(leaf) else { continue };
            self.claim_ip(&leaf.text, network, address.value.ip, holder, used);
            addresses.push(address.value);
        }
        let security = text.port_security.as_ref().and_then(|s| self.security(s));
        let index = IfIndex(u32::try_from(nic).unwrap_or(u32::MAX).saturating_add(2));
        let model = InterfaceModel { index, name: name.value.clone(), mac, addresses, up: true };
        (model, network.map(|network| Port { network, security }))
    }

    fn read_client(
        &mut self,
        position: usize,
        name: &Yaml<String>,
        text: &ClientText,
        used: &mut InUse,
    ) -> Option<Client> {
        let network = self.network(&text.network);
        let derived = Mac([2, 0, 0, 1, 0, self.byte(position, name, "clients")]);
        let mac = self.or(&text.mac, derived);
        let at = text.mac.as_ref().map_or(name, |m| &m.text);
        self.claim_mac(at, network, mac, &name.value, used);
        let addr = self.read(&text.address);
        if let Some(addr) = &addr {
            self.claim_ip(&text.address.text, network, addr.value.ip, &name.value, used);
        }
        let ping = self.maybe(&text.ping).map(|ip| ip.with((Ask::Ping(ip.value), ip.value)));
        let http = self.maybe(&text.http).map(|to| to.with((Ask::Http(to.value.0, to.value.1), to.value.0)));
        if text.ping.is_some() == text.http.is_some() {
            let title = format!("client `{}` must have either `ping` or `http`", name.value);
            self.refuse_at(name, title, "", "a client asks for one thing; a second client may ask for another");
        }
        let ask = ping.or(http);
        if let (Some(ask), Some(addr)) = (&ask, &addr)
            && ask.value.1.is_ipv4() != addr.value.ip.is_ipv4()
        {
            let help = format!("the client's own address is {}", addr.value.ip);
            self.refuse(ask.span.clone(), "a client asks in the family of its address", "other family", &help);
        }
        let every = self.or(&text.every, Span::from_secs(1));
        if let (Span::ZERO, Some(leaf)) = (every, &text.every) {
            self.refuse_at(&leaf.text, "a client needs time between requests", "", "for instance 200ms");
        }
        let timeout = self.or(&text.timeout, Span::from_secs(1));
        let from = text.from.as_ref().and_then(|from| self.moment(from)).unwrap_or(Instant::ZERO);
        let (network, addr, ask) = (network?, addr?.value, ask?.value.0);
        Some(Client { name: name.value.clone(), network, mac, addr, ask, every, timeout, from })
    }
}
