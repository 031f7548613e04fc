//! Sync groups: what one member does, the others follow.
use alloc::vec::Vec;

use super::Engine;
use crate::io::State;
use crate::time::Instant;
use crate::vrrp::decide::Event;

impl Engine {
    /// The other members of the sync groups of this instance, in list order.
    pub(crate) fn peers_of(&self, i: usize) -> impl Iterator<Item = usize> {
        self.groups
            .iter()
            .filter(move |g| g.members.contains(&i))
            .flat_map(|g| g.members.iter().copied())
            .filter(move |m| *m != i)
    }

    pub(crate) fn is_faulty(&self, i: usize) -> bool {
        self.instances[i].faults > 0 || self.peers_of(i).any(|peer| self.instances[peer].faults > 0)
    }

    /// Nothing is wrong with the instance and its group, but first results of scripts are missing.
    pub(super) fn only_waits(&self, i: usize) -> bool {
        let waits = |i: usize| self.instances[i].waits;
        let only = |i: usize| self.instances[i].faults == waits(i);
        self.instances[i].untold
            && only(i)
            && self.peers_of(i).all(only)
            && (waits(i) > 0 || self.peers_of(i).any(|peer| waits(peer) > 0))
    }

    pub(super) fn pull_group(&mut self, now: Instant, i: usize, to: State) {
        let event = match to {
            State::Master => Event::GroupMaster,
            State::Backup => Event::GroupBackup,
            State::Fault => Event::GroupFault,
            State::Init => return,
        };
        for peer in self.peers_of(i).collect::<Vec<_>>() {
            self.event(now, peer, event, None);
        }
        for g in 0..self.groups.len() {
            if self.groups[g].members.contains(&i) {
                self.group_enters(g, to);
            }
        }
    }

    /// At start groups speak before their members: FAULT or BACKUP. That all members are owners is told when they act.
    pub(crate) fn start_groups(&mut self) {
        for g in 0..self.groups.len() {
            let members = self.groups[g].members.clone();
            let faulty = members.iter().any(|i| self.instances[*i].faults > 0);
            let master = members.iter().all(|i| self.starts_as_master(*i));
            if faulty || !master {
                self.group_enters(g, if faulty { State::Fault } else { State::Backup });
            }
        }
    }

    /// Priority 255, and `state MASTER` where the policy asks for it.
    pub(super) fn starts_as_master(&self, i: usize) -> bool {
        let x = &self.instances[i];
        x.owner && (x.model.wants_master || !self.policy.owner_needs_state_master)
    }
}
