//! The smallest list of commands that turns one table of services into another.
//!
//! The order of servers within a service is not part of the wish: it would cost their places in the schedulers.
use alloc::collections::{BTreeMap, BTreeSet};
use alloc::vec::Vec;

use super::config::{DestConfig, IpvsCommand, ServiceConfig, Virtual};
use super::dump::ServiceView;
use crate::model::lvs::Endpoint;

/// A service with its servers. New servers are added in this order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wanted {
    /// Its key.
    pub key: Virtual,
    /// Its settings.
    pub config: ServiceConfig,
    /// Its servers.
    pub dests: Vec<(Endpoint, DestConfig)>,
}

impl From<&ServiceView> for Wanted {
    fn from(view: &ServiceView) -> Wanted {
        let dests = view.dests.iter().rev().map(|dest| (dest.key, dest.config)).collect();
        Wanted { key: view.key, config: view.config, dests }
    }
}

/// What must be done to get from `present` to `wanted`: what is superfluous goes first, then services come and change, and
/// within each its servers come and change before others go, so that it is never empty on the way.
pub fn diff(present: &[Wanted], wanted: &[Wanted]) -> Vec<IpvsCommand> {
    let now: BTreeMap<Virtual, &Wanted> = present.iter().map(|one| (one.key, one)).collect();
    let then: BTreeMap<Virtual, &Wanted> = wanted.iter().map(|one| (one.key, one)).collect();
    let superfluous = present.iter().filter(|one| !then.contains_key(&one.key));
    let mut commands: Vec<IpvsCommand> = superfluous.map(|one| IpvsCommand::DeleteService(one.key)).collect();
    for one in wanted {
        match now.get(&one.key) {
            None => {
                commands.push(IpvsCommand::AddService(one.key, one.config));
                servers(one.key, &[], &one.dests, &mut commands);
            }
            Some(old) => {
                if old.config != one.config {
                    commands.push(IpvsCommand::EditService(one.key, one.config));
                }
                servers(one.key, &old.dests, &one.dests, &mut commands);
            }
        }
    }
    commands
}

/// What is still to be done where the table also holds services of others: of those that nobody wants only the `claimed` go.
pub fn drift(present: &[Wanted], wanted: &[Wanted], claimed: &BTreeSet<Virtual>) -> Vec<IpvsCommand> {
    let wish = |key: &Virtual| wanted.iter().any(|one| one.key == *key);
    let ours = present.iter().filter(|one| claimed.contains(&one.key) || wish(&one.key));
    diff(&ours.cloned().collect::<Vec<Wanted>>(), wanted)
}

type Dests = [(Endpoint, DestConfig)];

fn servers(service: Virtual, present: &Dests, wanted: &Dests, commands: &mut Vec<IpvsCommand>) {
    let now: BTreeMap<Endpoint, DestConfig> = present.iter().copied().collect();
    let then: BTreeMap<Endpoint, DestConfig> = wanted.iter().copied().collect();
    for (key, config) in wanted {
        match now.get(key) {
            None => commands.push(IpvsCommand::AddDest(service, *key, *config)),
            Some(old) if old != config => commands.push(IpvsCommand::EditDest(service, *key, *config)),
            Some(_) => {}
        }
    }
    let gone = present.iter().filter(|(key, _)| !then.contains_key(key));
    commands.extend(gone.map(|(key, _)| IpvsCommand::DeleteDest(service, *key)));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::AddressFamily;

    #[test]
    fn services_that_nobody_here_has_wanted_are_left_to_others() {
        let service = |mark| Virtual::Mark(AddressFamily::V4, mark);
        let one = |mark| Wanted { key: service(mark), config: ServiceConfig::default(), dests: Vec::new() };
        let present = [one(1), one(2), one(3)];
        let claimed = BTreeSet::from([service(2)]);
        assert_eq!(drift(&present, &[one(1)], &claimed), [IpvsCommand::DeleteService(service(2))]);
        assert_eq!(drift(&present, &[one(1), one(2)], &BTreeSet::new()), []);
    }
}
