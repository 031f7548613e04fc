//! The words for switches, links and trunks.
use vrrplab_formats::world::{FabricFault, LinkChange, LinkPlace, TrunkId};

use super::{Names, count, span, time};
use crate::fabric::{DropReason, FabricDrop, LinkDrop, SwitchNews, Trouble};

/// Why a switch or a link dropped a frame.
pub(super) const fn dropped(why: FabricDrop) -> &'static str {
    match why {
        FabricDrop::Waits => "spanning tree: the port does not forward yet",
        FabricDrop::AgedOut => "IGMP snooping: no report came from the port for too long",
        FabricDrop::Link(why) => link(why),
        FabricDrop::Trunk(_, Trouble::Down) => "trunk down",
        FabricDrop::Trunk(_, Trouble::Blocked) => "spanning tree: the trunk does not forward yet",
        FabricDrop::Trunk(_, Trouble::Loss) => "lost by chance on a trunk",
        FabricDrop::Trunk(_, Trouble::Link(why)) => link(why),
    }
}

const fn link(why: LinkDrop) -> &'static str {
    match why {
        LinkDrop::Corrupt => "corrupted, wrong check sequence",
        LinkDrop::Queue => "queue of the link full",
    }
}

/// Whether chance alone dropped a frame.
pub(in crate::observe) const fn is_chance(reason: DropReason) -> bool {
    matches!(
        reason,
        DropReason::Loss
            | DropReason::Fabric(
                FabricDrop::Link(LinkDrop::Corrupt)
                    | FabricDrop::Trunk(_, Trouble::Loss | Trouble::Link(LinkDrop::Corrupt))
            )
    )
}

/// A share of a million as percents: `0.5%`.
fn percent(ppm: u32) -> String {
    let decimals = format!("{:04}", ppm % 10_000);
    match decimals.trim_end_matches('0') {
        "" => format!("{}%", ppm / 10_000),
        some => format!("{}.{some}%", ppm / 10_000),
    }
}

/// Bits a second.
fn bandwidth(bits: u64) -> String {
    match bits {
        0 => "unlimited".into(),
        bits if bits.is_multiple_of(1_000_000) => format!("{} Mbit/s", bits / 1_000_000),
        bits => format!("{bits} bit/s"),
    }
}

/// What changes about a link.
fn change(change: &LinkChange) -> String {
    let words = [
        change.delay.map(|delay| format!("delay {}", span(delay))),
        change.jitter.map(|jitter| format!("jitter {}", span(jitter))),
        change.loss_ppm.map(|loss| format!("loss {}", percent(loss))),
        change.burst.map(|burst| format!("in runs of {}", count(burst.into(), "frame"))),
        change.duplicate_ppm.map(|share| format!("duplicates {}", percent(share))),
        change.reorder_ppm.map(|share| format!("held back {}", percent(share))),
        change.reorder_delay.map(|delay| format!("for {}", span(delay))),
        change.corrupt_ppm.map(|share| format!("corrupt {}", percent(share))),
        change.bandwidth.map(|bits| format!("bandwidth {}", bandwidth(bits))),
        change.queue.map(|queue| format!("queue of {}", count(queue.into(), "frame"))),
    ];
    words.into_iter().flatten().collect::<Vec<_>>().join(", ")
}

impl Names {
    /// Name of a trunk.
    pub fn trunk(&self, id: TrunkId) -> &str {
        self.trunks.get(id.0).map_or("?", String::as_str)
    }

    /// Why a frame did not arrive, with the trunk that dropped it.
    pub fn drop_reason(&self, reason: DropReason) -> String {
        let words = super::drop_reason(reason);
        match reason {
            DropReason::Fabric(FabricDrop::Trunk(trunk, _)) => format!("{words} ({})", self.trunk(trunk)),
            _ => words,
        }
    }

    /// The host, segment or trunk that a fault strikes.
    pub(super) fn struck_of_fabric(&self, fault: &FabricFault) -> &str {
        match fault {
            FabricFault::Link { link: LinkPlace::Nic(nic), .. } => self.node(nic.node),
            FabricFault::Link { link: LinkPlace::Client(client), .. } => self.client(*client),
            FabricFault::Link { link: LinkPlace::Trunk(trunk), .. }
            | FabricFault::TrunkDown(trunk)
            | FabricFault::TrunkUp(trunk) => self.trunk(*trunk),
            FabricFault::Vlan { nic, .. } => self.node(nic.node),
            FabricFault::Link { link: LinkPlace::Network(network), .. }
            | FabricFault::Querier { network, .. }
            | FabricFault::Storm { network, .. } => self.network(*network),
        }
    }

    /// A fault of switches and links in plain words.
    pub(super) fn fabric_fault(&self, fault: &FabricFault) -> String {
        match fault {
            FabricFault::Link { link, change: what } => {
                let place = match link {
                    LinkPlace::Nic(nic) => self.nic(*nic),
                    LinkPlace::Client(client) => self.client(*client).to_owned(),
                    LinkPlace::Network(network) => format!("network {}", self.network(*network)),
                    LinkPlace::Trunk(trunk) => format!("trunk {}", self.trunk(*trunk)),
                };
                format!("link of {place}: {}", change(what))
            }
            FabricFault::TrunkDown(trunk) => format!("trunk {} fails", self.trunk(*trunk)),
            FabricFault::TrunkUp(trunk) => format!("trunk {} is back", self.trunk(*trunk)),
            FabricFault::Vlan { nic, vlan } => format!("port of {} in VLAN {vlan}", self.nic(*nic)),
            FabricFault::Querier { network, on } => {
                format!("IGMP querier of {} {}", self.network(*network), if *on { "on" } else { "off" })
            }
            FabricFault::Storm { network, copies, lasts } => {
                let copies = if *copies == 1 { "once more".into() } else { format!("{copies} times more") };
                format!(
                    "storm on {}: every broadcast and multicast comes {copies} for {}",
                    self.network(*network),
                    span(*lasts)
                )
            }
        }
    }

    /// What a switch did by itself: whose it is, and the words.
    pub fn switched(&self, news: SwitchNews) -> (&str, String) {
        match news {
            SwitchNews::PortForwards(port) => (self.host(port), format!("switch port of {} forwards", self.port(port))),
            SwitchNews::TrunkForwards(trunk) => (self.trunk(trunk), format!("trunk {} forwards", self.trunk(trunk))),
            SwitchNews::TrunkWaits(trunk, until) => {
                let words =
                    format!("trunk {} is in the spanning tree, and forwards at {}", self.trunk(trunk), time(until));
                (self.trunk(trunk), words)
            }
            SwitchNews::TrunkBlocked(trunk) => {
                (self.trunk(trunk), format!("trunk {} is blocked by the spanning tree", self.trunk(trunk)))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use vrrplab_engine::{Instant, Span};
    use vrrplab_formats::world::{ClientId, Fault, NetworkId, Nic, NodeId, Trunk};

    use super::*;
    use crate::fabric::PortId;
    use crate::observe::stage;

    fn names() -> Names {
        let mut world = stage::world();
        let between = [NetworkId(0), NetworkId(1)];
        let link = Default::default();
        world.trunks = vec![Trunk { name: "t1".into(), between, vlans: vec![], link }];
        Names::new(&world, &stage::ports())
    }

    #[test]
    fn faults_of_switches_and_links_have_plain_words() {
        let names = names();
        let bad = LinkChange {
            delay: Some(Span::from_millis(2)),
            loss_ppm: Some(5_000),
            burst: Some(8),
            bandwidth: Some(10_000_000),
            ..LinkChange::default()
        };
        let link = |link| FabricFault::Link { link, change: bad };
        let nic = Nic { node: NodeId(0), nic: 0 };
        let words = "delay 0.002 s, loss 0.5%, in runs of 8 frames, bandwidth 10 Mbit/s";
        let network = NetworkId(0);
        let table = [
            (link(LinkPlace::Nic(nic)), "r1", format!("link of r1:eth0: {words}")),
            (link(LinkPlace::Client(ClientId(0))), "c1", format!("link of c1: {words}")),
            (link(LinkPlace::Network(network)), "lan", format!("link of network lan: {words}")),
            (link(LinkPlace::Trunk(TrunkId(0))), "t1", format!("link of trunk t1: {words}")),
            (FabricFault::TrunkDown(TrunkId(0)), "t1", "trunk t1 fails".into()),
            (FabricFault::TrunkUp(TrunkId(0)), "t1", "trunk t1 is back".into()),
            (FabricFault::Vlan { nic, vlan: 20 }, "r1", "port of r1:eth0 in VLAN 20".into()),
            (FabricFault::Querier { network, on: false }, "lan", "IGMP querier of lan off".into()),
            (
                FabricFault::Storm { network, copies: 50, lasts: Span::from_secs(5) },
                "lan",
                "storm on lan: every broadcast and multicast comes 50 times more for 5 s".into(),
            ),
        ];
        for (fault, struck, words) in table {
            let fault = Fault::Fabric(fault);
            assert_eq!((names.struck(&fault), names.fault(&fault)), (struck, words));
        }
    }

    #[test]
    fn news_and_drops_name_their_trunk() {
        let names = names();
        let trunk = TrunkId(0);
        let drop = DropReason::Fabric(FabricDrop::Trunk(trunk, Trouble::Down));
        assert_eq!(names.drop_reason(drop), "trunk down (t1)");
        assert_eq!(
            names.switched(SwitchNews::PortForwards(PortId(0))),
            ("r1", "switch port of r1:eth0 forwards".into())
        );
        let waits = SwitchNews::TrunkWaits(trunk, Instant::ZERO + Span::from_secs(30));
        assert_eq!(names.switched(waits).1, "trunk t1 is in the spanning tree, and forwards at 30.000000");
    }
}
