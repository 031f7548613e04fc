//! A simulated Linux network stack below the sockets: interfaces, addresses, neighbours, ARP and ND. One per host.
//!
//! A host that was told nothing behaves like Linux with the kernel's own default sysctls; routes, sysctls, a packet filter and
//! address translation come with [`Kernel::configured`]. `inbound.rs` and `outbound.rs` are the way of a packet.
use std::net::IpAddr;

use vrrplab_engine::Instant;
use vrrplab_engine::lvs::DropReason;
use vrrplab_engine::model::{IfAddr, IfIndex, Mac};
use vrrplab_formats::world::{FirewallRule, KernelSetup, LOOPBACK, Route, Sysctl};

mod addresses;
mod arp;
mod balancer;
mod errors;
mod firewall;
mod frames;
mod inbound;
mod macvlan;
mod nat;
mod neighbours;
mod outbound;
mod routes;
mod settings;
#[cfg(test)]
mod tests;
mod views;

use nat::Nat;
use neighbours::{Neighbours, Source};
use settings::Settings;

pub use addresses::AddressError;
pub use balancer::{SyncLink, SyncRole};
pub use errors::is_icmp_error;
pub use views::{LinkView, NeighbourView};

/// One interface when the host starts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IfaceSetup {
    /// Kernel index.
    pub index: IfIndex,
    /// Name, such as `eth0`.
    pub name: String,
    /// Hardware address.
    pub mac: Mac,
    /// Addresses in kernel order.
    pub addresses: Vec<IfAddr>,
}

/// What the kernel hands out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KernelOut {
    /// A frame for the wire.
    Transmit {
        /// Through this interface.
        iface: IfIndex,
        /// The frame.
        frame: Vec<u8>,
    },
    /// An IP packet for a local socket.
    Local {
        /// The packet.
        packet: Vec<u8>,
    },
    /// Nothing: IPVS ended a packet without a word to anybody.
    Ended(Ended),
}

/// A packet that IPVS ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ended {
    /// Who sent it, with the port.
    pub from: (IpAddr, u16),
    /// Who should have it, with the port.
    pub to: (IpAddr, u16),
    /// Why it ended.
    pub reason: EndReason,
}

/// Why IPVS ended a packet without an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EndReason {
    /// The director's decision.
    Director(DropReason),
    /// The server is at a loopback address, where nothing gets to from outside.
    Loopback,
    /// This host knows no way to the server.
    NoRoute(IpAddr),
}

/// The network stack of one host.
#[derive(Clone, Debug)]
pub struct Kernel {
    ifaces: Vec<Iface>,
    /// The highest interface index that was ever given.
    last_index: u32,
    neighbours: Neighbours,
    /// Packets to and from these addresses are dropped.
    filtered: Vec<IpAddr>,
    /// These addresses are refused.
    refused: Vec<IpAddr>,
    settings: Settings,
    routes: Vec<Route>,
    rules: Vec<FirewallRule>,
    nat: Nat,
    /// `tunl0` is up.
    ipip: bool,
    /// IPVS, where it is loaded.
    ipvs: Option<Box<balancer::Balancer>>,
}

#[derive(Clone, Debug)]
struct Iface {
    index: IfIndex,
    name: String,
    mac: Mac,
    addresses: Vec<IfAddr>,
    /// The own IPv6 address that it gives itself again when it is up.
    lost: Option<IfAddr>,
    /// Addresses that live on a macvlan above, with its MAC.
    lent: Vec<(IpAddr, Mac)>,
    /// `promote_secondaries`.
    promotes: bool,
    admin: bool,
    carrier: bool,
    /// The interface below, when this is a macvlan.
    base: Option<IfIndex>,
    /// `arp_ignore=1`: it answers ARP for its own addresses only.
    own_only: bool,
}

impl Iface {
    /// Up, without an address.
    fn new(index: IfIndex, name: String, mac: Mac) -> Iface {
        Iface {
            index,
            name,
            mac,
            addresses: Vec::new(),
            lost: None,
            lent: Vec::new(),
            promotes: false,
            admin: true,
            carrier: true,
            base: None,
            own_only: false,
        }
    }
    fn up(&self) -> bool {
        self.admin && self.carrier
    }
    fn has(&self, ip: IpAddr) -> bool {
        self.addresses.iter().any(|a| a.ip == ip)
    }
    /// How it sends.
    fn source(&self) -> Source {
        Source { iface: self.index, mac: self.mac }
    }
    /// The MAC that this address is at.
    fn mac_of(&self, ip: IpAddr) -> Mac {
        self.lent.iter().find(|(of, _)| *of == ip).map_or(self.mac, |(_, mac)| *mac)
    }
    /// The MAC by which a frame came: the own one, or one of a macvlan that has its address now.
    fn hears_as(&self, frame: &[u8]) -> Mac {
        let mut macvlans = self.lent.iter().filter(|(ip, _)| self.has(*ip)).map(|(_, mac)| *mac);
        macvlans.find(|mac| frames::is_to(frame, *mac)).unwrap_or(self.mac)
    }
    /// The address that speaks for this host towards `target`: in its prefix, else the first of the family.
    fn speaker(&self, target: IpAddr) -> Option<IpAddr> {
        let family = || self.addresses.iter().filter(|a| a.ip.is_ipv4() == target.is_ipv4());
        let near = family().find(|a| frames::same_prefix(a.ip, target, a.prefix));
        near.or_else(|| family().next()).map(|a| a.ip)
    }
}

impl Kernel {
    /// A host with these interfaces, administratively up and with carrier.
    pub fn new(ifaces: Vec<IfaceSetup>) -> Kernel {
        let iface = |i: IfaceSetup| Iface { addresses: i.addresses, ..Iface::new(i.index, i.name, i.mac) };
        let last_index = ifaces.iter().map(|i| i.index.0).max().unwrap_or(1);
        let ifaces = ifaces.into_iter().map(iface).collect();
        Kernel {
            ifaces,
            last_index,
            neighbours: Neighbours::default(),
            filtered: Vec::new(),
            refused: Vec::new(),
            settings: Settings::default(),
            routes: Vec::new(),
            rules: Vec::new(),
            nat: Nat::default(),
            ipip: false,
            ipvs: None,
        }
    }

    /// The same host, told all this before its first frame.
    pub fn configured(mut self, setup: &KernelSetup) -> Kernel {
        if !setup.loopback.is_empty() {
            let mut lo = Iface::new(LOOPBACK, "lo".to_owned(), Mac([0; 6]));
            lo.addresses.clone_from(&setup.loopback);
            self.ifaces.push(lo);
        }
        setup.sysctls.iter().for_each(|sysctl| self.settings.set(*sysctl));
        self.routes.clone_from(&setup.routes);
        self.rules.clone_from(&setup.firewall);
        self.ipip = setup.ipip;
        self.nat = Nat::new(&setup.nat, setup.masquerade);
        self
    }

    /// `sysctl -w`.
    pub fn set_sysctl(&mut self, sysctl: Sysctl) {
        self.settings.set(sysctl);
    }

    /// Every neighbour that an interface knows, where it is believed to be, and the name of its state, as `ip neigh` says.
    pub fn neighbours(
        &self,
        now: Instant,
        iface: IfIndex,
    ) -> impl Iterator<Item = (IpAddr, Option<Mac>, &'static str)> + '_ {
        self.neighbours.of(now, iface)
    }

    /// Time has come to [`Kernel::next_wake`]: questions are repeated, or given up.
    pub fn wake(&mut self, now: Instant, out: &mut Vec<KernelOut>) {
        while let Some((iface, ip)) = self.neighbours.due(now) {
            let here = self.ifaces.iter().find(|i| i.index == iface);
            let source = here.map(|i| (Source { iface, mac: i.mac }, i.speaker(ip)));
            let unanswered = self.neighbours.expire(now, (iface, ip), source, out);
            self.unanswered(now, unanswered, out);
        }
        self.wake_ipvs(now, out);
    }

    /// When [`Kernel::wake`] has something to do.
    pub fn next_wake(&self) -> Option<Instant> {
        self.neighbours.next_wake().into_iter().chain(self.next_ipvs_wake()).min()
    }

    /// `ip link set up` or `down`. An interface that goes down forgets its neighbours.
    pub fn set_admin(&mut self, iface: IfIndex, up: bool) {
        if let Some(i) = self.iface_mut(iface) {
            i.admin = up;
        }
        self.link_moved(iface);
    }
    /// The carrier comes or goes. An interface without carrier forgets its neighbours.
    pub fn set_carrier(&mut self, iface: IfIndex, up: bool) {
        if let Some(i) = self.iface_mut(iface) {
            i.carrier = up;
        }
        self.link_moved(iface);
    }
    /// Administratively up and with carrier.
    pub fn link_up(&self, iface: IfIndex) -> bool {
        self.iface(iface).is_some_and(Iface::up)
    }

    /// Has an address, whenever it is set, live on a macvlan with this MAC: questions for it are answered with that, and
    /// frames to that are heard while it is set.
    pub fn lend_mac(&mut self, iface: IfIndex, ip: IpAddr, mac: Mac) {
        if let Some(i) = self.iface_mut(iface) {
            i.lent.retain(|(of, _)| *of != ip);
            i.lent.push((ip, mac));
        }
    }

    /// Sets the sysctl `promote_secondaries` of an interface.
    pub fn promote_secondaries(&mut self, iface: IfIndex) {
        if let Some(it) = self.iface_mut(iface) {
            it.promotes = true;
        }
    }
    /// A packet filter drops what comes to an address or would leave from it, or lets it pass again. ARP and neighbour
    /// discovery are not filtered.
    pub fn filter(&mut self, ip: IpAddr, drop: bool) {
        self.filtered.retain(|known| *known != ip);
        if drop {
            self.filtered.push(ip);
        }
    }
    /// The addresses of an interface, in kernel order; none when there is no such interface.
    pub fn addresses(&self, iface: IfIndex) -> &[IfAddr] {
        self.iface(iface).map_or(&[], |i| &i.addresses)
    }
    /// Whether any interface has this address.
    pub fn holds(&self, ip: IpAddr) -> bool {
        self.ifaces.iter().any(|i| i.has(ip))
    }
    /// The hardware address of an interface.
    pub fn mac(&self, iface: IfIndex) -> Option<Mac> {
        self.iface(iface).map(|i| i.mac)
    }
    /// The name of an interface.
    pub fn name(&self, iface: IfIndex) -> Option<&str> {
        self.iface(iface).map(|i| i.name.as_str())
    }
    /// Where the kernel believes this neighbour to be.
    pub fn neighbour(&self, iface: IfIndex, ip: IpAddr) -> Option<Mac> {
        self.neighbours.mac(iface, ip)
    }

    fn iface(&self, index: IfIndex) -> Option<&Iface> {
        self.ifaces.iter().find(|i| i.index == index)
    }
    fn iface_mut(&mut self, index: IfIndex) -> Option<&mut Iface> {
        self.ifaces.iter_mut().find(|i| i.index == index)
    }
}
