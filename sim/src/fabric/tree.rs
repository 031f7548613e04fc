//! The spanning tree: which trunks forward, so that there is exactly one way between any two switches.
use std::collections::BTreeMap;

use vrrplab_engine::{Instant, Span};
use vrrplab_formats::world::{SpanningTree, TreeMode, TrunkId};

use super::{Fabric, Place, SwitchNews};

/// A switch as the tree sees it: the lowest is the root.
type Bridge<'a> = (u16, &'a str);

/// A trunk as the tree sees it.
pub(super) struct Edge<'a> {
    pub(super) name: &'a str,
    pub(super) ends: [usize; 2],
    pub(super) up: bool,
}

/// Which trunks are in the tree. Switches that are `None` take no part: their trunks always are. Every trunk costs the
/// same; among equal ways to the root, the one over the lower switch is taken, then the trunk of the first name.
pub(super) fn chosen(bridges: &[Option<Bridge<'_>>], edges: &[Edge<'_>]) -> Vec<bool> {
    let takes_part = |edge: &Edge<'_>| edge.ends.iter().all(|end| bridges[*end].is_some());
    let mut chosen: Vec<bool> = edges.iter().map(|edge| !takes_part(edge)).collect();
    let alive: Vec<usize> = (0..edges.len()).filter(|e| edges[*e].up && takes_part(&edges[*e])).collect();
    let mut distances: BTreeMap<usize, u32> = BTreeMap::new();
    let mut order: Vec<usize> = (0..bridges.len()).filter(|b| bridges[*b].is_some()).collect();
    order.sort_by_key(|b| bridges[*b]);
    for root in order {
        if distances.contains_key(&root) {
            continue;
        }
        // The lowest switch that no root reaches is a root itself.
        distances.insert(root, 0);
        let mut border = vec![root];
        let mut distance = 0;
        while !border.is_empty() {
            distance += 1;
            let ways = alive.iter().flat_map(|e| {
                let [one, other] = edges[*e].ends;
                [(one, other, *e), (other, one, *e)]
            });
            let mut best: BTreeMap<usize, (Option<Bridge<'_>>, &str, usize)> = BTreeMap::new();
            for (near, far, edge) in ways.filter(|(near, far, _)| border.contains(near) && !distances.contains_key(far))
            {
                let way = (bridges[near], edges[edge].name, edge);
                let known = best.entry(far).or_insert(way);
                *known = (*known).min(way);
            }
            for (far, (_, _, edge)) in &best {
                distances.insert(*far, distance);
                chosen[*edge] = true;
            }
            border = best.into_keys().collect();
        }
    }
    chosen
}

/// How long a trunk waits that comes into the tree. Only two switches that both speak RSTP agree at once.
fn wait(one: SpanningTree, other: SpanningTree) -> Span {
    match (one.mode, other.mode) {
        (TreeMode::Off, TreeMode::Off) | (TreeMode::Rstp, TreeMode::Rstp) => Span::ZERO,
        _ => {
            let slow = [one, other].into_iter().filter(|tree| tree.mode != TreeMode::Off);
            let delay = slow.map(|tree| tree.forward_delay).max().unwrap_or_default();
            delay + delay
        }
    }
}

impl Fabric {
    /// The tree as it is at the start, when it has settled.
    pub(super) fn settle(&mut self) {
        let chosen = self.choose();
        for (trunk, chosen) in self.trunks.iter_mut().zip(chosen) {
            trunk.in_tree = chosen;
        }
    }

    fn choose(&self) -> Vec<bool> {
        let bridges: Vec<Option<Bridge<'_>>> = self
            .switches
            .iter()
            .map(|s| (s.tree.mode != TreeMode::Off).then_some((s.tree.priority, s.name.as_str())))
            .collect();
        let edges: Vec<Edge<'_>> = self.trunks.iter().map(|t| Edge { name: &t.name, ends: t.ends, up: t.up }).collect();
        chosen(&bridges, &edges)
    }

    /// A trunk fails or is back. Tells what the spanning tree makes of it.
    pub fn set_trunk(&mut self, now: Instant, id: TrunkId, up: bool) -> Vec<SwitchNews> {
        let Some(trunk) = self.trunks.get_mut(id.0).filter(|trunk| trunk.up != up) else { return Vec::new() };
        trunk.up = up;
        trunk.waits = None;
        let ends = trunk.ends;
        if up {
            let wait = wait(self.switches[ends[0]].tree, self.switches[ends[1]].tree);
            self.trunks[id.0].waits = (wait > Span::ZERO).then_some(now + wait);
        }
        for end in ends {
            self.switches[end].forget(Place::Trunk(id.0));
        }
        self.follow_tree(now)
    }

    /// Trunks come into the tree and leave it; whoever takes part forgets where hosts were heard.
    fn follow_tree(&mut self, now: Instant) -> Vec<SwitchNews> {
        let mut news = Vec::new();
        for (position, chosen) in self.choose().into_iter().enumerate() {
            let trunk = &mut self.trunks[position];
            if trunk.in_tree == chosen {
                continue;
            }
            trunk.in_tree = chosen;
            let [one, other] = trunk.ends.map(|end| self.switches[end].tree);
            let wait = wait(one, other);
            trunk.waits = (chosen && wait > Span::ZERO).then_some(now + wait);
            match (chosen, trunk.waits) {
                (true, None) => news.push(SwitchNews::TrunkForwards(TrunkId(position))),
                (true, Some(until)) => news.push(SwitchNews::TrunkWaits(TrunkId(position), until)),
                (false, _) if trunk.up => news.push(SwitchNews::TrunkBlocked(TrunkId(position))),
                (false, _) => {}
            }
        }
        self.topology_changed();
        news
    }

    /// Hosts may now be elsewhere.
    pub(super) fn topology_changed(&mut self) {
        for switch in self.switches.iter_mut().filter(|switch| switch.tree.mode != TreeMode::Off) {
            switch.table.clear();
        }
    }
}
