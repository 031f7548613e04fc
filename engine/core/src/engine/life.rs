//! Start and stop of the daemon.
use super::Engine;
use crate::io::EffectKind;
use crate::rules::Rule;
use crate::time::Instant;
use crate::vrrp::decide::Event;

impl Engine {
    pub(super) fn start(&mut self, now: Instant) {
        if self.running {
            return;
        }
        self.running = true;
        self.remove_leftovers();
        self.write_init_files();
        self.look_around();
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

    fn remove_leftovers(&mut self) {
        for i in 0..self.instances.len() {
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
        if self.running {
            self.notify_stop();
        }
        self.delayed.clear();
        self.cancel_scripts();
        self.running = false;
    }
}
