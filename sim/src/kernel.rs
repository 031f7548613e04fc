//! A simulated Linux network stack below the sockets: interfaces, addresses, neighbours, ARP and ND. One per host.
//!
//! It behaves like a Linux host with default sysctls (`arp_ignore=0` where there are no macvlans, `arp_accept=0`,
//! `arp_announce=0`, no forwarding). There are only on-link routes, those of the prefixes of its addresses.
use std::net::IpAddr;

use vrrplab_engine::Instant;
use vrrplab_engine::model::{IfAddr, IfIndex, Mac};

mod frames;
mod macvlan;
mod neighbours;
#[cfg(test)]
mod tests;

use frames::{Header, Heard};
use neighbours::{Neighbours, Source, Told};

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
}

/// Why an address was not set or removed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AddressError {
    /// The interface has it already.
    Exists,
    /// The interface does not have it.
    NotFound,
    /// There is no such interface.
    NoSuchInterface,
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
}

#[derive(Clone, Debug)]
struct Iface {
    index: IfIndex,
    name: String,
    mac: Mac,
    addresses: Vec<IfAddr>,
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
    fn up(&self) -> bool {
        self.admin && self.carrier
    }
    /// The MAC that this address is at.
    fn mac_of(&self, ip: IpAddr) -> Mac {
        self.lent.iter().find(|(of, _)| *of == ip).map_or(self.mac, |(_, mac)| *mac)
    }
    /// The MAC by which a frame came: the own one, or one of a macvlan that has its address now.
    fn hears_as(&self, frame: &[u8]) -> Mac {
        let set = |ip: &IpAddr| self.addresses.iter().any(|a| a.ip == *ip);
        let mut macvlans = self.lent.iter().filter(|(ip, _)| set(ip)).map(|(_, mac)| *mac);
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
        let iface = |i: IfaceSetup| Iface {
            index: i.index,
            name: i.name,
            mac: i.mac,
            addresses: i.addresses,
            lent: Vec::new(),
            promotes: false,
            admin: true,
            carrier: true,
            base: None,
            own_only: false,
        };
        let last_index = ifaces.iter().map(|i| i.index.0).max().unwrap_or(1);
        let ifaces = ifaces.into_iter().map(iface).collect();
        Kernel { ifaces, last_index, neighbours: Neighbours::default(), filtered: Vec::new() }
    }

    /// A frame arrived. Packets of IP protocol 112 are left to whoever reads frames, and nothing is forwarded.
    pub fn receive(&mut self, now: Instant, iface: IfIndex, frame: &[u8], out: &mut Vec<KernelOut>) {
        if !self.has_macvlans(iface) {
            return self.receive_on(now, iface, frame, out);
        }
        for iface in self.hearers(iface, frame) {
            self.receive_on(now, iface, frame, out);
        }
    }

    fn receive_on(&mut self, now: Instant, iface: IfIndex, frame: &[u8], out: &mut Vec<KernelOut>) {
        let Some(here) = self.iface(iface).filter(|i| i.up()) else {
            return;
        };
        let mac = here.mac;
        let Some(heard) = frames::parse(frame, here.hears_as(frame)) else {
            return;
        };
        match heard {
            Heard::Arp(arp) => {
                let target = arp.target.into();
                if arp.request && self.holds(target) {
                    if here.own_only && !here.addresses.iter().any(|a| a.ip == target) {
                        return;
                    }
                    let answer = frames::arp_reply(here.mac_of(target), &arp);
                    out.push(KernelOut::Transmit { iface, frame: answer });
                    if !arp.sender.is_unspecified() && !self.holds(arp.sender.into()) {
                        self.neighbours.told(
                            now,
                            Source { iface, mac },
                            &Told::asked_us(arp.sender.into(), arp.mac),
                            out,
                        );
                    }
                } else if !self.holds(arp.sender.into()) {
                    let told = Told::by_arp(&arp, frames::is_to(frame, mac));
                    self.neighbours.told(now, Source { iface, mac }, &told, out);
                }
            }
            Heard::Solicit(ns) => {
                if here.addresses.iter().any(|a| a.ip == ns.target) {
                    let answer = frames::advertisement(here.mac_of(ns.target), &ns);
                    out.push(KernelOut::Transmit { iface, frame: answer });
                    if let Some(theirs) = ns.mac.filter(|_| !ns.from.is_unspecified()) {
                        self.neighbours.told(now, Source { iface, mac }, &Told::asked_us(ns.from.into(), theirs), out);
                    }
                }
            }
            Heard::Advert(na) => {
                if !self.holds(na.target) {
                    self.neighbours.told(now, Source { iface, mac }, &Told::by_advert(&na), out);
                }
            }
            Heard::Ip(Header { src, dst, protocol }, packet) => {
                // A packet from one of our own addresses is a martian.
                let filtered = self.filtered.contains(&dst);
                if protocol != frames::VRRP && self.holds(dst) && !self.holds(src) && !filtered {
                    out.push(KernelOut::Local { packet: packet.to_vec() });
                }
            }
        }
    }

    /// A local socket sends an IP packet. What has no on-link route, or is for this host itself, is dropped.
    pub fn send_ip(&mut self, now: Instant, packet: Vec<u8>, out: &mut Vec<KernelOut>) {
        let Some(header) = frames::header(&packet) else {
            return;
        };
        if self.holds(header.dst) || self.filtered.contains(&header.src) {
            return;
        }
        if let Some(dst) = frames::group_mac(header.dst) {
            let from = self.ifaces.iter().find(|i| i.up() && i.addresses.iter().any(|a| a.ip == header.src));
            if let Some(from) = from {
                let frame = frames::ethernet(from.mac, dst, &packet);
                out.push(KernelOut::Transmit { iface: from.index, frame });
            }
            return;
        }
        let Some(way) = self.route(header.dst) else {
            return;
        };
        let source = Source { iface: way.index, mac: way.mac };
        // arp_announce=0: the question is asked in the name of the packet's own source.
        let speaker = if self.holds(header.src) { Some(header.src) } else { way.speaker(header.dst) };
        self.neighbours.send(now, source, header.dst, packet, speaker, out);
    }

    /// Time has come to [`Kernel::next_wake`]: questions are repeated, or given up.
    pub fn wake(&mut self, now: Instant, out: &mut Vec<KernelOut>) {
        while let Some((iface, ip)) = self.neighbours.due(now) {
            let here = self.ifaces.iter().find(|i| i.index == iface);
            let source = here.map(|i| (Source { iface, mac: i.mac }, i.speaker(ip)));
            self.neighbours.expire(now, (iface, ip), source, out);
        }
    }

    /// When [`Kernel::wake`] has something to do.
    pub fn next_wake(&self) -> Option<Instant> {
        self.neighbours.next_wake()
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

    /// Sets an address, behind those already set.
    pub fn add_address(&mut self, iface: IfIndex, addr: IfAddr) -> Result<(), AddressError> {
        let it = self.iface_mut(iface).ok_or(AddressError::NoSuchInterface)?;
        // IPv4 knows an address with its prefix, IPv6 without.
        if it.addresses.iter().any(|a| a.ip == addr.ip && (a.prefix == addr.prefix || addr.ip.is_ipv6())) {
            return Err(AddressError::Exists);
        }
        it.addresses.push(addr);
        Ok(())
    }
    /// Removes an address, and tells which others went with it: an IPv4 address that was the first one of its subnet
    /// takes the later ones along, unless they are to be promoted.
    pub fn remove_address(&mut self, iface: IfIndex, addr: IfAddr) -> Result<Vec<IfAddr>, AddressError> {
        let it = self.iface_mut(iface).ok_or(AddressError::NoSuchInterface)?;
        let at = it.addresses.iter().position(|a| *a == addr).ok_or(AddressError::NotFound)?;
        let of_subnet =
            |a: &IfAddr| a.ip.is_ipv4() && a.prefix == addr.prefix && frames::same_prefix(a.ip, addr.ip, addr.prefix);
        let primary = addr.ip.is_ipv4() && !it.addresses[..at].iter().any(of_subnet);
        it.addresses.remove(at);
        let mut gone = Vec::new();
        if primary && !it.promotes {
            gone = it.addresses.iter().copied().filter(of_subnet).collect();
            it.addresses.retain(|a| !of_subnet(a));
        }
        Ok(gone)
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
        self.ifaces.iter().any(|i| i.addresses.iter().any(|a| a.ip == ip))
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
    /// The interface with the longest prefix around this address, the first one among equals.
    fn route(&self, to: IpAddr) -> Option<&Iface> {
        let mut best: Option<(u8, &Iface)> = None;
        for iface in self.ifaces.iter().filter(|i| i.up()) {
            for addr in iface.addresses.iter().filter(|a| frames::same_prefix(a.ip, to, a.prefix)) {
                if best.is_none_or(|(prefix, _)| addr.prefix > prefix) {
                    best = Some((addr.prefix, iface));
                }
            }
        }
        best.map(|(_, iface)| iface)
    }
}
