//! One trunk: a link between two switches, with a lane for each direction.
use vrrplab_engine::{Instant, Span};
use vrrplab_formats::world::{LinkChange, LinkQuality, Trunk, TrunkId};

use super::lane::Lane;
use super::walk::Hop;
use super::{DropReason, FabricDrop, Place, Trouble};

/// A trunk in motion.
#[derive(Clone, Debug)]
pub(super) struct Line {
    pub(super) name: String,
    pub(super) ends: [usize; 2],
    vlans: Vec<u16>,
    link: LinkQuality,
    /// From the first switch to the second, and back.
    lanes: [Lane; 2],
    /// With jitter: the last arrival in each direction, which no later frame may overtake.
    last: [Instant; 2],
    pub(super) up: bool,
    /// The spanning tree wants it.
    pub(super) in_tree: bool,
    /// It forwards at this time.
    pub(super) waits: Option<Instant>,
}

const WAYS: [&str; 2] = ["there", "back"];

fn label(name: &str, way: usize) -> String {
    format!("trunk/{name}/{}", WAYS[way])
}

impl Line {
    pub(super) fn new(trunk: &Trunk, seed: u64) -> Line {
        Line {
            name: trunk.name.clone(),
            ends: trunk.between.map(|network| network.0),
            vlans: trunk.vlans.clone(),
            link: trunk.link,
            lanes: [0, 1].map(|way| Lane::new(seed, &label(&trunk.name, way), &trunk.link)),
            last: [Instant::ZERO; 2],
            up: true,
            in_tree: true,
            waits: None,
        }
    }

    pub(super) fn change(&mut self, seed: u64, change: &LinkChange) {
        self.link = change.of(self.link);
        for (way, lane) in self.lanes.iter_mut().enumerate() {
            lane.prepare(seed, &label(&self.name, way), &self.link);
        }
    }

    pub(super) fn redraw(&mut self, seed: u64) {
        for (way, lane) in self.lanes.iter_mut().enumerate() {
            lane.redraw(seed, &label(&self.name, way));
        }
    }

    pub(super) fn carries(&self, vlan: u16) -> bool {
        self.vlans.is_empty() || self.vlans.contains(&vlan)
    }

    /// Whether frames of this VLAN cross it now.
    pub(super) fn forwards(&self, vlan: u16) -> bool {
        self.carries(vlan) && self.up && self.in_tree && self.waits.is_none()
    }

    /// Why it does not forward.
    pub(super) fn trouble(&self) -> Trouble {
        if self.up { Trouble::Blocked } else { Trouble::Down }
    }

    /// A frame leaves a switch over this trunk, the one at this position.
    pub(super) fn cross(&mut self, position: usize, hop: Hop, vlan: u16, bytes: usize) -> Hop {
        let way = usize::from(hop.switch == self.ends[1]);
        let next = Hop { switch: self.ends[1 - way], came: Some(Place::Trunk(position)), ..hop };
        let lost = |trouble| {
            let reason = DropReason::Fabric(FabricDrop::Trunk(TrunkId(position), trouble));
            Hop { lost: Some(reason), ..next }
        };
        if hop.lost.is_some() {
            return next;
        }
        if !self.forwards(vlan) {
            return lost(self.trouble());
        }
        let lane = &mut self.lanes[way];
        if lane.loses(&self.link) {
            return lost(Trouble::Loss);
        }
        match lane.cross(&self.link, hop.at, bytes) {
            Err(why) => lost(Trouble::Link(why)),
            Ok(crossed) => {
                let mut at = crossed.at;
                if self.link.jitter != Span::ZERO && !crossed.held {
                    at = at.max(self.last[way]);
                    self.last[way] = at;
                }
                Hop { at, twice: hop.twice || crossed.twice, ..next }
            }
        }
    }
}
