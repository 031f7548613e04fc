//! Who a port may say it is: its own addresses and the allowed address pairs.
use std::net::{IpAddr, Ipv4Addr};

use vrrplab_engine::model::{IfAddr, Mac};
use vrrplab_formats::world::PortSecurity;

/// The allowed sources of one port.
#[derive(Clone, Debug)]
pub(super) struct Sources {
    pub(super) mac: Mac,
    /// The port's own addresses, with the prefix of their subnet.
    pub(super) fixed: Vec<IfAddr>,
    /// Fixed addresses with the port's own MAC, then the allowed pairs; an address may be a prefix.
    pairs: Vec<(Mac, IfAddr)>,
    /// The pairs by MAC, as OVN keeps them.
    pub(super) entries: Vec<Entry>,
}

/// The addresses that belong to one MAC.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    pub(super) mac: Mac,
    pub(super) v4: Vec<IfAddr>,
    pub(super) v6: Vec<IfAddr>,
}

impl Sources {
    pub(super) fn new(mac: Mac, fixed: &[IfAddr], security: &PortSecurity) -> Sources {
        let own = |ip: IpAddr| (mac, IfAddr { ip, prefix: if ip.is_ipv4() { 32 } else { 128 } });
        let mut pairs: Vec<(Mac, IfAddr)> = fixed.iter().map(|a| own(a.ip)).collect();
        pairs.extend(security.allowed_address_pairs.iter().map(|pair| (pair.mac.unwrap_or(mac), pair.ip)));
        // The port's own MAC has one entry, another MAC one for each of its pairs.
        let mut entries = vec![Entry { mac, v4: Vec::new(), v6: Vec::new() }];
        for (of, range) in &pairs {
            let at = if *of == mac { 0 } else { entries.len() };
            if at == entries.len() {
                entries.push(Entry { mac: *of, v4: Vec::new(), v6: Vec::new() });
            }
            let entry = &mut entries[at];
            if range.ip.is_ipv4() { &mut entry.v4 } else { &mut entry.v6 }.push(*range);
        }
        Sources { mac, fixed: fixed.to_vec(), pairs, entries }
    }

    /// The MAC belongs to some pair.
    pub(super) fn knows(&self, mac: Mac) -> bool {
        self.mac == mac || self.pairs.iter().any(|(m, _)| *m == mac)
    }
    /// The MAC belongs to a pair of this family.
    pub(super) fn knows_in(&self, mac: Mac, v6: bool) -> bool {
        self.pairs.iter().any(|(m, range)| *m == mac && range.ip.is_ipv6() == v6)
    }
    /// MAC and address are a pair.
    pub(super) fn pair(&self, mac: Mac, ip: IpAddr) -> bool {
        self.pairs.iter().any(|(m, range)| *m == mac && covers(range, ip))
    }
    /// The address is in a pair, whatever the MAC.
    pub(super) fn address(&self, ip: IpAddr) -> bool {
        self.pairs.iter().any(|(_, range)| covers(range, ip))
    }
    /// A pair allows every address of the family.
    pub(super) fn all(&self, v6: bool) -> bool {
        self.pairs.iter().any(|(_, range)| range.prefix == 0 && range.ip.is_ipv6() == v6)
    }
    /// The link-local address that some MAC of the port would give itself.
    pub(super) fn some_link_local(&self, ip: IpAddr) -> bool {
        ip == link_local(self.mac) || self.pairs.iter().any(|(mac, _)| ip == link_local(*mac))
    }
    /// The ranges that a group counts among its members: all pairs, or the fixed addresses alone.
    pub(super) fn members(&self, with_pairs: bool) -> impl Iterator<Item = IfAddr> + '_ {
        self.pairs.iter().take(if with_pairs { self.pairs.len() } else { self.fixed.len() }).map(|(_, range)| *range)
    }
}

/// The address that an interface with this MAC gives itself.
pub(super) fn link_local(mac: Mac) -> IpAddr {
    mac.link_local().into()
}

/// Whether the address lies in the range.
pub(super) fn covers(range: &IfAddr, ip: IpAddr) -> bool {
    match (range.ip, ip) {
        (IpAddr::V4(a), IpAddr::V4(b)) => {
            let host = 32_u32.saturating_sub(range.prefix.into());
            (a.to_bits() ^ b.to_bits()).checked_shr(host).unwrap_or(0) == 0
        }
        (IpAddr::V6(a), IpAddr::V6(b)) => {
            let host = 128_u32.saturating_sub(range.prefix.into());
            (a.to_bits() ^ b.to_bits()).checked_shr(host).unwrap_or(0) == 0
        }
        _ => false,
    }
}

/// The broadcast address of a subnet.
pub(super) fn broadcast(of: &IfAddr) -> Option<Ipv4Addr> {
    let IpAddr::V4(ip) = of.ip else { return None };
    let hosts = u32::MAX.checked_shr(of.prefix.into()).unwrap_or(0);
    Some(Ipv4Addr::from_bits(ip.to_bits() | hosts))
}
