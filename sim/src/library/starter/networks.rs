//! Which interfaces of different routers are plugged into one network.
use std::collections::BTreeSet;

use vrrplab_engine::model::{IfIndex, InstanceModel};

use super::Router;

/// A guessed segment.
#[derive(Debug)]
pub(super) struct Network {
    /// Its name.
    pub(super) name: String,
    /// What is plugged in: position of the router, and of its interface.
    pub(super) nics: Vec<(usize, usize)>,
}

/// The segments, in the order in which the files name their interfaces.
///
/// Two interfaces are plugged into one segment when their files use them for one virtual router, for the same virtual
/// address, or call them the same, in this order of trust; never two of one router.
pub(super) fn guess(routers: &[Router]) -> Vec<Network> {
    let mut groups: Vec<Vec<(usize, usize)>> = Vec::new();
    for (position, router) in routers.iter().enumerate() {
        groups.extend((0..router.subject.model.interfaces.len()).map(|nic| vec![(position, nic)]));
    }
    for reason in [same_router, same_address, same_name] {
        for (one, first) in routers.iter().enumerate() {
            for (two, second) in routers.iter().enumerate().skip(one + 1) {
                for (left, right) in reason(first, second) {
                    join(&mut groups, (one, left), (two, right));
                }
            }
        }
    }
    name(routers, groups)
}

/// Makes one group of two, unless a router would be in it twice.
fn join(groups: &mut Vec<Vec<(usize, usize)>>, left: (usize, usize), right: (usize, usize)) {
    let of = |nic| groups.iter().position(|group| group.contains(&nic));
    let (Some(one), Some(two)) = (of(left), of(right)) else { return };
    let (keep, take) = (one.min(two), one.max(two));
    let both = groups[keep].iter().any(|(router, _)| groups[take].iter().any(|(other, _)| other == router));
    if keep != take && !both {
        let taken = groups.remove(take);
        groups[keep].extend(taken);
        groups[keep].sort_unstable();
    }
}

fn nic(router: &Router, index: IfIndex) -> Option<usize> {
    router.subject.model.interfaces.iter().position(|interface| interface.index == index)
}

fn interface_name(router: &Router, instance: &InstanceModel) -> Option<String> {
    router.subject.model.interface(instance.iface).map(|interface| interface.name.clone())
}

/// The instance of the other router that means the same virtual router: where there are several, the one on an interface
/// of the same name.
pub(super) fn partner<'s>(first: &Router, instance: &InstanceModel, second: &'s Router) -> Option<&'s InstanceModel> {
    let same = |other: &&InstanceModel| (other.vrid, other.family) == (instance.vrid, instance.family);
    let mut all = second.subject.model.instances.iter().filter(same);
    let crowded = first.subject.model.instances.iter().filter(same).count() > 1 || all.clone().count() > 1;
    let wanted = interface_name(first, instance);
    all.find(|other| !crowded || interface_name(second, other) == wanted)
}

/// Pairs of interfaces.
type Pairs = Vec<(usize, usize)>;

fn same_router(first: &Router, second: &Router) -> Pairs {
    let pair = |instance: &InstanceModel| {
        let other = partner(first, instance, second)?;
        nic(first, instance.iface).zip(nic(second, other.iface))
    };
    first.subject.model.instances.iter().filter_map(pair).collect()
}

fn same_address(first: &Router, second: &Router) -> Pairs {
    let all = |router: &Router| -> Vec<_> {
        let instances = router.subject.model.instances.iter();
        instances.flat_map(|i| i.all_vips().map(|vip| (vip.addr.ip, vip.iface))).collect()
    };
    let others = all(second);
    let pair = |(ip, iface)| {
        let (_, other) = others.iter().find(|(other, _)| *other == ip)?;
        nic(first, iface).zip(nic(second, *other))
    };
    all(first).into_iter().filter_map(pair).collect()
}

fn same_name(first: &Router, second: &Router) -> Pairs {
    let others = &second.subject.model.interfaces;
    let pair = |(position, interface): (usize, &vrrplab_engine::model::InterfaceModel)| {
        others.iter().position(|other| other.name == interface.name).map(|other| (position, other))
    };
    first.subject.model.interfaces.iter().enumerate().filter_map(pair).collect()
}

/// `lan` when there is one; else what the first router calls it.
fn name(routers: &[Router], groups: Vec<Vec<(usize, usize)>>) -> Vec<Network> {
    let alone = groups.len() == 1;
    let mut taken: BTreeSet<String> = BTreeSet::new();
    let mut named = Vec::new();
    for nics in groups {
        let first = nics.first().and_then(|(router, nic)| routers.get(*router)?.subject.model.interfaces.get(*nic));
        let own = first.map_or("lan", |interface| interface.name.as_str());
        let wanted = if alone { "lan".to_owned() } else { format!("lan-{own}") };
        let numbered = (2..).map(|n| format!("{wanted}-{n}"));
        let name = std::iter::once(wanted.clone()).chain(numbered).find(|name| !taken.contains(name));
        let name = name.unwrap_or(wanted);
        taken.insert(name.clone());
        named.push(Network { name, nics });
    }
    named
}
