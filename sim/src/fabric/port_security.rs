//! OpenStack port security: what may pass a port, in both directions, as Neutron's drivers decide it.
//!
//! Each driver looks at a frame and at the port's addresses and pairs, and accepts, refuses, or leaves it to the
//! port's security groups. The rules that decide bear names (`OVS-E9`), which `docs/port-security.md` explains.
use vrrplab_engine::Instant;
use vrrplab_engine::model::{IfAddr, Mac};
use vrrplab_formats::world::{Driver, PortSecurity, SecurityGroup};

mod groups;
mod iptables;
mod openvswitch;
mod ovn;
pub(super) mod packet;
mod sources;
mod tracker;

pub(super) use groups::Members;
use packet::{Body, Packet};
use sources::Sources;
use tracker::Tracker;

/// What a frame failed at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Why {
    /// The source MAC is neither the port's own nor allowed.
    SpoofedMac,
    /// The source IP address is neither the port's own nor allowed.
    SpoofedIp,
    /// The ARP sender (address or MAC) is neither the port's own nor allowed.
    SpoofedArp,
    /// The target or the link-layer address of neighbour discovery is neither the port's own nor allowed.
    SpoofedNeighbour,
    /// Neither IP nor ARP.
    Kind,
    /// Only routers and DHCP servers send this.
    Role,
    /// Connection tracking makes nothing of it.
    Untracked,
    /// No rule of a security group lets it out.
    GroupOut,
    /// No rule of a security group lets it in.
    GroupIn,
    /// It is for one host, and this one does not have that address.
    NotAddressee,
    /// The switch answers questions for this address itself.
    Answered,
}

/// A frame refused: what it failed at, and the rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Refusal {
    /// What it failed at.
    pub why: Why,
    /// The rule's name.
    pub rule: &'static str,
}

/// What a driver says about a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    /// It passes; security groups are not asked.
    Accept,
    /// The security groups decide.
    Ask,
    /// It is dropped.
    Refuse(Refusal),
}

impl Step {
    const fn refuse(why: Why, rule: &'static str) -> Step {
        Step::Refuse(Refusal { why, rule })
    }
}

/// How the drivers differ.
struct Manner {
    egress: fn(&Sources, &Packet) -> Step,
    ingress: fn(&Sources, &Packet) -> Step,
    /// The rules that drop what no security group lets out, and in.
    last: [&'static str; 2],
    /// Allowed pairs are members of the port's security groups.
    pairs_are_members: bool,
    /// The switch answers ARP requests for fixed addresses itself and passes them to nobody.
    answers_arp: bool,
}

const IPTABLES: Manner = Manner {
    egress: iptables::egress,
    ingress: iptables::ingress,
    last: ["IPT-E11", "IPT-I5"],
    pairs_are_members: true,
    answers_arp: false,
};
const OPENVSWITCH: Manner = Manner {
    egress: openvswitch::egress,
    ingress: openvswitch::ingress,
    last: ["OVS-E8", "OVS-I3"],
    pairs_are_members: true,
    answers_arp: false,
};
const OVN: Manner = Manner {
    egress: ovn::egress,
    ingress: ovn::ingress,
    last: ["OVN-A1", "OVN-A2"],
    pairs_are_members: false,
    answers_arp: true,
};
const OVN_VRRP: Manner = Manner { egress: ovn::egress_vrrp, ..OVN };

const fn manner(driver: Driver) -> &'static Manner {
    match driver {
        Driver::IptablesHybrid => &IPTABLES,
        Driver::OpenVswitch => &OPENVSWITCH,
        Driver::Ovn => &OVN,
        Driver::OvnVrrp => &OVN_VRRP,
    }
}

/// The port security of one port.
#[derive(Clone, Debug)]
pub(super) struct Guard {
    driver: Driver,
    sources: Sources,
    groups: Option<Vec<SecurityGroup>>,
    tracker: Tracker,
}

impl Guard {
    /// For a port with this MAC and these addresses. Connections that `before` knows stay known.
    pub(super) fn new(mac: Mac, fixed: &[IfAddr], security: PortSecurity, before: Option<Guard>) -> Guard {
        Guard {
            driver: security.driver,
            sources: Sources::new(mac, fixed, &security),
            groups: security.groups,
            tracker: before.map(|guard| guard.tracker).unwrap_or_default(),
        }
    }

    /// Why this frame may not leave the host, if so.
    pub(super) fn leaves(&mut self, now: Instant, frame: &[u8], members: &Members) -> Option<Refusal> {
        let packet = Packet::read(frame)?;
        let step = (manner(self.driver).egress)(&self.sources, &packet);
        self.judge(now, false, step, &packet, members)
    }

    /// Why this frame may not reach the host, if so.
    pub(super) fn reaches(&mut self, now: Instant, frame: &[u8], members: &Members) -> Option<Refusal> {
        let packet = Packet::read(frame)?;
        let step = (manner(self.driver).ingress)(&self.sources, &packet);
        self.judge(now, true, step, &packet, members)
    }

    fn judge(
        &mut self,
        now: Instant,
        ingress: bool,
        step: Step,
        packet: &Packet,
        members: &Members,
    ) -> Option<Refusal> {
        let ip = match (step, &packet.body) {
            (Step::Refuse(refusal), _) => return Some(refusal),
            (Step::Ask, Body::Ip(ip)) => ip,
            (Step::Ask | Step::Accept, _) => return None,
        };
        let groups = self.groups.as_deref()?;
        let manner = manner(self.driver);
        if self.tracker.answers(now, ip) {
            return None;
        }
        if groups::pass(groups, ingress, ip, members, manner.pairs_are_members) {
            self.tracker.passed(now, ip);
            return None;
        }
        let why = if ingress { Why::GroupIn } else { Why::GroupOut };
        Some(Refusal { why, rule: manner.last[usize::from(ingress)] })
    }

    /// Adds the port's addresses to the groups that it is in.
    pub(super) fn join(&self, members: &mut Members) {
        for group in self.groups.iter().flatten() {
            for with_pairs in [false, true] {
                members.join(&group.name, with_pairs, self.sources.members(with_pairs));
            }
        }
    }

    /// Whether the switch answers for this port in its stead.
    pub(super) fn has_proxy(&self) -> bool {
        manner(self.driver).answers_arp
    }

    /// Whether the switch keeps this announcement to itself, as it answers for the address in this port's stead.
    pub(super) fn swallows(&self, frame: &[u8]) -> Option<Refusal> {
        let packet = Packet::read(frame).filter(Packet::to_many)?;
        let Body::Arp(arp) = packet.body else { return None };
        let own = arp.request && arp.spa == arp.tpa && self.sources.fixed.iter().any(|a| a.ip == arp.tpa);
        own.then_some(Refusal { why: Why::Answered, rule: "OVN-R1" })
    }
}
