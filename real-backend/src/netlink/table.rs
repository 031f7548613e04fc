//! The mirror of the kernel's links and addresses: what the engine has been told. News are the differences to it.
use std::collections::BTreeMap;

use vrrplab_engine::KernelEvent;
use vrrplab_engine::model::{IfAddr, IfIndex, InterfaceModel, Mac};

use super::news::News;

/// One link.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LinkEntry {
    /// The index by which the engine knows it.
    pub index: IfIndex,
    /// The kernel's own.
    pub kernel: u32,
    /// Its name, where a message had it.
    pub name: Option<String>,
    /// Its MAC, where it has one of six bytes.
    pub mac: Option<Mac>,
    /// That of the link below it.
    pub base: Option<u32>,
    /// It is a macvlan.
    pub is_macvlan: bool,
    /// Set up, and with carrier.
    pub up: bool,
    /// Its addresses, in the kernel's order.
    pub addresses: Vec<IfAddr>,
}

/// All links, by index.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Table {
    links: BTreeMap<IfIndex, LinkEntry>,
    /// Those that are gone and may come back, with their names.
    gone: BTreeMap<IfIndex, String>,
}

impl Table {
    /// The link of this name.
    pub fn named(&self, name: &str) -> Option<&LinkEntry> {
        self.links.values().find(|link| link.name.as_deref() == Some(name))
    }

    /// The link of this index.
    pub fn get(&self, index: IfIndex) -> Option<&LinkEntry> {
        self.links.get(&index)
    }

    /// The name of a link; its number where it has none.
    pub fn name(&self, index: IfIndex) -> String {
        let name = self.links.get(&index).and_then(|link| link.name.as_ref()).or_else(|| self.gone.get(&index));
        name.cloned().unwrap_or_else(|| format!("interface {}", index.0))
    }

    /// A link as the model has it.
    pub fn interface(&self, index: IfIndex) -> Option<InterfaceModel> {
        self.links.get(&index).map(LinkEntry::model)
    }

    /// All links.
    pub(super) fn links(&self) -> impl Iterator<Item = &LinkEntry> {
        self.links.values()
    }

    /// All links as the model has them, by index.
    pub fn interfaces(&self) -> Vec<InterfaceModel> {
        self.links.values().map(LinkEntry::model).collect()
    }

    /// Takes news in, and says what of it is new to the engine.
    pub(super) fn apply(&mut self, news: News) -> Vec<KernelEvent> {
        match news {
            News::Link(link) => self.link(link),
            News::LinkGone(iface) => self.links.remove(&iface).map_or_else(Vec::new, |link| self.lose(link)),
            News::Address(iface, addr) => {
                let added = KernelEvent::AddressAdded { iface, addr };
                self.note(iface, addr, true).then_some(added).into_iter().collect()
            }
            News::AddressGone(iface, addr) => {
                let removed = KernelEvent::AddressRemoved { iface, addr };
                self.note(iface, addr, false).then_some(removed).into_iter().collect()
            }
        }
    }

    fn link(&mut self, mut new: LinkEntry) -> Vec<KernelEvent> {
        let (iface, up) = (new.index, new.up);
        let Some(old) = self.links.get_mut(&iface) else {
            // of others than those that have come back the engine knows nothing
            let events = if self.gone.remove(&iface).is_some() { new.arrival() } else { Vec::new() };
            self.links.insert(iface, new);
            return events;
        };
        if old.kernel != new.kernel {
            let (old, arrival) = (std::mem::replace(old, new.clone()), new.arrival());
            return old.farewell().into_iter().chain(arrival).collect();
        }
        new.addresses = std::mem::take(&mut old.addresses);
        new.name = new.name.or_else(|| old.name.take());
        new.mac = new.mac.or(old.mac);
        let mac = new.mac.filter(|mac| old.mac != Some(*mac)).map(|mac| KernelEvent::LinkIs { iface, mac });
        let changed = (old.up != up).then_some(KernelEvent::Link { iface, up });
        *old = new;
        mac.into_iter().chain(changed).collect()
    }

    /// What the engine is told of a link that is gone. (A macvlan that is made again is another one to it.)
    fn lose(&mut self, link: LinkEntry) -> Vec<KernelEvent> {
        if !link.is_macvlan {
            self.gone.insert(link.index, link.name.clone().unwrap_or_default());
        }
        link.farewell()
    }

    /// An address is there or gone; whether that is a change.
    pub fn note(&mut self, iface: IfIndex, addr: IfAddr, there: bool) -> bool {
        let Some(link) = self.links.get_mut(&iface) else { return false };
        let known = link.addresses.contains(&addr);
        if there && !known {
            link.addresses.push(addr);
        } else if known && !there {
            link.addresses.retain(|known| *known != addr);
        }
        known != there
    }

    /// Everything is as in `now`: the differences, links that went down and addresses that vanished first.
    pub fn replace(&mut self, now: Table) -> Vec<KernelEvent> {
        let mut old = std::mem::replace(self, now);
        let (mut lost, mut won) = (Vec::new(), Vec::new());
        self.gone = std::mem::take(&mut old.gone);
        for (iface, after) in &self.links {
            if self.gone.remove(iface).is_some() {
                won.extend(after.arrival());
            }
        }
        for (iface, before) in old.links {
            let Some(after) = self.links.get(&iface) else {
                lost.extend(self.lose(before));
                continue;
            };
            if after.kernel != before.kernel {
                won.extend(after.arrival());
                lost.extend(before.farewell());
                continue;
            }
            if let Some(mac) = after.mac.filter(|mac| before.mac.is_some_and(|before| before != *mac)) {
                won.push(KernelEvent::LinkIs { iface, mac });
            }
            if before.up != after.up {
                let change = KernelEvent::Link { iface, up: after.up };
                if after.up { won.push(change) } else { lost.push(change) }
            }
            let gone = before.addresses.iter().filter(|addr| !after.addresses.contains(addr));
            lost.extend(gone.map(|addr| KernelEvent::AddressRemoved { iface, addr: *addr }));
            let new = after.addresses.iter().filter(|addr| !before.addresses.contains(addr));
            won.extend(new.map(|addr| KernelEvent::AddressAdded { iface, addr: *addr }));
        }
        lost.extend(won);
        lost
    }
}

impl FromIterator<LinkEntry> for Table {
    fn from_iter<I: IntoIterator<Item = LinkEntry>>(links: I) -> Table {
        Table { links: links.into_iter().map(|link| (link.index, link)).collect(), gone: BTreeMap::new() }
    }
}

impl LinkEntry {
    fn model(&self) -> InterfaceModel {
        InterfaceModel {
            index: self.index,
            name: self.name.clone().unwrap_or_default(),
            mac: self.mac.unwrap_or(Mac([0; 6])),
            addresses: self.addresses.clone(),
            up: self.up,
        }
    }

    /// What the engine is told of a link that is gone.
    fn farewell(self) -> Vec<KernelEvent> {
        let iface = self.index;
        let down = self.up.then_some(KernelEvent::Link { iface, up: false });
        let addresses = self.addresses.into_iter().map(|addr| KernelEvent::AddressRemoved { iface, addr });
        down.into_iter().chain(addresses).chain([KernelEvent::LinkGone { iface }]).collect()
    }

    /// What the engine is told of one that is there again.
    fn arrival(&self) -> Vec<KernelEvent> {
        let iface = self.index;
        let mac = self.mac.map(|mac| KernelEvent::LinkIs { iface, mac });
        let addresses = self.addresses.iter().map(|addr| KernelEvent::AddressAdded { iface, addr: *addr });
        let up = self.up.then_some(KernelEvent::Link { iface, up: true });
        mac.into_iter().chain(addresses).chain(up).collect()
    }
}

#[cfg(test)]
mod tests {
    use std::net::{IpAddr, Ipv4Addr};

    use super::*;

    const ETH0: IfIndex = IfIndex(2);

    fn link(up: bool, addresses: &[u8]) -> LinkEntry {
        LinkEntry {
            index: ETH0,
            kernel: 2,
            name: Some("eth0".into()),
            mac: Some(Mac([2; 6])),
            base: None,
            is_macvlan: false,
            up,
            addresses: addresses.iter().map(|last| ip(*last)).collect(),
        }
    }

    fn ip(last: u8) -> IfAddr {
        IfAddr { ip: IpAddr::V4(Ipv4Addr::new(10, 0, 0, last)), prefix: 24 }
    }

    fn table(link: LinkEntry) -> Table {
        let mut table = Table::default();
        let _ = table.replace([link].into_iter().collect());
        table
    }

    #[test]
    fn only_differences_are_news() {
        let mut table = table(link(true, &[1]));
        assert_eq!(table.apply(News::Link(link(true, &[]))), []);
        assert_eq!(table.apply(News::Address(ETH0, ip(1))), []);
        assert_eq!(table.apply(News::Link(link(false, &[]))), [KernelEvent::Link { iface: ETH0, up: false }]);
        assert_eq!(table.apply(News::Address(ETH0, ip(2))), [KernelEvent::AddressAdded { iface: ETH0, addr: ip(2) }]);
        assert_eq!(table.get(ETH0).unwrap().addresses, [ip(1), ip(2)], "news of a link leave its addresses alone");
    }

    #[test]
    fn the_echo_of_an_own_change_is_no_news() {
        let mut table = table(link(true, &[1]));
        table.note(ETH0, ip(100), true);
        assert_eq!(table.apply(News::Address(ETH0, ip(100))), []);
        table.note(ETH0, ip(100), false);
        assert_eq!(table.apply(News::AddressGone(ETH0, ip(100))), []);
    }

    #[test]
    fn another_ones_removal_is_news_even_beside_an_own_change() {
        let mut table = table(link(true, &[1]));
        table.note(ETH0, ip(100), true);
        let gone = KernelEvent::AddressRemoved { iface: ETH0, addr: ip(100) };
        assert_eq!(table.apply(News::AddressGone(ETH0, ip(100))), [gone]);
    }

    #[test]
    fn after_lost_messages_losses_are_told_before_gains() {
        let mut table = table(link(false, &[1, 2]));
        let now = [link(true, &[2, 3])].into_iter().collect();
        let expected = [
            KernelEvent::AddressRemoved { iface: ETH0, addr: ip(1) },
            KernelEvent::Link { iface: ETH0, up: true },
            KernelEvent::AddressAdded { iface: ETH0, addr: ip(3) },
        ];
        assert_eq!(table.replace(now), expected);
    }

    fn gone(addresses: &[u8], was_up: bool) -> Vec<KernelEvent> {
        let down = was_up.then_some(KernelEvent::Link { iface: ETH0, up: false });
        let addresses = addresses.iter().map(|last| KernelEvent::AddressRemoved { iface: ETH0, addr: ip(*last) });
        down.into_iter().chain(addresses).chain([KernelEvent::LinkGone { iface: ETH0 }]).collect()
    }

    fn is(mac: u8) -> KernelEvent {
        KernelEvent::LinkIs { iface: ETH0, mac: Mac([mac; 6]) }
    }

    #[test]
    fn a_link_that_is_gone_takes_its_addresses_along() {
        let mut table = table(link(true, &[1]));
        assert_eq!(table.apply(News::LinkGone(ETH0)), gone(&[1], true));
        assert_eq!(table.apply(News::LinkGone(ETH0)), []);
    }

    #[test]
    fn one_that_is_there_again_is_told_with_its_mac_and_is_up_when_it_is() {
        let mut table = table(link(true, &[1]));
        table.apply(News::LinkGone(ETH0));
        let again = LinkEntry { kernel: 9, mac: Some(Mac([3; 6])), ..link(false, &[]) };
        assert_eq!(table.apply(News::Link(again.clone())), [is(3)]);
        let up = LinkEntry { up: true, ..again };
        assert_eq!(table.apply(News::Link(up)), [KernelEvent::Link { iface: ETH0, up: true }]);
    }

    #[test]
    fn another_mac_is_news_and_no_mac_is_none() {
        let mut table = table(link(true, &[1]));
        assert_eq!(table.apply(News::Link(LinkEntry { mac: Some(Mac([3; 6])), ..link(true, &[]) })), [is(3)]);
        assert_eq!(table.apply(News::Link(LinkEntry { mac: None, ..link(true, &[]) })), []);
    }

    #[test]
    fn one_that_was_made_again_while_messages_were_lost_is_gone_before_it_is_there() {
        let mut table = table(link(true, &[1]));
        let again = LinkEntry { kernel: 9, mac: Some(Mac([3; 6])), ..link(true, &[1]) };
        let there = [
            is(3),
            KernelEvent::AddressAdded { iface: ETH0, addr: ip(1) },
            KernelEvent::Link { iface: ETH0, up: true },
        ];
        assert_eq!(table.replace([again].into_iter().collect()), [&gone(&[1], true)[..], &there].concat());
    }

    #[test]
    fn a_macvlan_that_is_made_again_is_another_one() {
        let macvlan = LinkEntry { is_macvlan: true, ..link(false, &[]) };
        let mut table = table(macvlan.clone());
        assert_eq!(table.apply(News::LinkGone(ETH0)), gone(&[], false));
        assert_eq!(table.apply(News::Link(macvlan)), []);
    }
}
