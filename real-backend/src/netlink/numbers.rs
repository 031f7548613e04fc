//! Interfaces that come back. The engine knows an interface by the index that it had first. One of the same name that is made
//! again gets another index from the kernel, and is the same to the engine; so is one that has its name back.
use std::collections::BTreeMap;

use vrrplab_engine::model::IfIndex;

use super::news::News;
use super::table::Table;

/// Above every index that a kernel gives.
const OUTSIDE: u32 = 1 << 31;

/// Which index of the kernel means which interface of the engine.
#[derive(Clone, Debug, Default)]
pub(super) struct Numbers {
    present: BTreeMap<u32, IfIndex>,
    /// Names of interfaces that are gone.
    departed: BTreeMap<String, IfIndex>,
    /// The last index of those.
    last: BTreeMap<IfIndex, u32>,
}

impl Numbers {
    /// The kernel's index of an interface.
    pub fn of_kernel(&self, iface: IfIndex) -> u32 {
        let present = self.present.iter().find(|(_, id)| **id == iface).map(|(index, _)| *index);
        present.or_else(|| self.last.get(&iface).copied()).unwrap_or(iface.0)
    }

    /// An interface that has another name now is no more: its number, for the engine must be told so before the news.
    pub fn renamed(&self, news: &News, known: &Table) -> Option<IfIndex> {
        let News::Link(link) = news else { return None };
        let id = *self.present.get(&link.index.0)?;
        let before = known.get(id)?.name.as_deref()?;
        link.name.as_deref().is_some_and(|name| name != before).then_some(id)
    }

    /// An interface is no more.
    pub fn depart(&mut self, id: IfIndex, known: &Table) {
        let index = self.of_kernel(id);
        self.present.remove(&index);
        if let Some(link) = known.get(id).filter(|link| !link.is_macvlan) {
            self.last.insert(id, index);
            self.departed.insert(link.name.clone().unwrap_or_default(), id);
        }
    }

    fn of_engine(&self, index: u32) -> IfIndex {
        self.present.get(&index).copied().unwrap_or(IfIndex(index))
    }

    /// News with the engine's numbers in place of the kernel's. `known` is what the engine knows of interfaces.
    pub fn translate(&mut self, news: News, known: &Table) -> News {
        match news {
            News::Link(mut link) => {
                let index = link.index.0;
                if !self.present.contains_key(&index) {
                    let id = self.arrive(index, link.name.as_deref().unwrap_or(""), known);
                    self.present.insert(index, id);
                }
                link.index = self.of_engine(index);
                link.base = link.base.map(|base| self.of_engine(base).0);
                News::Link(link)
            }
            News::LinkGone(IfIndex(index)) => {
                let id = self.of_engine(index);
                self.depart(id, known);
                News::LinkGone(id)
            }
            News::Address(IfIndex(index), addr) => News::Address(self.of_engine(index), addr),
            News::AddressGone(IfIndex(index), addr) => News::AddressGone(self.of_engine(index), addr),
        }
    }

    /// The number of an interface that is new to us: the old one where it was here before.
    fn arrive(&mut self, index: u32, name: &str, known: &Table) -> IfIndex {
        let before = self.departed.remove(name).or_else(|| known.named(name).map(|link| link.index));
        if let Some(id) = before {
            return id;
        }
        let taken = |id: IfIndex| {
            self.present.values().any(|known| *known == id)
                || self.departed.values().any(|known| *known == id)
                || known.get(id).is_some()
        };
        if taken(IfIndex(index)) { IfIndex(OUTSIDE | index) } else { IfIndex(index) }
    }

    /// Everything has been looked at again: what is not in `now` is gone without a word.
    pub fn settle(&mut self, before: &Table, now: &Table) {
        for link in before.links().filter(|link| now.get(link.index).is_none()) {
            self.departed.insert(link.name.clone().unwrap_or_default(), link.index);
        }
        let mut newest: BTreeMap<IfIndex, u32> = BTreeMap::new();
        for (index, id) in &self.present {
            newest.insert(*id, *index); // the kernel's numbers grow
        }
        self.present.retain(|index, id| now.get(*id).is_some() && newest.get(id) == Some(index));
    }
}

#[cfg(test)]
mod tests {
    use vrrplab_engine::model::Mac;

    use super::super::table::LinkEntry;
    use super::*;

    fn link(index: u32, name: &str, mac: u8) -> LinkEntry {
        LinkEntry {
            index: IfIndex(index),
            kernel: index,
            name: Some(name.into()),
            mac: Some(Mac([mac; 6])),
            base: None,
            is_macvlan: false,
            up: true,
            addresses: Vec::new(),
        }
    }

    /// The engine's number for an interface after these changes.
    fn arrive(numbers: &mut Numbers, table: &mut Table, link: LinkEntry) -> IfIndex {
        let News::Link(link) = numbers.translate(News::Link(link), table) else { panic!() };
        let id = link.index;
        table.apply(News::Link(link));
        id
    }

    fn leave(numbers: &mut Numbers, table: &mut Table, index: u32) {
        let gone = numbers.translate(News::LinkGone(IfIndex(index)), table);
        table.apply(gone);
    }

    #[test]
    fn an_interface_that_comes_back_has_its_old_number_for_the_engine() {
        let (mut numbers, mut table) = (Numbers::default(), Table::default());
        assert_eq!(arrive(&mut numbers, &mut table, link(2, "eth0", 1)), IfIndex(2));
        leave(&mut numbers, &mut table, 2);
        assert_eq!(arrive(&mut numbers, &mut table, link(9, "eth0", 1)), IfIndex(2));
        assert_eq!(numbers.of_kernel(IfIndex(2)), 9);
        leave(&mut numbers, &mut table, 9);
        assert_eq!(arrive(&mut numbers, &mut table, link(12, "eth0", 1)), IfIndex(2), "and again");
    }

    #[test]
    fn another_interface_never_gets_the_number_of_one_that_is_gone() {
        let (mut numbers, mut table) = (Numbers::default(), Table::default());
        arrive(&mut numbers, &mut table, link(2, "eth0", 1));
        leave(&mut numbers, &mut table, 2);
        assert_eq!(arrive(&mut numbers, &mut table, link(2, "eth1", 1)), IfIndex(OUTSIDE | 2));
    }

    #[test]
    fn an_interface_with_another_name_is_gone_until_it_has_its_own() {
        let (mut numbers, mut table) = (Numbers::default(), Table::default());
        arrive(&mut numbers, &mut table, link(2, "eth0", 1));
        let renamed = News::Link(link(2, "old0", 1));
        assert_eq!(numbers.renamed(&renamed, &table), Some(IfIndex(2)));
        numbers.depart(IfIndex(2), &table);
        table.apply(News::LinkGone(IfIndex(2)));
        assert_eq!(numbers.of_kernel(IfIndex(2)), 2, "what is still on it can be removed");
        let id = arrive(&mut numbers, &mut table, link(2, "old0", 1));
        assert_eq!(id, IfIndex(OUTSIDE | 2));
        assert_eq!(numbers.renamed(&News::Link(link(2, "eth0", 1)), &table), Some(id));
        numbers.depart(id, &table);
        table.apply(News::LinkGone(id));
        assert_eq!(arrive(&mut numbers, &mut table, link(2, "eth0", 1)), IfIndex(2));
    }

    #[test]
    fn one_that_came_back_while_messages_were_lost_is_found_by_its_name() {
        let (mut numbers, mut table) = (Numbers::default(), Table::default());
        arrive(&mut numbers, &mut table, link(2, "eth0", 1));
        let News::Link(again) = numbers.translate(News::Link(link(9, "eth0", 1)), &table) else { panic!() };
        let mut now = Table::default();
        now.apply(News::Link(again));
        numbers.settle(&table, &now);
        assert_eq!((numbers.of_kernel(IfIndex(2)), now.get(IfIndex(2)).is_some()), (9, true));
    }
}
