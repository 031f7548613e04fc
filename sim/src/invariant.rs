//! The invariants: observers that may object. They see what all observers see and cannot change the world.
mod adverts;
mod agreement;
mod answers;
mod clients;
mod lasting;
mod masters;
mod scene;
mod tables;
#[cfg(test)]
mod tests;
mod violation;

use std::collections::BTreeSet;

use vrrplab_engine::{Instant, Rule, Span, State, Trace, TraceKind};
use vrrplab_formats::world::{Fault, Invariants, NodeId, TimedFault, World};

use crate::moment::{Moment, Observer, PortInfo};
use adverts::Adverts;
use agreement::Agreement;
use answers::Answers;
use clients::Clients;
use masters::Masters;
use scene::Scene;
use tables::Tables;

pub use clients::PATIENCE;
pub use scene::Group;
pub use violation::{Expected, Finding, Objections, Parties, Violation};

/// All invariants of one run.
#[derive(Clone, Debug)]
pub struct Watch {
    limits: Invariants,
    scene: Scene,
    masters: Masters,
    answers: Answers,
    adverts: Adverts,
    agreement: Agreement,
    clients: Clients,
    tables: Tables,
    violations: Vec<Violation>,
    /// The next moment at which something is overdue.
    next: Option<Instant>,
    /// What is found before this moment does not count.
    judged_from: Option<Instant>,
}

impl Watch {
    /// The invariants of a world, as it wants them watched.
    pub fn new(world: &World, ports: &[PortInfo]) -> Watch {
        let scene = Scene::new(world, ports);
        let mut answers = Answers::default();
        answers.know(&scene);
        Watch {
            limits: world.invariants.clone(),
            masters: Masters::default(),
            answers,
            adverts: Adverts::default(),
            agreement: Agreement::new(world),
            clients: Clients::new(world),
            tables: Tables::default(),
            violations: Vec::new(),
            next: None,
            judged_from: world.invariants.judged_from,
            scene,
        }
    }

    /// Further faults come, of which the world that it was made for knew nothing.
    pub fn expect(&mut self, faults: &[TimedFault]) {
        self.agreement.expect(faults);
    }

    /// The violations, held against those that were expected.
    pub fn judge(self) -> Objections {
        Objections::new(self.violations, &self.limits.expected)
    }

    /// All that decides what it will still object to, and which invariants were violated.
    pub fn pending(&self) -> impl std::fmt::Debug {
        let broken: BTreeSet<_> = self.violations.iter().map(|violation| violation.finding.invariant.id()).collect();
        let kept = (&self.masters, &self.answers, &self.adverts, &self.agreement, &self.scene.seats, &self.tables);
        (kept, self.next, self.judged_from, broken)
    }

    /// How long the world's virtual routers may take until all is calm.
    pub fn calm(&self) -> Span {
        self.scene.groups().into_iter().map(|group| self.scene.calm(group)).max().unwrap_or_default()
    }

    /// What was found does not count, and what lasts begins anew.
    fn begin_anew(&mut self, at: Instant) {
        self.violations.clear();
        self.masters.begin_anew(at);
        self.answers.begin_anew(at);
        self.adverts.begin_anew();
        self.clients.begin_anew(at);
        self.tables.begin_anew();
        self.plan();
    }

    /// Whether judging begins at this moment or has begun before.
    fn begins(&mut self, at: Instant) {
        if let Some(from) = self.judged_from.filter(|from| *from <= at) {
            self.judged_from = None;
            self.begin_anew(from);
        }
    }

    fn object(&mut self, finding: Finding, refused_by: Option<Rule>) {
        if !self.limits.watches(finding.invariant) {
            return;
        }
        let group = finding.parties.group;
        let seats = self.scene.seats.iter().filter(|seat| Some(seat.group) == group);
        let (mut views, mut rules) = (Vec::new(), BTreeSet::from_iter(refused_by.map(|rule| (None, rule))));
        for seat in seats {
            views.push(self.scene.view(seat));
            rules.extend(seat.since.1.filter(|_| refused_by.is_none()).map(|rule| (seat.state, rule)));
        }
        let causes = self.scene.causes();
        self.violations.push(Violation { finding, views, causes, rules, expected: false });
    }

    /// Tells what has lasted too long by now; nothing of the scene has changed since.
    fn collect(&mut self, at: Instant) {
        let mut found = self.masters.overdue(at, &self.scene);
        found.extend(self.answers.overdue(at, &self.scene));
        found.extend(self.clients.overdue(at, &self.scene));
        for finding in found {
            self.object(finding, None);
        }
    }

    fn plan(&mut self) {
        self.next = [self.masters.next(), self.answers.next(), self.clients.next()].into_iter().flatten().min();
    }

    fn decided(&mut self, at: Instant, node: NodeId, instance: &str, trace: &Trace) {
        let seat = self.scene.seats.iter().find(|seat| seat.node == node && seat.instance == instance);
        let Some(group) = seat.map(|seat| seat.group) else { return };
        match trace.kind {
            TraceKind::Transition { to, .. } => {
                self.agreement.changed(at, group);
                self.masters.look(at, group, &self.scene, &self.limits);
                self.clients.look(at, &self.scene, &self.limits);
                if to == State::Master
                    && let Some(finding) = self.masters.moved(at, group, &self.scene, &self.limits)
                {
                    self.object(finding, None);
                }
            }
            TraceKind::Refused { from } => {
                let quarrel = (node, instance, trace.rule, from);
                if let Some(finding) = self.adverts.refused(at, quarrel, &self.scene, &self.limits) {
                    self.object(finding, Some(trace.rule));
                }
            }
            _ => {}
        }
    }

    fn look_at_all(&mut self, at: Instant) {
        for group in self.scene.groups() {
            self.masters.look(at, group, &self.scene, &self.limits);
        }
        self.answers.look_at_all(at, &self.scene, &self.limits);
        self.clients.look(at, &self.scene, &self.limits);
    }

    fn look_at_node(&mut self, at: Instant, node: NodeId) {
        let groups: Vec<Group> =
            self.scene.seats.iter().filter(|seat| seat.node == node).map(|seat| seat.group).collect();
        for group in groups {
            self.masters.look(at, group, &self.scene, &self.limits);
        }
    }
}

impl Observer for Watch {
    fn see(&mut self, at: Instant, moment: &Moment<'_>) {
        if self.judged_from.is_some() {
            self.begins(at);
        }
        if self.next.is_some_and(|next| next < at) {
            self.collect(at);
            self.plan();
        }
        match *moment {
            Moment::Delivered { from, bytes, .. } => {
                if !self.answers.heard(at, from, bytes, &self.scene, &self.limits) {
                    return;
                }
            }
            Moment::Sent { .. } | Moment::Dropped { .. } | Moment::Asked { .. } => return,
            Moment::Answered { client, asked, .. } => self.clients.answered(client, asked, &self.limits),
            Moment::Lost { client, asked, .. } => self.clients.lost(client, asked, &self.limits),
            Moment::Decided { node, instance, trace } => {
                self.scene.see(at, moment);
                self.decided(at, node, instance, trace);
            }
            Moment::Address { node, addr, .. } => {
                self.scene.see(at, moment);
                self.look_at_node(at, node);
                self.answers.address(at, node, addr.ip, &self.scene, &self.limits);
            }
            Moment::Fault(Fault::Reload(..)) => {
                self.scene.see(at, moment);
                self.answers.know(&self.scene);
                self.look_at_all(at);
            }
            Moment::Balanced { node, command, refused: Some(why), .. } => self.tables.refused(node, command, why),
            Moment::Settled { node, drift } => {
                if let Some(finding) = self.tables.settled(at, (node, drift), &self.scene, &self.limits) {
                    self.object(finding, None);
                }
            }
            Moment::Gone(_) | Moment::Islands(_) => {
                if matches!(moment, Moment::Islands(_)) {
                    self.agreement.reconnected(at);
                }
                self.scene.see(at, moment);
                self.look_at_all(at);
            }
            _ => self.scene.see(at, moment),
        }
        self.plan();
    }

    fn finish(&mut self, at: Instant) {
        self.begins(at);
        self.collect(at);
        for finding in self.agreement.judge(at, &self.scene, &self.limits) {
            self.object(finding, None);
        }
    }
}
