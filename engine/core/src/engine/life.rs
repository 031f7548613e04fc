//! Start and stop of the daemon.
use alloc::vec::Vec;

use super::Engine;
use crate::io::EffectKind;
use crate::model::IfIndex;
use crate::rules::Rule;
use crate::time::{Instant, Span};
use crate::vrrp::decide::Event;
use crate::vrrp::pace::Pacing;

impl Engine {
    pub(super) fn start(&mut self, now: Instant) {
        if self.running {
            return;
        }
        self.running = true;
        self.delayed_until = (self.globals.startup_delay > Span::ZERO).then(|| now + self.globals.startup_delay);
        self.set_statics();
        self.make_macvlans();
        self.promote_secondaries();
        self.remove_leftovers();
        self.write_init_files();
        self.look_afresh();
        for i in 0..self.instances.len() {
            if self.instances[i].owner {
                continue;
            }
            self.instances[i].priority = self.priority_of(i);
        }
        self.start_groups();
        for i in 0..self.instances.len() {
            self.event(now, i, Event::Start, None);
        }
        self.start_scripts(now);
    }

    /// Tells the kernel where secondary addresses are to be promoted.
    pub(crate) fn promote_secondaries(&mut self) {
        let mut done: Vec<IfIndex> = Vec::new();
        for i in 0..self.instances.len() {
            let iface = self.instances[i].model.iface;
            if self.instances[i].model.promote_secondaries && !done.contains(&iface) {
                done.push(iface);
                self.effect(Rule::PromoteSecondaries, EffectKind::PromoteSecondaries { iface });
            }
        }
    }

    fn remove_leftovers(&mut self) {
        for i in 0..self.instances.len() {
            self.remove_left_routes(i);
            for (iface, addr) in self.addresses_of(i) {
                if self.interfaces.holds(iface, addr) {
                    self.interfaces.remove(iface, addr);
                    self.effect(Rule::StartLeftover, EffectKind::ChangeAddress { iface, addr, add: false });
                }
            }
        }
    }

    pub(super) fn stop(&mut self, now: Instant) {
        for i in 0..self.instances.len() {
            self.event(now, i, Event::Stop, None);
        }
        self.drop_statics();
        for i in 0..self.instances.len() {
            self.remove_macvlan(i);
        }
        if self.running {
            self.notify_stop();
        }
        self.delayed.clear();
        self.pacing = Pacing::default();
        self.links.clear();
        self.cancel_scripts();
        self.running = false;
    }
}
