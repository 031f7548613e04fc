//! What OpenStack's drivers did to real frames, frame by frame (`captures/neutron`): a simulated port does the same.
//!
//! `VRRPLAB_NEUTRON_ORACLE` names another folder with a `cases.json` of the same layout.
use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::Deserialize;
use vrrplab_engine::model::{IfAddr, Mac};
use vrrplab_engine::{Instant, Span};
use vrrplab_formats::world::{AddressPair, Driver, GroupRule, Remote, SecurityGroup};
use vrrplab_formats::world::{LinkQuality, Member, Network, NetworkId, NodeId, PortSecurity};
use vrrplab_sim::fabric::port_security::{Refusal, Why};
use vrrplab_sim::fabric::{DropReason, Fabric, Fate, PortId, PortSetup};

#[derive(Deserialize)]
struct Cases {
    topology: Topology,
    sender_port_configs: BTreeMap<String, Config>,
    receiver_security_groups: BTreeMap<String, Group>,
    frames: BTreeMap<String, Frame>,
    verdicts: BTreeMap<String, BTreeMap<String, Verdicts>>,
}

#[derive(Deserialize)]
struct Topology {
    #[serde(rename = "A")]
    a: Host,
    #[serde(rename = "B")]
    b: Host,
}

#[derive(Deserialize)]
struct Host {
    mac: String,
    ipv4: String,
    ipv6: String,
}

#[derive(Deserialize)]
struct Config {
    allowed_address_pairs: Vec<Pair>,
    port_security: bool,
}

#[derive(Deserialize)]
struct Pair {
    mac: String,
    ip: String,
}

#[derive(Deserialize)]
struct Group {
    ingress: Vec<Rule>,
}

#[derive(Deserialize)]
struct Rule {
    ethertype: String,
    protocol: Option<String>,
    port_range_min: Option<u16>,
    port_range_max: Option<u16>,
    remote_group_id: Option<String>,
    remote_ip_prefix: Option<String>,
}

#[derive(Deserialize)]
struct Frame {
    hex: String,
}

#[derive(Deserialize)]
struct Verdicts {
    leaves_sender_port: BTreeMap<String, bool>,
    #[serde(rename = "reaches_B_same_host")]
    same_host: BTreeMap<String, BTreeMap<String, bool>>,
    #[serde(rename = "reaches_B_from_network")]
    from_network: BTreeMap<String, bool>,
}

#[derive(Deserialize)]
struct Matrix {
    frames: BTreeMap<String, Row>,
}

#[derive(Deserialize)]
struct Row {
    hex: String,
    leaves_sender_port: BTreeMap<String, String>,
    #[serde(rename = "reaches_B_from_network")]
    from_network: BTreeMap<String, String>,
}

fn kept() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../captures/neutron")
}

#[allow(clippy::disallowed_methods)] // the one knob of these tests
fn folder() -> PathBuf {
    std::env::var_os("VRRPLAB_NEUTRON_ORACLE").map_or_else(kept, PathBuf::from)
}

fn cases(folder: PathBuf) -> Cases {
    let path = folder.join("cases.json");
    let text = std::fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    serde_json::from_str(&text).unwrap()
}

fn mac(text: &str) -> Mac {
    let bytes: Vec<u8> = text.split(':').map(|byte| u8::from_str_radix(byte, 16).unwrap()).collect();
    Mac(bytes.try_into().unwrap())
}

fn range(text: &str) -> IfAddr {
    let (ip, prefix) = text.split_once('/').unwrap_or((text, if text.contains(':') { "128" } else { "32" }));
    IfAddr { ip: ip.parse().unwrap(), prefix: prefix.parse().unwrap() }
}

fn bytes(hex: &str) -> Vec<u8> {
    hex.as_bytes().chunks(2).map(|two| u8::from_str_radix(std::str::from_utf8(two).unwrap(), 16).unwrap()).collect()
}

fn driver(name: &str) -> Driver {
    match name {
        "iptables-hybrid" => Driver::IptablesHybrid,
        "ovs-firewall" => Driver::OpenVswitch,
        "ovn-23.03" => Driver::Ovn,
        "ovn-vrrpv3" => Driver::OvnVrrp,
        other => panic!("no driver {other}"),
    }
}

fn protocol(name: &str) -> u8 {
    match name {
        "tcp" => 6,
        "udp" => 17,
        "icmp" => 1,
        "ah" => 51,
        "vrrp" => 112,
        number => number.parse().unwrap(),
    }
}

/// The group `sg` with these rules towards the port; everything may leave.
fn group(text: &Group) -> SecurityGroup {
    let out = |v6| GroupRule { ingress: false, v6, protocol: None, ports: None, remote: Remote::Any };
    let rule = |rule: &Rule| GroupRule {
        ingress: true,
        v6: rule.ethertype == "IPv6",
        protocol: rule.protocol.as_deref().map(protocol),
        ports: rule.port_range_min.zip(rule.port_range_max),
        remote: match (&rule.remote_group_id, &rule.remote_ip_prefix) {
            (Some(group), _) => Remote::Group(group.clone()),
            (None, Some(prefix)) => Remote::Prefix(range(prefix)),
            (None, None) => Remote::Any,
        },
    };
    let rules = [out(false), out(true)].into_iter().chain(text.ingress.iter().map(rule)).collect();
    SecurityGroup { name: "sg".into(), rules }
}

/// The ports of the measurement: the sender, the receiver, and the rest of the network.
const A: PortId = PortId(0);
const B: PortId = PortId(1);
const NET: PortId = PortId(2);

/// A network of one switch, and a second one for who is a member of the group without a port here.
fn lab(cases: &Cases, driver: Driver, sender: &Config, groups: &str) -> Fabric {
    let network = |name: &str| Network::new(name, LinkQuality::CLEAN);
    let mut fabric = Fabric::new(&[network("net"), network("elsewhere")], &[], 1);
    let fixed = |host: &Host| vec![range(&host.ipv4), range(&host.ipv6)];
    let add = |fabric: &mut Fabric, to, node, mac, addresses: Vec<IfAddr>, security| {
        let owner = Member::Node(NodeId(node));
        fabric.add_port(PortSetup { security, ..PortSetup::new(NetworkId(to), owner, mac, addresses) });
    };
    let (own, open) = (&cases.receiver_security_groups[groups], Group { ingress: Vec::new() });
    let pairs = |config: &Config| {
        let pair = |pair: &Pair| AddressPair { ip: range(&pair.ip), mac: Some(mac(&pair.mac)) };
        config.allowed_address_pairs.iter().map(pair).collect()
    };
    let guarded = |allowed_address_pairs, text: &Group| {
        Some(PortSecurity { driver, allowed_address_pairs, groups: Some(vec![group(text)]) })
    };
    let (a, b) = (&cases.topology.a, &cases.topology.b);
    let security = sender.port_security.then(|| guarded(pairs(sender), &open)).flatten();
    add(&mut fabric, 0, 0, mac(&a.mac), fixed(a), security);
    add(&mut fabric, 0, 1, mac(&b.mac), fixed(b), guarded(Vec::new(), own));
    add(&mut fabric, 0, 2, Mac([2, 0, 0, 0, 0, 9]), Vec::new(), None);
    // The sender counted as a member for both drivers of ML2/OVS even with port security off.
    if !sender.port_security && matches!(driver, Driver::IptablesHybrid | Driver::OpenVswitch) {
        add(&mut fabric, 1, 3, mac(&a.mac), fixed(a), guarded(Vec::new(), &open));
    }
    fabric
}

/// What became of a frame: who got it, and why not.
struct Seen {
    by: Vec<PortId>,
    refused: Option<Refusal>,
}

fn inject(fabric: &mut Fabric, from: PortId, frame: &[u8]) -> Seen {
    let mut fates = Vec::new();
    fabric.send(Instant::ZERO, from, frame, &mut fates);
    let mut seen = Seen { by: Vec::new(), refused: None };
    for fate in fates {
        match fate {
            Fate::Deliver { to, .. } => seen.by.push(to),
            Fate::Drop { to: None | Some(B), reason: DropReason::Refused(refusal) } => seen.refused = Some(refusal),
            // Flooded, for somebody else.
            Fate::Drop { reason: DropReason::Refused(_), .. } => {}
            Fate::Drop { reason, .. } => panic!("lost by {reason:?}"),
            Fate::DeliverOther { .. } => panic!("no cloud here"),
        }
    }
    assert!(seen.by.contains(&B) || seen.refused.is_some(), "a frame that B does not get was refused by name");
    seen
}

/// The verdicts that are not the rules': a tracker that still knew the connection of an earlier case.
fn left_over(driver: Driver, frame: &str, config: &str, groups: &str) -> bool {
    driver == Driver::Ovn && matches!(frame, "F13" | "F39") && matches!(config, "P4" | "P9") && groups == "S1"
}

#[test]
fn neutron_verdicts_are_the_measured_ones() {
    let cases = cases(folder());
    let (mut asked, mut excepted, mut wrong) = (0, 0, Vec::new());
    for (name, frames) in &cases.verdicts {
        let driver = driver(name);
        for (frame, verdicts) in frames {
            let raw = bytes(&cases.frames[frame].hex);
            let mut compare = |case: String, measured: bool, found: bool| {
                asked += 1;
                if measured != found {
                    wrong.push(format!("{name} {frame} {case}: measured {measured}, simulated {found}"));
                }
            };
            for (config, &measured) in &verdicts.leaves_sender_port {
                let mut fabric = lab(&cases, driver, &cases.sender_port_configs[config], "S4");
                let found = !inject(&mut fabric, A, &raw).by.is_empty();
                compare(format!("leaves {config}"), measured, found);
                for (groups, &measured) in &verdicts.same_host[config] {
                    let mut fabric = lab(&cases, driver, &cases.sender_port_configs[config], groups);
                    let found = inject(&mut fabric, A, &raw).by.contains(&B);
                    let odd = left_over(driver, frame, config, groups);
                    excepted += u32::from(odd && found != measured);
                    compare(format!("to B {config} {groups}"), if odd { false } else { measured }, found);
                }
            }
            for (groups, &measured) in &verdicts.from_network {
                let mut fabric = lab(&cases, driver, &cases.sender_port_configs["P0"], groups);
                let found = inject(&mut fabric, NET, &raw).by.contains(&B);
                compare(format!("from the network {groups}"), measured, found);
            }
        }
    }
    assert!(wrong.is_empty(), "{} of {asked} differ:\n{}", wrong.len(), wrong.join("\n"));
    assert!(asked >= 6532 || cases.frames.len() < 23, "only {asked} verdicts");
    assert!(excepted <= 4, "{excepted} exceptions");
}

#[test]
fn neutron_verdicts_of_the_rebuilt_frames_are_the_measured_ones() {
    let cases = cases(kept());
    let matrix: Matrix = serde_json::from_str(&std::fs::read_to_string(kept().join("matrix.json")).unwrap()).unwrap();
    let (mut asked, mut wrong) = (0, Vec::new());
    for (frame, row) in &matrix.frames {
        let raw = bytes(&row.hex);
        for (name, columns) in &row.leaves_sender_port {
            for ((config, text), measured) in cases.sender_port_configs.iter().zip(columns.chars()) {
                let seen = inject(&mut lab(&cases, driver(name), text, "S4"), A, &raw);
                // The rest of the network sees what is flooded; a frame for B counts when B gets it.
                let outside = if raw[0] & 1 == 1 { !seen.by.is_empty() } else { seen.by.contains(&B) };
                asked += 1;
                if outside != (measured == '1') {
                    wrong.push(format!("{name} {frame} leaves {config}: measured {measured}, {:?}", seen.refused));
                }
            }
        }
        for (name, columns) in &row.from_network {
            for (groups, measured) in cases.receiver_security_groups.keys().zip(columns.chars()) {
                let seen = inject(&mut lab(&cases, driver(name), &cases.sender_port_configs["P0"], groups), NET, &raw);
                asked += 1;
                if seen.by.contains(&B) != (measured == '1') {
                    wrong.push(format!("{name} {frame} to B {groups}: measured {measured}, {:?}", seen.refused));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{} of {asked} differ:\n{}", wrong.len(), wrong.join("\n"));
    assert_eq!(asked, 17 * 4 * 16);
}

const DRIVERS: [&str; 4] = ["iptables-hybrid", "ovs-firewall", "ovn-23.03", "ovn-vrrpv3"];

/// Asserts who refuses each frame: a driver's rules, in the order of the frames given.
fn named(from: PortId, config: &str, groups: &str, frames: &str, expected: [&[(&str, Why, &str)]; 4]) {
    let cases = cases(kept());
    for (name, expected) in DRIVERS.iter().zip(expected) {
        let found = frames.split(' ').filter_map(|frame| {
            let mut fabric = lab(&cases, driver(name), &cases.sender_port_configs[config], groups);
            let seen = inject(&mut fabric, from, &bytes(&cases.frames[frame].hex));
            seen.refused.map(|refusal| (frame, refusal.why, refusal.rule))
        });
        assert_eq!(found.collect::<Vec<_>>(), expected, "{name} {config} {groups}");
    }
}

const ALL: &str = "F02 F05 F06 F08 F09 F10 F11 F12 F13 F17 F18 F20 F21 F22 F23 F24 F26 F28 F30 F31 F33 F35 F39";

#[test]
fn neutron_refusals_without_pairs_name_the_senders_rule() {
    use Why::{Kind, Role, SpoofedArp, SpoofedIp, SpoofedMac, SpoofedNeighbour};
    let iptables = [
        ("F02", SpoofedMac, "IPT-E3"),
        ("F06", SpoofedArp, "AGT-1"),
        ("F08", SpoofedMac, "AGT-1"),
        ("F09", SpoofedArp, "AGT-1"),
        ("F10", SpoofedArp, "AGT-1"),
        ("F11", SpoofedArp, "AGT-1"),
        ("F13", SpoofedIp, "IPT-E3"),
        ("F17", SpoofedMac, "IPT-E3"),
        ("F18", SpoofedNeighbour, "AGT-2"),
        ("F21", SpoofedIp, "IPT-E3"),
        ("F22", SpoofedMac, "IPT-E3"),
        ("F23", Role, "IPT-E5"),
    ];
    let openvswitch = [
        ("F02", SpoofedMac, "OVS-E9"),
        ("F06", SpoofedArp, "OVS-E9"),
        ("F08", SpoofedMac, "OVS-E9"),
        ("F09", SpoofedArp, "OVS-E9"),
        ("F10", SpoofedArp, "OVS-E9"),
        ("F11", SpoofedArp, "OVS-E9"),
        ("F13", SpoofedIp, "OVS-E9"),
        ("F17", SpoofedMac, "OVS-E9"),
        ("F18", SpoofedNeighbour, "OVS-E8"),
        ("F21", SpoofedIp, "OVS-E9"),
        ("F22", SpoofedMac, "OVS-E9"),
        ("F23", Role, "OVS-E7"),
    ];
    let ovn = [
        ("F02", SpoofedMac, "OVN-E6"),
        ("F06", SpoofedArp, "OVN-E7"),
        ("F08", SpoofedMac, "OVN-E7"),
        ("F09", SpoofedArp, "OVN-E7"),
        ("F10", SpoofedArp, "OVN-E7"),
        ("F11", SpoofedArp, "OVN-E7"),
        ("F13", SpoofedIp, "OVN-E6"),
        ("F17", SpoofedMac, "OVN-E6"),
        ("F18", SpoofedNeighbour, "OVN-E9"),
        ("F21", SpoofedIp, "OVN-E6"),
        ("F22", SpoofedMac, "OVN-E6"),
        ("F31", Kind, "OVN-E6"),
    ];
    named(A, "P0", "S4", ALL, [&iptables, &openvswitch, &ovn, &ovn]);
    // A pair for the virtual MAC and the virtual address does not cover adverts, which come from the fixed address.
    let advert = |rule| [("F02", SpoofedIp, rule)];
    let ovn = advert("OVN-E6");
    named(A, "P2", "S4", "F02", [&advert("IPT-E3"), &advert("OVS-E9"), &ovn, &ovn]);
}

#[test]
fn neutron_refusals_of_a_closed_group_name_the_receivers_rule() {
    use Why::{Answered, GroupIn};
    let all = |frames: &'static str, rule| frames.split(' ').map(|frame| (frame, GroupIn, rule)).collect::<Vec<_>>();
    let iptables = all("F02 F05 F13 F20 F21 F22 F24 F28 F30 F33 F35 F39", "IPT-I5");
    // Only what is for one host; multicast comes in without a question.
    let openvswitch = all("F05 F13 F33 F35 F39", "OVS-I3");
    let mut ovn = all("F02 F05 F13 F20 F21 F22 F28 F30 F33 F35 F39", "OVN-A2");
    ovn.insert(2, ("F12", Answered, "OVN-R1"));
    named(NET, "P0", "S0", ALL, [&iptables, &openvswitch, &ovn, &ovn]);
}

/// A TCP SYN or a datagram of A to B, and what B answers.
fn answer(frame: &[u8]) -> Vec<u8> {
    let mut back = frame.to_vec();
    for (a, b, length) in [(0, 6, 6), (26, 30, 4), (34, 36, 2)] {
        back[a..a + length].copy_from_slice(&frame[b..b + length]);
        back[b..b + length].copy_from_slice(&frame[a..a + length]);
    }
    back
}

#[test]
fn neutron_answers_to_what_a_group_let_out_need_no_rule() {
    let cases = cases(kept());
    for name in DRIVERS {
        let reaches_a = |fabric: &mut Fabric, now, frame: &[u8]| {
            let mut fates = Vec::new();
            fabric.send(now, NET, frame, &mut fates);
            fates.iter().any(|fate| matches!(fate, Fate::Deliver { to: A, .. }))
        };
        let mut fabric = lab(&cases, driver(name), &cases.sender_port_configs["P0"], "S4");
        let [syn, datagram] = ["F39", "F33"].map(|frame| bytes(&cases.frames[frame].hex));
        let start = Instant::ZERO;
        assert!(!reaches_a(&mut fabric, start, &answer(&syn)), "{name}: nobody asked");
        for asked in [&syn, &datagram] {
            fabric.send(start, A, asked, &mut Vec::new());
        }
        assert!(reaches_a(&mut fabric, start, &answer(&syn)), "{name}: the answer to a SYN");
        // An entry for UDP lives for 120 s after the last packet.
        let (early, late) = (start + Span::from_secs(119), start + Span::from_secs(119 + 121));
        assert!(reaches_a(&mut fabric, early, &answer(&datagram)), "{name}: the answer to a datagram");
        assert!(!reaches_a(&mut fabric, late, &answer(&datagram)), "{name}: too late");
        // An advert to the group is no question, so the peer's advert is no answer (SG-7): the driver must let it in by a rule.
        let advert = bytes(&cases.frames["F02"].hex);
        assert_eq!(reaches_a(&mut fabric, late, &advert), name == "ovs-firewall", "{name}: multicast");
    }
}
