//! `one-answer`: who has been heard to claim a virtual address.
use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use vrrplab_engine::{Instant, Span};
use vrrplab_formats::world::{Invariant, Invariants, Member, NetworkId, NodeId};
use vrrplab_wire::Mac;

use super::lasting::Lasting;
use super::masters::allowed;
use super::scene::{Group, Scene};
use super::violation::{Finding, Parties};
use crate::fabric::PortId;
use crate::observe::words::{span, time};

/// A frame that was on its way when its sender gave the address up is no claim any more.
const IN_FLIGHT: Span = Span::from_secs(1);

/// An address on a segment.
type Subject = (NetworkId, IpAddr);

/// The watch over ARP and neighbour discovery.
#[derive(Clone, Debug, Default)]
pub struct Answers {
    /// Who is asked about what.
    subjects: BTreeMap<Subject, Group>,
    /// Where each address was heard to be, and is still.
    places: BTreeMap<Subject, BTreeSet<(PortId, Mac)>>,
    released: BTreeMap<(NodeId, IpAddr), Instant>,
    double: Lasting<Subject>,
}

impl Answers {
    /// The addresses to watch, of all instances.
    pub fn know(&mut self, scene: &Scene) {
        for seat in &scene.seats {
            for (ip, port) in &seat.vips {
                if let Some(network) = scene.network(*port) {
                    self.subjects.insert((network, *ip), seat.group);
                }
            }
        }
    }

    /// The next moment at which something is overdue.
    pub fn next(&self) -> Option<Instant> {
        self.double.next()
    }

    /// All counts from this moment on.
    pub fn begin_anew(&mut self, at: Instant) {
        self.double.begin_anew(at);
    }

    /// A frame has reached somebody. `true`: it says something new.
    pub fn heard(&mut self, at: Instant, from: PortId, bytes: &[u8], scene: &Scene, limits: &Invariants) -> bool {
        let Some((ip, mac)) = claim(bytes) else { return false };
        let Some(subject) = scene.network(from).map(|network| (network, ip)) else { return false };
        if !self.subjects.contains_key(&subject) {
            return false;
        }
        let owner = scene.names.owner(from);
        if let Some(Member::Node(node)) = owner
            && !scene.holds(node, ip)
            && self.released.get(&(node, ip)).is_some_and(|gone| at.since(*gone) < IN_FLIGHT)
        {
            return false;
        }
        let places = self.places.entry(subject).or_default();
        // who claims what he does not have is believed until somebody else speaks
        let stays = |place: &(PortId, Mac)| {
            *place == (from, mac) || scene.names.owner(place.0).is_some_and(|owner| has(owner, ip, scene))
        };
        if places.contains(&(from, mac)) && places.iter().all(stays) {
            return false;
        }
        places.retain(stays);
        places.insert((from, mac));
        self.look(at, subject, scene, limits);
        true
    }

    /// A node has set or removed an address.
    pub fn address(&mut self, at: Instant, node: NodeId, ip: IpAddr, scene: &Scene, limits: &Invariants) {
        if scene.holds(node, ip) {
            return;
        }
        self.released.insert((node, ip), at);
        let subjects: Vec<Subject> = self.places.keys().copied().filter(|(_, claimed)| *claimed == ip).collect();
        for subject in subjects {
            if let Some(places) = self.places.get_mut(&subject) {
                places.retain(|(port, _)| scene.names.owner(*port) != Some(Member::Node(node)));
            }
            self.look(at, subject, scene, limits);
        }
    }

    /// Connections have changed.
    pub fn look_at_all(&mut self, at: Instant, scene: &Scene, limits: &Invariants) {
        let subjects: Vec<Subject> = self.places.keys().copied().collect();
        for subject in subjects {
            self.look(at, subject, scene, limits);
        }
    }

    /// The places in one island, when there are two or more.
    fn places(&self, subject: Subject, scene: &Scene) -> Vec<(PortId, Mac)> {
        let Some(places) = self.places.get(&subject).filter(|places| places.len() > 1) else { return Vec::new() };
        let in_island = |island: &Vec<PortId>| -> Vec<(PortId, Mac)> {
            places.iter().copied().filter(|(port, _)| island.contains(port)).collect()
        };
        scene.islands().iter().map(in_island).find(|found| found.len() > 1).unwrap_or_default()
    }

    fn look(&mut self, at: Instant, subject: Subject, scene: &Scene, limits: &Invariants) {
        let Some(group) = self.subjects.get(&subject) else { return };
        let double = !self.places(subject, scene).is_empty();
        self.double.set(subject, double, at, allowed(Invariant::OneAnswer, *group, scene, limits));
    }

    /// What is overdue.
    pub fn overdue(&mut self, at: Instant, scene: &Scene) -> Vec<Finding> {
        let mut findings = Vec::new();
        for late in self.double.overdue(at) {
            let places = self.places(late.key, scene);
            let Some(group) = self.subjects.get(&late.key) else { continue };
            let told: Vec<String> =
                places.iter().map(|(port, mac)| format!("{} ({mac})", scene.names.port(*port))).collect();
            let nodes: BTreeSet<NodeId> = places
                .iter()
                .filter_map(|(port, _)| match scene.names.owner(*port) {
                    Some(Member::Node(node)) => Some(node),
                    _ => None,
                })
                .collect();
            let what = format!(
                "{} on {} has been answered for from {} places since {}: {} (allowed: {})",
                late.key.1,
                scene.names.network(late.key.0),
                places.len(),
                time(late.since),
                told.join(", "),
                span(late.limit.since(late.since))
            );
            let mut parties = Parties::group(scene, *group, |node| nodes.contains(&node));
            parties.nodes.extend(nodes.iter().copied());
            let (at, since) = (late.limit, late.since);
            findings.push(Finding { invariant: Invariant::OneAnswer, at, since, parties, what });
        }
        findings
    }
}

fn has(owner: Member, ip: IpAddr, scene: &Scene) -> bool {
    let held = matches!(owner, Member::Node(node) if scene.holds(node, ip));
    held || scene.is_fixed(owner, ip) || scene.is_on_loopback(owner, ip)
}

/// The address that a frame claims, and the MAC that it gives: the sender of an ARP answer or announcement, the target of a
/// neighbour advertisement. Who asks for another address claims nothing.
fn claim(frame: &[u8]) -> Option<(IpAddr, Mac)> {
    match frame.get(12..14)? {
        [0x08, 0x06] => {
            let mac: [u8; 6] = frame.get(22..28)?.try_into().ok()?;
            let ip: [u8; 4] = frame.get(28..32)?.try_into().ok()?;
            let answers = frame.get(20..22)? == [0, 2] || frame.get(38..42)? == ip;
            answers.then_some((Ipv4Addr::from(ip).into(), Mac(mac)))
        }
        [0x86, 0xdd] if *frame.get(20)? == 58 && *frame.get(54)? == 136 => {
            let mac: [u8; 6] = frame.get(6..12)?.try_into().ok()?;
            let ip: [u8; 16] = frame.get(62..78)?.try_into().ok()?;
            Some((Ipv6Addr::from(ip).into(), Mac(mac)))
        }
        _ => None,
    }
}
