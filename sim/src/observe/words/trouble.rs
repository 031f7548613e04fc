//! The words for what strikes machines, and for what rogues do.
use vrrplab_engine::Span;
use vrrplab_engine::model::Version;
use vrrplab_formats::world::{Child, ForgedAdvert, Forgery, NodeFault, Pace, Ppm, RogueFault, StunClock};

use super::{Names, count, span};

impl Names {
    /// What strikes a machine, in plain words.
    pub(super) fn node_fault(&self, fault: &NodeFault) -> String {
        let node = self.node(fault.node());
        match fault {
            NodeFault::Stun { length, clock, ring, .. } => {
                let clock = match clock {
                    StunClock::Runs => "its clock runs",
                    StunClock::Stops => "its clock stops",
                };
                let kept =
                    if *ring == 0 { String::new() } else { format!(", {} kept", count(u64::from(*ring), "frame")) };
                format!("{node} stands still for {}, {clock}{kept}", span(*length))
            }
            NodeFault::ClockStep { by, .. } => {
                let way = if by.0 < 0 { "back" } else { "forward" };
                format!("wall clock of {node} set {way} by {}", span(Span(by.0.unsigned_abs())))
            }
            NodeFault::Drift { ppm: Ppm(0), .. } => format!("clock of {node} keeps time from now on"),
            NodeFault::Drift { ppm: Ppm(ppm), .. } => {
                let way = if *ppm < 0 { "slow" } else { "fast" };
                format!("clock of {node} is {} ppm {way} from now on", ppm.unsigned_abs())
            }
            NodeFault::Starve { late: Span::ZERO, .. } => format!("daemon of {node} runs in time again"),
            NodeFault::Starve { late, at_random, .. } => {
                let most = if *at_random { "up to " } else { "" };
                format!("daemon of {node} runs {most}{} late", span(*late))
            }
            NodeFault::KillChild { child: Child::Vrrp, .. } => format!("VRRP child of {node} killed (SIGKILL)"),
            NodeFault::KillChild { child: Child::Checkers, .. } => format!("checker child of {node} killed (SIGKILL)"),
        }
    }

    /// What a rogue begins, in plain words.
    pub(super) fn rogue_fault(&self, fault: &RogueFault) -> String {
        let what = match &fault.sends {
            Forgery::Advert(advert) => forged(advert),
            Forgery::Replay { of } => format!("sends again what it heard of {}", self.node(*of)),
            Forgery::Announce { ip, mac } => format!("announces {ip} at {mac}"),
        };
        format!("{what}{}", pace(fault.pace))
    }
}

fn forged(advert: &ForgedAdvert) -> String {
    let version = match advert.version {
        Version::V2 => 2,
        Version::V3 => 3,
    };
    let auth = if advert.auth.is_some() { " with a password" } else { "" };
    let ttl = if advert.ttl == 255 { String::new() } else { format!(", TTL {}", advert.ttl) };
    let ForgedAdvert { vrid, priority, source, .. } = advert;
    format!("forges v{version} adverts{auth} of vrid {vrid}, priority {priority}, as {source}{ttl}")
}

fn pace(pace: Pace) -> String {
    match pace.count {
        Some(1) => ", once".to_owned(),
        Some(times) => format!(", every {}, {times} times", span(pace.every)),
        None => format!(", every {}", span(pace.every)),
    }
}

#[cfg(test)]
mod tests {
    use std::net::IpAddr;

    use vrrplab_engine::model::Mac;
    use vrrplab_formats::world::{Fault, NodeId, Rogue, RogueId, SignedSpan};

    use super::*;
    use crate::observe::stage;

    #[test]
    fn what_strikes_machines_has_plain_words() {
        let names = Names::new(&stage::world(), &stage::ports());
        let (node, length, late) = (NodeId(0), Span::from_secs(5), Span::from_millis(300));
        let table = [
            (
                NodeFault::Stun { node, length, clock: StunClock::Runs, ring: 0 },
                "r1 stands still for 5 s, its clock runs",
            ),
            (
                NodeFault::Stun { node, length, clock: StunClock::Stops, ring: 256 },
                "r1 stands still for 5 s, its clock stops, 256 frames kept",
            ),
            (NodeFault::ClockStep { node, by: SignedSpan(-3_600_000_000_000) }, "wall clock of r1 set back by 3600 s"),
            (NodeFault::Drift { node, ppm: Ppm(-50) }, "clock of r1 is 50 ppm slow from now on"),
            (NodeFault::Drift { node, ppm: Ppm(0) }, "clock of r1 keeps time from now on"),
            (NodeFault::Starve { node, late, at_random: true }, "daemon of r1 runs up to 0.3 s late"),
            (NodeFault::Starve { node, late: Span::ZERO, at_random: false }, "daemon of r1 runs in time again"),
            (NodeFault::KillChild { node, child: Child::Vrrp }, "VRRP child of r1 killed (SIGKILL)"),
        ];
        for (fault, words) in table {
            assert_eq!(names.fault(&Fault::Node(fault)), words);
        }
    }

    #[test]
    fn what_rogues_do_has_plain_words() {
        let (network, mac) = (vrrplab_formats::world::NetworkId(0), Mac([2, 0, 0, 2, 0, 1]));
        let evil = Rogue { name: "evil".into(), network, mac, addr: stage::addr("10.0.0.66", 24), security: None };
        let world = vrrplab_formats::world::World { rogues: vec![evil], ..stage::world() };
        let names = Names::new(&world, &stage::ports());
        let advert = ForgedAdvert {
            version: Version::V2,
            vrid: 51,
            priority: 255,
            source: IpAddr::from([10, 0, 0, 66]),
            source_mac: mac,
            vips: vec![],
            interval: Span::from_secs(1),
            auth: Some([0; 8]),
            ttl: 254,
        };
        let (every, once) = (Span::from_millis(10), Some(1));
        let table = [
            (
                Forgery::Advert(Box::new(advert)),
                Some(3),
                "forges v2 adverts with a password of vrid 51, priority 255, as 10.0.0.66, TTL 254, every 0.01 s, 3 times",
            ),
            (Forgery::Replay { of: NodeId(1) }, None, "sends again what it heard of r2, every 0.01 s"),
            (
                Forgery::Announce { ip: IpAddr::from([10, 0, 0, 100]), mac },
                once,
                "announces 10.0.0.100 at 02:00:00:02:00:01, once",
            ),
        ];
        for (sends, count, words) in table {
            let fault = Fault::Rogue(RogueFault { rogue: RogueId(0), sends, pace: Pace { every, count } });
            assert_eq!((names.struck(&fault), names.fault(&fault).as_str()), ("evil", words));
        }
    }
}
