//! A small hand-made world and frames for the tests of the observers.
use std::net::IpAddr;
use std::num::NonZeroU8;

use vrrplab_engine::model::{IfAddr, IfIndex, InstanceModel, InterfaceModel, Mac, NodeModel, Vip};
use vrrplab_engine::{Instant, Policy, Rule, Span, State, Trace, TraceKind};
use vrrplab_formats::world::{
    Ask, Attachment, Client, ClientId, Expectation, LinkQuality, Member, Network, NetworkId, Node, NodeId, Place, Port,
    Promise, World,
};

use crate::moment::{Moment, Observer, PortInfo};

/// The rule behind every decision on this stage.
pub const RULE: Rule = Rule::StartBackup;

/// `ms` milliseconds after the start.
pub fn ms(ms: u64) -> Instant {
    Instant::ZERO + Span::from_millis(ms)
}

/// An address with its prefix.
pub fn addr(ip: &str, prefix: u8) -> IfAddr {
    IfAddr { ip: ip.parse().unwrap(), prefix }
}

fn mac(last: u8) -> Mac {
    Mac([0x52, 0x54, 0, 0, 0, last])
}

fn node(name: &str, last: u8) -> Node {
    let vip = Vip::new(addr("10.0.0.100", 24), IfIndex(2));
    let instance =
        InstanceModel { vips: vec![vip], ..InstanceModel::new("VI_1", IfIndex(2), NonZeroU8::new(51).unwrap()) };
    let interface = InterfaceModel {
        index: IfIndex(2),
        name: "eth0".into(),
        mac: mac(last),
        addresses: vec![IfAddr { ip: IpAddr::from([10, 0, 0, last]), prefix: 24 }],
        up: true,
    };
    let model = NodeModel { instances: vec![instance], ..NodeModel::new(name, Policy::default(), vec![interface]) };
    Node::new(model, vec![Port::on(NetworkId(0))])
}

/// Routers `r1` and `r2` and a client `c1` on the segment `lan`; `VI_1` holds 10.0.0.100.
pub fn world() -> World {
    let networks = vec![Network::new("lan", LinkQuality::after(Span::ZERO))];
    let clients = vec![Client {
        name: "c1".into(),
        network: NetworkId(0),
        mac: mac(9),
        addr: addr("10.0.0.9", 24),
        ask: Ask::Ping(IpAddr::from([10, 0, 0, 100])),
        every: Span::from_millis(100),
        timeout: Span::from_millis(50),
        from: Instant::ZERO,
        late_after: Span::from_millis(20),
        block: None,
        gateway: None,
        attachment: Attachment::default(),
    }];
    let nodes = vec![node("r1", 1), node("r2", 2)];
    World { seed: 42, clients, ..World::quiet("stage", Span::from_secs(10), networks, nodes) }
}

/// The same with these promises.
pub fn promising(promises: impl IntoIterator<Item = Promise>) -> World {
    let expectations = promises
        .into_iter()
        .enumerate()
        .map(|(index, promise)| Expectation {
            place: Place { file: "stage.yaml".into(), line: index + 1 },
            text: format!("promise {index}"),
            promise,
        })
        .collect();
    World { expectations, ..world() }
}

/// The ports of [`world`]: r1, r2, c1.
pub fn ports() -> Vec<PortInfo> {
    let port = |owner, label: &str, last: u8| PortInfo {
        owner,
        label: label.into(),
        description: format!("{} 10.0.0.{last}/24", mac(last)),
    };
    vec![
        port(Member::Node(NodeId(0)), "r1:eth0", 1),
        port(Member::Node(NodeId(1)), "r2:eth0", 2),
        port(Member::Client(ClientId(0)), "c1:eth0", 9),
    ]
}

/// A VRRPv2 advert of virtual router 51.
pub fn advert(priority: u8) -> Vec<u8> {
    let mut frame = vec![1, 0, 0x5e, 0, 0, 18, 0x52, 0x54, 0, 0, 0, 1, 0x08, 0x00];
    frame.extend([0x45, 0, 0, 40, 0, 0, 0, 0, 255, 112, 0, 0, 10, 0, 0, 1, 224, 0, 0, 18]);
    frame.extend([0x21, 51, priority, 1, 0, 1, 0, 0, 10, 0, 0, 100]);
    frame
}

/// A gratuitous ARP for an address.
pub fn garp(ip: [u8; 4]) -> Vec<u8> {
    let mut frame = vec![0xff; 6];
    frame.extend([0x52, 0x54, 0, 0, 0, 1, 0x08, 0x06, 0, 1, 0x08, 0, 6, 4, 0, 1, 0x52, 0x54, 0, 0, 0, 1]);
    frame.extend(ip);
    frame.extend([0xff; 6]);
    frame.extend(ip);
    frame
}

/// Shows a change of state of `VI_1`.
pub fn transition(to: &mut dyn Observer, at: Instant, node: usize, states: (State, State)) {
    let kind = TraceKind::Transition { from: states.0, to: states.1 };
    decided(to, at, node, kind);
}

/// Shows any decision of `VI_1`.
pub fn decided(to: &mut dyn Observer, at: Instant, node: usize, kind: TraceKind) {
    let trace = Trace { instance: Some(0), rule: RULE, kind };
    to.see(at, &Moment::Decided { node: NodeId(node), instance: "VI_1", trace: &trace });
}

/// Shows requests of `c1`, one each 100 ms from zero: answered after 1 ms (`.`) or lost after 50 ms (`x`).
pub fn requests(to: &mut dyn Observer, pattern: &str) {
    let client = ClientId(0);
    for (request, fate) in (0..).zip(pattern.chars()) {
        let asked = ms(request * 100);
        to.see(asked, &Moment::Asked { client, request });
        if fate == '.' {
            to.see(asked + Span::from_millis(1), &Moment::Answered { client, request, asked });
        } else {
            to.see(asked + Span::from_millis(50), &Moment::Lost { client, request, asked });
        }
    }
}
