//! The hosts, ports and segments of a world, for the drawing; a block of clients is one host there.
use vrrplab_formats::world::{Ask, Client, Member, NetworkId, World};

use super::data::{Host, Port};
use crate::moment::PortInfo;
use crate::observe::words::count;

/// Hosts, and which of them each member of the world is.
#[derive(Clone, Debug, Default)]
pub(super) struct Site {
    pub hosts: Vec<Host>,
    nodes: Vec<usize>,
    clients: Vec<usize>,
    rogues: Vec<usize>,
}

impl Site {
    pub fn of(world: &World) -> Site {
        let mut site = Site::default();
        for node in &world.nodes {
            let interfaces = node.model.interfaces.iter();
            let about = interfaces.map(|interface| {
                let addresses: Vec<String> = interface.addresses.iter().map(|addr| addr.ip.to_string()).collect();
                format!("{} {}", interface.name, addresses.join(" "))
            });
            let kind = if node.daemon { "router" } else { "host" };
            let about = about.collect::<Vec<_>>().join(", ");
            site.nodes.push(site.hosts.len());
            site.hosts.push(Host { name: node.model.name.clone(), kind, about });
        }
        for client in &world.clients {
            site.client(client, world);
        }
        for rogue in &world.rogues {
            site.rogues.push(site.hosts.len());
            site.hosts.push(Host { name: rogue.name.clone(), kind: "stranger", about: rogue.addr.ip.to_string() });
        }
        site
    }

    fn client(&mut self, client: &Client, world: &World) {
        let Some(block) = &client.block else {
            self.clients.push(self.hosts.len());
            self.hosts.push(Host { name: client.name.clone(), kind: "client", about: asks(client) });
            return;
        };
        let last = self.hosts.len().saturating_sub(1);
        if !self.hosts.get(last).is_some_and(|host| host.kind == "clients" && host.name == *block) {
            let many = world.clients.iter().filter(|other| other.block.as_ref() == Some(block)).count();
            let many = count(u64::try_from(many).unwrap_or(u64::MAX), "client");
            let about = format!("{many}, {}", asks(client));
            self.hosts.push(Host { name: block.clone(), kind: "clients", about });
        }
        self.clients.push(self.hosts.len() - 1);
    }

    /// The position of a host.
    pub fn host(&self, member: Member) -> usize {
        let found = match member {
            Member::Node(id) => self.nodes.get(id.0),
            Member::Client(id) => self.clients.get(id.0),
            Member::Rogue(id) => self.rogues.get(id.0),
        };
        found.copied().unwrap_or(0)
    }

    /// The ports in the order of the laboratory.
    pub fn ports(&self, world: &World, ports: &[PortInfo]) -> Vec<Port> {
        let of_nodes = world.nodes.iter().flat_map(|node| &node.ports).map(|port| port.network);
        let of_clients = world.clients.iter().map(|client| client.network);
        let networks = of_nodes.chain(of_clients).chain(world.rogues.iter().map(|rogue| rogue.network));
        let port = |(info, NetworkId(network)): (&PortInfo, NetworkId)| Port {
            name: info.label.clone(),
            host: self.host(info.owner),
            network,
        };
        ports.iter().zip(networks).map(port).collect()
    }
}

/// What a client asks for, in a few words.
pub(super) fn asks(client: &Client) -> String {
    match client.ask {
        Ask::Ping(ip) => format!("pings {ip}"),
        Ask::Http(ip, port) => format!("HTTP {ip} port {port}"),
        Ask::Udp(ip, port) => format!("UDP {ip} port {port}"),
        Ask::Hold(ip, port) => format!("one connection to {ip} port {port}"),
    }
}
