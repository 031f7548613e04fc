//! What a host shows when it is looked at: its tables as values, before they are words.
use vrrplab_engine::Instant;
use vrrplab_engine::lvs::{ConnView, ServiceView};
use vrrplab_formats::world::{Subject, View};

use crate::fabric::HeardAt;
use crate::kernel::{Kernel, LinkView, NeighbourView};

/// A look at one host or switch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sight {
    /// Whose tables these are.
    pub of: Subject,
    /// Somebody asked to see them; otherwise they are only compared with promises.
    pub shown: bool,
    /// The tables.
    pub scene: Scene,
}

/// What was seen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Scene {
    /// The virtual servers.
    Ipvs(Vec<ServiceView>),
    /// The connections of virtual servers.
    Conns(Vec<ConnView>),
    /// The neighbours.
    Arp(Vec<NeighbourView>),
    /// The interfaces and their addresses.
    Addr(Vec<LinkView>),
    /// Where a switch has heard whom.
    Fdb(Vec<HeardAt>),
}

impl Scene {
    /// Looks at a kernel; none where it has no such tables.
    pub fn of(kernel: &Kernel, now: Instant, view: View) -> Option<Scene> {
        Some(match view {
            View::Ipvs => Scene::Ipvs(kernel.director()?.services()),
            View::Conns => Scene::Conns(kernel.director()?.connections(now)),
            View::Arp => Scene::Arp(kernel.neighbour_views(now)),
            View::Addr => Scene::Addr(kernel.link_views()),
            View::Fdb => return None,
        })
    }

    /// Which view it is.
    pub const fn view(&self) -> View {
        match self {
            Scene::Ipvs(_) => View::Ipvs,
            Scene::Conns(_) => View::Conns,
            Scene::Arp(_) => View::Arp,
            Scene::Addr(_) => View::Addr,
            Scene::Fdb(_) => View::Fdb,
        }
    }
}
