//! Addresses for machines whose configuration does not tell them: in the subnets of what it does tell, and in nobody's way.
use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use vrrplab_engine::model::lvs::{GroupMember, ServiceKey};
use vrrplab_engine::model::{AddressFamily, IfAddr, InstanceModel, Vip};

use super::Router;
use super::networks::{Network, partner};

/// A range of addresses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Subnet {
    first: u128,
    prefix: u8,
    v6: bool,
}

fn number(ip: IpAddr) -> u128 {
    match ip {
        IpAddr::V4(ip) => u128::from(ip.to_bits()),
        IpAddr::V6(ip) => ip.to_bits(),
    }
}

impl Subnet {
    /// The subnet of this prefix length around an address.
    fn around(ip: IpAddr, prefix: u8) -> Subnet {
        let v6 = ip.is_ipv6();
        let host = u32::from(Subnet::width(v6).saturating_sub(prefix));
        let first = number(ip).checked_shr(host).and_then(|net| net.checked_shl(host)).unwrap_or(0);
        Subnet { first, prefix, v6 }
    }

    const fn width(v6: bool) -> u8 {
        if v6 { 128 } else { 32 }
    }

    /// So many addresses, as far as one counts.
    fn size(self) -> u128 {
        1u128.checked_shl(u32::from(Subnet::width(self.v6) - self.prefix)).unwrap_or(u128::MAX)
    }

    fn holds(self, ip: IpAddr) -> bool {
        ip.is_ipv6() == self.v6 && Subnet::around(ip, self.prefix) == self
    }

    fn holds_all_of(self, other: Subnet) -> bool {
        self.v6 == other.v6 && self.prefix <= other.prefix && Subnet::around(other.at(0), self.prefix) == self
    }

    fn at(self, host: u128) -> IpAddr {
        let bits = self.first | host;
        match self.v6 {
            true => Ipv6Addr::from_bits(bits).into(),
            false => Ipv4Addr::from_bits(u32::try_from(bits).unwrap_or(u32::MAX)).into(),
        }
    }

    /// The first address from this host number on that nobody has, then from 1 on.
    fn free(self, from: u128, taken: &BTreeSet<IpAddr>) -> Option<IfAddr> {
        let end = self.size().saturating_sub(1); // the last one is the broadcast address
        let from = if from < end { from } else { 1 };
        let hosts = (from..end).take(MOST_TRIES).chain(1..from);
        hosts.map(|host| self.at(host)).find(|ip| !taken.contains(ip)).map(|ip| IfAddr { ip, prefix: self.prefix })
    }
}

/// How many addresses are tried.
const MOST_TRIES: usize = 4096;
/// Host number of the first router, and of a client.
const ROUTERS: u128 = 11;
const CLIENT: u128 = 101;
/// Subnets where nothing is known (RFC 2544), one for each network.
const UNKNOWN: [u8; 2] = [198, 18];

fn is_link_local(ip: IpAddr) -> bool {
    matches!(ip, IpAddr::V6(ip) if ip.is_unicast_link_local())
}

/// The addresses that are known, and those in use.
pub(super) struct Lots<'r> {
    routers: &'r [Router],
    /// Source address of each instance of each router, as far as known.
    sources: Vec<Vec<Option<IpAddr>>>,
    taken: BTreeSet<IpAddr>,
}

impl<'r> Lots<'r> {
    pub(super) fn new(routers: &'r [Router]) -> Lots<'r> {
        let taken = routers.iter().flat_map(mentioned).collect();
        Lots { routers, sources: sources(routers), taken }
    }

    /// Instances that speak on this network: router, source, instance.
    fn instances(&self, network: &Network) -> impl Iterator<Item = (usize, Option<IpAddr>, &'r InstanceModel)> {
        let nics = network.nics.clone();
        let all = self.routers.iter().zip(&self.sources).enumerate().flat_map(|(position, (router, sources))| {
            let model = &router.subject.model;
            model.instances.iter().zip(sources).map(move |(instance, source)| (position, *source, model, instance))
        });
        let speaks = move |position: usize, index| {
            nics.iter().any(|(router, nic)| {
                *router == position
                    && self.routers[position].subject.model.interfaces.get(*nic).is_some_and(|i| i.index == index)
            })
        };
        let all: Vec<_> = all.collect();
        all.into_iter().filter_map(move |(position, source, _, instance)| {
            speaks(position, instance.iface).then_some((position, source, instance))
        })
    }

    /// The virtual addresses on this network, with their instances.
    fn vips(&self, network: &Network) -> Vec<(&'r InstanceModel, &'r Vip)> {
        let on = |(router, nic): &(usize, usize)| {
            let model = &self.routers[*router].subject.model;
            let index = model.interfaces.get(*nic).map(|interface| interface.index);
            let of = move |instance: &'r InstanceModel| instance.all_vips().map(move |vip| (instance, vip));
            model.instances.iter().flat_map(of).filter(move |(_, vip)| Some(vip.iface) == index).collect::<Vec<_>>()
        };
        network.nics.iter().flat_map(on).collect()
    }

    /// The subnets of a network: what its routers call each other by, then the one of its virtual addresses.
    pub(super) fn subnets(&self, network: &Network, position: usize) -> Vec<Subnet> {
        let mut subnets = Vec::new();
        for v6 in [false, true] {
            let known: Vec<IpAddr> = self
                .instances(network)
                .flat_map(|(_, source, instance)| source.into_iter().chain(instance.unicast_peers.iter().map(|p| p.ip)))
                .filter(|ip| ip.is_ipv6() == v6 && !is_link_local(*ip))
                .collect();
            let vip = self.vips(network).into_iter().map(|(_, vip)| vip.addr);
            let vip = vip.clone().find(|a| a.ip.is_ipv6() == v6 && !is_link_local(a.ip));
            let of_vip = vip.map(|vip| self.around(vip, network.nics.len()));
            let of_known = known.first().map(|first| Subnet::around(*first, common_prefix(&known)));
            match (of_known, of_vip) {
                (Some(known), Some(vip)) if vip.holds_all_of(known) => subnets.push(vip),
                (Some(known), Some(vip)) if known.holds_all_of(vip) => subnets.push(known),
                (known, vip) => subnets.extend(known.into_iter().chain(vip)),
            }
        }
        let speaks_v6 = self.instances(network).any(|(_, _, instance)| instance.family == AddressFamily::V6);
        if subnets.is_empty() && !speaks_v6 {
            let [one, two] = UNKNOWN;
            let third = u8::try_from(position).unwrap_or(u8::MAX);
            subnets.push(Subnet::around(Ipv4Addr::new(one, two, third, 0).into(), 24));
        }
        subnets
    }

    /// The subnet of a virtual address. A host address says nothing about it, and a small one may be too small.
    fn around(&self, vip: IfAddr, nics: usize) -> Subnet {
        let (usual, width) = if vip.ip.is_ipv6() { (64, 128) } else { (24, 32) };
        let prefix = if vip.prefix == 0 || vip.prefix >= width - 1 { usual } else { vip.prefix };
        let mut subnet = Subnet::around(vip.ip, prefix);
        let busy = |subnet: Subnet| self.taken.iter().filter(|ip| subnet.holds(**ip)).count() + nics + 3;
        while subnet.prefix > 8 && subnet.size() < u128::try_from(busy(subnet)).unwrap_or(u128::MAX) {
            subnet = Subnet::around(vip.ip, subnet.prefix - 1);
        }
        subnet
    }

    /// Addresses for each interface of the network.
    pub(super) fn assign(&mut self, network: &Network, subnets: &[Subnet]) -> Vec<Vec<IfAddr>> {
        let mut all = Vec::new();
        for (router, _) in &network.nics {
            let own: Vec<&InstanceModel> =
                self.instances(network).filter(|(r, ..)| r == router).map(|(_, _, i)| i).collect();
            let mine = self.instances(network).filter(|(r, ..)| r == router);
            let known: BTreeSet<IpAddr> = mine.filter_map(|(_, source, _)| source).collect();
            let from = ROUTERS + u128::try_from(*router).unwrap_or(0);
            let mut addresses: Vec<IfAddr> = Vec::new();
            for subnet in subnets {
                let there = known.iter().filter(|ip| subnet.holds(**ip));
                let there: Vec<IfAddr> = there.map(|ip| IfAddr { ip: *ip, prefix: subnet.prefix }).collect();
                let invented = if there.is_empty() { subnet.free(from, &self.taken) } else { None };
                addresses.extend(there.into_iter().chain(invented));
            }
            let speaks_v6 = own.iter().any(|instance| instance.family == AddressFamily::V6);
            let local: Vec<IpAddr> = known.iter().copied().filter(|ip| is_link_local(*ip)).collect();
            addresses.extend(local.iter().map(|ip| IfAddr { ip: *ip, prefix: 64 }));
            if speaks_v6 && local.is_empty() {
                addresses.extend(link_local().free(from, &self.taken));
            }
            self.taken.extend(addresses.iter().map(|address| address.ip));
            all.push(addresses);
        }
        all
    }

    /// A client's address, and the first virtual address that it can ask for.
    pub(super) fn client(&mut self, network: &Network, subnets: &[Subnet]) -> Option<(IfAddr, IpAddr)> {
        let vips = self.vips(network);
        let answers = |(instance, vip): &&(&InstanceModel, &Vip)| {
            !instance.strict && instance.accept && subnets.iter().any(|subnet| subnet.holds(vip.addr.ip))
        };
        let local = || vips.iter().find(|(i, vip)| i.accept && !i.strict && is_link_local(vip.addr.ip));
        let (_, vip) = vips.iter().find(answers).or_else(local)?;
        let ip = vip.addr.ip;
        let subnet = subnets.iter().copied().find(|subnet| subnet.holds(ip)).unwrap_or_else(link_local);
        let own = subnet.free(CLIENT, &self.taken)?;
        self.taken.insert(own.ip);
        Some((own, ip))
    }
}

fn link_local() -> Subnet {
    Subnet::around(Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0, 0).into(), 64)
}

/// The longest prefix that all have in common, at most the usual one. Routers of several sites are put into one subnet.
fn common_prefix(all: &[IpAddr]) -> u8 {
    let Some(first) = all.first() else { return 0 };
    let most = if first.is_ipv6() { 64 } else { 24 };
    (1..=most).rev().find(|prefix| all.iter().all(|ip| Subnet::around(*first, *prefix).holds(*ip))).unwrap_or(1)
}

/// Every address that a configuration names: nobody else may have it.
fn mentioned(router: &Router) -> Vec<IpAddr> {
    let model = &router.subject.model;
    let of_instance = |instance: &InstanceModel| -> Vec<IpAddr> {
        let vips = instance.all_vips().map(|vip| vip.addr.ip);
        vips.chain(instance.unicast_peers.iter().map(|peer| peer.ip)).chain(instance.source).collect()
    };
    let mut all: Vec<IpAddr> = model.instances.iter().flat_map(of_instance).collect();
    for server in &model.servers {
        if let ServiceKey::Address(endpoint) = &server.key {
            all.push(endpoint.ip);
        }
        all.extend(server.sorry.iter().map(|sorry| sorry.endpoint.ip));
        all.extend(server.real_servers.iter().map(|real| real.endpoint.ip));
    }
    let members = model.server_groups.iter().flat_map(|group| &group.members);
    all.extend(members.filter_map(|member| match member {
        GroupMember::Addresses { first, .. } => Some(first.ip),
        GroupMember::Mark(..) => None,
    }));
    all.extend(model.statics.addresses.iter().map(|fixed| fixed.address.addr.ip));
    all
}

/// The source of each instance: as written, or the one of its router's address that the others list as a peer.
fn sources(routers: &[Router]) -> Vec<Vec<Option<IpAddr>>> {
    let instances = |router: &'_ Router| router.subject.model.instances.iter().map(|i| i.source).collect::<Vec<_>>();
    let mut found: Vec<Vec<Option<IpAddr>>> = routers.iter().map(instances).collect();
    let mut taken: BTreeSet<IpAddr> = found.iter().flatten().flatten().copied().collect();
    for (position, router) in routers.iter().enumerate() {
        for (at, instance) in router.subject.model.instances.iter().enumerate() {
            if !instance.is_unicast() || found[position][at].is_some() {
                continue;
            }
            let others = routers.iter().enumerate().filter(|(other, _)| *other != position);
            let theirs = others.filter_map(|(_, other)| partner(router, instance, other));
            let called: Vec<IpAddr> = theirs.flat_map(|other| other.unicast_peers.iter().map(|p| p.ip)).collect();
            // Another instance on the same interface has the same address.
            let models = router.subject.model.instances.iter().zip(&found[position]);
            let mut same = models.filter(|(other, _)| other.iface == instance.iface).filter_map(|(_, source)| *source);
            let same = same.find(|ip| called.contains(ip));
            let fresh = called.iter().copied().find(|ip| instance.peer(*ip).is_none() && !taken.contains(ip));
            if let Some(ip) = same.or(fresh) {
                taken.insert(ip);
                found[position][at] = Some(ip);
            }
        }
    }
    found
}
