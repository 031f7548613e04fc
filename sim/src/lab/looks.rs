//! Looks at hosts, at the end of the moments that somebody asked for: they change nothing.
use vrrplab_engine::Instant;
use vrrplab_formats::world::{ClientId, Look, Member, NetworkId, NodeId, Promise, Subject, View, World};

use super::queue::{Due, Queue};
use super::{Lab, Watchers};
use crate::kernel::Kernel;
use crate::moment::Moment;
use crate::sight::{Scene, Sight};

/// A look, and whether somebody wants to see it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Glance {
    at: Instant,
    view: View,
    of: Option<Subject>,
    shown: bool,
}

/// All looks of a world: those that it asks for, and those that its promises need.
pub(super) fn all(world: &World) -> Vec<Glance> {
    let shown = world.looks.iter().map(|Look { view, at, of }| Glance { at: *at, view: *view, of: *of, shown: true });
    let promised = world.expectations.iter().filter_map(|expectation| match &expectation.promise {
        Promise::Table(table) => Some(Glance {
            at: table.at,
            view: View::Ipvs,
            of: Some(Subject::Host(Member::Node(table.node))),
            shown: false,
        }),
        Promise::View(promise) => {
            Some(Glance { at: promise.at, view: promise.view, of: Some(promise.of), shown: false })
        }
        _ => None,
    });
    shown.chain(promised).collect()
}

/// Puts them into the queue, behind everything else of their moments.
pub(super) fn fill(glances: &[Glance], queue: &mut Queue) {
    for (position, glance) in glances.iter().enumerate() {
        queue.push_last(glance.at, position, Due::Look(position));
    }
}

impl Lab<'_> {
    pub(super) fn look(&self, position: usize, watchers: Watchers<'_, '_>) {
        let Glance { view, of, shown, .. } = self.glances[position];
        let subjects: Vec<Subject> = match (of, view) {
            (Some(of), _) => vec![of],
            (None, View::Fdb) => (0..self.world.networks.len()).map(|n| Subject::Switch(NetworkId(n))).collect(),
            (None, _) => (0..self.routers.len()).map(|n| Subject::Host(Member::Node(NodeId(n)))).collect(),
        };
        for of in subjects {
            let scene = match of {
                Subject::Host(host) => self.kernel_of(host).and_then(|kernel| Scene::of(kernel, self.now, view)),
                Subject::Switch(network) => Some(Scene::Fdb(self.fabric.table(self.now, network))),
            };
            if let Some(scene) = scene {
                self.show(watchers, &Moment::Looked(&Sight { of, shown, scene }));
            }
        }
    }

    /// The kernel of a host; a rogue has none.
    fn kernel_of(&self, host: Member) -> Option<&Kernel> {
        match host {
            Member::Node(NodeId(n)) => Some(&self.routers[n].kernel),
            Member::Client(ClientId(c)) => Some(&self.clients[c].kernel),
            Member::Rogue(_) => None,
        }
    }
}
