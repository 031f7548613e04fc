//! Addresses come and go: their order in the kernel, and what goes with a primary one.
use std::net::IpAddr;

use vrrplab_engine::model::{IfAddr, IfIndex};

use super::{Kernel, frames};

/// Why an address was not set or removed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AddressError {
    /// The interface has it already.
    Exists,
    /// The interface does not have it.
    NotFound,
    /// There is no such interface.
    NoSuchInterface,
    /// The kernel does not want it.
    Refused,
}

impl Kernel {
    /// Refuses to set an address from now on, or does so no more. One that is set stays.
    pub fn refuse(&mut self, ip: IpAddr, refused: bool) {
        self.refused.retain(|known| *known != ip);
        if refused {
            self.refused.push(ip);
        }
    }

    /// Removes all addresses of an interface, and tells which they were.
    pub fn remove_addresses(&mut self, iface: IfIndex) -> Vec<IfAddr> {
        self.iface_mut(iface).map(|it| std::mem::take(&mut it.addresses)).unwrap_or_default()
    }

    /// Before an interface is taken down: its IPv6 addresses go, and are told. Link-local ones go last, newer ones first.
    pub fn remove_v6_addresses(&mut self, iface: IfIndex) -> Vec<IfAddr> {
        let Some(it) = self.iface_mut(iface) else { return Vec::new() };
        let own = IfAddr::link_local(it.mac);
        let (mut gone, stay): (Vec<IfAddr>, _) = it.addresses.iter().partition(|addr| addr.ip.is_ipv6());
        it.addresses = stay;
        gone.reverse();
        gone.sort_by_key(IfAddr::is_link_local);
        it.lost = gone.contains(&own).then_some(own).or(it.lost);
        gone
    }

    /// The link-local address that an interface gives itself again once it is up.
    pub fn regain_link_local(&mut self, iface: IfIndex) -> Option<IfAddr> {
        let it = self.iface_mut(iface).filter(|it| it.up())?;
        let own = it.lost.take()?;
        self.add_address(iface, own).ok().map(|()| own)
    }

    /// Sets an address, behind those already set.
    pub fn add_address(&mut self, iface: IfIndex, addr: IfAddr) -> Result<(), AddressError> {
        if self.refused.contains(&addr.ip) {
            return Err(AddressError::Refused);
        }
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
        let promotes = self.settings.of(iface).promotes();
        let it = self.iface_mut(iface).ok_or(AddressError::NoSuchInterface)?;
        let at = it.addresses.iter().position(|a| *a == addr).ok_or(AddressError::NotFound)?;
        let of_subnet =
            |a: &IfAddr| a.ip.is_ipv4() && a.prefix == addr.prefix && frames::same_prefix(a.ip, addr.ip, addr.prefix);
        let primary = addr.ip.is_ipv4() && !it.addresses[..at].iter().any(of_subnet);
        it.addresses.remove(at);
        let mut gone = Vec::new();
        if primary && !it.promotes && !promotes {
            gone = it.addresses.iter().copied().filter(of_subnet).collect();
            it.addresses.retain(|a| !of_subnet(a));
        }
        Ok(gone)
    }
}
